/* A service that is at fault in every way: its exact code and sentence, and nothing worse. */
#define _POSIX_C_SOURCE 200809L
#include "fetch_world.h"

#include <stdio.h>
#include <stdlib.h>

#define HTML "<!DOCTYPE html><html><body>Please log in</body></html>"

static fetch_world world;

static int make_world(void **state)
{
    (void)state;
    world = fetch_world_of(QUOTE_SGX);
    /* Of all this nothing may be heeded. */
    static const char *const proxies[] = {"http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY",
                                          "ALL_PROXY"};
    EACH(i, proxies)
    (void)setenv(proxies[i], "http://127.0.0.1:1", 1);
    return 0;
}

enum { SOON_MS = 500 };

/* Of the TCB info; headers and body are those of the right answer if nothing else is said. */
typedef struct row {
    const char *name;
    http_rule rule;
    bool own_headers, own_body; /* as the rule has them */
    uint32_t deadline_ms;       /* 0: PLENTY_MS */
    ratls_code code;
    const char *says;
} row;

#define WELL_FORMED "HTTP/1.1 200 OK\r\n"
#define HEADER      "its header TCB-Info-Issuer-Chain "

static const row rows[] = {
    {.name = "all is well", .code = RATLS_OK},
    {.name = "slow, but in time", .rule = {.fault = HTTP_DRIP, .at = -10}, .code = RATLS_OK},
    {.name = "hangs at once",
     .rule = {.fault = HTTP_HANG},
     .deadline_ms = SOON_MS,
     .code = RATLS_E_SYSTEM,
     .says = "timed out after 500 ms"},
    {.name = "hangs in the headers",
     .rule = {.fault = HTTP_HANG, .at = 20},
     .deadline_ms = SOON_MS,
     .code = RATLS_E_SYSTEM,
     .says = "timed out after 500 ms"},
    {.name = "hangs before the last byte",
     .rule = {.fault = HTTP_HANG, .at = -1},
     .deadline_ms = SOON_MS,
     .code = RATLS_E_SYSTEM,
     .says = "timed out after 500 ms"},
    {.name = "drips without an end",
     .rule = {.fault = HTTP_DRIP, .at = 10},
     .deadline_ms = SOON_MS,
     .code = RATLS_E_SYSTEM,
     .says = "timed out after 500 ms"},
    {.name = "closes at once",
     .rule = {.fault = HTTP_CLOSE},
     .code = RATLS_E_SYSTEM,
     .says = "the answer was cut off"},
    {.name = "closes in the body",
     .rule = {.fault = HTTP_CLOSE, .at = -1},
     .code = RATLS_E_SYSTEM,
     .says = "the answer was cut off"},
    {.name = "500",
     .rule = {.status = 500},
     .code = RATLS_E_SYSTEM,
     .says = "status 500, expected 200"},
    {.name = "502",
     .rule = {.status = 502},
     .code = RATLS_E_SYSTEM,
     .says = "status 502, expected 200"},
    {.name = "503",
     .rule = {.status = 503},
     .code = RATLS_E_SYSTEM,
     .says = "status 503, expected 200"},
    {.name = "429",
     .rule = {.status = 429},
     .code = RATLS_E_SYSTEM,
     .says = "429, it was asked too often"},
    {.name = "400",
     .rule = {.status = 400},
     .code = RATLS_E_SYSTEM,
     .says = "400, it does not take the request for SGX TCB info for FMSPC 00606a000000"},
    {.name = "401",
     .rule = {.status = 401, .headers = "WWW-Authenticate: Basic realm=\"x\"\r\n"},
     .own_headers = true,
     .code = RATLS_E_SYSTEM,
     .says = "401, it wants other credentials"},
    {.name = "404",
     .rule = {.status = 404},
     .code = RATLS_E_MISSING,
     .says = "404, there is no SGX TCB info for FMSPC 00606a000000"},
    {.name = "410",
     .rule = {.status = 410},
     .code = RATLS_E_MISSING,
     .says = "410, there is no SGX TCB info for FMSPC 00606a000000"},
    {.name = "204",
     .rule = {.status = 204},
     .code = RATLS_E_SYSTEM,
     .says = "status 204, expected 200"},
    {.name = "206",
     .rule = {.status = 206},
     .code = RATLS_E_SYSTEM,
     .says = "status 206, expected 200"},
    {.name = "redirects in a circle",
     .rule = {.status = 302, .headers = "Location: /sgx/certification/v4/tcb\r\n"},
     .own_headers = true,
     .code = RATLS_E_SYSTEM,
     .says = "302, a redirect, and none is followed"},
    {.name = "redirects to a file",
     .rule = {.status = 301, .headers = "Location: file:///etc/passwd\r\n"},
     .own_headers = true,
     .code = RATLS_E_SYSTEM,
     .says = "301, a redirect, and none is followed"},
    {.name = "100 MB",
     .rule = {.fault = HTTP_ENDLESS},
     .code = RATLS_E_LIMIT,
     .says = "a body of more than 262144 bytes"},
    {.name = "more than it said, or less JSON",
     .rule = {.raw = WELL_FORMED "Content-Length: 3\r\nTCB-Info-Issuer-Chain: x\r\n\r\n{\"tcbInfo"},
     .code = RATLS_E_MALFORMED,
     .says = HEADER "is no chain of PEM certificates"},
    {.name = "less than it said",
     .rule = {.raw = WELL_FORMED "Content-Length: 30\r\n\r\n{}", .fault = HTTP_CLOSE, .at = 99},
     .code = RATLS_E_SYSTEM,
     .says = "the answer was cut off"},
    {.name = "a length that is none",
     .rule = {.raw = WELL_FORMED "Content-Length: -5\r\n\r\n{}"},
     .code = RATLS_E_MALFORMED,
     .says = "the answer is not HTTP: Invalid Content-Length: value"},
    {.name = "chunks that are none",
     .rule = {.raw = WELL_FORMED "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"},
     .code = RATLS_E_SYSTEM,
     .says = "the answer was cut off"},
    {.name = "no HTTP",
     .rule = {.raw = "220 mail.example ESMTP\r\n"},
     .code = RATLS_E_MALFORMED,
     .says = "the answer is not HTTP: Received HTTP/0.9 when not allowed"},
    {.name = "no more than a status line",
     .rule = {.raw = "HTTP/1.1 200 OK\r\n\r\n"},
     .code = RATLS_E_MALFORMED,
     .says = HEADER "is missing"},
    {.name = "no body",
     .rule = {.body = {(const uint8_t *)"", 0}},
     .own_body = true,
     .code = RATLS_E_MALFORMED,
     .says = "its body: an object was expected, at byte 0"},
    {.name = "another type of content is not minded",
     .rule = {.headers = "Content-Type: text/html\r\n"},
     .code = RATLS_OK},
    {.name = "a page to log in",
     .rule = {.headers = "Content-Type: text/html\r\n",
              .body = {(const uint8_t *)HTML, sizeof HTML - 1}},
     .own_body = true,
     .code = RATLS_E_MALFORMED,
     .says = "its body: an object was expected, at byte 0"},
    {.name = "compressed, which was not asked for",
     .rule = {.headers = "Content-Encoding: gzip\r\n",
              .body = {(const uint8_t *)"\x1f\x8b\x08", 3}},
     .own_body = true,
     .code = RATLS_E_MALFORMED,
     .says = "its body: an object was expected, at byte 0"},
    {.name = "no issuer chain",
     .own_headers = true,
     .code = RATLS_E_MALFORMED,
     .says = HEADER "is missing"},
    {.name = "the header of another item",
     .rule = {.headers = "SGX-Enclave-Identity-Issuer-Chain: x\r\n"},
     .own_headers = true,
     .code = RATLS_E_MALFORMED,
     .says = HEADER "is missing"},
    {.name = "an issuer chain of no percent-encoding",
     .rule = {.headers = "TCB-Info-Issuer-Chain: %2%zz\r\n"},
     .own_headers = true,
     .code = RATLS_E_MALFORMED,
     .says = HEADER "is no percent-encoded text"},
    {.name = "two issuer chains",
     .rule = {.headers = "SGX-TCB-Info-Issuer-Chain: x\r\n"},
     .code = RATLS_E_MALFORMED,
     .says = HEADER "stands twice"},
};

