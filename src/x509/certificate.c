/* Certificates [RFC 5280 4.1] and those of their extensions [4.2] that ratls reads. Form only. */
#include "x509/certificate.h"

#include <limits.h>

#include "base/time.h"
#include "x509/algorithm.h"

enum { RSA_BITS_MIN = 2048, RSA_BITS_MAX = 8192, VERSION_LAST = 3 };

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

typedef struct curve {
    uint8_t n, oid[8];
    key_kind kind;
    unsigned bits;
} curve;

static const curve curves[] = {
    {8, {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}, KEY_P256, 256},
    {5, {0x2b, 0x81, 0x04, 0x00, 0x22}, KEY_P384, 384},
    {5, {0x2b, 0x81, 0x04, 0x00, 0x23}, KEY_P521, 521},
};

/* Named curves and uncompressed points only [RFC 5480 2.1.1, 2.2]. */
static ratls_code read_ec_key(reader *algorithm, bytes key, size_t at, certificate *c,
                              ratls_error *e)
{
    int tag = der_peek(algorithm);
    if (tag == DER_SEQUENCE)
        return refuse(e, RATLS_E_UNSUPPORTED, at,
                      "certificate: the key writes out its curve's parameters; expected a named "
                      "curve");
    if (tag != DER_OID)
        return malformed(e, at, "the key's curve is not named by an OID");
    bytes oid = der_oid(algorithm);
    if (!rd_done(algorithm))
        return malformed(e, at, "the key's curve is not just an OID");
    const curve *found = NULL;
    for (size_t i = 0; i < sizeof curves / sizeof *curves && found == NULL; i++)
        if (bytes_equal(oid, bytes_of(curves[i].oid, curves[i].n)))
            found = &curves[i];
    if (found == NULL) {
        char text[80];
        der_oid_text(oid, text, sizeof text);
        return refuse(e, RATLS_E_UNSUPPORTED, at,
                      "certificate: the key's curve is %s; expected P-256, P-384 or P-521", text);
    }
    size_t coordinates = 2 * ((found->bits + 7) / 8);
    reader r = rd_of(key);
    unsigned form = rd_u8(&r);
    if (rd_ok(&r) && (form == 0x02 || form == 0x03))
        return refuse(e, RATLS_E_UNSUPPORTED, at,
                      "certificate: the key is a compressed point; expected an uncompressed one");
    if (rd_ok(&r) && (form == 0x06 || form == 0x07))
        return refuse(e, RATLS_E_UNSUPPORTED, at,
                      "certificate: the key is a hybrid point; expected an uncompressed one");
    c->point = rd_take(&r, coordinates);
    if (!rd_done(&r) || form != 0x04)
        return refuse(e, RATLS_E_MALFORMED, at,
                      "certificate: the key is not an uncompressed point of %zu bytes",
                      coordinates + 1);
    c->kind = found->kind;
    c->key_bits = found->bits;
    return RATLS_OK;
}

/* [RFC 3279 2.3.1] */
static ratls_code read_rsa_key(reader *algorithm, bytes key, size_t at, certificate *c,
                               ratls_error *e)
{
    if (der_take(algorithm, DER_NULL).n > 0 || !rd_done(algorithm))
        return malformed(e, at, "the RSA key's parameters are not NULL");
    reader outer = rd_of(key);
    reader r = der_enter(&outer, DER_SEQUENCE);
    bytes modulus = der_integer(&r);
    bytes exponent = der_integer(&r);
    if (!rd_done(&r) || !rd_done(&outer))
        return malformed(e, at, "the RSA key is not a SEQUENCE of modulus and exponent");
    if ((modulus.p[0] & 0x80) != 0 || (modulus.p[modulus.n - 1] & 1) == 0)
        return malformed(e, at, "the RSA modulus is not positive and odd");
    if (modulus.p[0] == 0)
        modulus = bytes_of(modulus.p + 1, modulus.n - 1);
    size_t bits = 8 * modulus.n;
    for (unsigned top = modulus.p[0]; top < 0x80 && bits > 0; top <<= 1)
        bits--;
    if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
        return refuse(e, RATLS_E_UNSUPPORTED, at,
                      "certificate: the RSA key has %zu bits; expected %d to %d", bits,
                      RSA_BITS_MIN, RSA_BITS_MAX);
    reader x = rd_of(exponent);
    uint64_t value = exponent.n <= 5 ? rd_be(&x, (unsigned)exponent.n) : 0;
    if ((exponent.p[0] & 0x80) != 0 || value < 3 || value > UINT32_MAX || value % 2 == 0)
        return refuse(e, RATLS_E_UNSUPPORTED, at,
                      "certificate: the RSA exponent is not odd and from 3 to 2^32");
    c->kind = KEY_RSA;
    c->key_bits = (unsigned)bits;
    return RATLS_OK;
}

