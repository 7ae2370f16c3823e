#ifndef COLLATERAL_PCS_ANSWER_H
#define COLLATERAL_PCS_ANSWER_H

#include "base/error.h"
#include "base/reader.h"
#include "ratls/item.h"

/*
 * From what a PCS or PCCS answered to an item in the form of the store. It is all untrusted, and
 * what comes out is an item in form only: nothing of it is verified.
 */
#define PCS_HEADERS_MAX (64 * 1024)
#define PCS_BODY_MAX    (256 * 1024)

typedef struct pcs_answer {
    unsigned status; /* of HTTP */
    bytes headers;   /* their lines, as they came */
    bytes body;
} pcs_answer;

/* This much room suffices for any answer within these bounds. */
#define PCS_ROOM (PCS_BODY_MAX + 2 * PCS_HEADERS_MAX)

/*
 * Writes the item to `out`, and sets *n and *expires, its nextUpdate. An answer that says of itself
 * that it is another item, of another platform, is refused, so that another service can be asked;
 * whatever lies there is found by ratls_item_check. Nothing is allocated; `room` is scratch space
 * of PCS_ROOM bytes. The sentence goes on after the name of the service: "404, there is no SGX QE
 * identity". Errors: MISSING (404, 410), SYSTEM (any other status but 200), MALFORMED, LIMIT (cap
 * is short, or the answer out of bounds).
 */
RATLS_MUST_USE ratls_code pcs_answer_read(const ratls_item *item, const pcs_answer *answer,
                                          uint8_t *room, uint8_t *out, size_t cap, size_t *n,
                                          int64_t *expires, ratls_error *e);

/* The seconds of Retry-After, which are there as such or as a date [RFC 9110 10.2.3]; at least 0.
 * False if there are none. */
bool pcs_retry_after(bytes headers, int64_t now, int64_t *seconds);

#endif
