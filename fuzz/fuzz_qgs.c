#include <stdlib.h>

#include "attest/qgs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bytes quote = BYTES_NONE;
    ratls_error e = {0};
    ratls_code code = qgs_read_response(bytes_of(data, size), &quote, &e);
    if (code == RATLS_OK) {
        if (quote.n + QGS_HEADER_SIZE + 8 > size)
            abort();
    } else if (e.code != code || e.offset > size || e.text[0] == '\0') {
        abort();
    }
    return 0;
}
