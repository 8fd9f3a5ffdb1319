/* The little of an Arduino core that generated code uses. */
#ifndef STUB_ARDUINO_H_
#define STUB_ARDUINO_H_

#include <stddef.h>
#include <stdint.h>

#define OUTPUT 1
#define LOW 0
#define HIGH 1
#ifndef STUB_WITHOUT_LED
#define LED_BUILTIN 13
#endif

void setup();
void loop();
void pinMode(int pin, int mode);
void digitalWrite(int pin, int value);
void delay(unsigned long ms);
unsigned long millis();
unsigned long micros();

struct StubSerial {
    void begin(unsigned long rate);
    size_t write(const uint8_t *data, size_t length);
    int available();
    int read();
    explicit operator bool() const;
};
extern StubSerial Serial;

#ifdef ARDUINO_ARCH_ESP32
struct StubEsp {
    void restart();
};
extern StubEsp ESP;
#else
void NVIC_SystemReset();
#endif

#endif
