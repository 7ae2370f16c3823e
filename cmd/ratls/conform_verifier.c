/* ratls conform verifier: any verifier program, judged by the suite. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "command.h"
#include "conform_report.h"
#include "conform_run.h"
#include "conform_scratch.h"
#include "conform_suite.h"
#include "conform_words.h"
#include "when.h"

enum { VERDICT_SKIPPED = 77, SECONDS_DEFAULT = 10 };
enum { PATH_SIZE = 4096 };

enum verifier_option {
    VERIFIER_SUITE,
    VERIFIER_ONLY,
    VERIFIER_JOBS,
    VERIFIER_TIMEOUT,
    VERIFIER_ALLOW_SKIP,
    VERIFIER_JUNIT,
    VERIFIER_HTML,
    VERIFIER_OPTIONS
};

static const own_option verifier_options[VERIFIER_OPTIONS] = {
    [VERIFIER_SUITE] = {"--suite", "DIR",
                        "this suite of ratls conform make (default: made afresh)"},
    [VERIFIER_ONLY] = {"--only", "ID,ID...",
                       "only these: requirements, groups of them (CERT), or cases"},
    [VERIFIER_JOBS] = {"--jobs", "N", "cases at once (default: one for each processor)"},
    [VERIFIER_TIMEOUT] = {"--timeout", "S", "seconds that a case may take (default: 10)"},
    [VERIFIER_ALLOW_SKIP] = {"--allow-skip", NULL,
                             "cases that are not judged (exit code 77) do no harm"},
    [VERIFIER_JUNIT] = {"--junit", "FILE", "also write a report in JUnit's XML there"},
    [VERIFIER_HTML] = {"--html", "FILE", "also write a report for a browser there"},
};

typedef struct verifier_run {
    const args *a;
    suite suite;
    words words;
    report report;
    char dir[PATH_SIZE]; /* absolute, so that the verifier may change its own */
    char paths[PLACES][PATH_SIZE];
    char time[24];
    filled_words filled;
    bool scratch; /* dir is ours, for this run */
    bool progress;
    size_t done;
    int stopped;
} verifier_run;

static bool number_option(const args *a, int which, unsigned max, unsigned otherwise, unsigned *out)
{
    uint64_t n = otherwise;
    const char *text = a->own[which];
    if (text != NULL && (!number_parse(text, max, &n) || n == 0)) {
        complain("%s: found '%s', expected a number from 1 to %u", verifier_options[which].name,
                 text, max);
        return false;
    }
    *out = (unsigned)n;
    return true;
}

static unsigned processors(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > RUN_JOBS_MAX ? RUN_JOBS_MAX : (unsigned)n;
}

/* Selection. */

/* Is it this id, or the group that it is of? */
static bool names(bytes wanted, const char *id)
{
    bytes have = bytes_text(id);
    return bytes_equal(wanted, have) || (wanted.n < have.n && have.p[wanted.n] == '-' &&
                                         bytes_equal(wanted, bytes_of(have.p, wanted.n)));
}

/* Marks what one word of --only names; false if that is nothing. */
static bool select_word(verifier_run *v, bytes word, bool *items)
{
    bool found = false;
    for (size_t i = 0; i < v->suite.requirements_n; i++)
        if (names(word, v->suite.requirements[i].id))
            items[i] = found = true;
    for (size_t i = 0; i < v->suite.cases_n; i++) {
        bool named = bytes_equal(word, bytes_text(v->suite.cases[i].id));
        v->report.cases[i].asked = v->report.cases[i].asked || named;
        found = found || named;
    }
    return found;
}

/* Marks what --only names: cases by themselves in the report, requirements in items. False if it is
 * wrong. */
static bool select_named(verifier_run *v, bool *items)
{
    const char *only = v->a->own[VERIFIER_ONLY];
    bytes rest = bytes_text(only != NULL ? only : "");
    v->report.partly = only != NULL;
    for (size_t i = 0; i < v->suite.requirements_n; i++)
        items[i] = only == NULL;
    while (rest.n > 0) {
        size_t n = bytes_find(rest, bytes_text(","));
        if (!select_word(v, bytes_of(rest.p, n), items)) {
            complain("--only: found '%.*s', which is no requirement and no case of the suite",
                     (int)n, (const char *)rest.p);
            return false;
        }
        n = n < rest.n ? n + 1 : n;
        rest = bytes_of(rest.p + n, rest.n - n);
    }
    return true;
}

