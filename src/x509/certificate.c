/* Certificates [RFC 5280 4.1] and those of their extensions [4.2] that ratls reads. Form only. */
#include "x509/certificate.h"

#include "base/time.h"
#include "x509/algorithm.h"
#include "x509/known_extensions.h"
#include "x509/public_key.h"

enum { VERSION_LAST = 3 };

static ratls_code malformed(ratls_error *e, size_t at, const char *sentence)
{
    return refuse(e, RATLS_E_MALFORMED, at, "certificate: %s", sentence);
}

static ratls_code read_version(reader *tbs, unsigned last, certificate *c, ratls_error *e)
{
    c->version = 1;
    if (der_peek(tbs) != DER_CONTEXT_CONSTRUCTED(0))
        return RATLS_OK;
    size_t at = tbs->pos;
    reader r = der_enter(tbs, DER_CONTEXT_CONSTRUCTED(0));
    unsigned n = (unsigned)der_uint(&r, DER_INTEGER, UINT16_MAX);
    if (!rd_done(&r))
        return malformed(e, at, "the version is not one small INTEGER");
    if (n == 0)
        return malformed(e, at, "version 1 is written out, though DER leaves out a default");
    if (n >= last)
        return refuse(e, RATLS_E_UNSUPPORTED, at, "certificate: version %u, expected 1, 2 or 3",
                      n + 1);
    c->version = n + 1;
    return RATLS_OK;
}

static ratls_code read_serial(reader *tbs, certificate *c, ratls_error *e)
{
    size_t at = tbs->pos;
    c->serial = der_integer(tbs);
    if (!rd_ok(tbs))
        return malformed(e, at, "the serial is not an INTEGER in its shortest form");
    size_t size = serial_size(c->serial);
    if (size > SERIAL_MAX)
        return refuse(e, RATLS_E_MALFORMED, at,
                      "certificate: serial has %zu bytes, at most %d are allowed", size,
                      SERIAL_MAX);
    return RATLS_OK;
}

static ratls_code read_name(reader *tbs, bytes *name, const char *which, ratls_error *e)
{
    size_t at = tbs->pos;
    if (!name_read(tbs, name))
        return refuse(e, RATLS_E_MALFORMED, at,
                      "certificate: the %s is not a Name of valid strings in DER", which);
    return RATLS_OK;
}

static ratls_code read_validity(reader *tbs, certificate *c, ratls_error *e)
{
    size_t at = tbs->pos;
    reader r = der_enter(tbs, DER_SEQUENCE);
    c->not_before = der_time(&r);
    c->not_after = der_time(&r);
    if (!rd_done(&r))
        return malformed(e, at,
                         "the validity is not two times, each UTCTime or GeneralizedTime with "
                         "seconds and Z");
    if (c->not_after < c->not_before)
        return refuse(e, RATLS_E_MALFORMED, at, "certificate: notAfter %s is before notBefore %s",
                      ISO(c->not_after), ISO(c->not_before));
    return RATLS_OK;
}

/* issuerUniqueID and subjectUniqueID: passed over. */
static ratls_code read_unique_ids(reader *tbs, const certificate *c, ratls_error *e)
{
    for (int tag = DER_CONTEXT(1); tag <= DER_CONTEXT(2); tag++) {
        if (der_peek(tbs) != tag)
            continue;
        size_t at = tbs->pos;
        if (!der_bit_string_ok(der_take(tbs, (unsigned)tag)))
            return malformed(e, at, "a unique identifier is not a BIT STRING in DER");
        if (c->version == 1)
            return malformed(e, at, "a unique identifier in a version 1 certificate");
    }
    return RATLS_OK;
}

