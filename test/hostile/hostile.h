#ifndef HOSTILE_HOSTILE_H
#define HOSTILE_HOSTILE_H

#include "cert_maker.h"
#include "ratls/error.h"

/*
 * Hostile input, and input that must be accepted, as tables of text with one line per case:
 *
 *     name | how the input is made | clause | expected
 *
 * `expected` is "accept", or code and check id of the refusal ("RATLS_E_BINDING binding.key"). The
 * clause begins with letter and number of the kind of attack. Lines that begin with # are comments.
 * For each name a maker writes the input; a line without maker is a defect, and a maker without
 * line. What a maker takes from the arena is given back after its case.
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

/* Under which circumstances a suite is made. */
typedef struct hostile_setting {
    bool given;    /* quotes come from outside: nothing of the vendor's can be changed */
    quote_tee tee; /* of that platform */
} hostile_setting;

typedef struct hostile_group {
    const char *name, *table; /* of test/cases/hostile-NAME.txt, its text */
    const hostile_maker *makers;
    size_t n;
    /* Why a case can't be in a suite made in this setting; NULL: it can. */
    const char *(*left_out)(const hostile_maker *m, const hostile_setting *s);
} hostile_group;

extern const hostile_group hostile_certificate, hostile_x509, hostile_cbor, hostile_binding,
    hostile_quote, hostile_pki, hostile_collateral;
enum { HOSTILE_GROUPS = 7 };
extern const hostile_group *const hostile_groups[HOSTILE_GROUPS];
extern const char requirements_table[];
extern const char hostile_certificate_table[], hostile_x509_table[], hostile_cbor_table[],
    hostile_binding_table[], hostile_quote_table[], hostile_pki_table[], hostile_collateral_table[];

typedef struct hostile_line {
    const char *name, *how, *clause;
    bool accept;
    ratls_code code;
    const char *check; /* NULL if accept */
    const hostile_maker *maker;
} hostile_line;

typedef struct hostile_table {
    size_t n;
    const hostile_line *lines;
} hostile_table;

/* Read from its text, in the arena, and each line paired with its maker. */
hostile_table hostile_table_of(const hostile_group *g);

/* Which requirements of doc/REQUIREMENTS.md cases show: test/cases/requirements.txt, read in the
 * arena. */
typedef struct hostile_map hostile_map;
const hostile_map *hostile_map_of(void);

enum { HOSTILE_SERVED_MAX = 160 };
typedef struct hostile_served {
    size_t n; /* 0: none; at most one of a case to be refused */
    const char *ids[HOSTILE_SERVED_MAX];
    bool all;    /* these are all of verifiers */
    bool either; /* to be accepted, but refusing it is right as well */
} hostile_served;
void hostile_serves(const hostile_map *m, const hostile_line *l, hostile_served *out);

/* A pattern of the map that fits no case of these tables; NULL: each fits one. */
const char *hostile_map_idle(const hostile_map *m, const hostile_table *tables, size_t n);

/* The id of a check as the list of checks has it; NULL if there is none. */
const char *hostile_check_named(const char *id);
ratls_code hostile_code_named(const char *name); /* RATLS_OK: no code is called so */

/* When cases are judged: VENDOR_T0 unless set otherwise. */
int64_t hostile_time(void);
void hostile_set_time(int64_t t);

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
/* A platform that was given has its own TEE and version. */
hostile_tls *hostile_tls_of(tls_scheme scheme, quote_tee tee, unsigned version);
/* The case of its certificate, as the specs are now; of another certificate in the same world. */
hostile_case hostile_tls_case(const hostile_tls *w);
hostile_case hostile_tls_case_of(const hostile_tls *w, bytes certificate);

#endif
