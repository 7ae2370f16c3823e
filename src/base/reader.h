#ifndef BASE_READER_H
#define BASE_READER_H

#include "base/bytes.h"

/*
 * The only way to untrusted bytes. A read that does not fit latches `bad`; from then on every read
 * gives nothing, so a parser is straight-line code with one rd_done at its end. Values read may
 * steer control flow only after rd_ok. Sub-readers share the base, so `pos` is always an offset in
 * the whole input.
 */
typedef struct reader {
    const uint8_t *base;
    size_t pos, end;
    bool bad;
} reader;

static inline reader rd_of(bytes in)
{
    /* Never NULL, so that adding 0 to it is defined. */
    return (reader){in.p != NULL ? in.p : (const uint8_t *)"", 0, in.p != NULL ? in.n : 0, false};
}

static inline bool rd_ok(const reader *r)
{
    return !r->bad;
}

static inline size_t rd_left(const reader *r)
{
    return r->bad ? 0 : r->end - r->pos;
}

/* Nothing failed and nothing is left. */
static inline bool rd_done(const reader *r)
{
    return !r->bad && r->pos == r->end;
}

static inline void rd_fail(reader *r)
{
    r->bad = true;
}

/*
 * The next n bytes; empty and `bad` if fewer remain. The only function that moves a pointer.
 * Inline, like all that are called for every byte or two.
 */
static inline bytes rd_take(reader *r, size_t n)
{
    if (n > rd_left(r)) {
        r->bad = true;
        return BYTES_NONE;
    }
    bytes out = {r->base + r->pos, n};
    r->pos += n;
    return out;
}

/* All that is left, possibly nothing. */
static inline bytes rd_rest(reader *r)
{
    return rd_take(r, rd_left(r));
}

/* A reader of the next n bytes, which `r` skips; bad if they do not fit. */
reader rd_sub(reader *r, size_t n);

static inline uint8_t rd_u8(reader *r)
{
    bytes b = rd_take(r, 1);
    return b.n == 1 ? b.p[0] : 0;
}

/* Unsigned integers of 1 to 8 bytes; 0 when bad. */
uint64_t rd_le(reader *r, unsigned width);
uint64_t rd_be(reader *r, unsigned width);

static inline uint16_t rd_le16(reader *r)
{
    return (uint16_t)rd_le(r, 2);
}

static inline uint32_t rd_le32(reader *r)
{
    return (uint32_t)rd_le(r, 4);
}

/* The next byte without taking it; -1 at the end or when bad. */
static inline int rd_peek(const reader *r)
{
    return rd_left(r) == 0 ? -1 : r->base[r->pos];
}

/* Copies exactly n bytes to out; zeroes out when bad. */
void rd_copy(reader *r, void *out, size_t n);

#endif
