/* Answers of an Intel PCS or a PCCS [DCAP 2.1, 2.2]. */
#include "collateral/pcs_answer.h"

#include <assert.h>

#include "base/hex.h"
#include "base/time.h"
#include "base/writer.h"
#include "codec/der.h"
#include "codec/json.h"
#include "codec/pem.h"
#include "collateral/pcs_url.h"

static bool is_space(int c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bytes trim(bytes b)
{
    while (b.n > 0 && is_space(b.p[0]))
        b = bytes_of(b.p + 1, b.n - 1);
    while (b.n > 0 && is_space(b.p[b.n - 1]))
        b.n--;
    return b;
}

static bool same_name(bytes a, const char *name)
{
    if (a.n != strlen(name))
        return false;
    for (size_t i = 0; i < a.n; i++) {
        int x = a.p[i], y = (unsigned char)name[i];
        if ((x >= 'A' && x <= 'Z' ? x + 32 : x) != (y >= 'A' && y <= 'Z' ? y + 32 : y))
            return false;
    }
    return true;
}

/* The next line of headers and its parts; a line without a colon has an empty name. */
static bool next_header(reader *r, bytes *name, bytes *value)
{
    if (rd_left(r) == 0)
        return false;
    bytes rest = bytes_of(r->base + r->pos, rd_left(r));
    bytes line = rd_take(r, bytes_find(rest, bytes_text("\n")));
    (void)rd_take(r, rd_left(r) > 0 ? 1 : 0);
    size_t colon = bytes_find(line, bytes_text(":"));
    *name = colon < line.n ? bytes_of(line.p, colon) : BYTES_NONE;
    *value = colon < line.n ? trim(bytes_of(line.p + colon + 1, line.n - colon - 1)) : BYTES_NONE;
    return true;
}

/* -1 if two differ, 0 if there is none. Of a header that came twice it could not be said which
 * counts. */
static int find_header(bytes headers, const char *const names[2], bytes *value)
{
    reader r = rd_of(headers);
    bytes name, v;
    int found = 0;
    while (next_header(&r, &name, &v)) {
        if (!same_name(name, names[0]) && !same_name(name, names[1]))
            continue;
        if (found > 0 && !bytes_equal(v, *value))
            return -1;
        *value = v;
        found = 1;
    }
    return found;
}

/* By the kinds of items; the second is the name in version 3 of the API. */
static const char *const chain_headers[][2] = {
    [RATLS_ITEM_TCB_INFO] = {"TCB-Info-Issuer-Chain", "SGX-TCB-Info-Issuer-Chain"},
    [RATLS_ITEM_QE_IDENTITY] = {"SGX-Enclave-Identity-Issuer-Chain",
                                "SGX-Enclave-Identity-Issuer-Chain"},
    [RATLS_ITEM_PCK_CRL] = {"SGX-PCK-CRL-Issuer-Chain", "SGX-PCK-CRL-Issuer-Chain"},
};

/*
 * Percent-decoding [RFC 3986 2.1] of text in lines: nothing but printable ASCII may come out, or
 * stand there as it is, and line ends come out. out holds in.n bytes.
 */
static bool percent_decode(bytes in, uint8_t *out, size_t *n)
{
    reader r = rd_of(in);
    *n = 0;
    while (rd_left(&r) > 0) {
        int c = rd_u8(&r);
        bool line_end = false;
        if (c == '%') {
            int high = hex_digit(rd_u8(&r)), low = hex_digit(rd_u8(&r));
            if (!rd_ok(&r) || high < 0 || low < 0)
                return false;
            c = high << 4 | low;
            line_end = c == '\n' || c == '\r';
        }
        if (!line_end && (c < 0x20 || c > 0x7e))
            return false;
        out[(*n)++] = (uint8_t)c;
    }
    return rd_ok(&r);
}

/* At least one certificate, and nothing else. `space` holds text.n bytes. */
static bool is_chain(bytes text, uint8_t *space)
{
    reader r = rd_of(text);
    bytes label;
    size_t n, blocks = 0;
    int got;
    while ((got = pem_next(&r, &label, space, text.n, &n)) == 1 && bytes_is(label, "CERTIFICATE"))
        blocks++;
    return got == 0 && blocks > 0;
}

static ratls_code read_chain(const ratls_item *item, const pcs_answer *a, uint8_t *room,
                             bytes *chain, ratls_error *e)
{
    const char *const *names = chain_headers[item->kind];
    bytes value = BYTES_NONE;
    size_t n;
    int found = find_header(a->headers, names, &value);
    if (found < 0)
        return refuse(e, RATLS_E_MALFORMED, 0, "its header %s stands twice", names[0]);
    if (found == 0 || value.n == 0)
        return refuse(e, RATLS_E_MALFORMED, 0, "its header %s is %s", names[0],
                      found == 0 ? "missing" : "empty");
    if (!percent_decode(value, room, &n))
        return refuse(e, RATLS_E_MALFORMED, 0, "its header %s is no percent-encoded text",
                      names[0]);
    if (!is_chain(bytes_of(room, n), room + n))
        return refuse(e, RATLS_E_MALFORMED, 0, "its header %s is no chain of PEM certificates",
                      names[0]);
    *chain = bytes_of(room, n);
    return RATLS_OK;
}

static void put_text(writer *w, const char *text)
{
    wr_put(w, bytes_text(text));
}

/* Between quotes; b is UTF-8 [RFC 8259 7]. */
static void put_string(writer *w, bytes b)
{
    wr_u8(w, '"');
    size_t plain = 0;
    for (size_t i = 0; i < b.n; i++) {
        char escape[] = {'\\', (char)b.p[i], '\0'};
        if (b.p[i] >= 0x20 && b.p[i] != '"' && b.p[i] != '\\')
            continue;
        wr_put(w, bytes_of(b.p + plain, i - plain));
        plain = i + 1;
        if (b.p[i] == '\n' || b.p[i] == '\r' || b.p[i] == '\t')
            escape[1] = b.p[i] == '\n' ? 'n' : b.p[i] == '\r' ? 'r' : 't';
        put_text(w, escape);
    }
    wr_put(w, bytes_of(b.p + plain, b.n - plain));
    wr_u8(w, '"');
}

static void put_hex(writer *w, bytes b)
{
    enum { STEP = 32 };
    char digits[2 * STEP + 1];
    wr_u8(w, '"');
    for (size_t i = 0; i < b.n; i += STEP) {
        hex_encode(bytes_of(b.p + i, b.n - i < STEP ? b.n - i : STEP), digits);
        put_text(w, digits);
    }
    wr_u8(w, '"');
}

/* What a signed body says it is. */
typedef struct identity {
    bytes id, fmspc, next_update;
} identity;

static ratls_code read_identity(bytes body, const char *what, identity *out, ratls_error *e)
{
    json_reader j = jr_of(body);
    json_scope s;
    bytes key;
    *out = (identity){.id = BYTES_NONE};
    jr_object(&j, &s);
    while (jr_key(&j, &s, &key)) {
        if (bytes_is(key, "id"))
            out->id = jr_string(&j);
        else if (bytes_is(key, "fmspc"))
            out->fmspc = jr_string(&j);
        else if (bytes_is(key, "nextUpdate"))
            out->next_update = jr_string(&j);
        else
            jr_skip(&j);
    }
    return jr_done(&j) ? RATLS_OK : jr_error(&j, what, e);
}

/* For the sentence. */
static const char *id_text(bytes id)
{
    static const char *const known[] = {"SGX", "TDX", "QE", "TD_QE", "QVE", "QAE"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (bytes_is(id, known[i]))
            return known[i];
    return id.n == 0 ? "none" : "unknown";
}

static ratls_code check_identity(const ratls_item *item, bytes body, const char *what,
                                 int64_t *expires, ratls_error *e)
{
    identity found;
    ratls_code code = read_identity(body, what, &found, e);
    if (code != RATLS_OK)
        return code;
    /* TCB info of version 2 has no id, and is for SGX [DCAP 1.4]. */
    bool tcb_info = item->kind == RATLS_ITEM_TCB_INFO, tdx = item->tee == RATLS_TEE_TDX;
    const char *id = tcb_info ? (tdx ? "TDX" : "SGX") : (tdx ? "TD_QE" : "QE");
    if (!bytes_is(found.id, id) && !(tcb_info && !tdx && found.id.n == 0))
        return refuse(e, RATLS_E_MALFORMED, 0,
                      "it gave another item: the id of its %s is %s, "
                      "expected %s",
                      what, id_text(found.id), id);
    uint8_t fmspc[sizeof item->fmspc];
    if (tcb_info && !hex_decode(found.fmspc, fmspc, sizeof fmspc))
        return refuse(e, RATLS_E_MALFORMED, 0, "its tcbInfo has no FMSPC of 12 hex digits");
    bytes asked = bytes_of(item->fmspc, sizeof item->fmspc), given = bytes_of(fmspc, sizeof fmspc);
    if (tcb_info && !bytes_equal(given, asked))
        return refuse(e, RATLS_E_MALFORMED, 0,
                      "it gave another item: the FMSPC of its tcbInfo is %s, expected %s",
                      HEX(given), HEX(asked));
    if (!time_from_iso(found.next_update, expires))
        return refuse(e, RATLS_E_MALFORMED, 0, "its %s has no nextUpdate", what);
    return RATLS_OK;
}

/* {"name":{…},"signature":"…"}: the exact bytes of the body, which the signature is over. */
static ratls_code split_signed(bytes in, const char *name, bytes *body, bytes *signature,
                               ratls_error *e)
{
    json_reader j = jr_of(in);
    json_scope s;
    bytes key;
    uint8_t raw[64];
    *body = *signature = BYTES_NONE;
    jr_object(&j, &s);
    while (jr_key(&j, &s, &key)) {
        if (bytes_is(key, name)) {
            if (jr_type(&j) != JR_OBJECT)
                jr_fail(&j, "what is signed is no object");
            *body = jr_value(&j);
        } else if (bytes_is(key, "signature")) {
            *signature = jr_string(&j);
            if (!hex_decode(*signature, raw, sizeof raw))
                jr_fail(&j, "the signature is not 128 hex digits");
        } else {
            jr_skip(&j);
        }
    }
    if (!jr_done(&j))
        return jr_error(&j, "its body", e);
    if (body->n == 0 || signature->n == 0)
        return refuse(e, RATLS_E_MALFORMED, 0, "its body has no %s",
                      body->n == 0 ? name : "signature");
    return RATLS_OK;
}

static ratls_code write_signed(const ratls_item *item, bytes in, bytes chain, writer *w,
                               int64_t *expires, ratls_error *e)
{
    bool tcb_info = item->kind == RATLS_ITEM_TCB_INFO;
    const char *name = tcb_info ? "tcbInfo" : "enclaveIdentity";
    bytes body, signature;
    ratls_code code = split_signed(in, name, &body, &signature, e);
    if (code == RATLS_OK)
        code = check_identity(item, body, name, expires, e);
    if (code != RATLS_OK)
        return code;
    put_text(w, tcb_info ? "{\"tcb_info\":" : "{\"qe_identity\":");
    put_string(w, body);
    put_text(w, tcb_info ? ",\"tcb_info_signature\":" : ",\"qe_identity_signature\":");
    put_string(w, signature);
    put_text(w, tcb_info ? ",\"tcb_info_issuer_chain\":" : ",\"qe_identity_issuer_chain\":");
    put_string(w, chain);
    put_text(w, "}");
    return RATLS_OK;
}

/* The one CertificateList [RFC 5280 5.1] in `in`, with nothing but white space and NULs behind it,
 * and its nextUpdate. */
static bool one_crl(bytes in, bytes *der, int64_t *next_update)
{
    reader r = rd_of(in);
    *der = der_element(&r, NULL);
    if (!bytes_all_zero(trim(rd_rest(&r))))
        return false;
    reader all = rd_of(*der), list = der_enter(&all, DER_SEQUENCE);
    reader tbs = der_enter(&list, DER_SEQUENCE);
    (void)der_uint(&tbs, DER_INTEGER, 1);
    (void)der_take(&tbs, DER_SEQUENCE); /* signature algorithm, */
    (void)der_take(&tbs, DER_SEQUENCE); /* issuer */
    int64_t this_update = der_time(&tbs);
    *next_update = der_time(&tbs);
    return rd_ok(&tbs) && this_update <= *next_update;
}

/* DER, PEM, or hex text of DER: services differ [DCAP 2.2]. `space` holds in.n bytes. */
static bool crl_der(bytes in, uint8_t *space, bytes *der, int64_t *next_update)
{
    if (one_crl(in, der, next_update))
        return true;
    bytes text = trim(in), decoded;
    size_t n;
    if (pem_looks_like(text)) {
        reader r = rd_of(text);
        bytes label, none;
        if (pem_next(&r, &label, space, in.n, &n) != 1 || !bytes_is(label, "X509 CRL"))
            return false;
        decoded = bytes_of(space, n);
        if (pem_next(&r, &none, space + n, in.n - n, &n) != 0)
            return false;
    } else {
        decoded = bytes_of(space, text.n / 2);
        if (!hex_decode(text, space, decoded.n))
            return false;
    }
    return one_crl(decoded, der, next_update) && der->n == decoded.n;
}

static ratls_code write_crl(const ratls_item *item, bytes in, bytes chain, uint8_t *space,
                            writer *w, int64_t *expires, ratls_error *e)
{
    bytes der;
    if (!crl_der(in, space, &der, expires))
        return refuse(e, RATLS_E_MALFORMED, 0,
                      "its body, of %zu bytes, is no CRL in DER, PEM or hex digits", in.n);
    bool root = item->kind == RATLS_ITEM_ROOT_CA_CRL;
    put_text(w, root ? "{\"root_ca_crl\":" : "{\"pck_crl\":");
    put_hex(w, der);
    if (!root) {
        put_text(w, ",\"pck_crl_issuer_chain\":");
        put_string(w, chain);
    }
    put_text(w, "}");
    return RATLS_OK;
}

static ratls_code refuse_status(const ratls_item *item, unsigned status, ratls_error *e)
{
    char asked[PCS_ITEM_TEXT_SIZE];
    pcs_item_text(item, asked);
    switch (status) {
    case 404:
    case 410:
        return refuse(e, RATLS_E_MISSING, 0, "%u, there is no %s", status, asked);
    case 400:
        return refuse(e, RATLS_E_SYSTEM, 0, "400, it does not take the request for %s", asked);
    case 401:
    case 403:
        return refuse(e, RATLS_E_SYSTEM, 0, "%u, it wants other credentials", status);
    case 429:
        return refuse(e, RATLS_E_SYSTEM, 0, "429, it was asked too often");
    default:
        if (status >= 300 && status < 400)
            return refuse(e, RATLS_E_SYSTEM, 0, "%u, a redirect, and none is followed", status);
        return refuse(e, RATLS_E_SYSTEM, 0, "status %u, expected 200", status);
    }
}

ratls_code pcs_answer_read(const ratls_item *item, const pcs_answer *a, uint8_t *room, uint8_t *out,
                           size_t cap, size_t *n, int64_t *expires, ratls_error *e)
{
    assert(out != NULL);
    if (a->status != 200)
        return refuse_status(item, a->status, e);
    if (a->headers.n > PCS_HEADERS_MAX)
        return refuse(e, RATLS_E_LIMIT, 0, "headers of %zu bytes, at most %d are read",
                      a->headers.n, PCS_HEADERS_MAX);
    if (a->body.n > PCS_BODY_MAX)
        return refuse(e, RATLS_E_LIMIT, 0, "a body of %zu bytes, at most %d are read", a->body.n,
                      PCS_BODY_MAX);
    bytes chain = BYTES_NONE;
    bool root = item->kind == RATLS_ITEM_ROOT_CA_CRL;
    ratls_code code = root ? RATLS_OK : read_chain(item, a, room, &chain, e);
    if (code != RATLS_OK)
        return code;
    writer w = wr_of(out, cap);
    bool crl = root || item->kind == RATLS_ITEM_PCK_CRL;
    code = crl ? write_crl(item, a->body, chain, room + chain.n, &w, expires, e)
               : write_signed(item, a->body, chain, &w, expires, e);
    if (code == RATLS_OK && !wr_ok(&w))
        code = refuse(e, RATLS_E_LIMIT, 0, "it is an item of %zu bytes, there is room for %zu", w.n,
                      cap);
    if (code == RATLS_OK)
        *n = w.n;
    return code;
}

static bool two_digits(bytes b, size_t at, int *v)
{
    int high = b.p[at] - '0', low = b.p[at + 1] - '0';
    *v = high * 10 + low;
    return high >= 0 && high <= 9 && low >= 0 && low <= 9;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT", the only form that may be sent [RFC 9110 5.6.7]. */
static bool http_date(bytes b, int64_t *t)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    static const char shape[] = "xxx, xx xxx xxxx xx:xx:xx GMT";
    if (b.n != sizeof shape - 1)
        return false;
    for (size_t i = 0; i < b.n; i++)
        if (shape[i] != 'x' && b.p[i] != (uint8_t)shape[i])
            return false;
    int day, century, year, hour, minute, second, month = 1;
    while (month <= 12 && !bytes_equal(bytes_of(b.p + 8, 3), bytes_of(months + 3 * (month - 1), 3)))
        month++;
    return two_digits(b, 5, &day) && two_digits(b, 12, &century) && two_digits(b, 14, &year) &&
           two_digits(b, 17, &hour) && two_digits(b, 20, &minute) && two_digits(b, 23, &second) &&
           time_from_civil(century * 100 + year, month, day, hour, minute, second, t);
}

bool pcs_retry_after(bytes headers, int64_t now, int64_t *seconds)
{
    static const char *const names[2] = {"Retry-After", "Retry-After"};
    enum { DIGITS_MAX = 9 };
    bytes value;
    int64_t t;
    if (find_header(headers, names, &value) != 1 || value.n == 0)
        return false;
    if (http_date(value, &t)) {
        *seconds = t > now ? t - now : 0;
        return true;
    }
    *seconds = 0;
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] < '0' || value.p[i] > '9' || i == DIGITS_MAX)
            return false;
        *seconds = *seconds * 10 + (value.p[i] - '0');
    }
    return true;
}
