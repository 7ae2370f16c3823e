/* The memos where collateral or platforms are new: whatever came before, a verdict is that of a
 * verifier that knows nothing. */
#include "testing.h"

#include <pthread.h>
#include <stdlib.h>

#include "ratls/verify.h"
#include "stapling_world.h"

#include "equal_results.h"

enum { HOUR = 3600, DAY = VENDOR_DAY, ADDED_MAX = 64 };

/* What a verifier was set up with, so that another one can be made like it. */
typedef struct setup {
    bytes root, policy;
    bytes added[ADDED_MAX];
    size_t n;
    bool gets_crls;
} setup;

static ratls_code get_nothing(void *state, ratls_verifier *v, const ratls_platform *platform,
                              ratls_error *e)
{
    (void)state, (void)v, (void)platform;
    return refuse(e, RATLS_E_SYSTEM, 0, "source: away");
}

static void set_source(ratls_verifier *v, bool on)
{
    const ratls_collateral_source source = {.want = get_nothing};
    ratls_verifier_set_source(v, on ? &source : NULL);
}

static void add(ratls_verifier *v, bytes collateral)
{
    ratls_error e = {.text = ""};
    if (ratls_verifier_add_collateral(v, collateral, &e) != RATLS_OK)
        fail_msg("%s", e.text);
}

static ratls_verifier *verifier_of(const setup *s)
{
    ratls_error e = {.text = ""};
    ratls_verifier *v = ratls_verifier_new();
    assert_non_null(v);
    assert_int_equal(ratls_verifier_set_root(v, s->root, &e), RATLS_OK);
    assert_int_equal(ratls_verifier_set_policy(v, s->policy, &e), RATLS_OK);
    for (size_t i = 0; i < s->n; i++)
        add(v, s->added[i]);
    set_source(v, s->gets_crls);
    return v;
}

static ratls_code judge(const ratls_verifier *v, bytes der, int64_t time, ratls_result *r)
{
    ratls_error e;
    const ratls_verify_options o = {.time = time, .time_is_explicit = true, .skew_seconds = 60};
    return ratls_verify_certificate(v, der, &o, r, &e);
}

/* By `warm`, and by one that is set up alike and new. */
static ratls_code same_verdict(const char *name, const setup *s, const ratls_verifier *warm,
                               bytes der, int64_t time)
{
    ratls_verifier *cold = verifier_of(s);
    ratls_result *a = ratls_result_new(), *b = ratls_result_new();
    ratls_code code = judge(cold, der, time, b);
    if (judge(warm, der, time, a) != code)
        fail_msg("%s: not %s (%s)", name, ratls_code_name(code),
                 ratls_result_failure(a) != NULL ? ratls_result_failure(a)->text : "accepted");
    must_equal(name, a, b);
    ratls_result_free(&a);
    ratls_result_free(&b);
    ratls_verifier_free(&cold);
    return code;
}

