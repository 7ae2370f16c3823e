/* The collateral of one quote, as one JSON object. */
#include "base/hex.h"
#include "base/time.h"
#include "base/writer.h"
#include "codec/json.h"
#include "collateral/keeper.h"

enum { ITEMS = 4 };

typedef enum state { LACKING, EXPIRED, GOOD } state;

static state state_of(ratls_keeper *k, const ratls_item *item, int64_t now)
{
    (void)pthread_mutex_lock(&k->lock);
    const stock_item *i = stock_find(k->stock, item);
    state s = i == NULL || i->data == NULL ? LACKING : i->facts.expires <= now ? EXPIRED : GOOD;
    (void)pthread_mutex_unlock(&k->lock);
    return s;
}

static ratls_code fetch(ratls_keeper *k, const ratls_item *item, int64_t now, ratls_error *e)
{
    char name[RATLS_ITEM_NAME_SIZE];
    const struct timespec until = moment_in(k->fetch_ms);
    ratls_code code = RATLS_OK;
    ratls_item_name(item, name);
    (void)pthread_mutex_lock(&k->lock);
    bool mine = turn_take(&k->turn, &k->lock, TURN_PATIENT, &until, NULL);
    (void)pthread_mutex_unlock(&k->lock);
    if (!mine)
        return refuse(e, RATLS_E_SYSTEM, 0, "%s: the services were busy for %lu ms", name,
                      (unsigned long)k->fetch_ms);
    if (state_of(k, item, now) != GOOD)
        code = refresh_ask(k, item, now, k->fetch_ms, e);
    (void)pthread_mutex_lock(&k->lock);
    turn_give(&k->turn);
    (void)pthread_mutex_unlock(&k->lock);
    place_save(k, item, now);
    return code;
}

static ratls_code ensure(ratls_keeper *k, const ratls_item *item, int64_t now, ratls_error *e)
{
    char name[RATLS_ITEM_NAME_SIZE];
    if (state_of(k, item, now) == GOOD)
        return RATLS_OK;
    (void)place_from_store(k, item, now, e); /* what it does not have is fetched */
    state s = state_of(k, item, now);
    if (s == GOOD)
        return RATLS_OK;
    if (keeper_fetches(k))
        return fetch(k, item, now, e);
    ratls_item_name(item, name);
    return refuse(e, RATLS_E_MISSING, 0, "%s %s, and nothing fetches it: no service is configured",
                  name, s == EXPIRED ? "has expired" : "is not at hand");
}

/* The keys and values of an object that was checked. */
static void put_members(writer *w, bytes object)
{
    json_reader j = jr_of(object);
    json_scope scope;
    bytes key;
    jr_object(&j, &scope);
    while (jr_key(&j, &scope, &key)) {
        wr_put(w, bytes_text(w->n == 0 ? "{\n  \"" : ",\n  \""));
        wr_put(w, key);
        wr_put(w, bytes_text("\": "));
        wr_put(w, jr_value(&j));
    }
}

ratls_code ratls_keeper_collateral(ratls_keeper *k, ratls_bytes quote, int64_t now, uint8_t *out,
                                   size_t cap, size_t *n, ratls_error *error)
{
    ratls_platform platform;
    ratls_item items[ITEMS];
    now = keeper_bounded(now);
    ratls_code code = ratls_quote_platform(quote, &platform, error);
    if (code != RATLS_OK)
        return code;
    ratls_platform_items(&platform, items);
    for (size_t i = 0; i < ITEMS && code == RATLS_OK; i++)
        code = ensure(k, &items[i], now, error);
    if (code != RATLS_OK) {
        bytes fmspc = bytes_of(platform.fmspc, sizeof platform.fmspc);
        error_prefix(error, "collateral for FMSPC %s", HEX(fmspc));
        return code;
    }
    writer w = wr_of(out, cap);
    (void)pthread_mutex_lock(&k->lock);
    for (size_t i = 0; i < ITEMS; i++) {
        const stock_item *h = stock_find(k->stock, &items[i]);
        if (h != NULL && h->data != NULL)
            put_members(&w, bytes_of(h->data, h->n));
    }
    (void)pthread_mutex_unlock(&k->lock);
    wr_put(&w, bytes_text("\n}\n"));
    *n = w.n;
    if (!wr_ok(&w))
        return refuse(error, RATLS_E_LIMIT, 0, "collateral: needs %zu bytes, found room for %zu",
                      w.n, cap);
    return RATLS_OK;
}
