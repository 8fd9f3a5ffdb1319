/* A board in an emulator. With RESTARTING defined it starts again in the fifth run. */
#include "edgewright_model.h"
#include "edgewright_port.h"
#include "edgewright_protocol.h"

edgewright_status before_run(unsigned run);

edgewright_status before_run(unsigned run) {
#ifdef RESTARTING
    if (run == 5) {
        edgewright_port_reset();
    }
#endif
    (void)run;
    return EDGEWRIGHT_OK;
}

int main(void) {
    static edgewright_protocol protocol;
    uint8_t byte;

    edgewright_port_write("board is up\n", 12);
    for (;;) {
        if (edgewright_port_read(&byte, 1) == 1) {
            (void)edgewright_protocol_take(&protocol, byte);
        }
    }
}
