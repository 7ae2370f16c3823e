#ifndef SIM_COLLATERAL_H
#define SIM_COLLATERAL_H

#include "sim/platform.h"

/*
 * TCB info and QE identity of simulated platforms, minified and in Intel's order of fields
 * [DCAP 1.4, 1.5], and the JSON object in which collateral is kept.
 */
void collateral_tcb_info(const sim_platform *p, int64_t issue_date, int64_t next_update, writer *w);
void collateral_qe_identity(ratls_tee tee, int64_t issue_date, int64_t next_update, writer *w);

/* TCB info of version 2, of SGX. */
void collateral_tcb_info_2(const sim_platform *p, int64_t issue_date, int64_t next_update,
                           writer *w);
/* The identity of Intel's enclave that verifies quotes, QVE, or that appraises them, QAE. */
void collateral_verifier_identity(bool appraises, int64_t issue_date, int64_t next_update,
                                  writer *w);
/* The list of evaluation numbers, which has one. */
void collateral_numbers(ratls_tee tee, int64_t issue_date, int64_t next_update, writer *w);

/* MRSIGNER and ISVPRODID of the quoting enclave that the identity names. */
void collateral_qe_signer(ratls_tee tee, uint8_t mrsigner[32], uint16_t *isv_prod_id);

typedef struct collateral_items {
    bytes tcb_info, qe_identity;                     /* as signed */
    bytes tcb_info_signature, qe_identity_signature; /* r||s */
    bytes signer_chain, pck_crl_chain;               /* PEM */
    bytes pck_crl, root_ca_crl;                      /* DER */
} collateral_items;
void collateral_write(const collateral_items *c, writer *w);

#endif
