#define _POSIX_C_SOURCE 200809L
#include "testing.h"

#include "http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { RULES_MAX = 16, CONNECTIONS_MAX = 64, ENDLESS = 100 * 1000 * 1000 };

typedef struct connection {
    http_server *server;
    pthread_t thread;
    int fd;
    bool used, over;
} connection;

struct http_server {
    http_layer layer;
    SSL_CTX *tls;
    char url[64], certificate_file[64], key_file[64];
    int listener;
    pthread_t thread;

    pthread_mutex_t lock; /* of what follows */
    bool stopping;
    http_rule rules[RULES_MAX];
    unsigned taken[RULES_MAX];
    size_t rules_n;
    unsigned connections, requests;
    size_t sent;
    char last[HTTP_REQUEST_MAX];
    connection all[CONNECTIONS_MAX];
};

/* One end of a connection. */
typedef struct peer {
    connection *c;
    SSL *tls;
} peer;

static bool is_stopping(http_server *s)
{
    (void)pthread_mutex_lock(&s->lock);
    bool stopping = s->stopping;
    (void)pthread_mutex_unlock(&s->lock);
    return stopping;
}

static bool send_all(peer *p, const void *from, size_t n)
{
    const char *at = from;
    while (n > 0) {
        ssize_t sent =
            p->tls != NULL ? SSL_write(p->tls, at, (int)n) : send(p->c->fd, at, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        at += sent;
        n -= (size_t)sent;
        (void)pthread_mutex_lock(&p->c->server->lock);
        p->c->server->sent += (size_t)sent;
        (void)pthread_mutex_unlock(&p->c->server->lock);
    }
    return true;
}

static void wait_for_the_end(peer *p)
{
    char gone[256];
    while (!is_stopping(p->c->server) && recv(p->c->fd, gone, sizeof gone, 0) > 0)
        ;
}

static bool drip(peer *p, const char *at, size_t n)
{
    const struct timespec pause = {0, 20 * 1000 * 1000};
    for (; n > 0; n--) {
        if (is_stopping(p->c->server) || !send_all(p, at++, 1))
            return false;
        (void)nanosleep(&pause, NULL);
    }
    return true;
}

/* True if another request may follow. */
static bool answer(peer *p, const http_rule *r)
{
    size_t length = r->fault == HTTP_ENDLESS ? ENDLESS : r->body.n;
    size_t cap = r->body.n + 1024 + (r->headers != NULL ? strlen(r->headers) : 0);
    char *all = malloc(cap);
    if (all == NULL)
        return false;
    int head =
        snprintf(all, cap, "HTTP/1.1 %u Whatever\r\nContent-Length: %zu\r\n%s\r\n",
                 r->status != 0 ? r->status : 200, length, r->headers != NULL ? r->headers : "");
    size_t n = (size_t)head + r->body.n;
    if (r->body.n > 0)
        memcpy(all + head, r->body.p, r->body.n);
    const char *from = r->raw != NULL ? r->raw : all;
    n = r->raw != NULL ? strlen(r->raw) : n;
    size_t at = r->fault == HTTP_WELL || r->fault == HTTP_ENDLESS ? n
                : r->at >= 0                                      ? (size_t)r->at
                                                                  : n - (size_t)-r->at;
    at = at < n ? at : n;
    bool ok = send_all(p, from, at);
    if (r->fault == HTTP_DRIP)
        ok = ok && drip(p, from + at, n - at);
    for (size_t gone = r->body.n; ok && r->fault == HTTP_ENDLESS && gone < length;
         gone += r->body.n)
        ok = send_all(p, r->body.p, r->body.n < length - gone ? r->body.n : length - gone);
    if (r->fault == HTTP_HANG)
        wait_for_the_end(p);
    free(all);
    return ok && r->raw == NULL && r->fault != HTTP_CLOSE && r->fault != HTTP_HANG;
}

/* The head of a request; false when the client leaves. */
static bool receive_head(peer *p, char head[HTTP_REQUEST_MAX])
{
    size_t n = 0;
    while (n < HTTP_REQUEST_MAX - 1) {
        ssize_t got =
            p->tls != NULL ? SSL_read(p->tls, head + n, 1) : recv(p->c->fd, head + n, 1, 0);
        if (got <= 0)
            return false;
        n += (size_t)got;
        head[n] = '\0';
        if (head[0] < 'A' || head[0] > 'Z')
            return false; /* TLS, for one */
        if (n >= 4 && strcmp(head + n - 4, "\r\n\r\n") == 0)
            return true;
    }
    return false;
}

static http_rule choose(http_server *s, const char *head)
{
    http_rule chosen = {.status = 404};
    const char *target = strchr(head, ' ');
    (void)pthread_mutex_lock(&s->lock);
    s->requests++;
    (void)snprintf(s->last, sizeof s->last, "%s", head);
    for (size_t i = 0; i < s->rules_n; i++) {
        const http_rule *r = &s->rules[i];
        bool fits =
            r->path == NULL || (target != NULL && strstr(target + 1, r->path) == target + 1);
        if (!fits || (r->times != 0 && s->taken[i] >= r->times))
            continue;
        s->taken[i]++;
        chosen = *r;
        break;
    }
    (void)pthread_mutex_unlock(&s->lock);
    return chosen;
}

static void *converse(void *state)
{
    peer p = {.c = state};
    http_server *s = p.c->server;
    bool ok = true;
    if (s->layer == HTTP_TLS_GARBAGE) {
        static const char text[] = "220 mail.example ESMTP\r\n";
        ok = false;
        (void)send_all(&p, text, sizeof text - 1);
    } else if (s->tls != NULL) {
        p.tls = SSL_new(s->tls);
        ok = p.tls != NULL && SSL_set_fd(p.tls, p.c->fd) == 1 && SSL_accept(p.tls) == 1;
    }
    char head[HTTP_REQUEST_MAX];
    while (ok && receive_head(&p, head)) {
        http_rule r = choose(s, head);
        ok = answer(&p, &r);
    }
    SSL_free(p.tls);
    (void)shutdown(p.c->fd, SHUT_RDWR);
    (void)pthread_mutex_lock(&s->lock);
    p.c->over = true;
    (void)pthread_mutex_unlock(&s->lock);
    return NULL;
}

static void reap(connection *c)
{
    (void)pthread_join(c->thread, NULL);
    (void)close(c->fd);
    c->used = false;
}

/* A place for a new connection: those that are over give theirs back. */
static connection *place(http_server *s)
{
    connection *free_one = NULL;
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        (void)pthread_mutex_lock(&s->lock);
        bool over = s->all[i].used && s->all[i].over;
        (void)pthread_mutex_unlock(&s->lock);
        if (over)
            reap(&s->all[i]);
        if (!s->all[i].used)
            free_one = &s->all[i];
    }
    return free_one;
}

