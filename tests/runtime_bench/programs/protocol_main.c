/*
 * A board on this computer, which is its serial line's standard input and output. It prints what is text in brackets, and
 * ends where the line does. The environment variable FIFTH_RUN says what becomes of the fifth run: "restart" and "exit"
 * the program, "hang" for ever, or "fail".
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "edgewright_model.h"
#include "edgewright_port.h"
#include "edgewright_protocol.h"

edgewright_status before_run(unsigned run);

edgewright_status before_run(unsigned run) {
    const char *what = getenv("FIFTH_RUN");

    if (run != 5 || what == NULL) {
        return EDGEWRIGHT_OK;
    }
    edgewright_port_write("the fifth run\n", 14);
    if (strcmp(what, "restart") == 0) {
        execl("/proc/self/exe", "protocol", (char *)NULL);
    }
    if (strcmp(what, "exit") == 0) {
        fprintf(stderr, "stack overflow in task main\n");
        exit(3);
    }
    while (strcmp(what, "hang") == 0) {
        pause();
    }
    return EDGEWRIGHT_ERROR_INVOKE;
}

int main(void) {
    static edgewright_protocol protocol;
    int character;

    edgewright_port_write("board is up\n", 12);
    for (character = getchar(); character != EOF; character = getchar()) {
        if (!edgewright_protocol_take(&protocol, (uint8_t)character)) {
            printf("[%c]", character);
            fflush(stdout);
        }
    }
    return 0;
}
