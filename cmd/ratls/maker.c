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

/* Names first: Gramine's older extension is RATS-TLS's too. */
const char *maker_of(const certificate *c, const evidence_set *set)
{
    static const struct {
        const char *subject;
        evidence_scheme scheme;
        const char *maker;
    } makers[] = {
        {"GramineDevelopers", SCHEME_GRAMINE_LEGACY, "Gramine"},
        {"Inclavare Containers", SCHEME_RATS_TLS_LEGACY, "RATS-TLS"},
        {"OESDK TLS", SCHEME_OE_REPORT, "Open Enclave"},
        {"OESDK TLS", SCHEME_OE_EVIDENCE, "Open Enclave"},
        {NULL, SCHEME_SGX_SDK_LEGACY, "Intel SGX SDK"},
    };
    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++)
        if (makers[i].subject != NULL && subject_has(c, makers[i].subject))
            return makers[i].maker;
    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++)
        if (has_scheme(set, makers[i].scheme))
            return makers[i].maker;
    return NULL;
}
