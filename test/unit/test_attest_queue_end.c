/* Jobs that are given up, those who are told, and what happens when something ends: the attester,
 * memory, threads. */
#define _POSIX_C_SOURCE 200809L
#include "testing.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

#include "queue_case.h"
#include "world.h"

#define NOW VENDOR_T0

/* -1: memory is there; n: the call after the next n gets none. */
static atomic_int memory = -1;
static atomic_bool no_thread;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
int __real_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*run)(void *), void *state);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*run)(void *), void *state);

static bool memory_is_out(void)
{
    return atomic_load(&memory) >= 0 && atomic_fetch_sub(&memory, 1) == 0;
}

void *__wrap_malloc(size_t n)
{
    return memory_is_out() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return memory_is_out() ? NULL : __real_calloc(n, size);
}

int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*run)(void *), void *state)
{
    return atomic_load(&no_thread) ? EAGAIN : __real_pthread_create(t, a, run, state);
}

static void dropped_while_it_waits(void **state)
{
    (void)state;
    quote_gate g = quote_gate_of(QUOTE_SGX, 3);
    ratls_attester *a = quote_gate_attester(&g);
    told t[6] = {0};
    quote_job *jobs[6];
    for (unsigned i = 0; i < 4; i++)
        jobs[i] = begin(a, i, &t[i]);
    UNTIL(quote_gate_asked(&g) == 1);
    quote_job_drop(&jobs[2]); /* from the middle, the end and the front */
    quote_job_drop(&jobs[3]);
    jobs[4] = begin(a, 4, &t[4]);
    quote_job_drop(&jobs[1]);
    jobs[5] = begin(a, 5, &t[5]);
    assert_int_equal(ratls_attester_waiting(a), 3);
    quote_gate_open(&g);
    end_well(jobs[0], 0);
    end_well(jobs[4], 4);
    end_well(jobs[5], 5);
    ratls_attester_free(&a);
    assert_int_equal(g.asked_n, 3);
    assert_true(asked_over(&g, 1, 4) && asked_over(&g, 2, 5));
    assert_int_equal(t[1].n + t[2].n + t[3].n, 0);
}

/* Also when all that it waits for is a renewal. */
static void dropped_while_a_renewal_is_made(void **state)
{
    (void)state;
    quote_gate g = quote_gate_of(QUOTE_SGX, 3);
    ratls_attester *a = quote_gate_attester(&g);
    told t = {0};
    pthread_t thread = start(renew, a);
    UNTIL(quote_gate_asked(&g) == 1);
    quote_job *job = begin(a, 1, &t);
    UNTIL(attester_in_line(a) == 2);
    assert_int_equal(ratls_attester_waiting(a), 1);
    quote_job_drop(&job);
    assert_int_equal(ratls_attester_waiting(a), 0);
    quote_gate_open(&g);
    end_thread(thread);
    end_well(begin(a, 2, NULL), 2);
    ratls_attester_free(&a);
    assert_int_equal(g.asked_n, 2);
    assert_true(asked_over(&g, 1, 2));
    assert_int_equal(t.n, 0);
}

static void dropped_while_it_is_made(void **state)
{
    (void)state;
    quote_gate g = quote_gate_of(QUOTE_SGX, 3);
    ratls_attester *a = quote_gate_attester(&g);
    told t = {0}, second = {0};
    quote_job *job = begin(a, 0, &t);
    UNTIL(quote_gate_asked(&g) == 1);
    quote_job_drop(&job);
    assert_null(job);
    assert_int_equal(ratls_attester_waiting(a), 1); /* the device is still busy with it */
    job = begin(a, 1, &second);
    quote_gate_open(&g);
    end_well(job, 1);
    assert_int_equal(ratls_attester_waiting(a), 0);
    /* Another one, and then the attester ends. */
    g.open = false;
    g.let = 0;
    job = begin(a, 2, &t);
    UNTIL(quote_gate_asked(&g) == 3);
    quote_job_drop(&job);
    quote_gate_open(&g);
    ratls_attester_free(&a);
    assert_int_equal(t.n, 0);
    assert_int_equal(second.n, 1);
}

