/* crl_parse. What it accepts, OpenSSL reads too, to the same end, and lists what we list; all views
 * lie inside the input. */
#include <stdlib.h>

#include <openssl/x509.h>

#include "x509/crl.h"

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

static void require_like_openssl(const crl *l)
{
    const unsigned char *p = l->der.p;
    X509_CRL *x = d2i_X509_CRL(NULL, &p, (long)l->der.n);
    require(x != NULL && p == l->der.p + l->der.n);
    STACK_OF(X509_REVOKED) *revoked = X509_CRL_get_REVOKED(x);
    int n = revoked == NULL ? 0 : sk_X509_REVOKED_num(revoked);
    require((size_t)n == l->entries_n);
    for (int i = 0; i < n && i < 8; i++) {
        const X509_REVOKED *r = sk_X509_REVOKED_value(revoked, i);
        unsigned char *serial = NULL;
        int size = i2d_ASN1_INTEGER(X509_REVOKED_get0_serialNumber(r), &serial);
        require(size > 2 && crl_lists(l, bytes_of(serial + 2, (size_t)size - 2)));
        OPENSSL_free(serial);
    }
    X509_CRL_free(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    crl l;
    ratls_error e = {.code = RATLS_OK, .text = ""};
    bytes in = bytes_of(data, size);
    ratls_code code = crl_parse(in, &l, &e);
    if (code != RATLS_OK) {
        require(e.code == code && e.text[0] != '\0' && e.offset <= size);
        return 0;
    }
    const bytes views[] = {l.tbs, l.issuer, l.entries, l.signature, l.number, l.authority_key_id};
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        require_inside(in, views[i]);
    require(l.this_update <= l.next_update);
    require(!crl_lists(&l, BYTES_NONE));
    require_like_openssl(&l);
    return 0;
}
