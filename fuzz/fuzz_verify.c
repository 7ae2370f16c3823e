/*
 * End to end: two bytes of length, that many bytes of collateral, then a certificate, judged under
 * the root of a made-up vendor by a policy that names another enclave. Nothing may be accepted, and
 * no evidence may be called valid but what that vendor's keys have signed.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/reader.h"
#include "made_up.h"

static void judge(const ratls_verifier *v, bytes certificate, ratls_result *r)
{
    ratls_error e = {.text = ""};
    const ratls_verify_options o = {.time = TIME, .time_is_explicit = true, .skew_seconds = 300};
    ratls_code code = ratls_verify_certificate(v, certificate, &o, r, &e);
    check_refused(code, &e, r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ratls_error e;
    reader r = rd_of(bytes_of(data, size));
    bytes collateral = rd_take(&r, rd_le16(&r));
    bytes certificate = rd_rest(&r);
    ratls_verifier *v = made_up_verifier();
    ratls_result *result = ratls_result_new();
    assert(result != NULL);
    if (rd_ok(&r)) {
        ratls_code added = ratls_verifier_add_collateral(v, collateral, &e);
        assert(added == RATLS_OK || e.code == added);
        judge(v, certificate, result);
        /* And as what it is not: the same bytes as a bare quote, in any wrapping. */
        const ratls_verify_options o = {.time = TIME, .time_is_explicit = true};
        assert(ratls_verify_quote(v, certificate, &o, result, &e) != RATLS_OK);
    }
    ratls_result_free(&result);
    ratls_verifier_free(&v);
    return 0;
}
