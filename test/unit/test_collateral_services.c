/* Several services, and one service over time: who is asked when, by the counters of servers and a
 * clock that is passed in. */
#define _POSIX_C_SOURCE 200809L
#include "fetch_world.h"

#include <stdio.h>
#include <time.h>

#include "collateral/breaker.h"

static fetch_world world;

static int make_world(void **state)
{
    (void)state;
    world = fetch_world_of(QUOTE_TDX);
    return 0;
}

static http_server *server_of(const http_rule *rules, size_t n)
{
    http_server *s = http_server_start(HTTP_PLAIN);
    http_server_rules(s, rules, n);
    return s;
}

static const char *closed_port(void)
{
    http_server *s = http_server_start(HTTP_PLAIN);
    const char *url = (const char *)arena_format("%s", http_server_url(s)).p;
    http_server_stop(&s);
    return url;
}

/* The sentence of a fetch that must fail. */
static const char *why_not(ratls_fetcher *f, size_t item, int64_t now, ratls_code code)
{
    static ratls_error e;
    e.text[0] = '\0';
    ratls_code got = fetch_item(f, &world.items[item], now, PLENTY_MS, &e);
    if (got != code)
        fail_msg("%s: %s", ratls_code_name(got), e.text);
    return e.text;
}

/* The first moment from `now` on when the service is asked for the item again, found by asking. */
static int64_t asked_again(ratls_fetcher *f, http_server *s, size_t item, int64_t now)
{
    unsigned before = http_server_requests(s);
    for (int64_t t = now; t <= now + 2 * BREAKER_LONGEST; t++) {
        ratls_error e;
        (void)fetch_item(f, &world.items[item], t, PLENTY_MS, &e);
        if (http_server_requests(s) > before) {
            assert_int_equal(http_server_requests(s), before + 1);
            return t;
        }
        assert_non_null(strstr(e.text, "left alone for"));
    }
    fail_msg("never asked again");
    return 0;
}

static void waits_longer_each_time(void **state)
{
    (void)state;
    static const int64_t longest[] = {2, 4, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600};
    http_server *s = server_of(&(http_rule){.status = 503}, 1);
    ratls_fetcher f = fetcher_of(http_server_url(s), NULL);
    int64_t now = NOW;
    (void)why_not(&f, TCB, now, RATLS_E_SYSTEM);
    EACH(i, longest)
    {
        int64_t then = asked_again(&f, s, TCB, now);
        int64_t waited = then - now;
        if (waited > longest[i] || waited < longest[i] - longest[i] / 4)
            fail_msg("failure %zu: waited %lld s, expected %lld", i + 1, (long long)waited,
                     (long long)longest[i]);
        now = then;
    }
    /* One good answer, and all is forgotten. */
    http_server_rules(s, world.rules, 4);
    must_fetch(&f, &world, TCB, now + BREAKER_LONGEST);
    http_server_rules(s, &(http_rule){.status = 503}, 1);
    (void)why_not(&f, TCB, now + BREAKER_LONGEST, RATLS_E_SYSTEM);
    assert_true(asked_again(&f, s, TCB, now + BREAKER_LONGEST) <= now + BREAKER_LONGEST + 2);
    ratls_fetcher_free(&f);
    http_server_stop(&s);
}

static void tells_who_is_left_alone(void **state)
{
    (void)state;
    const char *url = closed_port();
    ratls_fetcher f = fetcher_of(url, NULL);
    bytes first = arena_format("%s: no connection: Connection refused", url);
    bytes next = arena_format(
        "%s: left alone for 2 s after failure 1: no connection: Connection refused", url);
    assert_string_equal(why_not(&f, TCB, NOW, RATLS_E_SYSTEM), (const char *)first.p);
    /* Who does not answer is left alone for all items. */
    assert_string_equal(why_not(&f, ROOT, NOW, RATLS_E_SYSTEM), (const char *)next.p);
    /* A clock that was set back by more than any wait does not make it longer. */
    assert_string_equal(why_not(&f, ROOT, NOW - 86400, RATLS_E_SYSTEM), (const char *)first.p);
    ratls_fetcher_free(&f);
}

