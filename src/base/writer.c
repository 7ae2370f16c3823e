#include "base/writer.h"

void wr_put(writer *w, bytes b)
{
    if (w->out != NULL) {
        if (w->full || b.n > w->cap - w->n)
            w->full = true;
        else if (b.n > 0)
            memcpy(w->out + w->n, b.p, b.n);
    }
    w->n += b.n;
}

void wr_u8(writer *w, unsigned v)
{
    uint8_t b = (uint8_t)v;
    wr_put(w, bytes_of(&b, 1));
}

void wr_be(writer *w, uint64_t v, unsigned width)
{
    for (unsigned i = width; i > 0; i--)
        wr_u8(w, (unsigned)(v >> (8 * (i - 1)) & 0xff));
}

void wr_le(writer *w, uint64_t v, unsigned width)
{
    for (unsigned i = 0; i < width; i++)
        wr_u8(w, (unsigned)(v >> (8 * i) & 0xff));
}

void wr_fill(writer *w, uint8_t v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        wr_u8(w, v);
}
