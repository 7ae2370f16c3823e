/* A pass over all items that are due. */
#include <stdlib.h>

#include "base/time.h"
#include "collateral/keeper.h"
#include "collateral/schedule.h"

/* Under the lock. The fetcher answered at `now`, and that or something newer is held. */
static void set_answered(const ratls_keeper *k, stock_item *i, int64_t now)
{
    i->failures = 0;
    i->due = schedule_next(i->facts.issued, i->facts.expires, now, k->least_seconds,
                           keeper_random(k, i));
}

/* Under the lock. */
static void set_failed(ratls_keeper *k, stock_item *i, ratls_code code, int64_t now)
{
    i->failures++;
    i->due = schedule_retry(now, i->failures, k->least_seconds, keeper_random(k, i));
    /* What no service knows now, none will know in a moment. */
    if (code == RATLS_E_MISSING && i->due < now + STOCK_UNKNOWN_SECONDS)
        i->due = now + STOCK_UNKNOWN_SECONDS;
}

static bool is_stranger(const stock_item *i)
{
    return i == NULL || (i->rank == STOCK_STRANGER && i->data == NULL);
}

static void set_outcome(ratls_keeper *k, const ratls_item *item, ratls_code code, int64_t now)
{
    (void)pthread_mutex_lock(&k->lock);
    stock_item *i = stock_find(k->stock, item);
    /* A stranger may have had to make room meanwhile. */
    if (code == RATLS_E_MISSING && is_stranger(i))
        stock_set_unknown(k->stock, item, now);
    if (i != NULL && code == RATLS_OK && i->data != NULL)
        set_answered(k, i, now);
    else if (i != NULL)
        set_failed(k, i, code, now);
    (void)pthread_mutex_unlock(&k->lock);
}

/* A stranger that no service knows makes room for the next one. */
static void forget_unknown(ratls_keeper *k, const ratls_item *item)
{
    (void)pthread_mutex_lock(&k->lock);
    stock_item *i = stock_find(k->stock, item);
    if (i != NULL && is_stranger(i))
        stock_drop(i);
    (void)pthread_mutex_unlock(&k->lock);
}

ratls_code refresh_ask(ratls_keeper *k, const ratls_item *item, int64_t now, uint32_t deadline_ms,
                       ratls_error *e)
{
    bool newer = false;
    size_t n = 0;
    uint8_t *data = malloc(RATLS_ITEM_MAX);
    ratls_code code;
    if (data == NULL)
        code = refuse(e, RATLS_E_SYSTEM, 0, "collateral: out of memory");
    else
        code =
            k->fetcher.fetch(k->fetcher.state, item, now, deadline_ms, data, RATLS_ITEM_MAX, &n, e);
    bool unknown = code == RATLS_E_MISSING;
    if (code == RATLS_OK && n > RATLS_ITEM_MAX)
        code = refuse(e, RATLS_E_LIMIT, 0, "collateral: an item has %zu bytes, at most %d are read",
                      n, RATLS_ITEM_MAX);
    if (code == RATLS_OK)
        code = place_fetched(k, item, bytes_of(data, n), now, &newer, e);
    free(data);
    /* What lacks a part is wrong, not unknown. */
    set_outcome(k, item, code == RATLS_E_MISSING && !unknown ? RATLS_E_MALFORMED : code, now);
    if (code != RATLS_OK)
        keeper_note(k, RATLS_NOTE_FAILED, item, e);
    else
        keeper_note(k, newer ? RATLS_NOTE_FETCHED : RATLS_NOTE_UNCHANGED, item, NULL);
    if (unknown)
        forget_unknown(k, item);
    return code;
}

/* With nothing to fetch from, others may fill the store: it is looked at again later. */
static void set_waiting(ratls_keeper *k, const ratls_item *item, int64_t now)
{
    bool lacking = false;
    ratls_error e;
    (void)pthread_mutex_lock(&k->lock);
    stock_item *i = stock_find(k->stock, item);
    if (i != NULL) {
        lacking = i->data == NULL || i->facts.expires <= now;
        if (lacking)
            set_failed(k, i, RATLS_E_SYSTEM, now);
        else
            set_answered(k, i, now);
    }
    (void)pthread_mutex_unlock(&k->lock);
    if (!lacking)
        return;
    char name[RATLS_ITEM_NAME_SIZE];
    ratls_item_name(item, name);
    (void)refuse(&e, RATLS_E_MISSING, 0, "%s: nothing fetches it, no service is configured", name);
    keeper_note(k, RATLS_NOTE_FAILED, item, &e);
}

