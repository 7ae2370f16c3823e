#define _POSIX_C_SOURCE 200809L
#include "judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "appraise/result.h"
#include "evidence/evidence.h"
#include "facts.h"
#include "input.h"
#include "kind.h"
#include "supply.h"

enum { CLOCK_SKEW = 300, WAIT_MS = 30000 };

static bool set_up_file(const char *path, ratls_verifier *v,
                        ratls_code (*set)(ratls_verifier *, ratls_bytes, ratls_error *))
{
    input in;
    ratls_error e;
    if (path == NULL)
        return true;
    if (!input_read_own(path, &in))
        return false;
    ratls_code code = set(v, input_bytes(&in), &e);
    if (code != RATLS_OK)
        complain("%s: %s", in.name, e.text);
    input_free(&in);
    return code == RATLS_OK;
}

/* One object, or the lines of a bundle, with an object in each. */
static ratls_code add_each(ratls_verifier *v, bytes file, ratls_error *e)
{
    bytes object;
    if (file.n == 0)
        return refuse(e, RATLS_E_MALFORMED, 0, "collateral: is empty, expected JSON");
    while (input_next_object(&file, &object)) {
        ratls_code code = ratls_verifier_add_collateral(v, object, e);
        if (code != RATLS_OK)
            return code;
    }
    return RATLS_OK;
}

/* A set that can't be read is kept in *unreadable: the first one, with the file's name. */
static bool add_collateral(const args *a, ratls_verifier *v, ratls_error *unreadable)
{
    for (size_t i = 0; i < a->collateral_n; i++) {
        input in;
        ratls_error e;
        char name[64];
        if (!input_read(a->collateral[i], &in))
            return false;
        ratls_code code;
        if (in.too_large)
            code = refuse(&e, RATLS_E_LIMIT, 0, "more than %d bytes, at most so many are read",
                          INPUT_MAX);
        else
            code = add_each(v, input_bytes(&in), &e);
        escape_text(bytes_text(in.name), name, sizeof name);
        if (code != RATLS_OK && unreadable->code == RATLS_OK)
            (void)refuse(unreadable, code, e.offset, "%s: %s", name, e.text);
        input_free(&in);
    }
    return true;
}

bool judge_verifier(const args *a, ratls_verifier *v, ratls_error *unreadable)
{
    return set_up_file(a->policy, v, ratls_verifier_set_policy) &&
           set_up_file(a->root, v, ratls_verifier_set_root) &&
           set_up_file(a->ca, v, ratls_verifier_set_ca) && add_collateral(a, v, unreadable);
}

bool judge_supply(const args *a, uint32_t first_contact_ms, ratls_verifier *v,
                  ratls_keeper **keeper)
{
    ratls_error e;
    if (!supply_open(a, first_contact_ms, keeper))
        return false;
    if (*keeper == NULL || ratls_keeper_serve(*keeper, v, &e) == RATLS_OK)
        return true;
    complain("%s", e.text);
    ratls_keeper_free(keeper);
    return false;
}

ratls_verify_options judge_options(const args *a)
{
    return (ratls_verify_options){
        .time = a->has_time ? a->time : (int64_t)time(NULL),
        .time_is_explicit = a->has_time,
        .skew_seconds = a->has_skew   ? a->skew
                        : a->has_time ? 0
                                      : CLOCK_SKEW,
        .nonce = {a->nonce, a->nonce_n},
    };
}

