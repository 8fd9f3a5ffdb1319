/* Goes wrong in the way that its argument names. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void (*function)(void);

__attribute__((noinline)) static void jump_astray(void) {
    volatile uintptr_t nowhere = 0xA0000001u;

    ((function)nowhere)();
}

__attribute__((noinline)) static void execute_nonsense(void) {
#if defined(__xtensa__)
    __asm__ volatile("ill");
#elif defined(__riscv)
    __asm__ volatile("unimp");
#else
    __asm__ volatile("udf #0");
#endif
}

__attribute__((noinline)) static void load_misaligned(void) {
    static uint32_t words[2];
    volatile uintptr_t address = (uintptr_t)words + 1u;

    printf("%u\n", (unsigned)*(volatile uint32_t *)address);
}

int main(int argc, char **argv) {
    const char *way = argc > 1 ? argv[1] : "";

    puts("so far so good");
    (void)fflush(stdout);
    if (strcmp(way, "nonsense") == 0) {
        execute_nonsense();
    } else if (strcmp(way, "astray") == 0) {
        jump_astray();
    } else if (strcmp(way, "misaligned") == 0) {
        load_misaligned();
    } else if (strcmp(way, "abort") == 0) {
        abort();
    } else if (strcmp(way, "hang") == 0) {
        for (;;) {
        }
    }
    return 0;
}
