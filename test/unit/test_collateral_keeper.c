/* The keeper: what it asks for and when, what it believes, what it gives. [hostile E 76, 78, 79] */
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "keeper_world.h"

enum { DAY = 86400, HOUR = 3600 };

#define NOW 4102444800 /* 2100-01-01T00:00:00Z: after any build */

/* Issued a day before NOW, for 30 days; the root's list 30 days before it, for a year. */
static vendor vendor_at(int64_t now)
{
    return vendor_of(QUOTE_SGX, 3, false, now);
}

static ratls_keeper *keeper_wanting(keeper_world *w, const vendor *v)
{
    ratls_error e;
    ratls_platform p = vendor_platform(v);
    ratls_keeper *k = keeper_world_keeper(w);
    assert_int_equal(ratls_keeper_want(k, &p, &e), RATLS_OK);
    return k;
}

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
    assert_null(*k);
    assert_true(w->store.freed && w->net.freed);
    keeper_world_free(w);
}

static bytes stored(keeper_world *w, const char *name)
{
    const shelf *x = shelf_find(&w->store.items, name);
    return x == NULL ? BYTES_NONE : x->content;
}

static void test_asks_for_what_is_wanted(void **state)
{
    vendor v = vendor_at(NOW);
    keeper_world *w = keeper_world_new(&v);
    int64_t next;
    ratls_error e;
    (void)state;
    keeper_world_serve(w, &v);
    ratls_keeper *k = keeper_wanting(w, &v);
    ratls_verifier *r = verifier_of(k, &v);
    assert_int_equal(network_asked(&w->net, NULL), 0);
    assert_int_equal(judge(r, &v, NOW, &e), RATLS_E_MISSING);
    ratls_keeper_refresh(k, NOW, &next);
    assert_int_equal(network_asked(&w->net, NULL), 4);
    assert_int_equal(w->net.deadline_ms, 10000);
    assert_int_equal(notes_count(w, RATLS_NOTE_FETCHED, NULL), 4);
    assert_int_equal(w->notes_n, 4);
    for (ratls_item_kind i = RATLS_ITEM_TCB_INFO; i <= RATLS_ITEM_ROOT_CA_CRL; i++) {
        const char *name = vendor_item_name(&v, i);
        const noted *n = notes_last(w, RATLS_NOTE_FETCHED, name);
        assert_non_null(n);
        assert_true(n->next >= n->issued + (n->expires - n->issued) / 2);
        assert_true(n->next <= n->issued + (n->expires - n->issued) * 3 / 4);
        assert_true(bytes_equal(stored(w, name), shelf_find(&w->net.items, name)->content));
    }
    assert_int_equal(next, NOW + HOUR); /* no later, for who asks may want more by then */
    assert_int_equal(judge(r, &v, NOW, &e), RATLS_OK);
    ratls_keeper_refresh(k, NOW + 1, &next);
    ratls_keeper_refresh(k, NOW + 10 * DAY, &next);
    assert_int_equal(network_asked(&w->net, NULL), 4);
    ratls_verifier_free(&r);
    end(&k, w);
}

/* Asked for again, but not more often than least_seconds, while the network has nothing newer. */
static void test_unchanged_is_no_failure(void **state)
{
    vendor v = vendor_at(NOW);
    keeper_world *w = keeper_world_new(&v);
    int64_t next;
    (void)state;
    keeper_world_serve(w, &v);
    w->options.least_seconds = 600;
    w->options.fetch_ms = 77;
    ratls_keeper *k = keeper_wanting(w, &v);
    const char *name = vendor_item_name(&v, RATLS_ITEM_TCB_INFO);
    ratls_keeper_refresh(k, NOW, &next);
    const int64_t late = NOW + 22 * DAY;
    ratls_keeper_refresh(k, late, &next);
    assert_int_equal(network_asked(&w->net, name), 2);
    assert_int_equal(w->net.deadline_ms, 77);
    const noted *n = notes_last(w, RATLS_NOTE_UNCHANGED, name);
    assert_non_null(n);
    assert_true(n->failures == 0 && n->code == RATLS_OK);
    assert_true(n->next >= late + 600 && n->next <= late + 750);
    ratls_keeper_refresh(k, late + 599, &next);
    assert_int_equal(network_asked(&w->net, name), 2);
    ratls_keeper_refresh(k, late + 750, &next);
    assert_int_equal(network_asked(&w->net, name), 3);
    end(&k, w);
}

