/*
 * Men in the middle, in real TLS: who holds a leaked key of an accepted platform, and passes
 * questions on, to that platform or to another one, replays answers, or reflects them
 * [doc/BINDING.md, Levels]. At level "key" it works, and the result says "key".
 */
#define _POSIX_C_SOURCE 200809L
#include "testing.h"

#include <openssl/err.h>
#include <stdio.h>

#include "base/hex.h"
#include "middle.h"
#include "openssl_case.h"
#include "session_tls.h"
#include "session_tls_foreign.h"

static machines m;
static const bool sides[] = {false, true};
static const char *const levels[] = {"key", "nonce", "session"};
enum { AT_KEY, AT_NONCE, AT_SESSION };
enum { HELLO = 1, CHALLENGE, ANSWER, VERDICT };

static const char secret[] = "what the application tells to accepted platforms only";

/* The victim and the attacker; and a helper, a genuine platform that knows nothing of it. */
typedef struct scene {
    bool on_server; /* the victim is the server, and asks its clients */
    wire v, h;      /* h: with a helper only */
    SSL *victim, *helper;
    middle_end at_victim, at_helper;
    progress victim_at, helper_at;
} scene;

static int anybody(int ok, X509_STORE_CTX *store)
{
    (void)ok, (void)store;
    return 1;
}

/* The attacker's end is OpenSSL alone, shows this, and takes any certificate. */
static wire wire_to(bool server, int version, const end_spec *spec, identity shows)
{
    SSL_CTX *own = end_context(server, version, spec);
    SSL_CTX *his = bare_context(!server, version, shows, "ratls/1");
    SSL_CTX_set_verify(his, SSL_VERIFY_PEER, anybody);
    return server ? wire_new(his, own, 0, 0) : wire_new(own, his, 0, 0);
}

/* The victim demands this level; it attests too if `victim` is not NULL. The attacker shows it
 * `shows`. */
static scene scene_of(bool on_server, int version, const char *level, identity shows,
                      enclave *victim, enclave *helper)
{
    scene s = {.on_server = on_server};
    const end_spec judge = {
        .attests = victim, .verifier = machines_verifier_at(&m, level), .speaks = true};
    s.v = wire_to(on_server, version, &judge, shows);
    s.victim = on_server ? s.v.server : s.v.client;
    s.at_victim = middle_of(on_server ? s.v.client : s.v.server);
    if (helper == NULL)
        return s;
    const end_spec honest = {.attests = helper, .speaks = true};
    s.h = wire_to(!on_server, version, &honest, ordinary_identity(NULL));
    s.helper = on_server ? s.h.client : s.h.server;
    s.at_helper = middle_of(on_server ? s.h.server : s.h.client);
    return s;
}

static void scene_free(scene *s)
{
    wire_free(&s->v);
    if (s->helper != NULL)
        wire_free(&s->h);
}

static bool carry_all(wire *w)
{
    bool moved = false;
    while (wire_move(w))
        moved = true;
    return moved;
}

static bool side_step(SSL *ssl, progress *p, wire *w, middle_end *his)
{
    bool went = open_step(ssl, p);
    if (!p->done && (p->want & RATLS_WANT_EVIDENCE) != 0)
        went = ratls_openssl_wait(ssl, RATLS_WANT_EVIDENCE, -1);
    went = carry_all(w) || went;
    went = middle_read(his) || went;
    return carry_all(w) || went;
}

/* The attacker does what he can with what came, until nothing goes on. */
static void play(scene *s, void (*attack)(scene *s))
{
    for (int quiet = 0; quiet < 3; quiet++) {
        if (side_step(s->victim, &s->victim_at, &s->v, &s->at_victim))
            quiet = 0;
        if (s->helper != NULL && side_step(s->helper, &s->helper_at, &s->h, &s->at_helper))
            quiet = 0;
        attack(s);
        if (carry_all(&s->v) || (s->helper != NULL && carry_all(&s->h)))
            quiet = 0;
    }
    assert_true(s->victim_at.done);
}

/* The application says what it has to say, if it may; by OpenSSL's own functions, too. */
static void tell_secret(scene *s)
{
    size_t n;
    unsigned want;
    ratls_error e;
    ratls_code code = ratls_openssl_write(s->victim, secret, sizeof secret - 1, &n, &want, &e);
    assert_int_equal(code == RATLS_OK, ratls_openssl_accepted(s->victim));
    if (code != RATLS_OK)
        (void)SSL_write(s->victim, secret, sizeof secret - 1);
    ERR_clear_error();
    (void)carry_all(&s->v);
    (void)middle_read(&s->at_victim);
}

