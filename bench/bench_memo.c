/*
 * Speed and memory of a verifier that remembers, as `bench: NAME VALUE UNIT`, beside the rate of
 * one ECDSA P-256 verification in the same run: new quotes of one platform (one signature each),
 * new platforms of known collateral (three), the very same certificate; each also by two threads at
 * once.
 */
#define _POSIX_C_SOURCE 200809L
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/ec.h>
#include <openssl/evp.h>

#include "cert_maker.h"
#include "ratls/verify.h"

enum { ROUNDS = 5, QUOTES = 500, PLATFORMS = 10000, CERTIFICATES = 1500, THREADS = 2 };
static const double round_seconds = 0.4;

static _Noreturn void die(const char *what)
{
    (void)fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

/* Of the wall: two threads have two processors' time. */
static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void report(const char *name, const char *suffix, double value, const char *unit)
{
    (void)printf("bench: %s%s %.*f %s\n", name, suffix,
                 value < 10     ? 3
                 : value < 1000 ? 1
                                : 0,
                 value, unit);
    (void)fflush(stdout);
}

typedef struct job {
    const ratls_verifier *verifier;
    const bytes *inputs;
    size_t first, step, n;
    bool once; /* each input, then the end; else again until the time is over */
    bool certificates;
    double until;
    size_t calls;
} job;

static const ratls_verify_options options = {.time = VENDOR_T0, .time_is_explicit = true};

/* Up to the policy, of which there is none. */
static void judge(const job *j, bytes in, ratls_result *r)
{
    ratls_error e = {.text = "accepted without a policy"};
    ratls_code code = j->certificates ? ratls_verify_certificate(j->verifier, in, &options, r, &e)
                                      : ratls_verify_quote(j->verifier, in, &options, r, &e);
    if ((code == RATLS_OK) == j->certificates || !ratls_result_evidence_valid(r))
        die(e.text);
}

static void *work(void *arg)
{
    job *j = arg;
    ratls_result *r = ratls_result_new();
    if (r == NULL)
        die("out of memory");
    do {
        for (size_t i = j->first; i < j->n; i += j->step) {
            judge(j, j->inputs[i], r);
            j->calls++;
        }
    } while (!j->once && now() < j->until);
    ratls_result_free(&r);
    return NULL;
}

/* Calls a second by so many threads. */
static double run(const job *like, size_t threads)
{
    pthread_t t[THREADS];
    job jobs[THREADS];
    double start = now();
    size_t calls = 0;
    for (size_t i = 0; i < threads; i++) {
        jobs[i] = *like;
        jobs[i].first = i;
        jobs[i].step = threads;
        jobs[i].until = start + round_seconds;
        if (pthread_create(&t[i], NULL, work, &jobs[i]) != 0)
            die("no thread");
    }
    for (size_t i = 0; i < threads; i++) {
        (void)pthread_join(t[i], NULL);
        calls += jobs[i].calls;
    }
    return (double)calls / (now() - start);
}

static ratls_verifier *verifier_of(const vendor *v, bytes collateral)
{
    ratls_error e = {.text = "out of memory"};
    ratls_verifier *r = ratls_verifier_new();
    if (r == NULL || ratls_verifier_set_root(r, vendor_root(v), &e) != RATLS_OK ||
        ratls_verifier_add_collateral(r, collateral, &e) != RATLS_OK)
        die(e.text);
    return r;
}

/* The best of several rounds, by one thread and by two; for `once` each with a verifier that knows
 * the first input only. */
static void bench(const char *name, const vendor *v, bytes collateral, const bytes *inputs,
                  size_t n, bool once, bool certificates, double ecdsa)
{
    double best[THREADS + 1] = {0};
    for (int round = 0; round < ROUNDS; round++)
        for (size_t threads = 1; threads <= THREADS; threads++) {
            ratls_verifier *verifier = verifier_of(v, collateral);
            job j = {.verifier = verifier,
                     .inputs = inputs,
                     .step = 1,
                     .n = 1,
                     .once = true,
                     .certificates = certificates};
            (void)work(&j);
            j.n = n;
            j.once = once;
            double rate = run(&j, threads);
            best[threads] = rate > best[threads] ? rate : best[threads];
            ratls_verifier_free(&verifier);
        }
    report(name, "", best[1], "per_second");
    report(name, "_per_ecdsa", best[1] / ecdsa, "ratio");
    report(name, "_two_threads", best[2] / best[1], "times");
}

typedef struct signed_digest {
    EVP_PKEY_CTX *ctx;
    uint8_t digest[32], sig[80];
    size_t sig_n;
} signed_digest;

static double bench_ecdsa(void)
{
    signed_digest x = {.digest = {1}, .sig_n = sizeof x.sig};
    double best = 0;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    EVP_PKEY_CTX *sign = EVP_PKEY_CTX_new(key, NULL);
    x.ctx = EVP_PKEY_CTX_new(key, NULL);
    if (EVP_PKEY_sign_init(sign) != 1 ||
        EVP_PKEY_sign(sign, x.sig, &x.sig_n, x.digest, sizeof x.digest) != 1 ||
        EVP_PKEY_verify_init(x.ctx) != 1)
        die("ECDSA can't be set up");
    for (int round = 0; round < ROUNDS; round++) {
        double start = now(), calls = 0;
        for (; now() < start + round_seconds; calls++)
            if (EVP_PKEY_verify(x.ctx, x.sig, x.sig_n, x.digest, sizeof x.digest) != 1)
                die("ECDSA does not verify");
        double rate = calls / (now() - start);
        best = rate > best ? rate : best;
    }
    EVP_PKEY_CTX_free(sign);
    EVP_PKEY_CTX_free(x.ctx);
    EVP_PKEY_free(key);
    return best;
}

static bytes kept(bytes b)
{
    uint8_t *p = malloc(b.n);
    if (p == NULL)
        die("out of memory");
    memcpy(p, b.p, b.n);
    return bytes_of(p, b.n);
}

/* A quote of that platform over that report data. */
static bytes quote_of(vendor *v, unsigned platform, unsigned number)
{
    uint8_t report_data[64] = {(uint8_t)number, (uint8_t)(number >> 8), 1};
    arena_mark mark = arena_here();
    memcpy(v->pck_ext.ppid, &platform, sizeof platform);
    bytes quote = kept(vendor_quote(v, bytes_of(report_data, sizeof report_data)).quote);
    arena_back(mark);
    return quote;
}

/* All that the memos have at their bound. */
static void bench_memory(const vendor *v, bytes collateral, const bytes *quotes,
                         const bytes *certificates)
{
    ratls_verifier *verifier = verifier_of(v, collateral);
    struct mallinfo2 before = mallinfo2();
    job j = {.verifier = verifier, .inputs = quotes, .step = 1, .n = PLATFORMS, .once = true};
    (void)work(&j);
    j = (job){.verifier = verifier,
              .inputs = certificates,
              .step = 1,
              .n = CERTIFICATES,
              .once = true,
              .certificates = true};
    (void)work(&j);
    struct mallinfo2 after = mallinfo2();
    report("verify_memo_memory", "",
           (double)(after.uordblks + after.hblkhd - before.uordblks - before.hblkhd) / 1048576,
           "MiB");
    ratls_verifier_free(&verifier);
}

int main(void)
{
    static bytes quotes[QUOTES], platforms[PLATFORMS], certificates[CERTIFICATES];
    vendor v = vendor_of(QUOTE_TDX, 4, false, VENDOR_T0);
    bytes collateral = kept(vendor_collateral_json(&v));
    for (unsigned i = 0; i < QUOTES; i++)
        quotes[i] = quote_of(&v, 0, i);
    tls_spec t = tls_spec_of(&v, TLS_INTEROPERABLE, key_named(KEY_TYPE_P256, "server"));
    for (unsigned i = 0; i < CERTIFICATES; i++) {
        arena_mark mark = arena_here();
        t.cert.not_after++;
        certificates[i] = kept(tls_make(&t).der);
        arena_back(mark);
    }
    for (unsigned i = 0; i < PLATFORMS; i++)
        platforms[i] = quote_of(&v, i + 1, 0);
    double ecdsa = bench_ecdsa();
    report("ecdsa_p256_verify", "_of_the_wall", ecdsa, "per_second");
    bench("verify_warm_same_platform", &v, collateral, quotes, QUOTES, false, false, ecdsa);
    bench("verify_warm_new_platform", &v, collateral, platforms, 2000, true, false, ecdsa);
    bench("verify_repeat", &v, collateral, certificates, 4, false, true, ecdsa);
    bench_memory(&v, collateral, platforms, certificates);
    return 0;
}
