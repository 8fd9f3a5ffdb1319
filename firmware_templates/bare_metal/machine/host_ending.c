/* How a program ends, in lines that the runner reads. */
#include "edgewright_host.h"

#define FAULT_STATUS 255

static void print_hex(uint32_t value) {
    char digits[] = "0x00000000";
    int i;

    for (i = 9; i > 1; --i) {
        digits[i] = "0123456789abcdef"[value & 15u];
        value >>= 4;
    }
    edgewright_host_print(digits);
}

void edgewright_host_exit(int status) {
    edgewright_host_print("edgewright: exit\n");
    edgewright_host_end(status);
}

void edgewright_host_fault(const char *cause, uint32_t address, uint32_t detail) {
    edgewright_host_print("edgewright: fault ");
    print_hex(address);
    edgewright_host_print(" ");
    print_hex(detail);
    edgewright_host_print(" ");
    edgewright_host_print(cause);
    edgewright_host_print("\n");
    edgewright_host_end(FAULT_STATUS);
}
