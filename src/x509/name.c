#include "x509/name.h"

#include <assert.h>

#include "base/hex.h"

enum { NUMERIC_STRING = 0x12, TELETEX_STRING = 0x14, BMP_STRING = 0x1e };

/* [RFC 3629 4]: no overlong forms, no surrogates, nothing above U+10FFFF. */
static bool utf8_valid(bytes b)
{
    reader r = rd_of(b);
    while (rd_left(&r) > 0) {
        unsigned first = rd_u8(&r);
        if (first < 0x80)
            continue;
        unsigned more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
        if (first < 0xc2 || first > 0xf4)
            return false;
        uint32_t point = first & (0x3fU >> more);
        for (unsigned i = 0; i < more; i++) {
            unsigned next = rd_u8(&r);
            if ((next & 0xc0) != 0x80)
                return false;
            point = point << 6 | (next & 0x3f);
        }
        if ((more == 2 && point < 0x800) || (more == 3 && (point < 0x10000 || point > 0x10ffff)) ||
            (point >= 0xd800 && point <= 0xdfff))
            return false;
    }
    return rd_done(&r);
}

/* Units of two bytes, none of them a surrogate. */
static bool bmp_valid(bytes b)
{
    reader r = rd_of(b);
    while (rd_left(&r) > 0)
        if ((rd_be(&r, 2) & 0xf800) == 0xd800)
            return false;
    return rd_done(&r);
}

static bool string_valid(unsigned tag, bytes b)
{
    switch (tag) {
    case DER_UTF8_STRING:
        return utf8_valid(b);
    case BMP_STRING:
        return bmp_valid(b);
    case DER_PRINTABLE_STRING:
    case DER_IA5_STRING:
    case NUMERIC_STRING:
    case TELETEX_STRING:
        return true;
    default:
        return false;
    }
}

/* One AttributeTypeAndValue. */
typedef struct attribute {
    bytes oid, value;
    bool first; /* of its RDN */
} attribute;

/* Where a walk through a Name stands. */
typedef struct walk {
    reader rdns, rdn;
} walk;

static walk walk_of(reader *r)
{
    reader rdns = der_enter(r, DER_SEQUENCE);
    return (walk){rdns, {rdns.base, rdns.pos, rdns.pos, false}};
}

/* False at the end, or with `rdns` bad. */
static bool walk_next(walk *w, attribute *a)
{
    *a = (attribute){.first = false};
    if (rd_left(&w->rdn) == 0) {
        if (rd_left(&w->rdns) == 0)
            return false;
        a->first = true;
        w->rdn = der_enter(&w->rdns, DER_SET);
    }
    reader pair = der_enter(&w->rdn, DER_SEQUENCE);
    a->oid = der_oid(&pair);
    int tag = der_peek(&pair);
    a->value = tag < 0 ? BYTES_NONE : der_take(&pair, (unsigned)tag);
    if (tag < 0 || !rd_done(&pair) || !string_valid((unsigned)tag, a->value)) {
        rd_fail(&w->rdns);
        return false;
    }
    return true;
}

bool name_read(reader *r, bytes *name)
{
    reader again = *r;
    *name = der_element(&again, NULL);
    walk w = walk_of(r);
    attribute a;
    while (walk_next(&w, &a))
        continue;
    if (!rd_done(&w.rdns))
        rd_fail(r);
    return rd_ok(r);
}

bool name_is_empty(bytes name)
{
    reader r = rd_of(name);
    walk w = walk_of(&r);
    return rd_done(&w.rdns);
}

/* [RFC 5280 appendix A.1, RFC 4514 3] */
static const struct {
    uint8_t n, oid[10];
    const char *text;
} known[] = {
    {3, {0x55, 0x04, 0x03}, "CN"},
    {3, {0x55, 0x04, 0x05}, "serialNumber"},
    {3, {0x55, 0x04, 0x06}, "C"},
    {3, {0x55, 0x04, 0x07}, "L"},
    {3, {0x55, 0x04, 0x08}, "ST"},
    {3, {0x55, 0x04, 0x0a}, "O"},
    {3, {0x55, 0x04, 0x0b}, "OU"},
    {9, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01}, "emailAddress"},
    {10, {0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x19}, "DC"},
};

static bytes common_name_oid(void)
{
    return bytes_of(known[0].oid, known[0].n);
}

bytes name_common(bytes name)
{
    reader r = rd_of(name);
    walk w = walk_of(&r);
    bytes found = BYTES_NONE;
    attribute a;
    while (walk_next(&w, &a))
        if (bytes_equal(a.oid, common_name_oid()))
            found = a.value;
    return found;
}

static void put_text(writer *w, const char *text)
{
    wr_put(w, bytes_text(text));
}

static void put_escaped(writer *w, bytes b)
{
    for (size_t i = 0; i < b.n; i++) {
        bytes one = bytes_of(b.p + i, 1);
        if (b.p[i] >= 0x20 && b.p[i] < 0x7f && strchr("\"'\\", b.p[i]) == NULL) {
            wr_put(w, one);
        } else {
            put_text(w, "\\x");
            put_text(w, HEX(one));
        }
    }
}

static void put_type(writer *w, bytes oid)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (bytes_equal(oid, bytes_of(known[i].oid, known[i].n))) {
            put_text(w, known[i].text);
            return;
        }
    char dotted[80];
    der_oid_text(oid, dotted, sizeof dotted);
    put_text(w, dotted[0] == '\0' ? "?" : dotted);
}

void name_text(bytes name, char *out, size_t cap)
{
    assert(cap > 0);
    memset(out, 0, cap);
    writer text = wr_of(out, cap - 1);
    reader r = rd_of(name);
    walk w = walk_of(&r);
    attribute a;
    for (size_t n = 0; !text.full && walk_next(&w, &a); n++) {
        if (n > 0)
            put_text(&text, a.first ? ", " : " + ");
        put_type(&text, a.oid);
        put_text(&text, "=");
        put_escaped(&text, a.value);
    }
}
