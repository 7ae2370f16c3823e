#ifndef RATLS_SESSION_H
#define RATLS_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "ratls/attest.h"
#include "ratls/error.h"
#include "ratls/result.h"
#include "ratls/verify.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The protocol ratls/1 (doc/BINDING.md): after the handshake and before the first byte of the
 * application's, each side may ask the other for evidence that was made for this very connection.
 * It does no input or output and reads no clock, so it runs on any TLS stack; for OpenSSL,
 * ratls/openssl.h does all that is said here. One session belongs to one thread at a time. `error`
 * may be NULL everywhere.
 *
 * A client or server, after its handshake: judge the peer's certificate (ratls_verify_certificate
 * with answer_follows), and end if it is refused; ratls_session_new; then, again and again,
 * ratls_session_step; send what is pending, until it is empty; while it is making evidence, wait
 * for that; read at most what the session wants, and hand it to ratls_session_receive. After an
 * error send what is pending once more, and end the connection. When it is open, the application's
 * bytes go in data frames, or plainly if it is unframed; when it has ended, end TLS by
 * close_notify.
 *
 * The caller has to see to it, and nothing here can check, that the connection is TLS 1.3, or TLS
 * 1.2 with extended master secret and ephemeral keys; that ALPN chose RATLS_SESSION_ALPN on both
 * sides; that there is no early data, no renegotiation and no certificate after the handshake; and
 * that keys and exporter value are those of this connection.
 */
#define RATLS_SESSION_ALPN "ratls/1"

/* RFC 9266: this label, a context of length zero that is present, and 32 bytes. */
#define RATLS_SESSION_EXPORTER      "EXPORTER-Channel-Binding"
#define RATLS_SESSION_EXPORTER_SIZE 32

/* Bytes of a data frame, and of its head. */
#define RATLS_SESSION_DATA_MAX  16380
#define RATLS_SESSION_DATA_HEAD 4

/* Protocols of the application, and the bytes of one. */
#define RATLS_SESSION_PROTOCOLS_MAX 8
#define RATLS_SESSION_PROTOCOL_MAX  32

typedef struct ratls_session ratls_session;

/* When something happens, as the caller's clocks have it. */
typedef struct ratls_moment {
    int64_t time; /* Unix seconds: evidence is judged at this time */
    uint64_t ms;  /* milliseconds of a clock that never goes back: for deadlines */
} ratls_moment;

/* Zeroed, with role, keys and exporter, and result if there is a verifier, these are right for
 * most. What is pointed to must outlive the session, but for the bytes of keys and exporter. */
typedef struct ratls_session_options {
    bool server; /* the own role in TLS */
    /* DER SubjectPublicKeyInfo of the certificate that each side showed in this connection's
     * handshake. Empty: none; such a side cannot answer. */
    ratls_bytes own_key, peer_key;
    /* RATLS_SESSION_EXPORTER_SIZE bytes. Empty: the stack gives none, so there is no level
     * "session". */
    ratls_bytes exporter;

    /* Asks the peer, and judges its answers. NULL: nothing is asked. */
    const ratls_verifier *verifier;
    /* What is asked for: "nonce" or "session". NONE: "session". An answer at a level below what the
     * policy demands is refused. */
    ratls_binding level;
    bool time_is_explicit; /* as in ratls_verify_options, also the next */
    uint32_t skew_seconds;
    /* What was found out about the peer's certificate, whose checks and identity the result takes
     * over; NULL: nothing. May be `result`. */
    const ratls_result *handshake;
    ratls_result *result; /* of the last answer; needed with a verifier */
    /* Ask again after so long, or after 60 s if the peer wants that between two answers; a peer
     * that wants more is refused. 0: only by ratls_session_ask. */
    uint32_t again_seconds;

    /* Answers the peer's questions, by quotes from its queue. NULL: refuses to. */
    ratls_attester *attester;
    uint32_t interval_seconds; /* between two of its answers, at most 86,400; 0: 60 */
    /* Evidence is ready: call ratls_session_step. From another thread, at any time until the
     * session is freed. Must not touch the session itself, and must not wait for a lock that a
     * thread holds which calls anything on this session: it holds up all other quotes. NULL: nobody
     * is told. */
    void (*ready)(void *context);
    void *context;

    /* Protocols of the application, best first, at most 8 of 1 to 32 bytes. A client offers them; a
     * server takes the first of the client's that is among its own. */
    const char *const *protocols;
    size_t protocols_n;
    /* No frames once the session is open: the stream is the application's, and nobody can ask
     * again. It suffices that one side wants that. */
    bool unframed;
} ratls_session_options;

/*
 * What of the options can be judged before there is a connection: protocols, intervals, frames.
 * Errors: UNSUPPORTED (again_seconds with unframed), LIMIT.
 */
RATLS_MUST_USE ratls_code ratls_session_check(const ratls_session_options *options,
                                              ratls_error *error);

