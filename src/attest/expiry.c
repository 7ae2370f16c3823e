#include "attest/expiry.h"

#include <stdlib.h>

#include "codec/pem.h"
#include "tee/intel_qe.h"
#include "x509/crl.h"

enum { CERT_TYPE_PEM_CHAIN = 5, DER_MAX = 8192 };

void expiry_add(expiry *x, int64_t at, const char *what)
{
    if (x->what == NULL || at < x->at)
        *x = (expiry){at, what};
}

static ratls_code add_pem(expiry *x, bytes pem, const char *what, ratls_error *e)
{
    uint8_t der[DER_MAX];
    certificate c;
    bytes label;
    size_t n;
    reader r = rd_of(pem);
    int found;
    while ((found = pem_next(&r, &label, der, sizeof der, &n)) == 1) {
        ratls_code code = certificate_parse(bytes_of(der, n), &c, e);
        if (code != RATLS_OK) {
            error_prefix(e, "%s", what);
            return code;
        }
        expiry_add(x, c.not_after, what);
    }
    if (found < 0)
        return refuse(e, RATLS_E_MALFORMED, r.pos,
                      "%s is not PEM of certificates of at most %d bytes each", what, DER_MAX);
    return RATLS_OK;
}

ratls_code expiry_add_quote(expiry *x, const intel_quote *q, ratls_error *e)
{
    if (q->cert_type != CERT_TYPE_PEM_CHAIN)
        return RATLS_OK;
    return add_pem(x, q->cert_data, "the certificate chain in the quote", e);
}

static ratls_code add_crl(expiry *x, bytes der, const char *what, ratls_error *e)
{
    crl l;
    ratls_code code = crl_parse(der, &l, e);
    if (code == RATLS_OK)
        expiry_add(x, l.next_update, what);
    return code;
}

static ratls_code add_tcb_info(expiry *x, bytes json, ratls_error *e)
{
    tcb_info *t = malloc(sizeof *t); /* 80 KB: not for a thread's stack */
    if (t == NULL)
        return refuse(e, RATLS_E_SYSTEM, 0, "out of memory");
    ratls_code code = tcb_info_parse(json, t, e);
    if (code == RATLS_OK)
        expiry_add(x, t->next_update, "the TCB info");
    free(t);
    return code;
}

static ratls_code add_qe_identity(expiry *x, bytes json, ratls_error *e)
{
    qe_identity q;
    ratls_code code = qe_identity_parse(json, &q, e);
    if (code == RATLS_OK)
        expiry_add(x, q.next_update, "the QE identity");
    return code;
}

ratls_code expiry_add_collateral(expiry *x, const intel_collateral *c, ratls_error *e)
{
    ratls_code code = add_tcb_info(x, c->tcb_info, e);
    if (code == RATLS_OK)
        code = add_qe_identity(x, c->qe_identity, e);
    if (code == RATLS_OK)
        code = add_crl(x, c->pck_crl, "the PCK CRL", e);
    if (code == RATLS_OK)
        code = add_crl(x, c->root_ca_crl, "the root CA's CRL", e);
    if (code == RATLS_OK)
        code = add_pem(x, c->tcb_info_issuer_chain, "the TCB info's issuer chain", e);
    if (code == RATLS_OK)
        code = add_pem(x, c->qe_identity_issuer_chain, "the QE identity's issuer chain", e);
    if (code == RATLS_OK)
        code = add_pem(x, c->pck_crl_issuer_chain, "the PCK CRL's issuer chain", e);
    return code;
}
