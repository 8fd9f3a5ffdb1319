/*
 * What a program under an emulator can ask of the computer outside, by the emulator's own calls (semihosting, simcalls).
 * On a board these calls reach a debugger, or nobody: firmware asks first whether somebody is there, and works with
 * edgewright_port.h alone.
 */
#ifndef EDGEWRIGHT_HOST_H
#define EDGEWRIGHT_HOST_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Opens a file in the folder that the emulator was started in; appending creates it. Returns -1 where it cannot. */
int edgewright_host_open_input(const char *name);
int edgewright_host_open_appending(const char *name);

/* Each returns how many bytes were moved; fewer than asked for means the end of the file, or an error. */
size_t edgewright_host_read(int file, void *data, size_t length);
size_t edgewright_host_write(int file, const void *data, size_t length);

/* Writes to the emulator's standard error. */
void edgewright_host_print(const char *text);

/* Ends the emulator with that exit status, of which a computer keeps the low 8 bits. */
void edgewright_host_end(int status);

/*
 * Whether a computer outside started the program with this word alone as its argument. Where nobody answers, the call
 * costs nothing but an exception that the start-up code takes back.
 */
int edgewright_host_asks(const char *word);

/* Whether anybody answered that question; 0 before it was asked. */
int edgewright_host_is_there(void);

/* Says how the program ends, then ends it. */
void edgewright_host_exit(int status);
void edgewright_host_fault(const char *cause, uint32_t address, uint32_t detail);

/* Runs main, and what stands around it; the start-up code calls this with memory and stack in place. */
void edgewright_run(void);

/*
 * A semihosting call: one exception for the computer outside to take. Where it is taken by the core instead, the start-up
 * code returns this number from the call.
 */
#if defined(__arm__) || defined(__riscv)
#define EDGEWRIGHT_SEMIHOSTING_UNANSWERED 0x80000000u
int32_t edgewright_semihosting_call(uint32_t operation, uint32_t parameter);
#endif

#ifdef __cplusplus
}
#endif

#endif
