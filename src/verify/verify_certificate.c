/*
 * The verify journey end to end: certificate, evidence, binding, quote, policy. The binding is
 * judged before and independently of the TCB; the policy only sees evidence that is genuine.
 */
#include <assert.h>

#include "appraise/result.h"
#include "base/hex.h"
#include "base/time.h"
#include "evidence/claims.h"
#include "evidence/evidence.h"
#include "evidence/oe_evidence.h"
#include "tee/intel_verify.h"
#include "verify/binding.h"
#include "verify/verifier.h"

/* Years that can be written; so that no difference of two times overflows. */
#define TIME_MAX INT64_C(253402300799)

static ratls_code check_time(const ratls_verify_options *o, check_list *checks)
{
    if (o->time < 0 || o->time > TIME_MAX)
        return check_fail(checks, CHECK_TIME, RATLS_E_STALE,
                          "time: %lld seconds is not between 1970 and 9999", (long long)o->time);
    if (!o->time_is_explicit && o->time < ratls_build_time())
        return check_fail(
            checks, CHECK_TIME, RATLS_E_STALE,
            "time: the clock says %s, before this build of %s; set the clock, or give a time "
            "explicitly",
            ISO(o->time), ISO(ratls_build_time()));
    check_passf(checks, CHECK_TIME, "judged at %s, skew %u s", ISO(o->time),
                (unsigned)o->skew_seconds);
    return RATLS_OK;
}

/* Critical extensions must be understood [RFC 5280 4.2]: those whose quotes are judged or compared
 * are. */
static ratls_code check_critical(const certificate *c, const evidence_set *set, check_list *checks)
{
    size_t understood = 0;
    for (size_t i = 0; i < set->n; i++) {
        const extension *x = certificate_extension(c, set->all[i].oid);
        if (x != NULL && x->critical && set->all[i].kind == EVIDENCE_INTEL_QUOTE)
            understood++;
    }
    if (c->unknown_critical_n <= understood)
        return RATLS_OK;
    char oid[64];
    der_oid_text(c->unknown_critical, oid, sizeof oid);
    return check_fail(checks, CHECK_CERTIFICATE_FORMAT, RATLS_E_UNSUPPORTED,
                      "certificate: %zu critical extensions are not known, the first is %s",
                      c->unknown_critical_n - understood, oid);
}

static ratls_code check_validity(const certificate *c, const ratls_verify_options *o,
                                 check_list *checks)
{
    if (c->not_before > o->time && c->not_before - o->time > (int64_t)o->skew_seconds)
        return check_fail(checks, CHECK_CERTIFICATE_VALIDITY, RATLS_E_STALE,
                          "certificate: not valid before %s, the time given is %s",
                          ISO(c->not_before), ISO(o->time));
    if (c->not_after < o->time)
        return check_fail(checks, CHECK_CERTIFICATE_VALIDITY, RATLS_E_STALE,
                          "certificate: expired on %s, the time given is %s", ISO(c->not_after),
                          ISO(o->time));
    check_passf(checks, CHECK_CERTIFICATE_VALIDITY, "valid from %s to %s", ISO(c->not_before),
                ISO(c->not_after));
    return RATLS_OK;
}

static ratls_code check_ca_signature(const ratls_verifier *v, const certificate *c,
                                     const ratls_verify_options *o, check_list *checks)
{
    certificate ca;
    ratls_error e;
    if (certificate_parse(bytes_of(v->ca_der, v->ca_n), &ca, &e) != RATLS_OK)
        return check_fail_error(checks, CHECK_CERTIFICATE_SIGNATURE, &e);
    if (!bytes_equal(c->issuer, ca.subject))
        return check_fail(checks, CHECK_CERTIFICATE_SIGNATURE, RATLS_E_UNTRUSTED,
                          "certificate: its issuer is not the CA given");
    if ((ca.not_before > o->time && ca.not_before - o->time > (int64_t)o->skew_seconds) ||
        ca.not_after < o->time)
        return check_fail(checks, CHECK_CERTIFICATE_SIGNATURE, RATLS_E_STALE,
                          "CA: valid from %s to %s, the time given is %s", ISO(ca.not_before),
                          ISO(ca.not_after), ISO(o->time));
    crypto_key *key = crypto_key_from_spki(ca.spki);
    bool ok = crypto_verify(key, c->signature_algorithm, c->tbs, c->signature);
    crypto_key_free(key);
    if (!ok)
        return check_fail(checks, CHECK_CERTIFICATE_SIGNATURE, RATLS_E_UNTRUSTED,
                          "certificate: its signature is not that of the CA given");
    check_pass(checks, CHECK_CERTIFICATE_SIGNATURE, "signed by the CA given");
    return RATLS_OK;
}

