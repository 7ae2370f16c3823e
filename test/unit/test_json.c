#include "testing.h"

#include <stdio.h>

#include "base/writer.h"
#include "json_case.h"

static const struct {
    const char *in, *why;
    size_t at;
} bad[] = {
    /* No value, or another one behind it. */
    {"", value, 0},
    {" \t\r\n", value, 4},
    {"x", value, 0},
    {"'a' 'b'", follows, 4},
    {"{}{}", follows, 2},
    {"{} x", follows, 3},
    {"{}~", follows, 2},
    {"[1]]", follows, 3},
    {"1 2", follows, 2},
    {"\xef\xbb\xbf{}", value, 0},
    {"\x0b{}", value, 0},
    {"\x0c{}", value, 0},
    {"\xc2\xa0{}", value, 0},
    {"~", value, 0},
    {"{'a':1}//", follows, 7},
    {"/**/1", value, 0},
    {"#", value, 0},
    {"`a`", value, 0},
    {"}", value, 0},
    {"]", value, 0},
    {":", value, 0},
    {",", value, 0},
    /* Words. */
    {"tru", word, 0},
    {"truE", word, 4},
    {"True", value, 0},
    {"fals", word, 0},
    {"falsy", word, 5},
    {"nul", word, 0},
    {"null~", follows, 4},
    {"nil", word, 0},
    {"truefalse", follows, 4},
    {"NaN", value, 0},
    {"Infinity", value, 0},
    {"-Infinity", number, 1},
    /* Objects. */
    {"{", string, 1},
    {"{'a'", colon, 4},
    {"{'a':", value, 5},
    {"{'a':1", comma, 6},
    {"{'a':1,", string, 7},
    {"{'a':1,}", string, 7},
    {"{,}", string, 1},
    {"{,'a':1}", string, 1},
    {"{'a':1,,'b':2}", string, 7},
    {"{'a':1 'b':2}", comma, 7},
    {"{'a':1;'b':2}", comma, 6},
    {"{'a':1]", comma, 6},
    {"{'a' 1}", colon, 5},
    {"{'a'::1}", value, 5},
    {"{'a':,}", value, 5},
    {"{'a':}", value, 5},
    {"{'a'}", colon, 4},
    {"{'a','b'}", colon, 4},
    {"{a:1}", string, 1},
    {"{1:1}", string, 1},
    {"{null:1}", string, 1},
    {"{:1}", string, 1},
    {"{[]:1}", string, 1},
    {"{'a\\u0062':1}", escaped, 3},
    {"{'\\\\':1}", escaped, 2},
    {"{'a\xff':1}", utf8, 3},
    {"{'a\x01':1}", control, 3},
    {"{'a:1}", endless, 6},
    /* A key twice. */
    {"{'a':1,'a':2}", twice, 11},
    {"{'a':1,'a':1}", twice, 11},
    {"{'':1,'':2}", twice, 9},
    {"{'a':1,'b':2,'c':3,'a':4}", twice, 23},
    {"{'x':{'a':1,'a':2}}", twice, 16},
    {"[{'a':1},{'a':1,'a':2}]", twice, 20},
    {"[[[[{'a':{},'b':[],'a':null}]]]]", twice, 23},
    {"{'\xc3\xa4':1,'\xc3\xa4':2}", twice, 13},
    /* Arrays. */
    {"[", value, 1},
    {"[1", comma, 2},
    {"[1,", value, 3},
    {"[1,]", value, 3},
    {"[,]", value, 1},
    {"[,1]", value, 1},
    {"[1,,2]", value, 3},
    {"[1 2]", comma, 3},
    {"[1;2]", comma, 2},
    {"[1}", comma, 2},
    {"[1:2]", comma, 2},
    {"['a':1]", comma, 4},
    /* Strings. */
    {"'", endless, 1},
    {"'a", endless, 2},
    {"'\\'", endless, 3},
    {"'\\", escape, 1},
    {"'a\\", escape, 2},
    {"'~'", control, 1},
    {"'\x1f'", control, 1},
    {"'a\nb'", control, 2},
    {"'a\tb'", control, 2},
    {"'\\x41'", escape, 1},
    {"'\\a'", escape, 1},
    {"'\\N'", escape, 1},
    {"'\\0'", escape, 1},
    {"'\\~'", escape, 1},
    {"'\\ '", escape, 1},
    {"'\\\n'", escape, 1},
    {"'\\U0041'", escape, 1},
    {"'\\u'", escape, 1},
    {"'\\u004'", escape, 1},
    {"'\\u004g'", escape, 1},
    {"'\\ug041'", escape, 1},
    {"'\\u+041'", escape, 1},
    {"'\\u 041'", escape, 1},
    {"'\\u{41}'", escape, 1},
    {"'\\ud800'", escape, 1},
    {"'\\udbff'", escape, 1},
    {"'\\udc00'", escape, 1},
    {"'\\udfff'", escape, 1},
    {"'\\ud800\\u0041'", escape, 1},
    {"'\\ud800\\ud800'", escape, 1},
    {"'\\ud800xudc00'", escape, 1},
    {"'\\ud800\\ndc00'", escape, 1},
    {"'\\ud800\\ue000'", escape, 1},
    {"'\\udc00\\ud800'", escape, 1},
    {"'\\udc00\\udc00'", escape, 1},
    {"'\\ud800\\udc0'", escape, 1},
    {"'\\ud800\\udc0g'", escape, 1},
    /* UTF-8 [RFC 3629 3, 4]. */
    {"'\x80'", utf8, 1},
    {"'\xbf'", utf8, 1},
    {"'\xc0\x80'", utf8, 1},
    {"'\xc1\xbf'", utf8, 1},
    {"'\xc2'", utf8, 1},
    {"'\xc2", utf8, 1},
    {"'\xc2\x7f'", utf8, 1},
    {"'\xc2\xc0'", utf8, 1},
    {"'\xe0\x9f\xbf'", utf8, 1},
    {"'\xe0\xa0'", utf8, 1},
    {"'\xe1\x80'", utf8, 1},
    {"'\xe2\x82", utf8, 1},
    {"'\xed\xa0\x80'", utf8, 1},
    {"'\xed\xbf\xbf'", utf8, 1},
    {"'\xf0\x8f\xbf\xbf'", utf8, 1},
    {"'\xf0\x90\x80'", utf8, 1},
    {"'\xf0\x9f\x98", utf8, 1},
    {"'\xf1\x80\x80\xc0'", utf8, 1},
    {"'\xf4\x90\x80\x80'", utf8, 1},
    {"'\xf5\x80\x80\x80'", utf8, 1},
    {"'\xf8\x88\x80\x80\x80'", utf8, 1},
    {"'\xfe'", utf8, 1},
    {"'\xff'", utf8, 1},
    {"'abc\xff'", utf8, 4},
    /* Numbers [RFC 8259 6]. */
    {"-", number, 1},
    {"+1", value, 0},
    {"- 1", number, 1},
    {"--1", number, 1},
    {"00", number, 2},
    {"01", number, 2},
    {"-01", number, 3},
    {"-00", number, 3},
    {"01.5", number, 4},
    {".5", value, 0},
    {"-.5", number, 3},
    {"1.", number, 2},
    {"1.e5", number, 4},
    {"1.x", number, 2},
    {"1e", number, 2},
    {"1E", number, 2},
    {"1e+", number, 3},
    {"1e-", number, 3},
    {"1e+-1", number, 3},
    {"1ee1", number, 2},
    {"1.2.3", follows, 3},
    {"1e1.5", follows, 3},
    {"0x10", follows, 1},
    {"1_000", follows, 1},
    {"1,000", follows, 1},
    {"1f", follows, 1},
    {"[1.]", number, 3},
};

