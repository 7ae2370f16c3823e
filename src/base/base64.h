#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/bytes.h"

/*
 * RFC 4648 4, padded, no bits left over; CR and LF are passed over [RFC 7468 2]. Writes at most cap
 * bytes and sets *n. False on any other character, wrong padding, or no room. *n <= 3 * (text.n /
 * 4) always.
 */
bool base64_decode(bytes text, uint8_t *out, size_t cap, size_t *n);

/* Padded, in lines of 64 with LF, NUL-terminated; NULL measures. Returns the length without the
 * NUL, 0 if cap is short. */
size_t base64_encode(bytes in, char *out, size_t cap);

#endif