/* PEM and text forms are the command's to undo; what can't be undone is judged as it is. */
static void verify(const ratls_verifier *v, subject what, bytes file,
                   const ratls_verify_options *options, uint8_t *space, ratls_result *r)
{
    ratls_error e;
    uint8_t *decoded = NULL;
    size_t n;
    bytes in = file;
    if (what == SUBJECT_QUOTE) {
        if (input_decode_text(file, &decoded, &n))
            in = bytes_of(decoded, n);
        (void)!ratls_verify_quote(v, in, options, r, &e);
        free(decoded);
        return;
    }
    bool is_request = what == SUBJECT_REQUEST;
    ratls_code code =
        is_request ? input_request(file, space, &in, &e) : input_certificate(file, space, &in, &e);
    if (code == RATLS_OK) {
        (void)!(is_request ? ratls_verify_request : ratls_verify_certificate)(v, in, options, r,
                                                                              &e);
        return;
    }
    result_reset(r);
    error_prefix(&e, is_request ? "request" : "certificate");
    (void)check_fail_error(&r->checks, CHECK_CERTIFICATE_FORMAT, &e);
}

/* The quote in what was judged; empty if there is none to be found. */
static bytes quote_in(subject what, bytes file, uint8_t *space)
{
    certificate c;
    evidence_set set;
    ratls_error e;
    bytes der;
    if (what == SUBJECT_QUOTE)
        return file;
    if (input_certificate(file, space, &der, &e) != RATLS_OK ||
        certificate_parse(der, &c, &e) != RATLS_OK || evidence_find(&c, &set, &e) != RATLS_OK)
        return BYTES_NONE;
    return set.all[0].payload;
}

/* What is held has expired: the services may have newer. A server would have asked them in time. */
static bool refresh(ratls_keeper *keeper, const args *a, bytes quote)
{
    ratls_error e;
    size_t n;
    uint8_t *out = malloc(RATLS_ITEM_MAX);
    bool got = out != NULL && quote.n > 0 &&
               ratls_keeper_collateral(keeper, quote, supply_now(a), out, RATLS_ITEM_MAX, &n, &e) ==
                   RATLS_OK;
    free(out);
    return got;
}

static void refuse_all(ratls_result *r, check_id id, const ratls_error *e)
{
    (void)check_fail_error(&r->checks, id, e);
    r->accepted = r->evidence_valid = false;
    r->facts.tcb_status = RATLS_TCB_NONE;
}

static void hint_supply(const ratls_result *r)
{
    const ratls_check *failure = ratls_result_failure(r);
    if (failure == &r->checks.all[CHECK_COLLATERAL_PRESENT])
        complain(
            "collateral: see \"ratls collateral fetch --help\", or give --collateral or --pccs, "
            "or let the peer staple it");
}

static bool set_policy(const char *name, bytes json, ratls_verifier *v)
{
    ratls_error e;
    if (ratls_verifier_set_policy(v, json, &e) == RATLS_OK)
        return true;
    complain("%s: %s", name, e.text);
    return false;
}

/* `under` is a policy; NULL: that of the options. */
static bool judge_all(const args *a, const bytes *under, subject what, bytes file,
                      ratls_result **result)
{
    args others = *a;
    ratls_error unreadable = {.code = RATLS_OK};
    ratls_verifier *v = ratls_verifier_new();
    ratls_keeper *keeper = NULL;
    uint8_t *space = malloc(file.n + 1);
    *result = ratls_result_new();
    bool ok = v != NULL && *result != NULL && space != NULL;
    if (!ok)
        complain("out of memory");
    if (under != NULL)
        others.policy = NULL;
    ok = ok && (under == NULL || set_policy(a->policy, *under, v)) &&
         judge_verifier(&others, v, &unreadable) && judge_supply(a, WAIT_MS, v, &keeper);
    if (ok) {
        const ratls_verify_options options = judge_options(a);
        verify(v, what, file, &options, space, *result);
        if (keeper != NULL && ratls_result_facts(*result)->collateral_expired &&
            refresh(keeper, a, quote_in(what, file, space)))
            verify(v, what, file, &options, space, *result);
        if (unreadable.code != RATLS_OK)
            refuse_all(*result, CHECK_COLLATERAL_PRESENT, &unreadable);
        else if (keeper == NULL && a->collateral_n == 0)
            hint_supply(*result);
    } else {
        ratls_result_free(result);
    }
    ratls_verifier_free(&v);
    ratls_keeper_free(&keeper);
    free(space);
    return ok;
}

