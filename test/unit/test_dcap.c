/*
 * Intel's answer is the reference: every public case of quote, collateral and time, each mutation
 * of three of them, and the synthetic ones. The only deviations are those that doc/DCAP.md states.
 */
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "arena.h"
#include "base/base64.h"
#include "base/hex.h"
#include "base/time.h"
#include "ratls/verify.h"
#include "vectors.h"

/* Reasons for which ratls refuses what Intel accepts. */
typedef enum reason {
    NOT_BEFORE,
    ISSUE_DATE,
    CA_BITS,
    ZERO_TAIL,
    EXACT_SIZES,
    RAW_JSON,
    DUPLICATE_KEYS,
    REASONS
} reason;

static const char *const reason_names[REASONS] = {"notBefore",     "issueDate",   "CA bits",
                                                  "zero tail",     "exact sizes", "raw JSON bytes",
                                                  "duplicate keys"};

typedef struct answer {
    ratls_code code;
    bool valid, expired;
    ratls_tcb_status status;
    char check[40], text[RATLS_TEXT_SIZE];
    size_t advisories_n;
    char advisories[RATLS_ADVISORIES_MAX][RATLS_ADVISORY_SIZE];
    int64_t tcb_date;
    uint32_t evaluation_number;
} answer;

static json_t *load(const char *name)
{
    json_error_t e;
    json_t *j = json_load_file(vectors_path(name), JSON_REJECT_DUPLICATES, &e);
    if (j == NULL)
        fail_msg("%s: %s", name, e.text);
    return j;
}

static const char *text(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));
    if (s == NULL)
        fail_msg("no string \"%s\"", key);
    return s;
}

static bytes unhex(const char *hex)
{
    size_t n = strlen(hex) / 2;
    uint8_t *p = arena_alloc(n + 1);
    assert_true(hex_decode(bytes_text(hex), p, n));
    return bytes_of(p, n);
}

/* By name: a file of its own, or in quotes-more.json. */
static bytes quote_named(const json_t *more, const char *name)
{
    const json_t *one = json_object_get(more, name);
    if (one != NULL)
        return unhex(text(one, "hex"));
    char path[256];
    (void)snprintf(path, sizeof path, "dcap/quotes/%s.bin", name);
    return vector_read(path);
}

static json_t *collateral_named(const char *name)
{
    char path[256];
    (void)snprintf(path, sizeof path, "dcap/collateral/%s.json", name);
    return load(path);
}

static answer judge(bytes quote, const json_t *collateral, int64_t time, const char *root)
{
    answer a = {0};
    ratls_error e = {0};
    ratls_verifier *v = ratls_verifier_new();
    ratls_result *r = ratls_result_new();
    assert_non_null(v);
    assert_non_null(r);
    if (root != NULL)
        assert_int_equal(ratls_verifier_set_root(v, bytes_text(root), &e), RATLS_OK);
    char *json = json_dumps(collateral, 0);
    if (ratls_verifier_add_collateral(v, bytes_text(json), &e) != RATLS_OK)
        fail_msg("collateral: %s", e.text);
    const ratls_verify_options o = {.time = time, .time_is_explicit = true};
    a.code = ratls_verify_quote(v, quote, &o, r, &e);
    a.valid = ratls_result_evidence_valid(r);
    assert_int_equal(a.valid, a.code == RATLS_OK);
    const ratls_facts *f = ratls_result_facts(r);
    const ratls_check *failure = ratls_result_failure(r);
    assert_int_equal(failure == NULL, a.valid);
    a.status = f->tcb_status;
    a.expired = f->collateral_expired;
    a.tcb_date = f->tcb_date;
    a.evaluation_number = f->evaluation_number;
    a.advisories_n = f->advisories_n;
    memcpy(a.advisories, f->advisories, sizeof a.advisories);
    if (failure != NULL) {
        (void)snprintf(a.check, sizeof a.check, "%s", failure->id);
        (void)snprintf(a.text, sizeof a.text, "%s", failure->text);
        assert_string_equal(failure->text, e.text);
    }
    free(json);
    ratls_verifier_free(&v);
    ratls_result_free(&r);
    return a;
}

