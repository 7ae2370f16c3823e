/* Keepers in many threads; for the thread sanitizer above all. */
#define _POSIX_C_SOURCE 200809L
#include "testing.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "keeper_world.h"

enum { THREADS = 8, DAY = 86400 };

#define NOW 4102444800 /* 2100-01-01T00:00:00Z */

/* All that the threads share. cmocka's assertions and the makers' memory are for the main thread
 * only. */
typedef struct shared {
    vendor v;
    keeper_world *w;
    ratls_keeper *k;
    ratls_verifier *r;
    bytes quote;
    atomic_int ok, missing, other, busy;
    atomic_bool done;
} shared;

static void set_up(shared *s, uint32_t first_contact_ms)
{
    ratls_error e;
    s->v = vendor_of(QUOTE_SGX, 3, false, NOW);
    s->w = keeper_world_new(&s->v);
    s->w->options.first_contact_ms = first_contact_ms;
    keeper_world_serve(s->w, &s->v);
    s->quote = vendor_quote(&s->v, BYTES_NONE).quote;
    s->k = keeper_world_keeper(s->w);
    s->r = ratls_verifier_new();
    assert_int_equal(ratls_verifier_set_root(s->r, s->w->options.root, &e), RATLS_OK);
    assert_int_equal(ratls_keeper_serve(s->k, s->r, &e), RATLS_OK);
}

static void tear_down(shared *s)
{
    ratls_verifier_free(&s->r);
    ratls_keeper_free(&s->k);
    keeper_world_free(s->w);
}

static void *judge(void *arg)
{
    shared *s = arg;
    ratls_error e = {.text = ""};
    const ratls_verify_options o = {.time = NOW};
    ratls_code code = ratls_verify_quote(s->r, s->quote, &o, NULL, &e);
    bytes text = bytes_text(e.text);
    (void)atomic_fetch_add(code == RATLS_OK          ? &s->ok
                           : code == RATLS_E_MISSING ? &s->missing
                                                     : &s->other,
                           1);
    if (bytes_find(text, bytes_text("the services are busy")) < text.n)
        (void)atomic_fetch_add(&s->busy, 1);
    return NULL;
}

static void run_all(pthread_t threads[THREADS], void *(*run)(void *), shared *s)
{
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run, s), 0);
}

