#ifndef SUPPORT_REDIS_PEER_H
#define SUPPORT_REDIS_PEER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"

/* A real redis-server on a Unix socket. It ends with the test program, however that ends. */
typedef struct redis_server {
    char dir[32];
    char path[64]; /* of the socket */
    pid_t pid;
} redis_server;

/* If there is none, the running test is skipped. `option` and `value` may be NULL. */
redis_server redis_server_start(const char *option, const char *value);
void redis_server_stop(redis_server *s);

/* A server that does as it is told: for each request that it reads the next step, and the last one
 * for all that follow. */
typedef enum fake_how {
    FAKE_ANSWER = 0, /* and on */
    FAKE_CLOSE,      /* after the answer, if there is one */
    FAKE_HANG,       /* after the answer, until the client gives up */
    FAKE_DRIP,       /* the answer by single bytes, again and again, until the client gives up */
    FAKE_FLOOD       /* the answer, then the letter x until the client gives up */
} fake_how;

typedef struct fake_step {
    fake_how how;
    const char *answer; /* NULL: none */
} fake_step;

typedef struct fake_redis {
    char dir[32];
    char path[64];
    uint16_t port; /* 0: on the socket */
    fake_step steps[8];

    int listener;
    pthread_t thread;
    pthread_mutex_t lock;
    /* Read them by fake_seen. */
    unsigned connections, requests;
    unsigned gave_up; /* clients that closed while the server had not ended */
    size_t sent;      /* in the last flood */
    char last[1024];  /* the beginning of the last request */
    int client;       /* the connection that is open; -1: none */
} fake_redis;

/* On a port of 127.0.0.1, or on a socket. */
void fake_start(fake_redis *f, bool tcp, const fake_step *steps, size_t n);
typedef struct fake_counts {
    unsigned connections, requests, gave_up;
    size_t sent;
    char last[1024];
} fake_counts;
/* Tells its client this, which nobody asked for. */
void fake_say(fake_redis *f, const char *text);
fake_counts fake_seen(fake_redis *f);
/* What was seen up to the end. */
fake_counts fake_stop(fake_redis *f);

#endif
