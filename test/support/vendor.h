#ifndef SUPPORT_VENDOR_H
#define SUPPORT_VENDOR_H

#include "collateral_maker.h"
#include "quote_maker.h"
#include "x509_maker.h"

/*
 * A whole attestation vendor in miniature, under its own root, with everything laid out as Intel's
 * [DCAP 1]. vendor_of() gives a world in which all is right: platform up to date, enclave or TD not
 * in debug mode, all dates around `now`. A case changes what it is about and asks for the products,
 * which are made afresh from the specs at each call:
 *
 *     vendor v = vendor_of(QUOTE_SGX, 3, false, VENDOR_T0);
 *     v.pck.not_after = VENDOR_T0 - 1;
 *     bytes collateral = vendor_collateral_json(&v);
 *     quote_made quote = vendor_quote(&v, report_data);
 *     ... judge at v.now with vendor_root(&v) as anchor
 *
 * Specs do not follow one another: after a change of v.ca.subject the leaf still has the old issuer
 * (cert_issued_by() renews it).
 */
#define VENDOR_T0  1767225600 /* 2026-01-01T00:00:00Z */
#define VENDOR_DAY 86400

#define PCK_EXTENSION_OID "1.2.840.113741.1.13.1"

/* The SGX extension of a PCK leaf [DCAP 1.3]. */
typedef struct pck_spec {
    uint8_t ppid[16];
    uint8_t components[16];
    unsigned pcesvn;
    bool cpusvn_given; /* else it equals the components */
    uint8_t cpusvn[16];
    uint8_t pce_id[2], fmspc[6];
    unsigned sgx_type;
    bool platform; /* with .6 and .7 */
    uint8_t platform_instance_id[16];
    bool dynamic_platform, cached_keys, smt_enabled;
    /* Bit i: item .i (1 to 7) left out, or written twice. */
    unsigned omit, twice;
    unsigned omit_component; /* 1 to 18: that item of the TCB is left out */
    bytes extra;             /* further items, whole elements */
    bytes raw;               /* the whole extension value instead */
} pck_spec;
bytes pck_extension(const pck_spec *p);

typedef struct vendor {
    int64_t now;
    cert_spec root, ca, pck, tcb_signer;
    pck_spec pck_ext; /* put into pck's extensions when it is made, unless pck has one already */
    crl_spec root_crl, pck_crl;
    tcb_info_spec tcb_info;
    qe_identity_spec qe_identity;
    EVP_PKEY *tcb_info_key, *qe_identity_key; /* sign the JSON; default: tcb_signer.key */
    quote_spec quote;           /* cert_data BYTES_NONE, pck_key NULL: those of pck, ca, root */
    int chain_order;            /* CHAIN_… */
    bool chain_crlf, chain_nul; /* of the PEM text in the quote: CR LF; NUL at the end (default) */
} vendor;

/* td15 only with TDX v5. SGX worlds have a Processor CA and a 5-entry leaf for v3, else Platform;
 * see vendor_use_ca(). */
vendor vendor_of(quote_tee tee, unsigned version, bool td15, int64_t now);
/* Platform CA with a 7-entry leaf, or Processor CA with a 5-entry leaf: CA, leaf, PCK CRL. */
void vendor_use_ca(vendor *v, bool platform);

/* "<prefix> SGX Root CA" and so on, of this organization, in every certificate and CRL. */
void vendor_use_names(vendor *v, const char *prefix, const char *organization);

bytes vendor_root(const vendor *v); /* DER */
bytes vendor_root_pem(const vendor *v);
bytes vendor_pck(const vendor *v);       /* DER */
bytes vendor_pck_chain(const vendor *v); /* PEM as in the quote's certification data */

/* A quote over 64 bytes of report data; the spec's own if empty. */
quote_made vendor_quote(const vendor *v, bytes report_data);

/*
 * A platform of somebody else's, which stands for every world: its quotes, and root, collateral and
 * policy as they are. Then only what is around a quote can be changed.
 */
typedef struct given_platform {
    void *state;
    bytes (*quote)(void *state, bytes report_data);
    quote_tee tee;
    bytes root_pem; /* empty: the verifier's own */
    bytes collateral, policy;
} given_platform;
void vendor_give(const given_platform *p); /* not copied; NULL: none any more */
const given_platform *vendor_given(void);  /* NULL: none */

collateral_set vendor_collateral(const vendor *v);
bytes vendor_collateral_json(const vendor *v);

#endif
