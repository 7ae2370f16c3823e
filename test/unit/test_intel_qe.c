#include "testing.h"

#include "arena.h"
#include "assemble.h"
#include "tee/intel_qe.h"

#define MRSIGNER "8c4f5775d796503e96137f77c68a829a0056ac8ded70140b081b094490c57bff"
#define LEVEL                                                                                      \
    "{\"tcb\":{\"isvsvn\":8},\"tcbDate\":\"2025-05-14T00:00:00Z\",\"tcbStatus\":\"UpToDate\"}"

static const char good[] =
    "{\"id\":\"QE\",\"version\":2,\"issueDate\":\"2025-12-31T00:00:00Z\","
    "\"nextUpdate\":\"2026-01-30T00:00:00Z\",\"tcbEvaluationDataNumber\":20,"
    "\"miscselect\":\"01020304\",\"miscselectMask\":\"0F0FFFFF\","
    "\"attributes\":\"11000000000000000000000000000000\","
    "\"attributesMask\":\"FBFFFFFFFFFFFFFF0000000000000000\","
    "\"mrsigner\":\"" MRSIGNER "\",\"isvprodid\":258,\"tcbLevels\":[" LEVEL "]}";

static qe_identity parsed;

static void must_be(const char *name, bytes text, ratls_code code, const char *why)
{
    ratls_error e = {.text = ""};
    bytes copy = bytes_resized(text, text.n);
    ratls_code found = qe_identity_parse(copy, &parsed, &e);
    bytes_free(copy);
    if (found != code || (code != RATLS_OK && (e.code != code || strstr(e.text, why) == NULL)))
        fail_msg("%s: %s (%s), expected %s, \"%s\"", name, ratls_code_name(found), e.text,
                 ratls_code_name(code), why);
}

static void test_good(void **state)
{
    (void)state;
    must_be("as it is", bytes_text(good), RATLS_OK, "");
    assert_int_equal(parsed.id, QE_ID_QE);
    assert_int_equal(parsed.issue_date, 1767139200);
    assert_int_equal(parsed.next_update, 1769731200);
    assert_int_equal(parsed.evaluation_number, 20);
    assert_memory_equal(parsed.misc_select, "\1\2\3\4", 4);
    assert_memory_equal(parsed.misc_select_mask, "\x0f\x0f\xff\xff", 4);
    assert_int_equal(parsed.attributes[0], 0x11);
    assert_int_equal(parsed.attributes_mask[0], 0xfb);
    assert_int_equal(parsed.mrsigner[31], 0xff);
    assert_int_equal(parsed.isv_prod_id, 258);
    assert_int_equal(parsed.levels_n, 1);
    must_be("TD_QE", text_replaced(bytes_text(good), "\"QE\"", "\"TD_QE\""), RATLS_OK, "");
    assert_int_equal(parsed.id, QE_ID_TD_QE);
    static const char *const others[] = {"QVE", "QAE", "qe", "QE ", "", "TD_QE2"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        bytes id = arena_format("\"%s\"", others[i]);
        must_be(others[i], text_replaced(bytes_text(good), "\"QE\"", (const char *)id.p), RATLS_OK,
                "");
        assert_int_equal(parsed.id, QE_ID_OTHER);
    }
}

static void test_missing(void **state)
{
    (void)state;
    static const char *const fields[] = {
        "id",         "version",        "issueDate",  "nextUpdate",     "tcbEvaluationDataNumber",
        "miscselect", "miscselectMask", "attributes", "attributesMask", "mrsigner",
        "isvprodid",  "tcbLevels"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        bytes key = arena_format("\"%s\":", fields[i]),
              why = arena_format("\"%s\" is missing", fields[i]);
        must_be(fields[i], text_replaced(bytes_text(good), (const char *)key.p, "\"other\":"),
                RATLS_E_MALFORMED, (const char *)why.p);
        bytes twice = arena_format("\"%s\":\"\",\"%s\":", fields[i], fields[i]);
        ratls_error e;
        assert_int_equal(qe_identity_parse(text_replaced(bytes_text(good), (const char *)key.p,
                                                         (const char *)twice.p),
                                           &parsed, &e),
                         RATLS_E_MALFORMED);
    }
}