/*
 * Begins at the end of the handshake. Errors: those of ratls_session_check; MISSING (a peer that
 * showed no certificate is to be asked), UNSUPPORTED (no exporter value for level "session"),
 * SYSTEM.
 */
RATLS_MUST_USE ratls_code ratls_session_new(ratls_session **session,
                                            const ratls_session_options *options, ratls_moment now,
                                            ratls_error *error);
/* Gives up what is under way, and sets *session to NULL; NULL inside is fine. */
void ratls_session_free(ratls_session **session);

typedef enum ratls_session_state {
    RATLS_SESSION_OPENING = 0, /* no byte of the application's goes in or out */
    RATLS_SESSION_OPEN,        /* what both sides asked has been answered and accepted */
    RATLS_SESSION_CLOSED /* send what is pending, then end the connection; hand over nothing */
} ratls_session_state;

ratls_session_state ratls_session_state_of(const ratls_session *session);
/* What the peer's accepted answers show; NONE if it was not asked, or has not answered. */
ratls_binding ratls_session_level(const ratls_session *session);
/* Of the application, agreed on; NULL if none was named. Valid while the session lives. */
const char *ratls_session_protocol(const ratls_session *session);
/* Frames go on after the opening: known from the peer's hello on. */
bool ratls_session_is_framed(const ratls_session *session);
/* Why it was closed; NULL if it was not, or without a fault. Valid while the session lives. */
const ratls_error *ratls_session_error(const ratls_session *session);

/*
 * How many bytes may be read from the connection now, at most. More would be beyond the frame that
 * is being received. 0: it is closed, or open and without frames.
 */
size_t ratls_session_wants(const ratls_session *session);
/* What may be read is the application's, all of it: it can go where the application wants it. */
bool ratls_session_expects_data(const ratls_session *session);
/*
 * Bytes that came, at most ratls_session_wants. *data is the part of `in` that is the
 * application's, often nothing. An answer is judged here, as long as that takes. Any error closes
 * the session. Errors: those of ratls_verify_certificate, for an answer; MALFORMED (also a message
 * out of turn), UNSUPPORTED, LIMIT (too long, too late, too often), SYSTEM; the peer's reason if it
 * has closed.
 */
RATLS_MUST_USE ratls_code ratls_session_receive(ratls_session *session, ratls_bytes in,
                                                ratls_moment now, ratls_bytes *data,
                                                ratls_error *error);
/* The connection ended. Fine for a session that is open, between two frames; else an error. */
RATLS_MUST_USE ratls_code ratls_session_ended(ratls_session *session, ratls_error *error);

/* What is to be sent next, also when it is closed; empty if nothing. Valid until the next call. */
ratls_bytes ratls_session_pending(const ratls_session *session);
/* So many bytes of that, or of a data frame, have been sent: to be called before what the peer
 * sends next is received. 0: the stack has begun with them and wants to be called again with the
 * same: they stay what is sent next. */
void ratls_session_sent(ratls_session *session, size_t n);
/*
 * The head of a data frame for the next n bytes of the application's, 1 to RATLS_SESSION_DATA_MAX:
 * to be sent before them, with nothing in between; it counts in ratls_session_sent. Until all of
 * both has been sent nothing else is pending. Only while the session is open and framed, nothing is
 * pending and no other data frame is being sent.
 */
void ratls_session_data_head(ratls_session *session, size_t n,
                             uint8_t head[RATLS_SESSION_DATA_HEAD]);

/* Its own evidence is being made: ratls_session_step goes on when `ready` was called. */
bool ratls_session_is_making(const ratls_session *session);
/* Waits for that, at most so long. True if there is nothing to wait for any more. */
bool ratls_session_wait(const ratls_session *session, uint32_t ms);
/* What time and the queue bring: answers, deadlines, the next question. Errors as above. */
RATLS_MUST_USE ratls_code ratls_session_step(ratls_session *session, ratls_moment now,
                                             ratls_error *error);
/* When ratls_session_step is due at the latest, in milliseconds of the caller's clock; UINT64_MAX:
 * never. */
uint64_t ratls_session_due(const ratls_session *session);

/*
 * Asks the peer again, of an open and framed session. Data goes on meanwhile; an answer that fails
 * or comes too late closes the session. Errors, which change nothing: UNSUPPORTED (no frames, no
 * verifier), LIMIT (the last question is not answered yet, or the peer wants more time between two
 * answers), SYSTEM.
 */
RATLS_MUST_USE ratls_code ratls_session_ask(ratls_session *session, ratls_moment now,
                                            ratls_error *error);
/*
 * Judges later answers by this one. `handshake` is what it says of the peer's certificate
 * (ratls_verify_certificate with answer_follows), in the place of what the one before said; NULL:
 * nothing. Both must outlive the session; it must not be in another call.
 */
void ratls_session_use_verifier(ratls_session *session, const ratls_verifier *verifier,
                                const ratls_result *handshake);

#ifdef __cplusplus
}
#endif

#endif
