/* PEM text [RFC 7468]. */
#include "codec/pem.h"

#include "base/base64.h"

static const char begin[] = "-----BEGIN ", end[] = "-----END ", dashes[] = "-----";

static bool is_space(int c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_space(reader *r)
{
    while (is_space(rd_peek(r)))
        (void)rd_take(r, 1);
}

static bool take_text(reader *r, const char *text)
{
    bytes b = rd_take(r, strlen(text));
    if (!bytes_is(b, text))
        rd_fail(r);
    return rd_ok(r);
}

/* Upper-case letters, digits, and single spaces or hyphens between them. */
static bool label_ok(bytes label)
{
    bool word = false;
    for (size_t i = 0; i < label.n; i++) {
        uint8_t c = label.p[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && (!word || (c != ' ' && c != '-')))
            return false;
        word = letter;
    }
    return word;
}

/* Stands in lines of its own, each ended by LF or CRLF. */
static bool in_lines(bytes b)
{
    if (b.n < 2 || (b.p[0] != '\n' && b.p[0] != '\r') || b.p[b.n - 1] != '\n')
        return false;
    const uint8_t *cr = b.p;
    while ((cr = memchr(cr, '\r', (size_t)(b.p + b.n - cr))) != NULL)
        if (*++cr != '\n')
            return false;
    return true;
}

int pem_next(reader *r, bytes *label, uint8_t *out, size_t cap, size_t *n)
{
    skip_space(r);
    bytes rest = bytes_of(r->base + r->pos, rd_left(r));
    if (rd_ok(r) && rd_peek(r) <= 0 && bytes_all_zero(rest)) {
        (void)rd_rest(r);
        return 0;
    }
    if (!take_text(r, begin))
        return -1;
    rest = bytes_of(r->base + r->pos, rd_left(r));
    *label = rd_take(r, bytes_find(rest, bytes_text(dashes)));
    if (!take_text(r, dashes) || !label_ok(*label))
        goto bad;
    rest = bytes_of(r->base + r->pos, rd_left(r));
    bytes body = rd_take(r, bytes_find(rest, bytes_text(end)));
    if (!take_text(r, end) || !bytes_equal(rd_take(r, label->n), *label) || !take_text(r, dashes))
        goto bad;
    if (!in_lines(body) || !base64_decode(body, out, cap, n) || *n == 0)
        goto bad;
    int next = rd_peek(r);
    if (next > 0 && !is_space(next))
        goto bad;
    return 1;
bad:
    rd_fail(r);
    return -1;
}

bool pem_looks_like(bytes in)
{
    reader r = rd_of(in);
    skip_space(&r);
    return bytes_starts(bytes_of(r.base + r.pos, rd_left(&r)), begin);
}
