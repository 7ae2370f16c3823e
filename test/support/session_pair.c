#define _POSIX_C_SOURCE 200809L
#include "testing.h"

#include "session_pair.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/crypto.h"
#include "evidence/dice.h"
#include "ratls/policy.h"
#include "session/session.h"
#include "sim_dir.h"

enum { MADE_MAX = 64, FRAME_MAX = FRAME_HEAD + FRAME_ANSWER_MAX };

static struct {
    sim_place place;
    ratls_sim *sim;
} platforms[RATLS_TEE_TDX + 1];
static ratls_verifier *verifiers[MADE_MAX];
static ratls_attester *attesters[MADE_MAX];
static size_t verifiers_n, attesters_n;

int session_setup(void **state)
{
    (void)state;
    for (ratls_tee tee = RATLS_TEE_SGX; tee <= RATLS_TEE_TDX; tee++) {
        ratls_sim_options o;
        ratls_sim_defaults(tee, &o);
        platforms[tee].place = sim_place_new();
        platforms[tee].sim = sim_make_open(platforms[tee].place.root, &o);
    }
    return 0;
}

int session_teardown(void **state)
{
    (void)state;
    while (attesters_n > 0)
        ratls_attester_free(&attesters[--attesters_n]);
    while (verifiers_n > 0)
        ratls_verifier_free(&verifiers[--verifiers_n]);
    for (ratls_tee tee = RATLS_TEE_SGX; tee <= RATLS_TEE_TDX; tee++) {
        ratls_sim_free(&platforms[tee].sim);
        sim_place_end(&platforms[tee].place);
    }
    return 0;
}

const ratls_sim *session_platform(ratls_tee tee)
{
    return platforms[tee].sim;
}

static void hold(ratls_verifier *v, const ratls_sim *sim)
{
    static uint8_t collateral[256 * 1024];
    size_t n = 0;
    ratls_error e = {.text = ""};
    MUST(ratls_sim_collateral(sim, collateral, sizeof collateral, &n, &e) == RATLS_OK);
    MUST(ratls_verifier_add_collateral(v, bytes_of(collateral, n), &e) == RATLS_OK);
}

static void trust(ratls_verifier *v, const ratls_sim *sim, const char *members)
{
    char policy[8192];
    size_t n = 0;
    ratls_error e = {.text = ""};
    MUST(ratls_verifier_set_root(v, ratls_sim_root(sim), &e) == RATLS_OK);
    MUST(ratls_policy_write(policy, sizeof policy, &n, ratls_sim_facts(sim), true, &e) == RATLS_OK);
    *strrchr(policy, '}') = '\0';
    bytes text = arena_format("%s%s%s}", policy, members[0] != '\0' ? ", " : "", members);
    if (ratls_verifier_set_policy(v, text, &e) != RATLS_OK)
        fail_msg("%s", e.text);
}

ratls_verifier *session_verifier_bare(ratls_tee tee, const char *members)
{
    ratls_verifier *v = ratls_verifier_new();
    MUST(v != NULL && verifiers_n < MADE_MAX);
    trust(v, platforms[tee].sim, members);
    return verifiers[verifiers_n++] = v;
}

ratls_verifier *session_verifier(ratls_tee tee, const char *members)
{
    ratls_verifier *v = session_verifier_bare(tee, members);
    hold(v, platforms[tee].sim);
    return v;
}

