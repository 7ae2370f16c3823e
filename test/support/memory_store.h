#ifndef SUPPORT_MEMORY_STORE_H
#define SUPPORT_MEMORY_STORE_H

#include "base/bytes.h"
#include "ratls/collateral.h"

/* A store in memory, for tests of those who read one. */
typedef struct memory_item {
    char name[RATLS_ITEM_NAME_SIZE];
    uint8_t *content;
    size_t n;
} memory_item;

typedef struct memory_store {
    memory_item *items;
    size_t n;
    ratls_code failure; /* not RATLS_OK: each call fails so */
} memory_store;

/* Plain data that refers to it. */
ratls_store memory_store_of(memory_store *m);
/* A NULL view takes the item away. */
void memory_store_set(memory_store *m, const char *name, bytes content);
/* Fails the test if there is none. */
bytes memory_store_content(const memory_store *m, const char *name);
void memory_store_clear(memory_store *m);

#endif
