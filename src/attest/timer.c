/* The thread that renews. */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <time.h>

#include "attest/attester.h"

/* The clock is looked at this often at least: it may be set, and a machine may sleep. */
enum { LOOK_SECONDS = 60, SET_BACK_SECONDS = 300 };

/* Also if the clock was set back: what was made or planned under it was for another time. */
static bool is_due(const ratls_attester *a, int64_t now)
{
    return now >= a->due || a->planned - now > SET_BACK_SECONDS;
}

static void wait_until_due(ratls_attester *a, int64_t now)
{
    int64_t seconds = a->due - now;
    struct timespec until;
    if (clock_gettime(CLOCK_MONOTONIC, &until) != 0)
        return;
    until.tv_sec += (time_t)(seconds < LOOK_SECONDS ? seconds : LOOK_SECONDS);
    (void)pthread_cond_timedwait(&a->wake, &a->lock, &until);
}

/* Without the lock. */
static void renew(ratls_attester *a, int64_t now)
{
    ratls_error error;
    ratls_code code = ratls_attester_renew(a, now, &error);
    if (a->renewed == NULL)
        return;
    (void)pthread_mutex_lock(&a->lock);
    const ratls_renewal renewal = {
        .code = code,
        .error = code == RATLS_OK ? NULL : &error,
        .failures = a->failures,
        .not_after = a->current == NULL ? 0 : ratls_credential_not_after(a->current),
        .next = a->due,
    };
    (void)pthread_mutex_unlock(&a->lock);
    a->renewed(a->context, &renewal);
}

static void *run(void *state)
{
    ratls_attester *a = state;
    (void)pthread_mutex_lock(&a->lock);
    while (!a->stopping) {
        int64_t now = attester_now(a);
        if (!is_due(a, now)) {
            wait_until_due(a, now);
            continue;
        }
        (void)pthread_mutex_unlock(&a->lock);
        renew(a, now);
        (void)pthread_mutex_lock(&a->lock);
    }
    (void)pthread_mutex_unlock(&a->lock);
    return NULL;
}

/* Signals are the application's: none is handled in this thread. */
int attester_start_thread(pthread_t *thread, void *(*run_it)(void *state), void *state)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    int failed = pthread_sigmask(SIG_SETMASK, &all, &before);
    if (failed != 0)
        return failed;
    failed = pthread_create(thread, NULL, run_it, state);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

ratls_code ratls_attester_start(ratls_attester *a, ratls_error *error)
{
    (void)pthread_mutex_lock(&a->lock);
    int failed = 0;
    if (!a->running) {
        a->stopping = false;
        failed = attester_start_thread(&a->thread, run, a);
        a->running = failed == 0;
    }
    (void)pthread_mutex_unlock(&a->lock);
    if (failed != 0)
        return refuse(error, RATLS_E_SYSTEM, 0, "attester: no thread for renewals (error %d)",
                      failed);
    return RATLS_OK;
}

void ratls_attester_stop(ratls_attester *a)
{
    (void)pthread_mutex_lock(&a->lock);
    bool running = a->running;
    a->stopping = true;
    a->running = false;
    pthread_t thread = a->thread;
    (void)pthread_cond_broadcast(&a->wake);
    (void)pthread_mutex_unlock(&a->lock);
    if (running)
        (void)pthread_join(thread, NULL);
}

void attester_wake(ratls_attester *a)
{
    (void)pthread_mutex_lock(&a->lock);
    (void)pthread_cond_broadcast(&a->wake);
    (void)pthread_mutex_unlock(&a->lock);
}
