/*
 * Certificates a second around a quote that is given, as `bench: NAME VALUE UNIT`: with a key that
 * is given, and with a new P-256 key for each. Then answers for connections a second, through the
 * queue, with a simulated platform as the source. The best of several rounds.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "attest/quote_queue.h"
#include "ratls/attest.h"
#include "ratls/sim.h"
#include "vendor.h"

enum { ROUNDS = 5, CALLS = 2000, WAITING = 64 };

static _Noreturn void die(const char *what)
{
    (void)fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

/* The processor's time: what else runs on the machine matters less. */
static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Always the same quote over what is asked. Its signature is wrong then, which nothing looks at. */
static ratls_code give(void *state, const uint8_t report_data[64], uint8_t *out, size_t cap,
                       size_t *n, ratls_error *error)
{
    (void)error;
    const quote_made *m = state;
    if (m->quote.n > cap)
        die("no room for the quote");
    memcpy(out, m->quote.p, m->quote.n);
    memcpy(out + m->report_data_at, report_data, 64);
    *n = m->quote.n;
    return RATLS_OK;
}

static void bench(const char *name, ratls_attester_options *o)
{
    ratls_attester *a;
    ratls_error e;
    double best = 0;
    if (ratls_attester_new(&a, o, &e) != RATLS_OK)
        die(e.text);
    for (int round = 0; round < ROUNDS; round++) {
        double start = now();
        for (int i = 0; i < CALLS; i++)
            if (ratls_attester_renew(a, VENDOR_T0, &e) != RATLS_OK)
                die(e.text);
        double rate = CALLS / (now() - start);
        best = rate > best ? rate : best;
    }
    ratls_attester_free(&a);
    (void)printf("bench: %s %.0f per_second\n", name, best);
}

/* The simulated platform's files are needed only to open it. */
static void open_sim(ratls_source *source)
{
    static const char *const files[] = {
        "root.pem",        "root-key.pem",        "platform-ca.pem", "platform-ca-key.pem",
        "tcb-signer.pem",  "tcb-signer-key.pem",  "pck.pem",         "pck-key.pem",
        "collateral.json", "attestation-key.pem", "platform.json"};
    char dir[] = "bench-sim-XXXXXX", path[64];
    ratls_sim_options o;
    ratls_error e;
    ratls_sim_defaults(RATLS_TEE_SGX, &o);
    if (mkdtemp(dir) == NULL || ratls_sim_new(dir, &o, VENDOR_T0, &e) != RATLS_OK ||
        ratls_source_sim(dir, source, &e) != RATLS_OK)
        die("no simulated platform");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        (void)remove(path);
    }
    (void)rmdir(dir);
}

/* The queue is kept full. */
static void answer_all(ratls_attester *a)
{
    const uint8_t claims[209] = {0};
    quote_job *jobs[WAITING] = {NULL};
    ratls_error e;
    for (int i = 0; i < CALLS + WAITING; i++) {
        quote_job **job = &jobs[i % WAITING];
        bytes evidence, endorsements;
        ratls_tee tee;
        if (*job != NULL && (!quote_job_wait(*job, 60000) ||
                             quote_job_take(*job, &evidence, &endorsements, &tee, &e) != RATLS_OK))
            die("no answer");
        quote_job_drop(job);
        if (i < CALLS &&
            quote_job_begin(a, bytes_of(claims, sizeof claims), NULL, NULL, job, &e) != RATLS_OK)
            die(e.text);
    }
}

static void bench_queue(void)
{
    ratls_attester_options o = {.waiting_max = WAITING};
    ratls_attester *a;
    ratls_error e;
    double best = 0;
    open_sim(&o.source);
    if (ratls_attester_new(&a, &o, &e) != RATLS_OK)
        die(e.text);
    for (int round = 0; round < ROUNDS; round++) {
        double start = now();
        answer_all(a);
        double rate = CALLS / (now() - start);
        best = rate > best ? rate : best;
    }
    ratls_attester_free(&a);
    (void)printf("bench: quote_queue %.0f per_second\n", best);
}

int main(void)
{
    vendor v = vendor_of(QUOTE_SGX, 3, false, VENDOR_T0);
    quote_made m = vendor_quote(&v, BYTES_NONE);
    ratls_attester_options o = {.source = {.name = "given", .state = &m, .quote = give}};
    bench("certificate_new_fresh_key", &o);
    o.key_pem = key_private_pem(key_named(KEY_TYPE_P256, "given"));
    bench("certificate_new", &o);
    bench_queue();
    return 0;
}
