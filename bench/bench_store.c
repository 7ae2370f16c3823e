/*
 * Reading a full set of collateral (TCB info, QE identity, two CRLs) from a store that is a
 * directory, as `bench: NAME VALUE UNIT`. The best of several rounds.
 */
#define _XOPEN_SOURCE 700
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ratls/collateral.h"
#include "ratls/sim.h"

enum { ROUNDS = 5, CALLS = 2000, ITEMS = 4 };

static _Noreturn void die(const char *what)
{
    (void)fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

typedef struct filling {
    ratls_store store;
    char name[ITEMS][RATLS_ITEM_NAME_SIZE];
    size_t n;
} filling;

static ratls_code put(void *context, const char *name, ratls_bytes content, ratls_error *e)
{
    filling *f = context;
    ratls_item item;
    bool lost;
    const ratls_bytes nothing = {NULL, 0};
    if (ratls_item_from_name(name, &item) && f->n < ITEMS)
        (void)snprintf(f->name[f->n++], RATLS_ITEM_NAME_SIZE, "%s", name);
    return f->store.put(f->store.state, name, nothing, content, &lost, e);
}

static int drop(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status, (void)type, (void)place;
    return remove(path);
}

static void fill(const char *dir, filling *f)
{
    char platform[64], store[64];
    ratls_sim_options o;
    ratls_error e;
    ratls_sim_defaults(RATLS_TEE_TDX, &o);
    (void)snprintf(platform, sizeof platform, "%s/p", dir);
    (void)snprintf(store, sizeof store, "%s/s", dir);
    if (ratls_sim_new(platform, &o, 1767225600, &e) != RATLS_OK)
        die(e.text);
    ratls_sim *sim = ratls_sim_open(platform, &e);
    if (sim == NULL || ratls_store_directory(store, &f->store, &e) != RATLS_OK ||
        ratls_sim_publish(sim, put, f, &e) != RATLS_OK)
        die(e.text);
    ratls_sim_free(&sim);
}

int main(void)
{
    static uint8_t out[RATLS_ITEM_MAX];
    char dir[] = "/tmp/ratls-bench-XXXXXX";
    filling f = {.n = 0};
    ratls_error e;
    size_t n, bytes = 0;
    double best = 1e9;
    if (mkdtemp(dir) == NULL)
        die("no directory");
    fill(dir, &f);
    if (f.n != ITEMS)
        die("the platform has other items than expected");
    for (int round = 0; round < ROUNDS; round++) {
        double start = now();
        for (int i = 0; i < CALLS; i++) {
            bytes = 0;
            for (size_t k = 0; k < ITEMS; k++, bytes += n)
                if (f.store.get(f.store.state, f.name[k], out, sizeof out, &n, &e) != RATLS_OK)
                    die(e.text);
        }
        double each = (now() - start) / CALLS * 1e6;
        best = each < best ? each : best;
    }
    (void)printf("bench: store_read %.1f us\nbench: store_read_bytes %zu bytes\n", best, bytes);
    ratls_store_free(&f.store);
    return nftw(dir, drop, 8, FTW_DEPTH | FTW_PHYS);
}
