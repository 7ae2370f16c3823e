/* CRLs [RFC 5280 5]: complete ones, for all reasons, by the issuer of the certificates. */
#include "x509/crl.h"

#include "base/time.h"
#include "x509/algorithm.h"

enum { EXTENSIONS_MAX = 16, ENTRY_EXTENSIONS_MAX = 4, CRL_NUMBER_MAX = 20 };

/* Extensions that make a list partial or speak for another issuer, whether critical or not. */
static bool narrows(const extension *x)
{
    int id = extension_id_ce(x->oid);
    return id == ID_CE_ISSUING_DISTRIBUTION_POINT || id == ID_CE_DELTA_CRL_INDICATOR ||
           id == ID_CE_CERTIFICATE_ISSUER;
}

static ratls_code refuse_extension(const extension *x, size_t at, const char *where, ratls_error *e)
{
    char oid[80];
    der_oid_text(x->oid, oid, sizeof oid);
    if (narrows(x))
        return refuse(e, RATLS_E_UNSUPPORTED, at,
                      "CRL: extension %s %s; expected a complete list of its issuer", oid, where);
    return refuse(e, RATLS_E_UNSUPPORTED, at, "CRL: unknown critical extension %s %s", oid, where);
}

/* [RFC 5280 5.3.1]: 0 to 10 without 7; 8, removeFromCRL, belongs to delta CRLs. */
static ratls_code read_reason(reader *value, size_t at, ratls_error *e)
{
    enum { NOT_USED = 7, REMOVE_FROM_CRL = 8, LAST = 10 };
    uint64_t reason = der_uint(value, DER_ENUMERATED, LAST);
    if (!rd_done(value) || reason == NOT_USED)
        return refuse(e, RATLS_E_MALFORMED, at, "CRL: an entry's reason is not a known reasonCode");
    if (reason == REMOVE_FROM_CRL)
        return refuse(e, RATLS_E_MALFORMED, at,
                      "CRL: an entry has the reason removeFromCRL, which only delta CRLs may have");
    return RATLS_OK;
}

static ratls_code read_entry_extensions(reader *entry, ratls_error *e)
{
    reader list = der_enter(entry, DER_SEQUENCE);
    if (rd_left(&list) == 0)
        return refuse(e, RATLS_E_MALFORMED, list.pos,
                      "CRL: an entry's extensions are not a SEQUENCE of at least one");
    extension all[ENTRY_EXTENSIONS_MAX];
    size_t n = 0;
    while (rd_left(&list) > 0) {
        reader value;
        size_t at = list.pos;
        ratls_code code =
            extension_next(&list, all, &n, ENTRY_EXTENSIONS_MAX, &value, "CRL: an entry", e);
        if (code != RATLS_OK)
            return code;
        const extension *x = &all[n - 1];
        switch (extension_id_ce(x->oid)) {
        case ID_CE_REASON_CODE:
            code = read_reason(&value, at, e);
            if (code != RATLS_OK)
                return code;
            break;
        case ID_CE_INVALIDITY_DATE:
            if (der_peek(&value) != DER_GENERALIZED_TIME)
                rd_fail(&value);
            (void)der_time(&value);
            if (!rd_done(&value))
                return refuse(e, RATLS_E_MALFORMED, at,
                              "CRL: an entry's invalidityDate is not a GeneralizedTime");
            break;
        default:
            if (x->critical || narrows(x))
                return refuse_extension(x, at, "of an entry", e);
        }
    }
    return RATLS_OK;
}

