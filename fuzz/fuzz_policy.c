/* Any bytes as a policy: it is refused with a reason, or it refuses facts that prove nothing. */
#include <stdlib.h>
#include <string.h>

#include "appraise/appraise.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ratls_error e = {.code = RATLS_OK, .text = ""};
    policy *p = policy_new((ratls_bytes){data, size}, &e);
    if (p == NULL) {
        if (e.code == RATLS_OK || e.text[0] == '\0')
            abort();
        return 0;
    }
    static const ratls_tee tees[] = {RATLS_TEE_NONE, RATLS_TEE_SGX, RATLS_TEE_TDX};
    for (size_t i = 0; i < sizeof tees / sizeof *tees; i++) {
        ratls_facts facts;
        check_list checks;
        insecure_list insecure;
        memset(&facts, 0, sizeof facts);
        facts.tee = tees[i];
        checks_init(&checks);
        if (appraise(p, &facts, 0, &checks, &insecure) == RATLS_OK)
            abort();
    }
    policy_free(p);
    return 0;
}
