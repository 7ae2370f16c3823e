/* The memo of verified platforms: a table of few ways, whose oldest entry of a row makes room. */
#define _POSIX_C_SOURCE 200809L
#include "tee/intel_memo.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

enum { WAYS = 4, ROWS = INTEL_MEMO_PLATFORMS / WAYS };

typedef struct entry {
    uint8_t digest[32];
    uint64_t used; /* 0: empty; else when it was last used, in calls */
    memo_platform platform;
} entry;

struct intel_memo {
    pthread_mutex_t lock;
    uint64_t calls;
    entry *table; /* ROWS * WAYS, made with the first entry */
    const memo_collateral *sets[INTEL_MEMO_SETS];
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

void intel_memo_free(intel_memo *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < INTEL_MEMO_SETS; i++) {
        union {
            const memo_collateral *shared;
            void *mine;
        } set = {m->sets[i]}; /* const to everybody else */
        free(set.mine);
    }
    free(m->table);
    (void)pthread_mutex_destroy(&m->lock);
    free(m);
}

/* A digest is as good as random: any of its bytes spread the entries. */
static entry *row_of(const intel_memo *m, const uint8_t digest[32])
{
    size_t n = 0;
    for (size_t i = 0; i < 4; i++)
        n = n << 8 | digest[i];
    return m->table + n % ROWS * WAYS;
}

static entry *find(const intel_memo *m, const uint8_t digest[32])
{
    if (m->table == NULL)
        return NULL;
    entry *row = row_of(m, digest);
    for (size_t i = 0; i < WAYS; i++)
        if (row[i].used != 0 && bytes_equal(bytes_of(row[i].digest, 32), bytes_of(digest, 32)))
            return &row[i];
    return NULL;
}

bool intel_memo_recall(intel_memo *m, const uint8_t digest[32], memo_platform *platform,
                       const memo_collateral **set)
{
    (void)pthread_mutex_lock(&m->lock);
    entry *e = find(m, digest);
    if (e != NULL) {
        e->used = ++m->calls;
        *platform = e->platform;
        *set = m->sets[e->platform.set];
    }
    (void)pthread_mutex_unlock(&m->lock);
    return e != NULL;
}

static void keep_set(intel_memo *m, size_t i, const tcb_info *tcb, const qe_identity *qe,
                     uint32_t evaluation_number, const check_list *checks)
{
    if (m->sets[i] != NULL)
        return;
    memo_collateral *set = malloc(sizeof *set);
    if (set == NULL)
        return;
    set->tcb = *tcb;
    set->qe = *qe;
    set->evaluation_number = evaluation_number;
    set->checks = *checks;
    m->sets[i] = set;
}

void intel_memo_keep(intel_memo *m, const uint8_t digest[32], const memo_platform *platform,
                     const tcb_info *tcb, const qe_identity *qe, uint32_t evaluation_number,
                     const check_list *checks)
{
    assert(platform->set < INTEL_MEMO_SETS);
    (void)pthread_mutex_lock(&m->lock);
    if (m->table == NULL)
        m->table = calloc((size_t)ROWS * WAYS, sizeof *m->table);
    if (m->table != NULL)
        keep_set(m, platform->set, tcb, qe, evaluation_number, checks);
    if (m->table != NULL && m->sets[platform->set] != NULL) {
        entry *e = find(m, digest), *row = row_of(m, digest);
        for (size_t i = 0; e == NULL && i < WAYS; i++)
            if (row[i].used == 0)
                e = &row[i];
        if (e == NULL) {
            e = row;
            for (size_t i = 1; i < WAYS; i++)
                if (row[i].used < e->used)
                    e = &row[i];
        }
        memcpy(e->digest, digest, sizeof e->digest);
        e->platform = *platform;
        e->used = ++m->calls;
    }
    (void)pthread_mutex_unlock(&m->lock);
}
