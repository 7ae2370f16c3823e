#ifndef RATLS_CMD_QCNL_H
#define RATLS_CMD_QCNL_H

#include "base/bytes.h"
#include "base/error.h"
#include "ratls/collateral.h"

/* Where Intel's own clients look for it. */
#define QCNL_PATH "/etc/sgx_default_qcnl.conf"

enum { QCNL_SERVICES_MAX = 2, QCNL_FILE_MAX = 64 * 1024 };

/* The services of a configuration of Intel's quote provider library, in the order in which they are
 * to be asked. The strings are its own. */
typedef struct qcnl {
    ratls_service services[QCNL_SERVICES_MAX];
    size_t n;
    char *urls[QCNL_SERVICES_MAX];
} qcnl;

/*
 * From the content of the file [DCAP 2.3]: JSON, in which comments may stand, or the older form,
 * KEY=VALUE in lines. collateral_service comes before pccs_url; use_secure_cert and tcb_update_type
 * are for both. Of what else stands there nothing concerns collateral, or how it is fetched here.
 * The URLs are not looked into. Errors: MALFORMED, MISSING (no service in it), LIMIT, SYSTEM.
 */
RATLS_MUST_USE ratls_code qcnl_parse(bytes file, qcnl *out, ratls_error *e);

/* From the file at `path`; NULL: QCNL_PATH. Errors: those, MISSING too if there is no such file. */
RATLS_MUST_USE ratls_code qcnl_load(const char *path, qcnl *out, ratls_error *e);

/* Empties it; fine after a failure. */
void qcnl_free(qcnl *q);

#endif
