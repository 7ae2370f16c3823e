/* The input read as DER by each function, and as a tree of elements. */
#include <assert.h>

#include "base/time.h"
#include "codec/der.h"

enum { DEPTH_MAX = 32 };

static void check_within(bytes b, bytes in)
{
    assert(b.n == 0 || (b.p >= in.p && b.n <= in.n && b.p + b.n <= in.p + in.n));
}

/* DER has one encoding of each value: the element is what its tag and contents are written as. */
static void check_encoding(bytes element, unsigned tag, bytes contents)
{
    uint8_t head[16];
    writer w = wr_of(head, sizeof head);
    der_put_head(&w, tag, contents.n);
    assert(wr_ok(&w) && w.n + contents.n == element.n);
    assert(bytes_equal(wr_bytes(&w), bytes_of(element.p, w.n)));
    assert(contents.n == 0 || contents.p == element.p + w.n);
}

static void check_oid(bytes oid)
{
    char text[64], tight[64];
    der_oid_text(oid, text, sizeof text);
    size_t n = strlen(text);
    assert(n < sizeof text && (n == 0 || (n >= 3 && text[0] <= '2' && text[1] == '.')));
    der_oid_text(oid, tight, n + 1);
    assert(bytes_equal(bytes_text(tight), bytes_text(text)));
}

/* Each value that can be read from the element whole; a reader that is bad gives nothing. */
static void read_values(bytes element, unsigned tag)
{
    reader r = rd_of(element);
    bytes b = der_integer(&r);
    check_within(b, element);
    assert(rd_ok(&r) == (b.n > 0) && (b.n == 0 || tag == DER_INTEGER));
    r = rd_of(element);
    uint64_t v = der_uint(&r, DER_INTEGER, UINT64_MAX - 1);
    assert(rd_ok(&r) ? b.n > 0 && b.n <= 9 && v < UINT64_MAX : v == 0);
    if (rd_ok(&r) && v > 0) {
        r = rd_of(element);
        assert(der_uint(&r, DER_INTEGER, v) == v);
        r = rd_of(element);
        assert(der_uint(&r, DER_INTEGER, v - 1) == 0 && !rd_ok(&r));
    }
    r = rd_of(element);
    bool yes = der_boolean(&r);
    assert(rd_ok(&r) ? element.n == 3 && (element.p[2] == 0xff) == yes : !yes);
    r = rd_of(element);
    b = der_bits(&r);
    check_within(b, element);
    assert(rd_ok(&r) || b.n == 0);
    r = rd_of(element);
    b = der_oid(&r);
    assert(rd_ok(&r) == (b.n > 0));
    check_oid(b);
    r = rd_of(element);
    int64_t t = der_time(&r);
    assert(rd_ok(&r) ? ISO(t)[0] != 'o' : t == 0);
}

static void walk(reader *r, bytes in, unsigned depth)
{
    int next;
    while ((next = der_peek(r)) >= 0) {
        reader copy = *r;
        size_t start = r->pos;
        unsigned tag = 0;
        bytes element = der_element(r, &tag);
        check_within(element, in);
        if (!rd_ok(r)) {
            assert(element.n == 0 && tag == 0);
            assert(der_take(&copy, (unsigned)next).n == 0 && !rd_ok(&copy));
            break;
        }
        assert(tag == (unsigned)next && element.n >= 2 && r->pos == start + element.n);
        reader inner = der_enter(&copy, tag);
        assert(rd_ok(&copy) && rd_ok(&inner) && copy.pos == r->pos && inner.end == r->pos);
        check_encoding(element, tag, bytes_of(inner.base + inner.pos, rd_left(&inner)));
        read_values(element, tag);
        if (depth < DEPTH_MAX)
            walk(&inner, in, depth + 1);
    }
    assert(der_peek(r) == -1 && rd_left(r) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bytes in = bytes_of(data, size);
    reader r = rd_of(in);
    walk(&r, in, 0);
    check_oid(in);
    return 0;
}