static ratls_tcb_status status_of_qve(const char *name)
{
    static const struct {
        const char *name;
        ratls_tcb_status status;
    } names[] = {
        {"OK", RATLS_TCB_UP_TO_DATE},
        {"CONFIG_NEEDED", RATLS_TCB_CONFIGURATION_NEEDED},
        {"OUT_OF_DATE", RATLS_TCB_OUT_OF_DATE},
        {"OUT_OF_DATE_CONFIG_NEEDED", RATLS_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED},
        {"SW_HARDENING_NEEDED", RATLS_TCB_SW_HARDENING_NEEDED},
        {"CONFIG_AND_SW_HARDENING_NEEDED", RATLS_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED},
        {"TD_RELAUNCH_ADVISED", RATLS_TCB_TD_RELAUNCH_ADVISED},
        {"TD_RELAUNCH_ADVISED_CONFIG_NEEDED", RATLS_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED},
        {"REVOKED", RATLS_TCB_REVOKED},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i].name) == 0)
            return names[i].status;
    return RATLS_TCB_NONE;
}

static ratls_tcb_status status_of_qvl(const char *name)
{
    static const struct {
        const char *name;
        ratls_tcb_status status;
    } names[] = {
        {"OK", RATLS_TCB_UP_TO_DATE},
        {"TCB_CONFIGURATION_NEEDED", RATLS_TCB_CONFIGURATION_NEEDED},
        {"TCB_OUT_OF_DATE", RATLS_TCB_OUT_OF_DATE},
        {"TCB_OUT_OF_DATE_CONFIGURATION_NEEDED", RATLS_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED},
        {"TCB_SW_HARDENING_NEEDED", RATLS_TCB_SW_HARDENING_NEEDED},
        {"TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED",
         RATLS_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED},
        {"TCB_TD_RELAUNCH_ADVISED", RATLS_TCB_TD_RELAUNCH_ADVISED},
        {"TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED",
         RATLS_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED},
        {"TCB_REVOKED", RATLS_TCB_REVOKED},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i].name) == 0)
            return names[i].status;
    return RATLS_TCB_NONE;
}

/* What Intel says, in our terms. */
typedef struct expected {
    bool valid, expired;
    ratls_tcb_status status; /* Revoked is not valid */
} expected;

static void must_agree(const char *name, const answer *a, const expected *x)
{
    if (a->valid != x->valid || a->status != x->status || (x->valid && a->expired != x->expired))
        fail_msg("%s: valid %d, %s, expired %d (%s: %s), Intel: valid %d, %s, expired %d", name,
                 a->valid, a->status == RATLS_TCB_NONE ? "-" : ratls_tcb_status_name(a->status),
                 a->expired, a->check, a->text, x->valid,
                 x->status == RATLS_TCB_NONE ? "-" : ratls_tcb_status_name(x->status), x->expired);
}

static void must_include(const char *name, const answer *a, const json_t *advisories)
{
    size_t i;
    json_t *one;
    json_array_foreach(advisories, i, one)
    {
        bool found = false;
        for (size_t k = 0; k < a->advisories_n; k++)
            found = found || strcmp(a->advisories[k], json_string_value(one)) == 0;
        if (!found)
            fail_msg("%s: advisory %s is missing", name, json_string_value(one));
    }
}

static int64_t when(const char *iso)
{
    int64_t t;
    assert_true(time_from_iso(bytes_text(iso), &t));
    return t;
}

/* A refusal by date is legitimate only if something of the case really is from after its time. */
static reason date_reason(const char *name, const answer *a, const json_t *quote_facts,
                          const json_t *collateral_facts, int64_t time)
{
    if (strcmp(a->check, "tcb_info.validity") == 0) {
        assert_true(when(text(collateral_facts, "tcb_issue")) > time);
        return ISSUE_DATE;
    }
    if (strcmp(a->check, "qe_identity.validity") == 0) {
        assert_true(when(text(collateral_facts, "qe_issue")) > time);
        return ISSUE_DATE;
    }
    if (strcmp(a->check, "pck.validity") != 0)
        fail_msg("%s: refused as stale by %s: %s", name, a->check, a->text);
    char day[32];
    (void)snprintf(day, sizeof day, "%sT23:59:59Z", text(quote_facts, "pck_not_before"));
    assert_true(when(day) > time);
    return NOT_BEFORE;
}

static void report(const char *what, size_t cases, const size_t counts[REASONS])
{
    print_message("%s: %zu cases, Intel's answer in all but:", what, cases);
    for (size_t i = 0; i < REASONS; i++)
        print_message(" %s %zu%s", reason_names[i], counts[i], i + 1 < REASONS ? "," : "\n");
}

