/* A simulated platform and its vendor: made, opened, and asked for quotes and collateral. */
#include "sim/sim.h"

#include <stdio.h>
#include <stdlib.h>

#include "issue/crl.h"
#include "sim/collateral.h"
#include "sim/files.h"
#include "sim/text.h"
#include "tee/intel_pck.h"
#include "tee/intel_verify.h"

#define PLATFORM_FILE   "platform.json"
#define ATTESTATION_KEY "attestation"

#define HOUR ((int64_t)3600)
#define DAY  ((int64_t)86400)

/* From 1971 to 2400: what is added to a time stays one that certificates can state. */
#define TIME_MIN ((int64_t)31536000)
#define TIME_MAX ((int64_t)13569465600)

enum { PLATFORM_MAX = 16384 };

static ratls_code no_memory(ratls_error *e)
{
    return refuse(e, RATLS_E_SYSTEM, 0, "simulated platform: out of memory");
}

static ratls_code check_time(int64_t now, ratls_error *e)
{
    if (now >= TIME_MIN && now < TIME_MAX)
        return RATLS_OK;
    return refuse(e, RATLS_E_UNSUPPORTED, 0,
                  "simulated platform: made at Unix time %lld, expected a time from 1971 to 2400",
                  (long long)now);
}

static bytes party_der(const ratls_sim *sim, party_role role)
{
    return bytes_of(sim->parties[role].der, sim->parties[role].der_n);
}

static void put_pem(writer *w, const ratls_sim *sim, party_role role)
{
    text_pem(w, "CERTIFICATE", party_der(sim, role));
}

static ratls_sim *sim_alloc(const char *dir, ratls_error *e)
{
    if (strlen(dir) + 64 > SIM_PATH_MAX) {
        (void)refuse(e, RATLS_E_LIMIT, 0, "simulated platform: the directory's path is too long");
        return NULL;
    }
    ratls_sim *sim = calloc(1, sizeof *sim);
    if (sim == NULL)
        (void)no_memory(e);
    else
        memcpy(sim->dir, dir, strlen(dir) + 1);
    return sim;
}

void ratls_sim_free(ratls_sim **sim)
{
    if (sim == NULL || *sim == NULL)
        return;
    for (size_t i = 0; i < PARTIES; i++)
        party_clear(&(*sim)->parties[i]);
    crypto_private_free((*sim)->attestation);
    free(*sim);
    *sim = NULL;
}

/* Everything that collateral is put together from. */
typedef struct draft {
    uint8_t tcb_info[16384], qe_identity[4096];
    uint8_t tcb_info_signature[64], qe_identity_signature[64];
    uint8_t signer_chain[SIM_CHAIN_MAX], pck_crl_chain[SIM_CHAIN_MAX];
    uint8_t root_crl[1024], pck_crl[1024];
    uint8_t all[65536];
} draft;

static ratls_code write_crl(const party *issuer, int64_t since, int64_t until, writer *w,
                            ratls_error *e)
{
    issue_crl_spec spec = {
        .issuer = issuer->cert.subject,
        .this_update = since,
        .next_update = until,
        .number = (uint64_t)since, /* grows with each renewal */
        .authority_key_id = issuer->cert.subject_key_id,
    };
    return issue_crl(&spec, issuer->key, w, e);
}

static ratls_code fill_draft(const ratls_sim *sim, int64_t since, int64_t until, draft *d,
                             bytes *all, ratls_error *e)
{
    const crypto_private *signer = sim->parties[PARTY_TCB_SIGNER].key;
    writer tcb = wr_of(d->tcb_info, sizeof d->tcb_info);
    writer qe = wr_of(d->qe_identity, sizeof d->qe_identity);
    writer signer_chain = wr_of(d->signer_chain, sizeof d->signer_chain);
    writer pck_crl_chain = wr_of(d->pck_crl_chain, sizeof d->pck_crl_chain);
    writer root_crl = wr_of(d->root_crl, sizeof d->root_crl);
    writer pck_crl = wr_of(d->pck_crl, sizeof d->pck_crl);
    writer out = wr_of(d->all, sizeof d->all);

    collateral_tcb_info(&sim->platform, since, until, &tcb);
    collateral_qe_identity(sim->platform.tee, since, until, &qe);
    put_pem(&signer_chain, sim, PARTY_TCB_SIGNER);
    put_pem(&signer_chain, sim, PARTY_ROOT);
    put_pem(&pck_crl_chain, sim, PARTY_CA);
    put_pem(&pck_crl_chain, sim, PARTY_ROOT);
    ratls_code code = write_crl(&sim->parties[PARTY_ROOT], since, until, &root_crl, e);
    if (code == RATLS_OK)
        code = write_crl(&sim->parties[PARTY_CA], since, until, &pck_crl, e);
    if (code != RATLS_OK)
        return code;
    if (!crypto_sign_p256(signer, wr_bytes(&tcb), d->tcb_info_signature) ||
        !crypto_sign_p256(signer, wr_bytes(&qe), d->qe_identity_signature))
        return refuse(e, RATLS_E_SYSTEM, 0, "collateral: the crypto library failed");
    collateral_items items = {
        .tcb_info = wr_bytes(&tcb),
        .qe_identity = wr_bytes(&qe),
        .tcb_info_signature = bytes_of(d->tcb_info_signature, sizeof d->tcb_info_signature),
        .qe_identity_signature =
            bytes_of(d->qe_identity_signature, sizeof d->qe_identity_signature),
        .signer_chain = wr_bytes(&signer_chain),
        .pck_crl_chain = wr_bytes(&pck_crl_chain),
        .pck_crl = wr_bytes(&pck_crl),
        .root_ca_crl = wr_bytes(&root_crl),
    };
    collateral_write(&items, &out);
    *all = wr_bytes(&out);
    return RATLS_OK;
}

