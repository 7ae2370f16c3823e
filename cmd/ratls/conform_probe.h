#ifndef RATLS_CMD_CONFORM_PROBE_H
#define RATLS_CMD_CONFORM_PROBE_H

#include <openssl/ssl.h>

#include "base/bytes.h"
#include "net.h"

/*
 * One TLS handshake with a server that may be anything: for a bounded time, over a bounded number
 * of bytes, with nothing believed. What it shows is kept, whatever it is worth.
 */
enum { PROBE_BYTES_MAX = 1024 * 1024 };

typedef struct probe_plan {
    const char *what;       /* for people, "TLS 1.3" */
    int version;            /* TLS1_3_VERSION */
    const char *sni;        /* the name to ask for; NULL: none */
    const char *signatures; /* as SSL_set1_sigalgs_list takes them; NULL: the usual ones */
} probe_plan;

typedef struct probe {
    bool reached;      /* there was a connection */
    bool done;         /* the handshake is complete, so the server holds the certificate's key */
    bool wants_client; /* it asked for a certificate, and had none */
    uint8_t *leaf;     /* DER; NULL: none was shown */
    size_t leaf_n;
    size_t chain_n; /* certificates in its message */
    char why[256];  /* why it is not done */
    char protocol[128];
} probe;

/* `ctx` gets a certificate verification callback of its own. Freed by probe_free in any case. */
void probe_run(SSL_CTX *ctx, const address *to, unsigned seconds, const probe_plan *plan,
               probe *out);
void probe_free(probe *p);

#endif
