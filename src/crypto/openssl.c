/* crypto.h on OpenSSL 3: EVP only, nothing deprecated. */
#include "crypto/crypto.h"

#include <limits.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/writer.h"

/* A crypto_key is an EVP_PKEY under another name. */
static EVP_PKEY *pkey_of(const crypto_key *key)
{
    union {
        const crypto_key *key;
        EVP_PKEY *pkey;
    } u = {key}; /* OpenSSL's verify calls take the key without const, and do not change it */
    return u.pkey;
}

static crypto_key *key_of(EVP_PKEY *pkey)
{
    return (crypto_key *)pkey;
}

static const EVP_MD *md_of(crypto_hash hash)
{
    return hash == CRYPTO_SHA256   ? EVP_sha256()
           : hash == CRYPTO_SHA384 ? EVP_sha384()
                                   : EVP_sha512();
}

/*
 * What OpenSSL queues about a peer's bytes is no error of this thread: left there, the
 * application's next TLS call would report it as its own. Each function below that fails by input
 * is wrapped so.
 */
static void quiet_begin(void)
{
    (void)ERR_set_mark();
}

static void quiet_end(void)
{
    (void)ERR_pop_to_mark();
}

bool crypto_digest(crypto_hash hash, const bytes *pieces, size_t n, uint8_t *out)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx != NULL && EVP_DigestInit_ex(ctx, md_of(hash), NULL) == 1;
    for (size_t i = 0; ok && i < n; i++)
        ok = EVP_DigestUpdate(ctx, pieces[i].p, pieces[i].n) == 1;
    ok = ok && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    return ok;
}

enum { POINT_SIZE = 64, UNCOMPRESSED = 0x04 };

/* SEC 1 2.3.3: the uncompressed form. */
static bool encode_point(bytes point, uint8_t out[POINT_SIZE + 1])
{
    if (point.n != POINT_SIZE)
        return false;
    out[0] = UNCOMPRESSED;
    memcpy(out + 1, point.p, POINT_SIZE);
    return true;
}

crypto_key *crypto_key_from_p256(bytes point)
{
    uint8_t encoded[POINT_SIZE + 1];
    char group[] = "P-256";
    if (!encode_point(point, encoded))
        return NULL;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, encoded, sizeof encoded),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY *pkey = NULL;
    quiet_begin();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(ctx);
    quiet_end();
    return key_of(pkey);
}

crypto_key *crypto_key_like(const crypto_key *p256, bytes point)
{
    uint8_t encoded[POINT_SIZE + 1];
    if (!encode_point(point, encoded))
        return NULL;
    EVP_PKEY *pkey = EVP_PKEY_dup(pkey_of(p256));
    if (pkey == NULL)
        return NULL;
    /* Refuses a point that is not on the curve. */
    quiet_begin();
    bool ok = EVP_PKEY_set1_encoded_public_key(pkey, encoded, sizeof encoded) == 1;
    quiet_end();
    if (!ok) {
        EVP_PKEY_free(pkey);
        return NULL;
    }
    return key_of(pkey);
}

crypto_key *crypto_key_from_spki(bytes spki)
{
    if (spki.n == 0 || spki.n > LONG_MAX)
        return NULL;
    const uint8_t *p = spki.p;
    quiet_begin();
    EVP_PKEY *pkey = d2i_PUBKEY(NULL, &p, (long)spki.n);
    quiet_end();
    if (pkey != NULL && p != spki.p + spki.n) {
        EVP_PKEY_free(pkey);
        return NULL;
    }
    return key_of(pkey);
}

crypto_key *crypto_key_share(crypto_key *key)
{
    return EVP_PKEY_up_ref(pkey_of(key)) == 1 ? key : NULL;
}

void crypto_key_free(crypto_key *key)
{
    EVP_PKEY_free(pkey_of(key));
}

/* INTEGER of an unsigned big-endian number of 32 bytes [X.690 8.3]. */
static void put_integer(writer *w, bytes n)
{
    while (n.n > 1 && n.p[0] == 0)
        n = bytes_of(n.p + 1, n.n - 1);
    bool high = (n.p[0] & 0x80) != 0;
    wr_u8(w, 0x02);
    wr_u8(w, (unsigned)n.n + (high ? 1 : 0));
    if (high)
        wr_u8(w, 0);
    wr_put(w, n);
}

/* `der` is an ECDSA-Sig-Value. Cheaper than EVP_DigestVerify, which looks its algorithms up by
 * name. */
