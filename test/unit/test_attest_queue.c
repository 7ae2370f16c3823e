/* The queue before the source of quotes: what it gives, in which order, and how many wait. */
#include "testing.h"

#include "cert_maker.h"
#include "evidence/endorsements.h"
#include "queue_case.h"
#include "world.h"

#define NOW            VENDOR_T0
#define EACH(i, table) for (size_t i = 0; i < sizeof(table) / sizeof *(table); i++)

static void one_quote(void **state)
{
    (void)state;
    static const struct {
        quote_tee tee;
        unsigned version;
        ratls_tee is;
    } rows[] = {{QUOTE_SGX, 3, RATLS_TEE_SGX}, {QUOTE_TDX, 4, RATLS_TEE_TDX}};
    EACH(i, rows)
    {
        quote_gate g = quote_gate_of(rows[i].tee, rows[i].version);
        g.open = true;
        ratls_attester *a = quote_gate_attester(&g), *b = quote_gate_attester(&g);
        bytes shown, stapled;
        ratls_tee tee;
        ratls_error e;
        told t = {0};
        assert_int_equal(attester_tee(a), RATLS_TEE_NONE);
        quote_job *job = begin(a, 7, &t);
        assert_true(quote_job_wait(job, QUOTE_GATE_LONG));
        assert_true(quote_job_done(job));
        assert_int_equal(take(job, &shown, &stapled, &tee, &e), RATLS_OK);
        check_evidence(shown, claims_no(7));
        assert_int_equal(stapled.n, 0);
        assert_int_equal(tee, rows[i].is);
        assert_int_equal(attester_tee(a), rows[i].is);
        assert_int_equal(ratls_attester_waiting(a), 0);
        quote_job_drop(&job);
        quote_job_drop(&job); /* NULL inside is fine */
        /* A certificate tells it as well. */
        assert_int_equal(attester_tee(b), RATLS_TEE_NONE);
        assert_int_equal(ratls_attester_renew(b, NOW, &e), RATLS_OK);
        assert_int_equal(attester_tee(b), rows[i].is);
        ratls_attester_free(&a);
        ratls_attester_free(&b);
        assert_int_equal(t.n, 1);
    }
}

static void in_order(void **state)
{
    (void)state;
    enum { JOBS = 5 };
    quote_gate g = quote_gate_of(QUOTE_SGX, 3);
    ratls_attester *a = quote_gate_attester(&g);
    quote_job *jobs[JOBS];
    told t[JOBS] = {0};
    for (unsigned i = 0; i < JOBS; i++)
        jobs[i] = begin(a, i, &t[i]);
    for (unsigned i = 0; i < JOBS; i++) {
        UNTIL(quote_gate_asked(&g) == i + 1);
        assert_int_equal(ratls_attester_waiting(a), JOBS - i);
        assert_false(quote_job_done(jobs[i]));
        assert_false(quote_job_wait(jobs[i], 0));
        assert_false(quote_job_wait(jobs[i], 1));
        quote_gate_let(&g, 1);
        assert_true(quote_job_wait(jobs[i], QUOTE_GATE_LONG));
        UNTIL(atomic_load(&t[i].n) == 1);
    }
    for (unsigned i = 0; i < JOBS; i++) {
        assert_true(asked_over(&g, i, i));
        end_well(jobs[i], i);
    }
    ratls_attester_free(&a);
    for (unsigned i = 0; i < JOBS; i++)
        assert_int_equal(t[i].n, 1);
    assert_int_equal(g.asked_n, JOBS);
}

static void bound(void **state)
{
    (void)state;
    static const struct {
        uint32_t given;
        unsigned max;
    } rows[] = {{1, 1}, {2, 2}, {5, 5}, {0, 64}};
    EACH(k, rows)
    {
        quote_gate g = quote_gate_of(QUOTE_SGX, 3);
        ratls_attester_options o = quote_gate_options(&g);
        o.waiting_max = rows[k].given;
        ratls_attester *a = world_attester(&o);
        ratls_error e;
        quote_job *jobs[64];
        unsigned max = rows[k].max;
        for (unsigned i = 0; i < max; i++)
            jobs[i] = begin(a, i, NULL);
        assert_int_equal(ratls_attester_waiting(a), max);
        assert_int_equal(try_begin(a, &e), RATLS_E_LIMIT);
        assert_int_equal(e.code, RATLS_E_LIMIT);
        assert_non_null(strstr(e.text, "busy"));
        UNTIL(quote_gate_asked(&g) == 1);
        assert_int_equal(try_begin(a, &e), RATLS_E_LIMIT); /* the first one still counts */
        if (max > 1) {
            quote_job_drop(&jobs[max - 1]); /* makes room at once */
            assert_int_equal(ratls_attester_waiting(a), max - 1);
            jobs[max - 1] = begin(a, max - 1, NULL);
            assert_int_equal(try_begin(a, &e), RATLS_E_LIMIT);
        }
        quote_gate_let(&g, 1);
        assert_true(quote_job_wait(jobs[0], QUOTE_GATE_LONG));
        assert_int_equal(try_begin(a, &e), RATLS_OK);
        quote_gate_open(&g);
        for (unsigned i = 0; i < max; i++)
            end_well(jobs[i], i);
        ratls_attester_free(&a);
    }
}

