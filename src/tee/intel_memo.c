/*
 * The memo of verified collateral, a short list, and of verified platforms, a table of few ways. In
 * both, what was not used for longest makes room.
 */
#define _POSIX_C_SOURCE 200809L
#include "tee/intel_memo.h"

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

enum { WAYS = 4, ROWS = INTEL_MEMO_PLATFORMS / WAYS };

typedef struct platform_entry {
    uint8_t digest[32];
    uint64_t used; /* 0: empty; else when it was last used, in calls */
    memo_platform platform;
} platform_entry;

typedef struct collateral_entry {
    uint8_t key[32];
    uint64_t used;
    unsigned holders; /* the list is one */
    memo_collateral known;
    uint8_t bodies[]; /* what `known` points into */
} collateral_entry;

struct intel_memo {
    pthread_mutex_t lock;
    uint64_t calls;
    platform_entry *table; /* ROWS * WAYS, made with the first entry */
    collateral_entry *collateral[INTEL_MEMO_COLLATERAL];
};

intel_memo *intel_memo_new(void)
{
    intel_memo *m = calloc(1, sizeof *m);
    if (m != NULL && pthread_mutex_init(&m->lock, NULL) != 0) {
        free(m);
        return NULL;
    }
    return m;
}

static void let_go(collateral_entry *e)
{
    if (e == NULL || --e->holders > 0)
        return;
    crypto_key_free(e->known.pck_ca_key);
    free(e);
}

void intel_memo_free(intel_memo *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < INTEL_MEMO_COLLATERAL; i++)
        let_go(m->collateral[i]);
    for (size_t i = 0; m->table != NULL && i < (size_t)ROWS * WAYS; i++)
        crypto_key_free(m->table[i].platform.attestation_key);
    free(m->table);
    (void)pthread_mutex_destroy(&m->lock);
    free(m);
}

static bool same(const uint8_t a[32], const uint8_t b[32])
{
    return bytes_equal(bytes_of(a, 32), bytes_of(b, 32));
}

static collateral_entry **find_collateral(intel_memo *m, const uint8_t key[32])
{
    for (size_t i = 0; i < INTEL_MEMO_COLLATERAL; i++)
        if (m->collateral[i] != NULL && same(m->collateral[i]->key, key))
            return &m->collateral[i];
    return NULL;
}

const memo_collateral *intel_memo_collateral(intel_memo *m, const uint8_t key[32])
{
    (void)pthread_mutex_lock(&m->lock);
    collateral_entry **e = find_collateral(m, key);
    if (e != NULL) {
        (*e)->used = ++m->calls;
        (*e)->holders++;
    }
    const memo_collateral *found = e != NULL ? &(*e)->known : NULL;
    (void)pthread_mutex_unlock(&m->lock);
    return found;
}

void intel_memo_release(intel_memo *m, const memo_collateral *c)
{
    if (c == NULL)
        return;
    /* It is constant to everybody but the memo. */
    const union {
        const memo_collateral *given;
        char *bytes;
    } known = {.given = c};
    (void)pthread_mutex_lock(&m->lock);
    let_go((collateral_entry *)(void *)(known.bytes - offsetof(collateral_entry, known)));
    (void)pthread_mutex_unlock(&m->lock);
}

/* NULL if memory is out. */
static collateral_entry *new_entry(const uint8_t key[32], const memo_collateral *known,
                                   bytes tcb_body, bytes qe_body, const crypto_key *root,
                                   bytes pck_ca)
{
    ratls_error e;
    collateral_entry *new = malloc(sizeof *new + tcb_body.n + qe_body.n);
    if (new == NULL)
        return NULL;
    memcpy(new->key, key, sizeof new->key);
    memcpy(new->bodies, tcb_body.p, tcb_body.n);
    memcpy(new->bodies + tcb_body.n, qe_body.p, qe_body.n);
    new->known = *known;
    new->holders = 1;
    new->known.pck_ca_key = crypto_key_like(root, pck_ca);
    if (new->known.pck_ca_key == NULL ||
        tcb_info_parse(bytes_of(new->bodies, tcb_body.n), &new->known.tcb, &e) != RATLS_OK ||
        qe_identity_parse(bytes_of(new->bodies + tcb_body.n, qe_body.n), &new->known.qe, &e) !=
            RATLS_OK) {
        let_go(new);
        return NULL;
    }
    return new;
}

/* An empty place, else that of the entry which was not used for longest. */
static collateral_entry **place_for(intel_memo *m)
{
    size_t oldest = 0;
    for (size_t i = 0; i < INTEL_MEMO_COLLATERAL; i++) {
        if (m->collateral[i] == NULL)
            return &m->collateral[i];
        if (m->collateral[i]->used < m->collateral[oldest]->used)
            oldest = i;
    }
    return &m->collateral[oldest];
}

void intel_memo_keep_collateral(intel_memo *m, const uint8_t key[32], const memo_collateral *known,
                                bytes tcb_body, bytes qe_body, const crypto_key *root, bytes pck_ca)
{
    collateral_entry *new = new_entry(key, known, tcb_body, qe_body, root, pck_ca);
    if (new == NULL)
        return;
    (void)pthread_mutex_lock(&m->lock);
    collateral_entry **place = find_collateral(m, key);
    if (place == NULL)
        place = place_for(m);
    let_go(*place);
    new->used = ++m->calls;
    *place = new;
    (void)pthread_mutex_unlock(&m->lock);
}

/* A digest is as good as random: any of its bytes spread the entries. */
static platform_entry *row_of(const intel_memo *m, const uint8_t digest[32])
{
    size_t n = 0;
    for (size_t i = 0; i < 4; i++)
        n = n << 8 | digest[i];
    return m->table + n % ROWS * WAYS;
}

static platform_entry *find_platform(const intel_memo *m, const uint8_t digest[32])
{
    if (m->table == NULL)
        return NULL;
    platform_entry *row = row_of(m, digest);
    for (size_t i = 0; i < WAYS; i++)
        if (row[i].used != 0 && same(row[i].digest, digest))
            return &row[i];
    return NULL;
}

bool intel_memo_platform(intel_memo *m, const uint8_t digest[32], memo_platform *platform)
{
    (void)pthread_mutex_lock(&m->lock);
    platform_entry *e = find_platform(m, digest);
    if (e != NULL) {
        e->used = ++m->calls;
        *platform = e->platform;
        if (crypto_key_share(e->platform.attestation_key) == NULL)
            e = NULL;
    }
    (void)pthread_mutex_unlock(&m->lock);
    return e != NULL;
}

void intel_memo_keep_platform(intel_memo *m, const uint8_t digest[32],
                              const memo_platform *platform)
{
    if (crypto_key_share(platform->attestation_key) == NULL)
        return;
    (void)pthread_mutex_lock(&m->lock);
    crypto_key *dropped = platform->attestation_key;
    if (m->table == NULL)
        m->table = calloc((size_t)ROWS * WAYS, sizeof *m->table);
    if (m->table != NULL) {
        platform_entry *e = find_platform(m, digest), *row = row_of(m, digest);
        if (e == NULL) {
            e = row; /* an empty one was never used */
            for (size_t i = 1; i < WAYS; i++)
                if (row[i].used < e->used)
                    e = &row[i];
        }
        dropped = e->platform.attestation_key;
        memcpy(e->digest, digest, sizeof e->digest);
        e->platform = *platform;
        e->used = ++m->calls;
    }
    (void)pthread_mutex_unlock(&m->lock);
    crypto_key_free(dropped);
}
