#ifndef SUPPORT_ASSEMBLE_H
#define SUPPORT_ASSEMBLE_H

#include "base/bytes.h"

/*
 * Hand-made input as text: hex digits in pairs, 'text' between single quotes, and XX*N for N times
 * the byte XX; blanks between. Fails the running test on anything else. The bytes lie in a block of
 * exactly their size, so that a sanitizer sees a read past the end; free them with bytes_free.
 */
bytes assemble(const char *text);

/* The first n bytes of b, or b and zeros, in such a block. */
bytes bytes_resized(bytes b, size_t n);

void bytes_free(bytes b);

#endif
