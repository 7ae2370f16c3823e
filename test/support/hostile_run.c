#include "hostile_run.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "base/check.h"
#include "ratls/verify.h"
#include "testing.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if !defined(SANITIZED) && (defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__))
#define SANITIZED 1
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

enum { SECONDS_MAX = 5 };
#define MEMORY_LIBRARY ((rlim_t)2 << 20)
#define MEMORY_PROGRAM ((rlim_t)96 << 20) /* its own libraries included */

extern char **environ;

typedef struct verdict {
    ratls_code code;
    char check[48];
    char text[RATLS_TEXT_SIZE];
} verdict;

void hostile_covers(const hostile_group *g, const char *words)
{
    hostile_table t = hostile_table_of(g);
    for (const char *at = words; *at != '\0'; at += strspn(at, " ")) {
        size_t n = strcspn(at, " ");
        bool found = false;
        for (size_t i = 0; i < t.n && !found; i++) {
            const char *clause = t.lines[i].clause;
            found = strncmp(clause, at, n) == 0 && (clause[n] == ' ' || clause[n] == '\0');
        }
        if (!found)
            fail_msg("%s: no case of %.*s", g->name, (int)n, at);
        at += n;
    }
}

/* Budgets. */

/* Pages of address space in use; 0 if the system does not say. */
static rlim_t pages_in_use(void)
{
    rlim_t pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f == NULL)
        return 0;
    for (int c = fgetc(f); c >= '0' && c <= '9'; c = fgetc(f))
        pages = 10 * pages + (rlim_t)(c - '0');
    (void)fclose(f);
    return pages;
}

/* The soft limit of the address space, at so much above what is in use; returns the old one. */
static struct rlimit limit_memory(rlim_t more)
{
    struct rlimit old;
    MUST(getrlimit(RLIMIT_AS, &old) == 0);
    rlim_t pages = SANITIZED ? 0 : pages_in_use(); /* shadow memory has no sensible limit */
    struct rlimit now = {.rlim_cur = pages * (rlim_t)sysconf(_SC_PAGESIZE) + more,
                         .rlim_max = old.rlim_max};
    if (pages > 0 && (old.rlim_cur == RLIM_INFINITY || now.rlim_cur < old.rlim_cur))
        MUST(setrlimit(RLIMIT_AS, &now) == 0);
    return old;
}

