#ifndef UNIT_ANSWER_WORLD_H
#define UNIT_ANSWER_WORLD_H

#include "verify/answer.h"
#include "words.h"

/*
 * A verifier that asked its peer, a server, on a connection, and what the peer answers. Include
 * testing.h first.
 */
typedef struct world {
    vendor v;
    bytes policy; /* that accepts it */
    ratls_verifier *verifier;
    ratls_result *r;
    ratls_error e;
} world;

static inline ratls_verifier *verifier_of(const world *w, bytes policy, bool holds_collateral)
{
    ratls_error e;
    ratls_verifier *v = ratls_verifier_new();
    assert_non_null(v);
    assert_int_equal(ratls_verifier_set_root(v, vendor_root(&w->v), &e), RATLS_OK);
    if (holds_collateral)
        assert_int_equal(ratls_verifier_add_collateral(v, vendor_collateral_json(&w->v), &e),
                         RATLS_OK);
    if (policy.n > 0 && ratls_verifier_set_policy(v, policy, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    return v;
}

static inline world world_named(const char *name)
{
    world w = {.v = world_of(name), .r = ratls_result_new()};
    assert_non_null(w.r);
    w.policy = hostile_policy(&w.v);
    w.verifier = verifier_of(&w, w.policy, true);
    return w;
}

static inline void end(world *w)
{
    ratls_verifier_free(&w->verifier);
    ratls_result_free(&w->r);
}

/* The policy with these members too. */
static inline bytes policy_with(const world *w, const char *members)
{
    return text_replaced(w->policy, "\"accept\"",
                         (const char *)arena_format("%s, \"accept\"", members).p);
}

/* From now on. */
static inline void demand(world *w, const char *members)
{
    ratls_verifier_free(&w->verifier);
    w->verifier = verifier_of(w, policy_with(w, members), true);
}

#define SESSION RATLS_BINDING_SESSION
static const ratls_binding levels[] = {RATLS_BINDING_NONCE, SESSION};
enum { LEVELS = sizeof levels / sizeof *levels };

#define MINIMUM(level) "\"binding\": {\"minimum\": \"" level "\"}"
#define IDENTITY(who)  "\"binding\": {\"identity\": \"" who "\"}"

/* 32 bytes that follow from a word. */
static inline bytes value_of(const char *word)
{
    return digest_of(EVP_sha256(), bytes_text(word));
}

static inline claim_spec key_claim(EVP_PKEY *key)
{
    return claim_of("pubkey-hash", hash_entry_of(1, digest_of(EVP_sha256(), key_spki(key))));
}

/* What the claims of an answer say, in their order. */
enum { KEY, NONCE, ROLE, EXPORTER, TRANSCRIPT, CLAIMS };
typedef struct said {
    claim_spec claim[CLAIMS + 2];
    size_t n;
} said;

static inline said said_of(ratls_binding level)
{
    said s = {.claim = {key_claim(key_named(KEY_TYPE_P256, "server")),
                        claim_of("nonce", value_of("asked")),
                        claim_of("ratls-role", bytes_text("server")),
                        claim_of("ratls-exporter", value_of("this connection")),
                        claim_of("ratls-transcript", value_of("these hellos"))},
              .n = CLAIMS};
    if (level == RATLS_BINDING_NONCE) {
        s.claim[EXPORTER] = s.claim[TRANSCRIPT];
        s.n--;
    }
    return s;
}

static inline bytes claims_said(const said *s)
{
    return claims_of(s->claim, s->n);
}

static inline bytes right_claims(ratls_binding level)
{
    said s = said_of(level);
    return claims_said(&s);
}

/* What this side itself, the client, answers to the question of its peer. */
static inline bytes of_own_answer(void)
{
    said s = said_of(SESSION);
    s.claim[KEY] = key_claim(key_named(KEY_TYPE_P256, "client"));
    s.claim[NONCE] = claim_of("nonce", value_of("asked by the peer"));
    s.claim[ROLE] = claim_of("ratls-role", bytes_text("client"));
    return claims_said(&s);
}

/* Evidence that is genuine, over these claims. */
static inline tls_made evidence_over(const world *w, bytes claims)
{
    tls_spec t = tls_spec_of(&w->v, TLS_INTEROPERABLE, key_named(KEY_TYPE_P256, "server"));
    t.claims = claims;
    return tls_prepare(&t);
}

static inline bytes right_evidence(const world *w, ratls_binding level)
{
    return evidence_over(w, right_claims(level)).evidence;
}

static inline bytes stapled_by(const world *w)
{
    collateral_set c = vendor_collateral(&w->v);
    endorsement_items items = endorsement_items_cbor(&c, NULL);
    return endorsements_cbor(60000, &items);
}

static inline ratls_code judge_at(const ratls_verifier *v, const peer_answer *a,
                                  const answer_wanted *wanted, int64_t time, ratls_result *r,
                                  ratls_error *e)
{
    const ratls_verify_options o = {
        .time = time, .time_is_explicit = true, .skew_seconds = 60, .answer_follows = true};
    *e = (ratls_error){.text = ""};
    return verify_answer(v, a, wanted, &o, r, e);
}

/* This evidence, where right claims of that level are wanted. */
static inline ratls_code judge(world *w, bytes evidence, bytes endorsements, ratls_binding level)
{
    const peer_answer a = {evidence, endorsements};
    const answer_wanted wanted = {.claims = right_claims(level), .level = level};
    return judge_at(w->verifier, &a, &wanted, w->v.now, w->r, &w->e);
}

static inline const ratls_check *check_named(const ratls_result *r, const char *id)
{
    size_t n;
    const ratls_check *all = ratls_result_checks(r, &n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(all[i].id, id) == 0)
            return &all[i];
    fail_msg("no check %s", id);
    return NULL;
}

static inline void must_be_check(const ratls_result *r, const char *id, ratls_verdict verdict,
                                 const char *says)
{
    const ratls_check *c = check_named(r, id);
    if (c->verdict != verdict || strstr(c->text, says) == NULL)
        fail_msg("%s: verdict %d, \"%s\", expected \"%s\"", id, (int)c->verdict, c->text, says);
}

/* The last verdict; `check` is "" if it is good. */
static inline void must_be(const world *w, const char *what, ratls_code code, const char *check,
                           const char *says)
{
    const ratls_check *failure = ratls_result_failure(w->r);
    ratls_code found = failure != NULL ? failure->code : RATLS_OK;
    if (found != code || strcmp(failure != NULL ? failure->id : "", check) != 0 ||
        strstr(failure != NULL ? failure->text : "", says) == NULL)
        fail_msg("%s: %s at \"%s\" (%s)", what, ratls_code_name(found),
                 failure != NULL ? failure->id : "", failure != NULL ? failure->text : "");
    assert_int_equal(w->e.code, code);
    assert_string_equal(w->e.text, failure != NULL ? failure->text : "");
}

#endif