static const char *headers_of(const row *r)
{
    if (r->own_headers)
        return r->rule.headers;
    const char *more = r->rule.headers != NULL ? r->rule.headers : "";
    return (const char *)arena_format("%s%s", world.rules[TCB].headers, more).p;
}

/* The answer to the request for the TCB info in the ways of the table, and afterwards a good one:
 * no fault harms what comes later. */
static void has_a_sentence_for_each_fault(void **state)
{
    (void)state;
    EACH(i, rows)
    {
        const row *r = &rows[i];
        http_rule rules[2] = {r->rule, world.rules[TCB]};
        rules[0].path = world.rules[TCB].path;
        rules[0].times = 1;
        rules[0].headers = headers_of(r);
        if (!r->own_body)
            rules[0].body = world.rules[TCB].body;
        http_server *s = http_server_start(HTTP_PLAIN);
        http_server_rules(s, rules, 2);
        ratls_fetcher f = fetcher_of(http_server_url(s), NULL);
        ratls_error e = {.text = ""};
        ratls_code code = fetch_item(&f, &world.items[TCB], NOW,
                                     r->deadline_ms != 0 ? r->deadline_ms : PLENTY_MS, &e);
        if (code != r->code || (code != RATLS_OK && !says(&e, http_server_url(s), r->says)))
            fail_msg("%s: %s: %s", r->name, ratls_code_name(code), e.text);
        if (code == RATLS_OK)
            assert_true(bytes_equal(bytes_of(fetched, fetched_n), world.forms[TCB]));
        assert_int_equal(http_server_await(s, 1), 1);
        /* What the sockets hold is the kernel's; that is all there is of the 100 MB. */
        assert_true(http_server_sent(s) < 20 * 1000 * 1000);
        must_fetch(&f, &world, TCB, NOW + 3600);
        assert_int_equal(http_server_requests(s), 2);
        ratls_fetcher_free(&f);
        http_server_stop(&s);
    }
}

