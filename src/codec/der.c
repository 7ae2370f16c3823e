/* Strict DER [X.690 8, 10, 11], as much as certificates, CRLs and the SGX extension need. */
#include "codec/der.h"

#include <stdio.h>

#include "base/time.h"

enum { HIGH_TAG_NUMBER = 0x1f, LONG_LENGTH = 0x80, LENGTH_BYTES_MAX = 4 };

/* Tag and length [X.690 8.1.2, 8.1.3, 10.1]; returns the length of the contents. */
static size_t head(reader *r, unsigned *tag)
{
    *tag = rd_u8(r);
    size_t n = rd_u8(r);
    if ((*tag & HIGH_TAG_NUMBER) == HIGH_TAG_NUMBER)
        rd_fail(r);
    if ((n & LONG_LENGTH) != 0) {
        unsigned width = (unsigned)(n & ~(size_t)LONG_LENGTH);
        if (width == 0 || width > LENGTH_BYTES_MAX) {
            rd_fail(r);
            return 0;
        }
        n = (size_t)rd_be(r, width);
        if (n < LONG_LENGTH || n >> (8 * (width - 1)) == 0)
            rd_fail(r); /* a shorter form exists */
    }
    return n;
}

reader der_enter(reader *r, unsigned tag)
{
    unsigned found;
    size_t n = head(r, &found);
    if (found != tag)
        rd_fail(r);
    return rd_sub(r, n);
}

bytes der_take(reader *r, unsigned tag)
{
    reader body = der_enter(r, tag);
    return rd_rest(&body);
}

bytes der_element(reader *r, unsigned *tag)
{
    size_t start = r->pos;
    unsigned found;
    size_t n = head(r, &found);
    (void)rd_take(r, n);
    if (tag != NULL)
        *tag = rd_ok(r) ? found : 0;
    if (!rd_ok(r))
        return BYTES_NONE;
    return bytes_of(r->base + start, r->pos - start);
}

int der_peek(const reader *r)
{
    return rd_peek(r);
}

/* Shortest form: the first nine bits are not all equal [X.690 8.3.2]. */
static bytes integer(reader *r, unsigned tag)
{
    bytes b = der_take(r, tag);
    bool padded = b.n > 1 && ((b.p[0] == 0x00 && (b.p[1] & 0x80) == 0) ||
                              (b.p[0] == 0xff && (b.p[1] & 0x80) != 0));
    if (b.n == 0 || padded) {
        rd_fail(r);
        return BYTES_NONE;
    }
    return b;
}

bytes der_integer(reader *r)
{
    return integer(r, DER_INTEGER);
}

uint64_t der_uint(reader *r, unsigned tag, uint64_t max)
{
    bytes b = integer(r, tag);
    uint64_t v = 0;
    if (b.n == 0 || (b.p[0] & 0x80) != 0 || b.n > 9 || (b.n == 9 && b.p[0] != 0)) {
        rd_fail(r);
        return 0;
    }
    for (size_t i = 0; i < b.n; i++)
        v = v << 8 | b.p[i];
    if (v > max) {
        rd_fail(r);
        return 0;
    }
    return v;
}

bool der_boolean(reader *r)
{
    bytes b = der_take(r, DER_BOOLEAN);
    if (b.n != 1 || (b.p[0] != 0x00 && b.p[0] != 0xff)) { /* [X.690 11.1] */
        rd_fail(r);
        return false;
    }
    return b.p[0] == 0xff;
}

bytes der_bits(reader *r)
{
    bytes b = der_take(r, DER_BIT_STRING);
    if (b.n == 0 || b.p[0] != 0) {
        rd_fail(r);
        return BYTES_NONE;
    }
    return bytes_of(b.p + 1, b.n - 1);
}

bool der_bit_string_ok(bytes contents)
{
    bytes b = contents;
    if (b.n == 0 || b.p[0] > 7)
        return false;
    return b.n == 1 ? b.p[0] == 0 : (b.p[b.n - 1] & ((1U << b.p[0]) - 1)) == 0;
}

bytes der_oid(reader *r)
{
    bytes b = der_take(r, DER_OID);
    bool first = true;
    for (size_t i = 0; i < b.n; i++) {
        if (first && b.p[i] == 0x80)
            rd_fail(r); /* a leading zero digit [X.690 8.19.2] */
        first = (b.p[i] & 0x80) == 0;
    }
    if (b.n == 0 || !first)
        rd_fail(r);
    return rd_ok(r) ? b : BYTES_NONE;
}

static int two(const uint8_t *p)
{
    if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
        return -1;
    return (p[0] - '0') * 10 + (p[1] - '0');
}

int64_t der_time(reader *r)
{
    bool utc = der_peek(r) == DER_UTC_TIME;
    bytes b = der_take(r, utc ? DER_UTC_TIME : DER_GENERALIZED_TIME);
    int64_t t = 0;
    int year;
    if (b.n != (utc ? 13U : 15U) || b.p[b.n - 1] != 'Z') {
        rd_fail(r);
        return 0;
    }
    if (utc) {
        year = two(b.p);
        year += year < 0 ? 0 : year < 50 ? 2000 : 1900; /* [RFC 5280 4.1.2.5.1] */
    } else {
        int high = two(b.p), low = two(b.p + 2);
        year = high < 0 || low < 0 ? -1 : high * 100 + low;
    }
    const uint8_t *p = b.p + b.n - 11;
    if (!time_from_civil(year, two(p), two(p + 2), two(p + 4), two(p + 6), two(p + 8), &t)) {
        rd_fail(r);
        return 0;
    }
    return t;
}

void der_oid_text(bytes oid, char *out, size_t cap)
{
    size_t used = 0;
    uint64_t arc = 0;
    bool first = true;
    if (cap == 0)
        return;
    out[0] = '\0';
    for (size_t i = 0; i < oid.n; i++) {
        if (arc > UINT32_MAX || (oid.p[i] == 0x80 && (i == 0 || (oid.p[i - 1] & 0x80) == 0)))
            goto bad;
        arc = arc << 7 | (oid.p[i] & 0x7f);
        if ((oid.p[i] & 0x80) != 0)
            continue;
        int n;
        if (first) {
            unsigned root = arc < 40 ? 0 : arc < 80 ? 1 : 2; /* [X.690 8.19.4] */
            n = snprintf(out, cap, "%u.%llu", root, (unsigned long long)(arc - 40 * root));
        } else {
            n = snprintf(out + used, cap - used, ".%llu", (unsigned long long)arc);
        }
        if (n < 0 || (size_t)n >= cap - used)
            goto bad;
        used += (size_t)n;
        first = false;
        arc = 0;
    }
    if (oid.n > 0 && (oid.p[oid.n - 1] & 0x80) == 0)
        return;
bad:
    out[0] = '\0';
}

void der_put_head(writer *w, unsigned tag, size_t n)
{
    unsigned width = 1;
    wr_u8(w, tag);
    if (n < LONG_LENGTH) {
        wr_u8(w, (unsigned)n);
        return;
    }
    while (width < sizeof n && n >> (8 * width) != 0)
        width++;
    wr_u8(w, LONG_LENGTH | width);
    wr_be(w, n, width);
}
