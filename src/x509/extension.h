#ifndef X509_EXTENSION_H
#define X509_EXTENSION_H

#include "base/error.h"
#include "codec/der.h"

/* Extensions of certificates, CRLs and CRL entries [RFC 5280 4.2, 5.2, 5.3]. */
typedef struct extension {
    bytes oid; /* OID contents */
    bool critical;
    bytes value; /* contents of extnValue */
} extension;

/* The last arc of those under id-ce, 2.5.29. */
enum {
    ID_CE_SUBJECT_KEY_ID = 14,
    ID_CE_KEY_USAGE = 15,
    ID_CE_SUBJECT_ALT_NAME = 17,
    ID_CE_BASIC_CONSTRAINTS = 19,
    ID_CE_CRL_NUMBER = 20,
    ID_CE_REASON_CODE = 21,
    ID_CE_INVALIDITY_DATE = 24,
    ID_CE_DELTA_CRL_INDICATOR = 27,
    ID_CE_ISSUING_DISTRIBUTION_POINT = 28,
    ID_CE_CERTIFICATE_ISSUER = 29,
    ID_CE_NAME_CONSTRAINTS = 30,
    ID_CE_CRL_DISTRIBUTION_POINTS = 31,
    ID_CE_AUTHORITY_KEY_ID = 35,
    ID_CE_EXT_KEY_USAGE = 37
};

/* The last arc of an OID 2.5.29.N; -1 for any other OID. */
int extension_id_ce(bytes oid);

/*
 * Reads the next extension of `list` into all[*n], and its value into *value, and counts it.
 * Refused: an OID that is already in `all`, criticality other than an absent or a TRUE one, more
 * than `max`. `what` begins the sentence.
 */
RATLS_MUST_USE ratls_code extension_next(reader *list, extension *all, size_t *n, size_t max,
                                         reader *value, const char *what, ratls_error *e);

/*
 * AuthorityKeyIdentifier: sets *id, empty if it has no keyIdentifier; *by_serial tells whether it
 * names the issuer's certificate by issuer and serial. False if it is malformed.
 */
bool authority_key_id_read(reader *value, bytes *id, bool *by_serial);

#endif
