#include <stdlib.h>

#include "issue/name.h"
#include "x509/name.h"

/* What is written from any text is a Name that reads back. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t out[2048];
    writer w = wr_of(out, sizeof out);
    ratls_error e = {0};
    ratls_code code = issue_name_from_text(bytes_of(data, size), &w, &e);
    if (code != RATLS_OK) {
        if (e.code != code || e.offset > size || e.text[0] == '\0')
            abort();
        return 0;
    }
    reader r = rd_of(wr_bytes(&w));
    bytes name;
    if (!wr_ok(&w) || !name_read(&r, &name) || !rd_done(&r) || name_is_empty(name))
        abort();
    return 0;
}
