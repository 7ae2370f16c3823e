#include "facts.h"
#include "input.h"
#include "judge.h"

static void nullable(sheet *s, const char *key, const char *text)
{
    if (text != NULL)
        sheet_text(s, key, NULL, text);
    else
        sheet_null(s, key, NULL);
}

static void print_json(sheet *s, const ratls_result *r)
{
    size_t n;
    sheet_bool(s, "accepted", NULL, ratls_result_accepted(r));
    judgement_json(s, SUBJECT_CERTIFICATE, r);

    sheet_object(s, "binding", NULL);
    nullable(s, "level", ratls_result_binding_level(r));
    nullable(s, "scheme", ratls_result_scheme(r));
    nullable(s, "hash", ratls_result_binding_hash(r));
    sheet_close(s);

    const ratls_claim *claims = ratls_result_claims(r, &n);
    sheet_list(s, "claimed", NULL);
    for (size_t i = 0; i < n; i++) {
        const ratls_claim *c = &claims[i];
        sheet_item(s, NULL);
        sheet_bytes(s, "name", NULL, bytes_text(c->name));
        sheet_hex(s, "value", NULL,
                  bytes_of(c->value, c->value_n < sizeof c->value ? c->value_n : sizeof c->value));
        sheet_uint(s, "size", NULL, c->value_n);
        sheet_close(s);
    }
    sheet_close(s);

    const char *const *insecure = ratls_result_insecure(r, &n);
    sheet_list(s, "insecure", NULL);
    for (size_t i = 0; i < n; i++)
        sheet_text(s, "", NULL, insecure[i]);
    sheet_close(s);
}

static void print_text(sheet *s, const char *name, const ratls_result *r)
{
    if (ratls_result_accepted(r)) {
        sheet_next(s, STYLE_GOOD);
        sheet_line(s, "ACCEPTED");
    } else {
        const ratls_check *failure = ratls_result_failure(r);
        sheet_next(s, STYLE_LOUD);
        sheet_line(s, "REFUSED: %s", failure != NULL ? failure->text : "no check failed");
    }
    sheet_row(s, "file", "%s", name);
    judgement_text(s, SUBJECT_CERTIFICATE, r);
}

static int run(const args *a)
{
    input in;
    ratls_result *r;
    if (!input_read(a->file, &in))
        return EXIT_TROUBLE;
    bool ok = in.too_large ? judge_too_large(SUBJECT_CERTIFICATE, in.name, &r)
                           : judge(a, SUBJECT_CERTIFICATE, input_bytes(&in), &r);
    if (ok && !in.too_large && ratls_result_facts(r)->tee == RATLS_TEE_NONE)
        judge_hint(SUBJECT_CERTIFICATE, in.name, input_bytes(&in));
    input_free(&in);
    if (!ok)
        return EXIT_TROUBLE;
    sheet *s = sheet_new(a->json);
    if (a->json)
        print_json(s, r);
    else
        print_text(s, in.name, r);
    int status = judgement_status(r, ratls_result_accepted(r));
    ratls_result_free(&r);
    return sheet_end(s, status);
}

const command verify_command = {
    .name = "verify",
    .operand = "FILE",
    .run = run,
    .summary = "judge a certificate: genuine evidence, for its key, that the policy accepts",
    .options = TAKES(OPTION_POLICY) | TAKES(OPTION_COLLATERAL) | TAKES(OPTION_TIME) |
               TAKES(OPTION_SKEW) | TAKES(OPTION_ROOT) | TAKES(OPTION_CA) | TAKES(OPTION_JSON),
    .about =
        "Judges the RA-TLS certificate in FILE (PEM or DER, - for standard input): its format,\n"
        "dates and signature, that its evidence speaks for its key and is genuine, and that\n"
        "the policy accepts it. Without a policy nothing is accepted.\n"
        "Exit codes: 0 accepted, 1 refused, 2 usage or system error.",
    .example = "ratls verify peer.pem --policy policy.json --collateral collateral.json",
};
