/* The URL of a service as it stands in somebody's configuration. */
#include <assert.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "collateral/pcs_url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *url = calloc(1, size + 1);
    if (url == NULL)
        abort();
    if (size > 0)
        memcpy(url, data, size);
    pcs_base b;
    ratls_error e = {.text = ""};
    ratls_code code = pcs_base_parse(url, "standard", &b, &e);
    if (code != RATLS_OK)
        assert(e.code == code && e.text[0] != '\0');
    for (int kind = 0; code == RATLS_OK && kind < 4; kind++) {
        char out[PCS_URL_SIZE];
        pcs_item_url(&b, &(ratls_item){.kind = (ratls_item_kind)kind}, out);
        bytes all = bytes_text(out);
        assert(bytes_starts(all, "http://") || bytes_starts(all, "https://"));
        for (size_t i = 0; i < all.n; i++)
            assert(all.p[i] > ' ' && all.p[i] < 0x7f && all.p[i] != '#' && all.p[i] != '@');
    }
    free(url);
    return 0;
}