static void public_cases(void **state)
{
    (void)state;
    vectors_need();
    json_t *all = load("dcap/expected.json"), *more = load("dcap/quotes-more.json"), *one;
    size_t i, counts[REASONS] = {0}, old_root = 0;
    json_array_foreach(json_object_get(all, "cases"), i, one)
    {
        const char *quote_name = text(one, "quote"), *collateral_name = text(one, "collateral");
        int64_t time = json_integer_value(json_object_get(one, "time"));
        const json_t *qve = json_object_get(one, "qve"), *qvl = json_object_get(one, "qvl");
        char name[200];
        (void)snprintf(name, sizeof name, "%s, %s, %lld", quote_name, collateral_name,
                       (long long)time);
        json_t *collateral = collateral_named(collateral_name);
        answer a = judge(quote_named(more, quote_name), collateral, time, NULL);
        json_decref(collateral);

        expected x = {.valid = strcmp(text(qve, "ret"), "0x0") == 0,
                      .expired = json_integer_value(json_object_get(qve, "expired")) != 0,
                      .status = status_of_qve(text(qve, "result"))};
        /* Intel compares encodings of the root; the key is the same. */
        if (strcmp(text(qve, "ret"), "0xe03a") == 0) {
            assert_string_equal(text(qvl, "tcbinfo"), "SGX_TCB_SIGNING_CERT_CHAIN_UNTRUSTED");
            x = (expected){.valid = true, .status = status_of_qvl(text(qvl, "quote"))};
            old_root++;
        }
        const json_t *quote_facts = json_object_get(json_object_get(all, "quotes"), quote_name);
        if (quote_facts == NULL)
            quote_facts = json_object_get(more, quote_name);
        const json_t *collateral_facts =
            json_object_get(json_object_get(all, "collateral"), collateral_name);
        if (a.code == RATLS_E_STALE) {
            counts[date_reason(name, &a, quote_facts, collateral_facts, time)]++;
            continue;
        }
        must_agree(name, &a, &x);
        if (x.valid) {
            must_include(name, &a, json_object_get(qve, "advisories"));
            if (strcmp(text(qve, "ret"), "0x0") == 0) {
                assert_int_equal(a.tcb_date, json_integer_value(json_object_get(qve, "tcb_date")));
                assert_int_equal(a.evaluation_number,
                                 json_integer_value(json_object_get(qve, "tcb_eval")));
            }
        }
    }
    assert_int_equal(i, 111);
    assert_int_equal(old_root, 5);
    report("expected.json", i, counts);
    json_decref(all);
    json_decref(more);
}

static bytes edit_quote(bytes quote, const json_t *m)
{
    size_t n = quote.n, i;
    json_t *patch;
    const json_t *to = json_object_get(m, "truncate_to");
    if (to != NULL)
        n = (size_t)json_integer_value(to);
    to = json_object_get(m, "extend_to");
    if (to != NULL)
        n = (size_t)json_integer_value(to);
    uint8_t *p = arena_alloc(n + 1);
    memcpy(p, quote.p, n < quote.n ? n : quote.n);
    json_array_foreach(json_object_get(m, "patch"), i, patch)
    {
        size_t at = (size_t)json_integer_value(json_array_get(patch, 0));
        assert_true(at < n);
        p[at] = (uint8_t)json_integer_value(json_array_get(patch, 1));
    }
    return bytes_of(p, n);
}

static void edit_collateral(json_t *collateral, const json_t *m)
{
    size_t i;
    json_t *edit;
    json_t *before = json_deep_copy(collateral); /* copies refer to the state before all edits */
    json_array_foreach(json_object_get(m, "edit"), i, edit)
    {
        const char *field = json_string_value(json_array_get(edit, 0));
        const char *old = text(collateral, field), *insert;
        if (json_is_string(json_array_get(edit, 1))) {
            json_object_set(collateral, field,
                            json_object_get(before, json_string_value(json_array_get(edit, 2))));
            continue;
        }
        size_t start = (size_t)json_integer_value(json_array_get(edit, 1));
        size_t count = (size_t)json_integer_value(json_array_get(edit, 2));
        insert = json_string_value(json_array_get(edit, 3));
        size_t old_n = strlen(old), insert_n = strlen(insert);
        assert_true(start + count <= old_n);
        char *s = malloc(old_n + insert_n + 1);
        assert_non_null(s);
        memcpy(s, old, start);
        memcpy(s + start, insert, insert_n);
        memcpy(s + start + insert_n, old + start + count, old_n - start - count + 1);
        json_object_set_new(collateral, field, json_string(s));
        free(s);
    }
    json_decref(before);
}

/* Intel accepts these mutations; each is refused for the stated reason, and for no other. */
static const struct {
    const char *what, *check;
    reason reason;
} stricter[] = {
    {"cert data size -1", "quote.format", EXACT_SIZES},
    {"sig data len +1", "quote.format", EXACT_SIZES},
    {"tcb_info: whitespace inserted after first colon", "tcb_info.signature", RAW_JSON},
    {"tcb_info: trailing newline appended", "tcb_info.signature", RAW_JSON},
};

