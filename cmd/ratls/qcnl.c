/* Configuration of Intel's quote provider library, sgx_default_qcnl.conf [DCAP 2.3]. */
#define _POSIX_C_SOURCE 200809L
#include "qcnl.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"

/* What the keys say, as far as it matters here. Texts are views; empty: not given. */
typedef struct settings {
    bytes pccs_url, collateral_service, update, api_version;
    bool any_certificate;
} settings;

static bool is_space(int c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Comments become blanks, so that places in the text stay. Outside of strings only: a URL has two
 * slashes too. */
static void blank_comments(char *text, size_t n)
{
    bool in_string = false;
    for (size_t i = 0; i < n; i++) {
        if (in_string) {
            if (text[i] == '\\')
                i++;
            else
                in_string = text[i] != '"';
            continue;
        }
        in_string = text[i] == '"';
        if (text[i] != '/' || i + 1 == n || (text[i + 1] != '/' && text[i + 1] != '*'))
            continue;
        bool to_line_end = text[i + 1] == '/';
        size_t start = i, end = i + 2;
        while (end < n &&
               (to_line_end ? text[end] != '\n'
                            : end < start + 3 || text[end - 1] != '*' || text[end] != '/'))
            end++;
        /* One without an end stays and is refused. */
        if (!to_line_end && end == n)
            return;
        end += to_line_end ? 0 : 1;
        for (; i < end; i++)
            text[i] = text[i] == '\n' ? '\n' : ' ';
        i--;
    }
}

static ratls_code refuse_value(const char *key, const char *expected, ratls_error *e)
{
    return refuse(e, RATLS_E_MALFORMED, 0, "%s: expected %s", key, expected);
}

/* A string that is not empty, if the key is there. */
static ratls_code take_text(const json_t *root, const char *key, bytes *out, ratls_error *e)
{
    const json_t *value = json_object_get(root, key);
    if (value == NULL)
        return RATLS_OK;
    if (!json_is_string(value) || json_string_length(value) == 0)
        return refuse_value(key, "a string that is not empty", e);
    *out = bytes_of(json_string_value(value), json_string_length(value));
    return RATLS_OK;
}

static ratls_code read_object(const json_t *root, settings *s, ratls_error *e)
{
    const json_t *secure = json_object_get(root, "use_secure_cert");
    if (!json_is_object(root))
        return refuse(e, RATLS_E_MALFORMED, 0, "expected a JSON object");
    if (secure != NULL && !json_is_boolean(secure))
        return refuse_value("use_secure_cert", "true or false", e);
    s->any_certificate = json_is_false(secure);
    ratls_code code = take_text(root, "pccs_url", &s->pccs_url, e);
    if (code == RATLS_OK)
        code = take_text(root, "collateral_service", &s->collateral_service, e);
    if (code == RATLS_OK)
        code = take_text(root, "tcb_update_type", &s->update, e);
    if (code == RATLS_OK)
        code = take_text(root, "pccs_api_version", &s->api_version, e);
    return code;
}

/* "KEY=VALUE" without its white space, which may stand anywhere. */
static ratls_code read_line(bytes line, unsigned number, settings *s, ratls_error *e)
{
    size_t equals = bytes_find(line, bytes_text("="));
    if (equals == line.n)
        return refuse(e, RATLS_E_MALFORMED, 0, "line %u: expected KEY=VALUE", number);
    bytes key = bytes_of(line.p, equals);
    bytes value = bytes_of(line.p + equals + 1, line.n - equals - 1);
    const struct {
        const char *key;
        bytes *text;
    } texts[] = {{"PCCS_URL", &s->pccs_url},
                 {"COLLATERAL_SERVICE", &s->collateral_service},
                 {"TCB_UPDATE_TYPE", &s->update},
                 {"PCCS_API_VERSION", &s->api_version}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (!bytes_is(key, texts[i].key))
            continue;
        if (value.n == 0 || texts[i].text->n > 0)
            return refuse(e, RATLS_E_MALFORMED, 0, "line %u: %s %s", number, texts[i].key,
                          value.n == 0 ? "is empty" : "stands twice");
        *texts[i].text = value;
    }
    if (!bytes_is(key, "USE_SECURE_CERT"))
        return RATLS_OK;
    s->any_certificate = bytes_is(value, "FALSE") || bytes_is(value, "false");
    if (!s->any_certificate && !bytes_is(value, "TRUE") && !bytes_is(value, "true"))
        return refuse(e, RATLS_E_MALFORMED, 0, "line %u: USE_SECURE_CERT: expected TRUE or FALSE",
                      number);
    return RATLS_OK;
}

/* The lines lose their white space where they stand. */
static ratls_code read_lines(char *text, size_t n, settings *s, ratls_error *e)
{
    ratls_code code = RATLS_OK;
    size_t at = 0;
    for (unsigned number = 1; at < n && code == RATLS_OK; number++) {
        char *line = text + at;
        size_t kept = 0;
        for (; at < n && text[at] != '\n'; at++)
            if (!is_space(text[at]))
                line[kept++] = text[at];
        at++;
        if (kept > 0 && line[0] != '#')
            code = read_line(bytes_of(line, kept), number, s, e);
    }
    return code;
}

static ratls_code check_settings(const settings *s, ratls_error *e)
{
    if (s->update.n > 0 && !bytes_is(s->update, "early") && !bytes_is(s->update, "standard"))
        return refuse_value("tcb_update_type", "early or standard", e);
    /* It tells which form CRLs come in, and here each is read; but nonsense is a mistake. */
    bytes v = s->api_version;
    if (v.n > 0 &&
        (v.n != 3 || v.p[0] < '0' || v.p[0] > '9' || v.p[1] != '.' || v.p[2] < '0' || v.p[2] > '9'))
        return refuse_value("pccs_api_version", "a version such as 3.1", e);
    if (s->pccs_url.n == 0 && s->collateral_service.n == 0)
        return refuse(e, RATLS_E_MISSING, 0, "neither pccs_url nor collateral_service is in it");
    return RATLS_OK;
}

static ratls_code add_service(qcnl *q, bytes url, const settings *s, ratls_error *e)
{
    char *copy = calloc(1, url.n + 1);
    if (copy == NULL)
        return refuse(e, RATLS_E_SYSTEM, 0, "out of memory");
    memcpy(copy, url.p, url.n);
    q->urls[q->n] = copy;
    q->services[q->n++] = (ratls_service){
        .url = copy,
        .update = s->update.n == 0               ? NULL
                  : bytes_is(s->update, "early") ? "early"
                                                 : "standard",
        .insecure_any_certificate = s->any_certificate,
    };
    return RATLS_OK;
}

static ratls_code take_services(const settings *s, qcnl *q, ratls_error *e)
{
    ratls_code code = check_settings(s, e);
    if (code == RATLS_OK && s->collateral_service.n > 0)
        code = add_service(q, s->collateral_service, s, e);
    if (code == RATLS_OK && s->pccs_url.n > 0 && !bytes_equal(s->pccs_url, s->collateral_service))
        code = add_service(q, s->pccs_url, s, e);
    return code;
}

static ratls_code parse_json(const char *text, size_t n, qcnl *out, ratls_error *e)
{
    json_error_t why;
    settings s = {.any_certificate = false};
    json_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &why);
    if (root == NULL)
        return refuse(e, RATLS_E_MALFORMED, 0, "line %d: not JSON: %s", why.line, why.text);
    ratls_code code = read_object(root, &s, e);
    if (code == RATLS_OK)
        code = take_services(&s, out, e);
    json_decref(root);
    return code;
}

