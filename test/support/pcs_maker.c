#include "pcs_maker.h"

bytes percent_encoded(bytes text)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    buf b = {0};
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] != '\0' && strchr(plain, text.p[i]) != NULL)
            buf_u8(&b, text.p[i]);
        else
            buf_format(&b, "%%%02X", (unsigned)text.p[i]);
    return buf_bytes(&b);
}

static bytes crl_in(crl_form form, bytes der)
{
    return form == CRL_HEX ? hex_of(der) : form == CRL_PEM ? pem_of("X509 CRL", der) : der;
}

pcs_reply pcs_reply_of(const collateral_set *set, const ratls_item *item, unsigned version,
                       crl_form form)
{
    switch (item->kind) {
    case RATLS_ITEM_TCB_INFO:
        return (pcs_reply){version == 3 ? "SGX-TCB-Info-Issuer-Chain" : "TCB-Info-Issuer-Chain",
                           percent_encoded(set->tcb_info_issuer_chain), tcb_info_served(set)};
    case RATLS_ITEM_QE_IDENTITY:
        return (pcs_reply){"SGX-Enclave-Identity-Issuer-Chain",
                           percent_encoded(set->qe_identity_issuer_chain), qe_identity_served(set)};
    case RATLS_ITEM_PCK_CRL:
        return (pcs_reply){"SGX-PCK-CRL-Issuer-Chain", percent_encoded(set->pck_crl_issuer_chain),
                           crl_in(form, set->pck_crl)};
    case RATLS_ITEM_ROOT_CA_CRL:
        break;
    }
    return (pcs_reply){NULL, BYTES_NONE, crl_in(form, set->root_ca_crl)};
}

const char *pcs_path(const ratls_item *item, unsigned version)
{
    static const char *const names[] = {[RATLS_ITEM_TCB_INFO] = "tcb",
                                        [RATLS_ITEM_QE_IDENTITY] = "qe/identity",
                                        [RATLS_ITEM_PCK_CRL] = "pckcrl",
                                        [RATLS_ITEM_ROOT_CA_CRL] = "rootcacrl"};
    const char *tee = item->tee == RATLS_TEE_TDX ? "tdx" : "sgx";
    return (const char *)arena_format("/%s/certification/v%u/%s", tee, version, names[item->kind])
        .p;
}

bytes pcs_header_line(const pcs_reply *r)
{
    if (r->header == NULL)
        return BYTES_EMPTY;
    return join(bytes_text(r->header), bytes_text(": "), r->chain, bytes_text("\r\n"));
}
