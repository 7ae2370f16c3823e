/*
 * The judgement of an SGX or TDX quote [DCAP 1.2]: chain, CRLs, TCB info, QE identity, QE report,
 * quote, TCB level. Cheap checks come before signatures. doc/DCAP.md lists where this is stricter
 * than Intel's verifier, and why.
 */
#include "tee/intel_verify.h"

#include <stdio.h>

#include "base/hex.h"
#include "base/time.h"
#include "tee/intel_chain.h"
#include "tee/intel_judge.h"
#include "tee/intel_pck.h"
#include "tee/intel_qe.h"

enum { CERT_TYPE_PCK_CHAIN = 5 };

/* One verification: what the steps below hand on. Keys are freed in intel_verify. */
typedef struct verification {
    const intel_input *in;
    check_list *checks;
    ratls_facts *facts;
    intel_dates dates;
    const intel_collateral *collateral;
    intel_chain pck;
    crypto_key *pck_ca_key, *pck_key, *signer_key;
    crl root_crl;
    tcb_info read_tcb; /* where a full verification reads to */
    qe_identity read_qe;
    const tcb_info *tcb; /* the above, or the memo's */
    const qe_identity *qe;
    bool has_digest;
    uint8_t digest[32]; /* of the platform, for the memo */
} verification;

static bool ahead(const intel_input *in, int64_t t)
{
    return t > in->time && t - in->time > (int64_t)in->skew;
}

static bool not_yet(const verification *v, int64_t t)
{
    return ahead(v->in, t);
}

/* notBefore and issueDate are not checked by Intel; a date ahead means a wrong clock or a forged
 * collection. */
static ratls_code check_not_before(verification *v, check_id id, const certificate *c,
                                   const char *what)
{
    intel_dates_add(&v->dates, c->not_before, c->not_after);
    if (!not_yet(v, c->not_before))
        return RATLS_OK;
    return check_fail(v->checks, id, RATLS_E_STALE, "%s: not valid before %s, the time given is %s",
                      what, ISO(c->not_before), ISO(v->in->time));
}

static ratls_code read_pck_chain(verification *v)
{
    ratls_error e;
    const intel_quote *q = v->in->quote;
    if (q->cert_type != CERT_TYPE_PCK_CHAIN)
        return check_fail(
            v->checks, CHECK_PCK_FORMAT, RATLS_E_UNSUPPORTED,
            "quote: certification data type %u holds no PCK chain; only type 5 can be judged",
            q->cert_type);
    if (intel_chain_read_pck(&v->pck, q->cert_data, "PCK chain of the quote", &e) != RATLS_OK ||
        chain_check_ca(v->pck.root, 1, "PCK chain, root", &e) != RATLS_OK ||
        chain_check_ca(v->pck.issuer, 0, "PCK chain, PCK CA", &e) != RATLS_OK ||
        chain_check_leaf(v->pck.leaf, "PCK chain, leaf", &e) != RATLS_OK ||
        intel_pck_read(v->pck.leaf, &v->facts->pck, &e) != RATLS_OK)
        return check_fail_error(v->checks, CHECK_PCK_FORMAT, &e);
    v->facts->has_pck = true;
    bytes ca = name_common(v->pck.issuer->subject);
    v->facts->pck.processor_ca = bytes_find(ca, bytes_text("Processor")) < ca.n;
    check_pass(v->checks, CHECK_PCK_FORMAT,
               "the PCK chain has leaf, CA and root, each of Intel's profile");

    return RATLS_OK;
}

static ratls_code check_pck_validity(verification *v)
{
    if (check_not_before(v, CHECK_PCK_VALIDITY, v->pck.root, "PCK chain, root") != RATLS_OK ||
        check_not_before(v, CHECK_PCK_VALIDITY, v->pck.issuer, "PCK chain, PCK CA") != RATLS_OK ||
        check_not_before(v, CHECK_PCK_VALIDITY, v->pck.leaf, "PCK chain, leaf") != RATLS_OK)
        return RATLS_E_STALE;
    check_pass(v->checks, CHECK_PCK_VALIDITY, "no certificate of the PCK chain is from the future");
    return RATLS_OK;
}

