#ifndef BASE_WRITER_H
#define BASE_WRITER_H

#include "base/bytes.h"

/*
 * Fills a buffer of the caller's. With out == NULL it only measures. What does not fit latches
 * `full`, and `n` goes on counting, so one failed run tells the size needed.
 */
typedef struct writer {
    uint8_t *out;
    size_t cap, n;
    bool full;
} writer;

static inline writer wr_of(void *out, size_t cap)
{
    return (writer){out, cap, 0, false};
}

/* All was written (or only measured). */
static inline bool wr_ok(const writer *w)
{
    return !w->full;
}

static inline bytes wr_bytes(const writer *w)
{
    return w->full || w->out == NULL ? BYTES_NONE : (bytes){w->out, w->n};
}

void wr_put(writer *w, bytes b);
void wr_u8(writer *w, unsigned v);
void wr_be(writer *w, uint64_t v, unsigned width);
void wr_le(writer *w, uint64_t v, unsigned width);
void wr_fill(writer *w, uint8_t v, size_t n);

#endif
