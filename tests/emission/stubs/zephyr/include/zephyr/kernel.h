/* The little of Zephyr's kernel that generated code uses. */
#ifndef STUB_ZEPHYR_KERNEL_H_
#define STUB_ZEPHYR_KERNEL_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

uint32_t k_cycle_get_32(void);
int sys_clock_hw_cycles_per_sec(void);
int32_t k_msleep(int32_t ms);

#ifdef __cplusplus
}
#endif

#endif
