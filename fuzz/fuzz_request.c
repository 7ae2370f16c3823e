/* request_parse. What it accepts, OpenSSL reads too, to the same end and with the same subject, key
 * and signature; all views lie inside the input, and what a CA adds is empty. */
#include <stdlib.h>

#include <openssl/x509.h>

#include "evidence/evidence.h"
#include "x509/request.h"

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

/* Attributes that request_parse passes over, and into whose values OpenSSL looks. */
static bool has_other_attributes(const certificate *c)
{
    static const uint8_t wanted[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e};
    reader r = rd_of(c->tbs);
    reader info = der_enter(&r, DER_SEQUENCE);
    for (unsigned i = 0; i < 3; i++)
        (void)der_element(&info, NULL);
    reader all = der_enter(&info, DER_CONTEXT_CONSTRUCTED(0));
    bool other = false;
    while (rd_left(&all) > 0) {
        reader attribute = der_enter(&all, DER_SEQUENCE);
        other = other || !bytes_equal(der_oid(&attribute), bytes_of(wanted, sizeof wanted));
    }
    return other;
}

static void require_like_openssl(const certificate *c)
{
    const unsigned char *p = c->der.p, *name = NULL;
    size_t name_n = 0;
    X509_REQ *x = d2i_X509_REQ(NULL, &p, (long)c->der.n);
    if (x == NULL && has_other_attributes(c))
        return;
    require(x != NULL && p == c->der.p + c->der.n && X509_REQ_get_version(x) == 0);
    require(X509_NAME_get0_der(X509_REQ_get_subject_name(x), &name, &name_n) == 1 &&
            bytes_equal(c->subject, bytes_of(name, name_n)));
    unsigned char *spki = NULL;
    int n = i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(x), &spki);
    require(n > 0 && bytes_equal(c->spki, bytes_of(spki, (size_t)n)));
    const ASN1_BIT_STRING *signature = NULL;
    X509_REQ_get0_signature(x, &signature, NULL);
    require(bytes_equal(c->signature, bytes_of(ASN1_STRING_get0_data(signature),
                                               (size_t)ASN1_STRING_length(signature))));
    OPENSSL_free(spki);
    X509_REQ_free(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    certificate c;
    evidence_set set;
    ratls_error e = {.code = RATLS_OK, .text = ""};
    bytes in = bytes_of(data, size);
    ratls_code code = request_parse(in, &c, &e);
    if (code != RATLS_OK) {
        require(e.code == code && e.text[0] != '\0' && e.offset <= size);
        return 0;
    }
    const bytes views[] = {c.tbs,       c.subject,         c.spki,
                           c.point,     c.subject_key_id,  c.authority_key_id,
                           c.signature, c.unknown_critical};
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        require_inside(in, views[i]);
    for (size_t i = 0; i < c.extensions_n; i++)
        require_inside(in, c.extensions[i].value);
    require(c.version == 0 && c.serial.n == 0 && c.issuer.n == 0 && c.not_after == 0);
    require_like_openssl(&c);
    if (evidence_find(&c, &set, &e) == RATLS_OK)
        require_inside(in, set.all[0].payload);
    return 0;
}
