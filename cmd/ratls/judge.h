#ifndef RATLS_CMD_JUDGE_H
#define RATLS_CMD_JUDGE_H

#include "command.h"
#include "ratls/collateral.h"
#include "ratls/verify.h"
#include "sheet.h"

typedef enum subject { SUBJECT_CERTIFICATE, SUBJECT_QUOTE, SUBJECT_REQUEST } subject;

/*
 * Judges `file` as the options say. False after a usage or system error was told on standard error.
 * What peers and services sent is never such an error: it ends up as a failed check of the result,
 * which is the caller's to free.
 */
bool judge(const args *a, subject what, bytes file, ratls_result **result);
/* The same under a policy that was read already, instead of that of the options. */
bool judge_under(const args *a, bytes json, subject what, bytes file, ratls_result **result);

/* Sets a verifier up as the options say; collateral that can't be read is told in *unreadable,
 * whose code is RATLS_OK before. False as above. */
bool judge_verifier(const args *a, ratls_verifier *v, ratls_error *unreadable);
/*
 * What it lacks comes from where the options, the environment and Intel's configuration say; it may
 * wait so long for a platform that is new. *keeper is NULL if there is no such place; else it is to
 * be freed after the verifier. False after it said why.
 */
bool judge_supply(const args *a, uint32_t first_contact_ms, ratls_verifier *v,
                  ratls_keeper **keeper);
/* When to judge, now unless the options say otherwise. */
ratls_verify_options judge_options(const args *a);

/* A note on standard error if the file is plainly of another kind than what was to be judged. */
void judge_hint(subject what, const char *name, bytes file);
/* The same where the policy demands a level that a certificate does not reach by itself. */
void judge_level_hint(const ratls_result *r);

/* For a FILE above the limit: a result that refuses it. */
bool judge_too_large(subject what, const char *name, ratls_result **result);

/* The members that verify and verify-quote have in common, from "evidence_valid" on. */
void judgement_json(sheet *s, subject what, const ratls_result *r);

/* The same for a person, under a first line that is the caller's. */
void judgement_text(sheet *s, subject what, const ratls_result *r);

/* All about a certificate that was judged; the text begins with ACCEPTED or REFUSED and then names
 * the certificate. */
void verdict_json(sheet *s, const ratls_result *r);
void verdict_text(sheet *s, const char *name, const ratls_result *r);

/* EXIT_ACCEPTED if `good`, else EXIT_REFUSED, or EXIT_TROUBLE if the system failed. */
int judgement_status(const ratls_result *r, bool good);

#endif
