#ifndef TEST_FETCH_WORLD_H
#define TEST_FETCH_WORLD_H

/* What the tests of the fetcher share: a platform's items as a service has them, and a fetcher. */
#include "testing.h"

#include <string.h>

#include "collateral/fetcher.h"
#include "collateral/pcs_answer.h"
#include "http_server.h"
#include "pcs_maker.h"
#include "vendor.h"

#define EACH(i, table) for (size_t i = 0; i < sizeof(table) / sizeof *(table); i++)
#define NOW            VENDOR_T0

enum { PLENTY_MS = 60000, TCB = 0, QE = 1, CRL = 2, ROOT = 3 };

typedef struct fetch_world {
    bytes root; /* of the vendor */
    collateral_set set;
    ratls_item items[4];
    pcs_reply replies[4];
    bytes forms[4];     /* of the items in the store */
    http_rule rules[4]; /* by which a service gives them */
} fetch_world;

static inline fetch_world fetch_world_of(quote_tee tee)
{
    static uint8_t room[PCS_ROOM], out[RATLS_ITEM_MAX];
    vendor v = vendor_of(tee, 4, false, NOW);
    ratls_tee t = tee == QUOTE_TDX ? RATLS_TEE_TDX : RATLS_TEE_SGX;
    fetch_world w = {.root = vendor_root(&v),
                     .set = vendor_collateral(&v),
                     .items = {{.kind = RATLS_ITEM_TCB_INFO, .tee = t},
                               {.kind = RATLS_ITEM_QE_IDENTITY, .tee = t},
                               {.kind = RATLS_ITEM_PCK_CRL},
                               {.kind = RATLS_ITEM_ROOT_CA_CRL}}};
    memcpy(w.items[0].fmspc, v.tcb_info.fmspc, sizeof v.tcb_info.fmspc);
    for (size_t i = 0; i < 4; i++) {
        w.replies[i] = pcs_reply_of(&w.set, &w.items[i], 4, CRL_DER);
        bytes line = pcs_header_line(&w.replies[i]);
        pcs_answer a = {200, line, w.replies[i].body};
        size_t n;
        int64_t expires;
        ratls_error e;
        if (pcs_answer_read(&w.items[i], &a, room, out, sizeof out, &n, &expires, &e) != RATLS_OK)
            fail_msg("%s", e.text);
        w.forms[i] = arena_copy(bytes_of(out, n));
        w.rules[i] = (http_rule){
            .path = pcs_path(&w.items[i], 4),
            .headers = (const char *)arena_format("%.*s", (int)line.n, (const char *)line.p).p,
            .body = w.replies[i].body};
    }
    return w;
}

/* Up to two services, with a fixed seed. */
static inline ratls_fetcher fetcher_of(const char *first, const char *second)
{
    const ratls_service services[] = {{.url = first}, {.url = second}};
    ratls_fetcher f;
    ratls_error e;
    if (fetcher_seeded(services, second != NULL ? 2 : 1, 1, &f, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    return f;
}

static uint8_t fetched[RATLS_ITEM_MAX];
static size_t fetched_n;

static inline ratls_code fetch_item(ratls_fetcher *f, const ratls_item *item, int64_t now,
                                    uint32_t deadline_ms, ratls_error *e)
{
    fetched_n = 0;
    return f->fetch(f->state, item, now, deadline_ms, fetched, sizeof fetched, &fetched_n, e);
}

static inline void must_fetch(ratls_fetcher *f, const fetch_world *w, size_t item, int64_t now)
{
    ratls_error e;
    if (fetch_item(f, &w->items[item], now, PLENTY_MS, &e) != RATLS_OK)
        fail_msg("item %zu: %s", item, e.text);
    assert_true(bytes_equal(bytes_of(fetched, fetched_n), w->forms[item]));
}

/* "URL: WHY" is the whole sentence. */
static inline bool says(const ratls_error *e, const char *url, const char *why)
{
    size_t n = strlen(url);
    return strstr(e->text, url) == e->text && strstr(e->text + n, ": ") == e->text + n &&
           strcmp(e->text + n + 2, why) == 0;
}

#endif
