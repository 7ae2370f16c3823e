#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "base/time.h"
#include "facts.h"
#include "input.h"
#include "show.h"
#include "tee/intel_collateral.h"
#include "tee/intel_qe.h"
#include "x509/crl.h"

static void put_components(sheet *s, const char *key, const char *label, const uint8_t c[16])
{
    char text[16 * 4 + 1];
    size_t n = 0;
    sheet_list(s, key, NULL);
    for (size_t i = 0; i < 16; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%u", i > 0 ? " " : "", c[i]);
        sheet_uint(s, "", NULL, c[i]);
    }
    sheet_close(s);
    sheet_row(s, label, "%s", text);
}

static void put_advisories(sheet *s, bytes raw)
{
    json_reader j = jr_of(raw);
    json_scope scope;
    char text[1024];
    size_t n = 0;
    sheet_list(s, "advisories", NULL);
    if (raw.n > 0) {
        jr_array(&j, &scope);
        while (jr_element(&j, &scope)) {
            char id[4 * RATLS_ADVISORY_SIZE];
            bytes name = jr_string(&j);
            escape_text(name, id, sizeof id);
            sheet_bytes(s, "", NULL, name);
            if (n + sizeof id + 2 < sizeof text)
                n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", n > 0 ? " " : "", id);
        }
    }
    sheet_close(s);
    if (n > 0)
        sheet_row(s, "advisories", "%s", text);
}

static void put_status(sheet *s, ratls_tcb_status status, int64_t date)
{
    sheet_text(s, "tcb_status", NULL, ratls_tcb_status_name(status));
    sheet_time(s, "tcb_date", NULL, date);
}

/* "UpToDate, 2023-08-09" */
typedef struct title_text {
    char s[96];
} title_text;

static title_text level_title(const char *what, ratls_tcb_status status, int64_t date)
{
    title_text t;
    (void)snprintf(t.s, sizeof t.s, "%s %s, %.10s", what, ratls_tcb_status_name(status), ISO(date));
    return t;
}

static void put_level(sheet *s, const tcb_info *t, const tcb_level *l)
{
    sheet_item(s, level_title("level", l->status, l->date).s);
    put_status(s, l->status, l->date);
    put_components(s, "sgx_components", "SGX components", l->sgx);
    if (t->tee == RATLS_TEE_TDX)
        put_components(s, "tdx_components", "TDX components", l->tdx);
    sheet_uint(s, "pce_svn", "PCESVN", l->pce_svn);
    put_advisories(s, l->advisories);
    sheet_close(s);
}

static void put_svn_levels(sheet *s, const svn_level *levels, size_t n)
{
    sheet_list(s, "levels", NULL);
    for (size_t i = 0; i < n; i++) {
        const svn_level *l = &levels[i];
        sheet_item(s, level_title("level", l->status, l->date).s);
        put_status(s, l->status, l->date);
        sheet_uint(s, "isv_svn", "SVN from", l->isv_svn);
        put_advisories(s, l->advisories);
        sheet_close(s);
    }
    sheet_close(s);
}

static void put_module(sheet *s, const tdx_module *m)
{
    char title[64];
    (void)snprintf(title, sizeof title, "TDX module, version %u", m->version);
    sheet_item(s, title);
    sheet_uint(s, "version", NULL, m->version);
    sheet_hex(s, "mrsigner", "MRSIGNER", bytes_of(m->mrsigner, sizeof m->mrsigner));
    sheet_hex(s, "attributes", "ATTRIBUTES", bytes_of(m->attributes, sizeof m->attributes));
    sheet_hex(s, "attributes_mask", "mask",
              bytes_of(m->attributes_mask, sizeof m->attributes_mask));
    put_svn_levels(s, m->levels, m->levels_n);
    sheet_close(s);
}

static void put_issue(sheet *s, int64_t issue, int64_t next, uint32_t number)
{
    sheet_time(s, "issue_date", "issued", issue);
    sheet_time(s, "next_update", "next update", next);
    sheet_uint(s, "evaluation_number", "evaluation number", number);
}

/* The signed body of what a service answered: {"name":{...},"signature":"..."}, or `json` itself.
 */
static bytes body_of(bytes json, const char *name)
{
    json_reader j = jr_of(json);
    json_scope scope;
    bytes key, body = json;
    jr_object(&j, &scope);
    while (jr_key(&j, &scope, &key)) {
        if (bytes_is(key, name))
            body = jr_value(&j);
        else
            jr_skip(&j);
    }
    return body;
}

