/* JUnit's XML, a test suite for each requirement. */
#include <inttypes.h>

#include "base/time.h"
#include "conform_markup.h"
#include "conform_report.h"

static void seconds(FILE *to, uint64_t ms)
{
    (void)fprintf(to, " time=\"%" PRIu64 ".%03u\"", ms / 1000, (unsigned)(ms % 1000));
}

static void junit_outcome(FILE *to, outcome o, const char *message, const char *more)
{
    static const char *const elements[OUTCOMES] = {NULL, NULL, "failure", "error", "skipped"};
    if (elements[o] == NULL)
        return;
    (void)fprintf(to, "      <%s", elements[o]);
    markup_attribute(to, "message", message);
    (void)fputc('>', to);
    markup(to, more);
    (void)fprintf(to, "</%s>\n", elements[o]);
}

static void junit_case(FILE *to, const report_item *item, const report_case *c)
{
    char message[256], more[4608];
    outcome o = c->asked ? c->outcome : OUTCOME_SKIP;
    (void)snprintf(message, sizeof message, "expected %s, found %s", c->expected, c->got);
    (void)snprintf(more, sizeof more, "%s%s%s", c->what, c->line[0] != '\0' ? "; it says: " : "",
                   c->line);
    (void)fputs("    <testcase", to);
    markup_attribute(to, "classname", item->id);
    markup_attribute(to, "name", c->id);
    seconds(to, c->ms);
    (void)fputs(">\n", to);
    junit_outcome(to, o, c->asked ? message : "not asked for", more);
    (void)fputs("    </testcase>\n", to);
}

/* The requirement itself, which may fail though each of its cases was as expected. */
static void junit_item(FILE *to, const report_item *item)
{
    (void)fputs("    <testcase", to);
    markup_attribute(to, "classname", item->id);
    markup_attribute(to, "name", "requirement");
    (void)fputs(" time=\"0.000\">\n", to);
    junit_outcome(to, item->outcome, item->reason, item->text);
    if (item->outcome == OUTCOME_WARN) {
        (void)fputs("      <system-out>", to);
        markup(to, item->reason);
        (void)fputs("</system-out>\n", to);
    }
    (void)fputs("    </testcase>\n", to);
}

static void junit_suite(FILE *to, const report *r, const report_item *item)
{
    size_t counts[OUTCOMES] = {0};
    uint64_t ms = 0;
    counts[item->outcome]++;
    for (size_t i = 0; i < item->links_n; i++) {
        const report_case *c = &r->cases[r->links[item->link + i]];
        counts[c->asked ? c->outcome : OUTCOME_SKIP]++;
        ms += c->ms;
    }
    (void)fputs("  <testsuite", to);
    markup_attribute(to, "name", item->id);
    (void)fprintf(to, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\"",
                  item->links_n + 1, counts[OUTCOME_FAIL], counts[OUTCOME_ERROR],
                  counts[OUTCOME_SKIP]);
    seconds(to, ms);
    markup_attribute(to, "timestamp", ISO(r->begun));
    (void)fputs(">\n    <properties>\n      <property name=\"text\"", to);
    markup_attribute(to, "value", item->text);
    (void)fputs("/>\n      <property name=\"clause\"", to);
    markup_attribute(to, "value", item->clause);
    (void)fputs("/>\n    </properties>\n", to);
    junit_item(to, item);
    for (size_t i = 0; i < item->links_n; i++)
        junit_case(to, item, &r->cases[r->links[item->link + i]]);
    (void)fputs("  </testsuite>\n", to);
}

void report_junit(const report *r, FILE *to)
{
    (void)fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites", to);
    markup_attribute(to, "name", r->command);
    seconds(to, r->ms);
    (void)fputs(">\n", to);
    for (size_t i = 0; i < r->items_n; i++)
        junit_suite(to, r, &r->items[i]);
    (void)fputs("</testsuites>\n", to);
}
