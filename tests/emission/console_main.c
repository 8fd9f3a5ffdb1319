/* Takes standard input character by character and prints what each line came to, and the inputs that it filled. */
#include <stdio.h>

#include "edgewright_console.h"
#include "edgewright_model.h"

static void print_inputs(void) {
    size_t i, j;

    for (i = 0; i < EDGEWRIGHT_INPUT_COUNT; ++i) {
        size_t bytes;
        const uint8_t *data = edgewright_input(i, &bytes);

        for (j = 0; j < bytes; ++j) {
            printf("%02x", data[j]);
        }
    }
}

int main(void) {
    edgewright_console console = {{0}, 0, 0, 0, 0, 0, 0};
    int character;

    if (edgewright_init() != EDGEWRIGHT_OK) {
        return 1;
    }
    for (character = getchar(); character != EOF; character = getchar()) {
        switch (edgewright_console_take(&console, (uint8_t)character)) {
            case EDGEWRIGHT_LINE_OPEN:
                break;
            case EDGEWRIGHT_LINE_EMPTY:
                printf("empty\n");
                break;
            case EDGEWRIGHT_LINE_SAMPLE:
                printf("sample ");
                print_inputs();
                printf("\n");
                break;
            case EDGEWRIGHT_LINE_REFUSED:
                printf("refused\n");
                break;
        }
    }
    return 0;
}
