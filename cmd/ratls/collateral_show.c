/* ratls collateral show and verify: what a store holds, and whether it is good. */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>

#include "base/hex.h"
#include "base/time.h"
#include "collateral.h"
#include "supply.h"

static const char *const kind_names[] = {
    [RATLS_ITEM_TCB_INFO] = "tcb_info",
    [RATLS_ITEM_QE_IDENTITY] = "qe_identity",
    [RATLS_ITEM_PCK_CRL] = "pck_crl",
    [RATLS_ITEM_ROOT_CA_CRL] = "root_ca_crl",
};

typedef enum condition { GOOD, AHEAD, EXPIRED, BAD } condition;

static condition condition_of(const listed *l, int64_t now)
{
    if (l->code != RATLS_OK)
        return BAD;
    if (l->facts.issued > now)
        return AHEAD;
    return l->facts.expires <= now ? EXPIRED : GOOD;
}

static void put_good(sheet *s, const listed *l, condition c, int64_t now)
{
    char age[64], left[64];
    const ratls_item_facts *f = &l->facts;
    span_text(f->issued - now, age, sizeof age);
    span_text(f->expires - now, left, sizeof left);
    sheet_text(s, "kind", NULL, kind_names[f->item.kind]);
    sheet_next(s, c == GOOD ? STYLE_PLAIN : STYLE_LOUD);
    sheet_row(s, c == EXPIRED ? "expired" : "good until", "%s, %s", ISO(f->expires), left);
    sheet_row(s, c == AHEAD ? "from the future" : "issued", "%s, %s", ISO(f->issued), age);
    sheet_time(s, "issued", NULL, f->issued);
    sheet_time(s, "expires", NULL, f->expires);
    if (f->evaluation_number > 0)
        sheet_uint(s, "evaluation_number", "evaluation number", f->evaluation_number);
}

static void put_item(sheet *s, const listed *l, int64_t now)
{
    static const char *const names[] = {
        [GOOD] = "good", [AHEAD] = "not_yet_valid", [EXPIRED] = "expired", [BAD] = "bad"};
    char title[96];
    condition c = condition_of(l, now);
    sheet_gap(s);
    sheet_item(s, l->name);
    sheet_text(s, "name", NULL, l->name);
    sheet_text(s, "state", NULL, names[c]);
    if (c == BAD) {
        sheet_bytes(s, "reason", NULL, bytes_text(l->why));
        sheet_text(s, "code", NULL, ratls_code_name(l->code));
        sheet_next(s, STYLE_LOUD);
        sheet_row(s, "not used", "%s", l->why);
    } else {
        item_title(&l->facts.item, title, sizeof title);
        sheet_row(s, "item", "%s", title);
        put_good(s, l, c, now);
    }
    sheet_close(s);
}

static void put_all(sheet *s, const char *store, const listing *l, size_t others, int64_t now)
{
    char left[64];
    sheet_bytes(s, "store", "store", bytes_text(store));
    sheet_time(s, "at", NULL, now);
    sheet_uint(s, "other_documents", NULL, others);
    if (others > 0)
        sheet_row(s, "holds", "%zu items, %zu other documents", l->n, others);
    else
        sheet_row(s, "holds", "%zu items", l->n);
    const listed *next = l->all, *end = l->all + l->n;
    while (next < end && condition_of(next, now) != GOOD)
        next++;
    if (next < end) {
        span_text(next->facts.expires - now, left, sizeof left);
        sheet_row(s, "expires next", "%s, %s", next->name, left);
    }
    sheet_list(s, "items", NULL);
    for (size_t i = 0; i < l->n; i++)
        put_item(s, &l->all[i], now);
    sheet_close(s);
}

static bool read_store(const args *a, ratls_store *store, listing *l, size_t *others)
{
    uint8_t *root;
    size_t n;
    if (!supply_store(a, false, store))
        return false;
    if (store->get == NULL) {
        complain("there is no store yet; see: ratls collateral fetch --help, or --store");
        return false;
    }
    bool ok = supply_root(a, &root, &n) && listing_read(store, bytes_of(root, n), l, others);
    if (ok)
        free(root);
    else
        ratls_store_free(store);
    return ok;
}

static int show(const args *a)
{
    ratls_store store;
    listing l;
    size_t others;
    if (!read_store(a, &store, &l, &others))
        return EXIT_TROUBLE;
    sheet *s = sheet_new(a->json);
    put_all(s, store.name, &l, others, supply_now(a));
    listing_free(&l);
    ratls_store_free(&store);
    return sheet_end(s, EXIT_ACCEPTED);
}

static int verify(const args *a)
{
    ratls_store store;
    listing l;
    size_t others, n[BAD + 1] = {0};
    if (!read_store(a, &store, &l, &others))
        return EXIT_TROUBLE;
    int64_t now = supply_now(a);
    for (size_t i = 0; i < l.n; i++)
        n[condition_of(&l.all[i], now)]++;
    bool good = l.n > 0 && n[GOOD] == l.n;
    sheet *s = sheet_new(a->json);
    sheet_bool(s, "good", NULL, good);
    sheet_next(s, good ? STYLE_GOOD : STYLE_LOUD);
    if (good)
        sheet_line(s, "GOOD: all %zu items are genuine and current", l.n);
    else if (l.n == 0)
        sheet_line(s, "NOT GOOD: the store holds no item");
    else
        sheet_line(s, "NOT GOOD: of %zu items %zu not genuine, %zu expired, %zu from the future",
                   l.n, n[BAD], n[EXPIRED], n[AHEAD]);
    put_all(s, store.name, &l, others, now);
    listing_free(&l);
    ratls_store_free(&store);
    return sheet_end(s, good ? EXIT_ACCEPTED : EXIT_REFUSED);
}

const command collateral_show_command = {
    .name = "collateral show",
    .run = show,
    .summary = "what a store of collateral holds, how old it is, and what expires next",
    .options = TAKES(OPTION_STORE) | TAKES(OPTION_ROOT) | TAKES(OPTION_TIME) | TAKES(OPTION_JSON),
    .about = "Lists the items of collateral that are kept: each with its dates and evaluation\n"
             "number, what will expire next first. Items that are not genuine, which no\n"
             "verification uses, stand before all others with the reason.\n"
             "Exit codes: 0 shown, 2 usage or system error.",
    .example = "ratls collateral show",
};

const command collateral_verify_command = {
    .name = "collateral verify",
    .run = verify,
    .summary = "are all items of a store genuine and current?",
    .options = TAKES(OPTION_STORE) | TAKES(OPTION_ROOT) | TAKES(OPTION_TIME) | TAKES(OPTION_JSON),
    .about = "Checks every item of collateral that is kept: signatures up to the root, and dates.\n"
             "Whether a CA or a signer is revoked is for a verification to find.\n"
             "Exit codes: 0 all are good, 1 one is not, or there is none, 2 usage or system error.",
    .example = "ratls collateral verify --store /var/lib/ratls",
};
