/* The little of FreeRTOS that the generated application uses. */
#ifndef STUB_FREERTOS_TASK_H_
#define STUB_FREERTOS_TASK_H_

#include "freertos/FreeRTOS.h"

#ifdef __cplusplus
extern "C" {
#endif

void vTaskDelay(TickType_t ticks);
char *pcTaskGetName(TaskHandle_t task);
UBaseType_t uxTaskGetStackHighWaterMark(TaskHandle_t task);

#ifdef __cplusplus
}
#endif

#endif
