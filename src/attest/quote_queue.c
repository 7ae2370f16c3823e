/* Jobs in the order of coming, and the one thread that asks the source for them. */
#define _POSIX_C_SOURCE 200809L
#include "attest/quote_queue.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "attest/attester.h"
#include "codec/cbor.h"
#include "evidence/dice.h"
#include "evidence/evidence.h"

enum { WAITING_MAX_USUAL = 64 };

typedef enum job_state { JOB_WAITS, JOB_IS_MADE, JOB_HAS_ENDED } job_state;

struct quote_job {
    quote_queue *queue; /* holds a reference */
    void (*ready)(void *context);
    void *context;
    size_t claims_n;
    uint8_t claims[QUOTE_CLAIMS_MAX];

    quote_job *next; /* the queue's lock is on these three */
    job_state state;
    bool dropped; /* while it was made */

    /* The thread's until it has ended, constant from then on. */
    ratls_code code;
    ratls_error error;
    ratls_tee tee;
    uint8_t *evidence;
    size_t evidence_n;
    ratls_credential *certificate; /* that the endorsements are in; NULL: none */
    bytes endorsements;
};

struct quote_queue {
    atomic_size_t references; /* the attester's, and one of each job */
    size_t max;
    ratls_attester *attester; /* these two are the thread's */
    attest_quote *quote;

    pthread_mutex_t lock;   /* all below; never held while the source is asked or anybody is told */
    pthread_cond_t wake;    /* the thread */
    pthread_cond_t changed; /* a job has ended, or was told */
    quote_job *first, **end;
    size_t n;                 /* wait or are being made */
    const quote_job *telling; /* whose `ready` may be running */
    bool running, stopping;
    pthread_t thread;
};

static void lock(quote_queue *q)
{
    (void)pthread_mutex_lock(&q->lock);
}

static void unlock(quote_queue *q)
{
    (void)pthread_mutex_unlock(&q->lock);
}

static bool init_locks(quote_queue *q)
{
    if (pthread_mutex_init(&q->lock, NULL) != 0)
        return false;
    if (!attester_condition_init(&q->wake)) {
        (void)pthread_mutex_destroy(&q->lock);
        return false;
    }
    if (!attester_condition_init(&q->changed)) {
        (void)pthread_cond_destroy(&q->wake);
        (void)pthread_mutex_destroy(&q->lock);
        return false;
    }
    return true;
}

quote_queue *quote_queue_new(ratls_attester *a, uint32_t max)
{
    quote_queue *q = calloc(1, sizeof *q);
    if (q == NULL)
        return NULL;
    if (!init_locks(q)) {
        free(q);
        return NULL;
    }
    atomic_init(&q->references, 1);
    q->attester = a;
    q->max = max != 0 ? max : WAITING_MAX_USUAL;
    q->end = &q->first;
    return q;
}

static void release(quote_queue *q)
{
    if (atomic_fetch_sub(&q->references, 1) != 1)
        return;
    (void)pthread_cond_destroy(&q->changed);
    (void)pthread_cond_destroy(&q->wake);
    (void)pthread_mutex_destroy(&q->lock);
    free(q->quote);
    free(q);
}

static void job_free(quote_job *job)
{
    quote_queue *q = job->queue;
    ratls_credential_free(&job->certificate);
    free(job->evidence);
    free(job);
    release(q);
}

/* Under the lock, as the next three. */
static void put_last(quote_queue *q, quote_job *job)
{
    *q->end = job;
    q->end = &job->next;
    q->n++;
}

static quote_job *take_first(quote_queue *q)
{
    quote_job *job = q->first;
    if (job == NULL)
        return NULL;
    q->first = job->next;
    if (q->first == NULL)
        q->end = &q->first;
    job->state = JOB_IS_MADE;
    return job;
}

static void take_out(quote_queue *q, const quote_job *job)
{
    quote_job **at = &q->first;
    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    if (*at == NULL)
        q->end = at;
    q->n--;
}

/* The lock is let go while it is told: a job that is being told is not freed. */
static void end_job(quote_queue *q, quote_job *job)
{
    q->n--;
    if (job->dropped) {
        job_free(job);
        return;
    }
    job->state = JOB_HAS_ENDED;
    q->telling = job;
    (void)pthread_cond_broadcast(&q->changed);
    unlock(q);
    if (job->ready != NULL)
        job->ready(job->context);
    lock(q);
    q->telling = NULL;
    (void)pthread_cond_broadcast(&q->changed);
}

