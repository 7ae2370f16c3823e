/* Requests to a PCS or PCCS [DCAP 2.1, 2.2]: paths, and queries by RFC 3986 3.4. */
#include "collateral/pccs_request.h"

#include "base/hex.h"
#include "base/reader.h"

enum parameter {
    FMSPC,
    UPDATE,
    NUMBER,
    CA,
    ENCODING,
    URI,
    QE_ID,
    ENCRYPTED_PPID,
    CPU_SVN,
    PCE_SVN,
    PCE_ID,
    PLATFORM,
    PARAMETERS
};
#define SET(p) (1u << (p))

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* ASCII letters of either case, as caches take them. */
static bool is_word(bytes value, const char *word)
{
    if (value.n != strlen(word))
        return false;
    for (size_t i = 0; i < value.n; i++)
        if (lower((char)value.p[i]) != word[i])
            return false;
    return true;
}

/* Exactly n hex digits, made lower-case, and a NUL. */
static bool digits(bytes value, char *out, size_t n)
{
    if (value.n != n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (hex_digit(value.p[i]) < 0)
            return false;
        out[i] = lower((char)value.p[i]);
    }
    out[n] = '\0';
    return true;
}

static bool read_fmspc(bytes value, pccs_request *out)
{
    return digits(value, out->fmspc, 12);
}

/* One is held of each item, whichever it was. */
static bool read_update(bytes value, pccs_request *out)
{
    (void)out;
    return is_word(value, "early") || is_word(value, "standard");
}

static bool read_number(bytes value, pccs_request *out)
{
    out->has_number = true;
    out->number = 0;
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] < '0' || value.p[i] > '9')
            return false;
        out->number = 10 * out->number + (uint64_t)(value.p[i] - '0');
    }
    return value.n > 0 && value.n <= 18;
}

static bool read_ca(bytes value, pccs_request *out)
{
    out->processor_ca = is_word(value, "processor");
    return out->processor_ca || is_word(value, "platform");
}

static bool read_encoding(bytes value, pccs_request *out)
{
    out->encoding = is_word(value, "der") ? PCCS_DER : PCCS_PEM;
    return out->encoding == PCCS_DER || is_word(value, "pem");
}

static bool read_qe_id(bytes value, pccs_request *out)
{
    out->has_qe_id = true;
    return digits(value, out->qe_id, 32);
}

/* Only its owner can read it, so nothing is found by it. */
static bool read_encrypted_ppid(bytes value, pccs_request *out)
{
    char text[769];
    (void)out;
    return digits(value, text, 768);
}

static bool read_cpu_svn(bytes value, pccs_request *out)
{
    return hex_decode(value, out->cpu_svn, sizeof out->cpu_svn);
}

static bool read_pce_svn(bytes value, pccs_request *out)
{
    return hex_decode(value, out->pce_svn, sizeof out->pce_svn);
}

static bool read_pce_id(bytes value, pccs_request *out)
{
    return digits(value, out->pce_id, 4);
}

static bool read_platform(bytes value, pccs_request *out)
{
    static const char *const names[] = {[PCCS_PLATFORM_ALL] = "all",
                                        [PCCS_PLATFORM_CLIENT] = "client",
                                        [PCCS_PLATFORM_E3] = "e3",
                                        [PCCS_PLATFORM_E5] = "e5"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (is_word(value, names[i])) {
            out->platform = (pccs_platform)i;
            return true;
        }
    }
    return false;
}

static bool take_text(reader *r, const char *text)
{
    bytes found = rd_take(r, strlen(text));
    if (!bytes_is(found, text))
        rd_fail(r);
    return rd_ok(r);
}

/* Takes all up to `stop`, which is taken too and must come. */
static bytes take_until(reader *r, char stop)
{
    bytes rest = bytes_of(r->base + r->pos, rd_left(r));
    bytes found = rd_take(r, bytes_find(rest, bytes_of(&stop, 1)));
    (void)rd_take(r, 1);
    return found;
}

static bool is_host(bytes b)
{
    for (size_t i = 0; i < b.n; i++) {
        char c = lower((char)b.p[i]);
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '.' && c != '-')
            return false;
    }
    return b.n > 0;
}