static const char *tee_name(ratls_tee tee)
{
    return tee == RATLS_TEE_TDX ? "TDX" : "SGX";
}

static bool is_for(const intel_collateral *c, const ratls_facts *f)
{
    return c->has_glance && c->glance.tee == f->tee &&
           bytes_equal(bytes_of(c->glance.fmspc, 6), bytes_of(f->pck.fmspc, 6));
}

/* Of the sets for this TEE and FMSPC the one issued last, but not after the given time; NULL if
 * none is. */
static const intel_collateral *newest_set(const intel_input *in, const ratls_facts *f)
{
    const intel_collateral *best = NULL;
    for (size_t i = 0; i < in->collateral_n; i++) {
        const intel_collateral *c = &in->collateral[i];
        if (is_for(c, f) &&
            (best == NULL || ahead(in, best->glance.issue_date) ||
             (!ahead(in, c->glance.issue_date) && c->glance.issue_date > best->glance.issue_date)))
            best = c;
    }
    return best;
}

static const intel_collateral *first_readable_set(const intel_input *in)
{
    for (size_t i = 0; i < in->collateral_n; i++)
        if (in->collateral[i].has_glance)
            return &in->collateral[i];
    return NULL;
}

static ratls_code choose_collateral(verification *v)
{
    const intel_input *in = v->in;
    const char *tee = tee_name(v->facts->tee);
    bytes fmspc = bytes_of(v->facts->pck.fmspc, sizeof v->facts->pck.fmspc);
    const intel_collateral *other = first_readable_set(in);
    v->collateral = newest_set(in, v->facts);
    if (other == NULL && in->collateral_n == 1)
        v->collateral = in->collateral; /* so that its own fault is what gets reported */
    if (v->collateral == NULL && other != NULL)
        return check_fail(v->checks, CHECK_COLLATERAL_PRESENT, RATLS_E_MISSING,
                          "no collateral for FMSPC %s of %s; what was given is for FMSPC %s of %s",
                          HEX(fmspc), tee, HEX(bytes_of(other->glance.fmspc, 6)),
                          tee_name(other->glance.tee));
    if (v->collateral == NULL)
        return check_fail(v->checks, CHECK_COLLATERAL_PRESENT, RATLS_E_MISSING,
                          "no collateral for FMSPC %s of %s: none was given that can be read",
                          HEX(fmspc), tee);
    check_passf(v->checks, CHECK_COLLATERAL_PRESENT, "there is collateral for FMSPC %s of %s",
                HEX(fmspc), tee);
    return RATLS_OK;
}

static ratls_code check_pck_chain(verification *v)
{
    ratls_error e;
    const anchor *root = v->in->root;
    if (chain_check_root(v->pck.root, root, "PCK chain, root", &e) != RATLS_OK ||
        chain_check_issued(v->pck.issuer, v->pck.root, root->key, "PCK chain, PCK CA", &e) !=
            RATLS_OK)
        return check_fail_error(v->checks, CHECK_PCK_CHAIN, &e);
    v->pck_ca_key = crypto_key_like(root->key, v->pck.issuer->point);
    if (v->pck_ca_key == NULL)
        return check_fail(v->checks, CHECK_PCK_CHAIN, RATLS_E_UNTRUSTED,
                          "PCK chain, PCK CA: its public key is not a point of P-256");
    if (chain_check_issued(v->pck.leaf, v->pck.issuer, v->pck_ca_key, "PCK chain, leaf", &e) !=
        RATLS_OK)
        return check_fail_error(v->checks, CHECK_PCK_CHAIN, &e);
    v->pck_key = crypto_key_like(root->key, v->pck.leaf->point);
    if (v->pck_key == NULL)
        return check_fail(v->checks, CHECK_PCK_CHAIN, RATLS_E_UNTRUSTED,
                          "PCK chain, leaf: its public key is not a point of P-256");
    check_pass(v->checks, CHECK_PCK_CHAIN, "the PCK chain leads to the trusted root");
    return RATLS_OK;
}

static bytes crl_of(const intel_collateral *c, check_id id)
{
    return id == CHECK_ROOT_CRL ? c->root_ca_crl : c->pck_crl;
}

