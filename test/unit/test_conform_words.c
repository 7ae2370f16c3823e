/* The command line of a verifier with a case's files in it. */
#include "testing.h"

#include "conform_words.h"

#define EACH(i, table) for (size_t i = 0; i < sizeof(table) / sizeof *(table); i++)

enum { ROW = 12 };

/* Words and what becomes of them for a certificate without a CA; NULL: the command takes none. */
static const struct {
    const char *words[ROW], *filled[ROW];
} rows[] = {
    {{"v", "{}"}, {"v", "/c"}},
    {{"v", "--root={root}", "a{}b{}c"}, {"v", "--root=/r", "a/cb/cc"}},
    {{"v", "{pem}", "--at", "{time}"}, {"v", "/m", "--at", "7"}},
    /* An option goes with its value, a word before it that is no option does not. */
    {{"v", "--ca", "{ca}", "{}"}, {"v", "/c"}},
    {{"v", "--ca={ca}", "{}"}, {"v", "/c"}},
    {{"v", "check", "{ca}", "{}"}, {"v", "check", "/c"}},
    {{"v", "-x", "--ca={ca}", "{}"}, {"v", "-x", "/c"}},
    {{"v", "{}", "--ca", "{ca}"}, {"v", "/c"}},
    /* Braces of the verifier's own. */
    {{"v", "{\"a\":1}", "{ }", "{A}", "{", "}", "{{}}"},
     {"v", "{\"a\":1}", "{ }", "{A}", "{", "}", "{/c}"}},
    /* The first command that takes a certificate. */
    {{"q", "{quote}", "{or}", "v", "{}"}, {"v", "/c"}},
    {{"v", "{}", "{or}", "w", "{pem}"}, {"v", "/c"}},
    {{"v", "{}", "--quote", "{quote}"}, {"v", "/c"}},
    {{"q", "{quote}"}, {NULL}},
};

static const char *const values[PLACES] = {
    [PLACE_CERTIFICATE] = "/c", [PLACE_PEM] = "/m", [PLACE_ROOT] = "/r", [PLACE_TIME] = "7"};

static size_t count(const char *const *all)
{
    size_t n = 0;
    while (n < ROW && all[n] != NULL)
        n++;
    return n;
}

/* The words as main() gets them. */
static char *const *as_argv(const char *const *all, size_t n, char *argv[], char *text, size_t cap)
{
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        size_t length = strlen(all[i]) + 1;
        assert_true(used + length <= cap);
        memcpy(text + used, all[i], length);
        argv[i] = text + used;
        used += length;
    }
    return argv;
}

static void fills(void **state)
{
    (void)state;
    static filled_words out;
    EACH(i, rows)
    {
        char *argv[ROW], text[256];
        words w;
        ratls_error e;
        size_t n = count(rows[i].words), expected = count(rows[i].filled);
        if (words_read(as_argv(rows[i].words, n, argv, text, sizeof text), n, &w, &e) != RATLS_OK)
            fail_msg("%zu: %s", i, e.text);
        assert_int_equal(words_fill(&w, values, &out), expected > 0);
        for (size_t k = 0; k < expected; k++) {
            assert_non_null(out.argv[k]);
            assert_string_equal(out.argv[k], rows[i].filled[k]);
        }
        if (expected > 0)
            assert_null(out.argv[expected]);
    }
}

static const struct {
    const char *words[ROW], *why;
} bad[] = {
    {{"v"}, "'v' is given no input"},
    {{"v", "{root}"}, "'v' is given no input"},
    {{"v", "{}", "{or}", "w"}, "'w' is given no input"},
    {{"v", "{}", "{or}"}, "a command is empty"},
    {{"{or}", "v", "{}"}, "a command is empty"},
    {{"v", "{}", "{certificate}"}, "found '{certificate}', whose placeholder is unknown"},
    {{"v", "{}", "--a={roots}"}, "found '--a={roots}', whose placeholder is unknown"},
};

static void refuses(void **state)
{
    (void)state;
    EACH(i, bad)
    {
        char *argv[ROW], text[256];
        words w;
        ratls_error e;
        size_t n = count(bad[i].words);
        assert_int_equal(words_read(as_argv(bad[i].words, n, argv, text, sizeof text), n, &w, &e),
                         RATLS_E_MALFORMED);
        if (strstr(e.text, bad[i].why) == NULL)
            fail_msg("%s", e.text);
    }
}

static void has_limits(void **state)
{
    (void)state;
    static char *argv[WORDS_MAX + 1];
    static filled_words out;
    static char path[WORDS_TEXT_MAX + 1];
    char name[] = "v", place[] = "{}";
    words w;
    ratls_error e;
    for (size_t i = 0; i <= WORDS_MAX; i++)
        argv[i] = i == 1 ? place : name;
    assert_int_equal(words_read(argv, WORDS_MAX, &w, &e), RATLS_OK);
    assert_true(words_fill(&w, values, &out));
    assert_null(out.argv[WORDS_MAX]);
    assert_int_equal(words_read(argv, WORDS_MAX + 1, &w, &e), RATLS_E_LIMIT);
    /* What does not fit is not run. */
    memset(path, 'a', sizeof path - 1);
    const char *const large[PLACES] = {[PLACE_CERTIFICATE] = path};
    assert_int_equal(words_read(argv, 2, &w, &e), RATLS_OK);
    assert_false(words_fill(&w, large, &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(fills), cmocka_unit_test(refuses),
                                       cmocka_unit_test(has_limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
