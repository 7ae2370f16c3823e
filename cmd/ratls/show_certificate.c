#include <stdio.h>

#include "base/hex.h"
#include "base/time.h"
#include "evidence/claims.h"
#include "facts.h"
#include "ratls/result.h"
#include "show.h"
#include "tee/intel_pck.h"
#include "verify/binding.h"
#include "x509/certificate.h"

bool show_error(sheet *s, const ratls_error *e)
{
    sheet_next(s, STYLE_LOUD);
    sheet_row(s, "can't be read", "%s", e->text);
    sheet_object(s, "error", NULL);
    sheet_text(s, "code", NULL, ratls_code_name(e->code));
    sheet_text(s, "text", NULL, e->text);
    sheet_close(s);
    return false;
}

void key_text(const certificate *c, char *out, size_t cap)
{
    static const char *const curves[] = {[KEY_P256] = "P-256",
                                         [KEY_P384] = "P-384",
                                         [KEY_P521] = "P-521",
                                         [KEY_ED25519] = "Ed25519"};
    if (c->kind == KEY_RSA)
        (void)snprintf(out, cap, "RSA, %u bits", c->key_bits);
    else
        (void)snprintf(out, cap, "%s", curves[c->kind]);
}

static const char *signature_name(crypto_sig alg)
{
    static const char *const names[] = {
        [CRYPTO_SIG_NONE] = "none",
        [CRYPTO_ECDSA_SHA256] = "ecdsa-with-SHA256",
        [CRYPTO_ECDSA_SHA384] = "ecdsa-with-SHA384",
        [CRYPTO_ECDSA_SHA512] = "ecdsa-with-SHA512",
        [CRYPTO_RSA_PKCS1_SHA256] = "sha256WithRSAEncryption",
        [CRYPTO_RSA_PKCS1_SHA384] = "sha384WithRSAEncryption",
        [CRYPTO_RSA_PKCS1_SHA512] = "sha512WithRSAEncryption",
        [CRYPTO_RSA_PSS_SHA256] = "RSASSA-PSS with SHA-256",
        [CRYPTO_RSA_PSS_SHA384] = "RSASSA-PSS with SHA-384",
        [CRYPTO_RSA_PSS_SHA512] = "RSASSA-PSS with SHA-512",
        [CRYPTO_ED25519] = "Ed25519",
    };
    return names[alg];
}

void certificate_rows(sheet *s, const certificate *c)
{
    char subject[512], issuer[512], key[64];
    name_text(c->subject, subject, sizeof subject);
    name_text(c->issuer, issuer, sizeof issuer);
    key_text(c, key, sizeof key);
    sheet_text(s, "subject", "subject", *subject != '\0' ? subject : "(empty)");
    sheet_text(s, "issuer", bytes_equal(c->subject, c->issuer) ? NULL : "issuer", issuer);
    sheet_hex(s, "serial", "serial", c->serial);
    sheet_row(s, "valid", "%s to %s", ISO(c->not_before), ISO(c->not_after));
    sheet_time(s, "not_before", NULL, c->not_before);
    sheet_time(s, "not_after", NULL, c->not_after);
    sheet_text(s, "key", "key", key);
    sheet_row(s, "signature", "%s%s", signature_name(c->signature_algorithm),
              bytes_equal(c->subject, c->issuer) ? ", by itself (not checked)" : " (not checked)");
    sheet_text(s, "signature_algorithm", NULL, signature_name(c->signature_algorithm));
    sheet_bool(s, "self_issued", NULL, bytes_equal(c->subject, c->issuer));
}

