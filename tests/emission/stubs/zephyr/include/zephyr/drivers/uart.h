/* The little of Zephyr's serial ports that the generated port layer uses. */
#ifndef STUB_ZEPHYR_UART_H_
#define STUB_ZEPHYR_UART_H_

#include <zephyr/device.h>

int uart_poll_in(const struct device *port, unsigned char *character);
void uart_poll_out(const struct device *port, unsigned char character);

#endif
