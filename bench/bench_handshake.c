/*
 * TLS 1.3 handshakes between a client and a server in processes of their own, without resumption,
 * as `bench: NAME VALUE UNIT`: with an ordinary self-signed P-256 certificate that the client
 * trusts, and with evidence of a simulated platform under a policy. A handshake is everything from
 * connect() to the first byte of the server's, with ratls/1 in between where the kind is a session:
 * then a quote is made for each connection. Rates are per second of processor time, client's and
 * server's together, and beside them per second by the clock; the best of several rounds, in which
 * the kinds take turns, so that noise meets them alike.
 *
 * Then what a server that verifies its clients grows by, from handshake 1,000 on. How many there
 * are is taken from $RATLS_BENCH_HANDSHAKES, 20,000 or more; a tenth as many are refused.
 */
#define _POSIX_C_SOURCE 200809L

#include <dirent.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "ratls/openssl.h"
#include "ratls/policy.h"
#include "ratls/sim.h"

/* New certificates are all different within a round; the server's growth is read after one. */
enum { ROUNDS = 5, LAP = 500, SETTLED = 1000, HANDSHAKES = 20000 };

static char work[] = "/tmp/bench-handshake-XXXXXX";
static pid_t owner; /* of `work` */
static pid_t servers_running[8];

static const char *path(const char *name)
{
    static char text[128];
    (void)snprintf(text, sizeof text, "%s/%s", work, name);
    return text;
}

static void remove_dir(const char *dir)
{
    char name[512];
    DIR *d = opendir(dir);
    const struct dirent *entry;
    while (d != NULL && (entry = readdir(d)) != NULL) {
        (void)snprintf(name, sizeof name, "%s/%s", dir, entry->d_name);
        (void)unlink(name);
    }
    if (d != NULL)
        (void)closedir(d);
    (void)rmdir(dir);
}

static const char *const platforms[] = {"platform", "enclave", "stranger"};
enum { PLATFORMS = sizeof platforms / sizeof *platforms };

static void clean_up(void)
{
    if (getpid() != owner)
        return;
    for (size_t i = 0; i < sizeof servers_running / sizeof *servers_running; i++)
        if (servers_running[i] > 0)
            (void)kill(servers_running[i], SIGTERM);
    for (size_t i = 0; i < PLATFORMS; i++)
        remove_dir(path(platforms[i]));
    remove_dir(work);
}

