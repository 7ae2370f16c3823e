/* One credential, from key to whole certificate or request. */
#include "attest/attester.h"

#include <stdlib.h>

#include "attest/credential.h"
#include "attest/expiry.h"
#include "attest/staple.h"
#include "base/time.h"
#include "issue/certificate.h"
#include "issue/csr.h"
#include "ratls/verify.h"
#include "verify/binding.h"

enum { BACKDATED = 300 }; /* seconds: peers' clocks run behind */

/* The last second of the year 9999, less the longest life. */
#define TIME_LAST (INT64_C(253402300799) - UINT32_MAX)

static const uint8_t oid_endorsements[] = {0x67, 0x81, 0x05, 0x05, 0x04, 0x02};

struct attester_work {
    peer_work peer;
    staple staple;
    uint8_t values[1024]; /* of the small extensions */
    uint8_t spki[CRYPTO_SIGNATURE_MAX + 256];
    uint8_t pem[4096]; /* of the private key; wiped */
    uint8_t der[CERTIFICATE_MAX];
    issue_extensions extensions;
};

attester_work *attester_work_new(void)
{
    return malloc(sizeof(attester_work));
}

static bool self_signed(const ratls_attester *a)
{
    return a->ca_der == NULL;
}

/* All but the evidence. A request leaves the issuer's own extensions to the CA. */
static ratls_code add_ordinary(const ratls_attester *a, bytes spki, make_kind kind,
                               attester_work *w, ratls_error *e)
{
    uint8_t id[ISSUE_KEY_ID_SIZE];
    issue_extensions *x = &w->extensions;
    if (!issue_key_id(spki, id))
        return refuse(e, RATLS_E_SYSTEM, 0, "attester: the crypto library could not hash");
    bytes own = bytes_of(id, sizeof id);
    issue_add_basic_constraints(x, false, -1);
    issue_add_key_usage(x, KEY_USAGE_DIGITAL_SIGNATURE);
    issue_add_subject_key_id(x, own);
    bytes issuer = self_signed(a) ? own : a->ca.subject_key_id;
    if (kind == MAKE_CERTIFICATE && issuer.n > 0)
        issue_add_authority_key_id(x, issuer);
    if (a->alt_names.n > 0)
        issue_add(x, a->alt_names.all[0].oid, false, a->alt_names.all[0].value);
    return RATLS_OK;
}

static ratls_code get_collateral(const ratls_attester *a, attester_work *w, int64_t now, size_t *n,
                                 ratls_error *e)
{
    staple *s = &w->staple;
    *n = 0;
    if (a->collateral != NULL)
        return a->collateral(a->collateral_state, w->peer.first.quote, now, s->json, sizeof s->json,
                             n, e);
    return a->source.collateral(a->source.state, s->json, sizeof s->json, n, e);
}

static ratls_code add_staple(const ratls_attester *a, attester_work *w, int64_t now, expiry *until,
                             ratls_error *e)
{
    size_t n;
    if (!a->staple)
        return RATLS_OK;
    ratls_code code = get_collateral(a, w, now, &n, e);
    if (code == RATLS_OK)
        code = staple_read(a->source.name, n, &w->staple, e);
    if (code == RATLS_OK)
        code = expiry_add_collateral(until, &w->staple.collateral, e);
    if (code != RATLS_OK) {
        error_prefix(e, "attester: collateral");
        return code;
    }
    issue_add(&w->extensions, bytes_of(oid_endorsements, sizeof oid_endorsements), false,
              w->staple.value);
    return RATLS_OK;
}

/*
 * What was made, read as a peer would: a certificate whose evidence does not speak for its key
 * never gets into service.
 */
static ratls_code check_made(bytes der, ratls_error *e)
{
    certificate c;
    evidence_set set;
    intel_quote q;
    check_list checks;
    const char *hash;
    checks_init(&checks);
    ratls_code code = certificate_parse(der, &c, e);
    if (code == RATLS_OK)
        code = evidence_find(&c, &set, e);
    if (code == RATLS_OK)
        code = intel_quote_parse(set.all[0].payload, &q, e);
    if (code != RATLS_OK)
        return code;
    code = binding_check(&c, &set.all[0], &q, &checks, &hash);
    if (code == RATLS_OK)
        code = binding_check_agreement(&c, &set, &checks);
    if (code != RATLS_OK)
        return refuse(e, code, 0, "%s", checks_failure(&checks)->text);
    return RATLS_OK;
}

