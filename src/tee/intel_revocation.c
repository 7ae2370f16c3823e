/* The CRLs of a verification [DCAP 1.9]: that they are genuine, and what they revoke. */
#include "base/hex.h"
#include "base/time.h"
#include "tee/intel_verification.h"

static bytes crl_of(const intel_collateral *c, intel_item item)
{
    if (c == NULL)
        return BYTES_NONE;
    return item == ITEM_ROOT_CRL ? c->root_ca_crl : c->pck_crl;
}

/* The form only where the memo has the rest. */
static ratls_code read_crl(const verification *v, bytes der, const certificate *issuer,
                           const crypto_key *key, const char *what, crl *out, ratls_error *e)
{
    ratls_code code = crl_parse(der, out, e);
    if (code == RATLS_OK && v->known != NULL)
        return RATLS_OK;
    if (code == RATLS_OK)
        return chain_check_crl(out, issuer->subject, issuer->subject_key_id, key, what, e);
    error_prefix(e, "%s", what);
    return code;
}

/* One that is not genuine must not hide one that is: the newest genuine of the verifier's own; NULL
 * if there is none. Not one from before others that it may have replaced: they could revoke. */
static const intel_collateral *find_genuine(const verification *v, intel_item item,
                                            const certificate *issuer, const crypto_key *key,
                                            crl *out)
{
    const intel_collateral *found = NULL;
    for (size_t i = 0; i < v->in->collateral_n; i++) {
        const intel_glance *g = &v->in->collateral[i]->glance[item];
        ratls_error e;
        crl l;
        if (!g->readable || verification_is_ahead(v, g->date) || g->date <= v->in->crls_dropped ||
            (found != NULL && g->date <= out->this_update) ||
            read_crl(v, crl_of(v->in->collateral[i], item), issuer, key, "", &l, &e) != RATLS_OK)
            continue;
        *out = l;
        found = v->in->collateral[i];
    }
    return found;
}

static void note_crl(verification *v, const crl *l)
{
    intel_dates_add(&v->dates, l->this_update, l->next_update);
    if (verification_is_ahead(v, l->this_update))
        v->facts->crl_not_yet = true;
}

/* The CRL chosen, and the verifier's own beside it, into out[VERIFICATION_CRLS]. */
static ratls_code check_crl(verification *v, check_id id, intel_item item,
                            const certificate *issuer, const crypto_key *key, crl *out)
{
    const char *what = intel_item_name(item);
    ratls_error e;
    bytes der = crl_of(v->choice.from[item], item), own = crl_of(v->choice.own[item], item);
    if (v->choice.withheld[item])
        return check_fail(
            v->checks, id, RATLS_E_MISSING,
            "%s: only the peer's own is there, which does not suffice where a store or "
            "service should have it",
            what);
    if (der.n == 0)
        return check_fail(v->checks, id, RATLS_E_MISSING, "%s: the collateral holds none", what);
    if (read_crl(v, der, issuer, key, what, &out[0], &e) != RATLS_OK) {
        v->fell_back = true;
        const intel_collateral *other =
            v->choice.stapled[item] ? NULL : find_genuine(v, item, issuer, key, &out[0]);
        if (other == NULL)
            return check_fail_error(v->checks, id, &e);
        v->choice.from[item] = other;
    }
    if (own.n > 0 && read_crl(v, own, issuer, key, what, &out[1], &e) != RATLS_OK) {
        v->fell_back = true;
        if (find_genuine(v, item, issuer, key, &out[1]) == NULL)
            return check_fail_error(v->checks, id, &e);
    }
    note_crl(v, &out[0]);
    if (own.n > 0)
        note_crl(v, &out[1]);
    check_passf(v->checks, id, "%s%s is genuine, of %s, with %zu entries", what,
                v->choice.stapled[item] ? " from the peer's certificate" : "",
                ISO(out[0].this_update), out[0].entries_n);
    return RATLS_OK;
}

bool verification_revoked(const crl l[VERIFICATION_CRLS], bytes serial)
{
    return crl_lists(&l[0], serial) || (l[1].der.n > 0 && crl_lists(&l[1], serial));
}

/*
 * The chain that came with the PCK CRL repeats the PCK chain's CA: it adds no trust, but what it
 * holds must fit, and its dates count [DCAP 1.9].
 */
static ratls_code check_crl_chain(verification *v)
{
    static const char what[] = "PCK CRL issuer chain";
    ratls_error e;
    intel_chain chain;
    if (intel_chain_read_issuer(&chain, v->choice.from[ITEM_PCK_CRL]->pck_crl_issuer_chain, "CA",
                                what, &e) != RATLS_OK)
        return check_fail_error(v->checks, CHECK_PCK_CRL, &e);
    if (!bytes_equal(chain.root->der, v->pck->root->der) &&
        chain_check_root(chain.root, v->in->root, "PCK CRL issuer chain, root", &e) != RATLS_OK)
        return check_fail_error(v->checks, CHECK_PCK_CRL, &e);
    if (!bytes_equal(chain.issuer->der, v->pck->issuer->der) &&
        (chain_check_ca(chain.issuer, 0, what, &e) != RATLS_OK ||
         chain_check_issued(chain.issuer, chain.root, v->in->root->key, what, &e) != RATLS_OK))
        return check_fail_error(v->checks, CHECK_PCK_CRL, &e);
    if (verification_check_not_before(v, CHECK_PCK_CRL, chain.root, what) != RATLS_OK ||
        verification_check_not_before(v, CHECK_PCK_CRL, chain.issuer, what) != RATLS_OK)
        return RATLS_E_STALE;
    return RATLS_OK;
}

ratls_code verification_check_revocation(verification *v)
{
    ratls_code code =
        check_crl(v, CHECK_ROOT_CRL, ITEM_ROOT_CRL, v->pck->root, v->in->root->key, v->root_crl);
    if (code == RATLS_OK)
        code = check_crl(v, CHECK_PCK_CRL, ITEM_PCK_CRL, v->pck->issuer, v->pck_ca_key, v->pck_crl);
    if (code == RATLS_OK && v->known == NULL)
        code = check_crl_chain(v);
    if (code != RATLS_OK)
        return code;
    if (verification_revoked(v->root_crl, v->pck->issuer->serial))
        return check_fail(v->checks, CHECK_PCK_REVOCATION, RATLS_E_REVOKED,
                          "PCK chain: the PCK CA with serial %s is revoked by the root CA CRL",
                          HEX(v->pck->issuer->serial));
    if (verification_revoked(v->pck_crl, v->pck->leaf->serial))
        return check_fail(v->checks, CHECK_PCK_REVOCATION, RATLS_E_REVOKED,
                          "PCK chain: the PCK certificate with serial %s is revoked by the PCK CRL",
                          HEX(v->pck->leaf->serial));
    check_pass(v->checks, CHECK_PCK_REVOCATION,
               "neither the PCK certificate nor its CA is revoked");
    return RATLS_OK;
}
