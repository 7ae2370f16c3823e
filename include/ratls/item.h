#ifndef RATLS_ITEM_H
#define RATLS_ITEM_H

#include <stdbool.h>
#include <stdint.h>

#include "ratls/bytes.h"
#include "ratls/error.h"
#include "ratls/result.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Collateral item by item: what keeps and transports it must know what it has, and which of two is
 * newer. Times are Unix seconds, UTC.
 */

/* What collateral is for: the platforms of one kind. */
typedef struct ratls_platform {
    ratls_tee tee;
    uint8_t fmspc[6];
    /* Its PCK certificates are of Intel's Processor CA; else of the Platform CA. */
    bool processor_ca;
} ratls_platform;

/* The platform that an SGX or TDX quote says it is of; nothing is verified. Errors: MALFORMED,
 * UNSUPPORTED (no PCK chain in it). */
RATLS_MUST_USE ratls_code ratls_quote_platform(ratls_bytes quote, ratls_platform *platform,
                                               ratls_error *error);

typedef enum ratls_item_kind {
    RATLS_ITEM_TCB_INFO = 0, /* of one TEE and FMSPC */
    RATLS_ITEM_QE_IDENTITY,  /* of one TEE */
    RATLS_ITEM_PCK_CRL,      /* of the Processor CA or the Platform CA */
    RATLS_ITEM_ROOT_CA_CRL
} ratls_item_kind;

/* Which item. What its kind does not need is zero. */
typedef struct ratls_item {
    ratls_item_kind kind;
    ratls_tee tee;
    uint8_t fmspc[6];
    bool processor_ca;
} ratls_item;

/* The four items that a verdict on this platform rests on. */
void ratls_platform_items(const ratls_platform *platform, ratls_item items[4]);

typedef struct ratls_item_facts {
    ratls_item item;
    int64_t issued;  /* issueDate, thisUpdate */
    int64_t expires; /* nextUpdate, or the end of a certificate in its chain if that is earlier */
    uint32_t evaluation_number; /* tcbEvaluationDataNumber; 0 for CRLs */
    /* Of two of the same item that with the greater order (as 28 bytes, big-endian) is the newer:
     * issue date and evaluation number, or CRLNumber. */
    uint8_t order[28];
} ratls_item_facts;

/* No item is larger, as JSON. */
#define RATLS_ITEM_MAX (256 * 1024)

/*
 * Is this one item of collateral, genuine under this root? `data` is the JSON object of collateral
 * (ratls(1)) with the keys of one item only: tcb_info, tcb_info_signature, tcb_info_issuer_chain;
 * qe_identity, …; pck_crl, pck_crl_issuer_chain; root_ca_crl. `root` is a certificate, DER or PEM;
 * empty: Intel's. Errors: MALFORMED, UNSUPPORTED, UNTRUSTED (a signature), MISSING (a part), LIMIT,
 * SYSTEM.
 *
 * Not checked: any date; whether the CA or the signer is revoked. A verification does that.
 */
RATLS_MUST_USE ratls_code ratls_item_check(ratls_bytes data, ratls_bytes root,
                                           ratls_item_facts *facts, ratls_error *error);

/* Any length that a name has, with its NUL. */
#define RATLS_ITEM_NAME_SIZE 64
/* "sgx-tcb-00906ed50000", "tdx-qe", "pck-crl-platform", "root-ca-crl". */
void ratls_item_name(const ratls_item *item, char out[RATLS_ITEM_NAME_SIZE]);
/* From that name. False if it is none. */
bool ratls_item_from_name(const char *name, ratls_item *item);

#ifdef __cplusplus
}
#endif

#endif
