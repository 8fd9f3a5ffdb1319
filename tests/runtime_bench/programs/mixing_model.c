/*
 * edgewright_model.h without any runtime: outputs are a hash of all inputs and of how often the model ran since it was
 * reset, so that a byte that changed, and a run too many, show. A run spoils the inputs, as it may.
 */
#include <string.h>

#include "edgewright_model.h"

/* Before the model runs for that many times in all; what it returns is the run's status. */
edgewright_status before_run(unsigned run);

static uint32_t inputs[EDGEWRIGHT_INPUT_COUNT][EDGEWRIGHT_ARENA_BYTES / 4u];
static uint32_t outputs[EDGEWRIGHT_OUTPUT_COUNT][EDGEWRIGHT_ARENA_BYTES / 4u];
static uint32_t memory;
static unsigned run_count;

edgewright_status edgewright_init(void) {
    return EDGEWRIGHT_OK;
}

edgewright_status edgewright_reset(void) {
    memory = 0;
    return EDGEWRIGHT_OK;
}

static uint32_t mix(uint32_t hash, uint8_t byte) {
    return (hash ^ byte) * 16777619u;
}

edgewright_status edgewright_invoke(void) {
    const edgewright_status status = before_run(++run_count);
    uint32_t hash = mix(2166136261u, (uint8_t)(++memory & 0xffu));
    size_t i, j;

    for (i = 0; i < EDGEWRIGHT_INPUT_COUNT; ++i) {
        for (j = 0; j < edgewright_input_info(i)->bytes; ++j) {
            hash = mix(hash, ((uint8_t *)inputs[i])[j]);
        }
        memset(inputs[i], 0xaa, edgewright_input_info(i)->bytes);
    }
    for (i = 0; i < EDGEWRIGHT_OUTPUT_COUNT; ++i) {
        for (j = 0; j < edgewright_output_info(i)->bytes; ++j) {
            hash = mix(hash, (uint8_t)(j & 0xffu));
            ((uint8_t *)outputs[i])[j] = (uint8_t)(hash >> 24);
        }
    }
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
