/*
 * The claims-buffer of the common format [RATLS certificate format]: a CBOR map whose values are
 * byte strings; pubkey-hash holds CBOR of its own, [hash-alg-id, hash].
 */
#include "evidence/claims.h"

#include <assert.h>
#include <inttypes.h>

#include "base/hex.h"
#include "codec/cbor.h"

static const char name_pubkey_hash[] = "pubkey-hash";
static const char name_nonce[] = "nonce";

/* Named Information Hash Algorithm Registry [RFC 6920 9.4]. */
static const struct {
    crypto_hash hash;
    unsigned id;
} algorithms[] = {{CRYPTO_SHA256, 1}, {CRYPTO_SHA384, 7}, {CRYPTO_SHA512, 8}};
enum { ALGORITHMS_N = sizeof algorithms / sizeof *algorithms };

static bool algorithm_by_id(uint64_t id, crypto_hash *out)
{
    for (size_t i = 0; i < ALGORITHMS_N; i++)
        if (algorithms[i].id == id) {
            *out = algorithms[i].hash;
            return true;
        }
    return false;
}

static unsigned algorithm_id(crypto_hash hash)
{
    for (size_t i = 0; i < ALGORITHMS_N; i++)
        if (algorithms[i].hash == hash)
            return algorithms[i].id;
    return 0;
}

/* `at` is where the entry begins in the buffer. */
static ratls_code read_hash_entry(bytes entry, size_t at, claims *out, ratls_error *e)
{
    reader r = rd_of(entry);
    (void)cbor_array(&r, 2, 2);
    if (!rd_ok(&r))
        return refuse(e, RATLS_E_MALFORMED, at,
                      "claims-buffer: pubkey-hash at offset %zu is not a definite CBOR array of "
                      "algorithm and hash",
                      at);
    uint64_t id = cbor_uint(&r, CBOR_ANY_WIDTH);
    if (!rd_ok(&r))
        return refuse(e, RATLS_E_MALFORMED, at,
                      "claims-buffer: the hash algorithm of pubkey-hash at offset %zu is not an "
                      "unsigned integer",
                      at);
    if (!algorithm_by_id(id, &out->hash_alg))
        return refuse(e, RATLS_E_UNSUPPORTED, at,
                      "claims-buffer: hash algorithm %" PRIu64 " in pubkey-hash at offset %zu, "
                      "expected 1 (SHA-256), 7 (SHA-384) or 8 (SHA-512)",
                      id, at);
    out->pubkey_hash = cbor_bytes(&r);
    if (!rd_ok(&r))
        return refuse(e, RATLS_E_MALFORMED, at,
                      "claims-buffer: the hash of pubkey-hash at offset %zu is not a definite byte "
                      "string within its entry",
                      at);
    if (!rd_done(&r))
        return refuse(e, RATLS_E_MALFORMED, at + r.pos,
                      "claims-buffer: %zu bytes follow the hash in pubkey-hash at offset %zu, "
                      "expected none",
                      rd_left(&r), at + r.pos);
    size_t expected = crypto_hash_size(out->hash_alg);
    if (out->pubkey_hash.n != expected)
        return refuse(
            e, RATLS_E_MALFORMED, at,
            "claims-buffer: the hash in pubkey-hash at offset %zu has %zu bytes, expected "
            "%zu for algorithm %" PRIu64,
            at, out->pubkey_hash.n, expected, id);
    return RATLS_OK;
}

static ratls_code read_count(reader *r, size_t *n, ratls_error *e)
{
    if (rd_left(r) == 0)
        return refuse(e, RATLS_E_MALFORMED, 0,
                      "claims-buffer: empty, expected a CBOR map with pubkey-hash");
    *n = cbor_map(r, 0, SIZE_MAX);
    if (!rd_ok(r))
        return refuse(e, RATLS_E_MALFORMED, 0,
                      "claims-buffer: does not begin with a definite CBOR map that fits its %zu "
                      "bytes",
                      r->end);
    if (*n > CLAIMS_MAX)
        return refuse(e, RATLS_E_LIMIT, 0, "claims-buffer: %zu claims, at most %d are read", *n,
                      CLAIMS_MAX);
    return RATLS_OK;
}

