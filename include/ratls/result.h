#ifndef RATLS_RESULT_H
#define RATLS_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ratls/bytes.h"
#include "ratls/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What a verification found out: every check with its verdict and reason, the facts that the
 * evidence proves, and, apart from them, what the peer merely says. Times are Unix seconds, UTC.
 */

typedef enum ratls_verdict { RATLS_NOT_RUN = 0, RATLS_PASSED, RATLS_FAILED } ratls_verdict;

typedef struct ratls_check {
    const char *id;     /* stable name, e.g. "quote.signature"; static */
    const char *clause; /* where the rule comes from, e.g. "DCAP 1.2 D8"; static */
    ratls_verdict verdict;
    ratls_code code; /* RATLS_OK unless verdict is RATLS_FAILED */
    char text[RATLS_TEXT_SIZE];
} ratls_check;

typedef enum ratls_tee { RATLS_TEE_NONE = 0, RATLS_TEE_SGX, RATLS_TEE_TDX } ratls_tee;

/* Intel's TCB statuses, in the spelling of TCB info; see ratls_tcb_status_name. */
typedef enum ratls_tcb_status {
    RATLS_TCB_NONE = 0, /* not determined: never acceptable */
    RATLS_TCB_UP_TO_DATE,
    RATLS_TCB_SW_HARDENING_NEEDED,
    RATLS_TCB_CONFIGURATION_NEEDED,
    RATLS_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED,
    RATLS_TCB_OUT_OF_DATE,
    RATLS_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED,
    RATLS_TCB_REVOKED,
    RATLS_TCB_TD_RELAUNCH_ADVISED,
    RATLS_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED
} ratls_tcb_status;

/* "UpToDate", "OutOfDate", …; NULL for RATLS_TCB_NONE. Static. */
const char *ratls_tcb_status_name(ratls_tcb_status status);

#define RATLS_ADVISORY_SIZE  32
#define RATLS_ADVISORIES_MAX 96

/* SGX report body, in report byte order [DCAP 1.1]. */
typedef struct ratls_sgx_facts {
    uint8_t mrenclave[32], mrsigner[32];
    uint16_t isv_prod_id, isv_svn;
    uint8_t attributes[16]; /* flags (8), xfrm (8) */
    uint32_t misc_select;
    uint8_t cpu_svn[16];
    uint8_t config_id[64];
    uint16_t config_svn;
    uint8_t isv_ext_prod_id[16], isv_family_id[16];
} ratls_sgx_facts;

/* TD report body [DCAP 1.1]. */
typedef struct ratls_tdx_facts {
    uint8_t tee_tcb_svn[16];
    uint8_t mrseam[48], mrsignerseam[48];
    uint8_t seam_attributes[8], td_attributes[8], xfam[8];
    uint8_t mrtd[48], mrconfigid[48], mrowner[48], mrownerconfig[48];
    uint8_t rtmr[4][48];
    bool has_td15; /* the next two are of TD report 1.5 only, else zero */
    uint8_t tee_tcb_svn2[16], mrservicetd[48];
} ratls_tdx_facts;

/* From the PCK certificate, signed by the vendor [DCAP 1.3]. */
typedef struct ratls_pck_facts {
    uint8_t ppid[16], fmspc[6], pce_id[2];
    uint8_t cpu_svn[16], tcb_components[16];
    uint16_t pce_svn;
    uint8_t sgx_type;  /* 0 standard, 1 scalable, 2 scalable with integrity */
    bool has_platform; /* a Platform-CA leaf: the next four are set, else zero */
    uint8_t platform_instance_id[16];
    bool dynamic_platform, cached_keys, smt_enabled;
    bool processor_ca; /* issued by the Processor CA; else by the Platform CA */
} ratls_pck_facts;

/* Where an item of collateral that a verdict used came from. */
typedef enum ratls_origin {
    RATLS_ORIGIN_NONE = 0, /* not there, or nothing was judged */
    RATLS_ORIGIN_HELD,     /* the verifier's own */
    RATLS_ORIGIN_STAPLED   /* in the peer's certificate */
} ratls_origin;

/* "none", "held", "stapled". Static. */
const char *ratls_origin_name(ratls_origin origin);