static ratls_code read_entry(reader *list, size_t number, ratls_error *e)
{
    size_t at = list->pos;
    reader r = der_enter(list, DER_SEQUENCE);
    bytes serial = der_integer(&r);
    (void)der_time(&r);
    if (!rd_ok(&r))
        return refuse(e, RATLS_E_MALFORMED, at,
                      "CRL: entry %zu does not begin with a serial and a time", number);
    if (serial_size(serial) > SERIAL_MAX)
        return refuse(e, RATLS_E_MALFORMED, at,
                      "CRL: serial of entry %zu has %zu bytes, at most %d are allowed", number,
                      serial_size(serial), SERIAL_MAX);
    if (rd_left(&r) > 0) {
        ratls_code code = read_entry_extensions(&r, e);
        if (code != RATLS_OK)
            return code;
    }
    if (!rd_done(&r))
        return refuse(e, RATLS_E_MALFORMED, at, "CRL: entry %zu has an unknown field", number);
    return RATLS_OK;
}

static ratls_code read_entries(reader *tbs, crl *l, ratls_error *e)
{
    if (der_peek(tbs) != DER_SEQUENCE)
        return RATLS_OK;
    size_t at = tbs->pos;
    reader list = der_enter(tbs, DER_SEQUENCE);
    if (rd_left(&list) == 0) /* [RFC 5280 5.1.2.6]: left out if nothing is revoked */
        return refuse(e, RATLS_E_MALFORMED, at,
                      "CRL: the list of entries is malformed, or empty though present");
    reader whole = list;
    l->entries = rd_rest(&whole);
    while (rd_left(&list) > 0) {
        ratls_code code = read_entry(&list, ++l->entries_n, e);
        if (code != RATLS_OK)
            return code;
    }
    return RATLS_OK;
}

/* [RFC 5280 5.2.3]: not negative, at most 20 bytes. */
static bool read_number(reader *value, crl *l)
{
    l->number = der_integer(value);
    return rd_done(value) && serial_size(l->number) <= CRL_NUMBER_MAX &&
           (l->number.p[0] & 0x80) == 0;
}

static ratls_code read_extensions(reader *tbs, crl *l, ratls_error *e)
{
    if (der_peek(tbs) != DER_CONTEXT_CONSTRUCTED(0))
        return RATLS_OK;
    size_t at = tbs->pos;
    reader r = der_enter(tbs, DER_CONTEXT_CONSTRUCTED(0));
    reader list = der_enter(&r, DER_SEQUENCE);
    if (!rd_done(&r) || rd_left(&list) == 0)
        return refuse(e, RATLS_E_MALFORMED, at,
                      "CRL: the extensions are not one SEQUENCE of at least one");
    extension all[EXTENSIONS_MAX];
    size_t n = 0;
    while (rd_left(&list) > 0) {
        reader value;
        bool ok = true;
        at = list.pos;
        ratls_code code = extension_next(&list, all, &n, EXTENSIONS_MAX, &value, "CRL", e);
        if (code != RATLS_OK)
            return code;
        const extension *x = &all[n - 1];
        switch (extension_id_ce(x->oid)) {
        case ID_CE_CRL_NUMBER:
            ok = read_number(&value, l);
            break;
        case ID_CE_AUTHORITY_KEY_ID:
            ok = authority_key_id_read(&value, &l->authority_key_id, &l->authority_by_serial);
            break;
        default:
            if (x->critical || narrows(x))
                return refuse_extension(x, at, "of the list", e);
        }
        if (!ok)
            return refuse(e, RATLS_E_MALFORMED, at,
                          "CRL: CRLNumber or AuthorityKeyIdentifier is not as RFC 5280 5.2 writes "
                          "it");
    }
    return RATLS_OK;
}

static ratls_code read_times(reader *tbs, crl *l, ratls_error *e)
{
    size_t at = tbs->pos;
    l->this_update = der_time(tbs);
    if (!rd_ok(tbs))
        return refuse(e, RATLS_E_MALFORMED, at, "CRL: thisUpdate is not a time with seconds and Z");
    at = tbs->pos;
    int tag = der_peek(tbs);
    if (tag != DER_UTC_TIME && tag != DER_GENERALIZED_TIME)
        return refuse(e, RATLS_E_MALFORMED, at,
                      "CRL: nextUpdate is absent; RFC 5280 5.1.2.5 demands it");
    l->next_update = der_time(tbs);
    if (!rd_ok(tbs))
        return refuse(e, RATLS_E_MALFORMED, at, "CRL: nextUpdate is not a time with seconds and Z");
    if (l->next_update < l->this_update)
        return refuse(e, RATLS_E_MALFORMED, at, "CRL: nextUpdate %s is before thisUpdate %s",
                      ISO(l->next_update), ISO(l->this_update));
    return RATLS_OK;
}