bool show_tcb_info(sheet *s, bytes json)
{
    ratls_error e;
    bool ok = false;
    tcb_info *t = malloc(sizeof *t);
    if (t == NULL)
        (void)refuse(&e, RATLS_E_SYSTEM, 0, "out of memory");
    else
        ok = tcb_info_parse(body_of(json, "tcbInfo"), t, &e) == RATLS_OK;
    if (!ok) {
        free(t);
        return show_error(s, &e);
    }
    sheet_uint(s, "version", "version", t->version);
    sheet_text(s, "tee", "for", t->tee == RATLS_TEE_TDX ? "tdx" : "sgx");
    sheet_hex(s, "fmspc", "FMSPC", bytes_of(t->fmspc, sizeof t->fmspc));
    sheet_hex(s, "pce_id", "PCE-ID", bytes_of(t->pce_id, sizeof t->pce_id));
    put_issue(s, t->issue_date, t->next_update, t->evaluation_number);
    sheet_list(s, "modules", NULL);
    for (size_t i = 0; i < t->modules_n; i++)
        put_module(s, &t->modules[i]);
    sheet_close(s);
    sheet_list(s, "levels", NULL);
    for (size_t i = 0; i < t->levels_n; i++)
        put_level(s, t, &t->levels[i]);
    sheet_close(s);
    free(t);
    return true;
}

bool show_qe_identity(sheet *s, bytes json)
{
    static const char *const ids[] = {"another enclave", "QE (quotes of SGX)",
                                      "TD_QE (quotes of TDX)"};
    qe_identity q;
    ratls_error e;
    if (qe_identity_parse(body_of(json, "enclaveIdentity"), &q, &e) != RATLS_OK)
        return show_error(s, &e);
    sheet_text(s, "id", "identity of", ids[q.id]);
    put_issue(s, q.issue_date, q.next_update, q.evaluation_number);
    sheet_hex(s, "mrsigner", "MRSIGNER", bytes_of(q.mrsigner, sizeof q.mrsigner));
    sheet_uint(s, "isv_prod_id", "ISV_PROD_ID", q.isv_prod_id);
    sheet_hex(s, "misc_select", "MISCSELECT", bytes_of(q.misc_select, 4));
    sheet_hex(s, "misc_select_mask", "mask", bytes_of(q.misc_select_mask, 4));
    sheet_hex(s, "attributes", "ATTRIBUTES", bytes_of(q.attributes, 16));
    sheet_hex(s, "attributes_mask", "mask", bytes_of(q.attributes_mask, 16));
    put_svn_levels(s, q.levels, q.levels_n);
    return true;
}

static void put_revoked(sheet *s, const crl *l)
{
    enum { SHOWN_MAX = 8 };
    reader r = rd_of(l->entries);
    sheet_list(s, "revoked", NULL);
    for (size_t i = 0; i < l->entries_n; i++) {
        reader entry = der_enter(&r, DER_SEQUENCE);
        bytes serial = der_integer(&entry);
        int64_t date = der_time(&entry);
        char hex[2 * 20 + 1];
        if (serial.n <= 20 && i < SHOWN_MAX) {
            hex_encode(serial, hex);
            sheet_row(s, "revoked", "%s on %s", hex, ISO(date));
        }
        sheet_item(s, NULL);
        sheet_hex(s, "serial", NULL, serial);
        sheet_time(s, "date", NULL, date);
        sheet_close(s);
    }
    sheet_close(s);
    if (l->entries_n > SHOWN_MAX)
        sheet_row(s, "", "... and %zu more", l->entries_n - SHOWN_MAX);
}

bool show_crl(sheet *s, bytes in)
{
    crl l;
    ratls_error e;
    char issuer[512];
    reader r = rd_of(in);
    bytes der = der_element(&r, NULL);
    /* Services pad a list with NULs. */
    if (!rd_ok(&r) || !bytes_all_zero(rd_rest(&r)))
        der = in;
    if (crl_parse(der, &l, &e) != RATLS_OK)
        return show_error(s, &e);
    name_text(l.issuer, issuer, sizeof issuer);
    sheet_text(s, "issuer", "CRL of", issuer);
    sheet_time(s, "this_update", "issued", l.this_update);
    sheet_time(s, "next_update", "next update", l.next_update);
    sheet_hex(s, "number", "number", l.number);
    sheet_uint(s, "entries", "entries", l.entries_n);
    put_revoked(s, &l);
    return true;
}

