#define _POSIX_C_SOURCE 200809L
/* The files of simulated platforms: their modes, seeds, directories, and every kind of damage. */
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim_dir.h"

static void test_file_modes(void **state)
{
    (void)state;
    sim_place p = sim_place_new();
    ratls_sim_options o = sim_options(RATLS_TEE_SGX, 3, false);
    mode_t old = umask(0);
    sim_make(p.root, &o);
    (void)umask(old);
    for (size_t i = 0; i < SIM_FILES; i++) {
        struct stat st;
        assert_int_equal(stat(sim_path(p.root, sim_files[i]), &st), 0);
        assert_true(S_ISREG(st.st_mode));
        bool key = strstr(sim_files[i], "-key.pem") != NULL;
        assert_int_equal(st.st_mode & 07777, key ? 0600 : 0644);
    }
    sim_place_end(&p);
}

static void test_seed(void **state)
{
    (void)state;
    static const char *const seeds[] = {"one", "two", NULL};
    for (size_t i = 0; i < 3; i++) {
        sim_place p = sim_place_new(), q = sim_place_new();
        ratls_sim_options o =
            i == 0 ? sim_options(RATLS_TEE_TDX, 5, true) : sim_options(RATLS_TEE_SGX, 3, false);
        o.insecure_seed = seeds[i] != NULL ? bytes_text(seeds[i]) : BYTES_NONE;
        sim_make(p.root, &o);
        if (i == 1)
            o.insecure_seed = bytes_text("Two");
        sim_make(q.root, &o);
        for (size_t k = 0; k < SIM_FILES; k++) {
            bool collateral = strcmp(sim_files[k], "collateral.json") == 0; /* full of signatures */
            if (!collateral && sim_same_file(p.root, q.root, sim_files[k]) != (i == 0))
                fail_msg("%s with seed %s", sim_files[k], i == 2 ? "of chance" : seeds[i]);
        }
        sim_place_end(&p);
        sim_place_end(&q);
    }
}