static _Noreturn void die(const char *what)
{
    (void)fprintf(stderr, "bench: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

static double read_clock(clockid_t clock)
{
    struct timespec t;
    if (clock_gettime(clock, &t) != 0)
        die("a clock can't be read");
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void report(const char *name, const char *suffix, double value, const char *unit)
{
    (void)printf("bench: %s%s %.*f %s\n", name, suffix, value < 10 ? 3 : 0, value, unit);
    (void)fflush(stdout);
}

/* The certificate that both sides of an ordinary handshake know. */
static EVP_PKEY *ordinary_key;
static X509 *ordinary;

static void make_ordinary(void)
{
    ordinary_key = EVP_EC_gen("P-256");
    ordinary = X509_new();
    if (ordinary_key == NULL || ordinary == NULL)
        die("no key");
    X509_NAME *name = X509_get_subject_name(ordinary);
    if (X509_set_version(ordinary, X509_VERSION_3) != 1 ||
        ASN1_INTEGER_set(X509_get_serialNumber(ordinary), 1) != 1 ||
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"ordinary", -1,
                                   -1, 0) != 1 ||
        X509_set_issuer_name(ordinary, name) != 1 ||
        X509_gmtime_adj(X509_getm_notBefore(ordinary), -3600) == NULL ||
        X509_gmtime_adj(X509_getm_notAfter(ordinary), 86400) == NULL ||
        X509_set_pubkey(ordinary, ordinary_key) != 1 ||
        X509_sign(ordinary, ordinary_key, EVP_sha256()) == 0)
        die("no certificate");
}

/* One platform that is accepted, another enclave of its vendor's, and another vendor. */
static void make_platforms(void)
{
    ratls_error e;
    ratls_sim_options o;
    char vendor[128];
    int64_t now = (int64_t)time(NULL);
    ratls_sim_defaults(RATLS_TEE_SGX, &o);
    if (ratls_sim_new(path("platform"), &o, now, &e) != RATLS_OK ||
        ratls_sim_new(path("stranger"), &o, now, &e) != RATLS_OK)
        die(e.text);
    (void)snprintf(vendor, sizeof vendor, "%s", path("platform"));
    o.vendor = vendor;
    o.sgx.mrenclave[0] ^= 1;
    o.sgx.mrsigner[0] ^= 1;
    if (ratls_sim_new(path("enclave"), &o, now, &e) != RATLS_OK)
        die(e.text);
}

static ratls_verifier *new_verifier(void)
{
    static uint8_t collateral[256 * 1024];
    char policy[8192];
    size_t n, policy_n;
    ratls_error e;
    ratls_verifier *v = ratls_verifier_new();
    ratls_sim *sim = ratls_sim_open(path("platform"), &e);
    if (sim == NULL)
        die(e.text);
    if (v == NULL || ratls_sim_collateral(sim, collateral, sizeof collateral, &n, &e) != RATLS_OK ||
        ratls_verifier_set_root(v, ratls_sim_root(sim), &e) != RATLS_OK ||
        ratls_verifier_add_collateral(v, (ratls_bytes){collateral, n}, &e) != RATLS_OK ||
        ratls_policy_write(policy, sizeof policy, &policy_n, ratls_sim_facts(sim), true, &e) !=
            RATLS_OK ||
        ratls_verifier_set_policy(v, (ratls_bytes){(uint8_t *)policy, policy_n}, &e) != RATLS_OK)
        die("no verifier");
    ratls_sim_free(&sim);
    return v;
}

/* What a side shows, and what it demands of the other. */
typedef enum shows { NO_CERTIFICATE, ORDINARY, EVIDENCE, OTHER_ENCLAVE, STRANGER, SHOWS } shows;
typedef enum demands { NOTHING, THE_ORDINARY, GENUINE } demands;

static const char *const platform_of[SHOWS] = {
    [EVIDENCE] = "platform", [OTHER_ENCLAVE] = "enclave", [STRANGER] = "stranger"};

static ratls_code quote(void *state, const uint8_t report_data[64], uint8_t *out, size_t cap,
                        size_t *n, ratls_error *error)
{
    return ratls_sim_quote(state, report_data, out, cap, n, error);
}

/* A certificate of its own at each call; its quoting enclave is one, as on hardware. */
static void show_evidence(SSL_CTX *ctx, shows shown)
{
    static ratls_sim *sims[SHOWS];
    ratls_attester *a;
    ratls_error e;
    if (sims[shown] == NULL)
        sims[shown] = ratls_sim_open(path(platform_of[shown]), &e);
    if (sims[shown] == NULL)
        die(e.text);
    const ratls_attester_options o = {
        .source = {.name = "bench", .state = sims[shown], .quote = quote}};
    if (ratls_attester_new(&a, &o, &e) != RATLS_OK ||
        ratls_attester_renew(a, (int64_t)time(NULL), &e) != RATLS_OK ||
        ratls_openssl_use_attester(ctx, a, &e) != RATLS_OK)
        die(e.text);
}

/* Speaks ratls/1, and asks its peer for level session if it has a verifier. */
static void speak(SSL_CTX *ctx)
{
    ratls_error e;
    const ratls_openssl_session_options o = {.level = RATLS_BINDING_SESSION};
    if (ratls_openssl_use_session(ctx, &o, &e) != RATLS_OK)
        die(e.text);
}

static SSL_CTX *new_context(bool server, shows shown, demands demanded, bool session)
{
    SSL_CTX *ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_num_tickets(ctx, 0) != 1)
        die("no context");
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    if (shown == ORDINARY) {
        if (SSL_CTX_use_certificate(ctx, ordinary) != 1 ||
            SSL_CTX_use_PrivateKey(ctx, ordinary_key) != 1)
            die("no certificate");
    } else if (shown != NO_CERTIFICATE) {
        show_evidence(ctx, shown);
    }
    if (demanded == THE_ORDINARY) {
        if (X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), ordinary) != 1)
            die("no store");
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    } else if (demanded == GENUINE) {
        ratls_error e;
        ratls_verifier *v = new_verifier();
        if (ratls_openssl_use_verifier(ctx, &v, NULL, &e) != RATLS_OK)
            die(e.text);
    }
    if (session)
        speak(ctx);
    return ctx;
}

