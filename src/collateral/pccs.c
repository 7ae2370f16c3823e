#include "collateral/pccs.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/hex.h"
#include "base/time.h"
#include "base/writer.h"
#include "codec/json.h"
#include "codec/pem.h"
#include "collateral/pccs_document.h"
#include "collateral/pccs_request.h"

/* A new CRL reaches those who keep a reply within a day. */
enum { MAX_AGE = 86400, FMSPCS_MAX = 1024, SENTENCE_MAX = 512 };

/* An answer that is being put together. The first failure sets its status. */
typedef struct job {
    const pccs_call *call;
    const ratls_store *store;
    pccs_space *space;
    pccs_reply *reply;
    pccs_request request;
} job;

__attribute__((format(printf, 3, 4))) static void add_header(job *j, const char *name,
                                                             const char *format, ...)
{
    char *at = j->space->headers + j->space->headers_n;
    size_t cap = sizeof j->space->headers - j->space->headers_n;
    va_list list;
    va_start(list, format);
    int n = vsnprintf(at, cap, format, list);
    va_end(list);
    assert(n >= 0 && (size_t)n < cap && j->reply->headers_n < PCCS_HEADERS_MAX);
    j->space->headers_n += (size_t)n + 1;
    j->reply->headers[j->reply->headers_n++] = (pccs_header){name, at};
}

/* Makes it an error with one sentence, whatever it was to be before; false. */
__attribute__((format(printf, 3, 4))) static bool fail(job *j, unsigned status, const char *format,
                                                       ...)
{
    va_list list;
    va_start(list, format);
    int n = vsnprintf((char *)j->space->body, SENTENCE_MAX, format, list);
    va_end(list);
    assert(n >= 0);
    j->reply->status = status;
    j->reply->body = bytes_of(j->space->body, n < SENTENCE_MAX ? (size_t)n : SENTENCE_MAX - 1);
    j->reply->headers_n = 0;
    j->space->headers_n = 0;
    return false;
}

static bool damaged(job *j, const char *name, const char *what)
{
    return fail(j, 500, "%s: %s\n", name, what);
}

static void set_body(job *j, const char *type, bytes body)
{
    j->reply->status = 200;
    j->reply->body = body;
    add_header(j, "Content-Type", "%s", type);
}

/* Until the item's end, if that is nearer than a day. */
static void add_age(job *j, int64_t until)
{
    int64_t now = j->call->now;
    int64_t age = until <= now ? 0 : until - now > MAX_AGE ? MAX_AGE : until - now;
    add_header(j, "Cache-Control", "max-age=%d", (int)age);
}

/* Reads an item; *found is false if there is none. */
static bool try_item(job *j, const char *name, bytes *item, bool *found)
{
    ratls_error e = {.text = ""};
    size_t n = 0;
    ratls_code code =
        j->store->get(j->store->state, name, j->space->item, sizeof j->space->item, &n, &e);
    *found = code == RATLS_OK;
    *item = *found ? bytes_of(j->space->item, n) : BYTES_NONE;
    if (code == RATLS_OK || code == RATLS_E_MISSING)
        return true;
    if (code == RATLS_E_LIMIT)
        return damaged(j, name, "it is too large");
    return fail(j, 503, "the store is out of reach: %s\n", e.text);
}

static bool get_item(job *j, const char *name, bytes *item)
{
    bool found;
    if (!try_item(j, name, item, &found))
        return false;
    return found || fail(j, 404, "%s: it is not held\n", name);
}

/* A string of an item, unescaped. */
static bool unescape(job *j, const char *name, bytes raw, uint8_t *out, size_t cap, bytes *text)
{
    size_t n;
    *text = BYTES_NONE;
    if (!json_unescape(raw, out, cap, &n))
        return damaged(j, name, "a string in it is malformed");
    *text = bytes_of(out, n);
    return true;
}

static bool is_plain(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-_.!~*'()", c) != NULL);
}

/* A chain as these services send it: percent-encoded, all but what ECMA-262's encodeURIComponent
 * leaves. */
