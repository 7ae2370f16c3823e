/* Peers that cheat: replay, relay, reflection, other claims, other quotes, damage [doc/BINDING.md,
 * Claims and transcript]. Each is refused by the session that asks, with its reason. */
#include "testing.h"

#include "crypto/crypto.h"
#include "evidence/claims.h"
#include "session/session.h"
#include "session_pair.h"
#include "sim_dir.h"

#define EACH(i, table) for (size_t i = 0; i < sizeof(table) / sizeof *(table); i++)

static ratls_verifier *accepts[RATLS_TEE_TDX + 1];
static ratls_attester *answers;

static int setup(void **state)
{
    int status = session_setup(state);
    for (ratls_tee tee = RATLS_TEE_SGX; status == 0 && tee <= RATLS_TEE_TDX; tee++)
        accepts[tee] = session_verifier(tee, "");
    answers = session_attester(RATLS_TEE_SGX, false);
    return status;
}

/* Asks, and would answer. */
static session_end asker(bool server, ratls_binding level)
{
    session_end e = session_end_of(server);
    e.o.attester = answers;
    session_ask_for(&e, accepts[RATLS_TEE_SGX], level);
    return e;
}

static session_talk talk_of(bool server, ratls_binding level)
{
    session_talk t = session_talk_of(asker(server, level), RATLS_TEE_SGX, NULL);
    (void)session_take(&t.v);
    return t;
}

static bytes answer_over(const session_talk *t, bytes buffer)
{
    return session_answer(session_evidence(session_quote_over(t->tee, buffer), buffer), BYTES_NONE);
}

static bytes bound_to(const session_talk *t, const binder *b)
{
    return answer_over(t, session_claims(b));
}

/* An answer to what another session asked, that is right there. */
static bytes of_an_earlier_session(const session_talk *t)
{
    session_end e = asker(t->v.o.server, t->asked.level);
    session_talk earlier = session_talk_of(e, t->tee, NULL);
    bytes a = session_talk_answer(&earlier);
    assert_int_equal(session_give(&earlier.v, a), RATLS_OK);
    assert_true(ratls_result_accepted(earlier.v.result));
    session_talk_free(&earlier);
    return a;
}

/* To the right question, after the right hellos, on another connection: passed on by the peer. */
static const uint8_t other[BINDER_HASH] = {1, 2, 3};

static bytes of_another_connection(const session_talk *t)
{
    binder b = session_talk_binder(t);
    b.exporter = other;
    return bound_to(t, &b);
}

static bytes of_another_question(const session_talk *t)
{
    binder b = session_talk_binder(t);
    b.nonce = bytes_of(other, sizeof other);
    return bound_to(t, &b);
}

static bytes of_another_key(const session_talk *t)
{
    binder b = session_talk_binder(t);
    b.key_hash = other;
    return bound_to(t, &b);
}

static bytes of_other_hellos(const session_talk *t)
{
    binder b = session_talk_binder(t);
    b.transcript = other;
    return bound_to(t, &b);
}

static bytes of_the_other_role(const session_talk *t)
{
    binder b = session_talk_binder(t);
    b.server = !b.server;
    return bound_to(t, &b);
}

/* The transcript of a later question, which was not asked. */
static bytes of_a_later_round(const session_talk *t)
{
    binder b = session_talk_binder(t);
    uint8_t next[BINDER_HASH];
    const challenge c = session_question(7, t->asked.level);
    memcpy(next, t->transcript, sizeof next);
    assert_true(binder_go_on(session_challenge(&c), next));
    b.transcript = next;
    return bound_to(t, &b);
}

static bytes of_the_other_level(const session_talk *t)
{
    binder b = session_talk_binder(t);
    b.exporter = b.exporter == NULL ? t->v.o.exporter.p : NULL;
    return bound_to(t, &b);
}

/* A fresh binder beside stale evidence (C50), and the other way round. */
static bytes an_older_quote(const session_talk *t)
{
    binder b = session_talk_binder(t), old = b;
    old.nonce = bytes_of(other, sizeof other);
    bytes quote = session_quote_over(t->tee, session_claims(&old));
    return session_answer(session_evidence(quote, session_claims(&b)), BYTES_NONE);
}

