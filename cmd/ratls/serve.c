/* ratls serve: a TLS server with evidence that tells each client what it knows of both sides. */
#define _POSIX_C_SOURCE 200809L
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "facts.h"
#include "judge.h"
#include "net.h"
#include "show.h"
#include "source.h"
#include "tls.h"

enum { SERVE_ONCE = TLS_OPTIONS, SERVE_OPTIONS };
enum { REQUEST_MAX = 8192 };

static const own_option serve_options[SERVE_OPTIONS] = {
    TLS_OWN_OPTIONS,
    [TLS_MUTUAL] = {"--mutual", NULL, "demand evidence of clients, which --policy must accept"},
    [TLS_TIMEOUT] = {"--timeout", "S", "stop after S seconds"},
    [SERVE_ONCE] = {"--once", NULL, "stop after one connection"},
};

/* Reads the head of an HTTP request. False if the client sends none. */
static bool read_request(SSL *ssl, char *out, size_t cap)
{
    size_t n = 0, more;
    out[0] = '\0';
    while (n + 1 < cap) {
        ERR_clear_error();
        if (!tls_get(ssl, out + n, cap - 1 - n, &more) || more == 0)
            return false;
        n += more;
        out[n] = '\0';
        bytes in = bytes_of(out, n);
        if (bytes_find(in, bytes_text("\r\n\r\n")) < n || bytes_find(in, bytes_text("\n\n")) < n)
            return true;
    }
    return true;
}

/* By its path or by its header; what else it asks for does not matter. */
static bool wants_json(const char *request)
{
    bytes in = bytes_text(request);
    return bytes_starts(in, "GET /json ") || bytes_find(in, bytes_text("application/json")) < in.n;
}

static void tell_self(sheet *s, const SSL *ssl)
{
    X509 *own = SSL_get_certificate(ssl);
    unsigned char *der = NULL;
    int n = own != NULL ? i2d_X509(own, &der) : 0;
    sheet_object(s, "self", "this server: what its certificate says");
    if (n > 0)
        (void)show_certificate(s, bytes_of(der, (size_t)n));
    sheet_close(s);
    OPENSSL_free(der);
}

static void tell_peer(sheet *s, const SSL *ssl, const char *from)
{
    const ratls_result *r = ratls_openssl_result(ssl);
    sheet_object(s, "peer", "you");
    sheet_text(s, "address", "address", from);
    if (r == NULL) {
        sheet_text(s, NULL, "evidence", "none was demanded");
        sheet_null(s, "verdict", NULL);
    } else if (sheet_is_json(s)) {
        sheet_object(s, "verdict", NULL);
        verdict_json(s, r);
        sheet_close(s);
    } else {
        verdict_text(s, "shown in the handshake", r);
    }
    sheet_close(s);
}

/* The body of the answer; the caller's to free. NULL if memory is out. */
static char *tell(const SSL *ssl, const char *from, bool json, size_t *n)
{
    char *body = NULL, protocol[128];
    FILE *out = open_memstream(&body, n);
    if (out == NULL)
        return NULL;
    sheet *s = sheet_new_to(out, json);
    tls_protocol(ssl, protocol, sizeof protocol);
    sheet_text(s, "protocol", "protocol", protocol);
    tell_peer(s, ssl, from);
    tell_self(s, ssl);
    bool ok = sheet_end(s, EXIT_ACCEPTED) == EXIT_ACCEPTED;
    if (fclose(out) == 0 && ok)
        return body;
    free(body);
    return NULL;
}

static bool answer(SSL *ssl, const char *from)
{
    char request[REQUEST_MAX], head[160];
    size_t n = 0;
    if (!read_request(ssl, request, sizeof request))
        return false;
    bool json = wants_json(request);
    char *body = tell(ssl, from, json, &n);
    if (body == NULL)
        return false;
    (void)snprintf(head, sizeof head,
                   "HTTP/1.0 200 OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                   "Connection: close\r\n\r\n",
                   json ? "application/json" : "text/plain; charset=us-ascii", n);
    ERR_clear_error();
    bool ok = tls_put(ssl, head, strlen(head)) && tls_put(ssl, body, n);
    free(body);
    return ok;
}

static const char *who(const SSL *ssl)
{
    const ratls_result *r = ratls_openssl_result(ssl);
    return r != NULL ? tee_title(ratls_result_facts(r)->tee) : "a client that shows no evidence";
}

