/* Conformance suites as they are written, and as somebody else might write them. */
#define _POSIX_C_SOURCE 200809L
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>

#include "conform_suite.h"

#define EACH(i, table) for (size_t i = 0; i < sizeof(table) / sizeof *(table); i++)

#define HEAD                                                                                       \
    "\"suite\":\"ratls conform\",\"version\":\"1\",\"made\":\"2026-01-01T00:00:00Z\","             \
    "\"platform\":\"simulated\""
#define REQUIREMENT(id) "{\"id\":\"" id "\",\"text\":\"t\",\"clause\":\"c\",\"role\":\"verifier\"}"
#define REQUIREMENTS    ",\"requirements\":[" REQUIREMENT("A-1") "," REQUIREMENT("A-2") "]"
#define CASE(id, requirement, more)                                                                \
    "{\"id\":\"" id "\",\"requirement\":" requirement                                              \
    ",\"what\":\"w\",\"kind\":\"certificate\",\"file\":\"a/b.der\",\"expect\":\"refuse\"" more "}"
#define SUITE(head, requirements, cases) "{" head requirements ",\"cases\":[" cases "]}"
#define ONE(requirement, more)           SUITE(HEAD, REQUIREMENTS, CASE("x", requirement, more))

static void reads_a_suite(void **state)
{
    (void)state;
    static const char text[] = SUITE(
        HEAD ",\"root\":\"root.pem\",\"left_out\":[{\"id\":\"i\",\"what\":\"w\",\"why\":\"y\"}]",
        REQUIREMENTS,
        CASE("A-1/neg", "[\"A-2\",\"A-1\"]",
             ",\"code\":\"BINDING\",\"check\":\"binding.key\","
             "\"time\":7") ","
                           "{\"id\":\"A-1/"
                           "pos\",\"requirement\":\"A-2\",\"what\":"
                           "\"\\u00e4\\n\\\"q\\\"\","
                           "\"kind\":\"quote\",\"file\":\"q\","
                           "\"policy\":\"p\",\"collateral\":\"c\","
                           "\"root\":\"r\",\"ca\":\"a\",\"pem\":\"m\","
                           "\"expect\":\"accept\","
                           "\"alternatives\":true}");
    suite s;
    ratls_error e;
    if (suite_read(bytes_text(text), &s, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    assert_string_equal(s.version, "1");
    assert_string_equal(s.root, "root.pem");
    assert_int_equal(s.left_out_n, 1);
    assert_string_equal(s.left_out[0].why, "y");
    assert_int_equal(s.requirements_n, 2);
    assert_string_equal(s.requirements[1].id, "A-2");
    assert_int_equal(s.requirements[1].role, SUITE_VERIFIER);
    assert_int_equal(s.cases_n, 2);
    const suite_case *c = &s.cases[0];
    assert_string_equal(c->id, "A-1/neg");
    assert_string_equal(c->file, "a/b.der");
    assert_int_equal(c->links_n, 2);
    assert_int_equal(s.links[c->link].at, 1);
    assert_int_equal(s.links[c->link + 1].at, 0);
    assert_string_equal(c->code, "BINDING");
    assert_string_equal(c->check, "binding.key");
    assert_true(c->has_time && c->time == 7);
    assert_false(c->accept);
    assert_null(c->policy);
    c = &s.cases[1];
    assert_int_equal(c->kind, SUITE_QUOTE);
    assert_true(c->accept && c->either);
    assert_false(c->has_time);
    assert_string_equal(c->what, "\xc3\xa4\n\"q\"");
    assert_string_equal(c->ca, "a");
    assert_int_equal(s.links[c->link].at, 1);
    suite_free(&s);
}

/* What is wrong, and what the sentence says of it. */
static const struct {
    const char *text, *why;
    ratls_code code;
} bad[] = {
    {"", "an object was expected", RATLS_E_MALFORMED},
    {"[]", "an object was expected", RATLS_E_MALFORMED},
    {"{}", "lacks a member", RATLS_E_MALFORMED},
    {"{" HEAD "}", "lacks its name, requirements or cases", RATLS_E_MALFORMED},
    {"{" HEAD REQUIREMENTS "}", "lacks its name, requirements or cases", RATLS_E_MALFORMED},
    {SUITE(HEAD, REQUIREMENTS, ""), "lacks its name, requirements or cases", RATLS_E_MALFORMED},
    {SUITE(HEAD, ",\"requirements\":[]", CASE("x", "\"A-1\"", "")),
     "lacks its name, requirements or cases", RATLS_E_MALFORMED},
    {ONE("\"A-1\"", "") "x", "something follows", RATLS_E_MALFORMED},
    {SUITE("\"suite\":\"other\"", "", ""), "\"ratls conform\" was expected", RATLS_E_MALFORMED},
    {SUITE(HEAD ",\"suite\":\"ratls conform\"", REQUIREMENTS, ""), "a key stands twice",
     RATLS_E_MALFORMED},
    {SUITE(HEAD ",\"more\":1", REQUIREMENTS, ""), "the suite has an unknown member",
     RATLS_E_MALFORMED},
    {SUITE(HEAD ",\"root\":\"../root.pem\"", REQUIREMENTS, ""), "a path within", RATLS_E_MALFORMED},
    {SUITE(HEAD, ",\"requirements\":[{\"id\":\"A\"}]", ""), "lacks a member", RATLS_E_MALFORMED},
    {SUITE(HEAD, ",\"requirements\":[{\"id\":\"A\",\"text\":\"\",\"clause\":\"\"}]", ""),
     "lacks its role", RATLS_E_MALFORMED},
    {SUITE(HEAD, ",\"requirements\":[{\"role\":\"king\"}]", ""), "a role was expected",
     RATLS_E_MALFORMED},
    {SUITE(HEAD, ",\"requirements\":[{\"rank\":1}]", ""), "a requirement has an unknown member",
     RATLS_E_MALFORMED},
    {SUITE(HEAD, ",\"requirements\":[" REQUIREMENT("A-1") "," REQUIREMENT("A-1") "]",
           CASE("x", "\"A-1\"", "")),
     "the id A-1 stands twice", RATLS_E_MALFORMED},
    {SUITE(HEAD, REQUIREMENTS, CASE("x", "\"A-1\"", "") "," CASE("x", "\"A-1\"", "")),
     "the id x stands twice", RATLS_E_MALFORMED},
    {SUITE(HEAD ",\"left_out\":[{\"id\":\"x\",\"what\":\"w\"}]", REQUIREMENTS, ""),
     "lacks a member", RATLS_E_MALFORMED},
    {SUITE(HEAD ",\"left_out\":[{\"x\":1}]", REQUIREMENTS, ""), "unknown member",
     RATLS_E_MALFORMED},
    {ONE("\"A-3\"", ""), "about A-3, which is no requirement", RATLS_E_MALFORMED},
    {ONE("[]", ""), "lacks its kind, its expectation or its requirement", RATLS_E_MALFORMED},
    {ONE("7", ""), "an array was expected", RATLS_E_MALFORMED},
    {ONE("[\"A-1\",7]", ""), "a string was expected", RATLS_E_MALFORMED},
    {ONE("\"A-1\"", ",\"color\":1"), "a case has an unknown member", RATLS_E_MALFORMED},
    {ONE("\"A-1\"", ",\"code\":\"NICE\""), "a code of refusal was expected", RATLS_E_MALFORMED},
    {ONE("\"A-1\"", ",\"time\":-1"), "whole number", RATLS_E_MALFORMED},
    {ONE("\"A-1\"", ",\"time\":253402300800"), "above its limit", RATLS_E_MALFORMED},
    {ONE("\"A-1\"", ",\"time\":\"1\""), "whole number", RATLS_E_MALFORMED},
    {ONE("\"A-1\"", ",\"alternatives\":true"), "only a case to be accepted", RATLS_E_MALFORMED},
    {ONE("\"A-1\"", ",\"alternatives\":1"), "true or false was expected", RATLS_E_MALFORMED},
    {ONE("\"A-1\"", ",\"alternatives\":truth"), "no word of JSON", RATLS_E_MALFORMED},
    {ONE("\"A-1\"", ",\"pem\":\"/etc/passwd\""), "a path within", RATLS_E_MALFORMED},
    {ONE("\"A-1\"", ",\"pem\":null"), "a string was expected", RATLS_E_MALFORMED},
    {ONE("\"A-1\"", ",\"check\":\"a b\""), "an id", RATLS_E_MALFORMED},
    {ONE("\"A-1\"", ",\"check\":\"\""), "an id", RATLS_E_MALFORMED},
    {ONE("\"A-1\"", ",\"check\":\"a\\u0000\""), "a string has a NUL", RATLS_E_MALFORMED},
    {ONE("\"A-1\"", ",\"check\":\"\xff\""), "not UTF-8", RATLS_E_MALFORMED},
    {SUITE(HEAD, REQUIREMENTS, "{\"kind\":\"poem\"}"), "a kind", RATLS_E_MALFORMED},
    {SUITE(HEAD, REQUIREMENTS, "{\"expect\":\"maybe\"}"), "accept or refuse", RATLS_E_MALFORMED},
    {SUITE(HEAD, REQUIREMENTS, "{\"id\":\"x\"}"), "lacks a member", RATLS_E_MALFORMED},
    {SUITE(HEAD, REQUIREMENTS, "7"), "an object was expected", RATLS_E_MALFORMED},
};

static void refuses(void **state)
{
    (void)state;
    EACH(i, bad)
    {
        suite s;
        ratls_error e = {.code = RATLS_OK};
        ratls_code code = suite_read(bytes_text(bad[i].text), &s, &e);
        suite_free(&s);
        if (code != bad[i].code || strstr(e.text, bad[i].why) == NULL)
            fail_msg("%zu: %s: code %d, \"%s\"", i, bad[i].text, code, e.text);
    }
}

/* No beginning of a suite is one, and none leads outside of it. */
static void refuses_what_is_cut(void **state)
{
    (void)state;
    static const char text[] = ONE("[\"A-1\"]", ",\"code\":\"BINDING\",\"time\":7");
    for (size_t n = 0; n < sizeof text - 1; n++) {
        suite s;
        ratls_error e;
        char *copy = malloc(n + 1); /* of its own, so that a read beyond its end is found */
        assert_non_null(copy);
        memcpy(copy, text, n);
        assert_int_not_equal(suite_read(bytes_of(copy, n), &s, &e), RATLS_OK);
        suite_free(&s);
        free(copy);
    }
}

static const struct {
    const char *path;
    bool ok;
} paths[] = {
    {"a", true},     {"a/b.der", true},   {"a/..b/.c", true}, {"", false},      {"/a", false},
    {"..", false},   {".", false},        {"a/../b", false},  {"a/./b", false}, {"a//b", false},
    {"a/", false},   {"a/..", false},     {"-a", false},      {"a/-b", false},  {"a b", false},
    {"a\nb", false}, {"\xc3\xa4", false},
};

static void knows_paths(void **state)
{
    (void)state;
    EACH(i, paths)
    {
        if (suite_path_ok(bytes_text(paths[i].path)) != paths[i].ok)
            fail_msg("%s", paths[i].path);
    }
    char longest[514];
    memset(longest, 'a', sizeof longest);
    assert_true(suite_path_ok(bytes_of(longest, 512)));
    assert_false(suite_path_ok(bytes_of(longest, 513)));
}

/* A suite with so many requirements. */
static ratls_code with_requirements(size_t n, ratls_error *e)
{
    char *text = NULL;
    size_t length = 0;
    FILE *f = open_memstream(&text, &length);
    assert_non_null(f);
    (void)fputs("{" HEAD ",\"requirements\":[", f);
    for (size_t i = 0; i < n; i++)
        (void)fprintf(f, "%s{\"id\":\"A-%zu\",\"text\":\"\",\"clause\":\"\",\"role\":\"both\"}",
                      i > 0 ? "," : "", i);
    (void)fputs("],\"cases\":[" CASE("x", "\"A-0\"", "") "]}", f);
    assert_int_equal(fclose(f), 0);
    suite s;
    ratls_code code = suite_read(bytes_of(text, length), &s, e);
    suite_free(&s);
    free(text);
    return code;
}

static void has_limits(void **state)
{
    (void)state;
    ratls_error e;
    assert_int_equal(with_requirements(SUITE_REQUIREMENTS_MAX, &e), RATLS_OK);
    assert_int_equal(with_requirements(SUITE_REQUIREMENTS_MAX + 1, &e), RATLS_E_LIMIT);
    suite s;
    char deep[64];
    memset(deep, '[', sizeof deep);
    assert_int_equal(suite_read(bytes_of(deep, sizeof deep), &s, &e), RATLS_E_MALFORMED);
    suite_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_suite),       cmocka_unit_test(refuses),
        cmocka_unit_test(refuses_what_is_cut), cmocka_unit_test(knows_paths),
        cmocka_unit_test(has_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
