#ifndef X509_REQUEST_H
#define X509_REQUEST_H

#include "x509/certificate.h"

/*
 * A certification request [RFC 2986] read strictly, as views into its DER: the certificate that it
 * asks for. So version is 0, and what a CA adds is empty: serial, issuer, dates. `tbs` is what its
 * signature covers, the extensions are those of its extensionRequest [RFC 2985 5.4.2], none if it
 * has none. Reading checks form only: the signature, which shows that the key is held, is the
 * caller's.
 */
#define REQUEST_MAX            CERTIFICATE_MAX /* bytes of DER */
#define REQUEST_ATTRIBUTES_MAX 16

/*
 * Refused as in certificate_parse; also other versions than 1, no attributes field, an attribute
 * twice, more than REQUEST_ATTRIBUTES_MAX, an extensionRequest with other than one value. Other
 * attributes, such as challengePassword, are passed over: nothing of them gets into a certificate.
 * The order of a SET OF is not judged, since known makers don't keep to it. Errors: MALFORMED,
 * UNSUPPORTED, LIMIT.
 */
RATLS_MUST_USE ratls_code request_parse(bytes der, certificate *c, ratls_error *e);

#endif
