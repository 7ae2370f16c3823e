#ifndef SUPPORT_CERT_MAKER_H
#define SUPPORT_CERT_MAKER_H

#include "vendor.h"

/* TLS certificates with evidence, in every scheme of [formats 1 to 5]. */
typedef enum tls_scheme {
    TLS_INTEROPERABLE,      /* the common format alone */
    TLS_GRAMINE,            /* common and Gramine's older extension, as Gramine writes them */
    TLS_GRAMINE_LEGACY,     /* the older one alone, OID as Gramine mis-encodes it */
    TLS_GRAMINE_LEGACY_OID, /* the older one alone, under the OID that was meant */
    TLS_SGX_SDK,            /* common and older, same quote; SHA-384 for a TD */
    TLS_SGX_SDK_LEGACY,     /* the older one alone */
    TLS_RATS_TLS_LEGACY,    /* 1.2.840.113741.1337.6 or .8 by TEE */
    TLS_OE_REPORT_OLD,      /* 1.2.840.113556.10.1.1 */
    TLS_OE_REPORT,          /* 1.3.6.1.4.1.311.105.1 */
    TLS_OE_EVIDENCE_OLD,    /* 1.2.840.113556.10.1.2 */
    TLS_OE_EVIDENCE,        /* 1.3.6.1.4.1.311.105.2 */
    TLS_NONE                /* no evidence */
} tls_scheme;

#define OID_EVIDENCE           "2.23.133.5.4.9"
#define OID_ENDORSEMENTS       "2.23.133.5.4.2"
#define OID_GRAMINE_AS_ENCODED "0.6.9.42.840.113741.1337.6"
#define OID_GRAMINE_AS_MEANT   "1.2.840.113741.1337.6"
#define OID_RATS_TLS_TDX       "1.2.840.113741.1337.8"
#define OID_SGX_SDK            "1.2.840.113741.1.13.1"
#define OID_OE_REPORT_OLD      "1.2.840.113556.10.1.1"
#define OID_OE_REPORT          "1.3.6.1.4.1.311.105.1"
#define OID_OE_EVIDENCE_OLD    "1.2.840.113556.10.1.2"
#define OID_OE_EVIDENCE        "1.3.6.1.4.1.311.105.2"
#define OE_UUID_TDX            "8ba70286c1cf11edafa10242ac120002"
#define OE_UUID_SGX_ECDSA      "a3a21e871b4d4014b70aa125d2fbcd8c"

typedef struct claim_spec {
    bytes key;   /* whole CBOR item */
    bytes value; /* whole CBOR item */
} claim_spec;

/* A claim under a text key; its value as a byte string. */
claim_spec claim_of(const char *key, bytes value);
/* The map of these claims, in this order, twice the same or not. */
bytes claims_of(const claim_spec *claims, size_t n);
/* [alg, hash] */
bytes hash_entry_of(uint64_t alg, bytes hash);
/* Evidence of the common format from its parts. */
bytes evidence_of(uint64_t tag, unsigned tag_width, bytes quote, bytes claims);
/* Open Enclave's wrappings. */
bytes oe_report_of(unsigned version, unsigned type, bytes quote);
bytes oe_evidence_of(unsigned version, const char *uuid_hex, bytes quote, bytes custom_claims);
bytes oe_custom_claims_of(const char *name, bytes value); /* one claim, as outside certificates */

/*
 * Steps, each of which a field can replace: public key -> hash -> hash-entry -> claims-buffer ->
 * report data -> quote -> evidence -> extension -> certificate. BYTES_NONE means "as the scheme
 * says", BYTES_EMPTY that there is nothing.
 */
typedef struct tls_spec {
    const vendor *vendor;
    tls_scheme scheme;
    unsigned hash_alg; /* of pubkey-hash as written: 1, 7, 8; 0: as the scheme says. What is not
                          7 or 8 is hashed with SHA-256 */
    unsigned hash_alg_width; /* 0: shortest */
    bytes hashed_key;        /* what is hashed for pubkey-hash or (older) report data */
    bytes pubkey_hash;       /* the hash itself */
    bytes hash_entry;        /* CBOR [alg, hash], contents of the byte string */
    bool has_nonce;
    bytes nonce;
    claim_spec extra[8]; /* after pubkey-hash and nonce */
    size_t extra_n;
    bytes claims;            /* the claims-buffer; for Open Enclave evidence the custom claims */
    const EVP_MD *claims_md; /* for report data of the common format: NULL is the scheme's */
    bytes report_data;       /* 64 bytes */
    bytes quote;             /* anything that stands for the quote */
    uint64_t tag;            /* 60000 */
    unsigned tag_width;      /* 0: shortest */
    bytes evidence;          /* contents of the evidence extension: any bytes */
    bytes evidence_after;    /* bytes after the CBOR */
    bool inner_octet_string;
    unsigned evidence_len_width;  /* length field of extnValue: 0 shortest; see mk_tlv_width() */
    bytes legacy_quote;           /* of the older extension in schemes with two */
    unsigned oe_version, oe_type; /* 0: the right ones */
    bool endorsements;            /* with the endorsements extension */
    bytes endorsements_raw;
    cert_spec cert; /* names, dates, serial as that attester writes them; extensions before
                       the evidence. See tls_prepare() */
} tls_spec;

/*
 * All right for that scheme: names, serial, dates (around v->now where its attester uses the clock)
 * and form of the dates as its attester's. `key` NULL is the attester's usual kind: P-384 for
 * Gramine and SGX SDK, P-256 for the others. The key stands in cert.key. For a certificate that a
 * CA signed, use cert_issued_by(&t.cert, …).
 */
tls_spec tls_spec_of(const vendor *v, tls_scheme scheme, EVP_PKEY *key);

typedef struct tls_made {
    bytes claims, report_data, evidence, endorsements;
    quote_made quote; /* empty if tls_spec.quote was given */
    cert_spec cert;   /* with all extensions: change it and cert_make() it */
    bytes der;
} tls_made;
/* All but der. */
tls_made tls_prepare(const tls_spec *t);
/* With der. */
tls_made tls_make(const tls_spec *t);

#endif
