#ifndef HOSTILE_WORDS_H
#define HOSTILE_WORDS_H

#include <stdlib.h>

#include "hostile.h"

/* For makers that a row's text steers: words between blanks, the first of which names a world. */

/* Word i of the text, "" if there are fewer. */
static inline const char *word_of(const char *text, unsigned i)
{
    for (; i > 0 && *text != '\0'; i--) {
        text += strcspn(text, " ");
        text += strspn(text, " ");
    }
    return (const char *)join(bytes_of(text, strcspn(text, " ")), bytes_of("", 1)).p;
}

static inline long number_of(const char *text, unsigned i)
{
    const char *word = word_of(text, i);
    char *end;
    long n = strtol(word, &end, 10);
    MUST(*word != '\0' && *end == '\0');
    return n;
}

static inline vendor world_at(const char *text, int64_t now)
{
    static const struct {
        const char *name;
        quote_tee tee;
        unsigned version;
        bool td15;
    } worlds[] = {
        {"sgx3", QUOTE_SGX, 3, false}, {"sgx4", QUOTE_SGX, 4, false}, {"sgx5", QUOTE_SGX, 5, false},
        {"tdx4", QUOTE_TDX, 4, false}, {"tdx5", QUOTE_TDX, 5, false}, {"tdx15", QUOTE_TDX, 5, true},
    };
    const char *name = word_of(text, 0);
    for (size_t i = 0; i < sizeof worlds / sizeof *worlds; i++)
        if (strcmp(worlds[i].name, name) == 0)
            return vendor_of(worlds[i].tee, worlds[i].version, worlds[i].td15, now);
    arena_die("no world is called %s", name);
}

static inline vendor world_of(const char *text)
{
    return world_at(text, hostile_time());
}

/* Its quote alone: what a policy says plays no part. */
static inline hostile_case as_quote(const vendor *v, bytes quote)
{
    hostile_case c = hostile_of(v, quote, BYTES_NONE);
    c.is_quote = true;
    return c;
}

static inline hostile_case world_quote(const vendor *v)
{
    return as_quote(v, vendor_quote(v, BYTES_NONE).quote);
}

/* A certificate of the common format with this world's evidence, under this policy. */
static inline hostile_case world_cert(const vendor *v, bytes policy)
{
    tls_spec t = tls_spec_of(v, TLS_INTEROPERABLE, NULL);
    return hostile_of(v, tls_make(&t).der, policy);
}

static inline EVP_PKEY *other_key(void)
{
    return key_named(KEY_TYPE_P256, "other");
}

/* The world's quote with this collateral. */
static inline hostile_case with_set(const vendor *v, const collateral_set *c)
{
    hostile_case made = world_quote(v);
    made.collateral = collateral_json(c);
    return made;
}

static inline bool is_tcb(const char *which)
{
    return strcmp(which, "tcb") == 0;
}

static inline bytes *body_of(collateral_set *c, const char *which)
{
    return is_tcb(which) ? &c->tcb_info : &c->qe_identity;
}

static inline bytes *signature_of(collateral_set *c, const char *which)
{
    return is_tcb(which) ? &c->tcb_info_signature : &c->qe_identity_signature;
}

#endif
