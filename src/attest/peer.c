#include "attest/peer.h"

#include <assert.h>

#include "base/base64.h"
#include "evidence/claims.h"
#include "evidence/dice.h"
#include "evidence/oe_evidence.h"

/* Gramine and the SGX SDK read no larger evidence, and mbedTLS no larger certificate message. */
enum { SMALL_QUOTE_MAX = 8192 };

static const peer_rules rules[] = {
    [RATLS_PEER_ANY] = {.name = "any"},
    [RATLS_PEER_GRAMINE] = {.name = "gramine",
                            .no_rsa = true,
                            .alone = true,
                            .no_endorsements = true,
                            .evidence_max = SMALL_QUOTE_MAX},
    [RATLS_PEER_SGX_SDK] = {.name = "sgx-sdk",
                            .no_endorsements = true,
                            .quote_max = SMALL_QUOTE_MAX},
    [RATLS_PEER_RATS_TLS] = {.name = "rats-tls", .self_signed = true},
    [RATLS_PEER_OPEN_ENCLAVE] = {.name = "open-enclave", .no_endorsements = true},
};
enum { PEERS_N = sizeof rules / sizeof *rules };

static const uint8_t oid_evidence[] = {0x67, 0x81, 0x05, 0x05, 0x04, 0x09};
/* Gramine's own encoding of 1.2.840.113741.1337.6, tag and length in the contents. */
static const uint8_t oid_gramine[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                      0xf8, 0x4d, 0x8a, 0x39, 0x06};
/* 1.2.840.113741.1.13.1 */
static const uint8_t oid_sgx_sdk[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};
/* 1.3.6.1.4.1.311.105.2 */
static const uint8_t oid_oe_evidence[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x69, 0x02};

#define OID(a) bytes_of(a, sizeof(a))

const peer_rules *peer_rules_of(ratls_peer peer)
{
    assert((unsigned)peer < PEERS_N);
    return &rules[peer];
}

const char *ratls_peer_name(ratls_peer peer)
{
    return (unsigned)peer < PEERS_N ? rules[peer].name : NULL;
}

bool ratls_peer_from_name(const char *name, ratls_peer *peer)
{
    for (unsigned i = 0; i < PEERS_N; i++)
        if (bytes_is(bytes_text(name), rules[i].name)) {
            *peer = (ratls_peer)i;
            return true;
        }
    return false;
}

static bool is_tdx(const attest_quote *q)
{
    return q->fields.tee_type == TEE_TYPE_TDX;
}

/* The claims-buffer for the key, and a quote over it, both with this hash. */
static ratls_code quote_over_claims(bytes spki, crypto_hash hash, const ratls_source *source,
                                    peer_work *work, bytes *buffer, ratls_error *e)
{
    uint8_t digest[CRYPTO_HASH_MAX];
    if (!crypto_digest(hash, &spki, 1, digest))
        return refuse(e, RATLS_E_SYSTEM, 0, "attester: the crypto library could not hash");
    writer w = wr_of(work->claims, sizeof work->claims);
    claims_write(&w, hash, bytes_of(digest, crypto_hash_size(hash)), BYTES_NONE);
    *buffer = wr_bytes(&w);
    return attest_quote_over(source, hash, *buffer, &work->first, e);
}

static ratls_code check_quote_size(const peer_rules *r, const attest_quote *q, ratls_error *e)
{
    if (r->quote_max != 0 && q->quote.n > r->quote_max)
        return refuse(e, RATLS_E_LIMIT, 0,
                      "attester: a quote of %zu bytes, %s peers read at most %zu", q->quote.n,
                      r->name, r->quote_max);
    return RATLS_OK;
}

static ratls_code add_common(ratls_peer peer, peer_work *work, bytes buffer, issue_extensions *x,
                             ratls_error *e)
{
    const peer_rules *r = peer_rules_of(peer);
    writer w = wr_of(work->evidence, sizeof work->evidence);
    dice_write_evidence(&w, work->first.quote, buffer);
    if (!wr_ok(&w) || (r->evidence_max != 0 && w.n > r->evidence_max))
        return refuse(e, RATLS_E_LIMIT, 0,
                      "attester: evidence of %zu bytes, %s peers read at most %zu", w.n, r->name,
                      r->evidence_max != 0 ? r->evidence_max : sizeof work->evidence);
    /* Not critical: OpenSSL and mbedTLS refuse what they do not know otherwise. */
    issue_add(x, OID(oid_evidence), false, wr_bytes(&w));
    return RATLS_OK;
}