/* A requirement takes all of its cases with it. */
static void select_all_of(verifier_run *v, const bool *items)
{
    for (size_t i = 0; i < v->suite.cases_n; i++) {
        const suite_case *c = &v->suite.cases[i];
        for (size_t k = 0; k < c->links_n; k++)
            if (items[v->suite.links[c->link + k].at])
                v->report.cases[i].asked = true;
    }
}

/* The report, with nothing judged yet. */

static void begin_case(const suite_case *from, report_case *to)
{
    to->id = from->id;
    to->what = from->what;
    to->expected = !from->accept ? "refuse" : from->either ? "accept or refuse" : "accept";
    to->why = from->check != NULL ? from->check : from->code;
    to->outcome = OUTCOME_SKIP;
    to->is_quote = from->kind == SUITE_QUOTE;
    (void)snprintf(to->got, sizeof to->got, "not run");
}

/* Does this case serve the n-th requirement? */
static bool serves(const suite *s, const suite_case *c, size_t n)
{
    for (size_t i = 0; i < c->links_n; i++)
        if (s->links[c->link + i].at == n)
            return true;
    return false;
}

/* The requirements that a verifier is judged by and that are asked for, each with its cases. */
static void begin_items(verifier_run *v, const bool *items)
{
    report *r = &v->report;
    size_t links = 0;
    for (size_t i = 0; i < v->suite.requirements_n; i++) {
        const suite_requirement *q = &v->suite.requirements[i];
        report_item *item = &r->items[r->items_n];
        bool shown = items[i];
        *item = (report_item){.id = q->id, .text = q->text, .clause = q->clause, .link = links};
        for (size_t k = 0; k < v->suite.cases_n; k++)
            if (serves(&v->suite, &v->suite.cases[k], i)) {
                r->links[links + item->links_n++] = k;
                shown = shown || r->cases[k].asked;
            }
        if (!shown || (q->role == SUITE_ATTESTER && item->links_n == 0))
            continue;
        links += item->links_n;
        r->items_n++;
    }
}

static bool begin(verifier_run *v)
{
    report *r = &v->report;
    bool *items = calloc(v->suite.requirements_n, sizeof *items);
    r->items = calloc(v->suite.requirements_n, sizeof *r->items);
    r->cases = calloc(v->suite.cases_n, sizeof *r->cases);
    r->links = calloc(v->suite.links_n, sizeof *r->links);
    bool ok = items != NULL && r->items != NULL && r->cases != NULL && r->links != NULL;
    if (!ok)
        complain("out of memory");
    r->cases_n = ok ? v->suite.cases_n : 0;
    for (size_t i = 0; i < r->cases_n; i++)
        begin_case(&v->suite.cases[i], &r->cases[i]);
    ok = ok && select_named(v, items);
    if (ok) {
        begin_items(v, items);
        select_all_of(v, items);
    }
    free(items);
    return ok;
}

/* Running. */

/* The value of a placeholder; NULL if the case has no such file. */
static const char *path_of(verifier_run *v, placeholder p, const char *file)
{
    if (file == NULL)
        return NULL;
    int n = snprintf(v->paths[p], sizeof v->paths[p], "%s/%s", v->dir, file);
    return n > 0 && (size_t)n < sizeof v->paths[p] ? v->paths[p] : NULL;
}

static char *const *words_of(void *context, size_t i)
{
    verifier_run *v = context;
    const suite_case *c = &v->suite.cases[i];
    report_case *to = &v->report.cases[i];
    const char *values[PLACES] = {NULL};
    bool quote = c->kind == SUITE_QUOTE;
    if (!to->asked)
        return NULL;
    values[quote ? PLACE_QUOTE : PLACE_CERTIFICATE] =
        path_of(v, quote ? PLACE_QUOTE : PLACE_CERTIFICATE, c->file);
    values[PLACE_PEM] = path_of(v, PLACE_PEM, quote ? NULL : c->pem);
    values[PLACE_COLLATERAL] = path_of(v, PLACE_COLLATERAL, c->collateral);
    values[PLACE_POLICY] = path_of(v, PLACE_POLICY, c->policy);
    values[PLACE_ROOT] = path_of(v, PLACE_ROOT, c->root != NULL ? c->root : v->suite.root);
    values[PLACE_CA] = path_of(v, PLACE_CA, c->ca);
    const time_text iso = time_to_iso(c->time);
    (void)snprintf(v->time, sizeof v->time, "%" PRId64, c->time);
    if (c->has_time) {
        values[PLACE_TIME] = v->time;
        values[PLACE_TIME_ISO] = iso.s;
    }
    if (words_fill(&v->words, values, &v->filled))
        return v->filled.argv;
    (void)snprintf(to->got, sizeof to->got, "not run: the command takes no %s",
                   quote ? "quotes" : "certificates");
    return NULL;
}

