#include "der_maker.h"

#include <time.h>

static bytes be_octets(uint64_t v, unsigned width)
{
    buf b = {0};
    buf_be(&b, v, width);
    return buf_bytes(&b);
}

static unsigned width_of(uint64_t v)
{
    unsigned width = 1;
    while (width < 8 && v >> 8 * width != 0)
        width++;
    return width;
}

static bytes octet(unsigned v)
{
    return be_octets(v, 1);
}

bytes mk_tlv_width(unsigned tag, bytes contents, unsigned width)
{
    if (width == 0 && contents.n < 128)
        return join(octet(tag), octet((unsigned)contents.n), contents);
    if (width == 0)
        width = width_of(contents.n);
    MUST(width <= 8);
    return join(octet(tag), octet(0x80 | width), be_octets(contents.n, width), contents);
}

bytes mk_tlv(unsigned tag, bytes contents)
{
    return mk_tlv_width(tag, contents, 0);
}

bytes mk_tlv_indefinite(unsigned tag, bytes contents)
{
    return join(octet(tag), octet(0x80), contents, be_octets(0, 2));
}

bytes mk_int_raw(bytes contents)
{
    return mk_tlv(DER_INTEGER, contents);
}

bytes mk_int_positive(bytes magnitude)
{
    while (magnitude.n > 1 && magnitude.p[0] == 0)
        magnitude = bytes_of(magnitude.p + 1, magnitude.n - 1);
    bool high = magnitude.n == 0 || (magnitude.p[0] & 0x80) != 0;
    return mk_int_raw(high ? join(octet(0), magnitude) : magnitude);
}

bytes mk_uint(uint64_t v)
{
    return mk_int_positive(be_octets(v, 8));
}

bytes mk_bool(bool v)
{
    return mk_tlv(DER_BOOLEAN, octet(v ? 0xff : 0));
}

bytes mk_octets(bytes contents)
{
    return mk_tlv(DER_OCTET_STRING, contents);
}

bytes mk_bits(bytes octets)
{
    return mk_tlv(DER_BIT_STRING, join(octet(0), octets));
}

bytes mk_null(void)
{
    return mk_tlv(DER_NULL, BYTES_NONE);
}

static void put_arc(buf *b, uint64_t arc)
{
    unsigned groups = 1;
    while (arc >> 7 * groups != 0)
        groups++;
    while (groups-- > 0)
        buf_u8(b, (unsigned)(arc >> 7 * groups & 0x7f) | (groups > 0 ? 0x80 : 0));
}

bytes oid_contents(const char *dotted)
{
    uint64_t arcs[24];
    size_t n = 0;
    const char *p = dotted;
    do {
        MUST(n < sizeof arcs / sizeof arcs[0] && *p >= '0' && *p <= '9');
        for (arcs[n] = 0; *p >= '0' && *p <= '9'; p++)
            arcs[n] = 10 * arcs[n] + (uint64_t)(*p - '0');
        n++;
    } while (*p++ == '.');
    MUST(p[-1] == '\0' && n >= 2 && arcs[0] <= 2);
    buf b = {0};
    put_arc(&b, 40 * arcs[0] + arcs[1]);
    for (size_t i = 2; i < n; i++)
        put_arc(&b, arcs[i]);
    return buf_bytes(&b);
}

bytes mk_oid(const char *dotted)
{
    return mk_tlv(DER_OID, oid_contents(dotted));
}

bytes mk_utf8(const char *text)
{
    return mk_tlv(DER_UTF8_STRING, bytes_text(text));
}

bytes mk_printable(const char *text)
{
    return mk_tlv(DER_PRINTABLE_STRING, bytes_text(text));
}

static struct tm civil(int64_t t)
{
    time_t seconds = (time_t)t;
    struct tm tm;
    MUST(gmtime_r(&seconds, &tm) != NULL);
    return tm;
}

bytes mk_utc_time(int64_t t)
{
    struct tm tm = civil(t);
    return mk_tlv(DER_UTC_TIME,
                  arena_format("%02d%02d%02d%02d%02d%02dZ", tm.tm_year % 100, tm.tm_mon + 1,
                               tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec));
}

bytes mk_generalized_time(int64_t t)
{
    struct tm tm = civil(t);
    return mk_tlv(DER_GENERALIZED_TIME,
                  arena_format("%04d%02d%02d%02d%02d%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
                               tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec));
}

bytes mk_time(int64_t t)
{
    int year = civil(t).tm_year;
    return year >= 50 && year < 150 ? mk_utc_time(t) : mk_generalized_time(t);
}

bytes mk_name(const char *text)
{
    static const struct {
        const char *key, *oid;
    } types[] = {{"CN", "2.5.4.3"}, {"C", "2.5.4.6"},  {"L", "2.5.4.7"},
                 {"ST", "2.5.4.8"}, {"O", "2.5.4.10"}, {"OU", "2.5.4.11"}};
    buf rdns = {0};
    while (*text != '\0') {
        size_t n = strcspn(text, ",");
        bytes pair = arena_format("%.*s", (int)n, text);
        char *key = (char *)(uintptr_t)pair.p, *value = strchr(key, '=');
        MUST(value != NULL);
        *value++ = '\0';
        const char *oid = NULL;
        for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
            if (strcmp(types[i].key, key) == 0)
                oid = types[i].oid;
        MUST(oid != NULL);
        bytes string = strcmp(key, "C") == 0 ? mk_printable(value) : mk_utf8(value);
        buf_put(&rdns, mk_set(mk_seq(mk_oid(oid), string)));
        text += n + (text[n] == ',');
    }
    return mk_tlv(DER_SEQUENCE, buf_bytes(&rdns));
}

bytes mk_cbor_head(cbor_major major, uint64_t value, unsigned width)
{
    unsigned top = (unsigned)major << 5;
    if (width == 0 && value < 24)
        return octet(top | (unsigned)value);
    if (width == 0)
        width = value <= 0xff ? 1 : (value <= 0xffff ? 2 : (value <= 0xffffffff ? 4 : 8));
    unsigned info = width == 1 ? 24 : (width == 2 ? 25 : (width == 4 ? 26 : 27));
    return join(octet(top | info), be_octets(value, width));
}

bytes mk_cbor_uint(uint64_t v)
{
    return mk_cbor_head(CBOR_UINT, v, 0);
}

bytes mk_cbor_bytes(bytes b)
{
    return join(mk_cbor_head(CBOR_BYTES, b.n, 0), b);
}

bytes mk_cbor_text(const char *text)
{
    return join(mk_cbor_head(CBOR_TEXT, strlen(text), 0), bytes_text(text));
}

bytes mk_cbor_indefinite(cbor_major major, bytes items)
{
    return join(octet((unsigned)major << 5 | 31), items, octet(0xff));
}
