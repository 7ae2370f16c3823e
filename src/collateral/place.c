/* What arrives, from the store or the fetcher: checked, compared, kept. */
#include <stdlib.h>

#include "base/time.h"
#include "collateral/keeper.h"
#include "collateral/schedule.h"

static ratls_code no_memory(ratls_error *e)
{
    return refuse(e, RATLS_E_SYSTEM, 0, "collateral: out of memory");
}

/* By a clock that is behind, what was issued last would lie ahead. */
static int64_t judging_time(ratls_keeper *k, int64_t now)
{
    (void)pthread_mutex_lock(&k->lock);
    int64_t t = now;
    if (k->issued > t)
        t = k->issued;
    if (k->ran > t)
        t = k->ran;
    (void)pthread_mutex_unlock(&k->lock);
    return t;
}

static ratls_code check(ratls_keeper *k, bytes data, int64_t now, ratls_item_facts *facts,
                        ratls_error *e)
{
    char name[RATLS_ITEM_NAME_SIZE];
    ratls_code code = ratls_item_check(data, bytes_of(k->root, k->root_n), facts, e);
    if (code != RATLS_OK)
        return code;
    int64_t latest = judging_time(k, now);
    if (facts->issued <= latest + KEEPER_AHEAD)
        return RATLS_OK;
    ratls_item_name(&facts->item, name);
    return refuse(e, RATLS_E_STALE, 0, "%s: issued at %s, more than a day after the clock's %s",
                  name, ISO(facts->issued), ISO(latest));
}

/* The same of what came under this name. */
static ratls_code check_named(ratls_keeper *k, const ratls_item *item, bytes data, int64_t now,
                              ratls_item_facts *facts, ratls_error *e)
{
    char found[RATLS_ITEM_NAME_SIZE], expected[RATLS_ITEM_NAME_SIZE];
    ratls_item_name(item, expected);
    ratls_code code = check(k, data, now, facts, e);
    if (code != RATLS_OK) {
        error_prefix(e, "%s", expected);
        return code;
    }
    ratls_item_name(&facts->item, found);
    if (!item_same(&facts->item, item))
        return refuse(e, RATLS_E_UNTRUSTED, 0, "%s: it holds %s", expected, found);
    return RATLS_OK;
}

/*
 * Of two the newer is held, without an error: an older one is what a service or store had before,
 * or a rollback. *newer if it is this one, or the first.
 */
static ratls_code hold(ratls_keeper *k, bytes data, const ratls_item_facts *facts, int64_t save,
                       bool *newer, ratls_error *e)
{
    *newer = false;
    uint8_t *copy = malloc(data.n);
    if (copy == NULL)
        return no_memory(e);
    memcpy(copy, data.p, data.n);
    (void)pthread_mutex_lock(&k->lock);
    stock_item *i = stock_want(k->stock, &facts->item, STOCK_STRANGER);
    if (i != NULL && (i->data == NULL || item_newer(facts, &i->facts))) {
        stock_put(i, copy, data.n, facts);
        copy = NULL;
        i->save = save;
        i->failures = 0;
        i->due = schedule_due(facts->issued, facts->expires, keeper_random(k, i));
        *newer = true;
    }
    ratls_code pushed = RATLS_OK;
    if (i != NULL) {
        stock_promote(k->stock, i);
        keeper_raise_issued(k, facts->issued);
        if (*newer)
            pushed = keeper_push(k, i, e);
    }
    (void)pthread_mutex_unlock(&k->lock);
    free(copy);
    /* It is held all the same, and a verifier that lacks it will ask. */
    if (pushed != RATLS_OK)
        keeper_note(k, RATLS_NOTE_FAILED, &facts->item, e);
    return RATLS_OK;
}

/* What the store has of it, into *data, RATLS_ITEM_MAX bytes for the caller to free. */
static ratls_code get(ratls_keeper *k, const ratls_item *item, uint8_t **data, size_t *n,
                      ratls_error *e)
{
    char name[RATLS_ITEM_NAME_SIZE];
    ratls_item_name(item, name);
    *n = 0;
    *data = malloc(RATLS_ITEM_MAX);
    if (*data == NULL)
        return no_memory(e);
    ratls_code code = k->store.get(k->store.state, name, *data, RATLS_ITEM_MAX, n, e);
    if (code == RATLS_OK && *n > RATLS_ITEM_MAX)
        code = refuse(e, RATLS_E_LIMIT, 0, "%s has %zu bytes, at most %d are read", name, *n,
                      RATLS_ITEM_MAX);
    return code;
}

/* Noted, and from then on as if it were not there. */
static ratls_code discard(ratls_keeper *k, const ratls_item *item, ratls_error *e)
{
    error_prefix(e, "%s", k->store.name);
    keeper_note(k, RATLS_NOTE_DISCARDED, item, e);
    return RATLS_E_MISSING;
}

/* The store lost it, or went back to an older one: what is held belongs there. */
static void save_again(ratls_keeper *k, const ratls_item *item, const ratls_item_facts *found,
                       int64_t now)
{
    (void)pthread_mutex_lock(&k->lock);
    stock_item *i = stock_find(k->stock, item);
    if (i != NULL && i->data != NULL && i->save == 0 &&
        (found == NULL || item_newer(&i->facts, found)))
        i->save = now;
    (void)pthread_mutex_unlock(&k->lock);
}

static ratls_code take(ratls_keeper *k, const ratls_item *item, bytes data, int64_t now,
                       ratls_error *e)
{
    bool newer;
    ratls_item_facts facts;
    ratls_code code = check_named(k, item, data, now, &facts, e);
    if (code == RATLS_OK)
        code = hold(k, data, &facts, 0, &newer, e);
    else if (code != RATLS_E_SYSTEM)
        return discard(k, item, e);
    if (code == RATLS_OK)
        save_again(k, item, &facts, now);
    return code;
}

