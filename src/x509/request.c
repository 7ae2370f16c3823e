/* Certification requests [RFC 2986 4] with requested extensions [RFC 2985 5.4.2]. Form only. */
#include "x509/request.h"

#include "x509/algorithm.h"
#include "x509/known_extensions.h"
#include "x509/public_key.h"

/* 1.2.840.113549.1.9.14 */
static const uint8_t extension_request[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e};

static ratls_code malformed(ratls_error *e, size_t at, const char *sentence)
{
    return refuse(e, RATLS_E_MALFORMED, at, "request: %s", sentence);
}

static ratls_code read_head(reader *info, certificate *c, ratls_error *e)
{
    size_t at = info->pos;
    uint64_t version = der_uint(info, DER_INTEGER, UINT16_MAX);
    if (!rd_ok(info))
        return malformed(e, at, "the version is not one small INTEGER");
    if (version != 0)
        return refuse(e, RATLS_E_UNSUPPORTED, at, "request: version %u, expected 1",
                      (unsigned)version + 1);
    at = info->pos;
    if (!name_read(info, &c->subject))
        return malformed(e, at, "the subject is not a Name of valid strings in DER");
    return public_key_read(info, c, e);
}

/* The values of an extensionRequest: one, a list of at least one extension. */
static ratls_code read_wanted(reader *values, size_t at, certificate *c, ratls_error *e)
{
    reader list = der_enter(values, DER_SEQUENCE);
    if (!rd_done(values) || rd_left(&list) == 0)
        return malformed(e, at,
                         "its extensionRequest is not one SEQUENCE of at least one extension");
    return known_extensions_read(&list, c, e);
}

static bool values_ok(reader values)
{
    bool any = false;
    for (; rd_left(&values) > 0; any = true)
        (void)der_element(&values, NULL);
    return any && rd_done(&values);
}

static bool is_among(const bytes *all, size_t n, bytes oid)
{
    for (size_t i = 0; i < n; i++)
        if (bytes_equal(all[i], oid))
            return true;
    return false;
}

static ratls_code read_attributes(reader *info, certificate *c, ratls_error *e)
{
    bytes seen[REQUEST_ATTRIBUTES_MAX];
    size_t n = 0, at = info->pos;
    reader all = der_enter(info, DER_CONTEXT_CONSTRUCTED(0));
    if (!rd_ok(info))
        return malformed(e, at, "no attributes follow the key, not even an empty set of them");
    while (rd_left(&all) > 0) {
        at = all.pos;
        reader r = der_enter(&all, DER_SEQUENCE);
        bytes oid = der_oid(&r);
        reader values = der_enter(&r, DER_SET);
        if (!rd_done(&r) || !values_ok(values))
            return refuse(e, RATLS_E_MALFORMED, at,
                          "request: attribute %zu is not { OID, SET of at least one value } in DER",
                          n + 1);
        if (is_among(seen, n, oid)) {
            char text[80];
            der_oid_text(oid, text, sizeof text);
            return refuse(e, RATLS_E_MALFORMED, at, "request: attribute %s stands twice", text);
        }
        if (n == REQUEST_ATTRIBUTES_MAX)
            return refuse(e, RATLS_E_LIMIT, at, "request: more than %d attributes",
                          REQUEST_ATTRIBUTES_MAX);
        seen[n++] = oid;
        ratls_code code = RATLS_OK;
        if (bytes_equal(oid, bytes_of(extension_request, sizeof extension_request)))
            code = read_wanted(&values, at, c, e);
        if (code != RATLS_OK)
            return code;
    }
    if (!rd_done(info))
        return malformed(e, info->pos, "an unknown field follows the attributes");
    return RATLS_OK;
}

ratls_code request_parse(bytes der, certificate *c, ratls_error *e)
{
    memset(c, 0, sizeof *c);
    c->der = der;
    c->path_len = -1;
    if (der.n > REQUEST_MAX)
        return refuse(e, RATLS_E_LIMIT, 0, "request: %zu bytes, at most %d are read", der.n,
                      REQUEST_MAX);
    reader in = rd_of(der);
    reader r = der_enter(&in, DER_SEQUENCE);
    if (!rd_ok(&r))
        return malformed(e, 0, "not a DER SEQUENCE, or cut short");
    if (!rd_done(&in))
        return refuse(e, RATLS_E_MALFORMED, in.pos, "request: %zu bytes follow its end",
                      rd_left(&in));
    reader again = r;
    c->tbs = der_element(&again, NULL);
    size_t at = r.pos;
    reader info = der_enter(&r, DER_SEQUENCE);
    if (!rd_ok(&info))
        return malformed(e, at, "the signed part is not a SEQUENCE");
    ratls_code code = read_head(&info, c, e);
    if (code == RATLS_OK)
        code = read_attributes(&info, c, e);
    bytes whole = BYTES_NONE;
    if (code == RATLS_OK)
        code = signature_algorithm_read(&r, &whole, &c->signature_algorithm, "request", e);
    if (code != RATLS_OK)
        return code;
    at = r.pos;
    c->signature = der_bits(&r);
    if (!rd_done(&r))
        return malformed(e, at, "no signature, or not a BIT STRING of whole bytes at the end");
    return RATLS_OK;
}
