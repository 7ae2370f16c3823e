#include "facts.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "base/writer.h"
#include "evidence/sgx_report.h"

/* A field of a report body, in report byte order. */
typedef struct field {
    const char *key, *label;
    size_t offset, size;
    bool shown_if_zero; /* in the text; the JSON has all */
} field;

#define SGX(m) offsetof(ratls_sgx_facts, m), sizeof(((ratls_sgx_facts *)NULL)->m)
#define TDX(m) offsetof(ratls_tdx_facts, m), sizeof(((ratls_tdx_facts *)NULL)->m)

static const field sgx_more[] = {
    {"config_id", "CONFIGID", SGX(config_id), false},
    {"isv_ext_prod_id", "ISVEXTPRODID", SGX(isv_ext_prod_id), false},
    {"isv_family_id", "ISVFAMILYID", SGX(isv_family_id), false},
    {"cpu_svn", "CPUSVN", SGX(cpu_svn), true},
};
static const field tdx_identity[] = {
    {"mrtd", "MRTD", TDX(mrtd), true},      {"rtmr0", "RTMR0", TDX(rtmr[0]), true},
    {"rtmr1", "RTMR1", TDX(rtmr[1]), true}, {"rtmr2", "RTMR2", TDX(rtmr[2]), true},
    {"rtmr3", "RTMR3", TDX(rtmr[3]), true},
};
static const field tdx_more[] = {
    {"mrconfigid", "MRCONFIGID", TDX(mrconfigid), false},
    {"mrowner", "MROWNER", TDX(mrowner), false},
    {"mrownerconfig", "MROWNERCONFIG", TDX(mrownerconfig), false},
    {"xfam", "XFAM", TDX(xfam), true},
    {"mrseam", "MRSEAM", TDX(mrseam), true},
    {"mrsignerseam", "MRSIGNERSEAM", TDX(mrsignerseam), false},
    {"seam_attributes", "SEAMATTRIBUTES", TDX(seam_attributes), false},
    {"tee_tcb_svn", "TEE_TCB_SVN", TDX(tee_tcb_svn), true},
};
static const field tdx_15[] = {
    {"tee_tcb_svn2", "TEE_TCB_SVN2", TDX(tee_tcb_svn2), true},
    {"mrservicetd", "MRSERVICETD", TDX(mrservicetd), false},
};

static void put_fields(sheet *s, const void *facts, const field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const field *f = &fields[i];
        bytes value = bytes_of((const uint8_t *)facts + f->offset, f->size);
        bool shown = f->shown_if_zero || !bytes_all_zero(value);
        sheet_hex(s, f->key, shown ? f->label : NULL, value);
    }
}
#define PUT_FIELDS(s, facts, fields) put_fields(s, facts, fields, sizeof(fields) / sizeof *(fields))

const char *tee_title(ratls_tee tee)
{
    switch (tee) {
    case RATLS_TEE_SGX:
        return "SGX enclave";
    case RATLS_TEE_TDX:
        return "TDX trust domain";
    case RATLS_TEE_NONE:
        break;
    }
    return "none";
}

static const char *tee_key(ratls_tee tee)
{
    return tee == RATLS_TEE_SGX ? "sgx" : "tdx";
}

void facts_debug(sheet *s, const ratls_facts *f)
{
    if (f->debug) {
        sheet_next(s, STYLE_LOUD);
        sheet_row(s, "debug", "DEBUG MODE: its host can read and change its memory");
    } else {
        sheet_row(s, "debug", "no");
    }
    sheet_bool(s, "debug", NULL, f->debug);
}

void facts_identity(sheet *s, const ratls_facts *f)
{
    if (f->tee == RATLS_TEE_SGX) {
        sheet_hex(s, "mrenclave", "MRENCLAVE", bytes_of(f->sgx.mrenclave, 32));
        sheet_hex(s, "mrsigner", "MRSIGNER", bytes_of(f->sgx.mrsigner, 32));
        sheet_uint(s, "isv_prod_id", "ISV_PROD_ID", f->sgx.isv_prod_id);
        sheet_uint(s, "isv_svn", "ISV_SVN", f->sgx.isv_svn);
    } else if (f->tee == RATLS_TEE_TDX) {
        PUT_FIELDS(s, &f->tdx, tdx_identity);
    }
}

/* Words for the bits that are set, in the order of the table. */
typedef struct bit_name {
    unsigned bit;
    const char *name;
} bit_name;

