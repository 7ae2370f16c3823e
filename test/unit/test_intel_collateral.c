#include "testing.h"

#include <stdlib.h>

#include "arena.h"
#include "assemble.h"
#include "tee/intel_collateral.h"

#define TCB_INFO                                                                                   \
    "{\"id\":\"TDX\",\"issueDate\":\"2025-12-31T00:00:00Z\",\"fmspc\":\"B0C06F000000\"}"
#define ESCAPED                                                                                    \
    "{\\\"id\\\":\\\"TDX\\\",\\\"issueDate\\\":\\\"2025-12-31T00:00:00Z\\\","                      \
    "\\\"fmspc\\\":\\\"B0C06F000000\\\"}"

static const char good[] =
    "{\n \"tcb_info\": \"" ESCAPED "\", \"tcb_info_signature\": \"00ff\",\n"
    " \"tcb_info_issuer_chain\": \"one\\ntwo\\n\", \"qe_identity\": \"{\\\"a\\\":1}\",\n"
    " \"qe_identity_signature\": \"11ee\", \"qe_identity_issuer_chain\": \"three\",\n"
    " \"pck_crl\": \"3003020101\", \"root_ca_crl\": \"3003020102\",\n"
    " \"pck_crl_issuer_chain\": \"four\\u0000\"\n}\n";

/* What was read, with the blocks that its views point into, each of its exact size. */
typedef struct held {
    bytes in, space;
    intel_collateral c;
    ratls_code code;
    ratls_error e;
} held;

static held take(bytes text)
{
    held h = {.in = bytes_resized(text, text.n), .e = {.text = ""}};
    uint8_t *space = calloc(2, text.n + 1);
    assert_non_null(space);
    h.space = bytes_of(space, 2 * text.n);
    h.code = intel_collateral_read(h.in, space, h.space.n, &h.c, &h.e);
    return h;
}

static void drop(held *h)
{
    bytes_free(h->in);
    bytes_free(h->space);
}

static void must_be(const char *name, bytes text, ratls_code code, const char *why)
{
    held h = take(text);
    if (h.code != code || (code != RATLS_OK && (h.e.code != code || strstr(h.e.text, why) == NULL)))
        fail_msg("%s: %s (%s), expected %s, \"%s\"", name, ratls_code_name(h.code), h.e.text,
                 ratls_code_name(code), why);
    drop(&h);
}

static void must_hold(bytes view, const char *hex_or_text)
{
    bytes expected = assemble(hex_or_text);
    assert_true(bytes_equal(view, expected));
    bytes_free(expected);
}

static void test_json(void **state)
{
    (void)state;
    held h = take(bytes_text(good));
    assert_int_equal(h.code, RATLS_OK);
    assert_true(bytes_is(h.c.tcb_info, TCB_INFO));
    assert_true(bytes_is(h.c.tcb_info_signature, "00ff"));
    assert_true(bytes_is(h.c.tcb_info_issuer_chain, "one\ntwo\n"));
    assert_true(bytes_is(h.c.qe_identity, "{\"a\":1}"));
    assert_true(bytes_is(h.c.qe_identity_signature, "11ee"));
    assert_true(bytes_is(h.c.qe_identity_issuer_chain, "three"));
    must_hold(h.c.pck_crl, "3003020101");
    must_hold(h.c.root_ca_crl, "3003020102");
    must_hold(h.c.pck_crl_issuer_chain, "'four' 00");
    const intel_glance *tcb = &h.c.glance[ITEM_TCB_INFO];
    assert_true(tcb->present && tcb->readable);
    assert_int_equal(tcb->tee, RATLS_TEE_TDX);
    assert_memory_equal(tcb->fmspc, "\xb0\xc0\x6f\0\0\0", 6);
    assert_int_equal(tcb->date, 1767139200);
    for (intel_item i = ITEM_QE_IDENTITY; i < INTEL_ITEMS; i++)
        assert_true(h.c.glance[i].present && !h.c.glance[i].readable);
    drop(&h);
}