static void refuses_what_is_not_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        bytes in = quoted(bad[i].in);
        size_t at = 0;
        const char *why = skip_all(in, &at);
        if (why == NULL)
            fail_msg("accepted: %s", bad[i].in);
        if (strcmp(why, bad[i].why) != 0 || at != bad[i].at)
            fail_msg("%s: found \"%s\" at %zu, expected \"%s\" at %zu", bad[i].in, why, at,
                     bad[i].why, bad[i].at);
        json_reader j = jr_of(in);
        jr_skip(&j);
        (void)jr_done(&j);
        must_stay_bad(&j, bad[i].why, bad[i].in);
        release(in);
    }
}

static const char *const good[] = {
    "{}",
    "[]",
    "''",
    "0",
    "true",
    "false",
    "null",
    " \t\r\n{ \n'a'\t:\r1 , 'b' : [ 1 , 2 ] } \n",
    "{'a':{'a':{'a':1}},'b':{'a':2}}",
    "{'a':1,'aa':2,'A':3,'':4,'a ':5}",
    "[[],[[]],{},[{}]]",
    "[true,false,null,'',0]",
    "-0",
    "-1",
    "1.5",
    "0.0",
    "-0.5e-10",
    "1e5",
    "1E+05",
    "0e0",
    "123456789012345678901234567890",
    "1e999",
    "'\\'\\\\\\/\\b\\f\\n\\r\\t'",
    "'\\u0000\\u001F\\uabCD\\ud7ff\\ue000\\uffff'",
    "'\\ud800\\udc00\\uDBFF\\uDFFF'",
    "'\x7f'",
    ("'\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\xf0\x90\x80\x80"
     "\xf3\xbf\xbf\xbf\xf4\x8f\xbf\xbf'"),
    "{'\xe2\x82\xac':'\xf0\x9f\x98\x80'}",
    "'[{,:'",
};

