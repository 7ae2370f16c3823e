/* Answers of services, good and bad, without a network. */
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "codec/json.h"
#include "collateral/pcs_answer.h"
#include "pcs_maker.h"
#include "vendor.h"

#define EACH(i, table) for (size_t i = 0; i < sizeof(table) / sizeof *(table); i++)

/* A platform's set, and its four items. */
typedef struct scene {
    collateral_set set;
    ratls_item items[4];
} scene;

static scene scene_of(quote_tee tee)
{
    vendor v = vendor_of(tee, 4, false, VENDOR_T0);
    ratls_tee t = tee == QUOTE_TDX ? RATLS_TEE_TDX : RATLS_TEE_SGX;
    scene s = {.set = vendor_collateral(&v),
               .items = {{.kind = RATLS_ITEM_TCB_INFO, .tee = t},
                         {.kind = RATLS_ITEM_QE_IDENTITY, .tee = t},
                         {.kind = RATLS_ITEM_PCK_CRL},
                         {.kind = RATLS_ITEM_ROOT_CA_CRL}}};
    memcpy(s.items[0].fmspc, v.tcb_info.fmspc, sizeof v.tcb_info.fmspc);
    return s;
}

static uint8_t room[PCS_ROOM], out[RATLS_ITEM_MAX];

/* The input in a block of exactly its size, so that a sanitizer sees one byte too many. */
static ratls_code read_answer(const ratls_item *item, unsigned status, bytes headers, bytes body,
                              bytes *got, ratls_error *e)
{
    uint8_t *h = malloc(headers.n + 1), *b = malloc(body.n + 1);
    assert_true(h != NULL && b != NULL);
    memcpy(h + 1, headers.p, headers.n);
    memcpy(b + 1, body.p, body.n);
    pcs_answer a = {status, bytes_of(h + 1, headers.n), bytes_of(b + 1, body.n)};
    size_t n = 0;
    int64_t expires;
    ratls_code code = pcs_answer_read(item, &a, room, out, sizeof out, &n, &expires, e);
    *got = bytes_of(out, n);
    free(h);
    free(b);
    return code;
}

/* The value of a key, unescaped, in the arena. */
static bytes member(bytes json, const char *name, size_t *keys)
{
    json_reader j = jr_of(json);
    json_scope s;
    bytes key, value = BYTES_NONE;
    *keys = 0;
    jr_object(&j, &s);
    while (jr_key(&j, &s, &key)) {
        bytes raw = jr_raw_string(&j);
        ++*keys;
        if (!bytes_is(key, name))
            continue;
        uint8_t *text = arena_alloc(raw.n + 1);
        size_t n;
        assert_true(json_unescape(raw, text, raw.n, &n));
        value = bytes_of(text, n);
    }
    if (!jr_done(&j))
        fail_msg("not an item: %s", j.why);
    return value;
}

static void must_be(bytes json, const char *name, bytes expected, size_t keys)
{
    size_t n;
    bytes found = member(json, name, &n);
    if (!bytes_equal(found, expected) || n != keys)
        fail_msg("%s: %.*s", name, (int)json.n, (const char *)json.p);
}

static void must_be_item(const collateral_set *c, ratls_item_kind kind, bytes json)
{
    switch (kind) {
    case RATLS_ITEM_TCB_INFO:
        must_be(json, "tcb_info", c->tcb_info, 3);
        must_be(json, "tcb_info_signature", hex_of(c->tcb_info_signature), 3);
        must_be(json, "tcb_info_issuer_chain", c->tcb_info_issuer_chain, 3);
        break;
    case RATLS_ITEM_QE_IDENTITY:
        must_be(json, "qe_identity", c->qe_identity, 3);
        must_be(json, "qe_identity_signature", hex_of(c->qe_identity_signature), 3);
        must_be(json, "qe_identity_issuer_chain", c->qe_identity_issuer_chain, 3);
        break;
    case RATLS_ITEM_PCK_CRL:
        must_be(json, "pck_crl", hex_of(c->pck_crl), 2);
        must_be(json, "pck_crl_issuer_chain", c->pck_crl_issuer_chain, 2);
        break;
    case RATLS_ITEM_ROOT_CA_CRL:
        must_be(json, "root_ca_crl", hex_of(c->root_ca_crl), 1);
        break;
    }
}