/* An item that is absent is empty; the verifier refuses it when it is needed. */
static void test_absent(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        size_t at;
    } items[] = {
        {"tcb_info", offsetof(intel_collateral, tcb_info)},
        {"tcb_info_signature", offsetof(intel_collateral, tcb_info_signature)},
        {"tcb_info_issuer_chain", offsetof(intel_collateral, tcb_info_issuer_chain)},
        {"qe_identity", offsetof(intel_collateral, qe_identity)},
        {"qe_identity_signature", offsetof(intel_collateral, qe_identity_signature)},
        {"qe_identity_issuer_chain", offsetof(intel_collateral, qe_identity_issuer_chain)},
        {"pck_crl", offsetof(intel_collateral, pck_crl)},
        {"root_ca_crl", offsetof(intel_collateral, root_ca_crl)},
        {"pck_crl_issuer_chain", offsetof(intel_collateral, pck_crl_issuer_chain)},
    };
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        bytes key = arena_format("\"%s\":", items[i].key);
        held h = take(text_replaced(bytes_text(good), (const char *)key.p, "\"other\":"));
        assert_int_equal(h.code, RATLS_OK);
        for (size_t k = 0; k < sizeof items / sizeof *items; k++) {
            bytes item;
            memcpy(&item, (const uint8_t *)&h.c + items[k].at, sizeof item);
            assert_int_equal(item.n == 0, i == k);
        }
        assert_int_equal(h.c.glance[ITEM_TCB_INFO].readable, i != 0);
        drop(&h);
        bytes twice = arena_format("\"%s\":\"\",\"%s\":", items[i].key, items[i].key);
        must_be("twice",
                text_replaced(bytes_text(good), (const char *)key.p, (const char *)twice.p),
                RATLS_E_MALFORMED, "twice");
        bytes number = arena_format("\"%s\":1,\"x\":", items[i].key);
        must_be("a number",
                text_replaced(bytes_text(good), (const char *)key.p, (const char *)number.p),
                RATLS_E_MALFORMED, "string");
    }
}

static void test_bad_json(void **state)
{
    (void)state;
    static const struct {
        const char *name, *from, *to;
        ratls_code code;
        const char *why;
    } edits[] = {
        {"unknown key", "{\n", "{\"pck_certificate_chain\": null,\n", RATLS_OK, ""},
        {"white space first", "{\n", " \t\r\n{", RATLS_OK, ""},
        {"something after", "\n}\n", "\n}\n,", RATLS_E_MALFORMED, "follows"},
        {"a second object", "\n}\n", "\n}\n{}", RATLS_E_MALFORMED, "follows"},
        {"unknown escape", "one\\n", "one\\x", RATLS_E_MALFORMED, "escape"},
        {"lone surrogate", "one\\n", "one\\ud800", RATLS_E_MALFORMED, "escape"},
        {"control character", "one\\n", "one\n", RATLS_E_MALFORMED, "control"},
        {"not UTF-8", "one\\n", "one\xff", RATLS_E_MALFORMED, "UTF-8"},
        {"no comma", "\"00ff\",", "\"00ff\"", RATLS_E_MALFORMED, "comma"},
        {"byte order mark", "{\n", "\xef\xbb\xbf{\n", RATLS_E_UNSUPPORTED, "Open Enclave"},
    };
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++)
        must_be(edits[i].name, text_replaced(bytes_text(good), edits[i].from, edits[i].to),
                edits[i].code, edits[i].why);
    must_be("nothing", BYTES_EMPTY, RATLS_E_MALFORMED, "");
    must_be("blanks", bytes_text(" \n"), RATLS_E_MALFORMED, "");
    must_be("an array", bytes_text("[]"), RATLS_E_MALFORMED, "");
    must_be("an empty object", bytes_text("{}"), RATLS_OK, "");
    for (size_t n = 0; n < sizeof good - 3; n++)
        must_be("cut short", bytes_cut(bytes_text(good), n), RATLS_E_MALFORMED, "");
}

static void test_size(void **state)
{
    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        buf b = {0};
        buf_put(&b, bytes_text(good));
        buf_fill(&b, ' ', INTEL_COLLATERAL_MAX + extra - b.n);
        must_be("256 KiB", buf_bytes(&b), extra == 0 ? RATLS_OK : RATLS_E_LIMIT, "at most");
    }
}