bool judge(const args *a, subject what, bytes file, ratls_result **result)
{
    return judge_all(a, NULL, what, file, result);
}

bool judge_under(const args *a, bytes json, subject what, bytes file, ratls_result **result)
{
    return judge_all(a, &json, what, file, result);
}

bool judge_too_large(subject what, const char *name, ratls_result **result)
{
    ratls_error e;
    char escaped[64];
    *result = ratls_result_new();
    if (*result == NULL) {
        complain("out of memory");
        return false;
    }
    escape_text(bytes_text(name), escaped, sizeof escaped);
    (void)refuse(&e, RATLS_E_LIMIT, 0, "%s: more than %d bytes, at most so many are read", escaped,
                 INPUT_MAX);
    refuse_all(*result, what == SUBJECT_QUOTE ? CHECK_QUOTE_FORMAT : CHECK_CERTIFICATE_FORMAT, &e);
    return true;
}

int judgement_status(const ratls_result *r, bool good)
{
    const ratls_check *failure = ratls_result_failure(r);
    if (failure != NULL && failure->code == RATLS_E_SYSTEM)
        return EXIT_TROUBLE;
    return good && failure == NULL ? EXIT_ACCEPTED : EXIT_REFUSED;
}

void judge_hint(subject what, const char *name, bytes file)
{
    const char *found;
    file_kind kind = kind_of(file, &found);
    bool is_certificate = kind == FILE_CERTIFICATE || kind == FILE_PEM;
    bool is_quote = kind == FILE_QUOTE || kind == FILE_EVIDENCE || kind == FILE_OE_REPORT ||
                    kind == FILE_OE_EVIDENCE;
    if (what == SUBJECT_QUOTE && is_certificate)
        complain("note: %s holds %s; for a certificate see: ratls verify", name, found);
    else if (what == SUBJECT_CERTIFICATE && is_quote)
        complain("note: %s holds %s; without a certificate see: ratls verify-quote", name, found);
    else if (kind == FILE_NAMED || (found != NULL && !is_certificate && !is_quote))
        complain("note: %s holds %s", name, found);
}

void judge_level_hint(const ratls_result *r)
{
    const ratls_check *failure = ratls_result_failure(r);
    if (failure != NULL && bytes_is(bytes_text(failure->id), "policy.binding"))
        complain("note: a certificate reaches level \"key\", and \"nonce\" with --nonce; for "
                 "\"session\" the server itself has to be asked: ratls connect HOST:PORT");
}

/* Rendering. */

static bool begins(const ratls_check *c, const char *prefix)
{
    return bytes_starts(bytes_text(c->id), prefix);
}

/* Part of judging a certificate only. */
static bool needs_certificate(const ratls_check *c)
{
    return begins(c, "certificate.") || begins(c, "evidence.") || begins(c, "binding.") ||
           begins(c, "policy.");
}

static const char not_reached[] = "not reached: an earlier check failed";

static const char *reason(const ratls_check *c, subject what, const ratls_result *r)
{
    if (c->text[0] != '\0' || c->verdict != RATLS_NOT_RUN)
        return c->text;
    if (what == SUBJECT_QUOTE && needs_certificate(c))
        return "a bare quote is judged without certificate and policy";
    if (begins(c, "tdx_") && ratls_result_facts(r)->tee == RATLS_TEE_SGX)
        return "for TDX only";
    return ratls_result_failure(r) != NULL ? not_reached : "does not apply here";
}

static const char *verdict_name(ratls_verdict v)
{
    return v == RATLS_PASSED ? "passed" : v == RATLS_FAILED ? "failed" : "not run";
}

static void checks_json(sheet *s, subject what, const ratls_result *r)
{
    size_t n;
    const ratls_check *checks = ratls_result_checks(r, &n);
    sheet_list(s, "checks", NULL);
    for (size_t i = 0; i < n; i++) {
        const ratls_check *c = &checks[i];
        sheet_item(s, NULL);
        sheet_text(s, "id", NULL, c->id);
        sheet_text(s, "verdict", NULL, verdict_name(c->verdict));
        sheet_text(s, "text", NULL, reason(c, what, r));
        sheet_text(s, "clause", NULL, c->clause);
        sheet_text(s, "code", NULL, ratls_code_name(c->code));
        sheet_close(s);
    }
    sheet_close(s);
}

