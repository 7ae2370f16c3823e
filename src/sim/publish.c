/* All that a simulated vendor signs, as documents of a store, each a JSON object of strings. */
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "sim/collateral.h"
#include "sim/sim.h"
#include "sim/text.h"
#include "tee/intel_collateral.h"

enum { BODY_MAX = 16384, NAME_MAX_LENGTH = 64, MEMBERS = 3 };

typedef ratls_code put_document(void *context, const char *name, ratls_bytes content,
                                ratls_error *error);

typedef struct publisher {
    const ratls_sim *sim;
    put_document *put;
    void *context;
    ratls_error *error;
    intel_collateral held;
    tcb_info dates; /* what the TCB info that is held says */
    uint8_t file[SIM_FILE_MAX], space[2 * SIM_FILE_MAX], document[SIM_FILE_MAX];
    uint8_t body[BODY_MAX];
} publisher;

typedef struct member {
    const char *key; /* NULL: no more */
    bytes text;
} member;

static ratls_code put_members(publisher *p, const char *name, const member all[MEMBERS])
{
    writer w = wr_of(p->document, sizeof p->document);
    for (size_t i = 0; i < MEMBERS && all[i].key != NULL; i++) {
        text_format(&w, "%s\"%s\": ", i == 0 ? "{\n  " : ",\n  ", all[i].key);
        text_json(&w, all[i].text);
    }
    text_put(&w, "\n}\n");
    if (!wr_ok(&w))
        return refuse(p->error, RATLS_E_LIMIT, 0, "%s: more than %d bytes", name, SIM_FILE_MAX);
    return p->put(p->context, name, wr_bytes(&w), p->error);
}

/* A body under its key, with "…_signature" and "…_issuer_chain". */
static ratls_code put_signed(publisher *p, const char *name, const char *key, bytes body,
                             bytes signature, bytes chain)
{
    char signature_key[64], chain_key[64];
    (void)snprintf(signature_key, sizeof signature_key, "%s_signature", key);
    (void)snprintf(chain_key, sizeof chain_key, "%s_issuer_chain", key);
    const member all[MEMBERS] = {{key, body}, {signature_key, signature}, {chain_key, chain}};
    return put_members(p, name, all);
}

/* The same, signed now. */
static ratls_code sign_and_put(publisher *p, const char *name, const char *key, const writer *body)
{
    uint8_t signature[64];
    char digits[2 * sizeof signature + 1];
    if (!crypto_sign_p256(p->sim->parties[PARTY_TCB_SIGNER].key, wr_bytes(body), signature))
        return refuse(p->error, RATLS_E_SYSTEM, 0, "%s: the crypto library failed", name);
    hex_encode(bytes_of(signature, sizeof signature), digits);
    return put_signed(p, name, key, wr_bytes(body), bytes_text(digits),
                      p->held.tcb_info_issuer_chain);
}

static ratls_code put_crl(publisher *p, const char *name, const char *key, bytes der, bytes chain)
{
    writer hex = wr_of(p->body, sizeof p->body);
    text_hex(&hex, der, TEXT_LOWER);
    const member all[MEMBERS] = {{key, wr_bytes(&hex)},
                                 {chain.n > 0 ? "pck_crl_issuer_chain" : NULL, chain}};
    if (!wr_ok(&hex))
        return refuse(p->error, RATLS_E_LIMIT, 0, "%s: more than %d bytes", name, BODY_MAX / 2);
    return put_members(p, name, all);
}

static ratls_code put_collateral(publisher *p, bool tdx)
{
    const intel_collateral *c = &p->held;
    char name[NAME_MAX_LENGTH], fmspc[13];
    hex_encode(bytes_of(p->dates.fmspc, sizeof p->dates.fmspc), fmspc);
    (void)snprintf(name, sizeof name, "%s-tcb-%s", tdx ? "tdx" : "sgx", fmspc);
    ratls_code code = put_signed(p, name, "tcb_info", c->tcb_info, c->tcb_info_signature,
                                 c->tcb_info_issuer_chain);
    if (code == RATLS_OK)
        code = put_signed(p, tdx ? "tdx-qe" : "sgx-qe", "qe_identity", c->qe_identity,
                          c->qe_identity_signature, c->qe_identity_issuer_chain);
    if (code == RATLS_OK)
        code = put_crl(p, "pck-crl-platform", "pck_crl", c->pck_crl, c->pck_crl_issuer_chain);
    if (code == RATLS_OK)
        code = put_crl(p, "root-ca-crl", "root_ca_crl", c->root_ca_crl, BYTES_NONE);
    return code;
}

