#ifndef SUPPORT_SESSION_VECTORS_H
#define SUPPORT_SESSION_VECTORS_H

#include "base/bytes.h"

/* The test vectors of doc/BINDING.md, read from the page itself. */
typedef struct session_vector {
    bytes name; /* without "(N bytes)" or the code */
    bytes data;
    unsigned code; /* of the `close` that it is refused with; 0: it is not in that list */
} session_vector;

/* All of them, in the order of the page; fails the running test unless there are some. */
const session_vector *session_vectors(size_t *n);
/* One that is not refused, by its name. */
bytes session_vector_of(const char *name);

#endif