/* Another platform of the same kind; "…" is what is wrong with it. */
static vendor platform_of(const vendor *first, const char *what)
{
    vendor v = *first;
    uint8_t *report = v.quote.qe_report, *body = v.quote.body;
    v.pck.key = key_named(KEY_TYPE_P256, "second platform");
    v.pck.serial = bytes_text("\x41 second platform");
    v.pck_ext.ppid[0] ^= 1;
    if (strcmp(what, "revoked") == 0)
        v.pck.serial = bytes_text("\x41 revoked platform");
    else if (strcmp(what, "PCE-ID") == 0)
        v.pck_ext.pce_id[1] ^= 1;
    else if (strcmp(what, "FMSPC") == 0)
        v.pck_ext.fmspc[5] ^= 1;
    else if (strcmp(what, "leaf ahead") == 0)
        v.pck.not_before = v.now + DAY;
    else if (strcmp(what, "leaf expired") == 0)
        v.pck.not_after = v.now - DAY;
    else if (strcmp(what, "leaf forged") == 0)
        v.pck.signer = other_key();
    else if (strcmp(what, "leaf broken") == 0)
        v.pck.break_signature = true;
    else if (strcmp(what, "CA forged") == 0)
        v.ca.signer = other_key();
    else if (strcmp(what, "CA of that name") == 0)
        v.pck.signer = v.ca.key = other_key();
    else if (strcmp(what, "other CA") == 0)
        vendor_use_ca(&v, !v.pck_ext.platform);
    else if (strcmp(what, "no FMSPC") == 0)
        v.pck_ext.omit = 1u << 4;
    else if (strcmp(what, "QE signature") == 0)
        v.quote.qe_signature = bytes_of(arena_alloc(64), 64);
    else if (strcmp(what, "QE key") == 0)
        v.quote.pck_key = other_key();
    else if (strcmp(what, "QE MRSIGNER") == 0)
        report[SGX_AT_MRSIGNER] ^= 1;
    else if (strcmp(what, "QE report data") == 0)
        v.quote.qe_report_data_given = true;
    else if (strcmp(what, "QE out of date") == 0)
        report[SGX_AT_ISVSVN] = 6;
    else if (strcmp(what, "QE of no level") == 0)
        report[SGX_AT_ISVSVN] = 1;
    else if (strcmp(what, "component") == 0)
        v.pck_ext.components[0]--;
    else if (strcmp(what, "PCESVN") == 0)
        v.pck_ext.pcesvn = 0;
    else if (strcmp(what, "quote signature") == 0)
        v.quote.signature = bytes_of(arena_alloc(64), 64);
    else if (strcmp(what, "attestation key") == 0)
        v.quote.attestation_key = other_key();
    else if (strcmp(what, "no point") == 0)
        v.quote.attestation_point = bytes_of(arena_alloc(64), 64);
    else if (strcmp(what, "module unknown") == 0)
        body[TD_AT_TEE_TCB_SVN + 1] = 2;
    else if (strcmp(what, "MRSIGNERSEAM") == 0)
        body[TD_AT_MRSIGNERSEAM] ^= 1;
    else
        MUST(what[0] == '\0');
    return v;
}

static const char *const worlds[] = {"sgx3", "sgx4", "tdx4", "tdx15"};

static setup setup_of(const vendor *v)
{
    vendor serves = *v;
    cert_spec revoked = v->pck;
    revoked.serial = bytes_text("\x41 revoked platform");
    crl_revoke(&serves.pck_crl, &revoked);
    return (setup){.root = vendor_root(v),
                   .policy = hostile_policy(v),
                   .added = {vendor_collateral_json(&serves)},
                   .n = 1};
}

