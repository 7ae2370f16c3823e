#include "base/reader.h"

reader rd_sub(reader *r, size_t n)
{
    size_t start = r->pos;
    (void)rd_take(r, n);
    if (r->bad)
        return (reader){r->base, start, start, true};
    return (reader){r->base, start, r->pos, false};
}

uint64_t rd_le(reader *r, unsigned width)
{
    bytes b = rd_take(r, width);
    uint64_t v = 0;
    for (size_t i = b.n; i > 0; i--)
        v = v << 8 | b.p[i - 1];
    return v;
}

uint64_t rd_be(reader *r, unsigned width)
{
    bytes b = rd_take(r, width);
    uint64_t v = 0;
    for (size_t i = 0; i < b.n; i++)
        v = v << 8 | b.p[i];
    return v;
}

void rd_copy(reader *r, void *out, size_t n)
{
    bytes b = rd_take(r, n);
    if (b.n == n && n > 0)
        memcpy(out, b.p, n);
    else
        memset(out, 0, n);
}
