/* The little of Zephyr's start-up that the generated port layer uses: a function that runs before main. */
#ifndef STUB_ZEPHYR_INIT_H_
#define STUB_ZEPHYR_INIT_H_

#include <stdlib.h>

#define CONFIG_APPLICATION_INIT_PRIORITY 90

#define SYS_INIT(function, level, priority) \
    __attribute__((constructor)) static void stub_init_##function(void) { \
        if (function() != 0 || (priority) != CONFIG_APPLICATION_INIT_PRIORITY) { \
            exit(EXIT_FAILURE); \
        } \
    } \
    struct stub_semicolon

#endif
