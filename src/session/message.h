#ifndef SESSION_MESSAGE_H
#define SESSION_MESSAGE_H

#include "base/error.h"
#include "base/writer.h"
#include "ratls/session.h"

/*
 * Payloads of ratls/1 [doc/BINDING.md, Frames]: deterministic CBOR [RFC 8949 4.2], each key at most
 * once and in order, no other keys, nothing after the map. Parsed messages are views.
 */
enum {
    MESSAGE_NONCE = 32,
    MESSAGE_PROTOCOLS_MAX = RATLS_SESSION_PROTOCOLS_MAX,
    MESSAGE_PROTOCOL_MAX = RATLS_SESSION_PROTOCOL_MAX,
    MESSAGE_INTERVAL_MAX = 86400,
    MESSAGE_EVIDENCE_MAX = 65000
};

/* Why a connection is closed [doc/BINDING.md, verdict and close]. Up to 10 it is a ratls_code. */
typedef enum close_code {
    CLOSE_NONE = 0,
    CLOSE_TURN = 11,
    CLOSE_LATE,
    CLOSE_BUSY,
    CLOSE_LAST = CLOSE_BUSY
} close_code;

/* "not this message's turn", …; of a code that the table has. Static. */
const char *close_reason(unsigned code);

typedef struct challenge {
    bytes nonce;
    ratls_binding level; /* RATLS_BINDING_NONCE or RATLS_BINDING_SESSION */
    bool sgx, tdx;       /* accepted TEEs, as far as they are known here */
    bool common;         /* evidence with tag 60000 is accepted */
} challenge;

typedef struct hello {
    uint64_t version;
    bool server;  /* the role of the sender */
    bool framing; /* frames after the opening, too */
    size_t protocols_n;
    bytes protocols[MESSAGE_PROTOCOLS_MAX];
    uint32_t interval;
    bool asks;
    challenge challenge; /* if it asks */
} hello;

typedef struct answer {
    bytes evidence, endorsements; /* endorsements may be empty: there are none */
} answer;

/* Errors: MALFORMED; UNSUPPORTED (another version, whatever follows it). */
RATLS_MUST_USE ratls_code hello_parse(bytes payload, hello *out, ratls_error *e);
RATLS_MUST_USE ratls_code challenge_parse(bytes payload, challenge *out, ratls_error *e);
RATLS_MUST_USE ratls_code answer_parse(bytes payload, answer *out, ratls_error *e);
/* verdict: 0 to 10. close: 1 to 13. */
RATLS_MUST_USE ratls_code verdict_parse(bytes payload, unsigned *code, ratls_error *e);
RATLS_MUST_USE ratls_code close_parse(bytes payload, unsigned *code, ratls_error *e);

/* Whole frames. */
void hello_write(writer *w, const hello *h);
void challenge_write(writer *w, const challenge *c);
void answer_write(writer *w, const answer *a);
void verdict_write(writer *w, unsigned code);
void close_write(writer *w, unsigned code);

#endif
