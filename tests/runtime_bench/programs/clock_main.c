/* Says on the console when it begins, waits as many tenths of a second as the first byte from the console says, and
 * resets. */
#include "edgewright_port.h"

int main(void) {
    uint8_t tenths = 0;
    uint32_t start;

    while (edgewright_port_read(&tenths, 1) == 0) {
    }
    edgewright_port_write("begin\n", 6);
    start = edgewright_port_ticks();
    while (edgewright_port_ticks() - start < edgewright_port_ticks_per_second() / 10u * tenths) {
    }
    edgewright_port_write("end\n", 4);
    edgewright_port_reset();
    return 1;
}
