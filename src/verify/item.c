/* Single items of collateral: what each is, whether it is genuine, and which of two is newer. */
#include "ratls/item.h"

#include <stdlib.h>

#include "base/hex.h"
#include "base/writer.h"
#include "evidence/intel_quote.h"
#include "tee/intel_chain.h"
#include "tee/intel_collateral.h"
#include "tee/intel_pck.h"
#include "tee/intel_qe.h"
#include "tee/intel_verify.h"
#include "verify/root.h"

/* Everything that judging one item needs; too large for a thread's stack. */
typedef struct judgement {
    trusted_root root;
    intel_collateral in;
    intel_chain chain;
    crypto_key *issuer_key;
    union {
        tcb_info tcb;
        qe_identity qe;
    } body;
} judgement;

static const char *const what_of[] = {
    [RATLS_ITEM_TCB_INFO] = "TCB info",
    [RATLS_ITEM_QE_IDENTITY] = "QE identity",
    [RATLS_ITEM_PCK_CRL] = "PCK CRL",
    [RATLS_ITEM_ROOT_CA_CRL] = "root CA CRL",
};

/* The one item that is there. */
static ratls_code find_kind(const intel_collateral *c, ratls_item_kind *kind, ratls_error *e)
{
    const struct {
        ratls_item_kind kind;
        bytes part;
    } parts[] = {
        {RATLS_ITEM_TCB_INFO, c->tcb_info},
        {RATLS_ITEM_TCB_INFO, c->tcb_info_signature},
        {RATLS_ITEM_TCB_INFO, c->tcb_info_issuer_chain},
        {RATLS_ITEM_QE_IDENTITY, c->qe_identity},
        {RATLS_ITEM_QE_IDENTITY, c->qe_identity_signature},
        {RATLS_ITEM_QE_IDENTITY, c->qe_identity_issuer_chain},
        {RATLS_ITEM_PCK_CRL, c->pck_crl},
        {RATLS_ITEM_PCK_CRL, c->pck_crl_issuer_chain},
        {RATLS_ITEM_ROOT_CA_CRL, c->root_ca_crl},
    };
    unsigned seen = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].part.n > 0) {
            seen |= 1u << parts[i].kind;
            *kind = parts[i].kind;
        }
    if (seen == 0)
        return refuse(e, RATLS_E_MISSING, 0, "item: the object holds no collateral");
    if ((seen & (seen - 1)) != 0)
        return refuse(e, RATLS_E_MALFORMED, 0,
                      "item: the object holds more than one item, expected one");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].kind == *kind && parts[i].part.n == 0)
            return refuse(e, RATLS_E_MISSING, 0,
                          "item: %s lacks a part; body, signature and issuer chain belong together",
                          what_of[*kind]);
    return RATLS_OK;
}

static void expire(ratls_item_facts *f, int64_t at)
{
    if (at < f->expires)
        f->expires = at;
}

/* The chain to the root: a CA or a signer, whose common name holds `name`. */
static ratls_code check_chain(judgement *j, bytes pem, const char *name, bool is_ca,
                              ratls_item_facts *f, ratls_error *e)
{
    const anchor *root = &j->root.anchor;
    intel_chain *c = &j->chain;
    const char *what = what_of[f->item.kind];
    ratls_code code = intel_chain_read_issuer(c, pem, name, what, e);
    if (code == RATLS_OK)
        code = chain_check_ca(c->root, is_ca ? 1 : 0, what, e);
    if (code == RATLS_OK)
        code = is_ca ? chain_check_ca(c->issuer, 0, what, e) : chain_check_leaf(c->issuer, what, e);
    if (code == RATLS_OK)
        code = chain_check_root(c->root, root, what, e);
    if (code == RATLS_OK)
        code = chain_check_issued(c->issuer, c->root, root->key, what, e);
    if (code != RATLS_OK)
        return code;
    expire(f, c->root->not_after);
    expire(f, c->issuer->not_after);
    j->issuer_key = crypto_key_like(root->key, c->issuer->point);
    if (j->issuer_key == NULL)
        return refuse(e, RATLS_E_UNTRUSTED, 0, "%s: its issuer's key is not a point of P-256",
                      what);
    return RATLS_OK;
}

