#ifndef RATLS_CMD_SOURCE_H
#define RATLS_CMD_SOURCE_H

#include "ratls/attest.h"

/* What --source takes, for the table of a command. */
#define SOURCE_ABOUT "auto (default), gramine, tsm, tdx-guest, or sim:DIR, see ratls-sim(1)"

/* A source by the name that --source gives it; NULL is auto. */
RATLS_MUST_USE ratls_code source_named(const char *name, ratls_source *out, ratls_error *e);

#endif
