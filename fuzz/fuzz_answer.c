/*
 * An answer on a connection: two bytes of length, that many bytes of endorsements, then evidence.
 * Judged as what was asked at level "session", and as what was asked at level "nonce". No evidence
 * may be called valid but what the vendor's keys have signed over exactly these claims.
 */
#include "base/reader.h"
#include "evidence/evidence.h"
#include "made_up.h"
#include "verify/answer.h"

#define KEY                                                                                        \
    "\x6bpubkey-hash\x58\x24\x82\x01\x58\x20"                                                      \
    "the SHA-256 of the key of server"
#define NONCE                                                                                      \
    "\x65nonce\x58\x20"                                                                            \
    "the 32 bytes that a client asked"
#define ROLE                                                                                       \
    "\x6aratls-role\x46"                                                                           \
    "server"
#define EXPORTER                                                                                   \
    "\x6eratls-exporter\x58\x20"                                                                   \
    "an exporter value has 32 bytes.."
#define TRANSCRIPT                                                                                 \
    "\x70ratls-transcript\x58\x20"                                                                 \
    "SHA-256 of hellos and challenges"

static const char session[] = "\xa5" KEY NONCE ROLE EXPORTER TRANSCRIPT;
static const char nonce[] = "\xa4" KEY NONCE ROLE TRANSCRIPT;

static void judge(const ratls_verifier *v, const peer_answer *a, bytes claims, ratls_binding level,
                  ratls_result *r)
{
    ratls_error e = {.text = ""};
    evidence ev;
    const ratls_verify_options o = {.time = TIME, .time_is_explicit = true, .skew_seconds = 300};
    const answer_wanted wanted = {.claims = claims, .level = level};
    check_refused(verify_answer(v, a, &wanted, &o, r, &e), &e, r);
    bool same = evidence_parse(a->evidence, &ev, &e) == RATLS_OK && bytes_equal(ev.claims, claims);
    const char *reached = ratls_result_binding_level(r);
    assert(reached == NULL || (same && bytes_is(bytes_text(reached), ratls_binding_name(level))));
    assert(!ratls_result_evidence_valid(r) || reached != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    reader in = rd_of(bytes_of(data, size));
    bytes endorsements = rd_take(&in, rd_le16(&in));
    const peer_answer a = {.evidence = rd_rest(&in), .endorsements = endorsements};
    if (!rd_ok(&in))
        return 0;
    ratls_verifier *v = made_up_verifier();
    ratls_result *r = ratls_result_new();
    assert(r != NULL && sizeof session == 209 + 1 && sizeof nonce == 160 + 1);
    judge(v, &a, bytes_text(session), RATLS_BINDING_SESSION, r);
    judge(v, &a, bytes_text(nonce), RATLS_BINDING_NONCE, r);
    ratls_result_free(&r);
    ratls_verifier_free(&v);
    return 0;
}
