#define _POSIX_C_SOURCE 200809L
#include "collateral.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "command.h"

void item_title(const ratls_item *item, char *out, size_t cap)
{
    const char *tee = item->tee == RATLS_TEE_TDX ? "TDX" : "SGX";
    switch (item->kind) {
    case RATLS_ITEM_TCB_INFO:
        (void)snprintf(out, cap, "TCB info, %s, FMSPC %s", tee, HEX(bytes_of(item->fmspc, 6)));
        break;
    case RATLS_ITEM_QE_IDENTITY:
        (void)snprintf(out, cap, "QE identity, %s", tee);
        break;
    case RATLS_ITEM_PCK_CRL:
        (void)snprintf(out, cap, "PCK CRL, %s CA", item->processor_ca ? "Processor" : "Platform");
        break;
    case RATLS_ITEM_ROOT_CA_CRL:
        (void)snprintf(out, cap, "root CA CRL");
        break;
    }
}

void span_text(int64_t seconds, char *out, size_t cap)
{
    static const struct {
        int64_t seconds;
        const char *name;
    } units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
    int64_t n = seconds < 0 ? -seconds : seconds;
    size_t i = 0;
    while (i + 1 < sizeof units / sizeof *units && n < 2 * units[i].seconds)
        i++;
    n /= units[i].seconds;
    (void)snprintf(out, cap, "%s%lld %s%s%s", seconds < 0 ? "" : "in ", (long long)n, units[i].name,
                   n == 1 ? "" : "s", seconds < 0 ? " ago" : "");
}

/* Names first: a store may not like to be asked while it lists. */
typedef struct names {
    listing *to;
    size_t others;
    bool full;
} names;

static bool take_name(void *context, const char *name)
{
    names *all = context;
    ratls_item item;
    if (!ratls_item_from_name(name, &item)) {
        all->others++;
        return true;
    }
    all->full = all->to->n == LISTED_MAX;
    if (!all->full)
        (void)snprintf(all->to->all[all->to->n++].name, RATLS_ITEM_NAME_SIZE, "%s", name);
    return !all->full;
}

static void judge_item(const ratls_store *store, ratls_bytes root, uint8_t *space, listed *out)
{
    ratls_error e = {.text = ""};
    char name[RATLS_ITEM_NAME_SIZE];
    size_t n;
    out->code = store->get(store->state, out->name, space, RATLS_ITEM_MAX, &n, &e);
    if (out->code == RATLS_OK)
        out->code = ratls_item_check(bytes_of(space, n), root, &out->facts, &e);
    if (out->code == RATLS_OK) {
        ratls_item_name(&out->facts.item, name);
        if (strcmp(name, out->name) != 0)
            out->code = refuse(&e, RATLS_E_UNTRUSTED, 0, "what stands there is %s", name);
    }
    (void)snprintf(out->why, sizeof out->why, "%s", out->code == RATLS_OK ? "" : e.text);
}

static int by_expiry(const void *a, const void *b)
{
    const listed *x = a, *y = b;
    bool x_bad = x->code != RATLS_OK, y_bad = y->code != RATLS_OK;
    if (x_bad != y_bad)
        return x_bad ? -1 : 1;
    if (!x_bad && x->facts.expires != y->facts.expires)
        return x->facts.expires < y->facts.expires ? -1 : 1;
    return strcmp(x->name, y->name);
}

bool listing_read(const ratls_store *store, ratls_bytes root, listing *out, size_t *others)
{
    ratls_error e;
    uint8_t *space = malloc(RATLS_ITEM_MAX);
    *out = (listing){.all = calloc(LISTED_MAX, sizeof *out->all)};
    names all = {.to = out};
    bool ok = space != NULL && out->all != NULL;
    if (!ok)
        complain("out of memory");
    if (ok && store->list(store->state, take_name, &all, &e) != RATLS_OK) {
        complain("%s", e.text);
        ok = false;
    }
    if (ok && all.full) {
        complain("%s holds more than %d items", store->name, LISTED_MAX);
        ok = false;
    }
    for (size_t i = 0; ok && i < out->n; i++)
        judge_item(store, root, space, &out->all[i]);
    free(space);
    if (!ok) {
        listing_free(out);
        return false;
    }
    qsort(out->all, out->n, sizeof *out->all, by_expiry);
    *others = all.others;
    return true;
}

void listing_free(listing *l)
{
    free(l->all);
    *l = (listing){.n = 0};
}
