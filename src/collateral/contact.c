/* What a verifier lacks, asked for in the thread that verifies. */
#include <stdio.h>

#include "base/hex.h"
#include "base/time.h"
#include "collateral/keeper.h"

enum { ITEMS = 4 };

typedef struct contact {
    ratls_keeper *k;
    ratls_verifier *verifier;
    const ratls_platform *platform;
    int64_t now;
    struct timespec until; /* the end of its patience */
    ratls_item items[ITEMS];
    bool lacking[ITEMS];
    size_t lacking_n;
    bool busy;       /* its turn did not come */
    bool failed;     /* the fetcher gave none */
    ratls_error why; /* of that */
} contact;

static void look(contact *c)
{
    c->lacking_n = 0;
    (void)pthread_mutex_lock(&c->k->lock);
    for (size_t i = 0; i < ITEMS; i++) {
        const stock_item *h = stock_find(c->k->stock, &c->items[i]);
        c->lacking[i] = h == NULL || h->data == NULL;
        c->lacking_n += c->lacking[i];
    }
    (void)pthread_mutex_unlock(&c->k->lock);
}

static void read_store(contact *c)
{
    ratls_error e; /* what cannot be read is missing */
    for (size_t i = 0; i < ITEMS; i++)
        if (c->lacking[i])
            (void)place_from_store(c->k, &c->items[i], c->now, &e);
    look(c);
}

static ratls_code give(contact *c, ratls_error *e)
{
    ratls_code code = RATLS_OK;
    (void)pthread_mutex_lock(&c->k->lock);
    for (size_t i = 0; i < ITEMS && code == RATLS_OK; i++) {
        const stock_item *h = stock_find(c->k->stock, &c->items[i]);
        if (h != NULL && h->data != NULL)
            code = ratls_verifier_add_collateral(c->verifier, bytes_of(h->data, h->n), e);
    }
    (void)pthread_mutex_unlock(&c->k->lock);
    return code;
}

/* When this item may be asked for; `now` or earlier: now. Under the lock. */
static int64_t may_ask_at(contact *c, const ratls_item *item)
{
    const stock_item *h = stock_find(c->k->stock, item);
    if (h != NULL)
        return h->failures > 0 ? h->due : 0;
    if (item->kind != RATLS_ITEM_TCB_INFO)
        return 0;
    int64_t known = stock_unknown_until(c->k->stock, item, c->now);
    return known > c->now ? known : stock_full_until(c->k->stock, c->now);
}

/* The background thread asks for what is lacking, unless nobody knows it; what is shared by all
 * platforms is no stranger's. */
static void remember(contact *c)
{
    (void)pthread_mutex_lock(&c->k->lock);
    for (size_t i = 0; i < ITEMS; i++)
        if (c->items[i].kind != RATLS_ITEM_TCB_INFO)
            (void)stock_want(c->k->stock, &c->items[i], STOCK_LEARNED);
        else if (may_ask_at(c, &c->items[i]) <= c->now)
            (void)stock_want(c->k->stock, &c->items[i], STOCK_STRANGER);
    (void)pthread_cond_broadcast(&c->k->wake);
    (void)pthread_mutex_unlock(&c->k->lock);
}

static bool may_ask_now(contact *c, size_t i)
{
    (void)pthread_mutex_lock(&c->k->lock);
    bool may = c->lacking[i] && may_ask_at(c, &c->items[i]) <= c->now;
    (void)pthread_mutex_unlock(&c->k->lock);
    return may;
}

/* After a failure it is not asked for again before its time, however many peers present it. */
static bool may_ask_for_all(contact *c)
{
    bool may = true;
    for (size_t i = 0; i < ITEMS; i++)
        may = may && (!c->lacking[i] || may_ask_now(c, i));
    return may;
}

