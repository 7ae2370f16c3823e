#include "testing.h"

#include "base/base64.h"
#include "base/error.h"
#include "base/hex.h"
#include "base/reader.h"
#include "base/time.h"
#include "base/writer.h"

static void reader_latches_and_never_reads_past_the_end(void **state)
{
    (void)state;
    static const uint8_t in[] = {1, 2, 3, 4, 5};
    reader r = rd_of(bytes_of(in, sizeof in));
    assert_int_equal(rd_le(&r, 2), 0x0201);
    assert_int_equal(rd_be(&r, 2), 0x0304);
    assert_false(rd_done(&r));
    assert_int_equal(rd_peek(&r), 5);
    assert_int_equal(rd_take(&r, 2).n, 0);
    assert_false(rd_ok(&r));
    assert_int_equal(rd_left(&r), 0);
    assert_int_equal(rd_u8(&r), 0);
    assert_false(rd_done(&r));
}

static void sub_reader_is_bounded_and_shares_offsets(void **state)
{
    (void)state;
    static const uint8_t in[] = {1, 2, 3, 4, 5};
    reader r = rd_of(bytes_of(in, sizeof in));
    (void)rd_u8(&r);
    reader s = rd_sub(&r, 2);
    assert_int_equal(s.pos, 1);
    assert_int_equal(rd_rest(&s).n, 2);
    assert_true(rd_done(&s));
    assert_int_equal(rd_u8(&r), 4);
    reader bad = rd_sub(&r, 2);
    assert_false(rd_ok(&bad));
    assert_false(rd_ok(&r));
}

static void writer_measures_and_refuses_what_does_not_fit(void **state)
{
    (void)state;
    uint8_t out[4];
    writer w = wr_of(out, sizeof out);
    wr_be(&w, 0x010203, 3);
    assert_true(wr_ok(&w));
    wr_le(&w, 0x0504, 2);
    assert_false(wr_ok(&w));
    assert_int_equal(w.n, 5);
    assert_int_equal(wr_bytes(&w).n, 0);
    writer measure = wr_of(NULL, 0);
    wr_fill(&measure, 7, 1000);
    assert_true(wr_ok(&measure));
    assert_int_equal(measure.n, 1000);
}

static void hex_takes_exact_lengths_only(void **state)
{
    (void)state;
    uint8_t out[2];
    assert_true(hex_decode(bytes_text("aBc9"), out, 2));
    assert_int_equal(out[0], 0xab);
    assert_false(hex_decode(bytes_text("abc"), out, 2));
    assert_false(hex_decode(bytes_text("abcdef"), out, 2));
    assert_false(hex_decode(bytes_text("ab g"), out, 2));
    char text[5];
    hex_encode(bytes_of(out, 2), text);
    assert_string_equal(text, "abc9");
}

static void base64_is_strict(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int n; /* -1: refused */
    } cases[] = {
        {"", 0},    {"TQ==", 1},   {"TWE=", 2},   {"TWFu", 3},   {"TW\nFu\r\n", 3}, {"TQ=", -1},
        {"TQ", -1}, {"T", -1},     {"TR==", -1},  {"TWF=", -1},  {"TQ==TQ==", -1},  {"T===", -1},
        {"=", -1},  {"TW Fu", -1}, {"TWFu*", -1}, {"TQ==\n", 1}, {"TQ=\n=", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t out[8];
        size_t n = 0;
        bool ok = base64_decode(bytes_text(cases[i].text), out, sizeof out, &n);
        if (ok != (cases[i].n >= 0) || (ok && n != (size_t)cases[i].n))
            fail_msg("case %zu: \"%s\"", i, cases[i].text);
    }
    uint8_t out[2];
    size_t n;
    assert_false(base64_decode(bytes_text("TWFu"), out, 2, &n));
}

