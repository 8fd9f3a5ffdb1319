/* The little of Zephyr's ring buffers that the generated port layer uses. */
#ifndef STUB_ZEPHYR_RING_BUFFER_H_
#define STUB_ZEPHYR_RING_BUFFER_H_

#include <stdint.h>

struct ring_buf {
    uint8_t *bytes;
    uint32_t capacity;
    uint32_t start;
    uint32_t length;
};

#define RING_BUF_DECLARE(name, size) \
    static uint8_t stub_bytes_##name[size]; \
    static struct ring_buf name = {stub_bytes_##name, size, 0, 0}

uint32_t ring_buf_put(struct ring_buf *buffer, const uint8_t *data, uint32_t length);
uint32_t ring_buf_get(struct ring_buf *buffer, uint8_t *data, uint32_t length);

#endif