static void reads_what_services_answer(void **state)
{
    (void)state;
    for (int tdx = 0; tdx < 2; tdx++) {
        scene s = scene_of(tdx ? QUOTE_TDX : QUOTE_SGX);
        for (unsigned round = 0; round < 4 * 2 * 3; round++) {
            const ratls_item *item = &s.items[round % 4];
            pcs_reply r = pcs_reply_of(&s.set, item, 3 + round / 4 % 2, (crl_form)(round / 8));
            bytes got;
            ratls_error e;
            if (read_answer(item, 200, pcs_header_line(&r), r.body, &got, &e) != RATLS_OK)
                fail_msg("round %u: %s", round, e.text);
            must_be_item(&s.set, item->kind, got);
        }
    }
}

static bytes in_text(const char *before, bytes b, const char *after)
{
    return join(bytes_text(before), b, bytes_text(after));
}

/* Other forms of the same. */
static void is_tolerant_in_form(void **state)
{
    (void)state;
    scene s = scene_of(QUOTE_SGX);
    pcs_reply tcb = pcs_reply_of(&s.set, &s.items[0], 4, CRL_DER);
    bytes line = pcs_header_line(&tcb), signature = hex_of(s.set.tcb_info_signature), got;
    bytes chain = percent_encoded(s.set.tcb_info_issuer_chain);
    bytes upper = {0};
    buf b = {0};
    buf_hex(&b, s.set.pck_crl, true);
    upper = buf_bytes(&b);
    const struct {
        const char *what;
        size_t item;
        bytes headers, body;
    } cases[] = {
        {"other headers", 0,
         join(bytes_text("HTTP/1.1 200 OK\r\nnonsense\r\n: x\r\nRequest-ID: 1\r\n"), line,
              bytes_text("Warning: 299\r\n\r\n")),
         tcb.body},
        {"LF only, no end", 0, in_text("tcb-INFO-issuer-CHAIN:", chain, ""), tcb.body},
        {"the same twice", 0, join(line, line), tcb.body},
        {"both names", 0, join(line, in_text("SGX-TCB-Info-Issuer-Chain: ", chain, "\r\n")),
         tcb.body},
        {"small hex", 0,
         in_text("TCB-Info-Issuer-Chain: ",
                 bytes_replaced(chain, bytes_text("%2B"), bytes_text("%2b")), "\r\n"),
         tcb.body},
        {"a plus sign is itself", 0,
         in_text("TCB-Info-Issuer-Chain: ",
                 bytes_replaced(chain, bytes_text("%2B"), bytes_text("+")), "\r\n"),
         tcb.body},
        {"signature first", 0, line,
         join(bytes_text("{\"signature\":\""), signature, bytes_text("\",\"tcbInfo\":"),
              s.set.tcb_info, bytes_text("}"))},
        {"white space and other keys", 0, line,
         join(bytes_text(" {\n\"x\" : [1], \"tcbInfo\" : "), s.set.tcb_info,
              bytes_text(" , \"signature\" : \""), signature, bytes_text("\" }\r\n"))},
        {"DER and line end", 3, BYTES_EMPTY, in_text("", s.set.root_ca_crl, "\r\n")},
        {"DER and NUL", 3, BYTES_EMPTY, join(s.set.root_ca_crl, bytes_of("", 1))},
        {"PEM in white space", 3, BYTES_EMPTY,
         in_text("\n \t", pem_of("X509 CRL", s.set.root_ca_crl), "\n\n")},
        {"hex in white space", 3, BYTES_EMPTY, in_text(" \r\n", hex_of(s.set.root_ca_crl), "\n")},
    };
    EACH(i, cases)
    {
        const ratls_item *item = &s.items[cases[i].item];
        ratls_error e;
        if (read_answer(item, 200, cases[i].headers, cases[i].body, &got, &e) != RATLS_OK)
            fail_msg("%s: %s", cases[i].what, e.text);
        must_be_item(&s.set, item->kind, got);
    }
    pcs_reply crl = pcs_reply_of(&s.set, &s.items[2], 4, CRL_DER);
    ratls_error e;
    assert_int_equal(read_answer(&s.items[2], 200, pcs_header_line(&crl), upper, &got, &e),
                     RATLS_OK);
    must_be_item(&s.set, RATLS_ITEM_PCK_CRL, got);
}

