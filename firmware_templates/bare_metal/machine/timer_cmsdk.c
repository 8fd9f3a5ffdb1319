/* The clock of edgewright_port.h on Arm's CMSDK timer, which counts down. */
#include "edgewright_port.h"

typedef struct {
    volatile uint32_t control;
    volatile uint32_t value;
    volatile uint32_t reload;
} cmsdk_timer;

#define TIMER ((cmsdk_timer *)EDGEWRIGHT_TIMER_ADDRESS)
#define CONTROL_ENABLE 1u

uint32_t edgewright_port_ticks(void) {
    if (TIMER->control != CONTROL_ENABLE) {
        TIMER->reload = UINT32_MAX;
        TIMER->value = UINT32_MAX;
        TIMER->control = CONTROL_ENABLE;
    }
    return UINT32_MAX - TIMER->value;
}

uint32_t edgewright_port_ticks_per_second(void) {
    return EDGEWRIGHT_TICKS_PER_SECOND;
}
