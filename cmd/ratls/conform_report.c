#define _POSIX_C_SOURCE 200809L
#include "conform_report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>

#include "base/time.h"
#include "command.h"

const char *outcome_name(outcome o)
{
    static const char *const names[OUTCOMES] = {"pass", "warn", "fail", "error", "skip"};
    return names[o];
}

/* How the cases of one requirement went. */
typedef struct tally {
    size_t positive, negative; /* of those that were judged */
    size_t left_out;           /* were not asked for */
    size_t accepted, refused;  /* wrongly */
    size_t errors, skipped;
    bool of_kind[2]; /* is one to be refused a certificate, is one a quote? */
} tally;

static tally count_cases(const report *r, const report_item *item)
{
    tally t = {0};
    for (size_t i = 0; i < item->links_n; i++) {
        const report_case *c = &r->cases[r->links[item->link + i]];
        if (!c->asked) {
            t.left_out++;
            continue;
        }
        if (c->outcome == OUTCOME_SKIP) {
            t.skipped++;
            continue;
        }
        t.positive += c->positive ? 1 : 0;
        t.negative += c->positive ? 0 : 1;
        t.errors += c->outcome == OUTCOME_ERROR ? 1 : 0;
        t.accepted += c->outcome == OUTCOME_FAIL && c->accepted ? 1 : 0;
        t.refused += c->outcome == OUTCOME_FAIL && !c->accepted ? 1 : 0;
        t.of_kind[c->is_quote] = t.of_kind[c->is_quote] || !c->positive;
    }
    return t;
}

static const char *are(size_t n)
{
    return n == 1 ? "" : "s";
}

void report_decide(report_item *item, outcome o, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    item->outcome = o;
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): the analyser loses va_start */
    (void)vsnprintf(item->reason, sizeof item->reason, format, list);
    va_end(list);
}

static void decide_wrong(report_item *item, const tally *t)
{
    if (t->refused == 0)
        report_decide(item, OUTCOME_FAIL, "accepted %zu of %zu case%s that must be refused",
                      t->accepted, t->negative, are(t->negative));
    else if (t->accepted == 0)
        report_decide(item, OUTCOME_FAIL, "refused %zu of %zu case%s that must be accepted",
                      t->refused, t->positive, are(t->positive));
    else
        report_decide(
            item, OUTCOME_FAIL,
            "accepted %zu of %zu that must be refused, refused %zu of %zu that must be accepted",
            t->accepted, t->negative, t->refused, t->positive);
}

/* `refuses_all` of certificates and of quotes. */
static void judge_item(const report *r, report_item *item, const bool refuses_all[2])
{
    const tally t = count_cases(r, item);
    size_t n = t.positive + t.negative;
    if (t.accepted > 0 || t.refused > 0) {
        decide_wrong(item, &t);
    } else if (t.errors > 0) {
        report_decide(item, OUTCOME_ERROR, "no verdict on %zu of %zu case%s", t.errors, n, are(n));
    } else if (t.skipped > 0 && (!r->allow_skip || t.positive == 0 || t.negative == 0)) {
        report_decide(item, OUTCOME_SKIP, "%zu of %zu case%s not judged", t.skipped, n + t.skipped,
                      are(n + t.skipped));
    } else if (t.left_out > 0) {
        report_decide(item, OUTCOME_SKIP, "%zu of %zu case%s run, all as expected", n,
                      n + t.left_out, are(n + t.left_out));
        item->partly = true;
    } else if (t.positive == 0 || t.negative == 0) {
        report_decide(item, OUTCOME_FAIL,
                      "the suite has no case that must be %s, so nothing is shown",
                      t.positive == 0 ? "accepted" : "refused");
    } else if ((t.of_kind[0] && refuses_all[0]) || (t.of_kind[1] && refuses_all[1])) {
        report_decide(item, OUTCOME_FAIL,
                      "no %s was accepted in the whole run, so refusing these shows nothing",
                      t.of_kind[0] && refuses_all[0] ? "certificate" : "quote");
    } else if (t.skipped > 0) {
        report_decide(item, OUTCOME_PASS, "%zu accepted, %zu refused, as expected; %zu not judged",
                      t.positive, t.negative, t.skipped);
    } else {
        report_decide(item, OUTCOME_PASS, "%zu accepted, %zu refused, as expected", t.positive,
                      t.negative);
    }
}

