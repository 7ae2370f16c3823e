#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include "attest/quote_queue.h"
#include "ratls/session.h"
#include "session/binder.h"
#include "session/frame.h"
#include "session/message.h"

enum {
    SESSION_OUT_MAX = 640, /* a hello, a challenge, a verdict and a close */
    /* Deadlines [doc/BINDING.md, The opening], milliseconds. */
    DEADLINE_HELLO = 10000,
    DEADLINE_ANSWER = 60000,
    DEADLINE_VERDICT = 30000,
    DEADLINE_OPEN = 120000
};

#define SESSION_NEVER UINT64_MAX

typedef enum session_state { STATE_HELLO, STATE_OPENING, STATE_OPEN, STATE_CLOSED } session_state;

/* The frame that is being received. */
typedef struct frame_in {
    uint8_t small[FRAME_HEAD + FRAME_SMALL_MAX]; /* the whole frame, unless its payload is in big */
    size_t n;                                    /* bytes in small */
    size_t left;                                 /* of the payload, still to come; 0: in the head */
    uint8_t *big;                                /* payload of an answer */
    size_t big_n;
} frame_in;

struct ratls_session {
    /* Constant, but for the verifier. */
    ratls_session_options o;
    uint8_t own_key[BINDER_HASH], peer_key[BINDER_HASH], exporter[BINDER_EXPORTER];
    uint8_t secret[MESSAGE_NONCE]; /* of which its nonces are made */

    session_state state;
    bool framed;
    char protocol[MESSAGE_PROTOCOL_MAX + 1];
    bool asked, owes, awaits; /* [doc/BINDING.md, The opening] */

    /* As the one who asks. */
    uint64_t questions;
    uint8_t nonce[MESSAGE_NONCE], transcript[BINDER_HASH];
    ratls_tee wanted; /* the only TEE that was asked for; RATLS_TEE_NONE: any */
    ratls_binding reached;
    uint32_t peer_interval; /* seconds */
    uint64_t peer_answered; /* ms */

    /* As the one who answers. */
    challenge question; /* its nonce is in peer_nonce */
    uint8_t peer_nonce[MESSAGE_NONCE], peer_transcript[BINDER_HASH];
    quote_job *job;
    bool has_answered;
    uint64_t answered; /* ms */

    uint64_t hello_due, answer_due, verdict_due, open_due; /* ms, SESSION_NEVER if not running */

    frame_in in;
    uint8_t out[SESSION_OUT_MAX];
    size_t out_n, out_sent;
    uint8_t *answer; /* a whole frame; NULL: none */
    size_t answer_n, answer_sent;
    bool answer_begun;
    size_t data_left;  /* of a data frame that the caller is sending */
    ratls_error error; /* code RATLS_OK: none */
};

/* Small messages are put behind what waits in `out`, where there is always room for them. */
void session_put(ratls_session *s, bytes frame);

/* Refuse(code) [doc/BINDING.md, The opening]: sends `close` with the wire's code, and closes.
 * Returns the code for the caller, never RATLS_OK. */
__attribute__((format(printf, 3, 4))) ratls_code session_refuse(ratls_session *s, unsigned wire,
                                                                const char *format, ...);
/* A code of the wire for the caller. */
ratls_code session_code_of(unsigned wire);

/* Closes without a word to the peer. */
__attribute__((format(printf, 3, 4))) ratls_code session_close(ratls_session *s, ratls_code code,
                                                               const char *format, ...);

/* Whether a frame of this type may come now; with what wire's code it is refused, else 0. */
unsigned session_turn(const ratls_session *s, frame_type type, ratls_moment now);
/* A whole frame came. Errors have closed the session. */
RATLS_MUST_USE ratls_code session_on_frame(ratls_session *s, frame_type type, bytes frame,
                                           bytes payload, ratls_moment now);

/* Its hello, with the first question if it asks. */
RATLS_MUST_USE ratls_code session_send_hello(ratls_session *s, bytes protocol, ratls_moment now);
RATLS_MUST_USE ratls_code session_send_challenge(ratls_session *s, ratls_moment now);
/* The answer, when its evidence is ready. */
RATLS_MUST_USE ratls_code session_send_answer(ratls_session *s, ratls_moment now);

#endif
