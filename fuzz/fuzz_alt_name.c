#include <stdlib.h>

#include "issue/extensions.h"

/* What is written from any text is one GeneralName in a SEQUENCE. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t out[512];
    issue_extensions x = issue_extensions_of(out, sizeof out);
    char *text = malloc(size + 1);
    if (text == NULL)
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    const char *name = text;
    ratls_error e = {0};
    ratls_code code = issue_add_subject_alt_names(&x, &name, 1, &e);
    free(text);
    if (code != RATLS_OK) {
        if (e.code != code || e.text[0] == '\0')
            abort();
        return 0;
    }
    reader r = rd_of(x.all[0].value);
    reader list = der_enter(&r, DER_SEQUENCE);
    unsigned tag;
    bytes element = der_element(&list, &tag);
    if (!wr_ok(&x.values) || !rd_done(&list) || !rd_done(&r) ||
        (tag != 0x82 && !(tag == 0x87 && (element.n == 6 || element.n == 18))))
        abort();
    return 0;
}