#define HEAD "its header TCB-Info-Issuer-Chain "

static void refuses_headers(void **state)
{
    (void)state;
    scene s = scene_of(QUOTE_SGX);
    pcs_reply tcb = pcs_reply_of(&s.set, &s.items[0], 4, CRL_DER);
    bytes line = pcs_header_line(&tcb), pem = s.set.tcb_info_issuer_chain;
    const struct {
        bytes headers;
        const char *says;
    } cases[] = {
        {BYTES_EMPTY, HEAD "is missing"},
        {bytes_text("HTTP/1.1 200 OK\r\n\r\n"), HEAD "is missing"},
        {in_text("X", line, ""), HEAD "is missing"},
        {in_text("SGX-Enclave-Identity-Issuer-Chain: ", tcb.chain, "\r\n"), HEAD "is missing"},
        {in_text("TCB-Info-Issuer-Chain : ", tcb.chain, "\r\n"), HEAD "is missing"},
        {bytes_text("TCB-Info-Issuer-Chain: \r\n"), HEAD "is empty"},
        {join(line, bytes_text("TCB-Info-Issuer-Chain: x\r\n")), HEAD "stands twice"},
        {join(line, bytes_text("sgx-tcb-info-issuer-chain: x\r\n")), HEAD "stands twice"},
        {in_text("TCB-Info-Issuer-Chain: ", tcb.chain, "%\r\n"), HEAD "is no percent-encoded text"},
        {in_text("TCB-Info-Issuer-Chain: ", tcb.chain, "%0\r\n"),
         HEAD "is no percent-encoded text"},
        {in_text("TCB-Info-Issuer-Chain: ", tcb.chain, "%0g\r\n"),
         HEAD "is no percent-encoded text"},
        {in_text("TCB-Info-Issuer-Chain: ", tcb.chain, "%00\r\n"),
         HEAD "is no percent-encoded text"},
        {in_text("TCB-Info-Issuer-Chain: ", tcb.chain, "%09\r\n"),
         HEAD "is no percent-encoded text"},
        {in_text("TCB-Info-Issuer-Chain: ", tcb.chain, "%C3%A4\r\n"),
         HEAD "is no percent-encoded text"},
        {in_text("TCB-Info-Issuer-Chain: ", tcb.chain, "\xc3\xa4\r\n"),
         HEAD "is no percent-encoded text"},
        {in_text("TCB-Info-Issuer-Chain: ", join(tcb.chain, bytes_of("", 1)), "x\r\n"),
         HEAD "is no percent-encoded text"},
        {bytes_text("TCB-Info-Issuer-Chain: hello\r\n"), HEAD "is no chain of PEM certificates"},
        {bytes_text("TCB-Info-Issuer-Chain: %0A\r\n"), HEAD "is no chain of PEM certificates"},
        {in_text("TCB-Info-Issuer-Chain: ", tcb.chain, "x\r\n"),
         HEAD "is no chain of PEM certificates"},
        {in_text("TCB-Info-Issuer-Chain: ", percent_encoded(pem_of("PRIVATE KEY", s.set.pck_crl)),
                 "\r\n"),
         HEAD "is no chain of PEM certificates"},
        {in_text("TCB-Info-Issuer-Chain: ", percent_encoded(bytes_cut(pem, pem.n - 20)), "\r\n"),
         HEAD "is no chain of PEM certificates"},
        /* '+' for a blank, as forms have it, which this is not. */
        {in_text("TCB-Info-Issuer-Chain: ",
                 bytes_replaced(tcb.chain, bytes_text("%20"), bytes_text("+")), "\r\n"),
         HEAD "is no chain of PEM certificates"},
    };
    EACH(i, cases)
    {
        bytes got;
        ratls_error e = {.text = ""};
        ratls_code code = read_answer(&s.items[0], 200, cases[i].headers, tcb.body, &got, &e);
        if (code != RATLS_E_MALFORMED || strcmp(e.text, cases[i].says) != 0)
            fail_msg("case %zu: %s: %s", i, ratls_code_name(code), e.text);
    }
}

