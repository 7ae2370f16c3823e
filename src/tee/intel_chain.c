/* PEM chains of Intel's SGX PKI and the dates they contribute [DCAP 1.2 A1, B2]. */
#include "tee/intel_chain.h"

#include "codec/pem.h"

static bool has_name(const certificate *c, const char *part)
{
    bytes name = name_common(c->subject);
    return bytes_find(name, bytes_text(part)) < name.n;
}

static bool self_issued(const certificate *c)
{
    return bytes_equal(c->subject, c->issuer);
}

/* What Intel demands of every certificate beyond what chain.h does [DCAP 1.2 A1]; NULL, or what is
 * absent. */
static const char *missing_extension(const certificate *c)
{
    return !c->has_basic_constraints                      ? "basicConstraints"
           : !c->has_crl_distribution_points              ? "cRLDistributionPoints"
           : c->authority_key_id.n == 0 && self_issued(c) ? "AuthorityKeyIdentifier of the root"
                                                          : NULL;
}

/* Exactly n certificates, into c->certs. */
static ratls_code read_pem(intel_chain *c, bytes pem, size_t n, const char *what, ratls_error *e)
{
    reader r = rd_of(pem);
    size_t used = 0, count = 0;
    c->leaf = c->issuer = c->root = NULL;
    if (pem.n == 0)
        return refuse(e, RATLS_E_MISSING, 0, "%s: empty, expected %zu certificates in PEM", what,
                      n);
    for (;;) {
        size_t at = r.pos, der_n;
        bytes label;
        int got = pem_next(&r, &label, c->der + used, sizeof c->der - used, &der_n);
        if (got == 0)
            break;
        if (got < 0 || !bytes_is(label, "CERTIFICATE"))
            return refuse(e, RATLS_E_MALFORMED, at,
                          "%s: no PEM certificate at offset %zu (block %zu, expected %zu)", what,
                          at, count + 1, n);
        if (count == n)
            return refuse(e, RATLS_E_MALFORMED, at, "%s: more than %zu certificates", what, n);
        ratls_code code = certificate_parse(bytes_of(c->der + used, der_n), &c->certs[count], e);
        if (code != RATLS_OK) {
            error_prefix(e, "%s, certificate %zu of %zu", what, count + 1, n);
            return code;
        }
        const char *missing = missing_extension(&c->certs[count]);
        if (missing != NULL)
            return refuse(e, RATLS_E_UNTRUSTED, at, "%s, certificate %zu of %zu: %s is absent",
                          what, count + 1, n, missing);
        used += der_n;
        count++;
    }
    if (count != n)
        return refuse(e, RATLS_E_MALFORMED, 0, "%s: %zu certificates, expected %zu", what, count,
                      n);
    return RATLS_OK;
}

static ratls_code assign(const certificate **role, const certificate *c, const char *name,
                         const char *what, ratls_error *e)
{
    if (*role != NULL)
        return refuse(e, RATLS_E_MALFORMED, 0, "%s: two certificates could be the %s", what, name);
    *role = c;
    return RATLS_OK;
}

static ratls_code all_there(const intel_chain *c, bool leaf, const char *issuer, const char *what,
                            ratls_error *e)
{
    const char *absent = c->root == NULL           ? "SGX Root CA"
                         : c->issuer == NULL       ? issuer
                         : leaf && c->leaf == NULL ? "SGX PCK Certificate"
                                                   : NULL;
    if (absent != NULL)
        return refuse(e, RATLS_E_UNTRUSTED, 0, "%s: no certificate has \"%s\" in its common name",
                      what, absent);
    return RATLS_OK;
}

ratls_code intel_chain_read_pck(intel_chain *c, bytes pem, const char *what, ratls_error *e)
{
    ratls_code code = read_pem(c, pem, 3, what, e);
    for (size_t i = 0; code == RATLS_OK && i < 3; i++) {
        const certificate *one = &c->certs[i];
        if (self_issued(one))
            code = has_name(one, "SGX Root CA") ? assign(&c->root, one, "root", what, e) : RATLS_OK;
        else if (has_name(one, "SGX PCK Certificate"))
            code = assign(&c->leaf, one, "PCK certificate", what, e);
        else if (has_name(one, "CA"))
            code = assign(&c->issuer, one, "PCK CA", what, e);
    }
    return code == RATLS_OK ? all_there(c, true, "CA", what, e) : code;
}

ratls_code intel_chain_read_issuer(intel_chain *c, bytes pem, const char *name, const char *what,
                                   ratls_error *e)
{
    ratls_code code = read_pem(c, pem, 2, what, e);
    for (size_t i = 0; code == RATLS_OK && i < 2; i++) {
        const certificate *one = &c->certs[i];
        if (self_issued(one))
            code = has_name(one, "SGX Root CA") ? assign(&c->root, one, "root", what, e) : RATLS_OK;
        else if (has_name(one, name))
            code = assign(&c->issuer, one, name, what, e);
    }
    return code == RATLS_OK ? all_there(c, false, name, what, e) : code;
}

void intel_dates_add(intel_dates *d, int64_t issue, int64_t expiration)
{
    if (!d->any || issue < d->earliest_issue)
        d->earliest_issue = issue;
    if (!d->any || issue > d->latest_issue)
        d->latest_issue = issue;
    if (!d->any || expiration < d->earliest_expiration)
        d->earliest_expiration = expiration;
    d->any = true;
}

bool intel_is_processor_ca(bytes name)
{
    bytes ca = name_common(name);
    return bytes_find(ca, bytes_text("Processor")) < ca.n;
}

void intel_dates_merge(intel_dates *d, const intel_dates *more)
{
    if (!more->any)
        return;
    intel_dates_add(d, more->earliest_issue, more->earliest_expiration);
    if (more->latest_issue > d->latest_issue)
        d->latest_issue = more->latest_issue;
}
