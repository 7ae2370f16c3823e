#include "show.h"

/* What each one puts into its certificates [Gramine ra_tls_attest.c, RATS-TLS, Open Enclave
 * attest_tls, SGX SDK SampleAttestedTLS]. */
static bool subject_has(const certificate *c, const char *text)
{
    return bytes_find(c->subject, bytes_text(text)) < c->subject.n;
}

static bool has_scheme(const evidence_set *set, evidence_scheme scheme)
{
    for (size_t i = 0; i < set->n; i++)
        if (set->all[i].scheme == scheme)
            return true;
    return false;
}

const char *maker_of(const certificate *c, const evidence_set *set)
{
    if (subject_has(c, "GramineDevelopers") || has_scheme(set, SCHEME_GRAMINE_LEGACY))
        return "Gramine";
    if (subject_has(c, "Inclavare Containers") || has_scheme(set, SCHEME_RATS_TLS_LEGACY))
        return "RATS-TLS";
    if (subject_has(c, "OESDK TLS") || has_scheme(set, SCHEME_OE_REPORT) ||
        has_scheme(set, SCHEME_OE_EVIDENCE))
        return "Open Enclave";
    if (has_scheme(set, SCHEME_SGX_SDK_LEGACY))
        return "Intel SGX SDK";
    return NULL;
}
