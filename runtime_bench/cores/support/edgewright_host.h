/*
 * What a program under an emulator can ask of the computer outside, by the emulator's own calls (semihosting, simcalls).
 * On a board these calls reach a debugger; firmware that is to run without one uses edgewright_port.h alone.
 */
#ifndef EDGEWRIGHT_HOST_H
#define EDGEWRIGHT_HOST_H

#include <stddef.h>
#include <stdint.h>

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

/* Says how the program ends, then ends it. */
void edgewright_host_exit(int status);
void edgewright_host_fault(const char *cause, uint32_t address, uint32_t detail);

/* Runs main, and what stands around it; the start-up code calls this with memory and stack in place. */
void edgewright_run(void);

#endif
