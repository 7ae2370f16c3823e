/* The verifier object: policy, root, CA and collateral, owned and immutable in use. */
#include "verify/verifier.h"

#include <stdlib.h>

#include "codec/pem.h"

/* What is known rests on the root and on all sets of collateral: when one changes, nothing is
 * known. */
static bool forget(ratls_verifier *v)
{
    intel_memo *platforms = intel_memo_new();
    certificate_memo *certificates = certificate_memo_new();
    if (platforms == NULL || certificates == NULL) {
        intel_memo_free(platforms);
        certificate_memo_free(certificates);
        return false;
    }
    intel_memo_free(v->platforms);
    certificate_memo_free(v->certificates);
    v->platforms = platforms;
    v->certificates = certificates;
    return true;
}

ratls_verifier *ratls_verifier_new(void)
{
    ratls_verifier *v = calloc(1, sizeof *v);
    if (v == NULL)
        return NULL;
    v->root_key = intel_root_key();
    if (v->root_key == NULL || !forget(v)) {
        ratls_verifier_free(&v);
        return NULL;
    }
    v->root = intel_root(v->root_key);
    return v;
}

void ratls_verifier_free(ratls_verifier **verifier)
{
    if (verifier == NULL || *verifier == NULL)
        return;
    ratls_verifier *v = *verifier;
    policy_free(v->policy);
    crypto_key_free(v->root_key);
    free(v->root_der);
    free(v->ca_der);
    intel_memo_free(v->platforms);
    certificate_memo_free(v->certificates);
    for (size_t i = 0; i < v->collateral_n; i++)
        free(v->collateral_bytes[i]);
    free(v);
    *verifier = NULL;
}

ratls_code ratls_verifier_set_policy(ratls_verifier *verifier, ratls_bytes json, ratls_error *error)
{
    ratls_error e = {.code = RATLS_E_SYSTEM};
    policy *p = policy_new(json, &e);
    if (p == NULL)
        return refuse(error, e.code, e.offset, "%s", e.text);
    policy_free(verifier->policy);
    verifier->policy = p;
    return RATLS_OK;
}

/* A copy of one certificate's DER, from DER or PEM, parsed; *der is the caller's to free. */
static ratls_code copy_certificate(bytes in, const char *what, uint8_t **der, size_t *n,
                                   certificate *c, ratls_error *error)
{
    if (in.n > 2 * CERTIFICATE_MAX)
        return refuse(error, RATLS_E_LIMIT, 0, "%s: %zu bytes are too many for a certificate", what,
                      in.n);
    uint8_t *copy = malloc(in.n + 1);
    if (copy == NULL)
        return refuse(error, RATLS_E_SYSTEM, 0, "%s: out of memory", what);
    *n = in.n;
    if (pem_looks_like(in)) {
        reader r = rd_of(in);
        bytes label;
        bool found = pem_next(&r, &label, copy, in.n, n) == 1 && bytes_is(label, "CERTIFICATE");
        size_t more;
        if (!found || pem_next(&r, &label, copy + *n, in.n - *n, &more) != 0) {
            free(copy);
            return refuse(error, RATLS_E_MALFORMED, 0, "%s: the PEM text holds %s", what,
                          found ? "more than one certificate" : "no CERTIFICATE");
        }
    } else if (in.n > 0) {
        memcpy(copy, in.p, in.n);
    }
    ratls_code code = certificate_parse(bytes_of(copy, *n), c, error);
    if (code != RATLS_OK) {
        error_prefix(error, "%s", what);
        free(copy);
        return code;
    }
    *der = copy;
    return RATLS_OK;
}

ratls_code ratls_verifier_set_root(ratls_verifier *verifier, ratls_bytes in, ratls_error *error)
{
    uint8_t *der;
    size_t n;
    certificate c;
    ratls_code code = copy_certificate(in, "root", &der, &n, &c, error);
    if (code != RATLS_OK)
        return code;
    code = chain_check_ca(&c, 1, "root", error);
    crypto_key *key = code == RATLS_OK ? crypto_key_from_p256(c.point) : NULL;
    if (code == RATLS_OK && key == NULL)
        code = refuse(error, RATLS_E_UNTRUSTED, 0, "root: its public key is not a point of P-256");
    anchor a = {.name = c.subject, .point = c.point, .key = key};
    if (code == RATLS_OK)
        code = chain_check_root(&c, &a, "root", error);
    if (code == RATLS_OK && !crypto_digest(CRYPTO_SHA256, &c.der, 1, a.known[0]))
        code = refuse(error, RATLS_E_SYSTEM, 0, "root: out of memory");
    if (code == RATLS_OK && !forget(verifier))
        code = refuse(error, RATLS_E_SYSTEM, 0, "root: out of memory");
    if (code != RATLS_OK) {
        crypto_key_free(key);
        free(der);
        return code;
    }
    a.known_n = 1;
    crypto_key_free(verifier->root_key);
    free(verifier->root_der);
    verifier->root = a;
    verifier->root_key = key;
    verifier->root_der = der;
    return RATLS_OK;
}

ratls_code ratls_verifier_set_ca(ratls_verifier *verifier, ratls_bytes in, ratls_error *error)
{
    uint8_t *der;
    size_t n;
    certificate c;
    ratls_code code = copy_certificate(in, "CA", &der, &n, &c, error);
    if (code != RATLS_OK)
        return code;
    if (!c.has_basic_constraints || !c.is_ca ||
        (c.has_key_usage && (c.key_usage & KEY_USAGE_CERT_SIGN) == 0)) {
        free(der);
        return refuse(error, RATLS_E_UNTRUSTED, 0,
                      "CA: the certificate is not allowed to sign certificates");
    }
    if (c.unknown_critical_n > 0) {
        free(der);
        return refuse(error, RATLS_E_UNSUPPORTED, 0,
                      "CA: it has critical extensions that are not known, such as constraints");
    }
    free(verifier->ca_der);
    verifier->ca_der = der;
    verifier->ca_n = n;
    return RATLS_OK;
}

ratls_code ratls_verifier_add_collateral(ratls_verifier *verifier, ratls_bytes data,
                                         ratls_error *error)
{
    if (verifier->collateral_n == VERIFIER_COLLATERAL_MAX)
        return refuse(error, RATLS_E_LIMIT, 0, "collateral: more than %d sets",
                      VERIFIER_COLLATERAL_MAX);
    if (data.n > INTEL_COLLATERAL_MAX)
        return refuse(error, RATLS_E_LIMIT, 0, "collateral: %zu bytes, at most %d are read", data.n,
                      INTEL_COLLATERAL_MAX);
    uint8_t *copy = malloc(3 * data.n + 1);
    if (copy == NULL)
        return refuse(error, RATLS_E_SYSTEM, 0, "collateral: out of memory");
    if (data.n > 0)
        memcpy(copy, data.p, data.n);
    ratls_code code = intel_collateral_read(bytes_of(copy, data.n), copy + data.n, 2 * data.n,
                                            &verifier->collateral[verifier->collateral_n], error);
    if (code == RATLS_OK && !forget(verifier))
        code = refuse(error, RATLS_E_SYSTEM, 0, "collateral: out of memory");
    if (code != RATLS_OK) {
        free(copy);
        return code;
    }
    verifier->collateral_bytes[verifier->collateral_n++] = copy;
    return RATLS_OK;
}
