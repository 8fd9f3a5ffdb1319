/* Runs main with arguments and environment from the files `arguments` and `environment`: texts that end in NUL. */
#include <stdlib.h>

#include "edgewright_host.h"

#ifndef EDGEWRIGHT_TEXT_BYTES
#error "Define EDGEWRIGHT_TEXT_BYTES as the most bytes that the texts of either file take."
#endif
#ifndef EDGEWRIGHT_TEXT_COUNT
#error "Define EDGEWRIGHT_TEXT_COUNT as the most texts in either file."
#endif

typedef struct {
    char bytes[EDGEWRIGHT_TEXT_BYTES];
    char *starts[EDGEWRIGHT_TEXT_COUNT + 1];
} texts;

extern char **environ;
int main(int argc, char **argv);

static texts arguments;
static texts environment;

/* Returns how many texts the file holds; the runner sees to it that they fit. */
static int load(const char *name, texts *loaded) {
    const int file = edgewright_host_open_input(name);
    const size_t length = file < 0 ? 0 : edgewright_host_read(file, loaded->bytes, sizeof(loaded->bytes));
    int count = 0;
    size_t i;

    for (i = 0; i < length && count < EDGEWRIGHT_TEXT_COUNT; ++i) {
        if (i == 0 || loaded->bytes[i - 1] == '\0') {
            loaded->starts[count] = &loaded->bytes[i];
            ++count;
        }
    }
    return count;
}

void edgewright_run(void) {
    const int count = load("arguments", &arguments);

    (void)load("environment", &environment);
    environ = environment.starts;
    exit(main(count, arguments.starts));
}
