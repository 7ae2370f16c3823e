#include "collateral/schedule.h"

#include <assert.h>

enum { RETRY_FIRST = 30 };

/* A part of n >= 0, from none to all but the last. In two halves, for n can have 39 bits. */
static int64_t part(int64_t n, uint32_t random)
{
    uint64_t high = (uint64_t)n >> 32, low = (uint64_t)n & UINT32_MAX;
    return (int64_t)(high * random + (low * random >> 32));
}

int64_t schedule_due(int64_t issued, int64_t expires, uint32_t random)
{
    int64_t life = expires > issued ? expires - issued : 0;
    return issued + life / 2 + part(life / 4, random);
}

int64_t schedule_next(int64_t issued, int64_t expires, int64_t answered, uint32_t least,
                      uint32_t random)
{
    int64_t due = schedule_due(issued, expires, random);
    int64_t earliest = answered + least + part(least / 4, random);
    return due > earliest ? due : earliest;
}

int64_t schedule_retry(int64_t now, unsigned n, uint32_t least, uint32_t random)
{
    assert(n >= 1);
    int64_t delay = RETRY_FIRST;
    for (unsigned i = 1; i < n && delay < least; i++)
        delay *= 2;
    if (delay > least)
        delay = least;
    delay -= part(delay / 2, random);
    return now + (delay > 0 ? delay : 1);
}

/* FNV-1a of the name, then the finalizer of splitmix64. Nobody gains by predicting it. */
uint32_t schedule_random(uint64_t seed, const char *name, int64_t issued)
{
    uint64_t x = 0xcbf29ce484222325u;
    for (const char *c = name; *c != '\0'; c++)
        x = (x ^ (uint8_t)*c) * 0x100000001b3u;
    x = (x ^ seed) + 0x9e3779b97f4a7c15u * (uint64_t)issued;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)(x >> 32);
}
