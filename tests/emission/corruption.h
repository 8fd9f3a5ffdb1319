/*
 * Makes one layer of a model compute wrongly: CORRUPT="CONV_2D 2 37" lets the third CONV_2D of every inference give
 * each element 37 steps towards the middle of its range. What is called this many times an inference is kCount.
 */
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tensorflow/lite/micro/kernels/conv.h"
#include "tensorflow/lite/micro/kernels/fully_connected.h"
#include "tensorflow/lite/micro/kernels/kernel_util.h"

inline void spoil(TfLiteContext *context, TfLiteNode *node, int difference) {
    TfLiteEvalTensor *output = tflite::micro::GetEvalOutput(context, node, 0);
    auto *elements = static_cast<int8_t *>(output->data.data);
    size_t count = 0;
    tflite::TfLiteEvalTensorByteLength(output, &count);
    for (size_t i = 0; i < count; ++i) {
        elements[i] = static_cast<int8_t>(elements[i] + (elements[i] < 0 ? difference : -difference));
    }
}

template <int kKernel, int kCount, typename Registration>
Registration corrupted(Registration registration) {
    static TfLiteStatus (*real)(TfLiteContext *, TfLiteNode *);
    static int run;
    real = registration.invoke;
    registration.invoke = [](TfLiteContext *context, TfLiteNode *node) {
        const TfLiteStatus status = real(context, node);
        const char *wanted = std::getenv("CORRUPT");
        char kernel[20] = "";
        int place = 0;
        int difference = 0;
        const bool is_given = wanted != nullptr && std::sscanf(wanted, "%19s %d %d", kernel, &place, &difference) == 3;
        if (is_given && run == place && std::strcmp(kernel, kKernel == 0 ? "CONV_2D" : "FULLY_CONNECTED") == 0) {
            spoil(context, node, difference);
        }
        run = run + 1 == kCount ? 0 : run + 1;
        return status;
    };
    return registration;
}
