#ifndef TLS_OPENSSL_CONTEXT_H
#define TLS_OPENSSL_CONTEXT_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/error.h"
#include "ratls/openssl.h"

/* What the adapter keeps with an SSL_CTX and with an SSL, in their ex_data. */

enum { SID_SIZE = 32 };

typedef enum tls_role { ROLE_CLIENT, ROLE_SERVER } tls_role;

/* A verifier in service. Sessions carry the sid of the one that accepted them, which no other has:
 * in this process or elsewhere. */
typedef struct installed {
    atomic_size_t references;
    ratls_verifier *verifier;
    uint8_t sid[2][SID_SIZE]; /* by the own role */
} installed;

/* The attester's certificate, as OpenSSL wants it. */
typedef struct shown {
    ratls_credential *of; /* held, so that no other one gets its address */
    X509 *leaf;
    EVP_PKEY *key;
    STACK_OF(X509) * chain;
} shown;

/* Of an SSL_CTX. */
typedef struct adapter {
    /* Constant once the context is in use. */
    ratls_attester *attester; /* NULL: the context's own certificates are served */
    bool verifies;
    ratls_openssl_options options;
    void (*info_before)(const SSL *ssl, int where, int value);
    bool speaks; /* ratls/1 */
    ratls_openssl_session_options session;
    const char *protocols[RATLS_SESSION_PROTOCOLS_MAX];
    char protocol_names[RATLS_SESSION_PROTOCOLS_MAX][RATLS_SESSION_PROTOCOL_MAX + 1];

    pthread_mutex_t lock; /* all below */
    pthread_cond_t turn;
    installed *current; /* NULL unless it verifies */
    uint32_t verifying; /* peers, now */
    shown shown;
} adapter;

/* Of an SSL. */
typedef struct connection {
    installed *by;             /* who judges, or judged, the peer */
    ratls_result *result;      /* NULL if no certificate was judged */
    ratls_result *certificate; /* what a later verifier found of it; NULL: `result` has it */
    uint64_t epoch; /* of the verifier's collateral when the handshake, or judging, began */
    bool again;     /* this handshake is not the first */
    bool judged;    /* in this handshake */
    bool accepted;
    bool failed;
    ratls_error error; /* if failed */

    /* ratls/1 */
    const adapter *on;
    SSL *ssl;
    bool shown;             /* a certificate of its own */
    bool asks;              /* the peer's certificate was judged so far; its answer has to follow */
    ratls_binding level;    /* that it is asked for */
    ratls_session *channel; /* NULL: not begun, or not spoken */
    bool open;
    long mode;      /* of the SSL, before */
    size_t writing; /* bytes of the application in the data frame that is being sent; 0: none */
    uint8_t head[RATLS_SESSION_DATA_HEAD];
    /* Held back until the channel begins; see channel_bar. */
    BIO *barred; /* a reference; NULL: nothing is */
    BIO_callback_fn_ex barred_callback;
    char *barred_arg;
} connection;

/* NULL if the context has none yet. */
adapter *adapter_of(const SSL_CTX *ctx);
/* The context's, made if need be; NULL if the system fails. */
adapter *adapter_make(SSL_CTX *ctx);
int64_t adapter_now(const adapter *a);
/* The verifier in service, a reference; NULL if there is none. */
installed *adapter_installed(adapter *a);
void installed_free(installed *i); /* gives the reference back; NULL is fine */

/* NULL if the SSL has none yet. */
connection *connection_of(const SSL *ssl);
/* The SSL's, made if need be; NULL if memory is out. */
connection *connection_make(SSL *ssl);
void connection_reset(connection *c);

/* The callbacks; `arg` is the adapter. */
int openssl_on_certificate(SSL *ssl, void *arg);
int openssl_on_verify(X509_STORE_CTX *store, void *arg);
void openssl_on_info(const SSL *ssl, int where, int value);

/* A peer's certificate is demanded of this SSL, whatever was set on it. */
void openssl_demand(SSL *ssl);

void shown_free(shown *s);

#endif