static void error_json(sheet *s, const ratls_check *failure)
{
    if (failure == NULL) {
        sheet_null(s, "error", NULL);
        return;
    }
    sheet_object(s, "error", NULL);
    sheet_text(s, "code", NULL, ratls_code_name(failure->code));
    sheet_text(s, "check", NULL, failure->id);
    sheet_text(s, "text", NULL, failure->text);
    sheet_close(s);
}

static void facts_or_null(sheet *s, const char *key, const ratls_facts *f, bool there)
{
    if (!there) {
        sheet_null(s, key, NULL);
        return;
    }
    sheet_object(s, key, NULL);
    facts_all(s, f);
    sheet_close(s);
}

void judgement_json(sheet *s, subject what, const ratls_result *r)
{
    const ratls_facts *f = ratls_result_facts(r);
    bool valid = ratls_result_evidence_valid(r);
    /* A status counts only with genuine evidence; Revoked is the reason why it is not. */
    bool has_status =
        f->tcb_status == RATLS_TCB_REVOKED || (valid && f->tcb_status != RATLS_TCB_NONE);
    sheet_bool(s, "evidence_valid", NULL, valid);
    error_json(s, ratls_result_failure(r));
    if (has_status)
        sheet_text(s, "tcb_status", NULL, ratls_tcb_status_name(f->tcb_status));
    else
        sheet_null(s, "tcb_status", NULL);
    sheet_bool(s, "collateral_expired", NULL, f->collateral_expired);
    sheet_bool(s, "debug", NULL, f->debug);
    sheet_list(s, "advisories", NULL);
    for (size_t i = 0; i < f->advisories_n; i++)
        sheet_text(s, "", NULL, f->advisories[i]);
    sheet_close(s);
    checks_json(s, what, r);
    /* Apart, so that nobody takes what a quote merely says for proven. */
    facts_or_null(s, "attested", f, valid);
    facts_or_null(s, "unverified", f, !valid && f->tee != RATLS_TEE_NONE);
}

/* The names of checks that were not reached, several in a line. */
static void not_reached_text(sheet *s, subject what, const ratls_result *r)
{
    char line[100];
    size_t n, used = 0;
    const ratls_check *checks = ratls_result_checks(r, &n);
    const char *head = "not run";
    for (size_t i = 0; i < n; i++) {
        if (reason(&checks[i], what, r) != not_reached)
            continue;
        if (used + strlen(checks[i].id) + 2 >= sizeof line) {
            sheet_next(s, STYLE_FAINT);
            sheet_line(s, "%-8s %s,", head, line);
            head = "";
            used = 0;
        }
        used += (size_t)snprintf(line + used, sizeof line - used, "%s%s", used > 0 ? ", " : "",
                                 checks[i].id);
    }
    if (used == 0)
        return;
    sheet_next(s, STYLE_FAINT);
    sheet_line(s, "%-8s %s: an earlier check failed", head, line);
}

static void checks_text(sheet *s, subject what, const ratls_result *r)
{
    static const sheet_style styles[] = {STYLE_FAINT, STYLE_PLAIN, STYLE_LOUD};
    size_t n;
    const ratls_check *checks = ratls_result_checks(r, &n);
    sheet_object(s, NULL, "checks");
    for (size_t i = 0; i < n; i++) {
        const ratls_check *c = &checks[i];
        const char *text = reason(c, what, r);
        if (text == not_reached ||
            (c->verdict == RATLS_NOT_RUN && what == SUBJECT_QUOTE && needs_certificate(c)))
            continue;
        sheet_next(s, styles[c->verdict]);
        sheet_line(s, "%-8s %-25s %s",
                   c->verdict == RATLS_FAILED ? "FAILED" : verdict_name(c->verdict), c->id, text);
    }
    not_reached_text(s, what, r);
    sheet_close(s);
}