/* Three signatures instead of all give what all give, refusals word by word. */
static void a_new_platform_of_known_collateral(void **state)
{
    (void)state;
    static const struct {
        const char *what, *check;
    } cases[] = {
        {"", ""},
        {"revoked", "pck.revocation"},
        {"PCE-ID", "tcb_info.match"},
        {"FMSPC", "collateral.present"},
        {"leaf ahead", "pck.validity"},
        {"leaf expired", "policy.expiry"},
        {"leaf forged", "pck.chain"},
        {"leaf broken", "pck.chain"},
        {"CA forged", "pck.chain"},
        {"CA of that name", "pck_crl"},
        {"other CA", "pck_crl"},
        {"no FMSPC", "pck.format"},
        {"QE signature", "qe_report.signature"},
        {"QE key", "qe_report.signature"},
        {"QE MRSIGNER", "qe_identity.match"},
        {"QE report data", "qe_report.data"},
        {"QE out of date", "policy.tcb_status"},
        {"QE of no level", "tcb.level"},
        {"component", "policy.tcb_status"},
        {"PCESVN", "tcb.level"},
        {"quote signature", "quote.signature"},
        {"attestation key", ""},
        {"no point", "quote.signature"},
        {"module unknown", "tdx_module"},
        {"MRSIGNERSEAM", "tdx_module"},
    };
    ratls_result *r = ratls_result_new();
    for (size_t i = 0; i < sizeof worlds / sizeof *worlds; i++) {
        vendor v = world_of(worlds[i]);
        setup s = setup_of(&v);
        bytes first = staple_certificate(&v, "one", BYTES_NONE);
        for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
            const char *what = cases[k].what;
            if (v.quote.tee == QUOTE_SGX && strcmp(cases[k].check, "tdx_module") == 0)
                continue;
            arena_mark mark = arena_here();
            vendor second = platform_of(&v, what);
            bytes der = staple_certificate(&second, "two", BYTES_NONE);
            ratls_verifier *warm = verifier_of(&s);
            assert_int_equal(judge(warm, first, VENDOR_T0, r), RATLS_OK);
            (void)same_verdict(what, &s, warm, der, VENDOR_T0);
            (void)judge(warm, der, VENDOR_T0, r);
            const char *check = ratls_result_failure(r) != NULL ? ratls_result_failure(r)->id : "";
            if (strcmp(check, cases[k].check) != 0)
                fail_msg("%s, %s: %s (%s), expected %s", worlds[i], what, check,
                         ratls_result_failure(r) != NULL ? ratls_result_failure(r)->text : "",
                         cases[k].check);
            /* Again, and with another certificate, and the first one is as before. */
            bytes other = staple_certificate(&second, "three", BYTES_NONE);
            for (int64_t t = -40 * DAY; t <= 40 * DAY; t += 8 * DAY) {
                (void)same_verdict(what, &s, warm, der, VENDOR_T0 + t);
                (void)same_verdict(what, &s, warm, other, VENDOR_T0 + t);
            }
            assert_int_equal(same_verdict(what, &s, warm, first, VENDOR_T0), RATLS_OK);
            ratls_verifier_free(&warm);
            arena_back(mark);
        }
    }
    ratls_result_free(&r);
}

/* Of a platform that is known, what differs from quote to quote is judged all the same. */
static void other_quotes_of_a_known_platform(void **state)
{
    (void)state;
    static const char *const what[] = {"module unknown", "MRSIGNERSEAM",    "module none",
                                       "debug",          "quote signature", "report"};
    ratls_result *r = ratls_result_new();
    for (size_t i = 0; i < sizeof worlds / sizeof *worlds; i++)
        for (size_t k = 0; k < sizeof what / sizeof *what; k++) {
            arena_mark mark = arena_here();
            vendor v = world_of(worlds[i]), other = v;
            uint8_t *body = other.quote.body;
            bool tdx = v.quote.tee == QUOTE_TDX;
            if (k < 2 && tdx)
                other.quote = platform_of(&v, what[k]).quote;
            else if (k == 2 && tdx)
                body[TD_AT_TEE_TCB_SVN] = 1;
            else if (k == 3)
                body[tdx ? TD_AT_TDATTRIBUTES : SGX_AT_ATTRIBUTES] ^= tdx ? 1 : 2;
            else if (k == 4)
                other.quote.signature = bytes_of(arena_alloc(64), 64);
            else if (k == 5)
                body[tdx ? TD_AT_MRTD : SGX_AT_MRENCLAVE] ^= 1;
            setup s = setup_of(&v);
            bytes first = staple_certificate(&v, "one", BYTES_NONE);
            bytes der = staple_certificate(&other, "two", BYTES_NONE);
            ratls_verifier *warm = verifier_of(&s);
            assert_int_equal(judge(warm, first, VENDOR_T0, r), RATLS_OK);
            ratls_code code = same_verdict(what[k], &s, warm, der, VENDOR_T0);
            assert_int_equal(code == RATLS_OK, k < 3 && !tdx);
            (void)same_verdict(what[k], &s, warm, der, VENDOR_T0);
            ratls_verifier_free(&warm);
            arena_back(mark);
        }
    ratls_result_free(&r);
}

static uint32_t next_of(uint32_t *seed, uint32_t n)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % n;
}

