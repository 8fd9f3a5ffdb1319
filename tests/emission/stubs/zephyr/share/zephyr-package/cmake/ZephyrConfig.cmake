# The little of Zephyr's build system that an application uses: languages, and a program called `app`.
project(stub LANGUAGES C CXX)

add_executable(app "${CMAKE_CURRENT_LIST_DIR}/../../../zephyr_main.c")
target_include_directories(app PRIVATE "${CMAKE_CURRENT_LIST_DIR}/../../../include")
target_compile_options(app PRIVATE -Wall -Wextra -Werror)
set_target_properties(app PROPERTIES C_STANDARD 99 CXX_STANDARD 17)
if(STUB_WITHOUT_PINS)
  target_compile_definitions(app PRIVATE STUB_WITHOUT_PINS)
endif()
