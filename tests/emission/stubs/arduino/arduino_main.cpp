/* What an Arduino core calls a main function; six turns of the sketch's loop are enough. */
#include "Arduino.h"

int main() {
    setup();
    for (int turn = 0; turn < 6; ++turn) {
        loop();
    }
    return 0;
}
