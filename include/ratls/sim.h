#ifndef RATLS_SIM_H
#define RATLS_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "ratls/bytes.h"
#include "ratls/error.h"
#include "ratls/result.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A simulated SGX or TDX platform with one enclave or TD on it, and the vendor behind it in
 * miniature: a root of its own, PCK certificate, quoting enclave, TCB info, CRLs. What it makes is
 * laid out and signed as the real thing, and proves nothing to anybody who does not name its root.
 * It lives in a directory of ordinary files; whoever can read its keys can forge its evidence.
 *
 * Between _open and _free any number of threads may ask one ratls_sim at once.
 */
typedef struct ratls_sim ratls_sim;

typedef struct ratls_sim_options {
    ratls_tee tee;
    uint16_t quote_version;      /* SGX: 3, 4 or 5; TDX: 4 or 5 */
    bool td15;                   /* TD report 1.5, only of TDX in version 5; else 1.0 */
    ratls_tcb_status tcb_status; /* what a verifier shall find; TDRelaunchAdvised and
                                    …ConfigurationNeeded need td15 */
    uint32_t valid_days;         /* how long collateral is good: 1 to 3650 */
    /* The enclave or TD. CPUSVN and the TEE TCB SVNs follow from tcb_status, whatever stands here.
     */
    ratls_sgx_facts sgx;
    ratls_tdx_facts tdx;
    /* The directory of another simulated platform: the new one is of the same vendor, under the
     * same root. NULL: a vendor of its own. */
    const char *vendor;
    /* Not empty: all keys follow from these bytes, so whoever knows them knows the keys. For tests.
     */
    ratls_bytes insecure_seed;
} ratls_sim_options;

/* An ordinary platform, up to date, with an enclave or TD that is not in debug mode: SGX with
 * quotes of version 3, TDX with version 4. */
void ratls_sim_defaults(ratls_tee tee, ratls_sim_options *options);

/*
 * Makes a simulated platform in `dir`, which must be absent or empty. Certificates and collateral
 * are issued as of one hour before `now`, Unix seconds. Keys get mode 0600. Errors: UNSUPPORTED
 * (options that do not go together, a time before 1971 or after 2399), those of ratls_sim_open for
 * `vendor`, SYSTEM.
 */
RATLS_MUST_USE ratls_code ratls_sim_new(const char *dir, const ratls_sim_options *options,
                                        int64_t now, ratls_error *error);

/*
 * Opens one; NULL with *error filled if a file is missing or damaged. A quote of it is verified
 * with its own collateral, dates aside, so damage shows here and not at some peer.
 */
ratls_sim *ratls_sim_open(const char *dir, ratls_error *error);
/* Frees *sim and sets it to NULL; NULL inside is fine. */
void ratls_sim_free(ratls_sim **sim);

/*
 * A quote over 64 bytes of report data. Sets *n to its length; `out` may be NULL to measure.
 * Errors: LIMIT (cap is short), SYSTEM.
 */
RATLS_MUST_USE ratls_code ratls_sim_quote(const ratls_sim *sim, const uint8_t report_data[64],
                                          uint8_t *out, size_t cap, size_t *n, ratls_error *error);

/*
 * The collateral for its quotes, as ratls_verifier_add_collateral takes it, read afresh from the
 * directory. Sets *n to its length; `out` may be NULL to measure. Errors: MISSING, LIMIT (cap is
 * short), SYSTEM.
 */
RATLS_MUST_USE ratls_code ratls_sim_collateral(const ratls_sim *sim, uint8_t *out, size_t cap,
                                               size_t *n, ratls_error *error);

/* Issues the collateral anew, as of one hour before `now`. `valid_days` 0: as long as before. */
RATLS_MUST_USE ratls_code ratls_sim_renew(const ratls_sim *sim, int64_t now, uint32_t valid_days,
                                          ratls_error *error);

/*
 * Hands over all that its vendor would have to say to a cache (ratls-collateral(1)), by the names
 * under which a ratls_store keeps it: the items of its collateral as they lie in the directory,
 * and, issued anew with the same dates, PCK certificate, evaluation numbers, and for SGX TCB info
 * of version 2, QVE and QAE identity. Ends with the first error that `put` gives. Errors: MISSING,
 * MALFORMED, SYSTEM, those of `put`.
 */
RATLS_MUST_USE ratls_code ratls_sim_publish(const ratls_sim *sim,
                                            ratls_code (*put)(void *context, const char *name,
                                                              ratls_bytes content,
                                                              ratls_error *error),
                                            void *context, ratls_error *error);

/* Its root certificate, DER, for ratls_verifier_set_root. Valid while `sim` lives. */
ratls_bytes ratls_sim_root(const ratls_sim *sim);
/* What verifying a quote of it found when it was opened; report data is zero. Valid while `sim`
 * lives. */
const ratls_facts *ratls_sim_facts(const ratls_sim *sim);

#ifdef __cplusplus
}
#endif

#endif
