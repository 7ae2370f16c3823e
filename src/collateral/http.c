/* The only user of libcurl. */
#define _POSIX_C_SOURCE 200809L
#include "collateral/http.h"

#include <assert.h>
#include <curl/curl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct http_client {
    CURL *easy;
    char why[CURL_ERROR_SIZE];
};

static void init_curl(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* The transfer ends when a callback says that it took another size than it was given. */
static size_t stop(size_t given)
{
    return given > 0 ? 0 : 1;
}

static size_t on_header(char *p, size_t size, size_t n, void *state)
{
    http_answer *a = state;
    n *= size;
    a->headers_full = n > sizeof a->headers - a->headers_seen;
    if (a->headers_full)
        return stop(n);
    /* Another status line: what came before was an interim answer [RFC 9110 15.2]. */
    if (bytes_starts(bytes_of(p, n), "HTTP/"))
        a->headers_n = 0;
    memcpy(a->headers + a->headers_n, p, n);
    a->headers_n += n;
    a->headers_seen += n;
    return n;
}

static size_t on_body(char *p, size_t size, size_t n, void *state)
{
    http_answer *a = state;
    n *= size;
    a->body_full = n > sizeof a->body - a->body_n;
    if (a->body_full)
        return stop(n);
    memcpy(a->body + a->body_n, p, n);
    a->body_n += n;
    return n;
}

static bool set_surroundings(CURL *c)
{
    int bad = (int)curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    bad |= (int)curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    bad |= (int)curl_easy_setopt(c, CURLOPT_PROXY, "");
    bad |= (int)curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    bad |= (int)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    bad |= (int)curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    bad |= (int)curl_easy_setopt(c, CURLOPT_HTTP09_ALLOWED, 0L);
    bad |= (int)curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, NULL);
    bad |= (int)curl_easy_setopt(c, CURLOPT_USERAGENT, "ratls");
    bad |= (int)curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    bad |= (int)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    /* A name server that does not answer must not hold up the end of a request. */
    bad |= (int)curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
    return bad == 0;
}

static bool set_tls(CURL *c, const ratls_service *s)
{
    int bad = (int)curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    bad |= (int)curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, s->insecure_any_certificate ? 0L : 1L);
    bad |= (int)curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, s->insecure_any_certificate ? 0L : 2L);
    if (s->ca_file != NULL) {
        bad |= (int)curl_easy_setopt(c, CURLOPT_CAINFO, s->ca_file);
        bad |= (int)curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
    }
    if (s->client_certificate_file != NULL) {
        bad |= (int)curl_easy_setopt(c, CURLOPT_SSLCERT, s->client_certificate_file);
        bad |= (int)curl_easy_setopt(c, CURLOPT_SSLKEY, s->client_key_file);
        /* Or OpenSSL would ask for one at the terminal. */
        bad |= (int)curl_easy_setopt(c, CURLOPT_KEYPASSWD, "");
    }
    return bad == 0;
}

ratls_code http_client_new(const ratls_service *service, http_client **client, ratls_error *e)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, init_curl);
    *client = NULL;
    http_client *h = calloc(1, sizeof *h);
    if (h == NULL)
        return refuse(e, RATLS_E_SYSTEM, 0, "out of memory");
    h->easy = curl_easy_init();
    if (h->easy == NULL || !set_surroundings(h->easy) || !set_tls(h->easy, service) ||
        curl_easy_setopt(h->easy, CURLOPT_ERRORBUFFER, h->why) != CURLE_OK) {
        http_client_free(h);
        return refuse(e, RATLS_E_SYSTEM, 0, "libcurl can't be set up");
    }
    *client = h;
    return RATLS_OK;
}

void http_client_free(http_client *h)
{
    if (h == NULL)
        return;
    curl_easy_cleanup(h->easy);
    free(h);
}

/* What libcurl says in detail, or in general; it may quote the service. */
static const char *detail(http_client *h, CURLcode failed)
{
    if (h->why[0] == '\0')
        (void)snprintf(h->why, sizeof h->why, "%s", curl_easy_strerror(failed));
    for (char *p = h->why; *p != '\0'; p++)
        if ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e)
            *p = '?';
    return h->why;
}

static ratls_code refuse_connection(http_client *h, CURLcode failed, ratls_error *e)
{
    long error = 0;
    char text[80];
    (void)curl_easy_getinfo(h->easy, CURLINFO_OS_ERRNO, &error);
    if (error != 0 && strerror_r((int)error, text, sizeof text) == 0)
        return refuse(e, RATLS_E_SYSTEM, 0, "no connection: %s", text);
    return refuse(e, RATLS_E_SYSTEM, 0, "no connection: %s", detail(h, failed));
}

static ratls_code refuse_curl(http_client *h, CURLcode failed, uint32_t milliseconds,
                              const http_answer *a, ratls_error *e)
{
    if (a->headers_full)
        return refuse(e, RATLS_E_LIMIT, 0, "headers of more than %d bytes", PCS_HEADERS_MAX);
    if (a->body_full)
        return refuse(e, RATLS_E_LIMIT, 0, "a body of more than %d bytes", PCS_BODY_MAX);
    switch ((int)failed) {
    case CURLE_OPERATION_TIMEDOUT:
        return refuse(e, RATLS_E_SYSTEM, 0, "timed out after %" PRIu32 " ms", milliseconds);
    case CURLE_COULDNT_RESOLVE_HOST:
        return refuse(e, RATLS_E_SYSTEM, 0, "its name can't be resolved");
    case CURLE_COULDNT_CONNECT:
        return refuse_connection(h, failed, e);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
        return refuse(e, RATLS_E_SYSTEM, 0, "TLS: %s", detail(h, failed));
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        return refuse(e, RATLS_E_SYSTEM, 0, "the answer was cut off");
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WRITE_ERROR:
        return refuse(e, RATLS_E_MALFORMED, 0, "the answer is not HTTP: %s", detail(h, failed));
    default:
        return refuse(e, RATLS_E_SYSTEM, 0, "%s", detail(h, failed));
    }
}

ratls_code http_get(http_client *h, const char *url, uint32_t milliseconds, http_answer *a,
                    ratls_error *e)
{
    assert(milliseconds > 0);
    CURL *c = h->easy;
    a->status = 0;
    a->headers_n = a->body_n = a->headers_seen = 0;
    a->headers_full = a->body_full = false;
    h->why[0] = '\0';
    const long timeout = milliseconds < INT32_MAX ? (long)milliseconds : INT32_MAX;
    int bad = (int)curl_easy_setopt(c, CURLOPT_URL, url);
    bad |= (int)curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, timeout);
    bad |= (int)curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, timeout);
    bad |= (int)curl_easy_setopt(c, CURLOPT_HEADERDATA, a);
    bad |= (int)curl_easy_setopt(c, CURLOPT_WRITEDATA, a);
    if (bad != 0)
        return refuse(e, RATLS_E_SYSTEM, 0, "libcurl can't be set up");
    CURLcode failed = curl_easy_perform(c);
    if (failed != CURLE_OK)
        return refuse_curl(h, failed, milliseconds, a, e);
    long status = 0;
    (void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    a->status = (unsigned)status;
    return RATLS_OK;
}
