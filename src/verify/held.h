#ifndef VERIFY_HELD_H
#define VERIFY_HELD_H

#include "tee/intel_collateral.h"

/*
 * The collateral that a verifier holds. A verification takes what is held when it begins, and keeps
 * that while other threads add more.
 */
#define HELD_MAX 256

typedef struct held {
    uint64_t epoch;       /* of two that differ in content it differs */
    int64_t crls_dropped; /* CRLs up to this date may have been dropped as superseded */
    size_t n;
    const intel_collateral *all[HELD_MAX];
} held;

typedef struct held_pool held_pool;

held_pool *held_pool_new(void);    /* NULL if memory is out */
void held_pool_free(held_pool *p); /* NULL is fine; nothing may be taken */

/* What is held now; to be given back. Never NULL. */
const held *held_take(held_pool *p);
void held_give_back(held_pool *p, const held *h);

/* Copies `data` and reads it. What is there already changes nothing; what newer items have
 * superseded makes room. Errors: MALFORMED, LIMIT, SYSTEM. */
RATLS_MUST_USE ratls_code held_add(held_pool *p, bytes data, ratls_error *e);

#endif