void report_judge(report *r)
{
    bool judged[2] = {false, false}, accepted[2] = {false, false};
    for (size_t i = 0; i < r->cases_n; i++) {
        const report_case *c = &r->cases[i];
        if (!c->asked || !c->positive || c->outcome == OUTCOME_SKIP)
            continue;
        judged[c->is_quote] = true;
        accepted[c->is_quote] = accepted[c->is_quote] || c->accepted;
    }
    const bool refuses_all[2] = {judged[0] && !accepted[0], judged[1] && !accepted[1]};
    for (size_t i = 0; i < r->items_n; i++)
        judge_item(r, &r->items[i], refuses_all);
}

size_t report_count(const report *r, outcome o)
{
    size_t n = 0;
    for (size_t i = 0; i < r->items_n; i++)
        n += r->items[i].outcome == o ? 1 : 0;
    return n;
}

bool report_passed(const report *r)
{
    size_t skipped = 0;
    for (size_t i = 0; i < r->items_n; i++)
        skipped += r->items[i].outcome == OUTCOME_SKIP && !r->items[i].partly ? 1 : 0;
    return report_count(r, OUTCOME_FAIL) == 0 && report_count(r, OUTCOME_ERROR) == 0 &&
           (r->allow_skip || skipped == 0);
}

/* For a person. */

static const sheet_style styles[OUTCOMES] = {STYLE_GOOD, STYLE_PLAIN, STYLE_LOUD, STYLE_LOUD,
                                             STYLE_FAINT};

static void case_text(sheet *s, const report_case *c)
{
    sheet_line(s, "  %s: expected %s%s%s%s, found %s", c->id, c->expected,
               c->why != NULL ? " (" : "", c->why != NULL ? c->why : "", c->why != NULL ? ")" : "",
               c->got);
    sheet_next(s, STYLE_FAINT);
    sheet_line(s, "    %s", c->what);
    if (c->line[0] == '\0')
        return;
    sheet_next(s, STYLE_FAINT);
    sheet_line(s, "    it says: %s", c->line);
}

static void item_text(sheet *s, const report *r, const report_item *item)
{
    const char *name = outcome_name(item->outcome);
    bool loud = item->outcome == OUTCOME_FAIL || item->outcome == OUTCOME_ERROR;
    sheet_next(s, styles[item->outcome]);
    sheet_line(s, "%-6s %-9s %s",
               loud && item->outcome == OUTCOME_FAIL ? "FAIL"
               : loud                                ? "ERROR"
                                                     : name,
               item->id, item->text);
    if (item->outcome == OUTCOME_PASS)
        return;
    sheet_line(s, "  %s [%s]", item->reason, item->clause);
    for (size_t i = 0; i < item->links_n; i++) {
        const report_case *c = &r->cases[r->links[item->link + i]];
        if (c->asked && c->outcome != OUTCOME_PASS)
            case_text(s, c);
    }
}

static void heading_text(const report *r, sheet *s)
{
    bool passed = report_passed(r);
    size_t bad = report_count(r, OUTCOME_FAIL) + report_count(r, OUTCOME_ERROR);
    sheet_next(s, passed ? STYLE_GOOD : STYLE_LOUD);
    if (passed)
        sheet_line(s, "PASSED: %zu of %zu requirements", report_count(r, OUTCOME_PASS), r->items_n);
    else if (bad > 0)
        sheet_line(s, "FAILED: %zu of %zu requirements", bad, r->items_n);
    else
        sheet_line(s, "FAILED: %zu of %zu requirements were not judged",
                   report_count(r, OUTCOME_SKIP), r->items_n);
    sheet_row(s, r->subject_name, "%s", r->subject);
    if (r->suite != NULL)
        sheet_row(s, "suite", "%s", r->suite);
    if (r->platform != NULL)
        sheet_row(s, "platform", "%s", r->platform);
    sheet_row(s, "took", "%" PRIu64 ".%03u s", r->ms / 1000, (unsigned)(r->ms % 1000));
}

