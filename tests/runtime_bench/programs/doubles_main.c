/* Reads pairs of doubles and writes what the core's arithmetic makes of them, and of their words. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int main(void) {
    double given[2];

    while (fread(given, sizeof(given), 1, stdin) == 1) {
        const double a = given[0];
        const double b = given[1];
        float single;
        uint32_t word;
        double answers[8];
        float floats[2];

        memcpy(&word, &given[1], sizeof(word));
        memcpy(&single, &given[1], sizeof(single));
        answers[0] = a + b;
        answers[1] = a - b;
        answers[2] = a * b;
        answers[3] = a / b;
        answers[4] = (double)(int32_t)word;
        answers[5] = (double)word;
        answers[6] = (double)single;
        answers[7] = a > -2147483649.0 && a < 2147483648.0 ? (double)(int32_t)a : 0.0;
        floats[0] = (float)a;
        floats[1] = a > -1.0 && a < 4294967296.0 ? (float)(uint32_t)a : 0.0f;
        (void)fwrite(answers, sizeof(answers), 1, stdout);
        (void)fwrite(floats, sizeof(floats), 1, stdout);
    }
    return 0;
}
