/* Signature algorithms and their parameters [RFC 3279, RFC 4055, RFC 5758, RFC 8410]. */
#include "x509/algorithm.h"

typedef enum parameters { NULL_OR_ABSENT, ABSENT, PSS } parameters;

/* RFC 5758 3.2 wants ECDSA without parameters and RFC 4055 5 wants NULL for RSA; peers write both
 * in both ways, and they mean nothing. */
static const struct {
    uint8_t n, oid[9];
    crypto_sig alg; /* for PSS decided by the parameters */
    parameters parameters;
} known[] = {
    {8, {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02}, CRYPTO_ECDSA_SHA256, NULL_OR_ABSENT},
    {8, {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03}, CRYPTO_ECDSA_SHA384, NULL_OR_ABSENT},
    {8, {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04}, CRYPTO_ECDSA_SHA512, NULL_OR_ABSENT},
    {9,
     {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b},
     CRYPTO_RSA_PKCS1_SHA256,
     NULL_OR_ABSENT},
    {9,
     {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c},
     CRYPTO_RSA_PKCS1_SHA384,
     NULL_OR_ABSENT},
    {9,
     {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d},
     CRYPTO_RSA_PKCS1_SHA512,
     NULL_OR_ABSENT},
    {9, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a}, CRYPTO_SIG_NONE, PSS},
    {3, {0x2b, 0x65, 0x70}, CRYPTO_ED25519, ABSENT},
};

/* 2.16.840.1.101.3.4.2.{1,2,3} */
static const uint8_t sha2[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02};
static const uint8_t mgf1[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08};

static const struct {
    uint8_t last; /* byte of the hash's OID, after `sha2` */
    crypto_hash hash;
    crypto_sig alg;
} pss_hashes[] = {
    {1, CRYPTO_SHA256, CRYPTO_RSA_PSS_SHA256},
    {2, CRYPTO_SHA384, CRYPTO_RSA_PSS_SHA384},
    {3, CRYPTO_SHA512, CRYPTO_RSA_PSS_SHA512},
};

static bool null_or_absent(reader *r)
{
    if (rd_left(r) > 0 && der_take(r, DER_NULL).n > 0)
        rd_fail(r);
    return rd_done(r);
}

/* HashAlgorithm; an index into pss_hashes, -1 for others. */
static int pss_hash_read(reader *r)
{
    reader h = der_enter(r, DER_SEQUENCE);
    bytes oid = der_oid(&h);
    if (!null_or_absent(&h))
        rd_fail(r);
    for (size_t i = 0; i < sizeof pss_hashes / sizeof *pss_hashes; i++)
        if (oid.n == sizeof sha2 + 1 &&
            bytes_equal(bytes_of(oid.p, sizeof sha2), bytes_of(sha2, sizeof sha2)) &&
            oid.p[sizeof sha2] == pss_hashes[i].last)
            return (int)i;
    return -1;
}

/* RSASSA-PSS-params [RFC 4055 3.1]. False if malformed; *alg stays NONE if of another kind (also
 * where a default, SHA-1, is meant). */
static bool pss_read(reader *r, crypto_sig *alg)
{
    int hash = -1, mgf_hash = -1;
    uint64_t salt = 20, trailer = 1;
    bool mgf_known = false;
    if (rd_left(r) == 0)
        return true;
    reader p = der_enter(r, DER_SEQUENCE);
    if (der_peek(&p) == DER_CONTEXT_CONSTRUCTED(0)) {
        reader f = der_enter(&p, DER_CONTEXT_CONSTRUCTED(0));
        hash = pss_hash_read(&f);
        if (!rd_done(&f))
            return false;
    }
    if (der_peek(&p) == DER_CONTEXT_CONSTRUCTED(1)) {
        reader f = der_enter(&p, DER_CONTEXT_CONSTRUCTED(1));
        reader mgf = der_enter(&f, DER_SEQUENCE);
        mgf_known = bytes_equal(der_oid(&mgf), bytes_of(mgf1, sizeof mgf1));
        if (mgf_known)
            mgf_hash = pss_hash_read(&mgf);
        if (!rd_done(&f) || !rd_ok(&mgf) || (mgf_known && !rd_done(&mgf)))
            return false;
    }
    if (der_peek(&p) == DER_CONTEXT_CONSTRUCTED(2)) {
        reader f = der_enter(&p, DER_CONTEXT_CONSTRUCTED(2));
        salt = der_uint(&f, DER_INTEGER, UINT32_MAX);
        if (!rd_done(&f))
            return false;
    }
    /* AMD's roots write the default trailer, against X.690 11.5. */
    if (der_peek(&p) == DER_CONTEXT_CONSTRUCTED(3)) {
        reader f = der_enter(&p, DER_CONTEXT_CONSTRUCTED(3));
        trailer = der_uint(&f, DER_INTEGER, UINT32_MAX);
        if (!rd_done(&f))
            return false;
    }
    if (!rd_done(&p) || !rd_done(r))
        return false;
    if (hash >= 0 && mgf_hash == hash && trailer == 1 &&
        salt == crypto_hash_size(pss_hashes[hash].hash))
        *alg = pss_hashes[hash].alg;
    return true;
}

ratls_code signature_algorithm_read(reader *r, bytes *whole, crypto_sig *alg, const char *what,
                                    ratls_error *e)
{
    size_t at = r->pos;
    reader again = *r;
    *whole = der_element(&again, NULL);
    reader id = der_enter(r, DER_SEQUENCE);
    bytes oid = der_oid(&id);
    *alg = CRYPTO_SIG_NONE;
    if (!rd_ok(&id))
        return refuse(e, RATLS_E_MALFORMED, at,
                      "%s: the signature algorithm is not an AlgorithmIdentifier", what);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!bytes_equal(oid, bytes_of(known[i].oid, known[i].n)))
            continue;
        *alg = known[i].alg;
        bool ok = known[i].parameters == PSS      ? pss_read(&id, alg)
                  : known[i].parameters == ABSENT ? rd_done(&id)
                                                  : null_or_absent(&id);
        if (!ok)
            return refuse(e, RATLS_E_MALFORMED, at,
                          "%s: the signature algorithm has wrong parameters", what);
        if (*alg == CRYPTO_SIG_NONE)
            return refuse(e, RATLS_E_UNSUPPORTED, at,
                          "%s: RSASSA-PSS has other parameters than SHA-256, SHA-384 or SHA-512 "
                          "with MGF1 of the same hash and a salt of its length",
                          what);
        return RATLS_OK;
    }
    char text[80];
    der_oid_text(oid, text, sizeof text);
    return refuse(e, RATLS_E_UNSUPPORTED, at,
                  "%s: signature algorithm %s is not supported; expected ECDSA or RSA with SHA-2, "
                  "or Ed25519",
                  what, text);
}

ratls_code signature_algorithm_again(reader *r, bytes inside, const char *what, ratls_error *e)
{
    size_t at = r->pos;
    bytes outside = der_element(r, NULL);
    if (!rd_ok(r))
        return refuse(e, RATLS_E_MALFORMED, at,
                      "%s: no signature algorithm follows the signed part", what);
    if (!bytes_equal(inside, outside))
        return refuse(e, RATLS_E_MALFORMED, at,
                      "%s: the signature algorithm outside differs from the signed one inside",
                      what);
    return RATLS_OK;
}
