/*
 * The requirements on attesters of the common format [RATLS], each judged on a certificate that was
 * shown in a handshake.
 */
#include "conform_attester.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "appraise/result.h"
#include "base/time.h"
#include "codec/cbor.h"
#include "codec/der.h"
#include "conform/requirement.h"

enum { GRAMINE_EVIDENCE_MAX = 8192, GRAMINE_CERTIFICATE_MAX = 16384, RSA_BITS_MIN = 3072 };

/* 2.23.133.5.4.9 and .2 [RATLS certificate format] */
static const uint8_t oid_evidence[] = {0x67, 0x81, 0x05, 0x05, 0x04, 0x09};
static const uint8_t oid_endorsements[] = {0x67, 0x81, 0x05, 0x05, 0x04, 0x02};

#define pass(to, ...) report_decide(to, OUTCOME_PASS, __VA_ARGS__)
#define warn(to, ...) report_decide(to, OUTCOME_WARN, __VA_ARGS__)
#define fail(to, ...) report_decide(to, OUTCOME_FAIL, __VA_ARGS__)
#define skip(to, ...) report_decide(to, OUTCOME_SKIP, __VA_ARGS__)

void attester_look(const probe *shakes, attester_view *v)
{
    *v = (attester_view){.shakes = shakes};
    for (int i = SHAKES; i-- > 0;)
        if (shakes[i].leaf != NULL)
            v->shown = &shakes[i];
    if (v->shown == NULL)
        return;
    bytes der = bytes_of(v->shown->leaf, v->shown->leaf_n);
    certificate *c = &v->certificate;
    v->is_certificate = certificate_parse(der, c, &v->certificate_error) == RATLS_OK;
    if (!v->is_certificate)
        return;
    if (evidence_find(c, &v->set, &v->evidence_error) != RATLS_OK)
        v->set.n = 0;
    v->extension = certificate_extension(c, bytes_of(oid_evidence, sizeof oid_evidence));
    v->endorsements_extension =
        certificate_extension(c, bytes_of(oid_endorsements, sizeof oid_endorsements));
    if (v->extension == NULL)
        return;
    v->is_evidence =
        evidence_parse(v->extension->value, &v->evidence, &v->evidence_error) == RATLS_OK;
    if (!v->is_evidence)
        return;
    v->is_claims = claims_parse(v->evidence.claims, &v->claims, &v->claims_error) == RATLS_OK;
    v->is_quote = v->evidence.kind == EVIDENCE_INTEL_QUOTE &&
                  intel_quote_parse(v->evidence.payload, &v->quote, &v->quote_error) == RATLS_OK;
    if (v->endorsements_extension == NULL)
        return;
    v->has_endorsements = true;
    v->is_endorsements = endorsements_parse(v->endorsements_extension->value, &v->endorsements,
                                            &v->endorsements_error) == RATLS_OK;
}

/* What a requirement can't be judged without. Each says so itself and is then false. */

static bool has_certificate(const attester_view *v, report_item *to)
{
    if (v->shown == NULL)
        skip(to, "no certificate was shown");
    else if (!v->is_certificate)
        skip(to, "the certificate can't be read");
    return v->is_certificate;
}

static bool has_extension(const attester_view *v, report_item *to)
{
    if (!has_certificate(v, to))
        return false;
    if (v->extension == NULL)
        skip(to, "there is no evidence of the common format");
    return v->extension != NULL;
}

static bool has_evidence(const attester_view *v, report_item *to)
{
    if (!has_extension(v, to))
        return false;
    if (!v->is_evidence)
        skip(to, "the evidence can't be read");
    return v->is_evidence;
}

static bool has_quote(const attester_view *v, report_item *to)
{
    if (!has_evidence(v, to))
        return false;
    if (!v->is_quote)
        skip(to, "the quote can't be read");
    return v->is_quote;
}

/* The certificate. */

