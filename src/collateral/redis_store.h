#ifndef COLLATERAL_REDIS_STORE_H
#define COLLATERAL_REDIS_STORE_H

#include "collateral/redis_lookup.h"
#include "ratls/redis.h"

/* ratls_store_redis with another getaddrinfo. */
ratls_code redis_store_open(const ratls_redis_options *options, redis_resolve *resolve,
                            ratls_store *store, ratls_error *error);

/* No more names are listed. A fleet has a few for each kind of platform. */
enum { REDIS_NAMES_MAX = 8192 };

#endif
