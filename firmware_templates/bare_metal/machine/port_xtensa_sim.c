/* edgewright_port.h on Xtensa's simulator, which has no devices: simulator calls and the core's cycle counter. */
#include "edgewright_port.h"

#include "edgewright_host.h"

#define SYS_SELECT_ONE 29
#define SELECT_READ 1
#define STANDARD_INPUT 0
#define STANDARD_OUTPUT 1

void edgewright_port_write(const char *data, size_t length) {
    while (length > 0) {
        const size_t written = edgewright_host_write(STANDARD_OUTPUT, data, length);

        data += written;
        length -= written;
    }
}

static int has_arrived(void) {
    const uint32_t no_time[2] = {0u, 0u};
    register int32_t a2 __asm__("a2") = SYS_SELECT_ONE;
    register int32_t a3 __asm__("a3") = STANDARD_INPUT;
    register int32_t a4 __asm__("a4") = SELECT_READ;
    register uint32_t a5 __asm__("a5") = (uint32_t)(uintptr_t)no_time;

    __asm__ volatile("simcall" : "+r"(a2), "+r"(a3) : "r"(a4), "r"(a5) : "memory");
    return a2 > 0;
}

size_t edgewright_port_read(uint8_t *data, size_t capacity) {
    return has_arrived() ? edgewright_host_read(STANDARD_INPUT, data, capacity) : 0;
}

uint32_t edgewright_port_ticks(void) {
    uint32_t count;

    __asm__ volatile("rsr.ccount %0" : "=r"(count));
    return count;
}

uint32_t edgewright_port_ticks_per_second(void) {
    return EDGEWRIGHT_TICKS_PER_SECOND;
}

/* The simulator knows no reset from inside: it ends, and whoever started it starts it again. */
void edgewright_port_reset(void) {
    edgewright_host_print("edgewright: reset\n");
    edgewright_host_end(0);
}