static void errors_of_the_source(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        ratls_code fail;
        bool other_data;
        size_t cut, claim;
        ratls_code code;
        const char *says;
    } rows[] = {
        {"device", RATLS_E_SYSTEM, false, 0, 0, RATLS_E_SYSTEM, "gate: the device is gone"},
        {"absent", RATLS_E_MISSING, false, 0, 0, RATLS_E_MISSING, "gate: the device is gone"},
        {"other report data", 0, true, 0, 0, RATLS_E_BINDING, "over report data"},
        {"cut off", 0, false, 1, 0, RATLS_E_MALFORMED, "gate gave no whole quote"},
        {"too long", 0, false, 0, INTEL_QUOTE_MAX + 1, RATLS_E_LIMIT, "a quote of 65537 bytes"},
    };
    EACH(i, rows)
    {
        quote_gate g = quote_gate_of(QUOTE_SGX, 3);
        ratls_attester *a = quote_gate_attester(&g);
        g.fail = rows[i].fail;
        g.other_data = rows[i].other_data;
        g.cut = rows[i].cut;
        g.claim = rows[i].claim;
        told t = {0};
        quote_job *job = begin(a, 1, &t);
        quote_gate_let(&g, 1);
        assert_true(quote_job_wait(job, QUOTE_GATE_LONG));
        bytes shown, stapled;
        ratls_tee tee;
        ratls_error e;
        ratls_code code = take(job, &shown, &stapled, &tee, &e);
        if (code != rows[i].code || strstr(e.text, rows[i].says) == NULL)
            fail_msg("%s: %s, %s", rows[i].name, ratls_code_name(code), e.text);
        assert_int_equal(quote_job_take(job, &shown, &stapled, &tee, NULL), code);
        assert_int_equal(attester_tee(a), RATLS_TEE_NONE);
        quote_job_drop(&job);
        g.fail = RATLS_OK;
        g.other_data = false;
        g.cut = g.claim = 0;
        quote_gate_open(&g);
        end_well(begin(a, 2, NULL), 2); /* the queue goes on */
        ratls_attester_free(&a);
        assert_int_equal(t.n, 1);
    }
}

/* A renewal that waits goes before the jobs that wait, and they before the next renewal. */
static void turns(void **state)
{
    (void)state;
    quote_gate g = quote_gate_of(QUOTE_SGX, 3);
    ratls_attester *a = quote_gate_attester(&g);
    quote_job *jobs[3];
    for (unsigned i = 0; i < 3; i++)
        jobs[i] = begin(a, i, NULL);
    UNTIL(quote_gate_asked(&g) == 1);
    pthread_t first = start(renew, a);
    UNTIL(attester_in_line(a) == 2);
    quote_gate_let(&g, 1); /* job 0 */
    UNTIL(quote_gate_asked(&g) == 2);
    UNTIL(attester_in_line(a) == 2);
    pthread_t second = start(renew, a);
    UNTIL(attester_in_line(a) == 3);
    quote_gate_open(&g);
    end_thread(first);
    end_thread(second);
    for (unsigned i = 0; i < 3; i++)
        end_well(jobs[i], i);
    ratls_attester_free(&a);
    assert_int_equal(g.asked_n, 5);
    assert_true(asked_over(&g, 0, 0));
    assert_false(asked_over(&g, 1, 1)); /* the first renewal */
    assert_true(asked_over(&g, 2, 1));
    assert_false(asked_over(&g, 3, 2)); /* the second */
    assert_true(asked_over(&g, 4, 2));
    assert_false(g.twice_at_once);
}

static void endorsements_of_the_certificate(void **state)
{
    (void)state;
    quote_gate g = quote_gate_of(QUOTE_TDX, 4);
    g.open = true;
    ratls_attester_options o = quote_gate_options(&g);
    o.staple = true;
    ratls_attester *a = world_attester(&o);
    bytes shown, stapled;
    ratls_tee tee;
    ratls_error e;
    end_well(begin(a, 0, NULL), 0); /* no certificate, no endorsements */
    assert_int_equal(ratls_attester_renew(a, NOW, &e), RATLS_OK);
    ratls_credential *first = ratls_attester_certificate(a);
    quote_job *job = begin(a, 1, NULL);
    assert_true(quote_job_wait(job, QUOTE_GATE_LONG));
    assert_int_equal(ratls_attester_renew(a, NOW, &e), RATLS_OK);
    ratls_attester_free(&a);
    assert_int_equal(take(job, &shown, &stapled, &tee, &e), RATLS_OK);
    check_evidence(shown, claims_no(1));
    certificate c;
    assert_int_equal(certificate_parse(ratls_credential_chain(first, 0), &c, &e), RATLS_OK);
    const extension *x = certificate_extension(&c, oid_contents(OID_ENDORSEMENTS));
    assert_non_null(x);
    bytes value = arena_copy(x->value);
    ratls_credential_free(&first); /* the job holds it */
    assert_true(bytes_equal(stapled, value));
    endorsements found;
    assert_int_equal(endorsements_parse(stapled, &found, &e), RATLS_OK);
    quote_job_drop(&job);
}