static ratls_code parse_lines(char *text, size_t n, qcnl *out, ratls_error *e)
{
    settings s = {.any_certificate = false};
    ratls_code code = read_lines(text, n, &s, e);
    return code == RATLS_OK ? take_services(&s, out, e) : code;
}

ratls_code qcnl_parse(bytes file, qcnl *out, ratls_error *e)
{
    *out = (qcnl){.n = 0};
    if (file.n > QCNL_FILE_MAX)
        return refuse(e, RATLS_E_LIMIT, 0, "more than %d bytes", QCNL_FILE_MAX);
    if (file.n > 0 && memchr(file.p, '\0', file.n) != NULL)
        return refuse(e, RATLS_E_MALFORMED, 0, "it is no text");
    char *text = calloc(2, file.n + 1);
    if (text == NULL)
        return refuse(e, RATLS_E_SYSTEM, 0, "out of memory");
    char *json = text + file.n + 1;
    if (file.n > 0) {
        memcpy(text, file.p, file.n);
        memcpy(json, file.p, file.n);
    }
    blank_comments(json, file.n);
    size_t first = 0;
    while (first < file.n && is_space(json[first]))
        first++;
    ratls_code code =
        json[first] == '{' ? parse_json(json, file.n, out, e) : parse_lines(text, file.n, out, e);
    free(text);
    if (code != RATLS_OK)
        qcnl_free(out);
    return code;
}

ratls_code qcnl_load(const char *path, qcnl *out, ratls_error *e)
{
    *out = (qcnl){.n = 0};
    if (path == NULL)
        path = QCNL_PATH;
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return refuse(e, errno == ENOENT || errno == ENOTDIR ? RATLS_E_MISSING : RATLS_E_SYSTEM, 0,
                      "%s: can't be opened: %s", path, strerror(errno));
    /* One more than is read, to tell that there is more. */
    uint8_t *content = malloc(QCNL_FILE_MAX + 1);
    size_t n = content != NULL ? fread(content, 1, QCNL_FILE_MAX + 1, f) : 0;
    ratls_code code;
    if (content == NULL)
        code = refuse(e, RATLS_E_SYSTEM, 0, "out of memory");
    else if (ferror(f) != 0)
        code = refuse(e, RATLS_E_SYSTEM, 0, "it can't be read");
    else
        code = qcnl_parse(bytes_of(content, n), out, e);
    if (code != RATLS_OK)
        error_prefix(e, "%s", path);
    (void)fclose(f);
    free(content);
    return code;
}

void qcnl_free(qcnl *q)
{
    for (size_t i = 0; i < q->n; i++)
        free(q->urls[i]);
    *q = (qcnl){.n = 0};
}