/* The common format, and the older one with a quote over the key itself. */
static ratls_code add_gramine(bytes spki, const ratls_source *source, peer_work *work,
                              issue_extensions *x, ratls_error *e)
{
    bytes buffer;
    ratls_code code = quote_over_claims(spki, CRYPTO_SHA256, source, work, &buffer, e);
    if (code == RATLS_OK && is_tdx(&work->first))
        code = refuse(e, RATLS_E_UNSUPPORTED, 0,
                      "attester: a TDX quote, Gramine peers read those of SGX only");
    if (code == RATLS_OK)
        code = attest_quote_over(source, CRYPTO_SHA256, spki, &work->second, e);
    if (code != RATLS_OK)
        return code;
    issue_add(x, OID(oid_gramine), false, work->second.quote);
    return add_common(RATLS_PEER_GRAMINE, work, buffer, x, e);
}

/* The same quote twice. On TDX this peer binds by SHA-384, which shows only once there is a quote.
 */
static ratls_code add_sgx_sdk(bytes spki, const ratls_source *source, peer_work *work,
                              issue_extensions *x, ratls_error *e)
{
    bytes buffer;
    ratls_code code = quote_over_claims(spki, CRYPTO_SHA256, source, work, &buffer, e);
    if (code == RATLS_OK && is_tdx(&work->first))
        code = quote_over_claims(spki, CRYPTO_SHA384, source, work, &buffer, e);
    if (code == RATLS_OK)
        code = check_quote_size(peer_rules_of(RATLS_PEER_SGX_SDK), &work->first, e);
    if (code != RATLS_OK)
        return code;
    issue_add(x, OID(oid_sgx_sdk), false, work->first.quote);
    return add_common(RATLS_PEER_SGX_SDK, work, buffer, x, e);
}

/* The public key as PEM text with its terminating NUL, which is what this peer hashes. */
static bytes put_pem_key(bytes spki, uint8_t *out, size_t cap)
{
    static const char begin[] = "-----BEGIN PUBLIC KEY-----\n",
                      end[] = "-----END PUBLIC KEY-----\n";
    char body[1024];
    size_t n = base64_encode(spki, body, sizeof body);
    writer w = wr_of(out, cap);
    wr_put(&w, bytes_text(begin));
    wr_put(&w, bytes_of(body, n));
    wr_put(&w, bytes_of(end, sizeof end));
    return n == 0 ? BYTES_NONE : wr_bytes(&w);
}

static ratls_code add_open_enclave(bytes spki, const ratls_source *source, peer_work *work,
                                   issue_extensions *x, ratls_error *e)
{
    bytes pem = put_pem_key(spki, work->claims, sizeof work->claims);
    if (pem.n == 0)
        return refuse(e, RATLS_E_LIMIT, 0, "attester: a public key of %zu bytes is too long",
                      spki.n);
    ratls_code code = attest_quote_over(source, CRYPTO_SHA256, pem, &work->first, e);
    if (code != RATLS_OK)
        return code;
    bool tdx = is_tdx(&work->first);
    unsigned version = work->first.fields.version, expected = tdx ? 4 : 3;
    if (version != expected)
        return refuse(e, RATLS_E_UNSUPPORTED, 0,
                      "attester: a %s quote of version %u, Open Enclave peers read version %u",
                      tdx ? "TDX" : "SGX", version, expected);
    writer w = wr_of(work->evidence, sizeof work->evidence);
    oe_evidence_write(&w, tdx, work->first.quote, pem);
    if (!wr_ok(&w))
        return refuse(e, RATLS_E_LIMIT, 0, "attester: evidence of %zu bytes, at most %zu fit", w.n,
                      sizeof work->evidence);
    issue_add(x, OID(oid_oe_evidence), false, wr_bytes(&w));
    return RATLS_OK;
}

ratls_code peer_add_evidence(ratls_peer peer, bytes spki, const ratls_source *source,
                             peer_work *work, issue_extensions *x, ratls_error *e)
{
    if (peer == RATLS_PEER_GRAMINE)
        return add_gramine(spki, source, work, x, e);
    if (peer == RATLS_PEER_SGX_SDK)
        return add_sgx_sdk(spki, source, work, x, e);
    if (peer == RATLS_PEER_OPEN_ENCLAVE)
        return add_open_enclave(spki, source, work, x, e);
    bytes buffer;
    ratls_code code = quote_over_claims(spki, CRYPTO_SHA256, source, work, &buffer, e);
    return code == RATLS_OK ? add_common(peer, work, buffer, x, e) : code;
}
