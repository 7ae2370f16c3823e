/* Collateral in the forms in which it is kept and sent: a JSON object, and endorsements
 * [DCAP 2.1, 2.2]. */
#include "tee/intel_collateral.h"

#include "base/hex.h"
#include "codec/der.h"
#include "codec/pem.h"
#include "crypto/crypto.h"
#include "tee/intel_qe.h"
#include "x509/crl.h"

const char *intel_item_name(intel_item item)
{
    static const char *const names[INTEL_ITEMS] = {
        [ITEM_TCB_INFO] = "TCB info",
        [ITEM_QE_IDENTITY] = "QE identity",
        [ITEM_PCK_CRL] = "PCK CRL",
        [ITEM_ROOT_CRL] = "root CA CRL",
    };
    return names[item];
}

const char *intel_tee_name(ratls_tee tee)
{
    return tee == RATLS_TEE_TDX ? "TDX" : "SGX";
}

/* Room for decoded items, handed out from the front. */
typedef struct space {
    uint8_t *p;
    size_t left;
} space;

static bytes keep(space *s, size_t n)
{
    bytes out = {s->p, n};
    s->p += n;
    s->left -= n;
    return out;
}

/*
 * A CRL as DER, from DER, PEM or hex text of DER: services differ [DCAP 2.2]. What is none of these
 * stays as it is and is refused as a CRL.
 */
static bytes crl_der(bytes in, space *s)
{
    if (in.n > 0 && in.p[0] == DER_SEQUENCE) {
        reader r = rd_of(in);
        bytes whole = der_element(&r, NULL);
        return rd_ok(&r) && bytes_all_zero(rd_rest(&r)) ? whole : in;
    }
    size_t n;
    if (pem_looks_like(in)) {
        reader r = rd_of(in);
        bytes label;
        if (pem_next(&r, &label, s->p, s->left, &n) == 1 && bytes_is(label, "X509 CRL"))
            return keep(s, n);
        return in;
    }
    while (in.n > 0 && (in.p[in.n - 1] == '\0' || in.p[in.n - 1] == '\n' || in.p[in.n - 1] == '\r'))
        in.n--;
    if (in.n / 2 <= s->left && hex_decode(in, s->p, in.n / 2))
        return keep(s, in.n / 2);
    return in;
}

/* Lengths too: no byte can move from one piece to the next unnoticed. */
static bool digest_of(const bytes *pieces, size_t n, uint8_t digest[32])
{
    enum { PIECES = 3 };
    bytes all[2 * PIECES];
    uint8_t lengths[PIECES][8];
    for (size_t i = 0; i < n; i++) {
        writer w = wr_of(lengths[i], sizeof lengths[i]);
        wr_be(&w, pieces[i].n, 8);
        all[2 * i] = wr_bytes(&w);
        all[2 * i + 1] = pieces[i];
    }
    return crypto_digest(CRYPTO_SHA256, all, 2 * n, digest);
}

static void glance_at_crl(bytes der, intel_glance *g)
{
    crl l;
    ratls_error e;
    g->present = der.n > 0;
    g->readable = g->present && crl_parse(der, &l, &e) == RATLS_OK &&
                  crypto_digest(CRYPTO_SHA256, &l.issuer, 1, g->issuer);
    if (g->readable)
        g->date = l.this_update;
}

static bool glance(intel_collateral *c)
{
    intel_glance *g = c->glance;
    memset(g, 0, sizeof c->glance);
    tcb_info_glance tcb;
    qe_identity_glance qe;
    g[ITEM_TCB_INFO].present = c->tcb_info.n > 0;
    g[ITEM_TCB_INFO].readable = tcb_info_peek(c->tcb_info, &tcb);
    if (g[ITEM_TCB_INFO].readable) {
        g[ITEM_TCB_INFO].tee = tcb.tee;
        g[ITEM_TCB_INFO].date = tcb.issue_date;
        g[ITEM_TCB_INFO].number = tcb.evaluation_number;
        memcpy(g[ITEM_TCB_INFO].fmspc, tcb.fmspc, sizeof tcb.fmspc);
    }
    g[ITEM_QE_IDENTITY].present = c->qe_identity.n > 0;
    g[ITEM_QE_IDENTITY].readable = qe_identity_peek(c->qe_identity, &qe);
    if (g[ITEM_QE_IDENTITY].readable) {
        g[ITEM_QE_IDENTITY].tee = qe.tee;
        g[ITEM_QE_IDENTITY].date = qe.issue_date;
        g[ITEM_QE_IDENTITY].number = qe.evaluation_number;
    }
    glance_at_crl(c->pck_crl, &g[ITEM_PCK_CRL]);
    glance_at_crl(c->root_ca_crl, &g[ITEM_ROOT_CRL]);
    const bytes tcb_parts[] = {c->tcb_info, c->tcb_info_signature, c->tcb_info_issuer_chain};
    const bytes qe_parts[] = {c->qe_identity, c->qe_identity_signature,
                              c->qe_identity_issuer_chain};
    const bytes crl_parts[] = {c->pck_crl, c->pck_crl_issuer_chain};
    return digest_of(tcb_parts, 3, g[ITEM_TCB_INFO].digest) &&
           digest_of(qe_parts, 3, g[ITEM_QE_IDENTITY].digest) &&
           digest_of(crl_parts, 2, g[ITEM_PCK_CRL].digest) &&
           digest_of(&c->root_ca_crl, 1, g[ITEM_ROOT_CRL].digest);
}

