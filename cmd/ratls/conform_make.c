/* ratls conform make: the conformance suite, of simulated platforms or around a platform's own
 * evidence. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/time.h"
#include "command.h"
#include "conform/requirement.h"
#include "conform_evidence.h"
#include "conform_files.h"
#include "evidence/intel_quote.h"
#include "input.h"
#include "ratls/policy.h"
#include "ratls/verify.h"

/* Within the fixed validity that Gramine and the SGX SDK write into their certificates. */
#define TIME_FIRST 1617321600 /* 2021-04-02 */
#define TIME_LAST  1924905600 /* 2030-12-31 */

enum make_option { MAKE_EVIDENCE, MAKE_ONLY };

static const own_option make_options[] = {
    [MAKE_EVIDENCE] = {"--evidence-cmd", "CMD",
                       "a platform's own quotes: CMD prints one over the report data in the file "
                       "{}, or over the 128 hex digits {hex}"},
    [MAKE_ONLY] = {"--only", "ID", "the cases of one requirement"},
};

/* The user's own platform. */
typedef struct own_platform {
    evidence_command command;
    char report_data_file[4096];
    input root, collateral, policy;
    char *written_policy;
    given_platform p;
} own_platform;

static void own_platform_free(own_platform *o)
{
    vendor_give(NULL);
    evidence_command_free(&o->command);
    input_free(&o->root);
    input_free(&o->collateral);
    input_free(&o->policy);
    free(o->written_policy);
}

/* A quote in which the report data stands that was asked for. */
static ratls_code checked_quote(own_platform *o, bytes report_data, bytes *quote, intel_quote *q,
                                ratls_error *e)
{
    ratls_code code = evidence_command_quote(&o->command, report_data, quote, e);
    if (code == RATLS_OK)
        code = intel_quote_parse(*quote, q, e);
    if (code == RATLS_OK && !bytes_equal(q->report_data, report_data))
        code = refuse(e, RATLS_E_BINDING, 0,
                      "evidence command: its quote has other report data than it was given");
    return code;
}

/* For the makers, which know of no failure: there is nothing to go on with. */
static bytes platform_quote(void *state, bytes report_data)
{
    bytes quote = BYTES_NONE;
    intel_quote q;
    ratls_error e;
    if (checked_quote(state, report_data, &quote, &q, &e) != RATLS_OK) {
        complain("%s", e.text);
        exit(EXIT_TROUBLE);
    }
    return quote;
}

/* A policy for this enclave or TD, if its quote is genuine. */
static ratls_code write_policy(own_platform *o, bytes quote, int64_t now, ratls_error *e)
{
    const ratls_verify_options options = {.time = now, .time_is_explicit = true};
    ratls_verifier *v = ratls_verifier_new();
    ratls_result *r = ratls_result_new();
    size_t n = 0;
    ratls_code code = v != NULL && r != NULL ? RATLS_OK : RATLS_E_SYSTEM;
    if (code == RATLS_OK && o->p.root_pem.n > 0)
        code = ratls_verifier_set_root(v, o->p.root_pem, e);
    if (code == RATLS_OK)
        code = ratls_verifier_add_collateral(v, o->p.collateral, e);
    if (code == RATLS_OK)
        code = ratls_verify_quote(v, quote, &options, r, e);
    if (code == RATLS_OK)
        code = ratls_policy_write(NULL, 0, &n, ratls_result_facts(r), true, e);
    if (code == RATLS_OK && (o->written_policy = malloc(n + 1)) == NULL)
        code = refuse(e, RATLS_E_SYSTEM, 0, "out of memory");
    if (code == RATLS_OK)
        code = ratls_policy_write(o->written_policy, n + 1, &n, ratls_result_facts(r), true, e);
    if (code == RATLS_OK)
        o->p.policy = bytes_of(o->written_policy, n);
    ratls_result_free(&r);
    ratls_verifier_free(&v);
    return code;
}

