/*
 * A verifier that can lack any one requirement, for tests of the conformance suite.
 *
 *     conform_broken [--break ID] [--collateral F] [--policy F] [--root F] [--ca F] --time T
 *                    certificate|quote FILE
 *         judges one input: exit code 0 accepted, 1 refused, 2 usage or system error
 *     conform_broken --suite DIR
 *         judges all of a suite, whole and then once for each requirement of verifiers
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "breaks.h"
#include "ratls/verify.h"

enum { ACCEPTED = 0, REFUSED = 1, TROUBLE = 2, REQUIREMENTS_MAX = 256, PATH_SIZE = 4096 };

typedef struct job {
    const char *dir; /* of the paths; "" for none */
    const char *file, *collateral, *policy, *root, *ca;
    bool is_quote;
    int64_t time;
} job;

typedef struct content {
    uint8_t *p;
    size_t n;
} content;

static _Noreturn void die(const char *what, const char *which)
{
    (void)fprintf(stderr, "conform_broken: %s %s\n", what, which);
    exit(TROUBLE);
}

static content read_whole(const char *dir, const char *name)
{
    char path[PATH_SIZE];
    content c = {NULL, 0};
    if (name == NULL)
        return c;
    (void)snprintf(path, sizeof path, "%s%s%s", dir, *dir != '\0' ? "/" : "", name);
    FILE *f = fopen(path, "rb");
    if (f == NULL || fseek(f, 0, SEEK_END) != 0)
        die("can't read", path);
    long size = ftell(f);
    rewind(f);
    c.p = malloc(size > 0 ? (size_t)size : 1);
    if (size < 0 || c.p == NULL || fread(c.p, 1, (size_t)size, f) != (size_t)size)
        die("can't read", path);
    (void)fclose(f);
    c.n = (size_t)size;
    return c;
}

static ratls_bytes view(content c)
{
    return (ratls_bytes){.p = c.p, .n = c.n};
}

/* Collateral that can't be read is none; ratls refuses such a set as well. */
static bool set_up(ratls_verifier *v, const job *j)
{
    ratls_error e;
    content policy = read_whole(j->dir, j->policy), root = read_whole(j->dir, j->root),
            ca = read_whole(j->dir, j->ca), collateral = read_whole(j->dir, j->collateral);
    if ((policy.n > 0 && ratls_verifier_set_policy(v, view(policy), &e) != RATLS_OK) ||
        (root.n > 0 && ratls_verifier_set_root(v, view(root), &e) != RATLS_OK) ||
        (ca.n > 0 && ratls_verifier_set_ca(v, view(ca), &e) != RATLS_OK))
        die("can't set up:", e.text);
    bool readable =
        collateral.n == 0 || ratls_verifier_add_collateral(v, view(collateral), &e) == RATLS_OK;
    free(policy.p);
    free(root.p);
    free(ca.p);
    free(collateral.p);
    return readable;
}

/* Is it accepted? By the list of checks: a refusal that is not in it was broken. */
static bool judge(const job *j)
{
    ratls_error e;
    ratls_verifier *v = ratls_verifier_new();
    ratls_result *r = ratls_result_new();
    if (v == NULL || r == NULL)
        die("out of memory", "");
    bool readable = set_up(v, j);
    content in = read_whole(j->dir, j->file);
    const ratls_verify_options o = {.time = j->time, .time_is_explicit = true};
    break_begin();
    ratls_code code = j->is_quote ? ratls_verify_quote(v, view(in), &o, r, &e)
                                  : ratls_verify_certificate(v, view(in), &o, r, &e);
    bool accepted = code == RATLS_OK || (break_opened() && ratls_result_failure(r) == NULL);
    free(in.p);
    ratls_result_free(&r);
    ratls_verifier_free(&v);
    return accepted && readable;
}

/* A suite. */

typedef struct suite_case {
    job job;
    const char *id;
    const json_t *requirement; /* an id or several */
    bool accept, either;
} suite_case;

typedef struct tally {
    size_t cases, wrong; /* of those to be refused; of all */
    size_t accepted;     /* of those to be refused */
} tally;

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static suite_case case_of(const char *dir, const char *root, const json_t *c)
{
    const char *own_root = text_of(c, "root"), *kind = text_of(c, "kind");
    suite_case s = {.id = text_of(c, "id"),
                    .requirement = json_object_get(c, "requirement"),
                    .accept = strcmp(text_of(c, "expect"), "accept") == 0,
                    .either = json_is_true(json_object_get(c, "alternatives"))};
    s.job = (job){.dir = dir,
                  .file = text_of(c, "file"),
                  .collateral = text_of(c, "collateral"),
                  .policy = text_of(c, "policy"),
                  .root = own_root != NULL ? own_root : root,
                  .ca = text_of(c, "ca"),
                  .is_quote = strcmp(kind, "quote") == 0,
                  .time = json_integer_value(json_object_get(c, "time"))};
    return s;
}

static bool serves(const suite_case *c, const char *id)
{
    if (json_is_string(c->requirement))
        return strcmp(json_string_value(c->requirement), id) == 0;
    for (size_t i = 0; i < json_array_size(c->requirement); i++)
        if (strcmp(json_string_value(json_array_get(c->requirement, i)), id) == 0)
            return true;
    return false;
}

