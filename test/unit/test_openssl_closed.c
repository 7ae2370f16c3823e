/* ratls/1 on OpenSSL: nothing of the application's goes in or out before the session is open, or
 * after it was refused, whatever the peer and the application do [hostile F86]. */
#include "testing.h"

#include <openssl/err.h>

#include "middle.h"
#include "openssl_case.h"
#include "session_tls.h"

static machines m;

static const char secret[] = "a secret of the application";

/* This end speaks ratls/1, and demands a session if it judges; the other one is OpenSSL alone. */
static wire against_bare(bool server, int version, enclave *e, bool judges)
{
    const end_spec spec = {.attests = e,
                           .verifier = judges ? machines_verifier_at(&m, "session") : NULL,
                           .speaks = true};
    SSL_CTX *own = end_context(server, version, &spec);
    SSL_CTX *other = bare_context(!server, version, ordinary_identity(NULL), "ratls/1");
    return server ? wire_new(other, own, 0, 0) : wire_new(own, other, 0, 0);
}

static void carry_all(wire *w)
{
    while (wire_move(w))
        ;
}

/* Both handshakes, and nothing else. */
static void shake_hands(wire *w)
{
    for (int i = 0; i < 10; i++) {
        (void)SSL_do_handshake(w->client);
        carry_all(w);
        (void)SSL_do_handshake(w->server);
        carry_all(w);
    }
    assert_true(SSL_is_init_finished(w->client) == 1 && SSL_is_init_finished(w->server) == 1);
}

static const bool sides[] = {false, true};

/* An application that knows OpenSSL's functions only. Its peer's certificate may hold no evidence
 * at all, since an answer is to bring it. */
static void test_plain_calls(void **state)
{
    (void)state;
    enclave *e = enclave_new(&m, 0, NULL);
    EACH(s, sides)
    EACH(k, versions)
    EACH(judges, sides)
    {
        char got[64];
        wire w = against_bare(sides[s], versions[k], e, sides[judges]);
        SSL *own = sides[s] ? w.server : w.client, *other = sides[s] ? w.client : w.server;
        shake_hands(&w);
        assert_int_equal(SSL_write(other, secret, sizeof secret), sizeof secret);
        carry_all(&w);
        uint64_t carried = w.to_client + w.to_server;
        for (int i = 0; i < 3; i++) {
            assert_true(SSL_write(own, secret, sizeof secret) <= 0);
            assert_true(SSL_read(own, got, sizeof got) <= 0);
            assert_true(SSL_peek(own, got, sizeof got) <= 0);
            carry_all(&w);
        }
        assert_int_equal(w.to_client + w.to_server, carried);
        assert_false(ratls_openssl_accepted(own));
        wire_free(&w);
    }
    enclave_free(e);
}

/* The same where the first call is SSL_write or SSL_read, which do the handshake themselves and go
 * on in the same call. */
static void test_handshake_in_write(void **state)
{
    (void)state;
    enclave *e = enclave_new(&m, 0, NULL);
    EACH(s, sides)
    EACH(k, versions)
    EACH(judges, sides)
    {
        char got[64];
        ratls_error error = {.text = ""};
        unsigned want;
        wire w = against_bare(sides[s], versions[k], e, sides[judges]);
        SSL *own = sides[s] ? w.server : w.client, *other = sides[s] ? w.client : w.server;
        for (int i = 0; i < 10; i++) {
            assert_true(SSL_write(own, secret, sizeof secret) <= 0);
            carry_all(&w);
            assert_true(SSL_read(other, got, sizeof got) <= 0);
            carry_all(&w);
        }
        assert_int_equal(SSL_is_init_finished(own), 1);
        assert_int_equal(SSL_is_init_finished(other), 1);
        assert_false(ratls_openssl_accepted(own));
        assert_int_equal(ratls_openssl_error(own)->code, RATLS_E_MISSING);
        assert_string_equal(ratls_openssl_error(own)->text,
                            "tls: the application wrote before the session was open, see "
                            "ratls_openssl_open");
        /* It is too late to open it: what was refused could follow. */
        assert_int_equal(ratls_openssl_open(own, &want, &error), RATLS_E_MISSING);
        assert_true(SSL_write(own, secret, sizeof secret) <= 0);
        carry_all(&w);
        assert_true(SSL_read(other, got, sizeof got) <= 0);
        wire_free(&w);
    }
    enclave_free(e);
}

