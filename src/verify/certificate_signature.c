/* What has signed a certificate or a request. */
#include "verify/certificate_signature.h"

#include "base/time.h"

static ratls_code check_ca_signature(const ratls_verifier *v, const certificate *c,
                                     const ratls_verify_options *o, check_list *checks)
{
    certificate ca;
    ratls_error e;
    if (certificate_parse(bytes_of(v->ca_der, v->ca_n), &ca, &e) != RATLS_OK)
        return check_fail_error(checks, CHECK_CERTIFICATE_SIGNATURE, &e);
    if (!bytes_equal(c->issuer, ca.subject))
        return check_fail(checks, CHECK_CERTIFICATE_SIGNATURE, RATLS_E_UNTRUSTED,
                          "certificate: its issuer is not the CA given");
    if ((ca.not_before > o->time && ca.not_before - o->time > (int64_t)o->skew_seconds) ||
        ca.not_after < o->time)
        return check_fail(checks, CHECK_CERTIFICATE_SIGNATURE, RATLS_E_STALE,
                          "CA: valid from %s to %s, the time given is %s", ISO(ca.not_before),
                          ISO(ca.not_after), ISO(o->time));
    crypto_key *key = crypto_key_from_spki(ca.spki);
    bool ok = crypto_verify(key, c->signature_algorithm, c->tbs, c->signature);
    crypto_key_free(key);
    if (!ok)
        return check_fail(checks, CHECK_CERTIFICATE_SIGNATURE, RATLS_E_UNTRUSTED,
                          "certificate: its signature is not that of the CA given");
    check_pass(checks, CHECK_CERTIFICATE_SIGNATURE, "signed by the CA given");
    return RATLS_OK;
}

/* The signature is good over this certificate with `other` in the place of `name`, of the same
 * length. */
static bool signed_with(const certificate *c, const crypto_key *key, bytes name, bytes other)
{
    const uint8_t *end = name.p + name.n;
    const bytes pieces[] = {bytes_of(c->tbs.p, (size_t)(name.p - c->tbs.p)), other,
                            bytes_of(end, c->tbs.n - (size_t)(end - c->tbs.p))};
    return name.n == other.n &&
           crypto_verify_pieces(key, c->signature_algorithm, pieces, 3, c->signature);
}

/*
 * Names another issuer, but was signed by its own key: a self-signed certificate in which somebody
 * changed a name must not pass for one that a CA signed.
 */
static bool renamed(const certificate *c, const crypto_key *key)
{
    bool own_key_id =
        c->authority_key_id.n > 0 && bytes_equal(c->authority_key_id, c->subject_key_id);
    return own_key_id || signed_with(c, key, c->issuer, c->subject) ||
           signed_with(c, key, c->subject, c->issuer);
}

ratls_code certificate_check_signature(const ratls_verifier *v, const certificate *c,
                                       const ratls_verify_options *o, check_list *checks)
{
    if (v->ca_der != NULL)
        return check_ca_signature(v, c, o, checks);
    crypto_key *key = c->kind == KEY_P256 ? crypto_key_like(v->root.key, c->point)
                                          : crypto_key_from_spki(c->spki);
    if (key == NULL)
        return check_fail(checks, CHECK_CERTIFICATE_SIGNATURE, RATLS_E_UNTRUSTED,
                          "certificate: its public key is not a valid key");
    if (!bytes_equal(c->issuer, c->subject)) {
        bool changed = renamed(c, key);
        crypto_key_free(key);
        if (changed)
            return check_fail(checks, CHECK_CERTIFICATE_SIGNATURE, RATLS_E_UNTRUSTED,
                              "certificate: it names another issuer, but its own key signed it: a "
                              "name was changed");
        check_skip(checks, CHECK_CERTIFICATE_SIGNATURE,
                   "signed by a CA, and no CA was given to check it");
        return RATLS_OK;
    }
    bool ok = crypto_verify(key, c->signature_algorithm, c->tbs, c->signature);
    crypto_key_free(key);
    if (!ok)
        return check_fail(
            checks, CHECK_CERTIFICATE_SIGNATURE, RATLS_E_UNTRUSTED,
            "certificate: it names itself as issuer, but its signature is not of its own key");
    check_pass(checks, CHECK_CERTIFICATE_SIGNATURE, "self-signed, and the signature is good");
    return RATLS_OK;
}

ratls_code request_check_signature(const ratls_verifier *v, const certificate *c,
                                   check_list *checks)
{
    crypto_key *key = c->kind == KEY_P256 ? crypto_key_like(v->root.key, c->point)
                                          : crypto_key_from_spki(c->spki);
    if (key == NULL)
        return check_fail(checks, CHECK_CERTIFICATE_SIGNATURE, RATLS_E_UNTRUSTED,
                          "request: its public key is not a valid key");
    bool ok = crypto_verify(key, c->signature_algorithm, c->tbs, c->signature);
    crypto_key_free(key);
    if (!ok)
        return check_fail(checks, CHECK_CERTIFICATE_SIGNATURE, RATLS_E_UNTRUSTED,
                          "request: its signature is not of its own key, so nothing shows that its "
                          "sender holds that key");
    check_pass(checks, CHECK_CERTIFICATE_SIGNATURE, "signed by the request's own key");
    return RATLS_OK;
}