static bytes repeated(const char *head, const char *text, size_t n, const char *tail)
{
    buf b = {0};
    buf_text(&b, head);
    for (size_t i = 0; i < n; i++)
        buf_text(&b, text);
    buf_text(&b, tail);
    buf_u8(&b, 0);
    return buf_bytes(&b);
}

/* Headers without an end, interim answers without an end, a body in chunks without an end. */
static void bounds_what_it_reads(void **state)
{
    (void)state;
    const struct {
        const char *raw, *says;
    } cases[] = {
        {(const char *)repeated(WELL_FORMED, "X-Much: 0123456789abcdef\r\n", 4000, "\r\n").p,
         "headers of more than 65536 bytes"},
        {(const char *)repeated(WELL_FORMED "X-Long: ", "0123456789abcdef", 4200, "\r\n\r\n").p,
         "headers of more than 65536 bytes"},
        {(const char *)repeated("", "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n", 3000, "").p,
         "headers of more than 65536 bytes"},
        {(const char *)repeated(WELL_FORMED "Transfer-Encoding: chunked\r\n\r\n",
                                "10\r\n0123456789abcdef\r\n", 20000, "0\r\n\r\n")
             .p,
         "a body of more than 262144 bytes"},
        {(const char *)repeated(WELL_FORMED "Connection: close\r\n\r\n", "0123456789abcdef", 20000,
                                "")
             .p,
         "a body of more than 262144 bytes"},
    };
    EACH(i, cases)
    {
        http_server *s = http_server_start(HTTP_PLAIN);
        http_server_rules(s, &(http_rule){.raw = cases[i].raw}, 1);
        ratls_fetcher f = fetcher_of(http_server_url(s), NULL);
        ratls_error e = {.text = ""};
        assert_int_equal(fetch_item(&f, &world.items[TCB], NOW, PLENTY_MS, &e), RATLS_E_LIMIT);
        if (!says(&e, http_server_url(s), cases[i].says))
            fail_msg("case %zu: %s", i, e.text);
        ratls_fetcher_free(&f);
        http_server_stop(&s);
    }
}