/* A CRL is kept as DER; what can't be decoded stays, and is no CRL. */
static void test_crl_forms(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *held;
    } cases[] = {
        {"hex", "3003020101", "3003020101"},
        {"hex in upper case", "30030201AB", "30030201ab"},
        {"hex and a line feed", "3003020101\\n", "3003020101"},
        {"hex, CR LF, NUL", "3003020101\\r\\n\\u0000", "3003020101"},
        {"hex in an escape", "\\u0033003020101", "3003020101"},
        {"odd hex", "300302010", "'300302010'"},
        {"hex with a blank", "30 03020101", "'30 03020101'"},
        {"no hex", "crl", "'crl'"},
        {"empty", "", ""},
        {"PEM", "-----BEGIN X509 CRL-----\\nMAMCAQE=\\n-----END X509 CRL-----\\n", "3003020101"},
        {"PEM with CR LF",
         "-----BEGIN X509 CRL-----\\r\\nMAMCAQE=\\r\\n-----END X509 CRL-----\\r\\n", "3003020101"},
        {"PEM of a certificate",
         "-----BEGIN CERTIFICATE-----\\nMAMCAQE=\\n-----END CERTIFICATE-----\\n",
         "'-----BEGIN CERTIFICATE-----' 0a 'MAMCAQE=' 0a '-----END CERTIFICATE-----' 0a"},
        {"PEM cut short", "-----BEGIN X509 CRL-----\\nMAMCAQE=\\n",
         "'-----BEGIN X509 CRL-----' 0a 'MAMCAQE=' 0a"},
        {"DER", "0\\u0003\\u0002\\u0001\\u0001", "3003020101"},
        {"DER and NULs", "0\\u0003\\u0002\\u0001\\u0001\\u0000\\u0000", "3003020101"},
        {"DER that ends in NUL", "0\\u0003\\u0002\\u0001\\u0000", "3003020100"},
        {"DER and more", "0\\u0003\\u0002\\u0001\\u0001x", "3003020101 'x'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bytes value = arena_format("\"%s\"", cases[i].text);
        for (unsigned k = 0; k < 2; k++) {
            held h =
                take(text_replaced(bytes_text(good), k == 0 ? "\"3003020101\"" : "\"3003020102\"",
                                   (const char *)value.p));
            assert_int_equal(h.code, RATLS_OK);
            bytes expected = assemble(cases[i].held);
            if (!bytes_equal(k == 0 ? h.c.pck_crl : h.c.root_ca_crl, expected))
                fail_msg("%s, CRL %u", cases[i].name, k);
            bytes_free(expected);
            drop(&h);
        }
    }
}

/* CRLs as PEM make up nearly all of the input: their text and their DER both need room. */
static void test_room(void **state)
{
    (void)state;
    buf der = {0}, json = {0};
    buf_put(&der, bytes_from_hex("30820ffc"));
    buf_fill(&der, 0xa5, 0xffc);
    bytes pem = pem_of("X509 CRL", buf_bytes(&der));
    buf_text(&json, "{\"pck_crl\":\"");
    for (unsigned k = 0; k < 2; k++) {
        for (size_t i = 0; i < pem.n; i++)
            if (pem.p[i] == '\n')
                buf_text(&json, "\\n");
            else
                buf_u8(&json, pem.p[i]);
        buf_text(&json, k == 0 ? "\",\"root_ca_crl\":\"" : "\"}");
    }
    held h = take(buf_bytes(&json));
    assert_int_equal(h.code, RATLS_OK);
    assert_true(bytes_equal(h.c.pck_crl, buf_bytes(&der)));
    assert_true(bytes_equal(h.c.root_ca_crl, buf_bytes(&der)));
    drop(&h);
}

static endorsements served(const char *tcb, const char *qe)
{
    endorsements e = {.version = 1};
    e.tcb_info = bytes_text(tcb);
    e.qe_identity = bytes_text(qe);
    e.tcb_info_issuer_chain = bytes_text("one");
    e.qe_identity_issuer_chain = bytes_text("two");
    e.pck_crl_issuer_chain = bytes_text("three");
    e.pck_crl = bytes_from_hex("3003020101");
    e.root_ca_crl = bytes_text("3003020102");
    return e;
}

