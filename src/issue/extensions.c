#include "issue/extensions.h"

#include <assert.h>

#include "base/hex.h"

static const uint8_t id_ce[][3] = {
    [ID_CE_SUBJECT_KEY_ID] = {0x55, 0x1d, ID_CE_SUBJECT_KEY_ID},
    [ID_CE_KEY_USAGE] = {0x55, 0x1d, ID_CE_KEY_USAGE},
    [ID_CE_SUBJECT_ALT_NAME] = {0x55, 0x1d, ID_CE_SUBJECT_ALT_NAME},
    [ID_CE_BASIC_CONSTRAINTS] = {0x55, 0x1d, ID_CE_BASIC_CONSTRAINTS},
    [ID_CE_CRL_DISTRIBUTION_POINTS] = {0x55, 0x1d, ID_CE_CRL_DISTRIBUTION_POINTS},
    [ID_CE_AUTHORITY_KEY_ID] = {0x55, 0x1d, ID_CE_AUTHORITY_KEY_ID},
    [ID_CE_EXT_KEY_USAGE] = {0x55, 0x1d, ID_CE_EXT_KEY_USAGE},
};

enum { GENERAL_NAME_DNS = 2, GENERAL_NAME_URI = 6, GENERAL_NAME_IP = 7, DNS_NAME_MAX = 253 };

void issue_add(issue_extensions *x, bytes oid, bool critical, bytes value)
{
    assert(x->n < ISSUE_EXTENSIONS_MAX);
    x->all[x->n++] = (extension){oid, critical, value};
}

/* The value was written at `at`. If it did not fit, `values` tells, and nobody uses the view. */
static void add_made(issue_extensions *x, unsigned id, bool critical, size_t at)
{
    bytes value = wr_ok(&x->values) ? bytes_of(x->values.out + at, x->values.n - at) : BYTES_NONE;
    issue_add(x, bytes_of(id_ce[id], sizeof id_ce[id]), critical, value);
}

void issue_add_basic_constraints(issue_extensions *x, bool ca, int path_len)
{
    writer *w = &x->values;
    size_t at = w->n;
    if (ca)
        der_put_boolean(w, true); /* FALSE is the default, so absent [X.690 11.5] */
    if (ca && path_len >= 0)
        der_put_uint(w, DER_INTEGER, (uint64_t)path_len);
    der_wrap(w, DER_SEQUENCE, at);
    add_made(x, ID_CE_BASIC_CONSTRAINTS, true, at);
}

/* A named bit list ends with its last bit that is set [X.690 11.2.2]. */
void issue_add_key_usage(issue_extensions *x, unsigned usage)
{
    assert(usage != 0 && usage < 1U << 8);
    writer *w = &x->values;
    size_t at = w->n;
    unsigned last = 7, octet = 0;
    while ((usage >> last & 1) == 0)
        last--;
    for (unsigned bit = 0; bit <= last; bit++)
        octet |= (usage >> bit & 1) << (7 - bit);
    wr_u8(w, 7 - last);
    wr_u8(w, octet);
    der_wrap(w, DER_BIT_STRING, at);
    add_made(x, ID_CE_KEY_USAGE, true, at);
}

void issue_add_server_and_client(issue_extensions *x)
{
    /* id-kp-serverAuth and id-kp-clientAuth, 1.3.6.1.5.5.7.3.1 and .2 [RFC 5280 4.2.1.12] */
    static const uint8_t purposes[][8] = {{0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01},
                                          {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02}};
    size_t at = x->values.n;
    for (size_t i = 0; i < sizeof purposes / sizeof *purposes; i++)
        der_put_oid(&x->values, bytes_of(purposes[i], sizeof purposes[i]));
    der_wrap(&x->values, DER_SEQUENCE, at);
    add_made(x, ID_CE_EXT_KEY_USAGE, false, at);
}

void issue_add_subject_key_id(issue_extensions *x, bytes id)
{
    size_t at = x->values.n;
    der_put(&x->values, DER_OCTET_STRING, id);
    add_made(x, ID_CE_SUBJECT_KEY_ID, false, at);
}

void issue_add_authority_key_id(issue_extensions *x, bytes id)
{
    size_t at = x->values.n;
    der_put(&x->values, DER_CONTEXT(0), id);
    der_wrap(&x->values, DER_SEQUENCE, at);
    add_made(x, ID_CE_AUTHORITY_KEY_ID, false, at);
}

void issue_add_crl_distribution_point(issue_extensions *x, bytes uri)
{
    writer *w = &x->values;
    size_t at = w->n;
    der_put(w, DER_CONTEXT(GENERAL_NAME_URI), uri);
    der_wrap(w, DER_CONTEXT_CONSTRUCTED(0), at); /* fullName */
    der_wrap(w, DER_CONTEXT_CONSTRUCTED(0), at); /* distributionPoint */
    der_wrap(w, DER_SEQUENCE, at);
    der_wrap(w, DER_SEQUENCE, at);
    add_made(x, ID_CE_CRL_DISTRIBUTION_POINTS, false, at);
}

