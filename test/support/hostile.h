#ifndef SUPPORT_HOSTILE_H
#define SUPPORT_HOSTILE_H

#include "cert_maker.h"

/*
 * Hostile input, as a table of text with one line per case:
 *
 *     name | how the input is made | clause | expected
 *
 * `expected` is "accept", or code and check id of the refusal ("RATLS_E_BINDING binding.key"). The
 * clause begins with letter and number of the kind of attack. Lines that begin with # are comments.
 * For each name a maker writes the input. A line without maker fails, and a maker without line.
 * What a maker takes from the arena is given back after its case.
 */
typedef struct hostile_case {
    bytes input; /* certificate as DER, or quote */
    bool is_quote;
    bytes collateral, policy, root, ca; /* empty: not given */
    int64_t time;
    uint32_t skew;
    bool time_from_clock; /* the caller did not name the time: judged by the library only */
} hostile_case;

typedef struct hostile_maker {
    const char *name;
    hostile_case (*make)(const struct hostile_maker *self);
    /* For makers that serve several lines: whatever tells them apart. */
    const char *text;
    int number;
} hostile_maker;

/* Runs every case by the library, in a budget of memory and time, and compares code and first
 * failed check. Fails the running cmocka test after the last one, naming each that differs. */
void hostile_run_library(const char *table, const hostile_maker *makers, size_t n);

/* The same by the program in $RATLS (default: the one of this build), comparing exit status and
 * error. Ends the test as skipped where there is no program. */
void hostile_run_command(const char *table, const hostile_maker *makers, size_t n);

/* Fails unless for each of these words ("A1 A2 …") a clause of the table begins with it. */
void hostile_covers(const char *table, const char *words);

/* A policy as `ratls policy new` writes it for the enclave or TD in this world's quote, which must
 * be genuine. Make it before you break the world. */
bytes hostile_policy(const vendor *v);

/* The input judged at v->now with v's collateral and root: the right ones, to be changed. */
hostile_case hostile_of(const vendor *v, bytes input, bytes policy);

/* A world with the spec of a TLS certificate in it, all right and under its policy. */
typedef struct hostile_tls {
    vendor v;
    bytes policy;
    tls_spec t; /* of v, so don't copy this struct */
} hostile_tls;
hostile_tls *hostile_tls_of(tls_scheme scheme, quote_tee tee, unsigned version);
/* The case of its certificate, as the specs are now; of another certificate in the same world. */
hostile_case hostile_tls_case(const hostile_tls *w);
hostile_case hostile_tls_case_of(const hostile_tls *w, bytes certificate);

#endif