static const uint8_t ec_public_key[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
static const uint8_t rsa_encryption[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};
static const uint8_t ed25519[] = {0x2b, 0x65, 0x70};

static ratls_code read_key(reader *tbs, certificate *c, ratls_error *e)
{
    size_t at = tbs->pos;
    reader again = *tbs;
    c->spki = der_element(&again, NULL);
    reader r = der_enter(tbs, DER_SEQUENCE);
    reader algorithm = der_enter(&r, DER_SEQUENCE);
    bytes oid = der_oid(&algorithm);
    bytes key = der_bits(&r);
    if (!rd_done(&r) || !rd_ok(&algorithm))
        return malformed(e, at, "the key is not a SubjectPublicKeyInfo in DER");
    if (bytes_equal(oid, bytes_of(ec_public_key, sizeof ec_public_key)))
        return read_ec_key(&algorithm, key, at, c, e);
    if (bytes_equal(oid, bytes_of(rsa_encryption, sizeof rsa_encryption)))
        return read_rsa_key(&algorithm, key, at, c, e);
    if (bytes_equal(oid, bytes_of(ed25519, sizeof ed25519))) {
        if (!rd_done(&algorithm) || key.n != 32)
            return malformed(e, at, "the Ed25519 key is not 32 bytes without parameters");
        c->kind = KEY_ED25519;
        c->key_bits = 256;
        c->point = key;
        return RATLS_OK;
    }
    char text[80];
    der_oid_text(oid, text, sizeof text);
    return refuse(e, RATLS_E_UNSUPPORTED, at,
                  "certificate: key algorithm %s is not supported; expected EC, RSA or Ed25519",
                  text);
}

/* Contents of a BIT STRING: at most 7 unused bits, all zero [X.690 8.6.2, 11.2.1]. */
static bool bit_string_ok(bytes b)
{
    if (b.n == 0 || b.p[0] > 7)
        return false;
    return b.n == 1 ? b.p[0] == 0 : (b.p[b.n - 1] & ((1U << b.p[0]) - 1)) == 0;
}

/* issuerUniqueID and subjectUniqueID: passed over. */
static ratls_code read_unique_ids(reader *tbs, const certificate *c, ratls_error *e)
{
    for (int tag = DER_CONTEXT(1); tag <= DER_CONTEXT(2); tag++) {
        if (der_peek(tbs) != tag)
            continue;
        size_t at = tbs->pos;
        if (!bit_string_ok(der_take(tbs, (unsigned)tag)))
            return malformed(e, at, "a unique identifier is not a BIT STRING in DER");
        if (c->version == 1)
            return malformed(e, at, "a unique identifier in a version 1 certificate");
    }
    return RATLS_OK;
}

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
    if (!rd_done(value) || !bit_string_ok(b) || b.n < 2 || b.n > 3 ||
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
    while (rd_left(&list) > 0) {
        reader value;
        at = list.pos;
        ratls_code code = extension_next(&list, c->extensions, &c->extensions_n,
                                         CERTIFICATE_EXTENSIONS_MAX, &value, "certificate", e);
        if (code != RATLS_OK)
            return code;
        const char *wrong = decode_extension(&c->extensions[c->extensions_n - 1], &value, c);
        if (wrong != NULL)
            return refuse(e, RATLS_E_MALFORMED, at,
                          "certificate: the extension %s is not as RFC 5280 4.2.1 writes it",
                          wrong);
    }
    return RATLS_OK;
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
        code = read_key(tbs, c, e);
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
