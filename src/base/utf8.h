#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/bytes.h"

/* Length of the well-formed UTF-8 sequence at p, of which n bytes are there; 0 if it is none [RFC
 * 3629]. */
size_t utf8_length(const uint8_t *p, size_t n);

/* All of it is well-formed. */
bool utf8_ok(bytes b);

#endif
