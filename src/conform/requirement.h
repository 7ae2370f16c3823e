#ifndef CONFORM_REQUIREMENT_H
#define CONFORM_REQUIREMENT_H

#include <stddef.h>

/* The requirements of doc/REQUIREMENTS.md, from which the table is made when ratls is built. */
typedef struct requirement {
    const char *id, *role, *clause;
    const char *text; /* a sentence */
} requirement;

extern const requirement requirements[];
extern const size_t requirements_n;

/* NULL: there is none. */
const requirement *requirement_named(const char *id);

#endif