typedef struct suite {
    json_t *json;
    const json_t *requirements, *cases;
    const char *dir, *root;
} suite;

/* Whole: every expectation is met. Notes which requirements' breaks could matter in which case. */
static size_t judge_whole(const suite *s, bool (*matters)[REQUIREMENTS_MAX], bool verbose)
{
    size_t wrong = 0;
    break_requirement(NULL);
    for (size_t i = 0; i < json_array_size(s->cases); i++) {
        suite_case c = case_of(s->dir, s->root, json_array_get(s->cases, i));
        bool accepted = judge(&c.job);
        for (size_t k = 0; k < json_array_size(s->requirements); k++)
            matters[i][k] = break_met(text_of(json_array_get(s->requirements, k), "id"));
        if (verbose)
            (void)printf("%s\t%s\t%s\n", c.id, break_last_check(), break_last_text());
        if (accepted == c.accept || (c.either && !accepted))
            continue;
        wrong++;
        (void)printf("WRONG %s: %s\n", c.id, accepted ? "accepted" : "refused");
    }
    return wrong;
}

/* Broken there: which requirements are not met any more. A case in which no break point of this
 * requirement was met has the verdict that it had. */
static bool judge_broken(const suite *s, size_t at, bool (*matters)[REQUIREMENTS_MAX])
{
    const char *id = text_of(json_array_get(s->requirements, at), "id");
    size_t of_its_own = 0, accepted_n = 0;
    bool fallen[REQUIREMENTS_MAX] = {false};
    break_requirement(id);
    for (size_t i = 0; i < json_array_size(s->cases); i++) {
        suite_case c = case_of(s->dir, s->root, json_array_get(s->cases, i));
        bool own = !c.accept && serves(&c, id);
        of_its_own += own;
        if (!matters[i][at] || judge(&c.job) == c.accept || c.either)
            continue;
        accepted_n += own;
        for (size_t k = 0; k < json_array_size(s->requirements); k++)
            fallen[k] = fallen[k] || serves(&c, text_of(json_array_get(s->requirements, k), "id"));
    }
    (void)printf("%s %s: accepts %zu of %zu; falls with it:", accepted_n > 0 ? "fails" : "PASSES",
                 id, accepted_n, of_its_own);
    for (size_t k = 0; k < json_array_size(s->requirements); k++)
        if (fallen[k] && k != at)
            (void)printf(" %s", text_of(json_array_get(s->requirements, k), "id"));
    (void)printf("\n");
    return accepted_n > 0;
}

static int judge_suite(const char *dir, bool verbose)
{
    char path[PATH_SIZE];
    json_error_t e;
    (void)snprintf(path, sizeof path, "%s/suite.json", dir);
    suite s = {.json = json_load_file(path, JSON_REJECT_DUPLICATES, &e), .dir = dir};
    if (s.json == NULL)
        die(path, e.text);
    s.requirements = json_object_get(s.json, "requirements");
    s.cases = json_object_get(s.json, "cases");
    s.root = text_of(s.json, "root");
    bool(*matters)[REQUIREMENTS_MAX] = calloc(json_array_size(s.cases) + 1, sizeof *matters);
    if (matters == NULL || json_array_size(s.requirements) > REQUIREMENTS_MAX)
        die("too large", path);
    size_t wrong = judge_whole(&s, matters, verbose), standing = 0, broken = 0;
    for (size_t i = 0; i < json_array_size(s.requirements); i++) {
        const char *role = text_of(json_array_get(s.requirements, i), "role");
        if (strcmp(role, "attester") == 0)
            continue;
        broken++;
        standing += !judge_broken(&s, i, matters);
    }
    (void)printf("%zu cases, %zu wrong; %zu requirements broken, %zu passed nevertheless\n",
                 json_array_size(s.cases), wrong, broken, standing);
    free(matters);
    json_decref(s.json);
    return wrong == 0 && standing == 0 ? ACCEPTED : REFUSED;
}

/* The command line. */

static bool take(const char *name, int argc, char **argv, int *i, const char **to)
{
    if (strcmp(argv[*i], name) != 0 || *i + 1 >= argc)
        return false;
    *to = argv[++*i];
    return true;
}

int main(int argc, char **argv)
{
    job j = {.dir = ""};
    const char *kind = NULL, *broken = NULL, *dir = NULL, *time = NULL;
    bool verbose = false;
    for (int i = 1; i < argc; i++) {
        if (take("--break", argc, argv, &i, &broken) || take("--suite", argc, argv, &i, &dir) ||
            take("--collateral", argc, argv, &i, &j.collateral) ||
            take("--policy", argc, argv, &i, &j.policy) ||
            take("--root", argc, argv, &i, &j.root) || take("--ca", argc, argv, &i, &j.ca) ||
            take("--time", argc, argv, &i, &time))
            continue;
        if (strcmp(argv[i], "--verbose") == 0)
            verbose = true;
        else if (kind == NULL)
            kind = argv[i];
        else
            j.file = argv[i];
    }
    if (dir != NULL)
        return judge_suite(dir, verbose);
    if (j.file == NULL || time == NULL)
        die("expected", "--suite DIR, or --time T certificate|quote FILE");
    j.is_quote = strcmp(kind, "quote") == 0;
    j.time = (int64_t)strtoll(time, NULL, 10);
    break_requirement(broken);
    return judge(&j) ? ACCEPTED : REFUSED;
}
