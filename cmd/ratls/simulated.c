#include "simulated.h"

#include <stdlib.h>

#include "evidence/evidence.h"
#include "evidence/intel_quote.h"
#include "evidence/oe_evidence.h"
#include "input.h"
#include "tee/intel_collateral.h"
#include "x509/certificate.h"

/* In a Name or anywhere else in DER. */
static bool says_so(bytes der)
{
    bytes word = bytes_text("SIMULATED SGX ");
    return bytes_find(der, word) < der.n;
}

static bool in_chain(bytes pem)
{
    bool found = false;
    size_t at = 0, n;
    bytes label;
    uint8_t *der = malloc(pem.n + 1);
    while (der != NULL && !found && input_next_pem(pem, &at, &label, der, &n) == 1)
        found = says_so(bytes_of(der, n));
    free(der);
    return found;
}

static bool in_quote(bytes in)
{
    intel_quote q;
    ratls_error e;
    return intel_quote_parse(in, &q, &e) == RATLS_OK && in_chain(q.cert_data);
}

static bool in_certificate(bytes der)
{
    certificate c;
    evidence_set set;
    ratls_error e;
    if (certificate_parse_tls(der, &c, &e) != RATLS_OK)
        return false;
    if (says_so(c.subject) || says_so(c.issuer))
        return true;
    return evidence_find(&c, &set, &e) == RATLS_OK && set.all[0].kind == EVIDENCE_INTEL_QUOTE &&
           in_quote(set.all[0].payload);
}

static bool in_collateral(bytes in)
{
    intel_collateral c;
    ratls_error e;
    uint8_t *space = malloc(in.n + 1);
    bool found = space != NULL && intel_collateral_read(in, space, in.n, &c, &e) == RATLS_OK &&
                 (in_chain(c.tcb_info_issuer_chain) || says_so(c.root_ca_crl));
    free(space);
    return found;
}

static bool in_wrapping(file_kind kind, bytes in)
{
    evidence ev;
    ratls_error e;
    ratls_code code = kind == FILE_EVIDENCE    ? evidence_parse(in, &ev, &e)
                      : kind == FILE_OE_REPORT ? oe_report_parse(in, &ev, &e)
                                               : oe_evidence_parse(in, &ev, &e);
    return code == RATLS_OK && ev.kind == EVIDENCE_INTEL_QUOTE && in_quote(ev.payload);
}

bool simulated(file_kind kind, bytes in)
{
    switch (kind) {
    case FILE_CERTIFICATE:
        return in_certificate(in);
    case FILE_CRL:
        return says_so(in);
    case FILE_QUOTE:
        return in_quote(in);
    case FILE_COLLATERAL:
        return in_collateral(in);
    case FILE_EVIDENCE:
    case FILE_OE_REPORT:
    case FILE_OE_EVIDENCE:
        return in_wrapping(kind, in);
    case FILE_UNKNOWN:
    case FILE_PEM:
    case FILE_CLAIMS:
    case FILE_ENDORSEMENTS:
    case FILE_OE_ENDORSEMENTS:
    case FILE_TCB_INFO:
    case FILE_QE_IDENTITY:
    case FILE_NAMED:
        break;
    }
    return false;
}