static size_t answer_size(size_t evidence_n, size_t endorsements_n)
{
    writer w = wr_of(NULL, 0);
    cbor_put_head(&w, CBOR_MAP, endorsements_n > 0 ? 2 : 1);
    cbor_put_head(&w, CBOR_UINT, 0);
    cbor_put_head(&w, CBOR_BYTES, evidence_n);
    if (endorsements_n > 0) {
        cbor_put_head(&w, CBOR_UINT, 1);
        cbor_put_head(&w, CBOR_BYTES, endorsements_n);
    }
    return w.n + evidence_n + endorsements_n;
}

/* What the certificate in service has been made with: it is renewed before that expires. */
static ratls_code find_endorsements(ratls_attester *a, quote_job *job)
{
    certificate c;
    evidence_set set;
    job->certificate = a->staple ? ratls_attester_certificate(a) : NULL;
    if (job->certificate == NULL)
        return RATLS_OK;
    ratls_code code =
        certificate_parse(ratls_credential_chain(job->certificate, 0), &c, &job->error);
    if (code == RATLS_OK)
        code = evidence_find(&c, &set, &job->error);
    if (code == RATLS_OK)
        job->endorsements = set.endorsements;
    return code;
}

static ratls_code write_evidence(quote_job *job, bytes quote)
{
    bytes claims = bytes_of(job->claims, job->claims_n);
    writer size = wr_of(NULL, 0);
    dice_write_evidence(&size, quote, claims);
    if (size.n > QUOTE_EVIDENCE_MAX)
        return refuse(&job->error, RATLS_E_LIMIT, 0,
                      "attester: evidence of %zu bytes, an answer holds at most %d", size.n,
                      QUOTE_EVIDENCE_MAX);
    size_t answer = answer_size(size.n, job->endorsements.n);
    if (answer > QUOTE_ANSWER_MAX)
        return refuse(&job->error, RATLS_E_LIMIT, 0,
                      "attester: an answer of %zu bytes with evidence of %zu and endorsements of "
                      "%zu, at most %d are read",
                      answer, size.n, job->endorsements.n, QUOTE_ANSWER_MAX);
    job->evidence = malloc(size.n);
    if (job->evidence == NULL)
        return refuse(&job->error, RATLS_E_SYSTEM, 0, "out of memory");
    job->evidence_n = size.n;
    writer w = wr_of(job->evidence, size.n);
    dice_write_evidence(&w, quote, claims);
    assert(wr_ok(&w));
    return RATLS_OK;
}

/* Report data is SHA-256(claims-buffer) and 32 zero bytes [doc/BINDING.md, claims]. */
static ratls_code ask_source(const quote_queue *q, quote_job *job)
{
    return attest_quote_over(&q->attester->source, CRYPTO_SHA256,
                             bytes_of(job->claims, job->claims_n), q->quote, &job->error);
}

static ratls_code finish(const quote_queue *q, quote_job *job)
{
    job->tee = attester_saw_quote(q->attester, &q->quote->fields);
    ratls_code code = find_endorsements(q->attester, job);
    return code == RATLS_OK ? write_evidence(job, q->quote->quote) : code;
}

/* Under the lock, which is let go meanwhile. The job is taken when the turn has come: until then it
 * waits, and can be dropped. */
static void make_next(quote_queue *q)
{
    unlock(q);
    attester_take_turn(q->attester);
    lock(q);
    quote_job *job = q->stopping ? NULL : take_first(q);
    unlock(q);
    if (job != NULL)
        job->code = ask_source(q, job);
    attester_give_turn(q->attester);
    if (job != NULL && job->code == RATLS_OK)
        job->code = finish(q, job);
    lock(q);
    if (job != NULL)
        end_job(q, job);
}

static void *run(void *state)
{
    quote_queue *q = state;
    lock(q);
    while (!q->stopping)
        if (q->first == NULL)
            (void)pthread_cond_wait(&q->wake, &q->lock);
        else
            make_next(q);
    quote_job *job;
    while ((job = take_first(q)) != NULL) {
        job->code = refuse(&job->error, RATLS_E_SYSTEM, 0,
                           "attester: it was freed before this quote was made");
        end_job(q, job);
    }
    unlock(q);
    return NULL;
}

