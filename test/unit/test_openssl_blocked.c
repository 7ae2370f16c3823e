/* ratls/1 on OpenSSL where one direction is blocked, and on sockets that block. */
#define _POSIX_C_SOURCE 200809L
#include "testing.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "openssl_case.h"
#include "session_tls.h"

static machines m;

static wire mutual_wire(int version, enclave *at_client, enclave *at_server, size_t room)
{
    const end_spec client = {
        .attests = at_client, .verifier = machines_verifier_at(&m, "session"), .speaks = true};
    const end_spec server = {
        .attests = at_server, .verifier = machines_verifier_at(&m, "session"), .speaks = true};
    return wire_new(end_context(false, version, &client), end_context(true, version, &server), room,
                    0);
}

/* Both send their answers, and neither of them fits into what the way between them holds: a side
 * whose sending is blocked goes on reading. */
static void test_answers_cross(void **state)
{
    (void)state;
    static const size_t rooms[] = {1, 1000, 4000};
    enclave *e = enclave_new(&m, 0, NULL), *f = enclave_new(&m, 1, NULL);
    EACH(k, versions)
    EACH(r, rooms)
    {
        wire w = mutual_wire(versions[k], e, f, rooms[r]);
        wire_must_open(&w);
        assert_accepted(w.client);
        assert_accepted(w.server);
        wire_say(&w, w.client, "from the client");
        wire_say(&w, w.server, "from the server");
        wire_free(&w);
    }
    enclave_free(e);
    enclave_free(f);
}

/* A peer that wants new keys and reads nothing: OpenSSL then wants to write whatever is called, and
 * says so. */
static void test_key_update_blocked(void **state)
{
    (void)state;
    enclave *e = enclave_new(&m, 0, NULL), *f = enclave_new(&m, 1, NULL);
    uint8_t much[8000] = {0}, got[sizeof much];
    char byte;
    size_t n;
    unsigned want;
    ratls_error error = {.text = ""};
    wire w = mutual_wire(TLS1_3_VERSION, e, f, 2000);
    wire_must_open(&w);
    while (wire_move(&w))
        ;
    /* The client's way out is full. */
    size_t sent = 0, came = 0;
    do {
        assert_int_equal(ratls_openssl_write(w.client, much, 1200, &n, &want, &error), RATLS_OK);
        sent += n;
    } while (want == 0);
    assert_int_equal(want, RATLS_WANT_WRITE);
    /* The server's request for new keys comes in meanwhile. */
    assert_int_equal(SSL_key_update(w.server, SSL_KEY_UPDATE_REQUESTED), 1);
    assert_int_equal(ratls_openssl_write(w.server, "x", 1, &n, &want, &error), RATLS_OK);
    uint8_t records[2000];
    int taken = BIO_read(w.server_far, records, sizeof records);
    assert_true(taken > 0);
    assert_int_equal(BIO_write(w.client_far, records, taken), taken);
    assert_int_equal(ratls_openssl_read(w.client, &byte, 1, &n, &want, &error), RATLS_OK);
    assert_int_equal(n, 1);
    /* Room for what was half written, and for nothing more. */
    uint8_t some[2000];
    int some_n = 0;
    do {
        assert_int_equal(BIO_read(w.client_far, some + some_n, 1), 1);
        some_n++;
        assert_int_equal(ratls_openssl_write(w.client, much, 1200, &n, &want, &error), RATLS_OK);
    } while (n == 0);
    sent += n;
    assert_int_equal(ratls_openssl_write(w.client, much, 1200, &n, &want, &error), RATLS_OK);
    assert_true(n == 0 && want == RATLS_WANT_WRITE);
    assert_int_equal(ratls_openssl_read(w.client, &byte, 1, &n, &want, &error), RATLS_OK);
    assert_int_equal(n, 0);
    assert_true((want & RATLS_WANT_WRITE) != 0);
    /* It all arrives in the end. */
    assert_int_equal(BIO_write(w.server_far, some, some_n), some_n);
    for (int i = 0; i < 100 && came < 6000; i++) {
        if (sent < 6000) {
            assert_int_equal(ratls_openssl_write(w.client, much, 1200, &n, &want, &error),
                             RATLS_OK);
            sent += n;
        }
        (void)wire_move(&w);
        assert_int_equal(ratls_openssl_read(w.server, got, sizeof got, &n, &want, &error),
                         RATLS_OK);
        came += n;
    }
    assert_true(came >= 6000 && came == sent);
    wire_say(&w, w.server, "under new keys");
    wire_free(&w);
    enclave_free(e);
    enclave_free(f);
}

