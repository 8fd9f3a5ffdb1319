/* The little of ESP-IDF that the generated port layer uses. */
#ifndef STUB_ESP_TIMER_H_
#define STUB_ESP_TIMER_H_

#include <stdint.h>

int64_t esp_timer_get_time(void);

#endif
