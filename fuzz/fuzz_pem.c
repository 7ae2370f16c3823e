/* The input read as PEM, block by block; what is found is written and read again. */
#include <assert.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/writer.h"
#include "codec/pem.h"

static bytes write_block(bytes label, bytes body, uint8_t *out, size_t cap)
{
    writer w = wr_of(out, cap);
    wr_put(&w, bytes_text("-----BEGIN "));
    wr_put(&w, label);
    wr_put(&w, bytes_text("-----\n"));
    size_t n = base64_encode(body, NULL, 0);
    assert(n + 1 <= cap - w.n);
    assert(base64_encode(body, (char *)out + w.n, cap - w.n) == n);
    w.n += n;
    wr_put(&w, bytes_text("-----END "));
    wr_put(&w, label);
    wr_put(&w, bytes_text("-----"));
    assert(wr_ok(&w));
    return wr_bytes(&w);
}

/* A block that was accepted fits its own size, not one byte less, and is read back. */
static void check_block(reader at, bytes label, bytes body, size_t size)
{
    size_t cap = 2 * size + 128, n = 0;
    uint8_t *text = malloc(cap), *out = malloc(body.n);
    bytes again;
    assert(text != NULL && out != NULL);
    reader tight = at;
    assert(pem_next(&tight, &again, out, body.n - 1, &n) == -1 && !rd_ok(&tight));
    assert(pem_next(&at, &again, out, body.n, &n) == 1 && n == body.n);
    reader r = rd_of(write_block(label, body, text, cap));
    assert(pem_looks_like(bytes_of(text, rd_left(&r))));
    assert(pem_next(&r, &again, out, body.n, &n) == 1);
    assert(bytes_equal(again, label) && bytes_equal(bytes_of(out, n), body));
    assert(pem_next(&r, &again, out, body.n, &n) == 0 && rd_done(&r));
    free(text);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bytes label;
    size_t n = 0, blocks = 0, cap = size + 1;
    uint8_t *out = malloc(cap);
    assert(out != NULL);
    reader r = rd_of(bytes_of(data, size)), before = r;
    int got;
    while ((got = pem_next(&r, &label, out, cap, &n)) == 1) {
        assert(rd_ok(&r) && r.pos > before.pos && r.pos <= r.end);
        assert(label.p > data && label.p + label.n < data + r.pos);
        assert(n > 0 && n <= (r.pos - before.pos) / 4 * 3);
        if (blocks++ < 4)
            check_block(before, label, bytes_of(out, n), size);
        before = r;
    }
    assert(got == 0 ? rd_done(&r) : !rd_ok(&r));
    assert(blocks == 0 || pem_looks_like(bytes_of(data, size)));
    if (got != 0)
        assert(pem_next(&r, &label, out, cap, &n) == -1);
    free(out);
    return 0;
}
