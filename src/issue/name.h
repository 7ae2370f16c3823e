#ifndef ISSUE_NAME_H
#define ISSUE_NAME_H

#include "base/error.h"
#include "issue/der_writer.h"

/* The last arc of id-at, 2.5.4 [RFC 5280 appendix A.1]. */
typedef enum name_type {
    NAME_CN = 3,
    NAME_C = 6,
    NAME_L = 7,
    NAME_ST = 8,
    NAME_O = 10,
    NAME_OU = 11
} name_type;

typedef struct name_attribute {
    name_type type;
    bytes value; /* UTF-8 */
} name_attribute;

/* A Name, one attribute an RDN, in the given order; countryName is a PrintableString, all others
 * UTF8String [RFC 5280 4.1.2.4]. */
void issue_name(writer *w, const name_attribute *attributes, size_t n);

/* A Name from text: "CN=web 1,O=Example\, Inc.,C=DE", written in that order; a backslash takes the
 * next character as it is. MALFORMED: another type, an empty or too long value, no UTF-8, a country
 * that is not two letters. LIMIT: more than 16 attributes. */
RATLS_MUST_USE ratls_code issue_name_from_text(bytes text, writer *w, ratls_error *e);

#endif
