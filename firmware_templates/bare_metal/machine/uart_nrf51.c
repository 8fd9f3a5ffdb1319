/*
 * The console of edgewright_port.h on the nRF51's UART, at 115,200 bit/s and on the pins that the facts name. The crystal
 * is started for it: the oscillator that the chip starts with is too inexact for a serial line.
 */
#include "edgewright_port.h"

#define CLOCK(offset) (*(volatile uint32_t *)(EDGEWRIGHT_CLOCK_ADDRESS + (offset)))
#define TASKS_HFCLKSTART CLOCK(0x000u)
#define EVENTS_HFCLKSTARTED CLOCK(0x100u)
/* More than the crystal takes; without one the console is tried all the same. */
#define LONGEST_START 100000u

#define PINS(offset) (*(volatile uint32_t *)(EDGEWRIGHT_PINS_ADDRESS + (offset)))
#define OUTSET PINS(0x508u)
#define DIRSET PINS(0x518u)
#define DIRCLR PINS(0x51Cu)

#define REGISTER(offset) (*(volatile uint32_t *)(EDGEWRIGHT_UART_ADDRESS + (offset)))
#define TASKS_STARTRX REGISTER(0x000u)
#define TASKS_STARTTX REGISTER(0x008u)
#define EVENTS_RXDRDY REGISTER(0x108u)
#define EVENTS_TXDRDY REGISTER(0x11Cu)
#define ENABLE REGISTER(0x500u)
#define PSELTXD REGISTER(0x50Cu)
#define PSELRXD REGISTER(0x514u)
#define RXD REGISTER(0x518u)
#define TXD REGISTER(0x51Cu)
#define BAUDRATE REGISTER(0x524u)
#define ENABLED 4u
#define BAUD_115200 0x01D7E000u

static void start_crystal(void) {
    uint32_t waited = 0;

    TASKS_HFCLKSTART = 1u;
    while (EVENTS_HFCLKSTARTED == 0u && waited < LONGEST_START) {
        ++waited;
    }
}

static void enable(void) {
    if (ENABLE != ENABLED) {
        start_crystal();
        OUTSET = 1u << EDGEWRIGHT_UART_SEND_PIN;
        DIRSET = 1u << EDGEWRIGHT_UART_SEND_PIN;
        DIRCLR = 1u << EDGEWRIGHT_UART_RECEIVE_PIN;
        PSELTXD = EDGEWRIGHT_UART_SEND_PIN;
        PSELRXD = EDGEWRIGHT_UART_RECEIVE_PIN;
        BAUDRATE = BAUD_115200;
        ENABLE = ENABLED;
        TASKS_STARTTX = 1u;
        TASKS_STARTRX = 1u;
    }
}

void edgewright_port_write(const char *data, size_t length) {
    size_t i;

    enable();
    for (i = 0; i < length; ++i) {
        EVENTS_TXDRDY = 0u;
        TXD = (uint8_t)data[i];
        while (EVENTS_TXDRDY == 0u) {
        }
    }
}

size_t edgewright_port_read(uint8_t *data, size_t capacity) {
    size_t arrived = 0;

    enable();
    while (arrived < capacity && EVENTS_RXDRDY != 0u) {
        EVENTS_RXDRDY = 0u;
        data[arrived] = (uint8_t)RXD;
        ++arrived;
    }
    return arrived;
}
