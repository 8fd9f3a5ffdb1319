/*
 * Runs the model once between two marks, on inputs that are no constant, and answers with the deepest that the stack was
 * in it.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "edgewright_model.h"

#define NOINLINE __attribute__((noinline, noclone))
#define PAINTED_BYTES 4096u
#define PAINT 0xa5u

NOINLINE void bench_begin(void);
NOINLINE void bench_end(void);

void bench_begin(void) { __asm volatile(""); }

void bench_end(void) { __asm volatile(""); }

static void fill_inputs(void) {
    uint32_t state = 12345u;
    size_t i;

    for (i = 0; i < EDGEWRIGHT_INPUT_COUNT; ++i) {
        size_t bytes = 0;
        uint8_t *input = edgewright_input(i, &bytes);
        size_t k;

        for (k = 0; k < bytes; ++k) {
            state = state * 1664525u + 1013904223u;
            input[k] = (uint8_t)(state >> 24);
        }
    }
}

/* The stack grows downwards on every core: what lies below the caller's frame is free. */
static NOINLINE void paint(volatile uint8_t *top) {
    size_t i;

    for (i = 256; i < PAINTED_BYTES; ++i) {
        *(top - i) = PAINT;
    }
}

static NOINLINE size_t depth(const volatile uint8_t *top) {
    size_t i = PAINTED_BYTES - 1u;

    while (i > 256 && *(top - i) == PAINT) {
        --i;
    }
    return i;
}

int main(void) {
    volatile uint8_t top = 0;
    edgewright_status status;

    fill_inputs();
    paint(&top);
    bench_begin();
    status = edgewright_invoke();
    bench_end();
    printf("%lu\n", (unsigned long)depth(&top));
    return status == EDGEWRIGHT_OK ? 0 : 1;
}
