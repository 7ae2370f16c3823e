#include "issue/ordinary.h"

#include <assert.h>
#include <stdio.h>

#include "base/hex.h"
#include "base/time.h"
#include "issue/name.h"

enum {
    BACKDATED = 300, /* seconds: peers' clocks run behind */
    NAME_SIZE = 260, /* a DNS name of 253 bytes, with tag and length */
    VALUES_MAX = 512 + ORDINARY_NAMES_MAX * NAME_SIZE
};

static const uint8_t oid_subject_alt_name[] = {0x55, 0x1d, ID_CE_SUBJECT_ALT_NAME};

ratls_code ordinary_check_ca(const certificate *ca, const crypto_private *key, ratls_error *e)
{
    uint8_t spki[CRYPTO_SIGNATURE_MAX + 256];
    writer w = wr_of(spki, sizeof spki);
    if (!ca->is_ca || (ca->has_key_usage && (ca->key_usage & KEY_USAGE_CERT_SIGN) == 0))
        return refuse(e, RATLS_E_UNTRUSTED, 0,
                      "CA: its certificate is not one that may sign certificates");
    if (!crypto_private_spki(key, &w) || !bytes_equal(wr_bytes(&w), ca->spki))
        return refuse(e, RATLS_E_UNTRUSTED, 0, "CA: the key is not that of its certificate");
    return RATLS_OK;
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

/* GeneralNames in DER, both of them: DNS names without regard to case [RFC 4343]. */
static bool same_name(bytes a, bytes b)
{
    if (a.n != b.n || a.p[0] != b.p[0])
        return false;
    if (a.p[0] != DER_CONTEXT(2))
        return bytes_equal(a, b);
    for (size_t i = 1; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

/* For people. Nothing of it can steer a terminal. */
static void name_for_people(bytes name, char out[128])
{
    reader r = rd_of(name);
    unsigned tag = (unsigned)der_peek(&r);
    bytes b = der_take(&r, tag);
    bool printable = tag == DER_CONTEXT(2) && b.n > 0 && b.n <= 100;
    for (size_t i = 0; i < b.n; i++)
        printable = printable && b.p[i] > 0x20 && b.p[i] < 0x7f && b.p[i] != '"';
    if (printable)
        (void)snprintf(out, 128, "the DNS name \"%.*s\"", (int)b.n, (const char *)b.p);
    else if (tag == DER_CONTEXT(2))
        (void)snprintf(out, 128, "a DNS name that is none");
    else if (tag == DER_CONTEXT(7) && b.n == 4)
        (void)snprintf(out, 128, "the address %u.%u.%u.%u", b.p[0], b.p[1], b.p[2], b.p[3]);
    else if (tag == DER_CONTEXT(7) && b.n == 16)
        (void)snprintf(out, 128, "the address %s (hex)", HEX(b));
    else
        (void)snprintf(out, 128, "a name that is neither a DNS name nor an IP address");
}

/* Which of the allowed names, as they stand in `list`; allowed_n if none. */
static size_t find_name(reader list, bytes name)
{
    size_t i = 0;
    for (; rd_left(&list) > 0; i++)
        if (same_name(der_element(&list, NULL), name))
            break;
    return i;
}

/* The names that the request asks for, if all are allowed; else the first that is not. */
static ratls_code choose_names(const ordinary_order *o, ordinary_made *made, ratls_error *e)
{
    const extension *asked = certificate_extension(
        o->request, bytes_of(oid_subject_alt_name, sizeof oid_subject_alt_name));
    uint8_t values[ORDINARY_NAMES_MAX * NAME_SIZE];
    issue_extensions allowed = issue_extensions_of(values, sizeof values);
    ratls_code code = issue_add_subject_alt_names(&allowed, o->allowed, o->allowed_n, e);
    if (code != RATLS_OK)
        return code;
    if (!wr_ok(&allowed.values))
        return refuse(e, RATLS_E_LIMIT, 0, "names: too long, at most %zu bytes are taken",
                      sizeof values);
    if (asked == NULL)
        return RATLS_OK;
    bool chosen[ORDINARY_NAMES_MAX] = {false};
    reader value = rd_of(asked->value), given = rd_of(allowed.all[0].value);
    reader names = der_enter(&value, DER_SEQUENCE);
    reader list = der_enter(&given, DER_SEQUENCE);
    while (rd_left(&names) > 0) {
        bytes name = der_element(&names, NULL);
        size_t i = name.n > 0 ? find_name(list, name) : o->allowed_n;
        if (i == o->allowed_n) {
            char text[128];
            name_for_people(name, text);
            return refuse(e, RATLS_E_POLICY, 0,
                          "request: asks for %s, which is not among the %zu names allowed", text,
                          o->allowed_n);
        }
        chosen[i] = true;
    }
    for (size_t i = 0; i < o->allowed_n; i++)
        if (chosen[i])
            made->names[made->names_n++] = o->allowed[i];
    return RATLS_OK;
}

static ratls_code set_dates(const ordinary_order *o, ordinary_made *made, ratls_error *e)
{
    int64_t end = o->now + (int64_t)o->seconds;
    const char *what = "the CA";
    if (o->ca->not_before > o->now)
        return refuse(e, RATLS_E_STALE, 0, "CA: not valid before %s, now it is %s",
                      ISO(o->ca->not_before), ISO(o->now));
    made->not_before = o->now - BACKDATED;
    if (made->not_before < o->ca->not_before)
        made->not_before = o->ca->not_before;
    if (end > o->ca->not_after)
        end = o->ca->not_after;
    if (end > o->evidence_until) {
        end = o->evidence_until;
        what = "the collateral";
    }
    made->not_after = end;
    if (end <= o->now)
        return refuse(e, RATLS_E_STALE, 0,
                      "%s ended at %s, and a certificate cannot outlive it; now it is %s", what,
                      ISO(end), ISO(o->now));
    return RATLS_OK;
}

static ratls_code add_extensions(const ordinary_order *o, const ordinary_made *made,
                                 issue_extensions *x, ratls_error *e)
{
    uint8_t own[ISSUE_KEY_ID_SIZE], issuer[ISSUE_KEY_ID_SIZE];
    bytes issuer_id = o->ca->subject_key_id;
    bool ok = issue_key_id(o->request->spki, own);
    if (ok && issuer_id.n == 0) {
        ok = issue_key_id(o->ca->spki, issuer);
        issuer_id = bytes_of(issuer, sizeof issuer);
    }
    if (!ok)
        return refuse(e, RATLS_E_SYSTEM, 0, "CA: the crypto library could not hash");
    issue_add_basic_constraints(x, false, -1);
    issue_add_key_usage(x, KEY_USAGE_DIGITAL_SIGNATURE);
    issue_add_server_and_client(x);
    issue_add_subject_key_id(x, bytes_of(own, sizeof own));
    issue_add_authority_key_id(x, issuer_id);
    return made->names_n > 0 ? issue_add_subject_alt_names(x, made->names, made->names_n, e)
                             : RATLS_OK;
}

/* Says which key it is, and nothing that somebody could claim. */
static bool name_of_key(bytes spki, writer *w)
{
    uint8_t digest[32];
    if (!crypto_digest(CRYPTO_SHA256, &spki, 1, digest))
        return false;
    char hex[2 * sizeof digest + 1];
    hex_encode(bytes_of(digest, sizeof digest), hex);
    const name_attribute cn = {NAME_CN, bytes_text(hex)};
    issue_name(w, &cn, 1);
    return wr_ok(w);
}

ratls_code issue_ordinary(const ordinary_order *o, writer *out, ordinary_made *made, ratls_error *e)
{
    assert(o->allowed_n <= ORDINARY_NAMES_MAX && o->request->version == 0);
    uint8_t values[VALUES_MAX], name[128];
    writer subject = wr_of(name, sizeof name);
    issue_extensions extensions = issue_extensions_of(values, sizeof values);
    *made = (ordinary_made){.names_n = 0};
    if (o->request->is_ca)
        return refuse(e, RATLS_E_POLICY, 0,
                      "request: asks to be a CA, and only ordinary certificates are issued");
    ratls_code code = choose_names(o, made, e);
    if (code == RATLS_OK)
        code = set_dates(o, made, e);
    if (code == RATLS_OK)
        code = add_extensions(o, made, &extensions, e);
    if (code == RATLS_OK && !name_of_key(o->request->spki, &subject))
        code = refuse(e, RATLS_E_SYSTEM, 0, "CA: the crypto library could not hash");
    if (code != RATLS_OK)
        return code;
    if (bytes_equal(o->subject, o->ca->subject))
        return refuse(e, RATLS_E_POLICY, 0,
                      "CA: a certificate with the subject of the CA would look self-signed");
    const issue_spec spec = {
        .serial = o->serial,
        .issuer = o->ca->subject,
        .subject = o->subject.n > 0 ? o->subject : wr_bytes(&subject),
        .not_before = made->not_before,
        .not_after = made->not_after,
        .spki = o->request->spki,
        .extensions = &extensions,
    };
    return issue_certificate(&spec, o->ca_key, out, e);
}
