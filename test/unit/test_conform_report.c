/* How a conformance run is judged and told. */
#define _POSIX_C_SOURCE 200809L
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "conform_markup.h"
#include "conform_report.h"

#define EACH(i, table) for (size_t i = 0; i < sizeof(table) / sizeof *(table); i++)

/* One letter for each case: what must be accepted in capitals. A or R: accepted or refused, as was
 * right; w: the other way round; e, s: no verdict, skipped; o: not asked for. */
static const struct {
    const char *cases, *reason;
    outcome outcome;
    bool passed, passed_if_skips_do;
} rows[] = {
    {"Ar", "1 accepted, 1 refused, as expected", OUTCOME_PASS, true, true},
    {"AArrr", "2 accepted, 3 refused, as expected", OUTCOME_PASS, true, true},
    {"Aw", "accepted 1 of 1 case that must be refused", OUTCOME_FAIL, false, false},
    {"Awwr", "accepted 2 of 3 cases that must be refused", OUTCOME_FAIL, false, false},
    {"WAr", "refused 1 of 2 cases that must be accepted", OUTCOME_FAIL, false, false},
    {"Ww", "accepted 1 of 1 that must be refused, refused 1 of 1 that must be accepted",
     OUTCOME_FAIL, false, false},
    {"rr", "no case that must be accepted", OUTCOME_FAIL, false, false},
    {"AA", "no case that must be refused", OUTCOME_FAIL, false, false},
    {"", "no case that must be accepted", OUTCOME_FAIL, false, false},
    {"Are", "no verdict on 1 of 3 cases", OUTCOME_ERROR, false, false},
    {"ESs", "no verdict on 1 of 1 case", OUTCOME_ERROR, false, false},
    {"Ars", "1 of 3 cases not judged", OUTCOME_SKIP, false, true},
    {"As", "1 of 2 cases not judged", OUTCOME_SKIP, false, true},
    /* q: a quote that was refused, as was right; Q: one that was accepted so. */
    {"AQrq", "2 accepted, 2 refused, as expected", OUTCOME_PASS, true, true},
    {"Aq", "1 accepted, 1 refused, as expected", OUTCOME_PASS, true, true},
    {"wes", "accepted 1 of 2 cases that must be refused", OUTCOME_FAIL, false, false},
    {"Aro", "2 of 3 cases run, all as expected", OUTCOME_SKIP, true, true},
    {"wo", "accepted 1 of 1 case that must be refused", OUTCOME_FAIL, false, false},
};

static report_case case_of(char letter)
{
    bool positive = letter < 'a';
    char low = positive ? (char)(letter - 'A' + 'a') : letter;
    report_case c = {.id = "X-1/c",
                     .what = "w",
                     .expected = positive ? "accept" : "refuse",
                     .got = "g",
                     .positive = positive,
                     .asked = low != 'o'};
    c.is_quote = low == 'q';
    c.outcome = low == 'w'   ? OUTCOME_FAIL
                : low == 'e' ? OUTCOME_ERROR
                : low == 's' ? OUTCOME_SKIP
                             : OUTCOME_PASS;
    c.accepted = positive ? low == 'a' || low == 'q' : low == 'w';
    return c;
}

static void judges(void **state)
{
    (void)state;
    EACH(i, rows)
    {
        report_case cases[8];
        size_t links[8] = {0}, n = strlen(rows[i].cases);
        report_item item = {.id = "X-1", .text = "t", .clause = "c", .links_n = n};
        report r = {.items = &item, .items_n = 1, .cases = cases, .cases_n = n, .links = links};
        for (size_t k = 0; k < n; k++) {
            cases[k] = case_of(rows[i].cases[k]);
            links[k] = k;
        }
        report_judge(&r);
        assert_int_equal(item.outcome, rows[i].outcome);
        if (strstr(item.reason, rows[i].reason) == NULL)
            fail_msg("%s: %s", rows[i].cases, item.reason);
        assert_int_equal(report_count(&r, rows[i].outcome), 1);
        assert_int_equal(report_passed(&r), rows[i].passed);
        r.allow_skip = true;
        assert_int_equal(report_passed(&r), rows[i].passed_if_skips_do);
    }
}

