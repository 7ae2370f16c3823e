/* ratls collateral serve: a cache of Intel's provisioning certification service, out of a store. */
#define _POSIX_C_SOURCE 200809L
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "collateral/pccs.h"
#include "command.h"
#include "net.h"
#include "sheet.h"
#include "supply.h"
#include "tls.h"
#include "when.h"

enum { OWN_LISTEN, OWN_STORE, OWN_CERT, OWN_KEY, OWN_REQUESTS, OWN_TIMEOUT, OWN };

static const own_option own_options[OWN] = {
    [OWN_LISTEN] = {"--listen", "HOST:PORT", "where (default: 127.0.0.1:8081)"},
    [OWN_STORE] = {"--store", "DIR", "the collateral to hand out"},
    [OWN_CERT] = {"--cert", "CHAIN.pem", "serve HTTPS with this certificate, and with --key"},
    [OWN_KEY] = {"--key", "KEY.pem", "its private key"},
    [OWN_REQUESTS] = {"--requests", "N", "stop after N requests"},
    [OWN_TIMEOUT] = {"--timeout", "S", "stop after S seconds"},
};

enum {
    CLIENTS_MAX = 64,
    REQUEST_SECONDS = 15, /* that a client may take from one answer to the next */
    STEP_SECONDS = 10,    /* without any progress */
    HEAD_MAX = 16 * 1024,
    BODY_MAX = 1024,
    TARGET_MAX = 200 /* in a line about a request */
};

static const struct timeval sweep_time = {.tv_usec = 100 * 1000};

/*
 * A connection. evhttp owns the bufferevent but counts none of its connections, and tells of none
 * that ends without a request; so each is referenced here too, and looked after.
 */
typedef struct client {
    struct bufferevent *stream;
    int64_t deadline; /* uptime, for the request that is awaited */
} client;

typedef struct server {
    struct event_base *base;
    struct evhttp *http;
    struct evconnlistener *listener;
    struct event *signals[2], *end, *sweep;
    SSL_CTX *tls; /* NULL: plain HTTP */
    ratls_store store;
    pccs_space *space;
    client clients[CLIENTS_MAX];
    size_t clients_n;
    bool limited;
    uint64_t left; /* requests, if limited */
    int status;
} server;

static int64_t uptime(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec;
}

/* evhttp has freed it: that takes the callbacks away. */
static bool is_over(struct bufferevent *stream)
{
    bufferevent_data_cb read, write;
    bufferevent_event_cb event;
    void *context;
    bufferevent_getcb(stream, &read, &write, &event, &context);
    return read == NULL && write == NULL && event == NULL;
}

static void forget_ended(server *s)
{
    for (size_t i = s->clients_n; i > 0; i--) {
        struct bufferevent *stream = s->clients[i - 1].stream;
        if (!is_over(stream))
            continue;
        s->clients[i - 1] = s->clients[--s->clients_n];
        (void)bufferevent_decref(stream);
    }
}

/* Cuts off who is too slow: evhttp sees the end of the stream. */
static void sweep(evutil_socket_t fd, short what, void *context)
{
    server *s = context;
    int64_t now = uptime();
    (void)fd;
    (void)what;
    forget_ended(s);
    for (size_t i = 0; i < s->clients_n; i++)
        if (now >= s->clients[i].deadline)
            (void)shutdown(bufferevent_getfd(s->clients[i].stream), SHUT_RDWR);
    if (s->clients_n < CLIENTS_MAX)
        (void)evconnlistener_enable(s->listener);
    if (s->clients_n > 0)
        (void)evtimer_add(s->sweep, &sweep_time);
}

static struct bufferevent *new_stream(const server *s)
{
    if (s->tls == NULL)
        return bufferevent_socket_new(s->base, -1, BEV_OPT_CLOSE_ON_FREE);
    SSL *ssl = SSL_new(s->tls);
    struct bufferevent *b =
        ssl != NULL ? bufferevent_openssl_socket_new(s->base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING,
                                                     BEV_OPT_CLOSE_ON_FREE)
                    : NULL;
    /* What it did not get whole HTTP itself tells a client. */
    if (b != NULL)
        bufferevent_openssl_set_allow_dirty_shutdown(b, 1);
    return b;
}

