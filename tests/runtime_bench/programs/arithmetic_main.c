/* Reads pairs of words and writes what the core's arithmetic makes of them, as floats and as integers. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static float float_of(uint32_t bits) {
    float value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

int main(void) {
    uint32_t given[2];

    while (fread(given, sizeof(given), 1, stdin) == 1) {
        const float a = float_of(given[0]);
        const float b = float_of(given[1]);
        const float floats[6] = {a + b, a - b, a * b, a / b, (float)(int32_t)given[0], (float)given[0]};
        const uint32_t divisor = given[1] == 0 ? 1u : given[1];
        const uint64_t product = (uint64_t)given[0] * given[1];
        const uint64_t wide_divisor = ((uint64_t)(given[1] & 0xffu) << 32) | divisor;
        const uint64_t both = ((uint64_t)given[0] << 32) | given[1];
        const uint64_t wide = both / wide_divisor;
        const uint64_t rest = both % wide_divisor;
        const int64_t whole = (int64_t)both / ((int64_t)(int32_t)given[1] | 1);
        const uint32_t integers[13] = {
            given[0] / divisor,
            given[0] % divisor,
            (uint32_t)((int32_t)given[0] / (int32_t)(divisor >> 1 | 1u)),
            (uint32_t)product,
            (uint32_t)(product >> 32),
            a >= 0.0f && a < 4294967296.0f ? (uint32_t)a : 0u,
            a > -2147483648.0f && a < 2147483648.0f ? (uint32_t)(int32_t)a : 0u,
            (uint32_t)wide,
            (uint32_t)(wide >> 32),
            (uint32_t)rest,
            (uint32_t)(rest >> 32),
            (uint32_t)(uint64_t)whole,
            (uint32_t)((uint64_t)whole >> 32),
        };

        (void)fwrite(floats, sizeof(floats), 1, stdout);
        (void)fwrite(integers, sizeof(integers), 1, stdout);
    }
    return 0;
}
