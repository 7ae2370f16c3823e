/* ratls attest: a key and a certificate with evidence, as files for any TLS server or client. */
#define _POSIX_C_SOURCE 200809L
#include "ratls/attest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "command.h"
#include "crypto/private.h"
#include "input.h"
#include "sheet.h"
#include "sim/files.h"
#include "sim/text.h"
#include "source.h"
#include "when.h"
#include "words.h"

enum { HOURS_MAX = 8760, PEM_ROOM = 1 << 18, CHAIN_MAX = 4 };

enum attest_option {
    ATTEST_OUT,
    ATTEST_SOURCE,
    ATTEST_FOR,
    ATTEST_SUBJECT,
    ATTEST_NAMES,
    ATTEST_HOURS,
    ATTEST_KEY_TYPE,
    ATTEST_KEY,
    ATTEST_CA,
    ATTEST_CA_KEY,
    ATTEST_STAPLE,
    ATTEST_CSR,
    ATTEST_TIME,
    ATTEST_OPTIONS
};

static const own_option attest_options[ATTEST_OPTIONS] = {
    [ATTEST_OUT] = {"--out", "DIR", "where key.pem, cert.pem and chain.pem go; made if absent"},
    [ATTEST_SOURCE] = {"--source", "S", SOURCE_ABOUT},
    [ATTEST_FOR] = {"--for", "PEER",
                    "who reads it: any (default), gramine, sgx-sdk, rats-tls or open-enclave"},
    [ATTEST_SUBJECT] = {"--subject", "NAME", "e.g. \"CN=web 1,O=Example\" (default: CN=ratls)"},
    [ATTEST_NAMES] = {"--names", "N,N...", "DNS names and IP addresses, with commas between"},
    [ATTEST_HOURS] = {"--hours", "H", "how long it is good at most (default: 24)"},
    [ATTEST_KEY_TYPE] = {"--key-type", "TYPE",
                         "p256, p384 or rsa3072 (default: p256, for gramine p384)"},
    [ATTEST_KEY] = {"--key", "KEY.pem", "this private key instead of a new one"},
    [ATTEST_CA] = {"--ca", "CA.pem", "sign with this CA instead of the key itself"},
    [ATTEST_CA_KEY] = {"--ca-key", "KEY.pem", "its private key"},
    [ATTEST_STAPLE] = {"--staple", NULL, STAPLE_ABOUT},
    [ATTEST_CSR] = {"--csr", NULL, "request.pem for a CA to sign, instead of a certificate"},
    [ATTEST_TIME] = {"--time", "T", "made at this time: Unix seconds or RFC 3339 (default: now)"},
};

/* What the options are views of. */
typedef struct holdings {
    input key, ca, ca_key;
    name_list names;
    int64_t now;
} holdings;

static int trouble(const ratls_error *e)
{
    complain("%s", e->text);
    return e->code == RATLS_E_SYSTEM || e->code == RATLS_E_MISSING ? EXIT_TROUBLE : EXIT_REFUSED;
}

static bool read_file(const char *path, input *in, ratls_bytes *out)
{
    if (path == NULL)
        return true;
    if (!input_read_own(path, in))
        return false;
    *out = input_bytes(in);
    return true;
}

static bool read_words(const args *a, holdings *h, ratls_attester_options *o)
{
    const char *peer = a->own[ATTEST_FOR], *hours = a->own[ATTEST_HOURS];
    const char *when = a->own[ATTEST_TIME];
    uint64_t n = 24;
    h->now = (int64_t)time(NULL);
    if (a->own[ATTEST_OUT] == NULL) {
        complain("attest: --out DIR is missing; see: ratls attest --help");
        return false;
    }
    if (peer != NULL && !ratls_peer_from_name(peer, &o->peer)) {
        complain("--for: found '%s', expected any, gramine, sgx-sdk, rats-tls or open-enclave",
                 peer);
        return false;
    }
    if (hours != NULL && (!number_parse(hours, HOURS_MAX, &n) || n == 0)) {
        complain("--hours: found '%s', expected hours from 1 to %d", hours, HOURS_MAX);
        return false;
    }
    if (when != NULL && !when_parse(when, &h->now)) {
        complain("--time: found '%s', expected Unix seconds or RFC 3339 like 2026-11-24T09:08:00Z",
                 when);
        return false;
    }
    if ((a->own[ATTEST_CA] == NULL) != (a->own[ATTEST_CA_KEY] == NULL)) {
        complain("--ca and --ca-key go together, found one of them");
        return false;
    }
    o->valid_seconds = (uint32_t)n * 3600;
    o->subject = a->own[ATTEST_SUBJECT];
    if (!words_key_type(a->own[ATTEST_KEY_TYPE], &o->key_type) ||
        !words_names(a->own[ATTEST_NAMES], &h->names))
        return false;
    o->names = h->names.all;
    o->names_n = h->names.n;
    return true;
}

static bool read_files(const args *a, holdings *h, ratls_attester_options *o)
{
    return read_file(a->own[ATTEST_KEY], &h->key, &o->key_pem) &&
           read_file(a->own[ATTEST_CA], &h->ca, &o->ca_certificate) &&
           read_file(a->own[ATTEST_CA_KEY], &h->ca_key, &o->ca_key_pem);
}

