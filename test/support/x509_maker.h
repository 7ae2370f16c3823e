#ifndef SUPPORT_X509_MAKER_H
#define SUPPORT_X509_MAKER_H

#include "der_maker.h"
#include "key_maker.h"

/*
 * Certificates and CRLs, good or bad. A spec is a value: take one that is right (here, or from
 * vendor.h), change what the case is about, and make it. Views left empty and pointers left NULL
 * mean the right thing, as said at each field.
 */
#define OID_SUBJECT_KEY_ID    "2.5.29.14"
#define OID_KEY_USAGE         "2.5.29.15"
#define OID_SUBJECT_ALT_NAME  "2.5.29.17"
#define OID_BASIC_CONSTRAINTS "2.5.29.19"
#define OID_CRL_NUMBER        "2.5.29.20"
#define OID_CRL_DISTRIBUTION  "2.5.29.31"
#define OID_AUTHORITY_KEY_ID  "2.5.29.35"

#define SPEC_EXTENSIONS_MAX 40

typedef struct ext_spec {
    bytes oid;          /* contents of the OID */
    bytes critical_raw; /* whole BOOLEAN element as written; empty: absent, that is FALSE */
    bytes value;        /* contents of extnValue */
    bytes raw;          /* not empty: the whole Extension, instead of the above */
} ext_spec;

typedef struct ext_list {
    ext_spec e[SPEC_EXTENSIONS_MAX];
    size_t n;
} ext_list;

ext_spec *ext_find(ext_list *l, const char *oid); /* the first; NULL if absent */
ext_spec *ext_add(ext_list *l, const char *oid, bool critical, bytes value);
ext_spec *ext_add_oid(ext_list *l, bytes oid, bool critical, bytes value);
void ext_set(ext_list *l, const char *oid, bool critical, bytes value); /* in place, or added */
void ext_remove(ext_list *l, const char *oid); /* all of them; aborts if there is none */
/* Values. Key usage as bits from the left: KEY_USAGE_… below. */
enum {
    USAGE_SIGNATURE = 1 << 0,
    USAGE_NON_REPUDIATION = 1 << 1,
    USAGE_CERT_SIGN = 1 << 5,
    USAGE_CRL_SIGN = 1 << 6
};
bytes ext_basic(bool ca, int pathlen); /* pathlen < 0: absent */
bytes ext_usage(unsigned usage);
bytes ext_subject_key_id(EVP_PKEY *key);
bytes ext_authority_key_id(EVP_PKEY *issuer);
bytes ext_crl_distribution(const char *uri);
bytes key_id(EVP_PKEY *key); /* SHA-1 of the point or RSAPublicKey [RFC 5280 4.2.1.2 (1)] */

typedef struct cert_spec {
    int version;           /* as encoded: 2 is v3, 0 is v1; -1 leaves the field out */
    bytes serial;          /* contents of the INTEGER */
    bytes issuer, subject; /* Name, whole element */
    int64_t not_before, not_after;
    bytes not_before_raw, not_after_raw; /* whole elements, instead of mk_time() */
    EVP_PKEY *key;
    bytes spki; /* instead of the key's own */
    ext_list ext;
    bool no_extensions;    /* leaves [3] out altogether */
    bytes extra_tbs;       /* elements put between the public key and [3] */
    EVP_PKEY *signer;      /* NULL: key (self-signed) */
    const EVP_MD *md;      /* NULL: SHA-256 */
    bytes inner_algorithm; /* whole AlgorithmIdentifiers; empty: by signer and md */
    bytes outer_algorithm;
    bool algorithm_null;  /* the algorithm of ECDSA with NULL parameters, in both places */
    bool break_signature; /* flips one bit in it after signing */
    bytes trailing;       /* bytes after the certificate */
} cert_spec;

/* Public keys for cert_spec.spki that are not worth a real key: RSA with a modulus of that many
 * bits of which nobody knows the factors, and a point on any curve. Sign with another key. */
bytes spki_rsa_of(unsigned bits);
bytes spki_ec_of(const char *curve_oid, bytes point);

/* v3, serial 1, valid, no extension. */
cert_spec cert_spec_of(const char *subject, EVP_PKEY *key, int64_t not_before, int64_t not_after);
/* issuer, signer and AKI from another spec. */
void cert_issued_by(cert_spec *c, const cert_spec *issuer);
bytes cert_make(const cert_spec *c);

/* Where things stand in a certificate's DER. */
typedef struct cert_layout {
    size_t tbs_at, tbs_n; /* whole element */
    size_t algorithm_at, signature_at;
} cert_layout;
cert_layout cert_layout_of(bytes der);

/* The same certificate signed anew over its tbs as it stands now, with SHA-384 if its outer
 * algorithm says so, else SHA-256. Works also where the tbs is not DER any more: only the outer
 * framing is looked at. */
bytes cert_resigned(bytes der, EVP_PKEY *signer);
/* Bytes overwritten at an offset of the whole certificate, then signed anew. */
bytes cert_patched(bytes der, size_t at, bytes with, EVP_PKEY *signer);

typedef struct crl_entry {
    bytes serial; /* contents of the INTEGER */
    int64_t date; /* 0: the CRL's thisUpdate */
    int reason;   /* < 0: no extension */
    bytes extra;  /* further entry extensions, whole elements */
} crl_entry;

/* A certification request that asks for these extensions. */
typedef struct request_spec {
    int version; /* as encoded: 0 is version 1 */
    bytes subject;
    EVP_PKEY *key;
    bytes spki; /* instead of the key's own */
    ext_list ext;
    bool no_extensions;    /* leaves the extensionRequest out */
    bytes more_attributes; /* whole elements, after the extensionRequest */
    bytes attributes;      /* whole element, instead of the above */
    bool no_attributes;    /* leaves [0] out altogether */
    bytes extra_info;      /* elements at the end of the signed part */
    EVP_PKEY *signer;      /* NULL: key */
    bytes algorithm;       /* whole AlgorithmIdentifier; empty: by signer */
    bool break_signature;
    bytes trailing;
} request_spec;

request_spec request_spec_of(const char *subject, EVP_PKEY *key);
/* Which asks for what this certificate has: its subject, key and extensions. */
request_spec request_for(const cert_spec *c);
bytes request_make(const request_spec *q);
/* Attribute { oid, SET of these whole elements } */
bytes mk_attribute(const char *oid, bytes values);

#define OID_EXTENSION_REQUEST  "1.2.840.113549.1.9.14"
#define OID_CHALLENGE_PASSWORD "1.2.840.113549.1.9.7"

#define CRL_ENTRIES_MAX 16

typedef struct crl_spec {
    int version; /* as encoded: 1 is v2; -1 leaves it out */
    bytes issuer;
    int64_t this_update, next_update;
    bool no_next_update;
    crl_entry entries[CRL_ENTRIES_MAX];
    size_t n;
    ext_list ext; /* CRLNumber and AuthorityKeyId */
    EVP_PKEY *signer;
    bytes inner_algorithm, outer_algorithm;
    bool break_signature;
    bytes trailing;
} crl_spec;

/* v2, empty, number 1, AKI. */
crl_spec crl_spec_of(const cert_spec *issuer, int64_t this_update, int64_t next_update);
void crl_revoke(crl_spec *l, const cert_spec *c);
bytes crl_make(const crl_spec *l);

#endif
