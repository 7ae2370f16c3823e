#ifndef TEE_INTEL_QE_H
#define TEE_INTEL_QE_H

#include "evidence/sgx_report.h"
#include "tee/intel_tcb.h"

/* The identity of a quoting enclave, version 2 [DCAP 1.5]. Read after its signature was checked. */
#define QE_LEVELS_MAX 32

typedef enum qe_id { QE_ID_OTHER, QE_ID_QE, QE_ID_TD_QE } qe_id;

typedef struct qe_identity {
    qe_id id;
    int64_t issue_date, next_update;
    uint32_t evaluation_number;
    uint8_t misc_select[4], misc_select_mask[4]; /* as in the report */
    uint8_t attributes[16], attributes_mask[16];
    uint8_t mrsigner[32];
    uint16_t isv_prod_id;
    size_t levels_n;
    svn_level levels[QE_LEVELS_MAX]; /* descending isv_svn */
} qe_identity;

RATLS_MUST_USE ratls_code qe_identity_parse(bytes json, qe_identity *out, ratls_error *e);

/* What chooses one identity among several; unverified. False if the text does not show it, or is of
 * another enclave. */
typedef struct qe_identity_glance {
    ratls_tee tee;
    int64_t issue_date;
    uint32_t evaluation_number;
} qe_identity_glance;
bool qe_identity_peek(bytes json, qe_identity_glance *out);

/* Is this report that of the enclave? UNTRUSTED names the field that differs. Its level is
 * svn_level_match's. */
RATLS_MUST_USE ratls_code qe_identity_check(const qe_identity *q, const sgx_report *report,
                                            ratls_error *e);

/* How a level's status counts for the platform: UpToDate, OutOfDate or Revoked. */
ratls_tcb_status qe_level_status(const svn_level *level);

#endif
