/* The little of ESP-IDF that the generated harness uses: with the setting, a section of its own. */
#ifndef STUB_ESP_ATTR_H_
#define STUB_ESP_ATTR_H_

#define EXT_RAM_BSS_ATTR __attribute__((section(".ext_ram.bss")))

#endif
