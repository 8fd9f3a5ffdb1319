/*
 * Start-up of a Cortex-M: vector table, floating point unit, memory; a fault ends the program and says where.
 * A semihosting call that no debugger takes is a fault as well: its breakpoint is stepped over.
 */
#include <stdint.h>

#include "edgewright_host.h"
#include "start_memory.h"

#define CPACR (*(volatile uint32_t *)0xE000ED88u)
#define CPACR_CP10_CP11 (0xFu << 20)
#define CFSR (*(volatile uint32_t *)0xE000ED28u)
/* The core stores eight registers on the stack; the first is r0, and the seventh the address. */
#define STORED_RESULT 0
#define STORED_ADDRESS 6
#define THUMB 1u
#define BREAKPOINT_BYTES 2u

typedef void (*handler)(void);

typedef struct {
    const void *stack_top;
    handler handlers[15];
} vector_table;

void edgewright_entry(void);
void edgewright_stop(uint32_t *stored);

__attribute__((used)) void edgewright_stop(uint32_t *stored) {
    static const char *const names[] = {"NMI", "HardFault", "MemManage", "BusFault", "UsageFault", "SecureFault"};
    uint32_t number;
    uint32_t detail = 0;

    if (stored[STORED_ADDRESS] == ((uint32_t)(uintptr_t)edgewright_semihosting_call & ~THUMB)) {
        stored[STORED_RESULT] = EDGEWRIGHT_SEMIHOSTING_UNANSWERED;
        stored[STORED_ADDRESS] += BREAKPOINT_BYTES;
        return;
    }
    __asm__ volatile("mrs %0, ipsr" : "=r"(number));
#if __ARM_ARCH_ISA_THUMB > 1
    detail = CFSR;
#endif
    edgewright_host_fault(number >= 2u && number < 2u + sizeof(names) / sizeof(names[0]) ? names[number - 2u]
                                                                                         : "an interrupt without handler",
        stored[STORED_ADDRESS], detail);
}

__attribute__((naked)) static void fault(void) {
    __asm__ volatile("mrs r0, msp\npush {r3, lr}\nbl edgewright_stop\npop {r3, pc}");
}

void edgewright_entry(void) {
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    CPACR |= CPACR_CP10_CP11;
    __asm__ volatile("dsb\nisb" : : : "memory");
#endif
    edgewright_start_memory();
    edgewright_run();
}

__attribute__((section(".vectors"), used)) static const vector_table vectors = {
    edgewright_stack_top,
    {edgewright_entry, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault},
};
