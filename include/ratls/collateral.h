#ifndef RATLS_COLLATERAL_H
#define RATLS_COLLATERAL_H

#include <stdbool.h>
#include <stdint.h>

#include "ratls/attest.h"
#include "ratls/bytes.h"
#include "ratls/error.h"
#include "ratls/item.h"
#include "ratls/verify.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Collateral at hand: fetched from Intel's services or a cache of them, kept in a store, refreshed
 * before it expires, and given to verifiers and attesters, without a network in the way of a
 * handshake. Library libratls-collateral. Neither services nor stores are trusted: what they give
 * is checked when it arrives, and again in each verification.
 */

/*
 * Where items are kept, by the names of ratls/item.h and others ([a-z0-9-], at most 63 characters):
 * one of those below, or the caller's own. An item is text: the JSON object of collateral
 * (ratls(1)) with the keys of this item only. Any thread may call at any time. Plain data: who
 * holds it frees it, once.
 */
typedef struct ratls_store {
    const char *name; /* for people, e.g. the directory; valid until free */
    void *state;
    bool remote; /* asking it uses the network: never done in a handshake */
    /* Sets *n. Errors: MISSING (not there), LIMIT (cap is short), SYSTEM (out of reach); also
     * UNSUPPORTED (what stands there is of another kind, another owner, or others may write to it)
     * and MALFORMED (the server does not speak its protocol). */
    ratls_code (*get)(void *state, const char *item, uint8_t *out, size_t cap, size_t *n,
                      ratls_error *error);
    /*
     * Puts `content` in the place of `before`, whole or not at all; after RATLS_OK it outlasts a
     * power cut. `before` is what get gave, empty if it gave MISSING. If something else is there by
     * now, nothing happens and *lost is true. Errors: those of get; if it ends with SYSTEM, the
     * item may have been written all the same.
     */
    ratls_code (*put)(void *state, const char *item, ratls_bytes before, ratls_bytes content,
                      bool *lost, ratls_error *error);
    /* Names of all items, in no order, until `each` returns false. */
    ratls_code (*list)(void *state, bool (*each)(void *context, const char *item), void *context,
                       ratls_error *error);
    void (*free)(void *state); /* NULL: nothing to free */
} ratls_store;

/*
 * A directory of ordinary files, NAME.json each, which other programs may read; made if it is
 * absent. Any number of processes may share one. Errors: UNSUPPORTED (not a directory of the user's
 * own, or one where others may write), SYSTEM.
 */
RATLS_MUST_USE ratls_code ratls_store_directory(const char *dir, ratls_store *store,
                                                ratls_error *error);
/* Frees what the store holds and empties it. */
void ratls_store_free(ratls_store *store);

/*
 * Where items come from: Intel's services by ratls_fetcher_services, or the caller's own. Never
 * called twice at once.
 */
typedef struct ratls_fetcher {
    void *state;
    /*
     * Gets an item in the form of the store, within deadline_ms. `now` (Unix seconds) decides which
     * services are asked: one that failed is left alone for a while. Sets *n. Errors: MISSING (a
     * service says there is none), MALFORMED, LIMIT, SYSTEM (none could be asked; the sentence
     * names each).
     */
    ratls_code (*fetch)(void *state, const ratls_item *item, int64_t now, uint32_t deadline_ms,
                        uint8_t *out, size_t cap, size_t *n, ratls_error *error);
    /* NULL, or: who uses the fetcher says what an answer is worth. One that `judge` refuses counts
     * as useless, and the next service is asked. */
    void (*set_judge)(void *state,
                      ratls_code (*judge)(void *context, const ratls_item *item, ratls_bytes data,
                                          int64_t now, ratls_error *error),
                      void *context);
    void (*free)(void *state);
} ratls_fetcher;

/* One Intel PCS, or a PCCS. Zeroed but for url it is right for most. */
typedef struct ratls_service {
    /* "https://api.trustedservices.intel.com", "https://localhost:8081/sgx/certification/v4/": a
     * path that ends in /{sgx,tdx}/certification/v3 or v4 sets the version, else it is 4. */
    const char *url;
    const char *ca_file;                 /* PEM; NULL: the system's */
    const char *client_certificate_file; /* PEM, with client_key_file; NULL: none */
    const char *client_key_file;
    const char *update;            /* "early" or "standard"; NULL: the service's default */
    bool insecure_any_certificate; /* of the service; what it gives is signed all the same */
} ratls_service;

/* Intel's own services, for ratls_service.url. */
#define RATLS_SERVICE_INTEL "https://api.trustedservices.intel.com/sgx/certification/v4/"

/*
 * Services in the order in which they are asked, at most 8, until one gives the item, and not an
 * expired one. Everything is copied. No redirect and no proxy is used. A service that fails is
 * asked ever more seldom, at most an hour apart. The first call in a process initializes libcurl
 * (curl_global_init), which is never undone. Errors: UNSUPPORTED (not http or https), MALFORMED
 * (URL, update, client certificate without key), LIMIT, SYSTEM.
 */