/* For each connection. With NULL evhttp would make a stream of its own, without TLS. */
static struct bufferevent *accept_client(struct event_base *base, void *context)
{
    server *s = context;
    (void)base;
    forget_ended(s);
    struct bufferevent *stream = new_stream(s);
    if (stream == NULL || s->clients_n == CLIENTS_MAX) {
        complain("out of memory");
        exit(EXIT_TROUBLE);
    }
    bufferevent_incref(stream);
    s->clients[s->clients_n++] = (client){stream, uptime() + REQUEST_SECONDS};
    if (s->clients_n == CLIENTS_MAX)
        (void)evconnlistener_disable(s->listener);
    (void)evtimer_add(s->sweep, &sweep_time);
    return stream;
}

/* Out of file descriptors: the next sweep tries again. */
static void accept_failed(struct evconnlistener *listener, void *context)
{
    const server *s = context;
    (void)evconnlistener_disable(listener);
    (void)evtimer_add(s->sweep, &sweep_time);
}

static void stop(evutil_socket_t fd, short what, void *context)
{
    const server *s = context;
    (void)fd;
    (void)what;
    (void)event_base_loopbreak(s->base);
}

/* The next request has its own time. */
static void begin_again(server *s, const struct bufferevent *stream)
{
    for (size_t i = 0; i < s->clients_n; i++)
        if (s->clients[i].stream == stream)
            s->clients[i].deadline = uptime() + REQUEST_SECONDS;
}

static void completed(struct evhttp_request *request, void *context)
{
    const server *s = context;
    (void)request;
    if (s->limited && s->left == 0)
        (void)event_base_loopbreak(s->base);
}

static bytes method_of(enum evhttp_cmd_type type)
{
    static const struct {
        enum evhttp_cmd_type type;
        const char *name;
    } names[] = {{EVHTTP_REQ_GET, "GET"},       {EVHTTP_REQ_HEAD, "HEAD"},
                 {EVHTTP_REQ_POST, "POST"},     {EVHTTP_REQ_PUT, "PUT"},
                 {EVHTTP_REQ_DELETE, "DELETE"}, {EVHTTP_REQ_OPTIONS, "OPTIONS"},
                 {EVHTTP_REQ_TRACE, "TRACE"},   {EVHTTP_REQ_CONNECT, "CONNECT"},
                 {EVHTTP_REQ_PATCH, "PATCH"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].type == type)
            return bytes_text(names[i].name);
    return BYTES_NONE;
}
static const unsigned all_methods = EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST |
                                    EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS |
                                    EVHTTP_REQ_TRACE | EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH;

static const char *reason_of(unsigned status)
{
    static const struct {
        unsigned status;
        const char *reason;
    } reasons[] = {{200, "OK"},
                   {400, "Bad Request"},
                   {404, "Not Found"},
                   {405, "Method Not Allowed"},
                   {410, "Gone"},
                   {414, "URI Too Long"},
                   {461, "Platform Unknown"},
                   {462, "Certificates Unavailable"},
                   {503, "Service Unavailable"}};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Internal Server Error";
}

static void tell(struct evhttp_request *request, bytes method, const pccs_reply *reply)
{
    char *host = NULL;
    ev_uint16_t port = 0;
    evhttp_connection_get_peer(evhttp_request_get_connection(request), &host, &port);
    const char *target = evhttp_request_get_uri(request);
    sheet *s = sheet_new(false);
    sheet_line(s, "%s:%u %.*s %.*s %u %zu", host != NULL ? host : "?", port, (int)method.n,
               (const char *)method.p, TARGET_MAX, target, reply->status, reply->body.n);
    (void)sheet_end(s, 0);
    (void)fflush(stdout);
}

