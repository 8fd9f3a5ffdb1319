/* The little of FreeRTOS that the generated application uses. */
#ifndef STUB_FREERTOS_H_
#define STUB_FREERTOS_H_

#include <stdint.h>

typedef uint32_t TickType_t;
typedef unsigned UBaseType_t;
typedef uint8_t StackType_t;
typedef void *TaskHandle_t;

#define pdMS_TO_TICKS(ms) ((TickType_t)((ms) / 10))

#endif
