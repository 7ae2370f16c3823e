#include "testing.h"

#include <dirent.h>
#include <stdio.h>

#include "json_case.h"
#include "vectors.h"

typedef enum read_by { STRING, RAW_STRING, UINT, HEX2, OBJECT, ARRAY } read_by;

static const struct {
    const char *in;
    read_by how;
    uint64_t max;
    const char *why;
} wrong_values[] = {
    {"", STRING, 0, string},
    {"1", STRING, 0, string},
    {"null", STRING, 0, string},
    {"{}", STRING, 0, string},
    {"['a']", STRING, 0, string},
    {"'a\\nb'", STRING, 0, escaped},
    {"'\\u0041'", STRING, 0, escaped},
    {"'a\\/b'", STRING, 0, escaped},
    {"'\\x'", STRING, 0, escaped},
    {"'a", STRING, 0, endless},
    {"'a\xff'", STRING, 0, utf8},
    {"'a\x1f'", STRING, 0, control},
    {"1", RAW_STRING, 0, string},
    {"'\\x'", RAW_STRING, 0, escape},
    {"'\\ud800'", RAW_STRING, 0, escape},
    {"'a\xff'", RAW_STRING, 0, utf8},
    {"", UINT, UINT64_MAX, whole},
    {"'1'", UINT, UINT64_MAX, whole},
    {"null", UINT, UINT64_MAX, whole},
    {"true", UINT, UINT64_MAX, whole},
    {"[1]", UINT, UINT64_MAX, whole},
    {"-1", UINT, UINT64_MAX, whole},
    {"-0", UINT, UINT64_MAX, whole},
    {"+1", UINT, UINT64_MAX, whole},
    {"1.0", UINT, UINT64_MAX, whole},
    {"1.234", UINT, UINT64_MAX, whole},
    {"1e0", UINT, UINT64_MAX, whole},
    {"1E3", UINT, UINT64_MAX, whole},
    {"0.5", UINT, UINT64_MAX, whole},
    {"01", UINT, UINT64_MAX, whole},
    {"00", UINT, UINT64_MAX, whole},
    {"007", UINT, UINT64_MAX, whole},
    {"1", UINT, 0, limit},
    {"10", UINT, 9, limit},
    {"256", UINT, UINT8_MAX, limit},
    {"257", UINT, UINT8_MAX, limit},
    {"1000", UINT, UINT8_MAX, limit},
    {"65536", UINT, UINT16_MAX, limit},
    {"4294967296", UINT, UINT32_MAX, limit},
    {"18446744073709551615", UINT, UINT64_MAX - 1, limit},
    {"18446744073709551616", UINT, UINT64_MAX, limit},
    {"18446744073709551617", UINT, UINT64_MAX, limit},
    {"36893488147419103232", UINT, UINT64_MAX, limit},
    {"10000000000000000000000000000000000", UINT, UINT64_MAX, limit},
    {"''", HEX2, 0, hex},
    {"'abc'", HEX2, 0, hex},
    {"'abcde'", HEX2, 0, hex},
    {"'abcdef'", HEX2, 0, hex},
    {"'abcg'", HEX2, 0, hex},
    {"' abc'", HEX2, 0, hex},
    {"'0xab'", HEX2, 0, hex},
    {"1234", HEX2, 0, string},
    {"'\\u00612'", HEX2, 0, escaped},
    {"[]", OBJECT, 0, object},
    {"'{}'", OBJECT, 0, object},
    {"null", OBJECT, 0, object},
    {"", OBJECT, 0, object},
    {"{}", ARRAY, 0, array},
    {"null", ARRAY, 0, array},
    {"'[]'", ARRAY, 0, array},
};

static void another_type_than_asked_for_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong_values / sizeof *wrong_values; i++) {
        bytes in = quoted(wrong_values[i].in);
        json_reader j = jr_of(in);
        static json_scope s;
        uint8_t out[2] = {1, 1};
        size_t got = 0;
        switch (wrong_values[i].how) {
        case STRING:
            got = jr_string(&j).n;
            break;
        case RAW_STRING:
            got = jr_raw_string(&j).n;
            break;
        case UINT:
            got = jr_uint(&j, wrong_values[i].max) != 0;
            break;
        case HEX2:
            jr_hex(&j, out, sizeof out);
            got = (size_t)out[0] + out[1];
            break;
        case OBJECT:
            jr_object(&j, &s);
            break;
        case ARRAY:
            jr_array(&j, &s);
            break;
        }
        if (jr_ok(&j) || got != 0)
            fail_msg("accepted: %s", wrong_values[i].in);
        must_stay_bad(&j, wrong_values[i].why, wrong_values[i].in);
        release(in);
    }
}