static void test_handshake_in_read(void **state)
{
    (void)state;
    enclave *e = enclave_new(&m, 0, NULL);
    EACH(s, sides)
    EACH(k, versions)
    {
        char got[64];
        wire w = against_bare(sides[s], versions[k], e, true);
        SSL *own = sides[s] ? w.server : w.client, *other = sides[s] ? w.client : w.server;
        int sent = -1;
        for (int i = 0; i < 10; i++) {
            if (sent <= 0)
                sent = SSL_write(other, secret, sizeof secret);
            carry_all(&w);
            assert_true(SSL_read(own, got, sizeof got) <= 0);
            carry_all(&w);
        }
        assert_int_equal(sent, sizeof secret);
        wire_free(&w);
    }
    enclave_free(e);
}

/* Where a handshake ends without a verdict, here by a session that is too old. */
static int64_t clock_shows = NOW;

static SSL_SESSION *kept;

static int keep(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    SSL_SESSION_free(kept);
    kept = session;
    return 1;
}

static void test_write_without_verdict(void **state)
{
    (void)state;
    EACH(k, versions)
    {
        const ratls_openssl_options resuming = {.now = the_time,
                                                .context = &clock_shows,
                                                .time_is_explicit = true,
                                                .resumption = true,
                                                .session_seconds = 100};
        char got[64];
        setting s = setting_judging(versions[k], NULL, &resuming);
        (void)SSL_CTX_set_session_cache_mode(s.client,
                                             SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(s.client, keep);
        first(&s);
        clock_shows = NOW + 100;
        tls_pair p = pair_new(s.client, s.server);
        assert_int_equal(SSL_set_session(p.client, kept), 1);
        for (int i = 0; i < 10; i++) {
            assert_true(SSL_read(p.client, got, sizeof got) <= 0);
            assert_true(SSL_write(p.server, secret, sizeof secret) <= 0);
        }
        assert_true(SSL_session_reused(p.server));
        assert_int_equal(ratls_openssl_error(p.server)->code, RATLS_E_MISSING);
        assert_string_equal(ratls_openssl_error(p.server)->text,
                            "tls: the handshake ended without evidence of the peer");
        pair_free(&p);
        setting_free(&s);
        SSL_SESSION_free(kept);
        kept = NULL;
        clock_shows = NOW;
    }
}

static long count_writes(BIO *bio, int what, const char *p, size_t n, int argi, long argl,
                         int status, size_t *processed)
{
    (void)p, (void)n, (void)argi, (void)argl, (void)processed;
    void *arg = BIO_get_callback_arg(bio);
    if (what == BIO_CB_WRITE)
        ++*(unsigned *)arg;
    return status;
}

/* A callback of the application's on its BIO is there again once the session begins, or ends. */
static void test_callback_of_bio(void **state)
{
    (void)state;
    static const bool opened[] = {false, true};
    enclave *e = enclave_new(&m, 0, NULL);
    EACH(i, opened)
    {
        unsigned writes = 0;
        void *arg = &writes;
        const end_spec server = {.attests = e, .speaks = true};
        const end_spec client = {.verifier = machines_verifier_at(&m, "session"), .speaks = true};
        wire w = wire_new(end_context(false, TLS1_3_VERSION, &client),
                          end_context(true, TLS1_3_VERSION, &server), 0, 0);
        BIO *bio = SSL_get_wbio(w.client);
        assert_int_equal(BIO_up_ref(bio), 1);
        BIO_set_callback_ex(bio, count_writes);
        BIO_set_callback_arg(bio, arg);
        shake_hands(&w);
        if (opened[i])
            wire_must_open(&w);
        unsigned before = writes;
        wire_free(&w);
        assert_int_equal(BIO_write(bio, "x", 1), -1); /* there is no other end */
        assert_int_equal(writes, before + 1);
        BIO_free(bio);
        ERR_clear_error();
    }
    enclave_free(e);
}

static bytes data_frame(const char *text)
{
    size_t n = strlen(text);
    return join(arena_format("%c%c%c%c", 5, 0, 0, (int)n), bytes_text(text));
}

static bytes bad_answer(void)
{
    return bytes_from_hex("03000006a10043010203");
}

/* What a peer sends instead of what its turn is: before its hello, after it, and in one record with
 * it. Of none a byte is handed over. */
static void test_data_out_of_turn(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool hello, answer, frame; /* what comes first; data in a frame, or as it is */
        ratls_code code;
        const char *text;
    } rows[] = {
        {"bytes of an application", false, false, false, RATLS_E_MALFORMED,
         "ratls/1: a frame of type 97, expected 1 to 6: does the peer speak ratls/1?"},
        {"data before the hello", false, false, true, RATLS_E_MALFORMED,
         "ratls/1: the peer sent a \"data\" when it had no turn"},
        {"data after the hello", true, false, true, RATLS_E_MALFORMED,
         "ratls/1: the peer sent a \"data\" when it had no turn"},
        {"data after a bad answer", true, true, true, RATLS_E_MALFORMED, "evidence: "},
    };
    enclave *e = enclave_new(&m, 0, NULL);
    EACH(s, sides)
    EACH(k, versions)
    EACH(i, rows)
    {
        char got[64];
        size_t n;
        unsigned want;
        ratls_error error = {.text = ""};
        progress at = {.done = false};
        wire w = against_bare(sides[s], versions[k], e, true);
        SSL *own = sides[s] ? w.server : w.client, *other = sides[s] ? w.client : w.server;
        shake_hands(&w);
        bytes all = join(rows[i].hello ? middle_hello(!sides[s], BYTES_NONE) : BYTES_NONE,
                         rows[i].answer ? bad_answer() : BYTES_NONE,
                         rows[i].frame ? data_frame(secret) : bytes_text(secret));
        assert_int_equal(SSL_write(other, all.p, (int)all.n), all.n);
        carry_all(&w);
        assert_int_equal(ratls_openssl_read(own, got, sizeof got, &n, &want, &error),
                         RATLS_E_MISSING);
        assert_int_equal(n, 0);
        assert_int_equal(ratls_openssl_write(own, secret, sizeof secret, &n, &want, &error),
                         RATLS_E_MISSING);
        assert_string_equal(error.text, "tls: the session is not open yet, see ratls_openssl_open");
        for (int step = 0; step < 4; step++) {
            (void)open_step(own, &at);
            carry_all(&w);
        }
        assert_true(at.done);
        if (at.code != rows[i].code || !bytes_starts(bytes_text(at.error.text), rows[i].text))
            fail_msg("%s: %s", rows[i].name, at.error.text);
        assert_false(ratls_openssl_accepted(own));
        assert_true(pair_is_silent(own));
        assert_int_equal(ratls_openssl_read(own, got, sizeof got, &n, &want, &error), rows[i].code);
        assert_int_equal(n, 0);
        int told = SSL_read(other, got, sizeof got);
        assert_true(bytes_find(bytes_of(got, told > 0 ? (size_t)told : 0), bytes_text(secret)) ==
                    (told > 0 ? (size_t)told : 0));
        wire_free(&w);
    }
    enclave_free(e);
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
        cmocka_unit_test(test_plain_calls),       cmocka_unit_test(test_handshake_in_write),
        cmocka_unit_test(test_handshake_in_read), cmocka_unit_test(test_write_without_verdict),
        cmocka_unit_test(test_callback_of_bio),   cmocka_unit_test(test_data_out_of_turn),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
