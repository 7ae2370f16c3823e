#include "attest/staple.h"

#include <stdio.h>

#include "evidence/dice.h"

/* {"tcbInfo":{…},"signature":"…"} */
static bytes put_served(writer *w, const char *name, bytes body, bytes signature)
{
    size_t at = w->n;
    char head[32];
    int n = snprintf(head, sizeof head, "{\"%s\":", name);
    wr_put(w, bytes_of(head, (size_t)n));
    wr_put(w, body);
    wr_put(w, bytes_text(",\"signature\":\""));
    wr_put(w, signature);
    wr_put(w, bytes_text("\"}"));
    return wr_ok(w) ? bytes_of(w->out + at, w->n - at) : BYTES_NONE;
}

static ratls_code check_whole(const intel_collateral *c, const char *name, ratls_error *e)
{
    const struct {
        const char *what;
        bytes item;
    } items[] = {{"TCB info", c->tcb_info},
                 {"TCB info's signature", c->tcb_info_signature},
                 {"TCB info's issuer chain", c->tcb_info_issuer_chain},
                 {"QE identity", c->qe_identity},
                 {"QE identity's signature", c->qe_identity_signature},
                 {"QE identity's issuer chain", c->qe_identity_issuer_chain},
                 {"PCK CRL", c->pck_crl},
                 {"root CA's CRL", c->root_ca_crl},
                 {"PCK CRL's issuer chain", c->pck_crl_issuer_chain}};
    for (size_t i = 0; i < sizeof items / sizeof *items; i++)
        if (items[i].item.n == 0)
            return refuse(e, RATLS_E_MISSING, 0, "%s: its collateral has no %s", name,
                          items[i].what);
    return RATLS_OK;
}

static ratls_code write_value(staple *out, ratls_error *e)
{
    const intel_collateral *c = &out->collateral;
    writer served = wr_of(out->served, sizeof out->served);
    const endorsements items = {
        .tag = DICE_TAG_QUOTE,
        .version = ENDORSEMENTS_VERSION,
        .tcb_info = put_served(&served, "tcbInfo", c->tcb_info, c->tcb_info_signature),
        .tcb_info_issuer_chain = c->tcb_info_issuer_chain,
        .pck_crl = c->pck_crl,
        .root_ca_crl = c->root_ca_crl,
        .pck_crl_issuer_chain = c->pck_crl_issuer_chain,
        .qe_identity =
            put_served(&served, "enclaveIdentity", c->qe_identity, c->qe_identity_signature),
        .qe_identity_issuer_chain = c->qe_identity_issuer_chain,
    };
    writer w = wr_of(out->buffer, sizeof out->buffer);
    endorsements_write(&w, &items);
    if (!wr_ok(&w) || !wr_ok(&served))
        return refuse(e, RATLS_E_LIMIT, 0,
                      "attester: endorsements of %zu bytes, a certificate holds at most %zu", w.n,
                      sizeof out->buffer);
    out->value = wr_bytes(&w);
    return RATLS_OK;
}

ratls_code staple_read(const char *source, size_t n, staple *out, ratls_error *e)
{
    if (n > sizeof out->json)
        return refuse(e, RATLS_E_LIMIT, 0, "%s: collateral of %zu bytes, at most %zu are read",
                      source, n, sizeof out->json);
    ratls_code code = intel_collateral_read(bytes_of(out->json, n), out->space, sizeof out->space,
                                            &out->collateral, e);
    if (code == RATLS_OK)
        code = check_whole(&out->collateral, source, e);
    return code == RATLS_OK ? write_value(out, e) : code;
}
