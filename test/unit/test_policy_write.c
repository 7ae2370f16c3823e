#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "appraise/appraise.h"
#include "base/bytes.h"
#include "ratls/policy.h"

#define NOW      1700000000
#define TEXT_CAP 8192

/* Each byte of a field is its seed + i, so no two fields are alike. */
static void fill(uint8_t *out, size_t n, uint8_t seed)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(seed + i);
}

static void sgx_facts(ratls_facts *f)
{
    memset(f, 0, sizeof *f);
    f->tee = RATLS_TEE_SGX;
    f->tcb_status = RATLS_TCB_UP_TO_DATE;
    fill(f->sgx.mrenclave, 32, 0x10);
    fill(f->sgx.mrsigner, 32, 0x20);
    f->sgx.isv_prod_id = 65535;
    f->sgx.isv_svn = 0x0304;
    memcpy(f->sgx.attributes, "\x85\0\0\0\0\0\0\0\xe7\0\0\0\0\0\0\0", 16); /* INIT MODE64 KSS */
    f->sgx.misc_select = 1;
    fill(f->sgx.config_id, 64, 0x30);
}

static void tdx_facts(ratls_facts *f)
{
    memset(f, 0, sizeof *f);
    f->tee = RATLS_TEE_TDX;
    f->tcb_status = RATLS_TCB_UP_TO_DATE;
    fill(f->tdx.mrseam, 48, 1);
    memcpy(f->tdx.td_attributes, "\0\0\0\x10\0\0\0\0", 8); /* SEPT_VE_DISABLE */
    memcpy(f->tdx.xfam, "\xe7\0\x06\0\0\0\0\0", 8);
    fill(f->tdx.mrtd, 48, 2);
    for (size_t i = 0; i < 4; i++)
        fill(f->tdx.rtmr[i], 48, (uint8_t)(3 + i));
    fill(f->tdx.mrconfigid, 48, 7);
    fill(f->tdx.mrowner, 48, 8);
    fill(f->tdx.mrownerconfig, 48, 9);
    f->tdx.has_td15 = true;
    fill(f->tdx.mrservicetd, 48, 10);
}

static policy *written(const ratls_facts *facts, bool verified, char text[TEXT_CAP])
{
    size_t n = 0;
    ratls_error e = {.text = ""};
    assert_int_equal(ratls_policy_write(text, TEXT_CAP, &n, facts, verified, &e), RATLS_OK);
    assert_int_equal(strlen(text), n);
    policy *p = policy_new(bytes_of(text, n), &e);
    if (p == NULL)
        fail_msg("%s\n%s", e.text, text);
    return p;
}

static ratls_code judged(const policy *p, const ratls_facts *facts, check_id *failed)
{
    check_list checks;
    insecure_list insecure;
    checks_init(&checks);
    ratls_code code = appraise(p, facts, NOW, &checks, &insecure);
    const ratls_check *first = checks_failure(&checks);
    *failed = first != NULL ? (check_id)(first - checks.all) : CHECK_COUNT;
    assert_int_equal(insecure.n, 0);
    return code;
}

static const struct {
    const char *name;
    void (*base)(ratls_facts *);
    size_t offset, width;
    check_id check;
} compared[] = {
    {"mrenclave", sgx_facts, offsetof(ratls_facts, sgx.mrenclave), 32, CHECK_POLICY_IDENTITY},
    {"mrsigner", sgx_facts, offsetof(ratls_facts, sgx.mrsigner), 32, CHECK_POLICY_IDENTITY},
    {"isv_prod_id", sgx_facts, offsetof(ratls_facts, sgx.isv_prod_id), 2, CHECK_POLICY_IDENTITY},
    {"config_id", sgx_facts, offsetof(ratls_facts, sgx.config_id), 64, CHECK_POLICY_IDENTITY},
    {"attributes", sgx_facts, offsetof(ratls_facts, sgx.attributes), 16, CHECK_POLICY_ATTRIBUTES},
    {"misc_select", sgx_facts, offsetof(ratls_facts, sgx.misc_select), 4, CHECK_POLICY_ATTRIBUTES},
    {"mrtd", tdx_facts, offsetof(ratls_facts, tdx.mrtd), 48, CHECK_POLICY_IDENTITY},
    {"rtmr", tdx_facts, offsetof(ratls_facts, tdx.rtmr), 192, CHECK_POLICY_IDENTITY},
    {"mrsignerseam", tdx_facts, offsetof(ratls_facts, tdx.mrsignerseam), 48, CHECK_POLICY_IDENTITY},
    {"mrconfigid", tdx_facts, offsetof(ratls_facts, tdx.mrconfigid), 48, CHECK_POLICY_IDENTITY},
    {"mrowner", tdx_facts, offsetof(ratls_facts, tdx.mrowner), 48, CHECK_POLICY_IDENTITY},
    {"mrownerconfig", tdx_facts, offsetof(ratls_facts, tdx.mrownerconfig), 48,
     CHECK_POLICY_IDENTITY},
    {"mrservicetd", tdx_facts, offsetof(ratls_facts, tdx.mrservicetd), 48, CHECK_POLICY_IDENTITY},
    {"xfam", tdx_facts, offsetof(ratls_facts, tdx.xfam), 8, CHECK_POLICY_ATTRIBUTES},
    {"td_attributes", tdx_facts, offsetof(ratls_facts, tdx.td_attributes), 8,
     CHECK_POLICY_ATTRIBUTES},
};