static void judge_certificate(const attester_view *v, report_item *to)
{
    if (v->shown == NULL)
        fail(to, "no certificate was shown: %s", v->shakes[SHAKE_TLS13].why);
    else if (!v->is_certificate)
        fail(to, "%s", v->certificate_error.text);
    else if (v->certificate.version != 3)
        fail(to, "it has version %u, expected 3", v->certificate.version);
    else
        pass(to, "version 3, %zu extensions, %zu bytes", v->certificate.extensions_n,
             v->shown->leaf_n);
}

static void judge_serial(const attester_view *v, report_item *to)
{
    if (!has_certificate(v, to))
        return;
    if (certificate_serial_ok(&v->certificate))
        pass(to, "positive, of %zu bytes", serial_size(v->certificate.serial));
    else
        fail(to, "the serial number is zero, negative or longer than 20 bytes");
}

static void judge_validity(const attester_view *v, report_item *to)
{
    if (!has_certificate(v, to))
        return;
    const certificate *c = &v->certificate;
    if (c->not_before > v->when.time + (int64_t)v->when.skew_seconds)
        fail(to, "not valid before %s", ISO(c->not_before));
    else if (c->not_after < v->when.time)
        fail(to, "not valid after %s", ISO(c->not_after));
    else
        pass(to, "from %s to %s", ISO(c->not_before), ISO(c->not_after));
}

static const ratls_check *check_of(const attester_view *v, check_id id)
{
    size_t n;
    return &ratls_result_checks(v->result, &n)[id];
}

/* As the verifier found it. */
static void judge_check(const attester_view *v, check_id id, const char *otherwise, report_item *to)
{
    const ratls_check *c = v->result != NULL ? check_of(v, id) : NULL;
    if (c == NULL || c->verdict == RATLS_NOT_RUN)
        skip(to, "%s", otherwise);
    else if (c->verdict == RATLS_FAILED)
        fail(to, "%s", c->text);
    else
        pass(to, "%s", c->text);
}

/* Also where the verifier ended before it came to the signature. */
static void judge_signature(const attester_view *v, report_item *to)
{
    if (!has_certificate(v, to))
        return;
    const certificate *c = &v->certificate;
    if (!bytes_equal(c->issuer, c->subject)) {
        judge_check(v, CHECK_CERTIFICATE_SIGNATURE, "it is signed by a CA: give that with --ca",
                    to);
        return;
    }
    crypto_key *key = crypto_key_from_spki(c->spki);
    if (key != NULL && crypto_verify(key, c->signature_algorithm, c->tbs, c->signature))
        pass(to, "it is signed with its own key");
    else
        fail(to, "it names itself as its issuer, but is not signed with its own key");
    crypto_key_free(key);
}

static void judge_key(const attester_view *v, report_item *to)
{
    static const char *const kinds[] = {"P-256", "P-384", "P-521", "RSA", "Ed25519"};
    if (!has_certificate(v, to))
        return;
    const certificate *c = &v->certificate;
    crypto_key *key = crypto_key_from_spki(c->spki);
    if (key == NULL)
        fail(to, "the public key is no valid one");
    else if (c->kind == KEY_P256 || c->kind == KEY_P384)
        pass(to, "%s", kinds[c->kind]);
    else if (c->kind == KEY_RSA && c->key_bits < RSA_BITS_MIN)
        fail(to, "RSA of %u bits, expected %d at least", c->key_bits, RSA_BITS_MIN);
    else
        warn(to, "%s of %u bits; Gramine's verifier takes P-256 and P-384 only", kinds[c->kind],
             c->key_bits);
    crypto_key_free(key);
}

/* Evidence. */

static void judge_extension(const attester_view *v, report_item *to)
{
    if (!has_certificate(v, to))
        return;
    if (v->extension != NULL)
        pass(to, "2.23.133.5.4.9, %zu bytes", v->extension->value.n);
    else if (v->set.n > 0)
        fail(to, "it is absent; the certificate has evidence of the scheme %s only",
             evidence_scheme_name(v->set.all[0].scheme));
    else
        fail(to, "%s", v->evidence_error.text);
}

static void judge_critical(const attester_view *v, report_item *to)
{
    if (!has_extension(v, to))
        return;
    if (v->extension->critical)
        fail(to, "it is critical, so TLS stacks that do not know it refuse the certificate");
    else
        pass(to, "it is not critical");
}

