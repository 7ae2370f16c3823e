/* The log of a CA: lines of anything are printable JSON; under the lock, whole or not at all. */
#define _POSIX_C_SOURCE 200809L
#include "testing.h"

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "appraise/result.h"
#include "audit.h"
#include "sim_dir.h"

static decision refusal(const ratls_result *r, const char *reason)
{
    return (decision){.time = 1767225600,
                      .result = r,
                      .policy = bytes_text("{}"),
                      .check = "binding.key",
                      .code = RATLS_E_BINDING,
                      .reason = reason};
}

static json_t *line_of(const decision *d)
{
    static uint8_t room[AUDIT_LINE_MAX];
    writer w = wr_of(room, sizeof room);
    assert_true(audit_line(d, &w));
    bytes line = wr_bytes(&w);
    for (size_t i = 0; i < line.n; i++)
        assert_true(line.p[i] >= 0x20 && line.p[i] < 0x7f);
    json_t *parsed = json_loadb((const char *)line.p, line.n, JSON_REJECT_DUPLICATES, NULL);
    assert_true(json_is_object(parsed));
    return parsed;
}

static const char *text_in(const json_t *line, const char *key)
{
    return json_string_value(json_object_get(line, key));
}

static void anything_is_printable(void **state)
{
    (void)state;
    static const struct {
        const char *reason, *written;
    } cases[] = {
        {"plain", "plain"},
        {"\"quoted\", and \\", "\"quoted\", and \\x5c"},
        {"two\nlines\r\n", "two\\x0alines\\x0d\\x0a"},
        {"\x1b[2J\x7f\t", "\\x1b[2J\\x7f\\x09"},
        {"\xc3\xa4\xff", "\\xc3\\xa4\\xff"},
        {"\"}\n{\"decision\":\"accepted\"", "\"}\\x0a{\"decision\":\"accepted\""},
    };
    ratls_result *r = ratls_result_new();
    assert_non_null(r);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const decision d = refusal(r, cases[i].reason);
        json_t *line = line_of(&d);
        assert_string_equal(text_in(line, "reason"), cases[i].written);
        assert_string_equal(text_in(line, "decision"), "refused");
        assert_string_equal(text_in(line, "time"), "2026-01-01T00:00:00Z");
        assert_true(json_is_null(json_object_get(line, "serial")));
        assert_true(json_is_null(json_object_get(line, "key_sha256")));
        json_decref(line);
    }
    ratls_result_free(&r);
}

/* Only what is proven is called a measurement. */
static void facts_of_what_is_not_genuine_are_left_out(void **state)
{
    (void)state;
    ratls_result *r = ratls_result_new();
    assert_non_null(r);
    r->facts.tee = RATLS_TEE_TDX;
    r->facts.has_pck = true;
    r->facts.tdx.rtmr[3][47] = 0x5a;
    const decision d = refusal(r, "no");
    json_t *line = line_of(&d);
    static const char *const members[] = {"tee", "measurements", "debug", "platform", "tcb_status"};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        assert_true(json_is_null(json_object_get(line, members[i])));
    json_decref(line);
    r->evidence_valid = true;
    r->facts.tcb_status = RATLS_TCB_UP_TO_DATE;
    line = line_of(&d);
    assert_string_equal(text_in(line, "tee"), "tdx");
    const char *rtmr = text_in(json_object_get(line, "measurements"), "rtmr3");
    assert_int_equal(strlen(rtmr), 96);
    assert_string_equal(rtmr + 94, "5a");
    assert_string_equal(text_in(line, "tcb_status"), "UpToDate");
    assert_true(
        json_is_null(json_object_get(json_object_get(line, "platform"), "platform_instance_id")));
    json_decref(line);
    ratls_result_free(&r);
}

typedef struct place {
    char path[64];
    audit log;
} place;

static place place_new(void)
{
    place p = {.path = "/tmp/ratls-audit-XXXXXX"};
    int fd = mkstemp(p.path);
    assert_true(fd >= 0 && close(fd) == 0);
    assert_true(audit_open(p.path, &p.log));
    p.log.path = "the log";
    return p;
}

static void place_end(place *p)
{
    audit_close(&p->log);
    assert_int_equal(unlink(p->path), 0);
}

static void must_hold(const place *p, const char *content)
{
    bytes file = file_take(p->path);
    if (!bytes_is(file, content))
        fail_msg("\"%.*s\", expected \"%s\"", (int)file.n, (const char *)file.p, content);
    file_drop(file);
}

/* The other process has the lock until its line is there, however long it takes. */
static void signers_do_not_interleave(void **state)
{
    (void)state;
    place p = place_new();
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        audit own;
        const struct timespec pause = {0, 300 * 1000 * 1000};
        bool ok = audit_open(p.path, &own) && audit_lock(&own) && write(ready[1], "", 1) == 1 &&
                  nanosleep(&pause, NULL) == 0 && audit_append(&own, bytes_text("{\"first\":1}"));
        audit_close(&own);
        _exit(ok ? 0 : 1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_true(audit_lock(&p.log));
    assert_true(audit_append(&p.log, bytes_text("{\"second\":2}")));
    must_hold(&p, "{\"first\":1}\n{\"second\":2}\n");
    int status = 1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    (void)close(ready[0]);
    (void)close(ready[1]);
    place_end(&p);
}

/* As on a disk that becomes full within the line. */
static void a_line_is_whole_or_not_there(void **state)
{
    (void)state;
    place p = place_new();
    struct rlimit before, low;
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    assert_true(audit_lock(&p.log));
    assert_true(audit_append(&p.log, bytes_text("{}")));
    low = before;
    for (rlim_t room = 0; room < 6; room++) {
        low.rlim_cur = 3 + room;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
        bool ok = audit_append(&p.log, bytes_text("{1234}"));
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_false(ok);
        must_hold(&p, "{}\n");
    }
    low.rlim_cur = 10;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    bool ok = audit_append(&p.log, bytes_text("{1234}"));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_true(ok);
    must_hold(&p, "{}\n{1234}\n");
    place_end(&p);
}

static void a_cut_line_gets_its_end(void **state)
{
    (void)state;
    place p = place_new();
    file_put(p.path, bytes_text("{}\n{\"ti"));
    assert_true(audit_lock(&p.log));
    assert_true(audit_append(&p.log, bytes_text("{}")));
    must_hold(&p, "{}\n{\"ti\n{}\n");
    place_end(&p);
}

static void only_ordinary_files_are_logs(void **state)
{
    (void)state;
    audit log;
    assert_false(audit_open("/dev/full", &log));
    assert_false(audit_open("/dev/null", &log));
    assert_false(audit_open("/tmp", &log));
    assert_false(audit_open("/nowhere/audit.log", &log));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(anything_is_printable),
        cmocka_unit_test(facts_of_what_is_not_genuine_are_left_out),
        cmocka_unit_test(signers_do_not_interleave),
        cmocka_unit_test(a_line_is_whole_or_not_there),
        cmocka_unit_test(a_cut_line_gets_its_end),
        cmocka_unit_test(only_ordinary_files_are_logs),
    };
    return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
