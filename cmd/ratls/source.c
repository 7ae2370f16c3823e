#include "source.h"

#include "base/bytes.h"
#include "base/error.h"

ratls_code source_named(const char *name, ratls_source *out, ratls_error *e)
{
    static const struct {
        const char *name;
        ratls_code (*make)(const ratls_source_paths *paths, ratls_source *source,
                           ratls_error *error);
    } sources[] = {{"auto", ratls_source_auto},
                   {"gramine", ratls_source_gramine},
                   {"tsm", ratls_source_tsm},
                   {"tdx-guest", ratls_source_tdx_guest}};
    bytes text = bytes_text(name != NULL ? name : "auto");
    if (bytes_starts(text, "sim:"))
        return ratls_source_sim(name + strlen("sim:"), out, e);
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        if (bytes_is(text, sources[i].name))
            return sources[i].make(NULL, out, e);
    return refuse(e, RATLS_E_SYSTEM, 0,
                  "--source: found '%s', expected auto, gramine, tsm, tdx-guest or sim:DIR", name);
}
