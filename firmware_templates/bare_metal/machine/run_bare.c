/* Runs main as a board does, without anything from outside. */
#include "edgewright_host.h"

int main(int argc, char **argv);

void edgewright_run(void) {
    edgewright_host_exit(main(0, NULL));
}
