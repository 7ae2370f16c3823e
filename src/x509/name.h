#ifndef X509_NAME_H
#define X509_NAME_H

#include "base/error.h"
#include "codec/der.h"

/*
 * Names [RFC 5280 4.1.2.4], kept as their raw bytes: two names are equal if their encodings are.
 */

/* Takes the next Name, with tag and length. False (and `r` bad) unless it is a SEQUENCE of SETs of
 * { OID, string }; an empty one is fine. */
bool name_read(reader *r, bytes *name);

/* No attribute at all. */
bool name_is_empty(bytes name);

/* The last commonName of a Name, as a view of its string; empty if none. */
bytes name_common(bytes name);

/*
 * "CN=…, O=…" for people, in the order of the encoding. All but printable ASCII, and quotes and
 * backslashes, as \xNN: nothing of it can steer a terminal. Always NUL-terminated, cut if need be.
 */
void name_text(bytes name, char *out, size_t cap);

#endif
