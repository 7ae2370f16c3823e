/*
 * The verify journey of a certificate or a request, end to end: evidence, binding, quote, policy.
 * The binding is judged before and independently of the TCB.
 */
#include "base/hex.h"
#include "base/time.h"
#include "evidence/claims.h"
#include "tee/intel_choose.h"
#include "tee/intel_facts.h"
#include "verify/binding.h"
#include "verify/certificate_signature.h"
#include "verify/journey.h"
#include "x509/request.h"

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
                      "%s: %zu critical extensions are not known, the first is %s",
                      certificate_what(c), c->unknown_critical_n - understood, oid);
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

static ratls_code read_carrier(bool is_request, bytes der, certificate *c, ratls_error *e)
{
    if (is_request)
        return request_parse(der, c, e);
    ratls_code code = certificate_parse_tls(der, c, e);
    if (code == RATLS_OK && !certificate_serial_ok(c))
        code = refuse(e, RATLS_E_MALFORMED, 0,
                      "certificate: serial %s is not a positive number of at most 20 bytes",
                      HEX(c->serial));
    return code;
}

/* A certificate may come without evidence where an answer is to follow. That is no answer to a
 * nonce which was demanded of the certificate. */
static bool may_lack_evidence(const journey *j, bool is_request)
{
    return !is_request && j->o->answer_follows && j->o->nonce.n == 0;
}

static ratls_code find_evidence(const journey *j, bool is_request, const certificate *c,
                                evidence_set *set)
{
    ratls_error e;
    ratls_result *r = j->r;
    check_list *checks = &r->checks;
    ratls_code code = evidence_find(c, set, &e);
    if (code == RATLS_E_MISSING && !may_lack_evidence(j, is_request))
        return check_fail_error(checks, CHECK_EVIDENCE_PRESENT, &e);
    if (code != RATLS_OK && code != RATLS_E_MISSING)
        return check_fail_error(checks, CHECK_EVIDENCE_FORMAT, &e);
    if (code == RATLS_OK) {
        r->scheme = evidence_scheme_name(set->all[0].scheme);
        check_passf(checks, CHECK_EVIDENCE_PRESENT, "%s evidence: %s", r->scheme, set->all[0].what);
        return RATLS_OK;
    }
    for (check_id id = CHECK_EVIDENCE_PRESENT; id <= CHECK_COLLATERAL_EXPIRY; id++)
        check_skip(checks, id, "the certificate holds no evidence: an answer is to bring it");
    if (c->version == CERTIFICATE_VERSION_4)
        return check_fail(checks, CHECK_CERTIFICATE_FORMAT, RATLS_E_MALFORMED,
                          "certificate: version 4, which does not exist, and holds no evidence");
    return RATLS_OK;
}

static void pass_format(const certificate *c, check_list *checks)
{
    if (c->version == 0)
        check_passf(checks, CHECK_CERTIFICATE_FORMAT, "%zu bytes of DER, a certification request",
                    c->der.n);
    else
        check_passf(checks, CHECK_CERTIFICATE_FORMAT, "%zu bytes of DER, version %u%s", c->der.n,
                    c->version,
                    c->version == CERTIFICATE_VERSION_4
                        ? ", which does not exist (older RATS-TLS): read as version 3"
                        : "");
}

/* Format of everything that comes from the peer, before the first signature. */
static ratls_code read_peer(const journey *j, bytes der, bool is_request, certificate *c,
                            evidence_set *set)
{
    ratls_error e;
    check_list *checks = &j->r->checks;
    if (read_carrier(is_request, der, c, &e) != RATLS_OK)
        return check_fail_error(checks, CHECK_CERTIFICATE_FORMAT, &e);
    ratls_code code = find_evidence(j, is_request, c, set);
    if (code == RATLS_OK)
        code = check_critical(c, set, checks);
    if (code != RATLS_OK)
        return code;
    pass_format(c, checks);
    if (set->n > 0)
        code = journey_check_kind(j, &set->all[0]);
    if (code != RATLS_OK || !is_request)
        return code == RATLS_OK ? check_validity(c, j->o, checks) : code;
    check_skip(checks, CHECK_CERTIFICATE_VALIDITY, "a request has no dates");
    return RATLS_OK;
}

