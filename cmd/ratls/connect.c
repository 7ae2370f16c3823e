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
#include "when.h"

enum { CONNECT_SNI = TLS_OPTIONS, CONNECT_NAME, CONNECT_LEVEL, CONNECT_AGAIN, CONNECT_OPTIONS };
enum { AGAIN_MAX = 86400 };

static const own_option connect_options[CONNECT_OPTIONS] = {
    TLS_OWN_OPTIONS,
    [TLS_MUTUAL] = {"--mutual", NULL,
                    "show evidence too, of --source, --cert or what the machine has"},
    [TLS_TIMEOUT] = {"--timeout", "S", "give up when nothing came for S seconds"},
    [CONNECT_SNI] = {"--sni", "NAME", "the name to ask the server for (default: HOST)"},
    [CONNECT_NAME] = {"--name", "NAME", "the certificate must also be for this name or address"},
    [CONNECT_LEVEL] = {"--level", "LEVEL",
                       "speak ratls/1, and demand \"nonce\" or \"session\"; \"key\": ask nothing"},
    [CONNECT_AGAIN] = {"--again", "S", "ask again each S seconds, while the connection lasts"},
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
        sheet_row(s, "binding", "%s, by %s; identity: %s", ratls_result_binding_level(r),
                  ratls_result_binding_by(r), ratls_result_identity(r));
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

/* Standard input on its way to the server. */
typedef struct input_flow {
    char data[16384];
    size_t n, sent;
    bool open;
} input_flow;

/* An error of the connection: which code the command exits with. */
static int broken(SSL *ssl)
{
    char why[512];
    tls_reason(ssl, -1, why, sizeof why);
    complain("%s", why);
    return EXIT_REFUSED;
}

/* Sends what there is of the input. False if the server takes no more. */
static bool send_input(SSL *ssl, input_flow *in, unsigned *want)
{
    *want = 0;
    while (in->sent < in->n && *want == 0) {
        size_t written;
        ERR_clear_error();
        if (ratls_openssl_write(ssl, in->data + in->sent, in->n - in->sent, &written, want, NULL) !=
            RATLS_OK)
            return false;
        in->sent += written;
    }
    return true;
}

static void read_input(input_flow *in)
{
    ssize_t n = read(STDIN_FILENO, in->data, sizeof in->data);
    in->sent = 0;
    in->n = n > 0 ? (size_t)n : 0;
    in->open = n > 0; /* after its end the answer may still be under way */
}

/* What came goes out at once, until there is no more. False at the end, with the exit code. */
static bool receive(SSL *ssl, unsigned *want, int *status)
{
    char data[16384];
    size_t n = 0;
    do {
        ERR_clear_error();
        if (ratls_openssl_read(ssl, data, sizeof data, &n, want, NULL) != RATLS_OK) {
            *status = broken(ssl);
            return false;
        }
        if (n > 0 && (fwrite(data, 1, n, stdout) != n || fflush(stdout) != 0)) {
            *status = EXIT_TROUBLE; /* main says why */
            return false;
        }
    } while (n > 0);
    *status = EXIT_ACCEPTED;
    return *want != 0;
}

/* How long to wait: until something is due in ratls/1, or the user's patience ends. */
static int patience(const SSL *ssl, int seconds, bool *ends)
{
    int due = ratls_openssl_due(ssl), most = seconds < 0 ? -1 : seconds * 1000;
    *ends = most >= 0 && (due < 0 || most <= due);
    return *ends ? most : due;
}

static int pass_bytes(SSL *ssl, int seconds)
{
    input_flow in = {.open = true};
    int status, fd = SSL_get_fd(ssl);
    unsigned sending, receiving;
    for (;;) {
        bool ends;
        if (!send_input(ssl, &in, &sending))
            return broken(ssl);
        if (!receive(ssl, &receiving, &status))
            return status;
        int most = patience(ssl, seconds, &ends);
        if (((sending | receiving) & RATLS_WANT_EVIDENCE) != 0) {
            (void)ratls_openssl_wait(ssl, RATLS_WANT_EVIDENCE, most);
            continue;
        }
        bool writes = ((sending | receiving) & RATLS_WANT_WRITE) != 0;
        struct pollfd wait[2] = {
            {.fd = fd, .events = (short)(POLLIN | (writes ? POLLOUT : 0))},
            {.fd = in.open && in.sent == in.n ? STDIN_FILENO : -1, .events = POLLIN}};
        int ready = poll(wait, 2, most);
        if (ready == 0 && ends) {
            complain("nothing came for %d seconds", seconds);
            return EXIT_TROUBLE;
        }
        if (ready > 0 && wait[1].revents != 0)
            read_input(&in);
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
    SSL_set_connect_state(ssl);
    bool accepted = tls_shake(ssl, seconds) && ratls_openssl_accepted(ssl);
    if (!accepted)
        tls_reason(ssl, -1, why, sizeof why);
    print_verdict(t->a, ssl, accepted, accepted ? "" : why);
    int status = accepted ? pass_bytes(ssl, seconds) : EXIT_REFUSED;
    if (accepted)
        (void)SSL_shutdown(ssl);
    SSL_free(ssl);
    return status;
}

/* False after it said what is wrong. */
static bool level_of(const args *a, ratls_binding *level)
{
    const char *text = a->own[CONNECT_LEVEL];
    *level = RATLS_BINDING_NONE;
    if (text == NULL)
        return true;
    for (int i = RATLS_BINDING_KEY; i <= RATLS_BINDING_SESSION; i++)
        if (bytes_is(bytes_text(text), ratls_binding_name((ratls_binding)i)))
            *level = (ratls_binding)i;
    if (*level != RATLS_BINDING_NONE)
        return true;
    complain("--level: found '%s', expected key, nonce or session", text);
    return false;
}

/* The same. */
static bool again_of(const args *a, uint32_t *seconds)
{
    const char *text = a->own[CONNECT_AGAIN];
    uint64_t n = 0;
    if (text != NULL && (!number_parse(text, AGAIN_MAX, &n) || n == 0)) {
        complain("--again: found '%s', expected seconds from 1 to %d", text, AGAIN_MAX);
        return false;
    }
    *seconds = (uint32_t)n;
    return true;
}

static bool demand(tls *t, ratls_binding level, uint32_t again)
{
    t->level = level;
    t->again_seconds = again;
    if (!tls_demand(t, t->a->own[CONNECT_NAME]))
        return false;
    if (again > 0 && t->level <= RATLS_BINDING_KEY) {
        complain("--again: nothing is asked, as the policy demands no more than \"key\"; add "
                 "--level session");
        return false;
    }
    bool speaks = t->level > RATLS_BINDING_KEY || t->a->own[CONNECT_LEVEL] != NULL;
    return !speaks || tls_speak(t);
}

static int run(const args *a)
{
    address to;
    ratls_binding level;
    uint32_t again;
    int seconds, status = EXIT_TROUBLE;
    bool shows = a->own[TLS_MUTUAL] != NULL || a->own[TLS_SOURCE] != NULL ||
                 a->own[TLS_CERT] != NULL || a->own[TLS_KEY] != NULL;
    if (!tls_timeout(a, &seconds) || !level_of(a, &level) || !again_of(a, &again))
        return EXIT_TROUBLE;
    if (!address_parse(a->file, &to)) {
        complain("connect: found '%s', expected HOST:PORT", a->file);
        return EXIT_TROUBLE;
    }
    tls t;
    if (tls_open(&t, a, false) && (!shows || tls_show(&t)) && demand(&t, level, again)) {
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
    .about =
        "Connects to the TLS server at HOST:PORT, judges its evidence in the handshake, and\n"
        "prints the verdict on standard error, with --json as one JSON object. If the server\n"
        "is accepted, standard input goes to it, and what it sends to standard output, until\n"
        "it closes the connection. Nothing is sent to a server that is refused. If the policy\n"
        "demands level nonce or session, the server is asked for it in the connection.\n"
        "Exit codes: 0 accepted, 1 refused, by either side, 2 usage or system error.",
    .example = "ratls connect 127.0.0.1:8443 --policy policy.json --collateral collateral.json",
};
