# The little of pico-sdk's build system that a project uses: libraries, and functions that a program is given to.
set(STUB_PICO_SDK "${CMAKE_CURRENT_LIST_DIR}")

macro(pico_sdk_init)
  add_library(pico_stdlib STATIC "${STUB_PICO_SDK}/pico_main.c")
  target_include_directories(pico_stdlib PUBLIC "${STUB_PICO_SDK}/include")
  if(PICO_BOARD STREQUAL "pico2")
    target_compile_definitions(pico_stdlib PUBLIC PICO_DEFAULT_LED_PIN=25)
  endif()
  add_library(hardware_watchdog INTERFACE)
endmacro()

function(pico_enable_stdio_usb program enabled)
endfunction()

function(pico_enable_stdio_uart program enabled)
endfunction()

function(pico_add_extra_outputs program)
  add_custom_command(TARGET ${program} POST_BUILD COMMAND ${CMAKE_COMMAND} -E copy ${program} ${program}.uf2)
endfunction()
