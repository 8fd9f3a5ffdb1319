/*
 * Runs the model on every sample of standard input, which holds the bytes of all inputs one after the other, and writes
 * the outputs. With an argument it writes what the observer sees instead: layer, output and length, then the bytes.
 */
#include <stdint.h>
#include <stdio.h>

#include "edgewright_model.h"

static int load(void) {
    size_t i;

    for (i = 0; i < EDGEWRIGHT_INPUT_COUNT; ++i) {
        size_t bytes = 0;
        void *input = edgewright_input(i, &bytes);

        if (fread(input, 1, bytes, stdin) != bytes) {
            return 0;
        }
    }
    return 1;
}

static void save(void) {
    size_t i;

    for (i = 0; i < EDGEWRIGHT_OUTPUT_COUNT; ++i) {
        size_t bytes = 0;
        const void *output = edgewright_output(i, &bytes);

        (void)fwrite(output, 1, bytes, stdout);
    }
}

static void observe(void *context, size_t layer, size_t output, void *data, size_t bytes) {
    const uint32_t header[3] = {(uint32_t)layer, (uint32_t)output, (uint32_t)bytes};

    (void)context;
    (void)fwrite(header, sizeof(header), 1, stdout);
    (void)fwrite(data, 1, bytes, stdout);
}

int main(int argc, char **argv) {
    (void)argv;
    if (edgewright_init() != EDGEWRIGHT_OK) {
        return 1;
    }
    while (load()) {
        const edgewright_status status = argc > 1 ? edgewright_invoke_observed(observe, NULL) : edgewright_invoke();

        if (status != EDGEWRIGHT_OK) {
            return 2;
        }
        if (argc == 1) {
            save();
        }
    }
    return 0;
}
