#ifndef COLLATERAL_REDIS_LOOKUP_H
#define COLLATERAL_REDIS_LOOKUP_H

#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The addresses of a host, within a deadline: getaddrinfo knows none, so a thread waits for it. A
 * thread that is late is let go and frees what it has; there is one at a time.
 */
typedef int redis_resolve(const char *host, const char *port, const struct addrinfo *hints,
                          struct addrinfo **out);
typedef struct redis_lookup redis_lookup;

/* Milliseconds of a clock that only goes forward, and a condition that is waited for by it. */
int64_t redis_clock(void);
bool redis_wake_init(pthread_cond_t *wake);
/* False if the deadline has come. */
bool redis_wait(pthread_cond_t *wake, pthread_mutex_t *lock, int64_t deadline);

/* 0; a code of getaddrinfo; or 1 if the deadline came first: ask again with the same *pending, NULL
 * in the beginning. *out is freed by freeaddrinfo. */
int redis_look_up(redis_lookup **pending, redis_resolve *resolve, const char *host, uint16_t port,
                  int64_t deadline, struct addrinfo **out);
/* Lets the thread go, if there is one. */
void redis_lookup_end(redis_lookup **pending);

#endif
