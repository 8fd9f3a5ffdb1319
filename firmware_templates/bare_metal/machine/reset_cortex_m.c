/* The reset of edgewright_port.h on a Cortex-M. */
#include "edgewright_port.h"

#define AIRCR (*(volatile uint32_t *)0xE000ED0Cu)
#define AIRCR_KEY (0x05FAu << 16)
#define AIRCR_SYSTEM_RESET (1u << 2)

void edgewright_port_reset(void) {
    __asm__ volatile("dsb" : : : "memory");
    AIRCR = AIRCR_KEY | AIRCR_SYSTEM_RESET;
    for (;;) {
    }
}
