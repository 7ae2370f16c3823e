/*
 * An answer on a connection [ratls/1: claims and transcript]. Nothing is taken from its claims:
 * they are compared, whole, and read only to say in what they differ.
 */
#include "verify/answer.h"

#include <assert.h>

#include "base/hex.h"
#include "codec/cbor.h"
#include "codec/der.h"
#include "evidence/claims.h"
#include "evidence/dice.h"
#include "verify/binding.h"
#include "verify/journey.h"

/* What is taken over from the handshake, whose result may be the one that is overwritten. */
enum { TAKEN = 3 };
static const check_id taken_ids[TAKEN] = {CHECK_CERTIFICATE_FORMAT, CHECK_CERTIFICATE_VALIDITY,
                                          CHECK_CERTIFICATE_SIGNATURE};
typedef struct handshake {
    ratls_check checks[TAKEN];
    bool ca;
} handshake;

static handshake take(const ratls_result *from)
{
    handshake h;
    check_list none;
    checks_init(&none);
    const check_list *checks = from != NULL ? &from->checks : &none;
    h.ca = from != NULL && from->identity.ca;
    for (size_t i = 0; i < TAKEN; i++)
        h.checks[i] = checks->all[taken_ids[i]];
    return h;
}

static ratls_code give(const handshake *h, check_list *checks)
{
    ratls_code code = RATLS_OK;
    for (size_t i = 0; i < TAKEN; i++) {
        const ratls_check *c = &h->checks[i];
        checks->all[taken_ids[i]] = *c;
        if (c->verdict == RATLS_NOT_RUN && c->text[0] == '\0')
            check_skip(checks, taken_ids[i], "not judged in the handshake of this connection");
        if (code == RATLS_OK && c->verdict == RATLS_FAILED)
            code = c->code;
    }
    return code;
}

/* In the order in which a difference tells most. */
typedef enum part_id {
    PART_ROLE,
    PART_KEY,
    PART_EXPORTER,
    PART_NONCE,
    PART_TRANSCRIPT,
    PARTS
} part_id;
static const struct {
    const char *claim; /* NULL: a field of its own in `claims` */
    const char *noun, *otherwise;
} parts[PARTS] = {
    [PART_ROLE] = {"ratls-role", "role", "was made by the other role (an own answer reflected?)"},
    [PART_KEY] = {NULL, "pubkey-hash", "is for another key"},
    [PART_EXPORTER] = {"ratls-exporter", "exporter value",
                       "was made on another connection (is somebody in between?)"},
    [PART_NONCE] = {NULL, "nonce", "answers another question"},
    [PART_TRANSCRIPT] = {"ratls-transcript", "transcript",
                         "was made after other hellos or challenges"},
};

/* BYTES_NONE if it is not there. */
static bytes part_of(const claims *c, part_id id)
{
    if (id == PART_KEY)
        return c->pubkey_hash;
    if (id == PART_NONCE)
        return c->has_nonce ? c->nonce : BYTES_NONE;
    for (size_t i = 0; i < c->other_n; i++)
        if (bytes_is(c->other[i].name, parts[id].claim))
            return c->other[i].value;
    return BYTES_NONE;
}

static hex_text text_of(bytes value)
{
    static const char *const roles[] = {"client", "server"};
    hex_text text = hex_short(value);
    if (value.n == 0)
        memcpy(text.s, "empty", sizeof "empty");
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (bytes_is(value, roles[i]))
            memcpy(text.s, roles[i], sizeof "client");
    return text;
}

static ratls_code refuse_part(check_list *checks, part_id id, bytes found, bytes expected)
{
    const char *noun = parts[id].noun;
    if (found.p == NULL)
        return check_fail(checks, CHECK_BINDING_SESSION, RATLS_E_BINDING,
                          "binding: the answer holds no %s, expected %s", noun,
                          text_of(expected).s);
    if (expected.p == NULL)
        return check_fail(checks, CHECK_BINDING_SESSION, RATLS_E_BINDING,
                          "binding: the answer holds the %s %s, expected none", noun,
                          text_of(found).s);
    return check_fail(checks, CHECK_BINDING_SESSION, RATLS_E_BINDING,
                      "binding: the answer %s: its %s is %s, expected %s", parts[id].otherwise,
                      noun, text_of(found).s, text_of(expected).s);
}

static ratls_code refuse_claims(check_list *checks, bytes found, bytes expected)
{
    claims f, x;
    ratls_error e;
    bool readable = claims_parse(expected, &x, &e) == RATLS_OK;
    readable = claims_parse(found, &f, &e) == RATLS_OK && readable;
    if (!readable)
        return check_fail(checks, CHECK_BINDING_SESSION, RATLS_E_BINDING,
                          "binding: the answer's claims-buffer has %zu bytes, expected %zu: %s",
                          found.n, expected.n, e.text);
    for (part_id id = 0; id < PARTS; id++)
        if (!bytes_equal(part_of(&f, id), part_of(&x, id)))
            return refuse_part(checks, id, part_of(&f, id), part_of(&x, id));
    if (f.other_n != x.other_n)
        return check_fail(checks, CHECK_BINDING_SESSION, RATLS_E_BINDING,
                          "binding: the answer holds %zu claims beside key and nonce, expected %zu",
                          f.other_n, x.other_n);
    return check_fail(
        checks, CHECK_BINDING_SESSION, RATLS_E_BINDING,
        "binding: the answer holds the claims that were expected, but in another order "
        "or form: %zu bytes, expected %zu",
        found.n, expected.n);
}

