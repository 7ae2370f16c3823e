#ifndef RATLS_REDIS_H
#define RATLS_REDIS_H

#include <stdint.h>

#include "ratls/collateral.h"
#include "ratls/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A store that a fleet shares, in Redis: library libratls-redis, with libhiredis. Like any store it
 * is not trusted: whoever can write to it can only make an item be fetched again.
 *
 * The connection is not encrypted (hiredis of Debian 12 cannot do it): what is read is public, but
 * the password is not. Use a Unix socket, a network of your own, or a TLS tunnel to the server.
 *
 * What put has written lasts as long as the server is set up to keep it (appendonly, appendfsync,
 * replication). What is lost there is fetched again.
 */

/* Zeroed, these are a server on this machine. Everything is copied. */
typedef struct ratls_redis_options {
    const char *host;        /* a name or an address; NULL: "localhost", if socket_path is NULL */
    uint16_t port;           /* 0: 6379 */
    const char *socket_path; /* of a Unix socket, instead of a host */
    const char *username;    /* with a password; NULL: the server's default user */
    const char *password;    /* NULL: none is sent */
    uint32_t database;       /* by number */
    const char *prefix;      /* of the keys: an item is the string PREFIX NAME; NULL: "ratls:" */
    uint32_t timeout_ms;     /* no call takes longer, whatever the server does; 0: 1000 */
} ratls_redis_options;

/*
 * Nothing is asked by this call: a server may be away when a program starts. A connection is made
 * when it is needed, kept, and made again once in a call if it broke. Calls from several threads
 * take turns. A host name is looked up by a thread, for want of another way to bound the time.
 *
 * Errors: MALFORMED (options), SYSTEM. Of the store's calls: MISSING; LIMIT; UNSUPPORTED (the key
 * holds no string); MALFORMED (the server does not speak the protocol of Redis); SYSTEM (away, too
 * slow, full, read-only, and whatever else the server says). If a put ends with SYSTEM, the item
 * may have been written all the same.
 */
RATLS_MUST_USE ratls_code ratls_store_redis(const ratls_redis_options *options, ratls_store *store,
                                            ratls_error *error);

#ifdef __cplusplus
}
#endif

#endif
