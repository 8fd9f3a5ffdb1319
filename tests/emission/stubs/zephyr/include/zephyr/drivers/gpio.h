/* The little of Zephyr's pins that the generated application uses; the LED is pin 0, the button pin 1. */
#ifndef STUB_ZEPHYR_GPIO_H_
#define STUB_ZEPHYR_GPIO_H_

#include <stdbool.h>
#include <stdint.h>
#include <zephyr/device.h>
#include <zephyr/devicetree.h>

typedef uint32_t gpio_flags_t;

struct gpio_dt_spec {
    const struct device *port;
    uint8_t pin;
    uint16_t dt_flags;
};

#define GPIO_INPUT (1u << 16)
#define GPIO_OUTPUT_INACTIVE (1u << 17)

#define STUB_PIN_alias_led0 0
#define STUB_PIN_alias_sw0 1
#define STUB_PIN(node) STUB_PIN_##node
#ifdef STUB_WITHOUT_PINS
#define GPIO_DT_SPEC_GET_OR(node, property, otherwise) otherwise
#else
#define GPIO_DT_SPEC_GET_OR(node, property, otherwise) {&stub_gpio, STUB_PIN(node), 0}
#endif

#ifdef __cplusplus
extern "C" {
#endif

bool gpio_is_ready_dt(const struct gpio_dt_spec *spec);
int gpio_pin_configure_dt(const struct gpio_dt_spec *spec, gpio_flags_t flags);
int gpio_pin_get_dt(const struct gpio_dt_spec *spec);
int gpio_pin_set_dt(const struct gpio_dt_spec *spec, int value);

#ifdef __cplusplus
}
#endif

#endif
