#ifndef SUPPORT_QUOTE_MAKER_H
#define SUPPORT_QUOTE_MAKER_H

#include "key_maker.h"

/*
 * SGX and TDX quotes, laid out as in [DCAP 1.1] and signed after every edit: the knobs below are
 * applied first, then the QE report and the quote are signed. To damage what was signed, patch the
 * result at the offsets of quote_made.
 */
typedef enum quote_tee { QUOTE_SGX, QUOTE_TDX } quote_tee;

/* Offsets in a body: set fields by writing there. */
enum {
    SGX_AT_CPUSVN = 0,
    SGX_AT_MISCSELECT = 16,
    SGX_AT_ISVEXTPRODID = 32,
    SGX_AT_ATTRIBUTES = 48, /* flags 8, xfrm 8 */
    SGX_AT_MRENCLAVE = 64,
    SGX_AT_MRSIGNER = 128,
    SGX_AT_CONFIGID = 192,
    SGX_AT_ISVPRODID = 256, /* u16 */
    SGX_AT_ISVSVN = 258,    /* u16 */
    SGX_AT_CONFIGSVN = 260, /* u16 */
    SGX_AT_ISVFAMILYID = 304,
    SGX_AT_REPORTDATA = 320,
    SGX_BODY_N = 384,

    TD_AT_TEE_TCB_SVN = 0,
    TD_AT_MRSEAM = 16,
    TD_AT_MRSIGNERSEAM = 64,
    TD_AT_SEAMATTRIBUTES = 112,
    TD_AT_TDATTRIBUTES = 120,
    TD_AT_XFAM = 128,
    TD_AT_MRTD = 136,
    TD_AT_MRCONFIGID = 184,
    TD_AT_MROWNER = 232,
    TD_AT_MROWNERCONFIG = 280,
    TD_AT_RTMR0 = 328, /* 48 each */
    TD_AT_REPORTDATA = 520,
    TD_AT_TEE_TCB_SVN2 = 584,
    TD_AT_MRSERVICETD = 600,
    TD10_BODY_N = 584,
    TD15_BODY_N = 648
};

enum { CHAIN_LEAF_FIRST, CHAIN_LEAF_ROOT_CA, CHAIN_ROOT_FIRST };

typedef struct quote_spec {
    unsigned version; /* 3, 4, 5 */
    quote_tee tee;
    bool td15; /* TD report 1.5, in v5 */
    /* Header. */
    unsigned key_type;
    uint32_t tee_type;        /* v3: reserved, 0 */
    unsigned qe_svn, pce_svn; /* v4 and v5: reserved */
    uint8_t vendor_id[16], user_data[20];
    unsigned body_type; /* v5; 0: the right one */
    uint32_t body_size; /* v5; 0: the right one. Changes what is written, not the body */
    uint8_t body[TD15_BODY_N];
    uint8_t qe_report[SGX_BODY_N];
    bool qe_report_data_given; /* qe_report holds its report data: do not compute the hash */
    EVP_PKEY *attestation_key;
    bytes attestation_point; /* 64 bytes, instead of the key's */
    EVP_PKEY *pck_key;       /* signs the QE report */
    bytes auth;
    bytes signature, qe_signature; /* 64 bytes each, instead of signing */
    unsigned outer_type;           /* v4, v5: 6 */
    unsigned cert_type;            /* 5 */
    bytes cert_data;
    bytes after_cert; /* bytes after the certification data, inside the signature data */
    bytes trailing;   /* after the signature data */
    /* Lies about lengths: added to what is written. */
    int64_t sig_len_delta, outer_size_delta, auth_len_delta, cert_size_delta;
    /* Last look at header, descriptor and body before they are signed; may be NULL. */
    void (*edit)(uint8_t *signed_part, size_t n, void *context);
    void *edit_context;
} quote_spec;

/* A non-debug enclave or TD with plausible measurements; version fixes the layout. Certification
 * data and PCK key are still missing: see vendor_quote(). */
quote_spec quote_spec_of(quote_tee tee, unsigned version, bool td15);
void quote_set_report_data(quote_spec *q, bytes report_data); /* 64 bytes */

typedef struct quote_made {
    bytes quote;
    size_t body_at, signed_n; /* signed_n is also where the length of the signature data stands */
    size_t report_data_at, signature_at, key_at;
    size_t outer_type_at, outer_size_at; /* v4 and v5, else 0 */
    size_t qe_report_at, qe_signature_at, auth_len_at, auth_at;
    size_t cert_type_at, cert_size_at, cert_at;
    size_t sig_end; /* end of the signature data: trailing bytes from here */
} quote_made;
quote_made quote_make(const quote_spec *q);

/* Signs body and header of a finished quote anew (say, after a patch), in place of the old
 * signature. */
bytes quote_resigned(const quote_made *m, bytes quote, EVP_PKEY *attestation_key);

#endif
