#include "sim/platform.h"

#include <stddef.h>

#include "codec/json.h"
#include "sim/ladder.h"
#include "sim/text.h"
#include "tee/tcb_status.h"

/* A member of an object: hex of bytes, or (number) an unsigned integer of that size. */
typedef struct field {
    const char *key;
    size_t offset, size;
    bool number;
} field;

#define PCK(m) offsetof(ratls_pck_facts, m), sizeof(((ratls_pck_facts *)NULL)->m)
#define SGX(m) offsetof(ratls_sgx_facts, m), sizeof(((ratls_sgx_facts *)NULL)->m)
#define TDX(m) offsetof(ratls_tdx_facts, m), sizeof(((ratls_tdx_facts *)NULL)->m)

static const field pck_fields[] = {
    {"fmspc", PCK(fmspc), false},
    {"pce_id", PCK(pce_id), false},
    {"ppid", PCK(ppid), false},
    {"platform_instance_id", PCK(platform_instance_id), false},
    {"tcb_components", PCK(tcb_components), false},
    {"cpu_svn", PCK(cpu_svn), false},
    {"pce_svn", PCK(pce_svn), true},
};
static const field sgx_fields[] = {
    {"mrenclave", SGX(mrenclave), false},
    {"mrsigner", SGX(mrsigner), false},
    {"isv_prod_id", SGX(isv_prod_id), true},
    {"isv_svn", SGX(isv_svn), true},
    {"attributes", SGX(attributes), false},
    {"misc_select", SGX(misc_select), true},
    {"config_id", SGX(config_id), false},
    {"config_svn", SGX(config_svn), true},
    {"isv_ext_prod_id", SGX(isv_ext_prod_id), false},
    {"isv_family_id", SGX(isv_family_id), false},
};
static const field tdx_fields[] = {
    {"mrtd", TDX(mrtd), false},
    {"rtmr0", TDX(rtmr[0]), false},
    {"rtmr1", TDX(rtmr[1]), false},
    {"rtmr2", TDX(rtmr[2]), false},
    {"rtmr3", TDX(rtmr[3]), false},
    {"td_attributes", TDX(td_attributes), false},
    {"xfam", TDX(xfam), false},
    {"mrconfigid", TDX(mrconfigid), false},
    {"mrowner", TDX(mrowner), false},
    {"mrownerconfig", TDX(mrownerconfig), false},
    {"mrseam", TDX(mrseam), false},
    {"mrsignerseam", TDX(mrsignerseam), false},
    {"seam_attributes", TDX(seam_attributes), false},
    {"tee_tcb_svn", TDX(tee_tcb_svn), false},
    {"tee_tcb_svn2", TDX(tee_tcb_svn2), false},
    {"mrservicetd", TDX(mrservicetd), false},
};
#define COUNT(table) (sizeof(table) / sizeof *(table))

#define VALID_DAYS_MAX 3650

/* Says in a dump what it is. */
static void label(uint8_t *out, size_t n, const char *text)
{
    memset(out, '.', n);
    memcpy(out, text, strlen(text));
}

void ratls_sim_defaults(ratls_tee tee, ratls_sim_options *options)
{
    ratls_sgx_facts *sgx = &options->sgx;
    ratls_tdx_facts *tdx = &options->tdx;
    *options = (ratls_sim_options){.tee = tee,
                                   .quote_version = tee == RATLS_TEE_TDX ? 4 : 3,
                                   .tcb_status = RATLS_TCB_UP_TO_DATE,
                                   .valid_days = 30};
    label(sgx->mrenclave, sizeof sgx->mrenclave, "SIMULATED MRENCLAVE");
    label(sgx->mrsigner, sizeof sgx->mrsigner, "SIMULATED MRSIGNER");
    sgx->isv_prod_id = 1;
    sgx->isv_svn = 2;
    sgx->attributes[0] = 0x05; /* INIT, MODE64 */
    sgx->attributes[8] = 0xe7; /* XFRM: x87, SSE, AVX, AVX-512 */

    label(tdx->mrseam, sizeof tdx->mrseam, "SIMULATED MRSEAM");
    label(tdx->mrtd, sizeof tdx->mrtd, "SIMULATED MRTD");
    for (size_t i = 0; i < 4; i++) {
        static const char *const names[4] = {"SIMULATED RTMR0", "SIMULATED RTMR1",
                                             "SIMULATED RTMR2", "SIMULATED RTMR3"};
        label(tdx->rtmr[i], sizeof tdx->rtmr[i], names[i]);
    }
    tdx->td_attributes[3] = 0x10; /* SEPT_VE_DISABLE, bit 28 */
    tdx->xfam[0] = 0xe7;
}

