/* Path validation [RFC 5280 6.1], cut down to vendor PKIs of one pinned root. */
#include "x509/chain.h"

#include "base/hex.h"

/* The common name for a sentence, without anything that could steer a terminal. */
typedef struct short_name {
    char s[80];
} short_name;

static short_name short_of(bytes name)
{
    short_name n;
    name_text(name, n.s, sizeof n.s);
    return n;
}
#define NAME(name) (short_of(name).s)

static ratls_code check_extensions(const certificate *c, const char *what, ratls_error *e)
{
    if (c->unknown_critical_n > 0) {
        char oid[80];
        der_oid_text(c->unknown_critical, oid, sizeof oid);
        return refuse(e, RATLS_E_UNSUPPORTED, 0,
                      "%s: critical extension %s is not known here [RFC 5280 4.2]", what, oid);
    }
    for (size_t i = 0; i < c->extensions_n; i++)
        if (extension_id_ce(c->extensions[i].oid) == ID_CE_NAME_CONSTRAINTS)
            return refuse(e, RATLS_E_UNSUPPORTED, 0,
                          "%s: name constraints do not occur in this PKI", what);
    if (c->authority_by_serial)
        return refuse(e, RATLS_E_UNSUPPORTED, 0,
                      "%s: AuthorityKeyIdentifier names its issuer by serial; expected a key "
                      "identifier only",
                      what);
    if (c->subject_key_id.n == 0)
        return refuse(e, RATLS_E_MALFORMED, 0,
                      "%s: SubjectKeyIdentifier is absent [RFC 5280 4.2.1.2]", what);
    if (c->authority_key_id.n == 0 && !bytes_equal(c->issuer, c->subject))
        return refuse(e, RATLS_E_MALFORMED, 0,
                      "%s: AuthorityKeyIdentifier is absent [RFC 5280 4.2.1.1]", what);
    return RATLS_OK;
}

/* What every certificate of such a PKI is like. */
static ratls_code check_profile(const certificate *c, const char *what, ratls_error *e)
{
    if (c->version != 3)
        return refuse(e, RATLS_E_UNSUPPORTED, 0, "%s: version %u certificate, expected 3", what,
                      c->version);
    if (c->kind != KEY_P256)
        return refuse(e, RATLS_E_UNSUPPORTED, 0, "%s: its key is not of P-256", what);
    if (c->signature_algorithm != CRYPTO_ECDSA_SHA256)
        return refuse(e, RATLS_E_UNSUPPORTED, 0, "%s: it is not signed with ecdsa-with-SHA256",
                      what);
    if (!certificate_serial_ok(c))
        return refuse(e, RATLS_E_MALFORMED, 0, "%s: serial %s is not positive [RFC 5280 4.1.2.2]",
                      what, HEX(c->serial));
    if (name_is_empty(c->subject))
        return refuse(e, RATLS_E_MALFORMED, 0, "%s: its subject is empty", what);
    return check_extensions(c, what, e);
}

static bool critical(const certificate *c, int id_ce)
{
    for (size_t i = 0; i < c->extensions_n; i++)
        if (extension_id_ce(c->extensions[i].oid) == id_ce)
            return c->extensions[i].critical;
    return false;
}

ratls_code chain_check_ca(const certificate *c, int below, const char *what, ratls_error *e)
{
    ratls_code code = check_profile(c, what, e);
    if (code != RATLS_OK)
        return code;
    if (!c->is_ca)
        return refuse(e, RATLS_E_UNTRUSTED, 0, "%s: it is not a CA by its basicConstraints", what);
    if (!critical(c, ID_CE_BASIC_CONSTRAINTS))
        return refuse(e, RATLS_E_MALFORMED, 0,
                      "%s: basicConstraints of a CA is not critical [RFC 5280 4.2.1.9]", what);
    const unsigned needed = KEY_USAGE_CERT_SIGN | KEY_USAGE_CRL_SIGN;
    if (!c->has_key_usage || (c->key_usage & needed) != needed)
        return refuse(e, RATLS_E_UNTRUSTED, 0,
                      "%s: its keyUsage lacks keyCertSign or cRLSign, so it may not issue", what);
    if (c->path_len >= 0 && c->path_len < below)
        return refuse(e, RATLS_E_UNTRUSTED, 0,
                      "%s: its path length %d allows fewer CAs than the %d under it", what,
                      c->path_len, below);
    return RATLS_OK;
}

ratls_code chain_check_leaf(const certificate *c, const char *what, ratls_error *e)
{
    ratls_code code = check_profile(c, what, e);
    if (code != RATLS_OK)
        return code;
    if (c->is_ca)
        return refuse(e, RATLS_E_UNTRUSTED, 0, "%s: it is a CA, expected a leaf", what);
    if ((c->key_usage & KEY_USAGE_DIGITAL_SIGNATURE) == 0)
        return refuse(e, RATLS_E_UNTRUSTED, 0, "%s: its keyUsage lacks digitalSignature", what);
    if ((c->key_usage & KEY_USAGE_CERT_SIGN) != 0)
        return refuse(e, RATLS_E_UNTRUSTED, 0,
                      "%s: its keyUsage has keyCertSign, though it is no CA [RFC 5280 4.2.1.3]",
                      what);
    return RATLS_OK;
}

