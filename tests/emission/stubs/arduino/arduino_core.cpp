/* An Arduino core on the host: Serial is standard input and output. */
#include <stdio.h>
#include <stdlib.h>

#include "Arduino.h"

StubSerial Serial;

static int next = EOF - 1;

static int peek() {
    if (next < EOF) {
        next = getchar();
    }
    return next;
}

void StubSerial::begin(unsigned long rate) {
    if (rate != 115200) {
        exit(EXIT_FAILURE);
    }
}

size_t StubSerial::write(const uint8_t *data, size_t length) {
    return fwrite(data, 1, length, stdout);
}

int StubSerial::available() {
    return peek() != EOF;
}

int StubSerial::read() {
    const int character = peek();
    next = EOF - 1;
    return character;
}

StubSerial::operator bool() const {
    return millis() > 10;
}

void pinMode(int pin, int mode) {
    printf("pin %d is %s\n", pin, mode == OUTPUT ? "an output" : "no output");
}

void digitalWrite(int pin, int value) {
    printf("pin %d = %d\n", pin, value);
}

void delay(unsigned long ms) {
    if (ms == 0) {
        exit(EXIT_FAILURE);
    }
}

unsigned long millis() {
    static unsigned long now = 0;
    return ++now;
}

unsigned long micros() {
    static unsigned long now = 0;
    return now += 250;
}

#ifdef ARDUINO_ARCH_ESP32
StubEsp ESP;

void StubEsp::restart() {
    exit(EXIT_SUCCESS);
}
#else
void NVIC_SystemReset() {
    exit(EXIT_SUCCESS);
}
#endif