static bytes older_claims(const session_talk *t)
{
    binder b = session_talk_binder(t), old = b;
    old.nonce = bytes_of(other, sizeof other);
    bytes quote = session_quote_over(t->tee, session_claims(&b));
    return session_answer(session_evidence(quote, session_claims(&old)), BYTES_NONE);
}

/* All claims as they should be, but for the nonce. */
static bytes with_nonce(const session_talk *t, bytes nonce)
{
    const binder b = session_talk_binder(t);
    uint8_t space[512];
    writer w = wr_of(space, sizeof space);
    claim more[3] = {{bytes_text("ratls-role"), bytes_text(b.server ? "server" : "client")}};
    size_t n = 1;
    if (b.exporter != NULL)
        more[n++] = (claim){bytes_text("ratls-exporter"), bytes_of(b.exporter, 32)};
    more[n++] = (claim){bytes_text("ratls-transcript"), bytes_of(b.transcript, 32)};
    claims_write(&w, CRYPTO_SHA256, bytes_of(b.key_hash, 32), nonce, more, n);
    assert_true(wr_ok(&w));
    return answer_over(t, arena_copy(wr_bytes(&w)));
}

static bytes without_nonce(const session_talk *t)
{
    return with_nonce(t, BYTES_NONE);
}

static bytes half_a_nonce(const session_talk *t)
{
    return with_nonce(t, bytes_of(t->asked.nonce.p, 16));
}

static bytes more_than_a_nonce(const session_talk *t)
{
    return with_nonce(t, join(t->asked.nonce, bytes_text("x")));
}

static bytes right_claims(const session_talk *t)
{
    const binder b = session_talk_binder(t);
    return session_claims(&b);
}

/* Written otherwise: nothing is taken from them, so nothing has to be defined for these. */
static bytes edited_claims(const session_talk *t, const char *from, const char *to)
{
    return answer_over(t,
                       bytes_replaced(right_claims(t), bytes_from_hex(from), bytes_from_hex(to)));
}

static bytes an_empty_nonce(const session_talk *t)
{
    bytes buffer = bytes_replaced(right_claims(t), join(bytes_from_hex("5820"), t->asked.nonce),
                                  bytes_from_hex("40"));
    return answer_over(t, buffer);
}

static bytes a_long_head(const session_talk *t)
{
    return edited_claims(t, "656e6f6e63655820", "656e6f6e6365590020");
}

static bytes the_nonce_as_text(const session_talk *t)
{
    return edited_claims(t, "656e6f6e63655820", "656e6f6e63657820");
}

static bytes claims_and_a_byte(const session_talk *t)
{
    return answer_over(t, join(right_claims(t), bytes_from_hex("00")));
}

static bytes claims_cut(const session_talk *t)
{
    bytes c = right_claims(t);
    return answer_over(t, bytes_of(c.p, c.n - 1));
}

static bytes no_claims(const session_talk *t)
{
    return answer_over(t, BYTES_EMPTY);
}

static bytes one_more_claim(const session_talk *t)
{
    bytes c = right_claims(t);
    return answer_over(t, join(bytes_of((const uint8_t[]){(uint8_t)(c.p[0] + 1)}, 1),
                               bytes_of(c.p + 1, c.n - 1),
                               bytes_from_hex("6161"
                                              "4101")));
}

static bytes the_nonce_first(const session_talk *t)
{
    bytes c = right_claims(t), nonce = join(bytes_from_hex("656e6f6e63655820"), t->asked.nonce);
    bytes rest = bytes_replaced(bytes_of(c.p + 1, c.n - 1), nonce, BYTES_EMPTY);
    return answer_over(t, join(bytes_of(c.p, 1), nonce, rest));
}

/* Report data is compared whole (C40 to C42). */
static bytes with_report_data(const session_talk *t, size_t from, size_t n, uint8_t fill)
{
    bytes buffer = right_claims(t);
    uint8_t data[64] = {0};
    assert_true(crypto_digest(CRYPTO_SHA256, &buffer, 1, data));
    memset(data + from, fill, n);
    return session_answer(session_evidence(session_quote(t->tee, data), buffer), BYTES_NONE);
}

static bytes half_the_digest(const session_talk *t)
{
    return with_report_data(t, 16, 16, 0);
}

static bytes no_digest(const session_talk *t)
{
    return with_report_data(t, 0, 32, 0);
}

