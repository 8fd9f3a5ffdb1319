/* The little of pico-sdk that the generated port layer uses. */
#ifndef STUB_HARDWARE_WATCHDOG_H_
#define STUB_HARDWARE_WATCHDOG_H_

#include <stdint.h>

void watchdog_reboot(uint32_t pc, uint32_t sp, uint32_t delay_ms);

#endif