static void must_succeed(scene *s, int level)
{
    static const char *const by[] = {"certificate", "ratls/1", "ratls/1 and tls-exporter"};
    if (s->victim_at.code != RATLS_OK)
        fail_msg("%s", s->victim_at.error.text);
    assert_accepted(s->victim);
    const ratls_result *r = ratls_openssl_result(s->victim);
    assert_string_equal(ratls_result_binding_level(r), levels[level]);
    assert_string_equal(ratls_result_binding_by(r), by[level]);
    tell_secret(s);
    assert_true(middle_saw(&s->at_victim, secret));
}

static void must_fail(scene *s, ratls_code code, const char *text)
{
    assert_int_equal(s->victim_at.code, code);
    assert_string_equal(s->victim_at.error.text, text);
    assert_int_equal(ratls_openssl_error(s->victim)->code, code);
    assert_string_equal(ratls_openssl_error(s->victim)->text, text);
    assert_false(ratls_openssl_accepted(s->victim));
    assert_false(ratls_result_accepted(ratls_openssl_result(s->victim)));
    tell_secret(s);
    assert_false(middle_saw(&s->at_victim, secret));
    assert_false(middle_has(&s->at_victim, 5));
}

/* All as it is: the hellos, so that the transcripts agree, questions, answers and verdicts. */
static void pass_on(scene *s)
{
    const bytes *frame;
    while ((frame = middle_take(&s->at_victim)) != NULL)
        middle_write(&s->at_helper, *frame);
    while ((frame = middle_take(&s->at_helper)) != NULL)
        middle_write(&s->at_victim, *frame);
}

typedef struct exporter_text {
    char s[65];
} exporter_text;

static exporter_text exporter_of(SSL *ssl)
{
    static const char label[] = RATLS_SESSION_EXPORTER;
    uint8_t value[32];
    exporter_text t;
    assert_int_equal(
        SSL_export_keying_material(ssl, value, sizeof value, label, sizeof label - 1, NULL, 0, 1),
        1);
    hex_encode(bytes_of(value, sizeof value), t.s);
    return t;
}

static const char *other_connection(const char *found, const char *expected)
{
    static char text[RATLS_TEXT_SIZE];
    (void)snprintf(text, sizeof text,
                   "binding: the answer was made on another connection (is somebody in between?): "
                   "its exporter value is %s, "
                   "expected %s",
                   found, expected);
    return text;
}

/* Relay: the leaked key's own platform answers, asked by the attacker. */
static void test_relay(void **state)
{
    (void)state;
    enclave *h = enclave_new(&m, 0, NULL);
    identity leaked = leaked_identity(h);
    EACH(side, sides)
    EACH(k, versions)
    for (int level = AT_KEY; level <= AT_SESSION; level++) {
        scene s = scene_of(sides[side], versions[k], levels[level], leaked, NULL, h);
        play(&s, pass_on);
        assert_int_equal(middle_has(&s.at_helper, ANSWER), level > AT_KEY);
        if (level < AT_SESSION)
            must_succeed(&s, level);
        else
            must_fail(
                &s, RATLS_E_BINDING,
                other_connection(exporter_of(s.at_helper.ssl).s, exporter_of(s.at_victim.ssl).s));
        scene_free(&s);
    }
    EVP_PKEY_free(leaked.key);
    enclave_free(h);
}

static hex_text hash_of_key(identity i)
{
    return hex_short(digest_of(EVP_sha256(), key_spki(i.key)));
}

static const char *another_key(identity answered, identity shown)
{
    static char text[RATLS_TEXT_SIZE];
    (void)snprintf(text, sizeof text,
                   "binding: the answer is for another key: its pubkey-hash is %s, expected %s",
                   hash_of_key(answered).s, hash_of_key(shown).s);
    return text;
}

