/* How each scheme binds evidence to a TLS key [RATLS; formats of Gramine, RATS-TLS, Open Enclave,
 * SGX SDK]. */
#include "verify/binding.h"

#include "base/base64.h"
#include "base/hex.h"
#include "evidence/claims.h"

enum { REPORT_DATA_SIZE = 64, PEM_KEY_MAX = 4096 };

/* Report data is hash(data), then zeros. */
static bool report_data_is(const intel_quote *q, crypto_hash hash, bytes data)
{
    uint8_t expected[REPORT_DATA_SIZE] = {0};
    return crypto_digest(hash, &data, 1, expected) &&
           bytes_equal_ct(q->report_data, bytes_of(expected, sizeof expected));
}

/* SHA-256; on TDX the SGX SDK writes SHA-384 instead [RATLS quirks]. */
static ratls_code check_report_data(const intel_quote *q, bytes data, bool sha384_too,
                                    const char *what, check_list *checks, const char **hash)
{
    if (report_data_is(q, CRYPTO_SHA256, data))
        *hash = "sha256";
    else if (sha384_too && report_data_is(q, CRYPTO_SHA384, data))
        *hash = "sha384";
    else
        return check_fail(checks, CHECK_BINDING_REPORT_DATA, RATLS_E_BINDING,
                          "binding: the quote's report data %s is not SHA-256%s of %s, and zeros",
                          HEX(q->report_data), sha384_too ? " or SHA-384" : "", what);
    check_passf(checks, CHECK_BINDING_REPORT_DATA, "the quote's report data is %s of %s, and zeros",
                *hash, what);
    return RATLS_OK;
}

ratls_code binding_check_report_data(const intel_quote *q, bytes data, const char *what,
                                     check_list *checks, const char **hash)
{
    return check_report_data(q, data, false, what, checks, hash);
}

/* The public key as PEM text with its terminating NUL, which Open Enclave and the old SGX SDK hash.
 */
static bytes pem_key(const certificate *c, char out[PEM_KEY_MAX])
{
    static const char begin[] = "-----BEGIN PUBLIC KEY-----\n",
                      end[] = "-----END PUBLIC KEY-----\n";
    size_t n = sizeof begin - 1;
    memcpy(out, begin, n);
    size_t body = base64_encode(c->spki, out + n, PEM_KEY_MAX - n - sizeof end);
    if (body == 0)
        return BYTES_NONE;
    memcpy(out + n + body, end, sizeof end);
    return bytes_of(out, n + body + sizeof end);
}

static ratls_code check_claims(const certificate *c, const evidence *ev, const intel_quote *q,
                               check_list *checks, const char **hash)
{
    claims said;
    ratls_error e;
    if (claims_parse(ev->claims, &said, &e) != RATLS_OK)
        return check_fail_error(checks, CHECK_BINDING_KEY, &e);
    uint8_t digest[CRYPTO_HASH_MAX];
    if (!crypto_digest(said.hash_alg, &c->spki, 1, digest))
        return check_fail(checks, CHECK_BINDING_KEY, RATLS_E_SYSTEM, "out of memory");
    bytes found = bytes_of(digest, crypto_hash_size(said.hash_alg));
    if (!bytes_equal_ct(said.pubkey_hash, found))
        return check_fail(checks, CHECK_BINDING_KEY, RATLS_E_BINDING,
                          "binding: pubkey-hash is %s, the %s's key has %s", HEX(said.pubkey_hash),
                          certificate_what(c), HEX(found));
    check_passf(checks, CHECK_BINDING_KEY, "pubkey-hash is that of the %s's key",
                certificate_what(c));
    return check_report_data(q, ev->claims, q->tee_type == TEE_TYPE_TDX, "the claims-buffer",
                             checks, hash);
}

