/*
 * Speed and memory of verification, as `bench: NAME VALUE UNIT`, beside the rate of one ECDSA P-256
 * verification in the same run: a cold verification has nine of them. Each figure is the best of
 * several rounds, since noise only ever slows down.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/ec.h>
#include <openssl/evp.h>

#include "appraise/result.h"
#include "codec/pem.h"
#include "evidence/evidence.h"
#include "ratls/verify.h"
#include "tee/intel_verify.h"
#include "verify/binding.h"

enum { ROUNDS = 5 };
static const double round_seconds = 0.4;

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

/* Calls a second, best of ROUNDS. */
static double rate(void (*call)(void *), void *arg)
{
    double best = 0;
    for (int round = 0; round < ROUNDS; round++) {
        unsigned calls = 0;
        double start = now(), end;
        do {
            for (int i = 0; i < 20; i++)
                call(arg);
            calls += 20;
            end = now();
        } while (end - start < round_seconds);
        if (calls / (end - start) > best)
            best = calls / (end - start);
    }
    return best;
}

static void report(const char *name, double value, const char *unit)
{
    (void)printf("bench: %s %.*f %s\n", name, value < 10 ? 3 : value < 1000 ? 1 : 0, value, unit);
    (void)fflush(stdout);
}

/* Heap in use through OpenSSL, which is all that a verification allocates beside the result. */
static struct {
    size_t used, peak;
} heap;

static void count(size_t freed, size_t taken)
{
    heap.used = heap.used - freed + taken;
    if (heap.used > heap.peak)
        heap.peak = heap.used;
}

/* Each block begins with its size. */
enum { HEAD = 16 };

static void *counted_malloc(size_t n, const char *file, int line)
{
    (void)file, (void)line;
    char *p = malloc(n + HEAD);
    if (p == NULL)
        return NULL;
    memcpy(p, &n, sizeof n);
    count(0, n);
    return p + HEAD;
}

static void counted_free(void *p, const char *file, int line)
{
    (void)file, (void)line;
    size_t n;
    if (p == NULL)
        return;
    memcpy(&n, (char *)p - HEAD, sizeof n);
    count(n, 0);
    free((char *)p - HEAD);
}

static void *counted_realloc(void *p, size_t n, const char *file, int line)
{
    if (p == NULL)
        return counted_malloc(n, file, line);
    size_t old;
    memcpy(&old, (char *)p - HEAD, sizeof old);
    char *q = realloc((char *)p - HEAD, n + HEAD);
    if (q == NULL)
        return NULL;
    memcpy(q, &n, sizeof n);
    count(old, n);
    return q + HEAD;
}

static bytes vector(const char *name)
{
    static char path[4096];
    const char *dir = getenv("RATLS_VECTORS");
    if (dir == NULL || dir[0] == '\0')
        dir = RATLS_SOURCE_DIR "/../shared/vectors";
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return BYTES_NONE;
    enum { MAX = 1 << 18 };
    uint8_t *p = malloc(MAX);
    if (p == NULL)
        die("out of memory");
    size_t n = fread(p, 1, MAX, f);
    (void)fclose(f);
    return bytes_of(p, n);
}

typedef struct signed_digest {
    EVP_PKEY_CTX *ctx;
    uint8_t digest[32], sig[80];
    size_t sig_n;
} signed_digest;

static void ecdsa_verify(void *arg)
{
    signed_digest *x = arg;
    if (EVP_PKEY_verify(x->ctx, x->sig, x->sig_n, x->digest, sizeof x->digest) != 1)
        die("ECDSA does not verify");
}

static double bench_ecdsa(void)
{
    signed_digest x = {.digest = {1}, .sig_n = sizeof x.sig};
    EVP_PKEY *key = EVP_EC_gen("P-256");
    EVP_PKEY_CTX *sign = EVP_PKEY_CTX_new(key, NULL);
    x.ctx = EVP_PKEY_CTX_new(key, NULL);
    if (EVP_PKEY_sign_init(sign) != 1 ||
        EVP_PKEY_sign(sign, x.sig, &x.sig_n, x.digest, sizeof x.digest) != 1 ||
        EVP_PKEY_verify_init(x.ctx) != 1)
        die("ECDSA can't be set up");
    double per_second = rate(ecdsa_verify, &x);
    EVP_PKEY_CTX_free(sign);
    EVP_PKEY_CTX_free(x.ctx);
    EVP_PKEY_free(key);
    report("ecdsa_p256_verify", per_second, "per_second");
    return per_second;
}

typedef struct cold {
    bytes quote, file;
    uint8_t *space;
    intel_collateral collateral;
    anchor root;
    int64_t time;
    ratls_result *result;
} cold;

