#include "attest/peer.h"

#include <assert.h>

#include "base/base64.h"
#include "evidence/claims.h"
#include "evidence/dice.h"
#include "evidence/oe_evidence.h"

/* Gramine and the SGX SDK read no larger evidence, and mbedTLS no larger certificate message. */
enum { SMALL_QUOTE_MAX = 8192 };

static const peer_rules rules[] = {
    [RATLS_PEER_ANY] = {.name = "any", .key_type = CRYPTO_P256},
    /* Gramine 1.4 to 1.7 knows P-384 only, later versions P-256 too. */
    [RATLS_PEER_GRAMINE] = {.name = "gramine",
                            .no_rsa = true,
                            .key_type = CRYPTO_P384,
                            .alone = true,
                            .no_endorsements = true,
                            .evidence_max = SMALL_QUOTE_MAX},
    [RATLS_PEER_SGX_SDK] = {.name = "sgx-sdk",
                            .key_type = CRYPTO_P256,
                            .no_endorsements = true,
                            .quote_max = SMALL_QUOTE_MAX},
    [RATLS_PEER_RATS_TLS] = {.name = "rats-tls", .key_type = CRYPTO_P256, .self_signed = true},
    [RATLS_PEER_OPEN_ENCLAVE] = {.name = "open-enclave",
                                 .key_type = CRYPTO_P256,
                                 .no_endorsements = true},
};
enum { PEERS_N = sizeof rules / sizeof *rules };

static const uint8_t oid_evidence[] = {0x67, 0x81, 0x05, 0x05, 0x04, 0x09};
/* 1.2.840.113741.1337.6. Gramine writes tag and length into the contents of its OID. It finds the
 * extension by searching for those bytes, which a well-formed OID has too; RATS-TLS of 2022 reads
 * only that. */
static const uint8_t oid_gramine[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x8a, 0x39, 0x06};
/* 1.2.840.113741.1.13.1 */
static const uint8_t oid_sgx_sdk[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};
/* 1.3.6.1.4.1.311.105.1 */
static const uint8_t oid_oe_report[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x69, 0x01};

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
    claims_write(&w, hash, bytes_of(digest, crypto_hash_size(hash)), work->nonce, NULL, 0);
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

/* A quote over the public key as PEM text with its terminating NUL. */
static ratls_code quote_over_pem(bytes spki, const ratls_source *source, peer_work *work,
                                 attest_quote *out, ratls_error *e)
{
    static const char begin[] = "-----BEGIN PUBLIC KEY-----\n",
                      end[] = "-----END PUBLIC KEY-----\n";
    char body[1024];
    size_t n = base64_encode(spki, body, sizeof body);
    writer w = wr_of(work->claims, sizeof work->claims);
    wr_put(&w, bytes_text(begin));
    wr_put(&w, bytes_of(body, n));
    wr_put(&w, bytes_of(end, sizeof end));
    if (n == 0 || !wr_ok(&w))
        return refuse(e, RATLS_E_LIMIT, 0, "attester: a public key of %zu bytes is too long",
                      spki.n);
    return attest_quote_over(source, CRYPTO_SHA256, wr_bytes(&w), out, e);
}

/*
 * The older extension, and then the common format, each with a quote of its own: versions before
 * 2.22 read the older one, and want it to be over the key. The common one is bound by SHA-384 on
 * TDX; the first quote tells the TEE.
 */
static ratls_code add_sgx_sdk(bytes spki, const ratls_source *source, peer_work *work,
                              issue_extensions *x, ratls_error *e)
{
    const peer_rules *r = peer_rules_of(RATLS_PEER_SGX_SDK);
    bytes buffer;
    ratls_code code = quote_over_pem(spki, source, work, &work->second, e);
    if (code == RATLS_OK)
        code = check_quote_size(r, &work->second, e);
    if (code == RATLS_OK)
        code = quote_over_claims(spki, is_tdx(&work->second) ? CRYPTO_SHA384 : CRYPTO_SHA256,
                                 source, work, &buffer, e);
    if (code == RATLS_OK)
        code = check_quote_size(r, &work->first, e);
    if (code != RATLS_OK)
        return code;
    issue_add(x, OID(oid_sgx_sdk), false, work->second.quote);
    return add_common(RATLS_PEER_SGX_SDK, work, buffer, x, e);
}

/* Its report form, which old and new versions read; there is no form for TDX in certificates. */
static ratls_code add_open_enclave(bytes spki, const ratls_source *source, peer_work *work,
                                   issue_extensions *x, ratls_error *e)
{
    enum { QUOTE_VERSION = 3 };
    ratls_code code = quote_over_pem(spki, source, work, &work->first, e);
    if (code != RATLS_OK)
        return code;
    if (is_tdx(&work->first))
        return refuse(e, RATLS_E_UNSUPPORTED, 0,
                      "attester: a TDX quote; Open Enclave peers take certificates with evidence "
                      "of SGX only: their functions for certificates know no way to bind a key to "
                      "TDX evidence");
    if (work->first.fields.version != QUOTE_VERSION)
        return refuse(e, RATLS_E_UNSUPPORTED, 0,
                      "attester: an SGX quote of version %u, Open Enclave peers read version 3",
                      work->first.fields.version);
    writer w = wr_of(work->evidence, sizeof work->evidence);
    oe_report_write(&w, work->first.quote);
    if (!wr_ok(&w))
        return refuse(e, RATLS_E_LIMIT, 0, "attester: evidence of %zu bytes, at most %zu fit", w.n,
                      sizeof work->evidence);
    issue_add(x, OID(oid_oe_report), false, wr_bytes(&w));
    return RATLS_OK;
}

ratls_code peer_add_evidence(ratls_peer peer, bytes spki, const ratls_source *source,
                             peer_work *work, issue_extensions *x, ratls_error *e)
{
    if (peer == RATLS_PEER_GRAMINE)
        return add_gramine(spki, source, work, x, e);
    if (peer == RATLS_PEER_SGX_SDK)
        return add_sgx_sdk(spki, source, work, x, e);
    if (peer == RATLS_PEER_OPEN_ENCLAVE && work->nonce.n > 0)
        return refuse(e, RATLS_E_UNSUPPORTED, 0,
                      "attester: a nonce was given, which evidence for %s peers has no place for",
                      peer_rules_of(peer)->name);
    if (peer == RATLS_PEER_OPEN_ENCLAVE)
        return add_open_enclave(spki, source, work, x, e);
    bytes buffer;
    ratls_code code = quote_over_claims(spki, CRYPTO_SHA256, source, work, &buffer, e);
    return code == RATLS_OK ? add_common(peer, work, buffer, x, e) : code;
}