/* After interim answers, and in chunks, it is the same answer. */
static void reads_all_of_http(void **state)
{
    (void)state;
    http_server *s = http_server_start(HTTP_PLAIN);
    ratls_fetcher f = fetcher_of(http_server_url(s), NULL);
    bytes qe = world.rules[QE].body;
    bytes text = arena_format(
        "HTTP/1.1 103 Early Hints\r\nSGX-Enclave-Identity-Issuer-Chain: x\r\n\r\n" WELL_FORMED
        "%sTransfer-Encoding: chunked\r\n\r\n7\r\n%.7s\r\n%zx\r\n%.*s\r\n0\r\n\r\n",
        world.rules[QE].headers, (const char *)qe.p, qe.n - 7, (int)(qe.n - 7),
        (const char *)qe.p + 7);
    http_server_rules(s, &(http_rule){.raw = (const char *)text.p}, 1);
    must_fetch(&f, &world, QE, NOW);
    ratls_fetcher_free(&f);
    http_server_stop(&s);
}

/* What is fetched is what the keeper's check takes for that item, in each form. */
static void fetches_genuine_items(void **state)
{
    (void)state;
    static const quote_tee tees[] = {QUOTE_SGX, QUOTE_TDX};
    EACH(t, tees)
    for (int form = CRL_DER; form <= CRL_HEX; form++) {
        fetch_world w = fetch_world_of(tees[t]);
        w.rules[CRL].body = pcs_reply_of(&w.set, &w.items[CRL], 4, (crl_form)form).body;
        w.rules[ROOT].body = pcs_reply_of(&w.set, &w.items[ROOT], 4, (crl_form)form).body;
        http_server *s = http_server_start(HTTP_PLAIN);
        http_server_rules(s, w.rules, 4);
        ratls_fetcher f = fetcher_of(http_server_url(s), NULL);
        for (size_t i = 0; i < 4; i++) {
            ratls_item_facts facts;
            ratls_error e;
            char found[RATLS_ITEM_NAME_SIZE], asked[RATLS_ITEM_NAME_SIZE];
            must_fetch(&f, &w, i, NOW);
            if (ratls_item_check(bytes_of(fetched, fetched_n), w.root, &facts, &e) != RATLS_OK)
                fail_msg("item %zu: %s", i, e.text);
            ratls_item_name(&facts.item, found);
            ratls_item_name(&w.items[i], asked);
            assert_string_equal(found, asked);
        }
        ratls_fetcher_free(&f);
        http_server_stop(&s);
    }
}

static ratls_code judge(void *root, const ratls_item *item, ratls_bytes data, int64_t now,
                        ratls_error *error)
{
    ratls_item_facts facts;
    (void)item;
    assert_int_equal(now, NOW);
    return ratls_item_check(data, *(const bytes *)root, &facts, error);
}

/* A service with forged items does not hide what the next one has. */
static void asks_the_next_where_the_judge_refuses(void **state)
{
    (void)state;
    collateral_set other = world.set;
    other.tcb_info_signature = bytes_flipped(other.tcb_info_signature, 5, 0);
    http_rule rules[2] = {world.rules[TCB], world.rules[QE]};
    rules[0].body = pcs_reply_of(&other, &world.items[TCB], 4, CRL_DER).body;
    http_server *bad = http_server_start(HTTP_PLAIN), *good = http_server_start(HTTP_PLAIN);
    http_server_rules(bad, rules, 2);
    http_server_rules(good, world.rules, 4);
    ratls_fetcher f = fetcher_of(http_server_url(bad), http_server_url(good));
    ratls_error e;
    f.set_judge(f.state, judge, &world.root);
    must_fetch(&f, &world, TCB, NOW);
    must_fetch(&f, &world, QE, NOW);
    assert_int_equal(http_server_requests(bad), 2);
    assert_int_equal(http_server_requests(good), 1);
    ratls_fetcher_free(&f);
    f = fetcher_of(http_server_url(bad), NULL);
    f.set_judge(f.state, judge, &world.root);
    assert_int_equal(fetch_item(&f, &world.items[TCB], NOW, PLENTY_MS, &e), RATLS_E_MALFORMED);
    assert_non_null(strstr(e.text, "TCB info: its signature does not fit"));
    ratls_fetcher_free(&f);
    http_server_stop(&bad);
    http_server_stop(&good);
}

