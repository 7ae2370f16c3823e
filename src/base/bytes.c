#include "base/bytes.h"

bool bytes_equal(bytes a, bytes b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool bytes_equal_ct(bytes a, bytes b)
{
    if (a.n != b.n)
        return false;
    volatile uint8_t diff = 0;
    for (size_t i = 0; i < a.n; i++)
        diff = (uint8_t)(diff | (a.p[i] ^ b.p[i]));
    return diff == 0;
}

bool bytes_is(bytes a, const char *text)
{
    return bytes_equal(a, bytes_text(text));
}

bool bytes_starts(bytes a, const char *text)
{
    size_t n = strlen(text);
    return a.n >= n && bytes_is(bytes_of(a.p, n), text);
}

bool bytes_all_zero(bytes a)
{
    uint8_t any = 0;
    for (size_t i = 0; i < a.n; i++)
        any = (uint8_t)(any | a.p[i]);
    return any == 0;
}

size_t bytes_find(bytes a, bytes needle)
{
    if (needle.n == 0)
        return 0;
    for (size_t i = 0; needle.n <= a.n - i; i++) {
        const uint8_t *hit = memchr(a.p + i, needle.p[0], a.n - i - needle.n + 1);
        if (hit == NULL)
            return a.n;
        i = (size_t)(hit - a.p);
        if (bytes_equal(bytes_of(hit, needle.n), needle))
            return i;
    }
    return a.n;
}
