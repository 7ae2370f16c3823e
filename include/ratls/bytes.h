#ifndef RATLS_BYTES_H
#define RATLS_BYTES_H

#include <stddef.h>
#include <stdint.h>

/*
 * A view of n bytes at p. It never owns them: the bytes must outlive the view. {NULL, 0} is the
 * empty view; p may be NULL only if n is 0.
 */
typedef struct ratls_bytes {
    const uint8_t *p;
    size_t n; /* in bytes */
} ratls_bytes;

#endif
