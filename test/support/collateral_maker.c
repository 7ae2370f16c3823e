#include "collateral_maker.h"

#include <time.h>

static void put_date(buf *b, const char *name, int64_t t)
{
    time_t seconds = (time_t)t;
    struct tm tm;
    MUST(gmtime_r(&seconds, &tm) != NULL);
    buf_format(b, "\"%s\":\"%04d-%02d-%02dT%02d:%02d:%02dZ\"", name, tm.tm_year + 1900,
               tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void put_hex(buf *b, const char *name, const uint8_t *p, size_t n)
{
    buf_format(b, "\"%s\":\"", name);
    buf_hex(b, bytes_of(p, n), true);
    buf_text(b, "\"");
}

/* ,"tcbDate":…,"tcbStatus":…[,"advisoryIDs":[…]]} */
static void put_level_end(buf *b, const char *date, const char *status,
                          const char *const *advisories)
{
    buf_format(b, ",\"tcbDate\":\"%s\",\"tcbStatus\":\"%s\"", date, status);
    for (size_t i = 0; i < LEVEL_ADVISORIES_MAX && advisories[i] != NULL; i++)
        buf_format(b, "%s\"%s\"", i == 0 ? ",\"advisoryIDs\":[" : ",", advisories[i]);
    buf_text(b, advisories[0] != NULL ? "]}" : "}");
}

static void put_isv_levels(buf *b, const isv_level *levels, size_t n)
{
    buf_text(b, "\"tcbLevels\":[");
    for (size_t i = 0; i < n; i++) {
        buf_format(b, "%s{\"tcb\":{\"isvsvn\":%u}", i > 0 ? "," : "", levels[i].isvsvn);
        put_level_end(b, levels[i].date, levels[i].status, levels[i].advisories);
    }
    buf_text(b, "]");
}

static void put_module_fields(buf *b, const tdx_module *m)
{
    put_hex(b, "mrsigner", m->mrsigner, sizeof m->mrsigner);
    buf_text(b, ",");
    put_hex(b, "attributes", m->attributes, sizeof m->attributes);
    buf_text(b, ",");
    put_hex(b, "attributesMask", m->mask, sizeof m->mask);
}

static void put_components(buf *b, const char *name, const uint8_t *svn, bool tdx)
{
    /* The names are Intel's; a verifier ignores them. */
    static const char *const sgx_names[4] = {
        ",\"category\":\"BIOS\",\"type\":\"Early Microcode Update\"",
        ",\"category\":\"OS/VMM\",\"type\":\"SGX Late Microcode Update\"",
        ",\"category\":\"OS/VMM\",\"type\":\"TXT SINIT\"", ",\"category\":\"BIOS\""};
    static const char *const tdx_names[4] = {
        ",\"category\":\"OS/VMM\",\"type\":\"TDX Module\"",
        ",\"category\":\"OS/VMM\",\"type\":\"TDX Module\"",
        ",\"category\":\"OS/VMM\",\"type\":\"TDX Late Microcode Update\"", ""};
    buf_format(b, "\"%s\":[", name);
    for (unsigned i = 0; i < 16; i++)
        buf_format(b, "%s{\"svn\":%u%s}", i > 0 ? "," : "", svn[i],
                   i >= 4 ? "" : (tdx ? tdx_names[i] : sgx_names[i]));
    buf_text(b, "]");
}

static void put_tcb(buf *b, const tcb_info_spec *s, const tcb_level *l)
{
    buf_text(b, "{\"tcb\":{");
    if (s->version < 3) {
        for (unsigned i = 0; i < 16; i++)
            buf_format(b, "\"sgxtcbcomp%02usvn\":%u,", i + 1, l->sgx[i]);
        buf_format(b, "\"pcesvn\":%u}", l->pcesvn);
    } else {
        put_components(b, "sgxtcbcomponents", l->sgx, false);
        buf_format(b, ",\"pcesvn\":%u", l->pcesvn);
        if (s->tdx_components) {
            buf_text(b, ",");
            put_components(b, "tdxtcbcomponents", l->tdx, true);
        }
        buf_text(b, "}");
    }
    put_level_end(b, l->date, l->status, l->advisories);
}

static void put_modules(buf *b, const tcb_info_spec *s)
{
    if (s->has_module) {
        buf_text(b, ",\"tdxModule\":{");
        put_module_fields(b, &s->module);
        buf_text(b, "}");
    }
    if (!s->has_identities)
        return;
    buf_text(b, ",\"tdxModuleIdentities\":[");
    for (size_t i = 0; i < s->identities_n; i++) {
        buf_format(b, "%s{\"id\":\"%s\",", i > 0 ? "," : "", s->identities[i].id);
        put_module_fields(b, &s->identities[i]);
        buf_text(b, ",");
        put_isv_levels(b, s->identities[i].levels, s->identities[i].n);
        buf_text(b, "}");
    }
    buf_text(b, "]");
}

static bytes edited(bytes json, const text_edit *e)
{
    if (e->from != NULL)
        json = text_replaced(json, e->from, e->to);
    return e->hook != NULL ? e->hook(json, e->context) : json;
}

bytes tcb_info_json(const tcb_info_spec *s)
{
    buf b = {0};
    buf_text(&b, "{");
    if (s->id != NULL)
        buf_format(&b, "\"id\":\"%s\",", s->id);
    buf_format(&b, "\"version\":%u,", s->version);
    put_date(&b, "issueDate", s->issue_date);
    buf_text(&b, ",");
    put_date(&b, "nextUpdate", s->next_update);
    buf_text(&b, ",");
    put_hex(&b, "fmspc", s->fmspc, sizeof s->fmspc);
    buf_text(&b, ",");
    put_hex(&b, "pceId", s->pce_id, sizeof s->pce_id);
    buf_format(&b, ",\"tcbType\":%u,\"tcbEvaluationDataNumber\":%u", s->tcb_type,
               s->evaluation_number);
    put_modules(&b, s);
    buf_text(&b, ",\"tcbLevels\":[");
    for (size_t i = 0; i < s->n; i++) {
        buf_text(&b, i > 0 ? "," : "");
        put_tcb(&b, s, &s->levels[i]);
    }
    buf_text(&b, "]}");
    return edited(buf_bytes(&b), &s->edit);
}

bytes qe_identity_json(const qe_identity_spec *s)
{
    buf b = {0};
    buf_format(&b, "{\"id\":\"%s\",\"version\":%u,", s->id, s->version);
    put_date(&b, "issueDate", s->issue_date);
    buf_text(&b, ",");
    put_date(&b, "nextUpdate", s->next_update);
    buf_format(&b, ",\"tcbEvaluationDataNumber\":%u,", s->evaluation_number);
    put_hex(&b, "miscselect", s->misc_select, sizeof s->misc_select);
    buf_text(&b, ",");
    put_hex(&b, "miscselectMask", s->misc_select_mask, sizeof s->misc_select_mask);
    buf_text(&b, ",");
    put_hex(&b, "attributes", s->attributes, sizeof s->attributes);
    buf_text(&b, ",");
    put_hex(&b, "attributesMask", s->attributes_mask, sizeof s->attributes_mask);
    buf_text(&b, ",");
    put_hex(&b, "mrsigner", s->mrsigner, sizeof s->mrsigner);
    buf_format(&b, ",\"isvprodid\":%u,", s->isvprodid);
    put_isv_levels(&b, s->levels, s->n);
    buf_text(&b, "}");
    return edited(buf_bytes(&b), &s->edit);
}

static bytes served(const char *name, bytes object, bytes signature)
{
    return join(bytes_text("{\""), bytes_text(name), bytes_text("\":"), object,
                bytes_text(",\"signature\":\""), hex_of(signature), bytes_text("\"}"));
}

bytes tcb_info_served(const collateral_set *c)
{
    return served("tcbInfo", c->tcb_info, c->tcb_info_signature);
}

bytes qe_identity_served(const collateral_set *c)
{
    return served("enclaveIdentity", c->qe_identity, c->qe_identity_signature);
}

static void put_string(buf *b, const char *name, bytes text)
{
    buf_format(b, "%s\"%s\": \"", b->n > 2 ? ",\n  " : "  ", name);
    for (size_t i = 0; i < text.n; i++) {
        unsigned c = text.p[i];
        if (c == '\n')
            buf_text(b, "\\n");
        else if (c == '"' || c == '\\')
            buf_format(b, "\\%c", (int)c);
        else if (c < 0x20)
            buf_format(b, "\\u%04x", c);
        else
            buf_u8(b, c);
    }
    buf_text(b, "\"");
}

bytes collateral_json(const collateral_set *c)
{
    buf b = {0};
    buf_text(&b, "{\n");
    put_string(&b, "pck_crl_issuer_chain", c->pck_crl_issuer_chain);
    put_string(&b, "root_ca_crl", hex_of(c->root_ca_crl));
    put_string(&b, "pck_crl", hex_of(c->pck_crl));
    put_string(&b, "tcb_info_issuer_chain", c->tcb_info_issuer_chain);
    put_string(&b, "tcb_info", c->tcb_info);
    put_string(&b, "tcb_info_signature", hex_of(c->tcb_info_signature));
    put_string(&b, "qe_identity_issuer_chain", c->qe_identity_issuer_chain);
    put_string(&b, "qe_identity", c->qe_identity);
    put_string(&b, "qe_identity_signature", hex_of(c->qe_identity_signature));
    buf_text(&b, "\n}\n");
    return buf_bytes(&b);
}