/* One item that a service can't give does not keep the others away; several do. */
static void tells_one_bad_item_from_a_bad_service(void **state)
{
    (void)state;
    http_rule rules[5] = {{.path = world.rules[TCB].path, .status = 500}};
    memcpy(rules + 1, world.rules, sizeof world.rules);
    http_server *s = server_of(rules, 5);
    ratls_fetcher f = fetcher_of(http_server_url(s), NULL);
    int64_t now = NOW;
    for (int round = 0; round < 6; round++) {
        (void)why_not(&f, TCB, now, RATLS_E_SYSTEM);
        unsigned before = http_server_requests(s);
        (void)why_not(&f, TCB, now, RATLS_E_SYSTEM);
        assert_int_equal(http_server_requests(s), before);
        must_fetch(&f, &world, QE, now);
        must_fetch(&f, &world, CRL, now);
        must_fetch(&f, &world, ROOT, now);
        now += BREAKER_LONGEST;
    }
    ratls_fetcher_free(&f);

    f = fetcher_of(http_server_url(s), NULL);
    http_server_rules(s, &(http_rule){.body = BYTES_EMPTY}, 1);
    unsigned before = http_server_requests(s);
    (void)why_not(&f, TCB, NOW, RATLS_E_MALFORMED);
    (void)why_not(&f, QE, NOW, RATLS_E_MALFORMED);
    (void)why_not(&f, CRL, NOW, RATLS_E_MALFORMED);
    assert_int_equal(http_server_requests(s), before + 3);
    const char *why = why_not(&f, ROOT, NOW, RATLS_E_SYSTEM);
    assert_non_null(strstr(why, "left alone for"));
    assert_non_null(strstr(why, "after failure 3: its header SGX-PCK-CRL-Issuer-Chain is missing"));
    assert_int_equal(http_server_requests(s), before + 3);
    /* Then one trial; who gets it does not matter. */
    http_server_rules(s, world.rules, 4);
    must_fetch(&f, &world, ROOT, NOW + BREAKER_SECONDS);
    must_fetch(&f, &world, TCB, NOW + BREAKER_SECONDS);
    ratls_fetcher_free(&f);
    http_server_stop(&s);
}

static void takes_missing_for_an_answer(void **state)
{
    (void)state;
    http_server *s = server_of(NULL, 0);
    ratls_fetcher f = fetcher_of(http_server_url(s), NULL);
    for (unsigned i = 1; i <= 10; i++) {
        (void)why_not(&f, TCB, NOW, RATLS_E_MISSING);
        assert_int_equal(http_server_requests(s), i);
    }
    ratls_fetcher_free(&f);
    http_server_stop(&s);
}

static const struct {
    unsigned status;
    const char *headers;
    int64_t least, most;
} waits[] = {
    {429, "Retry-After: 120\r\n", 120, 120},
    {503, "Retry-After: 120\r\n", 120, 120},
    {429, "Retry-After: Thu, 01 Jan 2026 00:05:00 GMT\r\n", 300, 300},
    {429, "Retry-After: 86400\r\n", 3600, 3600},
    {503, "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n", 3600, 3600},
    {429, "Retry-After: 0\r\n", 2, 2},
    {429, "Retry-After: later\r\n", 2, 2},
    {429, NULL, 2, 2},
    {500, "Retry-After: 120\r\n", 2, 2},
};

static void waits_as_long_as_it_is_told(void **state)
{
    (void)state;
    EACH(i, waits)
    {
        http_server *s =
            server_of(&(http_rule){.status = waits[i].status, .headers = waits[i].headers}, 1);
        ratls_fetcher f = fetcher_of(http_server_url(s), NULL);
        (void)why_not(&f, TCB, NOW, RATLS_E_SYSTEM);
        int64_t waited = asked_again(&f, s, TCB, NOW) - NOW;
        if (waited < waits[i].least || waited > waits[i].most)
            fail_msg("case %zu: waited %lld s", i, (long long)waited);
        ratls_fetcher_free(&f);
        http_server_stop(&s);
    }
}