static double seconds_now(void)
{
    struct timespec t;
    MUST(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The library. */

static ratls_verifier *verifier_for(const hostile_case *c, ratls_error *unread)
{
    ratls_error e = {0};
    ratls_verifier *v = ratls_verifier_new();
    MUST(v != NULL);
    unread->code = RATLS_OK;
    if (c->policy.n > 0 && ratls_verifier_set_policy(v, c->policy, &e) != RATLS_OK)
        arena_die("policy: %s", e.text);
    if (c->root.n > 0 && ratls_verifier_set_root(v, c->root, &e) != RATLS_OK)
        arena_die("root: %s", e.text);
    if (c->ca.n > 0 && ratls_verifier_set_ca(v, c->ca, &e) != RATLS_OK)
        arena_die("CA: %s", e.text);
    if (c->collateral.n > 0)
        (void)!ratls_verifier_add_collateral(v, c->collateral, unread);
    return v;
}

/* What must hold of every result, whatever the case. NULL, or what does not. */
static const char *wrong_result(const ratls_result *r, const hostile_case *c, ratls_code code,
                                const ratls_error *e)
{
    const ratls_check *failure = ratls_result_failure(r);
    if ((code == RATLS_OK) != (failure == NULL))
        return "code and list of checks disagree";
    if (ratls_result_accepted(r) != (code == RATLS_OK && !c->is_quote))
        return "ratls_result_accepted is not the verdict";
    if (code == RATLS_OK && !ratls_result_evidence_valid(r))
        return "accepted without valid evidence";
    if (code == RATLS_OK && !c->is_quote && ratls_result_binding_level(r) == NULL)
        return "accepted without binding";
    if (failure != NULL && (failure->code != code || e->code != code))
        return "the error has another code than the check";
    if (failure != NULL && (e->text[0] == '\0' || strcmp(failure->text, e->text) != 0))
        return "the error has another sentence than the check";
    return NULL;
}

/* Stands the failure before the place where unreadable collateral is noticed? */
static bool before_collateral(const ratls_result *r)
{
    size_t n;
    const ratls_check *all = ratls_result_checks(r, &n), *failure = ratls_result_failure(r);
    return failure != NULL && failure - all < CHECK_COLLATERAL_PRESENT;
}

static verdict judge_library(const hostile_case *c, const char **wrong)
{
    verdict out = {0};
    ratls_error unread, e = {0};
    /* In a block of exactly its size, so that a sanitizer sees a read past the end. */
    uint8_t *copy = malloc(c->input.n > 0 ? c->input.n : 1);
    ratls_result *r = ratls_result_new();
    ratls_verifier *v = verifier_for(c, &unread);
    MUST(copy != NULL && r != NULL);
    memcpy(copy, c->input.p, c->input.n);
    const ratls_verify_options o = {
        .time = c->time, .time_is_explicit = !c->time_from_clock, .skew_seconds = c->skew};

    double started = seconds_now();
    struct rlimit old = limit_memory(MEMORY_LIBRARY);
    bytes in = bytes_of(copy, c->input.n);
    out.code = c->is_quote ? ratls_verify_quote(v, in, &o, r, &e)
                           : ratls_verify_certificate(v, in, &o, r, &e);
    MUST(setrlimit(RLIMIT_AS, &old) == 0);
    *wrong = seconds_now() - started > SECONDS_MAX ? "too slow" : wrong_result(r, c, out.code, &e);

    const ratls_check *failure = ratls_result_failure(r);
    if (failure != NULL)
        (void)snprintf(out.check, sizeof out.check, "%s", failure->id);
    if (unread.code != RATLS_OK && !before_collateral(r)) {
        out.code = unread.code;
        (void)snprintf(out.check, sizeof out.check, "%s",
                       hostile_check_named("collateral.present"));
        e = unread;
    }
    (void)snprintf(out.text, sizeof out.text, "%s", e.text);
    ratls_verifier_free(&v);
    ratls_result_free(&r);
    free(copy);
    return out;
}

/* False, and a message, if the verdict is not the one of the table. */
static bool agrees(const hostile_line *l, const verdict *v, const char *wrong)
{
    if (wrong != NULL) {
        print_error("%s: %s (%s)\n", l->name, wrong, v->text);
        return false;
    }
    if (l->accept ? v->code == RATLS_OK
                  : v->code == l->code && strcmp(v->check, l->check) == 0 && v->text[0] != '\0')
        return true;
    print_error("%s: found %s %s (%s), expected %s %s\n", l->name,
                v->code == RATLS_OK ? "accept" : ratls_code_name(v->code), v->check, v->text,
                l->accept ? "accept" : ratls_code_name(l->code), l->accept ? "" : l->check);
    return false;
}

void hostile_run_library(const hostile_group *g)
{
    hostile_table t = hostile_table_of(g);
    size_t bad = 0;
    for (size_t i = 0; i < t.n; i++) {
        const char *wrong;
        arena_mark mark = arena_here();
        const hostile_maker *m = t.lines[i].maker;
        hostile_case c = m->make(m);
        verdict v = judge_library(&c, &wrong);
        bad += !agrees(&t.lines[i], &v, wrong);
        arena_back(mark);
    }
    if (bad > 0)
        fail_msg("%zu of %zu cases differ", bad, t.n);
    print_message("%zu cases by the library\n", t.n);
}

/* The command. */

static const char *program(void)
{
    const char *named = getenv("RATLS");
    return named != NULL && named[0] != '\0' ? named : RATLS_PROGRAM;
}

typedef struct run {
    char dir[64];
    char *paths[8]; /* all files in it */
    size_t paths_n;
    char *argv[20];
    size_t argc;
} run;

/* Text with its NUL, for argv, which is not const for reasons of history. */
static char *writable(bytes text)
{
    return memcpy(arena_alloc(text.n), text.p, text.n);
}

static void put_word(run *r, const char *word)
{
    r->argv[r->argc++] = writable(bytes_of(word, strlen(word) + 1));
}

/* Writes a file that goes away with the directory. */
static const char *put_file(run *r, const char *name, bytes b)
{
    bytes path = join(arena_format("%s/%s", r->dir, name), bytes_of("", 1));
    FILE *f = fopen((const char *)path.p, "wb");
    MUST(f != NULL && fwrite(b.p, 1, b.n, f) == b.n && fclose(f) == 0);
    return r->paths[r->paths_n++] = writable(path);
}

static void put_option(run *r, const char *option, const char *name, bytes b)
{
    if (b.n == 0)
        return;
    put_word(r, option);
    put_word(r, put_file(r, name, b));
}

static void put_number(run *r, const char *option, int64_t v)
{
    char digits[24];
    (void)snprintf(digits, sizeof digits, "%lld", (long long)v);
    put_word(r, option);
    put_word(r, digits);
}

static void fill(run *r, const hostile_case *c)
{
    (void)snprintf(r->dir, sizeof r->dir, "/tmp/ratls-hostile-XXXXXX");
    MUST(mkdtemp(r->dir) != NULL);
    put_word(r, program());
    put_word(r, c->is_quote ? "verify-quote" : "verify");
    put_word(r, put_file(r, "input", c->input));
    if (!c->is_quote)
        put_option(r, "--policy", "policy.json", c->policy);
    put_option(r, "--collateral", "collateral", c->collateral);
    put_option(r, "--root", "root.pem", c->root);
    put_option(r, "--ca", "ca.pem", c->ca);
    put_number(r, "--time", c->time);
    put_number(r, "--skew", c->skew);
    r->argv[r->argc++] = (char *)(uintptr_t) "--json";
}

static void clean(run *r)
{
    for (size_t i = 0; i < r->paths_n; i++)
        (void)unlink(r->paths[i]);
    (void)rmdir(r->dir);
}

/* Exit status; -1 if it was killed. */
static int spawn(run *r)
{
    const char *out = put_file(r, "out", BYTES_EMPTY), *err = put_file(r, "err", BYTES_EMPTY);
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status;
    MUST(posix_spawn_file_actions_init(&actions) == 0);
    const int flags = O_WRONLY | O_CREAT | O_TRUNC;
    MUST(posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out, flags, 0600) == 0);
    MUST(posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err, flags, 0600) == 0);
    struct rlimit old = limit_memory(MEMORY_PROGRAM);
    int failed = posix_spawn(&pid, r->argv[0], &actions, NULL, r->argv, environ);
    MUST(setrlimit(RLIMIT_AS, &old) == 0);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0)
        arena_die("%s: %s", r->argv[0], strerror(failed));
    while (waitpid(pid, &status, 0) < 0)
        MUST(errno == EINTR);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static verdict read_answer(const char *path, const hostile_case *c, int status, const char **wrong)
{
    verdict v = {.code = RATLS_OK};
    json_error_t e;
    json_t *answer = json_load_file(path, JSON_REJECT_DUPLICATES, &e);
    if (answer == NULL) {
        (void)snprintf(v.text, sizeof v.text, "exit status %d", status);
        *wrong = "the command printed no JSON";
        return v;
    }
    bool good = json_is_true(json_object_get(answer, c->is_quote ? "evidence_valid" : "accepted"));
    const json_t *error = json_object_get(answer, "error");
    const char *code = json_string_value(json_object_get(error, "code")),
               *check = json_string_value(json_object_get(error, "check")),
               *text = json_string_value(json_object_get(error, "text"));
    if (json_is_object(error) && code != NULL && check != NULL && text != NULL) {
        v.code = hostile_code_named(code);
        (void)snprintf(v.check, sizeof v.check, "%s", check);
        (void)snprintf(v.text, sizeof v.text, "%s", text);
        *wrong = v.code == RATLS_OK ? "an error without a code" : NULL;
    } else {
        *wrong = json_is_null(error) ? NULL : "no member error with code, check and text";
    }
    if (*wrong == NULL && good != (v.code == RATLS_OK))
        *wrong = "verdict and error disagree";
    if (*wrong == NULL && status != (good ? 0 : 1))
        *wrong = "exit status is not the verdict";
    json_decref(answer);
    return v;
}

