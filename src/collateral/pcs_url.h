#ifndef COLLATERAL_PCS_URL_H
#define COLLATERAL_PCS_URL_H

#include "base/error.h"
#include "ratls/item.h"

/* Where an Intel PCS, or a PCCS, has each item [DCAP 2.1, 2.2]. */
enum { PCS_BASE_MAX = 256, PCS_URL_SIZE = 384 };

typedef struct pcs_base {
    /* What stands before /sgx/certification and /tdx/certification: "https://host:8081/prefix". */
    char root[PCS_BASE_MAX + 1];
    unsigned version;   /* of the API: 3 or 4 */
    bool intel;         /* Intel's own: its root CA's CRL has a place of its own */
    const char *update; /* "early", "standard", or NULL: not asked for; static */
} pcs_base;

/*
 * From the URL of a service and "early", "standard" or NULL. No user information, query or
 * fragment, and in the path letters, digits and -._~ only. Errors: UNSUPPORTED (not http or https,
 * another version), MALFORMED. A user's name or a query, which may hold a secret, is not in the
 * sentence.
 */
RATLS_MUST_USE ratls_code pcs_base_parse(const char *url, const char *update, pcs_base *out,
                                         ratls_error *e);

void pcs_item_url(const pcs_base *b, const ratls_item *item, char out[PCS_URL_SIZE]);

/* "SGX TCB info for FMSPC 00906ed50000", "CRL of the PCK Platform CA". */
enum { PCS_ITEM_TEXT_SIZE = 48 };
void pcs_item_text(const ratls_item *item, char out[PCS_ITEM_TEXT_SIZE]);

#endif
