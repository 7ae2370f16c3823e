/* ratls collateral export and import: a store's items as one file, a JSON object in each line. */
#define _POSIX_C_SOURCE 200809L
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collateral.h"
#include "input.h"
#include "supply.h"

/* The same JSON without line breaks; its strings stay as they are. False after it said why. */
static bool put_line(FILE *out, const char *name, bytes item)
{
    json_error_t error;
    json_t *root = json_loadb((const char *)item.p, item.n, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL) {
        complain("%s: %s", name, error.text);
        return false;
    }
    bool ok =
        json_dumpf(root, out, JSON_COMPACT | JSON_PRESERVE_ORDER) == 0 && fputc('\n', out) != EOF;
    json_decref(root);
    return ok;
}

static int export_store(const args *a)
{
    ratls_store store;
    listing l;
    ratls_error e;
    uint8_t *root;
    size_t n, others, bad = 0;
    if (!supply_store(a, false, &store))
        return EXIT_TROUBLE;
    if (store.get == NULL) {
        complain("there is no store yet; see --store");
        return EXIT_TROUBLE;
    }
    uint8_t *space = malloc(RATLS_ITEM_MAX);
    if (space == NULL)
        complain("out of memory");
    bool ok = space != NULL && supply_root(a, &root, &n) &&
              listing_read(&store, bytes_of(root, n), &l, &others);
    for (size_t i = 0; ok && i < l.n; i++) {
        const listed *x = &l.all[i];
        if (x->code != RATLS_OK) {
            complain("%s is left out: %s", x->name, x->why);
            bad++;
            continue;
        }
        if (store.get(store.state, x->name, space, RATLS_ITEM_MAX, &n, &e) != RATLS_OK) {
            complain("%s: %s", x->name, e.text);
            ok = false;
        } else {
            ok = put_line(stdout, x->name, bytes_of(space, n));
        }
    }
    if (ok) {
        listing_free(&l);
        free(root);
    }
    ratls_store_free(&store);
    free(space);
    return !ok ? EXIT_TROUBLE : bad > 0 ? EXIT_REFUSED : EXIT_ACCEPTED;
}

typedef struct imported {
    size_t taken, old, refused;
} imported;

static void take_item(ratls_keeper *keeper, bytes item, size_t number, int64_t now, imported *count)
{
    ratls_error e;
    bool newer;
    if (ratls_keeper_add(keeper, item, now, &newer, &e) != RATLS_OK) {
        complain("object %zu is refused: %s", number, e.text);
        count->refused++;
    } else if (newer) {
        count->taken++;
    } else {
        count->old++;
    }
}

/* The members that belong to one item. */
static const char *const parts[][3] = {
    {"tcb_info", "tcb_info_signature", "tcb_info_issuer_chain"},
    {"qe_identity", "qe_identity_signature", "qe_identity_issuer_chain"},
    {"pck_crl", "pck_crl_issuer_chain", NULL},
    {"root_ca_crl", NULL, NULL},
};

/* Of this item what the whole set has, as an object of its own; NULL if that is nothing. */
static char *part_of(const json_t *set, size_t item)
{
    char *text = NULL;
    json_t *own = json_object();
    for (size_t i = 0; own != NULL && i < 3 && parts[item][i] != NULL; i++) {
        json_t *value = json_object_get(set, parts[item][i]);
        if (value != NULL)
            (void)json_object_set(own, parts[item][i], value);
    }
    if (json_object_size(own) > 0)
        text = json_dumps(own, JSON_COMPACT);
    json_decref(own);
    return text;
}

/* An item, or a whole set of collateral, which holds one of each kind. */
static void take_object(ratls_keeper *keeper, bytes object, size_t number, int64_t now,
                        imported *count)
{
    json_t *set = json_loadb((const char *)object.p, object.n, JSON_REJECT_DUPLICATES, NULL);
    size_t found = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        found += json_object_get(set, parts[i][0]) != NULL ? 1 : 0;
    if (found < 2)
        take_item(keeper, object, number, now, count);
    for (size_t i = 0; found >= 2 && i < sizeof parts / sizeof *parts; i++) {
        char *text = part_of(set, i);
        if (text != NULL)
            take_item(keeper, bytes_text(text), number, now, count);
        free(text);
    }
    json_decref(set);
}

static void take_all(ratls_keeper *keeper, bytes file, int64_t now, imported *count)
{
    bytes object;
    for (size_t number = 1; input_next_object(&file, &object); number++)
        take_object(keeper, object, number, now, count);
}

static int import_bundle(const args *a)
{
    input in;
    ratls_store store;
    ratls_keeper *keeper;
    imported count = {0};
    if (!input_read_own(a->file, &in))
        return EXIT_TROUBLE;
    if (!supply_store(a, true, &store) || !supply_keep(a, &store, &keeper)) {
        input_free(&in);
        return EXIT_TROUBLE;
    }
    take_all(keeper, input_bytes(&in), supply_now(a), &count);
    ratls_keeper_free(&keeper);
    input_free(&in);
    sheet *s = sheet_new(a->json);
    bool good = count.refused == 0 && count.taken + count.old > 0;
    sheet_uint(s, "taken", "taken", count.taken);
    sheet_uint(s, "not_newer", "not newer", count.old);
    sheet_uint(s, "refused", "refused", count.refused);
    if (count.taken + count.old + count.refused == 0)
        complain("%s: is empty, expected JSON objects", a->file);
    return sheet_end(s, good ? EXIT_ACCEPTED : EXIT_REFUSED);
}

const command collateral_export_command = {
    .name = "collateral export",
    .run = export_store,
    .summary = "all items of a store as one file, for a site without a network",
    .options = TAKES(OPTION_STORE) | TAKES(OPTION_ROOT),
    .about = "Writes every genuine item of the store to standard output: one JSON object in each\n"
             "line, which \"ratls collateral import\" reads, and --collateral of every command.\n"
             "Exit codes: 0 written, 1 an item was left out as not genuine, 2 usage or system\n"
             "error.",
    .example = "ratls collateral export > bundle.jsonl",
};

const command collateral_import_command = {
    .name = "collateral import",
    .operand = "FILE",
    .run = import_bundle,
    .summary = "puts the items of an exported file into a store",
    .options = TAKES(OPTION_STORE) | TAKES(OPTION_ROOT) | TAKES(OPTION_TIME) | TAKES(OPTION_JSON),
    .about =
        "Reads items, one JSON object in each line, or whole sets of collateral (- for standard\n"
        "input), checks each up to the root, and keeps those that are newer than what the\n"
        "store holds.\n"
        "Exit codes: 0 all are genuine, 1 one is not, or there is none, 2 usage or system\n"
        "error.",
    .example = "ratls collateral import bundle.jsonl",
};
