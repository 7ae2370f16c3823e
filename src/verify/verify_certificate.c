/*
 * The verify journey end to end: certificate or request, evidence, binding, quote, policy. The
 * binding is judged before and independently of the TCB; the policy only sees evidence that is
 * genuine.
 */
#include <assert.h>
#include <stdlib.h>

#include "appraise/result.h"
#include "base/hex.h"
#include "base/time.h"
#include "evidence/claims.h"
#include "evidence/evidence.h"
#include "evidence/oe_evidence.h"
#include "tee/intel_choose.h"
#include "tee/intel_facts.h"
#include "verify/binding.h"
#include "verify/verifier.h"
#include "x509/request.h"

/* Years that can be written; so that no difference of two times overflows. */
#define TIME_MAX INT64_C(253402300799)

/* One verification: what it is given, and what it found. */
typedef struct journey {
    const ratls_verifier *v;
    const ratls_verify_options *o;
    ratls_result *r;
    bool is_request; /* not a certificate */
    const held *held;
    bool has_stapled;
    intel_collateral stapled; /* what came with the evidence */
    uint8_t *space;           /* of `stapled` */
    intel_basis basis;
} journey;

static ratls_code check_time(const ratls_verifier *v, const ratls_verify_options *o,
                             check_list *checks)
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
    int64_t passed = ratls_verifier_time(v);
    if (!o->time_is_explicit && o->time < passed - (int64_t)o->skew_seconds)
        return check_fail(
            checks, CHECK_TIME, RATLS_E_STALE,
            "time: the clock says %s, but genuine collateral or an earlier run shows that %s has "
            "passed; set the clock, or give a time explicitly",
            ISO(o->time), ISO(passed));
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
    crypto_key *key = c->kind == KEY_P256 ? crypto_key_like(v->root.key, c->point)
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

/* A request is signed by the key that it is for, so its sender holds that key [RFC 2986 3]. */
static ratls_code check_possession(const ratls_verifier *v, const certificate *c,
                                   check_list *checks)
{
    crypto_key *key = c->kind == KEY_P256 ? crypto_key_like(v->root.key, c->point)
                                          : crypto_key_from_spki(c->spki);
    if (key == NULL)
        return check_fail(checks, CHECK_CERTIFICATE_SIGNATURE, RATLS_E_UNTRUSTED,
                          "request: its public key is not a valid key");
    bool ok = crypto_verify(key, c->signature_algorithm, c->tbs, c->signature);
    crypto_key_free(key);
    if (!ok)
        return check_fail(checks, CHECK_CERTIFICATE_SIGNATURE, RATLS_E_UNTRUSTED,
                          "request: its signature is not of its own key, so nothing shows that its "
                          "sender holds that key");
    check_pass(checks, CHECK_CERTIFICATE_SIGNATURE, "signed by the request's own key");
    return RATLS_OK;
}

static ratls_code read_carrier(const journey *j, bytes der, certificate *c, ratls_error *e)
{
    if (j->is_request)
        return request_parse(der, c, e);
    ratls_code code = certificate_parse_tls(der, c, e);
    if (code == RATLS_OK && !certificate_serial_ok(c))
        code = refuse(e, RATLS_E_MALFORMED, 0,
                      "certificate: serial %s is not a positive number of at most 20 bytes",
                      HEX(c->serial));
    return code;
}