static ratls_code put_pck(publisher *p)
{
    const sim_platform *s = &p->sim->platform;
    char name[NAME_MAX_LENGTH], qe_id[33], pce_id[5], tcbm[37];
    uint8_t tcb[18];
    writer leaf = wr_of(p->body, sizeof p->body);
    hex_encode(bytes_of(s->qe_id, sizeof s->qe_id), qe_id);
    hex_encode(bytes_of(s->pck.pce_id, sizeof s->pck.pce_id), pce_id);
    (void)snprintf(name, sizeof name, "pck-%s-%s", qe_id, pce_id);
    memcpy(tcb, s->pck.cpu_svn, 16);
    tcb[16] = (uint8_t)s->pck.pce_svn;
    tcb[17] = (uint8_t)(s->pck.pce_svn >> 8);
    hex_encode(bytes_of(tcb, sizeof tcb), tcbm);
    text_pem(&leaf, "CERTIFICATE",
             bytes_of(p->sim->parties[PARTY_PCK].der, p->sim->parties[PARTY_PCK].der_n));
    const member all[MEMBERS] = {{"pck_certificate", wr_bytes(&leaf)},
                                 {"pck_certificate_issuer_chain", p->held.pck_crl_issuer_chain},
                                 {"tcbm", bytes_text(tcbm)}};
    return put_members(p, name, all);
}

static ratls_code put_numbers(publisher *p, bool tdx)
{
    writer body = wr_of(p->body, sizeof p->body);
    collateral_numbers(p->dates.tee, p->dates.issue_date, p->dates.next_update, &body);
    return sign_and_put(p, tdx ? "tdx-evaluation-numbers" : "sgx-evaluation-numbers",
                        "tcb_evaluation_data_numbers", &body);
}

static ratls_code put_verifier(publisher *p, bool appraises)
{
    writer body = wr_of(p->body, sizeof p->body);
    collateral_verifier_identity(appraises, p->dates.issue_date, p->dates.next_update, &body);
    return sign_and_put(p, appraises ? "sgx-qae" : "sgx-qve", "qe_identity", &body);
}

static ratls_code put_tcb_info_2(publisher *p)
{
    char name[NAME_MAX_LENGTH], fmspc[13];
    writer body = wr_of(p->body, sizeof p->body);
    hex_encode(bytes_of(p->dates.fmspc, sizeof p->dates.fmspc), fmspc);
    (void)snprintf(name, sizeof name, "sgx-tcb-v2-%s", fmspc);
    collateral_tcb_info_2(&p->sim->platform, p->dates.issue_date, p->dates.next_update, &body);
    return sign_and_put(p, name, "tcb_info", &body);
}

static ratls_code publish(publisher *p)
{
    size_t n;
    ratls_code code =
        files_read(p->sim->dir, SIM_COLLATERAL_FILE, p->file, sizeof p->file, &n, p->error);
    if (code == RATLS_OK)
        code = intel_collateral_read(bytes_of(p->file, n), p->space, sizeof p->space, &p->held,
                                     p->error);
    if (code == RATLS_OK)
        code = tcb_info_parse(p->held.tcb_info, &p->dates, p->error);
    bool tdx = code == RATLS_OK && p->dates.tee == RATLS_TEE_TDX;
    if (code == RATLS_OK)
        code = put_collateral(p, tdx);
    if (code == RATLS_OK)
        code = put_pck(p);
    if (code == RATLS_OK)
        code = put_numbers(p, tdx);
    if (code == RATLS_OK && !tdx)
        code = put_tcb_info_2(p);
    if (code == RATLS_OK && !tdx)
        code = put_verifier(p, false);
    if (code == RATLS_OK && !tdx)
        code = put_verifier(p, true);
    return code;
}

ratls_code ratls_sim_publish(const ratls_sim *sim, put_document *put, void *context,
                             ratls_error *error)
{
    ratls_error e = {.code = RATLS_OK};
    publisher *p = malloc(sizeof *p);
    if (p == NULL)
        return refuse(error, RATLS_E_SYSTEM, 0, "simulated platform: out of memory");
    p->sim = sim;
    p->put = put;
    p->context = context;
    p->error = &e;
    ratls_code code = publish(p);
    free(p);
    return code == RATLS_OK ? code : refuse(error, code, e.offset, "%s", e.text);
}
