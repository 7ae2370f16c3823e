#include "issue/name.h"

#include "base/utf8.h"

enum {
    ATTRIBUTES_MAX = 16,
    VALUE_MAX = 64 /* ub-common-name and others [RFC 5280 appendix A.1] */
};

void issue_name(writer *w, const name_attribute *attributes, size_t n)
{
    size_t name = w->n;
    for (size_t i = 0; i < n; i++) {
        const uint8_t oid[] = {0x55, 0x04, (uint8_t)attributes[i].type};
        size_t at = w->n;
        der_put_oid(w, bytes_of(oid, sizeof oid));
        der_put(w, attributes[i].type == NAME_C ? DER_PRINTABLE_STRING : DER_UTF8_STRING,
                attributes[i].value);
        der_wrap(w, DER_SEQUENCE, at);
        der_wrap(w, DER_SET, at);
    }
    der_wrap(w, DER_SEQUENCE, name);
}

static const struct {
    const char *key;
    name_type type;
} keys[] = {{"CN", NAME_CN}, {"C", NAME_C}, {"L", NAME_L},
            {"ST", NAME_ST}, {"O", NAME_O}, {"OU", NAME_OU}};

static bool type_from(bytes key, name_type *type)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (bytes_is(key, keys[i].key)) {
            *type = keys[i].type;
            return true;
        }
    return false;
}

static bool is_letter(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool value_ok(name_type type, bytes v)
{
    if (type == NAME_C)
        return v.n == 2 && is_letter(v.p[0]) && is_letter(v.p[1]);
    for (size_t i = 0; i < v.n; i++)
        if (v.p[i] < 0x20 || v.p[i] == 0x7f)
            return false;
    return v.n > 0 && utf8_ok(v);
}

/* The key up to '='; false if the text ends or a comma comes first. */
static bool take_key(reader *r, bytes *key)
{
    size_t from = r->pos;
    while (rd_peek(r) > 0 && rd_peek(r) != '=' && rd_peek(r) != ',')
        (void)rd_u8(r);
    *key = bytes_of(r->base + from, r->pos - from);
    return rd_u8(r) == '=';
}

/* The value up to a comma or the end; false if a backslash ends the text or it is too long. */
static bool take_value(reader *r, writer *value)
{
    while (rd_left(r) > 0 && rd_peek(r) != ',') {
        if (rd_peek(r) == '\\')
            (void)rd_u8(r);
        wr_u8(value, rd_u8(r));
    }
    return rd_ok(r) && wr_ok(value);
}

ratls_code issue_name_from_text(bytes text, writer *w, ratls_error *e)
{
    name_attribute attributes[ATTRIBUTES_MAX];
    uint8_t values[ATTRIBUTES_MAX][VALUE_MAX];
    size_t n = 0;
    reader r = rd_of(text);
    do {
        size_t at = r.pos;
        bytes key;
        if (n == ATTRIBUTES_MAX)
            return refuse(e, RATLS_E_LIMIT, at, "name: more than %d attributes", ATTRIBUTES_MAX);
        name_attribute *a = &attributes[n];
        if (!take_key(&r, &key) || !type_from(key, &a->type))
            return refuse(e, RATLS_E_MALFORMED, at,
                          "name: no attribute at character %zu, expected CN=, O=, OU=, L=, ST= or "
                          "C= and a value",
                          at + 1);
        writer value = wr_of(values[n], VALUE_MAX);
        bool whole = take_value(&r, &value);
        a->value = wr_bytes(&value);
        if (!whole || !value_ok(a->type, a->value))
            return refuse(e, RATLS_E_MALFORMED, at,
                          "name: the value of the attribute at character %zu is not %s", at + 1,
                          a->type == NAME_C ? "a country code of two letters"
                                            : "1 to 64 bytes of printable UTF-8");
        n++;
    } while (rd_left(&r) > 0 && rd_u8(&r) == ',');
    issue_name(w, attributes, n);
    return RATLS_OK;
}
