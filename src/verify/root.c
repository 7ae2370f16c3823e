/* Roots that a caller names, and Intel's. */
#include "verify/root.h"

#include <stdlib.h>

#include "codec/pem.h"

bool root_intel(trusted_root *out)
{
    *out = (trusted_root){.key = intel_root_key()};
    if (out->key == NULL)
        return false;
    out->anchor = intel_root(out->key);
    return true;
}

void root_free(trusted_root *root)
{
    crypto_key_free(root->key);
    free(root->der);
    *root = (trusted_root){.key = NULL};
}

ratls_code root_copy_certificate(bytes in, const char *what, uint8_t **der, size_t *n,
                                 certificate *c, ratls_error *e)
{
    if (in.n == 0)
        return refuse(e, RATLS_E_MALFORMED, 0, "%s: it is empty, expected a certificate", what);
    if (in.n > 2 * CERTIFICATE_MAX)
        return refuse(e, RATLS_E_LIMIT, 0, "%s: %zu bytes are too many for a certificate", what,
                      in.n);
    uint8_t *copy = malloc(in.n);
    if (copy == NULL)
        return refuse(e, RATLS_E_SYSTEM, 0, "%s: out of memory", what);
    *n = in.n;
    if (pem_looks_like(in)) {
        reader r = rd_of(in);
        bytes label;
        bool found = pem_next(&r, &label, copy, in.n, n) == 1 && bytes_is(label, "CERTIFICATE");
        size_t more;
        if (!found || pem_next(&r, &label, copy + *n, in.n - *n, &more) != 0) {
            free(copy);
            return refuse(e, RATLS_E_MALFORMED, 0, "%s: the PEM text holds %s", what,
                          found ? "more than one certificate" : "no CERTIFICATE");
        }
    } else {
        memcpy(copy, in.p, in.n);
    }
    ratls_code code = certificate_parse(bytes_of(copy, *n), c, e);
    if (code != RATLS_OK) {
        error_prefix(e, "%s", what);
        free(copy);
        return code;
    }
    *der = copy;
    return RATLS_OK;
}

ratls_code root_read(bytes in, trusted_root *out, ratls_error *e)
{
    certificate c;
    size_t n;
    *out = (trusted_root){.key = NULL};
    ratls_code code = root_copy_certificate(in, "root", &out->der, &n, &c, e);
    if (code == RATLS_OK)
        code = chain_check_ca(&c, 1, "root", e);
    if (code != RATLS_OK) {
        root_free(out);
        return code;
    }
    out->key = crypto_key_from_p256(c.point);
    out->anchor = (anchor){.name = c.subject, .point = c.point, .key = out->key, .known_n = 1};
    if (out->key == NULL)
        code = refuse(e, RATLS_E_UNTRUSTED, 0, "root: its public key is not a point of P-256");
    else if (!crypto_digest(CRYPTO_SHA256, &c.der, 1, out->anchor.known[0]))
        code = refuse(e, RATLS_E_SYSTEM, 0, "root: out of memory");
    anchor unknown = out->anchor;
    unknown.known_n = 0;
    if (code == RATLS_OK)
        code = chain_check_root(&c, &unknown, "root", e);
    if (code != RATLS_OK)
        root_free(out);
    return code;
}
