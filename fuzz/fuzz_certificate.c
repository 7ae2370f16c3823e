/* certificate_parse, and certificate_parse_tls, which reads version 4 besides. What they accept,
 * OpenSSL reads too, to the same end and with the same serial, names and public key; all views lie
 * inside the input. */
#include <stdlib.h>

#include <openssl/x509.h>

#include "x509/certificate.h"

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void require_inside(bytes whole, bytes part)
{
    require(part.n == 0 || (part.p >= whole.p && part.n <= whole.n &&
                            (size_t)(part.p - whole.p) <= whole.n - part.n));
}

static void require_name(bytes name, const X509_NAME *expected)
{
    const unsigned char *p;
    size_t n;
    require(X509_NAME_get0_der(expected, &p, &n) == 1 && bytes_equal(name, bytes_of(p, n)));
}

static void require_like_openssl(const certificate *c)
{
    const unsigned char *p = c->der.p;
    X509 *x = d2i_X509(NULL, &p, (long)c->der.n);
    require(x != NULL && p == c->der.p + c->der.n);
    require(X509_get_version(x) + 1 == (long)c->version);
    require_name(c->issuer, X509_get_issuer_name(x));
    require_name(c->subject, X509_get_subject_name(x));
    unsigned char *serial = NULL, *spki = NULL;
    int n = i2d_ASN1_INTEGER(X509_get0_serialNumber(x), &serial);
    require(n > 2 && bytes_equal(c->serial, bytes_of(serial + 2, (size_t)n - 2)));
    n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &spki);
    require(n > 0 && bytes_equal(c->spki, bytes_of(spki, (size_t)n)));
    int extensions = X509_get_ext_count(x);
    require((size_t)(extensions > 0 ? extensions : 0) == c->extensions_n);
    OPENSSL_free(serial);
    OPENSSL_free(spki);
    X509_free(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    certificate c;
    ratls_error e = {.code = RATLS_OK, .text = ""};
    bytes in = bytes_of(data, size);
    ratls_code strict = certificate_parse(in, &c, NULL), code = certificate_parse_tls(in, &c, &e);
    require((strict == RATLS_OK) == (code == RATLS_OK && c.version != CERTIFICATE_VERSION_4));
    if (code != RATLS_OK) {
        require(e.code == code && e.text[0] != '\0' && e.offset <= size);
        return 0;
    }
    const bytes views[] = {c.tbs,       c.serial,          c.issuer,         c.subject,
                           c.spki,      c.point,           c.subject_key_id, c.authority_key_id,
                           c.signature, c.unknown_critical};
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        require_inside(in, views[i]);
    for (size_t i = 0; i < c.extensions_n; i++)
        require_inside(in, c.extensions[i].value);
    require(c.not_before <= c.not_after);
    char text[100];
    name_text(c.subject, text, sizeof text);
    require_inside(c.subject, name_common(c.subject));
    require_like_openssl(&c);
    return 0;
}
