#define _POSIX_C_SOURCE 200809L
#include "collateral/turn.h"

bool condition_init(pthread_cond_t *c)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0)
        return false;
    bool ok = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
              pthread_cond_init(c, &attributes) == 0;
    (void)pthread_condattr_destroy(&attributes);
    return ok;
}

static struct timespec monotonic(void)
{
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return t;
}

struct timespec moment_in(uint32_t ms)
{
    struct timespec t = monotonic();
    t.tv_sec += (time_t)(ms / 1000);
    t.tv_nsec += (long)(ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_nsec -= 1000000000;
        t.tv_sec++;
    }
    return t;
}

uint32_t moment_left(const struct timespec *until)
{
    struct timespec t = monotonic();
    int64_t ms =
        ((int64_t)until->tv_sec - t.tv_sec) * 1000 + (until->tv_nsec - t.tv_nsec) / 1000000;
    return ms < 0 ? 0 : ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

bool turn_init(turn *t)
{
    *t = (turn){.last = TURN_PATIENT};
    return condition_init(&t->free);
}

void turn_end(turn *t)
{
    (void)pthread_cond_destroy(&t->free);
}

static bool may_go(const turn *t, turn_kind kind)
{
    turn_kind other = kind == TURN_PATIENT ? TURN_HASTY : TURN_PATIENT;
    return !t->taken && (t->waiting[other] == 0 || t->last != kind);
}

bool turn_take(turn *t, pthread_mutex_t *lock, turn_kind kind, const struct timespec *until,
               const bool *stop)
{
    bool late = false;
    t->waiting[kind]++;
    while (!may_go(t, kind) && !late && !(stop != NULL && *stop))
        if (until == NULL)
            (void)pthread_cond_wait(&t->free, lock);
        else
            late = pthread_cond_timedwait(&t->free, lock, until) != 0;
    t->waiting[kind]--;
    bool mine = may_go(t, kind) && !(stop != NULL && *stop);
    if (mine) {
        t->taken = true;
        t->last = kind;
    } else {
        turn_wake(t); /* the other kind may have waited for this one */
    }
    return mine;
}

void turn_give(turn *t)
{
    t->taken = false;
    turn_wake(t);
}

void turn_wake(turn *t)
{
    (void)pthread_cond_broadcast(&t->free);
}