static ratls_code read_extensions(reader *tbs, certificate *c, ratls_error *e)
{
    c->path_len = -1;
    if (der_peek(tbs) != DER_CONTEXT_CONSTRUCTED(3))
        return RATLS_OK;
    size_t at = tbs->pos;
    if (c->version < 3)
        return refuse(e, RATLS_E_MALFORMED, at, "certificate: extensions in a version %u one",
                      c->version);
    reader r = der_enter(tbs, DER_CONTEXT_CONSTRUCTED(3));
    reader list = der_enter(&r, DER_SEQUENCE);
    if (!rd_done(&r) || rd_left(&list) == 0)
        return malformed(e, at, "the extensions are not one SEQUENCE of at least one");
    return known_extensions_read(&list, c, e);
}

static ratls_code read_tbs(reader *tbs, unsigned last_version, bytes *algorithm, certificate *c,
                           ratls_error *e)
{
    ratls_code code = read_version(tbs, last_version, c, e);
    if (code == RATLS_OK)
        code = read_serial(tbs, c, e);
    if (code == RATLS_OK)
        code = signature_algorithm_read(tbs, algorithm, &c->signature_algorithm, "certificate", e);
    if (code == RATLS_OK)
        code = read_name(tbs, &c->issuer, "issuer", e);
    if (code == RATLS_OK)
        code = read_validity(tbs, c, e);
    if (code == RATLS_OK)
        code = read_name(tbs, &c->subject, "subject", e);
    if (code == RATLS_OK)
        code = public_key_read(tbs, c, e);
    if (code == RATLS_OK)
        code = read_unique_ids(tbs, c, e);
    if (code == RATLS_OK)
        code = read_extensions(tbs, c, e);
    if (code == RATLS_OK && !rd_done(tbs))
        code = malformed(e, tbs->pos, "an unknown field follows in the signed part");
    return code;
}

static ratls_code parse(bytes der, unsigned last_version, certificate *c, ratls_error *e)
{
    memset(c, 0, sizeof *c);
    c->der = der;
    if (der.n > CERTIFICATE_MAX)
        return refuse(e, RATLS_E_LIMIT, 0, "certificate: %zu bytes, at most %d are read", der.n,
                      CERTIFICATE_MAX);
    reader in = rd_of(der);
    reader r = der_enter(&in, DER_SEQUENCE);
    if (!rd_ok(&r))
        return malformed(e, 0, "not a DER SEQUENCE, or cut short");
    if (!rd_done(&in))
        return refuse(e, RATLS_E_MALFORMED, in.pos, "certificate: %zu bytes follow its end",
                      rd_left(&in));
    reader again = r;
    c->tbs = der_element(&again, NULL);
    reader tbs = der_enter(&r, DER_SEQUENCE);
    if (!rd_ok(&tbs))
        return malformed(e, r.pos, "the signed part is not a SEQUENCE");
    bytes algorithm = BYTES_NONE;
    ratls_code code = read_tbs(&tbs, last_version, &algorithm, c, e);
    if (code == RATLS_OK)
        code = signature_algorithm_again(&r, algorithm, "certificate", e);
    if (code != RATLS_OK)
        return code;
    size_t at = r.pos;
    c->signature = der_bits(&r);
    if (!rd_done(&r))
        return malformed(e, at, "no signature, or not a BIT STRING of whole bytes at the end");
    return RATLS_OK;
}

ratls_code certificate_parse(bytes der, certificate *c, ratls_error *e)
{
    return parse(der, VERSION_LAST, c, e);
}

ratls_code certificate_parse_tls(bytes der, certificate *c, ratls_error *e)
{
    return parse(der, CERTIFICATE_VERSION_4, c, e);
}

bool certificate_serial_ok(const certificate *c)
{
    return c->serial.n > 0 && serial_size(c->serial) <= SERIAL_MAX &&
           (c->serial.p[0] & 0x80) == 0 && !bytes_all_zero(c->serial);
}

size_t serial_size(bytes serial)
{
    return serial.n > 1 && serial.p[0] == 0 ? serial.n - 1 : serial.n;
}

const extension *certificate_extension(const certificate *c, bytes oid)
{
    for (size_t i = 0; i < c->extensions_n; i++)
        if (bytes_equal(c->extensions[i].oid, oid))
            return &c->extensions[i];
    return NULL;
}
