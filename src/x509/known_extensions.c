/* Those extensions of RFC 5280 4.2 that ratls reads, in certificates and requests. Form only. */
#include "x509/known_extensions.h"

#include <limits.h>

static bool basic_constraints(reader *value, certificate *c)
{
    reader r = der_enter(value, DER_SEQUENCE);
    c->has_basic_constraints = true;
    if (der_peek(&r) == DER_BOOLEAN) {
        c->is_ca = der_boolean(&r);
        if (!c->is_ca) /* a default, written out [X.690 11.5] */
            return false;
    }
    if (c->is_ca && der_peek(&r) == DER_INTEGER)
        c->path_len = (int)der_uint(&r, DER_INTEGER, INT_MAX);
    return rd_done(&r) && rd_done(value);
}

/* Named bits 0 to 8, at least one set [RFC 5280 4.2.1.3]. Zeros at the end, which X.690 11.2.2
 * leaves out, are accepted: AMD's signing CAs have one. */
static bool key_usage(reader *value, certificate *c)
{
    bytes b = der_take(value, DER_BIT_STRING);
    if (!rd_done(value) || !der_bit_string_ok(b) || b.n < 2 || b.n > 3 ||
        (b.n == 3 && (b.p[2] & 0x7f) != 0))
        return false;
    for (unsigned bit = 0; bit < 8 * (b.n - 1); bit++)
        if ((b.p[1 + bit / 8] & (0x80U >> bit % 8)) != 0)
            c->key_usage |= 1U << bit;
    c->has_key_usage = true;
    return c->key_usage != 0;
}

static bool subject_key_id(reader *value, certificate *c)
{
    c->subject_key_id = der_take(value, DER_OCTET_STRING);
    return rd_done(value) && c->subject_key_id.n > 0;
}

/* GeneralNames [RFC 5280 4.2.1.6]: the forms of the choice, not what they hold. */
static bool subject_alt_name(reader *value)
{
    reader r = der_enter(value, DER_SEQUENCE);
    bool any = false;
    while (rd_left(&r) > 0) {
        unsigned tag = 0;
        (void)der_element(&r, &tag);
        bool constructed = (tag & 0x20) != 0;
        unsigned choice = tag & 0x1f;
        if ((tag & 0xc0) != 0x80 || choice > 8 ||
            constructed != (choice == 0 || (choice >= 3 && choice <= 5)))
            return false;
        any = true;
    }
    return any && rd_done(&r) && rd_done(value);
}

static bool ext_key_usage(reader *value)
{
    reader r = der_enter(value, DER_SEQUENCE);
    bool any = false;
    for (; rd_left(&r) > 0; any = true)
        (void)der_oid(&r);
    return any && rd_done(&r) && rd_done(value);
}

/* [RFC 5280 4.2.1.13]: presence and form. Where CRLs come from is the caller's business. */
static bool crl_distribution_points(reader *value, certificate *c)
{
    static const unsigned fields[] = {DER_CONTEXT_CONSTRUCTED(0), DER_CONTEXT(1),
                                      DER_CONTEXT_CONSTRUCTED(2)};
    reader r = der_enter(value, DER_SEQUENCE);
    while (rd_left(&r) > 0) {
        reader point = der_enter(&r, DER_SEQUENCE);
        for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
            if (der_peek(&point) == (int)fields[i])
                (void)der_element(&point, NULL);
        if (!rd_done(&point))
            return false;
        c->has_crl_distribution_points = true;
    }
    return c->has_crl_distribution_points && rd_done(&r) && rd_done(value);
}

/* Decodes what we know of an extension. NULL, or the name of the one that is malformed. */
static const char *decode_extension(const extension *x, reader *value, certificate *c)
{
    bool known = false;
    const char *wrong = NULL;
    switch (extension_id_ce(x->oid)) {
    case ID_CE_BASIC_CONSTRAINTS:
        known = true;
        wrong = basic_constraints(value, c) ? NULL : "basicConstraints";
        break;
    case ID_CE_KEY_USAGE:
        known = true;
        wrong = key_usage(value, c) ? NULL : "keyUsage";
        break;
    case ID_CE_SUBJECT_ALT_NAME:
        known = true;
        wrong = subject_alt_name(value) ? NULL : "subjectAltName";
        break;
    case ID_CE_EXT_KEY_USAGE:
        known = true;
        wrong = ext_key_usage(value) ? NULL : "extKeyUsage";
        break;
    case ID_CE_SUBJECT_KEY_ID:
        wrong = subject_key_id(value, c) ? NULL : "subjectKeyIdentifier";
        break;
    case ID_CE_AUTHORITY_KEY_ID:
        wrong = authority_key_id_read(value, &c->authority_key_id, &c->authority_by_serial)
                    ? NULL
                    : "authorityKeyIdentifier";
        break;
    case ID_CE_CRL_DISTRIBUTION_POINTS:
        wrong = crl_distribution_points(value, c) ? NULL : "cRLDistributionPoints";
        break;
    default:
        break;
    }
    if (x->critical && !known && c->unknown_critical_n++ == 0)
        c->unknown_critical = x->oid;
    return wrong;
}

ratls_code known_extensions_read(reader *list, certificate *c, ratls_error *e)
{
    const char *what = certificate_what(c);
    while (rd_left(list) > 0) {
        reader value;
        size_t at = list->pos;
        ratls_code code = extension_next(list, c->extensions, &c->extensions_n,
                                         CERTIFICATE_EXTENSIONS_MAX, &value, what, e);
        if (code != RATLS_OK)
            return code;
        const char *wrong = decode_extension(&c->extensions[c->extensions_n - 1], &value, c);
        if (wrong != NULL)
            return refuse(e, RATLS_E_MALFORMED, at,
                          "%s: the extension %s is not as RFC 5280 4.2.1 writes it", what, wrong);
    }
    return RATLS_OK;
}
