/*
 * The judgement of an SGX or TDX quote [DCAP 1.2]: chain, CRLs, TCB info, QE identity, QE report,
 * quote, TCB level. Cheap checks come before signatures. doc/DCAP.md lists where this is stricter
 * than Intel's verifier, and why.
 */
#include "tee/intel_verify.h"

#include <stdio.h>

#include "base/hex.h"
#include "base/time.h"
#include "base/writer.h"
#include "tee/intel_judge.h"
#include "tee/intel_pck.h"
#include "tee/intel_tdx_module.h"
#include "tee/intel_verification.h"

enum { CERT_TYPE_PCK_CHAIN = 5 };

bool verification_is_ahead(const verification *v, int64_t t)
{
    return intel_ahead(v->in, t);
}

ratls_code verification_check_not_before(verification *v, check_id id, const certificate *c,
                                         const char *what)
{
    intel_dates_add(c == v->pck->leaf ? &v->leaf_dates : &v->dates, c->not_before, c->not_after);
    if (!verification_is_ahead(v, c->not_before))
        return RATLS_OK;
    return check_fail(v->checks, id, RATLS_E_STALE, "%s: not valid before %s, the time given is %s",
                      what, ISO(c->not_before), ISO(v->in->time));
}

void verification_copy_checks(verification *v, check_id first, check_id last)
{
    memcpy(&v->checks->all[first], &v->known->checks.all[first],
           (size_t)(last - first + 1) * sizeof *v->checks->all);
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
    if (intel_chain_read_pck(v->pck, q->cert_data, "PCK chain of the quote", &e) != RATLS_OK ||
        chain_check_ca(v->pck->root, 1, "PCK chain, root", &e) != RATLS_OK ||
        chain_check_ca(v->pck->issuer, 0, "PCK chain, PCK CA", &e) != RATLS_OK ||
        chain_check_leaf(v->pck->leaf, "PCK chain, leaf", &e) != RATLS_OK ||
        intel_pck_read(v->pck->leaf, &v->facts->pck, &e) != RATLS_OK)
        return check_fail_error(v->checks, CHECK_PCK_FORMAT, &e);
    v->facts->has_pck = true;
    v->facts->pck.processor_ca = intel_is_processor_ca(v->pck->issuer->subject);
    check_pass(v->checks, CHECK_PCK_FORMAT,
               "the PCK chain has leaf, CA and root, each of Intel's profile");

    return RATLS_OK;
}

static ratls_code check_pck_validity(verification *v)
{
    if (verification_check_not_before(v, CHECK_PCK_VALIDITY, v->pck->root, "PCK chain, root") !=
            RATLS_OK ||
        verification_check_not_before(v, CHECK_PCK_VALIDITY, v->pck->issuer, "PCK chain, PCK CA") !=
            RATLS_OK ||
        verification_check_not_before(v, CHECK_PCK_VALIDITY, v->pck->leaf, "PCK chain, leaf") !=
            RATLS_OK)
        return RATLS_E_STALE;
    check_pass(v->checks, CHECK_PCK_VALIDITY, "no certificate of the PCK chain is from the future");
    return RATLS_OK;
}

static void let_known_go(verification *v)
{
    if (v->known != NULL)
        intel_memo_release(v->in->memo, v->known);
    v->known = NULL;
}

/* The key of collateral in the memo: it was verified with this PCK CA and this root. */
static bool key_collateral(verification *v)
{
    const bytes pieces[] = {bytes_of(v->choice_key, 32), v->pck->issuer->der, v->pck->root->der};
    return crypto_digest(CRYPTO_SHA256, pieces, sizeof pieces / sizeof *pieces, v->collateral_key);
}

static ratls_code choose_collateral(verification *v)
{
    const intel_input *in = v->in;
    const ratls_facts *f = v->facts;
    intel_wanted *w = &v->wanted;
    if (!intel_wanted_of(f->tee, f->pck.fmspc, v->pck->issuer->subject, in->root->name, w))
        return check_fail(v->checks, CHECK_COLLATERAL_PRESENT, RATLS_E_SYSTEM, "out of memory");
    ratls_code code = intel_choose_checked(in, w, &v->choice, v->checks, v->facts);
    v->memorable = v->memorable && code == RATLS_OK &&
                   intel_choice_key(&v->choice, v->choice_key) && key_collateral(v);
    if (v->memorable)
        v->known = intel_memo_collateral(in->memo, v->collateral_key);
    if (v->known != NULL && verification_is_ahead(v, v->known->dates.latest_issue))
        let_known_go(v);
    return code;
}

static ratls_code check_pck_ca(verification *v, ratls_error *e)
{
    const anchor *root = v->in->root;
    ratls_code code = chain_check_root(v->pck->root, root, "PCK chain, root", e);
    if (code == RATLS_OK)
        code = chain_check_issued(v->pck->issuer, v->pck->root, root->key, "PCK chain, PCK CA", e);
    if (code != RATLS_OK)
        return code;
    v->pck_ca_key = crypto_key_like(root->key, v->pck->issuer->point);
    return v->pck_ca_key != NULL ? RATLS_OK
                                 : refuse(e, RATLS_E_UNTRUSTED, 0,
                                          "PCK chain, PCK CA: its public key is not a point of "
                                          "P-256");
}

