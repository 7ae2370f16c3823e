#ifndef COLLATERAL_DIRECTORY_H
#define COLLATERAL_DIRECTORY_H

#include "collateral/store_io.h"
#include "ratls/collateral.h"

/* ratls_store_directory over another kernel, which must outlive the store. */
ratls_code store_directory_open(const store_io *io, const char *dir, ratls_store *store,
                                ratls_error *error);

/* How long a put waits for another program's, counted in pauses. */
enum { STORE_LOCK_PAUSE_MS = 2, STORE_LOCK_PAUSES = 5000 };

#endif