static void refuses_bodies(void **state)
{
    (void)state;
    scene s = scene_of(QUOTE_SGX), tdx = scene_of(QUOTE_TDX);
    vendor v = vendor_of(QUOTE_SGX, 4, false, VENDOR_T0);
    bytes tcb = s.set.tcb_info, crl = s.set.root_ca_crl;
    bytes sig = in_text("\"signature\":\"", hex_of(s.set.tcb_info_signature), "\"");
    bytes tcb_body = tcb_info_served(&s.set), qe_body = qe_identity_served(&s.set);
    bytes sub_t = in_text("{\"tcbInfo\":", tcb, ",");
    char deep[256];
    memset(deep, '[', sizeof deep);
    const struct {
        size_t item;
        bytes body;
        ratls_code code;
        const char *says;
    } cases[] = {
        {0, BYTES_EMPTY, RATLS_E_MALFORMED, "its body: an object was expected, at byte 0"},
        {0, bytes_text("<!DOCTYPE html><html>"), RATLS_E_MALFORMED, "its body: an object was"},
        {0, bytes_text("{}"), RATLS_E_MALFORMED, "its body has no tcbInfo"},
        {0, join(sub_t, bytes_text("\"x\":1}")), RATLS_E_MALFORMED, "its body has no signature"},
        {0, join(bytes_text("{"), sig, bytes_text("}")), RATLS_E_MALFORMED,
         "its body has no tcbInfo"},
        {0, join(sub_t, sig, bytes_text("}x")), RATLS_E_MALFORMED,
         "its body: something follows the value"},
        {0, join(sub_t, sig, bytes_text("}{}")), RATLS_E_MALFORMED,
         "its body: something follows the value"},
        {0, join(sub_t, sig, bytes_text("}"), bytes_of("", 1)), RATLS_E_MALFORMED,
         "its body: something follows the value"},
        {0, join(sub_t, sig, bytes_text(","), sig, bytes_text("}")), RATLS_E_MALFORMED,
         "its body: a key stands twice in one object"},
        {0, join(sub_t, bytes_text("\"tcbInfo\":{},"), sig, bytes_text("}")), RATLS_E_MALFORMED,
         "its body: a key stands twice in one object"},
        {0, join(bytes_text("{\"tcbInfo\":\"x\","), sig, bytes_text("}")), RATLS_E_MALFORMED,
         "its body: what is signed is no object"},
        {0, join(bytes_text("{\"tcbInfo\":null,"), sig, bytes_text("}")), RATLS_E_MALFORMED,
         "its body: what is signed is no object"},
        {0, join(sub_t, bytes_text("\"signature\":\"00\"}")), RATLS_E_MALFORMED,
         "its body: the signature is not 128 hex digits"},
        {0, join(sub_t, bytes_text("\"signature\":0}")), RATLS_E_MALFORMED,
         "its body: a string was expected"},
        {0,
         text_replaced(join(sub_t, sig, bytes_text("}")), "\"signature\":\"", "\"signature\":\"x"),
         RATLS_E_MALFORMED, "its body: the signature is not 128 hex digits"},
        {0, qe_body, RATLS_E_MALFORMED, "its body has no tcbInfo"},
        {1, tcb_body, RATLS_E_MALFORMED, "its body has no enclaveIdentity"},
        {0, in_text("{\"x\":", bytes_of(deep, sizeof deep), "}"), RATLS_E_LIMIT,
         "its body: nested too deep"},
        {0, join(bytes_text("{\"x\":\"\xc3\","), sig, bytes_text("}")), RATLS_E_MALFORMED,
         "its body: a string is not UTF-8"},
        /* Of another platform. */
        {0, tcb_info_served(&tdx.set), RATLS_E_MALFORMED,
         "it gave another item: the id of its tcbInfo is TDX, expected SGX"},
        {1, qe_identity_served(&tdx.set), RATLS_E_MALFORMED,
         "it gave another item: the id of its enclaveIdentity is TD_QE, expected QE"},
        {1, text_replaced(qe_body, "\"id\":\"QE\"", "\"id\":\"QVE\""), RATLS_E_MALFORMED,
         "it gave another item: the id of its enclaveIdentity is QVE, expected QE"},
        {1, text_replaced(qe_body, "\"id\":\"QE\",", ""), RATLS_E_MALFORMED,
         "it gave another item: the id of its enclaveIdentity is none, expected QE"},
        {1, text_replaced(qe_body, "\"id\":\"QE\"", "\"id\":\"??\""), RATLS_E_MALFORMED,
         "it gave another item: the id of its enclaveIdentity is unknown, expected QE"},
        {1, text_replaced(qe_body, "\"id\":\"QE\"", "\"id\":7"), RATLS_E_MALFORMED,
         "enclaveIdentity: a string was expected"},
        {0, text_replaced(tcb_body, "\"fmspc\":\"", "\"fmspc\":\"0"), RATLS_E_MALFORMED,
         "its tcbInfo has no FMSPC of 12 hex digits"},
        {0, text_replaced(tcb_body, "\"fmspc\"", "\"fmspx\""), RATLS_E_MALFORMED,
         "its tcbInfo has no FMSPC of 12 hex digits"},
        {0, text_replaced(tcb_body, "\"nextUpdate\"", "\"nextUpdat3\""), RATLS_E_MALFORMED,
         "its tcbInfo has no nextUpdate"},
        {1, text_replaced(qe_body, "\"nextUpdate\":\"2", "\"nextUpdate\":\"x"), RATLS_E_MALFORMED,
         "its enclaveIdentity has no nextUpdate"},
        /* CRLs. */
        {3, vendor_root(&v), RATLS_E_MALFORMED, "its body, of "},
        {3, bytes_from_hex("3000"), RATLS_E_MALFORMED, "its body, of "},
        {3, BYTES_EMPTY, RATLS_E_MALFORMED,
         "its body, of 0 bytes, is no CRL in DER, PEM or hex digits"},
        {3, bytes_text("\n"), RATLS_E_MALFORMED, "its body, of 1 bytes, is no CRL"},
        {3, bytes_text("<html>"), RATLS_E_MALFORMED, "its body, of 6 bytes, is no CRL"},
        {3, bytes_cut(crl, crl.n - 1), RATLS_E_MALFORMED, "its body, of "},
        {3, in_text("", crl, "x"), RATLS_E_MALFORMED, "its body, of "},
        {3, join(crl, crl), RATLS_E_MALFORMED, "its body, of "},
        {3, in_text("", hex_of(crl), "0"), RATLS_E_MALFORMED, "its body, of "},
        {3, in_text("", hex_of(crl), "00"), RATLS_E_MALFORMED, "its body, of "},
        {3, in_text("0x", hex_of(crl), ""), RATLS_E_MALFORMED, "its body, of "},
        {3, in_text("\"", hex_of(crl), "\""), RATLS_E_MALFORMED, "its body, of "},
        {3, hex_of(bytes_cut(crl, crl.n - 1)), RATLS_E_MALFORMED, "its body, of "},
        {3, pem_of("CERTIFICATE", crl), RATLS_E_MALFORMED, "its body, of "},
        {3, pem_of("X509 CRL", bytes_cut(crl, crl.n - 1)), RATLS_E_MALFORMED, "its body, of "},
        {3, pem_of("X509 CRL", join(crl, bytes_of("", 1))), RATLS_E_MALFORMED, "its body, of "},
        {3, join(pem_of("X509 CRL", crl), pem_of("X509 CRL", crl)), RATLS_E_MALFORMED,
         "its body, of "},
    };
    EACH(i, cases)
    {
        const ratls_item *item = &s.items[cases[i].item];
        pcs_reply good = pcs_reply_of(&s.set, item, 4, CRL_DER);
        bytes got;
        ratls_error e = {.text = ""};
        ratls_code code = read_answer(item, 200, pcs_header_line(&good), cases[i].body, &got, &e);
        if (code != cases[i].code || strstr(e.text, cases[i].says) != e.text)
            fail_msg("case %zu: %s: %s", i, ratls_code_name(code), e.text);
    }
    /* The other FMSPC is told. */
    ratls_item other = s.items[0];
    other.fmspc[5] ^= 1;
    pcs_reply good = pcs_reply_of(&s.set, &other, 4, CRL_DER);
    bytes got;
    ratls_error e = {.text = ""};
    assert_int_equal(read_answer(&other, 200, pcs_header_line(&good), good.body, &got, &e),
                     RATLS_E_MALFORMED);
    assert_string_equal(
        e.text, (const char *)arena_format("it gave another item: the FMSPC of its tcbInfo is %s, "
                                           "expected %s",
                                           HEX(bytes_of(s.items[0].fmspc, 6)),
                                           HEX(bytes_of(other.fmspc, 6)))
                    .p);
}