ratls_code platform_check_flavour(const sim_platform *p, ratls_error *e)
{
    bool sgx = p->tee == RATLS_TEE_SGX;
    if (!sgx && p->tee != RATLS_TEE_TDX)
        return refuse(e, RATLS_E_UNSUPPORTED, 0,
                      "simulated platform: no TEE is named, expected sgx or tdx");
    if (p->quote_version < (sgx ? 3 : 4) || p->quote_version > 5)
        return refuse(e, RATLS_E_UNSUPPORTED, 0,
                      "simulated platform: %s with quotes of version %u, expected %s to 5",
                      sgx ? "SGX" : "TDX", p->quote_version, sgx ? "3" : "4");
    if (p->td15 && (sgx || p->quote_version != 5))
        return refuse(
            e, RATLS_E_UNSUPPORTED, 0,
            "simulated platform: TD report 1.5 with %s and quotes of version %u, only TDX "
            "in version 5 has it",
            sgx ? "SGX" : "TDX", p->quote_version);
    if (p->valid_days < 1 || p->valid_days > VALID_DAYS_MAX)
        return refuse(e, RATLS_E_UNSUPPORTED, 0,
                      "simulated platform: collateral good for %u days, expected 1 to %d",
                      (unsigned)p->valid_days, VALID_DAYS_MAX);
    return RATLS_OK;
}

ratls_code platform_of(const ratls_sim_options *options, sim_platform *out, ratls_error *e)
{
    *out = (sim_platform){.tee = options->tee,
                          .quote_version = options->quote_version,
                          .td15 = options->td15,
                          .tcb_status = options->tcb_status,
                          .valid_days = options->valid_days,
                          .sgx = options->sgx,
                          .tdx = options->tdx};
    ratls_code code = platform_check_flavour(out, e);
    if (code != RATLS_OK)
        return code;
    if (!ladder_place(out->tcb_status, out->tee, out->td15, &out->pck, &out->tdx)) {
        const char *name = ratls_tcb_status_name(out->tcb_status);
        return refuse(
            e, RATLS_E_UNSUPPORTED, 0,
            "simulated platform: TCB status %s can't be had here: \"relaunch advised\" is "
            "of TDX with TD report 1.5",
            name != NULL ? name : "unknown");
    }
    memcpy(out->sgx.cpu_svn, out->pck.cpu_svn, sizeof out->sgx.cpu_svn);
    out->tdx.has_td15 = out->td15;
    out->pck.sgx_type = 1; /* scalable */
    out->pck.has_platform = true;
    out->pck.dynamic_platform = out->pck.cached_keys = out->pck.smt_enabled = true;
    return RATLS_OK;
}

static uint64_t get_number(const void *at, size_t size)
{
    uint16_t narrow;
    uint32_t wide;
    if (size == sizeof narrow) {
        memcpy(&narrow, at, size);
        return narrow;
    }
    memcpy(&wide, at, sizeof wide);
    return wide;
}

static void set_number(void *at, size_t size, uint64_t v)
{
    uint16_t narrow = (uint16_t)v;
    uint32_t wide = (uint32_t)v;
    if (size == sizeof narrow)
        memcpy(at, &narrow, size);
    else
        memcpy(at, &wide, sizeof wide);
}