static void test_values(void **state)
{
    (void)state;
    static const struct {
        const char *name, *from, *to;
        ratls_code code;
        const char *why;
    } edits[] = {
        {"id a number", "\"QE\"", "1", RATLS_E_MALFORMED, "string"},
        {"version 1", "\"version\":2", "\"version\":1", RATLS_E_UNSUPPORTED, "version 1"},
        {"version 3", "\"version\":2", "\"version\":3", RATLS_E_UNSUPPORTED, "version 3"},
        {"version a string", "\"version\":2", "\"version\":\"2\"", RATLS_E_MALFORMED, "number"},
        {"issueDate", "2025-12-31T00:00:00Z", "2025-12-31T00:00Z", RATLS_E_MALFORMED, "YYYY"},
        {"nextUpdate", "2026-01-30T00:00:00Z", "2026-01-30T00:00:00", RATLS_E_MALFORMED, "YYYY"},
        {"evaluation number", ":20,", ":-20,", RATLS_E_MALFORMED, "number"},
        {"evaluation number 2^32", ":20,", ":4294967296,", RATLS_E_MALFORMED, "limit"},
        {"miscselect of 3", "01020304", "010203", RATLS_E_MALFORMED, "hex"},
        {"miscselect of 5", "01020304", "0102030405", RATLS_E_MALFORMED, "hex"},
        {"miscselect not hex", "01020304", "0x020304", RATLS_E_MALFORMED, "hex"},
        {"mask of 3", "0F0FFFFF", "0F0FFF", RATLS_E_MALFORMED, "hex"},
        {"attributes of 15", "110000", "1100", RATLS_E_MALFORMED, "hex"},
        {"attributes mask of 17", "FBFF", "FBFFFF", RATLS_E_MALFORMED, "hex"},
        {"mrsigner of 31", "8c4f", "8c", RATLS_E_MALFORMED, "hex"},
        {"isvprodid 65535", ":258", ":65535", RATLS_OK, ""},
        {"isvprodid 65536", ":258", ":65536", RATLS_E_MALFORMED, "limit"},
        {"no level", "[" LEVEL "]", "[]", RATLS_E_MALFORMED, "empty"},
        {"level without tcb", "\"tcb\"", "\"x\"", RATLS_E_MALFORMED, "lacks tcb"},
        {"level without date", "\"tcbDate\"", "\"x\"", RATLS_E_MALFORMED, "lacks tcb"},
        {"level without status", "\"tcbStatus\"", "\"x\"", RATLS_E_MALFORMED, "lacks tcb"},
        {"level without isvsvn", "\"isvsvn\"", "\"x\"", RATLS_E_MALFORMED, "no isvsvn"},
        {"isvsvn 65536", "\"isvsvn\":8", "\"isvsvn\":65536", RATLS_E_MALFORMED, "limit"},
        {"tcbDate", "2025-05-14T00:00:00Z", "14.05.2025", RATLS_E_MALFORMED, "YYYY"},
        {"OutOfDate", "UpToDate", "OutOfDate", RATLS_OK, ""},
        {"Revoked", "UpToDate", "Revoked", RATLS_OK, ""},
        {"ConfigurationNeeded", "UpToDate", "ConfigurationNeeded", RATLS_OK, ""},
        {"OutOfDateConfigurationNeeded", "UpToDate", "OutOfDateConfigurationNeeded", RATLS_OK, ""},
        {"SWHardeningNeeded", "UpToDate", "SWHardeningNeeded", RATLS_E_MALFORMED, "tcbStatus"},
        {"ConfigurationAndSWHardeningNeeded", "UpToDate", "ConfigurationAndSWHardeningNeeded",
         RATLS_E_MALFORMED, "tcbStatus"},
        {"TDRelaunchAdvised", "UpToDate", "TDRelaunchAdvised", RATLS_E_MALFORMED, "tcbStatus"},
        {"unknown status", "UpToDate", "uptodate", RATLS_E_MALFORMED, "tcbStatus"},
        {"unknown field", "{\"id\"", "{\"new\":{\"a\":[1.5e3,-1]},\"id\"", RATLS_OK, ""},
        {"white space", "{\"id\"", " {\r\n\t\"id\"", RATLS_OK, ""},
        {"something after", "\"UpToDate\"}]}", "\"UpToDate\"}]},", RATLS_E_MALFORMED, "follows"},
        {"an array", "{\"id\"", "[{\"id\"", RATLS_E_MALFORMED, "object"},
        {"key twice in a level", "\"tcbDate\"", "\"tcbStatus\":\"OutOfDate\",\"tcbDate\"",
         RATLS_E_MALFORMED, "twice"},
    };
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++)
        must_be(edits[i].name, text_replaced(bytes_text(good), edits[i].from, edits[i].to),
                edits[i].code, edits[i].why);
}