static void test_renewal_reaches_verifiers(void **state)
{
    vendor v = vendor_at(NOW), later = vendor_at(NOW + 20 * DAY);
    keeper_world *w = keeper_world_new(&v);
    int64_t next;
    ratls_error e;
    (void)state;
    keeper_world_serve(w, &v);
    ratls_keeper *k = keeper_wanting(w, &v);
    ratls_verifier *one = verifier_of(k, &v), *two = verifier_of(k, &v);
    ratls_keeper_refresh(k, NOW, &next);
    later.root_crl = v.root_crl; /* root and leaf of the first; new dates of the rest */
    later.root = v.root;
    later.ca = v.ca;
    later.pck = v.pck;
    later.tcb_signer = v.tcb_signer;
    later.pck_crl.issuer = v.ca.subject;
    ext_set(&later.pck_crl.ext, OID_CRL_NUMBER, false, bytes_from_hex("020102"));
    keeper_world_serve(w, &later);
    ratls_keeper_refresh(k, NOW + 22 * DAY, &next);
    assert_int_equal(notes_count(w, RATLS_NOTE_FETCHED, NULL), 7);
    assert_int_equal(notes_last(w, RATLS_NOTE_FETCHED, NULL)->issued, NOW + 19 * DAY);
    assert_true(ratls_verifier_time(one) >= NOW + 19 * DAY);
    /* Explicitly at a time when the first set has expired. */
    ratls_result *result = ratls_result_new();
    const ratls_verify_options o = {.time = NOW + 40 * DAY};
    ratls_verifier *both[] = {one, two};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(
            ratls_verify_quote(both[i], vendor_quote(&v, BYTES_NONE).quote, &o, result, &e),
            RATLS_OK);
        assert_false(ratls_result_facts(result)->collateral_expired);
    }
    ratls_result_free(&result);
    /* One that is gone is not given anything any more. */
    ratls_verifier_free(&one);
    later.tcb_info.issue_date += DAY;
    keeper_world_serve(w, &later);
    ratls_keeper_refresh(k, NOW + 45 * DAY, &next);
    ratls_verifier_free(&two);
    end(&k, w);
}

static void test_rollback_changes_nothing(void **state)
{
    vendor v = vendor_at(NOW), old = vendor_at(NOW);
    keeper_world *w = keeper_world_new(&v);
    int64_t next;
    (void)state;
    keeper_world_serve(w, &v);
    ratls_keeper *k = keeper_wanting(w, &v);
    const char *name = vendor_item_name(&v, RATLS_ITEM_TCB_INFO);
    ratls_keeper_refresh(k, NOW, &next);
    bytes good = arena_copy(stored(w, name));
    old.tcb_info.issue_date -= 1;
    keeper_world_serve(w, &old);
    ratls_keeper_refresh(k, NOW + 22 * DAY, &next);
    const noted *n = notes_last(w, RATLS_NOTE_UNCHANGED, name);
    assert_non_null(n);
    assert_int_equal(n->issued, NOW - DAY);
    assert_int_equal(n->failures, 0);
    assert_true(bytes_equal(stored(w, name), good));
    /* In the store: what is held goes back there, and a restart finds it. */
    keeper_world_stock(w, &old);
    ratls_keeper_refresh(k, NOW + 22 * DAY + 2 * HOUR, &next);
    assert_true(bytes_equal(stored(w, name), good));
    /* One of the same day with a lower evaluation number is older too. */
    old = v;
    old.tcb_info.evaluation_number--;
    keeper_world_serve(w, &old);
    ratls_keeper_refresh(k, NOW + 22 * DAY + 4 * HOUR, &next);
    assert_true(bytes_equal(stored(w, name), good));
    assert_int_equal(notes_count(w, RATLS_NOTE_FAILED, NULL), 0);
    assert_int_equal(notes_count(w, RATLS_NOTE_DISCARDED, NULL), 0);
    end(&k, w);
}

