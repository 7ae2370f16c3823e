#include "input.h"
#include "judge.h"
#include "peer.h"

static int run(const args *a)
{
    input in;
    ratls_result *r;
    if (!peer_or_file_read(a->file, true, &in))
        return EXIT_TROUBLE;
    bool ok = in.too_large ? judge_too_large(SUBJECT_CERTIFICATE, in.name, &r)
                           : judge(a, SUBJECT_CERTIFICATE, input_bytes(&in), &r);
    if (ok && !in.too_large && ratls_result_facts(r)->tee == RATLS_TEE_NONE)
        judge_hint(SUBJECT_CERTIFICATE, in.name, input_bytes(&in));
    if (ok)
        judge_level_hint(r);
    input_free(&in);
    if (!ok)
        return EXIT_TROUBLE;
    sheet *s = sheet_new(a->json);
    if (a->json)
        verdict_json(s, r);
    else
        verdict_text(s, in.name, r);
    int status = judgement_status(r, ratls_result_accepted(r));
    ratls_result_free(&r);
    return sheet_end(s, status);
}

const command verify_command = {
    .name = "verify",
    .operand = "FILE|HOST:PORT",
    .run = run,
    .summary = "judge a certificate: genuine evidence, for its key, that the policy accepts",
    .options = TAKES(OPTION_POLICY) | TAKES(OPTION_COLLATERAL) | TAKES_SUPPLY | TAKES(OPTION_TIME) |
               TAKES(OPTION_SKEW) | TAKES(OPTION_ROOT) | TAKES(OPTION_CA) | TAKES(OPTION_NONCE) |
               TAKES(OPTION_JSON),
    .about =
        "Judges the RA-TLS certificate in FILE (PEM or DER, - for standard input), or that of\n"
        "the TLS server at HOST:PORT, which must hold its key in the handshake: its format,\n"
        "dates and signature, that its evidence speaks for its key and is genuine, and that\n"
        "the policy accepts it. Without a policy nothing is accepted.\n"
        "Exit codes: 0 accepted, 1 refused, 2 usage or system error.",
    .example = "ratls verify peer.pem --policy policy.json --collateral collateral.json",
};