/* What a session may do in `ready`. */
typedef struct listener {
    ratls_attester *attester;
    quote_job *job, *next;
    told told;
    bool done, well, blocked, begun;
} listener;

static void listen(void *context)
{
    listener *l = context;
    bytes shown, stapled;
    ratls_tee tee;
    ratls_error e;
    sigset_t set;
    l->done = quote_job_done(l->job);
    l->well = l->done && quote_job_take(l->job, &shown, &stapled, &tee, &e) == RATLS_OK;
    l->blocked = pthread_sigmask(SIG_BLOCK, NULL, &set) == 0 && sigismember(&set, SIGTERM) == 1 &&
                 sigismember(&set, SIGUSR1) == 1;
    if (l->next == NULL)
        l->begun = quote_job_begin(l->attester, bytes_text("next"), tell, &l->told, &l->next, &e) ==
                   RATLS_OK;
    tell(&l->told);
}

static void ready(void **state)
{
    (void)state;
    quote_gate g = quote_gate_of(QUOTE_SGX, 3);
    ratls_attester *a = quote_gate_attester(&g);
    listener l = {.attester = a};
    ratls_error e;
    assert_int_equal(quote_job_begin(a, claims_no(1), listen, &l, &l.job, &e), RATLS_OK);
    quote_gate_open(&g);
    UNTIL(atomic_load(&l.told.n) == 2); /* of the next one too */
    assert_true(l.done && l.well && l.blocked && l.begun);
    quote_job_drop(&l.job);
    quote_job_drop(&l.next);
    ratls_attester_free(&a);
    assert_int_equal(l.told.n, 2);
}

/* `ready` is running when its job is dropped: its context is there until it has ended. */
typedef struct slow {
    atomic_bool inside, dropping, dropped, seen;
} slow;

static void listen_slowly(void *context)
{
    slow *s = context;
    atomic_store(&s->inside, true);
    while (!atomic_load(&s->dropping))
        nap();
    for (int i = 0; i < 20; i++) {
        nap();
        if (atomic_load(&s->dropped))
            atomic_store(&s->seen, true);
    }
}

static void *open_soon(void *state)
{
    nap();
    quote_gate_open(state);
    return NULL;
}

static void drop_waits_for_ready(void **state)
{
    (void)state;
    quote_gate g = quote_gate_of(QUOTE_SGX, 3);
    ratls_attester *a = quote_gate_attester(&g);
    slow s = {.inside = false};
    ratls_error e;
    quote_job *job;
    assert_int_equal(quote_job_begin(a, claims_no(1), listen_slowly, &s, &job, &e), RATLS_OK);
    pthread_t thread = start(open_soon, &g);
    assert_true(quote_job_wait(job, UINT32_MAX)); /* which waits for no `ready` */
    UNTIL(atomic_load(&s.inside));
    atomic_store(&s.dropping, true);
    quote_job_drop(&job);
    atomic_store(&s.dropped, true);
    end_thread(thread);
    ratls_attester_free(&a);
    assert_false(s.seen);
}

static void *free_it(void *state)
{
    ratls_attester *a = state;
    ratls_attester_free(&a);
    return NULL;
}