ratls_code ratls_sim_renew(const ratls_sim *sim, int64_t now, uint32_t valid_days,
                           ratls_error *error)
{
    bytes all;
    draft *d = malloc(sizeof *d);
    if (d == NULL)
        return no_memory(error);
    sim_platform checked = sim->platform;
    if (valid_days > 0)
        checked.valid_days = valid_days;
    ratls_code code = check_time(now, error);
    if (code == RATLS_OK)
        code = platform_check_flavour(&checked, error);
    if (code == RATLS_OK)
        code = fill_draft(sim, now - HOUR, now + checked.valid_days * DAY, d, &all, error);
    if (code == RATLS_OK)
        code = files_write(sim->dir, SIM_COLLATERAL_FILE, all, SIM_PUBLIC, error);
    free(d);
    return code;
}

/* What no two platforms have in common. */
static bool draw_platform(const party_secret *s, sim_platform *p)
{
    return party_derive(s, "PPID", p->pck.ppid, sizeof p->pck.ppid) &&
           party_derive(s, "platform instance id", p->pck.platform_instance_id,
                        sizeof p->pck.platform_instance_id) &&
           party_derive(s, "QE id", p->qe_id, sizeof p->qe_id);
}

/* Begins with SIM, so that no collateral of a real platform is ever taken for it. */
static bool draw_fmspc(const party_secret *s, uint8_t fmspc[6])
{
    memcpy(fmspc, "SIM", 3);
    return party_derive(s, "FMSPC", fmspc + 3, 3);
}

static ratls_code make_vendor(ratls_sim *sim, const party_secret *s, int64_t since, ratls_error *e)
{
    party *parties = sim->parties, *root = &parties[PARTY_ROOT];
    ratls_code code = party_make(root, PARTY_ROOT, s, NULL, NULL, since, e);
    if (code == RATLS_OK)
        code = party_make(&parties[PARTY_CA], PARTY_CA, s, root, NULL, since, e);
    if (code == RATLS_OK)
        code = party_make(&parties[PARTY_TCB_SIGNER], PARTY_TCB_SIGNER, s, root, NULL, since, e);
    if (code == RATLS_OK && !draw_fmspc(s, sim->platform.pck.fmspc))
        code = refuse(e, RATLS_E_SYSTEM, 0, "simulated platform: the crypto library failed");
    return code;
}

static ratls_code read_platform(const char *dir, sim_platform *out, ratls_error *e)
{
    uint8_t json[PLATFORM_MAX];
    size_t n;
    ratls_code code = files_read(dir, PLATFORM_FILE, json, sizeof json, &n, e);
    if (code != RATLS_OK)
        return code;
    code = platform_read(bytes_of(json, n), out, e);
    if (code != RATLS_OK)
        error_prefix(e, "%s", dir);
    return code;
}

/* Root, CA and signer of another one, and the family that its platforms belong to. */
static ratls_code take_vendor(ratls_sim *sim, const char *dir, ratls_error *e)
{
    sim_platform other;
    ratls_code code = read_platform(dir, &other, e);
    for (party_role role = PARTY_ROOT; role < PARTY_PCK && code == RATLS_OK; role++)
        code = party_read(&sim->parties[role], role, dir, e);
    if (code == RATLS_OK)
        memcpy(sim->platform.pck.fmspc, other.pck.fmspc, sizeof other.pck.fmspc);
    return code;
}