static ratls_code check_claims(check_list *checks, bytes found, const answer_wanted *w)
{
    if (!bytes_equal_ct(found, w->claims))
        return refuse_claims(checks, found, w->claims);
    check_pass(checks, CHECK_BINDING_KEY,
               "the answer's pubkey-hash is that of this connection's certificate");
    check_pass(checks, CHECK_BINDING_NONCE, "the answer holds the nonce that was asked");
    check_pass(checks, CHECK_BINDING_SESSION,
               w->level == RATLS_BINDING_SESSION
                   ? "the answer was made by the other end of this connection, for it"
                   : "the answer is to this question, of the peer's role; the connection was not "
                     "asked for");
    return RATLS_OK;
}

/* The CBOR as dice_write_evidence has it: heads are in their shortest form, and nothing is around.
 */
static ratls_code read_evidence(const journey *j, bytes in, evidence *ev)
{
    ratls_error e;
    ratls_result *r = j->r;
    reader head = rd_of(in);
    if (rd_peek(&head) == DER_OCTET_STRING)
        return check_fail(&r->checks, CHECK_EVIDENCE_FORMAT, RATLS_E_MALFORMED,
                          "evidence: begins with 0x04, as an OCTET STRING or a bare quote does; "
                          "expected is the tagged CBOR itself");
    if (evidence_parse(in, ev, &e) != RATLS_OK) {
        /* What was not asked for is that first of all, whatever is in it [ratls/1: verdict 2]. */
        uint64_t tag = cbor_tag(&head);
        if (rd_ok(&head) && tag != DICE_TAG_QUOTE)
            e.code = RATLS_E_UNSUPPORTED;
        return check_fail_error(&r->checks, CHECK_EVIDENCE_FORMAT, &e);
    }
    r->scheme = evidence_scheme_name(ev->scheme);
    check_passf(&r->checks, CHECK_EVIDENCE_PRESENT, "%s evidence: %s", r->scheme, ev->what);
    check_skip(&r->checks, CHECK_EVIDENCE_AGREEMENT, "there is one evidence only");
    journey_note_claims(j, ev);
    return journey_check_kind(j, ev);
}

static const char *tee_name(ratls_tee tee)
{
    return tee == RATLS_TEE_SGX ? "SGX" : "TDX";
}

static ratls_code verify(journey *j, const peer_answer *a, const answer_wanted *w,
                         const handshake *h)
{
    evidence ev;
    intel_quote q;
    ratls_result *r = j->r;
    ratls_code carried = give(h, &r->checks), code = journey_check_time(j);
    if (code == RATLS_OK)
        code = carried;
    if (code == RATLS_OK && j->v->ca_der != NULL &&
        r->checks.all[CHECK_CERTIFICATE_SIGNATURE].verdict != RATLS_PASSED)
        code = check_fail(&r->checks, CHECK_CERTIFICATE_SIGNATURE, RATLS_E_UNTRUSTED,
                          "certificate: a CA is demanded, and nothing shows that it signed the "
                          "certificate of this connection");
    if (code == RATLS_OK)
        code = read_evidence(j, a->evidence, &ev);
    if (code == RATLS_OK)
        code = check_claims(&r->checks, ev.claims, w);
    if (code == RATLS_OK)
        code = journey_read_quote(j, &ev, &q);
    if (code == RATLS_OK && w->tee != RATLS_TEE_NONE && r->facts.tee != w->tee)
        code =
            check_fail(&r->checks, CHECK_QUOTE_FORMAT, RATLS_E_UNSUPPORTED,
                       "quote: of %s, asked for was %s", tee_name(r->facts.tee), tee_name(w->tee));
    if (code == RATLS_OK)
        code = binding_check_report_data(&q, w->claims, "the claims-buffer", &r->checks,
                                         &r->binding_hash);
    if (code != RATLS_OK)
        return code;
    result_bind(r, w->level,
                w->level == RATLS_BINDING_SESSION ? "ratls/1 and tls-exporter" : "ratls/1");
    code = journey_read_endorsements(j, &ev, a->endorsements);
    if (code == RATLS_OK)
        code = journey_judge_quote(j, &q);
    if (code != RATLS_OK)
        return code;
    r->identity.ca = h->ca;
    return journey_appraise(j, false);
}

/* What these claims stand for; NONE if they are not an answer's. */
static ratls_binding level_of(bytes buffer)
{
    claims c;
    ratls_error e;
    if (claims_parse(buffer, &c, &e) != RATLS_OK || part_of(&c, PART_NONCE).n == 0 ||
        part_of(&c, PART_ROLE).n == 0 || part_of(&c, PART_TRANSCRIPT).n == 0)
        return RATLS_BINDING_NONE;
    return part_of(&c, PART_EXPORTER).n > 0 ? RATLS_BINDING_SESSION : RATLS_BINDING_NONCE;
}

ratls_code verify_answer(const ratls_verifier *v, const peer_answer *a, const answer_wanted *wanted,
                         const ratls_verify_options *options, ratls_result *result,
                         ratls_error *error)
{
    assert(a != NULL && wanted != NULL && options != NULL && result != NULL);
    assert(options->nonce.n == 0 && wanted->level != RATLS_BINDING_NONE &&
           wanted->level == level_of(wanted->claims));
    journey j;
    const handshake h = take(wanted->handshake);
    ratls_code code = journey_begin(&j, v, options, result, error);
    if (code != RATLS_OK)
        return code;
    code = journey_end(&j, verify(&j, a, wanted, &h), error);
    result->accepted = code == RATLS_OK;
    return code;
}