static void put_object(writer *w, const char *name, const void *facts, const field *fields,
                       size_t n)
{
    text_format(w, ",\n  \"%s\": {\n", name);
    for (size_t i = 0; i < n; i++) {
        const uint8_t *at = (const uint8_t *)facts + fields[i].offset;
        text_format(w, "    \"%s\": ", fields[i].key);
        if (fields[i].number) {
            text_format(w, "%u", (unsigned)get_number(at, fields[i].size));
        } else {
            text_put(w, "\"");
            text_hex(w, bytes_of(at, fields[i].size), TEXT_LOWER);
            text_put(w, "\"");
        }
        text_put(w, i + 1 < n ? ",\n" : "\n");
    }
    text_put(w, "  }");
}

void platform_write(const sim_platform *p, writer *w)
{
    bool tdx = p->tee == RATLS_TEE_TDX;
    text_put(w, "{\n  \"comment\": \"SIMULATED: there is no such hardware\",\n  \"version\": 1,\n");
    text_format(w, "  \"tee\": \"%s\",\n  \"quote_version\": %u,\n", tdx ? "tdx" : "sgx",
                p->quote_version);
    if (tdx)
        text_format(w, "  \"td_report\": \"%s\",\n", p->td15 ? "1.5" : "1.0");
    text_format(w, "  \"tcb_status\": \"%s\",\n  \"valid_days\": %u,\n  \"qe_id\": \"",
                ratls_tcb_status_name(p->tcb_status), (unsigned)p->valid_days);
    text_hex(w, bytes_of(p->qe_id, sizeof p->qe_id), TEXT_LOWER);
    text_put(w, "\",\n  \"attestation_key\": \"");
    text_hex(w, bytes_of(p->attestation_key, sizeof p->attestation_key), TEXT_LOWER);
    text_put(w, "\"");
    put_object(w, "platform", &p->pck, pck_fields, COUNT(pck_fields));
    if (tdx)
        put_object(w, "td", &p->tdx, tdx_fields, COUNT(tdx_fields));
    else
        put_object(w, "enclave", &p->sgx, sgx_fields, COUNT(sgx_fields));
    text_put(w, "\n}\n");
}

/* All fields, each once, and nothing else: a name that is spelled wrong would go unnoticed. */
static void read_object(json_reader *j, void *facts, const field *fields, size_t n)
{
    json_scope s;
    bytes key;
    jr_object(j, &s);
    while (jr_key(j, &s, &key)) {
        size_t i = 0;
        while (i < n && !bytes_is(key, fields[i].key))
            i++;
        if (i == n) {
            jr_fail(j, "a key that is unknown here");
            return;
        }
        uint8_t *at = (uint8_t *)facts + fields[i].offset;
        if (fields[i].number)
            set_number(at, fields[i].size,
                       jr_uint(j, fields[i].size == sizeof(uint16_t) ? UINT16_MAX : UINT32_MAX));
        else
            jr_hex(j, at, fields[i].size);
    }
    if (s.n != n)
        jr_fail(j, "a key is missing in platform, enclave or td");
}