static void send_reply(struct evhttp_request *request, const pccs_reply *reply)
{
    char length[24];
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    for (size_t i = 0; i < reply->headers_n; i++)
        (void)evhttp_add_header(headers, reply->headers[i].name, reply->headers[i].value);
    (void)snprintf(length, sizeof length, "%zu", reply->body.n);
    (void)evhttp_add_header(headers, "Content-Length", length);
    if (evhttp_request_get_command(request) != EVHTTP_REQ_HEAD)
        (void)evbuffer_add(evhttp_request_get_output_buffer(request), reply->body.p, reply->body.n);
    evhttp_send_reply(request, (int)reply->status, reason_of(reply->status), NULL);
}

static void answer(struct evhttp_request *request, void *context)
{
    server *s = context;
    pccs_reply reply;
    bytes target = bytes_text(evhttp_request_get_uri(request));
    size_t path_n = bytes_find(target, bytes_text("?"));
    bytes query =
        path_n < target.n ? bytes_of(target.p + path_n + 1, target.n - path_n - 1) : BYTES_NONE;
    pccs_call call = {.method = method_of(evhttp_request_get_command(request)),
                      .path = bytes_of(target.p, path_n),
                      .query = query,
                      .now = (int64_t)time(NULL)};
    if (RAND_bytes(call.request_id, sizeof call.request_id) != 1) {
        complain("the crypto library gives no random bytes");
        s->status = EXIT_TROUBLE;
        (void)event_base_loopbreak(s->base);
    }
    pccs_respond(&call, &s->store, s->space, &reply);
    begin_again(s, evhttp_connection_get_bufferevent(evhttp_request_get_connection(request)));
    if (s->limited && s->left > 0)
        s->left--;
    evhttp_request_set_on_complete_cb(request, completed, s);
    tell(request, call.method, &reply);
    send_reply(request, &reply);
}

