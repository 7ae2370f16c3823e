/* The input read as an SGX or TDX quote. */
#include <assert.h>

#include "evidence/intel_quote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    intel_quote q, again;
    ratls_error e = {.text = ""};
    bytes in = bytes_of(data, size);
    if (intel_quote_parse(in, &q, &e) != RATLS_OK) {
        assert(e.code != RATLS_OK && e.text[0] != '\0' && e.offset <= size);
        return 0;
    }
    assert(q.version >= 3 && q.version <= 5 && q.cert_type >= 1 && q.cert_type <= 5);
    assert(q.signature.n == 64 && q.attestation_key.n == 64 && q.qe_signature.n == 64);
    assert(q.report_data.n == 64 && q.qe.report_data.n == 64 && q.qe.raw.n == 384);
    assert(q.body.p + q.body.n == data + q.signed_bytes.n && q.signed_bytes.p == data);
    /* Every byte of the signature data belongs to a field. */
    size_t heads = 4 + 2 + 6 + (q.version > 3 ? 6U : 0U);
    assert(size == q.signed_bytes.n + heads + 64 + 64 + 384 + 64 + q.qe_auth.n + q.cert_data.n +
                       q.trailing.n);
    assert(intel_quote_parse(bytes_of(data, size - q.trailing.n), &again, &e) == RATLS_OK ||
           size - q.trailing.n < INTEL_QUOTE_MIN);
    return 0;
}