static ratls_code make_certificate(const ratls_attester *a, const crypto_private *key, bytes spki,
                                   attester_work *w, credential_parts *out, ratls_error *e)
{
    uint8_t serial[ISSUE_SERIAL_SIZE];
    if (!issue_serial(serial))
        return refuse(e, RATLS_E_SYSTEM, 0, "attester: no random numbers");
    bytes subject = bytes_of(a->subject, a->subject_n);
    const issue_spec spec = {
        .serial = bytes_of(serial, sizeof serial),
        .issuer = self_signed(a) ? subject : a->ca.subject,
        .subject = subject,
        .not_before = out->not_before,
        .not_after = out->not_after,
        .spki = spki,
        .extensions = &w->extensions,
    };
    writer der = wr_of(w->der, sizeof w->der);
    ratls_code code = issue_certificate(&spec, self_signed(a) ? key : a->ca_key, &der, e);
    if (code == RATLS_OK)
        code = check_made(wr_bytes(&der), e);
    if (code != RATLS_OK)
        return code;
    out->chain[0] = wr_bytes(&der);
    if (!self_signed(a) && !peer_rules_of(a->peer)->alone)
        out->chain[1] = a->ca.der;
    return RATLS_OK;
}

static ratls_code make_request(const ratls_attester *a, const crypto_private *key, attester_work *w,
                               credential_parts *out, ratls_error *e)
{
    writer der = wr_of(w->der, sizeof w->der);
    ratls_code code = issue_csr(bytes_of(a->subject, a->subject_n), &w->extensions, key, &der, e);
    out->request = wr_bytes(&der);
    return code;
}

static ratls_code set_validity(const ratls_attester *a, const expiry *until, int64_t now,
                               credential_parts *out, ratls_error *e)
{
    out->not_before = now - BACKDATED;
    out->not_after = now + a->valid_seconds;
    if (until->what == NULL || out->not_after <= until->at)
        return RATLS_OK;
    out->not_after = until->at;
    if (out->not_after <= now)
        return refuse(e, RATLS_E_STALE, 0,
                      "attester: %s ended at %s, and a certificate cannot outlive it; now it is %s",
                      until->what, ISO(until->at), ISO(now));
    return RATLS_OK;
}

static ratls_code make_with(ratls_attester *a, const crypto_private *key, make_kind kind,
                            int64_t now, ratls_credential **out, ratls_error *e)
{
    attester_work *w = a->work;
    expiry until = {0, NULL};
    credential_parts parts = {.not_before = 0};
    writer spki = wr_of(w->spki, sizeof w->spki), pem = wr_of(w->pem, sizeof w->pem);
    w->extensions = issue_extensions_of(w->values, sizeof w->values);
    if (!crypto_private_spki(key, &spki) || !crypto_private_pem(key, &pem))
        return refuse(e, RATLS_E_SYSTEM, 0, "attester: the crypto library could not write the key");
    ratls_code code = add_ordinary(a, wr_bytes(&spki), kind, w, e);
    if (code == RATLS_OK)
        code = peer_add_evidence(a->peer, wr_bytes(&spki), &a->source, &w->peer, &w->extensions, e);
    if (code == RATLS_OK) {
        (void)attester_saw_quote(a, &w->peer.first.fields);
        code = add_staple(a, w, now, &until, e);
    }
    if (code == RATLS_OK && kind == MAKE_CERTIFICATE)
        code = expiry_add_quote(&until, &w->peer.first.fields, e);
    if (code != RATLS_OK)
        return code;
    if (kind == MAKE_CERTIFICATE) {
        if (a->not_after_limit != 0)
            expiry_add(&until, a->not_after_limit, "the limit that was given");
        if (!self_signed(a))
            expiry_add(&until, a->ca.not_after, "the CA");
        code = set_validity(a, &until, now, &parts, e);
        if (code == RATLS_OK)
            code = make_certificate(a, key, wr_bytes(&spki), w, &parts, e);
    } else {
        code = make_request(a, key, w, &parts, e);
    }
    if (code != RATLS_OK)
        return code;
    parts.key_pem = wr_bytes(&pem);
    parts.quote = w->peer.first.quote;
    *out = credential_new(&parts);
    return *out != NULL ? RATLS_OK : refuse(e, RATLS_E_SYSTEM, 0, "out of memory");
}

ratls_code attester_make(ratls_attester *a, make_kind kind, ratls_bytes nonce, int64_t now,
                         ratls_credential **out, ratls_error *e)
{
    *out = NULL;
    if (nonce.n > 0 && (nonce.n < RATLS_NONCE_MIN || nonce.n > RATLS_NONCE_MAX))
        return refuse(e, RATLS_E_LIMIT, 0, "attester: a nonce of %zu bytes, expected %d to %d",
                      nonce.n, RATLS_NONCE_MIN, RATLS_NONCE_MAX);
    if (now < BACKDATED || now > TIME_LAST)
        return refuse(e, RATLS_E_STALE, 0, "attester: the clock says %s, which cannot be right",
                      ISO(now));
    crypto_private *fresh = a->key == NULL ? crypto_private_new(a->key_type) : NULL;
    const crypto_private *key = a->key != NULL ? a->key : fresh;
    if (key == NULL)
        return refuse(e, RATLS_E_SYSTEM, 0, "attester: the crypto library could not make a key");
    attester_take_turn(a);
    a->work->peer.nonce = nonce;
    ratls_code code = make_with(a, key, kind, now, out, e);
    crypto_wipe(a->work->pem, sizeof a->work->pem);
    attester_give_turn(a);
    crypto_private_free(fresh);
    return code;
}
