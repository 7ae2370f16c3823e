#include "base/base64.h"

enum { NO_DIGIT = -1, PADDING = -2, LINE_END = -3 };

/* The value of each digit, or one of the above. */
static const int8_t digit_of[256] = {
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -3, -1, -1, -3, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 62, -1, -1, -1, 63,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, -1, -1, -1, -2, -1, -1, -1, 0,  1,  2,  3,  4,  5,  6,
    7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, -1, -1, -1, -1, -1,
    -1, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48,
    49, 50, 51, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
};

/* Whole groups of four digits from text[*i] on, which is nearly all there is; returns the bytes
 * written. */
static size_t decode_groups(bytes text, size_t *i, uint8_t *out, size_t cap)
{
    size_t written = 0;
    for (; text.n - *i >= 4 && cap - written >= 3; *i += 4, written += 3) {
        const uint8_t *p = text.p + *i;
        int a = digit_of[p[0]], b = digit_of[p[1]], c = digit_of[p[2]], d = digit_of[p[3]];
        if ((a | b | c | d) < 0)
            break;
        uint32_t group = (uint32_t)(a << 18 | b << 12 | c << 6 | d);
        out[written] = (uint8_t)(group >> 16);
        out[written + 1] = (uint8_t)(group >> 8);
        out[written + 2] = (uint8_t)group;
    }
    return written;
}

bool base64_decode(bytes text, uint8_t *out, size_t cap, size_t *n)
{
    uint32_t group = 0;
    unsigned digits = 0, padding = 0;
    size_t written = 0, i = 0;
    for (;;) {
        if (digits == 0 && padding == 0)
            written += decode_groups(text, &i, out + written, cap - written);
        if (i == text.n)
            break;
        int d = digit_of[text.p[i++]];
        if (d == LINE_END)
            continue;
        /* Nothing but line ends may follow a group that was padded. */
        if (d == NO_DIGIT || (padding > 0 && (d != PADDING || digits == 0)))
            return false;
        if (d == PADDING) {
            if (digits < 2)
                return false;
            padding++;
            d = 0;
        }
        group = group << 6 | (uint32_t)d;
        if (++digits < 4)
            continue;
        unsigned keep = 3 - padding;
        if (keep > cap - written || (group & ((1U << (8 * padding)) - 1)) != 0)
            return false;
        for (unsigned k = 0; k < keep; k++)
            out[written++] = (uint8_t)(group >> (16 - 8 * k));
        group = 0;
        digits = 0;
    }
    *n = written;
    return digits == 0;
}

size_t base64_encode(bytes in, char *out, size_t cap)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t chars = (in.n + 2) / 3 * 4, length = chars + (chars + 63) / 64;
    if (out == NULL)
        return length;
    if (cap < length + 1)
        return 0;
    size_t column = 0;
    for (size_t i = 0; i < in.n; i += 3) {
        size_t left = in.n - i;
        uint32_t group = (uint32_t)in.p[i] << 16 | (left > 1 ? (uint32_t)in.p[i + 1] << 8 : 0) |
                         (left > 2 ? in.p[i + 2] : 0U);
        *out++ = alphabet[group >> 18];
        *out++ = alphabet[group >> 12 & 63];
        *out++ = left > 1 ? alphabet[group >> 6 & 63] : '=';
        *out++ = left > 2 ? alphabet[group & 63] : '=';
        column += 4;
        if (column == 64) {
            *out++ = '\n';
            column = 0;
        }
    }
    if (column > 0)
        *out++ = '\n';
    *out = '\0';
    return length;
}