/* That an item is not genuine, expired, or another's CRL is not seen here: the check that follows
 * says so. */
static void leaves_genuineness_to_others(void **state)
{
    (void)state;
    collateral_set other = world.set;
    other.tcb_info_signature = bytes_flipped(other.tcb_info_signature, 5, 0);
    pcs_reply forged = pcs_reply_of(&other, &world.items[TCB], 4, CRL_DER);
    http_rule rules[2] = {world.rules[TCB], world.rules[CRL]};
    rules[0].body = forged.body;
    http_server *s = http_server_start(HTTP_PLAIN);
    http_server_rules(s, rules, 2);
    ratls_fetcher f = fetcher_of(http_server_url(s), NULL);
    const int64_t late = NOW + 4000 * (int64_t)VENDOR_DAY;
    ratls_error e;
    ratls_item_facts facts;
    assert_int_equal(fetch_item(&f, &world.items[TCB], late, PLENTY_MS, &e), RATLS_OK);
    assert_int_equal(ratls_item_check(bytes_of(fetched, fetched_n), world.root, &facts, &e),
                     RATLS_E_UNTRUSTED);
    ratls_item asked = world.items[CRL];
    asked.processor_ca = !asked.processor_ca;
    assert_int_equal(fetch_item(&f, &asked, late, PLENTY_MS, &e), RATLS_OK);
    assert_int_equal(ratls_item_check(bytes_of(fetched, fetched_n), world.root, &facts, &e),
                     RATLS_OK);
    assert_true(facts.item.processor_ca != asked.processor_ca && facts.expires < late);
    ratls_fetcher_free(&f);
    http_server_stop(&s);
}

/* The items of a TDX platform, asked for as those of an SGX one and the other way round. */
static void refuses_another_platform(void **state)
{
    (void)state;
    fetch_world tdx = fetch_world_of(QUOTE_TDX);
    http_rule rules[2] = {tdx.rules[TCB], tdx.rules[QE]};
    rules[0].path = world.rules[TCB].path;
    rules[1].path = world.rules[QE].path;
    http_server *s = http_server_start(HTTP_PLAIN);
    http_server_rules(s, rules, 2);
    ratls_fetcher f = fetcher_of(http_server_url(s), NULL);
    ratls_error e;
    assert_int_equal(fetch_item(&f, &world.items[TCB], NOW, PLENTY_MS, &e), RATLS_E_MALFORMED);
    assert_true(says(&e, http_server_url(s),
                     "it gave another item: the id of its tcbInfo is TDX, expected SGX"));
    assert_int_equal(fetch_item(&f, &world.items[QE], NOW, PLENTY_MS, &e), RATLS_E_MALFORMED);
    assert_true(says(&e, http_server_url(s),
                     "it gave another item: the id of its enclaveIdentity is TD_QE, expected QE"));
    ratls_fetcher_free(&f);
    http_server_stop(&s);
}

static void tells_that_nobody_is_there(void **state)
{
    (void)state;
    http_server *s = http_server_start(HTTP_PLAIN);
    bytes url = arena_format("%s", http_server_url(s));
    http_server_stop(&s);
    ratls_fetcher f = fetcher_of((const char *)url.p, NULL);
    ratls_error e;
    assert_int_equal(fetch_item(&f, &world.items[TCB], NOW, PLENTY_MS, &e), RATLS_E_SYSTEM);
    assert_true(says(&e, (const char *)url.p, "no connection: Connection refused"));
    ratls_fetcher_free(&f);
}

enum { NO_CA, ITS_CA, OTHER_CA, ABSENT_CA, ANY };