/* Diversion: another accepted platform answers. */
static void test_diversion(void **state)
{
    (void)state;
    enclave *h = enclave_new(&m, 0, NULL), *other = enclave_new(&m, 1, NULL);
    identity leaked = leaked_identity(h), others = leaked_identity(other);
    EACH(side, sides)
    EACH(k, versions)
    for (int level = AT_KEY; level <= AT_SESSION; level++) {
        scene s = scene_of(sides[side], versions[k], levels[level], leaked, NULL, other);
        play(&s, pass_on);
        if (level == AT_KEY)
            must_succeed(&s, level);
        else
            must_fail(&s, RATLS_E_BINDING, another_key(others, leaked));
        scene_free(&s);

        /* With a key of his own and no evidence at all. */
        const identity own = ordinary_identity(NULL);
        s = scene_of(sides[side], versions[k], levels[level], own, NULL, other);
        play(&s, pass_on);
        if (level == AT_KEY)
            must_fail(&s, RATLS_E_MISSING,
                      "certificate: no evidence among its 1 extensions, expected 2.23.133.5.4.9 or "
                      "an older one");
        else
            must_fail(&s, RATLS_E_BINDING, another_key(others, own));
        scene_free(&s);
    }
    EVP_PKEY_free(leaked.key);
    EVP_PKEY_free(others.key);
    enclave_free(h);
    enclave_free(other);
}

/* What the attacker has kept of an earlier session, and replays. */
static bytes kept_hello, kept_answer;

static void replay(scene *s)
{
    if (s->on_server && s->at_victim.next == 0 && SSL_is_init_finished(s->at_victim.ssl) == 1) {
        s->at_victim.next = 1;
        middle_write(&s->at_victim, kept_hello);
    }
    if (middle_has(&s->at_victim, HELLO) && s->at_victim.next < 2) {
        s->at_victim.next = 2;
        if (!s->on_server)
            middle_write(&s->at_victim, kept_hello);
        if (kept_answer.n > 0)
            middle_write(&s->at_victim, kept_answer);
    }
}

/* The nonce of the challenge in a hello. */
static hex_text nonce_in(bytes hello)
{
    bytes challenge = middle_challenge_of(hello);
    assert_true(challenge.n > 36);
    return hex_short(bytes_of(challenge.p + 4, 32));
}

static const char *another_question(hex_text found, hex_text expected)
{
    static char text[RATLS_TEXT_SIZE];
    (void)snprintf(text, sizeof text,
                   "binding: the answer answers another question: its nonce is %s, expected %s",
                   found.s, expected.s);
    return text;
}

/* Replay: the platform is gone, and what is left of it is its key, its certificate, and an answer
 * that it once gave. */
static void test_replay(void **state)
{
    (void)state;
    EACH(side, sides)
    EACH(k, versions)
    for (int level = AT_KEY; level <= AT_SESSION; level++) {
        enclave *h = enclave_new(&m, 0, NULL);
        identity leaked = leaked_identity(h);
        scene before = scene_of(sides[side], versions[k], levels[level], leaked, NULL, h);
        play(&before, pass_on);
        exporter_text old_exporter = exporter_of(before.at_helper.ssl);
        bytes old_question = middle_frame(&before.at_victim, HELLO);
        kept_hello = middle_frame(&before.at_helper, HELLO);
        kept_answer = level > AT_KEY ? middle_frame(&before.at_helper, ANSWER) : BYTES_NONE;
        scene_free(&before);
        enclave_free(h);

        scene s = scene_of(sides[side], versions[k], levels[level], leaked, NULL, NULL);
        play(&s, replay);
        if (level == AT_KEY)
            must_succeed(&s, level);
        else if (level == AT_NONCE)
            must_fail(&s, RATLS_E_BINDING,
                      another_question(nonce_in(old_question),
                                       nonce_in(middle_frame(&s.at_victim, HELLO))));
        else
            must_fail(&s, RATLS_E_BINDING,
                      other_connection(old_exporter.s, exporter_of(s.at_victim.ssl).s));
        scene_free(&s);
        EVP_PKEY_free(leaked.key);
    }
}

static void hang_up(scene *s)
{
    if (s->on_server && s->at_victim.next == 0 && SSL_is_init_finished(s->at_victim.ssl) == 1) {
        s->at_victim.next = 1;
        middle_write(&s->at_victim, middle_hello(false, BYTES_NONE));
    }
    if (middle_has(&s->at_victim, HELLO) && s->at_victim.next < 2) {
        s->at_victim.next = 2;
        if (!s->on_server)
            middle_write(&s->at_victim, middle_hello(true, BYTES_NONE));
        (void)SSL_shutdown(s->at_victim.ssl);
    }
}

