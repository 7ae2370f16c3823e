#ifndef RATLS_CMD_CONFORM_REPORT_H
#define RATLS_CMD_CONFORM_REPORT_H

#include <stdio.h>

#include "base/bytes.h"
#include "sheet.h"

/* What a conformance run found, requirement by requirement, and how it is told. */

typedef enum outcome {
    OUTCOME_PASS,
    OUTCOME_WARN, /* allowed, but some peers can't live with it */
    OUTCOME_FAIL,
    OUTCOME_ERROR, /* no answer that means anything */
    OUTCOME_SKIP,  /* not judged */
    OUTCOMES
} outcome;

/* "pass", "warn", … Static. */
const char *outcome_name(outcome o);

/* Texts that are not ours come in as they are: whoever renders escapes them. */
typedef struct report_case {
    const char *id, *what, *expected;
    const char *why; /* why it is to be refused, "BINDING, binding.key"; NULL: not said */
    outcome outcome;
    bool positive; /* shows that the verifier does accept something */
    bool accepted, asked;
    bool is_quote;
    char got[96];
    char line[400]; /* what it said itself, possibly nothing */
    uint64_t ms;
} report_case;

typedef struct report_item {
    const char *id, *text, *clause;
    outcome outcome;
    char reason[512];
    bool partly;          /* not judged since not all of its cases were asked for */
    size_t link, links_n; /* in links: its cases */
} report_item;

typedef struct report {
    const char *command; /* "conform verifier" */
    const char *subject_name, *subject;
    const char *suite;    /* where the cases are from; NULL: there are none */
    const char *platform; /* "simulated" */
    int64_t begun;        /* Unix seconds */
    uint64_t ms;
    bool allow_skip;
    bool partly; /* only some of it was asked for */
    size_t items_n, cases_n;
    report_item *items;
    report_case *cases;
    size_t *links;
} report;

__attribute__((format(printf, 3, 4))) void report_decide(report_item *item, outcome o,
                                                         const char *format, ...);

/*
 * Sets outcome and reason of each item from its cases. What must be refused is refused by a
 * verifier that refuses everything too, or all of one kind: so an item needs cases of both sorts,
 * and where it has quotes to be refused, some quote must have been accepted in the run. What was
 * skipped counts for nothing; with allow_skip the others decide.
 */
void report_judge(report *r);

size_t report_count(const report *r, outcome o);
/* Nothing failed, and nothing was left out that should not be. */
bool report_passed(const report *r);

/* For a person or as JSON. */
void report_print(const report *r, sheet *s);
/* JUnit's XML, as build servers read it. */
void report_junit(const report *r, FILE *to);
/* One page that needs nothing beside itself. */
void report_html(const report *r, FILE *to);

/* Into a new file, or over one. False after it said why. */
bool report_write(const report *r, const char *path, void (*render)(const report *, FILE *));

#endif
