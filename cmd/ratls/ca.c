/* ratls ca init and ratls ca log: a CA of files, and what it decided. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <time.h>

#include "audit.h"
#include "base/hex.h"
#include "ca_files.h"
#include "command.h"
#include "issue/certificate.h"
#include "issue/name.h"
#include "sheet.h"
#include "sim/text.h"
#include "when.h"
#include "words.h"

enum { DAYS = 365, DAYS_MAX = 3650, DAY = 86400, BACKDATED = 300 };

enum init_option { INIT_SUBJECT, INIT_KEY_TYPE, INIT_DAYS, INIT_OPTIONS };

static const own_option init_options[INIT_OPTIONS] = {
    [INIT_SUBJECT] = {"--subject", "NAME",
                      "e.g. \"CN=Example CA,O=Example\" (default: CN=ratls CA "
                      "and digits of its key)"},
    [INIT_KEY_TYPE] = {"--key-type", "TYPE", "p256 (default), p384 or rsa3072"},
    [INIT_DAYS] = {"--days", "D", "how long it is good (default: 365)"},
};

static int trouble(const ratls_error *e)
{
    complain("%s", e->text);
    return e->code == RATLS_E_SYSTEM ? EXIT_TROUBLE : EXIT_REFUSED;
}

static ratls_code name_ca(const char *subject, const uint8_t id[ISSUE_KEY_ID_SIZE], writer *w,
                          ratls_error *e)
{
    char text[96];
    (void)snprintf(text, sizeof text, "CN=ratls CA %s", HEX(bytes_of(id, 4)));
    return issue_name_from_text(bytes_text(subject != NULL ? subject : text), w, e);
}

/* Self-signed; no CA below it. */
static ratls_code certify(const crypto_private *key, const char *subject, int64_t now, int64_t end,
                          writer *der, ratls_error *e)
{
    uint8_t spki[CRYPTO_SIGNATURE_MAX + 256], name[2048], values[256];
    uint8_t id[ISSUE_KEY_ID_SIZE], serial[ISSUE_SERIAL_SIZE];
    writer k = wr_of(spki, sizeof spki), n = wr_of(name, sizeof name);
    issue_extensions x = issue_extensions_of(values, sizeof values);
    if (!crypto_private_spki(key, &k) || !issue_key_id(wr_bytes(&k), id) || !issue_serial(serial))
        return refuse(e, RATLS_E_SYSTEM, 0, "CA: the crypto library has failed");
    ratls_code code = name_ca(subject, id, &n, e);
    if (code == RATLS_OK && !wr_ok(&n))
        code = refuse(e, RATLS_E_LIMIT, 0, "--subject: more than %zu bytes", sizeof name);
    if (code != RATLS_OK)
        return code;
    issue_add_basic_constraints(&x, true, 0);
    issue_add_key_usage(&x, KEY_USAGE_CERT_SIGN | KEY_USAGE_CRL_SIGN);
    issue_add_subject_key_id(&x, bytes_of(id, sizeof id));
    const issue_spec spec = {
        .serial = bytes_of(serial, sizeof serial),
        .issuer = wr_bytes(&n),
        .subject = wr_bytes(&n),
        .not_before = now - BACKDATED,
        .not_after = end,
        .spki = wr_bytes(&k),
        .extensions = &x,
    };
    return issue_certificate(&spec, key, der, e);
}

static int make_ca(const args *a, const crypto_private *key, int64_t end)
{
    uint8_t der_room[8192];
    static uint8_t pem_room[16384], key_room[8192];
    writer der = wr_of(der_room, sizeof der_room), pem = wr_of(pem_room, sizeof pem_room);
    writer secret = wr_of(key_room, sizeof key_room);
    ratls_error e;
    if (certify(key, a->own[INIT_SUBJECT], (int64_t)time(NULL), end, &der, &e) != RATLS_OK)
        return trouble(&e);
    text_pem(&pem, "CERTIFICATE", wr_bytes(&der));
    bool ok = crypto_private_pem(key, &secret) && wr_ok(&pem);
    if (!ok)
        complain("the crypto library could not write the key");
    ok = ok && ca_create(a->file, wr_bytes(&pem), wr_bytes(&secret));
    crypto_wipe(key_room, sizeof key_room);
    if (!ok)
        return EXIT_TROUBLE;
    sheet *s = sheet_new(a->json);
    char dir[1024];
    escape_text(bytes_text(a->file), dir, sizeof dir);
    sheet_text(s, "directory", NULL, dir);
    sheet_row(s, "written", "%s/%s", a->file, CA_CERTIFICATE);
    sheet_row(s, "", "%s/%s", a->file, CA_KEY);
    sheet_row(s, "", "%s/%s", a->file, CA_LOG);
    sheet_time(s, "not_after", "valid until", end);
    return sheet_end(s, EXIT_ACCEPTED);
}

static int init(const args *a)
{
    static const crypto_type types[] = {[RATLS_KEY_P256] = CRYPTO_P256,
                                        [RATLS_KEY_P384] = CRYPTO_P384,
                                        [RATLS_KEY_RSA3072] = CRYPTO_RSA3072};
    const char *words = a->own[INIT_DAYS];
    uint64_t days = DAYS;
    ratls_key_type type = RATLS_KEY_P256;
    if (words != NULL && (!number_parse(words, DAYS_MAX, &days) || days == 0)) {
        complain("--days: found '%s', expected days from 1 to %d", words, DAYS_MAX);
        return EXIT_TROUBLE;
    }
    if (!words_key_type(a->own[INIT_KEY_TYPE], &type))
        return EXIT_TROUBLE;
    crypto_private *key = crypto_private_new(types[type]);
    if (key == NULL) {
        complain("the crypto library could not make a key");
        return EXIT_TROUBLE;
    }
    int status = make_ca(a, key, (int64_t)time(NULL) + (int64_t)days * DAY);
    crypto_private_free(key);
    return status;
}

static int show_log(const args *a)
{
    char path[CA_PATH_MAX];
    return ca_path(a->file, CA_LOG, path) ? audit_show(path, a->json) : EXIT_TROUBLE;
}

const command ca_init_command = {
    .name = "ca init",
    .operand = "DIR",
    .run = init,
    .summary = "make a CA of files, for attested requests",
    .options = TAKES(OPTION_JSON),
    .own = init_options,
    .own_n = INIT_OPTIONS,
    .about = "Makes a CA in DIR: its certificate, its private key (mode 0600, no passphrase) and\n"
             "an empty log of its decisions. A CA that is there already is left alone.\n"
             "Exit codes: 0 made, 1 refused, 2 usage or system error.",
    .example = "ratls ca init ca --subject \"CN=Example CA,O=Example\"",
};

const command ca_log_command = {
    .name = "ca log",
    .operand = "DIR",
    .run = show_log,
    .summary = "show what a CA has decided",
    .options = TAKES(OPTION_JSON),
    .about = "Shows the log of the CA in DIR, one decision after the other.\n"
             "Exit codes: 0 shown, 1 it holds lines that can't be read, 2 usage or system error.",
    .example = "ratls ca log ca --json",
};