static void asks_in_order(void **state)
{
    (void)state;
    http_server *a = server_of(world.rules, 4), *b = server_of(world.rules, 4);
    ratls_fetcher f = fetcher_of(http_server_url(a), http_server_url(b));
    must_fetch(&f, &world, TCB, NOW);
    assert_int_equal(http_server_requests(b), 0);
    /* The first fails: the second gives it, alone for a while, until the first may again. */
    http_server_rules(a, &(http_rule){.status = 503}, 1);
    must_fetch(&f, &world, TCB, NOW);
    must_fetch(&f, &world, QE, NOW);
    assert_int_equal(http_server_requests(a), 2);
    assert_int_equal(http_server_requests(b), 2);
    http_server_rules(a, world.rules, 4);
    must_fetch(&f, &world, TCB, NOW + 2);
    assert_int_equal(http_server_requests(a), 3);
    assert_int_equal(http_server_requests(b), 2);
    /* Whatever the first has against it, it is the second's turn. */
    const http_rule faults[] = {{.status = 404},
                                {.status = 400},
                                {.status = 401},
                                {.status = 302, .headers = "Location: /\r\n"},
                                {.fault = HTTP_CLOSE, .at = -1, .body = world.set.tcb_info},
                                {.body = BYTES_EMPTY},
                                {.headers = world.rules[CRL].headers, .body = world.set.tcb_info},
                                {.fault = HTTP_ENDLESS, .body = world.set.tcb_info},
                                {.raw = "garbage\r\n"}};
    EACH(i, faults)
    {
        int64_t now = NOW + (int64_t)(i + 1) * 2 * BREAKER_LONGEST;
        http_server_rules(a, &faults[i], 1);
        must_fetch(&f, &world, TCB, now);
        assert_int_equal(http_server_requests(a), 4 + i);
        assert_int_equal(http_server_requests(b), 3 + i);
    }
    ratls_fetcher_free(&f);
    http_server_stop(&a);
    http_server_stop(&b);
}

static void names_every_service(void **state)
{
    (void)state;
    const char *down = closed_port();
    http_server *b = server_of(NULL, 0);
    ratls_fetcher f = fetcher_of(down, http_server_url(b));
    /* One says that there is none; the other can't be asked. */
    bytes both = arena_format("%s: no connection: Connection refused; "
                              "%s: 404, there is no TDX QE identity",
                              down, http_server_url(b));
    assert_string_equal(why_not(&f, QE, NOW, RATLS_E_MISSING), (const char *)both.p);
    http_server_rules(b, &(http_rule){.fault = HTTP_ENDLESS, .body = world.set.tcb_info}, 1);
    both = arena_format("%s: no connection: Connection refused; "
                        "%s: a body of more than 262144 bytes",
                        down, http_server_url(b));
    assert_string_equal(why_not(&f, QE, NOW + 10, RATLS_E_LIMIT), (const char *)both.p);
    ratls_fetcher_free(&f);
    http_server_stop(&b);
}

/* A rule that gives the QE identity, good until then, and the item that comes of it. */
static http_rule qe_until(int64_t next_update, unsigned number)
{
    vendor v = vendor_of(QUOTE_TDX, 4, false, NOW);
    v.qe_identity.next_update = next_update;
    v.qe_identity.evaluation_number = number;
    collateral_set set = vendor_collateral(&v);
    http_rule rule = world.rules[QE];
    rule.body = pcs_reply_of(&set, &world.items[QE], 4, CRL_DER).body;
    return rule;
}

