#include "collateral/breaker.h"

static bool same_item(const ratls_item *a, const ratls_item *b)
{
    return a->kind == b->kind && a->tee == b->tee && a->processor_ca == b->processor_ca &&
           bytes_equal(bytes_of(a->fmspc, sizeof a->fmspc), bytes_of(b->fmspc, sizeof b->fmspc));
}

/* A clock that was set back must not make it long. */
static bool is_left_alone(const breaker_count *c, int64_t now)
{
    return now < c->until && c->until - now <= BREAKER_LONGEST;
}

bool breaker_asks(const breaker *b, const ratls_item *item, int64_t now,
                  const breaker_count **count)
{
    *count = is_left_alone(&b->all, now)                                ? &b->all
             : same_item(&b->item, item) && is_left_alone(&b->one, now) ? &b->one
                                                                        : NULL;
    return *count == NULL;
}

void breaker_answered(breaker *b, const ratls_item *item)
{
    b->all = (breaker_count){.failures = 0};
    if (same_item(&b->item, item))
        b->one = b->all;
}

/* The finalizer of SplitMix64: any two inputs give unrelated outputs. */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

/* 2 and 4 seconds, then those of the breaker; up to a quarter less by the seed. */
static int64_t delay(unsigned failures, uint64_t seed)
{
    int64_t d = 2;
    if (failures >= BREAKER_FAILURES) {
        d = BREAKER_SECONDS;
        failures -= BREAKER_FAILURES - 1;
    }
    while (--failures > 0 && d < BREAKER_LONGEST)
        d *= 2;
    if (d > BREAKER_LONGEST)
        d = BREAKER_LONGEST;
    return d - (int64_t)(mix(seed + (uint64_t)d) % (uint64_t)(d / 4 + 1));
}

static void count(breaker_count *c, int64_t now, int64_t at_least, uint64_t seed)
{
    c->failures += c->failures < UINT32_MAX ? 1 : 0;
    int64_t d = delay(c->failures, seed);
    if (at_least > BREAKER_LONGEST)
        at_least = BREAKER_LONGEST;
    c->until = now + (d > at_least ? d : at_least);
}

void breaker_failed(breaker *b, int64_t now, int64_t at_least, uint64_t seed)
{
    count(&b->all, now, at_least, seed);
}

void breaker_useless(breaker *b, const ratls_item *item, int64_t now, uint64_t seed)
{
    if (b->one.failures > 0 && same_item(&b->item, item)) {
        count(&b->one, now, 0, seed);
        return;
    }
    b->item = *item;
    b->one = (breaker_count){.failures = 0};
    count(&b->one, now, 0, seed);
    b->all.failures++;
    if (b->all.failures >= BREAKER_FAILURES)
        b->all.until = now + delay(b->all.failures, seed);
}
