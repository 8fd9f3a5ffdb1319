/*
 * Start-up of a RISC-V core: pointers, memory; an exception ends the program and says where. The breakpoint of a
 * semihosting call that no debugger takes is stepped over.
 */
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

/*
 * A semihosting call's breakpoint is its second instruction, and as in every function t0, t1 and a0 are free there. For
 * all else the stack begins anew, since it may be what the exception came from.
 */
__attribute__((naked, aligned(4))) static void fault(void) {
    __asm__ volatile(
        "la t0, edgewright_semihosting_call + 4\n"
        "csrr t1, mepc\n"
        "bne t0, t1, 1f\n"
        "li a0, %1\n"
        "addi t1, t1, 4\n"
        "csrw mepc, t1\n"
        "mret\n"
        "1:\n"
        "la sp, edgewright_stack_top\n"
        "csrr a0, mcause\n"
        "csrr a1, mepc\n"
        "j %0"
        :
        : "i"(stop), "i"(EDGEWRIGHT_SEMIHOSTING_UNANSWERED));
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