static bool add_chain(job *j, const char *header, const char *name, bytes raw)
{
    bytes chain;
    if (!unescape(j, name, raw, j->space->text, sizeof j->space->text, &chain))
        return false;
    if (!pem_looks_like(chain))
        return damaged(j, name, "its issuer chain is not PEM");
    char *out = j->space->headers + j->space->headers_n;
    size_t cap = sizeof j->space->headers - j->space->headers_n - SENTENCE_MAX, n = 0;
    for (size_t i = 0; i < chain.n; i++) {
        if (cap - n < 4)
            return damaged(j, name, "its issuer chain is too long");
        if (is_plain(chain.p[i]))
            out[n++] = (char)chain.p[i];
        else
            n += (size_t)snprintf(out + n, 4, "%%%02X", chain.p[i]);
    }
    out[n++] = '\0';
    assert(j->reply->headers_n < PCCS_HEADERS_MAX);
    j->space->headers_n += n;
    j->reply->headers[j->reply->headers_n++] = (pccs_header){header, out};
    return true;
}

static void put_text(writer *w, const char *text)
{
    wr_put(w, bytes_text(text));
}

/* {"KEY":BODY,"signature":"…"}, the body byte for byte as it was signed. */
static bool write_signed(job *j, const char *key, const char *name, const bytes parts[3],
                         signed_body *facts)
{
    uint8_t signature[64];
    writer w = wr_of(j->space->body, sizeof j->space->body);
    bytes body;
    put_text(&w, "{\"");
    put_text(&w, key);
    put_text(&w, "\":");
    if (!unescape(j, name, parts[0], j->space->text, sizeof j->space->text, &body))
        return false;
    if (!document_body(body, facts))
        return damaged(j, name, "what is signed in it is malformed");
    if (!hex_decode(parts[1], signature, sizeof signature))
        return damaged(j, name, "its signature is not 128 hex digits");
    wr_put(&w, body);
    put_text(&w, ",\"signature\":\"");
    wr_put(&w, parts[1]);
    put_text(&w, "\"}");
    assert(wr_ok(&w));
    set_body(j, "application/json", wr_bytes(&w));
    return true;
}

/* An evaluation number that was asked for, against the one that is held. */
static bool check_number(job *j, const char *name, const signed_body *facts)
{
    const pccs_request *r = &j->request;
    if (!r->has_number || (facts->has_number && r->number == facts->number))
        return true;
    if (facts->has_number && r->number < facts->number)
        return fail(j, 410, "%s: of evaluation number %llu, later than %llu\n", name,
                    (unsigned long long)facts->number, (unsigned long long)r->number);
    return fail(j, 404, "%s: it is not held with evaluation number %llu\n", name,
                (unsigned long long)r->number);
}

typedef struct signed_kind {
    const char *parts[3]; /* body, signature, issuer chain */
    const char *key;      /* of the body in the reply */
    const char *header;   /* of the chain */
} signed_kind;

static bool answer_signed_item(job *j, const signed_kind *kind, const char *name, bytes item)
{
    bytes parts[3];
    signed_body facts;
    if (!document_parts(item, kind->parts, parts))
        return damaged(j, name, "it is not an item of collateral");
    if (!write_signed(j, kind->key, name, parts, &facts) || !check_number(j, name, &facts) ||
        !add_chain(j, kind->header, name, parts[2]))
        return false;
    add_age(j, facts.next_update);
    return true;
}

static bool answer_signed(job *j, const signed_kind *kind, const char *name)
{
    bytes item;
    return get_item(j, name, &item) && answer_signed_item(j, kind, name, item);
}

#define TCB_INFO_PARTS                                                                             \
    {                                                                                              \
        "tcb_info", "tcb_info_signature", "tcb_info_issuer_chain"                                  \
    }

/* Version 3 of the interface hands out TCB info of version 2, version 4 later ones. */
static bool is_tcb_info_for(job *j, bytes item, unsigned interface)
{
    static const char *const keys[3] = TCB_INFO_PARTS;
    bytes parts[3], body;
    signed_body facts;
    size_t n;
    if (!document_parts(item, keys, parts) ||
        !json_unescape(parts[0], j->space->text, sizeof j->space->text, &n))
        return true; /* told as damage later */
    body = bytes_of(j->space->text, n);
    return !document_body(body, &facts) || (facts.version == 2) == (interface == 3);
}

