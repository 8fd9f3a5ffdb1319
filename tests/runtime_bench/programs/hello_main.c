/* Prints its arguments, its environment and its input, each byte of it one higher, and exits with its first argument. */
#include <stdio.h>
#include <stdlib.h>

static int initialized = 7;
static int zero;

int main(int argc, char **argv) {
    const char *variable = getenv("VARIABLE");
    int i;
    int byte;

    for (i = 1; i < argc; ++i) {
        printf("<%s>", argv[i]);
    }
    printf(" %s %d %d\n", variable == NULL ? "none" : variable, initialized, zero);
    while ((byte = getchar()) != EOF) {
        putchar((byte + 1) & 0xff);
    }
    (void)fputs("to standard error\n", stderr);
    return argc > 1 ? atoi(argv[1]) : 0;
}