static void mutations(void **state)
{
    (void)state;
    vectors_need();
    json_t *all = load("dcap/mutations.json"), *more = load("dcap/quotes-more.json"), *one;
    size_t i, counts[REASONS] = {0};
    json_array_foreach(all, i, one)
    {
        const char *quote_name = text(one, "quote"), *what = text(one, "what");
        char name[300];
        (void)snprintf(name, sizeof name, "%s: %s", quote_name, what);
        json_t *collateral = collateral_named(text(one, "collateral"));
        edit_collateral(collateral, one);
        answer a = judge(edit_quote(quote_named(more, quote_name), one), collateral,
                         json_integer_value(json_object_get(one, "time")), NULL);
        json_decref(collateral);
        const json_t *qvl = json_object_get(one, "qvl");
        expected x = {.valid = strcmp(text(one, "qve_ret"), "0x0") == 0};
        if (x.valid)
            x.status = status_of_qvl(text(qvl, "quote"));
        size_t s = 0;
        while (s < sizeof stricter / sizeof *stricter && strcmp(what, stricter[s].what) != 0)
            s++;
        if (x.valid && s < sizeof stricter / sizeof *stricter) {
            assert_false(a.valid);
            assert_string_equal(a.check, stricter[s].check);
            counts[stricter[s].reason]++;
            continue;
        }
        must_agree(name, &a, &x);
    }
    assert_int_equal(i, 109);
    report("mutations.json", i, counts);
    json_decref(all);
    json_decref(more);
}

static bool harmless(const char *status)
{
    return strcmp(status, "OK") == 0 || strstr(status, "_EXPIRED") != NULL;
}

static void synthetic(void **state)
{
    (void)state;
    vectors_need();
    json_t *all = load("dcap/synthetic/generated.json"), *one;
    size_t i, counts[REASONS] = {0};
    static const char *const copied[] = {"tcb_info", "tcb_info_signature", "qe_identity",
                                         "qe_identity_signature"};
    json_array_foreach(json_object_get(all, "cases"), i, one)
    {
        const char *name = text(one, "name"), *b64 = text(one, "quote_b64");
        json_t *collateral = json_deep_copy(json_object_get(all, "base"));
        for (size_t k = 0; k < sizeof copied / sizeof *copied; k++)
            json_object_set(collateral, copied[k], json_object_get(one, copied[k]));
        json_object_update(collateral, json_object_get(one, "override"));
        uint8_t *quote = malloc(strlen(b64));
        size_t n;
        assert_non_null(quote);
        assert_true(base64_decode(bytes_text(b64), quote, strlen(b64), &n));
        answer a = judge(bytes_of(quote, n), collateral,
                         json_integer_value(json_object_get(one, "time")), text(all, "root_pem"));
        json_decref(collateral);
        free(quote);

        const json_t *qvl = json_object_get(one, "qvl");
        const char *pck = text(qvl, "pck"), *tcb = text(qvl, "tcbinfo"), *qe = text(qvl, "qeid");
        expected x = {.status = status_of_qvl(text(qvl, "quote"))};
        if (!harmless(pck) || !harmless(tcb) || !harmless(qe))
            x.status = RATLS_TCB_NONE;
        x.valid = x.status != RATLS_TCB_NONE && x.status != RATLS_TCB_REVOKED;
        x.expired = strstr(pck, "_EXPIRED") != NULL || strstr(tcb, "_EXPIRED") != NULL ||
                    strstr(qe, "_EXPIRED") != NULL;
        must_agree(name, &a, &x);
    }
    assert_int_equal(i, 85);
    report("synthetic/generated.json", i, counts);
    json_decref(all);
}

/* The same input gives the same verdict, whatever was judged before. */
static void verdicts_repeat(void **state)
{
    (void)state;
    vectors_need();
    json_t *collateral = collateral_named("tdx-b0c06f000000-e17-2025-06");
    bytes quote = vector_read("dcap/quotes/tdx4-b0c06f-dcapqvl.bin");
    answer first = judge(quote, collateral, 1750329207, NULL);
    for (int i = 0; i < 3; i++) {
        answer again = judge(quote, collateral, 1750329207, NULL);
        assert_memory_equal(&first, &again, sizeof first);
    }
    json_decref(collateral);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(public_cases),
        cmocka_unit_test(mutations),
        cmocka_unit_test(synthetic),
        cmocka_unit_test(verdicts_repeat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