/* OIDs that say something to whoever reads this. */
static const char *extension_name(const char *oid)
{
    static const struct {
        const char *oid, *name;
    } names[] = {
        {"2.5.29.14", "subjectKeyIdentifier"},
        {"2.5.29.15", "keyUsage"},
        {"2.5.29.17", "subjectAltName"},
        {"2.5.29.19", "basicConstraints"},
        {"2.5.29.31", "cRLDistributionPoints"},
        {"2.5.29.35", "authorityKeyIdentifier"},
        {"2.5.29.37", "extKeyUsage"},
        {"2.23.133.5.4.9", "evidence (interoperable RA-TLS)"},
        {"2.23.133.5.4.2", "endorsements (interoperable RA-TLS)"},
        {"0.6.9.42.840.113741.1337.6", "SGX quote (Gramine, mis-encoded OID)"},
        {"1.2.840.113741.1337.6", "SGX quote (Gramine, older RATS-TLS)"},
        {"1.2.840.113741.1337.8", "TDX quote (older RATS-TLS)"},
        {"1.2.840.113741.1.13.1", "SGX quote (SGX SDK) or SGX extension (PCK certificate)"},
        {"1.3.6.1.4.1.311.105.1", "report (Open Enclave)"},
        {"1.3.6.1.4.1.311.105.2", "evidence (Open Enclave)"},
        {"1.2.840.113556.10.1.1", "report (Open Enclave, older)"},
        {"1.2.840.113556.10.1.2", "evidence (Open Enclave, older)"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (bytes_is(bytes_text(oid), names[i].oid))
            return names[i].name;
    return "";
}

static void put_extensions(sheet *s, const certificate *c)
{
    sheet_list(s, "extensions", "extensions");
    for (size_t i = 0; i < c->extensions_n; i++) {
        const extension *x = &c->extensions[i];
        char oid[96];
        der_oid_text(x->oid, oid, sizeof oid);
        sheet_line(s, "%-26s %6zu bytes%s  %s", oid, x->value.n, x->critical ? "  critical" : "",
                   extension_name(oid));
        sheet_item(s, NULL);
        sheet_text(s, "oid", NULL, oid);
        sheet_text(s, "name", NULL, extension_name(oid));
        sheet_bool(s, "critical", NULL, x->critical);
        sheet_uint(s, "size", NULL, x->value.n);
        sheet_close(s);
    }
    sheet_close(s);
}

/* Computed here, but it proves nothing while the quote may be a forgery. */
static void put_binding(sheet *s, const certificate *c, const evidence_set *set,
                        const intel_quote *q)
{
    const evidence *ev = &set->all[0];
    check_list checks;
    const char *hash;
    checks_init(&checks);
    bool bound = binding_check(c, ev, q, &checks, &hash) == RATLS_OK;
    const char *reason = bound ? "" : checks_failure(&checks)->text;
    sheet_object(s, "binding", NULL);
    sheet_bool(s, "key_is_bound", NULL, bound);
    sheet_text(s, "scheme", NULL, evidence_scheme_name(ev->scheme));
    if (bound) {
        sheet_text(s, "hash", NULL, hash);
        sheet_row(s, "key binding",
                  "the evidence names this key (%s); the quote itself is not verified", hash);
    } else {
        sheet_next(s, STYLE_LOUD);
        sheet_text(s, "error", "key binding", reason);
    }
    if (set->n > 1) {
        bool agrees = binding_check_agreement(c, set, &checks) == RATLS_OK;
        sheet_bool(s, "other_evidence_agrees", NULL, agrees);
        if (!agrees)
            sheet_next(s, STYLE_LOUD);
        sheet_row(s, "other evidence", "%s",
                  agrees ? "for the same key" : checks_failure(&checks)->text);
    }
    sheet_close(s);
}

bool show_claims(sheet *s, bytes buffer)
{
    static const char *const hashes[] = {"SHA-256", "SHA-384", "SHA-512"};
    claims found;
    ratls_error e;
    if (claims_parse(buffer, &found, &e) != RATLS_OK)
        return show_error(s, &e);
    sheet_text(s, "pubkey_hash_alg", "pubkey-hash is", hashes[found.hash_alg]);
    sheet_hex(s, "pubkey_hash", "pubkey-hash", found.pubkey_hash);
    if (found.has_nonce)
        sheet_hex(s, "nonce", "nonce", found.nonce);
    sheet_list(s, "claimed", NULL);
    for (size_t i = 0; i < found.other_n; i++) {
        char name[128];
        escape_text(found.other[i].name, name, sizeof name);
        sheet_hex(s, NULL, name, found.other[i].value);
        sheet_item(s, NULL);
        sheet_bytes(s, "name", NULL, found.other[i].name);
        sheet_hex(s, "value", NULL, found.other[i].value);
        sheet_close(s);
    }
    sheet_close(s);
    return true;
}

static void put_evidence(sheet *s, const evidence_set *set)
{
    sheet_list(s, "evidence", NULL);
    for (size_t i = 0; i < set->n; i++) {
        const evidence *ev = &set->all[i];
        char oid[96];
        der_oid_text(ev->oid, oid, sizeof oid);
        sheet_item(s, NULL);
        sheet_text(s, "scheme", NULL, evidence_scheme_name(ev->scheme));
        sheet_text(s, "what", NULL, ev->what);
        sheet_text(s, "oid", NULL, oid);
        sheet_uint(s, "size", NULL, ev->payload.n);
        if (ev->tag != 0)
            sheet_uint(s, "tag", NULL, ev->tag);
        sheet_close(s);
        sheet_row(s, i == 0 ? "evidence" : "beside it", "%s, %s (%zu bytes)",
                  evidence_scheme_name(ev->scheme), ev->what, ev->payload.n);
    }
    sheet_close(s);
}

/* Claims of the common format; Open Enclave's custom claims are text, the key as a rule. */
static bool put_claims(sheet *s, const evidence *ev)
{
    if (ev->claims.n == 0)
        return true;
    bool ok = true;
    sheet_object(s, "claims", "claims (what the peer says)");
    if (ev->scheme == SCHEME_INTEROPERABLE)
        ok = show_claims(s, ev->claims);
    else
        sheet_bytes(s, "custom_claims", "custom claims", ev->claims);
    sheet_close(s);
    return ok;
}

bool show_evidence(sheet *s, const evidence *ev)
{
    intel_quote q;
    ratls_error e;
    const evidence_set one = {.n = 1, .all = {*ev}};
    put_evidence(s, &one);
    if (ev->kind != EVIDENCE_INTEL_QUOTE)
        return put_claims(s, ev);
    if (intel_quote_parse(ev->payload, &q, &e) != RATLS_OK)
        return show_error(s, &e);
    quote_summary(s, &q);
    bool ok = put_claims(s, ev);
    quote_details(s, &q);
    return ok;
}

static void title_certificate(sheet *s, const char *maker, const char *what)
{
    sheet_row(s, "certificate", "%s%s%s", what, maker != NULL ? ", by its looks made by " : "",
              maker != NULL ? maker : "");
    if (maker != NULL)
        sheet_text(s, "maker", NULL, maker);
    else
        sheet_null(s, "maker", NULL);
}

static void put_dates(sheet *s, const certificate *c)
{
    sheet_row(s, "valid", "%s to %s", ISO(c->not_before), ISO(c->not_after));
}

static void put_certificate(sheet *s, const certificate *c)
{
    sheet_object(s, "certificate", "certificate");
    certificate_rows(s, c);
    sheet_uint(s, "version", "version", c->version);
    sheet_uint(s, "size", "DER bytes", c->der.n);
    sheet_close(s);
    put_extensions(s, c);
}

static bool put_endorsements(sheet *s, bytes cbor)
{
    endorsements found;
    ratls_error e;
    if (cbor.n == 0)
        return true;
    sheet_object(s, "endorsements", "endorsements in the certificate");
    bool ok = endorsements_parse(cbor, &found, &e) == RATLS_OK ? show_endorsements(s, &found)
                                                               : show_error(s, &e);
    sheet_close(s);
    return ok;
}

static bool show_without_evidence(sheet *s, const certificate *c, const ratls_error *why)
{
    ratls_pck_facts pck;
    ratls_error e;
    bool is_pck = intel_pck_read(c, &pck, &e) == RATLS_OK;
    title_certificate(s, NULL,
                      is_pck     ? "PCK certificate of a platform, no evidence"
                      : c->is_ca ? "CA certificate, no evidence"
                                 : "no evidence in it");
    put_dates(s, c);
    if (is_pck) {
        sheet_object(s, "platform", "platform");
        facts_platform(s, &pck);
        sheet_close(s);
    } else if (!c->is_ca) {
        sheet_row(s, "reason", "%s", why->text);
    }
    put_certificate(s, c);
    return true;
}

bool show_certificate(sheet *s, bytes der)
{
    certificate c;
    evidence_set set;
    intel_quote q;
    ratls_error e;
    if (certificate_parse_tls(der, &c, &e) != RATLS_OK)
        return show_error(s, &e);
    ratls_code code = evidence_find(&c, &set, &e);
    if (code == RATLS_E_MISSING)
        return show_without_evidence(s, &c, &e);
    bool ok = code == RATLS_OK;
    if (!ok) {
        title_certificate(s, maker_of(&c, &set), "RA-TLS, its evidence is not readable");
        (void)show_error(s, &e);
        put_dates(s, &c);
        put_certificate(s, &c);
        return false;
    }
    title_certificate(s, maker_of(&c, &set), "RA-TLS");
    put_evidence(s, &set);
    if (set.all[0].kind == EVIDENCE_INTEL_QUOTE) {
        ok = intel_quote_parse(set.all[0].payload, &q, &e) == RATLS_OK;
        if (ok) {
            quote_summary(s, &q);
            put_binding(s, &c, &set, &q);
        } else {
            (void)show_error(s, &e);
        }
    } else {
        sheet_next(s, STYLE_LOUD);
        sheet_row(s, "key binding", "%s", "not looked at: ratls can't judge this kind of evidence");
    }
    put_dates(s, &c);
    sheet_row(s, "endorsements", "%s", set.endorsements.n > 0 ? "in the certificate" : "none");
    ok = put_claims(s, &set.all[0]) && ok;
    put_certificate(s, &c);
    if (ok && set.all[0].kind == EVIDENCE_INTEL_QUOTE)
        quote_details(s, &q);
    return put_endorsements(s, set.endorsements) && ok;
}
