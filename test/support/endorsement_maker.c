#include "collateral_maker.h"
#include "der_maker.h"
/* Items 1 to 7 in the order that both containers share [formats 1]. */
static endorsement_items items_of(const collateral_set *c)
{
    endorsement_items e = {.n = 9};
    e.item[1] = tcb_info_served(c);
    e.item[2] = c->tcb_info_issuer_chain;
    e.item[3] = c->pck_crl;
    e.item[4] = c->root_ca_crl;
    e.item[5] = c->pck_crl_issuer_chain;
    e.item[6] = qe_identity_served(c);
    e.item[7] = c->qe_identity_issuer_chain;
    return e;
}

endorsement_items endorsement_items_cbor(const collateral_set *c, const char *creation_date)
{
    endorsement_items e = items_of(c);
    e.item[0] = mk_cbor_head(CBOR_UINT, 3, 4);
    e.n = creation_date != NULL ? 9 : 8;
    if (creation_date != NULL)
        e.item[8] = bytes_text(creation_date);
    return e;
}

bytes endorsements_cbor(uint64_t tag, const endorsement_items *e)
{
    buf b = {0};
    buf_put(&b, mk_cbor_head(CBOR_TAG, tag, 0));
    buf_put(&b, mk_cbor_head(CBOR_ARRAY, e->n, 0));
    buf_put(&b, e->item[0]);
    for (size_t i = 1; i < e->n; i++)
        buf_put(&b, mk_cbor_bytes(e->item[i]));
    return buf_bytes(&b);
}

endorsement_items endorsement_items_oe(const collateral_set *c, const char *creation_date)
{
    endorsement_items e = items_of(c);
    uint8_t zero = 0, version[4] = {1};
    e.item[0] = arena_copy(bytes_of(version, sizeof version));
    e.item[8] = bytes_text(creation_date);
    for (size_t i = 1; i < e.n; i++)
        if (i != 3 && i != 4)
            e.item[i] = join(e.item[i], bytes_of(&zero, 1));
    return e;
}

bytes endorsements_oe(const endorsement_items *e)
{
    buf data = {0}, offsets = {0}, b = {0};
    for (size_t i = 0; i < e->n; i++) {
        buf_le(&offsets, data.n, 4);
        buf_put(&data, e->item[i]);
    }
    buf_le(&b, 1, 4); /* version */
    buf_le(&b, 2, 4); /* enclave type: SGX */
    buf_le(&b, offsets.n + data.n, 4);
    buf_le(&b, e->n, 4);
    buf_put(&b, buf_bytes(&offsets));
    buf_put(&b, buf_bytes(&data));
    return buf_bytes(&b);
}
