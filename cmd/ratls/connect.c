/* ratls connect: a TLS client that judges the server's evidence and then passes bytes. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "facts.h"
#include "judge.h"
#include "net.h"
#include "source.h"
#include "tls.h"

enum { CONNECT_SNI = TLS_OPTIONS, CONNECT_NAME, CONNECT_OPTIONS };

static const own_option connect_options[CONNECT_OPTIONS] = {
    TLS_OWN_OPTIONS,
    [TLS_MUTUAL] = {"--mutual", NULL, "show evidence too; --source and --cert imply it"},
    [TLS_TIMEOUT] = {"--timeout", "S", "give up when nothing came for S seconds"},
    [CONNECT_SNI] = {"--sni", "NAME", "the name to ask the server for (default: HOST)"},
    [CONNECT_NAME] = {"--name", "NAME", "the certificate must also be for this name or address"},
};

static void print_verdict(const args *a, const SSL *ssl, bool accepted, const char *why)
{
    const ratls_result *r = ratls_openssl_result(ssl);
    char protocol[128];
    sheet *s = sheet_new_to(stderr, a->json);
    sheet_bool(s, "connected", NULL, accepted);
    sheet_bytes(s, "reason", NULL, bytes_text(accepted ? "" : why));
    sheet_line(s, accepted ? "ACCEPTED" : "REFUSED: %s", why);
    sheet_row(s, "peer", "%s", a->file);
    if (accepted) {
        tls_protocol(ssl, protocol, sizeof protocol);
        sheet_text(s, "protocol", "protocol", protocol);
    }
    if (r != NULL && a->json) {
        sheet_object(s, "verdict", NULL);
        verdict_json(s, r);
        sheet_close(s);
    } else if (r != NULL && ratls_result_evidence_valid(r)) {
        const ratls_facts *f = ratls_result_facts(r);
        if (f->other_root)
            sheet_line(s, "OTHER ROOT: trust ends in the root given by --root, not in Intel's");
        sheet_object(s, NULL, "attested");
        sheet_row(s, "TEE", "%s", tee_title(f->tee));
        facts_debug(s, f);
        facts_identity(s, f);
        facts_tcb(s, f);
        sheet_close(s);
    } else if (r == NULL) {
        sheet_null(s, "verdict", NULL);
    }
    (void)sheet_end(s, 0);
    (void)fflush(stderr);
}

/* What came in goes out at once. False at its end, with the exit code in *status. */
static bool receive(SSL *ssl, int *status)
{
    char data[16384], why[256];
    size_t n = 0;
    ERR_clear_error();
    int got = SSL_read_ex(ssl, data, sizeof data, &n);
    if (got == 1) {
        if (fwrite(data, 1, n, stdout) == n && fflush(stdout) == 0)
            return true;
        *status = EXIT_TROUBLE; /* main says why */
        return false;
    }
    int reason = SSL_get_error(ssl, got);
    if (reason == SSL_ERROR_WANT_READ)
        return true;
    *status = EXIT_ACCEPTED;
    if (reason != SSL_ERROR_ZERO_RETURN) {
        tls_reason(ssl, got, why, sizeof why);
        complain("%s", why);
        *status = EXIT_REFUSED;
    }
    return false;
}

/* False if the server takes no more. */
static bool send_input(SSL *ssl, bool *open, int *status)
{
    char data[16384], why[256];
    size_t written;
    ssize_t n = read(STDIN_FILENO, data, sizeof data);
    if (n <= 0) {
        *open = false; /* the answer may still be under way */
        return true;
    }
    ERR_clear_error();
    int sent = SSL_write_ex(ssl, data, (size_t)n, &written);
    if (sent == 1)
        return true;
    tls_reason(ssl, sent, why, sizeof why);
    complain("%s", why);
    *status = EXIT_REFUSED;
    return false;
}