static ratls_code check_pem_key(const certificate *c, const evidence *ev, const intel_quote *q,
                                check_list *checks, const char **hash)
{
    char text[PEM_KEY_MAX];
    bytes pem = pem_key(c, text);
    if (pem.n == 0)
        return check_fail(checks, CHECK_BINDING_KEY, RATLS_E_LIMIT,
                          "binding: the public key is too long");
    if (ev->scheme == SCHEME_OE_EVIDENCE && !bytes_equal_ct(ev->claims, pem))
        return check_fail(checks, CHECK_BINDING_KEY, RATLS_E_BINDING,
                          "binding: the custom claims are not the %s's public key in PEM",
                          certificate_what(c));
    check_passf(checks, CHECK_BINDING_KEY, "the evidence is about the %s's key as PEM",
                certificate_what(c));
    return check_report_data(q, pem,
                             ev->scheme == SCHEME_SGX_SDK_LEGACY && q->tee_type == TEE_TYPE_TDX,
                             "the public key in PEM", checks, hash);
}

ratls_code binding_check(const certificate *c, const evidence *ev, const intel_quote *q,
                         check_list *checks, const char **hash)
{
    *hash = NULL;
    switch (ev->scheme) {
    case SCHEME_INTEROPERABLE:
        return check_claims(c, ev, q, checks, hash);
    case SCHEME_GRAMINE_LEGACY:
    case SCHEME_RATS_TLS_LEGACY:
        check_passf(checks, CHECK_BINDING_KEY, "the evidence is about the %s's key itself",
                    certificate_what(c));
        return check_report_data(q, c->spki, false, "the public key (SubjectPublicKeyInfo)", checks,
                                 hash);
    case SCHEME_SGX_SDK_LEGACY:
    case SCHEME_OE_REPORT:
    case SCHEME_OE_EVIDENCE:
        return check_pem_key(c, ev, q, checks, hash);
    case SCHEME_NONE:
    case SCHEME_OTHER:
        break;
    }
    return check_fail(checks, CHECK_BINDING_KEY, RATLS_E_UNSUPPORTED,
                      "binding: no rule says how \"%s\" speaks for a key",
                      evidence_scheme_name(ev->scheme));
}

/* Padding after the signature data is not evidence. */
static bytes without_trailing(bytes payload, const intel_quote *q)
{
    return bytes_of(payload.p, payload.n - q->trailing.n);
}

ratls_code binding_check_agreement(const certificate *c, const evidence_set *set,
                                   check_list *checks)
{
    intel_quote first, q;
    ratls_error e;
    size_t compared = 0;
    for (size_t i = 1; i < set->n; i++) {
        const evidence *older = &set->all[i];
        const char *name = evidence_scheme_name(older->scheme), *hash;
        if (older->kind != EVIDENCE_INTEL_QUOTE)
            continue;
        if (intel_quote_parse(set->all[0].payload, &first, &e) != RATLS_OK ||
            intel_quote_parse(older->payload, &q, &e) != RATLS_OK) {
            error_prefix(&e, "evidence of the scheme %s beside the judged one", name);
            return check_fail_error(checks, CHECK_EVIDENCE_AGREEMENT, &e);
        }
        compared++;
        if (bytes_equal(without_trailing(set->all[0].payload, &first),
                        without_trailing(older->payload, &q)))
            continue;
        check_list scratch;
        checks_init(&scratch);
        if (binding_check(c, older, &q, &scratch, &hash) != RATLS_OK)
            return check_fail(checks, CHECK_EVIDENCE_AGREEMENT, RATLS_E_BINDING,
                              "evidence: the %s also carries %s evidence, which is for another key",
                              certificate_what(c), name);
    }
    if (compared > 0)
        check_passf(checks, CHECK_EVIDENCE_AGREEMENT,
                    "%zu older evidence beside it speaks for the same key", compared);
    else
        check_skip(checks, CHECK_EVIDENCE_AGREEMENT, "there is one evidence only");
    return RATLS_OK;
}
