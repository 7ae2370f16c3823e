#include <stdlib.h>

#include "hostile.h"

/* Evidence in the common format that is not quite that. Apart from its form all is right: the
 * report data is SHA-256 of whatever stands for the claims-buffer. */

/*
 * Templates: hex digits in pairs, 'text', blanks between, X*N for N times X, and these letters.
 * Capital: the bytes; small: as a byte string with its head.
 *
 *     Q q  quote              K k  claims-buffer         P    the text item pubkey-hash
 *     N n  [1, SHA-256]       H h  SHA-256 of the key    S s  SHA-384      L l  SHA-512
 *     T    the quote as text  X    the quote as a byte string, its length in four bytes
 */
typedef struct parts {
    bytes quote, claims, entry;
    bytes spki;
} parts;

static bool letter(const parts *p, char c, bytes *out)
{
    const EVP_MD *md = strchr("Ss", c) != NULL   ? EVP_sha384()
                       : strchr("Ll", c) != NULL ? EVP_sha512()
                                                 : EVP_sha256();
    if (c == 'P')
        *out = mk_cbor_text("pubkey-hash");
    else if (c == 'T' || c == 'X')
        *out = join(mk_cbor_head(c == 'T' ? CBOR_TEXT : CBOR_BYTES, p->quote.n, c == 'T' ? 0 : 4),
                    p->quote);
    else if (c == 'Q' || c == 'q')
        *out = p->quote;
    else if (c == 'K' || c == 'k')
        *out = p->claims;
    else if (c == 'N' || c == 'n')
        *out = p->entry;
    else if (c != '\0' && strchr("HhSsLl", c) != NULL)
        *out = digest_of(md, p->spki);
    else
        return false;
    if (strchr("qknhsl", c) != NULL)
        *out = mk_cbor_bytes(*out);
    return true;
}

static bytes fill(const char *template, const parts *p)
{
    buf b = {0};
    for (const char *at = template; *at != '\0';) {
        bytes piece;
        if (*at == ' ') {
            at++;
            continue;
        }
        if (letter(p, *at, &piece)) {
            at++;
        } else if (*at == '\'') {
            piece = bytes_of(at + 1, strcspn(at + 1, "'"));
            at += piece.n + 2;
        } else {
            const char pair[] = {at[0], at[1], '\0'};
            piece = bytes_from_hex(pair);
            at += 2;
        }
        unsigned long times = 1;
        if (*at == '*') {
            char *end;
            times = strtoul(at + 1, &end, 10);
            at = end;
        }
        for (; times > 0; times--)
            buf_put(&b, piece);
    }
    return buf_bytes(&b);
}

typedef struct bench {
    hostile_tls *w;
    parts p;
} bench;

static bench bench_of(void)
{
    bench b = {.w = hostile_tls_of(TLS_INTEROPERABLE, QUOTE_SGX, 3)};
    b.p.spki = key_spki(b.w->t.cert.key);
    b.p.entry = hash_entry_of(1, digest_of(EVP_sha256(), b.p.spki));
    return b;
}

/* The evidence extension. */
static hostile_case evidence(const hostile_maker *self)
{
    bench b = bench_of();
    tls_made m = tls_prepare(&b.w->t);
    b.p.quote = m.quote.quote;
    b.p.claims = m.claims;
    b.w->t.evidence = fill(self->text, &b.p);
    return hostile_tls_case(b.w);
}

/* The claims-buffer. */
static hostile_case claims(const hostile_maker *self)
{
    bench b = bench_of();
    b.w->t.claims = fill(self->text, &b.p);
    return hostile_tls_case(b.w);
}

/* What the byte string of pubkey-hash holds. */
static hostile_case entry(const hostile_maker *self)
{
    bench b = bench_of();
    b.w->t.hash_entry = fill(self->text, &b.p);
    return hostile_tls_case(b.w);
}

/* pubkey-hash and others, so many in all. */
static hostile_case many(const hostile_maker *self)
{
    bench b = bench_of();
    buf map = {0};
    buf_put(&map, mk_cbor_head(CBOR_MAP, (uint64_t)self->number, 0));
    for (int i = 1; i < self->number; i++) {
        bytes name = arena_format("claim %d", i);
        buf_put(&map, mk_cbor_head(CBOR_TEXT, name.n, 0));
        buf_put(&map, name);
        buf_put(&map, mk_cbor_bytes(name));
    }
    buf_put(&map, fill("P n", &b.p));
    b.w->t.claims = buf_bytes(&map);
    return hostile_tls_case(b.w);
}

static hostile_case with_nonce(const hostile_maker *self)
{
    bench b = bench_of();
    buf nonce = {0};
    buf_fill(&nonce, 0x6e, (size_t)self->number);
    b.w->t.has_nonce = true;
    b.w->t.nonce = buf_bytes(&nonce);
    return hostile_tls_case(b.w);
}

static hostile_case with_endorsements(const hostile_maker *self)
{
    (void)self;
    bench b = bench_of();
    b.w->t.endorsements = true;
    return hostile_tls_case(b.w);
}

static const hostile_maker makers[] = {
#include "cbor_rows.h"
};

static const char *left_out(const hostile_maker *m, const hostile_setting *s)
{
    return s->given && m->make == with_endorsements ? "it needs the vendor's keys" : NULL;
}

const hostile_group hostile_cbor = {
    .name = "cbor",
    .table = hostile_cbor_table,
    .makers = makers,
    .n = sizeof makers / sizeof *makers,
    .left_out = left_out,
};
