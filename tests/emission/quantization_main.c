/* Quantizes EDGEWRIGHT_INPUT_0_LENGTH real values per input, then dequantizes as many integers; standard input and
 * output are raw numbers. */
#include <stdio.h>
#include <stdlib.h>

#include "edgewright_quantization.h"

#define COUNT EDGEWRIGHT_INPUT_0_LENGTH

static float values[COUNT];

static void transfer(size_t done) {
    if (done != COUNT) {
        exit(EXIT_FAILURE);
    }
}

static void require(edgewright_status status) {
    if (status != EDGEWRIGHT_OK) {
        exit(EXIT_FAILURE);
    }
}

#define ROUND_TRIP(input, type)                                                \
    do {                                                                       \
        static type integers[COUNT];                                           \
        transfer(fread(values, sizeof(values[0]), COUNT, stdin));              \
        require(edgewright_quantize_##input(values, COUNT, integers));         \
        transfer(fwrite(integers, sizeof(integers[0]), COUNT, stdout));        \
        transfer(fread(integers, sizeof(integers[0]), COUNT, stdin));          \
        require(edgewright_dequantize_##input(integers, COUNT, values));       \
        transfer(fwrite(values, sizeof(values[0]), COUNT, stdout));            \
    } while (0)

int main(void) {
    ROUND_TRIP(input_0, int8_t);
    ROUND_TRIP(input_1, int8_t);
    ROUND_TRIP(input_2, int8_t);
    ROUND_TRIP(input_3, uint8_t);
    ROUND_TRIP(input_4, uint8_t);
    ROUND_TRIP(input_5, int16_t);
    ROUND_TRIP(input_6, int16_t);
    ROUND_TRIP(input_7, int16_t);
    return EXIT_SUCCESS;
}