static void passes_over_any_valid_value(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        bytes in = quoted(good[i]);
        size_t at = 0;
        const char *why = skip_all(in, &at);
        if (why != NULL)
            fail_msg("%s: refused: %s at %zu", good[i], why, at);
        release(in);
    }
}

/* What a number means does not depend on what stands around it, so a cut number is one still; any
 * other value that is cut is none. */
static void each_truncation_is_refused(void **state)
{
    (void)state;
    bytes in = quoted("{'a':[1,-2.5e3,'x\\n\\ud83d\\ude00\xe2\x82\xac'],'b':{'c':true,'d':null}, "
                      "'e':false,'f':[{},[]]}");
    size_t at;
    assert_null(skip_all(in, &at));
    for (size_t n = 0; n < in.n; n++) {
        bytes cut = bytes_of(malloc(n > 0 ? n : 1), n);
        assert_non_null(cut.p);
        memcpy((void *)(uintptr_t)cut.p, in.p, n);
        if (skip_all(cut, &at) == NULL)
            fail_msg("accepted the first %zu bytes", n);
        release(cut);
    }
    release(in);
}

/* Of all bytes, only these may stand before a value, after a backslash, in a string. */
static void every_byte_in_its_place(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        size_t at;
        uint8_t before[] = {(uint8_t)c, '7'};
        bool ok = skip_all(bytes_of(before, sizeof before), &at) == NULL;
        assert_int_equal(ok, c != 0 && strchr(" \t\r\n-123456789", (int)c) != NULL);
        uint8_t after[] = {'7', (uint8_t)c};
        ok = skip_all(bytes_of(after, sizeof after), &at) == NULL;
        assert_int_equal(ok, c != 0 && strchr(" \t\r\n0123456789", (int)c) != NULL);
        uint8_t behind[] = {'"', '\\', (uint8_t)c, '"'};
        ok = skip_all(bytes_of(behind, sizeof behind), &at) == NULL;
        assert_int_equal(ok, c != 0 && strchr("\"\\/bfnrt", (int)c) != NULL);
        uint8_t inside[] = {'"', (uint8_t)c, '"'};
        ok = skip_all(bytes_of(inside, sizeof inside), &at) == NULL;
        assert_int_equal(ok, c >= 0x20 && c < 0x80 && c != '"' && c != '\\');
    }
}

