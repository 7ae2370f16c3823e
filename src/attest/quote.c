#include "attest/quote.h"

#include "base/hex.h"

enum { REPORT_DATA_SIZE = 64 };

ratls_code attest_quote_over(const ratls_source *source, crypto_hash hash, bytes data,
                             attest_quote *out, ratls_error *e)
{
    uint8_t report_data[REPORT_DATA_SIZE] = {0};
    size_t n = 0;
    if (!crypto_digest(hash, &data, 1, report_data))
        return refuse(e, RATLS_E_SYSTEM, 0, "attester: the crypto library could not hash");
    ratls_code code =
        source->quote(source->state, report_data, out->buffer, sizeof out->buffer, &n, e);
    if (code != RATLS_OK)
        return code;
    if (n > sizeof out->buffer)
        return refuse(e, RATLS_E_LIMIT, 0, "%s: a quote of %zu bytes, at most %zu are read",
                      source->name, n, sizeof out->buffer);
    bytes all = bytes_of(out->buffer, n);
    code = intel_quote_parse(all, &out->fields, e);
    if (code != RATLS_OK) {
        error_prefix(e, "%s gave no whole quote", source->name);
        return code;
    }
    bytes asked = bytes_of(report_data, sizeof report_data);
    if (!bytes_equal(out->fields.report_data, asked))
        return refuse(e, RATLS_E_BINDING, 0,
                      "%s gave a quote over report data %s, expected %s: does another program ask "
                      "for quotes at the same time?",
                      source->name, HEX(out->fields.report_data), HEX(asked));
    out->quote = bytes_of(out->buffer, n - out->fields.trailing.n);
    return RATLS_OK;
}
