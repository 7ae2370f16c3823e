#ifndef RATLS_CMD_CONFORM_SCRATCH_H
#define RATLS_CMD_CONFORM_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

/* A directory of our own for the time of a run, in $TMPDIR or /tmp. False after it said why. */
bool scratch_make(char *out, size_t cap);
/* Removes it with all that is in it, but never follows a link. */
void scratch_remove(const char *dir);

#endif
