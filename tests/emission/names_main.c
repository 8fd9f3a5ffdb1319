/* Prints the model's name, its input's and the labels, each followed by a NUL. */
#include <stdio.h>
#include <string.h>

#include "edgewright_model.h"

static void put(const char *text) {
    (void)fwrite(text, 1, strlen(text) + 1u, stdout);
}

int main(void) {
    size_t i;

    put(EDGEWRIGHT_MODEL_NAME);
    put(edgewright_input_info(0)->name);
    for (i = 0; i < EDGEWRIGHT_LABEL_COUNT; ++i) {
        put(edgewright_label(i));
    }
    return 0;
}