/*
 * The verifier's challenge, whole, inside what the quote signs: then the evidence was made after
 * the question [binding: nonce].
 */
static ratls_code check_nonce(journey *j, const evidence *ev)
{
    claims said;
    ratls_error e;
    check_list *checks = &j->r->checks;
    bytes nonce = j->o->nonce;
    if (nonce.n == 0) {
        check_skip(checks, CHECK_BINDING_NONCE, "no nonce was demanded");
        return RATLS_OK;
    }
    if (ev->scheme != SCHEME_INTEROPERABLE)
        return check_fail(checks, CHECK_BINDING_NONCE, RATLS_E_BINDING,
                          "binding: a nonce was demanded, and %s evidence can hold none",
                          evidence_scheme_name(ev->scheme));
    if (claims_parse(ev->claims, &said, &e) != RATLS_OK)
        return check_fail_error(checks, CHECK_BINDING_NONCE, &e);
    if (!said.has_nonce)
        return check_fail(checks, CHECK_BINDING_NONCE, RATLS_E_BINDING,
                          "binding: a nonce was demanded, and the claims hold none");
    if (!bytes_equal_ct(said.nonce, nonce))
        return check_fail(checks, CHECK_BINDING_NONCE, RATLS_E_BINDING,
                          "binding: the claims hold the nonce %s (%zu bytes), demanded was %s (%zu "
                          "bytes): the evidence answers another question",
                          HEX(said.nonce), said.nonce.n, HEX(nonce), nonce.n);
    result_bind(j->r, RATLS_BINDING_NONCE, "nonce given by hand");
    check_passf(checks, CHECK_BINDING_NONCE,
                "the claims hold the nonce that was demanded, %zu bytes", nonce.n);
    return RATLS_OK;
}

/* All but the policy. A certificate without evidence, if it may be so, leaves evidence_valid false.
 */
static ratls_code verify_evidence(journey *j, bytes der, bool is_request, certificate *c)
{
    ratls_result *r = j->r;
    evidence_set set = {.n = 0};
    const evidence *ev = &set.all[0];
    intel_quote q;
    ratls_code code = read_peer(j, der, is_request, c, &set);
    if (code == RATLS_OK && set.n == 0)
        return certificate_check_signature(j->v, c, j->o, &r->checks);
    if (code == RATLS_OK)
        code = journey_read_endorsements(j, ev, set.endorsements);
    if (code == RATLS_OK)
        code = journey_read_quote(j, ev, &q);
    if (code != RATLS_OK)
        return code;
    journey_note_claims(j, ev);
    code = binding_check(c, ev, &q, &r->checks, &r->binding_hash);
    if (code == RATLS_OK)
        code = binding_check_agreement(c, &set, &r->checks);
    if (code == RATLS_OK)
        code = is_request ? request_check_signature(j->v, c, &r->checks)
                          : certificate_check_signature(j->v, c, j->o, &r->checks);
    if (code != RATLS_OK)
        return code;
    result_bind(r, RATLS_BINDING_KEY, "certificate");
    check_skip(&r->checks, CHECK_BINDING_SESSION, "no answer on a connection was judged");
    code = check_nonce(j, ev);
    return code == RATLS_OK ? journey_judge_quote(j, &q) : code;
}

/* Which collateral a verdict with these facts rests on at this time. */
static bool choice_of(const journey *j, const intel_wanted *wanted, const intel_collateral *stapled,
                      uint8_t key[32])
{
    intel_choice choice;
    intel_input in = journey_input(j, NULL);
    in.stapled = stapled;
    intel_choose(&in, wanted, &choice);
    return intel_choice_key(&choice, key);
}

/* The very same certificate was found genuine before, with the collateral that would be chosen now:
 * only the dates are judged anew. */
