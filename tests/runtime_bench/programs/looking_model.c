/*
 * edgewright_model.h without any runtime: it looks the inputs up among the golden vectors and returns their outputs, and
 * fails for any other. With SPOILED_VECTOR defined the first element of that vector's first output, of 8 bits, is one
 * more than it should be; with CLIMBING defined a run costs more the further behind its vector stands.
 */
#include <string.h>

#include "edgewright_model.h"
#include "edgewright_vectors.h"

/* Before the model runs for that many times in all; what it returns is the run's status. */
edgewright_status before_run(unsigned run);

static uint32_t inputs[EDGEWRIGHT_INPUT_COUNT][EDGEWRIGHT_ARENA_BYTES / 4u];
static uint8_t outputs[EDGEWRIGHT_OUTPUT_COUNT][EDGEWRIGHT_ARENA_BYTES];
static unsigned run_count;

edgewright_status edgewright_init(void) {
    return EDGEWRIGHT_OK;
}

edgewright_status edgewright_reset(void) {
    return EDGEWRIGHT_OK;
}

static int is_vector(size_t vector) {
    size_t i;

    for (i = 0; i < EDGEWRIGHT_INPUT_COUNT; ++i) {
        if (memcmp(inputs[i], edgewright_vectors[vector].inputs[i], edgewright_input_info(i)->bytes) != 0) {
            return 0;
        }
    }
    return 1;
}

/* Looks at all of them, so that every run takes as long. */
static size_t find_vector(void) {
    size_t found = EDGEWRIGHT_VECTOR_COUNT;
    size_t v;

    for (v = 0; v < EDGEWRIGHT_VECTOR_COUNT; ++v) {
        if (is_vector(v)) {
            found = v;
#ifdef CLIMBING
            break;
#endif
        }
    }
    return found;
}

edgewright_status edgewright_invoke(void) {
    const edgewright_status status = before_run(++run_count);
    const size_t vector = find_vector();
    size_t i;

    if (vector == EDGEWRIGHT_VECTOR_COUNT) {
        return EDGEWRIGHT_ERROR_INVOKE;
    }
    for (i = 0; i < EDGEWRIGHT_OUTPUT_COUNT; ++i) {
        memcpy(outputs[i], edgewright_vectors[vector].outputs[i], edgewright_output_info(i)->bytes);
    }
#ifdef SPOILED_VECTOR
    outputs[0][0] = (uint8_t)(outputs[0][0] + (vector == SPOILED_VECTOR ? 1u : 0u));
#endif
    return status;
}

void *edgewright_input(size_t index, size_t *bytes) {
    if (index >= EDGEWRIGHT_INPUT_COUNT) {
        return NULL;
    }
    if (bytes != NULL) {
        *bytes = edgewright_input_info(index)->bytes;
    }
    return inputs[index];
}

const void *edgewright_output(size_t index, size_t *bytes) {
    if (index >= EDGEWRIGHT_OUTPUT_COUNT) {
        return NULL;
    }
    if (bytes != NULL) {
        *bytes = edgewright_output_info(index)->bytes;
    }
    return outputs[index];
}

size_t edgewright_arena_used_bytes(void) {
    return 1234;
}
