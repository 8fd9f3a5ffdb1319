/*
 * edgewright_model.h without any runtime: it looks the inputs up among the golden vectors and returns their outputs.
 * The environment variable FAKE makes it fail: "init", "reset" or "invoke" is the call that fails, "input" and
 * "output" take the tensors away, and "V O E D" adds D to element E of output O of vector V; "once " before that lets
 * it be right when the vectors are run again. With FAKE_LAYERS it shows the layers of fake_layers.h: " L E D" after that
 * adds D to element E of layer L.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edgewright_model.h"
#include "edgewright_vectors.h"
#ifdef FAKE_LAYERS
#include "fake_layers.h"
#endif

static int32_t inputs[EDGEWRIGHT_INPUT_COUNT][EDGEWRIGHT_ARENA_BYTES];
static int32_t outputs[EDGEWRIGHT_OUTPUT_COUNT][EDGEWRIGHT_ARENA_BYTES];

static int fails(const char *step) {
    const char *fake = getenv("FAKE");

    return fake != NULL && strcmp(fake, step) == 0;
}

edgewright_status edgewright_init(void) {
    return fails("init") ? EDGEWRIGHT_ERROR_ARENA : EDGEWRIGHT_OK;
}

edgewright_status edgewright_reset(void) {
    return fails("reset") ? EDGEWRIGHT_ERROR_NOT_READY : EDGEWRIGHT_OK;
}

static unsigned find_vector(void) {
    unsigned v;

    for (v = 0; v < EDGEWRIGHT_VECTOR_COUNT; ++v) {
        unsigned same = 0;
        unsigned i;

        for (i = 0; i < EDGEWRIGHT_INPUT_COUNT; ++i) {
            same += memcmp(inputs[i], edgewright_vectors[v].inputs[i], edgewright_input_info(i)->bytes) == 0;
        }
        if (same == EDGEWRIGHT_INPUT_COUNT) {
            break;
        }
    }
    return v;
}

static void spoil(unsigned output, unsigned element, int difference) {
    switch (edgewright_output_info(output)->type) {
        case EDGEWRIGHT_INT8:
        case EDGEWRIGHT_UINT8:
            ((uint8_t *)outputs[output])[element] = (uint8_t)(((uint8_t *)outputs[output])[element] + difference);
            break;
        case EDGEWRIGHT_INT16:
            ((int16_t *)outputs[output])[element] = (int16_t)(((int16_t *)outputs[output])[element] + difference);
            break;
        case EDGEWRIGHT_INT32:
            outputs[output][element] += difference;
            break;
        case EDGEWRIGHT_FLOAT32:
            ((float *)outputs[output])[element] += edgewright_output_info(output)->scale * (float)difference;
            break;
    }
}

edgewright_status edgewright_invoke(void) {
    const unsigned vector = find_vector();
    const char *fake = getenv("FAKE");
    static unsigned invoked = 0;
    unsigned v, o, e;
    int difference;

    ++invoked;
    if (vector == EDGEWRIGHT_VECTOR_COUNT || fails("invoke")) {
        return EDGEWRIGHT_ERROR_INVOKE;
    }
    for (o = 0; o < EDGEWRIGHT_OUTPUT_COUNT; ++o) {
        memcpy(outputs[o], edgewright_vectors[vector].outputs[o], edgewright_output_info(o)->bytes);
    }
    if (fake != NULL && strncmp(fake, "once ", 5) == 0) {
        fake = invoked > EDGEWRIGHT_VECTOR_COUNT ? NULL : fake + 5;
    }
    if (fake != NULL && sscanf(fake, "%u %u %u %d", &v, &o, &e, &difference) == 4 && v == vector) {
        spoil(o, e, difference);
    }
    return EDGEWRIGHT_OK;
}

#ifdef FAKE_LAYERS
/* Shows what fake_layers.h says, with the difference that FAKE asks for. The observer may correct it, for nobody. */
static void show_layers(unsigned vector, edgewright_observer observer, void *context) {
    const char *fake = getenv("FAKE");
    unsigned v, layer, element;
    int difference;
    unsigned i;

    for (i = 0; i < FAKE_COUNT; ++i) {
        int8_t data[FAKE_LONGEST];

        memcpy(data, fake_layers[vector][i], fake_lengths[i]);
        if (fake != NULL && sscanf(fake, "%u %*u %*u %*d %u %u %d", &v, &layer, &element, &difference) == 4 &&
            v == vector && layer == i) {
            data[element] = (int8_t)(data[element] + difference);
        }
        observer(context, i, 0, data, fake_lengths[i]);
    }
}
#endif

edgewright_status edgewright_invoke_observed(edgewright_observer observer, void *context) {
#ifdef FAKE_LAYERS
    show_layers(find_vector(), observer, context);
#else
    (void)observer;
    (void)context;
#endif
    return edgewright_invoke();
}

void *edgewright_input(size_t index, size_t *bytes) {
    if (index >= EDGEWRIGHT_INPUT_COUNT || fails("input")) {
        return NULL;
    }
    if (bytes != NULL) {
        *bytes = edgewright_input_info(index)->bytes;
    }
    return inputs[index];
}

const void *edgewright_output(size_t index, size_t *bytes) {
    if (index >= EDGEWRIGHT_OUTPUT_COUNT || fails("output")) {
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
