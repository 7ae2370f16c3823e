/* Held collateral: immutable lists of shared pieces; each addition makes a new list. */
#define _POSIX_C_SOURCE 200809L
#include "verify/held.h"

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

/* From this many on, what is superseded is dropped. Until then it may serve an earlier time. */
enum { ROOMY = 32 };

typedef struct piece {
    unsigned holders; /* lists */
    intel_collateral collateral;
    uint8_t bytes[]; /* what it points into */
} piece;

typedef struct list {
    unsigned holders;
    held held;
    piece *pieces[HELD_MAX];
} list;

struct held_pool {
    pthread_mutex_t lock;
    list *now;
};

held_pool *held_pool_new(void)
{
    held_pool *p = calloc(1, sizeof *p);
    list *empty = calloc(1, sizeof *empty);
    if (p == NULL || empty == NULL || pthread_mutex_init(&p->lock, NULL) != 0) {
        free(p);
        free(empty);
        return NULL;
    }
    empty->holders = 1;
    p->now = empty;
    return p;
}

static void let_piece_go(piece *x)
{
    if (--x->holders == 0)
        free(x);
}

static void let_list_go(list *l)
{
    if (l == NULL || --l->holders > 0)
        return;
    for (size_t i = 0; i < l->held.n; i++)
        let_piece_go(l->pieces[i]);
    free(l);
}

void held_pool_free(held_pool *p)
{
    if (p == NULL)
        return;
    let_list_go(p->now);
    (void)pthread_mutex_destroy(&p->lock);
    free(p);
}

const held *held_take(held_pool *p)
{
    (void)pthread_mutex_lock(&p->lock);
    list *l = p->now;
    l->holders++;
    (void)pthread_mutex_unlock(&p->lock);
    return &l->held;
}

void held_give_back(held_pool *p, const held *h)
{
    /* It is constant to everybody but the pool. */
    const union {
        const held *given;
        char *bytes;
    } taken = {.given = h};
    (void)pthread_mutex_lock(&p->lock);
    let_list_go((list *)(void *)(taken.bytes - offsetof(list, held)));
    (void)pthread_mutex_unlock(&p->lock);
}

static bool same_purpose(const intel_glance *a, const intel_glance *b)
{
    return a->tee == b->tee && bytes_equal(bytes_of(a->fmspc, 6), bytes_of(b->fmspc, 6)) &&
           bytes_equal(bytes_of(a->issuer, 32), bytes_of(b->issuer, 32));
}

/* Some other piece has a later item for the same purpose, or one of the same date that came later.
 */
static bool item_superseded(const list *l, size_t at, intel_item item)
{
    const intel_glance *g = &l->held.all[at]->glance[item];
    if (!g->present)
        return true;
    for (size_t i = 0; i < l->held.n; i++) {
        const intel_glance *other = &l->held.all[i]->glance[item];
        if (i != at && other->readable && (!g->readable || same_purpose(g, other)) &&
            (!g->readable || other->date > g->date || (other->date == g->date && i > at)))
            return true;
    }
    return false;
}

static void note_dropped(held *h, const intel_collateral *c)
{
    for (intel_item i = ITEM_PCK_CRL; i <= ITEM_ROOT_CRL; i++)
        if (c->glance[i].readable && c->glance[i].date > h->crls_dropped)
            h->crls_dropped = c->glance[i].date;
}

static void drop_superseded(list *l)
{
    for (size_t at = 0; at < l->held.n;) {
        bool all = true;
        for (intel_item item = ITEM_TCB_INFO; item < INTEL_ITEMS; item++)
            all = all && item_superseded(l, at, item);
        if (!all) {
            at++;
            continue;
        }
        note_dropped(&l->held, l->held.all[at]);
        let_piece_go(l->pieces[at]);
        l->held.n--;
        for (size_t i = at; i < l->held.n; i++) {
            l->pieces[i] = l->pieces[i + 1];
            l->held.all[i] = l->held.all[i + 1];
        }
    }
}

static bool same_items(const intel_collateral *a, const intel_collateral *b)
{
    for (intel_item i = ITEM_TCB_INFO; i < INTEL_ITEMS; i++)
        if (!bytes_equal(bytes_of(a->glance[i].digest, 32), bytes_of(b->glance[i].digest, 32)))
            return false;
    return true;
}

static bool is_there(const held *h, const intel_collateral *c)
{
    for (size_t i = 0; i < h->n; i++)
        if (same_items(h->all[i], c))
            return true;
    return false;
}

static ratls_code read_piece(bytes data, piece **out, ratls_error *e)
{
    if (data.n > INTEL_COLLATERAL_MAX)
        return refuse(e, RATLS_E_LIMIT, 0, "collateral: %zu bytes, at most %d are read", data.n,
                      INTEL_COLLATERAL_MAX);
    piece *x = malloc(sizeof *x + 3 * data.n);
    if (x == NULL)
        return refuse(e, RATLS_E_SYSTEM, 0, "collateral: out of memory");
    x->holders = 0;
    if (data.n > 0)
        memcpy(x->bytes, data.p, data.n);
    ratls_code code = intel_collateral_read(bytes_of(x->bytes, data.n), x->bytes + data.n,
                                            2 * data.n, &x->collateral, e);
    if (code == RATLS_OK)
        *out = x;
    else
        free(x);
    return code;
}

/* A list of what the old one has, and this piece. Under the lock, as all that counts holders. */
static ratls_code put(held_pool *p, piece *x, ratls_error *e)
{
    list *new = malloc(sizeof *new);
    if (new == NULL)
        return refuse(e, RATLS_E_SYSTEM, 0, "collateral: out of memory");
    *new = *p->now;
    new->holders = 1;
    new->held.epoch++;
    for (size_t i = 0; i < new->held.n; i++)
        new->pieces[i]->holders++;
    if (new->held.n >= ROOMY)
        drop_superseded(new);
    if (new->held.n == HELD_MAX) {
        let_list_go(new);
        return refuse(e, RATLS_E_LIMIT, 0, "collateral: more than %d that are not superseded",
                      HELD_MAX);
    }
    x->holders = 1;
    new->pieces[new->held.n] = x;
    new->held.all[new->held.n++] = &x->collateral;
    let_list_go(p->now);
    p->now = new;
    return RATLS_OK;
}

ratls_code held_add(held_pool *p, bytes data, ratls_error *e)
{
    piece *x;
    ratls_code code = read_piece(data, &x, e);
    if (code != RATLS_OK)
        return code;
    (void)pthread_mutex_lock(&p->lock);
    bool known = is_there(&p->now->held, &x->collateral);
    if (!known)
        code = put(p, x, e);
    (void)pthread_mutex_unlock(&p->lock);
    if (known || code != RATLS_OK)
        free(x);
    return code;
}
