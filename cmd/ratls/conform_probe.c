#define _POSIX_C_SOURCE 200809L
#include "conform_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tls.h"

static int64_t now_ms(void)
{
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Takes any certificate; what it is worth is judged later. `arg` is the probe. */
static int keep(X509_STORE_CTX *store, void *arg)
{
    probe *p = arg;
    unsigned char *der = NULL;
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_untrusted(store);
    int n = i2d_X509(X509_STORE_CTX_get0_cert(store), &der);
    free(p->leaf);
    p->leaf = n > 0 ? malloc((size_t)n) : NULL;
    p->leaf_n = p->leaf != NULL ? (size_t)n : 0;
    if (p->leaf != NULL)
        memcpy(p->leaf, der, p->leaf_n);
    p->chain_n = chain != NULL && sk_X509_num(chain) > 0 ? (size_t)sk_X509_num(chain) : 1;
    OPENSSL_free(der);
    return 1;
}

/* Called when the server asks for a certificate and there is none to show. */
static int note_client(SSL *ssl, X509 **certificate, EVP_PKEY **key)
{
    probe *p = SSL_get_app_data(ssl);
    (void)certificate;
    (void)key;
    p->wants_client = true;
    return 0;
}

static bool wait_for(int fd, short events, int64_t deadline)
{
    struct pollfd wait = {.fd = fd, .events = events};
    for (;;) {
        int64_t left = deadline - now_ms();
        int ready = left <= 0 ? 0 : poll(&wait, 1, (int)left);
        if (ready >= 0 || errno != EINTR)
            return ready > 0;
    }
}

/* Hands over what TLS wants to send. */
static bool send_out(BIO *from, int fd, int64_t deadline)
{
    char data[16384];
    int n;
    while ((n = BIO_read(from, data, sizeof data)) > 0)
        for (int at = 0; at < n;) {
            ssize_t sent = send(fd, data + at, (size_t)(n - at), MSG_NOSIGNAL);
            if (sent < 0 && errno != EAGAIN && errno != EINTR)
                return false;
            if (sent < 0 && !wait_for(fd, POLLOUT, deadline))
                return false;
            at += sent > 0 ? (int)sent : 0;
        }
    return true;
}

/* What came, up to a buffer. False at the end, with the reason. */
static bool take_in(BIO *to, int fd, int64_t deadline, size_t *total, probe *p)
{
    char data[16384];
    if (!wait_for(fd, POLLIN, deadline)) {
        (void)snprintf(p->why, sizeof p->why, "the handshake was not complete in time");
        return false;
    }
    ssize_t n = recv(fd, data, sizeof data, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (n <= 0) {
        (void)snprintf(p->why, sizeof p->why, "%s",
                       n == 0 ? "the peer closed the connection" : strerror(errno));
        return false;
    }
    *total += (size_t)n;
    if (*total <= PROBE_BYTES_MAX && BIO_write(to, data, (int)n) == (int)n)
        return true;
    (void)snprintf(p->why, sizeof p->why,
                   "more than %d bytes came before the handshake was complete", PROBE_BYTES_MAX);
    return false;
}

/* The bytes go through our hands, so that TLS never waits and never gets more than it may. */
static void shake_hands(SSL *ssl, int fd, int64_t deadline, probe *p)
{
    BIO *in = SSL_get_rbio(ssl), *out = SSL_get_wbio(ssl);
    size_t total = 0;
    for (;;) {
        ERR_clear_error();
        errno = 0;
        int status = SSL_connect(ssl);
        int reason = SSL_get_error(ssl, status);
        if (status != 1 && reason != SSL_ERROR_WANT_READ)
            tls_reason(ssl, status, p->why, sizeof p->why);
        bool sent = send_out(out, fd, deadline);
        p->done = status == 1;
        if (status == 1 || reason != SSL_ERROR_WANT_READ)
            break;
        if (!sent) {
            (void)snprintf(p->why, sizeof p->why, "the peer takes no more bytes");
            break;
        }
        if (!take_in(in, fd, deadline, &total, p))
            break;
    }
    if (!p->done)
        return;
    p->why[0] = '\0';
    tls_protocol(ssl, p->protocol, sizeof p->protocol);
    (void)SSL_shutdown(ssl);
    (void)send_out(out, fd, deadline);
}

static bool set_signatures(SSL *ssl, const char *list)
{
    char copy[256]; /* OpenSSL takes no constant */
    int n = snprintf(copy, sizeof copy, "%s", list);
    return n > 0 && (size_t)n < sizeof copy && SSL_set1_sigalgs_list(ssl, copy) == 1;
}

static SSL *prepare(SSL_CTX *ctx, const probe_plan *plan, probe *p)
{
    SSL *ssl = SSL_new(ctx);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    if (ssl == NULL || in == NULL || out == NULL) {
        SSL_free(ssl);
        BIO_free(in);
        BIO_free(out);
        return NULL;
    }
    SSL_set_bio(ssl, in, out);
    SSL_set_app_data(ssl, p);
    if (SSL_set_min_proto_version(ssl, plan->version) == 1 &&
        SSL_set_max_proto_version(ssl, plan->version) == 1 &&
        (plan->sni == NULL || tls_ask_for(ssl, plan->sni)) &&
        (plan->signatures == NULL || set_signatures(ssl, plan->signatures)))
        return ssl;
    SSL_free(ssl);
    return NULL;
}

void probe_run(SSL_CTX *ctx, const address *to, unsigned seconds, const probe_plan *plan,
               probe *out)
{
    *out = (probe){.why = "no connection"};
    int fd = net_connect(to);
    if (fd < 0)
        return;
    out->reached = true;
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, keep, out);
    SSL_CTX_set_client_cert_cb(ctx, note_client);
    SSL *ssl = prepare(ctx, plan, out);
    if (ssl != NULL && fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
        shake_hands(ssl, fd, now_ms() + (int64_t)seconds * 1000, out);
    else
        (void)snprintf(out->why, sizeof out->why, "TLS can't be set up");
    SSL_free(ssl);
    (void)close(fd);
}

void probe_free(probe *p)
{
    free(p->leaf);
    p->leaf = NULL;
    p->leaf_n = 0;
}
