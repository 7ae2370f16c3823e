/* Handshakes in many threads on shared contexts, while certificates are renewed and verifiers
 * replaced. For the thread sanitizer above all [hostile F89, F90]. */
#define _POSIX_C_SOURCE 200809L
#include "testing.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "ratls/openssl.h"
#include "ratls/policy.h"
#include "ratls/sim.h"
#include "tls_pair.h"

enum { THREADS = 8, HANDSHAKES = 25, COLLATERAL_MAX = 1 << 18 };

#define NOW 1767225600 /* 2026-01-01T00:00:00Z */

/* All that the threads share. cmocka's assertions are for its own thread only. */
typedef struct shared {
    char dir[64];
    ratls_sim *sim;
    ratls_attester *attester;
    SSL_CTX *client, *server;
    char policy[8192];
    size_t policy_n;
    uint8_t *collateral;
    size_t collateral_n;
    atomic_int accepted, failed;
    atomic_bool done;
} shared;

static int64_t the_time(void *context)
{
    (void)context;
    return NOW;
}

static ratls_verifier *verifier_of(const shared *s)
{
    ratls_error e;
    ratls_verifier *v = ratls_verifier_new();
    if (v != NULL &&
        (ratls_verifier_set_root(v, ratls_sim_root(s->sim), &e) != RATLS_OK ||
         ratls_verifier_add_collateral(v, bytes_of(s->collateral, s->collateral_n), &e) !=
             RATLS_OK ||
         ratls_verifier_set_policy(v, bytes_of(s->policy, s->policy_n), &e) != RATLS_OK))
        ratls_verifier_free(&v);
    return v;
}

static SSL_CTX *context_of(shared *s, bool server)
{
    static const ratls_openssl_options options = {.now = the_time,
                                                  .time_is_explicit = true,
                                                  .resumption = true,
                                                  .verifying_max = 4,
                                                  .wait_ms = 60000};
    ratls_error e = {.text = ""};
    SSL_CTX *ctx = tls_context(server, TLS1_3_VERSION, BYTES_NONE, NULL);
    ratls_verifier *v = verifier_of(s);
    assert_non_null(v);
    assert_int_equal(ratls_openssl_use_attester(ctx, s->attester, &e), RATLS_OK);
    assert_int_equal(ratls_openssl_use_verifier(ctx, &v, &options, &e), RATLS_OK);
    return ctx;
}

static void set_up(shared *s)
{
    ratls_error e = {.text = ""};
    ratls_sim_options o;
    ratls_attester_options ao = {.clock = the_time};
    (void)snprintf(s->dir, sizeof s->dir, "test-threads-%ld", (long)getpid());
    ratls_sim_defaults(RATLS_TEE_SGX, &o);
    assert_int_equal(ratls_sim_new(s->dir, &o, NOW, &e), RATLS_OK);
    s->sim = ratls_sim_open(s->dir, &e);
    assert_non_null(s->sim);
    assert_int_equal(ratls_policy_write(s->policy, sizeof s->policy, &s->policy_n,
                                        ratls_sim_facts(s->sim), true, &e),
                     RATLS_OK);
    s->collateral = malloc(COLLATERAL_MAX);
    assert_non_null(s->collateral);
    assert_int_equal(
        ratls_sim_collateral(s->sim, s->collateral, COLLATERAL_MAX, &s->collateral_n, &e),
        RATLS_OK);
    assert_int_equal(ratls_source_sim(s->dir, &ao.source, &e), RATLS_OK);
    assert_int_equal(ratls_attester_new(&s->attester, &ao, &e), RATLS_OK);
    assert_int_equal(ratls_attester_renew(s->attester, NOW, &e), RATLS_OK);
    s->client = context_of(s, false);
    s->server = context_of(s, true);
}

static void tear_down(shared *s)
{
    static const char *const files[] = {
        "root.pem",        "root-key.pem",        "platform-ca.pem", "platform-ca-key.pem",
        "tcb-signer.pem",  "tcb-signer-key.pem",  "pck.pem",         "pck-key.pem",
        "collateral.json", "attestation-key.pem", "platform.json"};
    SSL_CTX_free(s->client);
    SSL_CTX_free(s->server);
    ratls_attester_free(&s->attester);
    ratls_sim_free(&s->sim);
    free(s->collateral);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s/%s", s->dir, files[i]);
        (void)remove(path);
    }
    assert_int_equal(rmdir(s->dir), 0);
}

static void *shake_hands(void *arg)
{
    shared *s = arg;
    SSL_SESSION *session = NULL;
    for (int i = 0; i < HANDSHAKES; i++) {
        char byte;
        tls_pair p = pair_new(s->client, s->server);
        if (session != NULL && i % 2 == 1)
            (void)SSL_set_session(p.client, session);
        bool ok = pair_handshake(&p) && ratls_openssl_accepted(p.client) &&
                  ratls_openssl_accepted(p.server) && pair_talk(&p);
        (void)SSL_peek(p.client, &byte, 1);
        SSL_SESSION_free(session);
        session = SSL_get1_session(p.client);
        (void)atomic_fetch_add(ok ? &s->accepted : &s->failed, 1);
        pair_free(&p);
    }
    SSL_SESSION_free(session);
    return NULL;
}

static void *renew(void *arg)
{
    shared *s = arg;
    while (!atomic_load(&s->done)) {
        ratls_error e;
        if (ratls_attester_renew(s->attester, NOW, &e) != RATLS_OK)
            (void)atomic_fetch_add(&s->failed, 1);
    }
    return NULL;
}

static void *replace(void *arg)
{
    static const struct timespec pause = {.tv_nsec = 20000000};
    shared *s = arg;
    while (!atomic_load(&s->done)) {
        ratls_error e;
        SSL_CTX *const contexts[] = {s->client, s->server};
        for (size_t i = 0; i < 2; i++) {
            ratls_verifier *v = verifier_of(s);
            if (v == NULL || ratls_openssl_set_verifier(contexts[i], &v, &e) != RATLS_OK)
                (void)atomic_fetch_add(&s->failed, 1);
        }
        (void)nanosleep(&pause, NULL);
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    static shared s;
    pthread_t threads[THREADS], renewer, replacer;
    set_up(&s);
    assert_int_equal(pthread_create(&renewer, NULL, renew, &s), 0);
    assert_int_equal(pthread_create(&replacer, NULL, replace, &s), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, shake_hands, &s), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    atomic_store(&s.done, true);
    assert_int_equal(pthread_join(renewer, NULL), 0);
    assert_int_equal(pthread_join(replacer, NULL), 0);
    assert_int_equal(atomic_load(&s.failed), 0);
    assert_int_equal(atomic_load(&s.accepted), THREADS * HANDSHAKES);
    tear_down(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