static bool answer_tcb_info(job *j)
{
    static const signed_kind kinds[] = {
        {TCB_INFO_PARTS, "tcbInfo", "SGX-TCB-Info-Issuer-Chain"},
        {TCB_INFO_PARTS, "tcbInfo", "TCB-Info-Issuer-Chain"},
    };
    const pccs_request *r = &j->request;
    char name[RATLS_ITEM_NAME_SIZE];
    bytes item;
    bool found = false;
    if (r->version == 3) {
        (void)snprintf(name, sizeof name, "sgx-tcb-v2-%s", r->fmspc);
        if (!try_item(j, name, &item, &found))
            return false;
    }
    if (!found) {
        (void)snprintf(name, sizeof name, "%s-tcb-%s", r->tdx ? "tdx" : "sgx", r->fmspc);
        if (!get_item(j, name, &item))
            return false;
    }
    if (!is_tcb_info_for(j, item, r->version))
        return fail(j, 404, "%s: it is not held for version %u of the interface\n", name,
                    r->version);
    return answer_signed_item(j, &kinds[r->version - 3], name, item);
}

static bool answer_identity(job *j, const char *name)
{
    static const signed_kind kind = {
        {"qe_identity", "qe_identity_signature", "qe_identity_issuer_chain"},
        "enclaveIdentity",
        "SGX-Enclave-Identity-Issuer-Chain"};
    return answer_signed(j, &kind, name);
}

static bool answer_numbers(job *j)
{
    static const signed_kind kind = {{"tcb_evaluation_data_numbers",
                                      "tcb_evaluation_data_numbers_signature",
                                      "tcb_evaluation_data_numbers_issuer_chain"},
                                     "tcbEvaluationDataNumbers",
                                     "TCB-Evaluation-Data-Numbers-Issuer-Chain"};
    return answer_signed(j, &kind,
                         j->request.tdx ? "tdx-evaluation-numbers" : "sgx-evaluation-numbers");
}

static bytes write_pem(job *j, bytes der)
{
    writer w = wr_of(j->space->body, sizeof j->space->body);
    put_text(&w, "-----BEGIN X509 CRL-----\n");
    size_t n = base64_encode(der, (char *)w.out + w.n, w.cap - w.n);
    w.n += n;
    if (w.out[w.n - 1] != '\n')
        wr_u8(&w, '\n');
    put_text(&w, "-----END X509 CRL-----\n");
    return wr_bytes(&w);
}

/* Hex text is what caches have always given, under these types. */
static bool set_crl(job *j, const char *name, bytes hex, const char *hex_type)
{
    int64_t next_update;
    size_t n = hex.n / 2;
    if (n > sizeof j->space->der / 2 || !hex_decode(hex, j->space->der, n) ||
        !document_crl(bytes_of(j->space->der, n), &next_update))
        return damaged(j, name, "it holds no CRL");
    bytes der = bytes_of(j->space->der, n);
    if (j->request.encoding == PCCS_DER) {
        set_body(j, "application/pkix-crl", der);
    } else if (j->request.encoding == PCCS_PEM) {
        set_body(j, "application/x-pem-file", write_pem(j, der));
    } else {
        hex_encode(der, (char *)j->space->body);
        set_body(j, hex_type, bytes_of(j->space->body, 2 * n));
    }
    add_age(j, next_update);
    return true;
}

static bool answer_pck_crl(job *j)
{
    static const char *const keys[3] = {"pck_crl", "pck_crl_issuer_chain", NULL};
    const char *name = j->request.processor_ca ? "pck-crl-processor" : "pck-crl-platform";
    bytes item, parts[3];
    if (!get_item(j, name, &item))
        return false;
    if (!document_parts(item, keys, parts))
        return damaged(j, name, "it is not an item of collateral");
    return set_crl(j, name, parts[0], "application/x-pem-file") &&
           add_chain(j, "SGX-PCK-CRL-Issuer-Chain", name, parts[1]);
}