static bool open_tls(server *s, const char *cert, const char *key)
{
    s->tls = SSL_CTX_new(TLS_server_method());
    ERR_clear_error();
    if (s->tls == NULL || SSL_CTX_set_min_proto_version(s->tls, TLS1_2_VERSION) != 1) {
        complain("out of memory");
        return false;
    }
    (void)SSL_CTX_set_options(s->tls, SSL_OP_NO_RENEGOTIATION);
    if (SSL_CTX_use_certificate_chain_file(s->tls, cert) != 1) {
        complain("%s: no certificate in PEM", cert);
        return false;
    }
    if (SSL_CTX_use_PrivateKey_file(s->tls, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(s->tls) != 1) {
        complain("%s: no private key of that certificate", key);
        return false;
    }
    return true;
}

static void log_quietly(int severity, const char *text)
{
    if (severity >= EVENT_LOG_ERR)
        complain("%s", text);
}

/* Listening socket and all that it calls. */
static bool open_http(server *s, int fd)
{
    event_set_log_callback(log_quietly);
    s->base = event_base_new();
    s->http = s->base != NULL ? evhttp_new(s->base) : NULL;
    if (s->http == NULL || evutil_make_socket_nonblocking(fd) != 0)
        return false;
    evhttp_set_allowed_methods(s->http, (ev_uint16_t)all_methods);
    evhttp_set_max_headers_size(s->http, HEAD_MAX);
    evhttp_set_max_body_size(s->http, BODY_MAX);
    evhttp_set_timeout(s->http, STEP_SECONDS);
    evhttp_set_default_content_type(s->http, NULL);
    evhttp_set_bevcb(s->http, accept_client, s);
    evhttp_set_gencb(s->http, answer, s);
    s->sweep = evtimer_new(s->base, sweep, s);
    s->listener = evconnlistener_new(s->base, NULL, NULL, LEV_OPT_CLOSE_ON_EXEC, 0, fd);
    if (s->sweep == NULL || s->listener == NULL ||
        evhttp_bind_listener(s->http, s->listener) == NULL)
        return false;
    evconnlistener_set_error_cb(s->listener, accept_failed);
    return true;
}

static bool open_ends(server *s, int seconds)
{
    static const int numbers[2] = {SIGTERM, SIGINT};
    for (size_t i = 0; i < 2; i++) {
        s->signals[i] = evsignal_new(s->base, numbers[i], stop, s);
        if (s->signals[i] == NULL || evsignal_add(s->signals[i], NULL) != 0)
            return false;
    }
    if (seconds < 0)
        return true;
    const struct timeval wait = {.tv_sec = seconds};
    s->end = evtimer_new(s->base, stop, s);
    return s->end != NULL && evtimer_add(s->end, &wait) == 0;
}

static void close_event(struct event *e)
{
    if (e != NULL)
        event_free(e);
}

static void close_server(server *s)
{
    close_event(s->signals[0]);
    close_event(s->signals[1]);
    close_event(s->end);
    close_event(s->sweep);
    if (s->http != NULL)
        evhttp_free(s->http); /* and the listener */
    forget_ended(s);
    if (s->base != NULL)
        event_base_free(s->base);
    SSL_CTX_free(s->tls);
    ratls_store_free(&s->store);
    free(s->space);
    libevent_global_shutdown();
}

static bool read_words(const args *a, server *s, address *at, int *seconds)
{
    const char *requests = a->own[OWN_REQUESTS], *timeout = a->own[OWN_TIMEOUT];
    const char *where = a->own[OWN_LISTEN] != NULL ? a->own[OWN_LISTEN] : "127.0.0.1:8081";
    uint64_t n = 0;
    *seconds = -1;
    if (!address_parse(where, at)) {
        complain("--listen: found '%s', expected HOST:PORT; port 0 is any that is free", where);
        return false;
    }
    if (a->own[OWN_STORE] == NULL) {
        complain("collateral serve: --store DIR is missing");
        return false;
    }
    if ((a->own[OWN_CERT] == NULL) != (a->own[OWN_KEY] == NULL)) {
        complain("collateral serve: --cert and --key go together");
        return false;
    }
    if (requests != NULL && (!number_parse(requests, UINT32_MAX, &n) || n == 0)) {
        complain("--requests: found '%s', expected a number from 1 on", requests);
        return false;
    }
    s->limited = requests != NULL;
    s->left = n;
    if (timeout != NULL && (!number_parse(timeout, 86400, &n) || n == 0)) {
        complain("--timeout: found '%s', expected seconds from 1 to 86400", timeout);
        return false;
    }
    if (timeout != NULL)
        *seconds = (int)n;
    return true;
}

static int run(const args *a)
{
    server s = {.status = EXIT_ACCEPTED};
    address at;
    char bound[96];
    int seconds, fd = -1;
    if (!read_words(a, &s, &at, &seconds))
        return EXIT_TROUBLE;
    bool ok = a->own[OWN_CERT] == NULL || open_tls(&s, a->own[OWN_CERT], a->own[OWN_KEY]);
    ok = ok && supply_store_at(a->own[OWN_STORE], &s.store);
    if (ok)
        fd = net_listen(&at, bound, sizeof bound);
    if (fd >= 0) {
        s.space = malloc(sizeof *s.space);
        ok = s.space != NULL && open_http(&s, fd) && open_ends(&s, seconds);
        if (!ok)
            complain("the server can't be set up: out of memory or file descriptors");
    }
    ok = ok && fd >= 0;
    if (ok) {
        (void)printf("listening on %s\n", bound);
        (void)fflush(stdout);
        (void)event_base_dispatch(s.base);
    }
    close_server(&s);
    if (fd >= 0)
        (void)close(fd);
    return ok ? s.status : EXIT_TROUBLE;
}

const command collateral_serve_command = {
    .name = "collateral serve",
    .run = run,
    .summary = "hand out the collateral of a store, as Intel's PCCS does",
    .own = own_options,
    .own_n = OWN,
    .about =
        "Serves the collateral that a store holds by HTTP, or HTTPS with --cert and --key, in\n"
        "the way of Intel's PCS and PCCS, versions 3 and 4: for tests, for sites without a\n"
        "network, as a cache of a machine's own. Nothing is fetched. The first line of output\n"
        "says where it listens (port 0: any that is free), then one line tells about each\n"
        "request.\n"
        "Exit codes: 0 stopped, 2 usage or system error.",
    .example = "ratls collateral serve --store /var/lib/ratls --listen 127.0.0.1:8081",
};