static ratls_code read_crl(bytes der, const certificate *issuer, const crypto_key *key,
                           const char *what, crl *out, ratls_error *e)
{
    ratls_code code = crl_parse(der, out, e);
    if (code == RATLS_OK)
        return chain_check_crl(out, issuer->subject, issuer->subject_key_id, key, what, e);
    error_prefix(e, "%s", what);
    return code;
}

/* A newer list that another set holds replaces this one: old collateral must not hide a
 * revocation that is known here. */
static void use_newer_crl(const verification *v, check_id id, const certificate *issuer,
                          const crypto_key *key, const char *what, crl *out)
{
    for (size_t i = 0; i < v->in->collateral_n; i++) {
        const intel_collateral *c = &v->in->collateral[i];
        const crl_glance *g = id == CHECK_ROOT_CRL ? &c->root_ca_crl_glance : &c->pck_crl_glance;
        ratls_error e;
        crl other;
        if (!g->readable || g->this_update <= out->this_update || not_yet(v, g->this_update) ||
            !bytes_equal(g->issuer, out->issuer))
            continue;
        if (read_crl(crl_of(c, id), issuer, key, what, &other, &e) == RATLS_OK)
            *out = other;
    }
}

static ratls_code check_crl(verification *v, check_id id, const certificate *issuer,
                            const crypto_key *key, const char *what, crl *out)
{
    ratls_error e;
    bytes der = crl_of(v->collateral, id);
    if (der.n == 0)
        return check_fail(v->checks, id, RATLS_E_MISSING, "%s: the collateral holds none", what);
    if (read_crl(der, issuer, key, what, out, &e) != RATLS_OK)
        return check_fail_error(v->checks, id, &e);
    use_newer_crl(v, id, issuer, key, what, out);
    intel_dates_add(&v->dates, out->this_update, out->next_update);
    if (not_yet(v, out->this_update))
        v->facts->crl_not_yet = true;
    check_passf(v->checks, id, "%s is genuine, of %s, with %zu entries", what,
                ISO(out->this_update), out->entries_n);
    return RATLS_OK;
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
    if (intel_chain_read_issuer(&chain, v->collateral->pck_crl_issuer_chain, "CA", what, &e) !=
        RATLS_OK)
        return check_fail_error(v->checks, CHECK_PCK_CRL, &e);
    if (!bytes_equal(chain.root->der, v->pck.root->der) &&
        chain_check_root(chain.root, v->in->root, "PCK CRL issuer chain, root", &e) != RATLS_OK)
        return check_fail_error(v->checks, CHECK_PCK_CRL, &e);
    if (!bytes_equal(chain.issuer->der, v->pck.issuer->der) &&
        (chain_check_ca(chain.issuer, 0, what, &e) != RATLS_OK ||
         chain_check_issued(chain.issuer, chain.root, v->in->root->key, what, &e) != RATLS_OK))
        return check_fail_error(v->checks, CHECK_PCK_CRL, &e);
    if (check_not_before(v, CHECK_PCK_CRL, chain.root, what) != RATLS_OK ||
        check_not_before(v, CHECK_PCK_CRL, chain.issuer, what) != RATLS_OK)
        return RATLS_E_STALE;
    return RATLS_OK;
}

