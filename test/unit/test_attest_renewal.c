/* When certificates are renewed, and the thread that does it, on a clock of the test's. */
#define _POSIX_C_SOURCE 200809L
#include "testing.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "attest/attester.h"
#include "attest/renewal.h"
#include "world.h"

#define NOW            VENDOR_T0
#define EACH(i, table) for (size_t i = 0; i < sizeof(table) / sizeof *(table); i++)

static void due(void **state)
{
    (void)state;
    static const int64_t lives[] = {1, 2, 3, 6, 60, 3600, 86400, (int64_t)365 * 86400};
    EACH(i, lives)
    {
        int64_t first = renewal_due(NOW, NOW + lives[i], 0);
        int64_t last = renewal_due(NOW, NOW + lives[i], UINT32_MAX);
        assert_true(first >= NOW + lives[i] / 2);
        assert_true(last >= first && 3 * (last - NOW) <= 2 * lives[i]);
    }
    assert_true(renewal_due(NOW, NOW + 86400, UINT32_MAX) > renewal_due(NOW, NOW + 86400, 0));
    assert_int_equal(renewal_due(NOW, NOW - 5, UINT32_MAX), NOW);
}

static void retry(void **state)
{
    (void)state;
    /* Of one day: 30 s, doubled up to ten minutes. */
    static const int64_t delays[] = {30, 60, 120, 240, 480, 600, 600, 600};
    EACH(i, delays)
    {
        unsigned n = (unsigned)i + 1;
        assert_int_equal(renewal_retry(NOW, n, 86400, 0), NOW + delays[i]);
        int64_t soonest = renewal_retry(NOW, n, 86400, UINT32_MAX);
        assert_in_range(soonest - NOW, delays[i] / 2, delays[i] - 1);
    }
    assert_int_equal(renewal_retry(NOW, UINT32_MAX, 86400, 0), NOW + 600);
    assert_int_equal(renewal_retry(NOW, 1, 3, 0), NOW + 1);
    assert_int_equal(renewal_retry(NOW, 50, 3, UINT32_MAX), NOW + 1);
    assert_int_equal(renewal_retry(NOW, 50, 100, 0), NOW + 10);
}

/* The clock of the test, and what the attester told. */
typedef struct stage {
    _Atomic int64_t now;
    pthread_mutex_t lock;
    pthread_cond_t told;
    unsigned n, failures;
    ratls_code code;
    int64_t not_after, next;
    char text[RATLS_TEXT_SIZE];
} stage;

static int64_t stage_clock(void *context)
{
    return atomic_load(&((stage *)context)->now);
}

static void stage_renewed(void *context, const ratls_renewal *r)
{
    stage *s = context;
    (void)pthread_mutex_lock(&s->lock);
    s->n++;
    s->code = r->code;
    s->failures = r->failures;
    s->not_after = r->not_after;
    s->next = r->next;
    assert_int_equal(r->error == NULL, r->code == RATLS_OK);
    memcpy(s->text, r->error == NULL ? "" : r->error->text, r->error == NULL ? 1 : sizeof s->text);
    (void)pthread_cond_broadcast(&s->told);
    (void)pthread_mutex_unlock(&s->lock);
}

/* Until the attester has told n times; the test fails after 20 seconds. */
static void wait_for(stage *s, unsigned n)
{
    struct timespec until;
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &until), 0);
    until.tv_sec += 20;
    (void)pthread_mutex_lock(&s->lock);
    int failed = 0;
    while (s->n < n && failed == 0)
        failed = pthread_cond_timedwait(&s->told, &s->lock, &until);
    unsigned told = s->n;
    (void)pthread_mutex_unlock(&s->lock);
    assert_int_equal(failed, 0);
    assert_int_equal(told, n);
}

static void go_to(stage *s, ratls_attester *a, int64_t t)
{
    atomic_store(&s->now, t);
    attester_wake(a);
}