static void judge_encoding(const attester_view *v, report_item *to)
{
    if (!has_extension(v, to))
        return;
    reader r = rd_of(v->extension->value);
    if (rd_peek(&r) == DER_OCTET_STRING)
        fail(to, "the value is an OCTET STRING around the CBOR, expected the CBOR itself");
    else if (!v->is_evidence)
        fail(to, "%s", v->evidence_error.text);
    else if (v->evidence.tag < 60000 || v->evidence.tag > 60002)
        fail(to, "its tag is %" PRIu64 ", expected 60000, 60001 or 60002", v->evidence.tag);
    else
        pass(to, "tag %" PRIu64 " with a %s of %zu bytes and a claims-buffer of %zu",
             v->evidence.tag, v->is_quote ? "quote" : "report", v->evidence.payload.n,
             v->evidence.claims.n);
}

static void judge_claims(const attester_view *v, report_item *to)
{
    if (!has_evidence(v, to))
        return;
    if (!v->is_claims)
        fail(to, "%s", v->claims_error.text);
    else
        pass(to, "pubkey-hash%s and %zu more", v->claims.has_nonce ? ", nonce" : "",
             v->claims.other_n);
}

/* The algorithm's number in one byte, as others read it; our own reader takes any width. */
static bool short_algorithm(bytes buffer)
{
    reader r = rd_of(buffer);
    size_t n = cbor_map(&r, 1, CLAIMS_MAX);
    for (size_t i = 0; i < n; i++) {
        bytes name = cbor_text(&r);
        reader entry = rd_of(cbor_bytes(&r));
        if (!bytes_is(name, "pubkey-hash"))
            continue;
        (void)cbor_array(&entry, 2, 2);
        (void)cbor_uint(&entry, CBOR_SHORTEST);
        return rd_ok(&entry);
    }
    return false;
}

static void judge_key_hash(const attester_view *v, report_item *to)
{
    static const char *const hashes[] = {"SHA-256", "SHA-384", "SHA-512"};
    uint8_t digest[CRYPTO_HASH_MAX];
    if (!has_evidence(v, to))
        return;
    if (!v->is_claims)
        skip(to, "the claims-buffer can't be read");
    else if (!crypto_digest(v->claims.hash_alg, &v->certificate.spki, 1, digest))
        skip(to, "out of memory");
    else if (!bytes_equal_ct(v->claims.pubkey_hash,
                             bytes_of(digest, crypto_hash_size(v->claims.hash_alg))))
        fail(to, "pubkey-hash is not the %s of the certificate's SubjectPublicKeyInfo",
             hashes[v->claims.hash_alg]);
    else if (!short_algorithm(v->evidence.claims))
        fail(to, "the hash algorithm's number is not in its shortest form");
    else
        pass(to, "%s of the certificate's SubjectPublicKeyInfo", hashes[v->claims.hash_alg]);
}

static bool report_data_is(const attester_view *v, crypto_hash hash)
{
    uint8_t expected[64] = {0};
    return crypto_digest(hash, &v->evidence.claims, 1, expected) &&
           bytes_equal_ct(v->quote.report_data, bytes_of(expected, sizeof expected));
}

static void judge_report_data(const attester_view *v, report_item *to)
{
    if (!has_quote(v, to))
        return;
    if (report_data_is(v, CRYPTO_SHA256))
        pass(to, "SHA-256 of the claims-buffer, then 32 zeros");
    else if (report_data_is(v, CRYPTO_SHA384))
        fail(to, "SHA-384 of the claims-buffer, as Intel's SGX SDK has it on TDX, expected SHA-256 "
                 "and 32 zeros");
    else
        fail(to, "it is not SHA-256 of the claims-buffer, then 32 zeros");
}