static ratls_code check_revocation(verification *v)
{
    crl pck_crl;
    ratls_code code =
        check_crl(v, CHECK_ROOT_CRL, v->pck.root, v->in->root->key, "root CA CRL", &v->root_crl);
    if (code == RATLS_OK)
        code = check_crl(v, CHECK_PCK_CRL, v->pck.issuer, v->pck_ca_key, "PCK CRL", &pck_crl);
    if (code == RATLS_OK)
        code = check_crl_chain(v);
    if (code != RATLS_OK)
        return code;
    if (crl_lists(&v->root_crl, v->pck.issuer->serial))
        return check_fail(v->checks, CHECK_PCK_REVOCATION, RATLS_E_REVOKED,
                          "PCK chain: the PCK CA with serial %s is revoked by the root CA CRL",
                          HEX(v->pck.issuer->serial));
    if (crl_lists(&pck_crl, v->pck.leaf->serial))
        return check_fail(v->checks, CHECK_PCK_REVOCATION, RATLS_E_REVOKED,
                          "PCK chain: the PCK certificate with serial %s is revoked by the PCK CRL",
                          HEX(v->pck.leaf->serial));
    check_pass(v->checks, CHECK_PCK_REVOCATION,
               "neither the PCK certificate nor its CA is revoked");
    return RATLS_OK;
}

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
    if (check_not_before(v, id, chain.root, what) != RATLS_OK ||
        check_not_before(v, id, chain.issuer, what) != RATLS_OK)
        return RATLS_E_STALE;
    if ((!bytes_equal(chain.root->der, v->pck.root->der) &&
         chain_check_root(chain.root, v->in->root, what, &e) != RATLS_OK) ||
        chain_check_issued(chain.issuer, chain.root, root_key, what, &e) != RATLS_OK)
        return check_fail_error(v->checks, id, &e);
    if (crl_lists(&v->root_crl, chain.issuer->serial))
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
    if (not_yet(v, issue))
        return check_fail(v->checks, id, RATLS_E_STALE, "%s: issued on %s, the time given is %s",
                          what, ISO(issue), ISO(v->in->time));
    check_passf(v->checks, id, "%s is of %s, evaluation number %u", what, ISO(issue),
                (unsigned)number);
    return RATLS_OK;
}

static ratls_code check_tcb_info(verification *v)
{
    static const char what[] = "TCB info";
    const intel_collateral *c = v->collateral;
    ratls_code code = check_signer(v, CHECK_TCB_INFO_SIGNATURE, c->tcb_info_issuer_chain,
                                   "TCB info issuer chain");
    if (code == RATLS_OK)
        code = check_body_signature(v, CHECK_TCB_INFO_SIGNATURE, c->tcb_info, c->tcb_info_signature,
                                    what);
    if (code != RATLS_OK)
        return code;
    ratls_error e;
    if (tcb_info_parse(c->tcb_info, &v->read_tcb, &e) != RATLS_OK)
        return check_fail_error(v->checks, CHECK_TCB_INFO_FORMAT, &e);
    check_passf(v->checks, CHECK_TCB_INFO_FORMAT, "version %u with %zu TCB levels", v->tcb->version,
                v->tcb->levels_n);
    v->facts->evaluation_number = v->tcb->evaluation_number;
    return check_issue_date(v, CHECK_TCB_INFO_VALIDITY, v->tcb->issue_date, v->tcb->next_update,
                            v->tcb->evaluation_number, what);
}

