#ifndef CODEC_PEM_H
#define CODEC_PEM_H

#include "base/reader.h"

/*
 * PEM [RFC 7468], strictly: "-----BEGIN label-----", base64 in lines (LF or CRLF), "-----END
 * label-----". Between blocks and around them only white space and, at the very end, NULs may
 * stand.
 */

/*
 * The next block of `r`, decoded into out. Returns 1 and sets *label (a view) and *n; 0 if only
 * white space and NULs are left; -1 on anything else or if cap is short (r is then bad).
 */
int pem_next(reader *r, bytes *label, uint8_t *out, size_t cap, size_t *n);

/* Does it begin like PEM (after white space)? */
bool pem_looks_like(bytes in);

#endif