static void claims_text(sheet *s, const ratls_result *r)
{
    size_t n;
    const ratls_claim *claims = ratls_result_claims(r, &n);
    if (n == 0)
        return;
    sheet_object(s, NULL, "claimed by the peer (nobody vouches for it)");
    for (size_t i = 0; i < n; i++) {
        char name[sizeof claims[i].name * 4];
        size_t have =
            claims[i].value_n < sizeof claims[i].value ? claims[i].value_n : sizeof claims[i].value;
        escape_text(bytes_text(claims[i].name), name, sizeof name);
        sheet_hex(s, NULL, name, bytes_of(claims[i].value, have));
        if (have < claims[i].value_n)
            sheet_row(s, "", "... %zu bytes in all", claims[i].value_n);
    }
    sheet_close(s);
}

static void warnings_text(sheet *s, const ratls_result *r)
{
    size_t n;
    const char *const *names = ratls_result_insecure(r, &n);
    for (size_t i = 0; i < n; i++) {
        sheet_next(s, STYLE_LOUD);
        sheet_line(s, "INSECURE: the policy has %s", names[i]);
    }
    if (ratls_result_facts(r)->other_root) {
        sheet_next(s, STYLE_LOUD);
        sheet_line(s, "OTHER ROOT: trust ends in the root given by --root, not in Intel's");
    }
    if (ratls_result_facts(r)->collateral_expired) {
        sheet_next(s, STYLE_LOUD);
        sheet_line(s, "EXPIRED: collateral is not within its dates at the time of judgement");
    }
}

void judgement_text(sheet *s, subject what, const ratls_result *r)
{
    const ratls_facts *f = ratls_result_facts(r);
    warnings_text(s, r);
    if (f->tee != RATLS_TEE_NONE) {
        sheet_object(s, NULL,
                     ratls_result_evidence_valid(r)
                         ? "attested"
                         : "UNVERIFIED: what the quote says; it was not found genuine");
        facts_all(s, f);
        sheet_close(s);
    }
    if (ratls_result_scheme(r) != NULL) {
        const char *level = ratls_result_binding_level(r), *hash = ratls_result_binding_hash(r);
        sheet_object(s, NULL, "binding");
        sheet_row(s, "scheme", "%s", ratls_result_scheme(r));
        sheet_row(s, "level", "%s", level != NULL ? level : "none: not bound to the certificate");
        if (level != NULL)
            sheet_row(s, "by", "%s", ratls_result_binding_by(r));
        if (hash != NULL)
            sheet_row(s, "hash", "%s", hash);
        sheet_row(s, "identity", "%s", ratls_result_identity(r));
        sheet_close(s);
    }
    claims_text(s, r);
    checks_text(s, what, r);
}

static void nullable(sheet *s, const char *key, const char *text)
{
    if (text != NULL)
        sheet_text(s, key, NULL, text);
    else
        sheet_null(s, key, NULL);
}

void verdict_json(sheet *s, const ratls_result *r)
{
    size_t n;
    sheet_bool(s, "accepted", NULL, ratls_result_accepted(r));
    judgement_json(s, SUBJECT_CERTIFICATE, r);

    sheet_object(s, "binding", NULL);
    nullable(s, "level", ratls_result_binding_level(r));
    nullable(s, "by", ratls_result_binding_by(r));
    if (ratls_result_time(r) != 0)
        sheet_time(s, "time", NULL, ratls_result_time(r));
    else
        sheet_null(s, "time", NULL);
    nullable(s, "scheme", ratls_result_scheme(r));
    nullable(s, "hash", ratls_result_binding_hash(r));
    sheet_text(s, "identity", NULL, ratls_result_identity(r));
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

void verdict_text(sheet *s, const char *name, const ratls_result *r)
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