/* "sgx/certification/vN/pckcrl?…ca=platform…" */
static bool is_pck_crl(reader r, pccs_request *out)
{
    if (!take_text(&r, "sgx/certification/v"))
        return false;
    uint8_t version = rd_u8(&r);
    if (version < '1' || version > '9' || !take_text(&r, "/pckcrl?"))
        return false;
    while (rd_left(&r) > 0) {
        bytes rest = bytes_of(r.base + r.pos, rd_left(&r));
        bytes member = rd_take(&r, bytes_find(rest, bytes_text("&")));
        (void)rd_take(&r, rd_left(&r) > 0 ? 1 : 0);
        if (bytes_starts(member, "ca="))
            return read_ca(bytes_of(member.p + 3, member.n - 3), out);
    }
    return false;
}

/* "IntelSGXRootCA.der", by whatever vendor. */
static bool is_root_ca_crl(reader r)
{
    bytes rest = rd_rest(&r), word = bytes_text("SGXRootCA.");
    bytes path = bytes_of(rest.p, bytes_find(rest, word));
    return path.n < rest.n && bytes_find(path, bytes_text("/")) == path.n &&
           bytes_find(path, bytes_text("?")) == path.n;
}

/*
 * The distribution point of a CRL [RFC 5280 4.2.1.13]. It is a name here: nobody is asked there, so
 * any host will do.
 */
static bool read_uri(bytes value, pccs_request *out)
{
    reader r = rd_of(value);
    out->encoding = PCCS_DER;
    if (value.n > PCCS_URI_MAX || !take_text(&r, "https://") || !is_host(take_until(&r, '/')) ||
        !rd_ok(&r))
        return false;
    out->what = is_root_ca_crl(r) ? PCCS_ROOT_CA_CRL : PCCS_PCK_CRL;
    return out->what == PCCS_ROOT_CA_CRL || is_pck_crl(r, out);
}

static const struct {
    const char *name, *expected;
    bool (*read)(bytes value, pccs_request *out);
} parameters[PARAMETERS] = {
    [FMSPC] = {"fmspc", "12 hex digits", read_fmspc},
    [UPDATE] = {"update", "early or standard", read_update},
    [NUMBER] = {"tcbEvaluationDataNumber", "a number", read_number},
    [CA] = {"ca", "processor or platform", read_ca},
    [ENCODING] = {"encoding", "der or pem", read_encoding},
    [URI] = {"uri", "the distribution point of a root or PCK CRL", read_uri},
    [QE_ID] = {"qeid", "32 hex digits", read_qe_id},
    [ENCRYPTED_PPID] = {"encrypted_ppid", "768 hex digits", read_encrypted_ppid},
    [CPU_SVN] = {"cpusvn", "32 hex digits", read_cpu_svn},
    [PCE_SVN] = {"pcesvn", "4 hex digits", read_pce_svn},
    [PCE_ID] = {"pceid", "4 hex digits", read_pce_id},
    [PLATFORM] = {"platform", "all, client, E3 or E5", read_platform},
};

/* Interfaces in which a path exists. There never was one of TDX in version 3. */
enum { SGX_3 = 1, SGX_4 = 2, TDX_4 = 4, SGX = SGX_3 | SGX_4 };

#define SVNS    (SET(CPU_SVN) | SET(PCE_SVN) | SET(PCE_ID))
#define NEWNESS (SET(UPDATE) | SET(NUMBER))

static const struct {
    const char *name;
    pccs_what what;
    unsigned where, takes, needs;
} routes[] = {
    {"tcb", PCCS_TCB_INFO, SGX | TDX_4, SET(FMSPC) | NEWNESS, SET(FMSPC)},
    {"qe/identity", PCCS_QE_IDENTITY, SGX | TDX_4, NEWNESS, 0},
    {"qve/identity", PCCS_QVE_IDENTITY, SGX, NEWNESS, 0},
    {"qae/identity", PCCS_QAE_IDENTITY, SGX_4, NEWNESS, 0},
    {"pckcrl", PCCS_PCK_CRL, SGX, SET(CA) | SET(ENCODING), SET(CA)},
    {"rootcacrl", PCCS_ROOT_CA_CRL, SGX, 0, 0},
    {"crl", PCCS_CRL, SGX, SET(URI), SET(URI)},
    {"pckcert", PCCS_PCK_CERTIFICATE, SGX, SET(QE_ID) | SET(ENCRYPTED_PPID) | SVNS, SVNS},
    {"tcbevaluationdatanumbers", PCCS_EVALUATION_NUMBERS, SGX_4 | TDX_4, 0, 0},
    {"fmspcs", PCCS_FMSPCS, SGX, SET(PLATFORM), 0},
};
enum { ROUTES = sizeof routes / sizeof *routes };