static bytes the_upper_half(const session_talk *t)
{
    return with_report_data(t, 63, 1, 1);
}

static bytes by_sha384(const session_talk *t)
{
    bytes buffer = right_claims(t);
    uint8_t data[64] = {0};
    assert_true(crypto_digest(CRYPTO_SHA384, &buffer, 1, data));
    return session_answer(session_evidence(session_quote(t->tee, data), buffer), BYTES_NONE);
}

static bytes of_the_other_tee(const session_talk *t)
{
    bytes buffer = right_claims(t);
    return session_answer(session_evidence(session_quote_over(RATLS_TEE_TDX, buffer), buffer),
                          BYTES_NONE);
}

static bytes quote_in_another_format(const session_talk *t)
{
    bytes buffer = right_claims(t);
    bytes evidence = session_evidence(session_quote_over(t->tee, buffer), buffer);
    return session_answer(
        bytes_replaced(evidence, bytes_from_hex("d9ea60"), bytes_from_hex("d9ea70")), BYTES_NONE);
}

static bytes in_an_octet_string(const session_talk *t)
{
    bytes buffer = right_claims(t);
    bytes evidence = session_evidence(session_quote_over(t->tee, buffer), buffer);
    buf head = {.n = 0};
    buf_u8(&head, 0x04);
    buf_u8(&head, 0x82);
    buf_be(&head, evidence.n, 2);
    return session_answer(join(buf_bytes(&head), evidence), BYTES_NONE);
}

static bytes a_certificate(const session_talk *t)
{
    (void)t;
    return session_answer(bytes_from_hex("30820122"), BYTES_NONE);
}

static bytes endorsements_that_are_none(const session_talk *t)
{
    bytes buffer = right_claims(t);
    bytes evidence = session_evidence(session_quote_over(t->tee, buffer), buffer);
    return session_answer(evidence, bytes_text("{}"));
}

static bytes right(const session_talk *t)
{
    return session_talk_answer(t);
}

typedef struct trick {
    const char *name;
    bytes (*make)(const session_talk *t);
    ratls_code session, nonce; /* refused at these levels */
    const char *words;
} trick;
#define BOTH(code) code, code

static const trick tricks[] = {
    {"none", right, BOTH(RATLS_OK), NULL},
    {"C46 replayed", of_an_earlier_session, BOTH(RATLS_E_BINDING), "nonce"},
    {"another question's", of_another_question, BOTH(RATLS_E_BINDING), "another question"},
    /* What level nonce does not see [doc/BINDING.md, Levels: relay]. */
    {"relayed", of_another_connection, RATLS_E_BINDING, RATLS_E_BINDING, "exporter value"},
    {"C47 another key's", of_another_key, BOTH(RATLS_E_BINDING), "another key"},
    {"C49 of the other role", of_the_other_role, BOTH(RATLS_E_BINDING), "by the other role"},
    {"after other hellos", of_other_hellos, BOTH(RATLS_E_BINDING), "other hellos"},
    {"a later round's", of_a_later_round, BOTH(RATLS_E_BINDING), "other hellos or challenges"},
    {"the other level's", of_the_other_level, BOTH(RATLS_E_BINDING), "exporter value"},
    {"C50 old quote, new claims", an_older_quote, BOTH(RATLS_E_BINDING), "report data"},
    {"C50 new quote, old claims", older_claims, BOTH(RATLS_E_BINDING), "another question"},
    {"C45 no nonce", without_nonce, BOTH(RATLS_E_BINDING), "holds no nonce"},
    {"C45 an empty nonce", an_empty_nonce, BOTH(RATLS_E_BINDING), "nonce"},
    {"C45 half a nonce", half_a_nonce, BOTH(RATLS_E_BINDING), "another question"},
    {"C45 a nonce and more", more_than_a_nonce, BOTH(RATLS_E_BINDING), "another question"},
    {"a head that is too long", a_long_head, BOTH(RATLS_E_BINDING), "claims"},
    {"a nonce as text", the_nonce_as_text, BOTH(RATLS_E_BINDING), "claims-buffer"},
    {"a byte after the claims", claims_and_a_byte, BOTH(RATLS_E_BINDING), "claims-buffer"},
    {"claims cut", claims_cut, BOTH(RATLS_E_BINDING), "claims-buffer"},
    {"no claims", no_claims, BOTH(RATLS_E_BINDING), "claims-buffer has 0 bytes"},
    {"one more claim", one_more_claim, BOTH(RATLS_E_BINDING), "claims beside key and nonce"},
    {"another order", the_nonce_first, BOTH(RATLS_E_BINDING), "another order"},
    {"C41 half the digest", half_the_digest, BOTH(RATLS_E_BINDING), "report data"},
    {"no digest", no_digest, BOTH(RATLS_E_BINDING), "report data"},
    {"C42 the upper half", the_upper_half, BOTH(RATLS_E_BINDING), "report data"},
    {"C40 SHA-384", by_sha384, BOTH(RATLS_E_BINDING), "report data"},
    {"another TEE", of_the_other_tee, BOTH(RATLS_E_UNSUPPORTED), "asked for was SGX"},
    {"another tag", quote_in_another_format, BOTH(RATLS_E_UNSUPPORTED), "evidence"},
    {"an OCTET STRING", in_an_octet_string, BOTH(RATLS_E_MALFORMED), "OCTET STRING"},
    {"a certificate", a_certificate, BOTH(RATLS_E_MALFORMED), "evidence"},
    {"endorsements", endorsements_that_are_none, BOTH(RATLS_E_MALFORMED), "endorsements"},
};

