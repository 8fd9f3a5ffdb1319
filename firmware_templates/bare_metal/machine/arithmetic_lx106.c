/*
 * Arithmetic that gcc calls and the LX106's libgcc lacks, since the chip that it was made for has it in its ROM:
 * integer division and wide products, sums and products of floats, rounded to nearest, subnormals included.
 */
#include <stdint.h>

#define FLOAT_QUIET_NAN 0x7fc00000u
#define FLOAT_INFINITY 0x7f800000u
#define FLOAT_SIGN 0x80000000u
#define FLOAT_FRACTION 0x007fffffu
#define FLOAT_LEADING 0x00800000u
/* A significand here has three bits more than a float's, the last of which stands for all that lie below. */
#define LEADING (FLOAT_LEADING << 3)
#define FLOAT_BIAS 127

typedef union {
    float real;
    uint32_t bits;
} pattern;

float __addsf3(float a, float b);
float __subsf3(float a, float b);
float __mulsf3(float a, float b);
float __floatsisf(int32_t value);
float __floatunsisf(uint32_t value);
uint32_t __fixunssfsi(float value);
uint32_t __udivsi3(uint32_t a, uint32_t b);
uint32_t __umodsi3(uint32_t a, uint32_t b);
int32_t __divsi3(int32_t a, int32_t b);
uint64_t __umulsidi3(uint32_t a, uint32_t b);
uint64_t __muldi3(uint64_t a, uint64_t b);
uint64_t __udivdi3(uint64_t a, uint64_t b);
uint64_t __umoddi3(uint64_t a, uint64_t b);
int64_t __divdi3(int64_t a, int64_t b);

uint32_t __udivsi3(uint32_t a, uint32_t b) {
    uint32_t rest = 0;
    uint32_t quotient = 0;
    int i;

    for (i = 31; i >= 0; --i) {
        const uint32_t carry = rest >> 31;

        rest = (rest << 1) | ((a >> i) & 1u);
        quotient <<= 1;
        if (carry != 0 || rest >= b) {
            rest -= b;
            quotient |= 1u;
        }
    }
    return quotient;
}

uint32_t __umodsi3(uint32_t a, uint32_t b) {
    return a - __udivsi3(a, b) * b;
}

uint64_t __udivdi3(uint64_t a, uint64_t b) {
    uint64_t rest = 0;
    uint64_t quotient = 0;
    int i;

    for (i = 63; i >= 0; --i) {
        const uint32_t carry = (uint32_t)(rest >> 63);

        rest = (rest << 1) | ((a >> i) & 1u);
        quotient <<= 1;
        if (carry != 0 || rest >= b) {
            rest -= b;
            quotient |= 1u;
        }
    }
    return quotient;
}

uint64_t __umoddi3(uint64_t a, uint64_t b) {
    return a - __udivdi3(a, b) * b;
}

int64_t __divdi3(int64_t a, int64_t b) {
    const uint64_t quotient =
        __udivdi3(a < 0 ? 0u - (uint64_t)a : (uint64_t)a, b < 0 ? 0u - (uint64_t)b : (uint64_t)b);

    return (int64_t)((a < 0) != (b < 0) ? 0u - quotient : quotient);
}

static uint32_t magnitude(int32_t value) {
    return value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
}

int32_t __divsi3(int32_t a, int32_t b) {
    const uint32_t quotient = __udivsi3(magnitude(a), magnitude(b));

    return (int32_t)((a < 0) != (b < 0) ? 0u - quotient : quotient);
}

uint64_t __umulsidi3(uint32_t a, uint32_t b) {
    const uint32_t low = (a & 0xffffu) * (b & 0xffffu);
    const uint32_t middle = (a >> 16) * (b & 0xffffu) + (low >> 16);
    const uint32_t other = (a & 0xffffu) * (b >> 16) + (middle & 0xffffu);
    const uint32_t high = (a >> 16) * (b >> 16) + (middle >> 16) + (other >> 16);

    return ((uint64_t)high << 32) | ((other << 16) | (low & 0xffffu));
}

uint64_t __muldi3(uint64_t a, uint64_t b) {
    const uint32_t crossed = (uint32_t)(a >> 32) * (uint32_t)b + (uint32_t)a * (uint32_t)(b >> 32);

    return __umulsidi3((uint32_t)a, (uint32_t)b) + ((uint64_t)crossed << 32);
}

static uint32_t bits_of(float value) {
    pattern found;

    found.real = value;
    return found.bits;
}

static float float_of(uint32_t bits) {
    pattern made;

    made.bits = bits;
    return made.real;
}

static int is_nan(uint32_t bits) {
    return (bits & ~FLOAT_SIGN) > FLOAT_INFINITY;
}

static int is_infinite(uint32_t bits) {
    return (bits & ~FLOAT_SIGN) == FLOAT_INFINITY;
}

static int32_t exponent_of(uint32_t bits) {
    const int32_t exponent = (int32_t)((bits & ~FLOAT_SIGN) >> 23);

    return exponent == 0 ? 1 : exponent;
}

