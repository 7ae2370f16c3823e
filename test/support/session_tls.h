#ifndef SUPPORT_SESSION_TLS_H
#define SUPPORT_SESSION_TLS_H

#include <openssl/ssl.h>
#include <pthread.h>

#include "ratls/openssl.h"
#include "sim_dir.h"
#include "x509_maker.h"

/*
 * Ends of TLS connections that speak ratls/1, on simulated machines. All is done in one thread, but
 * for quotes, which the attesters make in theirs. What can't be had fails the running test.
 */

/* Two machines of one vendor, with the same enclave on both. */
enum { MACHINES = 2 };
typedef struct machines {
    sim_place place[MACHINES];
    ratls_sim *sim[MACHINES];
} machines;

void machines_make(machines *m);
void machines_end(machines *m);
/* Accepts the enclave on either machine, under a policy with these members beside the others, e.g.
 * "\"binding\": {\"minimum\": \"session\"}"; "" for none. */
ratls_verifier *machines_verifier(const machines *m, const char *members);
ratls_verifier *machines_verifier_at(const machines *m, const char *level); /* of that minimum */
/* Accepts another enclave only, at any level. */
ratls_verifier *machines_stranger(const machines *m);

/* An enclave with its attester, which has a certificate in service. */
typedef struct enclave {
    ratls_source source;
    ratls_attester *attester;
    pthread_mutex_t lock; /* the next three */
    pthread_cond_t changed;
    bool held, fails; /* its quotes wait; can't be made */
    unsigned quotes;  /* that were asked for */
} enclave;

/* `more` may be NULL; its source is not used. */
enclave *enclave_new(const machines *m, unsigned machine, const ratls_attester_options *more);
void enclave_hold(enclave *e, bool held);
void enclave_fail(enclave *e);
unsigned enclave_quotes(enclave *e);
void enclave_free(enclave *e);

/* A certificate with its key. */
typedef struct identity {
    bytes der;
    EVP_PKEY *key;
} identity;

/* Without evidence, for "localhost"; issued by `ca` if that is not NULL. */
identity ordinary_identity(const cert_spec *ca);
/* What whoever has got hold of the enclave's key can show. The key is the caller's. */
identity leaked_identity(const enclave *e);

/* One end. Zeroed, it neither attests nor verifies, and does not know ratls/1. */
typedef struct end_spec {
    enclave *attests;
    ratls_verifier *verifier; /* taken over; NULL: it does not verify */
    ratls_openssl_options judging;
    bool speaks;
    ratls_openssl_session_options session;
    identity shows; /* if it does not attest; empty: servers show an ordinary one */
} end_spec;

/* Without ratls: OpenSSL alone, which offers or chooses this name in ALPN, if it is not NULL. */
SSL_CTX *bare_context(bool server, int version, identity shows, const char *alpn);
SSL_CTX *end_context(bool server, int version, const end_spec *spec);
/* In which it is NOW, always. */
int64_t fixed_time(void *context);

/* Two ends and the wire between them. */
typedef struct wire {
    SSL *client, *server;
    BIO *client_far, *server_far;
    size_t most;                   /* bytes that it carries at a time; 0: all there are */
    bool cut;                      /* it carries nothing any more */
    uint64_t to_server, to_client; /* bytes that it has carried */
} wire;

/* Takes the contexts over. `room` is how much each place on the way holds, two in each direction;
 * 0: 17 KiB. */
wire wire_new(SSL_CTX *client, SSL_CTX *server, size_t room, size_t most);
bool wire_move(wire *w); /* true if there was something to carry */
void wire_free(wire *w);

/* How far one end has got. */
typedef struct progress {
    bool done; /* open, or failed */
    ratls_code code;
    unsigned want;
    ratls_error error;
} progress;

/* One call of ratls_openssl_open, unless it is done. True if it became so. */
bool open_step(SSL *ssl, progress *p);
/* Both ends until nothing goes on any more; evidence is waited for. */
void wire_open(wire *w, progress *client, progress *server);
/* Both are open, else the test fails. */
void wire_must_open(wire *w);

/* All of `text` goes from this end to the other, else the test fails. */
void wire_say(wire *w, SSL *from, const char *text);
/* Both ends read until nothing goes on any more; evidence is waited for. No data may come. */
void wire_settle(wire *w, progress *client, progress *server);

#endif