/* Each kind's own nextUpdate. */
static void tells_when_it_expires(void **state)
{
    (void)state;
    vendor v = vendor_of(QUOTE_SGX, 4, false, VENDOR_T0);
    v.tcb_info.next_update = VENDOR_T0 + 11;
    v.qe_identity.next_update = VENDOR_T0 + 12;
    v.pck_crl.next_update = VENDOR_T0 + 13;
    v.root_crl.next_update = VENDOR_T0 + 14;
    collateral_set set = vendor_collateral(&v);
    scene s = scene_of(QUOTE_SGX);
    for (size_t i = 0; i < 4; i++) {
        pcs_reply r = pcs_reply_of(&set, &s.items[i], 4, CRL_HEX);
        pcs_answer a = {200, pcs_header_line(&r), r.body};
        size_t n;
        int64_t expires = 0;
        ratls_error e;
        assert_int_equal(pcs_answer_read(&s.items[i], &a, room, out, sizeof out, &n, &expires, &e),
                         RATLS_OK);
        assert_int_equal(expires, VENDOR_T0 + 11 + (int64_t)i);
    }
}

static const struct {
    unsigned status;
    ratls_code code;
    const char *says;
} statuses[] = {
    {404, RATLS_E_MISSING, "404, there is no TDX QE identity"},
    {410, RATLS_E_MISSING, "410, there is no TDX QE identity"},
    {400, RATLS_E_SYSTEM, "400, it does not take the request for TDX QE identity"},
    {401, RATLS_E_SYSTEM, "401, it wants other credentials"},
    {403, RATLS_E_SYSTEM, "403, it wants other credentials"},
    {429, RATLS_E_SYSTEM, "429, it was asked too often"},
    {301, RATLS_E_SYSTEM, "301, a redirect, and none is followed"},
    {302, RATLS_E_SYSTEM, "302, a redirect, and none is followed"},
    {399, RATLS_E_SYSTEM, "399, a redirect, and none is followed"},
    {500, RATLS_E_SYSTEM, "status 500, expected 200"},
    {503, RATLS_E_SYSTEM, "status 503, expected 200"},
    {461, RATLS_E_SYSTEM, "status 461, expected 200"},
    {204, RATLS_E_SYSTEM, "status 204, expected 200"},
    {206, RATLS_E_SYSTEM, "status 206, expected 200"},
    {0, RATLS_E_SYSTEM, "status 0, expected 200"},
};

