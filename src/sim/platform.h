#ifndef SIM_PLATFORM_H
#define SIM_PLATFORM_H

#include "base/error.h"
#include "base/writer.h"
#include "ratls/sim.h"

/* What a simulated platform and the enclave or TD on it are: platform.json. */
typedef struct sim_platform {
    ratls_tee tee;
    unsigned quote_version;
    bool td15;
    ratls_tcb_status tcb_status; /* what a verifier shall find */
    uint32_t valid_days;         /* of collateral */
    ratls_pck_facts pck;
    uint8_t qe_id[16];
    uint8_t attestation_key[64]; /* public: x||y */
    ratls_sgx_facts sgx;
    ratls_tdx_facts tdx;
} sim_platform;

/* All but what is drawn at random (PPID, platform instance id, FMSPC, QE id, keys). Errors:
 * UNSUPPORTED (a quote version or status that the TEE does not have). */
RATLS_MUST_USE ratls_code platform_of(const ratls_sim_options *options, sim_platform *out,
                                      ratls_error *e);

/* TEE, quote version, TD report and days go together; UNSUPPORTED if not. */
RATLS_MUST_USE ratls_code platform_check_flavour(const sim_platform *p, ratls_error *e);

void platform_write(const sim_platform *p, writer *w);
RATLS_MUST_USE ratls_code platform_read(bytes json, sim_platform *out, ratls_error *e);

/* The PCK certificate speaks of this platform. UNTRUSTED with the field that differs. */
RATLS_MUST_USE ratls_code platform_check(const sim_platform *p, const ratls_pck_facts *pck,
                                         ratls_error *e);

#endif