/* The signature is good over this certificate with `other` in the place of `name`, of the same
 * length. */
static bool signed_with(const certificate *c, const crypto_key *key, bytes name, bytes other)
{
    const uint8_t *end = name.p + name.n;
    const bytes pieces[] = {bytes_of(c->tbs.p, (size_t)(name.p - c->tbs.p)), other,
                            bytes_of(end, c->tbs.n - (size_t)(end - c->tbs.p))};
    return name.n == other.n &&
           crypto_verify_pieces(key, c->signature_algorithm, pieces, 3, c->signature);
}

/*
 * Names another issuer, but was signed by its own key: a self-signed certificate in which somebody
 * changed a name must not pass for one that a CA signed.
 */
static bool renamed(const certificate *c, const crypto_key *key)
{
    bool own_key_id =
        c->authority_key_id.n > 0 && bytes_equal(c->authority_key_id, c->subject_key_id);
    return own_key_id || signed_with(c, key, c->issuer, c->subject) ||
           signed_with(c, key, c->subject, c->issuer);
}

/* Proves nothing about trust, but a certificate whose own signature is broken was not made by its
 * key. */
static ratls_code check_signature(const ratls_verifier *v, const certificate *c,
                                  const ratls_verify_options *o, check_list *checks)
{
    if (v->ca_der != NULL)
        return check_ca_signature(v, c, o, checks);
    crypto_key *key = c->kind == KEY_P256 ? crypto_key_like(v->root_key, c->point)
                                          : crypto_key_from_spki(c->spki);
    if (key == NULL)
        return check_fail(checks, CHECK_CERTIFICATE_SIGNATURE, RATLS_E_UNTRUSTED,
                          "certificate: its public key is not a valid key");
    if (!bytes_equal(c->issuer, c->subject)) {
        bool changed = renamed(c, key);
        crypto_key_free(key);
        if (changed)
            return check_fail(checks, CHECK_CERTIFICATE_SIGNATURE, RATLS_E_UNTRUSTED,
                              "certificate: it names another issuer, but its own key signed it: a "
                              "name was changed");
        check_skip(checks, CHECK_CERTIFICATE_SIGNATURE,
                   "signed by a CA, and no CA was given to check it");
        return RATLS_OK;
    }
    bool ok = crypto_verify(key, c->signature_algorithm, c->tbs, c->signature);
    crypto_key_free(key);
    if (!ok)
        return check_fail(
            checks, CHECK_CERTIFICATE_SIGNATURE, RATLS_E_UNTRUSTED,
            "certificate: it names itself as issuer, but its signature is not of its own key");
    check_pass(checks, CHECK_CERTIFICATE_SIGNATURE, "self-signed, and the signature is good");
    return RATLS_OK;
}

/* Format of everything that comes from the peer, before the first signature. */
static ratls_code read_certificate(bytes der, certificate *c, evidence_set *set,
                                   const ratls_verify_options *o, ratls_result *r)
{
    ratls_error e;
    check_list *checks = &r->checks;
    if (certificate_parse(der, c, &e) != RATLS_OK)
        return check_fail_error(checks, CHECK_CERTIFICATE_FORMAT, &e);
    if (!certificate_serial_ok(c))
        return check_fail(checks, CHECK_CERTIFICATE_FORMAT, RATLS_E_MALFORMED,
                          "certificate: serial %s is not a positive number of at most 20 bytes",
                          HEX(c->serial));
    ratls_code code = evidence_find(c, set, &e);
    if (code == RATLS_E_MISSING)
        return check_fail_error(checks, CHECK_EVIDENCE_PRESENT, &e);
    if (code != RATLS_OK)
        return check_fail_error(checks, CHECK_EVIDENCE_FORMAT, &e);
    r->scheme = evidence_scheme_name(set->all[0].scheme);
    check_passf(checks, CHECK_EVIDENCE_PRESENT, "%s evidence: %s", r->scheme, set->all[0].what);
    code = check_critical(c, set, checks);
    if (code != RATLS_OK)
        return code;
    check_passf(checks, CHECK_CERTIFICATE_FORMAT, "%zu bytes of DER, version 3", der.n);
    if (set->all[0].kind != EVIDENCE_INTEL_QUOTE)
        return check_fail(checks, CHECK_EVIDENCE_FORMAT, RATLS_E_UNSUPPORTED,
                          "evidence: %s can't be judged here%s", set->all[0].what,
                          set->all[0].kind == EVIDENCE_RETIRED ? ": Intel has retired it"
                          : set->all[0].kind == EVIDENCE_OTHER
                              ? ""
                              : ": only code on the same platform can check its MAC");
    check_pass(checks, CHECK_EVIDENCE_FORMAT, "well-formed, and holds a quote");
    return check_validity(c, o, checks);
}

