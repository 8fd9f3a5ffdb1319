/*
 * The serial protocol step by step, on a port and a clock that the test moves. Standard input holds steps: 't' and 4 bytes
 * set the clock, 'r' and 4 bytes its rate, 'b' and a byte let that byte arrive, 'o' asks whether a session is open. What
 * is sent, and the text that is left for the console, come out as they are; 'o' gives "<0>" or "<1>".
 */
#include <stdio.h>

#include "edgewright_model.h"
#include "edgewright_port.h"
#include "edgewright_protocol.h"

edgewright_status before_run(unsigned run);

static uint32_t clock_ticks;
static uint32_t clock_rate = 1000000u;
static size_t stack_bytes;

void edgewright_port_write(const char *data, size_t length) {
    (void)fwrite(data, 1, length, stdout);
}

size_t edgewright_port_read(uint8_t *data, size_t capacity) {
    (void)data;
    (void)capacity;
    return 0;
}

uint32_t edgewright_port_ticks(void) {
    return clock_ticks;
}

uint32_t edgewright_port_ticks_per_second(void) {
    return clock_rate;
}

size_t edgewright_port_stack_bytes(void) {
    return stack_bytes += 100u;
}

void edgewright_port_reset(void) {
}

edgewright_status before_run(unsigned run) {
    clock_ticks += 1000u + run;
    return run == 4 ? EDGEWRIGHT_ERROR_INVOKE : EDGEWRIGHT_OK;
}

static uint32_t number(void) {
    uint32_t value = 0;
    unsigned shift;

    for (shift = 0; shift < 32u; shift += 8u) {
        value |= (uint32_t)(getchar() & 0xff) << shift;
    }
    return value;
}

int main(void) {
    static edgewright_protocol protocol;
    int step;

    for (step = getchar(); step != EOF; step = getchar()) {
        if (step == 't') {
            clock_ticks = number();
        } else if (step == 'r') {
            clock_rate = number();
        } else if (step == 'o') {
            (void)printf("<%d>", edgewright_protocol_is_open(&protocol));
        } else {
            const int byte = getchar();

            if (!edgewright_protocol_take(&protocol, (uint8_t)byte)) {
                (void)putchar(byte);
            }
        }
    }
    return 0;
}