static ratls_attester *attester_of(const ratls_attester_options *o)
{
    ratls_error e = {.text = ""};
    ratls_attester *a;
    MUST(attesters_n < MADE_MAX);
    if (ratls_attester_new(&a, o, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    return attesters[attesters_n++] = a;
}

ratls_attester *session_attester(ratls_tee tee, bool staple)
{
    ratls_error e = {.text = ""};
    ratls_attester_options o = {.staple = staple};
    if (ratls_source_sim(platforms[tee].place.root, &o.source, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    ratls_attester *a = attester_of(&o);
    if (staple && ratls_attester_renew(a, SIM_NOW, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    return a;
}

void session_forget(const ratls_attester *a)
{
    for (size_t i = 0; i < attesters_n; i++)
        if (attesters[i] == a)
            attesters[i] = NULL;
}

static ratls_code gated_quote(void *state, const uint8_t report_data[64], uint8_t *out, size_t cap,
                              size_t *n, ratls_error *e)
{
    session_gate *g = state;
    (void)pthread_mutex_lock(&g->lock);
    g->asked++;
    (void)pthread_cond_broadcast(&g->changed);
    while (g->closed)
        (void)pthread_cond_wait(&g->changed, &g->lock);
    ratls_code code = g->fail;
    (void)pthread_mutex_unlock(&g->lock);
    if (code != RATLS_OK)
        return refuse(e, code, 0, "gate: the device is gone");
    return ratls_sim_quote(g->sim, report_data, out, cap, n, e);
}

ratls_attester *session_gated(session_gate *g, ratls_tee tee, uint32_t waiting_max)
{
    *g = (session_gate){.sim = platforms[tee].sim};
    MUST(pthread_mutex_init(&g->lock, NULL) == 0 && pthread_cond_init(&g->changed, NULL) == 0);
    const ratls_attester_options o = {.source = {.name = "gate", .state = g, .quote = gated_quote},
                                      .waiting_max = waiting_max};
    return attester_of(&o);
}

void session_gate_set(session_gate *g, bool closed, ratls_code fail)
{
    (void)pthread_mutex_lock(&g->lock);
    g->closed = closed;
    g->fail = fail;
    (void)pthread_cond_broadcast(&g->changed);
    (void)pthread_mutex_unlock(&g->lock);
}

void session_gate_wait(session_gate *g, unsigned asked)
{
    (void)pthread_mutex_lock(&g->lock);
    while (g->asked < asked)
        (void)pthread_cond_wait(&g->changed, &g->lock);
    (void)pthread_mutex_unlock(&g->lock);
}

/* The keys are opaque here: only their digests travel. */
static const uint8_t exporter[BINDER_EXPORTER] = {0x34, 0x9d, 0x21, 0x69, 0x52};

static bytes key_of(bool server)
{
    return bytes_text(server ? "the server's key, DER" : "the client's key, DER");
}

session_end session_end_of(bool server)
{
    return (session_end){.o = {.server = server,
                               .own_key = key_of(server),
                               .peer_key = key_of(!server),
                               .exporter = bytes_of(exporter, sizeof exporter),
                               .time_is_explicit = true},
                         .now = {.time = SIM_NOW, .ms = 5000},
                         .chunk = SIZE_MAX};
}

void session_ask_for(session_end *e, const ratls_verifier *v, ratls_binding level)
{
    e->result = ratls_result_new();
    MUST(e->result != NULL);
    e->o.verifier = v;
    e->o.level = level;
    e->o.result = e->result;
}

ratls_code session_try_begin(session_end *e)
{
    return ratls_session_new(&e->s, &e->o, e->now, &e->e);
}

void session_begin(session_end *e)
{
    if (session_try_begin(e) != RATLS_OK)
        fail_msg("%s", e->e.text);
}

void session_end_free(session_end *e)
{
    ratls_session_free(&e->s);
    assert_null(e->s);
    ratls_result_free(&e->result);
}

bytes session_take(session_end *e)
{
    buf b = {.n = 0};
    for (bytes next; (next = ratls_session_pending(e->s)).n > 0;) {
        buf_put(&b, next);
        ratls_session_sent(e->s, next.n);
    }
    buf_put(&e->said, buf_bytes(&b));
    return buf_bytes(&b);
}

/* Each piece in a block of its own size, so that a sanitizer sees a byte too many. */
static ratls_code give_piece(session_end *e, bytes piece)
{
    bytes data;
    uint8_t *copy = malloc(piece.n);
    MUST(copy != NULL);
    memcpy(copy, piece.p, piece.n);
    ratls_code code = ratls_session_receive(e->s, bytes_of(copy, piece.n), e->now, &data, &e->e);
    assert_true(code == RATLS_OK || data.n == 0);
    buf_put(&e->got, data);
    free(copy);
    return code;
}

ratls_code session_give(session_end *e, bytes in)
{
    ratls_code code = RATLS_OK;
    e->left = in.n;
    while (e->left > 0 && code == RATLS_OK) {
        size_t n = ratls_session_wants(e->s);
        n = n < e->left ? n : e->left;
        n = n < e->chunk ? n : e->chunk;
        if (n == 0)
            break;
        code = give_piece(e, bytes_of(in.p + in.n - e->left, n));
        e->left -= n;
    }
    return code;
}

ratls_code session_step(session_end *e)
{
    assert_true(ratls_session_wait(e->s, 60000));
    return ratls_session_step(e->s, e->now, &e->e);
}

ratls_code session_hang_up(session_end *e)
{
    return ratls_session_ended(e->s, &e->e);
}

bytes session_data(session_end *e, const char *text)
{
    uint8_t head[RATLS_SESSION_DATA_HEAD];
    size_t n = strlen(text);
    ratls_session_data_head(e->s, n, head);
    ratls_session_sent(e->s, sizeof head + n);
    bytes frame = join(bytes_of(head, sizeof head), bytes_text(text));
    buf_put(&e->said, frame);
    return frame;
}

bool session_is(const session_end *e, ratls_session_state state)
{
    return ratls_session_state_of(e->s) == state;
}

void session_must_refuse(session_end *e, const char *what, ratls_code code, const char *words,
                         bytes last)
{
    const ratls_error *why = ratls_session_error(e->s);
    bytes pending = session_take(e);
    if (!session_is(e, RATLS_SESSION_CLOSED) || why == NULL)
        fail_msg("%s: not refused", what);
    if (why->code != code || strstr(why->text, words) == NULL)
        fail_msg("%s: %s, expected %s with \"%s\": %s", what, ratls_code_name(why->code),
                 ratls_code_name(code), words, why->text);
    if (!bytes_equal(pending, last))
        fail_msg("%s: sends %s, expected %s", what, (const char *)hex_of(pending).p,
                 (const char *)hex_of(last).p);
    assert_int_equal(e->got.n, 0);
    assert_int_equal(ratls_session_wants(e->s), 0);
    assert_int_equal(ratls_session_level(e->s), RATLS_BINDING_NONE);
    assert_true(ratls_session_due(e->s) == UINT64_MAX && !ratls_session_is_making(e->s));
    /* And it says the same again, to every call. */
    ratls_error again = {.text = ""};
    assert_int_equal(ratls_session_step(e->s, e->now, &again), code);
    assert_string_equal(again.text, why->text);
}

static bytes copy_of(const writer *w)
{
    MUST(wr_ok(w));
    return arena_copy(wr_bytes(w));
}

bytes session_verdict(unsigned code)
{
    uint8_t frame[FRAME_HEAD + 16];
    writer w = wr_of(frame, sizeof frame);
    verdict_write(&w, code);
    return copy_of(&w);
}

bytes session_close_frame(unsigned code)
{
    uint8_t frame[FRAME_HEAD + 16];
    writer w = wr_of(frame, sizeof frame);
    close_write(&w, code);
    return copy_of(&w);
}

session_pair session_pair_of(void)
{
    return (session_pair){session_end_of(false), session_end_of(true)};
}

void session_pair_begin(session_pair *p)
{
    session_begin(&p->client);
    session_begin(&p->server);
}

/* Whether anything moved. */
static bool carry(session_end *from, session_end *to)
{
    if (!session_is(from, RATLS_SESSION_CLOSED))
        (void)session_step(from);
    bytes moved = session_take(from);
    if (moved.n > 0)
        (void)session_give(to, moved);
    return moved.n > 0;
}

void session_pair_run(session_pair *p)
{
    for (bool moved = true; moved;) {
        moved = carry(&p->client, &p->server);
        moved = carry(&p->server, &p->client) || moved;
    }
}

void session_pair_later(session_pair *p, uint64_t ms)
{
    p->client.now.ms += ms;
    p->server.now.ms += ms;
}

bool session_pair_is_open(const session_pair *p)
{
    return session_is(&p->client, RATLS_SESSION_OPEN) && session_is(&p->server, RATLS_SESSION_OPEN);
}

void session_pair_free(session_pair *p)
{
    session_end_free(&p->client);
    session_end_free(&p->server);
}

bytes session_frame(unsigned type, bytes payload)
{
    buf b = {.n = 0};
    buf_u8(&b, type);
    buf_be(&b, payload.n, 3);
    buf_put(&b, payload);
    return buf_bytes(&b);
}

bytes session_hello(const hello *h)
{
    uint8_t frame[FRAME_HEAD + FRAME_SMALL_MAX];
    writer w = wr_of(frame, sizeof frame);
    hello_write(&w, h);
    return copy_of(&w);
}

bytes session_challenge(const challenge *c)
{
    uint8_t frame[FRAME_HEAD + FRAME_SMALL_MAX];
    writer w = wr_of(frame, sizeof frame);
    challenge_write(&w, c);
    return copy_of(&w);
}

bytes session_answer(bytes evidence, bytes endorsements)
{
    const answer a = {evidence, endorsements};
    writer w = wr_of(arena_alloc(FRAME_MAX), FRAME_MAX);
    answer_write(&w, &a);
    MUST(wr_ok(&w));
    return wr_bytes(&w);
}

bytes session_claims(const binder *b)
{
    uint8_t claims[BINDER_CLAIMS_MAX];
    writer w = wr_of(claims, sizeof claims);
    binder_claims(&w, b);
    return copy_of(&w);
}

bytes session_quote(ratls_tee tee, const uint8_t report_data[64])
{
    static uint8_t quote[32768];
    size_t n = 0;
    ratls_error e = {.text = ""};
    if (ratls_sim_quote(platforms[tee].sim, report_data, quote, sizeof quote, &n, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    return arena_copy(bytes_of(quote, n));
}

bytes session_quote_over(ratls_tee tee, bytes claims)
{
    uint8_t report_data[64] = {0};
    MUST(crypto_digest(CRYPTO_SHA256, &claims, 1, report_data));
    return session_quote(tee, report_data);
}

bytes session_evidence(bytes quote, bytes claims)
{
    size_t cap = quote.n + claims.n + 32;
    writer w = wr_of(arena_alloc(cap), cap);
    dice_write_evidence(&w, quote, claims);
    MUST(wr_ok(&w));
    return wr_bytes(&w);
}

bytes session_find(bytes stream, unsigned type)
{
    reader r = rd_of(stream);
    while (rd_left(&r) > 0) {
        size_t at = r.pos;
        unsigned found = rd_u8(&r);
        size_t n = (size_t)rd_be(&r, 3);
        (void)rd_take(&r, n);
        if (rd_ok(&r) && found == type)
            return bytes_of(stream.p + at, FRAME_HEAD + n);
    }
    fail_msg("no \"%s\" in %s", frame_name(type), (const char *)hex_of(stream).p);
    return BYTES_NONE;
}

static bytes payload_of(bytes frame)
{
    return bytes_of(frame.p + FRAME_HEAD, frame.n - FRAME_HEAD);
}

session_talk session_talk_of(session_end v, ratls_tee tee, const hello *peer)
{
    session_talk t = {.v = v, .tee = tee};
    hello asked;
    ratls_error e = {.text = ""};
    t.said = peer != NULL ? *peer : (hello){.framing = true, .interval = 60};
    t.said.server = !v.o.server;
    bytes peers = session_hello(&t.said);
    session_begin(&t.v);
    bytes own = v.o.server ? BYTES_NONE : session_take(&t.v);
    if (session_give(&t.v, peers) != RATLS_OK)
        fail_msg("%s", t.v.e.text);
    if (v.o.server)
        own = session_find(session_take(&t.v), FRAME_HELLO);
    t.client = v.o.server ? peers : own;
    t.server = v.o.server ? own : peers;
    MUST(hello_parse(payload_of(own), &asked, &e) == RATLS_OK);
    t.asked = asked.challenge;
    MUST(binder_begin(t.client, t.server, t.transcript));
    MUST(crypto_digest(CRYPTO_SHA256, &t.v.o.peer_key, 1, t.key));
    return t;
}

binder session_talk_binder(const session_talk *t)
{
    bool bound = t->asked.level == RATLS_BINDING_SESSION;
    return (binder){.key_hash = t->key,
                    .nonce = t->asked.nonce,
                    .server = !t->v.o.server,
                    .exporter = bound ? exporter : NULL,
                    .transcript = t->transcript};
}

bytes session_talk_answer(const session_talk *t)
{
    binder b = session_talk_binder(t);
    bytes claims = session_claims(&b);
    return session_answer(session_evidence(session_quote_over(t->tee, claims), claims), BYTES_NONE);
}

void session_talk_again(session_talk *t)
{
    ratls_error e = {.text = ""};
    if (ratls_session_ask(t->v.s, t->v.now, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    bytes frame = session_find(session_take(&t->v), FRAME_CHALLENGE);
    MUST(challenge_parse(payload_of(frame), &t->asked, &e) == RATLS_OK);
    MUST(binder_go_on(frame, t->transcript));
}

void session_talk_free(session_talk *t)
{
    session_end_free(&t->v);
}

challenge session_question(uint8_t fill, ratls_binding level)
{
    uint8_t nonce[MESSAGE_NONCE];
    memset(nonce, fill, sizeof nonce);
    return (challenge){.nonce = arena_copy(bytes_of(nonce, sizeof nonce)),
                       .level = level,
                       .sgx = true,
                       .tdx = true,
                       .common = true};
}