/* Format of everything that comes from the peer, before the first signature. */
static ratls_code read_peer(const journey *j, bytes der, certificate *c, evidence_set *set)
{
    ratls_error e;
    ratls_result *r = j->r;
    check_list *checks = &r->checks;
    if (read_carrier(j, der, c, &e) != RATLS_OK)
        return check_fail_error(checks, CHECK_CERTIFICATE_FORMAT, &e);
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
    if (j->is_request)
        check_passf(checks, CHECK_CERTIFICATE_FORMAT, "%zu bytes of DER, a certification request",
                    der.n);
    else
        check_passf(checks, CHECK_CERTIFICATE_FORMAT, "%zu bytes of DER, version %u%s", der.n,
                    c->version,
                    c->version == CERTIFICATE_VERSION_4
                        ? ", which does not exist (older RATS-TLS): read as version 3"
                        : "");
    if (set->all[0].kind != EVIDENCE_INTEL_QUOTE)
        return check_fail(checks, CHECK_EVIDENCE_FORMAT, RATLS_E_UNSUPPORTED,
                          "evidence: %s can't be judged here%s", set->all[0].what,
                          set->all[0].kind == EVIDENCE_RETIRED ? ": Intel has retired it"
                          : set->all[0].kind == EVIDENCE_OTHER
                              ? ""
                              : ": only code on the same platform can check its MAC");
    check_pass(checks, CHECK_EVIDENCE_FORMAT, "well-formed, and holds a quote");
    if (!j->is_request)
        return check_validity(c, j->o, checks);
    check_skip(checks, CHECK_CERTIFICATE_VALIDITY, "a request has no dates");
    return RATLS_OK;
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

static intel_input input_of(const journey *j, const intel_quote *q)
{
    return (intel_input){
        .quote = q,
        .collateral = j->held->all,
        .collateral_n = j->held->n,
        .crls_dropped = j->held->crls_dropped,
        .stapled = j->has_stapled ? &j->stapled : NULL,
        .stapled_crls_suffice = policy_stapled_crls_suffice(j->v->policy),
        .gets_crls = j->v->source.want != NULL,
        .root = &j->v->root.anchor,
        .time = j->o->time,
        .skew = j->o->skew_seconds,
        .memo = j->v->platforms,
    };
}

/* What came in the certificate beside the evidence of the common format. */
static ratls_code read_stapled(journey *j, const evidence_set *set)
{
    endorsements found;
    ratls_error e;
    check_list *checks = &j->r->checks;
    const evidence *ev = &set->all[0];
    bytes value = set->endorsements;
    if (value.n == 0 || ev->scheme != SCHEME_INTEROPERABLE) {
        check_skip(checks, CHECK_ENDORSEMENTS, "none came with the evidence");
        return RATLS_OK;
    }
    if (endorsements_parse(value, &found, &e) != RATLS_OK)
        return check_fail_error(checks, CHECK_ENDORSEMENTS, &e);
    if (found.tag != ev->tag)
        return check_fail(checks, CHECK_ENDORSEMENTS, RATLS_E_MALFORMED,
                          "endorsements: CBOR tag %llu, that of the evidence is %llu",
                          (unsigned long long)found.tag, (unsigned long long)ev->tag);
    j->space = malloc(2 * value.n);
    if (j->space == NULL)
        return check_fail(checks, CHECK_ENDORSEMENTS, RATLS_E_SYSTEM, "out of memory");
    if (intel_collateral_from(&found, j->space, 2 * value.n, &j->stapled, &e) != RATLS_OK)
        return check_fail_error(checks, CHECK_ENDORSEMENTS, &e);
    j->has_stapled = true;
    check_passf(checks, CHECK_ENDORSEMENTS, "%zu bytes came with the evidence", value.n);
    return RATLS_OK;
}

/*
 * Asks the verifier's source for what is lacking. Only for platforms that Intel certified: nobody
 * else makes it work.
 */
static bool get_collateral(journey *j, const intel_quote *q, ratls_error *e)
{
    const ratls_verifier *v = j->v;
    const ratls_facts *f = &j->r->facts;
    *e = (ratls_error){.code = RATLS_OK};
    if (v->source.want == NULL || !f->has_pck)
        return false;
    if (!intel_is_genuine_pck(q, &v->root.anchor)) {
        (void)refuse(
            e, RATLS_E_UNTRUSTED, 0,
            "nobody is asked for it, since its PCK chain does not lead to the trusted root");
        return false;
    }
    ratls_platform platform = {.tee = f->tee, .processor_ca = f->pck.processor_ca};
    memcpy(platform.fmspc, f->pck.fmspc, sizeof platform.fmspc);
    if (v->source.want(v->source.state, v->self, &platform, e) != RATLS_OK)
        return false;
    held_give_back(v->collateral, j->held);
    j->held = held_take(v->collateral);
    return true;
}

/* Dates of genuine evidence have passed. */
static void note_time(const journey *j)
{
    if (j->r->evidence_valid && !j->o->time_is_explicit)
        ratls_verifier_raise_time(j->v, j->r->facts.latest_issue);
}

static ratls_code judge_quote(journey *j, const intel_quote *q)
{
    ratls_result *r = j->r;
    ratls_error e;
    intel_input in = input_of(j, q);
    ratls_code code = intel_verify(&in, &r->checks, &r->facts, &j->basis);
    if (code == RATLS_E_MISSING && get_collateral(j, q, &e)) {
        checks_forget(&r->checks, CHECK_PCK_FORMAT);
        memset(&r->facts, 0, sizeof r->facts);
        in = input_of(j, q);
        code = intel_verify(&in, &r->checks, &r->facts, &j->basis);
    } else if (code == RATLS_E_MISSING && e.code != RATLS_OK) {
        checks_explain_failure(&r->checks, e.text);
    }
    r->facts.other_root = j->v->root.der != NULL;
    r->evidence_valid = code == RATLS_OK;
    note_time(j);
    return code;
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
    j->r->binding = RATLS_BINDING_NONCE;
    check_passf(checks, CHECK_BINDING_NONCE,
                "the claims hold the nonce that was demanded, %zu bytes", nonce.n);
    return RATLS_OK;
}

/* All but the policy. */
static ratls_code verify_evidence(journey *j, bytes der, certificate *c)
{
    ratls_result *r = j->r;
    evidence_set set = {.n = 0};
    intel_quote q;
    ratls_error e;
    ratls_code code = read_peer(j, der, c, &set);
    if (code == RATLS_OK)
        code = read_stapled(j, &set);
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
        code = j->is_request ? check_possession(j->v, c, &r->checks)
                             : check_signature(j->v, c, j->o, &r->checks);
    if (code != RATLS_OK)
        return code;
    r->binding = RATLS_BINDING_KEY;
    code = check_nonce(j, ev);
    return code == RATLS_OK ? judge_quote(j, &q) : code;
}

/* Which collateral a verdict with these facts rests on at this time. */
static bool choice_of(const journey *j, const intel_wanted *wanted, const intel_collateral *stapled,
                      uint8_t key[32])
{
    intel_choice choice;
    intel_input in = input_of(j, NULL);
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
    const intel_input in = input_of(j, NULL);
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
    j->r->checks.all[CHECK_TIME] = time;
    intel_note_expiry(o->time, &j->r->checks, &j->r->facts);
    note_time(j);
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

/* A certificate, or a request if the journey says so. */
static ratls_code verify_peer(journey *j, bytes der)
{
    certificate c;
    uint8_t digest[32];
    ratls_result *r = j->r;
    ratls_code code = check_time(j->v, j->o, &r->checks);
    if (code != RATLS_OK)
        return code;
    if (j->o->nonce.n > 0 && (j->o->nonce.n < RATLS_NONCE_MIN || j->o->nonce.n > RATLS_NONCE_MAX))
        return check_fail(&r->checks, CHECK_BINDING_NONCE, RATLS_E_LIMIT,
                          "nonce: %zu bytes, expected %d to %d", j->o->nonce.n, RATLS_NONCE_MIN,
                          RATLS_NONCE_MAX);
    /* A CA has dates of its own, which no memo knows; a nonce makes each question a new one; a
     * request is asked about once. */
    bool memorable = !j->is_request && j->v->ca_der == NULL && j->o->nonce.n == 0 &&
                     der.n <= CERTIFICATE_MAX && crypto_digest(CRYPTO_SHA256, &der, 1, digest);
    if (!memorable || !recall(j, digest)) {
        code = verify_evidence(j, der, &c);
        if (code == RATLS_OK && memorable)
            remember(j, digest, &c);
    }
    if (code == RATLS_OK)
        code = appraise(j->v->policy, &r->facts, j->o->time, &r->checks, &r->insecure);
    if (r->evidence_valid) {
        bool by_ca = j->v->ca_der != NULL &&
                     r->checks.all[CHECK_CERTIFICATE_SIGNATURE].verdict == RATLS_PASSED;
        /* No CA has signed a request. */
        r->identity.ca = !j->is_request && (j->o->caller_checks_ca || by_ca);
        ratls_code peer = appraise_peer(j->v->policy, &r->facts, r->binding, &r->identity,
                                        j->o->time, &r->checks);
        code = code == RATLS_OK ? peer : code;
    }
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

static ratls_code verify_request(journey *j, bytes der)
{
    j->is_request = true;
    return verify_peer(j, der);
}

static ratls_code verify_quote(journey *j, bytes in)
{
    intel_quote q;
    bytes quote = BYTES_NONE;
    ratls_error e;
    ratls_result *r = j->r;
    ratls_code code = check_time(j->v, j->o, &r->checks);
    if (code == RATLS_OK)
        code = unwrap(in, &quote, r);
    if (code != RATLS_OK)
        return code;
    if (intel_quote_parse(quote, &q, &e) != RATLS_OK)
        return check_fail_error(&r->checks, CHECK_QUOTE_FORMAT, &e);
    note_quote(&q, r);
    return judge_quote(j, &q);
}

static ratls_code run(ratls_code (*verify)(journey *, bytes), const ratls_verifier *v, bytes in,
                      const ratls_verify_options *options, ratls_result *result, ratls_error *error)
{
    assert(v != NULL && options != NULL);
    ratls_result *r = result != NULL ? result : ratls_result_new();
    if (r == NULL)
        return refuse(error, RATLS_E_SYSTEM, 0, "out of memory");
    result_reset(r);
    journey j = {.v = v, .o = options, .r = r, .held = held_take(v->collateral)};
    ratls_code code = verify(&j, in);
    held_give_back(v->collateral, j.held);
    free(j.space);
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
    ratls_code code = run(verify_peer, verifier, der, options, result, error);
    if (result != NULL)
        result->accepted = code == RATLS_OK;
    return code;
}

ratls_code ratls_verify_request(const ratls_verifier *verifier, ratls_bytes der,
                                const ratls_verify_options *options, ratls_result *result,
                                ratls_error *error)
{
    ratls_code code = run(verify_request, verifier, der, options, result, error);
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