static void judge_exit(const suite_case *c, int code, report_case *to)
{
    if (code == EXIT_ACCEPTED || code == EXIT_REFUSED) {
        to->accepted = code == EXIT_ACCEPTED;
        bool right = to->accepted == c->accept || (c->accept && c->either);
        to->outcome = right ? OUTCOME_PASS : OUTCOME_FAIL;
        (void)snprintf(to->got, sizeof to->got, "%s", to->accepted ? "accept" : "refuse");
    } else if (code == VERDICT_SKIPPED) {
        to->outcome = OUTCOME_SKIP;
        (void)snprintf(to->got, sizeof to->got, "not judged (exit code %d)", code);
    } else {
        to->outcome = OUTCOME_ERROR;
        (void)snprintf(to->got, sizeof to->got, "exit code %d", code);
    }
}

static void show_progress(verifier_run *v)
{
    v->done++;
    if (v->progress)
        (void)fprintf(stderr, "\r%zu of %zu cases ", v->done, v->report.cases_n);
}

static void judge_case(void *context, size_t i, const run_result *result)
{
    verifier_run *v = context;
    const suite_case *c = &v->suite.cases[i];
    report_case *to = &v->report.cases[i];
    to->ms = result->ms;
    (void)snprintf(to->line, sizeof to->line, "%s", result->line);
    switch (result->end) {
    case RUN_EXITED:
        judge_exit(c, result->code, to);
        break;
    case RUN_SIGNALLED:
        to->outcome = OUTCOME_ERROR;
        (void)snprintf(to->got, sizeof to->got, "signal %d (%s)", result->code,
                       strsignal(result->code));
        break;
    case RUN_TOO_LATE:
        to->outcome = OUTCOME_ERROR;
        (void)snprintf(to->got, sizeof to->got, "no verdict in time");
        break;
    case RUN_FLOODED:
        to->outcome = OUTCOME_ERROR;
        (void)snprintf(to->got, sizeof to->got, "output without an end");
        break;
    }
    /* One that may be refused does not show that the verifier accepts anything. */
    to->positive = c->accept && (!c->either || to->accepted);
    show_progress(v);
}

/* The command as it was typed, so far as it fits. */
static void join_words(const args *a, char *out, size_t cap)
{
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; i < a->words_n && n < cap; i++) {
        int got = snprintf(out + n, cap - n, "%s%s", i > 0 ? " " : "", a->words[i]);
        n += got > 0 ? (size_t)got : 0;
    }
}

