#ifndef BROKEN_BREAKS_H
#define BROKEN_BREAKS_H

#include <stdbool.h>
#include <stddef.h>

#include "ratls/error.h"

/*
 * A verifier broken on purpose: it lacks what makes it meet one requirement. Linked with
 * -Wl,--wrap= on the functions through which all refusals go.
 */
typedef enum break_way {
    GOES_ON,   /* as if that had not been checked */
    FAILS_OPEN /* takes that refusal for a reason to accept, where going on has nothing to go on
                  with */
} break_way;

/* A requirement breaks where a refusal is of this check and its sentence has these words in it; ""
 * is in all. */
typedef struct break_point {
    const char *id, *check, *words;
    break_way way;
} break_point;

extern const break_point break_points[];
extern const size_t break_points_n;

/* From now on the verifier lacks this requirement; NULL: it is whole. */
void break_requirement(const char *id);

/* Since break_begin(): a refusal was taken for a reason to accept; one met a break point of this
 * requirement, whether it is broken or not. */
void break_begin(void);
bool break_opened(void);
bool break_met(const char *id);
/* Check and sentence of the last refusal; "" if there was none. */
const char *break_last_check(void);
const char *break_last_text(void);

#endif