static verdict judge_command(const hostile_case *c, const char **wrong)
{
    run r = {.argc = 0};
    fill(&r, c);
    double started = seconds_now();
    int status = spawn(&r);
    verdict v = read_answer(r.paths[r.paths_n - 2], c, status, wrong);
    if (seconds_now() - started > SECONDS_MAX)
        *wrong = "too slow";
    clean(&r);
    return v;
}

void hostile_run_command(const hostile_group *g)
{
    if (access(program(), X_OK) != 0) {
        print_message("skipped: no program %s\n", program());
        skip();
    }
    hostile_table t = hostile_table_of(g);
    size_t bad = 0, by_clock = 0;
    for (size_t i = 0; i < t.n; i++) {
        const char *wrong = NULL;
        arena_mark mark = arena_here();
        const hostile_maker *m = t.lines[i].maker;
        hostile_case c = m->make(m);
        if (c.time_from_clock) {
            by_clock++;
        } else {
            verdict v = judge_command(&c, &wrong);
            bad += !agrees(&t.lines[i], &v, wrong);
        }
        arena_back(mark);
    }
    if (bad > 0)
        fail_msg("%zu of %zu cases differ", bad, t.n);
    print_message("%zu cases by the command, %zu need another clock\n", t.n - by_clock, by_clock);
}
