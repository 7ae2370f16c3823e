/* ratls policy new: a policy to start from; ratls policy check: does it load. */
#include "appraise/policy.h"

#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "evidence/evidence.h"
#include "evidence/oe_evidence.h"
#include "input.h"
#include "judge.h"
#include "kind.h"
#include "tee/intel_facts.h"
#include "verify/binding.h"

/* The evidence of a certificate, which must at least speak for its key. */
static ratls_code from_certificate(bytes der, ratls_facts *facts, ratls_error *e)
{
    certificate c;
    evidence_set set;
    intel_quote q;
    check_list checks;
    const char *hash;
    ratls_code code = certificate_parse_tls(der, &c, e);
    if (code == RATLS_OK)
        code = evidence_find(&c, &set, e);
    if (code == RATLS_OK && set.all[0].kind != EVIDENCE_INTEL_QUOTE)
        code = refuse(e, RATLS_E_UNSUPPORTED, 0, "evidence: found %s, expected a quote",
                      set.all[0].what);
    if (code == RATLS_OK)
        code = intel_quote_parse(set.all[0].payload, &q, e);
    if (code != RATLS_OK)
        return code;
    checks_init(&checks);
    code = binding_check(&c, &set.all[0], &q, &checks, &hash);
    if (code != RATLS_OK)
        return refuse(e, code, 0, "%s", checks_failure(&checks)->text);
    intel_quote_facts(&q, facts);
    return RATLS_OK;
}

static ratls_code from_evidence(file_kind kind, bytes in, ratls_facts *facts, ratls_error *e)
{
    evidence ev;
    intel_quote q;
    ratls_code code = kind == FILE_EVIDENCE    ? evidence_parse(in, &ev, e)
                      : kind == FILE_OE_REPORT ? oe_report_parse(in, &ev, e)
                                               : oe_evidence_parse(in, &ev, e);
    if (code == RATLS_OK && ev.kind != EVIDENCE_INTEL_QUOTE)
        code = refuse(e, RATLS_E_UNSUPPORTED, 0, "evidence: found %s, expected a quote", ev.what);
    if (code == RATLS_OK)
        code = intel_quote_parse(ev.payload, &q, e);
    if (code == RATLS_OK)
        intel_quote_facts(&q, facts);
    return code;
}

/* What the file says about itself. */
static ratls_code read_facts(bytes in, ratls_facts *facts, ratls_error *e)
{
    const char *what;
    intel_quote q;
    file_kind kind = kind_of(in, &what);
    ratls_code code;
    *facts = (ratls_facts){0};
    if (kind == FILE_CERTIFICATE)
        return from_certificate(in, facts, e);
    if (kind == FILE_EVIDENCE || kind == FILE_OE_REPORT || kind == FILE_OE_EVIDENCE)
        return from_evidence(kind, in, facts, e);
    if (what != NULL && kind != FILE_QUOTE)
        return refuse(e, RATLS_E_UNSUPPORTED, 0, "found %s, expected a certificate or a quote",
                      what);
    code = intel_quote_parse(in, &q, e);
    if (code == RATLS_OK)
        intel_quote_facts(&q, facts);
    return code;
}

static int print_policy(const ratls_facts *facts, bool verified)
{
    ratls_error e;
    size_t n;
    if (ratls_policy_write(NULL, 0, &n, facts, verified, &e) != RATLS_OK) {
        complain("%s", e.text);
        return EXIT_REFUSED;
    }
    char *json = malloc(n + 1);
    if (json == NULL || ratls_policy_write(json, n + 1, &n, facts, verified, &e) != RATLS_OK) {
        complain("out of memory");
        free(json);
        return EXIT_TROUBLE;
    }
    (void)fputs(json, stdout);
    free(json);
    return EXIT_ACCEPTED;
}

