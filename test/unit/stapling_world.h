#ifndef UNIT_STAPLING_WORLD_H
#define UNIT_STAPLING_WORLD_H

#include "words.h"

/*
 * A certificate with endorsements and what its verifier holds, from a line of words. The first
 * names the world. Without further words both sides have the same items, which are right.
 *
 *     h.ITEM:CHANGE   of what the verifier holds; ITEM is tcb, qe, pck (CRL), root (CRL) or all
 *     s.ITEM:CHANGE   of what the peer staples
 *     h, s            nothing is held, stapled
 *     c.KEY=VALUE     how the endorsements are written
 *     insecure        the policy lets stapled CRLs suffice
 */
typedef struct stapling {
    vendor v;            /* in which all is right */
    bytes policy;        /* that accepts it */
    bytes held, stapled; /* JSON; the extension's value. BYTES_NONE: none */
    bytes certificate;
} stapling;

enum { STAPLE_ITEMS = 4 };
static const char *const staple_names[STAPLE_ITEMS] = {"tcb", "qe", "pck", "root"};

/* The parts of each item in a set. */
static inline void staple_parts(collateral_set *c, unsigned item, bytes *out[3])
{
    bytes *const parts[STAPLE_ITEMS][3] = {
        {&c->tcb_info, &c->tcb_info_signature, &c->tcb_info_issuer_chain},
        {&c->qe_identity, &c->qe_identity_signature, &c->qe_identity_issuer_chain},
        {&c->pck_crl, &c->pck_crl_issuer_chain, NULL},
        {&c->root_ca_crl, NULL, NULL}};
    memcpy(out, parts[item], sizeof parts[item]);
}

/* The item of `from` in the place of c's. */
static inline void staple_take(collateral_set *c, const vendor *from, unsigned item)
{
    collateral_set other = vendor_collateral(from);
    bytes *to[3], *of[3];
    staple_parts(c, item, to);
    staple_parts(&other, item, of);
    for (unsigned i = 0; i < 3 && to[i] != NULL; i++)
        *to[i] = *of[i];
}

/* Another platform's: TCB info of another FMSPC, a CRL of another CA. */
static inline void staple_of_other(vendor *v, unsigned item)
{
    if (item == 0)
        v->tcb_info.fmspc[5] ^= 1;
    else if (item == 2)
        vendor_use_ca(v, !v->pck_ext.platform);
    else
        vendor_use_names(v, "Other", "Other");
}

static inline void staple_of_other_tee(vendor *v, unsigned item)
{
    bool sgx = v->quote.tee == QUOTE_SGX;
    if (item == 1)
        v->qe_identity.id = sgx ? "TD_QE" : "QE";
    else
        v->tcb_info.id = sgx ? "TDX" : "SGX";
    v->tcb_info.has_module = v->tcb_info.tdx_components = sgx;
    v->tcb_info.has_identities = false;
}

/* What is changed before it is signed. False if it is none of these. */
static inline bool staple_edit(vendor *v, unsigned item, const char *change)
{
    int64_t *const issued[] = {&v->tcb_info.issue_date, &v->qe_identity.issue_date,
                               &v->pck_crl.this_update, &v->root_crl.this_update};
    int64_t *const next[] = {&v->tcb_info.next_update, &v->qe_identity.next_update,
                             &v->pck_crl.next_update, &v->root_crl.next_update};
    crl_spec *const crls[] = {NULL, NULL, &v->pck_crl, &v->root_crl};
    if (change[0] == '+' || change[0] == '-')
        *issued[item] += number_of(change, 0);
    else if (strcmp(change, "expired") == 0)
        *next[item] = v->now - 1;
    else if (strcmp(change, "future") == 0)
        *issued[item] = v->now + 3600;
    else if (change[0] == '#')
        *(item == 0 ? &v->tcb_info.evaluation_number : &v->qe_identity.evaluation_number) =
            (unsigned)number_of(change + 1, 0);
    else if (strcmp(change, "OutOfDate") == 0 && item == 0)
        v->tcb_info.levels[0].status = "OutOfDate";
    else if (strcmp(change, "OutOfDate") == 0)
        v->qe_identity.levels[0].status = "OutOfDate";
    else if (strcmp(change, "other") == 0)
        staple_of_other(v, item);
    else if (strcmp(change, "tee") == 0)
        staple_of_other_tee(v, item);
    else if (strcmp(change, "revokes") == 0)
        crl_revoke(crls[item], item == 2 ? &v->pck : &v->ca);
    else if (strcmp(change, "revokes-signer") == 0)
        crl_revoke(crls[item], &v->tcb_signer);
    else if (strcmp(change, "forged") == 0 && item >= 2)
        crls[item]->signer = other_key();
    else if (strcmp(change, "forged") == 0)
        *(item == 0 ? &v->tcb_info_key : &v->qe_identity_key) = other_key();
    else if (strcmp(change, "chain") == 0)
        *(item == 2 ? &v->ca.signer : &v->tcb_signer.signer) = other_key();
    else
        return false;
    return true;
}

/* What is changed in what was signed. */
static inline void staple_spoil(collateral_set *c, unsigned item, const char *change)
{
    bytes *part[3];
    staple_parts(c, item, part);
    if (strcmp(change, "garbage") == 0)
        *part[0] = bytes_text(item < 2 ? "{\"id\":\"SGX\"}" : "no CRL");
    else if (strcmp(change, "laundered") == 0)
        *part[0] = text_replaced(*part[0], "OutOfDate", "UpToDate");
    else if (strcmp(change, "none") == 0)
        for (unsigned i = 0; i < 3 && part[i] != NULL; i++)
            *part[i] = BYTES_EMPTY;
    else
        arena_die("no change is called %s", change);
}