/* In an opening, or to a later question. */
static void play(const trick *c, bool server, ratls_binding level, bool later)
{
    session_talk t = talk_of(server, level);
    if (later) {
        assert_int_equal(session_give(&t.v, session_talk_answer(&t)), RATLS_OK);
        t.v.now.ms += 60000;
        session_talk_again(&t);
        (void)session_take(&t.v);
    }
    ratls_code expected = level == RATLS_BINDING_SESSION ? c->session : c->nonce;
    bytes what = arena_format("%s, %s, level %s%s", c->name, server ? "server" : "client",
                              ratls_binding_name(level), later ? ", later" : "");
    ratls_code code = session_give(&t.v, c->make(&t));
    if (code != expected)
        fail_msg("%s: %s: %s", (const char *)what.p, ratls_code_name(code), t.v.e.text);
    assert_int_equal(ratls_result_accepted(t.v.result), code == RATLS_OK);
    if (code == RATLS_OK) {
        assert_true(session_is(&t.v, RATLS_SESSION_OPEN));
        assert_true(bytes_equal(session_take(&t.v), session_verdict(0)));
    } else {
        session_must_refuse(&t.v, (const char *)what.p, code, c->words,
                            session_verdict((unsigned)code));
        assert_non_null(ratls_result_failure(t.v.result));
    }
    session_talk_free(&t);
}

static void every_trick(void **state)
{
    (void)state;
    EACH(i, tricks)
    for (unsigned k = 0; k < 8; k++) {
        arena_mark mark = arena_here();
        play(&tricks[i], (k & 1) != 0, (k & 2) != 0 ? RATLS_BINDING_NONCE : RATLS_BINDING_SESSION,
             (k & 4) != 0);
        arena_back(mark);
    }
}

/* At level nonce an answer says nothing of the connection it was made on. */
static void relay_is_seen_at_level_session_only(void **state)
{
    (void)state;
    static const uint8_t e2[BINDER_EXPORTER] = {0x77};
    for (unsigned bound = 0; bound < 2; bound++) {
        ratls_binding level = bound != 0 ? RATLS_BINDING_SESSION : RATLS_BINDING_NONCE;
        session_pair p = session_pair_of();
        session_ask_for(&p.client, accepts[RATLS_TEE_SGX], level);
        p.server.o.attester = answers;
        p.server.o.exporter = bytes_of(e2, sizeof e2); /* of its connection to who is between */
        session_pair_begin(&p);
        session_pair_run(&p);
        assert_int_equal(session_pair_is_open(&p), bound == 0);
        if (bound != 0) {
            session_must_refuse(&p.client, "relayed", RATLS_E_BINDING, "on another connection",
                                BYTES_NONE);
            session_must_refuse(&p.server, "relayed", RATLS_E_BINDING, "refused our evidence",
                                BYTES_NONE);
        }
        session_pair_free(&p);
    }
}

