#ifndef APPRAISE_POLICY_LOAD_H
#define APPRAISE_POLICY_LOAD_H

#include "appraise/policy_internal.h"

/*
 * Reads values of a policy from jansson's tree. `at` is where a value stands, for the sentence:
 * "accept[3].mrenclave". Errors: MALFORMED, LIMIT, SYSTEM.
 */

/* Where values go while a policy is read. A value takes fewer bytes than its text, so a block as
 * long as the text holds them all. */
typedef struct loader {
    policy *p;
    uint8_t *next, *end;
    ratls_error *e;
} loader;

/* The whole text as one value, to be released by json_decref; NULL if it is refused. */
json_t *load_json(const loader *l, bytes text);

/* The name of a place in the policy. */
typedef struct place {
    char s[64];
} place;

place load_member(const char *parent, const char *key);
place load_element(const char *parent, size_t i);

/* The user's own text for a sentence: cut, and without what a terminal might act on. */
typedef struct shown {
    char s[52];
} shown;
shown load_show(const char *text);

/* Refusals that several readers share. */
ratls_code load_wrong_kind(const loader *l, const json_t *found, const char *at,
                           const char *expected);
ratls_code load_twice(const loader *l, const char *at, const char *text);
ratls_code load_out_of_memory(const loader *l);

/* Every key of the object is among the `known`, which end with NULL. */
ratls_code load_check_keys(const loader *l, json_t *object, const char *at,
                           const char *const *known);
/* The object's "comment", if there, is a string. */
ratls_code load_comment(const loader *l, const json_t *object, const char *at);
/* A list of at most POLICY_VALUES_MAX. */
ratls_code load_check_list(const loader *l, const json_t *list, const char *at);

/* A string of hex digits, `width` bytes. */
ratls_code load_hex(const loader *l, const json_t *j, const char *at, size_t width, uint8_t *out);
ratls_code load_integer(const loader *l, const json_t *j, const char *at, uint32_t max,
                        uint32_t *out);

/* What the elements of a list are: hex of `width` bytes, integers of 16 bits, advisories. */
typedef enum element { ELEMENT_HEX, ELEMENT_INTEGER, ELEMENT_ADVISORY } element;

/* These three put what they read into the loader's block and leave `out` pointing there. */
ratls_code load_list(loader *l, const json_t *list, const char *at, element type, size_t width,
                     policy_values *out);
ratls_code load_masked(loader *l, json_t *object, const char *at, size_t width, policy_values *out);
ratls_code load_minimum(loader *l, const json_t *j, const char *at, policy_values *out);

#endif
