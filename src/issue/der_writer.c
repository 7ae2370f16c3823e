#include "issue/der_writer.h"

#include <assert.h>

#include "base/time.h"

void der_wrap(writer *w, unsigned tag, size_t at)
{
    assert(at <= w->n);
    uint8_t head[8];
    size_t n = w->n - at;
    writer h = wr_of(head, sizeof head);
    der_put_head(&h, tag, n);
    wr_put(w, wr_bytes(&h)); /* makes the room, or finds that there is none */
    if (w->out == NULL || w->full)
        return;
    memmove(w->out + at + h.n, w->out + at, n);
    memcpy(w->out + at, head, h.n);
}

void der_put(writer *w, unsigned tag, bytes contents)
{
    der_put_head(w, tag, contents.n);
    wr_put(w, contents);
}

void der_put_oid(writer *w, bytes oid)
{
    der_put(w, DER_OID, oid);
}

static void put_integer(writer *w, unsigned tag, bytes magnitude)
{
    while (magnitude.n > 1 && magnitude.p[0] == 0)
        magnitude = bytes_of(magnitude.p + 1, magnitude.n - 1);
    bool pad = magnitude.n == 0 || (magnitude.p[0] & 0x80) != 0; /* positive [X.690 8.3] */
    der_put_head(w, tag, magnitude.n + (pad ? 1 : 0));
    if (pad)
        wr_u8(w, 0);
    wr_put(w, magnitude);
}

void der_put_uint(writer *w, unsigned tag, uint64_t v)
{
    uint8_t be[8];
    writer b = wr_of(be, sizeof be);
    wr_be(&b, v, sizeof be);
    put_integer(w, tag, wr_bytes(&b));
}

void der_put_integer(writer *w, bytes magnitude)
{
    put_integer(w, DER_INTEGER, magnitude);
}

void der_put_boolean(writer *w, bool v)
{
    uint8_t b = v ? 0xff : 0;
    der_put(w, DER_BOOLEAN, bytes_of(&b, 1));
}

void der_put_bits(writer *w, bytes octets)
{
    der_put_head(w, DER_BIT_STRING, octets.n + 1);
    wr_u8(w, 0);
    wr_put(w, octets);
}

void der_put_time(writer *w, int64_t t)
{
    /* "2026-11-24T09:08:00Z" without its punctuation. */
    time_text text = time_to_iso(t);
    bytes iso = bytes_text(text.s);
    int64_t same;
    bool representable = time_from_iso(iso, &same) && same == t;
    assert(representable);
    int64_t from_1950 = -631152000, to_2050 = 2524608000;
    bool utc = t >= from_1950 && t < to_2050;
    der_put_head(w, utc ? DER_UTC_TIME : DER_GENERALIZED_TIME, utc ? 13 : 15);
    for (size_t i = utc ? 2 : 0; i < iso.n; i++)
        if ((iso.p[i] >= '0' && iso.p[i] <= '9') || iso.p[i] == 'Z')
            wr_u8(w, iso.p[i]);
}

void der_put_algorithm(writer *w, crypto_sig alg)
{
    /* The parameters are absent for ECDSA [RFC 5758 3.2], NULL for RSA [RFC 4055 5]. */
    static const uint8_t ecdsa_sha256[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02},
                         ecdsa_sha384[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03},
                         rsa_sha256[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b};
    assert(alg == CRYPTO_ECDSA_SHA256 || alg == CRYPTO_ECDSA_SHA384 ||
           alg == CRYPTO_RSA_PKCS1_SHA256);
    size_t at = w->n;
    if (alg == CRYPTO_RSA_PKCS1_SHA256) {
        der_put_oid(w, bytes_of(rsa_sha256, sizeof rsa_sha256));
        der_put(w, DER_NULL, BYTES_NONE);
    } else {
        der_put_oid(w, alg == CRYPTO_ECDSA_SHA256 ? bytes_of(ecdsa_sha256, sizeof ecdsa_sha256)
                                                  : bytes_of(ecdsa_sha384, sizeof ecdsa_sha384));
    }
    der_wrap(w, DER_SEQUENCE, at);
}
