/* Variables get their initial values, and constructors run. */
#include "start_memory.h"

#include <string.h>

typedef void (*constructor)(void);

extern char edgewright_thread_start[];
extern char edgewright_thread_end[];
extern const char edgewright_thread_load[];
extern char edgewright_data_start[];
extern char edgewright_data_end[];
extern const char edgewright_data_load[];
extern char edgewright_zero_start[];
extern char edgewright_zero_end[];
extern const constructor edgewright_constructors_start[];
extern const constructor edgewright_constructors_end[];

void edgewright_start_memory(void) {
    const constructor *next;

    memcpy(edgewright_thread_start, edgewright_thread_load,
        (size_t)(edgewright_thread_end - edgewright_thread_start));
    memcpy(edgewright_data_start, edgewright_data_load, (size_t)(edgewright_data_end - edgewright_data_start));
    memset(edgewright_zero_start, 0, (size_t)(edgewright_zero_end - edgewright_zero_start));
    for (next = edgewright_constructors_start; next != edgewright_constructors_end; ++next) {
        (*next)();
    }
}
