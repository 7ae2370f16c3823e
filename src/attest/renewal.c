#include "attest/renewal.h"

#include <assert.h>

static int64_t clamp(int64_t v, int64_t min, int64_t max)
{
    return v < min ? min : v > max ? max : v;
}

/* A part of `n` seconds, from none to all but the last. */
static int64_t part(int64_t n, uint32_t random)
{
    return (int64_t)((uint64_t)n * random >> 32);
}

int64_t renewal_due(int64_t issued, int64_t not_after, uint32_t random)
{
    int64_t life = not_after > issued ? not_after - issued : 0;
    return issued + life / 2 + part(life / 6, random);
}

int64_t renewal_retry(int64_t now, unsigned n, int64_t life, uint32_t random)
{
    assert(n >= 1);
    int64_t delay = clamp(life / 100, 1, 30), most = clamp(life / 10, 1, 600);
    for (unsigned i = 1; i < n && delay < most; i++)
        delay *= 2;
    delay = clamp(delay, 1, most);
    return now + delay - part(delay / 2, random);
}
