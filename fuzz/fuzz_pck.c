/* The input as value of the SGX extension of a PCK certificate. */
#include <assert.h>

#include "tee/intel_pck.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};
    static certificate c;
    ratls_pck_facts f;
    ratls_error e = {.text = ""};
    c.extensions_n = 1;
    c.extensions[0].oid = bytes_of(oid, sizeof oid);
    c.extensions[0].value = bytes_of(data, size);
    if (intel_pck_read(&c, &f, &e) != RATLS_OK) {
        assert(e.code == RATLS_E_MALFORMED && e.text[0] != '\0');
        return 0;
    }
    assert(f.sgx_type <= 2);
    assert(f.has_platform || !(f.dynamic_platform || f.cached_keys || f.smt_enabled));
    /* The smallest DER that can hold all mandatory items. */
    assert(size > 16 + 16 + 16 + 6 + 2);
    return 0;
}