ratls_code place_from_store(ratls_keeper *k, const ratls_item *item, int64_t now, ratls_error *e)
{
    uint8_t *data;
    size_t n;
    ratls_code code = get(k, item, &data, &n, e);
    if (code == RATLS_OK)
        code = take(k, item, bytes_of(data, n), now, e);
    else if (code != RATLS_E_MISSING && code != RATLS_E_SYSTEM)
        code = discard(k, item, e);
    if (code == RATLS_E_MISSING)
        save_again(k, item, NULL, now);
    free(data);
    return code;
}

ratls_code place_judge(void *keeper, const ratls_item *item, ratls_bytes data, int64_t now,
                       ratls_error *error)
{
    ratls_item_facts facts;
    return check_named(keeper, item, data, now, &facts, error);
}

ratls_code place_fetched(ratls_keeper *k, const ratls_item *item, bytes data, int64_t now,
                         bool *newer, ratls_error *e)
{
    ratls_item_facts facts;
    *newer = false;
    ratls_code code = check_named(k, item, data, now, &facts, e);
    return code == RATLS_OK ? hold(k, data, &facts, now, newer, e) : code;
}

/* A copy of what is to be saved at `now`, which is tried again after a while unless it succeeds;
 * NULL if there is nothing, or no memory. */
static uint8_t *copy_unsaved(ratls_keeper *k, const ratls_item *item, int64_t now, size_t *n,
                             ratls_item_facts *facts)
{
    uint8_t *copy = NULL;
    (void)pthread_mutex_lock(&k->lock);
    stock_item *i = stock_find(k->stock, item);
    if (i != NULL && i->data != NULL && i->save != 0 && i->save <= now) {
        i->save = now + KEEPER_SAVE_AGAIN;
        *n = i->n;
        *facts = i->facts;
        copy = malloc(i->n);
        if (copy != NULL)
            memcpy(copy, i->data, i->n);
    }
    (void)pthread_mutex_unlock(&k->lock);
    return copy;
}

/* Once: unless the store has it or something newer, `data` goes there. *lost: somebody else was
 * faster. */
static ratls_code exchange(ratls_keeper *k, bytes data, const ratls_item_facts *facts, int64_t now,
                           bool *lost, ratls_error *e)
{
    uint8_t *there;
    size_t n;
    bool newer, put = true;
    char name[RATLS_ITEM_NAME_SIZE];
    ratls_item_facts found;
    *lost = false;
    ratls_item_name(&facts->item, name);
    ratls_code code = get(k, &facts->item, &there, &n, e);
    if (code == RATLS_E_MISSING) {
        code = RATLS_OK;
        n = 0;
    } else if (code == RATLS_OK) {
        put = check_named(k, &facts->item, bytes_of(there, n), now, &found, e) != RATLS_OK ||
              item_newer(facts, &found);
        if (!put)
            code = hold(k, bytes_of(there, n), &found, 0, &newer, e);
    }
    if (code == RATLS_OK && put)
        code = k->store.put(k->store.state, name, bytes_of(there, n), data, lost, e);
    free(there);
    return code;
}

static void set_saved(ratls_keeper *k, const ratls_item_facts *facts)
{
    (void)pthread_mutex_lock(&k->lock);
    stock_item *i = stock_find(k->stock, &facts->item);
    /* Unless something newer, to be saved too, came meanwhile. */
    if (i != NULL && i->data != NULL && !item_newer(&i->facts, facts))
        i->save = 0;
    (void)pthread_mutex_unlock(&k->lock);
}

static ratls_code save(ratls_keeper *k, const ratls_item *item, int64_t now, ratls_error *e)
{
    size_t n;
    ratls_item_facts facts;
    bool lost = true;
    uint8_t *data = copy_unsaved(k, item, now, &n, &facts);
    if (data == NULL)
        return RATLS_OK;
    ratls_code code = RATLS_OK;
    for (unsigned i = 0; i < KEEPER_STORE_TRIES && code == RATLS_OK && lost; i++)
        code = exchange(k, bytes_of(data, n), &facts, now, &lost, e);
    if (code == RATLS_OK && lost)
        code = refuse(e, RATLS_E_SYSTEM, 0, "others changed the item %d times meanwhile",
                      KEEPER_STORE_TRIES);
    free(data);
    if (code == RATLS_OK)
        set_saved(k, &facts);
    else
        error_prefix(e, "%s", k->store.name);
    return code;
}

void place_save(ratls_keeper *k, const ratls_item *item, int64_t now)
{
    ratls_error e;
    if (save(k, item, now, &e) != RATLS_OK)
        keeper_note(k, RATLS_NOTE_FAILED, item, &e);
}

ratls_code ratls_keeper_add(ratls_keeper *k, ratls_bytes item, int64_t now, bool *newer,
                            ratls_error *error)
{
    ratls_item_facts facts;
    *newer = false;
    now = keeper_bounded(now);
    ratls_code code = check(k, item, now, &facts, error);
    if (code != RATLS_OK)
        return code;
    (void)pthread_mutex_lock(&k->lock);
    bool room = stock_want(k->stock, &facts.item, STOCK_LEARNED) != NULL;
    (void)pthread_mutex_unlock(&k->lock);
    if (!room)
        return refuse(error, RATLS_E_LIMIT, 0, "keeper: it keeps %d platform families already",
                      STOCK_FAMILIES);
    code = hold(k, item, &facts, now, newer, error);
    return code == RATLS_OK && *newer ? save(k, &facts.item, now, error) : code;
}
