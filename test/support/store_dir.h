#ifndef SUPPORT_STORE_DIR_H
#define SUPPORT_STORE_DIR_H

#include "base/bytes.h"
#include "ratls/collateral.h"

/* A store in a directory of one test. Each of these fails the running test if it can't. */
typedef struct store_place {
    char base[64]; /* in it, with nothing else */
    char dir[96];  /* not made yet */
} store_place;

store_place store_place_new(void);
/* Removes it with all that is in it. */
void store_place_end(store_place *p);
/* "DIR/name" in a static buffer. */
const char *store_path(const store_place *p, const char *name);

ratls_store store_open(const store_place *p);

/* What the calls give, in one. `text` is the item of get, or the sentence of an error. */
typedef struct store_said {
    ratls_code code;
    bool lost;
    char text[8192];
} store_said;
const store_said *store_get(const ratls_store *store, const char *item);
const store_said *store_put(const ratls_store *store, const char *item, const char *before,
                            const char *content);

/* The item is this; NULL: missing. */
void assert_item(const ratls_store *store, const char *item, const char *content);
/* Code, and a part of the sentence. */
void assert_said(const store_said *said, ratls_code code, const char *part);

/* Names of all items, sorted, each with a space behind it. */
const char *store_names(const ratls_store *store);

/*
 * Counts with compare-and-set, `times` up by one, for several at once. False on an error, which is
 * printed.
 */
bool store_count_up(const ratls_store *store, const char *item, unsigned times);

#endif
