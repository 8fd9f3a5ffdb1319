/* Start-up of an Xtensa core, after start_xtensa.S. */
#include <stdint.h>

#include "edgewright_host.h"
#include "start_memory.h"

void edgewright_start(void);
void edgewright_stop(uint32_t cause, uint32_t address);

void edgewright_stop(uint32_t cause, uint32_t address) {
    static const char *const names[] = {
        "illegal instruction", "system call", "instruction fetch error", "load or store error", "level-1 interrupt",
        "stack allocation", "division by zero", "exception", "privileged instruction", "load or store misaligned",
        "exception", "exception", "instruction data error", "load or store data error", "instruction address error",
        "load or store address error",
    };

    edgewright_host_fault(cause < sizeof(names) / sizeof(names[0]) ? names[cause] : "exception", address, cause);
}

void edgewright_start(void) {
    edgewright_start_memory();
    edgewright_run();
}