static ratls_code check_tcb_info_match(verification *v)
{
    const tcb_info *t = v->tcb;
    const ratls_pck_facts *pck = &v->facts->pck;
    bytes fmspc = bytes_of(t->fmspc, 6), pce_id = bytes_of(t->pce_id, 2);
    if (t->tee != v->facts->tee)
        return check_fail(v->checks, CHECK_TCB_INFO_MATCH, RATLS_E_UNTRUSTED,
                          "TCB info: is of %s, the quote of %s", tee_name(t->tee),
                          tee_name(v->facts->tee));
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

static ratls_code check_qe_identity(verification *v)
{
    static const char what[] = "QE identity";
    const intel_collateral *c = v->collateral;
    ratls_code code = RATLS_OK;
    /* Usually the very same chain as that of the TCB info: then it is judged already. */
    if (!bytes_equal(c->qe_identity_issuer_chain, c->tcb_info_issuer_chain))
        code = check_signer(v, CHECK_QE_IDENTITY_SIGNATURE, c->qe_identity_issuer_chain,
                            "QE identity issuer chain");
    if (code == RATLS_OK)
        code = check_body_signature(v, CHECK_QE_IDENTITY_SIGNATURE, c->qe_identity,
                                    c->qe_identity_signature, what);
    if (code != RATLS_OK)
        return code;
    ratls_error e;
    if (qe_identity_parse(c->qe_identity, &v->read_qe, &e) != RATLS_OK)
        return check_fail_error(v->checks, CHECK_QE_IDENTITY_FORMAT, &e);
    check_passf(v->checks, CHECK_QE_IDENTITY_FORMAT, "version 2 with %zu levels", v->qe->levels_n);
    if (v->qe->evaluation_number < v->facts->evaluation_number)
        v->facts->evaluation_number = v->qe->evaluation_number;
    return check_issue_date(v, CHECK_QE_IDENTITY_VALIDITY, v->qe->issue_date, v->qe->next_update,
                            v->qe->evaluation_number, what);
}

/*
 * The TDX module [DCAP 1.6]: who signed it, its attributes, and *level: that of its SVN, NULL if
 * the module has no version and is judged by the platform's level.
 */
static ratls_code check_tdx_module(verification *v, const svn_level **level)
{
    const ratls_tdx_facts *td = &v->facts->tdx;
    unsigned version = td->tee_tcb_svn[1], svn = td->tee_tcb_svn[0];
    const tdx_module *m = &v->tcb->module;
    *level = NULL;
    if (version > 0) {
        m = tcb_info_module(v->tcb, version);
        if (m == NULL)
            return check_fail(v->checks, CHECK_TDX_MODULE, RATLS_E_UNTRUSTED,
                              "TDX module: version %u, the TCB info has no identity TDX_%02X",
                              version, version);
    }
    bytes mrsigner = bytes_of(td->mrsignerseam, 48), attributes = bytes_of(td->seam_attributes, 8);
    if (!bytes_equal_ct(mrsigner, bytes_of(m->mrsigner, 48)))
        return check_fail(v->checks, CHECK_TDX_MODULE, RATLS_E_UNTRUSTED,
                          "TDX module: MRSIGNERSEAM %s, the TCB info expects %s", HEX(mrsigner),
                          HEX(bytes_of(m->mrsigner, 48)));
    /* Intel demands all zero and equal, whatever the mask says. */
    if (!bytes_all_zero(attributes) || !bytes_all_zero(bytes_of(m->attributes, 8)))
        return check_fail(
            v->checks, CHECK_TDX_MODULE, RATLS_E_UNTRUSTED,
            "TDX module: SEAMATTRIBUTES %s, the TCB info says %s, only zero is defined",
            HEX(attributes), HEX(bytes_of(m->attributes, 8)));
    if (version > 0) {
        *level = svn_level_match(m->levels, m->levels_n, svn);
        if (*level == NULL)
            return check_fail(v->checks, CHECK_TDX_MODULE, RATLS_E_UNTRUSTED,
                              "TDX module: no level of TDX_%02X reaches down to SVN %u", version,
                              svn);
        check_passf(v->checks, CHECK_TDX_MODULE, "version %u, SVN %u is %s", version, svn,
                    ratls_tcb_status_name((*level)->status));
    } else {
        check_pass(v->checks, CHECK_TDX_MODULE, "the TDX module is signed by Intel");
    }
    return RATLS_OK;
}

/* SHA-256(attestation key, authentication data), then zeros; Intel ignores the second half. */
static ratls_code check_qe_report_data(verification *v)
{
    const intel_quote *q = v->in->quote;
    const bytes pieces[] = {q->attestation_key, q->qe_auth};
    uint8_t expected[64] = {0};
    if (!crypto_digest(CRYPTO_SHA256, pieces, 2, expected))
        return check_fail(v->checks, CHECK_QE_REPORT_DATA, RATLS_E_SYSTEM, "out of memory");
    if (!bytes_equal_ct(q->qe.report_data, bytes_of(expected, 64)))
        return check_fail(
            v->checks, CHECK_QE_REPORT_DATA, RATLS_E_UNTRUSTED,
            "QE report: its report data %s is not SHA-256 of attestation key and authentication "
            "data, and zeros",
            HEX(q->qe.report_data));
    check_pass(v->checks, CHECK_QE_REPORT_DATA,
               "the quoting enclave vouches for the attestation key");
    return RATLS_OK;
}

static ratls_code check_qe_report(verification *v)
{
    const intel_quote *q = v->in->quote;
    if (!crypto_verify_p256(v->pck_key, q->qe.raw, q->qe_signature))
        return check_fail(v->checks, CHECK_QE_REPORT_SIGNATURE, RATLS_E_UNTRUSTED,
                          "QE report: its signature does not fit the PCK certificate's key");
    check_pass(v->checks, CHECK_QE_REPORT_SIGNATURE, "the QE report is signed by the PCK key");

    qe_id expected = v->facts->tee == RATLS_TEE_TDX ? QE_ID_TD_QE : QE_ID_QE;
    if (v->qe->id != expected)
        return check_fail(v->checks, CHECK_QE_IDENTITY_MATCH, RATLS_E_UNTRUSTED,
                          "QE identity: is of another enclave, a quote of %s needs \"%s\"",
                          tee_name(v->facts->tee), expected == QE_ID_QE ? "QE" : "TD_QE");
    ratls_error e;
    if (qe_identity_check(v->qe, &q->qe, &e) != RATLS_OK)
        return check_fail_error(v->checks, CHECK_QE_IDENTITY_MATCH, &e);
    check_pass(v->checks, CHECK_QE_IDENTITY_MATCH,
               "the quoting enclave is the one that Intel names");
    return RATLS_OK;
}

static ratls_code check_quote_signature(verification *v)
{
    const intel_quote *q = v->in->quote;
    crypto_key *key = crypto_key_like(v->in->root->key, q->attestation_key);
    if (key == NULL)
        return check_fail(v->checks, CHECK_QUOTE_SIGNATURE, RATLS_E_UNTRUSTED,
                          "quote: the attestation key is not a point of P-256");
    bool ok = crypto_verify_p256(key, q->signed_bytes, q->signature);
    crypto_key_free(key);
    if (!ok)
        return check_fail(
            v->checks, CHECK_QUOTE_SIGNATURE, RATLS_E_UNTRUSTED,
            "quote: its signature does not fit its %zu signed bytes and the attestation key",
            q->signed_bytes.n);
    check_pass(v->checks, CHECK_QUOTE_SIGNATURE, "the quote is signed by the attestation key");
    return RATLS_OK;
}

static void note_dates(verification *v)
{
    if (!v->dates.any)
        return;
    v->facts->earliest_issue = v->dates.earliest_issue;
    v->facts->latest_issue = v->dates.latest_issue;
    v->facts->earliest_expiration = v->dates.earliest_expiration;
}

/* Expiry is a fact for the policy, not a failure: Intel's verifier reports it beside the verdict.
 */
static bool is_expired(const ratls_facts *f, int64_t time)
{
    return f->crl_not_yet || (f->earliest_expiration != 0 && f->earliest_expiration <= time);
}

void intel_note_expiry(int64_t time, check_list *checks, ratls_facts *f)
{
    char text[RATLS_TEXT_SIZE];
    f->collateral_expired = is_expired(f, time);
    if (!f->collateral_expired) {
        check_passf(checks, CHECK_COLLATERAL_EXPIRY, "all collateral is good until %s",
                    ISO(f->earliest_expiration));
        return;
    }
    if (f->crl_not_yet)
        (void)snprintf(text, sizeof text, "a CRL is not yet valid at %s: a policy has to decide",
                       ISO(time));
    else
        (void)snprintf(text, sizeof text, "collateral expired on %s: a policy has to decide",
                       ISO(f->earliest_expiration));
    check_skip(checks, CHECK_COLLATERAL_EXPIRY, text);
}

/* Everything that the platform's bytes and the collateral decide, up to the QE identity. */
static ratls_code check_platform(verification *v)
{
    v->tcb = &v->read_tcb;
    v->qe = &v->read_qe;
    ratls_code code = read_pck_chain(v);
    if (code == RATLS_OK)
        code = choose_collateral(v);
    if (code == RATLS_OK)
        code = check_pck_validity(v);
    if (code == RATLS_OK)
        code = check_qe_report_data(v);
    if (code == RATLS_OK)
        code = check_pck_chain(v);
    if (code == RATLS_OK)
        code = check_revocation(v);
    if (code == RATLS_OK)
        code = check_tcb_info(v);
    if (code == RATLS_OK)
        code = check_tcb_info_match(v);
    if (code == RATLS_OK)
        code = check_qe_identity(v);
    return code;
}

bool intel_standing(const intel_input *in, const ratls_facts *facts, size_t *set)
{
    for (size_t i = 0; i < in->collateral_n; i++) {
        const intel_collateral *c = &in->collateral[i];
        if ((c->root_ca_crl_glance.readable && ahead(in, c->root_ca_crl_glance.this_update)) ||
            (c->pck_crl_glance.readable && ahead(in, c->pck_crl_glance.this_update)))
            return false;
    }
    const intel_collateral *chosen = newest_set(in, facts);
    if (chosen == NULL || ahead(in, facts->latest_issue))
        return false;
    *set = (size_t)(chosen - in->collateral);
    return true;
}

/* Was all of check_platform and check_qe_report found good before, and is it at this time? */
static bool recall(verification *v)
{
    const intel_quote *q = v->in->quote;
    const uint8_t tee = (uint8_t)q->tee_type;
    const bytes pieces[] = {bytes_of(&tee, 1), q->cert_data,       q->qe.raw,
                            q->qe_signature,   q->attestation_key, q->qe_auth};
    memo_platform platform;
    const memo_collateral *known;
    ratls_facts *f = v->facts;
    size_t set;
    if (v->in->memo == NULL || q->cert_type != CERT_TYPE_PCK_CHAIN ||
        !crypto_digest(CRYPTO_SHA256, pieces, sizeof pieces / sizeof *pieces, v->digest))
        return false;
    v->has_digest = true;
    if (!intel_memo_recall(v->in->memo, v->digest, &platform, &known))
        return false;
    f->pck = platform.pck;
    f->latest_issue = platform.dates.latest_issue;
    if (!intel_standing(v->in, f, &set) || set != platform.set) {
        f->latest_issue = 0;
        return false;
    }
    memcpy(&v->checks->all[CHECK_PCK_FORMAT], &known->checks.all[CHECK_PCK_FORMAT],
           (CHECK_QE_IDENTITY_MATCH - CHECK_PCK_FORMAT + 1) * sizeof *v->checks->all);
    f->has_pck = true;
    f->evaluation_number = known->evaluation_number;
    v->dates = platform.dates;
    v->tcb = &known->tcb;
    v->qe = &known->qe;
    return true;
}

static void remember(verification *v)
{
    memo_platform platform = {.pck = v->facts->pck, .dates = v->dates};
    note_dates(v);
    if (v->has_digest && !v->facts->crl_not_yet && intel_standing(v->in, v->facts, &platform.set))
        intel_memo_keep(v->in->memo, v->digest, &platform, v->tcb, v->qe,
                        v->facts->evaluation_number, v->checks);
}

static ratls_code run(verification *v)
{
    const svn_level *module = NULL;
    bool known = recall(v);
    ratls_code code = known ? RATLS_OK : check_platform(v);
    if (code == RATLS_OK && v->facts->tee == RATLS_TEE_TDX)
        code = check_tdx_module(v, &module);
    if (code == RATLS_OK && !known)
        code = check_qe_report(v);
    if (code == RATLS_OK && !known)
        remember(v);
    if (code == RATLS_OK)
        code = check_quote_signature(v);
    if (code == RATLS_OK)
        code = intel_judge_tcb(v->tcb, v->qe, &v->in->quote->qe, module, v->checks, v->facts);
    return code;
}

void intel_quote_facts(const intel_quote *q, ratls_facts *facts)
{
    facts->quote_version = (uint16_t)q->version;
    memcpy(facts->report_data, q->report_data.p, sizeof facts->report_data);
    if (q->tee_type == TEE_TYPE_TDX) {
        facts->tee = RATLS_TEE_TDX;
        facts->tdx = q->td.facts;
        /* Any bit of the TUD group means: under debug, do not trust [TDX module, TD attributes]. */
        facts->debug = q->td.facts.td_attributes[0] != 0;
    } else {
        facts->tee = RATLS_TEE_SGX;
        facts->sgx = q->sgx.facts;
        facts->debug = (q->sgx.facts.attributes[0] & SGX_ATTRIBUTE_DEBUG) != 0;
    }
}

ratls_code intel_verify(const intel_input *in, check_list *checks, ratls_facts *facts)
{
    verification v = {.in = in, .checks = checks, .facts = facts};
    intel_quote_facts(in->quote, facts);
    ratls_code code = run(&v);
    note_dates(&v);
    facts->collateral_expired = is_expired(facts, in->time);
    if (code == RATLS_OK)
        intel_note_expiry(in->time, checks, facts);
    crypto_key_free(v.pck_ca_key);
    crypto_key_free(v.pck_key);
    crypto_key_free(v.signer_key);
    return code;
}
