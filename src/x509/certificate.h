#ifndef X509_CERTIFICATE_H
#define X509_CERTIFICATE_H

#include "base/error.h"
#include "codec/der.h"
#include "crypto/crypto.h"
#include "x509/extension.h"
#include "x509/name.h"

/*
 * A certificate read strictly [RFC 5280], as views into its DER. Reading checks form only:
 * signature, validity and trust are the caller's.
 */
#define CERTIFICATE_MAX            65536 /* bytes of DER */
#define CERTIFICATE_EXTENSIONS_MAX 32
#define SERIAL_MAX                 20 /* bytes [RFC 5280 4.1.2.2] */
#define CERTIFICATE_VERSION_4      4  /* see certificate_parse_tls */

typedef enum key_kind { KEY_P256, KEY_P384, KEY_P521, KEY_RSA, KEY_ED25519 } key_kind;

enum {
    KEY_USAGE_DIGITAL_SIGNATURE = 1 << 0,
    KEY_USAGE_CERT_SIGN = 1 << 5,
    KEY_USAGE_CRL_SIGN = 1 << 6
};

typedef struct certificate {
    bytes der, tbs;        /* whole; the signed part with its tag and length */
    unsigned version;      /* 1 to 3; CERTIFICATE_VERSION_4; 0: a request, see x509/request.h */
    bytes serial;          /* INTEGER contents */
    bytes issuer, subject; /* Name, with tag and length */
    int64_t not_before, not_after;
    bytes spki; /* SubjectPublicKeyInfo, with tag and length */
    key_kind kind;
    unsigned key_bits; /* 256, 384, 521; the modulus for RSA; 256 for Ed25519 */
    bytes point;       /* x||y for EC keys (uncompressed only), the key for Ed25519 */
    crypto_sig signature_algorithm;
    bytes signature; /* octets of the BIT STRING */
    size_t extensions_n;
    extension extensions[CERTIFICATE_EXTENSIONS_MAX];
    /* Decoded from the extensions above. */
    bool has_basic_constraints, is_ca;
    int path_len; /* -1 if unlimited */
    bool has_key_usage;
    unsigned key_usage;                     /* bits KEY_USAGE_… */
    bytes subject_key_id, authority_key_id; /* key identifiers, empty if absent */
    bool authority_by_serial; /* AuthorityKeyIdentifier also names issuer and serial */
    bool has_crl_distribution_points;
    /* Critical extensions other than basicConstraints, keyUsage, subjectAltName and extKeyUsage:
     * how many, and the OID of the first, empty if none. */
    size_t unknown_critical_n;
    bytes unknown_critical;
} certificate;

/*
 * Refused: trailing bytes, other versions, an unknown or explicit curve, compressed points, RSA
 * below 2048 or above 8192 bits, signature algorithm inside and outside that differ, an extension
 * twice, more than CERTIFICATE_EXTENSIONS_MAX, extensions in v1 or v2, a serial above SERIAL_MAX
 * bytes, notAfter before notBefore. A serial that is zero or negative is read (AMD's leaves have
 * zero): see certificate_serial_ok. Not checked: that a point is on its curve (importing it does).
 * Errors: MALFORMED, UNSUPPORTED (version, curve, key or algorithm), LIMIT.
 */
RATLS_MUST_USE ratls_code certificate_parse(bytes der, certificate *c, ratls_error *e);

/*
 * A peer's TLS certificate, which is judged by the evidence in it. There is no version 4, but
 * RATS-TLS wrote it until 2023 and TLS libraries take it: it is read like version 3, and `version`
 * tells. Not for certificates that are trusted to sign others.
 */
RATLS_MUST_USE ratls_code certificate_parse_tls(bytes der, certificate *c, ratls_error *e);

/* "certificate" or "request", for sentences. Static. */
static inline const char *certificate_what(const certificate *c)
{
    return c->version == 0 ? "request" : "certificate";
}

/* Positive and at most 20 bytes [RFC 5280 4.1.2.2]. */
bool certificate_serial_ok(const certificate *c);

/* Bytes of a serial's value: a zero that only keeps it positive does not count (Intel's CAs have 20
 * bytes and that zero). */
size_t serial_size(bytes serial);

/* NULL if absent. `oid` is OID contents. */
const extension *certificate_extension(const certificate *c, bytes oid);

#endif