static void write_nested(writer *w, size_t depth, bool objects)
{
    for (size_t i = 0; i < depth; i++)
        wr_put(w, bytes_text(objects ? "{\"a\":" : "["));
    if (objects)
        wr_u8(w, '0');
    wr_fill(w, objects ? '}' : ']', depth);
}

static void depth_is_limited(void **state)
{
    (void)state;
    static uint8_t out[100000];
    for (int objects = 0; objects < 2; objects++) {
        size_t at;
        writer w = wr_of(out, sizeof out);
        write_nested(&w, JR_DEPTH_MAX, objects);
        assert_null(skip_all(wr_bytes(&w), &at));
        w = wr_of(out, sizeof out);
        write_nested(&w, JR_DEPTH_MAX + 1, objects);
        assert_string_equal(skip_all(wr_bytes(&w), &at), deep);
        w = wr_of(out, sizeof out);
        write_nested(&w, 10000, objects);
        assert_string_equal(skip_all(wr_bytes(&w), &at), deep);
        assert_in_range(at, 1, 6 * (JR_DEPTH_MAX + 1));
    }
    /* What is open already counts. */
    writer w = wr_of(out, sizeof out);
    write_nested(&w, JR_DEPTH_MAX + 1, false);
    json_reader j = jr_of(wr_bytes(&w));
    json_scope s;
    jr_array(&j, &s);
    assert_true(jr_element(&j, &s));
    jr_skip(&j);
    must_stay_bad(&j, deep, "nested too deep by one");
}

/* Siblings do not add up. */
static void depth_falls_again(void **state)
{
    (void)state;
    bytes in = quoted("[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],{},{},[[]]]");
    size_t at;
    assert_null(skip_all(in, &at));
    release(in);
}

static void keys_are_limited_elements_are_not(void **state)
{
    (void)state;
    static char text[10000];
    for (unsigned n = JR_KEYS_MAX; n <= JR_KEYS_MAX + 1; n++) {
        writer w = wr_of(text, sizeof text);
        for (unsigned i = 0; i < n; i++) {
            char member[32];
            (void)snprintf(member, sizeof member, "%c\"k%u\":%u", i == 0 ? '{' : ',', i, i);
            wr_put(&w, bytes_text(member));
        }
        wr_u8(&w, '}');
        size_t at;
        const char *why = skip_all(wr_bytes(&w), &at);
        if (n == JR_KEYS_MAX)
            assert_null(why);
        else
            assert_string_equal(why, keys);
        json_reader j = jr_of(wr_bytes(&w));
        json_scope s;
        bytes key;
        unsigned read = 0;
        jr_object(&j, &s);
        for (; jr_key(&j, &s, &key); read++)
            assert_int_equal(jr_uint(&j, n), read);
        assert_int_equal(read, JR_KEYS_MAX);
        assert_int_equal(jr_done(&j), n == JR_KEYS_MAX);
    }
    writer w = wr_of(text, sizeof text);
    wr_u8(&w, '[');
    for (unsigned i = 0; i < 4000; i++)
        wr_put(&w, bytes_text("1,"));
    wr_put(&w, bytes_text("1]"));
    size_t at;
    assert_null(skip_all(wr_bytes(&w), &at));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_not_json),
        cmocka_unit_test(passes_over_any_valid_value),
        cmocka_unit_test(each_truncation_is_refused),
        cmocka_unit_test(every_byte_in_its_place),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(depth_falls_again),
        cmocka_unit_test(keys_are_limited_elements_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
