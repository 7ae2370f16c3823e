#ifndef RATLS_CMD_COLLATERAL_H
#define RATLS_CMD_COLLATERAL_H

#include "ratls/collateral.h"
#include "sheet.h"

/* What the commands "collateral …" have in common. */

enum { LISTED_MAX = 2048 };

/* An item of a store, judged. */
typedef struct listed {
    char name[RATLS_ITEM_NAME_SIZE];
    ratls_code code; /* of ratls_item_check, or that its name is another item's */
    char why[RATLS_TEXT_SIZE];
    ratls_item_facts facts; /* if code is RATLS_OK */
} listed;

typedef struct listing {
    size_t n;
    listed *all; /* what expires next comes first, what is bad before all */
} listing;

/* The items of this store that verdicts can rest on; *others is how many else it has. False after
 * it said why. */
bool listing_read(const ratls_store *store, ratls_bytes root, listing *out, size_t *others);
void listing_free(listing *l);

/* "TCB info, SGX, FMSPC 00906ed50000" */
void item_title(const ratls_item *item, char *out, size_t cap);

/* "in 6 days", "2 hours ago" */
void span_text(int64_t seconds, char *out, size_t cap);

#endif