/* Whatever else the answer holds. */
static void minds_the_status(void **state)
{
    (void)state;
    scene s = scene_of(QUOTE_TDX);
    pcs_reply r = pcs_reply_of(&s.set, &s.items[1], 4, CRL_DER);
    EACH(i, statuses)
    {
        bytes got;
        ratls_error e = {.text = ""};
        assert_int_equal(
            read_answer(&s.items[1], statuses[i].status, pcs_header_line(&r), r.body, &got, &e),
            statuses[i].code);
        assert_string_equal(e.text, statuses[i].says);
    }
}

static void keeps_to_its_limits(void **state)
{
    (void)state;
    scene s = scene_of(QUOTE_SGX);
    pcs_reply r = pcs_reply_of(&s.set, &s.items[0], 4, CRL_DER);
    bytes line = pcs_header_line(&r), got, full;
    ratls_error e = {.text = ""};
    size_t n = 0;
    int64_t expires;
    pcs_answer a = {200, line, r.body};
    assert_int_equal(pcs_answer_read(&s.items[0], &a, room, out, sizeof out, &n, &expires, &e),
                     RATLS_OK);
    full = arena_copy(bytes_of(out, n));
    for (size_t cap = 0; cap < full.n; cap += cap < 600 ? 1 : 97) {
        uint8_t *exact = malloc(cap + 1);
        assert_non_null(exact);
        assert_int_equal(pcs_answer_read(&s.items[0], &a, room, exact, cap, &n, &expires, &e),
                         RATLS_E_LIMIT);
        free(exact);
    }
    assert_non_null(strstr(e.text, "there is room for"));
    assert_int_equal(pcs_answer_read(&s.items[0], &a, room, out, full.n, &n, &expires, &e),
                     RATLS_OK);
    assert_true(bytes_equal(bytes_of(out, n), full));

    uint8_t *spaces = arena_alloc(PCS_BODY_MAX + 1);
    memset(spaces, ' ', PCS_BODY_MAX + 1);
    memcpy(spaces, r.body.p, r.body.n);
    assert_int_equal(read_answer(&s.items[0], 200, line, bytes_of(spaces, PCS_BODY_MAX), &got, &e),
                     RATLS_OK);
    assert_int_equal(
        read_answer(&s.items[0], 200, line, bytes_of(spaces, PCS_BODY_MAX + 1), &got, &e),
        RATLS_E_LIMIT);
    assert_string_equal(e.text, "a body of 262145 bytes, at most 262144 are read");
    memset(spaces, 'x', PCS_BODY_MAX + 1);
    memcpy(spaces + PCS_HEADERS_MAX - line.n - 1, "\n", 1);
    memcpy(spaces + PCS_HEADERS_MAX - line.n, line.p, line.n);
    assert_int_equal(
        read_answer(&s.items[0], 200, bytes_of(spaces, PCS_HEADERS_MAX), r.body, &got, &e),
        RATLS_OK);
    assert_int_equal(
        read_answer(&s.items[0], 200, bytes_of(spaces, PCS_HEADERS_MAX + 1), r.body, &got, &e),
        RATLS_E_LIMIT);
    assert_string_equal(e.text, "headers of 65537 bytes, at most 65536 are read");
    /* An item whose escapes make it larger than any item may be. */
    memset(spaces, '\n', PCS_BODY_MAX);
    memcpy(spaces, "{\"signature\":\"", 14);
    memcpy(spaces + 14, hex_of(s.set.tcb_info_signature).p, 128);
    memcpy(spaces + 142, "\",\"tcbInfo\":{", 13);
    size_t rest = s.set.tcb_info.n - 1;
    memcpy(spaces + PCS_BODY_MAX - 1 - rest, s.set.tcb_info.p + 1, rest);
    spaces[PCS_BODY_MAX - 1] = '}';
    assert_int_equal(read_answer(&s.items[0], 200, line, bytes_of(spaces, PCS_BODY_MAX), &got, &e),
                     RATLS_E_LIMIT);
    assert_non_null(strstr(e.text, "there is room for 262144"));
}