static bool facts_of(ratls_keeper *k, const ratls_item *item, ratls_item_facts *facts)
{
    (void)pthread_mutex_lock(&k->lock);
    const stock_item *i = stock_find(k->stock, item);
    bool is_held = i != NULL && i->data != NULL;
    if (is_held)
        *facts = i->facts;
    (void)pthread_mutex_unlock(&k->lock);
    return is_held;
}

/* Another keeper over the same store may have asked for it already: then this one need not, and a
 * fleet asks once. */
static void look_into_store(ratls_keeper *k, const ratls_item *item, int64_t now)
{
    ratls_error e;
    ratls_item_facts before, after;
    bool had = facts_of(k, item, &before);
    if (place_from_store(k, item, now, &e) == RATLS_E_SYSTEM) {
        error_prefix(&e, "%s", k->store.name);
        keeper_note(k, RATLS_NOTE_FAILED, item, &e);
    }
    if (facts_of(k, item, &after) && (!had || item_newer(&after, &before)))
        keeper_note(k, RATLS_NOTE_FETCHED, item, NULL);
}

static bool is_due(ratls_keeper *k, const ratls_item *item, int64_t now)
{
    (void)pthread_mutex_lock(&k->lock);
    const stock_item *i = stock_find(k->stock, item);
    bool due = i != NULL && i->due <= now;
    (void)pthread_mutex_unlock(&k->lock);
    return due;
}

static void refresh_item(ratls_keeper *k, const ratls_item *item, int64_t now, const bool *stop)
{
    ratls_error e;
    (void)pthread_mutex_lock(&k->lock);
    bool mine = turn_take(&k->turn, &k->lock, TURN_PATIENT, NULL, stop);
    (void)pthread_mutex_unlock(&k->lock);
    if (!mine)
        return;
    /* Who had the turn before may have fetched it. */
    if (is_due(k, item, now))
        look_into_store(k, item, now);
    if (is_due(k, item, now) && !keeper_fetches(k))
        set_waiting(k, item, now);
    else if (is_due(k, item, now))
        (void)refresh_ask(k, item, now, k->fetch_ms, &e); /* noted there */
    (void)pthread_mutex_lock(&k->lock);
    turn_give(&k->turn);
    (void)pthread_mutex_unlock(&k->lock);
}

/* The next item that is due or unsaved, from place *at on. */
static bool next_item(ratls_keeper *k, size_t *at, int64_t now, const bool *stop, ratls_item *item)
{
    bool found = false;
    (void)pthread_mutex_lock(&k->lock);
    while (*at < k->stock->n && !found && !(stop != NULL && *stop)) {
        const stock_item *i = &k->stock->all[(*at)++];
        found = i->rank != STOCK_FREE && (i->due <= now || (i->save != 0 && i->save <= now));
        *item = i->item;
    }
    (void)pthread_mutex_unlock(&k->lock);
    return found;
}

static void pass(ratls_keeper *k, int64_t now, const bool *stop)
{
    size_t at = 0;
    ratls_item item;
    while (next_item(k, &at, now, stop, &item)) {
        refresh_item(k, &item, now, stop);
        place_save(k, &item, now);
    }
}

/* Is it right, as far as can be told? */
static bool check_clock(ratls_keeper *k, int64_t now)
{
    static const ratls_item none;
    ratls_error e;
    (void)pthread_mutex_lock(&k->lock);
    bool behind = keeper_is_behind(k, now);
    int64_t seen = k->issued > k->ran ? k->issued : k->ran;
    k->behind = behind;
    (void)pthread_mutex_unlock(&k->lock);
    if (!behind)
        return true;
    (void)refuse(&e, RATLS_E_STALE, 0,
                 "keeper: the clock says %s, and it has been %s already: nothing is fetched until "
                 "the clock is right",
                 ISO(now), ISO(seen));
    keeper_note(k, RATLS_NOTE_FAILED, &none, &e);
    return false;
}

void refresh_run(ratls_keeper *k, int64_t now, const bool *stop)
{
    if (!check_clock(k, now))
        return;
    pass(k, now, stop);
    (void)pthread_mutex_lock(&k->lock);
    keeper_raise_ran(k, now);
    (void)pthread_mutex_unlock(&k->lock);
    last_run_write(k, now);
}

void ratls_keeper_refresh(ratls_keeper *k, int64_t now, int64_t *next)
{
    now = keeper_bounded(now);
    refresh_run(k, now, NULL);
    (void)pthread_mutex_lock(&k->lock);
    *next = stock_next(k->stock);
    (void)pthread_mutex_unlock(&k->lock);
    /* What peers or callers may want meanwhile is not known yet. */
    if (*next > now + k->least_seconds)
        *next = now + k->least_seconds;
    if (*next <= now)
        *next = now + 1;
}
