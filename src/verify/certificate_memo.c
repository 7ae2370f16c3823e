/* The memo of verified certificates: a table of few ways, whose oldest entry of a row makes room.
 */
#define _POSIX_C_SOURCE 200809L
#include "verify/certificate_memo.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/bytes.h"

enum { WAYS = 4, ROWS = CERTIFICATE_MEMO_MAX / WAYS };

typedef struct entry {
    uint8_t digest[32];
    uint64_t used;    /* when it was last used, in calls */
    unsigned holders; /* the table is one */
    known_certificate known;
} entry;

struct certificate_memo {
    pthread_mutex_t lock;
    uint64_t calls;
    entry *table[ROWS][WAYS]; /* made as needed: an entry is large */
};

certificate_memo *certificate_memo_new(void)
{
    certificate_memo *m = calloc(1, sizeof *m);
    if (m != NULL && pthread_mutex_init(&m->lock, NULL) != 0) {
        free(m);
        return NULL;
    }
    return m;
}

static void let_go(entry *e)
{
    if (e != NULL && --e->holders == 0)
        free(e);
}

void certificate_memo_free(certificate_memo *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < ROWS; i++)
        for (size_t k = 0; k < WAYS; k++)
            let_go(m->table[i][k]);
    (void)pthread_mutex_destroy(&m->lock);
    free(m);
}

static entry **row_of(certificate_memo *m, const uint8_t digest[32])
{
    return m->table[((size_t)digest[0] << 8 | digest[1]) % ROWS];
}

static entry **find(entry **row, const uint8_t digest[32])
{
    for (size_t i = 0; i < WAYS; i++)
        if (row[i] != NULL && bytes_equal(bytes_of(row[i]->digest, 32), bytes_of(digest, 32)))
            return &row[i];
    return NULL;
}

/* The copy, which is large, is made outside the lock. */
bool certificate_memo_recall(certificate_memo *m, const uint8_t digest[32], known_certificate *out)
{
    (void)pthread_mutex_lock(&m->lock);
    entry **place = find(row_of(m, digest), digest), *e = NULL;
    if (place != NULL) {
        e = *place;
        e->used = ++m->calls;
        e->holders++;
    }
    (void)pthread_mutex_unlock(&m->lock);
    if (e == NULL)
        return false;
    *out = e->known;
    (void)pthread_mutex_lock(&m->lock);
    let_go(e);
    (void)pthread_mutex_unlock(&m->lock);
    return true;
}

/* An empty place, else that of the entry which was not used for longest. */
static entry **place_in(entry **row)
{
    size_t oldest = 0;
    for (size_t i = 0; i < WAYS; i++) {
        if (row[i] == NULL)
            return &row[i];
        if (row[i]->used < row[oldest]->used)
            oldest = i;
    }
    return &row[oldest];
}

void certificate_memo_keep(certificate_memo *m, const uint8_t digest[32],
                           const known_certificate *known)
{
    entry *new = malloc(sizeof *new);
    if (new == NULL)
        return;
    memcpy(new->digest, digest, sizeof new->digest);
    new->known = *known;
    new->holders = 1;
    (void)pthread_mutex_lock(&m->lock);
    entry **row = row_of(m, digest), **place = find(row, digest);
    if (place == NULL)
        place = place_in(row);
    let_go(*place);
    new->used = ++m->calls;
    *place = new;
    (void)pthread_mutex_unlock(&m->lock);
}
