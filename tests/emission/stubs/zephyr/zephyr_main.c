/*
 * Zephyr on the host: the console is standard input and output, the button is down during the third and fourth turn of
 * the application's loop, and a pause ends the program after six.
 */
#include <stdio.h>
#include <stdlib.h>
#include <zephyr/device.h>
#include <zephyr/drivers/gpio.h>
#include <zephyr/drivers/uart.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/reboot.h>

const struct device stub_chosen_zephyr_console = {1};
const struct device stub_gpio = {2};

static unsigned turns = 0;

int uart_poll_in(const struct device *port, unsigned char *character) {
    const int read = port == &stub_chosen_zephyr_console ? getchar() : EOF;

    *character = (unsigned char)read;
    return read == EOF ? -1 : 0;
}

void uart_poll_out(const struct device *port, unsigned char character) {
    if (port == &stub_chosen_zephyr_console) {
        (void)putchar(character);
    }
}

bool gpio_is_ready_dt(const struct gpio_dt_spec *spec) {
    return spec->port == &stub_gpio;
}

int gpio_pin_configure_dt(const struct gpio_dt_spec *spec, gpio_flags_t flags) {
    return flags == (spec->pin == 0 ? GPIO_OUTPUT_INACTIVE : GPIO_INPUT) ? 0 : -1;
}

int gpio_pin_get_dt(const struct gpio_dt_spec *spec) {
    return spec->pin == 1 && (turns == 2 || turns == 3);
}

int gpio_pin_set_dt(const struct gpio_dt_spec *spec, int value) {
    (void)printf("pin %u = %d\n", spec->pin, value);
    return 0;
}

uint32_t k_cycle_get_32(void) {
    static uint32_t now = 0;

    return now += 250;
}

int sys_clock_hw_cycles_per_sec(void) {
    return 32768;
}

int32_t k_msleep(int32_t ms) {
    if (ms <= 0) {
        exit(EXIT_FAILURE);
    }
    if (++turns == 6) {
        exit(EXIT_SUCCESS);
    }
    return 0;
}

void sys_reboot(int type) {
    exit(type == SYS_REBOOT_COLD ? EXIT_SUCCESS : EXIT_FAILURE);
}