static bool read_platform(const args *a, int64_t now, own_platform *o)
{
    static const uint8_t zeros[64];
    intel_quote q;
    bytes quote;
    ratls_error e = {.text = "out of memory"};
    int n = snprintf(o->report_data_file, sizeof o->report_data_file, "%s/report-data", a->file);
    if (n < 0 || (size_t)n >= sizeof o->report_data_file || a->collateral_n != 1) {
        complain("conform make: --evidence-cmd needs --collateral, once");
        return false;
    }
    if ((a->root != NULL && !input_read_own(a->root, &o->root)) ||
        !input_read_own(a->collateral[0], &o->collateral) ||
        (a->policy != NULL && !input_read_own(a->policy, &o->policy)))
        return false;
    o->p = (given_platform){.state = o,
                            .quote = platform_quote,
                            .root_pem = input_bytes(&o->root),
                            .collateral = input_bytes(&o->collateral),
                            .policy = input_bytes(&o->policy)};
    ratls_code code =
        evidence_command_read(a->own[MAKE_EVIDENCE], o->report_data_file, &o->command, &e);
    if (code == RATLS_OK)
        code = checked_quote(o, bytes_of(zeros, sizeof zeros), &quote, &q, &e);
    if (code == RATLS_OK && o->p.policy.n == 0)
        code = write_policy(o, quote, now, &e);
    if (code != RATLS_OK) {
        complain("%s", e.text);
        return false;
    }
    o->p.tee = q.tee_type == TEE_TYPE_TDX ? QUOTE_TDX : QUOTE_SGX;
    vendor_give(&o->p);
    return true;
}

/* What a suite is made of: all of it, or what a setting and the user's choice leave. */
typedef struct selection {
    hostile_setting setting;
    const char *only;                  /* the id of a requirement; NULL: all */
    bool required[HOSTILE_SERVED_MAX]; /* by place in the list of requirements */
    size_t n;
} selection;

static bool is_of(const hostile_served *served, const char *id)
{
    for (size_t i = 0; i < served->n; i++)
        if (bytes_is(bytes_text(served->ids[i]), id))
            return true;
    return false;
}

/* Verifiers are judged by what has a case to be refused; every one has some to be accepted. */
static void select_requirements(selection *s, const hostile_map *map)
{
    for (size_t g = 0; g < HOSTILE_GROUPS; g++) {
        hostile_table t = hostile_table_of(hostile_groups[g]);
        for (size_t i = 0; i < t.n; i++) {
            hostile_served served;
            hostile_serves(map, &t.lines[i], &served);
            if (!t.lines[i].accept && served.n > 0 &&
                hostile_groups[g]->left_out(t.lines[i].maker, &s->setting) == NULL &&
                (s->only == NULL || is_of(&served, s->only)))
                s->required[requirement_named(served.ids[0]) - requirements] = true;
        }
    }
    for (size_t i = 0; i < requirements_n; i++)
        s->n += s->required[i];
}

/* Leaves those that are in the suite. */
static void filter(const selection *s, hostile_served *served)
{
    size_t n = 0;
    for (size_t i = 0; i < served->n; i++)
        if (s->required[requirement_named(served->ids[i]) - requirements])
            served->ids[n++] = served->ids[i];
    served->n = n;
}

/* For cases that are to be judged under the vendor's own root: one of its name. */
static bytes stand_in_root(void)
{
    vendor v = vendor_of(QUOTE_SGX, 3, false, hostile_time());
    v.root.key = key_named(KEY_TYPE_P256, "stand-in for the vendor's root");
    ext_set(&v.root.ext, OID_SUBJECT_KEY_ID, false, ext_subject_key_id(v.root.key));
    vendor_use_names(&v, "Intel", "Intel Corporation");
    return vendor_root_pem(&v);
}

static bool make_line(suite_files *f, const selection *s, const hostile_group *g,
                      const hostile_line *l, hostile_served *served)
{
    const char *why = g->left_out(l->maker, &s->setting);
    if (s->only != NULL && !is_of(served, s->only))
        return true;
    if (why != NULL)
        return suite_files_leave_out(f, g, l, served, why);
    filter(s, served);
    if (served->n == 0)
        return true;
    arena_mark mark = arena_here();
    hostile_case c = l->maker->make(l->maker);
    if (c.root.n == 0 && !s->setting.given)
        c.root = stand_in_root();
    bool good = suite_files_add(f, l, served, &c);
    arena_back(mark);
    return good;
}

