/* Reads what stands on standard input, then finds nothing more, measures time, tells its stack, and resets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edgewright_port.h"

int main(void) {
    char text[24];
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
    (void)snprintf(text, sizeof(text), "stack %u\n", (unsigned)edgewright_port_stack_bytes());
    edgewright_port_write(text, strlen(text));
    edgewright_port_reset();
    return EXIT_FAILURE;
}