static void join_all(pthread_t threads[THREADS])
{
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

/* Many meet the same platform at once: it is fetched once, and all go on. */
static void test_many_wait_for_one_fetch(void **state)
{
    static shared s;
    pthread_t threads[THREADS];
    (void)state;
    set_up(&s, 60000);
    network_close(&s.w->net, true);
    run_all(threads, judge, &s);
    assert_true(network_wait(&s.w->net, 1));
    network_close(&s.w->net, false);
    join_all(threads);
    assert_int_equal(s.ok, THREADS);
    assert_int_equal(network_asked(&s.w->net, NULL), 4);
    assert_int_equal(s.w->net.most_asking, 1);
    tear_down(&s);
}

static void *hold_the_turn(void *arg)
{
    shared *s = arg;
    int64_t next;
    ratls_keeper_refresh(s->k, NOW, &next);
    return NULL;
}

/* Nobody waits beyond his own deadline for a turn that another has. */
static void test_busy_is_refused(void **state)
{
    static shared s;
    pthread_t threads[THREADS], holder;
    ratls_platform p;
    ratls_error e;
    (void)state;
    set_up(&s, 20);
    s.w->options.fetch_ms = 60000;
    ratls_verifier_free(&s.r);
    ratls_keeper_free(&s.k);
    s.k = keeper_world_keeper(s.w);
    s.r = ratls_verifier_new();
    assert_int_equal(ratls_verifier_set_root(s.r, s.w->options.root, &e), RATLS_OK);
    assert_int_equal(ratls_keeper_serve(s.k, s.r, &e), RATLS_OK);
    p = vendor_platform(&s.v);
    assert_int_equal(ratls_keeper_want(s.k, &p, &e), RATLS_OK);
    network_close(&s.w->net, true);
    assert_int_equal(pthread_create(&holder, NULL, hold_the_turn, &s), 0);
    assert_true(network_wait(&s.w->net, 1));
    run_all(threads, judge, &s);
    join_all(threads); /* while the holder still has it */
    assert_int_equal(s.missing, THREADS);
    assert_int_equal(s.busy, THREADS);
    assert_int_equal(network_asked(&s.w->net, NULL), 1);
    network_close(&s.w->net, false);
    assert_int_equal(pthread_join(holder, NULL), 0);
    (void)judge(&s);
    assert_int_equal(s.ok, 1);
    assert_int_equal(s.w->net.most_asking, 1);
    tear_down(&s);
}

static bool wait_until_ok(shared *s)
{
    static const struct timespec pause = {.tv_nsec = 5000000};
    for (int i = 0; i < 6000 && s->ok == 0; i++) {
        (void)judge(s);
        (void)nanosleep(&pause, NULL);
    }
    return s->ok > 0;
}

/* A stranger wakes the thread; it fetches, though the handshake did not wait. */
static void test_thread_fetches(void **state)
{
    static shared s;
    ratls_error e;
    (void)state;
    set_up(&s, 0);
    assert_int_equal(ratls_keeper_start(s.k, &e), RATLS_OK);
    assert_int_equal(ratls_keeper_start(s.k, &e), RATLS_OK);
    assert_true(wait_until_ok(&s));
    ratls_keeper_stop(s.k);
    ratls_keeper_stop(s.k);
    assert_int_equal(network_asked(&s.w->net, NULL), 4);
    assert_int_equal(s.other, 0);
    assert_true(s.w->store.items.n >= 4);
    tear_down(&s);
}

/* That the clock was set back is told once, and stopping does not wait for anything. */
static void test_thread_with_clock_behind(void **state)
{
    static shared s;
    static const struct timespec pause = {.tv_nsec = 5000000};
    int64_t next;
    ratls_error e;
    (void)state;
    set_up(&s, 0);
    ratls_keeper_refresh(s.k, NOW, &next);
    (void)judge(&s);
    assert_int_equal(s.missing, 1);
    ratls_keeper_refresh(s.k, NOW, &next);
    keeper_world_set_now(s.w, NOW - 2 * DAY);
    notes_clear(s.w);
    assert_int_equal(ratls_keeper_start(s.k, &e), RATLS_OK);
    for (int i = 0; i < 6000 && notes_count(s.w, RATLS_NOTE_FAILED, NULL) == 0; i++)
        (void)nanosleep(&pause, NULL);
    ratls_platform p = vendor_platform(&s.v);
    for (int i = 0; i < 20; i++) { /* each wakes it */
        p.fmspc[0] = (uint8_t)(i + 1);
        assert_int_equal(ratls_keeper_want(s.k, &p, &e), RATLS_OK);
        (void)nanosleep(&pause, NULL);
    }
    ratls_keeper_stop(s.k);
    assert_int_equal(notes_count(s.w, RATLS_NOTE_FAILED, NULL), 1);
    assert_int_equal(s.w->notes_n, 1);
    assert_int_equal(network_asked(&s.w->net, NULL), 4);
    tear_down(&s);
}

static void *work(void *arg)
{
    shared *s = arg;
    ratls_error e;
    ratls_verifier *own = ratls_verifier_new();
    const ratls_verify_options o = {.time = NOW};
    ratls_code code =
        own == NULL ? RATLS_E_SYSTEM : ratls_verifier_set_root(own, s->w->options.root, &e);
    if (code == RATLS_OK)
        code = ratls_keeper_serve(s->k, own, &e);
    for (int i = 0; i < 20 && code == RATLS_OK; i++) {
        ratls_platform p = {.tee = RATLS_TEE_SGX, .fmspc = {9, (uint8_t)i}};
        int64_t next;
        (void)judge(s);
        code = ratls_keeper_want(s->k, &p, &e);
        if (i % 5 == 0)
            ratls_keeper_refresh(s->k, NOW, &next);
        if (code == RATLS_OK && ratls_verify_quote(own, s->quote, &o, NULL, &e) != RATLS_OK)
            (void)atomic_fetch_add(&s->missing, 1);
    }
    if (code != RATLS_OK)
        (void)atomic_fetch_add(&s->other, 1);
    ratls_verifier_free(&own);
    return NULL;
}

static void *start_and_stop(void *arg)
{
    shared *s = arg;
    static const struct timespec pause = {.tv_nsec = 3000000};
    while (!atomic_load(&s->done)) {
        ratls_error e;
        if (ratls_keeper_start(s->k, &e) != RATLS_OK)
            (void)atomic_fetch_add(&s->other, 1);
        (void)nanosleep(&pause, NULL);
        ratls_keeper_stop(s->k);
    }
    return NULL;
}

/* Verifiers come and go while it is started, stopped and asked. */
static void test_under_load(void **state)
{
    static shared s;
    pthread_t threads[THREADS], starter;
    (void)state;
    set_up(&s, 60000);
    assert_int_equal(pthread_create(&starter, NULL, start_and_stop, &s), 0);
    run_all(threads, work, &s);
    join_all(threads);
    atomic_store(&s.done, true);
    assert_int_equal(pthread_join(starter, NULL), 0);
    assert_int_equal(s.ok, THREADS * 20);
    assert_int_equal(s.missing, 0);
    assert_int_equal(s.other, 0);
    assert_int_equal(s.w->net.most_asking, 1);
    tear_down(&s);
}

/* A fetch that hangs holds up the end by its deadline only; the pass ends there. */
static void test_stop_while_asking(void **state)
{
    static shared s;
    ratls_error e;
    (void)state;
    set_up(&s, 0);
    ratls_verifier_free(&s.r);
    ratls_keeper_free(&s.k);
    s.w->options.fetch_ms = 50;
    s.k = keeper_world_keeper(s.w);
    ratls_platform p = vendor_platform(&s.v);
    assert_int_equal(ratls_keeper_want(s.k, &p, &e), RATLS_OK);
    network_close(&s.w->net, true);
    assert_int_equal(ratls_keeper_start(s.k, &e), RATLS_OK);
    assert_true(network_wait(&s.w->net, 1));
    unsigned asked = network_asked(&s.w->net, NULL);
    ratls_keeper_stop(s.k);
    assert_true(network_asked(&s.w->net, NULL) <= asked + 1);
    tear_down(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_wait_for_one_fetch),
        cmocka_unit_test(test_busy_is_refused),
        cmocka_unit_test(test_thread_fetches),
        cmocka_unit_test(test_thread_with_clock_behind),
        cmocka_unit_test(test_under_load),
        cmocka_unit_test(test_stop_while_asking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
