#ifndef COLLATERAL_TURN_H
#define COLLATERAL_TURN_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/*
 * Whose turn it is to ask the fetcher, one thread at a time. Those in a handshake and those who
 * have time take turns, so that neither can starve the other: a flood of strangers must not keep
 * what is held from being renewed.
 */
typedef enum turn_kind { TURN_PATIENT, TURN_HASTY } turn_kind;

typedef struct turn {
    pthread_cond_t free;
    bool taken;
    unsigned waiting[2];
    turn_kind last;
} turn;

/* False if there are no locks left. */
bool turn_init(turn *t);
void turn_end(turn *t);

/* Under `lock`, which is let go while it waits: until `until` by the monotonic clock (NULL:
 * forever) or until *stop (NULL: never). False if it did not get its turn. */
bool turn_take(turn *t, pthread_mutex_t *lock, turn_kind kind, const struct timespec *until,
               const bool *stop);
/* Under the same lock. */
void turn_give(turn *t);
/* Makes all who wait look at *stop. */
void turn_wake(turn *t);

/* A condition variable that waits by the monotonic clock: setting the system's does not disturb it.
 * False if there are none left. */
bool condition_init(pthread_cond_t *c);
/* The monotonic clock in `ms` milliseconds, and how many are left until then; 0 if it has passed.
 */
struct timespec moment_in(uint32_t ms);
uint32_t moment_left(const struct timespec *until);

#endif
