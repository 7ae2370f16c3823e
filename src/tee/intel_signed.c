/* TCB info and QE identity of a verification: who signed them, when they are of, and for what
 * [DCAP 1.4]. */
#include "base/hex.h"
#include "base/time.h"
#include "tee/intel_verification.h"

/* The TCB signing certificate under the root, and its key in v->signer_key. */
static ratls_code check_signer(verification *v, check_id id, bytes pem, const char *what)
{
    ratls_error e;
    intel_chain chain;
    const crypto_key *root_key = v->in->root->key;
    crypto_key_free(v->signer_key);
    v->signer_key = NULL;
    if (intel_chain_read_issuer(&chain, pem, "SGX TCB Signing", what, &e) != RATLS_OK ||
        chain_check_ca(chain.root, 0, what, &e) != RATLS_OK ||
        chain_check_leaf(chain.issuer, what, &e) != RATLS_OK)
        return check_fail_error(v->checks, id, &e);
    if (verification_check_not_before(v, id, chain.root, what) != RATLS_OK ||
        verification_check_not_before(v, id, chain.issuer, what) != RATLS_OK)
        return RATLS_E_STALE;
    if ((!bytes_equal(chain.root->der, v->pck->root->der) &&
         chain_check_root(chain.root, v->in->root, what, &e) != RATLS_OK) ||
        chain_check_issued(chain.issuer, chain.root, root_key, what, &e) != RATLS_OK)
        return check_fail_error(v->checks, id, &e);
    if (verification_revoked(v->root_crl, chain.issuer->serial))
        return check_fail(v->checks, id, RATLS_E_REVOKED,
                          "%s: the TCB signing certificate with serial %s is revoked", what,
                          HEX(chain.issuer->serial));
    v->signer_key = crypto_key_like(root_key, chain.issuer->point);
    if (v->signer_key == NULL)
        return check_fail(v->checks, id, RATLS_E_UNTRUSTED,
                          "%s: its public key is not a point of P-256", what);
    return RATLS_OK;
}

/* Over the raw bytes, before anything reads them. */
static ratls_code check_body_signature(verification *v, check_id id, bytes body, bytes hex,
                                       const char *what)
{
    uint8_t signature[64];
    if (body.n == 0)
        return check_fail(v->checks, id, RATLS_E_MISSING, "%s: the collateral holds none", what);
    if (!hex_decode(hex, signature, sizeof signature))
        return check_fail(v->checks, id, RATLS_E_MALFORMED,
                          "%s: its signature is not 128 hex digits but %zu characters", what,
                          hex.n);
    if (!crypto_verify_p256(v->signer_key, body, bytes_of(signature, sizeof signature)))
        return check_fail(v->checks, id, RATLS_E_UNTRUSTED,
                          "%s: its signature does not fit its %zu bytes and the TCB signing key",
                          what, body.n);
    check_passf(v->checks, id, "%s is signed by the TCB signing key, not revoked", what);
    return RATLS_OK;
}

static ratls_code check_issue_date(verification *v, check_id id, int64_t issue, int64_t next,
                                   uint32_t number, const char *what)
{
    intel_dates_add(&v->dates, issue, next);
    if (verification_is_ahead(v, issue))
        return check_fail(v->checks, id, RATLS_E_STALE, "%s: issued on %s, the time given is %s",
                          what, ISO(issue), ISO(v->in->time));
    bool stapled =
        v->choice.stapled[id == CHECK_TCB_INFO_VALIDITY ? ITEM_TCB_INFO : ITEM_QE_IDENTITY];
    check_passf(v->checks, id, "%s%s is of %s, evaluation number %u", what,
                stapled ? " from the peer's certificate" : "", ISO(issue), (unsigned)number);
    return RATLS_OK;
}

