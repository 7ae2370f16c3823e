/* The store's record of when a keeper ran last, so that a restart is no way back in time. */
#include <stdio.h>

#include "base/time.h"
#include "codec/json.h"
#include "collateral/keeper.h"

enum { RECORD_MAX = 128 };

static const char item_name[] = "last-run";

/* {"last_run":"2026-11-24T09:08:00Z"} */
static bool parse(bytes text, int64_t *time)
{
    json_reader j = jr_of(text);
    json_scope scope;
    bytes key, value = BYTES_NONE;
    jr_object(&j, &scope);
    while (jr_key(&j, &scope, &key))
        if (bytes_is(key, "last_run"))
            value = jr_string(&j);
        else
            jr_fail(&j, "another key");
    return jr_done(&j) && time_from_iso(value, time);
}

/* Whoever can write to the store can write any time here: none is believed that is later than the
 * expiry of all that is held and genuine. */
static bool read_record(ratls_keeper *k, uint8_t record[RECORD_MAX], size_t *n, int64_t *time,
                        ratls_code *code, ratls_error *e)
{
    *n = 0;
    *code = k->store.get(k->store.state, item_name, record, RECORD_MAX, n, e);
    if (*code != RATLS_OK || *n > RECORD_MAX) {
        *n = 0;
        return false;
    }
    (void)pthread_mutex_lock(&k->lock);
    int64_t latest = stock_latest_expiry(k->stock);
    (void)pthread_mutex_unlock(&k->lock);
    return parse(bytes_of(record, *n), time) && *time <= latest;
}

void last_run_read(ratls_keeper *k)
{
    uint8_t record[RECORD_MAX];
    size_t n;
    int64_t time;
    ratls_code code;
    ratls_error e;
    if (k->store.remote || !read_record(k, record, &n, &time, &code, &e))
        return;
    (void)pthread_mutex_lock(&k->lock);
    keeper_raise_ran(k, time);
    k->recorded = time;
    (void)pthread_mutex_unlock(&k->lock);
}

static bool is_due(ratls_keeper *k, int64_t now)
{
    (void)pthread_mutex_lock(&k->lock);
    bool due = k->ran == now && now - k->recorded >= KEEPER_RUN_EVERY;
    if (due)
        k->recorded = now;
    (void)pthread_mutex_unlock(&k->lock);
    return due;
}

void last_run_write(ratls_keeper *k, int64_t now)
{
    static const ratls_item none;
    uint8_t before[RECORD_MAX];
    char text[RECORD_MAX];
    size_t n;
    int64_t time;
    bool lost;
    ratls_code code;
    ratls_error e;
    if (k->store.remote || !is_due(k, now))
        return;
    /* Another keeper over the same store may be further; it may also be faster now. */
    if (read_record(k, before, &n, &time, &code, &e) && time >= now)
        return;
    int text_n = snprintf(text, sizeof text, "{\"last_run\":\"%s\"}\n", ISO(now));
    if (code == RATLS_OK || code == RATLS_E_MISSING)
        code = k->store.put(k->store.state, item_name, bytes_of(before, n),
                            bytes_of(text, (size_t)text_n), &lost, &e);
    if (code != RATLS_OK) {
        error_prefix(&e, "%s: last-run", k->store.name);
        keeper_note(k, RATLS_NOTE_FAILED, &none, &e);
    }
}