static bool verify_ecdsa_sha256(const crypto_key *key, const bytes *pieces, size_t n, bytes der)
{
    uint8_t digest[32];
    if (!crypto_digest(CRYPTO_SHA256, pieces, n, digest))
        return false;
    quiet_begin();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey_of(key), NULL);
    bool ok = ctx != NULL && EVP_PKEY_verify_init(ctx) == 1 &&
              EVP_PKEY_verify(ctx, der.p, der.n, digest, sizeof digest) == 1;
    EVP_PKEY_CTX_free(ctx);
    quiet_end();
    return ok;
}

bool crypto_verify_p256(const crypto_key *key, bytes data, bytes sig)
{
    if (key == NULL || sig.n != 64)
        return false;
    uint8_t body[2 * 35], der[2 + sizeof body];
    writer b = wr_of(body, sizeof body), d = wr_of(der, sizeof der);
    put_integer(&b, bytes_of(sig.p, 32));
    put_integer(&b, bytes_of(sig.p + 32, 32));
    wr_u8(&d, 0x30);
    wr_u8(&d, (unsigned)b.n);
    wr_put(&d, wr_bytes(&b));
    return verify_ecdsa_sha256(key, &data, 1, wr_bytes(&d));
}

typedef struct algorithm {
    int key_type;
    bool pss;
    const EVP_MD *md; /* NULL: the algorithm hashes by itself */
} algorithm;

static bool algorithm_of(crypto_sig alg, algorithm *out)
{
    switch (alg) {
    case CRYPTO_ECDSA_SHA256:
        *out = (algorithm){EVP_PKEY_EC, false, EVP_sha256()};
        return true;
    case CRYPTO_ECDSA_SHA384:
        *out = (algorithm){EVP_PKEY_EC, false, EVP_sha384()};
        return true;
    case CRYPTO_ECDSA_SHA512:
        *out = (algorithm){EVP_PKEY_EC, false, EVP_sha512()};
        return true;
    case CRYPTO_RSA_PKCS1_SHA256:
        *out = (algorithm){EVP_PKEY_RSA, false, EVP_sha256()};
        return true;
    case CRYPTO_RSA_PKCS1_SHA384:
        *out = (algorithm){EVP_PKEY_RSA, false, EVP_sha384()};
        return true;
    case CRYPTO_RSA_PKCS1_SHA512:
        *out = (algorithm){EVP_PKEY_RSA, false, EVP_sha512()};
        return true;
    case CRYPTO_RSA_PSS_SHA256:
        *out = (algorithm){EVP_PKEY_RSA, true, EVP_sha256()};
        return true;
    case CRYPTO_RSA_PSS_SHA384:
        *out = (algorithm){EVP_PKEY_RSA, true, EVP_sha384()};
        return true;
    case CRYPTO_RSA_PSS_SHA512:
        *out = (algorithm){EVP_PKEY_RSA, true, EVP_sha512()};
        return true;
    case CRYPTO_ED25519:
        *out = (algorithm){EVP_PKEY_ED25519, false, NULL};
        return true;
    case CRYPTO_SIG_NONE:
        break;
    }
    return false;
}

/* Ed25519 has no other way than one call for the whole message. */
static bool verify_message(EVP_MD_CTX *ctx, const algorithm *a, const bytes *pieces, size_t n,
                           bytes sig)
{
    if (a->md == NULL)
        return n == 1 && EVP_DigestVerify(ctx, sig.p, sig.n, pieces[0].p, pieces[0].n) == 1;
    for (size_t i = 0; i < n; i++)
        if (EVP_DigestVerifyUpdate(ctx, pieces[i].p, pieces[i].n) != 1)
            return false;
    return EVP_DigestVerifyFinal(ctx, sig.p, sig.n) == 1;
}

bool crypto_verify_pieces(const crypto_key *key, crypto_sig alg, const bytes *pieces, size_t n,
                          bytes sig)
{
    algorithm a;
    if (key == NULL || !algorithm_of(alg, &a) || EVP_PKEY_get_base_id(pkey_of(key)) != a.key_type)
        return false;
    if (alg == CRYPTO_ECDSA_SHA256)
        return verify_ecdsa_sha256(key, pieces, n, sig);
    quiet_begin();
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL; /* owned by ctx */
    bool ok = ctx != NULL && EVP_DigestVerifyInit(ctx, &pctx, a.md, NULL, pkey_of(key)) == 1;
    if (ok && a.pss)
        ok = EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
             EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) == 1;
    ok = ok && verify_message(ctx, &a, pieces, n, sig);
    EVP_MD_CTX_free(ctx);
    quiet_end();
    return ok;
}

bool crypto_verify(const crypto_key *key, crypto_sig alg, bytes data, bytes sig)
{
    return crypto_verify_pieces(key, alg, &data, 1, sig);
}