static bytes read_string(json_reader *j, space *s)
{
    bytes raw = jr_raw_string(j);
    size_t n;
    if (raw.n == 0 || memchr(raw.p, '\\', raw.n) == NULL)
        return raw;
    if (!jr_ok(j) || !json_unescape(raw, s->p, s->left, &n)) {
        jr_fail(j, "a string has an escape that can't be resolved");
        return BYTES_NONE;
    }
    return keep(s, n);
}

static ratls_code read_json(bytes in, space *s, intel_collateral *out, ratls_error *e)
{
    const struct {
        const char *key;
        bytes *item;
    } items[] = {
        {"tcb_info", &out->tcb_info},
        {"tcb_info_signature", &out->tcb_info_signature},
        {"tcb_info_issuer_chain", &out->tcb_info_issuer_chain},
        {"qe_identity", &out->qe_identity},
        {"qe_identity_signature", &out->qe_identity_signature},
        {"qe_identity_issuer_chain", &out->qe_identity_issuer_chain},
        {"pck_crl", &out->pck_crl},
        {"root_ca_crl", &out->root_ca_crl},
        {"pck_crl_issuer_chain", &out->pck_crl_issuer_chain},
    };
    json_reader j = jr_of(in);
    json_scope scope;
    bytes key;
    jr_object(&j, &scope);
    while (jr_key(&j, &scope, &key)) {
        size_t i = 0;
        while (i < sizeof items / sizeof *items && !bytes_is(key, items[i].key))
            i++;
        if (i < sizeof items / sizeof *items)
            *items[i].item = read_string(&j, s);
        else
            jr_skip(&j); /* e.g. pck_certificate_chain, which the quote brings along */
    }
    if (!jr_done(&j))
        return jr_error(&j, "collateral", e);
    return RATLS_OK;
}

/* {"name":{…},"signature":"…"} as the services answer: the signed body and its signature. */
static ratls_code split_served(bytes in, const char *name, bytes *body, bytes *signature,
                               ratls_error *e)
{
    json_reader j = jr_of(in);
    json_scope s;
    bytes key;
    jr_object(&j, &s);
    while (jr_key(&j, &s, &key)) {
        if (bytes_is(key, name))
            *body = jr_value(&j);
        else if (bytes_is(key, "signature"))
            *signature = jr_string(&j);
        else
            jr_skip(&j);
    }
    if (!jr_done(&j)) {
        ratls_code code = jr_error(&j, name, e);
        error_prefix(e, "endorsements");
        return code;
    }
    if (body->n == 0)
        return refuse(e, RATLS_E_MALFORMED, 0,
                      "endorsements: no key \"%s\" in an object that is to hold it", name);
    return RATLS_OK;
}

static ratls_code from_endorsements(const endorsements *in, space *s, intel_collateral *out,
                                    ratls_error *e)
{
    ratls_code code =
        split_served(in->tcb_info, "tcbInfo", &out->tcb_info, &out->tcb_info_signature, e);
    if (code == RATLS_OK)
        code = split_served(in->qe_identity, "enclaveIdentity", &out->qe_identity,
                            &out->qe_identity_signature, e);
    out->tcb_info_issuer_chain = in->tcb_info_issuer_chain;
    out->qe_identity_issuer_chain = in->qe_identity_issuer_chain;
    out->pck_crl_issuer_chain = in->pck_crl_issuer_chain;
    out->pck_crl = crl_der(in->pck_crl, s);
    out->root_ca_crl = crl_der(in->root_ca_crl, s);
    return code;
}

static bytes skip_space(bytes in)
{
    while (in.n > 0 && (in.p[0] == ' ' || in.p[0] == '\t' || in.p[0] == '\n' || in.p[0] == '\r'))
        in = bytes_of(in.p + 1, in.n - 1);
    return in;
}

ratls_code intel_collateral_read(bytes in, uint8_t *room, size_t room_n, intel_collateral *out,
                                 ratls_error *e)
{
    memset(out, 0, sizeof *out);
    space s = {room, room_n};
    if (in.n > INTEL_COLLATERAL_MAX)
        return refuse(e, RATLS_E_LIMIT, 0, "collateral: %zu bytes, at most %d are read", in.n,
                      INTEL_COLLATERAL_MAX);
    ratls_code code;
    bytes text = skip_space(in);
    if (text.n > 0 && text.p[0] == '{') {
        code = read_json(in, &s, out, e);
        out->pck_crl = crl_der(out->pck_crl, &s);
        out->root_ca_crl = crl_der(out->root_ca_crl, &s);
    } else {
        endorsements blob;
        code = endorsements_parse_oe(in, &blob, e);
        if (code == RATLS_OK)
            code = from_endorsements(&blob, &s, out, e);
    }
    if (code == RATLS_OK && !glance(out))
        code = refuse(e, RATLS_E_SYSTEM, 0, "collateral: out of memory");
    return code;
}

ratls_code intel_collateral_from(const endorsements *in, uint8_t *room, size_t room_n,
                                 intel_collateral *out, ratls_error *e)
{
    memset(out, 0, sizeof *out);
    space s = {room, room_n};
    ratls_code code = from_endorsements(in, &s, out, e);
    if (code == RATLS_OK && !glance(out))
        code = refuse(e, RATLS_E_SYSTEM, 0, "collateral: out of memory");
    return code;
}
