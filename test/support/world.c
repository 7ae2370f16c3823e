#include "world.h"

#include "base/error.h"
#include "ratls/policy.h"
#include "testing.h"

#define NOW VENDOR_T0

static ratls_code world_quote(void *state, const uint8_t report_data[64], uint8_t *out, size_t cap,
                              size_t *n, ratls_error *e)
{
    world *w = state;
    uint8_t data[64];
    w->quotes++;
    if (w->fail != RATLS_OK)
        return refuse(e, w->fail, 0, "world: the device is gone");
    memcpy(data, report_data, sizeof data);
    data[63] ^= w->other_data ? 1 : 0;
    bytes q = vendor_quote(&w->vendor, bytes_of(data, sizeof data)).quote;
    MUST(q.n + w->trailing <= cap && q.n > w->cut);
    memcpy(out, q.p, q.n);
    memset(out + q.n, 0x5a, w->trailing);
    *n = q.n - w->cut + w->trailing;
    return RATLS_OK;
}

static ratls_code world_collateral(void *state, uint8_t *out, size_t cap, size_t *n, ratls_error *e)
{
    world *w = state;
    if (w->fail_collateral != RATLS_OK)
        return refuse(e, w->fail_collateral, 0, "world: the service is not there");
    bytes c = w->collateral.p != NULL ? w->collateral : vendor_collateral_json(&w->vendor);
    MUST(c.n <= cap);
    memcpy(out, c.p, c.n);
    *n = c.n;
    return RATLS_OK;
}

static void world_free(void *state)
{
    ((world *)state)->freed = true;
}

world world_of(quote_tee tee, unsigned version, bool td15)
{
    return (world){.vendor = vendor_of(tee, version, td15, NOW)};
}

ratls_attester_options world_options(world *w)
{
    return (ratls_attester_options){.source = {.name = "world",
                                               .state = w,
                                               .quote = world_quote,
                                               .collateral = world_collateral,
                                               .free = world_free}};
}

ratls_attester *world_attester(const ratls_attester_options *o)
{
    ratls_error e = {.text = ""};
    ratls_attester *a;
    if (ratls_attester_new(&a, o, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    return a;
}

ratls_credential *world_certificate(const ratls_attester_options *o, int64_t now)
{
    ratls_error e = {.text = ""};
    ratls_attester *a = world_attester(o);
    if (ratls_attester_renew(a, now, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    ratls_credential *c = ratls_attester_certificate(a);
    assert_non_null(c);
    ratls_attester_free(&a);
    assert_null(a);
    return c;
}

ratls_verifier *world_verifier(const vendor *v)
{
    ratls_error e = {.text = ""};
    ratls_verifier *r = ratls_verifier_new();
    ratls_result *result = ratls_result_new();
    MUST(r != NULL && result != NULL);
    assert_int_equal(ratls_verifier_set_root(r, vendor_root(v), &e), RATLS_OK);
    assert_int_equal(ratls_verifier_add_collateral(r, vendor_collateral_json(v), &e), RATLS_OK);
    const ratls_verify_options o = {.time = NOW, .time_is_explicit = true};
    if (ratls_verify_quote(r, vendor_quote(v, BYTES_NONE).quote, &o, result, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    char policy[8192];
    size_t n = 0;
    if (ratls_policy_write(policy, sizeof policy, &n, ratls_result_facts(result), true, &e) !=
        RATLS_OK)
        fail_msg("%s", e.text);
    if (ratls_verifier_set_policy(r, bytes_of(policy, n), &e) != RATLS_OK)
        fail_msg("%s", e.text);
    ratls_result_free(&result);
    return r;
}

ratls_code world_judge(const ratls_verifier *r, bytes der, int64_t now, ratls_error *e)
{
    const ratls_verify_options o = {.time = now, .time_is_explicit = true};
    return ratls_verify_certificate(r, der, &o, NULL, e);
}
