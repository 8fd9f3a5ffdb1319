/* What the linker script tells the start-up code, and the same work on every core. */
#ifndef EDGEWRIGHT_START_MEMORY_H
#define EDGEWRIGHT_START_MEMORY_H

/* Gives the variables their initial values and runs constructors; the stack must stand. */
void edgewright_start_memory(void);

extern char edgewright_stack_top[];

#endif
