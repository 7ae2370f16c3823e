#include "sim/collateral.h"

#include "base/time.h"
#include "sim/ladder.h"
#include "sim/text.h"

#define EVALUATION_NUMBER 1

static void put_hex(writer *w, const char *name, bytes b)
{
    text_format(w, ",\"%s\":\"", name);
    text_hex(w, b, TEXT_UPPER);
    text_put(w, "\"");
}

static void put_dates(writer *w, int64_t issue_date, int64_t next_update)
{
    text_format(w, ",\"issueDate\":\"%s\"", ISO(issue_date));
    text_format(w, ",\"nextUpdate\":\"%s\"", ISO(next_update));
}

/* ,"tcbDate":…,"tcbStatus":…[,"advisoryIDs":[…]]} */
static void put_level_end(writer *w, const char *date, const char *status, const char *advisory)
{
    text_format(w, ",\"tcbDate\":\"%s\",\"tcbStatus\":\"%s\"", date, status);
    if (advisory != NULL)
        text_format(w, ",\"advisoryIDs\":[\"%s\"]", advisory);
    text_put(w, "}");
}

/* Two levels of one SVN: up to date, and out of date below. */
static void put_svn_levels(writer *w, unsigned good, unsigned old, const char *advisory)
{
    text_format(w, ",\"tcbLevels\":[{\"tcb\":{\"isvsvn\":%u}", good);
    put_level_end(w, "2025-08-13T00:00:00Z", "UpToDate", NULL);
    text_format(w, ",{\"tcb\":{\"isvsvn\":%u}", old);
    put_level_end(w, "2024-03-13T00:00:00Z", "OutOfDate", advisory);
    text_put(w, "]");
}

/* What Intel's components are called; a verifier passes over it. */
static void put_components(writer *w, const char *name, const uint8_t svn[16],
                           const char *const names[4])
{
    text_format(w, "\"%s\":[", name);
    for (unsigned i = 0; i < 16; i++)
        text_format(w, "%s{\"svn\":%u%s}", i > 0 ? "," : "", svn[i], i < 4 ? names[i] : "");
    text_put(w, "]");
}

static void put_level(writer *w, ratls_tee tee, size_t i)
{
    static const char *const sgx_names[4] = {
        ",\"category\":\"BIOS\",\"type\":\"Early Microcode Update\"",
        ",\"category\":\"OS/VMM\",\"type\":\"SGX Late Microcode Update\"",
        ",\"category\":\"OS/VMM\",\"type\":\"TXT SINIT\"", ",\"category\":\"BIOS\""};
    static const char *const tdx_names[4] = {
        ",\"category\":\"OS/VMM\",\"type\":\"TDX Module\"",
        ",\"category\":\"OS/VMM\",\"type\":\"TDX Module\"",
        ",\"category\":\"OS/VMM\",\"type\":\"TDX Late Microcode Update\"", ""};
    const ladder_level *level = ladder_at(i);
    uint8_t svn[16];
    ladder_components(i, svn);
    text_put(w, i > 0 ? ",{\"tcb\":{" : "{\"tcb\":{");
    put_components(w, "sgxtcbcomponents", svn, sgx_names);
    text_format(w, ",\"pcesvn\":%d", LADDER_PCE_SVN);
    if (tee == RATLS_TEE_TDX) {
        ladder_tdx_components(svn);
        text_put(w, ",");
        put_components(w, "tdxtcbcomponents", svn, tdx_names);
    }
    text_put(w, "}");
    put_level_end(w, level->date, ratls_tcb_status_name(level->status), level->advisory);
}

/* MRSIGNER and attributes of TDX modules are zero, as Intel's. */
static void put_modules(writer *w)
{
    static const char fields[] =
        "\"mrsigner\":\"000000000000000000000000000000000000000000000000000000000000000000000000"
        "000000000000000000000000\",\"attributes\":\"0000000000000000\","
        "\"attributesMask\":\"FFFFFFFFFFFFFFFF\"";
    text_put(w, ",\"tdxModule\":{");
    text_put(w, fields);
    text_format(w, "},\"tdxModuleIdentities\":[{\"id\":\"TDX_%02X\",", LADDER_MODULE);
    text_put(w, fields);
    put_svn_levels(w, LADDER_MODULE_NEW, LADDER_MODULE_OLD, "SIMULATED-SA-00007");
    text_put(w, "}]");
}

static void put_family(writer *w, const sim_platform *p)
{
    put_hex(w, "fmspc", bytes_of(p->pck.fmspc, sizeof p->pck.fmspc));
    put_hex(w, "pceId", bytes_of(p->pck.pce_id, sizeof p->pck.pce_id));
    text_format(w, ",\"tcbType\":0,\"tcbEvaluationDataNumber\":%d", EVALUATION_NUMBER);
}

void collateral_tcb_info(const sim_platform *p, int64_t issue_date, int64_t next_update, writer *w)
{
    bool tdx = p->tee == RATLS_TEE_TDX;
    text_format(w, "{\"id\":\"%s\",\"version\":3", tdx ? "TDX" : "SGX");
    put_dates(w, issue_date, next_update);
    put_family(w, p);
    if (tdx)
        put_modules(w);
    text_put(w, ",\"tcbLevels\":[");
    for (size_t i = 0; i < LADDER_LEVELS; i++)
        put_level(w, p->tee, i);
    text_put(w, "]}");
}