/* New keys are no new handshake: nothing is locked by them. */
static void test_key_update(void **state)
{
    (void)state;
    enclave *e = enclave_new(&m, 0, NULL), *f = enclave_new(&m, 1, NULL);
    wire w = mutual_wire(TLS1_3_VERSION, e, f, 0);
    wire_must_open(&w);
    SSL *const both[] = {w.client, w.server};
    EACH(i, both)
    {
        assert_int_equal(SSL_key_update(both[i], SSL_KEY_UPDATE_REQUESTED), 1);
        wire_say(&w, w.client, "from the client");
        wire_say(&w, w.server, "from the server");
        wire_say(&w, w.client, "from the client");
        assert_accepted(w.client);
        assert_accepted(w.server);
    }
    wire_free(&w);
    enclave_free(e);
    enclave_free(f);
}

/* Threads of their own, on sockets that block. cmocka's assertions are for its own thread only. */
typedef struct end {
    SSL *ssl;
    bool asks, half; /* asks again; first half of the talk is the other's */
    bool ok;
    char why[RATLS_TEXT_SIZE];
} end;

static bool open_blocking(end *e)
{
    unsigned want;
    ratls_error error = {.text = "waiting failed"};
    do {
        if (ratls_openssl_open(e->ssl, &want, &error) != RATLS_OK) {
            (void)snprintf(e->why, sizeof e->why, "%s", error.text);
            return false;
        }
    } while (want != 0 && ratls_openssl_wait(e->ssl, want, -1));
    return want == 0;
}

static bool write_blocking(end *e, const uint8_t *data, size_t n)
{
    ratls_error error = {.text = ""};
    while (n > 0) {
        size_t written;
        unsigned want;
        if (ratls_openssl_write(e->ssl, data, n, &written, &want, &error) != RATLS_OK) {
            (void)snprintf(e->why, sizeof e->why, "%s", error.text);
            return false;
        }
        data += written;
        n -= written;
        if (want != 0)
            (void)ratls_openssl_wait(e->ssl, want, -1);
    }
    return true;
}

static bool read_blocking(end *e, size_t all)
{
    uint8_t got[5000];
    ratls_error error = {.text = ""};
    while (all > 0) {
        size_t n;
        unsigned want;
        if (ratls_openssl_read(e->ssl, got, all < sizeof got ? all : sizeof got, &n, &want,
                               &error) != RATLS_OK) {
            (void)snprintf(e->why, sizeof e->why, "%s", error.text);
            return false;
        }
        all -= n;
        if (want != 0)
            (void)ratls_openssl_wait(e->ssl, want, -1);
        else if (n == 0)
            return false;
    }
    return true;
}

enum { MUCH = 100000 };

static void *talk(void *arg)
{
    static const uint8_t much[MUCH];
    end *e = arg;
    e->ok = open_blocking(e) && (e->half ? read_blocking(e, MUCH) && write_blocking(e, much, MUCH)
                                         : write_blocking(e, much, MUCH) && read_blocking(e, MUCH));
    return NULL;
}

