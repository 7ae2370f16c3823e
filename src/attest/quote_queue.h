#ifndef ATTEST_QUOTE_QUEUE_H
#define ATTEST_QUOTE_QUEUE_H

#include "base/bytes.h"
#include "ratls/attest.h"
#include "ratls/result.h"

/*
 * The queue before an attester's source, for answers on connections [doc/BINDING.md, "a queue of
 * bounded length stands before the source"]. Nothing here waits for the source but quote_job_wait
 * and quote_queue_end. A job may be dropped after its attester has been freed.
 */
typedef struct quote_queue quote_queue;

enum {
    QUOTE_CLAIMS_MAX = 256,
    QUOTE_EVIDENCE_MAX = 65000, /* of an answer [doc/BINDING.md, answer: key 0] */
    QUOTE_ANSWER_MAX = 65536    /* the answer's payload [doc/BINDING.md, frames] */
};

/* Its thread starts with the first job. `max` 0: the usual. NULL if memory or locks are out. */
quote_queue *quote_queue_new(ratls_attester *a, uint32_t max);
/* Lets the quote that is being made end, ends all that waits with SYSTEM, waits for the thread, and
 * sets *queue to NULL; NULL inside is fine. Not from `ready`. */
void quote_queue_end(quote_queue **queue);

/* One quote that is to be made over a claims-buffer, in the attester's queue. */
typedef struct quote_job quote_job;

/*
 * Puts a job into the queue; `claims` (at most QUOTE_CLAIMS_MAX bytes) is copied. `ready(context)`
 * is called once from the queue's thread when the job has ended, well or not, and not before *job
 * is set; may be NULL. It holds up all other jobs, and must not wait for what a thread holds that
 * drops this job. Errors: LIMIT (the queue is full: "busy"), SYSTEM.
 */
RATLS_MUST_USE ratls_code quote_job_begin(ratls_attester *a, bytes claims,
                                          void (*ready)(void *context), void *context,
                                          quote_job **job, ratls_error *e);
/* Has it ended? So it has when `ready` is called, and may have a little before. */
bool quote_job_done(const quote_job *job);
/* Waits until it has ended, at most so long. True if it has. */
bool quote_job_wait(quote_job *job, uint32_t ms);
/*
 * Of a job that has ended: its evidence, tag([quote, claims-buffer]) as dice_write_evidence writes
 * it; the value of the endorsements extension of the certificate in service if the attester
 * staples and there is one, else empty; and the quote's TEE. Views, valid until the job is dropped.
 * Errors: those of the source; BINDING and MALFORMED (attest_quote_over); LIMIT (evidence longer
 * than QUOTE_EVIDENCE_MAX, or with its endorsements too long for QUOTE_ANSWER_MAX); SYSTEM.
 */
RATLS_MUST_USE ratls_code quote_job_take(const quote_job *job, bytes *evidence_out,
                                         bytes *endorsements_out, ratls_tee *tee, ratls_error *e);
/*
 * Gives the job up and sets *job to NULL; NULL inside is fine. One that waits never reaches the
 * source; of one that is being made nobody is told. After this returns `ready` is not called and
 * not running; so it waits for a `ready` of this job that is running, and must not be called from
 * within it.
 */
void quote_job_drop(quote_job **job);

/* The TEE of the attester's source as its quotes showed it so far; NONE while it is not known. */
ratls_tee attester_tee(ratls_attester *a);

#endif