/* C48: what a session made for its peer comes back to it as that peer's. */
static void own_answers_are_not_a_peers(void **state)
{
    (void)state;
    for (unsigned k = 0; k < 4; k++) {
        ratls_binding level = (k & 2) != 0 ? RATLS_BINDING_NONCE : RATLS_BINDING_SESSION;
        const hello h = {.framing = true, .asks = true, .challenge = session_question(1, level)};
        session_end e = asker((k & 1) != 0, level);
        e.o.peer_key = e.o.own_key; /* the strongest case: a leaked key */
        session_talk t = session_talk_of(e, RATLS_TEE_SGX, &h);
        assert_int_equal(session_step(&t.v), RATLS_OK);
        bytes own = session_find(session_take(&t.v), FRAME_ANSWER);
        assert_int_equal(session_give(&t.v, own), RATLS_E_BINDING);
        session_must_refuse(&t.v, "own answer", RATLS_E_BINDING, "own answer reflected",
                            session_verdict(RATLS_E_BINDING));
        session_talk_free(&t);
    }
}

/* The own question comes back as the peer's: the one that is open, or an older one. */
static void own_questions_are_not_a_peers(void **state)
{
    (void)state;
    for (unsigned k = 0; k < 2; k++) {
        ratls_binding level = (k & 1) != 0 ? RATLS_BINDING_NONCE : RATLS_BINDING_SESSION;
        session_end e = asker(false, level);
        hello own, back = {.server = true, .framing = true, .asks = true};
        ratls_error error;
        session_begin(&e);
        bytes frame = session_take(&e);
        assert_int_equal(hello_parse(bytes_of(frame.p + 4, frame.n - 4), &own, &error), RATLS_OK);
        back.challenge = own.challenge;
        assert_int_equal(session_give(&e, session_hello(&back)), RATLS_E_MALFORMED);
        session_must_refuse(&e, "own question", RATLS_E_MALFORMED, "our own nonce back",
                            session_close_frame(1));
        session_end_free(&e);
    }
    for (unsigned k = 0; k < 12; k++) {
        session_talk t = talk_of((k & 1) != 0, RATLS_BINDING_SESSION);
        challenge asked[3];
        for (unsigned i = 0; i < 3; i++) {
            asked[i] = t.asked;
            assert_int_equal(session_give(&t.v, session_talk_answer(&t)), RATLS_OK);
            (void)session_take(&t.v);
            t.v.now.ms += 60000;
            if (i < 2)
                session_talk_again(&t);
        }
        /* By another level, or with one bit changed, which makes it another one. */
        challenge c = asked[k / 4];
        bool mine = (k & 2) == 0;
        c.level = RATLS_BINDING_NONCE;
        if (!mine)
            c.nonce = bytes_flipped(c.nonce, 31, 0);
        assert_int_equal(session_give(&t.v, session_challenge(&c)),
                         mine ? RATLS_E_MALFORMED : RATLS_OK);
        if (mine)
            session_must_refuse(&t.v, "older own question", RATLS_E_MALFORMED, "our own nonce back",
                                session_close_frame(1));
        session_talk_free(&t);
    }
}

/* By its length alone, before there is memory for it. */
static void challenges_of_any_length(void **state)
{
    (void)state;
    static const struct {
        uint32_t length;
        unsigned wire;
    } cases[] = {{0, 1}, {513, 9}, {1 << 20, 9}, {0xffffff, 9}};
    EACH(i, cases)
    {
        session_talk t = talk_of(true, RATLS_BINDING_SESSION);
        assert_int_equal(session_give(&t.v, session_talk_answer(&t)), RATLS_OK);
        (void)session_take(&t.v);
        buf head = {.n = 0};
        buf_u8(&head, FRAME_CHALLENGE);
        buf_be(&head, cases[i].length, 3);
        assert_int_equal(session_give(&t.v, buf_bytes(&head)), (ratls_code)cases[i].wire);
        assert_null(t.v.s->in.big);
        session_must_refuse(&t.v, "length", (ratls_code)cases[i].wire, "challenge",
                            session_close_frame(cases[i].wire));
        session_talk_free(&t);
    }
}