static ratls_code check_pck_chain(verification *v)
{
    ratls_error e;
    ratls_code code = v->known != NULL ? RATLS_OK : check_pck_ca(v, &e);
    const crypto_key *ca_key = v->known != NULL ? v->known->pck_ca_key : v->pck_ca_key;
    if (code == RATLS_OK)
        code = chain_check_issued(v->pck->leaf, v->pck->issuer, ca_key, "PCK chain, leaf", &e);
    if (code != RATLS_OK)
        return check_fail_error(v->checks, CHECK_PCK_CHAIN, &e);
    v->pck_key = crypto_key_like(v->in->root->key, v->pck->leaf->point);
    if (v->pck_key == NULL)
        return check_fail(v->checks, CHECK_PCK_CHAIN, RATLS_E_UNTRUSTED,
                          "PCK chain, leaf: its public key is not a point of P-256");
    check_pass(v->checks, CHECK_PCK_CHAIN, "the PCK chain leads to the trusted root");
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
                          intel_tee_name(v->facts->tee), expected == QE_ID_QE ? "QE" : "TD_QE");
    ratls_error e;
    if (qe_identity_check(v->qe, &q->qe, &e) != RATLS_OK)
        return check_fail_error(v->checks, CHECK_QE_IDENTITY_MATCH, &e);
    check_pass(v->checks, CHECK_QE_IDENTITY_MATCH,
               "the quoting enclave is the one that Intel names");
    return RATLS_OK;
}

static ratls_code read_attestation_key(verification *v)
{
    v->attestation_key = crypto_key_like(v->in->root->key, v->in->quote->attestation_key);
    if (v->attestation_key != NULL)
        return RATLS_OK;
    return check_fail(v->checks, CHECK_QUOTE_SIGNATURE, RATLS_E_UNTRUSTED,
                      "quote: the attestation key is not a point of P-256");
}

static ratls_code check_quote_signature(verification *v)
{
    const intel_quote *q = v->in->quote;
    if (!crypto_verify_p256(v->attestation_key, q->signed_bytes, q->signature))
        return check_fail(
            v->checks, CHECK_QUOTE_SIGNATURE, RATLS_E_UNTRUSTED,
            "quote: its signature does not fit its %zu signed bytes and the attestation key",
            q->signed_bytes.n);
    check_pass(v->checks, CHECK_QUOTE_SIGNATURE, "the quote is signed by the attestation key");
    return RATLS_OK;
}

static void note_dates(verification *v)
{
    intel_dates all = v->dates;
    intel_dates_merge(&all, &v->leaf_dates);
    if (!all.any)
        return;
    v->facts->earliest_issue = all.earliest_issue;
    v->facts->latest_issue = all.latest_issue;
    v->facts->earliest_expiration = all.earliest_expiration;
}

/* Everything that the platform's bytes and the collateral decide, up to the QE identity. Collateral
 * that is known costs no signature. */
static ratls_code platform_steps(verification *v)
{
    v->tcb = v->read_tcb;
    v->qe = v->read_qe;
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
        code = verification_check_revocation(v);
    if (code == RATLS_OK)
        code = verification_check_tcb_info(v);
    if (code == RATLS_OK)
        code = verification_check_tcb_info_match(v);
    if (code == RATLS_OK)
        code = verification_check_qe_identity(v);
    return code;
}

/* A refusal says what a verification without memo says: it is found anew. */
static ratls_code check_platform(verification *v)
{
    ratls_code code = platform_steps(v);
    if (code == RATLS_OK || v->known == NULL)
        return code;
    let_known_go(v);
    crypto_key_free(v->pck_key);
    v->pck_key = NULL;
    v->dates = v->leaf_dates = (intel_dates){.any = false};
    v->facts->crl_not_yet = false;
    v->memorable = false;
    return platform_steps(v);
}

bool intel_is_genuine_pck(const intel_quote *quote, const anchor *root)
{
    check_list checks;
    ratls_facts facts;
    const intel_input in = {.quote = quote, .root = root};
    intel_chain pck;
    verification v = {.in = &in, .checks = &checks, .facts = &facts, .pck = &pck};
    checks_init(&checks);
    intel_quote_facts(quote, &facts);
    bool genuine = read_pck_chain(&v) == RATLS_OK && check_pck_chain(&v) == RATLS_OK;
    crypto_key_free(v.pck_ca_key);
    crypto_key_free(v.pck_key);
    return genuine;
}

/* With the one length that is not fixed: no byte can move from one part to the next unnoticed. */
static bool digest_platform(const intel_quote *q, uint8_t digest[32])
{
    uint8_t head[1 + 8];
    writer w = wr_of(head, sizeof head);
    wr_u8(&w, q->tee_type & 0xff);
    wr_be(&w, q->cert_data.n, 8);
    const bytes pieces[] = {wr_bytes(&w),    q->cert_data,       q->qe.raw,
                            q->qe_signature, q->attestation_key, q->qe_auth};
    return crypto_digest(CRYPTO_SHA256, pieces, sizeof pieces / sizeof *pieces, digest);
}