/* One side: the contexts that its handshakes take in turn, each with a certificate of its own. */
typedef struct side {
    SSL_CTX *ctx[LAP];
    size_t n, next;
} side;

static SSL_CTX *next_context(side *s)
{
    return s->ctx[s->next++ % s->n];
}

static void side_add(side *s, size_t n, bool server, shows shown, demands demanded, bool session)
{
    while (n-- > 0)
        s->ctx[s->n++] = new_context(server, shown, demanded, session);
}

/* Handshake, and opening of ratls/1 where it is spoken. */
static bool open_up(SSL *ssl)
{
    unsigned want;
    do {
        if (ratls_openssl_open(ssl, &want, NULL) != RATLS_OK)
            return false;
    } while (want != 0 && ratls_openssl_wait(ssl, want, -1));
    return true;
}

static _Noreturn void serve(int listener, side *s)
{
    unsigned want;
    size_t written;
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        SSL *ssl = SSL_new(next_context(s));
        if (fd < 0 || ssl == NULL || SSL_set_fd(ssl, fd) != 1)
            die("the server can't accept");
        SSL_set_accept_state(ssl);
        /* A client that has had enough is no matter. */
        if (open_up(ssl) && ratls_openssl_write(ssl, "!", 1, &written, &want, NULL) != RATLS_OK)
            ERR_clear_error();
        SSL_free(ssl);
        (void)close(fd);
        ERR_clear_error();
    }
}

typedef struct server {
    struct sockaddr_un address;
    pid_t pid;
    clockid_t clock; /* its processor time */
    size_t slot;     /* in servers_running */
} server;

/* The server makes its contexts itself, so that nothing of the client's lies in its heap. */
static server server_start(const char *name, size_t n, shows shown, demands demanded, bool session)
{
    server s = {.address = {.sun_family = AF_UNIX}};
    (void)snprintf(s.address.sun_path, sizeof s.address.sun_path, "%s/%s", work, name);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (listener < 0 ||
        bind(listener, (const struct sockaddr *)&s.address, sizeof s.address) != 0 ||
        listen(listener, 16) != 0)
        die("no socket");
    s.pid = fork();
    if (s.pid == 0) {
        static side contexts;
        side_add(&contexts, n, true, shown, demanded, session);
        serve(listener, &contexts);
    }
    (void)close(listener);
    if (s.pid < 0 || clock_getcpuclockid(s.pid, &s.clock) != 0)
        die("no process");
    while (servers_running[s.slot] != 0)
        s.slot++;
    servers_running[s.slot] = s.pid;
    return s;
}

static void server_stop(const server *s)
{
    servers_running[s->slot] = 0;
    (void)kill(s->pid, SIGTERM);
    (void)waitpid(s->pid, NULL, 0);
}

static SSL *dial(const server *s, SSL_CTX *ctx)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    SSL *ssl = SSL_new(ctx);
    if (fd < 0 || ssl == NULL || SSL_set_fd(ssl, fd) != 1 ||
        connect(fd, (const struct sockaddr *)&s->address, sizeof s->address) != 0)
        die("the client can't connect");
    SSL_set_connect_state(ssl);
    return ssl;
}

static void hang_up(SSL *ssl)
{
    int fd = SSL_get_fd(ssl);
    SSL_free(ssl);
    (void)close(fd);
}

/* 0 if the server's byte arrived, else the alert that did, or -1. */
static int shake(const server *s, SSL_CTX *ctx)
{
    char byte;
    unsigned want;
    size_t n;
    SSL *ssl = dial(s, ctx);
    bool ok =
        open_up(ssl) && ratls_openssl_read(ssl, &byte, 1, &n, &want, NULL) == RATLS_OK && n == 1;
    unsigned long e = ok ? 0 : ERR_peek_error();
    int alert = ERR_GET_REASON(e) - SSL_AD_REASON_OFFSET;
    ERR_clear_error();
    hang_up(ssl);
    return ok ? 0 : alert > 0 ? alert : -1;
}

static void shake_well(const server *s, side *client)
{
    if (shake(s, next_context(client)) != 0)
        die("a handshake failed");
}

typedef enum kind {
    PLAIN,
    ATTESTED,
    SESSION,
    PLAIN_MUTUAL,
    ATTESTED_MUTUAL,
    SESSION_MUTUAL,
    ATTESTED_NEW,
    KINDS
} kind;

