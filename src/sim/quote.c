#include "sim/quote.h"

#include "crypto/crypto.h"
#include "evidence/intel_quote.h"
#include "sim/collateral.h"
#include "sim/ladder.h"

enum { SGX_BODY = 384, TD10_BODY = 584, TD15_BODY = 648, AUTH = 32, SIGNATURE = 64, POINT = 64 };
enum { KEY_TYPE_ECDSA_P256 = 2, CERTIFICATION_QE_REPORT = 6, CERTIFICATION_PCK_CHAIN = 5 };

static const uint8_t intel_vendor[16] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                         0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};

static void put(writer *w, const uint8_t *p, size_t n)
{
    wr_put(w, bytes_of(p, n));
}
#define PUT(w, field) put(w, (const uint8_t *)(field), sizeof(field))

static void put_sgx_body(writer *w, const ratls_sgx_facts *f, const uint8_t report_data[64])
{
    PUT(w, f->cpu_svn);
    wr_le(w, f->misc_select, 4);
    wr_fill(w, 0, 12);
    PUT(w, f->isv_ext_prod_id);
    PUT(w, f->attributes);
    PUT(w, f->mrenclave);
    wr_fill(w, 0, 32);
    PUT(w, f->mrsigner);
    wr_fill(w, 0, 32);
    PUT(w, f->config_id);
    wr_le(w, f->isv_prod_id, 2);
    wr_le(w, f->isv_svn, 2);
    wr_le(w, f->config_svn, 2);
    wr_fill(w, 0, 42);
    PUT(w, f->isv_family_id);
    put(w, report_data, 64);
}

static void put_td_body(writer *w, const ratls_tdx_facts *f, const uint8_t report_data[64])
{
    PUT(w, f->tee_tcb_svn);
    PUT(w, f->mrseam);
    PUT(w, f->mrsignerseam);
    PUT(w, f->seam_attributes);
    PUT(w, f->td_attributes);
    PUT(w, f->xfam);
    PUT(w, f->mrtd);
    PUT(w, f->mrconfigid);
    PUT(w, f->mrowner);
    PUT(w, f->mrownerconfig);
    for (size_t i = 0; i < 4; i++)
        PUT(w, f->rtmr[i]);
    put(w, report_data, 64);
    if (f->has_td15) {
        PUT(w, f->tee_tcb_svn2);
        PUT(w, f->mrservicetd);
    }
}

static void put_header(writer *w, const sim_platform *p)
{
    bool tdx = p->tee == RATLS_TEE_TDX;
    wr_le(w, p->quote_version, 2);
    wr_le(w, KEY_TYPE_ECDSA_P256, 2);
    wr_le(w, tdx ? TEE_TYPE_TDX : TEE_TYPE_SGX, 4);
    /* SVNs of QE and PCE in version 3, reserved later. */
    wr_le(w, p->quote_version == 3 ? LADDER_QE_NEW : 0, 2);
    wr_le(w, p->quote_version == 3 ? p->pck.pce_svn : 0, 2);
    PUT(w, intel_vendor);
    PUT(w, p->qe_id);
    wr_fill(w, 0, 4);
    if (p->quote_version == 5) {
        wr_le(w, tdx ? (p->td15 ? 3 : 2) : 1, 2);
        wr_le(w, tdx ? (p->td15 ? TD15_BODY : TD10_BODY) : SGX_BODY, 4);
    }
}

/* The quoting enclave's report: it vouches for the attestation key. */
static bool put_qe_report(writer *w, const sim_platform *p, bytes point, bytes auth)
{
    ratls_sgx_facts qe = {.isv_svn = LADDER_QE_NEW};
    uint8_t report_data[64] = {0};
    static const char name[] = "SIMULATED QE MRENCLAVE";
    memset(qe.mrenclave, '.', sizeof qe.mrenclave);
    memcpy(qe.mrenclave, name, sizeof name - 1);
    memcpy(qe.cpu_svn, p->pck.cpu_svn, sizeof qe.cpu_svn);
    qe.attributes[0] = 0x15; /* INIT, MODE64, PROVISION_KEY */
    qe.attributes[8] = 0xe7;
    collateral_qe_signer(p->tee, qe.mrsigner, &qe.isv_prod_id);
    bytes bound[2] = {point, auth};
    if (!crypto_digest(CRYPTO_SHA256, bound, 2, report_data))
        return false;
    put_sgx_body(w, &qe, report_data);
    return true;
}

