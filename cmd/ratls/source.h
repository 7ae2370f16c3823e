#ifndef RATLS_CMD_SOURCE_H
#define RATLS_CMD_SOURCE_H

#include "command.h"
#include "ratls/attest.h"
#include "ratls/collateral.h"

/* What --source takes, for the table of a command. */
#define SOURCE_ABOUT "auto (default), gramine, tsm, tdx-guest, or sim:DIR, see ratls-sim(1)"

/* A source by the name that --source gives it; NULL is auto. */
RATLS_MUST_USE ratls_code source_named(const char *name, ratls_source *out, ratls_error *e);

#define STAPLE_ABOUT "put the platform's collateral into the certificate"

/*
 * Sets the options for that: the source's own collateral, or if it has none, or --store or --pccs
 * is given, that of a keeper, which is opened for it (supply.h) if *keeper is NULL, and is to be
 * freed after the attester. False after it said why.
 */
bool source_staple(const args *a, ratls_attester_options *o, ratls_keeper **keeper);

#endif
