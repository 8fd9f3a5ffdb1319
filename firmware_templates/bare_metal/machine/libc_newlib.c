/* What newlib asks of a system: the standard streams are the files `input`, `output` and `errors` outside. */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "edgewright_host.h"

#define STREAM_COUNT 3
#define BLOCK_BYTES 1024

int _close(int stream);
void _exit(int status);
void _fini(void);
int _fstat(int stream, struct stat *facts);
int _getpid(void);
int _isatty(int stream);
int _kill(int process, int signal_number);
int _lseek(int stream, int offset, int whence);
int _read(int stream, char *data, int length);
void *_sbrk(ptrdiff_t change);
int _write(int stream, const char *data, int length);

extern char edgewright_heap_start[];
extern char edgewright_heap_end[];

/* A file's number and 1, or 0 before it was opened. */
static int opened[STREAM_COUNT];
static char *heap_used_up_to = edgewright_heap_start;

static int file_of(int stream) {
    static const char *const names[STREAM_COUNT] = {"input", "output", "errors"};

    if (stream < 0 || stream >= STREAM_COUNT) {
        return -1;
    }
    if (opened[stream] == 0) {
        opened[stream] = 1 + (stream == 0 ? edgewright_host_open_input(names[stream])
                                          : edgewright_host_open_appending(names[stream]));
    }
    return opened[stream] - 1;
}

int _read(int stream, char *data, int length) {
    const int file = file_of(stream);

    return file < 0 ? 0 : (int)edgewright_host_read(file, data, (size_t)length);
}

int _write(int stream, const char *data, int length) {
    const int file = file_of(stream);

    if (file < 0 || edgewright_host_write(file, data, (size_t)length) != (size_t)length) {
        errno = EIO;
        return -1;
    }
    return length;
}

void *_sbrk(ptrdiff_t change) {
    char *const before = heap_used_up_to;

    if (change > edgewright_heap_end - before) {
        errno = ENOMEM;
        return (void *)-1;
    }
    heap_used_up_to += change;
    return before;
}

/* No terminal: the standard streams are buffered whole, as those of a computer's program behind a pipe. */
int _fstat(int stream, struct stat *facts) {
    (void)stream;
    *facts = (struct stat){0};
    facts->st_mode = S_IFREG;
    facts->st_blksize = BLOCK_BYTES;
    return 0;
}

int _isatty(int stream) {
    (void)stream;
    errno = ENOTTY;
    return 0;
}

int _lseek(int stream, int offset, int whence) {
    (void)stream;
    (void)offset;
    (void)whence;
    errno = ESPIPE;
    return -1;
}

int _close(int stream) {
    (void)stream;
    return 0;
}

int _getpid(void) {
    return 1;
}

int _kill(int process, int signal_number) {
    (void)process;
    edgewright_host_fault(signal_number == SIGABRT ? "abort was called" : "a signal was raised",
        (uint32_t)(uintptr_t)__builtin_return_address(0), (uint32_t)signal_number);
    return -1;
}

/* What exit calls after the destructors. */
void _fini(void) {
}

void _exit(int status) {
    edgewright_host_exit(status);
    for (;;) {
    }
}
