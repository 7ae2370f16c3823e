#ifndef EVIDENCE_ENDORSEMENTS_H
#define EVIDENCE_ENDORSEMENTS_H

#include "base/error.h"
#include "base/reader.h"
#include "base/writer.h"

/*
 * Endorsements that travel with evidence: the extension of the common format (CBOR, 8 or 9 items)
 * and Open Enclave's SGX blob, in one form. Views into the input, trailing NULs removed; nothing is
 * checked but the form.
 */
typedef struct endorsements {
    uint64_t tag;     /* 0 for Open Enclave's */
    uint64_t version; /* as written */
    bytes tcb_info;   /* as served: {"tcbInfo":{…},"signature":"…"} */
    bytes tcb_info_issuer_chain;
    bytes pck_crl, root_ca_crl; /* DER, PEM or hex text of DER */
    bytes pck_crl_issuer_chain;
    bytes qe_identity; /* as served */
    bytes qe_identity_issuer_chain;
    bytes creation_datetime; /* may be empty */
} endorsements;

RATLS_MUST_USE ratls_code endorsements_parse(bytes cbor, endorsements *out, ratls_error *e);
RATLS_MUST_USE ratls_code endorsements_parse_oe(bytes blob, endorsements *out, ratls_error *e);

/*
 * The value of the endorsements extension, as endorsements_parse reads it: with eight items, or
 * nine if there is a creation date. The version takes five bytes, since peers read no other width.
 * Text and PEM end in one NUL: RATS-TLS and librats, the only other readers, hand the items on to
 * Intel's library (sgx_ql_qve_collateral_t), which wants it.
 */
#define ENDORSEMENTS_VERSION 3
void endorsements_write(writer *w, const endorsements *in);

#endif