ratls_code claims_parse(bytes buffer, claims *out, ratls_error *e)
{
    memset(out, 0, sizeof *out);
    reader r = rd_of(buffer);
    size_t n = 0;
    ratls_code code = read_count(&r, &n, e);
    if (code != RATLS_OK)
        return code;

    claim seen[CLAIMS_MAX];
    bool has_hash = false;
    size_t hash_at = 0;
    bytes entry = BYTES_NONE;
    for (size_t i = 0; i < n; i++) {
        size_t at = r.pos;
        claim c;
        c.name = cbor_text(&r);
        if (!rd_ok(&r))
            return refuse(e, RATLS_E_MALFORMED, at,
                          "claims-buffer: the name of claim %zu of %zu at offset %zu is not a "
                          "definite CBOR text within the %zu bytes",
                          i + 1, n, at, buffer.n);
        at = r.pos;
        c.value = cbor_bytes(&r);
        if (!rd_ok(&r))
            return refuse(e, RATLS_E_MALFORMED, at,
                          "claims-buffer: the value of claim %zu of %zu at offset %zu is not a "
                          "definite CBOR byte string within the %zu bytes",
                          i + 1, n, at, buffer.n);
        for (size_t k = 0; k < i; k++)
            if (bytes_equal(seen[k].name, c.name))
                return refuse(e, RATLS_E_MALFORMED, at,
                              "claims-buffer: claims %zu and %zu have the same name (hex %s)",
                              k + 1, i + 1, HEX(c.name));
        seen[i] = c;
        if (bytes_is(c.name, name_pubkey_hash)) {
            has_hash = true;
            entry = c.value;
            hash_at = r.pos - c.value.n;
        } else if (bytes_is(c.name, name_nonce)) {
            out->has_nonce = true;
            out->nonce = c.value;
        } else {
            out->other[out->other_n++] = c;
        }
    }
    if (!rd_done(&r))
        return refuse(e, RATLS_E_MALFORMED, r.pos,
                      "claims-buffer: %zu bytes follow the map at offset %zu, expected none",
                      rd_left(&r), r.pos);
    if (!has_hash)
        return refuse(e, RATLS_E_MALFORMED, 0,
                      "claims-buffer: none of its %zu claims is pubkey-hash", n);
    return read_hash_entry(entry, hash_at, out, e);
}

static void write_hash_entry(writer *w, crypto_hash hash, bytes pubkey_hash)
{
    cbor_put_head(w, CBOR_ARRAY, 2);
    cbor_put_head(w, CBOR_UINT, algorithm_id(hash));
    cbor_put_bytes(w, pubkey_hash);
}

void claims_write(writer *w, crypto_hash hash, bytes pubkey_hash, bytes nonce, const claim *more,
                  size_t more_n)
{
    assert(pubkey_hash.n == crypto_hash_size(hash));
    writer entry = wr_of(NULL, 0);
    write_hash_entry(&entry, hash, pubkey_hash);

    cbor_put_head(w, CBOR_MAP, (nonce.n > 0 ? 2 : 1) + more_n);
    cbor_put_text(w, name_pubkey_hash);
    cbor_put_head(w, CBOR_BYTES, entry.n);
    write_hash_entry(w, hash, pubkey_hash);
    if (nonce.n > 0) {
        cbor_put_text(w, name_nonce);
        cbor_put_bytes(w, nonce);
    }
    for (size_t i = 0; i < more_n; i++) {
        cbor_put_head(w, CBOR_TEXT, more[i].name.n);
        wr_put(w, more[i].name);
        cbor_put_bytes(w, more[i].value);
    }
}