static void test_truncation(void **state)
{
    (void)state;
    for (size_t n = 0; n + 1 < sizeof good; n++)
        must_be("cut short", bytes_cut(bytes_text(good), n), RATLS_E_MALFORMED, "QE identity");
}

static void test_limits(void **state)
{
    (void)state;
    for (unsigned extra = 0; extra < 2; extra++) {
        buf levels = {0};
        for (unsigned i = 0; i < QE_LEVELS_MAX + extra; i++)
            buf_text(&levels, i > 0 ? "," LEVEL : LEVEL);
        buf_u8(&levels, 0);
        must_be("levels", text_replaced(bytes_text(good), LEVEL, (const char *)levels.p),
                extra == 0 ? RATLS_OK : RATLS_E_LIMIT, "more levels");
    }
}

static sgx_report report(void)
{
    sgx_report r = {.raw = BYTES_NONE};
    r.facts.misc_select = 0x04030201; /* little-endian in the report */
    r.facts.attributes[0] = 0x15;
    r.facts.attributes[8] = 0xe7;
    (void)memcpy(r.facts.mrsigner, parsed.mrsigner, 32);
    r.facts.isv_prod_id = 258;
    return r;
}

static void must_differ(const sgx_report *r, const char *field)
{
    ratls_error e = {.text = ""};
    assert_int_equal(qe_identity_check(&parsed, r, &e), RATLS_E_UNTRUSTED);
    if (strstr(e.text, field) == NULL)
        fail_msg("%s is not about %s", e.text, field);
}

static void test_check(void **state)
{
    (void)state;
    must_be("as it is", bytes_text(good), RATLS_OK, "");
    ratls_error e;
    sgx_report r = report();
    assert_int_equal(qe_identity_check(&parsed, &r, &e), RATLS_OK);
    for (unsigned bit = 0; bit < 32; bit++) {
        r = report();
        r.facts.misc_select ^= UINT32_C(1) << bit;
        bool masked_out = (bit % 8 >= 4) && bit < 16;
        if (masked_out)
            assert_int_equal(qe_identity_check(&parsed, &r, &e), RATLS_OK);
        else
            must_differ(&r, "MISCSELECT");
    }
    for (unsigned bit = 0; bit < 128; bit++) {
        r = report();
        r.facts.attributes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        if (bit == 2 || bit >= 64) /* MODE64, and XFRM as a whole, lie outside the mask */
            assert_int_equal(qe_identity_check(&parsed, &r, &e), RATLS_OK);
        else
            must_differ(&r, "ATTRIBUTES");
    }
    for (unsigned bit = 0; bit < 256; bit++) {
        r = report();
        r.facts.mrsigner[bit / 8] ^= (uint8_t)(1U << bit % 8);
        must_differ(&r, "MRSIGNER");
    }
    for (unsigned bit = 0; bit < 16; bit++) {
        r = report();
        r.facts.isv_prod_id ^= (uint16_t)(1U << bit);
        must_differ(&r, "ISVPRODID");
    }
    /* An expected value with bits outside its own mask fits no report [DCAP 1.5]. */
    r = report();
    parsed.attributes[0] |= 4;
    must_differ(&r, "ATTRIBUTES");
}

static void test_level_status(void **state)
{
    (void)state;
    static const struct {
        ratls_tcb_status served, counts_as;
    } cases[] = {
        {RATLS_TCB_UP_TO_DATE, RATLS_TCB_UP_TO_DATE},
        {RATLS_TCB_REVOKED, RATLS_TCB_REVOKED},
        {RATLS_TCB_OUT_OF_DATE, RATLS_TCB_OUT_OF_DATE},
        {RATLS_TCB_CONFIGURATION_NEEDED, RATLS_TCB_OUT_OF_DATE},
        {RATLS_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED, RATLS_TCB_OUT_OF_DATE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        svn_level l = {.status = cases[i].served};
        assert_int_equal(qe_level_status(&l), cases[i].counts_as);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),         cmocka_unit_test(test_missing),
        cmocka_unit_test(test_values),       cmocka_unit_test(test_truncation),
        cmocka_unit_test(test_limits),       cmocka_unit_test(test_check),
        cmocka_unit_test(test_level_status),
    };
    return cmocka_run_group_tests_name("intel_qe", tests, NULL, NULL);
}
