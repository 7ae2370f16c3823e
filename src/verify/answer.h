#ifndef VERIFY_ANSWER_H
#define VERIFY_ANSWER_H

#include "base/bytes.h"
#include "ratls/verify.h"

/* An answer on a connection, as it came. */
typedef struct peer_answer {
    bytes evidence;     /* tag([quote, claims-buffer]) */
    bytes endorsements; /* value of the endorsements extension; empty: none */
} peer_answer;

/* What its evidence has to be. */
typedef struct answer_wanted {
    bytes claims;        /* the whole claims-buffer, byte for byte */
    ratls_binding level; /* NONCE or SESSION, that these claims stand for */
    ratls_tee tee;       /* the only one that was asked for; RATLS_TEE_NONE: any */
    /* What was found about the certificate of this connection, whose checks certificate.* and
     * identity "ca" are taken over; NULL: nothing was judged there. */
    const ratls_result *handshake;
} answer_wanted;

/*
 * Judge an answer [ratls/1: claims and transcript]: that its evidence is for exactly these claims,
 * the evidence itself, and the policy with the level that the claims stand for. RATLS_OK means
 * accepted; any other code is that of the first check that failed, whose sentence is also in
 * *error. `result` may be wanted->handshake. The nonce stands in the claims: that of `options` is
 * empty; caller_checks_ca and answer_follows are passed over.
 */
RATLS_MUST_USE ratls_code verify_answer(const ratls_verifier *v, const peer_answer *a,
                                        const answer_wanted *wanted,
                                        const ratls_verify_options *options, ratls_result *result,
                                        ratls_error *error);

#endif
