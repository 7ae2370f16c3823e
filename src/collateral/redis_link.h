#ifndef COLLATERAL_REDIS_LINK_H
#define COLLATERAL_REDIS_LINK_H

#include "collateral/redis_answer.h"
#include "collateral/redis_lookup.h"
#include "ratls/redis.h"

/*
 * A connection to a server, made when something is asked. hiredis formats and parses; its own input
 * and output are not used, since they know a timeout for each step, but no deadline for the whole.
 */
enum { REDIS_SHOWN_MAX = 80, REDIS_WORDS_MAX = 8 };

typedef struct redis_link {
    char *host, *socket_path, *username, *password; /* NULL as in the options, but for a host */
    uint16_t port;
    uint32_t database, timeout_ms;
    redis_resolve *resolve;
    char shown[REDIS_SHOWN_MAX]; /* the server, for people */

    int fd; /* -1: none */
    redisReader *reader;
    redisReplyObjectFunctions functions; /* of the reader */
    redis_lookup *lookup;
} redis_link;

/* With copies of the options. False: memory is out. To be ended in any case. */
bool redis_link_init(redis_link *link, const ratls_redis_options *options, redis_resolve *resolve);
void redis_link_end(redis_link *link);

/*
 * Sends a command and waits for the answer, an error that the server tells included. If that fails
 * the connection is closed; *broke if there was one before, which the other side ended: to ask
 * again may help. Errors: MALFORMED, SYSTEM.
 */
ratls_code redis_ask(redis_link *link, const bytes *words, size_t n, redis_answer *answer,
                     int64_t deadline, bool *broke, ratls_error *error);

#endif
