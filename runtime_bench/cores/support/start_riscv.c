/* Start-up of a RISC-V core: pointers, memory; an exception ends the program and says where. */
#include <stdint.h>

#include "edgewright_host.h"
#include "start_memory.h"

void edgewright_entry(void);
void edgewright_start(void);

__attribute__((used)) static void stop(uint32_t cause, uint32_t address) {
    static const char *const names[] = {
        "instruction address misaligned", "instruction access fault", "illegal instruction", "breakpoint",
        "load address misaligned", "load access fault", "store address misaligned", "store access fault",
    };

    edgewright_host_fault(cause < sizeof(names) / sizeof(names[0]) ? names[cause] : "exception", address, cause);
}

/* The stack begins anew, since it may be what the exception came from. */
__attribute__((naked, aligned(4))) static void fault(void) {
    __asm__ volatile(
        "la sp, edgewright_stack_top\n"
        "csrr a0, mcause\n"
        "csrr a1, mepc\n"
        "j %0"
        :
        : "i"(stop));
}

__attribute__((used)) void edgewright_start(void) {
    edgewright_start_memory();
    edgewright_run();
}

__attribute__((naked, section(".vectors"))) void edgewright_entry(void) {
    __asm__ volatile(
        ".option push\n.option norelax\nla gp, __global_pointer$\n.option pop\n"
        "la sp, edgewright_stack_top\n"
        "la tp, edgewright_thread_start\n"
        "la t0, %0\n"
        "csrw mtvec, t0\n"
        "j edgewright_start"
        :
        : "i"(fault));
}
