#define _POSIX_C_SOURCE 200809L
#include "collateral/redis_lookup.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "base/bytes.h"

struct redis_lookup {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool done;
    bool let_go; /* nobody waits: the thread frees it */
    int failed;
    struct addrinfo *found;
    redis_resolve *resolve;
    char port[8];
    char host[];
};

static const struct addrinfo tcp = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};

int64_t redis_clock(void)
{
    struct timespec t = {0, 0};
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool redis_wake_init(pthread_cond_t *wake)
{
    pthread_condattr_t monotonic;
    if (pthread_condattr_init(&monotonic) != 0)
        return false;
    bool ok = pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0 &&
              pthread_cond_init(wake, &monotonic) == 0;
    (void)pthread_condattr_destroy(&monotonic);
    return ok;
}

bool redis_wait(pthread_cond_t *wake, pthread_mutex_t *lock, int64_t deadline)
{
    const struct timespec until = {(time_t)(deadline / 1000), (long)(deadline % 1000) * 1000000};
    return pthread_cond_timedwait(wake, lock, &until) == 0;
}

static void discard(redis_lookup *l)
{
    if (l->found != NULL)
        freeaddrinfo(l->found);
    (void)pthread_cond_destroy(&l->wake);
    (void)pthread_mutex_destroy(&l->lock);
    free(l);
}

static void *run(void *state)
{
    redis_lookup *l = state;
    struct addrinfo *found = NULL;
    int failed = l->resolve(l->host, l->port, &tcp, &found);
    (void)pthread_mutex_lock(&l->lock);
    l->failed = failed;
    l->found = failed == 0 ? found : NULL;
    l->done = true;
    bool let_go = l->let_go;
    (void)pthread_cond_signal(&l->wake);
    (void)pthread_mutex_unlock(&l->lock);
    if (let_go)
        discard(l);
    return NULL;
}

/* Signals are the application's: none is handled in this thread. */
static int start_thread(redis_lookup *l)
{
    sigset_t all, before;
    pthread_t thread;
    pthread_attr_t detached;
    if (pthread_attr_init(&detached) != 0)
        return EAI_MEMORY;
    (void)pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&thread, &detached, run, l);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&detached);
    return failed == 0 ? 0 : EAI_AGAIN;
}

static redis_lookup *lookup_new(redis_resolve *resolve, const char *host, uint16_t port)
{
    size_t n = strlen(host) + 1;
    redis_lookup *l = calloc(1, sizeof *l + n);
    if (l == NULL)
        return NULL;
    l->resolve = resolve;
    memcpy(l->host, host, n);
    (void)snprintf(l->port, sizeof l->port, "%u", (unsigned)port);
    if (pthread_mutex_init(&l->lock, NULL) != 0) {
        free(l);
        return NULL;
    }
    if (!redis_wake_init(&l->wake)) {
        (void)pthread_mutex_destroy(&l->lock);
        free(l);
        return NULL;
    }
    return l;
}

static bool wait_done(redis_lookup *l, int64_t deadline)
{
    (void)pthread_mutex_lock(&l->lock);
    bool in_time = true;
    while (!l->done && in_time)
        in_time = redis_wait(&l->wake, &l->lock, deadline);
    bool done = l->done;
    (void)pthread_mutex_unlock(&l->lock);
    return done;
}

int redis_look_up(redis_lookup **pending, redis_resolve *resolve, const char *host, uint16_t port,
                  int64_t deadline, struct addrinfo **out)
{
    if (*pending == NULL) {
        redis_lookup *l = lookup_new(resolve, host, port);
        if (l == NULL)
            return EAI_MEMORY;
        int failed = start_thread(l);
        if (failed != 0) {
            discard(l);
            return failed;
        }
        *pending = l;
    }
    redis_lookup *l = *pending;
    if (!wait_done(l, deadline))
        return 1;
    int failed = l->failed;
    *out = l->found;
    l->found = NULL;
    *pending = NULL;
    discard(l);
    return failed;
}

void redis_lookup_end(redis_lookup **pending)
{
    redis_lookup *l = *pending;
    if (l == NULL)
        return;
    (void)pthread_mutex_lock(&l->lock);
    l->let_go = true;
    bool done = l->done;
    (void)pthread_mutex_unlock(&l->lock);
    *pending = NULL;
    if (done)
        discard(l);
}