static int pass_bytes(SSL *ssl, int seconds)
{
    bool input_open = true;
    int status = EXIT_ACCEPTED;
    for (;;) {
        struct pollfd wait[2] = {{.fd = SSL_get_fd(ssl), .events = POLLIN},
                                 {.fd = input_open ? STDIN_FILENO : -1, .events = POLLIN}};
        int ready = SSL_pending(ssl) > 0 ? 1 : poll(wait, 2, seconds < 0 ? -1 : seconds * 1000);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0) {
            complain("nothing came for %d seconds", seconds);
            return EXIT_TROUBLE;
        }
        if (wait[1].revents != 0 && !send_input(ssl, &input_open, &status))
            return status;
        if ((SSL_pending(ssl) > 0 || wait[0].revents != 0) && !receive(ssl, &status))
            return status;
    }
}

static int talk(const tls *t, const address *to, int fd, int seconds)
{
    const char *sni = t->a->own[CONNECT_SNI];
    char why[512];
    SSL *ssl = SSL_new(t->ctx);
    if (sni == NULL && !address_is_numeric(to))
        sni = to->host;
    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1 || (sni != NULL && !tls_ask_for(ssl, sni))) {
        SSL_free(ssl);
        complain("the TLS connection can't be set up");
        return EXIT_TROUBLE;
    }
    /* A read ends with what is no data too: then standard input has its turn. */
    (void)SSL_clear_mode(ssl, SSL_MODE_AUTO_RETRY);
    ERR_clear_error();
    int status = SSL_connect(ssl);
    bool accepted = status == 1 && ratls_openssl_accepted(ssl);
    if (!accepted)
        tls_reason(ssl, status, why, sizeof why);
    print_verdict(t->a, ssl, accepted, accepted ? "" : why);
    status = accepted ? pass_bytes(ssl, seconds) : EXIT_REFUSED;
    if (accepted)
        (void)SSL_shutdown(ssl);
    SSL_free(ssl);
    return status;
}

static int run(const args *a)
{
    address to;
    int seconds, status = EXIT_TROUBLE;
    bool shows = a->own[TLS_MUTUAL] != NULL || a->own[TLS_SOURCE] != NULL ||
                 a->own[TLS_CERT] != NULL || a->own[TLS_KEY] != NULL;
    if (!tls_timeout(a, &seconds))
        return EXIT_TROUBLE;
    if (!address_parse(a->file, &to)) {
        complain("connect: found '%s', expected HOST:PORT", a->file);
        return EXIT_TROUBLE;
    }
    tls t;
    if (tls_open(&t, a, false) && (!shows || tls_show(&t)) &&
        tls_demand(&t, a->own[CONNECT_NAME])) {
        tls_refresh(&t);
        int fd = net_connect(&to);
        if (fd >= 0) {
            status = talk(&t, &to, fd, seconds);
            (void)close(fd);
        }
    }
    tls_free(&t);
    return status;
}

const command connect_command = {
    .name = "connect",
    .operand = "HOST:PORT",
    .run = run,
    .summary = "a TLS client: judges the server's evidence, then passes bytes",
    .options = TAKES(OPTION_POLICY) | TAKES(OPTION_COLLATERAL) | TAKES(OPTION_TIME) |
               TAKES(OPTION_SKEW) | TAKES(OPTION_ROOT) | TAKES(OPTION_CA) | TAKES_SUPPLY |
               TAKES(OPTION_JSON),
    .own = connect_options,
    .own_n = CONNECT_OPTIONS,
    .about = "Connects to the TLS server at HOST:PORT, judges its evidence in the handshake, and\n"
             "prints the verdict on standard error, with --json as one JSON object. If the server\n"
             "is accepted, standard input goes to it, and what it sends to standard output, until\n"
             "it closes the connection. Nothing is sent to a server that is refused.\n"
             "Exit codes: 0 accepted, 1 refused, by either side, 2 usage or system error.",
    .example = "ratls connect 127.0.0.1:8443 --policy policy.json --collateral collateral.json",
};