static bool answer_root_ca_crl(job *j)
{
    static const char *const keys[3] = {"root_ca_crl", NULL, NULL};
    const char *name = "root-ca-crl";
    bytes item, parts[3];
    if (!get_item(j, name, &item))
        return false;
    if (!document_parts(item, keys, parts))
        return damaged(j, name, "it is not an item of collateral");
    return set_crl(j, name, parts[0], "application/pkix-crl");
}

/* The platform's TCB is at least that of the certificate, in every component [DCAP 1.7]. */
static bool reaches(const pccs_request *r, const uint8_t tcbm[18])
{
    for (size_t i = 0; i < sizeof r->cpu_svn; i++)
        if (r->cpu_svn[i] < tcbm[i])
            return false;
    return r->pce_svn[0] + 256u * r->pce_svn[1] >= tcbm[16] + 256u * tcbm[17];
}

static bool read_pck(job *j, const char *name, bytes raw, pck_certificate *facts)
{
    bytes label, pem;
    size_t n;
    if (!unescape(j, name, raw, j->space->body, sizeof j->space->body, &pem))
        return false;
    reader r = rd_of(pem);
    if (pem_next(&r, &label, j->space->der, sizeof j->space->der, &n) != 1 ||
        !bytes_is(label, "CERTIFICATE") || !document_pck(bytes_of(j->space->der, n), facts))
        return damaged(j, name, "it holds no PCK certificate");
    set_body(j, "application/x-pem-file", pem);
    return true;
}

static bool answer_pck(job *j)
{
    static const char *const keys[3] = {"pck_certificate", "pck_certificate_issuer_chain", "tcbm"};
    const pccs_request *r = &j->request;
    char name[RATLS_ITEM_NAME_SIZE];
    uint8_t tcbm[18];
    bytes item, parts[3];
    pck_certificate facts;
    bool found;
    if (!r->has_qe_id)
        return fail(j, 404, "platforms are found by qeid, not by encrypted_ppid\n");
    (void)snprintf(name, sizeof name, "pck-%s-%s", r->qe_id, r->pce_id);
    if (!try_item(j, name, &item, &found))
        return false;
    if (!found)
        return fail(j, 461, "%s: the platform is not known\n", name);
    if (!document_parts(item, keys, parts))
        return damaged(j, name, "it is not a PCK certificate and its issuers");
    if (!hex_decode(parts[2], tcbm, sizeof tcbm))
        return damaged(j, name, "its tcbm is not 36 hex digits");
    if (!reaches(r, tcbm))
        return fail(j, 462, "%s: its certificate is for a later TCB\n", name);
    if (!read_pck(j, name, parts[0], &facts))
        return false;
    for (size_t i = 0; i < 18; i++)
        (void)snprintf((char *)j->space->text + 2 * i, 3, "%02X", tcbm[i]);
    add_header(j, "SGX-TCBm", "%s", (const char *)j->space->text);
    const uint8_t *f = facts.fmspc;
    add_header(j, "SGX-FMSPC", "%02X%02X%02X%02X%02X%02X", f[0], f[1], f[2], f[3], f[4], f[5]);
    add_header(j, "SGX-PCK-Certificate-CA-Type", facts.processor_ca ? "processor" : "platform");
    add_age(j, facts.not_after);
    return add_chain(j, "SGX-PCK-Certificate-Issuer-Chain", name, parts[1]);
}

/* Platform families of which TCB info is held. */
typedef struct family {
    char fmspc[13]; /* upper-case */
    bool tdx;
} family;

typedef struct families {
    family all[FMSPCS_MAX];
    size_t n;
    bool full;
} families;

static bool add_family(void *context, const char *item)
{
    families *f = context;
    bytes name = bytes_text(item);
    bool tdx = bytes_starts(name, "tdx-tcb-");
    size_t head = bytes_starts(name, "sgx-tcb-v2-") ? strlen("sgx-tcb-v2-") : strlen("sgx-tcb-");
    uint8_t fmspc[6];
    family one = {.tdx = tdx};
    if ((!tdx && !bytes_starts(name, "sgx-tcb-")) ||
        !hex_decode(bytes_of(name.p + head, name.n - head), fmspc, sizeof fmspc))
        return true;
    for (size_t i = 0; i < sizeof fmspc; i++)
        (void)snprintf(one.fmspc + 2 * i, 3, "%02X", fmspc[i]);
    size_t i = 0;
    while (i < f->n && strcmp(f->all[i].fmspc, one.fmspc) != 0)
        i++;
    if (i == FMSPCS_MAX) {
        f->full = true;
        return false;
    }
    if (i == f->n)
        f->all[f->n++] = one;
    f->all[i].tdx = f->all[i].tdx || tdx;
    return true;
}

