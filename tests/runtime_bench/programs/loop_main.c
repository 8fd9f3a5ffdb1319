/* Executes a loop of two instructions as often as each argument says, between two marks. */
#include <stdint.h>
#include <stdlib.h>

void mark_start(void);
void mark_stop(void);
void loop(uint32_t count);

__attribute__((noinline)) void mark_start(void) {
    __asm__ volatile("");
}

__attribute__((noinline)) void mark_stop(void) {
    __asm__ volatile("");
}

__attribute__((noinline)) void loop(uint32_t count) {
#if defined(__xtensa__)
    __asm__ volatile("1: addi %0, %0, -1\nbnez %0, 1b" : "+r"(count));
#elif defined(__riscv)
    __asm__ volatile("1: addi %0, %0, -1\nbnez %0, 1b" : "+r"(count));
#else
    __asm__ volatile(".syntax unified\n1: subs %0, #1\nbne 1b" : "+l"(count) : : "cc");
#endif
}

int main(int argc, char **argv) {
    int i;

    for (i = 1; i < argc; ++i) {
        const uint32_t count = (uint32_t)strtoul(argv[i], NULL, 10);

        mark_start();
        loop(count);
        mark_stop();
    }
    return 0;
}