static void read_member(json_reader *j, bytes key, sim_platform *p, bool *has_td_report)
{
    if (bytes_is(key, "comment")) {
        jr_skip(j);
    } else if (bytes_is(key, "version")) {
        if (jr_uint(j, UINT16_MAX) != 1)
            jr_fail(j, "version is not 1");
    } else if (bytes_is(key, "tee")) {
        bytes tee = jr_string(j);
        p->tee = bytes_is(tee, "sgx")   ? RATLS_TEE_SGX
                 : bytes_is(tee, "tdx") ? RATLS_TEE_TDX
                                        : RATLS_TEE_NONE;
    } else if (bytes_is(key, "quote_version")) {
        p->quote_version = (unsigned)jr_uint(j, UINT16_MAX);
    } else if (bytes_is(key, "td_report")) {
        bytes name = jr_string(j);
        p->td15 = bytes_is(name, "1.5");
        if (!p->td15 && !bytes_is(name, "1.0"))
            jr_fail(j, "td_report is neither 1.0 nor 1.5");
        *has_td_report = true;
    } else if (bytes_is(key, "tcb_status")) {
        p->tcb_status = tcb_status_from(jr_string(j));
        if (p->tcb_status == RATLS_TCB_NONE)
            jr_fail(j, "tcb_status has an unknown value");
    } else if (bytes_is(key, "valid_days")) {
        p->valid_days = (uint32_t)jr_uint(j, UINT32_MAX);
    } else if (bytes_is(key, "qe_id")) {
        jr_hex(j, p->qe_id, sizeof p->qe_id);
    } else if (bytes_is(key, "attestation_key")) {
        jr_hex(j, p->attestation_key, sizeof p->attestation_key);
    } else if (bytes_is(key, "platform")) {
        read_object(j, &p->pck, pck_fields, COUNT(pck_fields));
    } else if (bytes_is(key, "enclave")) {
        read_object(j, &p->sgx, sgx_fields, COUNT(sgx_fields));
    } else if (bytes_is(key, "td")) {
        read_object(j, &p->tdx, tdx_fields, COUNT(tdx_fields));
    } else {
        jr_fail(j, "a key that is unknown here");
    }
}

ratls_code platform_read(bytes json, sim_platform *out, ratls_error *e)
{
    enum { MEMBERS_SGX = 9, MEMBERS_TDX = 10 }; /* without the comment */
    json_reader j = jr_of(json);
    json_scope s;
    bytes key;
    size_t members = 0;
    bool has_td_report = false, has_enclave = false, has_td = false;
    *out = (sim_platform){.tee = RATLS_TEE_NONE};
    jr_object(&j, &s);
    while (jr_key(&j, &s, &key)) {
        members += bytes_is(key, "comment") ? 0 : 1;
        has_enclave = has_enclave || bytes_is(key, "enclave");
        has_td = has_td || bytes_is(key, "td");
        read_member(&j, key, out, &has_td_report);
    }
    if (jr_done(&j)) {
        bool tdx = out->tee == RATLS_TEE_TDX;
        if (members != (tdx ? MEMBERS_TDX : MEMBERS_SGX) || has_td != tdx || has_enclave == tdx ||
            has_td_report != tdx)
            jr_fail(&j,
                    "it lacks one of tee, quote_version, td_report (of TDX), tcb_status, "
                    "valid_days, qe_id, attestation_key, platform, enclave (of SGX), td (of TDX)");
    }
    if (!jr_done(&j))
        return jr_error(&j, "platform.json", e);
    memcpy(out->sgx.cpu_svn, out->pck.cpu_svn, sizeof out->sgx.cpu_svn);
    out->tdx.has_td15 = out->td15;
    out->pck.sgx_type = 1;
    out->pck.has_platform = true;
    out->pck.dynamic_platform = out->pck.cached_keys = out->pck.smt_enabled = true;
    ratls_code code = platform_check_flavour(out, e);
    if (code != RATLS_OK)
        error_prefix(e, "platform.json");
    return code;
}

ratls_code platform_check(const sim_platform *p, const ratls_pck_facts *pck, ratls_error *e)
{
    for (size_t i = 0; i < COUNT(pck_fields); i++) {
        const field *f = &pck_fields[i];
        bytes mine = bytes_of((const uint8_t *)&p->pck + f->offset, f->size);
        bytes theirs = bytes_of((const uint8_t *)pck + f->offset, f->size);
        if (!bytes_equal(mine, theirs))
            return refuse(e, RATLS_E_UNTRUSTED, 0,
                          "pck.pem: it speaks of a platform with another %s than platform.json",
                          f->key);
    }
    return RATLS_OK;
}
