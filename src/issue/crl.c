#include "issue/crl.h"

#include "issue/extensions.h"
#include "issue/signed.h"

enum { VERSION_2 = 1, EXTENSIONS_SIZE = 128 };

static void put_entries(writer *w, const issue_revoked *revoked, size_t n)
{
    size_t list = w->n;
    for (size_t i = 0; i < n; i++) {
        size_t at = w->n;
        der_put_integer(w, revoked[i].serial);
        der_put_time(w, revoked[i].date);
        der_wrap(w, DER_SEQUENCE, at);
    }
    if (n > 0)
        der_wrap(w, DER_SEQUENCE, list);
}

static void put_extensions(writer *w, const issue_crl_spec *spec)
{
    static const uint8_t crl_number[] = {0x55, 0x1d, ID_CE_CRL_NUMBER};
    uint8_t buffer[EXTENSIONS_SIZE], number[16];
    issue_extensions x = issue_extensions_of(buffer, sizeof buffer);
    issue_add_authority_key_id(&x, spec->authority_key_id);
    writer v = wr_of(number, sizeof number);
    der_put_uint(&v, DER_INTEGER, spec->number);
    issue_add(&x, bytes_of(crl_number, sizeof crl_number), false, wr_bytes(&v));
    size_t at = w->n;
    issue_put_extensions(w, &x);
    der_wrap(w, DER_CONTEXT_CONSTRUCTED(0), at);
}

ratls_code issue_crl(const issue_crl_spec *spec, const crypto_private *signer, writer *out,
                     ratls_error *e)
{
    size_t at = out->n;
    der_put_uint(out, DER_INTEGER, VERSION_2);
    der_put_algorithm(out, crypto_private_algorithm(signer));
    wr_put(out, spec->issuer);
    der_put_time(out, spec->this_update);
    der_put_time(out, spec->next_update);
    put_entries(out, spec->revoked, spec->revoked_n);
    put_extensions(out, spec);
    der_wrap(out, DER_SEQUENCE, at);
    return issue_sign(out, at, signer, "CRL", e);
}
