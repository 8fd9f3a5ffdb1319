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

char *pcTaskGetName(TaskHandle_t task) {
    static char main_task[] = "main";
    static char other_task[] = "other";

    return task == NULL && getenv("STUB_OTHER_TASK") == NULL ? main_task : other_task;
}

/* Of the 8192 bytes of stubs/sdkconfig.h. */
UBaseType_t uxTaskGetStackHighWaterMark(TaskHandle_t task) {
    return task == NULL ? 7000 : 0;
}

#ifndef STUB_WITHOUT_MAIN
int main(void) {
    app_main();
    return EXIT_FAILURE;
}
#endif
