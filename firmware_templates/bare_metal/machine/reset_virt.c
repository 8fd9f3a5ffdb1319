/* The reset of edgewright_port.h on QEMU's RISC-V machine, by its test device. */
#include "edgewright_port.h"

#define TEST_RESET 0x7777u

void edgewright_port_reset(void) {
    *(volatile uint32_t *)EDGEWRIGHT_RESET_ADDRESS = TEST_RESET;
    for (;;) {
    }
}
