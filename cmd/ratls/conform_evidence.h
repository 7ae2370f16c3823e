#ifndef RATLS_CMD_CONFORM_EVIDENCE_H
#define RATLS_CMD_CONFORM_EVIDENCE_H

#include "base/bytes.h"
#include "base/error.h"

/*
 * A platform's own evidence: a command that prints a quote over the report data that it is given,
 * as the file {} or as the hex digits {hex}. It runs without a shell, for at most so long, and what
 * it prints is bounded.
 */
enum { EVIDENCE_SECONDS = 30, EVIDENCE_MAX_BYTES = 65536, EVIDENCE_WORDS = 64 };

typedef struct evidence_command {
    const char *words[EVIDENCE_WORDS];
    size_t n;
    char *text;       /* what the words are in */
    const char *file; /* where report data is written for {} */
    struct evidence_answer *answers;
} evidence_command;

/* Cuts the command into words at blanks. Errors: MALFORMED (it has neither {} nor {hex}), LIMIT,
 * SYSTEM. */
RATLS_MUST_USE ratls_code evidence_command_read(const char *command, const char *file,
                                                evidence_command *out, ratls_error *e);
void evidence_command_free(evidence_command *c);

/*
 * The quote over these 64 bytes, which stays where it is until the command is freed; the same
 * report data is asked for once. Errors: SYSTEM (it fails, takes too long, prints nothing), LIMIT
 * (prints too much).
 */
RATLS_MUST_USE ratls_code evidence_command_quote(evidence_command *c, bytes report_data,
                                                 bytes *quote, ratls_error *e);

#endif