static void note_claims(ratls_result *r, const evidence *ev)
{
    claims said;
    ratls_error e;
    if (ev->scheme != SCHEME_INTEROPERABLE || claims_parse(ev->claims, &said, &e) != RATLS_OK)
        return;
    if (said.has_nonce)
        result_add_claim(r, bytes_text("nonce"), said.nonce);
    for (size_t i = 0; i < said.other_n; i++)
        result_add_claim(r, said.other[i].name, said.other[i].value);
}

static void note_quote(const intel_quote *q, ratls_result *r)
{
    check_passf(&r->checks, CHECK_QUOTE_FORMAT, "%s quote, version %u",
                q->tee_type == TEE_TYPE_TDX ? "TDX" : "SGX", q->version);
    intel_quote_facts(q, &r->facts);
}

static intel_input input_of(const ratls_verifier *v, const intel_quote *q,
                            const ratls_verify_options *o)
{
    return (intel_input){
        .quote = q,
        .collateral = v->collateral,
        .collateral_n = v->collateral_n,
        .root = &v->root,
        .time = o->time,
        .skew = o->skew_seconds,
        .memo = v->platforms,
    };
}

static ratls_code judge_quote(const ratls_verifier *v, const intel_quote *q,
                              const ratls_verify_options *o, ratls_result *r)
{
    const intel_input in = input_of(v, q, o);
    ratls_code code = intel_verify(&in, &r->checks, &r->facts);
    r->facts.other_root = v->root_der != NULL;
    r->evidence_valid = code == RATLS_OK;
    return code;
}

/* All but the policy. */
static ratls_code verify_evidence(const ratls_verifier *v, bytes der, const ratls_verify_options *o,
                                  ratls_result *r, certificate *c)
{
    evidence_set set = {.n = 0};
    intel_quote q;
    ratls_error e;
    ratls_code code = read_certificate(der, c, &set, o, r);
    if (code != RATLS_OK)
        return code;
    const evidence *ev = &set.all[0];
    if (intel_quote_parse(ev->payload, &q, &e) != RATLS_OK)
        return check_fail_error(&r->checks, CHECK_QUOTE_FORMAT, &e);
    note_quote(&q, r);
    if (ev->tee != RATLS_TEE_NONE && ev->tee != r->facts.tee)
        return check_fail(&r->checks, CHECK_QUOTE_FORMAT, RATLS_E_MALFORMED,
                          "quote: of another TEE than its carrier is for (%s)", ev->what);
    note_claims(r, ev);
    code = binding_check(c, ev, &q, &r->checks, &r->binding_hash);
    if (code == RATLS_OK)
        code = binding_check_agreement(c, &set, &r->checks);
    if (code == RATLS_OK)
        code = check_signature(v, c, o, &r->checks);
    if (code != RATLS_OK)
        return code;
    r->binding_level = "key";
    return judge_quote(v, &q, o, r);
}

/* The very same certificate was found genuine before, and is at this time: only the dates are
 * judged anew. */
static bool recall(const ratls_verifier *v, const uint8_t digest[32], const ratls_verify_options *o,
                   ratls_result *r)
{
    known_certificate known;
    size_t set;
    const intel_input in = input_of(v, NULL, o);
    if (!certificate_memo_recall(v->certificates, digest, &known) || known.not_before > o->time ||
        known.not_after < o->time || !intel_standing(&in, &known.result.facts, &set) ||
        set != known.set)
        return false;
    const ratls_check time = r->checks.all[CHECK_TIME];
    *r = known.result;
    r->checks.all[CHECK_TIME] = time;
    intel_note_expiry(o->time, &r->checks, &r->facts);
    return true;
}

static void remember(const ratls_verifier *v, const uint8_t digest[32], const certificate *c,
                     const ratls_verify_options *o, const ratls_result *r)
{
    known_certificate known = {
        .not_before = c->not_before, .not_after = c->not_after, .result = *r};
    const intel_input in = input_of(v, NULL, o);
    if (!r->facts.crl_not_yet && intel_standing(&in, &r->facts, &known.set))
        certificate_memo_keep(v->certificates, digest, &known);
}