static void timer(void **state)
{
    (void)state;
    stage s = {.now = NOW, .lock = PTHREAD_MUTEX_INITIALIZER, .told = PTHREAD_COND_INITIALIZER};
    world w = world_of(QUOTE_SGX, 3, false);
    ratls_attester_options o = world_options(&w);
    o.clock = stage_clock;
    o.renewed = stage_renewed;
    o.context = &s;
    ratls_attester *a = world_attester(&o);
    ratls_error e = {.text = ""};
    ratls_attester_stop(a); /* fine without a thread */
    assert_int_equal(ratls_attester_start(a, &e), RATLS_OK);
    assert_int_equal(ratls_attester_start(a, &e), RATLS_OK); /* one thread only */
    wait_for(&s, 1);
    assert_int_equal(s.code, RATLS_OK);
    assert_int_equal(s.not_after, NOW + 86400);
    assert_in_range(s.next, NOW + 43200, NOW + 57600);
    ratls_credential *first = ratls_attester_certificate(a);

    /* Not before it is due; the look at the clock is all that happens. */
    go_to(&s, a, s.next - 1);
    struct timespec little = {0, 50000000};
    (void)nanosleep(&little, NULL);
    ratls_credential *same = ratls_attester_certificate(a);
    assert_ptr_equal(first, same);
    ratls_credential_free(&same);

    /* The source fails: the old one stays, and attempts come at growing intervals. */
    ratls_attester_stop(a);
    w.fail = RATLS_E_SYSTEM;
    assert_int_equal(ratls_attester_start(a, &e), RATLS_OK);
    int64_t t = s.next;
    for (unsigned i = 1; i <= 6; i++) {
        go_to(&s, a, t);
        wait_for(&s, 1 + i);
        assert_int_equal(s.code, RATLS_E_SYSTEM);
        assert_int_equal(s.failures, i);
        assert_non_null(strstr(s.text, "the device is gone"));
        assert_int_equal(s.not_after, NOW + 86400);
        int64_t most = i < 6 ? (int64_t)30 << (i - 1) : 600;
        assert_in_range(s.next - t, most / 2, most);
        t = s.next;
        same = ratls_attester_certificate(a);
        assert_ptr_equal(first, same);
        ratls_credential_free(&same);
    }

    /* It works again: a new one, and all is forgotten. */
    ratls_attester_stop(a);
    w.fail = RATLS_OK;
    assert_int_equal(ratls_attester_start(a, &e), RATLS_OK);
    go_to(&s, a, t);
    wait_for(&s, 8);
    assert_int_equal(s.code, RATLS_OK);
    assert_int_equal(s.failures, 0);
    assert_int_equal(s.not_after, t + 86400);
    ratls_credential *second = ratls_attester_certificate(a);
    assert_ptr_not_equal(first, second);
    ratls_attester_free(&a); /* stops it */
    assert_true(w.freed);
    assert_int_equal(ratls_credential_not_after(first), NOW + 86400); /* outlives it */
    ratls_credential_free(&first);
    ratls_credential_free(&second);
}

/* A renewal by hand sets the timer. */
static void by_hand(void **state)
{
    (void)state;
    stage s = {.now = NOW, .lock = PTHREAD_MUTEX_INITIALIZER, .told = PTHREAD_COND_INITIALIZER};
    world w = world_of(QUOTE_SGX, 3, false);
    ratls_attester_options o = world_options(&w);
    o.clock = stage_clock;
    o.renewed = stage_renewed;
    o.context = &s;
    o.valid_seconds = 1000;
    ratls_attester *a = world_attester(&o);
    ratls_error e = {.text = ""};
    assert_int_equal(ratls_attester_renew(a, NOW, &e), RATLS_OK);
    assert_int_equal(ratls_attester_start(a, &e), RATLS_OK);
    go_to(&s, a, NOW + 700); /* past two thirds */
    wait_for(&s, 1);
    assert_int_equal(s.not_after, NOW + 1700);
    assert_int_equal(w.quotes, 2);
    ratls_attester_free(&a);
}