typedef struct how {
    const char *name;
    size_t certificates; /* that the server has */
    shows server, client;
    demands of_server, of_client;
    kind beside;
    const char *ratio; /* to `beside` */
    bool session;      /* ratls/1 at level session */
} how;

static const how kinds[KINDS] = {
    [PLAIN] = {"handshake_plain", 1, ORDINARY, NO_CERTIFICATE, THE_ORDINARY, NOTHING, PLAIN, NULL,
               false},
    [ATTESTED] = {"handshake_attested", 1, EVIDENCE, NO_CERTIFICATE, GENUINE, NOTHING, PLAIN,
                  "_per_plain", false},
    [SESSION] = {"handshake_session", 1, EVIDENCE, NO_CERTIFICATE, GENUINE, NOTHING, ATTESTED,
                 "_per_attested", true},
    [PLAIN_MUTUAL] = {"handshake_plain_mutual", 1, ORDINARY, ORDINARY, THE_ORDINARY, THE_ORDINARY,
                      PLAIN_MUTUAL, NULL, false},
    [ATTESTED_MUTUAL] = {"handshake_attested_mutual", 1, EVIDENCE, EVIDENCE, GENUINE, GENUINE,
                         PLAIN_MUTUAL, "_per_plain_mutual", false},
    [SESSION_MUTUAL] = {"handshake_session_mutual", 1, EVIDENCE, EVIDENCE, GENUINE, GENUINE,
                        ATTESTED_MUTUAL, "_per_attested_mutual", true},
    [ATTESTED_NEW] = {"handshake_attested_new", LAP, EVIDENCE, NO_CERTIFICATE, GENUINE, NOTHING,
                      PLAIN, "_per_plain", false},
};

typedef struct rates {
    double processor, elapsed;
} rates;

static rates one_lap(const server *s, side *client)
{
    double start = read_clock(CLOCK_MONOTONIC);
    double used = read_clock(CLOCK_PROCESS_CPUTIME_ID) + read_clock(s->clock);
    for (int i = 0; i < LAP; i++)
        shake_well(s, client);
    used = read_clock(CLOCK_PROCESS_CPUTIME_ID) + read_clock(s->clock) - used;
    return (rates){LAP / used, LAP / (read_clock(CLOCK_MONOTONIC) - start)};
}

/* Knows none of the certificates any more, and no platform. */
static void forget(SSL_CTX *ctx)
{
    ratls_error e;
    ratls_verifier *v = new_verifier();
    if (ratls_openssl_set_verifier(ctx, &v, &e) != RATLS_OK)
        die(e.text);
}

static void bench_rates(void)
{
    static side clients[KINDS];
    server servers[KINDS];
    rates best[KINDS] = {{0, 0}};
    for (int k = 0; k < KINDS; k++) {
        const how *h = &kinds[k];
        servers[k] = server_start(h->name, h->certificates, h->server, h->of_client, h->session);
        side_add(&clients[k], 1, false, h->client, h->of_server, h->session);
        for (size_t i = 0; i < 20 + h->certificates; i++)
            shake_well(&servers[k], &clients[k]);
    }
    for (int round = 0; round < ROUNDS; round++)
        for (int k = 0; k < KINDS; k++) {
            if (k == ATTESTED_NEW)
                forget(clients[k].ctx[0]);
            rates r = one_lap(&servers[k], &clients[k]);
            if (r.processor > best[k].processor)
                best[k].processor = r.processor;
            if (r.elapsed > best[k].elapsed)
                best[k].elapsed = r.elapsed;
        }
    for (int k = 0; k < KINDS; k++) {
        const how *h = &kinds[k];
        server_stop(&servers[k]);
        report(h->name, "", best[k].processor, "per_second");
        report(h->name, "_elapsed", best[k].elapsed, "per_second");
        if (h->ratio != NULL)
            report(h->name, h->ratio, best[k].processor / best[h->beside].processor, "ratio");
    }
}

/* KiB of its memory that are in RAM, counted page by page. */
static long resident(const server *s)
{
    char name[64], line[256];
    long kib = -1;
    (void)snprintf(name, sizeof name, "/proc/%ld/smaps_rollup", (long)s->pid);
    FILE *f = fopen(name, "r");
    while (f != NULL && kib < 0 && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, "Rss:", 4) == 0)
            kib = strtol(line + 4, NULL, 10);
    if (f != NULL)
        (void)fclose(f);
    if (kib < 0)
        die("memory of the server can't be read");
    return kib;
}

