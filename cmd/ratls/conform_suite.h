#ifndef RATLS_CMD_CONFORM_SUITE_H
#define RATLS_CMD_CONFORM_SUITE_H

#include "base/bytes.h"
#include "base/error.h"

/*
 * A conformance suite: what is required, and the cases that show it, as "ratls conform make" writes
 * them: suite.json and the files that it names. Strict, for a case that was misread would be a
 * wrong verdict over somebody's verifier.
 */
enum { SUITE_REQUIREMENTS_MAX = 1024, SUITE_CASES_MAX = 16384, SUITE_LINKS_MAX = 65536 };

typedef enum suite_role { SUITE_VERIFIER, SUITE_ATTESTER, SUITE_BOTH } suite_role;
typedef enum suite_kind { SUITE_CERTIFICATE, SUITE_QUOTE } suite_kind;

typedef struct suite_requirement {
    const char *id, *text, *clause;
    suite_role role;
} suite_requirement;

/* Which requirement a case serves. */
typedef struct suite_link {
    const char *id;
    size_t at; /* in requirements */
} suite_link;

/* Paths are relative to the suite's directory; NULL: the case has none. */
typedef struct suite_case {
    const char *id, *what;
    size_t link, links_n; /* in links */
    suite_kind kind;
    const char *file, *pem, *collateral, *policy, *root, *ca;
    bool has_time;
    int64_t time;
    bool accept;              /* what is expected */
    bool either;              /* of one to be accepted: refusing it is right as well */
    const char *code, *check; /* why it is to be refused; NULL: not said */
} suite_case;

/* What could not be made for the platform that the suite is of. */
typedef struct suite_left_out {
    const char *id, *what, *why;
} suite_left_out;

typedef struct suite {
    const char *version, *made, *platform;
    const char *root; /* of all cases that name no other; NULL: the vendor's own */
    size_t requirements_n, cases_n, links_n, left_out_n;
    suite_requirement *requirements;
    suite_case *cases;
    suite_link *links;
    suite_left_out *left_out;
    char *text; /* what the strings above are in */
} suite;

/*
 * From the content of suite.json. Refused: unknown members, one that lacks, ids twice or of no
 * requirement, paths that are absolute or leave the directory. Freed by suite_free, also on errors.
 * Errors: MALFORMED, LIMIT, SYSTEM.
 */
RATLS_MUST_USE ratls_code suite_read(bytes json, suite *out, ratls_error *e);
void suite_free(suite *s);

/* The same from a directory, all of whose files must be readable. Errors: MISSING as well. */
RATLS_MUST_USE ratls_code suite_open(const char *dir, suite *out, ratls_error *e);

/* A path within the directory: relative, of plain characters, without ".", ".." and empty parts. */
bool suite_path_ok(bytes path);

#endif
