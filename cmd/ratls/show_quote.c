#include "base/hex.h"
#include "base/time.h"
#include "facts.h"
#include "input.h"
#include "show.h"
#include "tee/intel_facts.h"
#include "tee/intel_pck.h"

#include <stdlib.h>

enum { CERT_TYPE_PCK_CHAIN = 5 };

/* The platform as the quote's own PCK certificate tells it. False if there is none. */
static bool read_platform(const intel_quote *q, ratls_pck_facts *out)
{
    certificate c;
    ratls_error e;
    bytes label;
    size_t at = 0, n;
    bool found = false;
    uint8_t *der = malloc(q->cert_data.n + 1);
    if (der == NULL || q->cert_type != CERT_TYPE_PCK_CHAIN) {
        free(der);
        return false;
    }
    while (!found && input_next_pem(q->cert_data, &at, &label, der, &n) == 1)
        found = certificate_parse(bytes_of(der, n), &c, &e) == RATLS_OK &&
                intel_pck_read(&c, out, &e) == RATLS_OK;
    free(der);
    return found;
}

void quote_summary(sheet *s, const intel_quote *q)
{
    ratls_facts f = {0};
    ratls_pck_facts pck;
    intel_quote_facts(q, &f);
    sheet_row(s, "TEE", "%s, quote version %u", tee_title(f.tee), q->version);
    sheet_text(s, "tee", NULL, f.tee == RATLS_TEE_TDX ? "tdx" : "sgx");
    sheet_uint(s, "quote_version", NULL, q->version);
    facts_debug(s, &f);
    sheet_object(s, "measurements", NULL);
    facts_identity(s, &f);
    sheet_close(s);
    if (read_platform(q, &pck)) {
        sheet_object(s, "platform", NULL);
        if (sheet_is_json(s)) {
            facts_platform(s, &pck);
        } else {
            sheet_hex(s, NULL, "FMSPC", bytes_of(pck.fmspc, sizeof pck.fmspc));
            facts_components(s, &pck);
        }
        sheet_close(s);
    } else {
        sheet_null(s, "platform", NULL);
    }
}

static void put_quoting_enclave(sheet *s, const intel_quote *q)
{
    ratls_facts qe = {.tee = RATLS_TEE_SGX, .sgx = q->qe.facts};
    char words[128], attributes[2 * 16 + 1];
    sgx_attributes_text(q->qe.facts.attributes, words, sizeof words);
    hex_encode(bytes_of(q->qe.facts.attributes, 16), attributes);
    sheet_object(s, "quoting_enclave", "quoting enclave");
    facts_identity(s, &qe);
    sheet_row(s, "ATTRIBUTES", "%s (%s)", attributes, words);
    sheet_text(s, "attributes", NULL, attributes);
    sheet_hex(s, "report_data", "report data", q->qe.report_data);
    sheet_hex(s, "auth_data", "auth data", q->qe_auth);
    sheet_close(s);
}

static const char *cert_type_name(unsigned type)
{
    static const char *const names[] = {"none",
                                        "PPID, clear",
                                        "PPID, encrypted with RSA-2048",
                                        "PPID, encrypted with RSA-3072",
                                        "PCK certificate",
                                        "PCK certificate chain"};
    return type < sizeof names / sizeof *names ? names[type] : "unknown";
}

void quote_details(sheet *s, const intel_quote *q)
{
    ratls_facts f = {0};
    ratls_pck_facts pck;
    intel_quote_facts(q, &f);
    sheet_object(s, "report", "report");
    facts_report(s, &f);
    sheet_close(s);

    sheet_object(s, "quote", "quote");
    sheet_hex(s, "user_data", "user data", bytes_of(q->header.p + 28, 20));
    sheet_hex(s, "attestation_key", "attestation key", q->attestation_key);
    sheet_hex(s, "signature", "signature", q->signature);
    sheet_row(s, "certification", "type %u, %s, %zu bytes", q->cert_type,
              cert_type_name(q->cert_type), q->cert_data.n);
    sheet_uint(s, "certification_type", NULL, q->cert_type);
    sheet_uint(s, "trailing", q->trailing.n > 0 ? "bytes after it" : NULL, q->trailing.n);
    sheet_close(s);

    put_quoting_enclave(s, q);
    if (read_platform(q, &pck) && !sheet_is_json(s)) {
        sheet_object(s, NULL, "platform");
        facts_platform(s, &pck);
        sheet_close(s);
    }
    if (q->cert_type == CERT_TYPE_PCK_CHAIN)
        (void)show_chain(s, "pck_chain", "PCK chain", q->cert_data);
}

bool show_quote(sheet *s, bytes in)
{
    intel_quote q;
    ratls_error e;
    if (intel_quote_parse(in, &q, &e) != RATLS_OK)
        return show_error(s, &e);
    quote_summary(s, &q);
    quote_details(s, &q);
    return true;
}
