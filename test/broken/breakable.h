#ifndef BROKEN_BREAKABLE_H
#define BROKEN_BREAKABLE_H

/*
 * Included first into every file of a verifier that can be broken. In the product this macro makes
 * the code of a check that failed a constant that nothing can take back; without it the code is
 * what the function returns, which breaks.c has in hand.
 */
#include "base/check.h"

#undef check_fail

#endif
