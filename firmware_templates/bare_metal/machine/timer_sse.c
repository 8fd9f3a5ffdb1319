/* The clock of edgewright_port.h on the system counter of Arm's SSE-300. */
#include "edgewright_port.h"

#define COUNTER_CONTROL (*(volatile uint32_t *)EDGEWRIGHT_COUNTER_ADDRESS)
#define COUNTER_LOW (*(volatile uint32_t *)EDGEWRIGHT_TIMER_ADDRESS)
#define CONTROL_ENABLE 1u

uint32_t edgewright_port_ticks(void) {
    COUNTER_CONTROL |= CONTROL_ENABLE;
    return COUNTER_LOW;
}

uint32_t edgewright_port_ticks_per_second(void) {
    return EDGEWRIGHT_TICKS_PER_SECOND;
}
