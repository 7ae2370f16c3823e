#ifndef RATLS_CMD_WHEN_H
#define RATLS_CMD_WHEN_H

#include "base/bytes.h"

/*
 * A time as users write it: Unix seconds, or RFC 3339 with Z or a numeric offset; a fraction of a
 * second is cut off. False for anything else, leap seconds included.
 */
bool when_parse(const char *text, int64_t *out);

/* Digits only, from 0 to max. */
bool number_parse(const char *text, uint64_t max, uint64_t *out);

#endif
