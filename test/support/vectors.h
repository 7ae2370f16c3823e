#ifndef SUPPORT_VECTORS_H
#define SUPPORT_VECTORS_H

#include "base/bytes.h"

/*
 * Public vectors lie outside the repository, in $RATLS_VECTORS (default ../shared/vectors from the
 * top of the source tree). Where they are absent a case is skipped; with RATLS_VECTORS_REQUIRED=1
 * it fails instead.
 */

/* "DIR/name" in a static buffer. */
const char *vectors_path(const char *name);

/* Are the vectors there? If not: ends the running cmocka test as skipped (counting it), or fails it
 * when they are required. */
void vectors_need(void);

/* Reads a whole file into memory that lives until the program ends; fails the running test if it
 * can't. */
bytes file_read(const char *path);
static inline bytes vector_read(const char *name)
{
    return file_read(vectors_path(name));
}

#endif
