/*
 * End to end: two bytes of length, that many bytes of collateral, then a certificate, judged under
 * the root of a made-up vendor by a policy that names another enclave. Nothing may be accepted, and
 * no evidence may be called valid but what that vendor's keys have signed.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/reader.h"
#include "ratls/verify.h"

static const char root[] = "-----BEGIN CERTIFICATE-----\n"
                           "MIICbTCCAhOgAwIBAgIUWOv3GlSQNH7FV/GRltcQp2pUzXMwCgYIKoZIzj0EAwIw\n"
                           "YTEZMBcGA1UEAwwQVGVzdCBTR1ggUm9vdCBDQTEUMBIGA1UECgwLVGVzdCBWZW5k\n"
                           "b3IxFDASBgNVBAcMC1NhbnRhIENsYXJhMQswCQYDVQQIDAJDQTELMAkGA1UEBhMC\n"
                           "VVMwHhcNMTgwMTAzMDAwMDAwWhcNNDUxMjI3MDAwMDAwWjBhMRkwFwYDVQQDDBBU\n"
                           "ZXN0IFNHWCBSb290IENBMRQwEgYDVQQKDAtUZXN0IFZlbmRvcjEUMBIGA1UEBwwL\n"
                           "U2FudGEgQ2xhcmExCzAJBgNVBAgMAkNBMQswCQYDVQQGEwJVUzBZMBMGByqGSM49\n"
                           "AgEGCCqGSM49AwEHA0IABBN1A+a9NPVQPfpftRZnlMDpUnujH1QRmieuBOBYrkb2\n"
                           "Hqu6DWKMhBDJ8dOAZQbJyn4/FebZYGxlp9DMCvUWAHyjgagwgaUwHwYDVR0jBBgw\n"
                           "FoAU2Ov3GlSQNH7FV/GRltcQp2pUzXMwPwYDVR0fBDgwNjA0oDKgMIYuaHR0cHM6\n"
                           "Ly9jZXJ0aWZpY2F0ZXMuZXhhbXBsZS9UZXN0U0dYUm9vdENBLmRlcjAdBgNVHQ4E\n"
                           "FgQU2Ov3GlSQNH7FV/GRltcQp2pUzXMwDgYDVR0PAQH/BAQDAgEGMBIGA1UdEwEB\n"
                           "/wQIMAYBAf8CAQEwCgYIKoZIzj0EAwIDSAAwRQIhAJCDRLh68GPkoZUBCDbGnI7C\n"
                           "p55HnR4HmGLg/O3CNtTuAiAkS+zeNTseY7aHBs+BLyp14IxIhVErUCxxw0CiQisw\n"
                           "0g==\n"
                           "-----END CERTIFICATE-----\n";

static const char policy[] =
    "{\"version\": 1, \"accept\": [{\"tee\": \"sgx\", \"mrenclave\": "
    "[\"0000000000000000000000000000000000000000000000000000000000000000\"]}],"
    " \"insecure_allow_debug\": true, \"tcb\": {\"allow_status\": [\"UpToDate\", \"OutOfDate\"],"
    " \"expired_grace_seconds\": 4294967295}}";

#define TIME 1767225600 /* 2026-01-01, when the seeds are valid */

static void judge(const ratls_verifier *v, bytes certificate, ratls_result *r)
{
    ratls_error e = {.text = ""};
    const ratls_verify_options o = {.time = TIME, .time_is_explicit = true, .skew_seconds = 300};
    ratls_code code = ratls_verify_certificate(v, certificate, &o, r, &e);
    assert(code != RATLS_OK && e.code == code && e.text[0] != '\0');
    assert(!ratls_result_accepted(r) && ratls_result_failure(r) != NULL);
    assert(ratls_result_failure(r)->code == code);
    if (ratls_result_evidence_valid(r)) {
        /* The keys of that vendor are not here: only what it signed can be genuine. */
        const ratls_facts *f = ratls_result_facts(r);
        assert(code == RATLS_E_POLICY && f->tcb_status != RATLS_TCB_NONE);
        assert(f->tee != RATLS_TEE_SGX ||
               (f->sgx.mrenclave[0] == 0xfd && f->sgx.mrenclave[31] == 0x83));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ratls_error e;
    reader r = rd_of(bytes_of(data, size));
    bytes collateral = rd_take(&r, rd_le16(&r));
    bytes certificate = rd_rest(&r);
    ratls_verifier *v = ratls_verifier_new();
    ratls_result *result = ratls_result_new();
    if (v == NULL || result == NULL || !rd_ok(&r) ||
        ratls_verifier_set_root(v, bytes_text(root), &e) != RATLS_OK ||
        ratls_verifier_set_policy(v, bytes_text(policy), &e) != RATLS_OK) {
        assert(!rd_ok(&r));
    } else {
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