static uint64_t now_ms(void)
{
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static bool run_suite(verifier_run *v)
{
    run_plan plan = {.n = v->suite.cases_n, .context = v, .words = words_of, .done = judge_case};
    if (!number_option(v->a, VERIFIER_JOBS, RUN_JOBS_MAX, processors(), &plan.jobs) ||
        !number_option(v->a, VERIFIER_TIMEOUT, RUN_SECONDS_MAX, SECONDS_DEFAULT, &plan.seconds))
        return false;
    for (size_t i = 0; i < v->suite.cases_n; i++)
        v->report.cases[i].positive = v->suite.cases[i].accept;
    v->progress = isatty(STDERR_FILENO) == 1;
    v->report.begun = (int64_t)time(NULL);
    uint64_t start = now_ms();
    bool ok = run_all(&plan, &v->stopped);
    v->report.ms = now_ms() - start;
    if (v->progress)
        (void)fprintf(stderr, "\r%40s\r", "");
    return ok;
}

static int tell(verifier_run *v)
{
    const args *a = v->a;
    char subject[1024], where[PATH_SIZE + 64];
    report *r = &v->report;
    join_words(a, subject, sizeof subject);
    int n = snprintf(where, sizeof where, "%s, made %s by ratls %s",
                     v->scratch ? "of this run" : v->dir, v->suite.made, v->suite.version);
    if (v->suite.left_out_n > 0 && n > 0 && (size_t)n < sizeof where)
        (void)snprintf(where + n, sizeof where - (size_t)n, "; %zu cases could not be made for it",
                       v->suite.left_out_n);
    r->command = "conform verifier";
    r->subject_name = "verifier";
    r->subject = subject;
    r->suite = where;
    r->platform = v->suite.platform;
    r->allow_skip = a->own[VERIFIER_ALLOW_SKIP] != NULL;
    report_judge(r);
    bool written =
        (a->own[VERIFIER_JUNIT] == NULL || report_write(r, a->own[VERIFIER_JUNIT], report_junit)) &&
        (a->own[VERIFIER_HTML] == NULL || report_write(r, a->own[VERIFIER_HTML], report_html));
    sheet *s = sheet_new(a->json);
    report_print(r, s);
    int status = report_passed(r) ? EXIT_ACCEPTED : EXIT_REFUSED;
    return sheet_end(s, written ? status : EXIT_TROUBLE);
}

/* Making a suite of our own. */

enum { MAKE_SECONDS = 300 };

typedef struct making {
    char program[16], conform[8], make[8];
    char *words[5];
    run_result result;
} making;

static char *const *make_words(void *context, size_t i)
{
    making *m = context;
    (void)i;
    return m->words;
}

static void made(void *context, size_t i, const run_result *result)
{
    making *m = context;
    (void)i;
    m->result = *result;
}

/* By this very program, in a process of its own. */
static bool make_suite(verifier_run *v)
{
    making m = {.program = "/proc/self/exe", .conform = "conform", .make = "make"};
    const run_plan plan = {.n = 1,
                           .jobs = 1,
                           .seconds = MAKE_SECONDS,
                           .context = &m,
                           .words = make_words,
                           .done = made};
    m.words[0] = m.program;
    m.words[1] = m.conform;
    m.words[2] = m.make;
    m.words[3] = v->dir;
    v->scratch = scratch_make(v->dir, sizeof v->dir);
    if (!v->scratch || !run_all(&plan, &v->stopped))
        return false;
    if (m.result.end == RUN_EXITED && m.result.code == EXIT_ACCEPTED)
        return true;
    complain("the suite can't be made: %s", m.result.line);
    return false;
}

static bool name_suite(verifier_run *v)
{
    const char *dir = v->a->own[VERIFIER_SUITE];
    char here[PATH_SIZE / 2] = "";
    bool whole = dir[0] == '/';
    if (!whole && getcwd(here, sizeof here) == NULL) {
        complain("%s: %s", dir, strerror(errno));
        return false;
    }
    int n = snprintf(v->dir, sizeof v->dir, "%s%s%s", here, whole ? "" : "/", dir);
    if (n < 0 || (size_t)n >= sizeof v->dir) {
        complain("%s: its path is too long", dir);
        return false;
    }
    return true;
}

static bool open_suite(verifier_run *v)
{
    ratls_error e;
    const char *dir = v->a->own[VERIFIER_SUITE];
    if (dir != NULL ? !name_suite(v) : !make_suite(v))
        return false;
    if (suite_open(v->dir, &v->suite, &e) == RATLS_OK)
        return true;
    complain("%s: %s", v->dir, e.text);
    return false;
}

static void end(verifier_run *v)
{
    int stopped = v->stopped;
    if (v->scratch)
        scratch_remove(v->dir);
    free(v->report.items);
    free(v->report.cases);
    free(v->report.links);
    suite_free(&v->suite);
    free(v);
    if (stopped != 0)
        (void)raise(stopped);
}

static int run(const args *a)
{
    int status = EXIT_TROUBLE;
    ratls_error e;
    verifier_run *v = calloc(1, sizeof *v);
    if (v == NULL) {
        complain("out of memory");
        return EXIT_TROUBLE;
    }
    v->a = a;
    if (words_read(a->words, a->words_n, &v->words, &e) != RATLS_OK)
        complain("conform verifier: %s", e.text);
    else if (open_suite(v) && begin(v) && run_suite(v))
        status = tell(v);
    end(v);
    return status;
}

const command conform_verifier_command = {
    .name = "conform verifier",
    .words = "COMMAND...",
    .run = run,
    .summary = "judge any verifier program by the conformance suite",
    .options = TAKES(OPTION_JSON),
    .own = verifier_options,
    .own_n = VERIFIER_OPTIONS,
    .about =
        "Runs COMMAND once for each case of the suite and reports requirement by requirement.\n"
        "In its words {} is the certificate (DER), {pem} the same in PEM, {quote} a bare quote,\n"
        "{collateral}, {policy}, {root}, {ca} files and {time}, {time_iso} the time to judge at;\n"
        "{or} stands between commands for different kinds of input. COMMAND says by its exit\n"
        "code: 0 accepted, 1 refused, 77 cannot judge this; all else is an error.\n"
        "Exit codes: 0 all requirements are met, 1 some are not, 2 usage or system error.",
    .example = "ratls conform verifier --html report.html -- my-verifier {}",
};
