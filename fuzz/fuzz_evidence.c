#include <stdlib.h>

#include "evidence/evidence.h"

/*
 * The input, twice: as the value of the common extension, and as a certificate's extensions, each
 * `u8 OID size, u16 value size (little-endian), OID, value`. The first byte is the size of the
 * subject.
 */
static void as_value(bytes in)
{
    evidence v;
    ratls_error e = {0};
    ratls_code code = evidence_parse(in, &v, &e);
    if (code != RATLS_OK) {
        if (e.code != code || e.offset > in.n || e.text[0] == '\0')
            abort();
    } else if (v.what == NULL || v.payload.n + v.claims.n > in.n) {
        abort();
    }
}

static void as_certificate(bytes in)
{
    certificate c = {.der = in};
    reader r = rd_of(in);
    c.subject = rd_take(&r, rd_u8(&r));
    while (rd_left(&r) > 0 && c.extensions_n < CERTIFICATE_EXTENSIONS_MAX) {
        extension *x = &c.extensions[c.extensions_n];
        size_t oid_n = rd_u8(&r), value_n = rd_le16(&r);
        x->oid = rd_take(&r, oid_n);
        x->value = rd_take(&r, value_n);
        if (rd_ok(&r))
            c.extensions_n++;
    }

    evidence_set set;
    ratls_error e = {0};
    ratls_code code = evidence_find(&c, &set, &e);
    if (set.n > EVIDENCE_MAX || (code == RATLS_OK && set.n == 0))
        abort();
    if (code != RATLS_OK && (e.code != code || e.offset > in.n || e.text[0] == '\0'))
        abort();
    for (size_t i = 0; i < set.n; i++)
        if (set.all[i].what == NULL || set.all[i].oid.n == 0 || set.all[i].payload.n > in.n)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    as_value(bytes_of(data, size));
    as_certificate(bytes_of(data, size));
    return 0;
}
