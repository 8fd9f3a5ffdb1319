/* edgewright_host.h by the semihosting calls that Arm defined and RISC-V took over. */
#include <string.h>

#include "edgewright_host.h"

#define SYS_OPEN 0x01u
#define SYS_WRITE0 0x04u
#define SYS_WRITE 0x05u
#define SYS_READ 0x06u
#define SYS_GET_CMDLINE 0x15u
#define SYS_EXIT_EXTENDED 0x20u
#define MODE_RB 1u
#define MODE_AB 9u
#define APPLICATION_EXIT 0x20026u
#define LONGEST_WORD 32u

static int is_there = 0;

/* Parameters and results are words that hold numbers and addresses alike. */
static uint32_t word_of(const void *pointer) {
    return (uint32_t)(uintptr_t)pointer;
}

/*
 * A function of its own, whose parameters are in the registers that the call reads. On RISC-V the call is known by three
 * instructions, which must not be compressed or lie on two pages.
 */
#if defined(__riscv)
#define CALL ".option push\n.option norvc\nslli zero, zero, 0x1f\nebreak\nsrai zero, zero, 7\nret\n.option pop"
#else
#define CALL "bkpt 0xab\nbx lr"
#endif

__attribute__((naked, noinline, aligned(16))) int32_t edgewright_semihosting_call(
    uint32_t operation, uint32_t parameter) {
    (void)operation;
    (void)parameter;
    __asm__ volatile(CALL);
}

static int open_file(const char *name, uint32_t mode) {
    const uint32_t parameters[3] = {word_of(name), mode, (uint32_t)strlen(name)};

    return (int)edgewright_semihosting_call(SYS_OPEN, word_of(parameters));
}

/* Reading and writing return how many bytes were left over. */
static size_t move(uint32_t operation, int file, const void *data, size_t length) {
    const uint32_t parameters[3] = {(uint32_t)file, word_of(data), (uint32_t)length};
    const int32_t left = edgewright_semihosting_call(operation, word_of(parameters));

    return left >= 0 && (size_t)left <= length ? length - (size_t)left : 0;
}

int edgewright_host_open_input(const char *name) {
    return open_file(name, MODE_RB);
}

int edgewright_host_open_appending(const char *name) {
    return open_file(name, MODE_AB);
}

size_t edgewright_host_read(int file, void *data, size_t length) {
    return move(SYS_READ, file, data, length);
}

size_t edgewright_host_write(int file, const void *data, size_t length) {
    return move(SYS_WRITE, file, data, length);
}

/* A command line that is longer than the buffer is another one. */
int edgewright_host_asks(const char *word) {
    char line[LONGEST_WORD] = {0};
    const uint32_t parameters[2] = {word_of(line), sizeof(line)};
    const int32_t status = edgewright_semihosting_call(SYS_GET_CMDLINE, word_of(parameters));

    is_there = (uint32_t)status != EDGEWRIGHT_SEMIHOSTING_UNANSWERED;
    return status == 0 && strcmp(line, word) == 0;
}

int edgewright_host_is_there(void) {
    return is_there;
}

void edgewright_host_print(const char *text) {
    (void)edgewright_semihosting_call(SYS_WRITE0, word_of(text));
}

void edgewright_host_end(int status) {
    const uint32_t parameters[2] = {APPLICATION_EXIT, (uint32_t)status};

    for (;;) {
        (void)edgewright_semihosting_call(SYS_EXIT_EXTENDED, word_of(parameters));
    }
}
