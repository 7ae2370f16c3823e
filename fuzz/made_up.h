#ifndef FUZZ_MADE_UP_H
#define FUZZ_MADE_UP_H

#include <assert.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "ratls/verify.h"

/* A verifier that trusts the root of a made-up vendor, whose keys are not here, and accepts another
 * enclave than those of the seeds. */
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

static inline ratls_verifier *made_up_verifier(void)
{
    ratls_error e;
    ratls_verifier *v = ratls_verifier_new();
    bool ok = v != NULL && ratls_verifier_set_root(v, bytes_text(root), &e) == RATLS_OK &&
              ratls_verifier_set_policy(v, bytes_text(policy), &e) == RATLS_OK;
    assert(ok);
    return v;
}

/* Only what that vendor signed can be genuine, and nothing is accepted. */
static inline void check_refused(ratls_code code, const ratls_error *e, const ratls_result *r)
{
    assert(code != RATLS_OK && e->code == code && e->text[0] != '\0');
    assert(!ratls_result_accepted(r) && ratls_result_failure(r) != NULL);
    assert(ratls_result_failure(r)->code == code);
    if (ratls_result_evidence_valid(r)) {
        const ratls_facts *f = ratls_result_facts(r);
        assert(code == RATLS_E_POLICY && f->tcb_status != RATLS_TCB_NONE);
        assert(f->tee != RATLS_TEE_SGX ||
               (f->sgx.mrenclave[0] == 0xfd && f->sgx.mrenclave[31] == 0x83));
    }
}

#endif
