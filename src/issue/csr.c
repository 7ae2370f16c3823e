#include "issue/csr.h"

#include "issue/signed.h"

enum { VERSION_1 = 0 };

/* Attributes, [0] IMPLICIT SET OF, holding one: extensionRequest. */
static void put_attributes(writer *w, const issue_extensions *extensions)
{
    static const uint8_t extension_request[] = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                                                0x0d, 0x01, 0x09, 0x0e};
    size_t at = w->n;
    der_put_oid(w, bytes_of(extension_request, sizeof extension_request));
    size_t values = w->n;
    issue_put_extensions(w, extensions);
    der_wrap(w, DER_SET, values);
    der_wrap(w, DER_SEQUENCE, at);
    der_wrap(w, DER_CONTEXT_CONSTRUCTED(0), at);
}

ratls_code issue_csr(bytes subject, const issue_extensions *extensions, const crypto_private *key,
                     writer *out, ratls_error *e)
{
    if (!wr_ok(&extensions->values))
        return refuse(e, RATLS_E_LIMIT, 0,
                      "request: its extensions are longer than the %zu bytes that there is room "
                      "for",
                      extensions->values.cap);
    size_t at = out->n;
    der_put_uint(out, DER_INTEGER, VERSION_1);
    wr_put(out, subject);
    if (!crypto_private_spki(key, out) && wr_ok(out))
        return refuse(e, RATLS_E_SYSTEM, 0, "request: the crypto library could not write the key");
    put_attributes(out, extensions);
    der_wrap(out, DER_SEQUENCE, at);
    return issue_sign(out, at, key, "request", e);
}
