/*
 * Which evidence a certificate or a request carries. Only the OID of an extension decides; the same
 * bytes in a name or inside another extension's value mean nothing.
 */
#include "evidence/evidence.h"

#include "evidence/dice.h"
#include "evidence/legacy.h"

/* 2.23.133.5.4.9 and .2 [RATLS certificate format] */
static const uint8_t oid_evidence[] = {0x67, 0x81, 0x05, 0x05, 0x04, 0x09};
static const uint8_t oid_endorsements[] = {0x67, 0x81, 0x05, 0x05, 0x04, 0x02};
static const uint8_t oid_subject_alt_name[] = {0x55, 0x1d, 0x11};

#define OID(a) bytes_of(a, sizeof(a))

const char *evidence_scheme_name(evidence_scheme scheme)
{
    switch (scheme) {
    case SCHEME_NONE:
        return "none";
    case SCHEME_INTEROPERABLE:
        return "interoperable";
    case SCHEME_GRAMINE_LEGACY:
        return "gramine-legacy";
    case SCHEME_SGX_SDK_LEGACY:
        return "sgx-sdk-legacy";
    case SCHEME_RATS_TLS_LEGACY:
        return "rats-tls-legacy";
    case SCHEME_OE_REPORT:
        return "open-enclave-report";
    case SCHEME_OE_EVIDENCE:
        return "open-enclave-evidence";
    case SCHEME_OTHER:
        return "other";
    }
    return "none";
}

/* An error inside an extension's value, told by its place in the certificate. */
static ratls_code within(const certificate *c, bytes value, ratls_code code, ratls_error *e)
{
    if (code != RATLS_OK && e != NULL && value.n > 0)
        e->offset += (size_t)(value.p - c->der.p);
    return code;
}

static ratls_code add(const certificate *c, evidence_set *set, const evidence *found, bytes oid,
                      ratls_error *e)
{
    if (set->n == EVIDENCE_MAX)
        return refuse(e, RATLS_E_LIMIT, 0,
                      "%s: more than %d pieces of evidence, at most so many are read",
                      certificate_what(c), EVIDENCE_MAX);
    set->all[set->n] = *found;
    set->all[set->n].oid = oid;
    set->n++;
    return RATLS_OK;
}

static ratls_code find_common(const certificate *c, evidence_set *set, ratls_error *e)
{
    const extension *x = certificate_extension(c, OID(oid_endorsements));
    if (x != NULL) {
        reader r;
        ratls_code code = dice_open(x->value, "endorsements", &r, e);
        if (code != RATLS_OK)
            return within(c, x->value, code, e);
        set->endorsements = rd_rest(&r);
    }
    x = certificate_extension(c, OID(oid_evidence));
    if (x == NULL)
        return RATLS_OK;
    evidence found;
    ratls_code code = evidence_parse(x->value, &found, e);
    return code == RATLS_OK ? add(c, set, &found, x->oid, e) : within(c, x->value, code, e);
}

static const extension *find_carried(const certificate *c, const legacy_carrier *carrier)
{
    for (size_t i = 0; i < c->extensions_n; i++)
        if (legacy_carries(carrier, c->extensions[i].oid))
            return &c->extensions[i];
    return NULL;
}

/* In the order of choice; quotes first, then what can't be judged. */
static ratls_code find_older(const certificate *c, bool judged, evidence_set *set, ratls_error *e)
{
    size_t n;
    const legacy_carrier *carriers = legacy_carriers(&n);
    unsigned groups = 0;
    for (size_t i = 0; i < n; i++) {
        const extension *x = find_carried(c, &carriers[i]);
        if (x == NULL || (groups & 1u << carriers[i].group) != 0)
            continue;
        evidence found;
        ratls_code code = legacy_read(&carriers[i], x->value, &found, e);
        if (code == RATLS_E_MISSING)
            continue;
        if (code != RATLS_OK)
            return within(c, x->value, code, e);
        if (judged != (found.kind == EVIDENCE_INTEL_QUOTE))
            continue;
        code = add(c, set, &found, x->oid, e);
        if (code != RATLS_OK)
            return code;
        if (carriers[i].group != 0)
            groups |= 1u << carriers[i].group;
    }
    return RATLS_OK;
}

/* evervault puts a Nitro document as hex, then the host's name, into a dNSName [RFC 5280 4.2.1.6].
 * These digits begin each one: COSE_Sign1, protected header {1: -35}. */
static bytes nitro_in_names(bytes value)
{
    reader r = rd_of(value);
    reader names = der_enter(&r, DER_SEQUENCE);
    while (rd_left(&names) > 0) {
        unsigned tag = 0;
        reader whole = rd_of(der_element(&names, &tag));
        if (tag != DER_CONTEXT(2))
            continue;
        bytes name = der_take(&whole, tag);
        if (!bytes_starts(name, "8444a1013822a0"))
            continue;
        name.n = bytes_find(name, bytes_text("."));
        return name;
    }
    return BYTES_NONE;
}

static ratls_code find_nitro(const certificate *c, evidence_set *set, ratls_error *e)
{
    const extension *x = certificate_extension(c, OID(oid_subject_alt_name));
    if (x == NULL)
        return RATLS_OK;
    evidence found = {
        .scheme = SCHEME_OTHER,
        .kind = EVIDENCE_OTHER,
        .what = "AWS Nitro document as hex in a name of the certificate (evervault)",
        .payload = nitro_in_names(x->value),
    };
    return found.payload.n > 0 ? add(c, set, &found, x->oid, e) : RATLS_OK;
}

static bool named_like_rats_tls(const certificate *c)
{
    return bytes_is(name_common(c->subject), "RATS-TLS") &&
           bytes_find(c->subject, bytes_text("Inclavare Containers")) < c->subject.n;
}

static ratls_code refuse_none(const certificate *c, ratls_error *e)
{
    if (named_like_rats_tls(c))
        return refuse(e, RATLS_E_MISSING, 0,
                      "%s: no evidence; it is named like RATS-TLS's, so it comes from an attester "
                      "that makes no evidence (nullattester)",
                      certificate_what(c));
    size_t n;
    const legacy_carrier *carriers = legacy_carriers(&n);
    for (size_t i = 0; i < n; i++) {
        const extension *x = find_carried(c, &carriers[i]);
        if (x != NULL && carriers[i].scheme == SCHEME_SGX_SDK_LEGACY)
            return refuse(e, RATLS_E_MISSING, 0,
                          "%s: no evidence; it is a PCK certificate, whose extension "
                          "1.2.840.113741.1.13.1 describes a platform and holds no quote",
                          certificate_what(c));
    }
    return refuse(e, RATLS_E_MISSING, 0,
                  "%s: no evidence among its %zu extensions, expected 2.23.133.5.4.9 or an older "
                  "one",
                  certificate_what(c), c->extensions_n);
}

ratls_code evidence_find(const certificate *c, evidence_set *set, ratls_error *e)
{
    memset(set, 0, sizeof *set);
    ratls_code code = find_common(c, set, e);
    if (code == RATLS_OK)
        code = find_older(c, true, set, e);
    if (code == RATLS_OK)
        code = find_older(c, false, set, e);
    if (code == RATLS_OK)
        code = find_nitro(c, set, e);
    if (code == RATLS_OK && set->n == 0)
        code = refuse_none(c, e);
    return code;
}