/* From the bytes of the quote and of the items of collateral to the verdict; nothing is kept for
 * the next call. */
static void verify_cold(void *arg)
{
    cold *x = arg;
    intel_quote q;
    ratls_error e;
    result_reset(x->result);
    if (intel_quote_parse(x->quote, &q, &e) != RATLS_OK)
        die(e.text);
    const intel_collateral *collateral = &x->collateral;
    const intel_input in = {.quote = &q,
                            .collateral = &collateral,
                            .collateral_n = 1,
                            .root = &x->root,
                            .time = x->time};
    if (intel_verify(&in, &x->result->checks, &x->result->facts, NULL) != RATLS_OK)
        die(checks_failure(&x->result->checks)->text);
}

/* The file that holds the items: once for each set that a verifier is given. */
static void read_collateral(void *arg)
{
    cold *x = arg;
    ratls_error e;
    if (intel_collateral_read(x->file, x->space, 2 * x->file.n, &x->collateral, &e) != RATLS_OK)
        die(e.text);
}

static void bench_cold(const char *name, const char *quote, const char *collateral, int64_t time,
                       double ecdsa)
{
    crypto_key *key = intel_root_key();
    cold x = {.quote = vector(quote), .file = vector(collateral), .time = time};
    char line[64];
    if (x.quote.n == 0 || x.file.n == 0) {
        (void)printf("bench: %s skipped (no vectors)\n", name);
        return;
    }
    x.root = intel_root(key);
    x.space = malloc(2 * x.file.n);
    x.result = ratls_result_new();
    if (key == NULL || x.space == NULL || x.result == NULL)
        die("out of memory");
    read_collateral(&x);
    double per_second = rate(verify_cold, &x);
    report(name, per_second, "per_second");
    (void)snprintf(line, sizeof line, "%s_per_ecdsa", name);
    report(line, per_second / ecdsa, "ratio");
    heap.peak = heap.used;
    size_t before = heap.used;
    verify_cold(&x);
    (void)snprintf(line, sizeof line, "%s_peak_heap", name);
    report(line, (double)(heap.peak - before + sizeof *x.result) / 1024, "KiB");
    (void)snprintf(line, sizeof line, "%s_read_collateral", name);
    report(line, 1e6 / rate(read_collateral, &x), "us");
    ratls_result_free(&x.result);
    free(x.space);
    crypto_key_free(key);
}

/* Parsing and binding, without the certificate's own signature. */
static void parse_certificate(void *arg)
{
    const bytes *der = arg;
    certificate c;
    evidence_set set;
    intel_quote q;
    check_list checks;
    ratls_error e;
    const char *hash;
    checks_init(&checks);
    if (certificate_parse(*der, &c, &e) != RATLS_OK || evidence_find(&c, &set, &e) != RATLS_OK ||
        intel_quote_parse(set.all[0].payload, &q, &e) != RATLS_OK)
        die(e.text);
    if (binding_check(&c, &set.all[0], &q, &checks, &hash) != RATLS_OK ||
        binding_check_agreement(&c, &set, &checks) != RATLS_OK)
        die(checks_failure(&checks)->text);
}

static bytes certificate_of(const char *file)
{
    bytes pem = vector(file);
    if (pem.n == 0)
        return pem;
    reader r = rd_of(pem);
    uint8_t *out = malloc(pem.n);
    bytes label;
    size_t n;
    if (out == NULL || pem_next(&r, &label, out, pem.n, &n) != 1)
        die("no PEM");
    return bytes_of(out, n);
}

static void bench_certificate(const char *name, const char *file)
{
    bytes der = certificate_of(file);
    if (der.n == 0)
        (void)printf("bench: %s skipped (no vectors)\n", name);
    else
        report(name, 1e6 / rate(parse_certificate, &der), "us");
}

int main(void)
{
    if (CRYPTO_set_mem_functions(counted_malloc, counted_realloc, counted_free) != 1)
        die("OpenSSL's heap can't be counted");
    double ecdsa = bench_ecdsa();
    bench_cold("verify_cold_sgx", "dcap/quotes/sgx3-00a067-dcapqvl.bin",
               "dcap/collateral/sgx-00a067110000-e17-2025-06.json", 1750334171, ecdsa);
    bench_cold("verify_cold_tdx", "dcap/quotes/tdx4-b0c06f-dcapqvl.bin",
               "dcap/collateral/tdx-b0c06f000000-e17-2025-06.json", 1750332747, ecdsa);
    bench_certificate("parse_certificate", "interop-certs/rats-tls-cert.pem");
    bench_certificate("parse_certificate_two_quotes", "interop-certs/gramine-cert.pem");
    return 0;
}
