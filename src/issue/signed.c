#include "issue/signed.h"

#include <assert.h>

#include "issue/der_writer.h"

ratls_code issue_sign(writer *out, size_t at, const crypto_private *signer, const char *what,
                      ratls_error *e)
{
    assert(out->out != NULL && at <= out->n);
    uint8_t octets[CRYPTO_SIGNATURE_MAX];
    writer signature = wr_of(octets, sizeof octets);
    if (wr_ok(out) && !crypto_sign_x509(signer, bytes_of(out->out + at, out->n - at), &signature))
        return refuse(e, RATLS_E_SYSTEM, 0, "%s: the crypto library could not sign", what);
    der_put_algorithm(out, crypto_private_algorithm(signer));
    der_put_bits(out, wr_bytes(&signature));
    der_wrap(out, DER_SEQUENCE, at);
    if (!wr_ok(out))
        return refuse(e, RATLS_E_LIMIT, 0, "%s: more than the %zu bytes that there is room for",
                      what, out->cap);
    return RATLS_OK;
}
