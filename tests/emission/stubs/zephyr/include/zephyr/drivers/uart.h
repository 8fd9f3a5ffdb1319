/* The little of Zephyr's serial ports that the generated port layer uses. */
#ifndef STUB_ZEPHYR_UART_H_
#define STUB_ZEPHYR_UART_H_

#include <stdint.h>
#include <zephyr/device.h>

typedef void (*uart_irq_callback_user_data_t)(const struct device *port, void *user_data);

void uart_poll_out(const struct device *port, unsigned char character);
int uart_irq_callback_user_data_set(const struct device *port, uart_irq_callback_user_data_t callback, void *user_data);
void uart_irq_rx_enable(const struct device *port);
int uart_irq_update(const struct device *port);
int uart_irq_rx_ready(const struct device *port);
int uart_fifo_read(const struct device *port, uint8_t *data, const int capacity);

#endif