static void must_fetch_number(ratls_fetcher *f, const char *number)
{
    ratls_error e;
    if (fetch_item(f, &world.items[QE], NOW, PLENTY_MS, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    size_t at = bytes_find(bytes_of(fetched, fetched_n), bytes_text(number));
    if (at == fetched_n)
        fail_msg("%s is not in %.*s", number, (int)fetched_n, (const char *)fetched);
}

/* A cache with expired items does not hide what the next service has; but better that than none. */
static void looks_for_what_is_fresh(void **state)
{
    (void)state;
    http_rule fresh = qe_until(NOW, 1001), stale = qe_until(NOW - 1, 1002),
              staler = qe_until(NOW - 2, 1003);
    http_server *a = server_of(&stale, 1), *b = server_of(&fresh, 1);
    ratls_fetcher f = fetcher_of(http_server_url(a), http_server_url(b));
    must_fetch_number(&f, "tcbEvaluationDataNumber\\\":1001,");
    http_server_rules(b, &staler, 1);
    must_fetch_number(&f, "tcbEvaluationDataNumber\\\":1002,");
    http_server_rules(a, &staler, 1);
    http_server_rules(b, &stale, 1);
    must_fetch_number(&f, "tcbEvaluationDataNumber\\\":1002,");
    http_server_rules(b, &(http_rule){.status = 503}, 1);
    must_fetch_number(&f, "tcbEvaluationDataNumber\\\":1003,");
    assert_int_equal(http_server_requests(a), 4);
    assert_int_equal(http_server_requests(b), 4);
    http_server_rules(a, &fresh, 1);
    must_fetch_number(&f, "tcbEvaluationDataNumber\\\":1001,");
    assert_int_equal(http_server_requests(b), 4);
    ratls_fetcher_free(&f);
    http_server_stop(&a);
    http_server_stop(&b);
}

static int64_t monotonic_ms(void)
{
    struct timespec t;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &t), 0);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The deadline is for all services together, and each gets its turn. */
static void divides_the_time(void **state)
{
    (void)state;
    enum { FAR_MS = 60000 };
    const http_rule hangs = {.fault = HTTP_HANG};
    http_server *a = server_of(&hangs, 1), *b = server_of(world.rules, 4);
    ratls_fetcher f = fetcher_of(http_server_url(a), http_server_url(b));
    ratls_error e;
    int64_t start = monotonic_ms();
    if (fetch_item(&f, &world.items[TCB], NOW, 4000, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    assert_int_equal(http_server_await(a, 1), 1);
    http_server_rules(b, &hangs, 1);
    assert_int_equal(fetch_item(&f, &world.items[TCB], NOW + 2, 1000, &e), RATLS_E_SYSTEM);
    assert_int_equal(http_server_await(a, 2), 2);
    assert_int_equal(http_server_await(b, 2), 2);
    bytes says_a = arena_format("%s: timed out after 500 ms; %s: timed out after ",
                                http_server_url(a), http_server_url(b));
    if (strstr(e.text, (const char *)says_a.p) != e.text)
        fail_msg("%s", e.text);
    /* With the first left alone, the second has all of it. */
    assert_int_equal(fetch_item(&f, &world.items[TCB], NOW + 4, 1000, &e), RATLS_E_SYSTEM);
    bytes says_b = arena_format("%s: timed out after 1000 ms", http_server_url(b));
    if (strstr(e.text, (const char *)says_b.p) == NULL || strstr(e.text, "left alone") == NULL)
        fail_msg("%s", e.text);
    /* No time at all. */
    assert_int_equal(fetch_item(&f, &world.items[TCB], NOW + 3600, 0, &e), RATLS_E_SYSTEM);
    bytes says_none = arena_format("%s: not asked, the time was over; "
                                   "%s: not asked, the time was over",
                                   http_server_url(a), http_server_url(b));
    assert_string_equal(e.text, (const char *)says_none.p);
    assert_true(monotonic_ms() - start < FAR_MS);
    ratls_fetcher_free(&f);
    http_server_stop(&a);
    http_server_stop(&b);
}

/* Two clients with other seeds come back at other moments, if they wait long enough to differ. */
static void spreads_clients(void **state)
{
    (void)state;
    const ratls_item item = {.kind = RATLS_ITEM_QE_IDENTITY};
    bool seen[BREAKER_SECONDS + 1] = {false};
    int moments = 0;
    for (uint64_t seed = 0; seed < 64; seed++) {
        breaker b = {.all = {.failures = BREAKER_FAILURES - 1}};
        const breaker_count *count;
        breaker_failed(&b, NOW, 0, seed);
        assert_false(breaker_asks(&b, &item, NOW, &count));
        int64_t wait = count->until - NOW;
        assert_true(wait > BREAKER_SECONDS * 3 / 4 && wait <= BREAKER_SECONDS);
        moments += seen[wait] ? 0 : 1;
        seen[wait] = true;
    }
    assert_int_equal(moments, BREAKER_SECONDS / 4 + 1);
}

#define LONG_NAME "https://a-cache-with-a-rather-long-name.region-1.example.org:8081/with/a/prefix"
#define LONG_WHY                                                                                   \
    "TLS: SSL certificate problem: unable to get local issuer certificate, and much more that is " \
    "said about it, so that one sentence alone would be longer than all that there is room for in"

#define SIX(x)       x, x, x, x, x, x
#define SIX_TIMES(x) x x x x x x

static const struct {
    size_t n;
    const char *names[8], *whys[8], *expected;
} sentences[] = {
    {0, {NULL}, {NULL}, ""},
    {1, {"https://a"}, {"404"}, "https://a: 404"},
    {2, {"https://a", "https://b"}, {"404", "status 500"}, "https://a: 404; https://b: status 500"},
    {1,
     {"https://a"},
     {LONG_WHY LONG_WHY},
     "a: TLS: SSL certificate problem: unable to get local issuer certificate, and much more that "
     "is said about it, so that one sentence alone would be longer than all that there is room for "
     "inTLS: SSL certificate problem: unable to get local .."},
    {2,
     {LONG_NAME, "https://b"},
     {LONG_WHY, "404"},
     "a-cache-with-a-rather-long-name.region-1.example.org:8081/with/a/prefix: TLS: SSL "
     "certificate problem: unable to get local issuer certificate, and much more that is said "
     "about it, so that one sentence alone would be longe..; https://b: 404"},
    {8,
     {LONG_NAME, SIX(LONG_NAME), "https://b"},
     {"timed out after 2000 ms", SIX(LONG_WHY), "404"},
     "a-cache-..: timed out after ..; " SIX_TIMES(
         "a-cache-..: TLS: SSL certifi..; ") "https://b: 404"},
};

static void cuts_sentences_fairly(void **state)
{
    (void)state;
    EACH(i, sentences)
    {
        char out[RATLS_TEXT_SIZE + 1];
        memset(out, 'x', sizeof out);
        fetcher_sentence(sentences[i].names, sentences[i].whys, sentences[i].n, out);
        assert_true(strlen(out) < RATLS_TEXT_SIZE);
        if (strcmp(out, sentences[i].expected) != 0)
            fail_msg("case %zu: %s", i, out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_longer_each_time),
        cmocka_unit_test(tells_who_is_left_alone),
        cmocka_unit_test(tells_one_bad_item_from_a_bad_service),
        cmocka_unit_test(takes_missing_for_an_answer),
        cmocka_unit_test(waits_as_long_as_it_is_told),
        cmocka_unit_test(asks_in_order),
        cmocka_unit_test(names_every_service),
        cmocka_unit_test(looks_for_what_is_fresh),
        cmocka_unit_test(divides_the_time),
        cmocka_unit_test(spreads_clients),
        cmocka_unit_test(cuts_sentences_fairly),
    };
    return cmocka_run_group_tests(tests, make_world, NULL);
}