static ratls_code make_parts(ratls_sim *sim, const ratls_sim_options *options, int64_t since,
                             ratls_error *e)
{
    party_secret s;
    ratls_code code = party_secret_of(options->insecure_seed, &s, e);
    if (code == RATLS_OK)
        code = options->vendor != NULL ? take_vendor(sim, options->vendor, e)
                                       : make_vendor(sim, &s, since, e);
    bool drawn = code == RATLS_OK && draw_platform(&s, &sim->platform);
    if (drawn) {
        code = party_make(&sim->parties[PARTY_PCK], PARTY_PCK, &s, &sim->parties[PARTY_CA],
                          &sim->platform.pck, since, e);
        sim->attestation = party_derive_key(&s, ATTESTATION_KEY);
        drawn = sim->attestation != NULL &&
                crypto_private_point(sim->attestation, sim->platform.attestation_key);
    }
    crypto_wipe(&s, sizeof s);
    if (code == RATLS_OK && !drawn)
        code = refuse(e, RATLS_E_SYSTEM, 0, "simulated platform: the crypto library failed");
    return code;
}

/* The platform's description last: without it there is no simulated platform here. */
static ratls_code write_parts(const ratls_sim *sim, int64_t now, ratls_error *e)
{
    uint8_t json[PLATFORM_MAX];
    writer w = wr_of(json, sizeof json);
    ratls_code code = files_make_dir(sim->dir, e);
    for (party_role role = PARTY_ROOT; role < PARTIES && code == RATLS_OK; role++)
        code = party_write(&sim->parties[role], role, sim->dir, e);
    if (code == RATLS_OK)
        code = party_write_key(sim->attestation, ATTESTATION_KEY, sim->dir, e);
    if (code == RATLS_OK)
        code = ratls_sim_renew(sim, now, 0, e);
    platform_write(&sim->platform, &w);
    if (code == RATLS_OK)
        code = files_write(sim->dir, PLATFORM_FILE, wr_bytes(&w), SIM_PUBLIC, e);
    return code;
}

ratls_code ratls_sim_new(const char *dir, const ratls_sim_options *options, int64_t now,
                         ratls_error *error)
{
    ratls_error e = {.code = RATLS_E_SYSTEM};
    ratls_sim *sim = sim_alloc(dir, &e);
    if (sim == NULL)
        return refuse(error, e.code, e.offset, "%s", e.text);
    ratls_code code = check_time(now, error);
    if (code == RATLS_OK)
        code = platform_of(options, &sim->platform, error);
    if (code == RATLS_OK)
        code = make_parts(sim, options, now - HOUR, error);
    if (code == RATLS_OK)
        code = write_parts(sim, now, error);
    ratls_sim_free(&sim);
    return code;
}

static ratls_code read_parts(ratls_sim *sim, ratls_error *e)
{
    ratls_pck_facts pck;
    uint8_t point[64];
    ratls_code code = read_platform(sim->dir, &sim->platform, e);
    for (party_role role = PARTY_ROOT; role < PARTIES && code == RATLS_OK; role++)
        code = party_read(&sim->parties[role], role, sim->dir, e);
    if (code == RATLS_OK)
        code = party_read_key(&sim->attestation, ATTESTATION_KEY, sim->dir, e);
    if (code != RATLS_OK)
        return code;
    if (!crypto_private_point(sim->attestation, point) ||
        !bytes_equal(bytes_of(point, 64), bytes_of(sim->platform.attestation_key, 64)))
        return refuse(e, RATLS_E_UNTRUSTED, 0,
                      "%s/" PLATFORM_FILE ": it names another key than " ATTESTATION_KEY "-key.pem",
                      sim->dir);
    code = intel_pck_read(&sim->parties[PARTY_PCK].cert, &pck, e);
    if (code == RATLS_OK)
        code = platform_check(&sim->platform, &pck, e);
    if (code != RATLS_OK)
        error_prefix(e, "%s", sim->dir);
    writer chain = wr_of(sim->chain, sizeof sim->chain);
    put_pem(&chain, sim, PARTY_PCK);
    put_pem(&chain, sim, PARTY_CA);
    put_pem(&chain, sim, PARTY_ROOT);
    wr_u8(&chain, 0); /* as Intel's text ends */
    sim->chain_n = chain.n;
    return code;
}

/* When the youngest of certificates and collateral was issued: none is ahead of its time then. */
static int64_t time_of_issue(const ratls_sim *sim, const intel_collateral *c)
{
    int64_t t = c->glance[ITEM_TCB_INFO].readable ? c->glance[ITEM_TCB_INFO].date : 0;
    for (size_t i = 0; i < PARTIES; i++)
        if (sim->parties[i].cert.not_before > t)
            t = sim->parties[i].cert.not_before;
    return t;
}