static void print_text(const report *r, sheet *s)
{
    heading_text(r, s);
    sheet_object(s, NULL, "requirements");
    for (size_t i = 0; i < r->items_n; i++)
        item_text(s, r, &r->items[i]);
    sheet_close(s);
    sheet_gap(s);
    sheet_line(s, "%zu pass, %zu warn, %zu fail, %zu error, %zu skip%s",
               report_count(r, OUTCOME_PASS), report_count(r, OUTCOME_WARN),
               report_count(r, OUTCOME_FAIL), report_count(r, OUTCOME_ERROR),
               report_count(r, OUTCOME_SKIP), r->partly ? "; not all was asked for" : "");
}

/* As JSON. */

static void put(sheet *s, const char *key, const char *text)
{
    if (text != NULL)
        sheet_bytes(s, key, NULL, bytes_text(text));
    else
        sheet_null(s, key, NULL);
}

static void case_json(sheet *s, const report_case *c)
{
    sheet_item(s, NULL);
    put(s, "id", c->id);
    put(s, "what", c->what);
    put(s, "expected", c->expected);
    put(s, "why", c->why);
    put(s, "outcome", outcome_name(c->outcome));
    put(s, "found", c->got);
    put(s, "says", c->line);
    sheet_uint(s, "milliseconds", NULL, c->ms);
    sheet_close(s);
}

static void item_json(sheet *s, const report *r, const report_item *item)
{
    sheet_item(s, NULL);
    put(s, "id", item->id);
    put(s, "text", item->text);
    put(s, "clause", item->clause);
    put(s, "outcome", outcome_name(item->outcome));
    put(s, "reason", item->reason);
    sheet_list(s, "cases", NULL);
    for (size_t i = 0; i < item->links_n; i++)
        put(s, "", r->cases[r->links[item->link + i]].id);
    sheet_close(s);
    sheet_close(s);
}

static void print_json(const report *r, sheet *s)
{
    sheet_bool(s, "passed", NULL, report_passed(r));
    put(s, "command", r->command);
    put(s, r->subject_name, r->subject);
    put(s, "suite", r->suite);
    put(s, "platform", r->platform);
    sheet_time(s, "time", NULL, r->begun);
    sheet_uint(s, "milliseconds", NULL, r->ms);
    sheet_bool(s, "partly", NULL, r->partly);
    sheet_object(s, "counts", NULL);
    for (unsigned o = 0; o < OUTCOMES; o++)
        sheet_uint(s, outcome_name((outcome)o), NULL, report_count(r, (outcome)o));
    sheet_close(s);
    sheet_list(s, "requirements", NULL);
    for (size_t i = 0; i < r->items_n; i++)
        item_json(s, r, &r->items[i]);
    sheet_close(s);
    sheet_list(s, "cases", NULL);
    for (size_t i = 0; i < r->cases_n; i++)
        if (r->cases[i].asked)
            case_json(s, &r->cases[i]);
    sheet_close(s);
}

void report_print(const report *r, sheet *s)
{
    if (sheet_is_json(s))
        print_json(r, s);
    else
        print_text(r, s);
}

bool report_write(const report *r, const char *path, void (*render)(const report *, FILE *))
{
    errno = 0;
    FILE *f = fopen(path, "wb");
    if (f == NULL) {
        complain("%s: can't be written: %s", path, strerror(errno));
        return false;
    }
    render(r, f);
    bool ok = ferror(f) == 0;
    ok = fclose(f) == 0 && ok;
    if (!ok)
        complain("%s: can't be written: %s", path, strerror(errno != 0 ? errno : EIO));
    return ok;
}
