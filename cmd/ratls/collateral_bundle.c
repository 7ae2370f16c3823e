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

static void take_line(ratls_keeper *keeper, bytes line, size_t number, int64_t now, imported *count)
{
    ratls_error e;
    bool newer;
    if (ratls_keeper_add(keeper, line, now, &newer, &e) != RATLS_OK) {
        complain("line %zu is refused: %s", number, e.text);
        count->refused++;
    } else if (newer) {
        count->taken++;
    } else {
        count->old++;
    }
}

static void take_lines(ratls_keeper *keeper, bytes file, int64_t now, imported *count)
{
    for (size_t number = 1; file.n > 0; number++) {
        size_t n = bytes_find(file, bytes_text("\n"));
        bytes line = bytes_of(file.p, n);
        file = n < file.n ? bytes_of(file.p + n + 1, file.n - n - 1) : BYTES_NONE;
        if (line.n > 0)
            take_line(keeper, line, number, now, count);
    }
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
    take_lines(keeper, input_bytes(&in), supply_now(a), &count);
    ratls_keeper_free(&keeper);
    input_free(&in);
    sheet *s = sheet_new(a->json);
    bool good = count.refused == 0 && count.taken + count.old > 0;
    sheet_uint(s, "taken", "taken", count.taken);
    sheet_uint(s, "not_newer", "not newer", count.old);
    sheet_uint(s, "refused", "refused", count.refused);
    if (count.taken + count.old + count.refused == 0)
        complain("%s: holds no line, expected one JSON object in each", a->file);
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
    .about = "Reads items, one JSON object in each line (- for standard input), checks each up to\n"
             "the root, and keeps those that are newer than what the store holds.\n"
             "Exit codes: 0 all are genuine, 1 one is not, or there is none, 2 usage or system\n"
             "error.",
    .example = "ratls collateral import bundle.jsonl",
};
