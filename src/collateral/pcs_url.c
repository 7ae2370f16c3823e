/* URLs of the items at an Intel PCS or a PCCS [DCAP 2.1, 2.2]. */
#include "collateral/pcs_url.h"

#include <assert.h>
#include <stdio.h>

#include "base/hex.h"

static const char intel_domain[] = "trustedservices.intel.com";
/* The CRL distribution point in the certificate of Intel's root; its PCS has no other [DCAP 2.1].
 */
static const char intel_root_crl[] =
    "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der";

static int lower(int c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool is_name(int c)
{
    c = lower(c);
    return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_' || c == '~';
}

/* Letters in either case; `text` has small ones. */
static bool ends_with(bytes b, const char *text)
{
    size_t n = strlen(text);
    if (b.n < n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (lower(b.p[b.n - n + i]) != text[i])
            return false;
    return true;
}

/* Up to the first of these characters, which stays. */
static bytes take_until(bytes *rest, const char *stops)
{
    size_t n = 0;
    while (n < rest->n && (rest->p[n] == '\0' || strchr(stops, rest->p[n]) == NULL))
        n++;
    bytes out = bytes_of(rest->p, n);
    *rest = bytes_of(rest->p + n, rest->n - n);
    return out;
}

/* [RFC 3986 3.2.3], without the colon. */
static bool port_ok(bytes port)
{
    unsigned v = 0;
    for (size_t i = 0; i < port.n; i++) {
        if (!is_digit(port.p[i]) || i == 5)
            return false;
        v = v * 10 + (unsigned)(port.p[i] - '0');
    }
    return v > 0 && v <= 65535 && port.p[0] != '0';
}

/* A name, an IPv4 address, or an IPv6 address in brackets; and perhaps a port. */
static ratls_code check_authority(bytes authority, bytes *host, ratls_error *e)
{
    bytes rest = authority;
    bool address = rest.n > 0 && rest.p[0] == '[';
    if (address) {
        *host = take_until(&rest, "]");
        if (rest.n > 0) {
            host->n++;
            rest = bytes_of(rest.p + 1, rest.n - 1);
        }
    } else {
        *host = take_until(&rest, ":");
    }
    bool ok = address ? host->n > 3 && host->p[host->n - 1] == ']' : host->n > 0;
    for (size_t i = address ? 1 : 0; ok && i + (address ? 1 : 0) < host->n; i++) {
        int c = host->p[i];
        ok = address ? hex_digit(c) >= 0 || c == ':' || c == '.' : is_name(c);
    }
    if (!ok)
        return refuse(e, RATLS_E_MALFORMED, 0,
                      "URL of a service: its host is no name and no address");
    if (rest.n > 0 && (rest.p[0] != ':' || !port_ok(bytes_of(rest.p + 1, rest.n - 1))))
        return refuse(e, RATLS_E_MALFORMED, 0,
                      "URL of a service: its port is no number from 1 to 65535");
    return RATLS_OK;
}

static ratls_code check_path(bytes path, ratls_error *e)
{
    size_t start = 1;
    for (size_t i = 0; i <= path.n; i++) {
        if (i < path.n && path.p[i] != '/') {
            if (!is_name(path.p[i]))
                return refuse(e, RATLS_E_MALFORMED, i,
                              "URL of a service: byte 0x%02x in its path, expected letters, "
                              "digits, / and -._~",
                              path.p[i]);
            continue;
        }
        bytes segment = i > start ? bytes_of(path.p + start, i - start) : BYTES_NONE;
        bool inside = i > 0 && i < path.n;
        if ((inside && segment.n == 0) || bytes_is(segment, ".") || bytes_is(segment, ".."))
            return refuse(e, RATLS_E_MALFORMED, i,
                          "URL of a service: its path has a segment that is empty, . or ..");
        start = i + 1;
    }
    return RATLS_OK;
}

/* What of the path is the API's goes, and tells its version. */
static ratls_code strip_api(bytes *path, unsigned *version, ratls_error *e)
{
    static const struct {
        const char *suffix;
        unsigned version;
    } known[] = {{"/sgx/certification/v3", 3},
                 {"/tdx/certification/v3", 3},
                 {"/sgx/certification/v4", 4},
                 {"/tdx/certification/v4", 4}};
    *version = 4;
    if (path->n > 0 && path->p[path->n - 1] == '/')
        path->n--;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (ends_with(*path, known[i].suffix)) {
            *version = known[i].version;
            path->n -= strlen(known[i].suffix);
            break;
        }
    /* Of another version, or cut off, or twice: nothing could be found there. */
    if (bytes_find(*path, bytes_text("/certification")) < path->n)
        return refuse(e, RATLS_E_UNSUPPORTED, 0,
                      "URL of a service: its path is %.*s, expected none or an end in "
                      "/sgx/certification/v3 or v4",
                      (int)(path->n < 80 ? path->n : 80), (const char *)path->p);
    return RATLS_OK;
}

static ratls_code take_scheme(bytes *rest, const char **scheme, ratls_error *e)
{
    bytes found = take_until(rest, ":");
    *scheme = found.n == 4 && ends_with(found, "http")    ? "http"
              : found.n == 5 && ends_with(found, "https") ? "https"
                                                          : NULL;
    if (*scheme == NULL || !bytes_starts(*rest, "://"))
        return refuse(e, RATLS_E_UNSUPPORTED, 0,
                      "URL of a service: expected it to begin with http:// or https://");
    *rest = bytes_of(rest->p + 3, rest->n - 3);
    return RATLS_OK;
}

static ratls_code read_update(const char *update, pcs_base *out, ratls_error *e)
{
    out->update = NULL;
    if (update == NULL)
        return RATLS_OK;
    bytes found = bytes_text(update);
    if (!bytes_is(found, "early") && !bytes_is(found, "standard"))
        return refuse(e, RATLS_E_MALFORMED, 0,
                      "update of a service: found \"%.32s\", expected early or standard", update);
    out->update = bytes_is(found, "early") ? "early" : "standard";
    return RATLS_OK;
}

ratls_code pcs_base_parse(const char *url, const char *update, pcs_base *out, ratls_error *e)
{
    bytes rest = bytes_text(url), host;
    const char *scheme;
    *out = (pcs_base){.version = 0};
    if (rest.n > PCS_BASE_MAX)
        return refuse(e, RATLS_E_MALFORMED, 0, "URL of a service: %zu characters, at most %d",
                      rest.n, PCS_BASE_MAX);
    ratls_code code = take_scheme(&rest, &scheme, e);
    if (code != RATLS_OK)
        return code;
    bytes authority = take_until(&rest, "/?#"), path = take_until(&rest, "?#");
    if (memchr(authority.p, '@', authority.n) != NULL)
        return refuse(e, RATLS_E_MALFORMED, 0,
                      "URL of a service: it has a user's name, expected none");
    if (rest.n > 0)
        return refuse(e, RATLS_E_MALFORMED, 0, "URL of a service: it has a %s, expected none",
                      rest.p[0] == '?' ? "query" : "fragment");
    code = check_authority(authority, &host, e);
    if (code == RATLS_OK)
        code = check_path(path, e);
    if (code == RATLS_OK)
        code = strip_api(&path, &out->version, e);
    if (code == RATLS_OK)
        code = read_update(update, out, e);
    if (code != RATLS_OK)
        return code;
    out->intel = ends_with(host, intel_domain) &&
                 (host.n == strlen(intel_domain) || host.p[host.n - sizeof intel_domain] == '.');
    (void)snprintf(out->root, sizeof out->root, "%s://%.*s%.*s", scheme, (int)authority.n,
                   (const char *)authority.p, (int)path.n, (const char *)path.p);
    return RATLS_OK;
}

static const char *tee_folder(ratls_tee tee)
{
    return tee == RATLS_TEE_TDX ? "tdx" : "sgx";
}

void pcs_item_url(const pcs_base *b, const ratls_item *item, char out[PCS_URL_SIZE])
{
    char fmspc[2 * sizeof item->fmspc + 1];
    const char *update = b->update != NULL ? b->update : "";
    const char *tee = tee_folder(item->tee);
    int n = -1;
    switch (item->kind) {
    case RATLS_ITEM_TCB_INFO:
        hex_encode(bytes_of(item->fmspc, sizeof item->fmspc), fmspc);
        n = snprintf(out, PCS_URL_SIZE, "%s/%s/certification/v%u/tcb?fmspc=%s%s%s", b->root, tee,
                     b->version, fmspc, *update != '\0' ? "&update=" : "", update);
        break;
    case RATLS_ITEM_QE_IDENTITY:
        n = snprintf(out, PCS_URL_SIZE, "%s/%s/certification/v%u/qe/identity%s%s", b->root, tee,
                     b->version, *update != '\0' ? "?update=" : "", update);
        break;
    case RATLS_ITEM_PCK_CRL:
        n = snprintf(out, PCS_URL_SIZE, "%s/sgx/certification/v%u/pckcrl?ca=%s&encoding=der",
                     b->root, b->version, item->processor_ca ? "processor" : "platform");
        break;
    case RATLS_ITEM_ROOT_CA_CRL:
        n = b->intel ? snprintf(out, PCS_URL_SIZE, "%s", intel_root_crl)
                     : snprintf(out, PCS_URL_SIZE, "%s/sgx/certification/v%u/rootcacrl", b->root,
                                b->version);
        break;
    }
    assert(n > 0 && n < PCS_URL_SIZE);
}

void pcs_item_text(const ratls_item *item, char out[PCS_ITEM_TEXT_SIZE])
{
    char fmspc[2 * sizeof item->fmspc + 1];
    const char *tee = item->tee == RATLS_TEE_TDX ? "TDX" : "SGX";
    switch (item->kind) {
    case RATLS_ITEM_TCB_INFO:
        hex_encode(bytes_of(item->fmspc, sizeof item->fmspc), fmspc);
        (void)snprintf(out, PCS_ITEM_TEXT_SIZE, "%s TCB info for FMSPC %s", tee, fmspc);
        break;
    case RATLS_ITEM_QE_IDENTITY:
        (void)snprintf(out, PCS_ITEM_TEXT_SIZE, "%s QE identity", tee);
        break;
    case RATLS_ITEM_PCK_CRL:
        (void)snprintf(out, PCS_ITEM_TEXT_SIZE, "CRL of the PCK %s CA",
                       item->processor_ca ? "Processor" : "Platform");
        break;
    case RATLS_ITEM_ROOT_CA_CRL:
        (void)snprintf(out, PCS_ITEM_TEXT_SIZE, "CRL of the root CA");
        break;
    }
}
