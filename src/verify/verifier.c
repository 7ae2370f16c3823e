/* The verifier object: policy, root, CA and collateral. */
#include "verify/verifier.h"

#include <stdlib.h>

/* What is known rests on the root: when that changes, nothing is known. */
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
    v->self = v;
    v->collateral = held_pool_new();
    if (v->collateral == NULL || !root_intel(&v->root) || !forget(v))
        ratls_verifier_free(&v);
    return v;
}

void ratls_verifier_free(ratls_verifier **verifier)
{
    if (verifier == NULL || *verifier == NULL)
        return;
    ratls_verifier *v = *verifier;
    if (v->source.gone != NULL)
        v->source.gone(v->source.state, v);
    policy_free(v->policy);
    root_free(&v->root);
    free(v->ca_der);
    intel_memo_free(v->platforms);
    certificate_memo_free(v->certificates);
    held_pool_free(v->collateral);
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

ratls_code ratls_verifier_set_root(ratls_verifier *verifier, ratls_bytes in, ratls_error *error)
{
    trusted_root root;
    ratls_code code = root_read(in, &root, error);
    if (code != RATLS_OK)
        return code;
    if (!forget(verifier)) {
        root_free(&root);
        return refuse(error, RATLS_E_SYSTEM, 0, "root: out of memory");
    }
    root_free(&verifier->root);
    verifier->root = root;
    return RATLS_OK;
}

ratls_code ratls_verifier_set_ca(ratls_verifier *verifier, ratls_bytes in, ratls_error *error)
{
    uint8_t *der;
    size_t n;
    certificate c;
    ratls_code code = root_copy_certificate(in, "CA", &der, &n, &c, error);
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

ratls_binding ratls_verifier_minimum(const ratls_verifier *verifier)
{
    return policy_minimum(verifier->policy);
}

ratls_code ratls_verifier_add_collateral(ratls_verifier *verifier, ratls_bytes data,
                                         ratls_error *error)
{
    return held_add(verifier->collateral, data, error);
}

uint64_t ratls_verifier_epoch(const ratls_verifier *verifier)
{
    const held *h = held_take(verifier->collateral);
    uint64_t epoch = h->epoch;
    held_give_back(verifier->collateral, h);
    return epoch;
}

void ratls_verifier_set_source(ratls_verifier *verifier, const ratls_collateral_source *source)
{
    verifier->source = source != NULL ? *source : (ratls_collateral_source){.want = NULL};
}

void ratls_verifier_raise_time(const ratls_verifier *verifier, int64_t time)
{
    int64_t seen = atomic_load(&verifier->self->time);
    while (time > seen && !atomic_compare_exchange_weak(&verifier->self->time, &seen, time))
        ;
}

int64_t ratls_verifier_time(const ratls_verifier *verifier)
{
    int64_t seen = atomic_load(&verifier->self->time), built = ratls_build_time();
    return seen > built ? seen : built;
}