bool show_chain(sheet *s, const char *key, const char *title, bytes pem)
{
    bool ok = true;
    uint8_t *der = malloc(pem.n + 1);
    size_t at = 0, n;
    bytes label;
    int got = 0;
    sheet_list(s, key, title);
    while (der != NULL && (got = input_next_pem(pem, &at, &label, der, &n)) == 1) {
        certificate c;
        ratls_error e;
        char name[256];
        bool parsed = certificate_parse(bytes_of(der, n), &c, &e) == RATLS_OK;
        escape_text(parsed ? name_common(c.subject) : BYTES_NONE, name, sizeof name);
        sheet_item(s, *name != '\0' ? name : "certificate");
        if (parsed)
            certificate_rows(s, &c);
        else
            ok = show_error(s, &e);
        sheet_close(s);
    }
    if (der == NULL || got < 0) {
        sheet_row(s, "can't be read", "%s",
                  der == NULL ? "out of memory" : "a malformed PEM block");
        ok = false;
    }
    sheet_close(s);
    free(der);
    return ok;
}

static bool put_item(sheet *s, const char *key, const char *title, bytes item,
                     bool (*show)(sheet *, bytes))
{
    if (item.n == 0) {
        sheet_null(s, key, NULL);
        sheet_row(s, title, "none");
        return true;
    }
    sheet_object(s, key, title);
    bool ok = show(s, item);
    sheet_close(s);
    return ok;
}

static bool put_collateral(sheet *s, const intel_collateral *c)
{
    const intel_glance *tcb = &c->glance[ITEM_TCB_INFO];
    if (tcb->readable) {
        sheet_row(s, "for", "%s, FMSPC %s", intel_tee_name(tcb->tee),
                  HEX(bytes_of(tcb->fmspc, sizeof tcb->fmspc)));
        sheet_row(s, "TCB info issued", "%s", ISO(tcb->date));
    }
    bool ok = put_item(s, "tcb_info", "TCB info", c->tcb_info, show_tcb_info);
    ok = put_item(s, "qe_identity", "QE identity", c->qe_identity, show_qe_identity) && ok;
    ok = put_item(s, "root_ca_crl", "root CA CRL", c->root_ca_crl, show_crl) && ok;
    ok = put_item(s, "pck_crl", "PCK CRL", c->pck_crl, show_crl) && ok;
    ok =
        show_chain(s, "tcb_info_issuer_chain", "TCB info issuer chain", c->tcb_info_issuer_chain) &&
        ok;
    ok = show_chain(s, "qe_identity_issuer_chain", "QE identity issuer chain",
                    c->qe_identity_issuer_chain) &&
         ok;
    return show_chain(s, "pck_crl_issuer_chain", "PCK CRL issuer chain", c->pck_crl_issuer_chain) &&
           ok;
}

bool show_collateral(sheet *s, bytes file)
{
    intel_collateral c;
    ratls_error e;
    uint8_t *space = malloc(2 * file.n + 1);
    bool ok = false;
    if (space == NULL)
        (void)refuse(&e, RATLS_E_SYSTEM, 0, "out of memory");
    else
        ok = intel_collateral_read(file, space, 2 * file.n, &c, &e) == RATLS_OK;
    ok = ok ? put_collateral(s, &c) : show_error(s, &e);
    free(space);
    return ok;
}

bool show_endorsements(sheet *s, const endorsements *in)
{
    intel_collateral c;
    ratls_error e;
    size_t room = in->tcb_info.n + in->qe_identity.n + in->pck_crl.n + in->root_ca_crl.n + 1;
    uint8_t *space = malloc(room);
    bool ok = false;
    sheet_uint(s, "version", "version", in->version);
    if (in->creation_datetime.n > 0)
        sheet_bytes(s, "creation_datetime", "created", in->creation_datetime);
    if (space == NULL)
        (void)refuse(&e, RATLS_E_SYSTEM, 0, "out of memory");
    else
        ok = intel_collateral_from(in, space, room, &c, &e) == RATLS_OK;
    ok = ok ? put_collateral(s, &c) : show_error(s, &e);
    free(space);
    return ok;
}