/* Whatever is verified and added in whatever order. */
static void in_any_order(void **state)
{
    (void)state;
    static const char *const held[] = {"",
                                       "h.all:+1",
                                       "h.all:-1",
                                       "h.pck:+2",
                                       "h.root:+2",
                                       "h.tcb:+2 h.tcb:#21",
                                       "h.qe:+2 h.qe:#19",
                                       "h.tcb:+3 h.tcb:OutOfDate",
                                       "h.pck:+20000 h.pck:forged",
                                       "h.root:+20000 h.root:forged",
                                       "h.pck:+4 h.pck:revokes h.tcb:none",
                                       "h.pck:+5",
                                       "h.root:+6 h.root:revokes h.qe:none",
                                       "h.root:+7",
                                       "h.all:future",
                                       "h.tcb:expired h.tcb:+8",
                                       "h.tcb:other h.pck:other",
                                       "h.tcb:+9 h.tcb:forged h.pck:none",
                                       "h.tcb:+10",
                                       "h.tcb:garbage",
                                       "h.pck:garbage"};
    static const char *const stapled[] = {"s",
                                          "",
                                          "s.all:+1",
                                          "s.all:-1",
                                          "s.pck:+3",
                                          "s.root:+9",
                                          "s.tcb:+5 s.tcb:#20",
                                          "s.tcb:+11 s.pck:+11",
                                          "s.pck:+12 s.pck:revokes",
                                          "s.tcb:+13 s.tcb:forged",
                                          "s.pck:+14 s.pck:forged",
                                          "s.tcb:other",
                                          "s.all:future",
                                          "s.qe:+15 s.qe:OutOfDate"};
    enum { CERTIFICATES = sizeof stapled / sizeof *stapled, HELD = sizeof held / sizeof *held };
    static const int64_t times[] = {0,    0,        0,           0,        60,
                                    HOUR, 2 * HOUR, -DAY - HOUR, 28 * DAY, 31 * DAY};
    static const char *const names[] = {"sgx3", "tdx4"};
    size_t accepted = 0, refused = 0;
    for (size_t i = 0; i < 2; i++)
        for (uint32_t round = 0; round < 6; round++) {
            arena_mark mark = arena_here();
            uint32_t seed = round * 77 + (uint32_t)i;
            vendor v = world_of(names[i]), second = platform_of(&v, "");
            bytes strict = hostile_policy(&v);
            bytes lax =
                text_replaced(strict, "\"accept\"", "\"insecure_stapled_crls\": true, \"accept\"");
            setup s = {.root = vendor_root(&v), .policy = strict};
            ratls_verifier *warm = verifier_of(&s);
            bytes certificates[2][CERTIFICATES];
            for (size_t k = 0; k < CERTIFICATES; k++) {
                bytes text = arena_format("%s %s", names[i], stapled[k]);
                bytes value = k == 0 ? BYTES_NONE : staple_value(&v, (const char *)text.p);
                certificates[0][k] = staple_certificate(&v, "one", value);
                certificates[1][k] = staple_certificate(&second, "two", value);
            }
            for (int step = 0; step < 120; step++) {
                ratls_error e;
                arena_mark here = arena_here();
                uint32_t what = next_of(&seed, 16);
                if (what < 3 && s.n < ADDED_MAX) {
                    const char *change =
                        held[s.n == 0 && round % 2 == 0 ? 0 : next_of(&seed, HELD)];
                    bytes text = arena_format("%s %s", names[i], change);
                    s.added[s.n] = staple_held(&v, (const char *)text.p);
                    add(warm, s.added[s.n++]);
                    continue; /* and keep it */
                }
                if (what == 3) {
                    s.policy = next_of(&seed, 2) == 0 ? strict : lax;
                    assert_int_equal(ratls_verifier_set_policy(warm, s.policy, &e), RATLS_OK);
                }
                if (what == 4) {
                    s.gets_crls = next_of(&seed, 2) == 0;
                    set_source(warm, s.gets_crls);
                }
                uint32_t k = next_of(&seed, CERTIFICATES);
                int64_t time = VENDOR_T0 + times[next_of(&seed, sizeof times / sizeof *times)];
                char name[64];
                (void)snprintf(name, sizeof name, "%s, round %u, step %d", names[i], round, step);
                bool ok = same_verdict(name, &s, warm, certificates[next_of(&seed, 2)][k], time) ==
                          RATLS_OK;
                accepted += ok ? 1 : 0;
                refused += ok ? 0 : 1;
                arena_back(here);
            }
            ratls_verifier_free(&warm);
            arena_back(mark);
        }
    print_message("%zu accepted, %zu refused\n", accepted, refused);
    assert_true(accepted > 100 && refused > 100);
}

