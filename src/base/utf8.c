#include "base/utf8.h"

size_t utf8_length(const uint8_t *p, size_t n)
{
    uint8_t c = p[0];
    size_t k = c < 0x80                ? 1
               : c >= 0xc2 && c < 0xe0 ? 2
               : c >= 0xe0 && c < 0xf0 ? 3
               : c >= 0xf0 && c < 0xf5 ? 4
                                       : 0;
    if (k == 0 || k > n)
        return 0;
    for (size_t i = 1; i < k; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] > 0x9f) || (c == 0xf0 && p[1] < 0x90) ||
        (c == 0xf4 && p[1] > 0x8f))
        return 0;
    return k;
}

bool utf8_ok(bytes b)
{
    for (size_t i = 0, step; i < b.n; i += step)
        if ((step = utf8_length(b.p + i, b.n - i)) == 0)
            return false;
    return true;
}
