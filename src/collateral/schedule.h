#ifndef COLLATERAL_SCHEDULE_H
#define COLLATERAL_SCHEDULE_H

#include <stdint.h>

/* When an item of collateral is asked for. `random` is any 32 bits: it spreads the fleet. Times are
 * Unix seconds from 0 to 9999-12-31, periods are seconds. */

/* After half of its life and before three quarters of it. */
int64_t schedule_due(int64_t issued, int64_t expires, uint32_t random);

/* The same, but from `least` to five quarters of it after `answered`, when it was last received:
 * what a service still gives out late in its life is not asked for again at once. */
int64_t schedule_next(int64_t issued, int64_t expires, int64_t answered, uint32_t least,
                      uint32_t random);

/* After the n-th failure in a row (n >= 1): from 30 s doubling to `least`, less up to half of that.
 */
int64_t schedule_retry(int64_t now, unsigned n, uint32_t least, uint32_t random);

/* The 32 bits of a keeper with this seed for an item of this name, issued then. */
uint32_t schedule_random(uint64_t seed, const char *name, int64_t issued);

#endif
