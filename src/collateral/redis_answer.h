#ifndef COLLATERAL_REDIS_ANSWER_H
#define COLLATERAL_REDIS_ANSWER_H

#include <hiredis/hiredis.h>

#include "base/bytes.h"

/*
 * One answer of a server, as hiredis' parser finds it. hiredis by itself makes a tree in memory and
 * allocates what an array says it has; here an answer goes into memory of fixed size, and nothing
 * is allocated but the parser's buffer, which holds what has arrived.
 */
enum { REDIS_LINE_MAX = 160, REDIS_CURSOR_MAX = 24 };

typedef struct redis_answer {
    /* Set by the caller. */
    size_t limit; /* no answer is longer, in bytes, with what is around it */
    uint8_t *out; /* for a string; may be NULL */
    size_t cap;
    /* For each string in an array in an array, if the outer one begins with a string. False: no
     * more can be taken, which ends the answer. NULL: arrays are not expected. */
    bool (*each)(void *context, bytes key);
    void *context;

    int type;                      /* REDIS_REPLY_…; 0: none yet */
    bool odd;                      /* not in one of these forms */
    size_t n;                      /* of a string, also beyond cap */
    long long integer;             /* of an integer */
    char line[REDIS_LINE_MAX];     /* of an error or status, cut, printable characters only */
    char cursor[REDIS_CURSOR_MAX]; /* the first string in an array */
} redis_answer;

/* NULL: memory is out. Freed by redisReaderFree, before *functions, which it fills and uses. */
redisReader *redis_reader_new(redisReplyObjectFunctions *functions);
/* From now on what is read goes there. */
void redis_reader_aim(redisReader *reader, redis_answer *answer);

#endif
