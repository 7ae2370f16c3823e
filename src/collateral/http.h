#ifndef COLLATERAL_HTTP_H
#define COLLATERAL_HTTP_H

#include "base/error.h"
#include "collateral/pcs_answer.h"
#include "ratls/collateral.h"

/*
 * One GET after the other to one service, by libcurl, on one connection as long as it lasts. What
 * may be strange about a machine stays out: no proxy of the environment, no .netrc, no cookies, no
 * HSTS or Alt-Svc, no other protocol. No redirect is followed: no service of these has any, and one
 * could lead from HTTPS to HTTP, into the user's own network, or in circles.
 */
typedef struct http_client http_client;

/* The options of the service; all is copied. *client is NULL if it fails. Errors: SYSTEM. */
RATLS_MUST_USE ratls_code http_client_new(const ratls_service *service, http_client **client,
                                          ratls_error *e);
void http_client_free(http_client *h);

typedef struct http_answer {
    unsigned status;
    size_t headers_n, body_n;
    size_t headers_seen;          /* those of earlier, interim answers too */
    bool headers_full, body_full; /* there was more */
    uint8_t headers[PCS_HEADERS_MAX], body[PCS_BODY_MAX];
} http_answer;

/*
 * Gets `url` within so many milliseconds, at least 1. The sentence goes on after the name of the
 * service: "timed out after 2000 ms". Errors: LIMIT (the answer is longer than its bounds),
 * MALFORMED (it is not HTTP), SYSTEM.
 */
RATLS_MUST_USE ratls_code http_get(http_client *h, const char *url, uint32_t milliseconds,
                                   http_answer *a, ratls_error *e);

#endif
