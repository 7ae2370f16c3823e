#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ratls/bytes.h"

typedef ratls_bytes bytes;

#define BYTES_NONE ((bytes){NULL, 0})

static inline bytes bytes_of(const void *p, size_t n)
{
    return (bytes){p, n};
}

/* The characters of a C string, without its NUL. */
static inline bytes bytes_text(const char *s)
{
    return (bytes){(const uint8_t *)s, strlen(s)};
}

/* Equal in length and content. Not for digests and nonces: see bytes_equal_ct. */
bool bytes_equal(bytes a, bytes b);

/* The same in time that depends on the lengths only. */
bool bytes_equal_ct(bytes a, bytes b);

bool bytes_is(bytes a, const char *text);
bool bytes_starts(bytes a, const char *text);
bool bytes_all_zero(bytes a);

/* Where `needle` begins in `a`, or a.n if nowhere. An empty needle is found at 0. */
size_t bytes_find(bytes a, bytes needle);

#endif
