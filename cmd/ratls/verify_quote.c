#include "input.h"
#include "judge.h"

static void print_text(sheet *s, const char *name, const ratls_result *r)
{
    if (ratls_result_evidence_valid(r)) {
        const char *status = ratls_tcb_status_name(ratls_result_facts(r)->tcb_status);
        sheet_next(s, STYLE_GOOD);
        sheet_line(s, "VALID: the evidence is genuine, TCB status %s",
                   status != NULL ? status : "unknown");
        sheet_line(s, "Whether status, dates and identity are acceptable is for a policy to say.");
    } else {
        const ratls_check *failure = ratls_result_failure(r);
        sheet_next(s, STYLE_LOUD);
        sheet_line(s, "NOT VALID: %s", failure != NULL ? failure->text : "no check failed");
    }
    sheet_row(s, "file", "%s", name);
    judgement_text(s, SUBJECT_QUOTE, r);
}

static int run(const args *a)
{
    input in;
    ratls_result *r;
    if (!input_read(a->file, &in))
        return EXIT_TROUBLE;
    bool ok = in.too_large ? judge_too_large(SUBJECT_QUOTE, in.name, &r)
                           : judge(a, SUBJECT_QUOTE, input_bytes(&in), &r);
    if (ok && !in.too_large && ratls_result_facts(r)->tee == RATLS_TEE_NONE)
        judge_hint(SUBJECT_QUOTE, in.name, input_bytes(&in));
    input_free(&in);
    if (!ok)
        return EXIT_TROUBLE;
    sheet *s = sheet_new(a->json);
    if (a->json)
        judgement_json(s, SUBJECT_QUOTE, r);
    else
        print_text(s, in.name, r);
    int status = judgement_status(r, ratls_result_evidence_valid(r));
    ratls_result_free(&r);
    return sheet_end(s, status);
}

const command verify_quote_command = {
    .name = "verify-quote",
    .operand = "QUOTE",
    .run = run,
    .summary = "judge a bare SGX or TDX quote, without certificate and policy",
    .options = TAKES(OPTION_COLLATERAL) | TAKES_SUPPLY | TAKES(OPTION_TIME) | TAKES(OPTION_SKEW) |
               TAKES(OPTION_ROOT) | TAKES(OPTION_JSON),
    .about = "Judges whether the quote in QUOTE is genuine: bare, as hex or base64 text, as CBOR\n"
             "evidence, or in Open Enclave's wrapping; - for standard input. Collateral that is\n"
             "past its date does not make it invalid, it is reported.\n"
             "Exit codes: 0 valid, 1 not valid, 2 usage or system error.",
    .example = "ratls verify-quote quote.bin --collateral collateral.json --json",
};
