/*
 * How firmware ends: the console says what went wrong, in a line that the runner reads as well. Then an emulator is left,
 * and a board stands still until it is reset.
 */
#include <string.h>

#include "edgewright_host.h"
#include "edgewright_port.h"

#define FAULT_STATUS 255

static void put(const char *text) {
    edgewright_port_write(text, strlen(text));
    if (edgewright_host_is_there()) {
        edgewright_host_print(text);
    }
}

static void put_hex(uint32_t value) {
    char digits[] = "0x00000000 ";
    int i;

    for (i = 9; i > 1; --i) {
        digits[i] = "0123456789abcdef"[value & 15u];
        value >>= 4;
    }
    put(digits);
}

static void end(int status) {
    if (edgewright_host_is_there()) {
        edgewright_host_end(status);
    }
    for (;;) {
    }
}

void edgewright_host_exit(int status) {
    if (edgewright_host_is_there()) {
        edgewright_host_print("edgewright: exit\n");
    }
    end(status);
}

void edgewright_host_fault(const char *cause, uint32_t address, uint32_t detail) {
    put("edgewright: fault ");
    put_hex(address);
    put_hex(detail);
    put(cause);
    put("\n");
    end(FAULT_STATUS);
}
