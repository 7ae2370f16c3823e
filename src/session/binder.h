#ifndef SESSION_BINDER_H
#define SESSION_BINDER_H

#include "base/writer.h"
#include "ratls/result.h"

/* What an answer is bound to [doc/BINDING.md, Claims and transcript]. */
enum { BINDER_HASH = 32, BINDER_EXPORTER = 32, BINDER_CLAIMS_MAX = 256 };

typedef struct binder {
    const uint8_t *key_hash; /* SHA-256 of the sender's SubjectPublicKeyInfo */
    bytes nonce;
    bool server;             /* the role of the sender */
    const uint8_t *exporter; /* NULL at level nonce */
    const uint8_t *transcript;
} binder;

/* The claims-buffer, at most BINDER_CLAIMS_MAX bytes. */
void binder_claims(writer *w, const binder *b);

/* T1, of both hellos as whole frames. False only if the crypto library fails, as below. */
bool binder_begin(bytes client_hello, bytes server_hello, uint8_t transcript[BINDER_HASH]);
/* T(k) from T(k-1), of a later challenge as a whole frame. */
bool binder_go_on(bytes challenge, uint8_t transcript[BINDER_HASH]);

#endif
