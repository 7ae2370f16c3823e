#include "collateral/redis_answer.h"

#include <string.h>

/* hiredis counted the elements of an array in an int before version 1. */
#if HIREDIS_MAJOR < 1
typedef int element_count;
#else
typedef size_t element_count;
#endif

/* 0 for the answer itself, 1 for what is in its array, and so on. */
static unsigned depth_of(const redisReadTask *task)
{
    unsigned depth = 0;
    for (const redisReadTask *t = task->parent; t != NULL && depth < 3; t = t->parent)
        depth++;
    return depth;
}

/* What the parser is given for an object: NULL ends the answer with an error. */
static void *odd(redis_answer *a)
{
    a->odd = true;
    return NULL;
}

static void take_line(char *out, size_t cap, bytes text)
{
    size_t n = text.n < cap - 1 ? text.n : cap - 1;
    for (size_t i = 0; i < n; i++)
        out[i] = text.p[i] >= ' ' && text.p[i] <= '~' ? (char)text.p[i] : '?';
    out[n] = '\0';
}

static void *take_whole(redis_answer *a, int type, bytes text)
{
    a->type = type;
    if (type != REDIS_REPLY_STRING) {
        take_line(a->line, sizeof a->line, text);
        return a;
    }
    a->n = text.n;
    size_t n = text.n < a->cap ? text.n : a->cap;
    if (n > 0)
        memcpy(a->out, text.p, n);
    return a;
}

static void *on_string(const redisReadTask *task, char *p, size_t n)
{
    redis_answer *a = task->privdata;
    unsigned depth = depth_of(task);
    bytes text = bytes_of(p, n);
    /* Where size_t has 32 bits, hiredis' sum of a length and what is around it can overflow, and
     * then n bytes are not there. */
    if (n > a->limit)
        return odd(a);
    if (depth == 0)
        return take_whole(a, task->type, text);
    if (task->type != REDIS_REPLY_STRING || a->each == NULL)
        return odd(a);
    if (depth == 1 && task->idx == 0 && n < sizeof a->cursor) {
        take_line(a->cursor, sizeof a->cursor, text);
        return a;
    }
    return depth == 2 && a->each(a->context, text) ? a : odd(a);
}

static void *on_array(const redisReadTask *task, element_count n)
{
    redis_answer *a = task->privdata;
    unsigned depth = depth_of(task);
    if (a->each == NULL)
        return odd(a);
    if (depth == 0 && n == 2) {
        a->type = REDIS_REPLY_ARRAY;
        return a;
    }
    return depth == 1 && task->idx == 1 ? a : odd(a);
}

static void *on_integer(const redisReadTask *task, long long value)
{
    redis_answer *a = task->privdata;
    if (task->parent != NULL)
        return odd(a);
    a->type = REDIS_REPLY_INTEGER;
    a->integer = value;
    return a;
}

static void *on_nil(const redisReadTask *task)
{
    redis_answer *a = task->privdata;
    if (task->parent != NULL)
        return odd(a);
    a->type = REDIS_REPLY_NIL;
    return a;
}

static void drop(void *object)
{
    (void)object; /* the answer is the caller's */
}

redisReader *redis_reader_new(redisReplyObjectFunctions *functions)
{
    *functions = (redisReplyObjectFunctions){.createString = on_string,
                                             .createArray = on_array,
                                             .createInteger = on_integer,
                                             .createNil = on_nil,
                                             .freeObject = drop};
    return redisReaderCreateWithFunctions(functions);
}

void redis_reader_aim(redisReader *reader, redis_answer *answer)
{
    answer->type = 0;
    answer->odd = false;
    answer->n = 0;
    answer->line[0] = answer->cursor[0] = '\0';
    reader->privdata = answer;
}