static void numbers_up_to_their_limit(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        uint64_t max, v;
    } cases[] = {
        {"0", 0, 0},
        {" 9", 9, 9},
        {"255", UINT8_MAX, 255},
        {"65535", UINT16_MAX, 65535},
        {"4294967295", UINT32_MAX, 4294967295},
        {"18446744073709551615", UINT64_MAX, UINT64_MAX},
        {"18446744073709551614", UINT64_MAX - 1, UINT64_MAX - 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bytes in = quoted(cases[i].in);
        json_reader j = jr_of(in);
        assert_int_equal(jr_type(&j), JR_NUMBER);
        assert_true(jr_uint(&j, cases[i].max) == cases[i].v);
        assert_true(jr_done(&j));
        release(in);
    }
}

static void an_object_is_pulled_apart(void **state)
{
    (void)state;
    bytes in =
        quoted(" { 'name' : 'x y' , 'n':17,'hex':'aBc9', 'raw':'a\\nb','skip':[1.5,{'q':-1}],"
               "'value': {'k' : [ ] } , 'list':[true,false,null], 'none':[] } ");
    json_reader j = jr_of(in);
    json_scope s, list;
    bytes key;
    uint8_t out[2];
    assert_int_equal(jr_type(&j), JR_OBJECT);
    jr_object(&j, &s);
    assert_true(jr_key(&j, &s, &key) && bytes_is(key, "name"));
    assert_int_equal(jr_type(&j), JR_STRING);
    bytes name = jr_string(&j);
    assert_true(bytes_is(name, "x y"));
    assert_ptr_equal(name.p, in.p + 13);
    assert_true(jr_key(&j, &s, &key) && bytes_is(key, "n"));
    assert_int_equal(jr_uint(&j, 17), 17);
    assert_true(jr_key(&j, &s, &key) && bytes_is(key, "hex"));
    jr_hex(&j, out, 2);
    assert_int_equal(out[0] << 8 | out[1], 0xabc9);
    assert_true(jr_key(&j, &s, &key) && bytes_is(key, "raw"));
    assert_true(bytes_is(jr_raw_string(&j), "a\\nb"));
    assert_true(jr_key(&j, &s, &key) && bytes_is(key, "skip"));
    jr_skip(&j);
    assert_true(jr_key(&j, &s, &key) && bytes_is(key, "value"));
    assert_true(bytes_is(jr_value(&j), "{\"k\" : [ ] }"));
    assert_true(jr_key(&j, &s, &key) && bytes_is(key, "list"));
    jr_array(&j, &list);
    static const jr_kind types[] = {JR_TRUE, JR_FALSE, JR_NULL};
    for (size_t i = 0; i < 3; i++) {
        assert_true(jr_element(&j, &list));
        assert_int_equal(jr_type(&j), types[i]);
        jr_skip(&j);
    }
    assert_false(jr_element(&j, &list));
    assert_int_equal(list.n, 3);
    assert_true(jr_key(&j, &s, &key) && bytes_is(key, "none"));
    jr_array(&j, &list);
    assert_false(jr_element(&j, &list));
    assert_true(jr_ok(&j));
    assert_false(jr_key(&j, &s, &key));
    assert_int_equal(s.n, 8);
    assert_int_equal(j.depth, 0);
    assert_true(jr_done(&j));
    release(in);
}

/* A caller that forgets to read a value gets no other key instead. */
static void an_unread_value_is_no_key(void **state)
{
    (void)state;
    bytes in = quoted("{'a':1,'b':2}"), key;
    json_reader j = jr_of(in);
    json_scope s;
    jr_object(&j, &s);
    assert_true(jr_key(&j, &s, &key));
    assert_false(jr_key(&j, &s, &key));
    must_stay_bad(&j, comma, "unread value");
    release(in);
}

