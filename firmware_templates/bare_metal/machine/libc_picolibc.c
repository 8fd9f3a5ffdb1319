/* What picolibc asks of a system: the standard streams are the files `input`, `output` and `errors` outside. */
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "edgewright_host.h"

#define BLOCK_BYTES 1024u

typedef struct {
    const char *name;
    /* A file's number and 1, or 0 before it was opened. */
    int opened;
    size_t used;
    size_t length;
    char block[BLOCK_BYTES];
} stream;

static stream input = {"input", 0, 0, 0, {0}};
static stream output = {"output", 0, 0, 0, {0}};
static stream errors = {"errors", 0, 0, 0, {0}};

static int get(FILE *file);
static int put_output(char character, FILE *file);
static int put_error(char character, FILE *file);
static int flush_output(FILE *file);
static int flush_errors(FILE *file);

static FILE input_file = FDEV_SETUP_STREAM(NULL, get, NULL, _FDEV_SETUP_READ);
static FILE output_file = FDEV_SETUP_STREAM(put_output, NULL, flush_output, _FDEV_SETUP_WRITE);
static FILE errors_file = FDEV_SETUP_STREAM(put_error, NULL, flush_errors, _FDEV_SETUP_WRITE);

FILE *const stdin = &input_file;
FILE *const stdout = &output_file;
FILE *const stderr = &errors_file;

static int flush(stream *written) {
    const size_t length = written->used;

    written->used = 0;
    if (length == 0) {
        return 0;
    }
    if (written->opened == 0) {
        written->opened = 1 + edgewright_host_open_appending(written->name);
    }
    return edgewright_host_write(written->opened - 1, written->block, length) == length ? 0 : EOF;
}

static int put(char character, stream *written) {
    written->block[written->used] = character;
    ++written->used;
    return written->used == BLOCK_BYTES && flush(written) != 0 ? EOF : (unsigned char)character;
}

static int get(FILE *file) {
    (void)file;
    if (input.used == input.length) {
        if (input.opened == 0) {
            input.opened = 1 + edgewright_host_open_input(input.name);
        }
        input.used = 0;
        input.length = input.opened == 0 ? 0 : edgewright_host_read(input.opened - 1, input.block, BLOCK_BYTES);
        if (input.length == 0) {
            return _FDEV_EOF;
        }
    }
    ++input.used;
    return (unsigned char)input.block[input.used - 1];
}

static int put_output(char character, FILE *file) {
    (void)file;
    return put(character, &output);
}

static int put_error(char character, FILE *file) {
    (void)file;
    return put(character, &errors);
}

static int flush_output(FILE *file) {
    (void)file;
    return flush(&output);
}

static int flush_errors(FILE *file) {
    (void)file;
    return flush(&errors);
}

/* What abort calls. */
pid_t getpid(void) {
    return 1;
}

int kill(pid_t process, int signal_number) {
    (void)process;
    edgewright_host_fault(signal_number == SIGABRT ? "abort was called" : "a signal was raised",
        (uint32_t)(uintptr_t)__builtin_return_address(0), (uint32_t)signal_number);
    return -1;
}

void _exit(int status) {
    (void)flush(&output);
    (void)flush(&errors);
    edgewright_host_exit(status);
    for (;;) {
    }
}