/* Four decimal numbers without leading zeros. */
static bool ipv4_read(reader *r, uint8_t out[4])
{
    for (size_t i = 0; i < 4; i++) {
        if (i > 0 && rd_u8(r) != '.')
            return false;
        unsigned v = 0, digits = 0;
        bool leading_zero = rd_peek(r) == '0';
        for (; rd_peek(r) >= '0' && rd_peek(r) <= '9' && digits < 4; digits++)
            v = v * 10 + (unsigned)(rd_u8(r) - '0');
        if (digits == 0 || v > 255 || (leading_zero && digits > 1))
            return false;
        out[i] = (uint8_t)v;
    }
    return rd_ok(r);
}

/* [RFC 4291 2.2], forms 1 and 2: up to eight groups, "::" once, for at least one group of zeros. */
static bool ipv6_read(reader *r, uint8_t out[16])
{
    size_t n = 0, gap = SIZE_MAX;
    memset(out, 0, 16);
    while (rd_left(r) > 0) {
        if (n > 0 || rd_peek(r) == ':') {
            if (rd_u8(r) != ':')
                return false;
            if (rd_peek(r) == ':' && gap == SIZE_MAX) {
                (void)rd_u8(r);
                gap = n;
                if (rd_left(r) == 0)
                    break;
            } else if (n == 0) {
                return false;
            }
        }
        unsigned v = 0, digits = 0;
        for (; hex_digit(rd_peek(r)) >= 0 && digits < 5; digits++)
            v = v << 4 | (unsigned)hex_digit(rd_u8(r));
        if (digits == 0 || digits > 4 || n == 8)
            return false;
        out[2 * n] = (uint8_t)(v >> 8);
        out[2 * n + 1] = (uint8_t)(v & 0xff);
        n++;
    }
    if (!rd_ok(r) || (gap == SIZE_MAX ? n != 8 : n >= 8))
        return false;
    if (gap != SIZE_MAX) {
        size_t tail = 2 * (n - gap);
        memmove(out + 16 - tail, out + 2 * gap, tail);
        memset(out + 2 * gap, 0, 16 - 2 * n);
    }
    return true;
}

/* Labels of letters, digits and hyphens [RFC 1034 3.5]; the first may be "*". The last is not a
 * number: that would be a bad address. */
static bool dns_name_ok(bytes name)
{
    reader r = rd_of(name);
    bool number = false;
    if (name.n > DNS_NAME_MAX)
        return false;
    if (bytes_starts(name, "*."))
        (void)rd_take(&r, 2);
    do {
        size_t n = 0;
        int c = rd_peek(&r), before = '-';
        number = true;
        for (; c > 0 && c != '.'; c = rd_peek(&r), n++) {
            bool digit = c >= '0' && c <= '9';
            bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            if ((!digit && !letter && c != '-') || (c == '-' && n == 0))
                return false;
            number = number && digit;
            before = rd_u8(&r);
        }
        if (n == 0 || n > 63 || before == '-')
            return false;
    } while (rd_left(&r) > 0 && rd_u8(&r) == '.');
    return rd_done(&r) && !number && name.p[name.n - 1] != '.';
}

ratls_code issue_add_subject_alt_names(issue_extensions *x, const char *const *names, size_t n,
                                       ratls_error *e)
{
    writer *w = &x->values;
    size_t at = w->n;
    for (size_t i = 0; i < n; i++) {
        bytes text = bytes_text(names[i]);
        uint8_t address[16];
        reader v4 = rd_of(text), v6 = rd_of(text);
        if (ipv4_read(&v4, address) && rd_done(&v4))
            der_put(w, DER_CONTEXT(GENERAL_NAME_IP), bytes_of(address, 4));
        else if (ipv6_read(&v6, address))
            der_put(w, DER_CONTEXT(GENERAL_NAME_IP), bytes_of(address, 16));
        else if (dns_name_ok(text))
            der_put(w, DER_CONTEXT(GENERAL_NAME_DNS), text);
        else
            return refuse(e, RATLS_E_MALFORMED, i,
                          "subject alternative name %zu, \"%.64s\", is neither a DNS name nor an "
                          "IP address",
                          i + 1, names[i]);
    }
    der_wrap(w, DER_SEQUENCE, at);
    add_made(x, ID_CE_SUBJECT_ALT_NAME, false, at);
    return RATLS_OK;
}

void issue_put_extensions(writer *w, const issue_extensions *x)
{
    size_t list = w->n;
    for (size_t i = 0; i < x->n; i++) {
        size_t at = w->n;
        der_put_oid(w, x->all[i].oid);
        if (x->all[i].critical)
            der_put_boolean(w, true); /* FALSE is the default */
        der_put(w, DER_OCTET_STRING, x->all[i].value);
        der_wrap(w, DER_SEQUENCE, at);
    }
    der_wrap(w, DER_SEQUENCE, list);
}

bool issue_key_id(bytes spki, uint8_t id[ISSUE_KEY_ID_SIZE])
{
    reader r = rd_of(spki);
    reader info = der_enter(&r, DER_SEQUENCE);
    (void)der_take(&info, DER_SEQUENCE);
    bytes key = der_bits(&info);
    uint8_t digest[CRYPTO_HASH_MAX];
    if (!rd_done(&info) || !rd_done(&r) || !crypto_digest(CRYPTO_SHA256, &key, 1, digest))
        return false;
    memcpy(id, digest, ISSUE_KEY_ID_SIZE);
    return true;
}