ratls_code verification_check_tcb_info(verification *v)
{
    static const char what[] = "TCB info";
    const intel_collateral *c = v->choice.from[ITEM_TCB_INFO];
    if (v->known != NULL) {
        verification_copy_checks(v, CHECK_TCB_INFO_SIGNATURE, CHECK_TCB_INFO_VALIDITY);
        v->tcb = &v->known->tcb;
        return RATLS_OK;
    }
    ratls_code code = check_signer(v, CHECK_TCB_INFO_SIGNATURE, c->tcb_info_issuer_chain,
                                   "TCB info issuer chain");
    if (code == RATLS_OK)
        code = check_body_signature(v, CHECK_TCB_INFO_SIGNATURE, c->tcb_info, c->tcb_info_signature,
                                    what);
    if (code != RATLS_OK)
        return code;
    ratls_error e;
    if (tcb_info_parse(c->tcb_info, v->read_tcb, &e) != RATLS_OK)
        return check_fail_error(v->checks, CHECK_TCB_INFO_FORMAT, &e);
    check_passf(v->checks, CHECK_TCB_INFO_FORMAT, "version %u with %zu TCB levels", v->tcb->version,
                v->tcb->levels_n);
    v->facts->evaluation_number = v->tcb->evaluation_number;
    return check_issue_date(v, CHECK_TCB_INFO_VALIDITY, v->tcb->issue_date, v->tcb->next_update,
                            v->tcb->evaluation_number, what);
}

ratls_code verification_check_tcb_info_match(verification *v)
{
    const tcb_info *t = v->tcb;
    const ratls_pck_facts *pck = &v->facts->pck;
    bytes fmspc = bytes_of(t->fmspc, 6), pce_id = bytes_of(t->pce_id, 2);
    if (t->tee != v->facts->tee)
        return check_fail(v->checks, CHECK_TCB_INFO_MATCH, RATLS_E_UNTRUSTED,
                          "TCB info: is of %s, the quote of %s", intel_tee_name(t->tee),
                          intel_tee_name(v->facts->tee));
    if (!bytes_equal(fmspc, bytes_of(pck->fmspc, 6)))
        return check_fail(v->checks, CHECK_TCB_INFO_MATCH, RATLS_E_UNTRUSTED,
                          "TCB info: is for FMSPC %s, the PCK certificate has %s", HEX(fmspc),
                          HEX(bytes_of(pck->fmspc, 6)));
    if (!bytes_equal(pce_id, bytes_of(pck->pce_id, 2)))
        return check_fail(v->checks, CHECK_TCB_INFO_MATCH, RATLS_E_UNTRUSTED,
                          "TCB info: is for PCE-ID %s, the PCK certificate has %s", HEX(pce_id),
                          HEX(bytes_of(pck->pce_id, 2)));
    check_pass(v->checks, CHECK_TCB_INFO_MATCH, "TCB info is for this TEE, FMSPC and PCE-ID");
    return RATLS_OK;
}

ratls_code verification_check_qe_identity(verification *v)
{
    static const char what[] = "QE identity";
    const intel_collateral *c = v->choice.from[ITEM_QE_IDENTITY];
    if (v->known != NULL) {
        verification_copy_checks(v, CHECK_QE_IDENTITY_SIGNATURE, CHECK_QE_IDENTITY_VALIDITY);
        v->qe = &v->known->qe;
        v->facts->evaluation_number = v->known->evaluation_number;
        intel_dates_merge(&v->dates, &v->known->dates);
        return RATLS_OK;
    }
    if (c == NULL || c->qe_identity.n == 0)
        return check_fail(v->checks, CHECK_QE_IDENTITY_SIGNATURE, RATLS_E_MISSING,
                          "%s: the collateral holds none", what);
    ratls_code code = RATLS_OK;
    /* Usually the very same chain as that of the TCB info: then it is judged already. */
    if (!bytes_equal(c->qe_identity_issuer_chain,
                     v->choice.from[ITEM_TCB_INFO]->tcb_info_issuer_chain))
        code = check_signer(v, CHECK_QE_IDENTITY_SIGNATURE, c->qe_identity_issuer_chain,
                            "QE identity issuer chain");
    if (code == RATLS_OK)
        code = check_body_signature(v, CHECK_QE_IDENTITY_SIGNATURE, c->qe_identity,
                                    c->qe_identity_signature, what);
    if (code != RATLS_OK)
        return code;
    ratls_error e;
    if (qe_identity_parse(c->qe_identity, v->read_qe, &e) != RATLS_OK)
        return check_fail_error(v->checks, CHECK_QE_IDENTITY_FORMAT, &e);
    check_passf(v->checks, CHECK_QE_IDENTITY_FORMAT, "version 2 with %zu levels", v->qe->levels_n);
    if (v->qe->evaluation_number < v->facts->evaluation_number)
        v->facts->evaluation_number = v->qe->evaluation_number;
    return check_issue_date(v, CHECK_QE_IDENTITY_VALIDITY, v->qe->issue_date, v->qe->next_update,
                            v->qe->evaluation_number, what);
}