static ratls_code write_pem(const char *dir, const char *name, const char *label,
                            const ratls_credential *c, bool whole_chain, ratls_error *e)
{
    uint8_t *space = malloc(PEM_ROOM);
    if (space == NULL)
        return refuse(e, RATLS_E_SYSTEM, 0, "out of memory");
    writer w = wr_of(space, PEM_ROOM);
    ratls_bytes request = ratls_credential_request(c);
    if (request.n > 0)
        text_pem(&w, label, request);
    size_t certificates = request.n > 0 ? 0 : whole_chain ? CHAIN_MAX : 1;
    for (size_t i = 0; i < certificates; i++) {
        ratls_bytes der = ratls_credential_chain(c, i);
        if (der.n > 0)
            text_pem(&w, label, der);
    }
    ratls_code code = RATLS_OK;
    if (wr_ok(&w))
        code = files_write(dir, name, wr_bytes(&w), SIM_PUBLIC, e);
    else
        code = refuse(e, RATLS_E_LIMIT, 0, "%s: more than %d bytes", name, PEM_ROOM);
    free(space);
    return code;
}

/* The key first: a server that finds a new certificate finds its key too. */
static ratls_code write_credential(const char *dir, const ratls_credential *c, ratls_error *e)
{
    if (mkdir(dir, 0755) != 0 && errno != EEXIST)
        return refuse(e, RATLS_E_SYSTEM, 0, "%s: can't be made: %s", dir, strerror(errno));
    ratls_code code = files_write(dir, "key.pem", ratls_credential_key_pem(c), SIM_SECRET, e);
    if (code != RATLS_OK)
        return code;
    if (ratls_credential_request(c).n > 0)
        return write_pem(dir, "request.pem", "CERTIFICATE REQUEST", c, false, e);
    code = write_pem(dir, "chain.pem", "CERTIFICATE", c, true, e);
    return code == RATLS_OK ? write_pem(dir, "cert.pem", "CERTIFICATE", c, false, e) : code;
}

static int report(const args *a, const char *source, const ratls_credential *c)
{
    const char *dir = a->own[ATTEST_OUT];
    bool is_request = ratls_credential_request(c).n > 0;
    char text[1024];
    sheet *s = sheet_new(a->json);
    sheet_text(s, "source", NULL, source);
    sheet_row(s, "quote from", "%s", source);
    escape_text(bytes_text(dir), text, sizeof text);
    sheet_text(s, "directory", NULL, text);
    sheet_row(s, "written", "%s/key.pem", dir);
    sheet_row(s, "", "%s/%s", dir, is_request ? "request.pem" : "cert.pem");
    if (!is_request) {
        sheet_row(s, "", "%s/chain.pem", dir);
        sheet_time(s, "not_before", "valid from", ratls_credential_not_before(c));
        sheet_time(s, "not_after", "valid until", ratls_credential_not_after(c));
    }
    sheet_uint(s, "quote_size", NULL, ratls_credential_quote(c).n);
    return sheet_end(s, EXIT_ACCEPTED);
}

static ratls_code make(const args *a, const holdings *h, ratls_attester *attester,
                       ratls_credential **out, ratls_error *e)
{
    if (a->nonce_n > 0)
        return ratls_attester_answer(attester, bytes_of(a->nonce, a->nonce_n),
                                     a->own[ATTEST_CSR] != NULL, h->now, out, e);
    if (a->own[ATTEST_CSR] != NULL)
        return ratls_attester_request(attester, out, e);
    ratls_code code = ratls_attester_renew(attester, h->now, e);
    if (code == RATLS_OK)
        *out = ratls_attester_certificate(attester);
    return code;
}

static int attest(const args *a, const holdings *h, ratls_attester_options *o)
{
    ratls_error e = {.text = ""};
    ratls_attester *attester = NULL;
    ratls_credential *c = NULL;
    if (source_named(a->own[ATTEST_SOURCE], &o->source, &e) != RATLS_OK)
        return trouble(&e);
    const char *source = o->source.name;
    ratls_keeper *keeper = NULL;
    if (a->own[ATTEST_STAPLE] != NULL && !source_staple(a, o, &keeper)) {
        ratls_source_free(&o->source);
        return EXIT_TROUBLE;
    }
    ratls_code code = ratls_attester_new(&attester, o, &e);
    if (code != RATLS_OK)
        ratls_source_free(&o->source);
    if (code == RATLS_OK)
        code = make(a, h, attester, &c, &e);
    if (code == RATLS_OK)
        code = write_credential(a->own[ATTEST_OUT], c, &e);
    int status = code == RATLS_OK ? report(a, source, c) : trouble(&e);
    ratls_credential_free(&c);
    ratls_attester_free(&attester);
    ratls_keeper_free(&keeper);
    return status;
}

static int run(const args *a)
{
    holdings h = {.now = 0};
    ratls_attester_options o = {.names_n = 0};
    int status = EXIT_TROUBLE;
    if (read_words(a, &h, &o) && read_files(a, &h, &o))
        status = attest(a, &h, &o);
    input_wipe(&h.key);
    input_wipe(&h.ca_key);
    input_free(&h.ca);
    return status;
}

const command attest_command = {
    .name = "attest",
    .run = run,
    .summary = "make a key and a certificate with evidence, for any TLS server or client",
    .options = TAKES(OPTION_JSON) | TAKES(OPTION_NONCE) | TAKES_SUPPLY | TAKES(OPTION_ROOT),
    .own = attest_options,
    .own_n = ATTEST_OPTIONS,
    .about = "Makes a key and a certificate that carries evidence for it, from the TEE that this\n"
             "runs in or from a simulated one, and writes them to DIR. Run it again before two\n"
             "thirds of the certificate's life are over.\n"
             "Exit codes: 0 made, 1 refused, 2 usage or system error, or there is no TEE.",
    .example = "ratls attest --out tls --source sim:platform --names www.example.com",
};
