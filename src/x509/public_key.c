/* SubjectPublicKeyInfo of certificates and requests [RFC 5280 4.1.2.7, RFC 3279 2.3, RFC 5480]. */
#include "x509/public_key.h"

enum { RSA_BITS_MIN = 2048, RSA_BITS_MAX = 8192 };

static ratls_code malformed(const certificate *c, ratls_error *e, size_t at, const char *sentence)
{
    return refuse(e, RATLS_E_MALFORMED, at, "%s: %s", certificate_what(c), sentence);
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
                      "%s: the key writes out its curve's parameters; expected a named "
                      "curve",
                      certificate_what(c));
    if (tag != DER_OID)
        return malformed(c, e, at, "the key's curve is not named by an OID");
    bytes oid = der_oid(algorithm);
    if (!rd_done(algorithm))
        return malformed(c, e, at, "the key's curve is not just an OID");
    const curve *found = NULL;
    for (size_t i = 0; i < sizeof curves / sizeof *curves && found == NULL; i++)
        if (bytes_equal(oid, bytes_of(curves[i].oid, curves[i].n)))
            found = &curves[i];
    if (found == NULL) {
        char text[80];
        der_oid_text(oid, text, sizeof text);
        return refuse(e, RATLS_E_UNSUPPORTED, at,
                      "%s: the key's curve is %s; expected P-256, P-384 or P-521",
                      certificate_what(c), text);
    }
    size_t coordinates = 2 * ((found->bits + 7) / 8);
    reader r = rd_of(key);
    unsigned form = rd_u8(&r);
    if (rd_ok(&r) && (form == 0x02 || form == 0x03))
        return refuse(e, RATLS_E_UNSUPPORTED, at,
                      "%s: the key is a compressed point; expected an uncompressed one",
                      certificate_what(c));
    if (rd_ok(&r) && (form == 0x06 || form == 0x07))
        return refuse(e, RATLS_E_UNSUPPORTED, at,
                      "%s: the key is a hybrid point; expected an uncompressed one",
                      certificate_what(c));
    c->point = rd_take(&r, coordinates);
    if (!rd_done(&r) || form != 0x04)
        return refuse(e, RATLS_E_MALFORMED, at,
                      "%s: the key is not an uncompressed point of %zu bytes", certificate_what(c),
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
        return malformed(c, e, at, "the RSA key's parameters are not NULL");
    reader outer = rd_of(key);
    reader r = der_enter(&outer, DER_SEQUENCE);
    bytes modulus = der_integer(&r);
    bytes exponent = der_integer(&r);
    if (!rd_done(&r) || !rd_done(&outer))
        return malformed(c, e, at, "the RSA key is not a SEQUENCE of modulus and exponent");
    if ((modulus.p[0] & 0x80) != 0 || (modulus.p[modulus.n - 1] & 1) == 0)
        return malformed(c, e, at, "the RSA modulus is not positive and odd");
    if (modulus.p[0] == 0)
        modulus = bytes_of(modulus.p + 1, modulus.n - 1);
    size_t bits = 8 * modulus.n;
    for (unsigned top = modulus.p[0]; top < 0x80 && bits > 0; top <<= 1)
        bits--;
    if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
        return refuse(e, RATLS_E_UNSUPPORTED, at, "%s: the RSA key has %zu bits; expected %d to %d",
                      certificate_what(c), bits, RSA_BITS_MIN, RSA_BITS_MAX);
    reader x = rd_of(exponent);
    uint64_t value = exponent.n <= 5 ? rd_be(&x, (unsigned)exponent.n) : 0;
    if ((exponent.p[0] & 0x80) != 0 || value < 3 || value > UINT32_MAX || value % 2 == 0)
        return refuse(e, RATLS_E_UNSUPPORTED, at,
                      "%s: the RSA exponent is not odd and from 3 to 2^32", certificate_what(c));
    c->kind = KEY_RSA;
    c->key_bits = (unsigned)bits;
    return RATLS_OK;
}

static const uint8_t ec_public_key[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
static const uint8_t rsa_encryption[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};
static const uint8_t ed25519[] = {0x2b, 0x65, 0x70};

ratls_code public_key_read(reader *signed_part, certificate *c, ratls_error *e)
{
    size_t at = signed_part->pos;
    reader again = *signed_part;
    c->spki = der_element(&again, NULL);
    reader r = der_enter(signed_part, DER_SEQUENCE);
    reader algorithm = der_enter(&r, DER_SEQUENCE);
    bytes oid = der_oid(&algorithm);
    bytes key = der_bits(&r);
    if (!rd_done(&r) || !rd_ok(&algorithm))
        return malformed(c, e, at, "the key is not a SubjectPublicKeyInfo in DER");
    if (bytes_equal(oid, bytes_of(ec_public_key, sizeof ec_public_key)))
        return read_ec_key(&algorithm, key, at, c, e);
    if (bytes_equal(oid, bytes_of(rsa_encryption, sizeof rsa_encryption)))
        return read_rsa_key(&algorithm, key, at, c, e);
    if (bytes_equal(oid, bytes_of(ed25519, sizeof ed25519))) {
        if (!rd_done(&algorithm) || key.n != 32)
            return malformed(c, e, at, "the Ed25519 key is not 32 bytes without parameters");
        c->kind = KEY_ED25519;
        c->key_bits = 256;
        c->point = key;
        return RATLS_OK;
    }
    char text[80];
    der_oid_text(oid, text, sizeof text);
    return refuse(e, RATLS_E_UNSUPPORTED, at,
                  "%s: key algorithm %s is not supported; expected EC, RSA or Ed25519",
                  certificate_what(c), text);
}
