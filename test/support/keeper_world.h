#ifndef SUPPORT_KEEPER_WORLD_H
#define SUPPORT_KEEPER_WORLD_H

#include <pthread.h>

#include "ratls/collateral.h"
#include "vendor.h"

/*
 * What surrounds a keeper: a store in memory, a network that serves what it was told to, and a list
 * of the keeper's notes. Any thread may use these; what goes wrong on purpose is set from outside.
 */
enum { SHELVES = 1400, NOTES = 512 };

/* One item by name, with a copy of its content. */
typedef struct shelf {
    char name[RATLS_ITEM_NAME_SIZE];
    bytes content;
    unsigned asked;
} shelf;

typedef struct shelves {
    shelf all[SHELVES];
    size_t n;
} shelves;
shelf *shelf_find(shelves *s, const char *name);
/* BYTES_NONE: the item is away. */
void shelf_set(shelves *s, const char *name, bytes content);

typedef struct memory_store {
    pthread_mutex_t lock;
    shelves items;
    bool remote;
    ratls_code fail_get, fail_put, fail_list;
    unsigned gets, puts;
    unsigned lose;          /* so many puts find that somebody else was faster */
    bytes interfering;      /* not empty: that is what he put */
    const char *interfered; /* for which item */
    bool freed;
} memory_store;

typedef struct network {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    shelves items; /* what is not there is MISSING */
    bool down;     /* SYSTEM */
    unsigned asked;
    bool closed;                      /* who asks waits until it opens, or until its deadline */
    unsigned now_asking, most_asking; /* at once */
    uint32_t deadline_ms;             /* of the last one who asked */
    bool freed;
} network;

typedef struct noted {
    ratls_note_kind kind;
    char name[RATLS_ITEM_NAME_SIZE];
    ratls_code code; /* RATLS_OK: no error */
    char text[RATLS_TEXT_SIZE];
    unsigned failures;
    int64_t issued, expires, next;
} noted;

typedef struct keeper_world {
    memory_store store;
    network net;
    int64_t now; /* under the network's lock */
    noted notes[NOTES];
    size_t notes_n;
    ratls_keeper_options options;
} keeper_world;

/* Empty store, network without anything, the vendor's root, its `now`. */
keeper_world *keeper_world_new(const vendor *v);
void keeper_world_free(keeper_world *w);
ratls_store keeper_world_store(keeper_world *w);
void keeper_world_set_now(keeper_world *w, int64_t now);
/* With the options as they are now. Fails the running test if there is none. */
ratls_keeper *keeper_world_keeper(keeper_world *w);

/* The network serves all that the vendor has; the store has it. */
void keeper_world_serve(keeper_world *w, const vendor *v);
void keeper_world_stock(keeper_world *w, const vendor *v);

/* The network opens or closes. */
void network_close(network *n, bool closed);
/* Waits until so many are asking; false after half a minute. */
bool network_wait(network *n, unsigned asking);
/* How often it was asked, for all items or for this one. */
unsigned network_asked(network *n, const char *name);

/* Of notes of this kind about this item (NULL: any); the last of them, or NULL. */
size_t notes_count(keeper_world *w, ratls_note_kind kind, const char *name);
const noted *notes_last(keeper_world *w, ratls_note_kind kind, const char *name);
void notes_clear(keeper_world *w);

/* {"tcb_info":…} and so on, as a store keeps it. */
bytes item_json(const collateral_set *c, ratls_item_kind kind);
ratls_platform vendor_platform(const vendor *v);
/* The name of the item of this kind which the vendor's platform needs; the arena's. */
const char *vendor_item_name(const vendor *v, ratls_item_kind kind);

#endif
