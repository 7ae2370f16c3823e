#ifndef RATLS_CMD_SUPPLY_H
#define RATLS_CMD_SUPPLY_H

#include "command.h"
#include "ratls/collateral.h"

/*
 * Collateral for a command, beside files: a store and services, as options, environment and Intel's
 * configuration say. All of these return false after they said why.
 */

/*
 * --store, or $RATLS_STORE, or a directory of the user's own for this root. `make`: it is made if
 * absent; else an absent one leaves *store zeroed.
 */
bool supply_store(const args *a, bool make, ratls_store *store);

/* A directory, made if absent, or what begins with "redis:". */
bool supply_store_at(const char *at, ratls_store *store);

/* --pccs, or $PCCS_URL, or Intel's configuration; else, if `intel`, Intel's own service, or zeroed.
 */
bool supply_fetcher(const args *a, bool intel, ratls_fetcher *fetcher);

/* The root of --root as it was given; empty: Intel's. Freed by the caller. */
bool supply_root(const args *a, uint8_t **root, size_t *n);

/* How long a handshake of a command may wait for collateral of a platform that is new. */
enum { SUPPLY_WAIT_MS = 5000 };

/* A keeper over both; NULL: neither is there, or files were given and nothing else. */
bool supply_open(const args *a, uint32_t first_contact_ms, ratls_keeper **keeper);
/* The keeper over this store, which it takes in any case, without services. */
bool supply_keep(const args *a, ratls_store *store, ratls_keeper **keeper);

/* The time of --time, else the clock's. */
int64_t supply_now(const args *a);

#endif
