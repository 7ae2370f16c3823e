#ifndef COLLATERAL_KEEPER_H
#define COLLATERAL_KEEPER_H

#include <pthread.h>

#include "base/error.h"
#include "collateral/stock.h"
#include "collateral/turn.h"
#include "ratls/collateral.h"

enum {
    KEEPER_VERIFIERS = 64,
    KEEPER_SET_BACK = 300,   /* seconds that a clock may go back unnoticed */
    KEEPER_AHEAD = 86400,    /* by how much an issue date may lie ahead of the clock */
    KEEPER_SAVE_AGAIN = 600, /* seconds until an item is offered to the store again */
    KEEPER_RUN_EVERY = 3600, /* seconds between two records of the last run */
    KEEPER_STORE_TRIES = 8,  /* against others who change the same item */
    KEEPER_FETCH_MS = 10000,
    KEEPER_LEAST_SECONDS = 3600
};

struct ratls_keeper {
    /* Constant from ratls_keeper_new on. */
    ratls_store store;
    ratls_fetcher fetcher;
    uint8_t *root; /* NULL: Intel's */
    size_t root_n;
    uint32_t first_contact_ms, fetch_ms, least_seconds;
    int64_t (*clock)(void *context);
    void (*noted)(void *context, const ratls_note *note);
    void *context;
    uint64_t seed; /* of its own moments */

    pthread_mutex_t lock; /* all below; never held while store or fetcher are asked */
    pthread_cond_t wake;
    turn turn; /* who may ask the fetcher */
    stock *stock;
    ratls_verifier *verifiers[KEEPER_VERIFIERS];
    size_t verifiers_n;
    int64_t issued;   /* the latest date in what is genuine */
    int64_t ran;      /* when it ran last, as far as that can be true */
    int64_t recorded; /* when that was last put into the store */
    bool behind;      /* the clock was before these when last looked at */
    bool running, stopping;
    pthread_t thread;
};

/* From 1970 to 9999. */
int64_t keeper_bounded(int64_t t);
/* The clock that was given, or the system's. */
int64_t keeper_now(const ratls_keeper *k);
bool keeper_fetches(const ratls_keeper *k);

/* The 32 bits that spread this item. */
uint32_t keeper_random(const ratls_keeper *k, const stock_item *i);

/* Under the lock. A time that certainly passed; the verifiers are told. */
void keeper_raise_issued(ratls_keeper *k, int64_t issued);
/* Under the lock. It runs at `now`: believed unless all that is held has expired by then. */
void keeper_raise_ran(ratls_keeper *k, int64_t now);
/* Under the lock. What it has seen lies too far ahead of this clock. */
bool keeper_is_behind(const ratls_keeper *k, int64_t now);
/* Under the lock. The item goes to every verifier; the first refusal. */
ratls_code keeper_push(ratls_keeper *k, const stock_item *i, ratls_error *e);
/* Makes the thread look again. */
void keeper_wake(ratls_keeper *k);

/* Without the lock. What happened to an item; `error` NULL: nothing to explain. */
void keeper_note(ratls_keeper *k, ratls_note_kind kind, const ratls_item *item,
                 const ratls_error *error);

/* collateral/place.c. Without the lock. */

/* Takes what the store has if it is genuine and newer. MISSING if the store has nothing genuine;
 * SYSTEM if it or memory is out of reach. */
ratls_code place_from_store(ratls_keeper *k, const ratls_item *item, int64_t now, ratls_error *e);
/* Takes what the fetcher gave, if it is genuine; *newer than what was held. */
RATLS_MUST_USE ratls_code place_fetched(ratls_keeper *k, const ratls_item *item, bytes data,
                                        int64_t now, bool *newer, ratls_error *e);
/* What a fetcher's answer is worth, ratls_fetcher.set_judge. `keeper` is the keeper. */
ratls_code place_judge(void *keeper, const ratls_item *item, ratls_bytes data, int64_t now,
                       ratls_error *error);
/* Puts what is held and unsaved at `now` into the store, unless that has it or something newer,
 * which is then taken. What fails is noted, and tried again later. */
void place_save(ratls_keeper *k, const ratls_item *item, int64_t now);

/* collateral/refresh.c. Without the lock. */

/* Asks the fetcher, whose turn it must be, and notes what came of it. */
ratls_code refresh_ask(ratls_keeper *k, const ratls_item *item, int64_t now, uint32_t deadline_ms,
                       ratls_error *e);
/* A pass over all that is due, unless the clock is behind; it ends early if *stop, which is under
 * the lock, becomes true (NULL: never). */
void refresh_run(ratls_keeper *k, int64_t now, const bool *stop);

/* collateral/contact.c: what a verifier lacks, ratls_collateral_source.want. */
ratls_code contact_want(void *state, ratls_verifier *verifier, const ratls_platform *platform,
                        ratls_error *e);

/* collateral/restart.c. Before any other thread: takes what the store has. Errors: those of a store
 * that is not remote. */
RATLS_MUST_USE ratls_code restart_read(ratls_keeper *k, ratls_error *e);

/* collateral/last_run.c. Without the lock. The store's record of when a keeper ran last. */
void last_run_read(ratls_keeper *k);
void last_run_write(ratls_keeper *k, int64_t now);

#endif