static void keys_twice_are_refused_while_pulling(void **state)
{
    (void)state;
    bytes in = quoted("{'tcb':1,'tcbs':{'tcb':2,'x':3},'tcb':4}"), key;
    json_reader j = jr_of(in);
    json_scope s;
    jr_object(&j, &s);
    assert_true(jr_key(&j, &s, &key));
    jr_skip(&j);
    assert_true(jr_key(&j, &s, &key));
    jr_skip(&j);
    assert_false(jr_key(&j, &s, &key));
    assert_int_equal(key.n, 0);
    must_stay_bad(&j, twice, "key twice");
    release(in);
}

static void errors_say_what_where_and_why(void **state)
{
    (void)state;
    ratls_error e = {0};
    bytes in = quoted("{'a':1,'b':x}"), key;
    json_reader j = jr_of(in);
    jr_skip(&j);
    assert_int_equal(jr_error(&j, "TCB info", &e), RATLS_E_MALFORMED);
    assert_int_equal(e.code, RATLS_E_MALFORMED);
    assert_int_equal(e.offset, 11);
    assert_string_equal(e.text, "TCB info: a value was expected, at byte 11");

    /* The caller's own rule. */
    j = jr_of(in);
    json_scope s;
    jr_object(&j, &s);
    assert_true(jr_key(&j, &s, &key));
    jr_fail(&j, "a is not wanted");
    must_stay_bad(&j, "a is not wanted", "rule of the caller");
    assert_int_equal(jr_error(&j, "it", NULL), RATLS_E_MALFORMED);
    (void)jr_error(&j, "it", &e);
    assert_string_equal(e.text, "it: a is not wanted, at byte 5");

    /* Failed by its reader alone. */
    j = jr_of(in);
    rd_fail(&j.r);
    (void)jr_error(&j, "it", &e);
    assert_string_equal(e.text, "it: not JSON, at byte 0");
    release(in);
}

