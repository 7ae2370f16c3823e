/* The input read as a QE identity, which is then held against a report made to fit it. */
#include <assert.h>

#include "tee/intel_qe.h"

static qe_identity q;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ratls_error e = {.text = ""};
    if (qe_identity_parse(bytes_of(data, size), &q, &e) != RATLS_OK) {
        assert(e.code != RATLS_OK && e.text[0] != '\0' && e.offset <= size);
        return 0;
    }
    assert(q.levels_n > 0 && q.levels_n <= QE_LEVELS_MAX);
    for (size_t i = 0; i < q.levels_n; i++) {
        assert(i == 0 || q.levels[i - 1].isv_svn >= q.levels[i].isv_svn);
        ratls_tcb_status s = qe_level_status(&q.levels[i]);
        assert(s == RATLS_TCB_UP_TO_DATE || s == RATLS_TCB_OUT_OF_DATE || s == RATLS_TCB_REVOKED);
    }
    sgx_report fits = {.raw = BYTES_NONE};
    bool possible = true;
    for (unsigned i = 0; i < 4; i++) {
        fits.facts.misc_select |= (uint32_t)q.misc_select[i] << (8 * i);
        possible = possible && (q.misc_select[i] & ~q.misc_select_mask[i]) == 0;
    }
    for (unsigned i = 0; i < 16; i++)
        possible = possible && (q.attributes[i] & ~q.attributes_mask[i]) == 0;
    memcpy(fits.facts.attributes, q.attributes, 16);
    memcpy(fits.facts.mrsigner, q.mrsigner, 32);
    fits.facts.isv_prod_id = q.isv_prod_id;
    assert((qe_identity_check(&q, &fits, &e) == RATLS_OK) == possible);
    fits.facts.mrsigner[0] ^= 1;
    assert(qe_identity_check(&q, &fits, &e) == RATLS_E_UNTRUSTED);
    return 0;
}