/* Who refuses every quote has shown nothing by refusing one, whatever certificates he accepts. */
static void wants_something_accepted(void **state)
{
    (void)state;
    report_case cases[] = {case_of('A'), case_of('r'), case_of('q'), case_of('W')};
    size_t links[] = {0, 1, 0, 2, 3};
    report_item items[] = {{.id = "X-1", .link = 0, .links_n = 2},
                           {.id = "X-2", .link = 2, .links_n = 2},
                           {.id = "X-3", .link = 4, .links_n = 1}};
    cases[3].is_quote = true;
    report r = {.items = items, .items_n = 3, .cases = cases, .cases_n = 4, .links = links};
    report_judge(&r);
    assert_int_equal(items[0].outcome, OUTCOME_PASS);
    assert_int_equal(items[1].outcome, OUTCOME_FAIL);
    assert_string_equal(items[1].reason,
                        "no quote was accepted in the whole run, so refusing these shows nothing");
    assert_int_equal(items[2].outcome, OUTCOME_FAIL);
    cases[3].outcome = OUTCOME_PASS;
    cases[3].accepted = true;
    report_judge(&r);
    assert_int_equal(items[1].outcome, OUTCOME_PASS);
}

/* What was skipped is left aside if that is allowed, and if the rest shows something. */
static void leaves_skips_aside(void **state)
{
    (void)state;
    report_case cases[] = {case_of('A'), case_of('r'), case_of('s')};
    size_t links[] = {0, 1, 2};
    report_item item = {.id = "X-1", .links_n = 3};
    report r = {.items = &item,
                .items_n = 1,
                .cases = cases,
                .cases_n = 3,
                .links = links,
                .allow_skip = true};
    report_judge(&r);
    assert_int_equal(item.outcome, OUTCOME_PASS);
    assert_string_equal(item.reason, "1 accepted, 1 refused, as expected; 1 not judged");
    cases[1].outcome = OUTCOME_SKIP;
    report_judge(&r);
    assert_int_equal(item.outcome, OUTCOME_SKIP);
}

static void escapes(void **state)
{
    (void)state;
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    assert_non_null(f);
    for (int c = 1; c < 256; c++) {
        const char one[] = {(char)c, '\0'};
        markup(f, one);
    }
    (void)fputc('|', f);
    markup_attribute(f, "a", "\"'<>&]]>--\x1b\n\xff\xc3\xa4");
    assert_int_equal(fclose(f), 0);
    for (size_t i = 0; i < n; i++)
        assert_true(text[i] >= ' ' && text[i] <= '~');
    const char *bar = strchr(strchr(text, '|') + 1, '|'); /* the first is the bar itself */
    assert_non_null(bar);
    assert_string_equal(bar, "| a=\"&quot;&#39;&lt;&gt;&amp;]]&gt;--\\x1b\\x0a\\xff\\xc3\\xa4\"");
    free(text);
}

/* Whatever is in any of its texts stays text, in every form. */
static void keeps_texts_in(void **state)
{
    (void)state;
    static const char evil[] = "</script><script>alert(1)</script>\"' onload=x \x1b[2J]]>&";
    static void (*const renders[])(const report *, FILE *) = {report_junit, report_html};
    report_case one = {.id = evil,
                       .what = evil,
                       .expected = evil,
                       .why = evil,
                       .outcome = OUTCOME_FAIL,
                       .asked = true};
    report_item item = {
        .id = evil, .text = evil, .clause = evil, .outcome = OUTCOME_FAIL, .links_n = 1};
    size_t link = 0;
    report r = {.command = "conform verifier",
                .subject_name = "verifier",
                .subject = evil,
                .suite = evil,
                .platform = evil,
                .items = &item,
                .items_n = 1,
                .cases = &one,
                .cases_n = 1,
                .links = &link};
    (void)snprintf(one.got, sizeof one.got, "%s", evil);
    (void)snprintf(one.line, sizeof one.line, "%s", evil);
    (void)snprintf(item.reason, sizeof item.reason, "%s", evil);
    EACH(i, renders)
    {
        char *text = NULL;
        size_t n = 0;
        FILE *f = open_memstream(&text, &n);
        assert_non_null(f);
        renders[i](&r, f);
        assert_int_equal(fclose(f), 0);
        assert_null(strstr(text, "alert(1)</script>"));
        assert_null(strstr(text, "' onload"));
        assert_null(strstr(text, "\" onload"));
        assert_null(strchr(text, '\x1b'));
        assert_null(strstr(text, "]]>"));
        assert_non_null(strstr(text, "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39; onload"));
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(judges),
                                       cmocka_unit_test(wants_something_accepted),
                                       cmocka_unit_test(leaves_skips_aside),
                                       cmocka_unit_test(escapes), cmocka_unit_test(keeps_texts_in)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
