#ifndef ATTEST_ATTESTER_H
#define ATTEST_ATTESTER_H

#include <pthread.h>

#include "attest/peer.h"
#include "attest/quote_queue.h"
#include "crypto/private.h"
#include "x509/certificate.h"

enum {
    ATTESTER_NAME_MAX = 2048, /* bytes of the subject, in DER */
    ATTESTER_NAMES_MAX = 8192 /* of the subject alternative names */
};

/* What a renewal needs, too much for a stack. NULL if memory is out; the caller frees it. */
typedef struct attester_work attester_work;
attester_work *attester_work_new(void);

struct ratls_attester {
    /* Constant from ratls_attester_new on. */
    ratls_source source;
    crypto_type key_type;
    crypto_private *key; /* NULL: a new one each time */
    ratls_peer peer;
    uint32_t valid_seconds;
    int64_t not_after_limit;
    bool staple;
    ratls_code (*collateral)(void *state, ratls_bytes quote, int64_t now, uint8_t *out, size_t cap,
                             size_t *n, ratls_error *error); /* NULL: the source's */
    void *collateral_state;
    uint8_t subject[ATTESTER_NAME_MAX];
    size_t subject_n;
    uint8_t names[ATTESTER_NAMES_MAX];
    issue_extensions alt_names; /* one or none */
    uint8_t *ca_der;            /* NULL: self-signed */
    certificate ca;             /* views into ca_der */
    crypto_private *ca_key;
    int64_t (*clock)(void *context);
    void (*renewed)(void *context, const ratls_renewal *renewal);
    void *context;

    quote_queue *queue;  /* answers for connections */
    attester_work *work; /* of who has the turn */

    pthread_mutex_t lock; /* all below; never held while something is made */
    pthread_cond_t wake;
    pthread_cond_t turned;
    uint64_t tickets, turn;    /* the next one to be given out, and whose turn it is */
    ratls_tee tee;             /* of the source's quotes; NONE until the first */
    ratls_credential *current; /* NULL until the first is whole */
    int64_t issued;            /* when that was */
    int64_t due;               /* of the next renewal */
    int64_t planned;           /* when that was worked out */
    unsigned failures;         /* in a row */
    bool running, stopping;
    pthread_t thread;
};

/* The clock that was given, or the system's; from 1970 to 9999. */
int64_t attester_now(const ratls_attester *a);

/*
 * One at a time asks the source, in the order of coming, so that neither renewals nor the queue can
 * starve: who comes waits for the one who has the turn and for those who wait already. Without
 * `lock`.
 */
void attester_take_turn(ratls_attester *a);
void attester_give_turn(ratls_attester *a);

/* Remembers the TEE of a quote that the source gave, and tells it. */
ratls_tee attester_saw_quote(ratls_attester *a, const intel_quote *q);

/* A condition variable that waits by the monotonic clock: setting the system's does not disturb it.
 * False if there are none left. */
bool attester_condition_init(pthread_cond_t *c);
/* A thread that handles no signals. The error's number, or 0. */
int attester_start_thread(pthread_t *thread, void *(*run)(void *state), void *state);

/* A new credential from the source's evidence: a certificate as of `now`, or a request. `nonce`
 * goes into the claims; empty: none. */
typedef enum make_kind { MAKE_CERTIFICATE, MAKE_REQUEST } make_kind;
RATLS_MUST_USE ratls_code attester_make(ratls_attester *a, make_kind kind, ratls_bytes nonce,
                                        int64_t now, ratls_credential **out, ratls_error *e);

/* Makes the timer look at the clock again. */
void attester_wake(ratls_attester *a);

#endif