static void freed_with_jobs(void **state)
{
    (void)state;
    enum { JOBS = 4 };
    quote_gate g = quote_gate_of(QUOTE_SGX, 3);
    ratls_attester_options o = quote_gate_options(&g);
    o.waiting_max = JOBS;
    ratls_attester *a = world_attester(&o);
    quote_job *jobs[JOBS];
    told t[JOBS] = {0};
    bytes shown, stapled;
    ratls_tee tee;
    ratls_error e;
    for (unsigned i = 0; i < JOBS; i++)
        jobs[i] = begin(a, i, &t[i]);
    UNTIL(quote_gate_asked(&g) == 1);
    pthread_t thread = start(free_it, a);
    UNTIL(try_begin(a, &e) == RATLS_E_SYSTEM); /* it ends: LIMIT before */
    quote_job_drop(&jobs[1]);
    quote_gate_open(&g);
    end_thread(thread);
    assert_int_equal(g.asked_n, 1);
    end_well(jobs[0], 0);
    for (unsigned i = 2; i < JOBS; i++) {
        assert_true(quote_job_wait(jobs[i], 0));
        assert_int_equal(take(jobs[i], &shown, &stapled, &tee, &e), RATLS_E_SYSTEM);
        assert_non_null(strstr(e.text, "freed"));
        quote_job_drop(&jobs[i]);
    }
    for (unsigned i = 0; i < JOBS; i++)
        assert_int_equal(t[i].n, i == 1 ? 0 : 1);
}

/* Also when its turn is all that the first of them waits for. */
static void freed_before_its_turn(void **state)
{
    (void)state;
    quote_gate g = quote_gate_of(QUOTE_SGX, 3);
    g.open = true;
    ratls_attester_options o = quote_gate_options(&g);
    o.waiting_max = 1;
    ratls_attester *a = world_attester(&o);
    bytes shown, stapled;
    ratls_tee tee;
    ratls_error e;
    told t = {0};
    attester_take_turn(a);
    quote_job *job = begin(a, 1, &t);
    UNTIL(attester_in_line(a) == 2);
    pthread_t thread = start(free_it, a);
    UNTIL(try_begin(a, &e) == RATLS_E_SYSTEM);
    attester_give_turn(a);
    end_thread(thread);
    assert_int_equal(take(job, &shown, &stapled, &tee, &e), RATLS_E_SYSTEM);
    quote_job_drop(&job);
    assert_int_equal(t.n, 1);
    assert_int_equal(g.asked_n, 0);
}

static void memory_ends(void)
{
    atomic_store(&memory, 0);
}

static void memory_runs_out(void **state)
{
    (void)state;
    quote_gate g = quote_gate_of(QUOTE_SGX, 3);
    g.open = true;
    ratls_attester_options o = quote_gate_options(&g);
    ratls_attester *a;
    ratls_error e;
    ratls_code code;
    int calls = 0;
    do { /* the attester, its work, its queue */
        atomic_store(&memory, calls++);
        code = ratls_attester_new(&a, &o, &e);
        assert_int_equal(a == NULL, code != RATLS_OK);
        assert_true(code == RATLS_OK || code == RATLS_E_SYSTEM);
    } while (code != RATLS_OK);
    assert_true(calls > 3);
    for (int i = 0; i < 2; i++) { /* the thread's buffer, and the job */
        atomic_store(&memory, i);
        assert_int_equal(try_begin(a, &e), RATLS_E_SYSTEM);
        assert_string_equal(e.text, "out of memory");
        assert_int_equal(ratls_attester_waiting(a), 0);
    }
    atomic_store(&memory, -1);
    end_well(begin(a, 1, NULL), 1);

    bytes shown, stapled;
    ratls_tee tee;
    g.after = memory_ends; /* so there is none for the evidence */
    told t = {0};
    quote_job *job = begin(a, 2, &t);
    assert_true(quote_job_wait(job, QUOTE_GATE_LONG));
    assert_int_equal(take(job, &shown, &stapled, &tee, &e), RATLS_E_SYSTEM);
    assert_string_equal(e.text, "out of memory");
    quote_job_drop(&job);
    atomic_store(&memory, -1);
    g.after = NULL;
    end_well(begin(a, 3, NULL), 3);
    ratls_attester_free(&a);
    assert_int_equal(t.n, 1);
}

