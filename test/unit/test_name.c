#include "testing.h"

#include <stdlib.h>

#include "assemble.h"
#include "x509/name.h"

static void names_are_shown_harmlessly(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *common;
    } cases[] = {
        {"3000", "", ""},
        {"301a 310b 3009 0603550403 0c02 6162 310b 3009 0603550406 1302 5553", "CN=ab, C=US", "ab"},
        {"3018 310a 3008 0603550403 0c01 61 310a 3008 0603550403 0c01 62", "CN=a, CN=b", "b"},
        {"3016 3114 3008 0603550403 0c01 61 3008 060355040a 0c01 62", "CN=a + O=b", "a"},
        {"3011 310f 300d 0603550403 0c06 1b5b306d 225c", "CN=\\x1b[0m\\x22\\x5c", "\x1b[0m\"\\"},
        {"300d 310b 3009 0603550403 0c02 c3a4", "CN=\\xc3\\xa4", "\xc3\xa4"},
        {"300d 310b 3009 0603550403 0c02 0a27", "CN=\\x0a\\x27", "\n'"},
        {"300b 3109 3007 0602 2a03 0c01 61", "1.2.3=a", ""},
        {"3014 3112 3010 060a 0992268993f22c640119 1602 6162", "DC=ab", ""},
    };
    char text[64];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bytes name = assemble(cases[i].name);
        name_text(name, text, sizeof text);
        assert_string_equal(text, cases[i].text);
        assert_true(bytes_is(name_common(name), cases[i].common));
        for (size_t cap = 1; cap <= sizeof text; cap++) {
            char *small = malloc(cap);
            assert_non_null(small);
            name_text(name, small, cap);
            assert_true(strlen(small) < cap);
            assert_int_equal(strncmp(text, small, strlen(small)), 0);
            free(small);
        }
        bytes_free(name);
    }
}

static void broken_names_show_nothing(void **state)
{
    (void)state;
    static const char *const broken[] = {"", "30", "3003 3101 30", "0500", "3000 00"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        bytes name = assemble(broken[i]), read;
        char text[8];
        name_text(name, text, sizeof text);
        assert_string_equal(text, "");
        assert_int_equal(name_common(name).n, 0);
        reader r = rd_of(name);
        bool whole = name_read(&r, &read) && rd_done(&r);
        assert_false(whole);
        bytes_free(name);
    }
}

static void only_a_name_without_attributes_is_empty(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool empty;
    } cases[] = {
        {"3000", true}, {"", false}, {"0500", false}, {"300c 310a 3008 0603550403 0c0161", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bytes name = assemble(cases[i].name);
        assert_int_equal(name_is_empty(name), cases[i].empty);
        bytes_free(name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_shown_harmlessly),
        cmocka_unit_test(broken_names_show_nothing),
        cmocka_unit_test(only_a_name_without_attributes_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
