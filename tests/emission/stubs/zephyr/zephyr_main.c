/*
 * Zephyr on the host: the console is standard input and output, whose interrupt comes whenever the application looks for
 * what arrived. The button is down during the third and fourth turn of its loop, and a pause ends the program after six.
 */
#include <stdio.h>
#include <stdlib.h>
#include <zephyr/device.h>
#include <zephyr/drivers/gpio.h>
#include <zephyr/drivers/uart.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/reboot.h>
#include <zephyr/sys/ring_buffer.h>

const struct device stub_chosen_zephyr_console = {1};
const struct device stub_gpio = {2};

static unsigned turns = 0;

static uart_irq_callback_user_data_t interrupt = NULL;
static void *interrupt_data = NULL;
static bool is_enabled = false;

int uart_irq_callback_user_data_set(const struct device *port, uart_irq_callback_user_data_t callback, void *user_data) {
    interrupt = callback;
    interrupt_data = user_data;
    return port == &stub_chosen_zephyr_console ? 0 : -1;
}

void uart_irq_rx_enable(const struct device *port) {
    is_enabled = port == &stub_chosen_zephyr_console;
}

int uart_irq_update(const struct device *port) {
    return port == &stub_chosen_zephyr_console;
}

int uart_irq_rx_ready(const struct device *port) {
    return port == &stub_chosen_zephyr_console && !feof(stdin);
}

int uart_fifo_read(const struct device *port, uint8_t *data, const int capacity) {
    const int read = port == &stub_chosen_zephyr_console && capacity > 0 ? getchar() : EOF;

    *data = (uint8_t)read;
    return read != EOF;
}

uint32_t ring_buf_put(struct ring_buf *buffer, const uint8_t *data, uint32_t length) {
    uint32_t i;

    for (i = 0; i < length && buffer->length < buffer->capacity; ++i) {
        buffer->bytes[(buffer->start + buffer->length++) % buffer->capacity] = data[i];
    }
    return i;
}

uint32_t ring_buf_get(struct ring_buf *buffer, uint8_t *data, uint32_t length) {
    uint32_t i;

    if (is_enabled) {
        interrupt(&stub_chosen_zephyr_console, interrupt_data);
    }
    for (i = 0; i < length && buffer->length > 0; ++i) {
        data[i] = buffer->bytes[buffer->start];
        buffer->start = (buffer->start + 1u) % buffer->capacity;
        --buffer->length;
    }
    return i;
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

k_tid_t k_current_get(void) {
    static struct k_thread main_thread = {{8192}};

    return &main_thread;
}

int k_thread_stack_space_get(const struct k_thread *thread, size_t *unused) {
    *unused = 7000;
    return thread == k_current_get() ? 0 : -1;
}

void sys_reboot(int type) {
    exit(type == SYS_REBOOT_COLD ? EXIT_SUCCESS : EXIT_FAILURE);
}
