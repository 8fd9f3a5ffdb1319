/*
 * Preprocesses raw samples: standard input and output are raw numbers.
 *
 *     program INPUT RAW HEIGHT WIDTH CHANNELS     RAW is "float" or "uint8"; HEIGHT * WIDTH * CHANNELS values a sample
 *     program                                     tries every wrong use that must be refused, and prints how many were
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edgewright_preprocessing.h"

#define MOST 65536u

static union {
    float real[MOST];
    uint8_t byte[MOST];
} raw;

static union {
    int8_t int8[MOST];
    uint8_t uint8[MOST];
    int16_t int16[MOST];
    float real[MOST];
} input;

/* Returns the bytes that the input has, or 0 where the sample was refused. */
static size_t preprocess(int number, int is_byte, size_t height, size_t width, size_t count) {
    edgewright_status status = EDGEWRIGHT_ERROR_ARGUMENT;
    const size_t bytes = edgewright_input_info((size_t)number)->bytes;

    switch (number + (is_byte ? 100 : 0)) {
        case 0:
            status = edgewright_preprocess_input_0(raw.real, height, width, input.int8);
            break;
        case 100:
            status = edgewright_preprocess_input_0_uint8(raw.byte, height, width, input.int8);
            break;
        case 1:
            status = edgewright_preprocess_input_1(raw.real, height, width, input.uint8);
            break;
        case 101:
            status = edgewright_preprocess_input_1_uint8(raw.byte, height, width, input.uint8);
            break;
        case 2:
            status = edgewright_preprocess_input_2(raw.real, height, width, input.real);
            break;
        case 102:
            status = edgewright_preprocess_input_2_uint8(raw.byte, height, width, input.real);
            break;
        case 3:
            status = edgewright_preprocess_input_3(raw.real, count, input.int16);
            break;
        case 4:
            status = edgewright_preprocess_input_4(raw.real, count, input.int8);
            break;
        case 5:
            status = edgewright_preprocess_input_5(raw.real, count, input.real);
            break;
        case 6:
            status = edgewright_preprocess_input_6(raw.real, count, input.int8);
            break;
        case 106:
            status = edgewright_preprocess_input_6_uint8(raw.byte, count, input.int8);
            break;
    }
    return status == EDGEWRIGHT_OK ? bytes : 0;
}

static int count_refused(void) {
    int refused = 0;

    refused += edgewright_preprocess_input_0(NULL, 1, 1, input.int8) == EDGEWRIGHT_ERROR_ARGUMENT;
    refused += edgewright_preprocess_input_0(raw.real, 1, 1, NULL) == EDGEWRIGHT_ERROR_ARGUMENT;
    refused += edgewright_preprocess_input_0(raw.real, 0, 1, input.int8) == EDGEWRIGHT_ERROR_ARGUMENT;
    refused += edgewright_preprocess_input_0(raw.real, 1, 0, input.int8) == EDGEWRIGHT_ERROR_ARGUMENT;
    refused += edgewright_preprocess_input_0(raw.real, EDGEWRIGHT_MOST_SIDE + 1u, 1, input.int8) != EDGEWRIGHT_OK;
    refused += edgewright_preprocess_input_0_uint8(raw.byte, 1, EDGEWRIGHT_MOST_SIDE + 1u, input.int8) != EDGEWRIGHT_OK;
    refused += edgewright_preprocess_input_3(NULL, 1, input.int16) == EDGEWRIGHT_ERROR_ARGUMENT;
    refused += edgewright_preprocess_input_3(raw.real, 1, NULL) == EDGEWRIGHT_ERROR_ARGUMENT;
    refused += edgewright_preprocess_input_3(raw.real, EDGEWRIGHT_INPUT_3_LENGTH + 1u, input.int16) != EDGEWRIGHT_OK;
    return refused;
}

int main(int argc, char **argv) {
    if (argc == 6) {
        const int is_byte = strcmp(argv[2], "uint8") == 0;
        const size_t height = (size_t)atoi(argv[3]);
        const size_t width = (size_t)atoi(argv[4]);
        const size_t count = height * width * (size_t)atoi(argv[5]);

        while (fread(&raw, is_byte ? sizeof(raw.byte[0]) : sizeof(raw.real[0]), count, stdin) == count) {
            const size_t bytes = preprocess(atoi(argv[1]), is_byte, height, width, count);

            if (bytes == 0 || fwrite(&input, 1, bytes, stdout) != bytes) {
                return EXIT_FAILURE;
            }
        }
    } else {
        printf("refused %d\n", count_refused());
    }
    return EXIT_SUCCESS;
}
