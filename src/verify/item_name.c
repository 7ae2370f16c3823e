/* Names of items of collateral, as stores keep them. */
#include "ratls/item.h"

#include "base/hex.h"
#include "base/writer.h"

static const char *tee_text(ratls_tee tee)
{
    return tee == RATLS_TEE_TDX ? "tdx" : "sgx";
}

void ratls_platform_items(const ratls_platform *p, ratls_item items[4])
{
    items[0] = (ratls_item){.kind = RATLS_ITEM_TCB_INFO, .tee = p->tee};
    memcpy(items[0].fmspc, p->fmspc, sizeof p->fmspc);
    items[1] = (ratls_item){.kind = RATLS_ITEM_QE_IDENTITY, .tee = p->tee};
    items[2] = (ratls_item){.kind = RATLS_ITEM_PCK_CRL, .processor_ca = p->processor_ca};
    items[3] = (ratls_item){.kind = RATLS_ITEM_ROOT_CA_CRL};
}

void ratls_item_name(const ratls_item *item, char out[RATLS_ITEM_NAME_SIZE])
{
    writer w = wr_of((uint8_t *)out, RATLS_ITEM_NAME_SIZE);
    switch (item->kind) {
    case RATLS_ITEM_TCB_INFO:
        wr_put(&w, bytes_text(tee_text(item->tee)));
        wr_put(&w, bytes_text("-tcb-"));
        wr_put(&w, bytes_text(HEX(bytes_of(item->fmspc, sizeof item->fmspc))));
        break;
    case RATLS_ITEM_QE_IDENTITY:
        wr_put(&w, bytes_text(tee_text(item->tee)));
        wr_put(&w, bytes_text("-qe"));
        break;
    case RATLS_ITEM_PCK_CRL:
        wr_put(&w, bytes_text(item->processor_ca ? "pck-crl-processor" : "pck-crl-platform"));
        break;
    case RATLS_ITEM_ROOT_CA_CRL:
        wr_put(&w, bytes_text("root-ca-crl"));
        break;
    }
    wr_u8(&w, 0);
}

bool ratls_item_from_name(const char *name, ratls_item *item)
{
    char again[RATLS_ITEM_NAME_SIZE];
    bytes text = bytes_text(name), tcb = bytes_text("sgx-tcb-");
    bool tdx = bytes_starts(text, "tdx-");
    *item = (ratls_item){.kind = RATLS_ITEM_ROOT_CA_CRL};
    if (bytes_starts(text, "sgx-tcb-") || bytes_starts(text, "tdx-tcb-")) {
        *item =
            (ratls_item){.kind = RATLS_ITEM_TCB_INFO, .tee = tdx ? RATLS_TEE_TDX : RATLS_TEE_SGX};
        if (!hex_decode(bytes_of(text.p + tcb.n, text.n - tcb.n), item->fmspc, sizeof item->fmspc))
            return false;
    } else if (bytes_starts(text, "pck-crl-")) {
        *item = (ratls_item){.kind = RATLS_ITEM_PCK_CRL,
                             .processor_ca = bytes_is(text, "pck-crl-processor")};
    } else if (bytes_starts(text, "sgx-") || tdx) {
        *item = (ratls_item){.kind = RATLS_ITEM_QE_IDENTITY,
                             .tee = tdx ? RATLS_TEE_TDX : RATLS_TEE_SGX};
    }
    /* One spelling each. */
    ratls_item_name(item, again);
    return bytes_is(text, again);
}