/* The same without an answer to replay: by key and certificate alone. */
static void test_no_answer(void **state)
{
    (void)state;
    enclave *h = enclave_new(&m, 0, NULL);
    identity leaked = leaked_identity(h);
    enclave_free(h);
    EACH(side, sides)
    EACH(k, versions)
    for (int level = AT_NONCE; level <= AT_SESSION; level++) {
        scene s = scene_of(sides[side], versions[k], levels[level], leaked, NULL, NULL);
        play(&s, hang_up);
        must_fail(&s, RATLS_E_MALFORMED,
                  "ratls/1: the peer ended the connection before the session was open");
        scene_free(&s);
    }
    EVP_PKEY_free(leaked.key);
}

/* Reflection. The victim attests, and its own key has leaked; its platform is an accepted one. The
 * attacker asks it something, and gives it its own answer. */
static const char *reflected_level;

static void reflect_answer(scene *s)
{
    bytes question = reflected_level != NULL ? middle_challenge(reflected_level) : BYTES_NONE;
    bool shaken = SSL_is_init_finished(s->at_victim.ssl) == 1;
    if (shaken && s->at_victim.next == 0 && (s->on_server || middle_has(&s->at_victim, HELLO))) {
        s->at_victim.next = 1;
        middle_write(&s->at_victim, middle_hello(!s->on_server, question));
    }
    if (middle_has(&s->at_victim, ANSWER) && s->at_victim.next == 1) {
        s->at_victim.next = 2;
        middle_write(&s->at_victim, middle_frame(&s->at_victim, ANSWER));
        middle_write(&s->at_victim, middle_verdict());
    }
}

/* The victim's own question, as the attacker's. */
static void reflect_question(scene *s)
{
    if (!middle_has(&s->at_victim, HELLO) || s->at_victim.next > 0)
        return;
    s->at_victim.next = 1;
    bytes question = middle_challenge_of(middle_frame(&s->at_victim, HELLO));
    middle_write(&s->at_victim, middle_hello(true, question));
}

static void reflect_hello(scene *s)
{
    if (s->on_server && s->at_victim.next == 0 && SSL_is_init_finished(s->at_victim.ssl) == 1) {
        s->at_victim.next = 1;
        middle_write(&s->at_victim, middle_hello(false, BYTES_NONE));
    }
    if (middle_has(&s->at_victim, HELLO) && s->at_victim.next < 2) {
        s->at_victim.next = 2;
        middle_write(&s->at_victim, middle_frame(&s->at_victim, HELLO));
    }
}

static void test_reflection(void **state)
{
    (void)state;
    static const char *const made_by_itself[] = {
        "binding: the answer was made by the other role (an own answer reflected?): its role is "
        "client, expected server",
        "binding: the answer was made by the other role (an own answer reflected?): its role is "
        "server, expected client"};
    static const char *const own_hello[] = {
        "ratls/1: the peer says that it is the client, and so is this side",
        "ratls/1: the peer sent a \"hello\" when it had no turn"};
    enclave *v = enclave_new(&m, 0, NULL);
    identity own = leaked_identity(v);
    EACH(side, sides)
    EACH(k, versions)
    for (int level = AT_KEY; level <= AT_SESSION; level++) {
        reflected_level = level > AT_KEY ? levels[level] : NULL;
        scene s = scene_of(sides[side], versions[k], levels[level], own, v, NULL);
        play(&s, reflect_answer);
        if (level == AT_KEY)
            must_succeed(&s, level);
        else
            must_fail(&s, RATLS_E_BINDING, made_by_itself[side]);
        scene_free(&s);
        if (level == AT_KEY)
            continue;

        s = scene_of(sides[side], versions[k], levels[level], own, v, NULL);
        play(&s, reflect_hello);
        must_fail(&s, RATLS_E_MALFORMED, own_hello[side]);
        scene_free(&s);

        /* A server is asked before it asks. */
        if (sides[side])
            continue;
        s = scene_of(false, versions[k], levels[level], own, v, NULL);
        play(&s, reflect_question);
        must_fail(&s, RATLS_E_MALFORMED,
                  "ratls/1: the peer sent our own nonce back as its question");
        scene_free(&s);
    }
    EVP_PKEY_free(own.key);
    enclave_free(v);
}

static int set_up(void **state)
{
    (void)state;
    machines_make(&m);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    machines_end(&m);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_relay),      cmocka_unit_test(test_diversion),
        cmocka_unit_test(test_replay),     cmocka_unit_test(test_no_answer),
        cmocka_unit_test(test_reflection),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
