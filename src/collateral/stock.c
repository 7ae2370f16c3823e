#include "collateral/stock.h"

#include <stdlib.h>

stock *stock_new(void)
{
    return calloc(1, sizeof(stock));
}

void stock_free(stock *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->n; i++)
        free(s->all[i].data);
    free(s);
}

bool item_same(const ratls_item *a, const ratls_item *b)
{
    return a->kind == b->kind && a->tee == b->tee && a->processor_ca == b->processor_ca &&
           bytes_equal(bytes_of(a->fmspc, sizeof a->fmspc), bytes_of(b->fmspc, sizeof b->fmspc));
}

bool item_newer(const ratls_item_facts *a, const ratls_item_facts *b)
{
    size_t i = 0;
    while (i + 1 < sizeof a->order && a->order[i] == b->order[i])
        i++;
    return a->order[i] > b->order[i];
}

stock_item *stock_find(stock *s, const ratls_item *item)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->all[i].rank != STOCK_FREE && item_same(&s->all[i].item, item))
            return &s->all[i];
    return NULL;
}

static bool is_family(const stock_item *i)
{
    return i->rank != STOCK_FREE && i->item.kind == RATLS_ITEM_TCB_INFO;
}

static size_t count(const stock *s, stock_rank least, stock_rank most)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        n += is_family(&s->all[i]) && s->all[i].rank >= least && s->all[i].rank <= most;
    return n;
}

static bool drop_oldest(stock *s, stock_rank rank)
{
    stock_item *oldest = NULL;
    for (size_t i = 0; i < s->n; i++)
        if (is_family(&s->all[i]) && s->all[i].rank == rank &&
            (oldest == NULL || s->all[i].age < oldest->age))
            oldest = &s->all[i];
    if (oldest != NULL)
        stock_drop(oldest);
    return oldest != NULL;
}

static bool has_room(const stock *s, stock_rank rank)
{
    return rank == STOCK_STRANGER ? count(s, STOCK_STRANGER, STOCK_STRANGER) < STOCK_STRANGERS
                                  : count(s, STOCK_LEARNED, STOCK_WANTED) < STOCK_FAMILIES;
}

static bool make_room(stock *s, stock_rank rank)
{
    if (has_room(s, rank))
        return true;
    return rank != STOCK_LEARNED &&
           drop_oldest(s, rank == STOCK_STRANGER ? STOCK_STRANGER : STOCK_LEARNED);
}

static stock_item *free_place(stock *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->all[i].rank == STOCK_FREE)
            return &s->all[i];
    return s->n < STOCK_MAX ? &s->all[s->n++] : NULL;
}

stock_item *stock_want(stock *s, const ratls_item *item, stock_rank rank)
{
    bool family = item->kind == RATLS_ITEM_TCB_INFO;
    stock_item *i = stock_find(s, item);
    if (i != NULL && i->rank >= rank)
        return i;
    /* A learned one that becomes wanted needs no more room than it has. */
    if (family && (i == NULL || i->rank == STOCK_STRANGER) && !make_room(s, rank))
        return NULL;
    if (i == NULL)
        i = free_place(s);
    if (i == NULL)
        return NULL;
    if (i->rank == STOCK_FREE)
        *i = (stock_item){.item = *item, .age = s->ages++};
    i->rank = rank;
    return i;
}

void stock_promote(stock *s, stock_item *i)
{
    if (i->rank == STOCK_STRANGER && (!is_family(i) || has_room(s, STOCK_LEARNED)))
        i->rank = STOCK_LEARNED;
}

void stock_put(stock_item *i, uint8_t *data, size_t n, const ratls_item_facts *facts)
{
    free(i->data);
    i->data = data;
    i->n = n;
    i->facts = *facts;
}

void stock_drop(stock_item *i)
{
    free(i->data);
    *i = (stock_item){.rank = STOCK_FREE};
}

void stock_set_unknown(stock *s, const ratls_item *item, int64_t now)
{
    s->unknown[s->unknown_next] =
        (stock_unknown){.item = *item, .until = now + STOCK_UNKNOWN_SECONDS};
    s->unknown_next = (s->unknown_next + 1) % STOCK_UNKNOWN;
}

/* If the clock was set back meanwhile, what was noted is void. */
static int64_t until(const stock_unknown *u, int64_t now)
{
    return u->until - now > STOCK_UNKNOWN_SECONDS ? 0 : u->until;
}

int64_t stock_unknown_until(const stock *s, const ratls_item *item, int64_t now)
{
    int64_t latest = 0;
    for (size_t i = 0; i < STOCK_UNKNOWN; i++)
        if (item_same(&s->unknown[i].item, item) && until(&s->unknown[i], now) > latest)
            latest = until(&s->unknown[i], now);
    return latest;
}

int64_t stock_full_until(const stock *s, int64_t now)
{
    return until(&s->unknown[s->unknown_next], now);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t stock_next(const stock *s)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < s->n; i++) {
        const stock_item *it = &s->all[i];
        if (it->rank == STOCK_FREE)
            continue;
        next = earlier(next, it->due);
        if (it->save != 0)
            next = earlier(next, it->save);
    }
    return next;
}

int64_t stock_latest_expiry(const stock *s)
{
    int64_t latest = 0;
    for (size_t i = 0; i < s->n; i++)
        if (s->all[i].data != NULL && s->all[i].facts.expires > latest)
            latest = s->all[i].facts.expires;
    return latest;
}
