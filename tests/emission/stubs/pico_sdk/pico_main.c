/* pico-sdk on the host: the console is standard input and output; the seventh pause ends the program. */
#include <stdio.h>
#include <stdlib.h>

#include "hardware/watchdog.h"
#include "pico/stdlib.h"

/* The stack of this computer lies elsewhere. */
unsigned char __StackBottom[1];
unsigned char __StackTop[1];

bool stdio_init_all(void) {
    return true;
}

int putchar_raw(int character) {
    return putchar(character);
}

int getchar_timeout_us(uint32_t timeout_us) {
    const int read = timeout_us == 0 ? getchar() : EOF;

    return read == EOF ? PICO_ERROR_TIMEOUT : read;
}

uint32_t time_us_32(void) {
    static uint32_t now = 0;

    return now += 250;
}

void sleep_ms(uint32_t ms) {
    static unsigned pauses = 0;

    if (ms == 0) {
        exit(EXIT_FAILURE);
    }
    if (++pauses == 7) {
        exit(EXIT_SUCCESS);
    }
}

void tight_loop_contents(void) {}

void gpio_init(uint pin) {
    (void)pin;
}

void gpio_set_dir(uint pin, bool out) {
    (void)pin;
    (void)out;
}

void gpio_put(uint pin, bool value) {
    (void)printf("pin %u = %d\n", pin, value);
}

void watchdog_reboot(uint32_t pc, uint32_t sp, uint32_t delay_ms) {
    exit(pc == 0 && sp == 0 && delay_ms == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