/* What a peer stapled is the verifier's own from when it is added: the result says so at once. */
static void the_source_of_an_item_may_change(void **state)
{
    (void)state;
    vendor v = world_of("sgx3");
    setup s = {.root = vendor_root(&v), .policy = hostile_policy(&v)};
    ratls_verifier *warm = verifier_of(&s);
    ratls_result *r = ratls_result_new();
    bytes der = staple_certificate(&v, "one", staple_value(&v, "sgx3"));
    bytes other = staple_certificate(&v, "two", staple_value(&v, "sgx3"));
    assert_int_equal(same_verdict("stapled", &s, warm, der, VENDOR_T0), RATLS_OK);
    assert_int_equal(judge(warm, der, VENDOR_T0, r), RATLS_OK);
    assert_int_equal(ratls_result_facts(r)->collateral_from[0], RATLS_ORIGIN_STAPLED);
    s.added[s.n] = staple_held(&v, "sgx3");
    add(warm, s.added[s.n++]);
    assert_int_equal(same_verdict("held", &s, warm, der, VENDOR_T0), RATLS_OK);
    assert_int_equal(same_verdict("held", &s, warm, other, VENDOR_T0), RATLS_OK);
    assert_int_equal(judge(warm, der, VENDOR_T0, r), RATLS_OK);
    assert_int_equal(ratls_result_facts(r)->collateral_from[0], RATLS_ORIGIN_HELD);
    ratls_verifier_free(&warm);
    ratls_result_free(&r);
}

/* A forged list that says it is the newest is passed over; that must not hide one which comes after
 * and revokes, from a certificate that was accepted before. */
static void a_forged_list_hides_no_later_one(void **state)
{
    (void)state;
    static const char *const forged[] = {"sgx3 h.pck:+7200 h.pck:forged",
                                         "sgx3 h.root:+7200 h.root:forged"};
    static const char *const revoking[] = {"sgx3 h.pck:+3600 h.pck:revokes",
                                           "sgx3 h.root:+3600 h.root:revokes"};
    /* One without endorsements; one whose own list is beside the verifier's. */
    static const char *const peers[] = {NULL, "sgx3", "sgx3 s.pck:+10000 s.root:+10000"};
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < 3; k++) {
            vendor v = world_of("sgx3");
            setup s = {.root = vendor_root(&v), .policy = hostile_policy(&v)};
            s.added[s.n++] = staple_held(&v, "sgx3");
            s.added[s.n++] = staple_held(&v, forged[i]);
            ratls_verifier *warm = verifier_of(&s);
            bytes value = k == 0 ? BYTES_NONE : staple_value(&v, peers[k]);
            bytes der = staple_certificate(&v, "one", value);
            for (int n = 0; n < 3; n++)
                assert_int_equal(same_verdict("passed over", &s, warm, der, VENDOR_T0), RATLS_OK);
            s.added[s.n] = staple_held(&v, revoking[i]);
            add(warm, s.added[s.n++]);
            assert_int_equal(same_verdict("revoked", &s, warm, der, VENDOR_T0), RATLS_E_REVOKED);
            ratls_verifier_free(&warm);
        }
}

/* Nor may it take the place of a genuine one that revokes, and then leave the field to an older one
 * that does not. */