static const struct {
    http_layer layer;
    int trust;
    bool client, https;
    ratls_code code;
    const char *says; /* a part: OpenSSL's own words vary */
} layers[] = {
    {HTTP_TLS, ITS_CA, false, true, RATLS_OK, NULL},
    {HTTP_TLS, ANY, false, true, RATLS_OK, NULL},
    {HTTP_TLS, NO_CA, false, true, RATLS_E_SYSTEM, "TLS: SSL certificate problem: self"},
    {HTTP_TLS, OTHER_CA, false, true, RATLS_E_SYSTEM, "TLS: SSL certificate problem: self"},
    {HTTP_TLS, ABSENT_CA, false, true, RATLS_E_SYSTEM,
     "TLS: error setting certificate file: absent.pem"},
    {HTTP_TLS, ITS_CA, false, false, RATLS_E_SYSTEM, "the answer was cut off"},
    {HTTP_TLS_NAME, ITS_CA, false, true, RATLS_E_SYSTEM, "TLS: SSL: no alternative certificate "},
    {HTTP_TLS_NAME, ANY, false, true, RATLS_OK, NULL},
    {HTTP_TLS_CLIENT, ITS_CA, true, true, RATLS_OK, NULL},
    {HTTP_TLS_CLIENT, ITS_CA, false, true, RATLS_E_SYSTEM, ""},
    {HTTP_TLS_GARBAGE, ANY, false, true, RATLS_E_SYSTEM, "TLS: "},
    {HTTP_PLAIN, ANY, false, true, RATLS_E_SYSTEM, "TLS: "},
};

static void judges_tls(void **state)
{
    (void)state;
    http_server *other = http_server_start(HTTP_TLS);
    EACH(i, layers)
    {
        http_server *s = http_server_start(layers[i].layer);
        http_server_rules(s, world.rules, 4);
        const char *ca[] = {NULL, http_server_certificate_file(s),
                            http_server_certificate_file(other), "absent.pem", NULL};
        const char *port = strrchr(http_server_url(s), ':');
        const char *url =
            (const char *)arena_format("http%s://127.0.0.1%s", layers[i].https ? "s" : "", port).p;
        const ratls_service service = {
            .url = url,
            .ca_file = ca[layers[i].trust],
            .insecure_any_certificate = layers[i].trust == ANY,
            .client_certificate_file = layers[i].client ? http_server_certificate_file(s) : NULL,
            .client_key_file = layers[i].client ? http_server_key_file(s) : NULL,
        };
        ratls_fetcher f;
        ratls_error e = {.text = ""};
        assert_int_equal(ratls_fetcher_services(&service, 1, &f, &e), RATLS_OK);
        ratls_code code = fetch_item(&f, &world.items[TCB], NOW, PLENTY_MS, &e);
        bytes start = arena_format("%s: %s", url, layers[i].says != NULL ? layers[i].says : "");
        if (code != layers[i].code ||
            (code != RATLS_OK && strstr(e.text, (const char *)start.p) != e.text))
            fail_msg("case %zu: %s: %s", i, ratls_code_name(code), e.text);
        ratls_fetcher_free(&f);
        http_server_stop(&s);
    }
    http_server_stop(&other);
}

/* One connection for all; what is sent, and what is not. */
static void asks_plainly(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "GET /sgx/certification/v4/tcb?fmspc=00606a000000&update=standard HTTP/1.1\r\n",
        "GET /sgx/certification/v4/qe/identity?update=standard HTTP/1.1\r\n",
        "GET /sgx/certification/v4/pckcrl?ca=platform&encoding=der HTTP/1.1\r\n",
        "GET /sgx/certification/v4/rootcacrl HTTP/1.1\r\n"};
    http_server *s = http_server_start(HTTP_PLAIN);
    http_rule rules[4];
    for (size_t i = 0; i < 4; i++) {
        rules[i] = world.rules[i];
        rules[i].headers =
            (const char *)arena_format("Set-Cookie: a=b\r\n%s", world.rules[i].headers).p;
    }
    http_server_rules(s, rules, 4);
    const ratls_service service = {
        .url = (const char *)arena_format("%s/sgx/certification/v4/", http_server_url(s)).p,
        .update = "standard"};
    ratls_fetcher f;
    ratls_error e;
    assert_int_equal(ratls_fetcher_services(&service, 1, &f, &e), RATLS_OK);
    for (size_t i = 0; i < 4; i++) {
        char head[HTTP_REQUEST_MAX];
        must_fetch(&f, &world, i, NOW);
        http_server_last(s, head);
        bytes expected = arena_format("%sHost: %s\r\nUser-Agent: ratls\r\nAccept: */*\r\n\r\n",
                                      lines[i], http_server_url(s) + strlen("http://"));
        assert_string_equal(head, (const char *)expected.p);
    }
    assert_int_equal(http_server_connections(s), 1);
    ratls_fetcher_free(&f);
    http_server_stop(&s);
}