static void an_answer_comes_once(void **state)
{
    (void)state;
    for (unsigned server = 0; server < 2; server++) {
        session_talk t = talk_of(server != 0, RATLS_BINDING_SESSION);
        bytes a = session_talk_answer(&t);
        assert_int_equal(session_give(&t.v, join(a, a)), RATLS_E_MALFORMED);
        session_must_refuse(&t.v, "twice", RATLS_E_MALFORMED, "an \"answer\" when it had no turn",
                            join(session_verdict(0), session_close_frame(11)));
        session_talk_free(&t);
        /* Before the hello of its sender it is nobody's. */
        session_end e = asker(server != 0, RATLS_BINDING_SESSION);
        session_begin(&e);
        (void)session_take(&e);
        assert_int_equal(session_give(&e, a), RATLS_E_MALFORMED);
        session_must_refuse(&e, "before the hello", RATLS_E_MALFORMED, "when it had no turn",
                            session_close_frame(11));
        session_end_free(&e);
    }
}

/* What the verifier finds out goes to the peer as its code. */
static void policies_decide(void **state)
{
    (void)state;
    static const char strict[] = "\"binding\": {\"minimum\": \"session\"}";
    ratls_error error = {.text = ""};
    ratls_verifier *foreign = session_verifier(RATLS_TEE_SGX, "");
    assert_int_equal(
        ratls_verifier_set_root(foreign, ratls_sim_root(session_platform(RATLS_TEE_TDX)), &error),
        RATLS_OK);
    const struct {
        const char *what;
        const ratls_verifier *verifier;
        ratls_binding level;
        int64_t time;
        ratls_code code;
        const char *words;
    } cases[] = {
        {"fits", session_verifier(RATLS_TEE_SGX, strict), RATLS_BINDING_SESSION, SIM_NOW, RATLS_OK,
         NULL},
        {"level", session_verifier(RATLS_TEE_SGX, strict), RATLS_BINDING_NONCE, SIM_NOW,
         RATLS_E_BINDING, "at least \"session\""},
        {"identity", session_verifier(RATLS_TEE_SGX, "\"binding\": {\"identity\": \"ca\"}"),
         RATLS_BINDING_SESSION, SIM_NOW, RATLS_E_POLICY, "ca"},
        {"another vendor's", foreign, RATLS_BINDING_SESSION, SIM_NOW, RATLS_E_UNTRUSTED, "root"},
        {"20 years later", accepts[RATLS_TEE_SGX], RATLS_BINDING_SESSION,
         SIM_NOW + 20 * 365 * (int64_t)SIM_DAY, RATLS_E_STALE, ""},
        {"no collateral", session_verifier_bare(RATLS_TEE_SGX, ""), RATLS_BINDING_SESSION, SIM_NOW,
         RATLS_E_MISSING, "collateral"},
    };
    EACH(i, cases)
    {
        session_end e = asker(false, cases[i].level);
        e.o.verifier = cases[i].verifier;
        e.now.time = cases[i].time;
        session_talk t = session_talk_of(e, RATLS_TEE_SGX, NULL);
        ratls_code code = session_give(&t.v, session_talk_answer(&t));
        if (code != cases[i].code)
            fail_msg("%s: %s: %s", cases[i].what, ratls_code_name(code), t.v.e.text);
        if (code != RATLS_OK)
            session_must_refuse(&t.v, cases[i].what, code, cases[i].words,
                                session_verdict((unsigned)code));
        session_talk_free(&t);
    }
}

/* A verifier without a policy accepts nobody. */
static void no_policy_accepts_nobody(void **state)
{
    (void)state;
    ratls_verifier *none = ratls_verifier_new();
    session_end e = asker(false, RATLS_BINDING_SESSION);
    e.o.verifier = none;
    session_talk t = session_talk_of(e, RATLS_TEE_SGX, NULL);
    ratls_code code = session_give(&t.v, session_talk_answer(&t));
    assert_int_not_equal(code, RATLS_OK);
    session_must_refuse(&t.v, "no policy", code, "", session_verdict((unsigned)code));
    session_talk_free(&t);
    ratls_verifier_free(&none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_trick),
        cmocka_unit_test(relay_is_seen_at_level_session_only),
        cmocka_unit_test(own_answers_are_not_a_peers),
        cmocka_unit_test(own_questions_are_not_a_peers),
        cmocka_unit_test(challenges_of_any_length),
        cmocka_unit_test(an_answer_comes_once),
        cmocka_unit_test(policies_decide),
        cmocka_unit_test(no_policy_accepts_nobody),
    };
    return cmocka_run_group_tests(tests, setup, session_teardown);
}
