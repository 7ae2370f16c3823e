#include "source.h"

#include "base/bytes.h"
#include "base/error.h"
#include "supply.h"

static ratls_code automatic(ratls_source *out, ratls_error *e)
{
    ratls_error none;
    ratls_code code = ratls_source_auto(NULL, out, &none);
    if (code == RATLS_OK)
        return RATLS_OK;
    if (code == RATLS_E_MISSING)
        return refuse(e, code, 0, "%.190s; --source sim:DIR simulates one", none.text);
    return refuse(e, code, none.offset, "%s", none.text);
}

ratls_code source_named(const char *name, ratls_source *out, ratls_error *e)
{
    static const struct {
        const char *name;
        ratls_code (*make)(const ratls_source_paths *paths, ratls_source *source,
                           ratls_error *error);
    } sources[] = {{"gramine", ratls_source_gramine},
                   {"tsm", ratls_source_tsm},
                   {"tdx-guest", ratls_source_tdx_guest}};
    bytes text = bytes_text(name != NULL ? name : "auto");
    if (bytes_starts(text, "sim:"))
        return ratls_source_sim(name + strlen("sim:"), out, e);
    if (bytes_is(text, "auto"))
        return automatic(out, e);
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        if (bytes_is(text, sources[i].name))
            return sources[i].make(NULL, out, e);
    return refuse(e, RATLS_E_SYSTEM, 0,
                  "--source: found '%s', expected auto, gramine, tsm, tdx-guest or sim:DIR", name);
}

static ratls_code collateral_for(void *keeper, ratls_bytes quote, int64_t now, uint8_t *out,
                                 size_t cap, size_t *n, ratls_error *e)
{
    return ratls_keeper_collateral(keeper, quote, now, out, cap, n, e);
}

bool source_staple(const args *a, ratls_attester_options *o, ratls_keeper **keeper)
{
    o->staple = true;
    if (o->source.collateral != NULL && a->store == NULL && a->pccs_n == 0)
        return true;
    if (*keeper == NULL && !supply_open(a, SUPPLY_WAIT_MS, keeper))
        return false;
    if (*keeper == NULL)
        return true; /* the attester says that there is no collateral */
    o->collateral = collateral_for;
    o->collateral_state = *keeper;
    return true;
}
