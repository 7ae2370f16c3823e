#ifndef TEE_INTEL_TCB_H
#define TEE_INTEL_TCB_H

#include "codec/json.h"
#include "ratls/result.h"
#include "tee/tcb_status.h"

/* TCB info, versions 2 and 3 [DCAP 1.4]. Read after its signature was checked, from the very same
 * bytes. */
#define TCB_LEVELS_MAX        64
#define TCB_MODULES_MAX       8
#define TCB_MODULE_LEVELS_MAX 32

typedef struct tcb_level {
    uint8_t sgx[16];
    uint16_t pce_svn;
    uint8_t tdx[16]; /* zero for SGX */
    int64_t date;
    ratls_tcb_status status;
    bytes advisories; /* JSON array of strings; empty if absent */
} tcb_level;

/* A level of a TDX module or of a quoting enclave: one SVN. */
typedef struct svn_level {
    uint16_t isv_svn;
    int64_t date;
    ratls_tcb_status status;
    bytes advisories;
} svn_level;

typedef struct tdx_module {
    unsigned version; /* xx of "TDX_xx"; 0 for tdxModule */
    uint8_t mrsigner[48], attributes[8], attributes_mask[8];
    size_t levels_n;
    svn_level levels[TCB_MODULE_LEVELS_MAX]; /* descending isv_svn */
} tdx_module;

typedef struct tcb_info {
    unsigned version;
    ratls_tee tee;
    int64_t issue_date, next_update;
    uint8_t fmspc[6], pce_id[2];
    uint32_t evaluation_number;
    bool has_module;
    tdx_module module; /* tdxModule, no levels */
    size_t modules_n;
    tdx_module modules[TCB_MODULES_MAX];
    size_t levels_n;
    tcb_level levels[TCB_LEVELS_MAX]; /* descending [DCAP 1.4] */
} tcb_info;

RATLS_MUST_USE ratls_code tcb_info_parse(bytes json, tcb_info *out, ratls_error *e);

/* What chooses one set of collateral among several; unverified. False if the text does not show it.
 */
typedef struct tcb_info_glance {
    ratls_tee tee;
    uint8_t fmspc[6];
    int64_t issue_date;
    uint32_t evaluation_number;
} tcb_info_glance;
bool tcb_info_peek(bytes json, tcb_info_glance *out);

/*
 * The levels that a platform reaches [DCAP 1.7]: for SGX `level`, NULL if none. For TDX also
 * `sgx_level`, the first that the SGX part reaches. `tee_tcb_svn` is 16 bytes for TDX, else
 * ignored.
 */
typedef struct tcb_match {
    const tcb_level *level, *sgx_level;
} tcb_match;
tcb_match tcb_info_match(const tcb_info *t, const uint8_t components[16], uint16_t pce_svn,
                         const uint8_t *tee_tcb_svn);

/* The identity of TDX module version `version` (> 0); NULL if the TCB info has none. */
const tdx_module *tcb_info_module(const tcb_info *t, unsigned version);

/* The first level with isv_svn <= svn; NULL if none. Levels are descending. */
const svn_level *svn_level_match(const svn_level *levels, size_t n, unsigned svn);

/* "TD relaunch advised" [DCAP, TD relaunch]: `status` is the merged TDX status, `module_status` the
 * module's. */
typedef enum relaunch { RELAUNCH_NO, RELAUNCH_ADVISED, RELAUNCH_UNKNOWN_MODULE } relaunch;
relaunch tcb_info_relaunch(const tcb_info *t, const ratls_tdx_facts *td,
                           ratls_tcb_status sgx_status, ratls_tcb_status status,
                           ratls_tcb_status module_status);

/* Shared with the enclave identity: its levels, and the pieces of both bodies. */
void tcb_read_svn_levels(json_reader *j, svn_level *out, size_t max, size_t *n,
                         bool (*known)(ratls_tcb_status));
int64_t tcb_read_date(json_reader *j);

#endif