static void no_endorsements_unless_asked_for(void **state)
{
    (void)state;
    quote_gate g = quote_gate_of(QUOTE_SGX, 3);
    g.open = true;
    ratls_attester *a = quote_gate_attester(&g);
    bytes shown, stapled;
    ratls_tee tee;
    ratls_error e;
    assert_int_equal(ratls_attester_renew(a, NOW, &e), RATLS_OK);
    quote_job *job = begin(a, 1, NULL);
    assert_true(quote_job_wait(job, QUOTE_GATE_LONG));
    assert_int_equal(take(job, &shown, &stapled, &tee, &e), RATLS_OK);
    assert_int_equal(stapled.n, 0);
    quote_job_drop(&job);
    ratls_attester_free(&a);
}

/* A quote of this length. */
static quote_made quote_sized(size_t n)
{
    vendor v = vendor_of(QUOTE_SGX, 3, false, NOW);
    v.quote.cert_data = bytes_of(arena_alloc(1000), 1000);
    size_t rest = n - (vendor_quote(&v, BYTES_NONE).quote.n - 1000);
    v.quote.cert_data = bytes_of(arena_alloc(rest), rest);
    quote_made m = vendor_quote(&v, BYTES_NONE);
    assert_int_equal(m.quote.n, n);
    return m;
}

/* With a quote of this length, with or without endorsements. Tells their length, too. */
static ratls_code answer_with(size_t quote_n, bool staple, size_t *shown_n, size_t *stapled_n,
                              ratls_error *e)
{
    quote_gate g = quote_gate_of(QUOTE_SGX, 3);
    g.open = true;
    ratls_attester_options o = quote_gate_options(&g);
    o.staple = staple;
    ratls_attester *a = world_attester(&o);
    bytes shown, stapled;
    ratls_tee tee;
    assert_int_equal(ratls_attester_renew(a, NOW, e), RATLS_OK);
    g.made = quote_sized(quote_n);
    quote_job *job = begin(a, 1, NULL);
    assert_true(quote_job_wait(job, QUOTE_GATE_LONG));
    ratls_code code = take(job, &shown, &stapled, &tee, e);
    *shown_n = shown.n;
    *stapled_n = stapled.n;
    quote_job_drop(&job);
    ratls_attester_free(&a);
    return code;
}

static void limits(void **state)
{
    (void)state;
    enum { QUOTE = 40000, HEADS = 5 }; /* HEADS: a map, and key and length of the evidence */
    ratls_error e;
    size_t shown_n, stapled_n;
    assert_int_equal(answer_with(QUOTE, true, &shown_n, &stapled_n, &e), RATLS_OK);
    assert_true(stapled_n > 256); /* whose head then takes three bytes, and its key one */
    size_t wrapping = shown_n - QUOTE;
    size_t alone = 65000 - wrapping, with = 65536 - wrapping - HEADS - 4 - stapled_n;

    assert_int_equal(answer_with(alone, false, &shown_n, &stapled_n, &e), RATLS_OK);
    assert_int_equal(shown_n, 65000);
    assert_int_equal(answer_with(alone + 1, false, &shown_n, &stapled_n, &e), RATLS_E_LIMIT);
    assert_non_null(strstr(e.text, "evidence of 65001 bytes"));
    assert_int_equal(answer_with(with, true, &shown_n, &stapled_n, &e), RATLS_OK);
    assert_int_equal(shown_n + stapled_n + HEADS + 4, 65536);
    assert_int_equal(answer_with(with + 1, true, &shown_n, &stapled_n, &e), RATLS_E_LIMIT);
    assert_non_null(strstr(e.text, "an answer of 65537 bytes"));
}

static void claims_of_any_length(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 255, QUOTE_CLAIMS_MAX};
    quote_gate g = quote_gate_of(QUOTE_SGX, 3);
    g.open = true;
    ratls_attester *a = quote_gate_attester(&g);
    EACH(i, lengths)
    {
        bytes claims = bytes_of(arena_alloc(QUOTE_CLAIMS_MAX), lengths[i]);
        bytes shown, stapled;
        ratls_tee tee;
        ratls_error e;
        quote_job *job;
        assert_int_equal(quote_job_begin(a, claims, NULL, NULL, &job, &e), RATLS_OK);
        assert_true(quote_job_wait(job, QUOTE_GATE_LONG));
        assert_int_equal(take(job, &shown, &stapled, &tee, &e), RATLS_OK);
        check_evidence(shown, claims);
        quote_job_drop(&job);
    }
    ratls_attester_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_quote),
        cmocka_unit_test(in_order),
        cmocka_unit_test(bound),
        cmocka_unit_test(errors_of_the_source),
        cmocka_unit_test(turns),
        cmocka_unit_test(endorsements_of_the_certificate),
        cmocka_unit_test(no_endorsements_unless_asked_for),
        cmocka_unit_test(limits),
        cmocka_unit_test(claims_of_any_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