static ratls_code check_body(judgement *j, bytes body, bytes hex, bytes chain, ratls_item_facts *f,
                             ratls_error *e)
{
    uint8_t signature[64];
    const char *what = what_of[f->item.kind];
    ratls_code code = check_chain(j, chain, "SGX TCB Signing", false, f, e);
    if (code != RATLS_OK)
        return code;
    if (!hex_decode(hex, signature, sizeof signature))
        return refuse(e, RATLS_E_MALFORMED, 0, "%s: its signature is not 128 hex digits", what);
    if (!crypto_verify_p256(j->issuer_key, body, bytes_of(signature, sizeof signature)))
        return refuse(e, RATLS_E_UNTRUSTED, 0,
                      "%s: its signature does not fit its %zu bytes and the TCB signing key", what,
                      body.n);
    return RATLS_OK;
}

/* The later of two bodies, and of two of one date that with the higher evaluation number. */
static void order_by_date(ratls_item_facts *f)
{
    writer w = wr_of(f->order, sizeof f->order);
    wr_be(&w, (uint64_t)f->issued, 8);
    wr_be(&w, f->evaluation_number, 4);
}

static ratls_code check_tcb_info(judgement *j, ratls_item_facts *f, ratls_error *e)
{
    const intel_collateral *c = &j->in;
    const tcb_info *t = &j->body.tcb;
    ratls_code code =
        check_body(j, c->tcb_info, c->tcb_info_signature, c->tcb_info_issuer_chain, f, e);
    if (code == RATLS_OK)
        code = tcb_info_parse(c->tcb_info, &j->body.tcb, e);
    if (code != RATLS_OK)
        return code;
    f->item.tee = t->tee;
    memcpy(f->item.fmspc, t->fmspc, sizeof f->item.fmspc);
    f->issued = t->issue_date;
    f->evaluation_number = t->evaluation_number;
    expire(f, t->next_update);
    order_by_date(f);
    return RATLS_OK;
}

static ratls_code check_qe_identity(judgement *j, ratls_item_facts *f, ratls_error *e)
{
    const intel_collateral *c = &j->in;
    const qe_identity *q = &j->body.qe;
    ratls_code code =
        check_body(j, c->qe_identity, c->qe_identity_signature, c->qe_identity_issuer_chain, f, e);
    if (code == RATLS_OK)
        code = qe_identity_parse(c->qe_identity, &j->body.qe, e);
    if (code != RATLS_OK)
        return code;
    if (q->id == QE_ID_OTHER)
        return refuse(e, RATLS_E_UNSUPPORTED, 0,
                      "QE identity: of neither \"QE\" nor \"TD_QE\", no verdict needs it");
    f->item.tee = q->id == QE_ID_TD_QE ? RATLS_TEE_TDX : RATLS_TEE_SGX;
    f->issued = q->issue_date;
    f->evaluation_number = q->evaluation_number;
    expire(f, q->next_update);
    order_by_date(f);
    return RATLS_OK;
}

static ratls_code check_crl(bytes der, bytes issuer, bytes key_id, const crypto_key *key,
                            ratls_item_facts *f, ratls_error *e)
{
    crl l;
    const char *what = what_of[f->item.kind];
    ratls_code code = crl_parse(der, &l, e);
    if (code != RATLS_OK) {
        error_prefix(e, "%s", what);
        return code;
    }
    code = chain_check_crl(&l, issuer, key_id, key, what, e);
    if (code != RATLS_OK)
        return code;
    f->issued = l.this_update;
    expire(f, l.next_update);
    /* At most 20 bytes and a sign [RFC 5280 5.2.3]; crl_parse refuses longer and negative ones. */
    bytes number = l.number;
    size_t room = sizeof f->order - 8;
    while (number.n > room)
        number = bytes_of(number.p + 1, number.n - 1);
    memcpy(f->order + room - number.n, number.p, number.n);
    writer w = wr_of(f->order + room, 8);
    wr_be(&w, (uint64_t)f->issued, 8);
    return RATLS_OK;
}