/* One connection and one line about it. The exit code says how it went. */
static int serve_one(const tls *t, int fd, const char *from)
{
    char why[512];
    SSL *ssl = SSL_new(t->ctx);
    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        complain("out of memory");
        return EXIT_TROUBLE;
    }
    SSL_set_accept_state(ssl);
    bool shaken = tls_shake(ssl, -1);
    bool ok = shaken && answer(ssl, from);
    if (!ok)
        tls_reason(ssl, -1, why, sizeof why);
    sheet *s = sheet_new(false);
    if (!shaken)
        sheet_line(s, "%s REFUSED: %s", from, why);
    else if (!ok)
        sheet_line(s, "%s ACCEPTED %s, not answered: %s", from, who(ssl), why);
    else
        sheet_line(s, "%s ACCEPTED %s, answered", from, who(ssl));
    (void)sheet_end(s, 0);
    (void)fflush(stdout);
    if (shaken)
        (void)SSL_shutdown(ssl);
    SSL_free(ssl);
    return ok ? EXIT_ACCEPTED : EXIT_REFUSED;
}

static int64_t uptime(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec;
}

static int serve(const tls *t, int listener, int seconds, bool once)
{
    int64_t end = uptime() + seconds;
    for (;;) {
        char from[96];
        int64_t left = seconds < 0 ? -1 : end - uptime();
        int fd =
            seconds >= 0 && left <= 0 ? -1 : net_accept(listener, (int)left, from, sizeof from);
        if (fd < 0 && seconds >= 0 && uptime() >= end)
            return once ? EXIT_TROUBLE : EXIT_ACCEPTED;
        if (fd < 0)
            continue;
        int status = serve_one(t, fd, from);
        net_close(fd);
        if (once)
            return status;
    }
}

static int run(const args *a)
{
    address at;
    char bound[96];
    int seconds, status = EXIT_TROUBLE;
    bool mutual = a->own[TLS_MUTUAL] != NULL;
    if (!tls_timeout(a, &seconds))
        return EXIT_TROUBLE;
    if (!address_parse(a->file, &at)) {
        complain("serve: found '%s', expected HOST:PORT; port 0 is any that is free", a->file);
        return EXIT_TROUBLE;
    }
    if (!mutual && (a->policy != NULL || a->collateral_n > 0 || a->root != NULL || a->ca != NULL)) {
        complain("serve: --policy, --collateral, --root and --ca are for --mutual");
        return EXIT_TROUBLE;
    }
    if (!mutual && a->own[TLS_STAPLE] == NULL && (a->store != NULL || a->pccs_n > 0)) {
        complain("serve: --store and --pccs are for --mutual and --staple");
        return EXIT_TROUBLE;
    }
    tls t;
    int listener = -1;
    if (tls_open(&t, a, true) && tls_show(&t) && (!mutual || tls_demand(&t, NULL)) &&
        ((t.attester == NULL && t.level <= RATLS_BINDING_KEY) || tls_speak(&t)))
        listener = net_listen(&at, bound, sizeof bound);
    if (listener >= 0) {
        (void)printf("listening on %s\n", bound);
        (void)fflush(stdout);
        status = serve(&t, listener, seconds, a->own[SERVE_ONCE] != NULL);
        (void)close(listener);
    }
    tls_free(&t);
    return status;
}

const command serve_command = {
    .name = "serve",
    .operand = "HOST:PORT",
    .run = run,
    .summary = "a TLS server with evidence that tells what it knows of itself and its client",
    .options = TAKES(OPTION_POLICY) | TAKES(OPTION_COLLATERAL) | TAKES(OPTION_TIME) |
               TAKES(OPTION_SKEW) | TAKES(OPTION_ROOT) | TAKES(OPTION_CA) | TAKES_SUPPLY,
    .own = serve_options,
    .own_n = SERVE_OPTIONS,
    .about =
        "Serves TLS at HOST:PORT (port 0: any that is free; the first line of output says\n"
        "which), with evidence of --source or else of what the machine has, and answers HTTP\n"
        "requests with what it knows of itself and of the client: in text, or in JSON for\n"
        "/json or \"Accept: application/json\". Clients that speak ratls/1 get evidence made for\n"
        "their connection. The certificate is renewed in time. One connection is served at a\n"
        "time.\n"
        "Exit codes: 0 stopped, 1 with --once the client was refused or went away, 2 usage or\n"
        "system error, or nobody came with --once.",
    .example = "ratls serve 127.0.0.1:8443 --source sim:platform",
};