static void minds_its_options(void **state)
{
    (void)state;
    const ratls_service nine[9] = {
        {.url = "https://a"}, {.url = "https://a"}, {.url = "https://a"},
        {.url = "https://a"}, {.url = "https://a"}, {.url = "https://a"},
        {.url = "https://a"}, {.url = "https://a"}, {.url = "https://a"}};
    const struct {
        ratls_service services[2];
        ratls_code code;
        const char *says;
    } cases[] = {
        {{{.url = "https://a"}, {.url = "ftp://a"}},
         RATLS_E_UNSUPPORTED,
         "URL of a service: expected it to begin with http:// or https://"},
        {{{.url = "https://a"}, {.url = "https://a:x"}},
         RATLS_E_MALFORMED,
         "URL of a service: its port is no number from 1 to 65535"},
        {{{.url = "https://a", .update = "late"}, {.url = "https://a"}},
         RATLS_E_MALFORMED,
         "update of a service: found \"late\", expected early or standard"},
        {{{.url = "https://a", .client_key_file = "k"}, {.url = "https://a"}},
         RATLS_E_MALFORMED,
         "service: a client certificate needs its key, and the key its certificate"},
        {{{.url = "https://a", .client_certificate_file = "c"}, {.url = "https://a"}},
         RATLS_E_MALFORMED,
         "service: a client certificate needs its key, and the key its certificate"},
    };
    ratls_fetcher f;
    ratls_error e;
    EACH(i, cases)
    {
        assert_int_equal(ratls_fetcher_services(cases[i].services, 2, &f, &e), cases[i].code);
        assert_string_equal(e.text, cases[i].says);
    }
    assert_int_equal(ratls_fetcher_services(nine, 9, &f, &e), RATLS_E_LIMIT);
    assert_string_equal(e.text, "9 services, at most 8 are asked");
    assert_int_equal(ratls_fetcher_services(nine, 8, &f, &e), RATLS_OK);
    ratls_fetcher_free(&f);
    assert_int_equal(ratls_fetcher_services(NULL, 0, &f, &e), RATLS_OK);
    assert_int_equal(fetch_item(&f, &world.items[TCB], NOW, PLENTY_MS, &e), RATLS_E_SYSTEM);
    assert_string_equal(e.text, "no service to fetch from");
    ratls_fetcher_free(&f);
    assert_null(f.state);
}

static void needs_room(void **state)
{
    (void)state;
    http_server *s = http_server_start(HTTP_PLAIN);
    http_server_rules(s, world.rules, 4);
    ratls_fetcher f = fetcher_of(http_server_url(s), NULL);
    ratls_error e;
    size_t n;
    assert_int_equal(f.fetch(f.state, &world.items[ROOT], NOW, PLENTY_MS, fetched,
                             world.forms[ROOT].n - 1, &n, &e),
                     RATLS_E_LIMIT);
    assert_non_null(strstr(e.text, "there is room for"));
    assert_int_equal(f.fetch(f.state, &world.items[ROOT], NOW + 3600, PLENTY_MS, fetched,
                             world.forms[ROOT].n, &n, &e),
                     RATLS_OK);
    assert_int_equal(n, world.forms[ROOT].n);
    ratls_fetcher_free(&f);
    http_server_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_a_sentence_for_each_fault),
        cmocka_unit_test(bounds_what_it_reads),
        cmocka_unit_test(reads_all_of_http),
        cmocka_unit_test(fetches_genuine_items),
        cmocka_unit_test(asks_the_next_where_the_judge_refuses),
        cmocka_unit_test(leaves_genuineness_to_others),
        cmocka_unit_test(refuses_another_platform),
        cmocka_unit_test(tells_that_nobody_is_there),
        cmocka_unit_test(judges_tls),
        cmocka_unit_test(asks_plainly),
        cmocka_unit_test(minds_its_options),
        cmocka_unit_test(needs_room),
    };
    return cmocka_run_group_tests(tests, make_world, NULL);
}
