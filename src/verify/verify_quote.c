/* A bare quote, in any wrapping. */
#include "evidence/oe_evidence.h"
#include "verify/journey.h"

/* The quote in a file: bare, in the common format, or in Open Enclave's wrapping. */
static ratls_code unwrap(bytes in, bytes *quote, ratls_result *r)
{
    evidence ev;
    ratls_error e;
    ratls_code code;
    reader head = rd_of(in);
    uint32_t first = rd_le32(&head);
    if (in.n > 0 && in.p[0] >> 5 == 6) /* a CBOR tag */
        code = evidence_parse(in, &ev, &e);
    else if (first == 1)
        code = oe_report_parse(in, &ev, &e);
    else if (first == 3)
        code = oe_evidence_parse(in, &ev, &e);
    else {
        *quote = in;
        return RATLS_OK;
    }
    if (code != RATLS_OK)
        return check_fail_error(&r->checks, CHECK_EVIDENCE_FORMAT, &e);
    if (ev.kind != EVIDENCE_INTEL_QUOTE)
        return check_fail(&r->checks, CHECK_EVIDENCE_FORMAT, RATLS_E_UNSUPPORTED,
                          "evidence: %s can't be judged here", ev.what);
    *quote = ev.payload;
    return RATLS_OK;
}

static ratls_code verify(journey *j, bytes in)
{
    intel_quote q;
    evidence bare = {.payload = BYTES_NONE};
    ratls_code code = journey_check_time(j);
    if (code == RATLS_OK)
        code = unwrap(in, &bare.payload, j->r);
    if (code == RATLS_OK)
        code = journey_read_quote(j, &bare, &q);
    return code == RATLS_OK ? journey_judge_quote(j, &q) : code;
}

ratls_code ratls_verify_quote(const ratls_verifier *verifier, ratls_bytes quote,
                              const ratls_verify_options *options, ratls_result *result,
                              ratls_error *error)
{
    journey j;
    ratls_code code = journey_begin(&j, verifier, options, result, error);
    return code == RATLS_OK ? journey_end(&j, verify(&j, quote), error) : code;
}
