#ifndef SUPPORT_HTTP_SERVER_H
#define SUPPORT_HTTP_SERVER_H

#include "base/bytes.h"

/*
 * A server of HTTP/1.1 on loopback, at a port of its own, which behaves as badly as it is told. It
 * fails the running test if it can't start. Whoever uses this links libssl.
 */
typedef struct http_server http_server;

typedef enum http_layer {
    HTTP_PLAIN = 0,
    HTTP_TLS,         /* with a self-signed certificate for 127.0.0.1 */
    HTTP_TLS_NAME,    /* the same for another name */
    HTTP_TLS_CLIENT,  /* of clients that have this certificate as well */
    HTTP_TLS_GARBAGE, /* answers the ClientHello with text */
} http_layer;

typedef enum http_fault {
    HTTP_WELL = 0,
    HTTP_CLOSE,   /* closes the connection after `at` bytes of the answer */
    HTTP_HANG,    /* sends no more after `at` bytes, until the client leaves or the server ends */
    HTTP_DRIP,    /* one byte each 20 ms from `at` on */
    HTTP_ENDLESS, /* repeats the body until 100 MB have gone */
} http_fault;

/* One kind of answer. The first that fits a request and is not used up is taken; if there is none
 * it is status 404. */
typedef struct http_rule {
    const char *path;    /* how its target begins; NULL: any */
    unsigned times;      /* used up after so many requests; 0: never */
    unsigned status;     /* 0: 200 */
    const char *headers; /* whole lines, each with CR LF; beside Content-Length; NULL: none */
    bytes body;
    const char *raw; /* not NULL: the whole answer instead */
    http_fault fault;
    long at; /* in the answer; from its end if it is negative */
} http_rule;

http_server *http_server_start(http_layer layer);
/* Ends all connections, frees it and sets *s to NULL. */
void http_server_stop(http_server **s);

/* The rules from now on; what they point to must stay. At most 16. */
void http_server_rules(http_server *s, const http_rule *rules, size_t n);

const char *http_server_url(const http_server *s); /* "http://127.0.0.1:40123" */
/* Of its certificate, and of its key, in PEM; files in the working directory until it stops. */
const char *http_server_certificate_file(const http_server *s);
const char *http_server_key_file(const http_server *s);

/* So far. */
unsigned http_server_connections(http_server *s);
unsigned http_server_requests(http_server *s);
/* The same, once there are that many, or half a minute has passed: after a client gave up, the
 * server may be the slower one. */
unsigned http_server_await(http_server *s, unsigned requests);
size_t http_server_sent(http_server *s); /* bytes of answers */
/* The head of the last request, NUL-terminated. */
enum { HTTP_REQUEST_MAX = 4096 };
void http_server_last(http_server *s, char out[HTTP_REQUEST_MAX]);

#endif