/* Under the lock. */
static ratls_code ensure_thread(quote_queue *q, ratls_error *e)
{
    if (q->running)
        return RATLS_OK;
    if (q->quote == NULL)
        q->quote = malloc(sizeof *q->quote);
    if (q->quote == NULL)
        return refuse(e, RATLS_E_SYSTEM, 0, "out of memory");
    int failed = attester_start_thread(&q->thread, run, q);
    if (failed != 0)
        return refuse(e, RATLS_E_SYSTEM, 0, "attester: no thread for quotes (error %d)", failed);
    q->running = true;
    return RATLS_OK;
}

/* Under the lock. */
static ratls_code may_come(quote_queue *q, ratls_error *e)
{
    if (q->stopping)
        return refuse(e, RATLS_E_SYSTEM, 0, "attester: it is being freed");
    if (q->n >= q->max)
        return refuse(e, RATLS_E_LIMIT, 0,
                      "attester: busy, %zu answers wait for their quote, at most %zu may", q->n,
                      q->max);
    return ensure_thread(q, e);
}

void quote_queue_end(quote_queue **queue)
{
    quote_queue *q = *queue;
    if (q == NULL)
        return;
    lock(q);
    q->stopping = true;
    (void)pthread_cond_signal(&q->wake);
    bool running = q->running;
    unlock(q);
    if (running)
        (void)pthread_join(q->thread, NULL);
    *queue = NULL;
    release(q);
}

static quote_job *job_new(quote_queue *q, bytes claims)
{
    quote_job *job = calloc(1, sizeof *job);
    if (job == NULL)
        return NULL;
    writer w = wr_of(job->claims, sizeof job->claims);
    wr_put(&w, claims);
    assert(wr_ok(&w));
    job->claims_n = wr_bytes(&w).n;
    job->queue = q;
    (void)atomic_fetch_add(&q->references, 1);
    return job;
}

ratls_code quote_job_begin(ratls_attester *a, bytes claims, void (*ready)(void *context),
                           void *context, quote_job **job, ratls_error *e)
{
    quote_queue *q = a->queue;
    lock(q);
    ratls_code code = may_come(q, e);
    *job = code == RATLS_OK ? job_new(q, claims) : NULL;
    if (*job != NULL) {
        (*job)->ready = ready;
        (*job)->context = context;
        put_last(q, *job);
        (void)pthread_cond_signal(&q->wake);
    } else if (code == RATLS_OK) {
        code = refuse(e, RATLS_E_SYSTEM, 0, "out of memory");
    }
    unlock(q);
    return code;
}

bool quote_job_done(const quote_job *job)
{
    lock(job->queue);
    bool done = job->state == JOB_HAS_ENDED;
    unlock(job->queue);
    return done;
}

static struct timespec moment_in(uint32_t ms)
{
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += (time_t)(ms / 1000);
    t.tv_nsec += (long)(ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_nsec -= 1000000000;
        t.tv_sec++;
    }
    return t;
}

bool quote_job_wait(quote_job *job, uint32_t ms)
{
    quote_queue *q = job->queue;
    const struct timespec until = moment_in(ms);
    int late = 0;
    lock(q);
    while (job->state != JOB_HAS_ENDED && late == 0)
        late = pthread_cond_timedwait(&q->changed, &q->lock, &until);
    bool done = job->state == JOB_HAS_ENDED;
    unlock(q);
    return done;
}

ratls_code quote_job_take(const quote_job *job, bytes *evidence_out, bytes *endorsements_out,
                          ratls_tee *tee, ratls_error *e)
{
    assert(quote_job_done(job));
    bool ok = job->code == RATLS_OK;
    *evidence_out = ok ? bytes_of(job->evidence, job->evidence_n) : BYTES_NONE;
    *endorsements_out = ok ? job->endorsements : BYTES_NONE;
    *tee = ok ? job->tee : RATLS_TEE_NONE;
    if (!ok && e != NULL)
        *e = job->error;
    return job->code;
}

void quote_job_drop(quote_job **job)
{
    quote_job *j = *job;
    *job = NULL;
    if (j == NULL)
        return;
    quote_queue *q = j->queue;
    lock(q);
    assert(q->telling != j || !pthread_equal(q->thread, pthread_self()));
    while (q->telling == j)
        (void)pthread_cond_wait(&q->changed, &q->lock);
    bool made = j->state == JOB_IS_MADE;
    if (made)
        j->dropped = true; /* the thread frees it */
    else if (j->state == JOB_WAITS)
        take_out(q, j);
    unlock(q);
    if (!made)
        job_free(j);
}

size_t ratls_attester_waiting(ratls_attester *a)
{
    lock(a->queue);
    size_t n = a->queue->n;
    unlock(a->queue);
    return n;
}