/* Debug bits are left out of the masks; they are refused all the same. */
static check_id expected_check(size_t i, size_t bit)
{
    bool sgx_debug = compared[i].offset == offsetof(ratls_facts, sgx.attributes) && bit == 1;
    bool tud = compared[i].offset == offsetof(ratls_facts, tdx.td_attributes) && bit < 8;
    return sgx_debug || tud ? CHECK_POLICY_DEBUG : compared[i].check;
}

static void every_flipped_bit_is_refused(void **state)
{
    (void)state;
    size_t flips = 0;
    for (size_t i = 0; i < sizeof compared / sizeof *compared; i++) {
        ratls_facts facts;
        char text[TEXT_CAP];
        check_id failed;
        compared[i].base(&facts);
        policy *p = written(&facts, true, text);
        assert_int_equal(judged(p, &facts, &failed), RATLS_OK);
        uint8_t *field = (uint8_t *)&facts + compared[i].offset;
        for (size_t bit = 0; bit < 8 * compared[i].width; bit++) {
            field[bit / 8] ^= (uint8_t)(1U << bit % 8);
            if (judged(p, &facts, &failed) != RATLS_E_POLICY || failed != expected_check(i, bit))
                fail_msg("%s: bit %zu: check %d", compared[i].name, bit, (int)failed);
            field[bit / 8] ^= (uint8_t)(1U << bit % 8);
            flips++;
        }
        assert_int_equal(judged(p, &facts, &failed), RATLS_OK);
        policy_free(p);
    }
    print_message("%zu flips\n", flips);
}

static void an_older_svn_is_refused_and_a_newer_one_is_not(void **state)
{
    (void)state;
    ratls_facts facts;
    char text[TEXT_CAP];
    check_id failed;
    sgx_facts(&facts);
    policy *p = written(&facts, true, text);
    facts.sgx.isv_svn--;
    assert_int_equal(judged(p, &facts, &failed), RATLS_E_POLICY);
    assert_int_equal(failed, CHECK_POLICY_IDENTITY);
    facts.sgx.isv_svn += 2;
    assert_int_equal(judged(p, &facts, &failed), RATLS_OK);
    policy_free(p);
}

static void bad_facts_give_a_policy_that_refuses_them(void **state)
{
    (void)state;
    ratls_facts facts;
    char text[TEXT_CAP];
    check_id failed;

    sgx_facts(&facts);
    facts.tcb_status = RATLS_TCB_OUT_OF_DATE;
    policy *p = written(&facts, true, text);
    assert_int_equal(judged(p, &facts, &failed), RATLS_E_POLICY);
    assert_int_equal(failed, CHECK_POLICY_TCB_STATUS);
    policy_free(p);

    sgx_facts(&facts);
    facts.debug = true;
    facts.sgx.attributes[0] |= 2;
    p = written(&facts, true, text);
    assert_non_null(strstr(text, "debug mode"));
    assert_int_equal(judged(p, &facts, &failed), RATLS_E_POLICY);
    assert_int_equal(failed, CHECK_POLICY_DEBUG);
    facts.debug = false; /* the same enclave without debug is what this policy accepts */
    facts.sgx.attributes[0] &= 0xfd;
    assert_int_equal(judged(p, &facts, &failed), RATLS_OK);
    policy_free(p);

    tdx_facts(&facts);
    facts.debug = true;
    facts.tdx.td_attributes[0] = 1;
    p = written(&facts, true, text);
    assert_int_equal(judged(p, &facts, &failed), RATLS_E_POLICY);
    assert_int_equal(failed, CHECK_POLICY_DEBUG);
    policy_free(p);
}

