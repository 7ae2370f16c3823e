#ifndef SUPPORT_COLLATERAL_MAKER_H
#define SUPPORT_COLLATERAL_MAKER_H

#include "key_maker.h"

/*
 * TCB info, QE identity, and the containers in which collateral travels [DCAP 1.4, 1.5]. JSON is
 * minified and in Intel's order of fields.
 */
#define LEVEL_ADVISORIES_MAX 8

typedef struct tcb_level {
    uint8_t sgx[16];
    unsigned pcesvn;
    uint8_t tdx[16];
    const char *date, *status;                    /* "2025-08-13T00:00:00Z", "UpToDate" */
    const char *advisories[LEVEL_ADVISORIES_MAX]; /* none: no advisoryIDs */
} tcb_level;

typedef struct isv_level {
    unsigned isvsvn;
    const char *date, *status;
    const char *advisories[LEVEL_ADVISORIES_MAX];
} isv_level;

typedef struct tdx_module {
    const char *id; /* "TDX_01"; NULL in tcb_info_spec.module */
    uint8_t mrsigner[48], attributes[8], mask[8];
    isv_level levels[4];
    size_t n;
} tdx_module;

/* A change of the text before it is signed: first from -> to (if from is set), then the hook. */
typedef struct text_edit {
    const char *from, *to;
    bytes (*hook)(bytes json, void *context);
    void *context;
} text_edit;

typedef struct tcb_info_spec {
    unsigned version; /* 2 or 3 */
    const char *id;   /* v3: "SGX", "TDX"; NULL leaves it out */
    int64_t issue_date, next_update;
    uint8_t fmspc[6], pce_id[2];
    unsigned tcb_type, evaluation_number;
    bool has_module, has_identities; /* tdxModule, tdxModuleIdentities */
    tdx_module module;
    tdx_module identities[4];
    size_t identities_n;
    bool tdx_components; /* levels have tdxtcbcomponents */
    tcb_level levels[12];
    size_t n;
    text_edit edit;
} tcb_info_spec;

typedef struct qe_identity_spec {
    unsigned version;
    const char *id; /* "QE", "TD_QE" */
    int64_t issue_date, next_update;
    unsigned evaluation_number;
    uint8_t misc_select[4], misc_select_mask[4];
    uint8_t attributes[16], attributes_mask[16];
    uint8_t mrsigner[32];
    unsigned isvprodid;
    isv_level levels[8];
    size_t n;
    text_edit edit;
} qe_identity_spec;

bytes tcb_info_json(const tcb_info_spec *s);       /* the object that is signed */
bytes qe_identity_json(const qe_identity_spec *s); /* the object that is signed */

/* One set, as bytes: change any field before you write a container. */
typedef struct collateral_set {
    bytes tcb_info, qe_identity;                     /* signed objects */
    bytes tcb_info_signature, qe_identity_signature; /* r||s */
    bytes tcb_info_issuer_chain, qe_identity_issuer_chain, pck_crl_issuer_chain; /* PEM */
    bytes pck_crl, root_ca_crl;                                                  /* DER */
} collateral_set;

/* {"tcbInfo":…,"signature":"…"} as served. */
bytes tcb_info_served(const collateral_set *c);
bytes qe_identity_served(const collateral_set *c);

/* The JSON object of this project's collateral files; CRLs as hex of DER. */
bytes collateral_json(const collateral_set *c);

/* The nine items of endorsements, ready to be put in a container; change or drop any. */
typedef struct endorsement_items {
    bytes item[12]; /* contents; of the CBOR form item[0] is a whole CBOR integer */
    size_t n;       /* 9; 8 without creation date in the CBOR form */
} endorsement_items;

/* The CBOR extension [formats 1]: version in five bytes, items as byte strings. */
endorsement_items endorsement_items_cbor(const collateral_set *c, const char *creation_date);
bytes endorsements_cbor(uint64_t tag, const endorsement_items *e);
/* Open Enclave's SGX blob [formats 4]: text items with NUL. */
endorsement_items endorsement_items_oe(const collateral_set *c, const char *creation_date);
bytes endorsements_oe(const endorsement_items *e);

#endif
