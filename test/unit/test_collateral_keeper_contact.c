/* The keeper's first contacts, its sense of time, and what it gathers for a quote. [hostile E 78,
 * 79] */
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "keeper_world.h"

enum { DAY = 86400, HOUR = 3600 };

#define NOW 4102444800 /* 2100-01-01T00:00:00Z: after any build */

static ratls_verifier *verifier_of(ratls_keeper *k, const vendor *v)
{
    ratls_error e = {.text = ""};
    ratls_verifier *r = ratls_verifier_new();
    assert_non_null(r);
    assert_int_equal(ratls_verifier_set_root(r, vendor_root(v), &e), RATLS_OK);
    if (ratls_keeper_serve(k, r, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    return r;
}

static ratls_code judge(const ratls_verifier *r, const vendor *v, int64_t now, ratls_error *e)
{
    const ratls_verify_options o = {.time = now};
    *e = (ratls_error){.text = ""};
    return ratls_verify_quote(r, vendor_quote(v, BYTES_NONE).quote, &o, NULL, e);
}

static void expect_text(const char *text, const char *part)
{
    if (bytes_find(bytes_text(text), bytes_text(part)) == strlen(text))
        fail_msg("\"%s\" lacks \"%s\"", text, part);
}

static void end(ratls_keeper **k, keeper_world *w)
{
    ratls_keeper_free(k);
    assert_true(w->store.freed && w->net.freed);
    keeper_world_free(w);
}

/* A world, its keeper, and a verifier that meets the vendor's platform. */
typedef struct meeting {
    vendor v;
    keeper_world *w;
    ratls_keeper *k;
    ratls_verifier *r;
} meeting;

static void meet(meeting *m, uint32_t first_contact_ms)
{
    m->w->options.first_contact_ms = first_contact_ms;
    m->k = keeper_world_keeper(m->w);
    m->r = verifier_of(m->k, &m->v);
}

static void set_up(meeting *m)
{
    m->v = vendor_of(QUOTE_SGX, 3, false, NOW);
    m->w = keeper_world_new(&m->v);
}

static void part(meeting *m)
{
    ratls_verifier_free(&m->r);
    end(&m->k, m->w);
}

static void test_never_waits_unless_allowed(void **state)
{
    meeting m;
    int64_t next;
    ratls_error e;
    (void)state;
    set_up(&m);
    keeper_world_serve(m.w, &m.v);
    meet(&m, 0);
    assert_int_equal(judge(m.r, &m.v, NOW, &e), RATLS_E_MISSING);
    expect_text(e.text, "collateral for FMSPC 00606a000000: sgx-tcb-00606a000000 is not at hand "
                        "yet; it is being fetched");
    assert_int_equal(network_asked(&m.w->net, NULL), 0);
    ratls_keeper_refresh(m.k, NOW, &next);
    assert_int_equal(network_asked(&m.w->net, NULL), 4);
    assert_int_equal(judge(m.r, &m.v, NOW, &e), RATLS_OK);
    part(&m);
}

static void test_fetches_if_allowed(void **state)
{
    meeting m;
    ratls_error e;
    (void)state;
    set_up(&m);
    keeper_world_serve(m.w, &m.v);
    meet(&m, 60000);
    assert_int_equal(judge(m.r, &m.v, NOW, &e), RATLS_OK);
    assert_int_equal(network_asked(&m.w->net, NULL), 4);
    assert_true(m.w->net.deadline_ms > 0 && m.w->net.deadline_ms <= 60000);
    /* No handshake waits for a store to be written. */
    assert_int_equal(m.w->store.items.n, 0);
    assert_int_equal(judge(m.r, &m.v, NOW, &e), RATLS_OK);
    assert_int_equal(network_asked(&m.w->net, NULL), 4);
    ratls_verifier_free(&m.r);
    ratls_keeper_free(&m.k);
    assert_int_equal(m.w->store.items.n, 4);
    keeper_world_free(m.w);
}

static void test_local_store_is_no_network(void **state)
{
    meeting m;
    ratls_error e;
    (void)state;
    set_up(&m);
    meet(&m, 0);
    keeper_world_stock(m.w, &m.v); /* by another, meanwhile */
    assert_int_equal(judge(m.r, &m.v, NOW, &e), RATLS_OK);
    unsigned gets = m.w->store.gets;
    assert_int_equal(judge(m.r, &m.v, NOW, &e), RATLS_OK);
    assert_int_equal(m.w->store.gets, gets); /* what is in memory is not read again */
    assert_int_equal(network_asked(&m.w->net, NULL), 0);
    part(&m);
}

static void test_remote_store_is_the_network(void **state)
{
    (void)state;
    for (uint32_t ms = 0; ms <= 60000; ms += 60000) {
        meeting m;
        ratls_error e;
        set_up(&m);
        m.w->store.remote = true;
        meet(&m, ms);
        keeper_world_stock(m.w, &m.v);
        unsigned gets = m.w->store.gets;
        assert_int_equal(judge(m.r, &m.v, NOW, &e), ms == 0 ? RATLS_E_MISSING : RATLS_OK);
        assert_int_equal(m.w->store.gets - gets, ms == 0 ? 0 : 4);
        assert_int_equal(network_asked(&m.w->net, NULL), 0);
        part(&m);
    }
}

static void test_nothing_fetches(void **state)
{
    meeting m;
    int64_t next;
    ratls_error e;
    (void)state;
    set_up(&m);
    m.w->options.fetcher = (ratls_fetcher){.state = NULL};
    meet(&m, 60000);
    assert_int_equal(judge(m.r, &m.v, NOW, &e), RATLS_E_MISSING);
    expect_text(e.text, "no service is configured to get it from");
    ratls_keeper_refresh(m.k, NOW, &next);
    expect_text(notes_last(m.w, RATLS_NOTE_FAILED, "sgx-qe")->text, "no service is configured");
    /* Another process may fill the store. */
    keeper_world_stock(m.w, &m.v);
    ratls_keeper_refresh(m.k, NOW + 30, &next);
    assert_int_equal(notes_count(m.w, RATLS_NOTE_FETCHED, NULL), 4);
    assert_int_equal(judge(m.r, &m.v, NOW, &e), RATLS_OK);
    ratls_verifier_free(&m.r);
    ratls_keeper_free(&m.k);
    keeper_world_free(m.w);
}

static void test_unknown_is_remembered(void **state)
{
    meeting m;
    ratls_error e;
    int64_t next;
    const char *name;
    (void)state;
    set_up(&m);
    name = vendor_item_name(&m.v, RATLS_ITEM_TCB_INFO);
    keeper_world_serve(m.w, &m.v);
    shelf_set(&m.w->net.items, name, BYTES_NONE);
    meet(&m, 60000);
    assert_int_equal(judge(m.r, &m.v, NOW, &e), RATLS_E_MISSING);
    expect_text(e.text, "no service has sgx-tcb-00606a000000");
    for (int i = 0; i < 10; i++)
        assert_int_equal(judge(m.r, &m.v, NOW, &e), RATLS_E_MISSING);
    expect_text(e.text, "no service knows it, and it is not asked for again before "
                        "2100-01-01T01:00:00Z");
    ratls_keeper_refresh(m.k, NOW + 10, &next);
    assert_int_equal(network_asked(&m.w->net, name), 1);
    keeper_world_set_now(m.w, NOW + HOUR);
    keeper_world_serve(m.w, &m.v);
    assert_int_equal(judge(m.r, &m.v, NOW + HOUR, &e), RATLS_OK);
    assert_int_equal(network_asked(&m.w->net, name), 2);
    part(&m);
}

/* While the network is down, not every handshake waits for it. */
static void test_outage_in_first_contact(void **state)
{
    meeting m;
    ratls_error e;
    (void)state;
    set_up(&m);
    keeper_world_serve(m.w, &m.v);
    m.w->net.down = true;
    meet(&m, 60000);
    assert_int_equal(judge(m.r, &m.v, NOW, &e), RATLS_E_MISSING);
    expect_text(e.text, "the network is down");
    assert_int_equal(judge(m.r, &m.v, NOW, &e), RATLS_E_MISSING);
    expect_text(e.text, "it could not be fetched, and is asked for again at 2100-01-01T00:00:");
    assert_int_equal(network_asked(&m.w->net, NULL), 1);
    m.w->net.down = false;
    keeper_world_set_now(m.w, NOW + 30);
    assert_int_equal(judge(m.r, &m.v, NOW + 30, &e), RATLS_OK);
    part(&m);
}

/* The deadline is for all items together. */
static void test_slow_network(void **state)
{
    meeting m;
    ratls_error e;
    (void)state;
    set_up(&m);
    keeper_world_serve(m.w, &m.v);
    meet(&m, 20);
    network_close(&m.w->net, true);
    assert_int_equal(judge(m.r, &m.v, NOW, &e), RATLS_E_MISSING);
    expect_text(e.text, "did not answer in time");
    assert_int_equal(network_asked(&m.w->net, NULL), 1);
    assert_true(m.w->net.deadline_ms <= 20);
    part(&m);
}

/* A stranger's name costs a bounded number of requests, and nobody else his place. */
static void test_strangers_are_bounded(void **state)
{
    enum { STRANGERS = 64, UNKNOWN = 256, SHARED = 4 };
    vendor v = vendor_of(QUOTE_SGX, 3, false, NOW), odd = v;
    keeper_world *w = keeper_world_new(&v);
    ratls_platform p = vendor_platform(&v);
    int64_t next;
    ratls_error e;
    (void)state;
    keeper_world_serve(w, &v);
    ratls_keeper *k = keeper_world_keeper(w);
    assert_int_equal(ratls_keeper_want(k, &p, &e), RATLS_OK);
    ratls_verifier *r = verifier_of(k, &v);
    unsigned before = 0;
    for (unsigned round = 0; round < 8; round++) {
        for (unsigned i = 0; i < 100; i++) {
            odd.pck_ext.fmspc[4] = (uint8_t)(round + 1);
            odd.pck_ext.fmspc[5] = (uint8_t)i;
            assert_int_equal(judge(r, &odd, NOW, &e), RATLS_E_MISSING);
        }
        ratls_keeper_refresh(k, NOW, &next);
        unsigned asked = network_asked(&w->net, NULL);
        assert_true(asked - before <= STRANGERS + (round == 0 ? SHARED : 0));
        before = asked;
    }
    assert_int_equal(before, UNKNOWN + SHARED);
    expect_text(e.text, "no service knew 256 other platforms");
    assert_int_equal(judge(r, &v, NOW, &e), RATLS_OK);
    /* An hour later strangers are welcome again. */
    keeper_world_set_now(w, NOW + HOUR);
    assert_int_equal(judge(r, &odd, NOW + HOUR, &e), RATLS_E_MISSING);
    expect_text(e.text, "it is being fetched");
    ratls_verifier_free(&r);
    end(&k, w);
}

static void test_limits(void **state)
{
    vendor v = vendor_of(QUOTE_SGX, 3, false, NOW);
    keeper_world *w = keeper_world_new(&v);
    ratls_platform p = vendor_platform(&v);
    ratls_verifier *r[65];
    ratls_error e;
    (void)state;
    ratls_keeper *k = keeper_world_keeper(w);
    for (unsigned i = 0; i <= 1024; i++) {
        p.fmspc[0] = (uint8_t)(i >> 8);
        p.fmspc[1] = (uint8_t)i;
        assert_int_equal(ratls_keeper_want(k, &p, &e), i < 1024 ? RATLS_OK : RATLS_E_LIMIT);
    }
    expect_text(e.text, "1024 platform families");
    for (unsigned i = 0; i <= 64; i++) {
        r[i] = ratls_verifier_new();
        assert_int_equal(ratls_keeper_serve(k, r[i], &e), i < 64 ? RATLS_OK : RATLS_E_LIMIT);
    }
    expect_text(e.text, "64 verifiers");
    ratls_verifier_free(&r[0]);
    assert_int_equal(ratls_keeper_serve(k, r[64], &e), RATLS_OK);
    for (unsigned i = 1; i <= 64; i++)
        ratls_verifier_free(&r[i]);
    w->options.root = bytes_text("no certificate");
    w->options.store = keeper_world_store(w);
    ratls_keeper *none;
    assert_int_equal(ratls_keeper_new(&none, &w->options, &e), RATLS_E_MALFORMED);
    assert_null(none);
    end(&k, w);
}

/* Of two processes over one store only one asks. */
static void test_two_keepers_one_store(void **state)
{
    vendor v = vendor_of(QUOTE_SGX, 3, false, NOW);
    vendor later = v;
    keeper_world *w = keeper_world_new(&v);
    ratls_platform p = vendor_platform(&v);
    int64_t next;
    ratls_error e;
    (void)state;
    keeper_world_serve(w, &v);
    ratls_keeper *one = keeper_world_keeper(w), *two = keeper_world_keeper(w);
    assert_int_equal(ratls_keeper_want(one, &p, &e), RATLS_OK);
    assert_int_equal(ratls_keeper_want(two, &p, &e), RATLS_OK);
    ratls_keeper_refresh(one, NOW, &next);
    ratls_keeper_refresh(two, NOW, &next);
    assert_int_equal(network_asked(&w->net, NULL), 4);
    assert_int_equal(notes_count(w, RATLS_NOTE_FETCHED, NULL), 8);
    later.tcb_info.issue_date += 20 * DAY;
    later.tcb_info.next_update += 20 * DAY;
    keeper_world_serve(w, &later);
    ratls_keeper_refresh(one, NOW + 22 * DAY, &next);
    unsigned asked = network_asked(&w->net, "sgx-tcb-00606a000000");
    ratls_keeper_refresh(two, NOW + 22 * DAY, &next);
    assert_int_equal(network_asked(&w->net, "sgx-tcb-00606a000000"), asked);
    ratls_keeper_free(&one);
    end(&two, w);
}

static void test_clock_that_is_behind(void **state)
{
    meeting m;
    ratls_platform p;
    int64_t next;
    ratls_error e;
    (void)state;
    set_up(&m);
    p = vendor_platform(&m.v);
    keeper_world_serve(m.w, &m.v);
    meet(&m, 0);
    assert_int_equal(ratls_keeper_want(m.k, &p, &e), RATLS_OK);
    ratls_keeper_refresh(m.k, NOW, &next);
    assert_int_equal(ratls_verifier_time(m.r), NOW - 300);
    assert_int_equal(judge(m.r, &m.v, NOW - 301, &e), RATLS_E_STALE);
    assert_int_equal(judge(m.r, &m.v, NOW - 300, &e), RATLS_OK);
    /* Another platform is wanted, and nothing is done about it. */
    p.fmspc[0] ^= 1;
    assert_int_equal(ratls_keeper_want(m.k, &p, &e), RATLS_OK);
    notes_clear(m.w);
    ratls_keeper_refresh(m.k, NOW - 301, &next);
    assert_int_equal(network_asked(&m.w->net, NULL), 4);
    assert_int_equal(m.w->notes_n, 1);
    const noted *n = &m.w->notes[0];
    assert_true(n->kind == RATLS_NOTE_FAILED && n->code == RATLS_E_STALE);
    expect_text(n->text, "2099-12-31T23:54:59Z");
    expect_text(n->text, "2100-01-01T00:00:00Z");
    assert_true(next > NOW - 301);
    ratls_keeper_refresh(m.k, NOW - 300, &next);
    assert_int_equal(network_asked(&m.w->net, NULL), 5);
    part(&m);
}

/* By the dates in what is genuine alone, and by the store's record of the last run. */
static void test_time_after_a_restart(void **state)
{
    const struct {
        const char *last_run;
        int64_t expected; /* which the verifiers are told */
    } rows[] = {
        {NULL, NOW - DAY},
        {"{\"last_run\":\"2100-01-02T00:00:00Z\"}", NOW + DAY - 300},
        {"{\"last_run\":\"2099-01-02T00:00:00Z\"}", NOW - DAY},
        /* The root's list expires at NOW + 335 days: the day after that has not been yet. */
        {"{\"last_run\":\"2100-12-02T00:00:00Z\"}", NOW + 335 * (int64_t)DAY - 300},
        {"{\"last_run\":\"2100-12-02T00:00:01Z\"}", NOW - DAY},
        {"{\"last_run\":\"9999-12-02T00:00:00Z\"}", NOW - DAY},
        {"{\"last_run\":\"2100-01-02T00:00:00Z\"", NOW - DAY},
        {"{\"last_run\":\"2100-01-02\"}", NOW - DAY},
        {"{\"last_ran\":\"2100-01-02T00:00:00Z\"}", NOW - DAY},
        {"{}", NOW - DAY},
        {"[]", NOW - DAY},
        {"", NOW - DAY},
        {"{\"last_run\":\"2100-01-02T00:00:00Z\"}                                              "
         "                                                                                ",
         NOW - DAY},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int remote = 0; remote < 2; remote++) {
            meeting m;
            set_up(&m);
            m.w->store.remote = remote != 0;
            keeper_world_stock(m.w, &m.v);
            if (rows[i].last_run != NULL)
                shelf_set(&m.w->store.items, "last-run", bytes_text(rows[i].last_run));
            meet(&m, 0);
            int64_t expected = remote != 0 ? NOW - DAY : rows[i].expected;
            if (ratls_verifier_time(m.r) != expected)
                fail_msg("row %zu: %s, expected %s", i, ISO(ratls_verifier_time(m.r)),
                         ISO(expected));
            part(&m);
        }
}

static void test_last_run_is_recorded(void **state)
{
    meeting m;
    int64_t next;
    (void)state;
    set_up(&m);
    keeper_world_stock(m.w, &m.v);
    meet(&m, 0);
    const struct {
        int64_t at;
        const char *record;
    } rows[] = {
        {0, "{\"last_run\":\"2100-01-01T00:00:00Z\"}\n"},
        {HOUR - 1, "{\"last_run\":\"2100-01-01T00:00:00Z\"}\n"},
        {HOUR, "{\"last_run\":\"2100-01-01T01:00:00Z\"}\n"},
        {30 * (int64_t)HOUR, "{\"last_run\":\"2100-01-02T06:00:00Z\"}\n"},
        /* A clock so far ahead that all would have expired is not believed. */
        {336 * (int64_t)DAY, "{\"last_run\":\"2100-01-02T06:00:00Z\"}\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ratls_keeper_refresh(m.k, NOW + rows[i].at, &next);
        assert_true(bytes_is(shelf_find(&m.w->store.items, "last-run")->content, rows[i].record));
    }
    /* And by the right clock all goes on; what another wrote meanwhile is not set back. */
    notes_clear(m.w);
    const char *later = "{\"last_run\":\"2100-01-20T00:00:00Z\"}";
    shelf_set(&m.w->store.items, "last-run", bytes_text(later));
    ratls_keeper_refresh(m.k, NOW + 40 * (int64_t)HOUR, &next);
    assert_true(bytes_is(shelf_find(&m.w->store.items, "last-run")->content, later));
    assert_int_equal(notes_count(m.w, RATLS_NOTE_FAILED, NULL), 0);
    /* But garbage gives way, and a store that fails is told about. */
    shelf_set(&m.w->store.items, "last-run", bytes_text("?"));
    ratls_keeper_refresh(m.k, NOW + 50 * (int64_t)HOUR, &next);
    assert_true(bytes_is(shelf_find(&m.w->store.items, "last-run")->content,
                         "{\"last_run\":\"2100-01-03T02:00:00Z\"}\n"));
    m.w->store.fail_put = RATLS_E_SYSTEM;
    ratls_keeper_refresh(m.k, NOW + 60 * (int64_t)HOUR, &next);
    expect_text(notes_last(m.w, RATLS_NOTE_FAILED, NULL)->text, "last-run: the store is full");
    part(&m);
}

static void test_gathers_for_a_quote(void **state)
{
    enum { CAP = 1 << 18 };
    vendor v = vendor_of(QUOTE_SGX, 3, false, NOW);
    keeper_world *w = keeper_world_new(&v);
    uint8_t *out = malloc(CAP);
    bytes quote = vendor_quote(&v, BYTES_NONE).quote;
    size_t n = 0, again = 0;
    ratls_error e = {.text = ""};
    (void)state;
    ratls_keeper *k = keeper_world_keeper(w);
    assert_int_equal(ratls_keeper_collateral(k, bytes_cut(quote, 100), NOW, out, CAP, &n, &e),
                     RATLS_E_MALFORMED);
    assert_int_equal(ratls_keeper_collateral(k, quote, NOW, out, CAP, &n, &e), RATLS_E_MISSING);
    expect_text(e.text, "collateral for FMSPC 00606a000000: no service has sgx-tcb-00606a000000");
    keeper_world_serve(w, &v);
    if (ratls_keeper_collateral(k, quote, NOW, out, CAP, &n, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    assert_int_equal(network_asked(&w->net, NULL), 5);
    assert_int_equal(w->store.items.n, 4);
    ratls_verifier *r = ratls_verifier_new();
    assert_int_equal(ratls_verifier_set_root(r, vendor_root(&v), &e), RATLS_OK);
    assert_int_equal(ratls_verifier_add_collateral(r, bytes_of(out, n), &e), RATLS_OK);
    assert_int_equal(judge(r, &v, NOW, &e), RATLS_OK);
    ratls_verifier_free(&r);
    /* Exactly that much room is needed. */
    assert_int_equal(ratls_keeper_collateral(k, quote, NOW, out, n, &again, &e), RATLS_OK);
    assert_int_equal(ratls_keeper_collateral(k, quote, NOW, out, n - 1, &again, &e), RATLS_E_LIMIT);
    assert_int_equal(again, n);
    assert_int_equal(network_asked(&w->net, NULL), 5);
    /* Expired, it is asked for; that nothing newer is there is no error, that nobody answers is. */
    assert_int_equal(ratls_keeper_collateral(k, quote, NOW + 29 * DAY - 1, out, CAP, &n, &e),
                     RATLS_OK);
    assert_int_equal(network_asked(&w->net, NULL), 5);
    assert_int_equal(ratls_keeper_collateral(k, quote, NOW + 29 * DAY, out, CAP, &n, &e), RATLS_OK);
    assert_int_equal(network_asked(&w->net, NULL), 8);
    w->net.down = true;
    assert_int_equal(ratls_keeper_collateral(k, quote, NOW + 29 * DAY, out, CAP, &n, &e),
                     RATLS_E_SYSTEM);
    expect_text(e.text, "the network is down");
    end(&k, w);
    free(out);
}

static void test_gathers_without_network(void **state)
{
    enum { CAP = 1 << 18 };
    meeting m;
    uint8_t *out = malloc(CAP);
    size_t n;
    ratls_error e;
    (void)state;
    set_up(&m);
    bytes quote = vendor_quote(&m.v, BYTES_NONE).quote;
    m.w->options.fetcher = (ratls_fetcher){.state = NULL};
    meet(&m, 0);
    assert_int_equal(ratls_keeper_collateral(m.k, quote, NOW, out, CAP, &n, &e), RATLS_E_MISSING);
    expect_text(e.text, "sgx-tcb-00606a000000 is not at hand, and nothing fetches it");
    keeper_world_stock(m.w, &m.v);
    assert_int_equal(ratls_keeper_collateral(m.k, quote, NOW, out, CAP, &n, &e), RATLS_OK);
    assert_int_equal(ratls_keeper_collateral(m.k, quote, NOW + 40 * DAY, out, CAP, &n, &e),
                     RATLS_E_MISSING);
    expect_text(e.text, "has expired, and nothing fetches it");
    ratls_verifier_free(&m.r);
    ratls_keeper_free(&m.k);
    keeper_world_free(m.w);
    free(out);
}

static void test_adds_what_comes_from_elsewhere(void **state)
{
    meeting m;
    ratls_error e = {.text = ""};
    bool newer = false;
    (void)state;
    set_up(&m);
    meet(&m, 0);
    vendor later = m.v, ahead = m.v;
    later.tcb_info.issue_date += HOUR;
    ahead.tcb_info.issue_date = NOW + DAY + 1;
    collateral_set c = vendor_collateral(&m.v), c2 = vendor_collateral(&later),
                   c3 = vendor_collateral(&ahead);
    bytes first = item_json(&c, RATLS_ITEM_TCB_INFO), second = item_json(&c2, RATLS_ITEM_TCB_INFO);
    const struct {
        bytes item;
        ratls_code code;
        bool newer;
        bytes stored; /* from then on */
    } rows[] = {
        {bytes_text("?"), RATLS_E_MALFORMED, false, BYTES_NONE},
        {item_json(&c3, RATLS_ITEM_TCB_INFO), RATLS_E_STALE, false, BYTES_NONE},
        {first, RATLS_OK, true, first},
        {first, RATLS_OK, false, first},
        {second, RATLS_OK, true, second},
        {first, RATLS_OK, false, second},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(ratls_keeper_add(m.k, rows[i].item, NOW, &newer, &e), rows[i].code);
        assert_int_equal(newer, rows[i].newer);
        const shelf *s = shelf_find(&m.w->store.items, "sgx-tcb-00606a000000");
        assert_true(bytes_equal(s == NULL ? BYTES_NONE : s->content, rows[i].stored));
    }
    m.w->store.fail_put = RATLS_E_SYSTEM;
    assert_int_equal(ratls_keeper_add(m.k, item_json(&c, RATLS_ITEM_ROOT_CA_CRL), NOW, &newer, &e),
                     RATLS_E_SYSTEM);
    assert_string_equal(e.text, "memory: the store is full");
    m.w->store.fail_put = RATLS_OK;
    part(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_never_waits_unless_allowed),
        cmocka_unit_test(test_fetches_if_allowed),
        cmocka_unit_test(test_local_store_is_no_network),
        cmocka_unit_test(test_remote_store_is_the_network),
        cmocka_unit_test(test_nothing_fetches),
        cmocka_unit_test(test_unknown_is_remembered),
        cmocka_unit_test(test_outage_in_first_contact),
        cmocka_unit_test(test_slow_network),
        cmocka_unit_test(test_strangers_are_bounded),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_two_keepers_one_store),
        cmocka_unit_test(test_clock_that_is_behind),
        cmocka_unit_test(test_time_after_a_restart),
        cmocka_unit_test(test_last_run_is_recorded),
        cmocka_unit_test(test_gathers_for_a_quote),
        cmocka_unit_test(test_gathers_without_network),
        cmocka_unit_test(test_adds_what_comes_from_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
