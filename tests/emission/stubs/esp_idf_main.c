/* ESP-IDF on the host: a timer, and a delay that ends the program after six turns of the application's loop. */
#include <stdio.h>
#include <stdlib.h>

#include "esp_system.h"
#include "esp_timer.h"
#include "freertos/task.h"

void app_main(void);

int64_t esp_timer_get_time(void) {
    static int64_t now_us = 0;

    return now_us += 250;
}

void esp_restart(void) {
    exit(EXIT_SUCCESS);
}

void vTaskDelay(TickType_t ticks) {
    static unsigned turns = 0;

    if (ticks == 0) {
        exit(EXIT_FAILURE);
    }
    if (++turns == 6) {
        exit(EXIT_SUCCESS);
    }
}

#ifndef STUB_WITHOUT_MAIN
int main(void) {
    app_main();
    return EXIT_FAILURE;
}
#endif
