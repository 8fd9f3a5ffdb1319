/* edgewright_host.h by the simulator calls of Xtensa. */
#include <string.h>

#include "edgewright_host.h"

#define SYS_EXIT 1
#define SYS_READ 3
#define SYS_WRITE 4
#define SYS_OPEN 5
#define SYS_ARGC 1000
#define SYS_ARGV_SIZE 1001
#define SYS_ARGV 1002
#define STANDARD_ERROR 2
#define LONGEST_ARGUMENTS 64
#define RDONLY 0
/* The emulator hands the flags to the computer's own call: these are Linux'. */
#define WRONLY_CREAT_APPEND (0x1 | 0x40 | 0x400)
#define MODE_RW_R_R 0644

static int32_t call(int32_t operation, uint32_t first, uint32_t second, uint32_t third) {
    register int32_t a2 __asm__("a2") = operation;
    register uint32_t a3 __asm__("a3") = first;
    register uint32_t a4 __asm__("a4") = second;
    register uint32_t a5 __asm__("a5") = third;

    __asm__ volatile("simcall" : "+r"(a2), "+r"(a3) : "r"(a4), "r"(a5) : "memory");
    return a2;
}

static uint32_t word_of(const void *pointer) {
    return (uint32_t)(uintptr_t)pointer;
}

static size_t move(int32_t operation, int file, const void *data, size_t length) {
    const int32_t moved = call(operation, (uint32_t)file, word_of(data), (uint32_t)length);

    return moved > 0 ? (size_t)moved : 0;
}

int edgewright_host_open_input(const char *name) {
    return (int)call(SYS_OPEN, word_of(name), RDONLY, 0);
}

int edgewright_host_open_appending(const char *name) {
    return (int)call(SYS_OPEN, word_of(name), WRONLY_CREAT_APPEND, MODE_RW_R_R);
}

size_t edgewright_host_read(int file, void *data, size_t length) {
    return move(SYS_READ, file, data, length);
}

size_t edgewright_host_write(int file, const void *data, size_t length) {
    return move(SYS_WRITE, file, data, length);
}

/* The arguments are given as pointers, which end in a null, and the texts behind them. */
int edgewright_host_asks(const char *word) {
    union {
        const char *texts[LONGEST_ARGUMENTS / sizeof(char *)];
        char bytes[LONGEST_ARGUMENTS];
    } given;

    if (call(SYS_ARGC, 0, 0, 0) != 1 || call(SYS_ARGV_SIZE, 0, 0, 0) > LONGEST_ARGUMENTS) {
        return 0;
    }
    (void)call(SYS_ARGV, word_of(&given), 0, 0);
    return strcmp(given.texts[0], word) == 0;
}

/* Without these calls the machine has no console either. */
int edgewright_host_is_there(void) {
    return 1;
}

void edgewright_host_print(const char *text) {
    (void)move(SYS_WRITE, STANDARD_ERROR, text, strlen(text));
}

void edgewright_host_end(int status) {
    for (;;) {
        (void)call(SYS_EXIT, (uint32_t)status, 0, 0);
    }
}