static void test_refused_directories(void **state)
{
    (void)state;
    char deep[5000];
    sim_place p = sim_place_new(), q = sim_place_new();
    ratls_error e = {.text = ""};
    ratls_sim_options o = sim_options(RATLS_TEE_SGX, 3, false);

    /* Empty is fine; with one file in it, or with a platform, it is not. */
    assert_int_equal(mkdir(p.root, 0700), 0);
    sim_make(p.root, &o);
    bytes before = file_take(sim_path(p.root, "platform.json"));
    assert_int_equal(ratls_sim_new(p.root, &o, SIM_NOW, &e), RATLS_E_SYSTEM);
    assert_non_null(strstr(e.text, "is not empty"));
    bytes after = file_take(sim_path(p.root, "platform.json"));
    assert_true(bytes_equal(before, after));
    file_drop(before);
    file_drop(after);

    assert_int_equal(ratls_sim_new("test-sim-nowhere/sim", &o, SIM_NOW, &e), RATLS_E_SYSTEM);
    assert_non_null(strstr(e.text, "No such file"));
    assert_int_equal(ratls_sim_new(sim_path(p.root, "root.pem"), &o, SIM_NOW, &e), RATLS_E_SYSTEM);
    memset(deep, 'a', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    assert_int_equal(ratls_sim_new(deep, &o, SIM_NOW, &e), RATLS_E_LIMIT);
    assert_null(ratls_sim_open(deep, &e));
    assert_int_equal(e.code, RATLS_E_LIMIT);
    assert_null(ratls_sim_open("test-sim-nowhere", &e));
    assert_int_equal(e.code, RATLS_E_MISSING);
    assert_non_null(strstr(e.text, "ratls sim new"));
    o.vendor = "test-sim-nowhere";
    assert_int_equal(ratls_sim_new(q.root, &o, SIM_NOW, &e), RATLS_E_MISSING);
    sim_place_end(&p);
    sim_place_end(&q);
}

/* Opening must fail, with this code and a sentence that names the file. */
static void assert_refused(const char *dir, ratls_code code, const char *name)
{
    ratls_error e = {.text = ""};
    ratls_sim *sim = ratls_sim_open(dir, &e);
    if (sim != NULL)
        fail_msg("opened, but %s is damaged", name);
    if (e.code != code)
        fail_msg("%s: %s, expected %s: %s", name, ratls_code_name(e.code), ratls_code_name(code),
                 e.text);
    if (strstr(e.text, name) == NULL)
        fail_msg("'%s' does not name %s", e.text, name);
}

static void test_files_lost(void **state)
{
    (void)state;
    sim_place p = sim_place_new();
    ratls_sim_options o = sim_options(RATLS_TEE_TDX, 4, false);
    sim_make(p.root, &o);
    for (size_t i = 0; i < SIM_FILES; i++) {
        char path[256];
        (void)snprintf(path, sizeof path, "%s", sim_path(p.root, sim_files[i]));
        bytes whole = file_take(path);
        assert_int_equal(remove(path), 0);
        assert_refused(p.root, RATLS_E_MISSING, sim_files[i]);
        file_put(path, BYTES_NONE);
        assert_refused(p.root, RATLS_E_MALFORMED, sim_files[i]);
        file_put(path, bytes_of(whole.p, whole.n / 2));
        assert_refused(p.root, RATLS_E_MALFORMED, sim_files[i]);
        assert_int_equal(remove(path), 0);
        assert_int_equal(mkdir(path, 0700), 0);
        assert_refused(p.root, RATLS_E_SYSTEM, sim_files[i]);
        assert_int_equal(rmdir(path), 0);
        uint8_t *large = calloc(1, 300000);
        assert_non_null(large);
        file_put(path, bytes_of(large, 300000));
        assert_refused(p.root, RATLS_E_LIMIT, sim_files[i]);
        free(large);
        file_put(path, whole);
        file_drop(whole);
    }
    ratls_sim *sim = sim_open(p.root);
    ratls_sim_free(&sim);
    sim_place_end(&p);
}

/* Any bit: either it is refused with a sentence, or nothing has changed. */
static void test_files_damaged(void **state)
{
    (void)state;
    enum { STEPS = 61 };
    sim_place p = sim_place_new();
    ratls_error e;
    ratls_sim_options o = sim_options(RATLS_TEE_TDX, 5, true);
    ratls_sim *sim = sim_make_open(p.root, &o);
    ratls_facts good = *ratls_sim_facts(sim);
    ratls_sim_free(&sim);
    size_t refused = 0;
    for (size_t i = 0; i + 1 < SIM_FILES; i++) { /* platform.json is the user's to change */
        char path[256];
        (void)snprintf(path, sizeof path, "%s", sim_path(p.root, sim_files[i]));
        bytes whole = file_take(path);
        uint8_t *damaged = malloc(whole.n);
        assert_non_null(damaged);
        memcpy(damaged, whole.p, whole.n);
        for (size_t at = 0; at < whole.n; at += whole.n / STEPS + 1) {
            damaged[at] ^= (uint8_t)(1U << at % 7);
            file_put(path, bytes_of(damaged, whole.n));
            damaged[at] = whole.p[at];
            e.text[0] = '\0';
            sim = ratls_sim_open(p.root, &e);
            if (sim == NULL) {
                assert_true(e.text[0] != '\0');
                refused++;
                continue;
            }
            const ratls_facts *f = ratls_sim_facts(sim);
            assert_memory_equal(&f->tdx, &good.tdx, sizeof good.tdx);
            assert_memory_equal(&f->pck, &good.pck, sizeof good.pck);
            assert_int_equal(f->tcb_status, good.tcb_status);
            ratls_sim_free(&sim);
        }
        file_put(path, whole);
        free(damaged);
        file_drop(whole);
    }
    assert_true(refused > 400);
    sim_place_end(&p);
}

static void test_files_of_others(void **state)
{
    (void)state;
    sim_place p = sim_place_new(), q = sim_place_new();
    ratls_sim_options o = sim_options(RATLS_TEE_SGX, 3, false);
    sim_make(p.root, &o);
    sim_make(q.root, &o);
    for (size_t i = 0; i < SIM_FILES; i++) {
        bytes own = file_take(sim_path(p.root, sim_files[i])),
              other = file_take(sim_path(q.root, sim_files[i]));
        ratls_error e = {.text = ""};
        file_put(sim_path(p.root, sim_files[i]), other);
        assert_null(ratls_sim_open(p.root, &e));
        /* Of collateral it is the family that differs. */
        bool collateral = strcmp(sim_files[i], "collateral.json") == 0;
        assert_int_equal(e.code, collateral ? RATLS_E_MISSING : RATLS_E_UNTRUSTED);
        assert_true(e.text[0] != '\0');
        file_put(sim_path(p.root, sim_files[i]), own);
        file_drop(own);
        file_drop(other);
    }
    /* A platform's own certificate, signed by nobody it knows. */
    bytes pair[2] = {file_take(sim_path(q.root, "pck.pem")),
                     file_take(sim_path(q.root, "pck-key.pem"))};
    file_put(sim_path(p.root, "pck.pem"), pair[0]);
    file_put(sim_path(p.root, "pck-key.pem"), pair[1]);
    assert_refused(p.root, RATLS_E_UNTRUSTED, "pck.pem: it speaks of a platform");
    file_drop(pair[0]);
    file_drop(pair[1]);
    sim_place_end(&p);
    sim_place_end(&q);
}

static void test_platform_file(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        ratls_code code; /* RATLS_OK: still opens */
        const char *text;
    } cases[] = {
        {"SIMULATED: there", "Simulated: there", RATLS_OK, ""},
        {"\"isv_svn\": 2", "\"isv_svn\": 9", RATLS_OK, ""},
        {"\"quote_version\": 3", "\"quote_version\": 4", RATLS_OK, ""},
        {"\"isv_svn\": 2", "\"isv_svn\": 65536", RATLS_E_MALFORMED, "platform.json: "},
        {"\"isv_svn\"", "\"isv_snv\"", RATLS_E_MALFORMED, "unknown"},
        {"\"isv_svn\": 2,", "", RATLS_E_MALFORMED, "a key is missing"},
        {"\"version\": 1", "\"version\": 2", RATLS_E_MALFORMED, "version is not 1"},
        {"\"valid_days\": 30,", "", RATLS_E_MALFORMED, "it lacks one of"},
        {"\"valid_days\": 30", "\"valid_days\": 0", RATLS_E_UNSUPPORTED, "0 days"},
        {"\"tee\": \"sgx\"", "\"tee\": \"tdx\"", RATLS_E_MALFORMED, "it lacks one of"},
        {"\"tee\": \"sgx\"", "\"tee\": \"abc\"", RATLS_E_UNSUPPORTED, "no TEE"},
        {"\"tee\": \"sgx\"", "\"tee\": \"sgx\", \"td_report\": \"1.5\"", RATLS_E_MALFORMED,
         "it lacks one of"},
        {"\"tee\": \"sgx\"", "\"tee\": \"sgx\", \"td_report\": \"2\"", RATLS_E_MALFORMED,
         "neither 1.0 nor 1.5"},
        {"\"quote_version\": 3", "\"quote_version\": 7", RATLS_E_UNSUPPORTED, "version 7"},
        {"\"UpToDate\"", "\"Splendid\"", RATLS_E_MALFORMED, "tcb_status"},
        {"\"UpToDate\"", "\"OutOfDate\"", RATLS_E_UNTRUSTED,
         "TCB status OutOfDate, it verifies as UpToDate"},
        {"\"pce_svn\": 13", "\"pce_svn\": 14", RATLS_E_UNTRUSTED, "another pce_svn"},
        {"\"mrenclave\": \"53", "\"mrenclave\": \"5", RATLS_E_MALFORMED, "platform.json: "},
    };
    sim_place p = sim_place_new();
    ratls_sim_options o = sim_options(RATLS_TEE_SGX, 3, false);
    sim_make(p.root, &o);
    bytes whole = file_take(sim_path(p.root, "platform.json"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[8192];
        bytes from = bytes_text(cases[i].from);
        size_t at = bytes_find(whole, from);
        assert_true(at < whole.n);
        int n =
            snprintf(text, sizeof text, "%.*s%s%.*s", (int)at, (const char *)whole.p, cases[i].to,
                     (int)(whole.n - at - from.n), (const char *)whole.p + at + from.n);
        file_put(sim_path(p.root, "platform.json"), bytes_of(text, (size_t)n));
        if (cases[i].code != RATLS_OK) {
            assert_refused(p.root, cases[i].code, cases[i].text);
            continue;
        }
        ratls_sim *sim = sim_open(p.root);
        ratls_sim_free(&sim);
    }
    file_drop(whole);
    sim_place_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file_modes),          cmocka_unit_test(test_seed),
        cmocka_unit_test(test_refused_directories), cmocka_unit_test(test_files_lost),
        cmocka_unit_test(test_files_damaged),       cmocka_unit_test(test_files_of_others),
        cmocka_unit_test(test_platform_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