/* "h.tcb:+60" of this side, if it is. */
static inline void staple_change(collateral_set *c, vendor made[STAPLE_ITEMS], const char *word,
                                 char side)
{
    if (word[0] != side || word[1] != '.')
        return;
    const char *colon = strchr(word, ':');
    MUST(colon != NULL);
    bytes which = bytes_of(word + 2, (size_t)(colon - word) - 2);
    bool any = false;
    for (unsigned item = 0; item < STAPLE_ITEMS; item++) {
        if (!bytes_is(which, staple_names[item]) && !bytes_is(which, "all"))
            continue;
        any = true;
        if (staple_edit(&made[item], item, colon + 1))
            staple_take(c, &made[item], item);
        else
            staple_spoil(c, item, colon + 1);
    }
    MUST(any);
}

static inline collateral_set staple_set(const vendor *v, const char *text, char side)
{
    vendor made[STAPLE_ITEMS] = {*v, *v, *v, *v};
    collateral_set c = vendor_collateral(v);
    const char *word;
    for (unsigned i = 1; *(word = word_of(text, i)) != '\0'; i++)
        staple_change(&c, made, word, side);
    return c;
}

static inline bool has_word(const char *text, const char *what)
{
    const char *word;
    for (unsigned i = 1; *(word = word_of(text, i)) != '\0'; i++)
        if (strcmp(word, what) == 0)
            return true;
    return false;
}

/* Both CRLs in another form; `nuls` after it. */
static inline void staple_crl_form(endorsement_items *e, const char *form)
{
    static const uint8_t nuls[3] = {0};
    for (unsigned i = 3; i <= 4; i++) {
        bytes *crl = &e->item[i];
        if (strncmp(form, "pem", 3) == 0)
            *crl = pem_of("X509 CRL", *crl);
        else if (strncmp(form, "cert", 4) == 0)
            *crl = pem_of("CERTIFICATE", *crl);
        else if (strncmp(form, "hex", 3) == 0)
            *crl = hex_of(*crl);
        if (strstr(form, "-nul") != NULL)
            *crl = join(*crl, bytes_of(nuls, sizeof nuls));
        else if (strstr(form, "-junk") != NULL)
            *crl = join(*crl, bytes_text("x"));
        else if (strstr(form, "-cut") != NULL)
            *crl = bytes_cut(*crl, crl->n - 1);
    }
}

/* "c.KEY=VALUE" */
static inline void staple_container(endorsement_items *e, uint64_t *tag, const char *word)
{
    const char *value = strchr(word, '=') + 1;
    if (strncmp(word, "c.items=", 8) == 0) {
        for (; e->n < (size_t)number_of(value, 0); e->n++)
            e->item[e->n] = bytes_text("2026-01-01T00:00:00Z");
        e->n = (size_t)number_of(value, 0);
    } else if (strncmp(word, "c.tag=", 6) == 0) {
        *tag = (uint64_t)number_of(value, 0);
    } else if (strncmp(word, "c.version=", 10) == 0) {
        e->item[0] = bytes_from_hex(value);
    } else if (strncmp(word, "c.crl=", 6) == 0) {
        staple_crl_form(e, value);
    } else if (strncmp(word, "c.empty=", 8) == 0) {
        e->item[number_of(value, 0)] = BYTES_EMPTY;
    } else if (strncmp(word, "c.object=", 9) == 0) {
        e->item[number_of(value, 0)] = bytes_text("{}");
    } else if (strncmp(word, "c.nul=", 6) == 0) {
        bytes *item = &e->item[number_of(value, 0)];
        *item = join(*item, bytes_of("", 1));
    } else if (strncmp(word, "c.swap=", 7) == 0) {
        unsigned a = (unsigned)number_of(value, 0) / 10, b = (unsigned)number_of(value, 0) % 10;
        bytes kept = e->item[a];
        e->item[a] = e->item[b];
        e->item[b] = kept;
    } else {
        arena_die("no container is called %s", word);
    }
}

static inline bytes staple_value(const vendor *v, const char *text)
{
    collateral_set c = staple_set(v, text, 's');
    endorsement_items e = endorsement_items_cbor(&c, NULL);
    uint64_t tag = 60000;
    const char *word;
    for (unsigned i = 1; *(word = word_of(text, i)) != '\0'; i++)
        if (word[0] == 'c' && word[1] == '.')
            staple_container(&e, &tag, word);
    return endorsements_cbor(tag, &e);
}

static inline bytes staple_held(const vendor *v, const char *text)
{
    collateral_set c = staple_set(v, text, 'h');
    return collateral_json(&c);
}

/* A certificate of this key over these endorsements, BYTES_NONE for none. */
static inline bytes staple_certificate(const vendor *v, const char *key, bytes endorsements)
{
    tls_spec t = tls_spec_of(v, TLS_INTEROPERABLE, key_named(KEY_TYPE_P256, key));
    t.endorsements_raw = endorsements;
    return tls_make(&t).der;
}

static inline stapling stapling_of(const char *text)
{
    stapling s = {.v = world_of(text)};
    s.policy = hostile_policy(&s.v);
    if (has_word(text, "insecure"))
        s.policy =
            text_replaced(s.policy, "\"accept\"", "\"insecure_stapled_crls\": true, \"accept\"");
    if (!has_word(text, "h"))
        s.held = staple_held(&s.v, text);
    if (!has_word(text, "s"))
        s.stapled = staple_value(&s.v, text);
    s.certificate = staple_certificate(&s.v, "peer", s.stapled);
    return s;
}

#endif