#define SERVED_TCB "{\"tcbInfo\":" TCB_INFO ",\"signature\":\"00ff\"}"
#define SERVED_QE  "{\"enclaveIdentity\":{\"a\" : 1},\"signature\":\"11ee\"}"

static void test_endorsements(void **state)
{
    (void)state;
    uint8_t space[256];
    intel_collateral c;
    ratls_error e = {.text = ""};
    endorsements in = served(SERVED_TCB, SERVED_QE);
    assert_int_equal(intel_collateral_from(&in, space, sizeof space, &c, &e), RATLS_OK);
    assert_true(bytes_is(c.tcb_info, TCB_INFO));
    assert_true(bytes_is(c.tcb_info_signature, "00ff"));
    assert_true(bytes_is(c.qe_identity, "{\"a\" : 1}")); /* raw, as it was signed */
    assert_true(bytes_is(c.qe_identity_signature, "11ee"));
    assert_true(bytes_is(c.tcb_info_issuer_chain, "one"));
    assert_true(bytes_is(c.qe_identity_issuer_chain, "two"));
    assert_true(bytes_is(c.pck_crl_issuer_chain, "three"));
    must_hold(c.pck_crl, "3003020101");
    must_hold(c.root_ca_crl, "3003020102");
    assert_true(c.glance[ITEM_TCB_INFO].readable);

    static const struct {
        const char *name, *tcb_info, *qe_identity;
        ratls_code code;
    } cases[] = {
        {"signature first", "{\"signature\":\"00ff\",\"tcbInfo\":" TCB_INFO "}", SERVED_QE,
         RATLS_OK},
        {"no signature", "{\"tcbInfo\":" TCB_INFO "}", SERVED_QE, RATLS_OK}, /* refused later */
        {"no body", "{\"signature\":\"00ff\"}", SERVED_QE, RATLS_E_MALFORMED},
        {"the other body", SERVED_QE, SERVED_QE, RATLS_E_MALFORMED},
        {"no QE identity", SERVED_TCB, "{}", RATLS_E_MALFORMED},
        {"body twice", "{\"tcbInfo\":" TCB_INFO ",\"tcbInfo\":{}}", SERVED_QE, RATLS_E_MALFORMED},
        {"signature twice", SERVED_TCB, "{\"signature\":\"\",\"signature\":\"\"}",
         RATLS_E_MALFORMED},
        {"signature with an escape", SERVED_TCB, "{\"signature\":\"\\u0030\"}", RATLS_E_MALFORMED},
        {"signature a number", SERVED_TCB, "{\"signature\":0}", RATLS_E_MALFORMED},
        {"something after", SERVED_TCB "x", SERVED_QE, RATLS_E_MALFORMED},
        {"empty", "", SERVED_QE, RATLS_E_MALFORMED},
        {"empty QE identity", SERVED_TCB, "", RATLS_E_MALFORMED},
        {"a bare body", TCB_INFO, SERVED_QE, RATLS_E_MALFORMED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        in = served(cases[i].tcb_info, cases[i].qe_identity);
        ratls_code code = intel_collateral_from(&in, space, sizeof space, &c, &e);
        if (code != cases[i].code || (code != RATLS_OK && e.code != code))
            fail_msg("%s: %s (%s)", cases[i].name, ratls_code_name(code), e.text);
    }
    for (size_t n = 0; n + 1 < sizeof SERVED_TCB; n++) {
        bytes cut = bytes_resized(bytes_text(SERVED_TCB), n);
        in = served("", SERVED_QE);
        in.tcb_info = cut;
        assert_int_equal(intel_collateral_from(&in, space, sizeof space, &c, &e),
                         RATLS_E_MALFORMED);
        bytes_free(cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json),         cmocka_unit_test(test_absent),
        cmocka_unit_test(test_bad_json),     cmocka_unit_test(test_size),
        cmocka_unit_test(test_crl_forms),    cmocka_unit_test(test_room),
        cmocka_unit_test(test_endorsements),
    };
    return cmocka_run_group_tests_name("intel_collateral", tests, NULL, NULL);
}
