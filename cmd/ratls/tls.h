#ifndef RATLS_CMD_TLS_H
#define RATLS_CMD_TLS_H

#include <openssl/ssl.h>

#include "command.h"
#include "ratls/collateral.h"
#include "ratls/openssl.h"

/* What serve and connect have in common. */

/* The own side's options, by their places in the tables of both commands. */
enum tls_option { TLS_SOURCE, TLS_CERT, TLS_KEY, TLS_STAPLE, TLS_MUTUAL, TLS_TIMEOUT, TLS_OPTIONS };
#define TLS_OWN_OPTIONS                                                                            \
    [TLS_SOURCE] = {"--source", "S",                                                               \
                    "evidence from auto, gramine, tsm, tdx-guest, or sim:DIR, see ratls-sim(1)"},  \
    [TLS_CERT] = {"--cert", "CHAIN.pem",                                                           \
                  "this certificate, with its chain, instead of a source's"},                      \
    [TLS_KEY] = {"--key", "KEY.pem", "its private key; with --source: of its certificates"},       \
    [TLS_STAPLE] = {"--staple", NULL, STAPLE_ABOUT}

/* A context with what it rests on. */
typedef struct tls {
    SSL_CTX *ctx;
    ratls_keeper *keeper;     /* of collateral; NULL: there is none */
    ratls_attester *attester; /* of --source; NULL: none */
    uint32_t again_seconds;   /* between two questions to a peer; 0: it is asked once */
    ratls_binding level;      /* that peers are asked for: at least what the policy demands */
    const args *a;            /* for the clock */
} tls;

/* A context for that side. False after it said why not. Freed by tls_free in any case. */
bool tls_open(tls *t, const args *a, bool server);
/* Shows evidence: the certificate of --cert, or one from --source that is renewed in time. With
 * both the source is for ratls/1. */
bool tls_show(tls *t);
/* Demands evidence of the peer, under --policy and the rest. `name` NULL: no name is demanded. */
bool tls_demand(tls *t, const char *name);
/* Offers ratls/1, and asks for the level where peers speak it. After tls_show and tls_demand. */
bool tls_speak(tls *t);
/* Asks for collateral that is held and due now, once: a program that runs for a moment has no
 * timer. */
void tls_refresh(const tls *t);
void tls_free(tls *t);

/* --timeout in seconds; -1 if it is not given. False after it said what is wrong. */
bool tls_timeout(const args *a, int *seconds);

/*
 * Handshake, opening of ratls/1 where it is spoken, and the application's bytes. They wait for the
 * peer, tls_shake for each of its steps at most `seconds` (-1: as long as usual). False: see
 * tls_reason, with status -1. tls_get: *n is 0 at the end.
 */
bool tls_shake(SSL *ssl, int seconds);
bool tls_get(SSL *ssl, void *out, size_t cap, size_t *n);
bool tls_put(SSL *ssl, const void *data, size_t n);

/* Why the last call on this SSL failed, one sentence: ours, else OpenSSL's. */
void tls_reason(const SSL *ssl, int status, char *out, size_t cap);
/* The name that the server is asked for (SNI). */
bool tls_ask_for(SSL *ssl, const char *name);
/* "TLSv1.3, TLS_AES_256_GCM_SHA384" */
void tls_protocol(const SSL *ssl, char *out, size_t cap);

#endif
