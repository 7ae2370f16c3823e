#ifndef UNIT_QUEUE_CASE_H
#define UNIT_QUEUE_CASE_H

#include <pthread.h>
#include <stdatomic.h>

#include "attest/attester.h"
#include "evidence/evidence.h"
#include "quote_gate.h"
#include "testing.h"

enum { CLAIMS_N = 209 }; /* as in an answer of level `session` */

/* The claims of job `i`. */
static inline bytes claims_no(unsigned i)
{
    uint8_t *p = arena_alloc(CLAIMS_N);
    memset(p, (int)i, CLAIMS_N);
    return bytes_of(p, CLAIMS_N);
}

static inline bool is_over(const uint8_t report_data[64], bytes claims)
{
    uint8_t wanted[64] = {0};
    MUST(crypto_digest(CRYPTO_SHA256, &claims, 1, wanted));
    return bytes_equal(bytes_of(report_data, 64), bytes_of(wanted, 64));
}

static inline bool asked_over(const quote_gate *g, unsigned at, unsigned i)
{
    return is_over(g->asked[at], claims_no(i));
}

/* Who is told that a job has ended. */
typedef struct told {
    atomic_uint n;
} told;

static inline void tell(void *context)
{
    (void)atomic_fetch_add(&((told *)context)->n, 1);
}

static inline quote_job *begin(ratls_attester *a, unsigned i, told *t)
{
    ratls_error e = {.text = ""};
    quote_job *job;
    if (quote_job_begin(a, claims_no(i), t != NULL ? tell : NULL, t, &job, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    assert_non_null(job);
    return job;
}

static inline ratls_code try_begin(ratls_attester *a, ratls_error *e)
{
    quote_job *job;
    ratls_code code = quote_job_begin(a, claims_no(99), NULL, NULL, &job, e);
    assert_int_equal(job == NULL, code != RATLS_OK);
    quote_job_drop(&job);
    assert_null(job);
    return code;
}

static inline ratls_code take(const quote_job *job, bytes *shown, bytes *stapled, ratls_tee *tee,
                              ratls_error *e)
{
    *e = (ratls_error){.text = ""};
    ratls_code code = quote_job_take(job, shown, stapled, tee, e);
    assert_int_equal(e->code, code);
    assert_int_equal(shown->n == 0, code != RATLS_OK);
    if (code != RATLS_OK) {
        assert_int_equal(stapled->n, 0);
        assert_int_equal(*tee, RATLS_TEE_NONE);
    }
    return code;
}

/* Evidence of the common format over exactly these claims. */
static inline void check_evidence(bytes shown, bytes claims)
{
    evidence found;
    intel_quote q;
    ratls_error e = {.text = ""};
    if (evidence_parse(shown, &found, &e) != RATLS_OK ||
        intel_quote_parse(found.payload, &q, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    assert_int_equal(found.kind, EVIDENCE_INTEL_QUOTE);
    assert_true(bytes_equal(found.claims, claims));
    assert_int_equal(q.trailing.n, 0);
    assert_true(is_over(q.report_data.p, claims));
}

/* Waits for a job that shall be well, and drops it. */
static inline void end_well(quote_job *job, unsigned i)
{
    bytes shown, stapled;
    ratls_tee tee;
    ratls_error e;
    assert_true(quote_job_wait(job, QUOTE_GATE_LONG));
    if (take(job, &shown, &stapled, &tee, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    check_evidence(shown, claims_no(i));
    quote_job_drop(&job);
    assert_null(job);
}

static inline void *renew(void *state)
{
    ratls_error e;
    return ratls_attester_renew(state, VENDOR_T0, &e) == RATLS_OK ? NULL : state;
}

static inline pthread_t start(void *(*run)(void *), void *state)
{
    pthread_t t;
    assert_int_equal(pthread_create(&t, NULL, run, state), 0);
    return t;
}

static inline void end_thread(pthread_t t)
{
    void *failed;
    assert_int_equal(pthread_join(t, &failed), 0);
    assert_null(failed);
}

#endif
