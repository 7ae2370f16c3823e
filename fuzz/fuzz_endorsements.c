#include <stdlib.h>

#include "evidence/endorsements.h"

typedef ratls_code parser(bytes in, endorsements *out, ratls_error *e);

static bool inside(bytes part, bytes whole)
{
    return part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

static void run(parser *parse, bytes in)
{
    endorsements s;
    ratls_error e = {0};
    ratls_code code = parse(in, &s, &e);
    if (code != RATLS_OK) {
        if (e.code != code || e.offset > in.n || e.text[0] == '\0')
            abort();
        return;
    }
    const bytes items[] = {
        s.tcb_info,    s.tcb_info_issuer_chain,   s.pck_crl, s.root_ca_crl, s.pck_crl_issuer_chain,
        s.qe_identity, s.qe_identity_issuer_chain};
    for (size_t i = 0; i < sizeof items / sizeof *items; i++)
        if (items[i].n == 0 || !inside(items[i], in))
            abort();
    if (!inside(s.creation_datetime, in))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    run(endorsements_parse, bytes_of(data, size));
    run(endorsements_parse_oe, bytes_of(data, size));
    return 0;
}
