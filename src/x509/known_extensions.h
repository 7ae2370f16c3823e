#ifndef X509_KNOWN_EXTENSIONS_H
#define X509_KNOWN_EXTENSIONS_H

#include "x509/certificate.h"

/*
 * Reads a list of extensions to its end into *c, and what is decoded from them. Errors: MALFORMED
 * (an extension twice, or one of the known ones not in its form), LIMIT.
 */
RATLS_MUST_USE ratls_code known_extensions_read(reader *list, certificate *c, ratls_error *e);

#endif
