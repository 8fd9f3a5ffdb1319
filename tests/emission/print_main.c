/*
 * Prints each word of standard input as the library prints it: "r1.5" as a real value, "u7", "s-7", "t250" as ticks,
 * "x255" in hexadecimal, "babc" as bytes, "fab" as a field of that name and the number 7.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edgewright_port.h"
#include "edgewright_print.h"

static uint32_t rate = 1000000u;

void edgewright_port_write(const char *data, size_t length) {
    (void)fwrite(data, 1, length, stdout);
}

uint32_t edgewright_port_ticks_per_second(void) {
    return rate;
}

int main(void) {
    char word[64];

    while (scanf("%63s", word) == 1) {
        switch (word[0]) {
            case 'r':
                edgewright_print_real(strtof(word + 1, NULL));
                break;
            case 'u':
                edgewright_print_unsigned((uint32_t)strtoul(word + 1, NULL, 10));
                break;
            case 's':
                edgewright_print_signed((int32_t)strtol(word + 1, NULL, 10));
                break;
            case 't':
                edgewright_print_unsigned(edgewright_microseconds((uint32_t)strtoul(word + 1, NULL, 10)));
                break;
            case 'x':
                edgewright_print_hexadecimal((uint32_t)strtoul(word + 1, NULL, 10));
                break;
            case 'b':
                edgewright_print_bytes(word + 1, strlen(word + 1));
                break;
            case 'f':
                edgewright_print_field(word + 1, 7u);
                break;
            default:
                rate = (uint32_t)strtoul(word, NULL, 10);
                continue;
        }
        edgewright_print("\n");
    }
    return 0;
}