static int new_verified(const args *a, subject what, bytes file, const char *name)
{
    ratls_result *r;
    if (!judge(a, what, file, &r))
        return EXIT_TROUBLE;
    int status = EXIT_REFUSED;
    if (ratls_result_evidence_valid(r)) {
        status = print_policy(ratls_result_facts(r), true);
        if (ratls_result_facts(r)->collateral_expired)
            complain("note: collateral is not within its dates at the time of judgement");
        if (ratls_result_facts(r)->other_root)
            complain("note: trust ends in the root given by --root, not in Intel's");
    } else {
        complain("%s: %s", name, ratls_result_failure(r)->text);
        status = judgement_status(r, false);
    }
    ratls_result_free(&r);
    return status;
}

static int new_unverified(bytes in, const char *name)
{
    ratls_facts facts;
    ratls_error e;
    if (read_facts(in, &facts, &e) != RATLS_OK) {
        complain("%s: %s", name, e.text);
        return EXIT_REFUSED;
    }
    complain("UNVERIFIED: %s: nothing has checked that its identity is genuine; give --collateral "
             "to have it checked",
             name);
    return print_policy(&facts, false);
}

static int new_policy(const args *a, const input *in)
{
    const char *what;
    ratls_error e;
    bytes file = input_bytes(in), content = file;
    uint8_t *space = malloc(file.n + 1), *decoded = NULL;
    size_t n;
    int status = EXIT_TROUBLE;
    if (space == NULL) {
        complain("out of memory");
        return status;
    }
    file_kind kind = kind_of(file, &what);
    bool is_certificate = kind == FILE_PEM || kind == FILE_CERTIFICATE;
    if (kind == FILE_PEM && input_certificate(file, space, &content, &e) != RATLS_OK) {
        complain("%s: %s", in->name, e.text);
        status = EXIT_REFUSED;
    } else {
        if (kind == FILE_UNKNOWN && input_decode_text(file, &decoded, &n))
            content = bytes_of(decoded, n);
        status = a->collateral_n > 0
                     ? new_verified(a, is_certificate ? SUBJECT_CERTIFICATE : SUBJECT_QUOTE,
                                    content, in->name)
                     : new_unverified(content, in->name);
    }
    free(space);
    free(decoded);
    return status;
}

static int run_new(const args *a)
{
    input in;
    if (!input_read(a->file, &in))
        return EXIT_TROUBLE;
    int status = EXIT_REFUSED;
    if (in.too_large)
        complain("%s: more than %d bytes, at most so many are read", in.name, INPUT_MAX);
    else
        status = new_policy(a, &in);
    input_free(&in);
    return status;
}

static int run_check(const args *a)
{
    input in;
    ratls_error e;
    if (!input_read_own(a->file, &in))
        return EXIT_TROUBLE;
    policy *p = policy_new(input_bytes(&in), &e);
    if (p == NULL)
        complain("%s: %s", in.name, e.text);
    else
        (void)printf("OK\n");
    int status = p != NULL ? EXIT_ACCEPTED : e.code == RATLS_E_SYSTEM ? EXIT_TROUBLE : EXIT_REFUSED;
    policy_free(p);
    input_free(&in);
    return status;
}

const command policy_new_command = {
    .name = "policy new",
    .operand = "FILE",
    .run = run_new,
    .summary = "print a policy that accepts the identity in a certificate or quote",
    .options = TAKES(OPTION_COLLATERAL) | TAKES(OPTION_TIME) | TAKES(OPTION_SKEW) |
               TAKES(OPTION_ROOT) | TAKES(OPTION_CA),
    .about = "Prints a policy, ratls-policy(5), that accepts exactly the identity in FILE, a\n"
             "certificate or quote: to start from. With --collateral the evidence is verified\n"
             "first, and there is no policy if that fails; without, the policy says UNVERIFIED.\n"
             "It allows the TCB status UpToDate only, and no debug.\n"
             "Exit codes: 0 printed, 1 no identity or not genuine, 2 usage or system error.",
    .example = "ratls policy new peer.pem --collateral collateral.json > policy.json",
};

const command policy_check_command = {
    .name = "policy check",
    .operand = "FILE",
    .run = run_check,
    .summary = "say whether a policy loads, and if not, why",
    .options = 0,
    .about =
        "Loads the policy in FILE, ratls-policy(5), and prints OK, or says which key is wrong.\n"
        "Exit codes: 0 it loads, 1 it does not, 2 usage or system error.",
    .example = "ratls policy check policy.json",
};