static void base64_round_trips(void **state)
{
    (void)state;
    uint8_t in[200], back[200];
    char text[400];
    for (size_t n = 0; n <= sizeof in; n++) {
        for (size_t i = 0; i < n; i++)
            in[i] = (uint8_t)(i * 37 + n);
        size_t length = base64_encode(bytes_of(in, n), text, sizeof text), m;
        assert_int_equal(length, base64_encode(bytes_of(in, n), NULL, 0));
        assert_int_equal(strlen(text), length);
        assert_true(base64_decode(bytes_text(text), back, sizeof back, &m));
        assert_true(bytes_equal(bytes_of(in, n), bytes_of(back, m)));
    }
}

static void time_knows_the_calendar(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t t;
    } good[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2000-02-29T23:59:59Z", 951868799},
        {"2023-05-15T14:49:40Z", 1684162180},
        {"2049-12-31T23:59:59Z", 2524607999},
        {"9999-12-31T23:59:59Z", 253402300799},
        {"1900-03-01T00:00:00Z", -2203891200},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t t;
        assert_true(time_from_iso(bytes_text(good[i].text), &t));
        assert_int_equal(t, good[i].t);
        assert_string_equal(ISO(t), good[i].text);
    }
    static const char *const bad[] = {
        "2023-02-29T00:00:00Z",      "1900-02-29T00:00:00Z",
        "2023-13-01T00:00:00Z",      "2023-00-01T00:00:00Z",
        "2023-01-32T00:00:00Z",      "2023-01-01T24:00:00Z",
        "2023-01-01T00:60:00Z",      "2023-01-01T00:00:60Z",
        "2023-01-01 00:00:00Z",      "2023-01-01T00:00:00",
        "2023-1-01T00:00:00Z",       "2023-01-01T00:00:00z",
        "2023-01-01T00:00:00+00:00", "",
        "+023-01-01T00:00:00Z",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t t;
        if (time_from_iso(bytes_text(bad[i]), &t))
            fail_msg("accepted %s", bad[i]);
    }
}

static void find_and_compare(void **state)
{
    (void)state;
    bytes text = bytes_text("abcabd");
    assert_int_equal(bytes_find(text, bytes_text("abd")), 3);
    assert_int_equal(bytes_find(text, bytes_text("abe")), text.n);
    assert_int_equal(bytes_find(text, bytes_text("abcabdd")), text.n);
    assert_int_equal(bytes_find(BYTES_NONE, bytes_text("a")), 0);
    assert_true(bytes_equal_ct(text, bytes_text("abcabd")));
    assert_false(bytes_equal_ct(text, bytes_text("abcabc")));
    assert_false(bytes_equal_ct(text, bytes_text("abcab")));
    assert_true(bytes_starts(text, "abc"));
    assert_false(bytes_starts(bytes_text("ab"), "abc"));
}

static void error_text_is_cut_and_prefixed(void **state)
{
    (void)state;
    ratls_error e = {0};
    assert_int_equal(refuse(&e, RATLS_E_LIMIT, 7, "%0300d", 1), RATLS_E_LIMIT);
    assert_int_equal(strlen(e.text), sizeof e.text - 1);
    assert_int_equal(refuse(NULL, RATLS_E_STALE, 0, "x"), RATLS_E_STALE);
    (void)refuse(&e, RATLS_E_POLICY, 0, "two");
    error_prefix(&e, "one");
    assert_string_equal(e.text, "one: two");
    assert_string_equal(ratls_code_name(RATLS_E_POLICY), "RATLS_E_POLICY");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reader_latches_and_never_reads_past_the_end),
        cmocka_unit_test(sub_reader_is_bounded_and_shares_offsets),
        cmocka_unit_test(writer_measures_and_refuses_what_does_not_fit),
        cmocka_unit_test(hex_takes_exact_lengths_only),
        cmocka_unit_test(base64_is_strict),
        cmocka_unit_test(base64_round_trips),
        cmocka_unit_test(time_knows_the_calendar),
        cmocka_unit_test(find_and_compare),
        cmocka_unit_test(error_text_is_cut_and_prefixed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