/* Clients that cycle through certificates, all of which the server has seen when it is settled. */
static void bench_memory(long handshakes)
{
    static side clients;
    char name[64];
    long settled = 0;
    server s = server_start("memory", 1, EVIDENCE, GENUINE, false);
    side_add(&clients, LAP, false, EVIDENCE, NOTHING, false);
    for (long i = 1; i <= handshakes; i++) {
        shake_well(&s, &clients);
        if (i == SETTLED)
            settled = resident(&s);
    }
    (void)snprintf(name, sizeof name, "server_memory_%ld_handshakes", handshakes);
    report(name, "", (double)(resident(&s) - settled), "KiB");
    server_stop(&s);
}

/* Heap of the client by each connection that is open. */
static double heap_by_connection(const char *name, bool session)
{
    enum { OPEN = 200 };
    static side clients[2];
    static SSL *all[OPEN];
    side *client = &clients[session ? 1 : 0];
    server s = server_start(name, 1, EVIDENCE, NOTHING, session);
    side_add(client, 1, false, NO_CERTIFICATE, GENUINE, session);
    shake_well(&s, client);
    size_t before = mallinfo2().uordblks;
    for (size_t i = 0; i < OPEN; i++) {
        all[i] = dial(&s, client->ctx[0]);
        if (!open_up(all[i]) || !ratls_openssl_accepted(all[i]))
            die("a connection can't be opened");
    }
    size_t after = mallinfo2().uordblks;
    for (size_t i = 0; i < OPEN; i++)
        hang_up(all[i]);
    server_stop(&s);
    return (double)(after - before) / OPEN;
}

/* What ratls/1 takes for a connection that is open, beyond the same without. */
static void bench_session_memory(void)
{
    double plain = heap_by_connection("heap", false);
    report("session_memory", "", heap_by_connection("heap-session", true) - plain, "bytes");
}

static void bench_memory_refused(long handshakes)
{
    /* RFC 8446 6.2 */
    enum { HANDSHAKE_FAILURE = 40, CERTIFICATE_UNKNOWN = 46, REQUIRED = 116 };
    static const struct {
        shows shown;
        int alert;
    } refused[] = {{NO_CERTIFICATE, REQUIRED},
                   {ORDINARY, HANDSHAKE_FAILURE},
                   {OTHER_ENCLAVE, CERTIFICATE_UNKNOWN},
                   {STRANGER, HANDSHAKE_FAILURE} /* of whom there is no collateral */};
    enum { REFUSED = sizeof refused / sizeof *refused };
    static side clients;
    char name[64];
    long settled = 0;
    server s = server_start("refused", 1, EVIDENCE, GENUINE, false);
    for (size_t i = 0; i < LAP / REFUSED; i++)
        for (size_t k = 0; k < REFUSED; k++)
            side_add(&clients, 1, false, refused[k].shown, NOTHING, false);
    for (long i = 0; i < handshakes; i++) {
        if (shake(&s, next_context(&clients)) != refused[i % REFUSED].alert)
            die("a handshake was not refused as it should be");
        if (i + 1 == SETTLED)
            settled = resident(&s);
    }
    (void)snprintf(name, sizeof name, "server_memory_%ld_refused", handshakes);
    report(name, "", (double)(resident(&s) - settled), "KiB");
    server_stop(&s);
}

int main(void)
{
    const char *given = getenv("RATLS_BENCH_HANDSHAKES");
    long handshakes = given != NULL ? strtol(given, NULL, 10) : HANDSHAKES;
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    if (handshakes < HANDSHAKES)
        die("RATLS_BENCH_HANDSHAKES is less than 20000");
    /* A refused client may still be writing. */
    (void)sigaction(SIGPIPE, &ignore, NULL);
    if (mkdtemp(work) == NULL)
        die("no directory");
    owner = getpid();
    (void)atexit(clean_up);
    make_ordinary();
    make_platforms();
    bench_rates();
    bench_session_memory();
    bench_memory(handshakes);
    bench_memory_refused(handshakes / 10);
    return 0;
}