static void must_end_a_certificate(ratls_item_kind kind, bytes item)
{
    static const char *const chains[] = {[RATLS_ITEM_TCB_INFO] = "tcb_info_issuer_chain",
                                         [RATLS_ITEM_QE_IDENTITY] = "qe_identity_issuer_chain",
                                         [RATLS_ITEM_PCK_CRL] = "pck_crl_issuer_chain"};
    static const char end[] = "-----END CERTIFICATE-----";
    size_t keys, n = sizeof end - 1;
    bytes chain = member(item, chains[kind], &keys);
    while (chain.n > 0 && chain.p[chain.n - 1] == '\n')
        chain.n--;
    assert_true(chain.n > n && bytes_is(bytes_of(chain.p + chain.n - n, n), end));
}

/* Whatever is cut off or flipped: refused, or an item in form with no more in it than came. */
static void survives_damage(void **state)
{
    (void)state;
    scene s = scene_of(QUOTE_SGX);
    for (unsigned kind = 0; kind < 4; kind++) {
        const ratls_item *item = &s.items[kind];
        for (int form = 0; form < (kind < 2 ? 1 : 3); form++) {
            pcs_reply r = pcs_reply_of(&s.set, item, 4, (crl_form)form);
            bytes line = pcs_header_line(&r), got;
            ratls_error e;
            size_t keys;
            arena_mark mark = arena_here();
            for (size_t n = 0; n < r.body.n; n++) {
                ratls_code code = read_answer(item, 200, line, bytes_cut(r.body, n), &got, &e);
                /* The last line end of PEM is no part of it. */
                if (form != CRL_PEM || n + 1 < r.body.n)
                    assert_int_equal(code, RATLS_E_MALFORMED);
                arena_back(mark);
            }
            for (size_t n = 0; n < line.n; n++) {
                ratls_code code = read_answer(item, 200, bytes_cut(line, n), r.body, &got, &e);
                /* Less is in form only where a certificate ends. */
                if (code == RATLS_OK)
                    must_end_a_certificate(item->kind, got);
                else
                    assert_int_equal(code, RATLS_E_MALFORMED);
                arena_back(mark);
            }
            for (size_t at = 0; at < line.n + r.body.n; at++) {
                unsigned bit = (unsigned)(at * 5 % 8);
                bool in_line = at < line.n;
                bytes h = in_line ? bytes_flipped(line, at, bit) : line;
                bytes b = in_line ? r.body : bytes_flipped(r.body, at - line.n, bit);
                ratls_code code = read_answer(item, 200, h, b, &got, &e);
                if (code == RATLS_OK)
                    (void)member(got, "", &keys);
                else
                    assert_true(code == RATLS_E_MALFORMED && e.text[0] != '\0');
                arena_back(mark);
            }
        }
    }
}

