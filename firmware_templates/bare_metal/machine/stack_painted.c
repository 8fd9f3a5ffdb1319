/*
 * The stack of edgewright_port.h: what lies below it is painted once, and how far down the paint is gone is how deep the
 * stack has been since.
 */
#include "edgewright_port.h"

#define PAINT 0xa5u
/* What a function of this file may take below its own variables, and is left unpainted. */
#define MARGIN_BYTES 128u

extern uint8_t edgewright_stack_end[];
extern uint8_t edgewright_stack_top[];

size_t edgewright_port_stack_bytes(void) {
    static int is_painted = 0;
    volatile uint8_t here = 0; /* no paint */
    const uintptr_t end = (uintptr_t)edgewright_stack_end;
    uintptr_t lowest = end;

    for (; !is_painted && lowest < (uintptr_t)&here - MARGIN_BYTES; ++lowest) {
        *(volatile uint8_t *)lowest = PAINT;
    }
    is_painted = 1;
    for (lowest = end; *(volatile uint8_t *)lowest == PAINT; ++lowest) {
    }
    return (size_t)((uintptr_t)edgewright_stack_top - lowest);
}
