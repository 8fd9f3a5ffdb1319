/* Has a variable that no core's memory takes. */
#include <stdint.h>

static uint8_t large[64u * 1024u * 1024u];

int main(int argc, char **argv) {
    (void)argv;
    large[(unsigned)argc] = 1;
    return large[(unsigned)argc + 1u];
}
