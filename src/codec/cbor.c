/* The part of CBOR that evidence uses, definite and shortest forms only [RFC 8949 3, 4.2.1]. */
#include "codec/cbor.h"

#include "base/utf8.h"

/* Additional information [RFC 8949 3]: up to 23 is the value; 24 to 27 say that 1, 2, 4 or 8 bytes
 * follow. */
enum { DIRECT_MAX = 23, ONE_BYTE = 24, EIGHT_BYTES = 27 };

cbor_major cbor_peek(const reader *r)
{
    int b = rd_peek(r);
    return b < 0 ? CBOR_OTHER : (cbor_major)(b >> 5);
}

static uint64_t head(reader *r, cbor_major major, cbor_width width)
{
    if (cbor_peek(r) != major) {
        rd_fail(r);
        return 0;
    }
    unsigned info = rd_u8(r) & 0x1f;
    if (info <= DIRECT_MAX)
        return info;
    if (info > EIGHT_BYTES) { /* reserved, or an indefinite length */
        rd_fail(r);
        return 0;
    }
    unsigned n = 1U << (info - ONE_BYTE);
    uint64_t v = rd_be(r, n);
    uint64_t least = n == 1 ? ONE_BYTE : (uint64_t)1 << (4 * n);
    if (width == CBOR_SHORTEST && v < least)
        rd_fail(r);
    return rd_ok(r) ? v : 0;
}

uint64_t cbor_uint(reader *r, cbor_width width)
{
    return head(r, CBOR_UINT, width);
}

uint64_t cbor_tag(reader *r)
{
    return head(r, CBOR_TAG, CBOR_SHORTEST);
}

/* Every element or pair takes `least` bytes or more: a count that can't be true is refused at once.
 */
static size_t count(reader *r, cbor_major major, size_t min, size_t max, size_t least)
{
    uint64_t n = head(r, major, CBOR_SHORTEST);
    if (n < min || n > max || n > rd_left(r) / least) {
        rd_fail(r);
        return 0;
    }
    return rd_ok(r) ? (size_t)n : 0;
}

size_t cbor_array(reader *r, size_t min, size_t max)
{
    return count(r, CBOR_ARRAY, min, max, 1);
}

size_t cbor_map(reader *r, size_t min, size_t max)
{
    return count(r, CBOR_MAP, min, max, 2);
}

static bytes string(reader *r, cbor_major major)
{
    uint64_t n = head(r, major, CBOR_SHORTEST);
    if (n > rd_left(r)) {
        rd_fail(r);
        return BYTES_NONE;
    }
    return rd_take(r, (size_t)n);
}

bytes cbor_bytes(reader *r)
{
    return string(r, CBOR_BYTES);
}

bytes cbor_text(reader *r)
{
    bytes b = string(r, CBOR_TEXT);
    if (!utf8_ok(b)) {
        rd_fail(r);
        return BYTES_NONE;
    }
    return b;
}

void cbor_put_head(writer *w, cbor_major major, uint64_t value)
{
    unsigned type = (unsigned)major << 5;
    if (value <= DIRECT_MAX) {
        wr_u8(w, type | (unsigned)value);
        return;
    }
    unsigned info = value <= UINT8_MAX    ? 24
                    : value <= UINT16_MAX ? 25
                    : value <= UINT32_MAX ? 26
                                          : 27;
    wr_u8(w, type | info);
    wr_be(w, value, 1U << (info - ONE_BYTE));
}

void cbor_put_bytes(writer *w, bytes b)
{
    cbor_put_head(w, CBOR_BYTES, b.n);
    wr_put(w, b);
}

void cbor_put_text(writer *w, const char *text)
{
    cbor_put_head(w, CBOR_TEXT, strlen(text));
    wr_put(w, bytes_text(text));
}