static int compare_families(const void *a, const void *b)
{
    return strcmp(((const family *)a)->fmspc, ((const family *)b)->fmspc);
}

/* TDX is of E5 only. Of the others TCB info does not say, so they are in every selection. */
static bool answer_fmspcs(job *j)
{
    families f = {.n = 0};
    ratls_error e = {.text = ""};
    writer w = wr_of(j->space->body, sizeof j->space->body);
    if (j->store->list(j->store->state, add_family, &f, &e) != RATLS_OK)
        return fail(j, 503, "the store is out of reach: %s\n", e.text);
    if (f.full)
        return damaged(j, "the store", "it holds more than 1024 platform families");
    qsort(f.all, f.n, sizeof *f.all, compare_families);
    put_text(&w, "[");
    for (size_t i = 0; i < f.n; i++) {
        pccs_platform wanted = j->request.platform;
        if (f.all[i].tdx && wanted != PCCS_PLATFORM_ALL && wanted != PCCS_PLATFORM_E5)
            continue;
        put_text(&w, w.n > 1 ? ",{\"fmspc\":\"" : "{\"fmspc\":\"");
        put_text(&w, f.all[i].fmspc);
        put_text(&w, f.all[i].tdx ? "\",\"platform\":\"E5\"}" : "\",\"platform\":\"unknown\"}");
    }
    put_text(&w, "]");
    assert(wr_ok(&w));
    set_body(j, "application/json", wr_bytes(&w));
    return true;
}

static bool answer(job *j)
{
    switch (j->request.what) {
    case PCCS_TCB_INFO:
        return answer_tcb_info(j);
    case PCCS_QE_IDENTITY:
        return answer_identity(j, j->request.tdx ? "tdx-qe" : "sgx-qe");
    case PCCS_QVE_IDENTITY:
        return answer_identity(j, "sgx-qve");
    case PCCS_QAE_IDENTITY:
        return answer_identity(j, "sgx-qae");
    case PCCS_PCK_CRL:
        return answer_pck_crl(j);
    case PCCS_ROOT_CA_CRL:
        return answer_root_ca_crl(j);
    case PCCS_PCK_CERTIFICATE:
        return answer_pck(j);
    case PCCS_EVALUATION_NUMBERS:
        return answer_numbers(j);
    case PCCS_FMSPCS:
        return answer_fmspcs(j);
    case PCCS_CRL: /* the parser made it one of the CRLs */
        break;
    }
    return false;
}

void pccs_respond(const pccs_call *call, const ratls_store *store, pccs_space *space,
                  pccs_reply *reply)
{
    pccs_refusal why;
    char id[33];
    job j = {.call = call, .store = store, .space = space, .reply = reply};
    space->headers_n = 0;
    *reply = (pccs_reply){.status = 500};
    bool ok = pccs_request_parse(call->path, call->query, &j.request, &why);
    bool known = ok || why.status != 404;
    if (known && !bytes_is(call->method, "GET") && !bytes_is(call->method, "HEAD")) {
        ok = fail(&j, 405, "the method must be GET or HEAD\n");
        add_header(&j, "Allow", "GET, HEAD");
    } else if (!ok) {
        ok = fail(&j, why.status, "%s%sexpected %s\n", why.wrong != NULL ? why.wrong : "",
                  why.wrong != NULL ? ": " : "", why.expected);
    } else {
        ok = answer(&j);
    }
    if (!ok)
        add_header(&j, "Content-Type", "text/plain; charset=utf-8");
    hex_encode(bytes_of(call->request_id, sizeof call->request_id), id);
    add_header(&j, "Request-ID", "%s", id);
    if (known && j.request.version == 3)
        add_header(&j, "Warning", "299 - \"version 3 of this interface is deprecated, use 4\"");
}
