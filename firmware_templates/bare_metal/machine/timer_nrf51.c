/* The clock of edgewright_port.h on a timer of the nRF51, all 32 bits of it at 1 MHz. */
#include "edgewright_port.h"

#define REGISTER(offset) (*(volatile uint32_t *)(EDGEWRIGHT_TIMER_ADDRESS + (offset)))
#define TASKS_START REGISTER(0x000u)
#define TASKS_CAPTURE_0 REGISTER(0x040u)
#define BITMODE REGISTER(0x508u)
#define PRESCALER REGISTER(0x510u)
#define CC_0 REGISTER(0x540u)
#define BITMODE_32 3u
#define PRESCALER_16 4u

uint32_t edgewright_port_ticks(void) {
    if (BITMODE != BITMODE_32) {
        BITMODE = BITMODE_32;
        PRESCALER = PRESCALER_16;
        TASKS_START = 1u;
    }
    TASKS_CAPTURE_0 = 1u;
    return CC_0;
}

uint32_t edgewright_port_ticks_per_second(void) {
    return EDGEWRIGHT_TICKS_PER_SECOND;
}