static bool refused(pccs_refusal *why, unsigned status, const char *wrong, const char *expected)
{
    *why = (pccs_refusal){status, wrong, expected};
    return false;
}

/* Its place in routes[]; ROUTES if there is none. */
static size_t find_route(bytes path, pccs_request *out)
{
    reader r = rd_of(path);
    out->tdx = bytes_starts(path, "/tdx/");
    if (!take_text(&r, out->tdx ? "/tdx/certification/v" : "/sgx/certification/v"))
        return ROUTES;
    uint8_t version = rd_u8(&r);
    if ((version != '3' && version != '4') || !take_text(&r, "/"))
        return ROUTES;
    out->version = (unsigned)(version - '0');
    unsigned where = out->tdx ? (version == '4' ? TDX_4 : 0) : (version == '4' ? SGX_4 : SGX_3);
    bytes name = rd_rest(&r);
    size_t i = 0;
    while (i < ROUTES && ((routes[i].where & where) == 0 || !bytes_is(name, routes[i].name)))
        i++;
    return i;
}

/* Percent-decoded [RFC 3986 2.1]; false on a '%' without two digits, or no room. */
static bool decode(bytes text, uint8_t *out, size_t cap, size_t *n)
{
    *n = 0;
    for (size_t i = 0; i < text.n; i++) {
        int high = 0, low = text.p[i];
        if (low == '%') {
            if (text.n - i < 3)
                return false;
            high = hex_digit(text.p[i + 1]);
            low = hex_digit(text.p[i + 2]);
            i += 2;
        }
        if (high < 0 || low < 0 || *n == cap)
            return false;
        out[(*n)++] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool read_member(bytes name, bytes raw, unsigned takes, pccs_request *out, pccs_refusal *why)
{
    uint8_t value[PCCS_URI_MAX];
    size_t n, i = 0;
    while (i < PARAMETERS && !bytes_is(name, parameters[i].name))
        i++;
    if (i == PARAMETERS || (takes & SET(i)) == 0)
        return true;
    if ((out->given & SET(i)) != 0)
        return refused(why, 400, parameters[i].name, "it once");
    out->given |= SET(i);
    if (!decode(raw, value, sizeof value, &n) || !parameters[i].read(bytes_of(value, n), out))
        return refused(why, 400, parameters[i].name, parameters[i].expected);
    return true;
}

static bool read_query(bytes query, unsigned takes, pccs_request *out, pccs_refusal *why)
{
    reader r = rd_of(query);
    while (rd_left(&r) > 0) {
        bytes rest = bytes_of(r.base + r.pos, rd_left(&r));
        bytes member = rd_take(&r, bytes_find(rest, bytes_text("&")));
        (void)rd_take(&r, rd_left(&r) > 0 ? 1 : 0);
        size_t name_n = bytes_find(member, bytes_text("="));
        bytes value =
            name_n < member.n ? bytes_of(member.p + name_n + 1, member.n - name_n - 1) : BYTES_NONE;
        if (!read_member(bytes_of(member.p, name_n), value, takes, out, why))
            return false;
    }
    return true;
}

static bool check_together(const pccs_request *r, unsigned needs, pccs_refusal *why)
{
    for (unsigned i = 0; i < PARAMETERS; i++)
        if ((needs & SET(i)) != 0 && (r->given & SET(i)) == 0)
            return refused(why, 400, parameters[i].name, parameters[i].expected);
    if ((r->given & NEWNESS) == NEWNESS)
        return refused(why, 400, "update", "it or tcbEvaluationDataNumber, not both");
    if (r->what == PCCS_PCK_CERTIFICATE && (r->given & (SET(QE_ID) | SET(ENCRYPTED_PPID))) == 0)
        return refused(why, 400, "qeid", "32 hex digits");
    return true;
}

bool pccs_request_parse(bytes path, bytes query, pccs_request *out, pccs_refusal *why)
{
    *out = (pccs_request){.version = 4};
    if (query.n > PCCS_QUERY_MAX)
        return refused(why, 414, NULL, "a shorter query");
    if (bytes_is(path, "/IntelSGXRootCA.der")) {
        out->what = PCCS_ROOT_CA_CRL;
        out->encoding = PCCS_DER;
        return true;
    }
    size_t i = find_route(path, out);
    if (i == ROUTES)
        return refused(why, 404, NULL, "a path of Intel's PCS or PCCS");
    out->what = routes[i].what;
    return read_query(query, routes[i].takes, out, why) &&
           check_together(out, routes[i].needs, why);
}
