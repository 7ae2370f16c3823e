#include "issue/certificate.h"

#include <assert.h>

#include "issue/signed.h"
#include "x509/certificate.h"

enum { VERSION_3 = 2 };

static void put_validity(writer *w, int64_t not_before, int64_t not_after)
{
    size_t at = w->n;
    der_put_time(w, not_before);
    der_put_time(w, not_after);
    der_wrap(w, DER_SEQUENCE, at);
}

ratls_code issue_certificate(const issue_spec *spec, const crypto_private *signer, writer *out,
                             ratls_error *e)
{
    assert(spec->serial.n > 0 && spec->serial.n <= SERIAL_MAX && !bytes_all_zero(spec->serial));
    assert(spec->not_before <= spec->not_after);
    size_t at = out->n;
    der_put_uint(out, DER_INTEGER, VERSION_3);
    der_wrap(out, DER_CONTEXT_CONSTRUCTED(0), at);
    der_put_integer(out, spec->serial);
    der_put_algorithm(out, crypto_private_algorithm(signer));
    wr_put(out, spec->issuer);
    put_validity(out, spec->not_before, spec->not_after);
    wr_put(out, spec->subject);
    wr_put(out, spec->spki);
    if (!wr_ok(&spec->extensions->values))
        return refuse(e, RATLS_E_LIMIT, 0,
                      "certificate: its extensions are longer than the %zu bytes that there is "
                      "room for",
                      spec->extensions->values.cap);
    if (spec->extensions->n > 0) {
        size_t extensions = out->n;
        issue_put_extensions(out, spec->extensions);
        der_wrap(out, DER_CONTEXT_CONSTRUCTED(3), extensions);
    }
    der_wrap(out, DER_SEQUENCE, at);
    return issue_sign(out, at, signer, "certificate", e);
}

bool issue_serial(uint8_t serial[ISSUE_SERIAL_SIZE])
{
    return crypto_random(serial, ISSUE_SERIAL_SIZE) &&
           !bytes_all_zero(bytes_of(serial, ISSUE_SERIAL_SIZE));
}
