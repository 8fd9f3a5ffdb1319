/* The little of Zephyr that the generated port layer uses. */
#ifndef STUB_ZEPHYR_DEVICE_H_
#define STUB_ZEPHYR_DEVICE_H_

struct device {
    int number;
};

extern const struct device stub_chosen_zephyr_console;
extern const struct device stub_gpio;

#define STUB_DEVICE(node) (&stub_##node)
#define DEVICE_DT_GET(node) STUB_DEVICE(node)

#endif
