/* Prints what generated C says about the model, and tries every wrong use that must be refused. */
#include <stdio.h>

#include "edgewright_model.h"
#include "edgewright_model_data.h"
#include "edgewright_quantization.h"

static void print_tensor(size_t count, const edgewright_tensor *tensor) {
    size_t i;

    printf("%u %s %d %u:", (unsigned)count, tensor->name, (int)tensor->type, (unsigned)tensor->rank);
    for (i = 0; i < tensor->rank; ++i) {
        printf(" %d", (int)tensor->shape[i]);
    }
    printf(" = %u %u %.9g %d\n", (unsigned)tensor->length, (unsigned)tensor->bytes, (double)tensor->scale,
        (int)tensor->zero_point);
}

int main(void) {
    float values[17] = {0};
    int8_t integers[17] = {0};
    unsigned refused = 0;
    size_t i;

    print_tensor(edgewright_input_count(), edgewright_input_info(0));
    print_tensor(edgewright_output_count(), edgewright_output_info(0));
    for (i = 0; i < EDGEWRIGHT_LABEL_COUNT; ++i) {
        printf("label %s\n", edgewright_label(i));
    }
    printf("aligned %u\n", (unsigned)((uintptr_t)edgewright_model_data % 16u));
    refused += edgewright_input_info(1) == NULL;
    refused += edgewright_output_info(1) == NULL;
    refused += edgewright_label(EDGEWRIGHT_LABEL_COUNT) == NULL;
    refused += edgewright_quantize_input_0(NULL, 1, integers) == EDGEWRIGHT_ERROR_ARGUMENT;
    refused += edgewright_quantize_input_0(values, 1, NULL) == EDGEWRIGHT_ERROR_ARGUMENT;
    refused += edgewright_quantize_input_0(values, 17, integers) == EDGEWRIGHT_ERROR_ARGUMENT;
    refused += edgewright_dequantize_output_0(NULL, 1, values) == EDGEWRIGHT_ERROR_ARGUMENT;
    refused += edgewright_dequantize_output_0(integers, 1, NULL) == EDGEWRIGHT_ERROR_ARGUMENT;
    refused += edgewright_dequantize_output_0(integers, 4, values) == EDGEWRIGHT_ERROR_ARGUMENT;
    printf("refused %u\n", refused);
    return 0;
}