static ratls_code read_version(reader *tbs, ratls_error *e)
{
    size_t at = tbs->pos;
    if (der_peek(tbs) != DER_INTEGER)
        return refuse(e, RATLS_E_UNSUPPORTED, at, "CRL: version 1, expected version 2");
    uint64_t version = der_uint(tbs, DER_INTEGER, UINT16_MAX);
    if (!rd_ok(tbs) || version != 1)
        return refuse(e, RATLS_E_UNSUPPORTED, at, "CRL: the version is not 2");
    return RATLS_OK;
}

static ratls_code read_tbs(reader *tbs, bytes *algorithm, crl *l, ratls_error *e)
{
    ratls_code code = read_version(tbs, e);
    if (code == RATLS_OK)
        code = signature_algorithm_read(tbs, algorithm, &l->signature_algorithm, "CRL", e);
    size_t at = tbs->pos;
    if (code == RATLS_OK && !name_read(tbs, &l->issuer))
        code = refuse(e, RATLS_E_MALFORMED, at,
                      "CRL: the issuer is not a Name of valid strings in DER");
    if (code == RATLS_OK)
        code = read_times(tbs, l, e);
    if (code == RATLS_OK)
        code = read_entries(tbs, l, e);
    if (code == RATLS_OK)
        code = read_extensions(tbs, l, e);
    if (code == RATLS_OK && !rd_done(tbs))
        code =
            refuse(e, RATLS_E_MALFORMED, tbs->pos, "CRL: an unknown field follows the signed part");
    return code;
}

ratls_code crl_parse(bytes der, crl *l, ratls_error *e)
{
    memset(l, 0, sizeof *l);
    l->der = der;
    if (der.n > CRL_MAX)
        return refuse(e, RATLS_E_LIMIT, 0, "CRL: %zu bytes, at most %d are read", der.n, CRL_MAX);
    reader in = rd_of(der);
    reader r = der_enter(&in, DER_SEQUENCE);
    if (!rd_ok(&r))
        return refuse(e, RATLS_E_MALFORMED, 0, "CRL: not a DER SEQUENCE, or cut short");
    if (!rd_done(&in))
        return refuse(e, RATLS_E_MALFORMED, in.pos, "CRL: %zu bytes follow its end", rd_left(&in));
    reader again = r;
    l->tbs = der_element(&again, NULL);
    reader tbs = der_enter(&r, DER_SEQUENCE);
    if (!rd_ok(&tbs))
        return refuse(e, RATLS_E_MALFORMED, r.pos, "CRL: the signed part is not a SEQUENCE");
    bytes algorithm = BYTES_NONE;
    ratls_code code = read_tbs(&tbs, &algorithm, l, e);
    if (code == RATLS_OK)
        code = signature_algorithm_again(&r, algorithm, "CRL", e);
    if (code != RATLS_OK)
        return code;
    size_t at = r.pos;
    l->signature = der_bits(&r);
    if (!rd_done(&r))
        return refuse(e, RATLS_E_MALFORMED, at,
                      "CRL: no signature, or not a BIT STRING of whole bytes at the end");
    return RATLS_OK;
}

bool crl_lists(const crl *l, bytes serial)
{
    reader r = rd_of(l->entries);
    while (rd_left(&r) > 0) {
        reader entry = der_enter(&r, DER_SEQUENCE);
        if (bytes_equal(der_integer(&entry), serial))
            return true;
    }
    return !rd_ok(&r); /* a list that can't be walked clears nobody */
}