static void judge_quote(const attester_view *v, report_item *to)
{
    if (!has_evidence(v, to))
        return;
    if (v->evidence.kind != EVIDENCE_INTEL_QUOTE)
        skip(to, "it is no quote but a %s, for verifiers on the same platform", v->evidence.what);
    else if (!v->is_quote)
        fail(to, "%s", v->quote_error.text);
    else
        pass(to, "%s, version %u", v->quote.tee_type == TEE_TYPE_TDX ? "TDX" : "SGX",
             v->quote.version);
}

/* Is the first failure one of the evidence itself, or is collateral lacking or old? */
static void judge_genuine(const attester_view *v, report_item *to)
{
    if (!has_quote(v, to))
        return;
    const ratls_check *failure = v->result != NULL ? ratls_result_failure(v->result) : NULL;
    if (v->result == NULL)
        skip(to, "nothing was verified");
    else if (ratls_result_evidence_valid(v->result))
        pass(to, "signatures and certificates are good up to the %s; TCB status %s",
             ratls_result_facts(v->result)->other_root ? "root that was given"
                                                       : "Intel SGX Root CA",
             ratls_tcb_status_name(ratls_result_facts(v->result)->tcb_status));
    else if (failure == NULL || failure == check_of(v, CHECK_COLLATERAL_PRESENT))
        skip(to, "no collateral: give --collateral, --store or --pccs");
    else if (failure < check_of(v, CHECK_PCK_FORMAT))
        skip(to, "not reached: %s", failure->text);
    else
        fail(to, "%s", failure->text);
}

static void judge_policy(const attester_view *v, report_item *to)
{
    if (!has_certificate(v, to))
        return;
    const ratls_check *failure = v->result != NULL ? ratls_result_failure(v->result) : NULL;
    if (v->result != NULL && ratls_result_accepted(v->result))
        pass(to, "the policy that was given accepts it");
    else if (failure == NULL)
        skip(to, "nothing was verified");
    else if (failure < check_of(v, CHECK_POLICY_PRESENT))
        skip(to, "not reached: %s", failure->text);
    else
        fail(to, "%s", failure->text);
}

static void judge_agreement(const attester_view *v, report_item *to)
{
    if (!has_extension(v, to))
        return;
    if (v->set.n == 0)
        fail(to, "%s", v->evidence_error.text);
    else if (v->set.n == 1)
        pass(to, "the certificate carries no other evidence");
    else
        judge_check(v, CHECK_EVIDENCE_AGREEMENT, "not reached: an earlier check failed", to);
}

static void judge_endorsements(const attester_view *v, report_item *to)
{
    if (!has_evidence(v, to))
        return;
    if (!v->has_endorsements)
        pass(to, "there are none, as is allowed");
    else if (v->endorsements_extension->critical)
        fail(to, "their extension is critical");
    else if (!v->is_endorsements)
        fail(to, "%s", v->endorsements_error.text);
    else if (v->endorsements.tag != v->evidence.tag)
        fail(to, "their tag is %" PRIu64 ", the evidence's %" PRIu64 "", v->endorsements.tag,
             v->evidence.tag);
    else
        pass(to, "%zu bytes, with the tag of the evidence", v->endorsements_extension->value.n);
}

static void judge_size(const attester_view *v, report_item *to)
{
    if (!has_extension(v, to))
        return;
    if (v->extension->value.n > GRAMINE_EVIDENCE_MAX)
        warn(to, "the evidence has %zu bytes; Gramine's verifier reads %d at most",
             v->extension->value.n, GRAMINE_EVIDENCE_MAX);
    else if (v->shown->leaf_n > GRAMINE_CERTIFICATE_MAX)
        warn(to, "the certificate has %zu bytes; Gramine's TLS reads %d at most", v->shown->leaf_n,
             GRAMINE_CERTIFICATE_MAX);
    else if (v->shown->chain_n > 1)
        warn(to, "%zu certificates were sent; Gramine's verifier takes a single one",
             v->shown->chain_n);
    else
        pass(to, "evidence of %zu bytes in a certificate of %zu", v->extension->value.n,
             v->shown->leaf_n);
}

/* TLS. */

