#ifndef RATLS_CMD_CONFORM_RUN_H
#define RATLS_CMD_CONFORM_RUN_H

#include "base/bytes.h"

/*
 * Runs a program that nothing is known about, again and again, several at once: without a shell, in
 * a session of its own, with no input, its output drained and all but a little of it forgotten, for
 * a bounded time. What it started and left behind is ended with it.
 */
enum { RUN_JOBS_MAX = 128, RUN_SECONDS_MAX = 3600, RUN_LINE_SIZE = 400 };

typedef enum run_end {
    RUN_EXITED,
    RUN_SIGNALLED,
    RUN_TOO_LATE, /* ended by us, for its time was over */
    RUN_FLOODED   /* ended by us, for it printed without an end */
} run_end;

typedef struct run_result {
    run_end end;
    int code; /* exit code, or signal */
    uint64_t ms;
    /* The last line of standard error that is not empty, else the first of standard output; its
     * first bytes, as they came, but NUL-terminated. */
    char line[RUN_LINE_SIZE];
} run_result;

typedef struct run_plan {
    size_t n;
    unsigned jobs;    /* at once: 1 to RUN_JOBS_MAX */
    unsigned seconds; /* for each: 1 to RUN_SECONDS_MAX */
    void *context;
    /* The words of the n-th command, the last followed by NULL; valid until the next call. NULL:
     * there is nothing to run. */
    char *const *(*words)(void *context, size_t n);
    void (*done)(void *context, size_t n, const run_result *result);
} run_plan;

/*
 * False if the program can't be run at all, after it said why, or if the user stopped it: *stopped
 * is the signal then, which the caller raises again when he has cleaned up, else 0.
 */
bool run_all(const run_plan *plan, int *stopped);

#endif
