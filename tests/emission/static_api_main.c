/*
 * Calls of the generated interface, right and wrong ones, as standard input says: four bytes each, a function and three
 * figures for it. Buffers are of exactly the length that the header names, so that a sanitizer sees every byte too many.
 * Every wrong call must be answered as the header says; the program ends with 1 where one is not.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edgewright_console.h"
#include "edgewright_model.h"
#include "edgewright_port.h"
#include "edgewright_preprocessing.h"
#include "edgewright_protocol.h"
#include "edgewright_quantization.h"

#define CHECK(condition)                                                \
    do {                                                                \
        if (!(condition)) {                                             \
            (void)fprintf(stderr, "%d: %s\n", __LINE__, #condition);    \
            exit(1);                                                    \
        }                                                               \
    } while (0)

void edgewright_port_write(const char *data, size_t length) {
    (void)data;
    (void)length;
}

size_t edgewright_port_read(uint8_t *data, size_t capacity) {
    (void)data;
    (void)capacity;
    return 0;
}

uint32_t edgewright_port_ticks(void) { return 0; }

uint32_t edgewright_port_ticks_per_second(void) { return 1000000u; }

size_t edgewright_port_stack_bytes(void) { return 0; }

void edgewright_port_reset(void) {}

/* The figure as it is, or one of those at which a check is most likely to be wrong. */
static size_t figure(uint8_t byte) {
    static const size_t edges[] = {0, 1, SIZE_MAX, SIZE_MAX / 2u, UINT32_MAX, (size_t)1 << 31, 65535u, 65536u};

    return byte < 128u ? byte : edges[byte % 8u];
}

static edgewright_status expected(size_t count, size_t length, int is_null) {
    return is_null || count > length ? EDGEWRIGHT_ERROR_ARGUMENT : EDGEWRIGHT_OK;
}

static void check_tensors(size_t index, uint8_t fill) {
    size_t bytes = 12345u;
    uint8_t *input = edgewright_input(index, &bytes);
    const uint8_t *output = edgewright_output(index, NULL);

    CHECK((input != NULL) == (index < EDGEWRIGHT_INPUT_COUNT));
    CHECK((output != NULL) == (index < EDGEWRIGHT_OUTPUT_COUNT));
    CHECK(input == edgewright_input(index, NULL));
    CHECK(input != NULL || bytes == 12345u);
    if (input != NULL) {
        CHECK(bytes == edgewright_input_info(index)->bytes);
        memset(input, fill, bytes);
    }
}

static void check_facts(size_t index) {
    CHECK((edgewright_input_info(index) != NULL) == (index < edgewright_input_count()));
    CHECK((edgewright_output_info(index) != NULL) == (index < edgewright_output_count()));
    CHECK((edgewright_layer_info(index) != NULL) == (index < EDGEWRIGHT_LAYER_COUNT));
    CHECK((edgewright_label(index) != NULL) == (index < EDGEWRIGHT_LABEL_COUNT));
    CHECK(edgewright_status_name((edgewright_status)(index % 200u)) != NULL);
}

/* Writes what it is shown back, byte by byte, as something that corrects a layer would. */
static void touch(void *context, size_t layer, size_t output, void *data, size_t bytes) {
    volatile uint8_t *at = data;
    size_t i;

    CHECK(layer < EDGEWRIGHT_LAYER_COUNT && output < 16u);
    for (i = 0; i < bytes; ++i) {
        at[i] = (uint8_t)(at[i] ^ 0u);
    }
    ++*(size_t *)context;
}

static void check_runs(void) {
    size_t seen = 0;

    CHECK(edgewright_init() == EDGEWRIGHT_OK && edgewright_reset() == EDGEWRIGHT_OK);
    CHECK(edgewright_invoke() == EDGEWRIGHT_OK);
    CHECK(edgewright_invoke_observed(NULL, &seen) == EDGEWRIGHT_ERROR_ARGUMENT && seen == 0);
    CHECK(edgewright_invoke_observed(touch, &seen) == EDGEWRIGHT_OK && seen > 0);
    CHECK(edgewright_arena_used_bytes() <= EDGEWRIGHT_ARENA_BYTES);
}

static void check_quantization(size_t count, int null) {
    float *values = calloc(EDGEWRIGHT_INPUT_0_LENGTH, sizeof *values);
    int8_t *quantized = calloc(EDGEWRIGHT_INPUT_0_LENGTH, 1);
    const edgewright_status wanted = expected(count, EDGEWRIGHT_INPUT_0_LENGTH, null == 1 || null == 2);

    CHECK(values != NULL && quantized != NULL);
    CHECK(wanted == edgewright_quantize_input_0(null == 1 ? NULL : values, count, null == 2 ? NULL : quantized));
    CHECK(wanted == edgewright_dequantize_input_0(null == 2 ? NULL : quantized, count, null == 1 ? NULL : values));
    free(values);
    free(quantized);
}

static void check_preprocessing(size_t index, int null) {
    int8_t *input = calloc(EDGEWRIGHT_INPUT_0_LENGTH, 1);
    const int is_wrong = index >= EDGEWRIGHT_INPUT_0_LENGTH || null == 1;
    const edgewright_status wanted = is_wrong ? EDGEWRIGHT_ERROR_ARGUMENT : EDGEWRIGHT_OK;

    CHECK(input != NULL);
    CHECK(wanted == edgewright_preprocess_input_0_value(0.5f, index, null == 1 ? NULL : input));
    free(input);
}

int main(void) {
    static edgewright_console console;
    static edgewright_protocol protocol;
    uint8_t call[4];

    check_runs();
    while (fread(call, 1, sizeof call, stdin) == sizeof call) {
        switch (call[0] % 7u) {
            case 0:
                check_tensors(figure(call[1]), call[2]);
                break;
            case 1:
                check_facts(figure(call[1]));
                break;
            case 2:
                check_runs();
                break;
            case 3:
                check_quantization(figure(call[1]), call[2] % 4);
                break;
            case 4:
                check_preprocessing(figure(call[1]), call[2] % 3);
                break;
            case 5:
                (void)edgewright_console_take(&console, call[1]);
                (void)edgewright_console_take(&console, call[2]);
                break;
            default:
                (void)edgewright_protocol_take(&protocol, call[1]);
                (void)edgewright_protocol_take(&protocol, call[2]);
                (void)edgewright_protocol_take(&protocol, 0);
                break;
        }
    }
    return 0;
}
