/* The little of Zephyr's kernel that generated code uses. */
#ifndef STUB_ZEPHYR_KERNEL_H_
#define STUB_ZEPHYR_KERNEL_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

uint32_t k_cycle_get_32(void);
int sys_clock_hw_cycles_per_sec(void);
int32_t k_msleep(int32_t ms);

struct k_thread {
    struct {
        size_t size;
    } stack_info;
};

typedef struct k_thread *k_tid_t;

k_tid_t k_current_get(void);
int k_thread_stack_space_get(const struct k_thread *thread, size_t *unused);

#ifdef __cplusplus
}
#endif

#endif
