/* Reads what stands on standard input, then finds nothing more, measures time, and resets. */
#include <stdio.h>
#include <stdlib.h>

#include "edgewright_port.h"

int main(void) {
    uint8_t data[16];
    size_t arrived = 0;
    uint32_t start;
    unsigned tries;

    for (tries = 0; arrived == 0 && tries < 100000000u; ++tries) {
        arrived = edgewright_port_read(data, sizeof(data));
    }
    printf("read %u %.*s\n", (unsigned)arrived, (int)arrived, (const char *)data);
    printf("read %u\n", (unsigned)edgewright_port_read(data, sizeof(data)));
    start = edgewright_port_ticks();
    while (edgewright_port_ticks() == start) {
    }
    printf("ticks ");
    (void)fflush(stdout);
    edgewright_port_write(edgewright_port_ticks_per_second() > 0 ? "ok\n" : "no\n", 3);
    edgewright_port_reset();
    return EXIT_FAILURE;
}
