#include "base/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* [RATLS n] is Interoperable RA-TLS, [DCAP n] Intel's quote verification rules, [POLICY] the
 * caller's policy. */
static const struct {
    const char *id, *clause;
} table[CHECK_COUNT] = {
    [CHECK_TIME] = {"time", "ratls: a clock before the build date is wrong"},
    [CHECK_CERTIFICATE_FORMAT] = {"certificate.format", "RFC 5280 4.1"},
    [CHECK_CERTIFICATE_VALIDITY] = {"certificate.validity", "RFC 5280 4.1.2.5"},
    [CHECK_EVIDENCE_PRESENT] = {"evidence.present", "Interoperable RA-TLS: evidence extension"},
    [CHECK_EVIDENCE_FORMAT] = {"evidence.format", "Interoperable RA-TLS: evidence encoding"},
    [CHECK_ENDORSEMENTS] = {"endorsements.format", "Interoperable RA-TLS: endorsements encoding"},
    [CHECK_EVIDENCE_AGREEMENT] = {"evidence.agreement", "ratls: two schemes must not disagree"},
    [CHECK_QUOTE_FORMAT] = {"quote.format", "DCAP quote layout"},
    [CHECK_BINDING_KEY] = {"binding.key", "Interoperable RA-TLS: pubkey-hash"},
    [CHECK_BINDING_REPORT_DATA] = {"binding.report_data", "Interoperable RA-TLS: report data"},
    [CHECK_BINDING_NONCE] = {"binding.nonce", "Interoperable RA-TLS: nonce"},
    [CHECK_BINDING_SESSION] = {"binding.session", "ratls/1: claims-buffer"},
    [CHECK_CERTIFICATE_SIGNATURE] = {"certificate.signature", "RFC 5280 4.1.1.3"},
    [CHECK_PCK_FORMAT] = {"pck.format", "SGX PCK certificate profile"},
    [CHECK_COLLATERAL_PRESENT] = {"collateral.present", "DCAP collateral"},
    [CHECK_PCK_VALIDITY] = {"pck.validity", "RFC 5280 6.1.3"},
    [CHECK_QE_REPORT_DATA] = {"qe_report.data", "DCAP quote: QE report data"},
    [CHECK_PCK_CHAIN] = {"pck.chain", "SGX PCK certificate profile"},
    [CHECK_ROOT_CRL] = {"root_crl", "SGX PCK certificate profile: CRL"},
    [CHECK_PCK_CRL] = {"pck_crl", "SGX PCK certificate profile: CRL"},
    [CHECK_PCK_REVOCATION] = {"pck.revocation", "RFC 5280 6.3"},
    [CHECK_TCB_INFO_SIGNATURE] = {"tcb_info.signature", "DCAP TCB info: signature"},
    [CHECK_TCB_INFO_FORMAT] = {"tcb_info.format", "DCAP TCB info v2, v3"},
    [CHECK_TCB_INFO_VALIDITY] = {"tcb_info.validity", "DCAP TCB info: issueDate"},
    [CHECK_TCB_INFO_MATCH] = {"tcb_info.match", "DCAP TCB info: FMSPC, PCE-ID, id"},
    [CHECK_QE_IDENTITY_SIGNATURE] = {"qe_identity.signature", "DCAP enclave identity: signature"},
    [CHECK_QE_IDENTITY_FORMAT] = {"qe_identity.format", "DCAP enclave identity v2"},
    [CHECK_QE_IDENTITY_VALIDITY] = {"qe_identity.validity", "DCAP enclave identity: issueDate"},
    [CHECK_TDX_MODULE] = {"tdx_module", "DCAP TDX module identity"},
    [CHECK_QE_REPORT_SIGNATURE] = {"qe_report.signature", "DCAP quote: QE report"},
    [CHECK_QE_IDENTITY_MATCH] = {"qe_identity.match", "DCAP enclave identity"},
    [CHECK_QUOTE_SIGNATURE] = {"quote.signature", "DCAP quote: ISV report signature"},
    [CHECK_TCB_LEVEL] = {"tcb.level", "DCAP TCB level selection"},
    [CHECK_COLLATERAL_EXPIRY] = {"collateral.expiry", "DCAP collateral expiration"},
    [CHECK_POLICY_PRESENT] = {"policy.present", "ratls-policy(5)"},
    [CHECK_POLICY_IDENTITY] = {"policy.identity", "ratls-policy(5): accept"},
    [CHECK_POLICY_ATTRIBUTES] = {"policy.attributes", "ratls-policy(5): attributes"},
    [CHECK_POLICY_DEBUG] = {"policy.debug", "ratls-policy(5): insecure_allow_debug"},
    [CHECK_POLICY_TCB_STATUS] = {"policy.tcb_status", "ratls-policy(5): tcb.allow_status"},
    [CHECK_POLICY_ADVISORIES] = {"policy.advisories", "ratls-policy(5): tcb.*_advisories"},
    [CHECK_POLICY_EVALUATION] = {"policy.evaluation_number",
                                 "ratls-policy(5): tcb.min_evaluation_number"},
    [CHECK_POLICY_EXPIRY] = {"policy.expiry", "ratls-policy(5): tcb.expired_grace_seconds"},
    [CHECK_POLICY_PLATFORM] = {"policy.platform", "ratls-policy(5): platforms"},
    [CHECK_POLICY_BINDING] = {"policy.binding", "ratls-policy(5) binding"},
    [CHECK_POLICY_PEER] = {"policy.peer", "ratls-policy(5) binding"},
};

