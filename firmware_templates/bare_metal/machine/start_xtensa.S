/* Start-up of an Xtensa core with call0: reset, exception vectors, stack. */

    .section .vectors, "ax"
    .global edgewright_entry
    .align 4
edgewright_entry:
    j reset

    .align 256
exception_vectors:
    .org exception_vectors + 0x30
    j fault
    .org exception_vectors + 0x50
    j fault
    .org exception_vectors + 0x70
    j fault

    .align 4
    .literal_position
fault:
    movi a1, edgewright_stack_top
    rsr.exccause a2
    rsr.epc1 a3
    movi a0, edgewright_stop
    jx a0

    .align 4
    .literal_position
reset:
    movi a2, exception_vectors
    wsr.vecbase a2
    movi a2, 0x20                   /* user mode, interrupts enabled, no exception under way */
    wsr.ps a2
    rsync
    movi a1, edgewright_stack_top
    movi a0, edgewright_start
    jx a0
