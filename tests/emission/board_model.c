/*
 * edgewright_model.h for a board, without runtime and without a system: it looks the inputs up among the golden vectors
 * and returns their outputs, in two steps as a compiled model has them. With SPOILED defined one output is wrong,
 * with FAULTY the second step executes what no core knows.
 */
#include <string.h>

#include "edgewright_model.h"
#include "edgewright_vectors.h"

#define STACK_BYTES 512u

static uint32_t inputs[EDGEWRIGHT_INPUT_COUNT][64];
static uint32_t outputs[EDGEWRIGHT_OUTPUT_COUNT][64];
static unsigned found_vector;

edgewright_status edgewright_init(void) {
    return EDGEWRIGHT_OK;
}

edgewright_status edgewright_reset(void) {
    return EDGEWRIGHT_OK;
}

__attribute__((noinline)) static void edgewright_step_0(void) {
    volatile uint8_t used[STACK_BYTES];
    unsigned v;

    memset((void *)used, 0, sizeof(used));
    for (v = 0; v + 1u < EDGEWRIGHT_VECTOR_COUNT; ++v) {
        if (memcmp(inputs[0], edgewright_vectors[v].inputs[0], edgewright_input_info(0)->bytes) == 0) {
            break;
        }
    }
    found_vector = v;
}

__attribute__((noinline)) static void edgewright_step_1(void) {
    memcpy(outputs[0], edgewright_vectors[found_vector].outputs[0], edgewright_output_info(0)->bytes);
#ifdef FAULTY
    __builtin_trap();
#endif
#ifdef SPOILED
    outputs[0][0] ^= 64u;
#endif
}

edgewright_status edgewright_invoke(void) {
    edgewright_step_0();
    edgewright_step_1();
    return EDGEWRIGHT_OK;
}

edgewright_status edgewright_invoke_observed(edgewright_observer observer, void *context) {
    (void)observer;
    (void)context;
    return edgewright_invoke();
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
