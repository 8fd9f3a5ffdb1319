/* The console of edgewright_port.h on a UART of the kind 16550. */
#include "edgewright_port.h"

#define REGISTER(offset) (*(volatile uint8_t *)(EDGEWRIGHT_UART_ADDRESS + (offset)))
#define DATA REGISTER(0u)
#define LINE_STATUS REGISTER(5u)
#define STATUS_RECEIVED 0x01u
#define STATUS_SEND_EMPTY 0x20u

void edgewright_port_write(const char *data, size_t length) {
    size_t i;

    for (i = 0; i < length; ++i) {
        while ((LINE_STATUS & STATUS_SEND_EMPTY) == 0) {
        }
        DATA = (uint8_t)data[i];
    }
}

size_t edgewright_port_read(uint8_t *data, size_t capacity) {
    size_t arrived = 0;

    while (arrived < capacity && (LINE_STATUS & STATUS_RECEIVED) != 0) {
        data[arrived] = DATA;
        ++arrived;
    }
    return arrived;
}