static void no_thread_left(void **state)
{
    (void)state;
    quote_gate g = quote_gate_of(QUOTE_SGX, 3);
    g.open = true;
    ratls_attester *a = quote_gate_attester(&g);
    ratls_error e;
    atomic_store(&no_thread, true);
    assert_int_equal(try_begin(a, &e), RATLS_E_SYSTEM);
    assert_non_null(strstr(e.text, "no thread"));
    assert_int_equal(ratls_attester_waiting(a), 0);
    atomic_store(&no_thread, false);
    end_well(begin(a, 1, NULL), 1);
    ratls_attester_free(&a);
}

/* One of many sessions: some wait for the answer, some go at any moment. */
typedef struct session {
    ratls_attester *attester;
    unsigned number, answers, busy;
    bool bad;
} session;

static void session_answer(session *s, quote_job *job, bytes claims, told *t)
{
    bytes shown, stapled;
    ratls_tee tee;
    ratls_error e;
    evidence found;
    if (!quote_job_wait(job, QUOTE_GATE_LONG) ||
        quote_job_take(job, &shown, &stapled, &tee, &e) != RATLS_OK ||
        evidence_parse(shown, &found, &e) != RATLS_OK || !bytes_equal(found.claims, claims))
        s->bad = true;
    while (atomic_load(&t->n) == 0)
        (void)sched_yield();
    s->answers++;
}

static void *session_run(void *state)
{
    enum { ROUNDS = 60 };
    session *s = state;
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint8_t claims[] = {(uint8_t)s->number, (uint8_t)i};
        bytes c = bytes_of(claims, sizeof claims);
        quote_job *job;
        ratls_error e;
        told *t = calloc(1, sizeof *t);
        ratls_code code = quote_job_begin(s->attester, c, tell, t, &job, &e);
        if (code == RATLS_E_LIMIT)
            s->busy++;
        else if (code != RATLS_OK)
            s->bad = true;
        else if (i % 3 == 0)
            session_answer(s, job, c, t);
        else if (i % 3 == 1)
            (void)sched_yield();
        quote_job_drop(&job);
        s->bad = s->bad || atomic_load(&t->n) > 1;
        free(t); /* nobody is told from here on */
    }
    return NULL;
}

static void shared_by_threads(void **state)
{
    (void)state;
    enum { SESSIONS = 8, RENEWALS = 20 };
    quote_gate g = quote_gate_of(QUOTE_SGX, 3);
    g.open = true;
    ratls_attester_options o = quote_gate_options(&g);
    o.waiting_max = 4;
    o.staple = true;
    ratls_attester *a = world_attester(&o);
    pthread_t threads[SESSIONS];
    session sessions[SESSIONS];
    unsigned answers = 0, busy = 0;
    for (unsigned i = 0; i < SESSIONS; i++) {
        sessions[i] = (session){.attester = a, .number = i};
        threads[i] = start(session_run, &sessions[i]);
    }
    for (unsigned i = 0; i < RENEWALS; i++) {
        ratls_error e;
        assert_int_equal(ratls_attester_renew(a, NOW, &e), RATLS_OK);
        assert_true(ratls_attester_waiting(a) <= 4);
    }
    for (unsigned i = 0; i < SESSIONS; i++) {
        end_thread(threads[i]);
        assert_false(sessions[i].bad);
        answers += sessions[i].answers;
        busy += sessions[i].busy;
    }
    ratls_attester_free(&a);
    assert_false(g.twice_at_once);
    assert_true(answers + busy > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dropped_while_it_waits),
        cmocka_unit_test(dropped_while_a_renewal_is_made),
        cmocka_unit_test(dropped_while_it_is_made),
        cmocka_unit_test(ready),
        cmocka_unit_test(drop_waits_for_ready),
        cmocka_unit_test(freed_with_jobs),
        cmocka_unit_test(freed_before_its_turn),
        cmocka_unit_test(memory_runs_out),
        cmocka_unit_test(no_thread_left),
        cmocka_unit_test(shared_by_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