static void escapes_are_resolved(void **state)
{
    (void)state;
    static const struct {
        const char *raw, *text; /* NULL: refused */
    } cases[] = {
        {"", ""},
        {"plain \xe2\x82\xac", "plain \xe2\x82\xac"},
        {"\\'\\\\\\/\\b\\f\\n\\r\\t", "'\\/\b\f\n\r\t"},
        {"a\\nb\\nc", "a\nb\nc"},
        {"\\u0041\\u007f", "A\x7f"},
        {"\\u0080\\u07FF", "\xc2\x80\xdf\xbf"},
        {"\\u0800\\ud7ff\\uE000\\uffff", "\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"},
        {"\\ud800\\udc00\\udbff\\udfff", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
        {"x\\ud83d\\ude00y", "x\xf0\x9f\x98\x80y"},
        {"a\\u0000b", "a~b"},
        {"\\", NULL},
        {"\\x", NULL},
        {"\\u12", NULL},
        {"\\u12g4", NULL},
        {"\\ud800", NULL},
        {"\\udc00", NULL},
        {"\\ud800\\u0041", NULL},
        {"\\ud800\\udc", NULL},
        {"ok\\q", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bytes raw = quoted(cases[i].raw);
        uint8_t out[64];
        size_t n = 0;
        bool ok = json_unescape(raw, out, sizeof out, &n);
        if (ok != (cases[i].text != NULL))
            fail_msg("%s: %s", ok ? "accepted" : "refused", cases[i].raw);
        if (ok) {
            bytes text = quoted(cases[i].text);
            assert_true(bytes_equal(bytes_of(out, n), text));
            assert_true(n <= raw.n);
            for (size_t cap = 0; cap < text.n; cap++) {
                size_t m;
                assert_false(json_unescape(raw, out, cap, &m));
            }
            assert_true(json_unescape(raw, out, text.n, &n));
            release(text);
        }
        release(raw);
    }
}

/* As a reader of a schema does: strings without escapes, numbers whole and of at most 32 bits. */
static void walk(json_reader *j, unsigned depth)
{
    json_scope s;
    bytes key;
    assert_true(depth <= JR_DEPTH_MAX);
    switch (jr_type(j)) {
    case JR_OBJECT:
        jr_object(j, &s);
        while (jr_key(j, &s, &key))
            walk(j, depth + 1);
        break;
    case JR_ARRAY:
        jr_array(j, &s);
        while (jr_element(j, &s))
            walk(j, depth + 1);
        break;
    case JR_STRING:
        (void)jr_string(j);
        break;
    case JR_NUMBER:
        (void)jr_uint(j, UINT32_MAX);
        break;
    case JR_TRUE:
    case JR_FALSE:
    case JR_NULL:
    case JR_ERROR:
        jr_skip(j);
        break;
    }
}

/* Files of oe/json that are refused: as JSON at all, or only when read by a schema. The others,
 * right or wrong in content, are JSON. */
static const struct {
    const char *file, *why;
    bool is_json;
} refused[] = {
    {"qeidentity-data/qe_identity_missing_attributes.json", string, false},
    {"qeidentity-data/qe_identity_missing_attributesmask.json", string, false},
    {"qeidentity-data/qe_identity_missing_isvprodid.json", string, false},
    {"qeidentity-data/qe_identity_missing_isvsvn.json", string, false},
    {"qeidentity-data/qe_identity_missing_miscselect.json", colon, false},
    {"qeidentity-data/qe_identity_missing_qeidentity.json", string, false},
    {"qeidentity-data/qe_identity_missing_signature.json", string, false},
    {"qeidentity-data/qe_identity_missing_version.json", string, false},
    {"qeidentity-data_v2/qe_identity_missing_isvsvn.json", string, false},
    {"qeidentity-data_v2/qe_identity_missing_qeidentity.json", string, false},
    {"report-data/tcbInfoNegativeFloat.json", whole, true},
    {"report-data/tcbInfoNegativeIntegerOverflow.json", limit, true},
    {"report-data/tcbInfoNegativeIntegerWithSign.json", whole, true},
    {"report-data/tcbInfoNegativeStringEscape.json", escaped, true},
    {"report-data_v2/tcbInfoNegativeFloat.json", whole, true},
    {"report-data_v2/tcbInfoNegativeIntegerOverflow.json", limit, true},
    {"report-data_v2/tcbInfoNegativeIntegerWithSign.json", whole, true},
    {"report-data_v2/tcbInfoNegativeStringEscape.json", escaped, true},
};
enum { REFUSED_N = sizeof refused / sizeof *refused };

/* Returns whether the file stands in the table above. */
static bool judge_file(const char *file)
{
    size_t at = 0, row = 0;
    while (row < REFUSED_N && strcmp(refused[row].file, file) != 0)
        row++;
    bool listed = row < REFUSED_N;
    char name[400];
    (void)snprintf(name, sizeof name, "oe/json/%s", file);
    bytes in = vector_read(name);
    const char *why = skip_all(in, &at);
    if ((why == NULL) != (!listed || refused[row].is_json))
        fail_msg("%s: as JSON: %s", file, why != NULL ? why : "accepted");
    json_reader j = jr_of(in);
    walk(&j, 0);
    bool ok = jr_done(&j);
    if (ok == listed || (listed && strcmp(j.why, refused[row].why) != 0))
        fail_msg("%s: by schema: %s", file, ok ? "accepted" : j.why);
    return listed;
}

static void public_files_get_the_right_answer(void **state)
{
    (void)state;
    vectors_need();
    static const struct {
        const char *name;
        size_t files;
    } dirs[] = {{"qeidentity-data", 13},
                {"qeidentity-data_v2", 20},
                {"report-data", 20},
                {"report-data_v2", 22},
                {"report-data_v3", 2}};
    size_t listed = 0;
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
        char path[300];
        (void)snprintf(path, sizeof path, "oe/json/%s", dirs[i].name);
        DIR *dir = opendir(vectors_path(path));
        assert_non_null(dir);
        size_t files = 0;
        for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
            size_t n = strlen(entry->d_name);
            if (n < 5 || strcmp(entry->d_name + n - 5, ".json") != 0)
                continue;
            (void)snprintf(path, sizeof path, "%s/%.200s", dirs[i].name, entry->d_name);
            listed += judge_file(path);
            files++;
        }
        (void)closedir(dir);
        assert_int_equal(files, dirs[i].files);
    }
    assert_int_equal(listed, REFUSED_N);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_type_than_asked_for_is_refused),
        cmocka_unit_test(numbers_up_to_their_limit),
        cmocka_unit_test(an_object_is_pulled_apart),
        cmocka_unit_test(an_unread_value_is_no_key),
        cmocka_unit_test(keys_twice_are_refused_while_pulling),
        cmocka_unit_test(errors_say_what_where_and_why),
        cmocka_unit_test(escapes_are_resolved),
        cmocka_unit_test(public_files_get_the_right_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