static ratls_code judge(ratls_sim *sim, bytes quote, const intel_collateral *c, ratls_error *e)
{
    intel_quote q;
    check_list checks;
    const certificate *root = &sim->parties[PARTY_ROOT].cert;
    ratls_code code = intel_quote_parse(quote, &q, e);
    if (code != RATLS_OK)
        return code;
    crypto_key *key = crypto_key_from_p256(root->point);
    if (key == NULL)
        return refuse(e, RATLS_E_UNTRUSTED, 0, "root.pem: its key is no point of P-256");
    anchor a = {.name = root->subject, .point = root->point, .key = key};
    intel_input in = {.quote = &q,
                      .collateral = &c,
                      .collateral_n = 1,
                      .root = &a,
                      .time = time_of_issue(sim, c)};
    checks_init(&checks);
    code = intel_verify(&in, &checks, &sim->facts, NULL);
    crypto_key_free(key);
    sim->facts.other_root = true;
    ratls_tcb_status found = sim->facts.tcb_status, expected = sim->platform.tcb_status;
    bool revoked = code == RATLS_E_REVOKED && found == RATLS_TCB_REVOKED;
    if (code != RATLS_OK && !revoked)
        return refuse(e, code, 0, "it does not verify: %s", checks_failure(&checks)->text);
    if (found != expected)
        return refuse(e, RATLS_E_UNTRUSTED, 0, "platform.json: TCB status %s, it verifies as %s",
                      ratls_tcb_status_name(expected), ratls_tcb_status_name(found));
    return RATLS_OK;
}

/* Verifies a quote over zeros with the collateral that lies there. */
static ratls_code self_check(ratls_sim *sim, ratls_error *e)
{
    static const uint8_t zeros[64];
    size_t quote_n, collateral_n = 0;
    intel_collateral c;
    uint8_t *quote = malloc(INTEL_QUOTE_MAX), *space = malloc((size_t)3 * SIM_FILE_MAX);
    ratls_code code = RATLS_OK;
    if (quote == NULL || space == NULL)
        code = no_memory(e);
    if (code == RATLS_OK)
        code = ratls_sim_quote(sim, zeros, quote, INTEL_QUOTE_MAX, &quote_n, e);
    if (code == RATLS_OK)
        code = ratls_sim_collateral(sim, space, SIM_FILE_MAX, &collateral_n, e);
    if (code == RATLS_OK) {
        code = intel_collateral_read(bytes_of(space, collateral_n), space + SIM_FILE_MAX,
                                     (size_t)2 * SIM_FILE_MAX, &c, e);
        if (code != RATLS_OK)
            error_prefix(e, "%s/%s", sim->dir, SIM_COLLATERAL_FILE);
    }
    if (code == RATLS_OK) {
        code = judge(sim, bytes_of(quote, quote_n), &c, e);
        if (code != RATLS_OK)
            error_prefix(e, "%s", sim->dir);
    }
    free(quote);
    free(space);
    return code;
}

static ratls_code make_signer(ratls_sim *sim, ratls_error *e)
{
    sim->signer = (quote_signer){.attestation = sim->attestation,
                                 .pck = sim->parties[PARTY_PCK].key,
                                 .chain = bytes_of(sim->chain, sim->chain_n)};
    return quote_sign_qe(&sim->platform, &sim->signer, e);
}

ratls_sim *ratls_sim_open(const char *dir, ratls_error *error)
{
    ratls_sim *sim = sim_alloc(dir, error);
    if (sim != NULL && (read_parts(sim, error) != RATLS_OK || make_signer(sim, error) != RATLS_OK ||
                        self_check(sim, error) != RATLS_OK))
        ratls_sim_free(&sim);
    return sim;
}

ratls_code ratls_sim_quote(const ratls_sim *sim, const uint8_t report_data[64], uint8_t *out,
                           size_t cap, size_t *n, ratls_error *error)
{
    return quote_write(&sim->platform, &sim->signer, report_data, out, cap, n, error);
}

ratls_code ratls_sim_collateral(const ratls_sim *sim, uint8_t *out, size_t cap, size_t *n,
                                ratls_error *error)
{
    uint8_t *file = malloc(SIM_FILE_MAX);
    if (file == NULL)
        return no_memory(error);
    ratls_code code = files_read(sim->dir, SIM_COLLATERAL_FILE, file, SIM_FILE_MAX, n, error);
    if (code == RATLS_OK && out != NULL && *n > cap)
        code = refuse(error, RATLS_E_LIMIT, 0, "collateral: needs %zu bytes, found room for %zu",
                      *n, cap);
    else if (code == RATLS_OK && out != NULL)
        memcpy(out, file, *n);
    free(file);
    return code;
}

ratls_bytes ratls_sim_root(const ratls_sim *sim)
{
    return party_der(sim, PARTY_ROOT);
}

const ratls_facts *ratls_sim_facts(const ratls_sim *sim)
{
    return &sim->facts;
}