static void nor_one_that_came_before(void **state)
{
    (void)state;
    vendor v = world_of("sgx3");
    setup s = {.root = vendor_root(&v), .policy = hostile_policy(&v), .n = 3};
    s.added[0] = staple_held(&v, "sgx3");
    s.added[1] = staple_held(&v, "sgx3 h.pck:+10 h.pck:revokes h.tcb:none h.qe:none h.root:none");
    s.added[2] = staple_held(&v, "sgx3 h.pck:+3600 h.pck:forged h.tcb:none h.qe:none h.root:none");
    ratls_verifier *warm = verifier_of(&s);
    bytes der = staple_certificate(&v, "one", BYTES_NONE);
    ratls_result *r = ratls_result_new();
    for (int i = 0; i < 40; i++) {
        char words[80];
        (void)snprintf(words, sizeof words, "sgx3 h.root:+%d h.tcb:none h.qe:none h.pck:none", i);
        add(warm, staple_held(&v, words));
        if (judge(warm, der, VENDOR_T0, r) == RATLS_OK)
            fail_msg("accepted after %d additions", i + 1);
    }
    ratls_result_free(&r);
    ratls_verifier_free(&warm);
}

/* More collateral than a memo keeps, while it is in use. */
typedef struct job {
    const ratls_verifier *v;
    ratls_verifier *adds; /* NULL: it verifies */
    const bytes *input;
    size_t n, from, wrong;
} job;

static void *work(void *arg)
{
    job *j = arg;
    ratls_error e;
    ratls_result *r = ratls_result_new();
    for (size_t i = 0; i < j->n; i++) {
        bytes in = j->input[(j->from + i) % j->n];
        ratls_code code = j->adds != NULL ? ratls_verifier_add_collateral(j->adds, in, &e)
                                          : judge(j->v, in, VENDOR_T0, r);
        j->wrong += code != RATLS_OK ? 1 : 0;
        j->wrong += j->adds == NULL && !ratls_result_accepted(r) ? 1 : 0;
    }
    ratls_result_free(&r);
    return NULL;
}

static void threads_verify_while_others_add(void **state)
{
    (void)state;
    enum { MANY = 90, THREADS = 6 };
    vendor v = world_of("tdx4"), second = platform_of(&v, "");
    setup s = {.root = vendor_root(&v), .policy = hostile_policy(&v), .n = 1};
    s.added[0] = staple_held(&v, "tdx4");
    ratls_verifier *shared = verifier_of(&s);
    bytes certificates[MANY], sets[MANY];
    for (size_t i = 0; i < MANY; i++) {
        char words[64];
        (void)snprintf(words, sizeof words, "tdx4 s.root:+%zu s.tcb:+%zu", i % 45, i % 7);
        certificates[i] = staple_certificate(i % 2 == 0 ? &v : &second, "one",
                                             i % 9 == 0 ? BYTES_NONE : staple_value(&v, words));
        (void)snprintf(words, sizeof words, "tdx4 h.pck:+%zu h.qe:+%zu", i, i % 5);
        sets[i] = staple_held(&v, words);
    }
    pthread_t threads[THREADS];
    job jobs[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        bool adds = i % 3 == 2;
        jobs[i] = (job){shared, adds ? shared : NULL, adds ? sets : certificates, MANY, 15 * i, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &jobs[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(jobs[i].wrong, 0);
    }
    /* And what comes last counts. */
    ratls_result *r = ratls_result_new();
    add(shared, staple_held(&v, "tdx4 h.pck:+1000 h.pck:revokes"));
    for (size_t i = 0; i < MANY; i += 2) {
        assert_int_equal(judge(shared, certificates[i], VENDOR_T0, r), RATLS_E_REVOKED);
        assert_int_equal(judge(shared, certificates[i + 1], VENDOR_T0, r), RATLS_OK);
    }
    ratls_result_free(&r);
    ratls_verifier_free(&shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_platform_of_known_collateral),
        cmocka_unit_test(other_quotes_of_a_known_platform),
        cmocka_unit_test(in_any_order),
        cmocka_unit_test(the_source_of_an_item_may_change),
        cmocka_unit_test(a_forged_list_hides_no_later_one),
        cmocka_unit_test(nor_one_that_came_before),
        cmocka_unit_test(threads_verify_while_others_add),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
