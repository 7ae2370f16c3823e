/* The input read as CBOR items by each function. */
#include <assert.h>

#include "base/utf8.h"
#include "codec/cbor.h"

static const cbor_major all[] = {CBOR_UINT, CBOR_TAG, CBOR_ARRAY, CBOR_MAP, CBOR_BYTES, CBOR_TEXT};
enum { ALL_N = sizeof all / sizeof *all };

/* The value of the head, read by the function of that type. */
static uint64_t read_item(reader *r, cbor_major major, bytes *b)
{
    uint64_t v = 0;
    *b = BYTES_NONE;
    switch (major) {
    case CBOR_UINT:
        return cbor_uint(r, CBOR_SHORTEST);
    case CBOR_TAG:
        return cbor_tag(r);
    case CBOR_ARRAY:
        v = cbor_array(r, 0, SIZE_MAX);
        assert(v <= rd_left(r));
        return v;
    case CBOR_MAP:
        v = cbor_map(r, 0, SIZE_MAX);
        assert(v <= rd_left(r) / 2);
        return v;
    case CBOR_BYTES:
        *b = cbor_bytes(r);
        return b->n;
    case CBOR_TEXT:
        *b = cbor_text(r);
        assert(utf8_ok(*b));
        return b->n;
    case CBOR_NEGATIVE:
    case CBOR_OTHER:
        break;
    }
    rd_fail(r);
    return 0;
}

/* Only the function of its type takes an item, and it is written as it was read. */
static void check_item(const reader *at)
{
    for (size_t i = 0; i < ALL_N; i++) {
        reader r = *at;
        bytes b;
        uint64_t v = read_item(&r, all[i], &b);
        if (!rd_ok(&r)) {
            assert(v == 0 && b.n == 0 && cbor_peek(&r) == CBOR_OTHER && rd_left(&r) == 0);
            continue;
        }
        assert(cbor_peek(at) == all[i] && r.pos > at->pos && r.pos <= at->end);
        uint8_t head[9];
        writer w = wr_of(head, sizeof head);
        cbor_put_head(&w, all[i], v);
        assert(wr_ok(&w) && w.n == r.pos - at->pos - b.n);
        assert(bytes_equal(wr_bytes(&w), bytes_of(at->base + at->pos, w.n)));
        assert(b.n == 0 || b.p == at->base + at->pos + w.n);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    reader r = rd_of(bytes_of(data, size));
    while (rd_left(&r) > 0) {
        size_t start = r.pos;
        check_item(&r);
        reader wide = r;
        uint64_t any = cbor_uint(&wide, CBOR_ANY_WIDTH);
        bytes b;
        cbor_major major = cbor_peek(&r);
        uint64_t v = read_item(&r, major, &b);
        /* Any width takes what the shortest takes, to the same value. */
        if (rd_ok(&r) && major == CBOR_UINT)
            assert(rd_ok(&wide) && any == v && wide.pos == r.pos);
        if (!rd_ok(&r)) {
            assert(rd_ok(&wide) || any == 0);
            r = wide; /* an integer that is too long, or nothing */
        }
        assert(!rd_ok(&r) || r.pos > start);
    }
    /* Counts within limits only. */
    reader counted = rd_of(bytes_of(data, size));
    size_t n = cbor_array(&counted, 2, 9);
    assert(rd_ok(&counted) ? n >= 2 && n <= 9 : n == 0);
    counted = rd_of(bytes_of(data, size));
    n = cbor_map(&counted, 1, 16);
    assert(rd_ok(&counted) ? n >= 1 && n <= 16 : n == 0);
    return 0;
}
