#include "x509/extension.h"

int extension_id_ce(bytes oid)
{
    return oid.n == 3 && oid.p[0] == 0x55 && oid.p[1] == 0x1d && oid.p[2] < 0x80 ? oid.p[2] : -1;
}

ratls_code extension_next(reader *list, extension *all, size_t *n, size_t max, reader *value,
                          const char *what, ratls_error *e)
{
    size_t at = list->pos;
    reader r = der_enter(list, DER_SEQUENCE);
    extension x = {.oid = der_oid(&r), .critical = false};
    bool written = der_peek(&r) == DER_BOOLEAN;
    if (written)
        x.critical = der_boolean(&r);
    if (written && rd_ok(&r) && !x.critical)
        return refuse(e, RATLS_E_MALFORMED, at,
                      "%s: an extension is marked critical FALSE, which DER leaves out", what);
    *value = der_enter(&r, DER_OCTET_STRING);
    if (!rd_done(&r))
        return refuse(e, RATLS_E_MALFORMED, at,
                      "%s: extension %zu is not { OID, critical, OCTET STRING } in DER", what,
                      *n + 1);
    reader whole = *value;
    x.value = rd_rest(&whole);
    for (size_t i = 0; i < *n; i++)
        if (bytes_equal(all[i].oid, x.oid)) {
            char oid[80];
            der_oid_text(x.oid, oid, sizeof oid);
            return refuse(e, RATLS_E_MALFORMED, at, "%s: extension %s stands twice", what, oid);
        }
    if (*n == max)
        return refuse(e, RATLS_E_LIMIT, at, "%s: more than %zu extensions", what, max);
    all[(*n)++] = x;
    return RATLS_OK;
}

bool authority_key_id_read(reader *value, bytes *id, bool *by_serial)
{
    reader r = der_enter(value, DER_SEQUENCE);
    *id = BYTES_NONE;
    bool has_id = der_peek(&r) == DER_CONTEXT(0);
    if (has_id)
        *id = der_take(&r, DER_CONTEXT(0));
    /* authorityCertIssuer and authorityCertSerialNumber stand together or not at all. */
    *by_serial = rd_left(&r) > 0;
    if (*by_serial) {
        (void)der_take(&r, DER_CONTEXT_CONSTRUCTED(1));
        (void)der_take(&r, DER_CONTEXT(2));
    }
    return rd_done(&r) && rd_done(value) && (!has_id || id->n > 0);
}