void checks_init(check_list *list)
{
    memset(list, 0, sizeof *list);
    for (size_t i = 0; i < CHECK_COUNT; i++) {
        list->all[i].id = table[i].id;
        list->all[i].clause = table[i].clause;
    }
}

static void set(check_list *list, check_id id, ratls_verdict verdict, ratls_code code)
{
    list->all[id].verdict = verdict;
    list->all[id].code = code;
}

static void set_text(check_list *list, check_id id, const char *text)
{
    char *to = list->all[id].text;
    size_t n = strlen(text);
    if (n >= RATLS_TEXT_SIZE)
        n = RATLS_TEXT_SIZE - 1;
    memcpy(to, text, n);
    to[n] = '\0';
}

void check_pass(check_list *list, check_id id, const char *text)
{
    set(list, id, RATLS_PASSED, RATLS_OK);
    set_text(list, id, text);
}

void check_passf(check_list *list, check_id id, const char *format, ...)
{
    set(list, id, RATLS_PASSED, RATLS_OK);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(list->all[id].text, RATLS_TEXT_SIZE, format, args);
    va_end(args);
}

void check_skip(check_list *list, check_id id, const char *text)
{
    set(list, id, RATLS_NOT_RUN, RATLS_OK);
    set_text(list, id, text);
}

ratls_code(check_fail)(check_list *list, check_id id, ratls_code code, const char *format, ...)
{
    set(list, id, RATLS_FAILED, code);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(list->all[id].text, RATLS_TEXT_SIZE, format, args);
    va_end(args);
    return code;
}

ratls_code check_fail_error(check_list *list, check_id id, const ratls_error *error)
{
    set(list, id, RATLS_FAILED, error->code);
    set_text(list, id, error->text);
    return error->code;
}

void checks_forget(check_list *list, check_id first)
{
    for (size_t i = first; i < CHECK_COUNT; i++) {
        set(list, (check_id)i, RATLS_NOT_RUN, RATLS_OK);
        list->all[i].text[0] = '\0';
    }
}

void checks_explain_failure(check_list *list, const char *more)
{
    for (size_t i = 0; i < CHECK_COUNT; i++) {
        char *text = list->all[i].text;
        if (list->all[i].verdict != RATLS_FAILED)
            continue;
        size_t n = strlen(text);
        (void)snprintf(text + n, RATLS_TEXT_SIZE - n, "; %s", more);
        return;
    }
}

const ratls_check *checks_failure(const check_list *list)
{
    for (size_t i = 0; i < CHECK_COUNT; i++)
        if (list->all[i].verdict == RATLS_FAILED)
            return &list->all[i];
    return NULL;
}
