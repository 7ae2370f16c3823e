#ifndef ATTEST_RENEWAL_H
#define ATTEST_RENEWAL_H

#include <stdint.h>

/* When a certificate is renewed. `random` is any 32 bits: it spreads the fleet. Times are Unix
 * seconds. */

/* After half of its life and before two thirds of it. */
int64_t renewal_due(int64_t issued, int64_t not_after, uint32_t random);

/*
 * After the n-th failure in a row (n >= 1), with a certificate of that life in seconds: doubling
 * from a hundredth of the life (1 to 30 s) to a tenth of it (1 to 600 s), less up to half of that.
 */
int64_t renewal_retry(int64_t now, unsigned n, int64_t life, uint32_t random);

#endif