static uint32_t significand_of(uint32_t bits) {
    return (bits & FLOAT_FRACTION) | ((bits & FLOAT_INFINITY) != 0 ? FLOAT_LEADING : 0u);
}

/* Shifts right; what falls out is kept in the last bit. */
static uint32_t shift_down(uint32_t value, int32_t count) {
    if (count > 31) {
        return value != 0;
    }
    return count == 0 ? value : (value >> count) | ((value << (32 - count)) != 0);
}

/* An exponent of 1 and no leading bit make a subnormal float. */
static float round_to_float(uint32_t sign, int32_t exponent, uint32_t significand) {
    uint32_t bits;

    if (exponent < 1) {
        significand = shift_down(significand, 1 - exponent);
        exponent = 1;
    }
    if (exponent > 254) {
        return float_of(sign | FLOAT_INFINITY);
    }
    significand += 3u + ((significand >> 3) & 1u);
    bits = ((uint32_t)(exponent - 1) << 23) + (significand >> 3);
    return float_of(sign | (bits > FLOAT_INFINITY ? FLOAT_INFINITY : bits));
}

static float add_finite(uint32_t larger, uint32_t smaller) {
    const uint32_t sign = larger & FLOAT_SIGN;
    int32_t exponent = exponent_of(larger);
    const uint32_t aligned = shift_down(significand_of(smaller) << 3, exponent - exponent_of(smaller));
    uint32_t significand = significand_of(larger) << 3;

    if (sign == (smaller & FLOAT_SIGN)) {
        significand += aligned;
        if (significand >= LEADING << 1) {
            significand = shift_down(significand, 1);
            ++exponent;
        }
        return round_to_float(sign, exponent, significand);
    }
    significand -= aligned;
    if (significand == 0) {
        return float_of(0u);
    }
    while (significand < LEADING && exponent > 1) {
        significand <<= 1;
        --exponent;
    }
    return round_to_float(sign, exponent, significand);
}

float __addsf3(float a, float b) {
    const uint32_t x = bits_of(a);
    const uint32_t y = bits_of(b);

    if (is_nan(x) || is_nan(y) || (is_infinite(x) && is_infinite(y) && x != y)) {
        return float_of(FLOAT_QUIET_NAN);
    }
    if (is_infinite(x) || is_infinite(y)) {
        return is_infinite(x) ? a : b;
    }
    return (x & ~FLOAT_SIGN) >= (y & ~FLOAT_SIGN) ? add_finite(x, y) : add_finite(y, x);
}

float __subsf3(float a, float b) {
    return __addsf3(a, float_of(bits_of(b) ^ FLOAT_SIGN));
}

static float multiply_finite(uint32_t sign, uint32_t x, uint32_t y) {
    uint32_t a = significand_of(x);
    uint32_t b = significand_of(y);
    int32_t exponent = exponent_of(x) + exponent_of(y) - FLOAT_BIAS;
    uint64_t product;
    uint32_t significand;

    if (a == 0 || b == 0) {
        return float_of(sign);
    }
    for (; a < FLOAT_LEADING; --exponent) {
        a <<= 1;
    }
    for (; b < FLOAT_LEADING; --exponent) {
        b <<= 1;
    }
    product = __umulsidi3(a, b);
    significand = (uint32_t)(product >> 20) | (((uint32_t)product & 0xfffffu) != 0);
    if (significand >= LEADING << 1) {
        significand = shift_down(significand, 1);
        ++exponent;
    }
    return round_to_float(sign, exponent, significand);
}

float __mulsf3(float a, float b) {
    const uint32_t x = bits_of(a);
    const uint32_t y = bits_of(b);
    const uint32_t sign = (x ^ y) & FLOAT_SIGN;

    if (is_nan(x) || is_nan(y)) {
        return float_of(FLOAT_QUIET_NAN);
    }
    if (is_infinite(x) || is_infinite(y)) {
        return float_of((x & ~FLOAT_SIGN) == 0 || (y & ~FLOAT_SIGN) == 0 ? FLOAT_QUIET_NAN : sign | FLOAT_INFINITY);
    }
    return multiply_finite(sign, x, y);
}

static float convert(uint32_t sign, uint32_t value) {
    int32_t exponent = FLOAT_BIAS + 26;

    if (value == 0) {
        return float_of(0u);
    }
    while (value >= LEADING << 1) {
        value = shift_down(value, 1);
        ++exponent;
    }
    while (value < LEADING) {
        value <<= 1;
        --exponent;
    }
    return round_to_float(sign, exponent, value);
}

float __floatsisf(int32_t value) {
    return convert(value < 0 ? FLOAT_SIGN : 0u, magnitude(value));
}

float __floatunsisf(uint32_t value) {
    return convert(0u, value);
}

uint32_t __fixunssfsi(float value) {
    const uint32_t bits = bits_of(value);
    const int32_t shift = exponent_of(bits) - FLOAT_BIAS - 23;

    if ((bits & FLOAT_SIGN) != 0 || shift < -23) {
        return 0u;
    }
    if (shift > 8) {
        return UINT32_MAX;
    }
    return shift >= 0 ? significand_of(bits) << shift : significand_of(bits) >> -shift;
}