static ratls_code check_pck_crl(judgement *j, ratls_item_facts *f, ratls_error *e)
{
    const intel_collateral *c = &j->in;
    ratls_code code = check_chain(j, c->pck_crl_issuer_chain, "CA", true, f, e);
    if (code != RATLS_OK)
        return code;
    const certificate *ca = j->chain.issuer;
    f->item.processor_ca = intel_is_processor_ca(ca->subject);
    return check_crl(c->pck_crl, ca->subject, ca->subject_key_id, j->issuer_key, f, e);
}

static ratls_code check_kind(judgement *j, ratls_item_facts *f, ratls_error *e)
{
    switch (f->item.kind) {
    case RATLS_ITEM_TCB_INFO:
        return check_tcb_info(j, f, e);
    case RATLS_ITEM_QE_IDENTITY:
        return check_qe_identity(j, f, e);
    case RATLS_ITEM_PCK_CRL:
        return check_pck_crl(j, f, e);
    case RATLS_ITEM_ROOT_CA_CRL:
        break;
    }
    const anchor *root = &j->root.anchor;
    return check_crl(j->in.root_ca_crl, root->name, BYTES_NONE, root->key, f, e);
}

ratls_code ratls_item_check(ratls_bytes data, ratls_bytes root, ratls_item_facts *facts,
                            ratls_error *error)
{
    *facts = (ratls_item_facts){.expires = INT64_MAX};
    if (data.n > RATLS_ITEM_MAX)
        return refuse(error, RATLS_E_LIMIT, 0, "item: %zu bytes, at most %d are read", data.n,
                      RATLS_ITEM_MAX);
    judgement *j = calloc(1, sizeof *j + 2 * data.n);
    if (j == NULL)
        return refuse(error, RATLS_E_SYSTEM, 0, "item: out of memory");
    ratls_code code = RATLS_OK;
    if (root.n > 0)
        code = root_read(root, &j->root, error);
    else if (!root_intel(&j->root))
        code = refuse(error, RATLS_E_SYSTEM, 0, "item: out of memory");
    if (code == RATLS_OK)
        code = intel_collateral_read(data, (uint8_t *)(j + 1), 2 * data.n, &j->in, error);
    if (code == RATLS_OK)
        code = find_kind(&j->in, &facts->item.kind, error);
    if (code == RATLS_OK)
        code = check_kind(j, facts, error);
    crypto_key_free(j->issuer_key);
    root_free(&j->root);
    free(j);
    return code;
}

ratls_code ratls_quote_platform(ratls_bytes quote, ratls_platform *platform, ratls_error *error)
{
    enum { CERT_TYPE_PCK_CHAIN = 5 };
    intel_quote q;
    intel_chain chain;
    ratls_pck_facts pck;
    ratls_code code = intel_quote_parse(quote, &q, error);
    if (code != RATLS_OK)
        return code;
    if (q.cert_type != CERT_TYPE_PCK_CHAIN)
        return refuse(error, RATLS_E_UNSUPPORTED, 0,
                      "quote: certification data type %u holds no PCK chain, expected type 5",
                      q.cert_type);
    code = intel_chain_read_pck(&chain, q.cert_data, "PCK chain of the quote", error);
    if (code == RATLS_OK)
        code = intel_pck_read(chain.leaf, &pck, error);
    if (code != RATLS_OK)
        return code;
    *platform = (ratls_platform){
        .tee = q.tee_type == TEE_TYPE_TDX ? RATLS_TEE_TDX : RATLS_TEE_SGX,
        .processor_ca = intel_is_processor_ca(chain.issuer->subject),
    };
    memcpy(platform->fmspc, pck.fmspc, sizeof platform->fmspc);
    return RATLS_OK;
}