static void judge_shake(const attester_view *v, handshake which, report_item *to)
{
    const probe *p = &v->shakes[which];
    if (p->done)
        pass(to, "%s; the server holds the certificate's key", p->protocol);
    else if (p->wants_client && !v->shows_client)
        skip(to, "the server demands a certificate: give --source, or --cert and --key (%s)",
             p->why);
    else
        fail(to, "%s", p->why);
}

static void judge_tls13(const attester_view *v, report_item *to)
{
    judge_shake(v, SHAKE_TLS13, to);
}

static void judge_tls12(const attester_view *v, report_item *to)
{
    judge_shake(v, SHAKE_TLS12, to);
}

static bytes leaf(const probe *p)
{
    return bytes_of(p->leaf, p->leaf_n);
}

static void judge_same(const attester_view *v, report_item *to)
{
    const probe *a = &v->shakes[SHAKE_TLS13], *b = &v->shakes[SHAKE_TLS12];
    if (a->leaf == NULL || b->leaf == NULL)
        skip(to, "a certificate was not shown in both");
    else if (bytes_equal(leaf(a), leaf(b)))
        pass(to, "the same certificate in both");
    else
        warn(to, "not the same certificate; the one shown in TLS 1.3 is judged here");
}

/* Does it carry evidence of any scheme that can be judged? */
static bool attests(const probe *p)
{
    certificate c;
    evidence_set set;
    ratls_error e;
    return certificate_parse(leaf(p), &c, &e) == RATLS_OK &&
           evidence_find(&c, &set, &e) == RATLS_OK && set.all[0].kind == EVIDENCE_INTEL_QUOTE;
}

static void judge_fallback(const attester_view *v, report_item *to)
{
    static const char *const names[SHAKES] = {"TLS 1.3", "TLS 1.2", "for another name",
                                              "to a client that takes RSA only"};
    size_t shown = 0;
    for (size_t i = 0; i < SHAKES; i++) {
        const probe *p = &v->shakes[i];
        shown += p->leaf != NULL ? 1 : 0;
        if (p->leaf != NULL && !attests(p)) {
            fail(to, "the certificate shown %s%s carries no evidence that can be judged",
                 i <= SHAKE_TLS12 ? "in " : "", names[i]);
            return;
        }
    }
    if (shown == 0)
        skip(to, "no certificate was shown");
    else
        pass(to, "evidence in each of %zu certificates that were shown", shown);
}

static const struct {
    const char *id;
    void (*judge)(const attester_view *v, report_item *to);
} rules[] = {
    {"ATT-01", judge_certificate}, {"ATT-02", judge_serial},      {"ATT-03", judge_validity},
    {"ATT-04", judge_signature},   {"ATT-05", judge_key},         {"ATT-06", judge_extension},
    {"ATT-07", judge_critical},    {"ATT-08", judge_encoding},    {"ATT-09", judge_claims},
    {"ATT-10", judge_key_hash},    {"ATT-11", judge_report_data}, {"ATT-12", judge_quote},
    {"ATT-13", judge_genuine},     {"ATT-14", judge_agreement},   {"ATT-15", judge_endorsements},
    {"ATT-16", judge_size},        {"ATT-17", judge_tls13},       {"ATT-18", judge_tls12},
    {"ATT-19", judge_same},        {"ATT-20", judge_fallback},    {"ATT-21", judge_policy},
};
static const char policy_rule[] = "ATT-21";

size_t attester_judge(const attester_view *v, report_item *items)
{
    size_t n = 0;
    for (size_t i = 0; i < requirements_n; i++) {
        const requirement *q = &requirements[i];
        size_t k = 0;
        while (k < sizeof rules / sizeof *rules && !bytes_is(bytes_text(q->id), rules[k].id))
            k++;
        if (!bytes_is(bytes_text(q->role), "attester") ||
            (!v->has_policy && bytes_is(bytes_text(q->id), policy_rule)))
            continue;
        /* Each requirement on attesters has its rule here. */
        assert(k < sizeof rules / sizeof *rules);
        items[n] = (report_item){.id = q->id, .text = q->text, .clause = q->clause};
        rules[k].judge(v, &items[n++]);
    }
    return n;
}
