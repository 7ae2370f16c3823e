/* What a new keeper finds in its store. */
#include "collateral/keeper.h"

typedef struct finding {
    stock *stock;
    size_t names; /* of items, as listed */
    bool tee[RATLS_TEE_TDX + 1], crl[2];
} finding;

static bool find(void *context, const char *name)
{
    finding *f = context;
    ratls_item item;
    if (!ratls_item_from_name(name, &item))
        return true; /* somebody else's, or of a later version */
    f->names++;
    if (item.kind == RATLS_ITEM_PCK_CRL)
        f->crl[item.processor_ca] = true;
    if (item.tee == RATLS_TEE_SGX || item.tee == RATLS_TEE_TDX)
        f->tee[item.tee] = true;
    (void)stock_want(f->stock, &item, STOCK_LEARNED); /* those beyond the room wait for a peer */
    return true;
}

/* What goes with the families found. Which CA their PCK certificates are of is not known: if the
 * store has neither list, both are wanted. */
static void want_rest(const finding *f)
{
    ratls_item item = {.kind = RATLS_ITEM_QE_IDENTITY};
    if (f->names == 0)
        return;
    for (item.tee = RATLS_TEE_SGX; item.tee <= RATLS_TEE_TDX; item.tee++)
        if (f->tee[item.tee])
            (void)stock_want(f->stock, &item, STOCK_LEARNED);
    item = (ratls_item){.kind = RATLS_ITEM_ROOT_CA_CRL};
    (void)stock_want(f->stock, &item, STOCK_LEARNED);
    item.kind = RATLS_ITEM_PCK_CRL;
    for (int processor = 0; processor < 2; processor++) {
        item.processor_ca = processor != 0;
        if (f->crl[processor] || !f->crl[!processor])
            (void)stock_want(f->stock, &item, STOCK_LEARNED);
    }
}

ratls_code restart_read(ratls_keeper *k, ratls_error *e)
{
    static const ratls_item none;
    const int64_t now = keeper_now(k);
    finding f = {.stock = k->stock};
    ratls_error why;
    ratls_code code = k->store.list(k->store.state, find, &f, &why);
    /* A directory that cannot be read is a mistake to be told at once; a shared cache that is away
     * must not keep a service from starting. */
    if (code != RATLS_OK && !k->store.remote)
        return refuse(e, code, why.offset, "%s: %s", k->store.name, why.text);
    if (code != RATLS_OK)
        keeper_note(k, RATLS_NOTE_FAILED, &none, &why);
    want_rest(&f);
    for (size_t i = 0; i < k->stock->n; i++) {
        const ratls_item item = k->stock->all[i].item;
        if (place_from_store(k, &item, now, &why) == RATLS_E_SYSTEM)
            keeper_note(k, RATLS_NOTE_FAILED, &item, &why);
    }
    last_run_read(k);
    return RATLS_OK;
}