void collateral_qe_signer(ratls_tee tee, uint8_t mrsigner[32], uint16_t *isv_prod_id)
{
    const char *name = tee == RATLS_TEE_TDX ? "SIMULATED TD_QE MRSIGNER" : "SIMULATED QE MRSIGNER";
    memset(mrsigner, '.', 32);
    memcpy(mrsigner, name, strlen(name));
    *isv_prod_id = tee == RATLS_TEE_TDX ? 2 : 1;
}

/* Up to MRSIGNER and ISVPRODID. All of MISCSELECT and the flags count but MODE64, XFRM does not:
 * Intel's masks. */
static void put_identity(writer *w, const char *id, unsigned flags, const uint8_t mrsigner[32],
                         unsigned isv_prod_id, const int64_t dates[2])
{
    text_format(w, "{\"id\":\"%s\",\"version\":2", id);
    put_dates(w, dates[0], dates[1]);
    text_format(w, ",\"tcbEvaluationDataNumber\":%d", EVALUATION_NUMBER);
    text_put(w, ",\"miscselect\":\"00000000\",\"miscselectMask\":\"FFFFFFFF\",");
    text_format(w, "\"attributes\":\"%02X000000000000000000000000000000\",", flags);
    text_put(w, "\"attributesMask\":\"FBFFFFFFFFFFFFFF0000000000000000\"");
    put_hex(w, "mrsigner", bytes_of(mrsigner, 32));
    text_format(w, ",\"isvprodid\":%u", isv_prod_id);
}

void collateral_qe_identity(ratls_tee tee, int64_t issue_date, int64_t next_update, writer *w)
{
    const int64_t dates[2] = {issue_date, next_update};
    uint8_t mrsigner[32];
    uint16_t isv_prod_id;
    collateral_qe_signer(tee, mrsigner, &isv_prod_id);
    put_identity(w, tee == RATLS_TEE_TDX ? "TD_QE" : "QE", 0x11, mrsigner, isv_prod_id, dates);
    put_svn_levels(w, LADDER_QE_NEW, LADDER_QE_OLD, "SIMULATED-SA-00008");
    text_put(w, "}");
}

void collateral_verifier_identity(bool appraises, int64_t issue_date, int64_t next_update,
                                  writer *w)
{
    const int64_t dates[2] = {issue_date, next_update};
    uint8_t mrsigner[32];
    uint16_t isv_prod_id;
    collateral_qe_signer(RATLS_TEE_SGX, mrsigner, &isv_prod_id);
    put_identity(w, appraises ? "QAE" : "QVE", 0x01, mrsigner, appraises ? 3 : 2, dates);
    put_svn_levels(w, LADDER_QE_NEW, LADDER_QE_OLD, "SIMULATED-SA-00008");
    text_put(w, "}");
}

void collateral_tcb_info_2(const sim_platform *p, int64_t issue_date, int64_t next_update,
                           writer *w)
{
    text_put(w, "{\"version\":2");
    put_dates(w, issue_date, next_update);
    put_family(w, p);
    text_put(w, ",\"tcbLevels\":[");
    for (size_t i = 0; i < LADDER_LEVELS; i++) {
        const ladder_level *level = ladder_at(i);
        uint8_t svn[16];
        ladder_components(i, svn);
        text_put(w, i > 0 ? ",{\"tcb\":{" : "{\"tcb\":{");
        for (unsigned k = 0; k < 16; k++)
            text_format(w, "\"sgxtcbcomp%02usvn\":%u,", k + 1, svn[k]);
        text_format(w, "\"pcesvn\":%d}", LADDER_PCE_SVN);
        put_level_end(w, level->date, ratls_tcb_status_name(level->status), NULL);
    }
    text_put(w, "]}");
}

void collateral_numbers(ratls_tee tee, int64_t issue_date, int64_t next_update, writer *w)
{
    text_format(w, "{\"id\":\"%s\",\"version\":1", tee == RATLS_TEE_TDX ? "TDX" : "SGX");
    put_dates(w, issue_date, next_update);
    text_format(w, ",\"tcbEvalNumbers\":[{\"tcbEvaluationDataNumber\":%d", EVALUATION_NUMBER);
    text_format(w, ",\"tcbRecoveryEventDate\":\"2025-08-12T00:00:00Z\",\"tcbDate\":\"%s\"}]}",
                ladder_at(0)->date);
}

static void put_item(writer *w, const char *name, bytes text, bool is_hex)
{
    text_format(w, "%s\"%s\": ", w->n > 2 ? ",\n  " : "  ", name);
    if (is_hex) {
        text_put(w, "\"");
        text_hex(w, text, TEXT_LOWER);
        text_put(w, "\"");
    } else {
        text_json(w, text);
    }
}

void collateral_write(const collateral_items *c, writer *w)
{
    text_put(w, "{\n");
    put_item(w, "pck_crl_issuer_chain", c->pck_crl_chain, false);
    put_item(w, "root_ca_crl", c->root_ca_crl, true);
    put_item(w, "pck_crl", c->pck_crl, true);
    put_item(w, "tcb_info_issuer_chain", c->signer_chain, false);
    put_item(w, "tcb_info", c->tcb_info, false);
    put_item(w, "tcb_info_signature", c->tcb_info_signature, true);
    put_item(w, "qe_identity_issuer_chain", c->signer_chain, false);
    put_item(w, "qe_identity", c->qe_identity, false);
    put_item(w, "qe_identity_signature", c->qe_identity_signature, true);
    text_put(w, "\n}\n");
}
