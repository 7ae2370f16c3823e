#ifndef RATLS_CMD_AUDIT_H
#define RATLS_CMD_AUDIT_H

#include "base/writer.h"
#include "ratls/result.h"

/*
 * The log of a CA: one JSON object a line, one line a decision, appended and on disk before
 * anything is handed out. Functions return false after they said why.
 */
typedef struct audit {
    int fd;
    const char *path;
} audit;

/* An ordinary file that is there already; the path is kept. */
bool audit_open(const char *path, audit *a);
/* Waits a while for the other signer, who has it now. Given back by audit_close. */
bool audit_lock(const audit *a);
/* The line, without its end, whole or not at all. Only under the lock. */
bool audit_append(const audit *a, bytes line);
void audit_close(audit *a);

typedef struct decision {
    int64_t time;
    bool accepted;
    bytes key;                  /* SubjectPublicKeyInfo; empty: the request can't be read */
    const ratls_result *result; /* of the request */
    bytes policy;               /* the file */
    ratls_bytes nonce;          /* that was demanded; empty: none was */
    /* Of what was refused. */
    const char *check; /* id; NULL: the evidence was accepted, and something else refused */
    ratls_code code;
    const char *reason;
    /* Of what was accepted. */
    bytes serial;
    int64_t not_after;
    const char *const *names;
    size_t names_n;
} decision;

enum { AUDIT_LINE_MAX = 32768 };

/* Printable ASCII. False if the crypto library fails, or it does not fit. */
bool audit_line(const decision *d, writer *w);

/* The lines of a log, for a person or as one JSON object. Returns an exit code. */
int audit_show(const char *path, bool json);

#endif
