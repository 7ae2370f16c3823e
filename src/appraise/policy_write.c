/* Writes a policy that accepts what an attester showed, in the form of ratls-policy(5). */
#include "ratls/policy.h"

#include <assert.h>

#include "appraise/policy_internal.h"
#include "base/hex.h"
#include "base/writer.h"
#include "evidence/sgx_report.h"

static void put(writer *w, const char *text)
{
    wr_put(w, bytes_text(text));
}

static void put_hex(writer *w, bytes b)
{
    char digits[2 * 64 + 1];
    assert(b.n <= 64);
    hex_encode(b, digits);
    put(w, "\"");
    put(w, digits);
    put(w, "\"");
}

static void put_number(writer *w, unsigned v)
{
    char digits[12];
    size_t at = sizeof digits - 1;
    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    put(w, digits + at);
}

/* Debug is left to insecure_allow_debug alone, so a policy made from a debug enclave accepts the
 * same enclave without debug. For a TD the whole TUD group means debug. */
static uint8_t mask_byte(size_t id, size_t i)
{
    if (i == 0 && id == POLICY_ATTRIBUTES)
        return 0xff & ~SGX_ATTRIBUTE_DEBUG;
    if (i == 0 && id == POLICY_TD_ATTRIBUTES)
        return 0;
    return 0xff;
}

static void put_masked(writer *w, size_t id, bytes fact)
{
    uint8_t value[16], mask[16];
    assert(fact.n <= sizeof value);
    for (size_t i = 0; i < fact.n; i++) {
        mask[i] = mask_byte(id, i);
        value[i] = fact.p[i] & mask[i];
    }
    put(w, "{ \"value\": ");
    put_hex(w, bytes_of(value, fact.n));
    put(w, ", \"mask\": ");
    put_hex(w, bytes_of(mask, fact.n));
    put(w, " }");
}

/* The module's own measurement and attributes change with each update of the platform: its identity
 * in the TCB info judges them. CONFIG_ID is in force with KSS only. */
static bool is_written(size_t id, const ratls_facts *facts)
{
    const ratls_sgx_facts *sgx = &facts->sgx;
    if (policy_keys[id].tee != facts->tee || id == POLICY_MRSEAM || id == POLICY_SEAM_ATTRIBUTES)
        return false;
    return id != POLICY_CONFIG_ID || (sgx->attributes[0] & SGX_ATTRIBUTE_KSS) != 0 ||
           !bytes_all_zero(bytes_of(sgx->config_id, sizeof sgx->config_id));
}

static void put_key(writer *w, size_t id, const ratls_facts *facts)
{
    uint8_t number[4];
    const policy_key *key = &policy_keys[id];
    bytes fact = policy_fact(key, facts, number);
    bool list = key->form == FORM_LIST || key->form == FORM_INTEGERS;
    put(w, ",\n      \"");
    put(w, key->name);
    put(w, list ? "\": [" : "\": ");
    if (key->form == FORM_LIST)
        put_hex(w, fact);
    else if (key->form == FORM_INTEGERS || key->form == FORM_MINIMUM)
        put_number(w, fact.p[0] | (unsigned)fact.p[1] << 8);
    else
        put_masked(w, id, fact);
    put(w, list ? "]" : "");
}

static const char *comment_of(const ratls_facts *facts, bool verified)
{
    if (!verified && facts->debug)
        return "UNVERIFIED: nothing has checked that this identity is genuine. It was in debug "
               "mode, which this policy refuses.";
    if (!verified)
        return "UNVERIFIED: nothing has checked that this identity is genuine.";
    if (facts->debug)
        return "This identity was in debug mode, which this policy refuses.";
    return NULL;
}

ratls_code ratls_policy_write(char *out, size_t cap, size_t *n, const ratls_facts *facts,
                              bool verified, ratls_error *error)
{
    if (facts->tee != RATLS_TEE_SGX && facts->tee != RATLS_TEE_TDX)
        return refuse(error, RATLS_E_UNSUPPORTED, 0,
                      "policy: no TEE is attested, so there is no identity to write");
    writer w = wr_of(out, cap);
    const char *comment = comment_of(facts, verified);
    put(&w, "{\n  \"version\": 1,\n");
    if (comment != NULL) {
        put(&w, "  \"comment\": \"");
        put(&w, comment);
        put(&w, "\",\n");
    }
    put(&w, "  \"accept\": [\n    {\n      \"tee\": ");
    put(&w, facts->tee == RATLS_TEE_SGX ? "\"sgx\"" : "\"tdx\"");
    for (size_t id = 0; id < POLICY_KEY_COUNT; id++)
        if (is_written(id, facts))
            put_key(&w, id, facts);
    put(&w, "\n    }\n  ],\n  \"tcb\": { \"allow_status\": [\"UpToDate\"] },\n"
            "  \"insecure_allow_debug\": false\n}\n");
    *n = w.n;
    wr_u8(&w, '\0');
    if (!wr_ok(&w))
        return refuse(error, RATLS_E_LIMIT, 0, "policy: needs %zu bytes, found room for %zu",
                      *n + 1, cap);
    return RATLS_OK;
}
