/* The thread that refreshes. */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <time.h>

#include "collateral/keeper.h"

/* The clock is looked at this often at least: it may be set, and a machine may sleep. */
enum { LOOK_SECONDS = 60 };

/* When there is something to do. */
static int64_t next_of(const ratls_keeper *k)
{
    int64_t next = stock_next(k->stock), record = k->recorded + KEEPER_RUN_EVERY;
    bool records = !k->store.remote && stock_latest_expiry(k->stock) > 0;
    return records && record < next ? record : next;
}

/* That the clock is behind is told once. */
static bool is_due(const ratls_keeper *k, int64_t now)
{
    return keeper_is_behind(k, now) ? !k->behind : k->behind || now >= next_of(k);
}

static void wait_until_due(ratls_keeper *k, int64_t now)
{
    int64_t next = next_of(k), seconds = LOOK_SECONDS;
    if (!k->behind && next < now + seconds)
        seconds = next > now ? next - now : 0;
    const struct timespec until = moment_in((uint32_t)seconds * 1000);
    (void)pthread_cond_timedwait(&k->wake, &k->lock, &until);
}

static void *run(void *state)
{
    ratls_keeper *k = state;
    (void)pthread_mutex_lock(&k->lock);
    while (!k->stopping) {
        (void)pthread_mutex_unlock(&k->lock);
        int64_t now = keeper_now(k);
        (void)pthread_mutex_lock(&k->lock);
        if (k->stopping)
            break;
        if (!is_due(k, now)) {
            wait_until_due(k, now);
            continue;
        }
        (void)pthread_mutex_unlock(&k->lock);
        refresh_run(k, now, &k->stopping);
        (void)pthread_mutex_lock(&k->lock);
    }
    (void)pthread_mutex_unlock(&k->lock);
    return NULL;
}

/* Signals are the application's: none is handled in this thread. */
static int start_thread(ratls_keeper *k)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    int failed = pthread_sigmask(SIG_SETMASK, &all, &before);
    if (failed != 0)
        return failed;
    failed = pthread_create(&k->thread, NULL, run, k);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

ratls_code ratls_keeper_start(ratls_keeper *k, ratls_error *error)
{
    (void)pthread_mutex_lock(&k->lock);
    int failed = 0;
    if (!k->running) {
        k->stopping = false;
        failed = start_thread(k);
        k->running = failed == 0;
    }
    (void)pthread_mutex_unlock(&k->lock);
    if (failed != 0)
        return refuse(error, RATLS_E_SYSTEM, 0, "keeper: no thread to refresh (error %d)", failed);
    return RATLS_OK;
}

void ratls_keeper_stop(ratls_keeper *k)
{
    (void)pthread_mutex_lock(&k->lock);
    bool running = k->running;
    k->stopping = true;
    k->running = false;
    pthread_t thread = k->thread;
    (void)pthread_cond_broadcast(&k->wake);
    turn_wake(&k->turn);
    (void)pthread_mutex_unlock(&k->lock);
    if (running)
        (void)pthread_join(thread, NULL);
}