static void name_bits(const uint8_t *flags, const bit_name *names, size_t n, char *out, size_t cap)
{
    writer w = wr_of(out, cap - 1);
    for (size_t i = 0; i < n; i++)
        if ((flags[names[i].bit / 8] >> names[i].bit % 8 & 1) != 0) {
            wr_put(&w, bytes_text(w.n > 0 ? " " : ""));
            wr_put(&w, bytes_text(names[i].name));
        }
    out[w.full ? 0 : w.n] = '\0';
}

void sgx_attributes_text(const uint8_t attributes[16], char *out, size_t cap)
{
    static const bit_name names[] = {
        {0, "INIT"}, {1, "DEBUG"},          {2, "MODE64"},      {4, "PROVISION_KEY"},
        {7, "KSS"},  {5, "EINITTOKEN_KEY"}, {10, "AEX_NOTIFY"},
    };
    name_bits(attributes, names, sizeof names / sizeof *names, out, cap);
}

static void put_sgx(sheet *s, const ratls_sgx_facts *f)
{
    char words[128], hex[2 * 16 + 1];
    const uint8_t misc_select[4] = {(uint8_t)f->misc_select, (uint8_t)(f->misc_select >> 8),
                                    (uint8_t)(f->misc_select >> 16),
                                    (uint8_t)(f->misc_select >> 24)};
    bytes attributes = bytes_of(f->attributes, sizeof f->attributes);
    sgx_attributes_text(f->attributes, words, sizeof words);
    hex_encode(attributes, hex);
    sheet_row(s, "ATTRIBUTES", "%s (%s)", hex, words);
    sheet_hex(s, "attributes", NULL, attributes);
    sheet_hex(s, "misc_select", "MISCSELECT", bytes_of(misc_select, sizeof misc_select));
    PUT_FIELDS(s, f, sgx_more);
    sheet_uint(s, "config_svn", f->config_svn != 0 ? "CONFIGSVN" : NULL, f->config_svn);
}

static void put_tdx(sheet *s, const ratls_tdx_facts *f)
{
    static const bit_name names[] = {{0, "DEBUG"},       {27, "LASS"}, {28, "SEPT_VE_DISABLE"},
                                     {29, "MIGRATABLE"}, {30, "PKS"},  {31, "KL"},
                                     {63, "PERFMON"}};
    char words[128], hex[2 * 8 + 1];
    bytes attributes = bytes_of(f->td_attributes, sizeof f->td_attributes);
    name_bits(f->td_attributes, names, sizeof names / sizeof *names, words, sizeof words);
    hex_encode(attributes, hex);
    sheet_row(s, "TDATTRIBUTES", "%s%s%s%s", hex, *words != '\0' ? " (" : "", words,
              *words != '\0' ? ")" : "");
    sheet_hex(s, "td_attributes", NULL, attributes);
    PUT_FIELDS(s, f, tdx_more);
    if (f->has_td15)
        PUT_FIELDS(s, f, tdx_15);
}

void facts_report(sheet *s, const ratls_facts *f)
{
    if (f->tee == RATLS_TEE_SGX)
        put_sgx(s, &f->sgx);
    else if (f->tee == RATLS_TEE_TDX)
        put_tdx(s, &f->tdx);
    sheet_hex(s, "report_data", "report data", bytes_of(f->report_data, sizeof f->report_data));
}

void facts_components(sheet *s, const ratls_pck_facts *p)
{
    char text[16 * 4 + 1];
    size_t n = 0;
    sheet_list(s, "tcb_components", NULL);
    for (size_t i = 0; i < 16; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%u", i > 0 ? " " : "",
                              p->tcb_components[i]);
        sheet_uint(s, "", NULL, p->tcb_components[i]);
    }
    sheet_close(s);
    sheet_row(s, "TCB components", "%s, PCESVN %u", text, p->pce_svn);
}