static void fetch_lacking(contact *c)
{
    for (size_t i = 0; i < ITEMS && !c->failed; i++) {
        uint32_t left = moment_left(&c->until);
        if (!may_ask_now(c, i))
            continue;
        if (left == 0)
            c->busy = true;
        else
            c->failed = refresh_ask(c->k, &c->items[i], c->now, left, &c->why) != RATLS_OK;
    }
    look(c);
}

/* One fetch at a time: who waits for his turn may find that it has been done. */
static void ask_now(contact *c)
{
    (void)pthread_mutex_lock(&c->k->lock);
    bool mine = turn_take(&c->k->turn, &c->k->lock, TURN_HASTY, &c->until, NULL);
    (void)pthread_mutex_unlock(&c->k->lock);
    c->busy = !mine;
    look(c);
    if (!mine)
        return;
    if (c->lacking_n > 0 && c->k->store.remote)
        read_store(c);
    if (c->lacking_n > 0 && keeper_fetches(c->k))
        fetch_lacking(c);
    (void)pthread_mutex_lock(&c->k->lock);
    turn_give(&c->k->turn);
    (void)pthread_cond_broadcast(&c->k->wake); /* to save it */
    (void)pthread_mutex_unlock(&c->k->lock);
}

/* What the user can do, or may expect. */
static void explain(contact *c, size_t i, char *out, size_t cap)
{
    (void)pthread_mutex_lock(&c->k->lock);
    int64_t at = may_ask_at(c, &c->items[i]);
    bool unknown = stock_unknown_until(c->k->stock, &c->items[i], c->now) > c->now;
    bool wanted = stock_find(c->k->stock, &c->items[i]) != NULL;
    (void)pthread_mutex_unlock(&c->k->lock);
    if (!keeper_fetches(c->k))
        (void)snprintf(out, cap, "no service is configured to get it from");
    else if (c->failed)
        (void)snprintf(out, cap, "%s", c->why.text);
    else if (unknown)
        (void)snprintf(out, cap, "no service knows it, and it is not asked for again before %s",
                       ISO(at));
    else if (!wanted && at > c->now)
        (void)snprintf(out, cap,
                       "no service knew %d other platforms, so none is asked for strangers before "
                       "%s",
                       STOCK_UNKNOWN, ISO(at));
    else if (at > c->now)
        (void)snprintf(out, cap, "it could not be fetched, and is asked for again at %s", ISO(at));
    else if (c->busy)
        (void)snprintf(out, cap, "the services are busy; it is being fetched");
    else
        (void)snprintf(out, cap, "it is being fetched");
}

static ratls_code put_off(contact *c, ratls_error *e)
{
    char name[RATLS_ITEM_NAME_SIZE], why[RATLS_TEXT_SIZE];
    size_t i = 0;
    while (i + 1 < ITEMS && !c->lacking[i])
        i++;
    ratls_item_name(&c->items[i], name);
    explain(c, i, why, sizeof why);
    bytes fmspc = bytes_of(c->platform->fmspc, sizeof c->platform->fmspc);
    return refuse(e, RATLS_E_MISSING, 0, "collateral for FMSPC %s: %s is not at hand yet; %s",
                  HEX(fmspc), name, why);
}

ratls_code contact_want(void *state, ratls_verifier *verifier, const ratls_platform *platform,
                        ratls_error *e)
{
    ratls_keeper *k = state;
    contact c = {.k = k,
                 .verifier = verifier,
                 .platform = platform,
                 .now = keeper_now(k),
                 .until = moment_in(k->first_contact_ms)};
    ratls_platform_items(platform, c.items);
    look(&c);
    /* A remote store is the network, where no handshake waits unless it may. */
    if (c.lacking_n > 0 && !k->store.remote)
        read_store(&c);
    if (c.lacking_n == 0)
        return give(&c, e);
    bool ask =
        k->first_contact_ms > 0 && (keeper_fetches(k) || k->store.remote) && may_ask_for_all(&c);
    remember(&c);
    if (ask)
        ask_now(&c);
    return c.lacking_n == 0 ? give(&c, e) : put_off(&c, e);
}
