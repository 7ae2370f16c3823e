#ifndef SUPPORT_TLS_PAIR_H
#define SUPPORT_TLS_PAIR_H

#include <openssl/ssl.h>

#include "base/bytes.h"

/* Two ends of a TLS connection in memory. Whoever uses this links libssl. */
typedef struct tls_pair {
    SSL *client, *server;
    int client_got, server_got;        /* the fatal alert that came in; -1: none */
    bool client_failed, server_failed; /* the handshake of that side */
} tls_pair;

/* A context of that role and of exactly this version; with a certificate if `der` is not empty. */
SSL_CTX *tls_context(bool server, int version, bytes der, EVP_PKEY *key);

tls_pair pair_new(SSL_CTX *client, SSL_CTX *server);
/* As far as both get. True if both are done. */
bool pair_handshake(tls_pair *p);
/* The same with one byte at a time under way. */
bool pair_handshake_slow(tls_pair *p);
/* One message each way arrives. */
bool pair_talk(tls_pair *p);
/* No byte goes in or out at this side. */
bool pair_is_silent(SSL *side);
void pair_free(tls_pair *p);

#endif