/* All after the QE report's head: signature, auth data, chain. */
static size_t qe_part_size(const quote_signer *signer)
{
    return SGX_BODY + SIGNATURE + 2 + AUTH + 2 + 4 + signer->chain.n;
}

/* Authentication data: any bytes; these are what Intel's quoting enclave takes. */
static void auth_data(uint8_t out[AUTH])
{
    for (size_t i = 0; i < AUTH; i++)
        out[i] = (uint8_t)i;
}

ratls_code quote_sign_qe(const sim_platform *p, quote_signer *signer, ratls_error *e)
{
    uint8_t report[SGX_BODY], auth[AUTH], point[POINT];
    writer w = wr_of(report, sizeof report);
    auth_data(auth);
    if (!crypto_private_point(signer->attestation, point) ||
        !put_qe_report(&w, p, bytes_of(point, sizeof point), bytes_of(auth, sizeof auth)) ||
        !crypto_sign_p256(signer->pck, wr_bytes(&w), signer->qe_signature))
        return refuse(e, RATLS_E_SYSTEM, 0,
                      "QE report: it can't be signed: the crypto library failed");
    return RATLS_OK;
}

static bool put_qe_part(writer *w, const sim_platform *p, const quote_signer *signer, bytes point)
{
    uint8_t auth[AUTH];
    auth_data(auth);
    if (!put_qe_report(w, p, point, bytes_of(auth, sizeof auth)))
        return false;
    PUT(w, signer->qe_signature);
    wr_le(w, AUTH, 2);
    PUT(w, auth);
    wr_le(w, CERTIFICATION_PCK_CHAIN, 2);
    wr_le(w, signer->chain.n, 4);
    wr_put(w, signer->chain);
    return true;
}

static size_t signature_data_size(const sim_platform *p, const quote_signer *signer)
{
    size_t outer = p->quote_version >= 4 ? 6 : 0;
    return SIGNATURE + POINT + outer + qe_part_size(signer);
}

static bool put_signed(writer *w, const sim_platform *p, const quote_signer *signer,
                       const uint8_t report_data[64])
{
    uint8_t point[POINT], signature[SIGNATURE];
    put_header(w, p);
    if (p->tee == RATLS_TEE_TDX)
        put_td_body(w, &p->tdx, report_data);
    else
        put_sgx_body(w, &p->sgx, report_data);
    if (!crypto_private_point(signer->attestation, point) ||
        !crypto_sign_p256(signer->attestation, wr_bytes(w), signature))
        return false;
    wr_le(w, signature_data_size(p, signer), 4);
    PUT(w, signature);
    PUT(w, point);
    if (p->quote_version >= 4) {
        wr_le(w, CERTIFICATION_QE_REPORT, 2);
        wr_le(w, qe_part_size(signer), 4);
    }
    return put_qe_part(w, p, signer, bytes_of(point, sizeof point));
}

ratls_code quote_write(const sim_platform *p, const quote_signer *signer,
                       const uint8_t report_data[64], uint8_t *out, size_t cap, size_t *n,
                       ratls_error *e)
{
    size_t body = p->tee == RATLS_TEE_SGX ? SGX_BODY : p->td15 ? TD15_BODY : TD10_BODY;
    size_t head = p->quote_version == 5 ? 54 : 48;
    *n = head + body + 4 + signature_data_size(p, signer);
    if (out == NULL)
        return RATLS_OK;
    if (cap < *n)
        return refuse(e, RATLS_E_LIMIT, 0, "quote: needs %zu bytes, found room for %zu", *n, cap);
    writer w = wr_of(out, *n);
    if (!put_signed(&w, p, signer, report_data) || !wr_ok(&w) || w.n != *n)
        return refuse(e, RATLS_E_SYSTEM, 0, "quote: it can't be signed: the crypto library failed");
    return RATLS_OK;
}
