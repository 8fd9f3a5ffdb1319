/*
 * Arithmetic of doubles that gcc calls and the LX106's libgcc lacks: sums, products, quotients and conversions, rounded
 * to nearest, subnormals included. arithmetic_lx106.c does the same for floats.
 */
#include <stdint.h>

#define QUIET_NAN 0x7ff8000000000000u
#define INFINITE 0x7ff0000000000000u
#define SIGN 0x8000000000000000u
#define FRACTION 0x000fffffffffffffu
#define IMPLIED 0x0010000000000000u
/* A significand here has three bits more than a double's, the last of which stands for all that lie below. */
#define LEADING (IMPLIED << 3)
#define BIAS 1023
#define LARGEST_EXPONENT 2046
#define FRACTION_BITS 52

typedef union {
    double real;
    uint64_t bits;
} pattern;

typedef union {
    float real;
    uint32_t bits;
} short_pattern;

double __adddf3(double a, double b);
double __subdf3(double a, double b);
double __muldf3(double a, double b);
double __divdf3(double a, double b);
double __floatsidf(int32_t value);
double __floatunsidf(uint32_t value);
double __extendsfdf2(float value);
float __truncdfsf2(double value);
int32_t __fixdfsi(double value);
uint32_t __fixunsdfsi(double value);

static uint64_t bits_of(double value) {
    pattern found;

    found.real = value;
    return found.bits;
}

static double double_of(uint64_t bits) {
    pattern made;

    made.bits = bits;
    return made.real;
}

static float float_of(uint32_t bits) {
    short_pattern made;

    made.bits = bits;
    return made.real;
}

static int is_nan(uint64_t bits) {
    return (bits & ~SIGN) > INFINITE;
}

static int is_infinite(uint64_t bits) {
    return (bits & ~SIGN) == INFINITE;
}

static int is_zero(uint64_t bits) {
    return (bits & ~SIGN) == 0;
}

static int32_t exponent_of(uint64_t bits) {
    const int32_t exponent = (int32_t)((bits & ~SIGN) >> FRACTION_BITS);

    return exponent == 0 ? 1 : exponent;
}

static uint64_t significand_of(uint64_t bits) {
    return (bits & FRACTION) | ((bits & INFINITE) != 0 ? IMPLIED : 0u);
}

/* Returns a significand whose leading bit is set, and lowers the exponent with it. */
static uint64_t normalize(uint64_t significand, int32_t *exponent) {
    while (significand < IMPLIED) {
        significand <<= 1;
        --*exponent;
    }
    return significand;
}

/* Shifts right; what falls out is kept in the last bit. */
static uint64_t shift_down(uint64_t value, int32_t count) {
    if (count > 63) {
        return value != 0;
    }
    return count == 0 ? value : (value >> count) | ((value << (64 - count)) != 0);
}

/* An exponent of 1 and no leading bit make a subnormal number. */
static double round_to_double(uint64_t sign, int32_t exponent, uint64_t significand) {
    uint64_t bits;

    if (exponent < 1) {
        significand = shift_down(significand, 1 - exponent);
        exponent = 1;
    }
    if (exponent > LARGEST_EXPONENT) {
        return double_of(sign | INFINITE);
    }
    significand += 3u + ((significand >> 3) & 1u);
    bits = ((uint64_t)(exponent - 1) << FRACTION_BITS) + (significand >> 3);
    return double_of(sign | (bits > INFINITE ? INFINITE : bits));
}

static double add_finite(uint64_t larger, uint64_t smaller) {
    const uint64_t sign = larger & SIGN;
    int32_t exponent = exponent_of(larger);
    const uint64_t aligned = shift_down(significand_of(smaller) << 3, exponent - exponent_of(smaller));
    uint64_t significand = significand_of(larger) << 3;

    if (sign == (smaller & SIGN)) {
        significand += aligned;
        if (significand >= LEADING << 1) {
            significand = shift_down(significand, 1);
            ++exponent;
        }
        return round_to_double(sign, exponent, significand);
    }
    significand -= aligned;
    if (significand == 0) {
        return double_of(0u);
    }
    while (significand < LEADING && exponent > 1) {
        significand <<= 1;
        --exponent;
    }
    return round_to_double(sign, exponent, significand);
}

double __adddf3(double a, double b) {
    const uint64_t x = bits_of(a);
    const uint64_t y = bits_of(b);

    if (is_nan(x) || is_nan(y) || (is_infinite(x) && is_infinite(y) && x != y)) {
        return double_of(QUIET_NAN);
    }
    if (is_infinite(x) || is_infinite(y)) {
        return is_infinite(x) ? a : b;
    }
    if (is_zero(x) && is_zero(y)) {
        return double_of(x & y);
    }
    return (x & ~SIGN) >= (y & ~SIGN) ? add_finite(x, y) : add_finite(y, x);
}

double __subdf3(double a, double b) {
    return __adddf3(a, double_of(bits_of(b) ^ SIGN));
}

/* Of two numbers below 2^53: the product's upper bits from bit 50 on, what lies below in the last one. */
static uint64_t product_of(uint64_t a, uint64_t b) {
    const uint64_t low = (a & 0xffffffffu) * (b & 0xffffffffu);
    const uint64_t middle = (a >> 32) * (b & 0xffffffffu) + (low >> 32);
    const uint64_t other = (a & 0xffffffffu) * (b >> 32) + (middle & 0xffffffffu);
    const uint64_t high = (a >> 32) * (b >> 32) + (middle >> 32) + (other >> 32);
    const uint64_t rest = (other << 32) | (low & 0xffffffffu);

    return (high << 15) | (rest >> 49) | ((rest & 0x1ffffffffffffu) != 0);
}

