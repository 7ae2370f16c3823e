#include <stdlib.h>

#include "evidence/oe_evidence.h"

typedef ratls_code parser(bytes in, evidence *out, ratls_error *e);

static void check_error(ratls_code code, const ratls_error *e, size_t size)
{
    if (e->code != code || e->offset > size || e->text[0] == '\0')
        abort();
}

/* Header, payload and claims fill the input: no byte is read twice or lost. */
static void run(parser *parse, bytes in, size_t header)
{
    evidence v;
    ratls_error e = {0};
    ratls_code code = parse(in, &v, &e);
    if (code != RATLS_OK)
        check_error(code, &e, in.n);
    else if (v.what == NULL || header + v.payload.n + v.claims.n != in.n)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bytes in = bytes_of(data, size);
    run(oe_report_parse, in, 16);
    run(oe_evidence_parse, in, 32);
    oe_claim claims[8];
    size_t n;
    ratls_error e = {0};
    ratls_code code = oe_custom_claims_parse(in, claims, 8, &n, &e);
    if (code != RATLS_OK)
        check_error(code, &e, size);
    size_t used = 16;
    for (size_t i = 0; i < n; i++)
        used += 16 + claims[i].name.n + 1 + claims[i].value.n;
    if (code == RATLS_OK && used != size)
        abort();
    return 0;
}
