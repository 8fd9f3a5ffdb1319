/* The little of pico-sdk that generated code uses. */
#ifndef STUB_PICO_STDLIB_H_
#define STUB_PICO_STDLIB_H_

#include <stdbool.h>
#include <stdint.h>

typedef unsigned int uint;

#define GPIO_OUT true
#define PICO_ERROR_TIMEOUT (-1)

#ifdef __cplusplus
extern "C" {
#endif

bool stdio_init_all(void);
int putchar_raw(int character);
int getchar_timeout_us(uint32_t timeout_us);
uint32_t time_us_32(void);
void sleep_ms(uint32_t ms);
void tight_loop_contents(void);
void gpio_init(uint pin);
void gpio_set_dir(uint pin, bool out);
void gpio_put(uint pin, bool value);

#ifdef __cplusplus
}
#endif

#endif
