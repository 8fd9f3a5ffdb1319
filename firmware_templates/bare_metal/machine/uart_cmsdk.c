/* The console of edgewright_port.h on Arm's CMSDK UART. */
#include "edgewright_port.h"

typedef struct {
    volatile uint32_t data;
    volatile uint32_t state;
    volatile uint32_t control;
    volatile uint32_t interrupt;
    volatile uint32_t baud_divider;
} cmsdk_uart;

#define UART ((cmsdk_uart *)EDGEWRIGHT_UART_ADDRESS)
#define STATE_SEND_FULL 1u
#define STATE_RECEIVED 2u
#define CONTROL_SEND_RECEIVE 3u
#define SMALLEST_DIVIDER 16u

/* Reading once throws away what arrived before; it also tells the emulator that there is room for more. */
static void enable(void) {
    if (UART->control != CONTROL_SEND_RECEIVE) {
        UART->baud_divider = SMALLEST_DIVIDER;
        UART->control = CONTROL_SEND_RECEIVE;
        (void)UART->data;
    }
}

void edgewright_port_write(const char *data, size_t length) {
    size_t i;

    enable();
    for (i = 0; i < length; ++i) {
        while ((UART->state & STATE_SEND_FULL) != 0) {
        }
        UART->data = (uint8_t)data[i];
    }
}

size_t edgewright_port_read(uint8_t *data, size_t capacity) {
    size_t arrived = 0;

    enable();
    while (arrived < capacity && (UART->state & STATE_RECEIVED) != 0) {
        data[arrived] = (uint8_t)UART->data;
        ++arrived;
    }
    return arrived;
}