static void on_sockets(SSL_CTX *client, SSL_CTX *server, end ends[2], int fds[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    for (int i = 0; i < 2; i++) {
        ends[i] = (end){.ssl = SSL_new(i == 0 ? client : server), .half = i == 1};
        assert_int_equal(SSL_set_fd(ends[i].ssl, fds[i]), 1);
    }
    SSL_set_connect_state(ends[0].ssl);
    SSL_set_accept_state(ends[1].ssl);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static void must_be_well(const end *e)
{
    if (!e->ok)
        fail_msg("%s", e->why);
    assert_accepted(e->ssl);
}

static void off_sockets(end ends[2], const int fds[2])
{
    for (int i = 0; i < 2; i++) {
        SSL_free(ends[i].ssl);
        (void)close(fds[i]);
    }
    ERR_clear_error();
}

static void test_sockets(void **state)
{
    (void)state;
    enclave *e = enclave_new(&m, 0, NULL), *f = enclave_new(&m, 1, NULL);
    EACH(k, versions)
    {
        end ends[2];
        int fds[2];
        pthread_t thread;
        const end_spec c = {
            .attests = e, .verifier = machines_verifier_at(&m, "session"), .speaks = true};
        const end_spec s = {
            .attests = f, .verifier = machines_verifier_at(&m, "nonce"), .speaks = true};
        on_sockets(end_context(false, versions[k], &c), end_context(true, versions[k], &s), ends,
                   fds);
        assert_int_equal(pthread_create(&thread, NULL, talk, &ends[1]), 0);
        (void)talk(&ends[0]);
        assert_int_equal(pthread_join(thread, NULL), 0);
        must_be_well(&ends[0]);
        must_be_well(&ends[1]);
        off_sockets(ends, fds);
    }
    enclave_free(e);
    enclave_free(f);
}

static void *read_end(void *arg)
{
    end *e = arg;
    e->ok = open_blocking(e) && read_blocking(e, 4);
    return NULL;
}

/* Asked again on a socket that blocks, while it waits for data: the answer does not wait for them.
 */
static void test_asked_while_reading(void **state)
{
    (void)state;
    enclave *e = enclave_new(&m, 0, NULL);
    end ends[2];
    int fds[2];
    pthread_t thread;
    const end_spec c = {.verifier = machines_verifier_at(&m, "session"), .speaks = true};
    const end_spec s = {.attests = e, .speaks = true, .session = {.interval_seconds = 1}};
    on_sockets(end_context(false, TLS1_3_VERSION, &c), end_context(true, TLS1_3_VERSION, &s), ends,
               fds);
    assert_int_equal(fcntl(fds[0], F_SETFL, fcntl(fds[0], F_GETFL) | O_NONBLOCK), 0);
    assert_int_equal(pthread_create(&thread, NULL, read_end, &ends[1]), 0);
    assert_true(open_blocking(&ends[0]));
    ratls_error error = {.text = ""};
    ratls_code code;
    while ((code = ratls_openssl_ask(ends[0].ssl, &error)) == RATLS_E_LIMIT)
        (void)ratls_openssl_wait(ends[0].ssl, RATLS_WANT_READ, 10);
    assert_int_equal(code, RATLS_OK);
    size_t n;
    unsigned want;
    char byte;
    assert_int_equal(ratls_openssl_write(ends[0].ssl, "d", 1, &n, &want, &error), RATLS_OK);
    assert_int_equal(n, 1);
    while (ratls_openssl_due(ends[0].ssl) >= 0) {
        if (ratls_openssl_read(ends[0].ssl, &byte, 1, &n, &want, &error) != RATLS_OK)
            fail_msg("%s", error.text);
        if (ratls_openssl_due(ends[0].ssl) >= 0)
            (void)ratls_openssl_wait(ends[0].ssl, want, -1);
    }
    assert_int_equal(ratls_openssl_due(ends[0].ssl), -1);
    assert_true(write_blocking(&ends[0], (const uint8_t *)"ata", 3));
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_accepted(ends[0].ssl);
    assert_true(ends[1].ok);
    assert_int_equal(enclave_quotes(e), 3);
    off_sockets(ends, fds);
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
        cmocka_unit_test(test_answers_cross),       cmocka_unit_test(test_key_update_blocked),
        cmocka_unit_test(test_key_update),          cmocka_unit_test(test_sockets),
        cmocka_unit_test(test_asked_while_reading),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
