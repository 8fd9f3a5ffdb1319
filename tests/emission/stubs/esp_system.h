/* The little of ESP-IDF that the generated port layer uses. */
#ifndef STUB_ESP_SYSTEM_H_
#define STUB_ESP_SYSTEM_H_

void esp_restart(void) __attribute__((noreturn));

#endif