static bytes big(size_t n)
{
    char *p = arena_alloc(n);
    memset(p, ' ', n);
    return bytes_of(p, n);
}

/* What no network may make it believe. */
static void test_bad_answers(void **state)
{
    vendor v = vendor_at(NOW), other = vendor_at(NOW), ahead = vendor_at(NOW);
    other.tcb_info.fmspc[1] ^= 1;
    ahead.tcb_info.issue_date = NOW + DAY + 1;
    vendor another = vendor_of(QUOTE_SGX, 3, false, NOW);
    another.tcb_info_key = another.pck.key;
    collateral_set c = vendor_collateral(&v), c2 = vendor_collateral(&other),
                   c3 = vendor_collateral(&ahead), c4 = vendor_collateral(&another);
    bytes good = item_json(&c, RATLS_ITEM_TCB_INFO);
    const struct {
        bytes answer;
        ratls_code code;
        const char *text;
    } rows[] = {
        {item_json(&c2, RATLS_ITEM_TCB_INFO), RATLS_E_UNTRUSTED, "it holds sgx-tcb-"},
        {item_json(&c, RATLS_ITEM_QE_IDENTITY), RATLS_E_UNTRUSTED, "it holds sgx-qe"},
        {item_json(&c3, RATLS_ITEM_TCB_INFO), RATLS_E_STALE, "more than a day after the clock's"},
        {item_json(&c4, RATLS_ITEM_TCB_INFO), RATLS_E_UNTRUSTED, "signature"},
        {bytes_cut(good, good.n / 2), RATLS_E_MALFORMED, ""},
        {BYTES_EMPTY, RATLS_E_MALFORMED, ""},
        {bytes_text("{}"), RATLS_E_MISSING, "no collateral"},
        {collateral_json(&c), RATLS_E_MALFORMED, "more than one"},
        {big(RATLS_ITEM_MAX + 1), RATLS_E_LIMIT, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t next;
        keeper_world *w = keeper_world_new(&v);
        const char *name = vendor_item_name(&v, RATLS_ITEM_TCB_INFO);
        keeper_world_serve(w, &v);
        shelf_set(&w->net.items, name, rows[i].answer);
        ratls_keeper *k = keeper_wanting(w, &v);
        ratls_keeper_refresh(k, NOW, &next);
        const noted *n = notes_last(w, RATLS_NOTE_FAILED, name);
        assert_non_null(n);
        if (n->code != rows[i].code)
            fail_msg("row %zu: %s: %s", i, ratls_code_name(n->code), n->text);
        expect_text(n->text, rows[i].text);
        assert_int_equal(n->failures, 1);
        assert_int_equal(n->expires, 0);
        assert_true(n->next >= NOW + 15 && n->next <= NOW + 30); /* not unknown, but wrong */
        assert_int_equal(stored(w, name).n, 0);
        assert_int_equal(notes_count(w, RATLS_NOTE_FETCHED, NULL), 3);
        /* Then it answers well. */
        shelf_set(&w->net.items, name, good);
        ratls_keeper_refresh(k, NOW + 30, &next);
        assert_int_equal(notes_count(w, RATLS_NOTE_FETCHED, name), 1);
        assert_int_equal(notes_last(w, RATLS_NOTE_FETCHED, name)->failures, 0);
        end(&k, w);
    }
}

/* Stores may have anything under any name: it is as if it were absent, and gives way. */
static void test_store_lies(void **state)
{
    vendor v = vendor_at(NOW), other = vendor_at(NOW), ahead = vendor_at(NOW);
    other.tcb_info.fmspc[1] ^= 1;
    ahead.tcb_info.issue_date = NOW + 2 * DAY;
    collateral_set c = vendor_collateral(&v), c2 = vendor_collateral(&other),
                   c3 = vendor_collateral(&ahead);
    bytes good = item_json(&c, RATLS_ITEM_TCB_INFO);
    const struct {
        bytes content;
        bool stays; /* what cannot even be read cannot be exchanged */
    } rows[] = {
        {bytes_cut(good, good.n - 1), false},
        {bytes_cut(good, 0), false},
        {bytes_text("garbage"), false},
        {bytes_flipped(good, good.n / 3, 0), false},
        {bytes_text("{}"), false},
        {item_json(&c, RATLS_ITEM_QE_IDENTITY), false}, /* swapped */
        {item_json(&c2, RATLS_ITEM_TCB_INFO), false},   /* another platform's */
        {item_json(&c3, RATLS_ITEM_TCB_INFO), false},
        {big(RATLS_ITEM_MAX + 1), true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t next;
        ratls_error e;
        keeper_world *w = keeper_world_new(&v);
        const char *name = vendor_item_name(&v, RATLS_ITEM_TCB_INFO);
        keeper_world_stock(w, &v);
        shelf_set(&w->store.items, name, rows[i].content);
        shelf_set(&w->store.items, "somebody-elses", bytes_text("of no interest"));
        ratls_keeper *k = keeper_world_keeper(w);
        ratls_verifier *r = verifier_of(k, &v);
        assert_int_equal(notes_count(w, RATLS_NOTE_DISCARDED, name), 1);
        assert_int_equal(w->notes_n, 1);
        assert_int_not_equal(notes_last(w, RATLS_NOTE_DISCARDED, name)->code, RATLS_OK);
        expect_text(notes_last(w, RATLS_NOTE_DISCARDED, name)->text, "memory");
        assert_int_equal(judge(r, &v, NOW, &e), RATLS_E_MISSING);
        keeper_world_serve(w, &v);
        notes_clear(w);
        ratls_keeper_refresh(k, NOW, &next);
        assert_int_equal(notes_count(w, RATLS_NOTE_FETCHED, name), 1);
        assert_int_equal(network_asked(&w->net, NULL), 1);
        assert_int_equal(judge(r, &v, NOW, &e), RATLS_OK);
        assert_int_equal(notes_count(w, RATLS_NOTE_FAILED, name), rows[i].stays);
        assert_int_equal(bytes_equal(stored(w, name), rows[i].content), rows[i].stays);
        ratls_verifier_free(&r);
        end(&k, w);
    }
}

static void test_outage(void **state)
{
    vendor v = vendor_at(NOW);
    keeper_world *w = keeper_world_new(&v);
    const char *name = vendor_item_name(&v, RATLS_ITEM_TCB_INFO);
    int64_t next, now = NOW + 22 * DAY;
    ratls_error e;
    (void)state;
    keeper_world_serve(w, &v);
    ratls_keeper *k = keeper_wanting(w, &v);
    ratls_verifier *r = verifier_of(k, &v);
    ratls_keeper_refresh(k, NOW, &next);
    w->net.down = true;
    for (unsigned i = 1; i <= 12; i++) {
        static const int64_t most[] = {30, 60, 120, 240, 480, 960, 1920};
        ratls_keeper_refresh(k, now, &next);
        const noted *n = notes_last(w, RATLS_NOTE_FAILED, name);
        assert_non_null(n);
        int64_t wait = n->next - now, at_most = i <= 7 ? most[i - 1] : HOUR;
        assert_int_equal(n->failures, i);
        assert_int_equal(n->code, RATLS_E_SYSTEM);
        expect_text(n->text, "the network is down");
        assert_true(wait <= at_most && wait >= at_most / 2);
        assert_int_equal(n->issued, NOW - DAY);            /* still held, */
        assert_int_equal(judge(r, &v, now, &e), RATLS_OK); /* and used */
        assert_true(next > now && next <= n->next);
        ratls_keeper_refresh(k, n->next - 1, &next);
        assert_int_equal(notes_last(w, RATLS_NOTE_FAILED, name)->failures, i);
        now = notes_last(w, RATLS_NOTE_FAILED, name)->next;
    }
    w->net.down = false;
    ratls_keeper_refresh(k, now, &next);
    assert_non_null(notes_last(w, RATLS_NOTE_UNCHANGED, name));
    assert_int_equal(notes_last(w, RATLS_NOTE_UNCHANGED, name)->failures, 0);
    ratls_verifier_free(&r);
    end(&k, w);
}

/* What a wanted family lacks because no service knows it is asked for once an hour. */
static void test_unknown_platform(void **state)
{
    vendor v = vendor_at(NOW);
    keeper_world *w = keeper_world_new(&v);
    const char *name = vendor_item_name(&v, RATLS_ITEM_TCB_INFO);
    int64_t next;
    (void)state;
    keeper_world_serve(w, &v);
    shelf_set(&w->net.items, name, BYTES_NONE);
    ratls_keeper *k = keeper_wanting(w, &v);
    ratls_keeper_refresh(k, NOW, &next);
    assert_int_equal(notes_last(w, RATLS_NOTE_FAILED, name)->code, RATLS_E_MISSING);
    ratls_keeper_refresh(k, NOW + HOUR - 1, &next);
    assert_int_equal(network_asked(&w->net, name), 1);
    ratls_keeper_refresh(k, NOW + HOUR, &next);
    assert_int_equal(network_asked(&w->net, name), 2);
    end(&k, w);
}

static void test_restart_offline(void **state)
{
    vendor v = vendor_at(NOW), tdx = vendor_of(QUOTE_TDX, 4, false, NOW);
    keeper_world *w = keeper_world_new(&v);
    int64_t next;
    ratls_error e;
    (void)state;
    keeper_world_stock(w, &v);
    keeper_world_stock(w, &tdx);
    w->net.down = true;
    ratls_keeper *k = keeper_world_keeper(w);
    ratls_verifier *r = verifier_of(k, &v);
    assert_int_equal(judge(r, &v, NOW, &e), RATLS_OK);
    assert_int_equal(judge(r, &tdx, NOW, &e), RATLS_OK);
    ratls_keeper_refresh(k, NOW, &next);
    assert_int_equal(network_asked(&w->net, NULL), 0);
    assert_int_equal(w->notes_n, 0);
    /* Expired it is still handed on: whether to use it is the policy's business. */
    assert_int_equal(judge(r, &v, NOW + 60 * DAY, &e), RATLS_OK);
    ratls_verifier_free(&r);
    end(&k, w);
}

/* What goes with a family found in the store is wanted too; of the CAs both, if in doubt. */
static void test_restart_learns(void **state)
{
    vendor v = vendor_at(NOW);
    const struct {
        const char *gone[3];
        unsigned asked;
    } rows[] = {
        {{"sgx-qe"}, 1},
        {{"root-ca-crl"}, 1},
        {{"pck-crl-processor"}, 2},
        {{"pck-crl-processor", "root-ca-crl", "sgx-qe"}, 4},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t next;
        keeper_world *w = keeper_world_new(&v);
        keeper_world_stock(w, &v);
        for (size_t g = 0; g < 3 && rows[i].gone[g] != NULL; g++)
            shelf_set(&w->store.items, rows[i].gone[g], BYTES_NONE);
        ratls_keeper *k = keeper_world_keeper(w);
        ratls_keeper_refresh(k, NOW, &next);
        assert_int_equal(network_asked(&w->net, NULL), rows[i].asked);
        end(&k, w);
    }
}

static void test_store_away(void **state)
{
    vendor v = vendor_at(NOW);
    keeper_world *w = keeper_world_new(&v);
    ratls_keeper *k;
    int64_t next;
    ratls_error e = {.text = ""};
    (void)state;
    keeper_world_serve(w, &v);
    w->store.fail_list = RATLS_E_SYSTEM;
    w->options.store = keeper_world_store(w);
    assert_int_equal(ratls_keeper_new(&k, &w->options, &e), RATLS_E_SYSTEM);
    assert_string_equal(e.text, "memory: the store is away");
    assert_null(k);
    assert_false(w->store.freed || w->net.freed); /* still the caller's */
    /* A cache on the network must not keep a service from starting, or from asking. */
    w->store.remote = true;
    w->store.fail_get = w->store.fail_put = RATLS_E_SYSTEM;
    k = keeper_wanting(w, &v);
    assert_int_equal(notes_count(w, RATLS_NOTE_FAILED, NULL), 1);
    ratls_verifier *r = verifier_of(k, &v);
    ratls_keeper_refresh(k, NOW, &next);
    assert_int_equal(notes_count(w, RATLS_NOTE_FETCHED, NULL), 4);
    assert_int_equal(judge(r, &v, NOW, &e), RATLS_OK);
    /* When it is back, it gets all. */
    w->store.fail_get = w->store.fail_put = RATLS_OK;
    ratls_keeper_refresh(k, NOW + 599, &next);
    assert_int_equal(w->store.items.n, 0);
    ratls_keeper_refresh(k, NOW + 600, &next);
    assert_int_equal(w->store.items.n, 4); /* and no last run, which is each machine's own */
    assert_int_equal(network_asked(&w->net, NULL), 4);
    ratls_verifier_free(&r);
    end(&k, w);
}

/* Others write to the same store at the same time. */
static void test_lost_races(void **state)
{
    vendor v = vendor_at(NOW), newer = vendor_at(NOW);
    const char *name = vendor_item_name(&v, RATLS_ITEM_TCB_INFO);
    int64_t next;
    (void)state;
    newer.tcb_info.issue_date += HOUR;
    collateral_set c = vendor_collateral(&newer);
    const struct {
        unsigned lose;
        bytes interfering;
        unsigned puts;
        bool failed;
    } rows[] = {
        {1, BYTES_NONE, 2, false},                         /* garbage gives way */
        {1, item_json(&c, RATLS_ITEM_TCB_INFO), 1, false}, /* the newer is taken */
        {7, BYTES_NONE, 8, false},
        {100, BYTES_NONE, 8, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        keeper_world *w = keeper_world_new(&v);
        keeper_world_stock(w, &v);
        keeper_world_serve(w, &v);
        shelf_set(&w->store.items, name, BYTES_NONE);
        ratls_keeper *k = keeper_wanting(w, &v);
        w->store.lose = rows[i].lose;
        w->store.interfering = rows[i].interfering;
        w->store.interfered = name;
        ratls_keeper_refresh(k, NOW, &next);
        assert_int_equal(w->store.puts, rows[i].puts + 1); /* and the last run */
        assert_int_equal(notes_count(w, RATLS_NOTE_FETCHED, name), 1);
        assert_int_equal(notes_count(w, RATLS_NOTE_FAILED, name), rows[i].failed);
        if (rows[i].interfering.n > 0) {
            assert_true(bytes_equal(stored(w, name), rows[i].interfering));
            ratls_keeper_refresh(k, NOW + 25 * DAY, &next);
            assert_int_equal(notes_last(w, RATLS_NOTE_UNCHANGED, name)->issued, NOW - DAY + HOUR);
        } else if (rows[i].failed) {
            expect_text(notes_last(w, RATLS_NOTE_FAILED, name)->text, "8 times");
        }
        w->store.lose = 0;
        ratls_keeper_refresh(k, NOW + 600, &next);
        assert_true(stored(w, name).n > 1000);
        end(&k, w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_asks_for_what_is_wanted),
        cmocka_unit_test(test_unchanged_is_no_failure),
        cmocka_unit_test(test_renewal_reaches_verifiers),
        cmocka_unit_test(test_rollback_changes_nothing),
        cmocka_unit_test(test_bad_answers),
        cmocka_unit_test(test_store_lies),
        cmocka_unit_test(test_outage),
        cmocka_unit_test(test_unknown_platform),
        cmocka_unit_test(test_restart_offline),
        cmocka_unit_test(test_restart_learns),
        cmocka_unit_test(test_store_away),
        cmocka_unit_test(test_lost_races),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