/* A user who changes this one word means it. */
static void debug_needs_one_change(void **state)
{
    (void)state;
    ratls_facts facts;
    char text[TEXT_CAP];
    sgx_facts(&facts);
    facts.debug = true;
    facts.sgx.attributes[0] |= 2;
    policy_free(written(&facts, true, text));
    char *at = strstr(text, "\"insecure_allow_debug\": false");
    assert_non_null(at);
    memcpy(at + strlen("\"insecure_allow_debug\": "), "true ", 5);
    policy *p = policy_new(bytes_text(text), NULL);
    assert_non_null(p);
    check_list checks;
    insecure_list insecure;
    checks_init(&checks);
    assert_int_equal(appraise(p, &facts, NOW, &checks, &insecure), RATLS_OK);
    assert_int_equal(insecure.n, 1);
    policy_free(p);
}

static void the_comment_says_what_is_unverified(void **state)
{
    (void)state;
    ratls_facts facts;
    char text[TEXT_CAP];
    sgx_facts(&facts);
    policy_free(written(&facts, false, text));
    assert_non_null(strstr(text, "\"comment\": \"UNVERIFIED"));
    facts.debug = true;
    policy_free(written(&facts, false, text));
    assert_non_null(strstr(text, "\"comment\": \"UNVERIFIED"));
    assert_non_null(strstr(text, "debug mode"));
    facts.debug = false;
    policy_free(written(&facts, true, text));
    assert_null(strstr(text, "comment"));
}

static void the_text_is_the_same_each_time(void **state)
{
    (void)state;
    static const char expected[] =
        "{\n"
        "  \"version\": 1,\n"
        "  \"accept\": [\n"
        "    {\n"
        "      \"tee\": \"sgx\",\n"
        "      \"mrenclave\": "
        "[\"101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f\"],\n"
        "      \"mrsigner\": "
        "[\"202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f\"],\n"
        "      \"isv_prod_id\": [65535],\n"
        "      \"min_isv_svn\": 772,\n"
        "      \"attributes\": { \"value\": \"0500000000000000e700000000000000\", \"mask\": "
        "\"fdffffffffffffffffffffffffffffff\" },\n"
        "      \"misc_select\": { \"value\": \"01000000\", \"mask\": \"ffffffff\" }\n"
        "    }\n"
        "  ],\n"
        "  \"tcb\": { \"allow_status\": [\"UpToDate\"] },\n"
        "  \"insecure_allow_debug\": false\n"
        "}\n";
    ratls_facts facts;
    char text[TEXT_CAP];
    sgx_facts(&facts);
    facts.sgx.attributes[0] = 5; /* without KSS there is no CONFIG_ID */
    memset(facts.sgx.config_id, 0, sizeof facts.sgx.config_id);
    policy_free(written(&facts, true, text));
    assert_string_equal(text, expected);
    facts.sgx.config_id[0] = 1;
    policy_free(written(&facts, true, text));
    assert_non_null(strstr(text, "config_id"));
    facts.sgx.config_id[0] = 0;
    facts.sgx.attributes[0] |= 0x80; /* with KSS a CONFIG_ID of zero is one too */
    policy_free(written(&facts, true, text));
    assert_non_null(strstr(text, "config_id"));
}

static void it_measures_and_keeps_within_its_buffer(void **state)
{
    (void)state;
    ratls_facts facts;
    ratls_error e = {.text = ""};
    size_t needed = 0, n = 0;
    tdx_facts(&facts);
    assert_int_equal(ratls_policy_write(NULL, 0, &needed, &facts, true, &e), RATLS_OK);
    char *text = malloc(needed + 1);
    assert_non_null(text);
    for (size_t cap = 0; cap <= needed; cap += cap < needed - 3 ? 97 : 1) {
        n = 0;
        assert_int_equal(ratls_policy_write(text, cap, &n, &facts, true, &e), RATLS_E_LIMIT);
        assert_int_equal(e.code, RATLS_E_LIMIT);
        assert_int_equal(n, needed);
    }
    assert_int_equal(ratls_policy_write(text, needed + 1, &n, &facts, true, &e), RATLS_OK);
    assert_int_equal(text[needed], '\0');
    free(text);
}

static void facts_without_a_tee_have_no_policy(void **state)
{
    (void)state;
    ratls_facts facts;
    ratls_error e = {.text = ""};
    char text[TEXT_CAP];
    size_t n = 0;
    memset(&facts, 0, sizeof facts);
    assert_int_equal(ratls_policy_write(text, sizeof text, &n, &facts, true, &e),
                     RATLS_E_UNSUPPORTED);
    assert_non_null(strstr(e.text, "no TEE is attested"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(an_older_svn_is_refused_and_a_newer_one_is_not),
        cmocka_unit_test(bad_facts_give_a_policy_that_refuses_them),
        cmocka_unit_test(debug_needs_one_change),
        cmocka_unit_test(the_comment_says_what_is_unverified),
        cmocka_unit_test(the_text_is_the_same_each_time),
        cmocka_unit_test(it_measures_and_keeps_within_its_buffer),
        cmocka_unit_test(facts_without_a_tee_have_no_policy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