/* Two key identifiers, either of which may be absent. */
static bool disagree(bytes a, bytes b)
{
    return a.n > 0 && b.n > 0 && !bytes_equal(a, b);
}

/* 1 if its encoding is among the known ones, 0 if not, -1 if the library failed. */
static int is_known(const certificate *c, const anchor *a)
{
    uint8_t digest[32];
    if (a->known_n == 0)
        return 0;
    if (!crypto_digest(CRYPTO_SHA256, &c->der, 1, digest))
        return -1;
    for (size_t i = 0; i < a->known_n; i++)
        if (bytes_equal_ct(bytes_of(digest, sizeof digest),
                           bytes_of(a->known[i], sizeof a->known[i])))
            return 1;
    return 0;
}

ratls_code chain_check_root(const certificate *c, const anchor *a, const char *what, ratls_error *e)
{
    if (!bytes_equal(c->subject, a->name))
        return refuse(e, RATLS_E_UNTRUSTED, 0, "%s: subject \"%s\" is not the trusted root \"%s\"",
                      what, NAME(c->subject), NAME(a->name));
    if (!bytes_equal(c->issuer, a->name))
        return refuse(e, RATLS_E_UNTRUSTED, 0, "%s: it is issued by \"%s\", not by itself", what,
                      NAME(c->issuer));
    if (c->kind != KEY_P256 || !bytes_equal(c->point, a->point))
        return refuse(e, RATLS_E_UNTRUSTED, 0,
                      "%s: it has the trusted root's name, but another key", what);
    if (disagree(c->authority_key_id, c->subject_key_id))
        return refuse(e, RATLS_E_UNTRUSTED, 0,
                      "%s: its two key identifiers differ, so it is not self-issued", what);
    int known = is_known(c, a);
    if (known < 0)
        return refuse(e, RATLS_E_SYSTEM, 0, "%s: SHA-256 failed", what);
    if (known == 0 && !crypto_verify(a->key, c->signature_algorithm, c->tbs, c->signature))
        return refuse(e, RATLS_E_UNTRUSTED, 0, "%s: its self-signature is wrong", what);
    return RATLS_OK;
}

ratls_code chain_check_issued(const certificate *c, const certificate *issuer,
                              const crypto_key *issuer_key, const char *what, ratls_error *e)
{
    if (!bytes_equal(c->issuer, issuer->subject))
        return refuse(e, RATLS_E_UNTRUSTED, 0, "%s: its issuer is \"%s\", expected \"%s\"", what,
                      NAME(c->issuer), NAME(issuer->subject));
    if (disagree(c->authority_key_id, issuer->subject_key_id))
        return refuse(e, RATLS_E_UNTRUSTED, 0, "%s: its issuer's key identifier is %s, expected %s",
                      what, HEX(c->authority_key_id), HEX(issuer->subject_key_id));
    if (!crypto_verify(issuer_key, c->signature_algorithm, c->tbs, c->signature))
        return refuse(e, RATLS_E_UNTRUSTED, 0, "%s: it is not signed by \"%s\"", what,
                      NAME(issuer->subject));
    return RATLS_OK;
}

ratls_code chain_check_crl(const crl *l, bytes issuer_name, bytes issuer_key_id,
                           const crypto_key *issuer_key, const char *what, ratls_error *e)
{
    if (!bytes_equal(l->issuer, issuer_name))
        return refuse(e, RATLS_E_UNTRUSTED, 0, "%s: its issuer is \"%s\", expected \"%s\"", what,
                      NAME(l->issuer), NAME(issuer_name));
    if (l->signature_algorithm != CRYPTO_ECDSA_SHA256)
        return refuse(e, RATLS_E_UNSUPPORTED, 0, "%s: it is not signed with ecdsa-with-SHA256",
                      what);
    if (l->number.n == 0)
        return refuse(e, RATLS_E_MALFORMED, 0, "%s: CRLNumber is absent [RFC 5280 5.2.3]", what);
    if (l->authority_key_id.n == 0 || l->authority_by_serial)
        return refuse(e, RATLS_E_MALFORMED, 0,
                      "%s: AuthorityKeyIdentifier is absent, or not just a key identifier "
                      "[RFC 5280 5.2.1]",
                      what);
    if (disagree(l->authority_key_id, issuer_key_id))
        return refuse(e, RATLS_E_UNTRUSTED, 0, "%s: its issuer's key identifier is %s, expected %s",
                      what, HEX(l->authority_key_id), HEX(issuer_key_id));
    if (!crypto_verify(issuer_key, l->signature_algorithm, l->tbs, l->signature))
        return refuse(e, RATLS_E_UNTRUSTED, 0, "%s: it is not signed by \"%s\"", what,
                      NAME(issuer_name));
    return RATLS_OK;
}