static const struct {
    const char *headers;
    bool found;
    int64_t seconds;
} retries[] = {
    {"Retry-After: 120\r\n", true, 120},
    {"X: 1\r\nretry-after:0\r\nY: 2\r\n", true, 0},
    {"Retry-After: 999999999\r\n", true, 999999999},
    {"Retry-After: Thu, 01 Jan 2026 00:02:00 GMT\r\n", true, 120},
    {"Retry-After: Wed, 31 Dec 2025 23:59:59 GMT\r\n", true, 0},
    {"Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n", true, 251635075199},
    {"", false, 0},
    {"Retry-After:\r\n", false, 0},
    {"Retry-After: 9999999999\r\n", false, 0},
    {"Retry-After: -1\r\n", false, 0},
    {"Retry-After: 1.5\r\n", false, 0},
    {"Retry-After: 0x10\r\n", false, 0},
    {"Retry-After: soon\r\n", false, 0},
    {"Retry-After: 1\r\nRetry-After: 2\r\n", false, 0},
    {"Retry-After: Thu, 01 Foo 2026 00:02:00 GMT\r\n", false, 0},
    {"Retry-After: Thu, 32 Jan 2026 00:02:00 GMT\r\n", false, 0},
    {"Retry-After: Thu, 0x Jan 2026 00:02:00 GMT\r\n", false, 0},
    {"Retry-After: Thu, 01 Jan 2026 24:00:00 GMT\r\n", false, 0},
    {"Retry-After: Thu, 01 Jan 2026 00:02:00 UTC\r\n", false, 0},
    {"Retry-After: Thursday, 01-Jan-26 00:02:00 GMT\r\n", false, 0},
};

static void reads_retry_after(void **state)
{
    (void)state;
    EACH(i, retries)
    {
        int64_t seconds = -1;
        bool found = pcs_retry_after(bytes_text(retries[i].headers), VENDOR_T0, &seconds);
        if (found != retries[i].found || (found && seconds != retries[i].seconds))
            fail_msg("%s: %d %lld", retries[i].headers, found, (long long)seconds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_services_answer),
        cmocka_unit_test(is_tolerant_in_form),
        cmocka_unit_test(refuses_headers),
        cmocka_unit_test(refuses_bodies),
        cmocka_unit_test(tells_when_it_expires),
        cmocka_unit_test(minds_the_status),
        cmocka_unit_test(keeps_to_its_limits),
        cmocka_unit_test(survives_damage),
        cmocka_unit_test(reads_retry_after),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