typedef struct ratls_facts {
    ratls_tee tee;
    uint16_t quote_version;
    bool debug; /* debug enclave; for a TD: any bit of the TUD group of its attributes */
    uint8_t report_data[64];
    ratls_sgx_facts sgx; /* meaningful if tee is RATLS_TEE_SGX */
    ratls_tdx_facts tdx; /* meaningful if tee is RATLS_TEE_TDX */
    bool has_pck;        /* pck is meaningful */
    ratls_pck_facts pck;
    ratls_tcb_status tcb_status;
    int64_t tcb_date;           /* of the matched TCB level; 0 while tcb_status is none */
    uint32_t evaluation_number; /* smaller of TCB info's and QE identity's; 0 if not read */
    bool collateral_expired; /* something was past its date, or a CRL before its own, at the given
                                time */
    bool crl_not_yet;        /* part of collateral_expired: a CRL's thisUpdate lies ahead */
    int64_t earliest_issue, latest_issue,
        earliest_expiration;         /* of all collateral; 0 if not read */
    ratls_origin collateral_from[4]; /* by ratls_item_kind (ratls/item.h) */
    size_t advisories_n;
    char advisories[RATLS_ADVISORIES_MAX]
                   [RATLS_ADVISORY_SIZE]; /* union of platform, module and QE */
    bool other_root; /* the chain ends in a root that the caller named, not in Intel's */
} ratls_facts;

/* Something the peer says and nobody vouches for: an unknown claim of its claims-buffer. */
#define RATLS_CLAIMS_MAX 16
typedef struct ratls_claim {
    char name[64];
    uint8_t value[64]; /* the first bytes; value_n tells the whole length */
    size_t value_n;
} ratls_claim;

/* For what evidence speaks, and how freshly: doc/BINDING.md. A level holds those before it. */
typedef enum ratls_binding {
    RATLS_BINDING_NONE = 0,
    RATLS_BINDING_KEY,    /* for the TLS key; made at any time */
    RATLS_BINDING_NONCE,  /* made after this verifier asked */
    RATLS_BINDING_SESSION /* made for this connection and this direction */
} ratls_binding;

/* "key", "nonce", "session"; NULL for RATLS_BINDING_NONE. Static. */
const char *ratls_binding_name(ratls_binding binding);

/* Holds everything by value: nothing in it points into the verified input. Reused freely. */
typedef struct ratls_result ratls_result;

/* NULL if memory is out. A new result holds no check that passed and is not accepted. */
ratls_result *ratls_result_new(void);
/* Frees *result and sets it to NULL; NULL inside is fine. */
void ratls_result_free(ratls_result **result);

/* True only after ratls_verify_certificate or ratls_verify_request returned RATLS_OK into this
 * result, and no answer was to follow. */
bool ratls_result_accepted(const ratls_result *result);
/* True if the evidence is genuine, whatever the policy says; expiry alone does not make it false.
 */
bool ratls_result_evidence_valid(const ratls_result *result);
/* The first check that failed, in the order of the verify journey; NULL if none did. */
const ratls_check *ratls_result_failure(const ratls_result *result);
/* All checks, run or not; *n is their number. Valid while the result lives and is not reused. */
const ratls_check *ratls_result_checks(const ratls_result *result, size_t *n);
/* What the evidence proves. Trust it only if ratls_result_evidence_valid. */
const ratls_facts *ratls_result_facts(const ratls_result *result);
/* What the peer merely claims; *n is their number. */
const ratls_claim *ratls_result_claims(const ratls_result *result, size_t *n);
/* How the key is bound: "interoperable", "gramine-legacy", …; NULL if no evidence was found.
 * Static. */
const char *ratls_result_scheme(const ratls_result *result);
/* The level reached: "key", "nonce", "session", or NULL if the binding check did not pass. Static.
 */
const char *ratls_result_binding_level(const ratls_result *result);
/*
 * By what it was reached: "certificate" (what a certificate, or a request, holds by itself: level
 * "key"); "nonce given by hand" (the nonce of ratls_verify_options: level "nonce"); "ratls/1" (an
 * answer on the connection: level "nonce"); "ratls/1 and tls-exporter" (level "session"). NULL
 * where the level is. Static.
 */
const char *ratls_result_binding_by(const ratls_result *result);
/* When this was judged: `time` of ratls_verify_options; 0 in a new result. With levels above "key"
 * that of the last answer that was judged. */
int64_t ratls_result_time(const ratls_result *result);
/* Who the peer is, beside what it runs: "none"; "ca" (the CA that was named signed its
 * certificate); "platform" (it is one that the policy pins); "ca and platform". Static. */
const char *ratls_result_identity(const ratls_result *result);
/* The digest that binds the claims or key to the report data: "sha256", "sha384"; NULL if none.
 * Static. */
const char *ratls_result_binding_hash(const ratls_result *result);
/* Names of the insecure_… options that were in force, e.g. "insecure_allow_debug"; *n is their
 * number. */
const char *const *ratls_result_insecure(const ratls_result *result, size_t *n);

#ifdef __cplusplus
}
#endif

#endif