static ratls_code verify_certificate(const ratls_verifier *v, bytes der,
                                     const ratls_verify_options *o, ratls_result *r)
{
    certificate c;
    uint8_t digest[32];
    ratls_code code = check_time(o, &r->checks);
    if (code != RATLS_OK)
        return code;
    /* A CA has dates of its own, which no memo knows. */
    bool memorable = v->ca_der == NULL && der.n <= CERTIFICATE_MAX &&
                     crypto_digest(CRYPTO_SHA256, &der, 1, digest);
    if (!memorable || !recall(v, digest, o, r)) {
        code = verify_evidence(v, der, o, r, &c);
        if (code == RATLS_OK && memorable)
            remember(v, digest, &c, o, r);
    }
    if (code == RATLS_OK)
        code = appraise(v->policy, &r->facts, o->time, &r->checks, &r->insecure);
    return code;
}

/* The quote in a file: bare, in the common format, or in Open Enclave's wrapping. */
static ratls_code unwrap(bytes in, bytes *quote, ratls_result *r)
{
    evidence ev;
    ratls_error e;
    ratls_code code;
    reader head = rd_of(in);
    uint32_t first = rd_le32(&head);
    if (in.n > 0 && in.p[0] >> 5 == 6) /* a CBOR tag */
        code = evidence_parse(in, &ev, &e);
    else if (first == 1)
        code = oe_report_parse(in, &ev, &e);
    else if (first == 3)
        code = oe_evidence_parse(in, &ev, &e);
    else {
        *quote = in;
        return RATLS_OK;
    }
    if (code != RATLS_OK)
        return check_fail_error(&r->checks, CHECK_EVIDENCE_FORMAT, &e);
    if (ev.kind != EVIDENCE_INTEL_QUOTE)
        return check_fail(&r->checks, CHECK_EVIDENCE_FORMAT, RATLS_E_UNSUPPORTED,
                          "evidence: %s can't be judged here", ev.what);
    *quote = ev.payload;
    return RATLS_OK;
}

static ratls_code verify_quote(const ratls_verifier *v, bytes in, const ratls_verify_options *o,
                               ratls_result *r)
{
    intel_quote q;
    bytes quote = BYTES_NONE;
    ratls_error e;
    ratls_code code = check_time(o, &r->checks);
    if (code == RATLS_OK)
        code = unwrap(in, &quote, r);
    if (code != RATLS_OK)
        return code;
    if (intel_quote_parse(quote, &q, &e) != RATLS_OK)
        return check_fail_error(&r->checks, CHECK_QUOTE_FORMAT, &e);
    note_quote(&q, r);
    return judge_quote(v, &q, o, r);
}

typedef ratls_code journey(const ratls_verifier *, bytes, const ratls_verify_options *,
                           ratls_result *);

static ratls_code run(journey *verify, const ratls_verifier *v, bytes in,
                      const ratls_verify_options *options, ratls_result *result, ratls_error *error)
{
    assert(v != NULL && options != NULL);
    ratls_result *r = result != NULL ? result : ratls_result_new();
    if (r == NULL)
        return refuse(error, RATLS_E_SYSTEM, 0, "out of memory");
    result_reset(r);
    ratls_code code = verify(v, in, options, r);
    const ratls_check *failure = checks_failure(&r->checks);
    if (code != RATLS_OK && failure != NULL)
        (void)refuse(error, failure->code, 0, "%s", failure->text);
    /* The list of checks is the verdict: a failure in it always refuses. */
    if (failure != NULL)
        code = failure->code;
    else if (code != RATLS_OK)
        (void)refuse(error, code, 0, "refused by a check that is not in the list");
    if (result == NULL)
        ratls_result_free(&r);
    return code;
}

ratls_code ratls_verify_certificate(const ratls_verifier *verifier, ratls_bytes der,
                                    const ratls_verify_options *options, ratls_result *result,
                                    ratls_error *error)
{
    ratls_code code = run(verify_certificate, verifier, der, options, result, error);
    if (result != NULL)
        result->accepted = code == RATLS_OK;
    return code;
}

ratls_code ratls_verify_quote(const ratls_verifier *verifier, ratls_bytes quote,
                              const ratls_verify_options *options, ratls_result *result,
                              ratls_error *error)
{
    return run(verify_quote, verifier, quote, options, result, error);
}