RATLS_MUST_USE ratls_code ratls_fetcher_services(const ratls_service *services, size_t n,
                                                 ratls_fetcher *fetcher, ratls_error *error);
/* Frees what the fetcher holds and empties it. */
void ratls_fetcher_free(ratls_fetcher *fetcher);

typedef enum ratls_note_kind {
    RATLS_NOTE_FETCHED = 0, /* an item arrived, is genuine and newer */
    RATLS_NOTE_UNCHANGED,   /* what arrived is not newer than what is held */
    RATLS_NOTE_FAILED,      /* `error` says why; `failures` in a row */
    RATLS_NOTE_DISCARDED    /* an item in the store is not genuine, or unreadable */
} ratls_note_kind;

/* What a keeper did. Valid during the call only. */
typedef struct ratls_note {
    ratls_note_kind kind;
    ratls_item item;
    const ratls_error *error; /* NULL if there is none */
    unsigned failures;
    int64_t issued, expires; /* of the item now held; 0 if there is none */
    int64_t next;            /* when it will be asked for again */
} ratls_note;

/* Everything is copied. */
typedef struct ratls_keeper_options {
    ratls_store store;     /* belongs to the keeper from ratls_keeper_new on if that succeeds */
    ratls_fetcher fetcher; /* likewise; zeroed: nothing is ever fetched */
    ratls_bytes root;      /* certificate, DER or PEM; empty: Intel's. One store is for one root */
    /* How long a verification may wait for collateral of a platform family that is met for the
     * first time. 0: never, it is refused, and the next one finds what was fetched meanwhile. */
    uint32_t first_contact_ms;
    uint32_t fetch_ms; /* for each item otherwise; 0: 10000 */
    /* Asked for no more often than this; 0: 3600. Items are due between one half and three quarters
     * of their life, each keeper at its own moment. */
    uint32_t least_seconds;
    int64_t (*clock)(void *context); /* Unix seconds; NULL: the system's clock */
    /* Told what the keeper does, from the thread that does it; NULL: nobody. Must not call the
     * keeper. */
    void (*noted)(void *context, const ratls_note *note);
    void *context;
} ratls_keeper_options;

/* Any number of threads may use one. */
typedef struct ratls_keeper ratls_keeper;

/* Reads the store. If it fails, store and fetcher still belong to the caller. Errors: MALFORMED
 * (root), SYSTEM. */
RATLS_MUST_USE ratls_code ratls_keeper_new(ratls_keeper **keeper,
                                           const ratls_keeper_options *options, ratls_error *error);
/* Stops its thread, frees *keeper and sets it to NULL; NULL inside is fine. */
void ratls_keeper_free(ratls_keeper **keeper);

/*
 * Gives the verifier all that is held and all that will come, tells it the time below which no
 * clock is right, and learns from it which platforms peers have. The verifier must be freed before
 * the keeper, and have the keeper's root. Errors: LIMIT (64 verifiers; more items than a verifier
 * holds, 256), SYSTEM.
 */
RATLS_MUST_USE ratls_code ratls_keeper_serve(ratls_keeper *keeper, ratls_verifier *verifier,
                                             ratls_error *error);

/*
 * Keeps the collateral for this platform family at hand from now on. Nothing is fetched by the
 * call. Errors: LIMIT (1024 families).
 */
RATLS_MUST_USE ratls_code ratls_keeper_want(ratls_keeper *keeper, const ratls_platform *platform,
                                            ratls_error *error);

/*
 * Takes one item that came from elsewhere, as JSON (ratls_item_check). It is checked, and kept, in
 * the store too, if it is newer than what is held; *newer tells. Errors: those of ratls_item_check,
 * STALE (issued more than a day ahead of `now`), LIMIT, SYSTEM (the store).
 */
RATLS_MUST_USE ratls_code ratls_keeper_add(ratls_keeper *keeper, ratls_bytes item, int64_t now,
                                           bool *newer, ratls_error *error);

/*
 * Asks for every item that is due at `now`, one after the other, and sets *next to when the next
 * one is. Failures are notes, not errors. An application calls this from a timer of its own, or
 * starts the keeper's thread.
 */
void ratls_keeper_refresh(ratls_keeper *keeper, int64_t now, int64_t *next);
/* A thread that does so. Errors: SYSTEM. */
RATLS_MUST_USE ratls_code ratls_keeper_start(ratls_keeper *keeper, ratls_error *error);
/* Waits for the thread to end, at most fetch_ms; fine if there is none. */
void ratls_keeper_stop(ratls_keeper *keeper);

/*
 * The collateral held for a quote, as ratls_verifier_add_collateral and ratls_attester_options take
 * it. It is fetched now, within fetch_ms each, if an item is missing or expired at `now`. Sets *n.
 * Errors: MALFORMED and UNSUPPORTED (quote), MISSING, LIMIT (cap is short), those of the fetcher.
 */
RATLS_MUST_USE ratls_code ratls_keeper_collateral(ratls_keeper *keeper, ratls_bytes quote,
                                                  int64_t now, uint8_t *out, size_t cap, size_t *n,
                                                  ratls_error *error);

#ifdef __cplusplus
}
#endif

#endif