static bool make_all(suite_files *f, selection *s)
{
    const hostile_map *map = hostile_map_of();
    select_requirements(s, map);
    for (size_t i = 0; i < requirements_n; i++) {
        bool of_attesters = bytes_is(bytes_text(requirements[i].role), "attester");
        if ((s->required[i] || (of_attesters && s->only == NULL)) &&
            !suite_files_require(f, &requirements[i]))
            return false;
    }
    for (size_t g = 0; g < HOSTILE_GROUPS; g++) {
        hostile_table t = hostile_table_of(hostile_groups[g]);
        for (size_t i = 0; i < t.n; i++) {
            hostile_served served;
            hostile_serves(map, &t.lines[i], &served);
            if (!make_line(f, s, hostile_groups[g], &t.lines[i], &served))
                return false;
        }
    }
    return true;
}

static bool usage_ok(const args *a)
{
    bool given = a->own[MAKE_EVIDENCE] != NULL;
    const char *only = a->own[MAKE_ONLY];
    if (!given && (a->root != NULL || a->collateral_n > 0 || a->policy != NULL)) {
        complain("conform make: --root, --collateral and --policy are for --evidence-cmd");
        return false;
    }
    if (a->has_time && (a->time < TIME_FIRST || a->time > TIME_LAST)) {
        complain("--time: found %s, expected a time from %s to %s", ISO(a->time), ISO(TIME_FIRST),
                 ISO(TIME_LAST));
        return false;
    }
    if (only != NULL && requirement_named(only) == NULL) {
        complain("--only: no requirement is called %s", only);
        return false;
    }
    return true;
}

static bool begin(const args *a, bool given, suite_files *f, own_platform *own)
{
    if (a->has_time || given)
        hostile_set_time(a->has_time ? a->time : (int64_t)time(NULL));
    if (!suite_files_begin(f, a->file))
        return false;
    if (given)
        return read_platform(a, hostile_time(), own) && suite_files_root(f, own->p.root_pem);
    vendor v = vendor_of(QUOTE_SGX, 3, false, hostile_time());
    return suite_files_root(f, vendor_root_pem(&v));
}

static int run_make(const args *a)
{
    own_platform own = {.written_policy = NULL};
    suite_files f = {.dir = NULL};
    bool given = a->own[MAKE_EVIDENCE] != NULL;
    if (!usage_ok(a))
        return EXIT_TROUBLE;
    bool good = begin(a, given, &f, &own);
    selection s = {.setting = {.given = given, .tee = own.p.tee}, .only = a->own[MAKE_ONLY]};
    good = good && make_all(&f, &s) &&
           suite_files_end(&f, RATLS_VERSION, given ? "given" : "simulated", hostile_time());
    if (good)
        (void)printf("%zu cases of %zu requirements in %s, %zu left out\n",
                     json_array_size(f.cases), s.n, a->file, json_array_size(f.left_out));
    suite_files_free(&f);
    own_platform_free(&own);
    return good ? EXIT_ACCEPTED : EXIT_TROUBLE;
}

const command conform_make_command = {
    .name = "conform make",
    .operand = "DIR",
    .run = run_make,
    .summary = "write a suite of certificates to try verifiers on",
    .options =
        TAKES(OPTION_ROOT) | TAKES(OPTION_COLLATERAL) | TAKES(OPTION_POLICY) | TAKES(OPTION_TIME),
    .own = make_options,
    .own_n = sizeof make_options / sizeof *make_options,
    .about =
        "Writes the conformance suite into DIR, which must be absent or empty: certificates and\n"
        "quotes, right and wrong, with what a verifier must say of each; see ratls-conform(1).\n"
        "They are of simulated platforms, or with --evidence-cmd of one that you have.\n"
        "Exit codes: 0 written, 2 usage or system error.",
    .example = "ratls conform make suite",
};