static bool recall(journey *j, const uint8_t digest[32])
{
    known_certificate known;
    uint8_t key[32];
    intel_collateral stapled = {.tcb_info = BYTES_NONE};
    const ratls_verify_options *o = j->o;
    const intel_input in = journey_input(j, NULL);
    if (!certificate_memo_recall(j->v->certificates, digest, &known) ||
        known.not_before > o->time || known.not_after < o->time ||
        intel_ahead(&in, known.result.facts.latest_issue))
        return false;
    memcpy(stapled.glance, known.stapled, sizeof stapled.glance);
    if (!choice_of(j, &known.wanted, known.has_stapled ? &stapled : NULL, key) ||
        !bytes_equal(bytes_of(key, 32), bytes_of(known.choice, 32)))
        return false;
    const ratls_check time = j->r->checks.all[CHECK_TIME];
    *j->r = known.result;
    j->r->time = o->time;
    j->r->checks.all[CHECK_TIME] = time;
    intel_note_expiry(o->time, &j->r->checks, &j->r->facts);
    journey_note_time(j);
    return true;
}

static void remember(const journey *j, const uint8_t digest[32], const certificate *c)
{
    known_certificate known = {.not_before = c->not_before,
                               .not_after = c->not_after,
                               .wanted = j->basis.wanted,
                               .has_stapled = j->has_stapled,
                               .result = *j->r};
    memcpy(known.stapled, j->stapled.glance, sizeof known.stapled);
    if (j->basis.as_chosen && !j->r->facts.crl_not_yet &&
        choice_of(j, &known.wanted, j->has_stapled ? &j->stapled : NULL, known.choice))
        certificate_memo_keep(j->v->certificates, digest, &known);
}

static ratls_code verify(journey *j, bytes der, bool is_request)
{
    certificate c;
    uint8_t digest[32];
    ratls_result *r = j->r;
    ratls_code code = journey_check_time(j);
    if (code != RATLS_OK)
        return code;
    if (j->o->nonce.n > 0 && (j->o->nonce.n < RATLS_NONCE_MIN || j->o->nonce.n > RATLS_NONCE_MAX))
        return check_fail(&r->checks, CHECK_BINDING_NONCE, RATLS_E_LIMIT,
                          "nonce: %zu bytes, expected %d to %d", j->o->nonce.n, RATLS_NONCE_MIN,
                          RATLS_NONCE_MAX);
    /* A CA has dates of its own, which no memo knows; a nonce makes each question a new one; a
     * request is asked about once. */
    bool memorable = !is_request && j->v->ca_der == NULL && j->o->nonce.n == 0 &&
                     der.n <= CERTIFICATE_MAX && crypto_digest(CRYPTO_SHA256, &der, 1, digest);
    if (!memorable || !recall(j, digest)) {
        code = verify_evidence(j, der, is_request, &c);
        if (code == RATLS_OK && r->evidence_valid && memorable)
            remember(j, digest, &c);
    }
    if (code != RATLS_OK)
        return code;
    bool by_ca =
        j->v->ca_der != NULL && r->checks.all[CHECK_CERTIFICATE_SIGNATURE].verdict == RATLS_PASSED;
    /* No CA has signed a request. */
    r->identity.ca = !is_request && (j->o->caller_checks_ca || by_ca);
    bool answer_follows = !is_request && j->o->answer_follows;
    if (answer_follows && !r->evidence_valid && j->v->policy != NULL)
        return appraise_in_advance(j->v->policy, &r->identity, &r->checks);
    return journey_appraise(j, answer_follows);
}

static ratls_code run(const ratls_verifier *v, bytes der, bool is_request,
                      const ratls_verify_options *options, ratls_result *result, ratls_error *error)
{
    journey j;
    ratls_code code = journey_begin(&j, v, options, result, error);
    if (code != RATLS_OK)
        return code;
    code = journey_end(&j, verify(&j, der, is_request), error);
    if (result != NULL)
        result->accepted = code == RATLS_OK && (is_request || !options->answer_follows);
    return code;
}

ratls_code ratls_verify_certificate(const ratls_verifier *verifier, ratls_bytes der,
                                    const ratls_verify_options *options, ratls_result *result,
                                    ratls_error *error)
{
    return run(verifier, der, false, options, result, error);
}

ratls_code ratls_verify_request(const ratls_verifier *verifier, ratls_bytes der,
                                const ratls_verify_options *options, ratls_result *result,
                                ratls_error *error)
{
    return run(verifier, der, true, options, result, error);
}
