#ifndef BASE_HEX_H
#define BASE_HEX_H

#include "base/bytes.h"

/* Decodes exactly 2*n hex digits, either case, to n bytes. False on another length or another
 * character. */
bool hex_decode(bytes text, uint8_t *out, size_t n);

/* Lower-case digits and a NUL; `out` holds 2*b.n + 1. */
void hex_encode(bytes b, char *out);

/* -1 if c is no hex digit. */
int hex_digit(int c);

/* A view as a short hex string in an error text: HEX(b) gives a temporary of at most 32 bytes'
 * digits. */
typedef struct hex_text {
    char s[2 * 32 + 4];
} hex_text;
hex_text hex_short(bytes b);
#define HEX(b) (hex_short(b).s)

#endif