static void *serve(void *state)
{
    http_server *s = state;
    int fd;
    while ((fd = accept(s->listener, NULL, NULL)) >= 0) {
        connection *c = is_stopping(s) ? NULL : place(s);
        if (c == NULL) {
            (void)close(fd);
            continue;
        }
        (void)pthread_mutex_lock(&s->lock);
        *c = (connection){.server = s, .fd = fd, .used = true};
        s->connections++;
        c->used = pthread_create(&c->thread, NULL, converse, c) == 0;
        (void)pthread_mutex_unlock(&s->lock);
    }
    return NULL;
}

static void must(bool ok, const char *what)
{
    if (!ok)
        fail_msg("http_server: %s", what);
}

static void write_pem(const char *path, const X509 *x, const EVP_PKEY *key)
{
    FILE *f = fopen(path, "w");
    must(f != NULL, path);
    must(key != NULL ? PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) == 1
                     : PEM_write_X509(f, x) == 1,
         "writing PEM");
    must(fclose(f) == 0, path);
}

static void make_tls(http_server *s)
{
    const char *names = s->layer == HTTP_TLS_NAME ? "DNS:other.example" : "IP:127.0.0.1";
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    X509_EXTENSION *san = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
    must(key != NULL && x != NULL && san != NULL, "making a certificate");
    X509_NAME *name = X509_get_subject_name(x);
    must(X509_set_version(x, 2) == 1 && ASN1_INTEGER_set(X509_get_serialNumber(x), 1) == 1 &&
             X509_gmtime_adj(X509_getm_notBefore(x), -3600) != NULL &&
             X509_gmtime_adj(X509_getm_notAfter(x), 86400) != NULL &&
             X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1,
                                        -1, 0) == 1 &&
             X509_set_issuer_name(x, name) == 1 && X509_set_pubkey(x, key) == 1 &&
             X509_add_ext(x, san, -1) == 1 && X509_sign(x, key, EVP_sha256()) > 0,
         "making a certificate");
    X509_EXTENSION_free(san);
    write_pem(s->certificate_file, x, NULL);
    write_pem(s->key_file, NULL, key);
    s->tls = SSL_CTX_new(TLS_server_method());
    must(s->tls != NULL && SSL_CTX_use_certificate(s->tls, x) == 1 &&
             SSL_CTX_use_PrivateKey(s->tls, key) == 1,
         "making a TLS context");
    if (s->layer == HTTP_TLS_CLIENT) {
        SSL_CTX_set_verify(s->tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        must(SSL_CTX_load_verify_locations(s->tls, s->certificate_file, NULL) == 1, "client CA");
    }
    X509_free(x);
    EVP_PKEY_free(key);
}

