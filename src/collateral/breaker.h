#ifndef COLLATERAL_BREAKER_H
#define COLLATERAL_BREAKER_H

#include "base/bytes.h"
#include "ratls/item.h"

/*
 * When a service is asked again after it failed: first soon, then ever more seldom, and only once
 * each time. Who does not answer at all is left alone for every item; who answers, but without the
 * item, for that item only, until others fail as well: one bad entry must not keep the rest away.
 * Pure; times are Unix seconds as the caller's clock has them. Zeroed it is new.
 */
enum {
    BREAKER_FAILURES = 3,  /* in a row; from then on a service counts as down */
    BREAKER_SECONDS = 30,  /* it is then left alone, and twice as long with each failure, */
    BREAKER_LONGEST = 3600 /* but no longer than this */
};

typedef struct breaker_count {
    unsigned failures; /* in a row */
    int64_t until;     /* it is not asked before */
} breaker_count;

typedef struct breaker {
    breaker_count all, one;
    ratls_item item; /* of `one`: which the service answered last without giving it */
} breaker;

/* Is it asked for the item? If not, *count says why. */
bool breaker_asks(const breaker *b, const ratls_item *item, int64_t now,
                  const breaker_count **count);

/* It gave the item, or said that there is none. */
void breaker_answered(breaker *b, const ratls_item *item);
/* No answer; or it said that it wants to be left alone for this many seconds, of which only
 * BREAKER_LONGEST count. `seed` spreads the moment, so that many clients do not come back at once.
 */
void breaker_failed(breaker *b, int64_t now, int64_t at_least, uint64_t seed);
/* An answer that is of no use. */
void breaker_useless(breaker *b, const ratls_item *item, int64_t now, uint64_t seed);

#endif