/* A clock that was wrong and is set right, with a certificate for another time in service. */
static void clock_set_back(void **state)
{
    (void)state;
    stage s = {
        .now = NOW + 3600, .lock = PTHREAD_MUTEX_INITIALIZER, .told = PTHREAD_COND_INITIALIZER};
    world w = world_of(QUOTE_SGX, 3, false);
    ratls_attester_options o = world_options(&w);
    o.clock = stage_clock;
    o.renewed = stage_renewed;
    o.context = &s;
    ratls_attester *a = world_attester(&o);
    ratls_error e = {.text = ""};
    assert_int_equal(ratls_attester_start(a, &e), RATLS_OK);
    wait_for(&s, 1);
    assert_int_equal(s.not_after, NOW + 3600 + 86400);
    go_to(&s, a, NOW);
    wait_for(&s, 2);
    assert_int_equal(s.not_after, NOW + 86400);
    assert_in_range(s.next, NOW + 43200, NOW + 57600);
    static const int64_t wrong[] = {INT64_MAX, INT64_MIN, 0};
    unsigned n = 2;
    EACH(i, wrong)
    {
        go_to(&s, a, wrong[i]);
        wait_for(&s, ++n);
        assert_int_equal(s.code, RATLS_E_STALE);
        go_to(&s, a, NOW);
        wait_for(&s, ++n);
        assert_int_equal(s.code, RATLS_OK);
        assert_int_equal(s.not_after, NOW + 86400);
    }
    ratls_attester_free(&a);
}

/* Readers never see a half-made one, nor none. */
typedef struct reader_thread {
    ratls_attester *attester;
    atomic_bool *stop;
    unsigned seen;
    bool bad;
} reader_thread;

static void *read_on(void *state)
{
    reader_thread *t = state;
    bytes last = BYTES_NONE;
    ratls_credential *held = NULL;
    while (!atomic_load(t->stop)) {
        ratls_credential *c = ratls_attester_certificate(t->attester);
        if (c == NULL) {
            t->bad = true;
            break;
        }
        certificate cert;
        ratls_error e;
        bytes der = ratls_credential_chain(c, 0), pem = ratls_credential_key_pem(c);
        crypto_private *key = crypto_private_from_pem(pem);
        uint8_t spki[512];
        writer w = wr_of(spki, sizeof spki);
        t->bad = t->bad || key == NULL || !crypto_private_spki(key, &w) ||
                 certificate_parse(der, &cert, &e) != RATLS_OK ||
                 !bytes_equal(wr_bytes(&w), cert.spki);
        crypto_private_free(key);
        t->seen += bytes_equal(last, der) ? 0 : 1;
        ratls_credential_free(&held);
        held = c;
        last = der;
    }
    ratls_credential_free(&held);
    return NULL;
}

static void shared_by_threads(void **state)
{
    (void)state;
    enum { READERS = 4, RENEWALS = 40 };
    world w = world_of(QUOTE_SGX, 3, false);
    ratls_attester_options o = world_options(&w);
    ratls_attester *a = world_attester(&o);
    ratls_error e = {.text = ""};
    assert_int_equal(ratls_attester_renew(a, NOW, &e), RATLS_OK);
    atomic_bool stop = false;
    pthread_t threads[READERS];
    reader_thread readers[READERS];
    for (size_t i = 0; i < READERS; i++) {
        readers[i] = (reader_thread){.attester = a, .stop = &stop};
        assert_int_equal(pthread_create(&threads[i], NULL, read_on, &readers[i]), 0);
    }
    for (unsigned i = 0; i < RENEWALS; i++) {
        w.fail = i % 4 == 3 ? RATLS_E_SYSTEM : RATLS_OK;
        assert_int_equal(ratls_attester_renew(a, NOW + i, &e), w.fail);
    }
    atomic_store(&stop, true);
    for (size_t i = 0; i < READERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_false(readers[i].bad);
    }
    ratls_attester_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(due),
        cmocka_unit_test(retry),
        cmocka_unit_test(timer),
        cmocka_unit_test(by_hand),
        cmocka_unit_test(clock_set_back),
        cmocka_unit_test(shared_by_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