/* Was all of check_platform and check_qe_report found good before, and is it at this time? */
static bool recall(verification *v)
{
    const intel_quote *q = v->in->quote;
    memo_platform platform;
    uint8_t key[32];
    v->memorable =
        v->in->memo != NULL && q->cert_type == CERT_TYPE_PCK_CHAIN && digest_platform(q, v->digest);
    if (!v->memorable || !intel_memo_platform(v->in->memo, v->digest, &platform))
        return false;
    v->attestation_key = platform.attestation_key;
    if (verification_is_ahead(v, platform.dates.latest_issue) ||
        !intel_stapled_fits(v->in, &platform.wanted))
        return false;
    intel_choose(v->in, &platform.wanted, &v->choice);
    if (!intel_choice_key(&v->choice, key) ||
        !bytes_equal(bytes_of(key, 32), bytes_of(platform.choice, 32)))
        return false;
    v->known = intel_memo_collateral(v->in->memo, platform.collateral);
    if (v->known == NULL)
        return false;
    v->wanted = platform.wanted;
    v->facts->pck = platform.pck;
    v->facts->has_pck = true;
    v->facts->evaluation_number = v->known->evaluation_number;
    intel_note_origins(&v->choice, v->facts);
    verification_copy_checks(v, CHECK_PCK_FORMAT, CHECK_QE_IDENTITY_VALIDITY);
    v->dates = platform.dates;
    v->tcb = &v->known->tcb;
    v->qe = &v->known->qe;
    return true;
}

/* All of it is good, and none of it from the future. */
static void remember(verification *v)
{
    if (!v->memorable || v->fell_back || v->facts->crl_not_yet ||
        v->choice.from[ITEM_QE_IDENTITY] == NULL)
        return;
    if (v->known == NULL) {
        const memo_collateral found = {.evaluation_number = v->facts->evaluation_number,
                                       .dates = v->dates,
                                       .checks = *v->checks};
        intel_memo_keep_collateral(
            v->in->memo, v->collateral_key, &found, v->choice.from[ITEM_TCB_INFO]->tcb_info,
            v->choice.from[ITEM_QE_IDENTITY]->qe_identity, v->in->root->key, v->pck->issuer->point);
    }
    memo_platform platform = {.pck = v->facts->pck,
                              .wanted = v->wanted,
                              .dates = v->dates,
                              .attestation_key = v->attestation_key};
    intel_dates_merge(&platform.dates, &v->leaf_dates);
    memcpy(platform.choice, v->choice_key, sizeof platform.choice);
    memcpy(platform.collateral, v->collateral_key, sizeof platform.collateral);
    intel_memo_keep_platform(v->in->memo, v->digest, &platform);
}

static ratls_code run(verification *v)
{
    const svn_level *module = NULL;
    bool known = recall(v);
    ratls_code code = known ? RATLS_OK : check_platform(v);
    if (code == RATLS_OK && v->facts->tee == RATLS_TEE_TDX)
        code = intel_check_tdx_module(v->tcb, &v->facts->tdx, v->checks, &module);
    if (code == RATLS_OK && known)
        verification_copy_checks(v, CHECK_QE_REPORT_SIGNATURE, CHECK_QE_IDENTITY_MATCH);
    else if (code == RATLS_OK)
        code = check_qe_report(v);
    if (code == RATLS_OK && v->attestation_key == NULL)
        code = read_attestation_key(v);
    if (code == RATLS_OK && !known)
        remember(v);
    if (code == RATLS_OK)
        code = check_quote_signature(v);
    if (code == RATLS_OK)
        code = intel_judge_tcb(v->tcb, v->qe, &v->in->quote->qe, module, v->checks, v->facts);
    return code;
}

ratls_code intel_verify(const intel_input *in, check_list *checks, ratls_facts *facts,
                        intel_basis *basis)
{
    /* Large, and not used where the memo knows all: so they are not cleared. */
    intel_chain pck;
    tcb_info read_tcb;
    qe_identity read_qe;
    verification v = {.in = in,
                      .checks = checks,
                      .facts = facts,
                      .pck = &pck,
                      .read_tcb = &read_tcb,
                      .read_qe = &read_qe};
    pck.leaf = pck.issuer = pck.root = NULL;
    intel_quote_facts(in->quote, facts);
    ratls_code code = run(&v);
    note_dates(&v);
    facts->collateral_expired = intel_is_expired(facts, in->time);
    if (code == RATLS_OK)
        intel_note_expiry(in->time, checks, facts);
    crypto_key_free(v.pck_ca_key);
    crypto_key_free(v.pck_key);
    crypto_key_free(v.signer_key);
    crypto_key_free(v.attestation_key);
    let_known_go(&v);
    if (basis != NULL)
        *basis = (intel_basis){.wanted = v.wanted, .as_chosen = !v.fell_back};
    return code;
}
