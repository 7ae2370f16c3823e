#ifndef SUPPORT_MIDDLE_H
#define SUPPORT_MIDDLE_H

#include "session_tls.h"

/*
 * An attacker who ends TLS connections with keys that he has got hold of, and speaks ratls/1 as far
 * as that goes: he passes frames on, changed or not, keeps them, and reads what is in them. All by
 * OpenSSL alone.
 */
enum { MIDDLE_KEPT = 32 };

/* His end of one connection, and what came over it: whole frames. */
typedef struct middle_end {
    SSL *ssl;
    buf in; /* not yet a whole frame */
    bytes frames[MIDDLE_KEPT];
    size_t n, next; /* that came; that was not taken yet */
    bool ended;
} middle_end;

middle_end middle_of(SSL *ssl);
/* Handshake and what there is to read. True if anything came. */
bool middle_read(middle_end *e);
/* The next frame that came, NULL if there is none. */
const bytes *middle_take(middle_end *e);
/* The first frame of this type that came; fails the test if there is none. */
bytes middle_frame(const middle_end *e, unsigned type);
bool middle_has(const middle_end *e, unsigned type);
void middle_write(middle_end *e, bytes frame);
/* This text came, in whatever frame. */
bool middle_saw(const middle_end *e, const char *text);

/* A hello of his own, with this challenge if it is not empty. */
bytes middle_hello(bool server, bytes challenge);
/* The challenge in a hello, the map itself; empty if there is none. */
bytes middle_challenge_of(bytes hello);
/* A challenge with a nonce of his own. */
bytes middle_challenge(const char *level);
bytes middle_verdict(void); /* "accepted" */

#endif
