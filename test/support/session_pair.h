#ifndef SUPPORT_SESSION_PAIR_H
#define SUPPORT_SESSION_PAIR_H

#include <pthread.h>

#include "arena.h"
#include "ratls/attest.h"
#include "ratls/session.h"
#include "ratls/sim.h"
#include "ratls/verify.h"
#include "session/binder.h"
#include "session/frame.h"
#include "session/message.h"

/*
 * Sessions of ratls/1 in memory: two real ones, or a real one and a peer whose words a case makes
 * up. All that can't be done fails the running test.
 */

/* Simulated platforms, one of each TEE and of two vendors, and all that is made of them here: for
 * cmocka_run_group_tests. */
int session_setup(void **state);
int session_teardown(void **state);

const ratls_sim *session_platform(ratls_tee tee);

/* Accepts what runs on that platform; `members` are put into the policy ("": none). A bare one has
 * no collateral. Freed by session_teardown, as all attesters. */
ratls_verifier *session_verifier(ratls_tee tee, const char *members);
ratls_verifier *session_verifier_bare(ratls_tee tee, const char *members);
/* With `staple` it has a certificate in service, whose collateral goes into its answers. */
ratls_attester *session_attester(ratls_tee tee, bool staple);
/* The case frees this one itself. */
void session_forget(const ratls_attester *a);

/* A source that can be held up and made to fail. */
typedef struct session_gate {
    const ratls_sim *sim;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool closed;     /* who asks waits until it is opened */
    ratls_code fail; /* what asking ends in, if not RATLS_OK */
    unsigned asked;
} session_gate;

ratls_attester *session_gated(session_gate *g, ratls_tee tee, uint32_t waiting_max);
void session_gate_set(session_gate *g, bool closed, ratls_code fail);
/* Until somebody waits at it. */
void session_gate_wait(session_gate *g, unsigned asked);

/* One end of a connection. */
typedef struct session_end {
    ratls_session_options o;
    ratls_session *s;
    ratls_result *result;
    ratls_moment now;
    size_t chunk;  /* how many bytes come at once, at most */
    size_t left;   /* of the last session_give: were not wanted any more */
    ratls_error e; /* of the last call that failed */
    buf got, said; /* the application's bytes that came; all that was sent */
} session_end;

/* Options of an end with certificate and exporter value, which asks nothing and answers nothing. */
session_end session_end_of(bool server);
void session_ask_for(session_end *e, const ratls_verifier *v, ratls_binding level);
ratls_code session_try_begin(session_end *e);
void session_begin(session_end *e);
void session_end_free(session_end *e);

/* All that is pending, as sent. */
bytes session_take(session_end *e);
/* Bytes for it, as far as it wants them; ends at the first error. */
ratls_code session_give(session_end *e, bytes in);
/* Time, and evidence that is being made, which is waited for. */
ratls_code session_step(session_end *e);
ratls_code session_hang_up(session_end *e);
/* A data frame with this in it, put behind what was sent. */
bytes session_data(session_end *e, const char *text);

bool session_is(const session_end *e, ratls_session_state state);
/* Closed with this code and a sentence that holds `words`; nothing is pending but `last`, and no
 * byte of the application's was handed over. */
void session_must_refuse(session_end *e, const char *what, ratls_code code, const char *words,
                         bytes last);
bytes session_verdict(unsigned code);
bytes session_close_frame(unsigned code);

/* Both ends, joined. */
typedef struct session_pair {
    session_end client, server;
} session_pair;

session_pair session_pair_of(void);
void session_pair_begin(session_pair *p);
/* Carries all there is until nothing moves. */
void session_pair_run(session_pair *p);
void session_pair_later(session_pair *p, uint64_t ms);
bool session_pair_is_open(const session_pair *p);
void session_pair_free(session_pair *p);

/* What a peer that is written by hand says. */
bytes session_frame(unsigned type, bytes payload);
bytes session_hello(const hello *h);
bytes session_challenge(const challenge *c);
bytes session_answer(bytes evidence, bytes endorsements);
bytes session_claims(const binder *b);
bytes session_quote(ratls_tee tee, const uint8_t report_data[64]);
/* A quote over these claims, and both as evidence. */
bytes session_quote_over(ratls_tee tee, bytes claims);
bytes session_evidence(bytes quote, bytes claims);
/* The first whole frame of this type in a stream; fails the test if there is none. */
bytes session_find(bytes stream, unsigned type);

/* A session that asks, after both hellos, and its peer. */
typedef struct session_talk {
    session_end v;
    ratls_tee tee;
    hello said;                                        /* the peer's */
    bytes client, server;                              /* the hellos, whole frames */
    challenge asked;                                   /* by the session */
    uint8_t key[BINDER_HASH], transcript[BINDER_HASH]; /* for the answer to that */
} session_talk;

/* `peer` NULL: a hello that asks nothing. The session's options are those of `v`. */
session_talk session_talk_of(session_end v, ratls_tee tee, const hello *peer);
/* What the peer has to bind its answer to. */
binder session_talk_binder(const session_talk *t);
/* The right answer. */
bytes session_talk_answer(const session_talk *t);
/* The session asks again; reads its challenge. */
void session_talk_again(session_talk *t);
void session_talk_free(session_talk *t);

/* A question of the peer's, with this byte all through its nonce. */
challenge session_question(uint8_t fill, ratls_binding level);

#endif