void facts_platform(sheet *s, const ratls_pck_facts *p)
{
    static const char *const types[] = {"standard", "scalable", "scalable with integrity"};
    sheet_hex(s, "fmspc", "FMSPC", bytes_of(p->fmspc, sizeof p->fmspc));
    sheet_hex(s, "ppid", "PPID", bytes_of(p->ppid, sizeof p->ppid));
    sheet_hex(s, "pce_id", "PCE-ID", bytes_of(p->pce_id, sizeof p->pce_id));
    sheet_uint(s, "pce_svn", NULL, p->pce_svn);
    facts_components(s, p);
    sheet_hex(s, "pck_cpu_svn", NULL, bytes_of(p->cpu_svn, sizeof p->cpu_svn));
    sheet_text(s, "sgx_type", "SGX type", p->sgx_type < 3 ? types[p->sgx_type] : "unknown");
    if (!p->has_platform)
        return;
    sheet_hex(s, "platform_instance_id", "platform instance",
              bytes_of(p->platform_instance_id, sizeof p->platform_instance_id));
    sheet_bool(s, "dynamic_platform", "dynamic platform", p->dynamic_platform);
    sheet_bool(s, "cached_keys", "cached keys", p->cached_keys);
    sheet_bool(s, "smt_enabled", "SMT enabled", p->smt_enabled);
}

/* "a, b, c" of several names: rows of about a hundred columns. */
static void put_advisories(sheet *s, const ratls_facts *f)
{
    char text[100];
    size_t n = 0;
    const char *label = "advisories";
    if (f->advisories_n == 0)
        sheet_row(s, label, "none");
    for (size_t i = 0; i < f->advisories_n; i++) {
        bool last = i + 1 == f->advisories_n;
        n +=
            (size_t)snprintf(text + n, sizeof text - n, "%s%s", f->advisories[i], last ? "" : ", ");
        if (last || n + RATLS_ADVISORY_SIZE + 2 > sizeof text) {
            sheet_row(s, label, "%s%s", text, last ? "" : ",");
            label = "";
            n = 0;
        }
    }
}

/* Where the items of collateral came from. */
static void put_origins(sheet *s, const ratls_facts *f)
{
    static const char *const keys[] = {"tcb_info", "qe_identity", "pck_crl", "root_ca_crl"};
    size_t stapled = 0;
    sheet_object(s, "collateral_from", NULL);
    for (size_t i = 0; i < 4; i++) {
        sheet_text(s, keys[i], NULL, ratls_origin_name(f->collateral_from[i]));
        stapled += f->collateral_from[i] == RATLS_ORIGIN_STAPLED ? 1 : 0;
    }
    sheet_close(s);
    if (stapled > 0)
        sheet_row(s, "collateral from", "%s",
                  stapled == 4 ? "the peer's certificate" : "the peer's certificate, in part");
}

void facts_tcb(sheet *s, const ratls_facts *f)
{
    bool known = f->tcb_status != RATLS_TCB_NONE;
    if (known) {
        const char *status = ratls_tcb_status_name(f->tcb_status);
        sheet_next(s, f->tcb_status == RATLS_TCB_UP_TO_DATE ? STYLE_GOOD : STYLE_LOUD);
        sheet_text(s, "tcb_status", "TCB status", status);
        sheet_time(s, "tcb_date", "TCB date", f->tcb_date);
        put_advisories(s, f);
    } else {
        sheet_null(s, "tcb_status", NULL);
        sheet_null(s, "tcb_date", NULL);
    }
    sheet_uint(s, "evaluation_number", known ? "evaluation number" : NULL, f->evaluation_number);
    if (f->earliest_expiration == 0) {
        sheet_null(s, "earliest_issue", NULL);
        sheet_null(s, "latest_issue", NULL);
        sheet_null(s, "earliest_expiration", NULL);
        sheet_null(s, "collateral_from", NULL);
        return;
    }
    sheet_time(s, "earliest_issue", NULL, f->earliest_issue);
    sheet_time(s, "latest_issue", NULL, f->latest_issue);
    if (f->collateral_expired) {
        sheet_next(s, STYLE_LOUD);
        sheet_row(s, "collateral",
                  f->crl_not_yet ? "NOT YET VALID: a CRL's thisUpdate lies ahead"
                                 : "EXPIRED at the time of judgement");
    }
    sheet_time(s, "earliest_expiration", "collateral until", f->earliest_expiration);
    put_origins(s, f);
}

void facts_all(sheet *s, const ratls_facts *f)
{
    sheet_text(s, "tee", NULL, tee_key(f->tee));
    sheet_uint(s, "quote_version", NULL, f->quote_version);
    sheet_row(s, "TEE", "%s, quote version %u", tee_title(f->tee), f->quote_version);
    facts_debug(s, f);
    sheet_object(s, "measurements", NULL);
    facts_identity(s, f);
    sheet_close(s);
    facts_report(s, f);
    if (f->has_pck)
        facts_platform(s, &f->pck);
    facts_tcb(s, f);
    sheet_bool(s, "other_root", NULL, f->other_root);
}