http_server *http_server_start(http_layer layer)
{
    http_server *s = calloc(1, sizeof *s);
    must(s != NULL, "out of memory");
    s->layer = layer;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof at;
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    must(s->listener >= 0 && bind(s->listener, (const struct sockaddr *)&at, sizeof at) == 0 &&
             listen(s->listener, CONNECTIONS_MAX) == 0 &&
             getsockname(s->listener, (struct sockaddr *)&at, &n) == 0,
         "no listener on loopback");
    unsigned port = ntohs(at.sin_port);
    (void)snprintf(s->url, sizeof s->url, "http%s://127.0.0.1:%u", layer == HTTP_PLAIN ? "" : "s",
                   port);
    (void)snprintf(s->certificate_file, sizeof s->certificate_file, "test-http-%u.pem", port);
    (void)snprintf(s->key_file, sizeof s->key_file, "test-http-%u-key.pem", port);
    if (layer != HTTP_PLAIN && layer != HTTP_TLS_GARBAGE)
        make_tls(s);
    /* OpenSSL writes to sockets whose client has left; no signal may come of it. */
    sigset_t all, before;
    (void)sigfillset(&all);
    must(pthread_mutex_init(&s->lock, NULL) == 0 &&
             pthread_sigmask(SIG_SETMASK, &all, &before) == 0 &&
             pthread_create(&s->thread, NULL, serve, s) == 0 &&
             pthread_sigmask(SIG_SETMASK, &before, NULL) == 0,
         "no thread");
    return s;
}

void http_server_stop(http_server **server)
{
    http_server *s = *server;
    if (s == NULL)
        return;
    (void)pthread_mutex_lock(&s->lock);
    s->stopping = true;
    (void)pthread_mutex_unlock(&s->lock);
    (void)shutdown(s->listener, SHUT_RDWR);
    (void)pthread_join(s->thread, NULL);
    (void)close(s->listener);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        if (s->all[i].used) {
            (void)shutdown(s->all[i].fd, SHUT_RDWR);
            reap(&s->all[i]);
        }
    if (s->tls != NULL) {
        (void)remove(s->certificate_file);
        (void)remove(s->key_file);
    }
    SSL_CTX_free(s->tls);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
    *server = NULL;
}

void http_server_rules(http_server *s, const http_rule *rules, size_t n)
{
    must(n <= RULES_MAX, "too many rules");
    (void)pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < n; i++) {
        s->rules[i] = rules[i];
        s->taken[i] = 0;
    }
    s->rules_n = n;
    (void)pthread_mutex_unlock(&s->lock);
}

const char *http_server_url(const http_server *s)
{
    return s->url;
}

const char *http_server_certificate_file(const http_server *s)
{
    return s->certificate_file;
}

const char *http_server_key_file(const http_server *s)
{
    return s->key_file;
}

unsigned http_server_connections(http_server *s)
{
    (void)pthread_mutex_lock(&s->lock);
    unsigned n = s->connections;
    (void)pthread_mutex_unlock(&s->lock);
    return n;
}

unsigned http_server_requests(http_server *s)
{
    (void)pthread_mutex_lock(&s->lock);
    unsigned n = s->requests;
    (void)pthread_mutex_unlock(&s->lock);
    return n;
}

unsigned http_server_await(http_server *s, unsigned requests)
{
    const struct timespec pause = {0, 5 * 1000 * 1000};
    for (int i = 0; i < 6000 && http_server_requests(s) < requests; i++)
        (void)nanosleep(&pause, NULL);
    return http_server_requests(s);
}

size_t http_server_sent(http_server *s)
{
    (void)pthread_mutex_lock(&s->lock);
    size_t n = s->sent;
    (void)pthread_mutex_unlock(&s->lock);
    return n;
}

void http_server_last(http_server *s, char out[HTTP_REQUEST_MAX])
{
    (void)pthread_mutex_lock(&s->lock);
    (void)snprintf(out, HTTP_REQUEST_MAX, "%s", s->last);
    (void)pthread_mutex_unlock(&s->lock);
}
