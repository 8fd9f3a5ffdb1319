/* The clock of edgewright_port.h on the timer that RISC-V's interrupt controller counts. */
#include "edgewright_port.h"

uint32_t edgewright_port_ticks(void) {
    return *(volatile uint32_t *)EDGEWRIGHT_TIMER_ADDRESS;
}

uint32_t edgewright_port_ticks_per_second(void) {
    return EDGEWRIGHT_TICKS_PER_SECOND;
}