double __muldf3(double a, double b) {
    const uint64_t x = bits_of(a);
    const uint64_t y = bits_of(b);
    const uint64_t sign = (x ^ y) & SIGN;
    int32_t exponent = exponent_of(x) + exponent_of(y) - BIAS;
    uint64_t significand;

    if (is_nan(x) || is_nan(y)) {
        return double_of(QUIET_NAN);
    }
    if (is_infinite(x) || is_infinite(y)) {
        return double_of(is_zero(x) || is_zero(y) ? QUIET_NAN : sign | INFINITE);
    }
    if (is_zero(x) || is_zero(y)) {
        return double_of(sign);
    }
    significand = normalize(significand_of(x), &exponent);
    significand = product_of(significand, normalize(significand_of(y), &exponent));
    if (significand >= LEADING << 1) {
        significand = shift_down(significand, 1);
        ++exponent;
    }
    return round_to_double(sign, exponent, significand);
}

/* Of two significands: 56 bits of the quotient, what is left over in the last one. */
static uint64_t quotient_of(uint64_t dividend, uint64_t divisor) {
    uint64_t quotient = 0;
    int i;

    for (i = 0; i < FRACTION_BITS + 4; ++i) {
        quotient <<= 1;
        if (dividend >= divisor) {
            dividend -= divisor;
            quotient |= 1u;
        }
        dividend <<= 1;
    }
    return quotient | (dividend != 0);
}

double __divdf3(double a, double b) {
    const uint64_t x = bits_of(a);
    const uint64_t y = bits_of(b);
    const uint64_t sign = (x ^ y) & SIGN;
    int32_t exponent = exponent_of(x);
    int32_t divided_by = exponent_of(y);
    uint64_t dividend;
    uint64_t divisor;

    if (is_nan(x) || is_nan(y) || (is_infinite(x) && is_infinite(y)) || (is_zero(x) && is_zero(y))) {
        return double_of(QUIET_NAN);
    }
    if (is_infinite(x) || is_zero(y)) {
        return double_of(sign | INFINITE);
    }
    if (is_zero(x) || is_infinite(y)) {
        return double_of(sign);
    }
    dividend = normalize(significand_of(x), &exponent);
    divisor = normalize(significand_of(y), &divided_by);
    exponent += BIAS - divided_by;
    if (dividend < divisor) {
        dividend <<= 1;
        --exponent;
    }
    return round_to_double(sign, exponent, quotient_of(dividend, divisor));
}

static double convert(uint64_t sign, uint32_t value) {
    int32_t exponent = BIAS + FRACTION_BITS;
    uint64_t significand;

    if (value == 0) {
        return double_of(0u);
    }
    significand = normalize(value, &exponent);
    return double_of(sign | ((uint64_t)exponent << FRACTION_BITS) | (significand & FRACTION));
}

double __floatsidf(int32_t value) {
    return value < 0 ? convert(SIGN, 0u - (uint32_t)value) : convert(0u, (uint32_t)value);
}

double __floatunsidf(uint32_t value) {
    return convert(0u, value);
}

double __extendsfdf2(float value) {
    short_pattern given;
    int32_t exponent;
    uint64_t significand;
    uint64_t sign;

    given.real = value;
    sign = (uint64_t)(given.bits & 0x80000000u) << 32;
    exponent = (int32_t)((given.bits >> 23) & 0xffu);
    significand = (uint64_t)(given.bits & 0x007fffffu) << 29;
    if (exponent == 0xff) {
        return double_of(sign | (significand != 0 ? QUIET_NAN : INFINITE));
    }
    if (exponent == 0) {
        if (significand == 0) {
            return double_of(sign);
        }
        exponent = 1;
        significand = normalize(significand, &exponent);
    }
    return double_of(sign | ((uint64_t)(exponent + BIAS - 127) << FRACTION_BITS) | (significand & FRACTION));
}

float __truncdfsf2(double value) {
    const uint64_t bits = bits_of(value);
    const uint32_t sign = (uint32_t)(bits >> 32) & 0x80000000u;
    int32_t exponent = exponent_of(bits) - BIAS + 127;
    uint32_t significand;
    uint32_t rounded;

    if (is_nan(bits)) {
        return float_of(0x7fc00000u);
    }
    if (exponent > 254) {
        return float_of(sign | 0x7f800000u);
    }
    significand = (uint32_t)shift_down(significand_of(bits), 26);
    if (exponent < 1) {
        significand = (uint32_t)shift_down(significand, 1 - exponent);
        exponent = 1;
    }
    significand += 3u + ((significand >> 3) & 1u);
    rounded = ((uint32_t)(exponent - 1) << 23) + (significand >> 3);
    return float_of(sign | rounded);
}

static uint32_t whole_part(uint64_t bits) {
    const int32_t shift = BIAS + FRACTION_BITS - exponent_of(bits);

    return shift > 63 || shift < 0 ? 0u : (uint32_t)(significand_of(bits) >> shift);
}

/* What is too large for the type has no result that C defines. */
int32_t __fixdfsi(double value) {
    const uint64_t bits = bits_of(value);
    const uint32_t whole = whole_part(bits);

    return (int32_t)((bits & SIGN) != 0 ? 0u - whole : whole);
}

uint32_t __fixunsdfsi(double value) {
    const uint64_t bits = bits_of(value);

    return (bits & SIGN) != 0 ? 0u : whole_part(bits);
}
