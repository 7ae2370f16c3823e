/*
 * ratls-middle HOST:PORT CERT.pem KEY.pem: a man in the middle, for tests and the demo. It has the
 * key of an honest server, ends TLS on both sides and passes all on, in both directions. What it
 * reads of the client's in clear it prints, printable runs of 12 characters or more, a line each.
 * Its first line of output says where it is. It ends with its only client, or after a minute.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LIFETIME = 60, RUN_MIN = 12 };

static const unsigned char alpn[] = "\x07ratls/1";

static _Noreturn void die(const char *what)
{
    (void)fprintf(stderr, "ratls-middle: %s\n", what);
    exit(1);
}

static SSL_CTX *context(bool server, const char *cert, const char *key)
{
    SSL_CTX *ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    if (ctx == NULL || SSL_CTX_set_num_tickets(ctx, 0) != 1 ||
        SSL_CTX_use_certificate_chain_file(ctx, cert) != 1 ||
        SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
        die("no context");
    return ctx;
}

/* Knows ratls/1 as well as the client does. */
static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_n,
                   const unsigned char *in, unsigned int in_n, void *arg)
{
    (void)ssl, (void)arg;
    union {
        unsigned char *given;
        const unsigned char *wanted;
    } same;
    int found = SSL_select_next_proto(&same.given, out_n, alpn, sizeof alpn - 1, in, in_n);
    *out = same.wanted;
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

static struct sockaddr_in loopback(unsigned port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
}

static int next_client(void)
{
    struct sockaddr_in at = loopback(0);
    socklen_t n = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (const struct sockaddr *)&at, sizeof at) != 0 ||
        listen(listener, 1) != 0 || getsockname(listener, (struct sockaddr *)&at, &n) != 0)
        die("no socket");
    (void)printf("listening on 127.0.0.1:%u\n", (unsigned)ntohs(at.sin_port));
    (void)fflush(stdout);
    int fd = accept(listener, NULL, NULL);
    if (fd < 0)
        die("no client");
    return fd;
}

static int dial(const char *target)
{
    const char *colon = strrchr(target, ':');
    struct sockaddr_in at = loopback(colon != NULL ? (unsigned)strtoul(colon + 1, NULL, 10) : 0);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&at, sizeof at) != 0)
        die("the honest server can't be reached");
    return fd;
}

static void print_runs(const char *data, size_t n)
{
    size_t start = 0;
    for (size_t i = 0; i <= n; i++) {
        if (i < n && isprint((unsigned char)data[i]))
            continue;
        if (i - start >= RUN_MIN)
            (void)printf("read: %.*s\n", (int)(i - start), data + start);
        start = i + 1;
    }
    (void)fflush(stdout);
}

/* What came from one side goes to the other. False at the end. */
static bool pass(SSL *from, SSL *to, bool prints)
{
    char data[16384];
    size_t n, sent;
    if (SSL_read_ex(from, data, sizeof data, &n) != 1)
        return SSL_get_error(from, 0) == SSL_ERROR_WANT_READ;
    if (prints)
        print_runs(data, n);
    return SSL_write_ex(to, data, n, &sent) == 1;
}

static void pass_all(SSL *client, SSL *server)
{
    struct pollfd fds[2] = {{.fd = SSL_get_fd(client), .events = POLLIN},
                            {.fd = SSL_get_fd(server), .events = POLLIN}};
    for (;;) {
        bool waits = SSL_pending(client) == 0 && SSL_pending(server) == 0;
        if (poll(fds, 2, waits ? -1 : 0) < 0)
            return;
        if ((SSL_pending(client) > 0 || fds[0].revents != 0) && !pass(client, server, true))
            return;
        if ((SSL_pending(server) > 0 || fds[1].revents != 0) && !pass(server, client, false))
            return;
    }
}

int main(int argc, char **argv)
{
    if (argc != 4)
        die("usage: ratls-middle HOST:PORT CERT.pem KEY.pem");
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignore, NULL);
    (void)alarm(LIFETIME);
    SSL_CTX *server_side = context(true, argv[2], argv[3]);
    SSL_CTX *client_side = context(false, argv[2], argv[3]);
    SSL_CTX_set_alpn_select_cb(server_side, on_alpn, NULL);
    SSL *victim = SSL_new(server_side), *honest = SSL_new(client_side);
    if (victim == NULL || honest == NULL || SSL_set_fd(victim, next_client()) != 1 ||
        SSL_accept(victim) != 1)
        die("the client went away");
    const unsigned char *name;
    unsigned int name_n;
    SSL_get0_alpn_selected(victim, &name, &name_n);
    if (name_n > 0 && SSL_set_alpn_protos(honest, alpn, sizeof alpn - 1) != 0)
        die("no ALPN");
    if (SSL_set_fd(honest, dial(argv[1])) != 1 || SSL_connect(honest) != 1)
        die("the honest server went away");
    (void)SSL_clear_mode(victim, SSL_MODE_AUTO_RETRY);
    (void)SSL_clear_mode(honest, SSL_MODE_AUTO_RETRY);
    pass_all(victim, honest);
    (void)SSL_shutdown(victim);
    (void)SSL_shutdown(honest);
    SSL_free(victim);
    SSL_free(honest);
    SSL_CTX_free(server_side);
    SSL_CTX_free(client_side);
    return 0;
}
