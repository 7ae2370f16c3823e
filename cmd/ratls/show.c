#include "show.h"

#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "evidence/oe_evidence.h"
#include "input.h"
#include "kind.h"
#include "peer.h"
#include "simulated.h"

static const char not_judged[] = "UNVERIFIED: shown as written; use `ratls verify`";
static const char not_judged_quote[] = "UNVERIFIED: shown as written; use `ratls verify-quote`";
static const char not_checked[] =
    "UNVERIFIED: shown as written; signatures are checked when a quote is verified";

static bool show_wrapped(sheet *s, file_kind kind, bytes in)
{
    evidence ev;
    ratls_error e;
    ratls_code code = kind == FILE_EVIDENCE    ? evidence_parse(in, &ev, &e)
                      : kind == FILE_OE_REPORT ? oe_report_parse(in, &ev, &e)
                                               : oe_evidence_parse(in, &ev, &e);
    return code == RATLS_OK ? show_evidence(s, &ev) : show_error(s, &e);
}

static bool show_endorsement_file(sheet *s, file_kind kind, bytes in)
{
    endorsements found;
    ratls_error e;
    ratls_code code = kind == FILE_ENDORSEMENTS ? endorsements_parse(in, &found, &e)
                                                : endorsements_parse_oe(in, &found, &e);
    return code == RATLS_OK ? show_endorsements(s, &found) : show_error(s, &e);
}

static const char *banner(file_kind kind)
{
    if (kind == FILE_CERTIFICATE || kind == FILE_CLAIMS)
        return not_judged;
    if (kind == FILE_QUOTE || kind == FILE_EVIDENCE || kind == FILE_OE_REPORT ||
        kind == FILE_OE_EVIDENCE)
        return not_judged_quote;
    return not_checked;
}

static bool show_kind(sheet *s, file_kind kind, const char *what, bytes in)
{
    sheet_text(s, "what", NULL, what);
    switch (kind) {
    case FILE_CERTIFICATE:
        return show_certificate(s, in);
    case FILE_CRL:
        return show_crl(s, in);
    case FILE_QUOTE:
        return show_quote(s, in);
    case FILE_EVIDENCE:
    case FILE_OE_REPORT:
    case FILE_OE_EVIDENCE:
        return show_wrapped(s, kind, in);
    case FILE_CLAIMS:
        return show_claims(s, in);
    case FILE_ENDORSEMENTS:
    case FILE_OE_ENDORSEMENTS:
        return show_endorsement_file(s, kind, in);
    case FILE_COLLATERAL:
        return show_collateral(s, in);
    case FILE_TCB_INFO:
        return show_tcb_info(s, in);
    case FILE_QE_IDENTITY:
        return show_qe_identity(s, in);
    case FILE_NAMED:
    case FILE_PEM:
    case FILE_UNKNOWN:
        break;
    }
    return true;
}

/* One thing under its heading, in the open object. */
static bool show_one(sheet *s, file_kind kind, const char *what, bytes in)
{
    sheet_bool(s, "verified", NULL, false);
    if (kind == FILE_NAMED) {
        sheet_text(s, "what", "file", what);
        return true;
    }
    bool is_simulated = simulated(kind, in);
    sheet_bool(s, "simulated", NULL, is_simulated);
    if (is_simulated) {
        sheet_next(s, STYLE_LOUD);
        sheet_line(s, "SIMULATED: no hardware is behind this; only who names its root believes it");
    }
    sheet_next(s, STYLE_LOUD);
    sheet_line(s, "%s", banner(kind));
    sheet_gap(s);
    if (kind != FILE_CERTIFICATE)
        sheet_row(s, "file", "%s", what);
    return show_kind(s, kind, what, in);
}

static file_kind label_kind(bytes label, const char **what)
{
    if (bytes_is(label, "CERTIFICATE") || bytes_is(label, "TRUSTED CERTIFICATE")) {
        *what = "an X.509 certificate";
        return FILE_CERTIFICATE;
    }
    if (bytes_is(label, "X509 CRL")) {
        *what = "a certificate revocation list";
        return FILE_CRL;
    }
    size_t private_at = bytes_find(label, bytes_text("PRIVATE KEY"));
    *what = private_at < label.n ? "a private key, which is not shown"
                                 : "a PEM block of a kind that ratls does not read";
    return FILE_NAMED;
}

static size_t count_blocks(bytes in, uint8_t *space)
{
    size_t at = 0, n, count = 0;
    bytes label;
    while (input_next_pem(in, &at, &label, space, &n) == 1)
        count++;
    return count;
}

static bool show_pem(sheet *s, bytes in)
{
    size_t at = 0, n, count = 0;
    bytes label;
    int got = 0;
    bool ok = true;
    const char *what;
    uint8_t *der = malloc(in.n + 1);
    size_t blocks = der != NULL ? count_blocks(in, der) : 0;
    bool many = blocks > 1;
    if (many) {
        sheet_line(s, "%zu PEM blocks", blocks);
        sheet_list(s, "blocks", NULL);
    }
    while (der != NULL && (got = input_next_pem(in, &at, &label, der, &n)) == 1) {
        char title[96], name[32];
        count++;
        file_kind kind = label_kind(label, &what);
        escape_text(label, name, sizeof name);
        if (many) {
            (void)snprintf(title, sizeof title, "block %zu of %zu: %s", count, blocks, name);
            sheet_item(s, title);
        }
        ok = show_one(s, kind, what, bytes_of(der, n)) && ok;
        if (many)
            sheet_close(s);
    }
    if (many)
        sheet_close(s);
    free(der);
    if (got < 0) {
        ratls_error e;
        (void)refuse(&e, RATLS_E_MALFORMED, at, "PEM block %zu at offset %zu is malformed",
                     count + 1, at - 1);
        return show_error(s, &e);
    }
    return ok;
}

static int unknown(const char *name, bytes in)
{
    if (in.n == 0)
        complain("%s: the file is empty", name);
    else
        complain(
            "%s: not recognised: no PEM, DER certificate or CRL, SGX or TDX quote (binary, hex, "
            "base64), CBOR evidence or endorsements, Open Enclave structure, or JSON collateral",
            name);
    return EXIT_REFUSED;
}

static int show_file(const args *a, const input *file)
{
    const char *what;
    bytes in = input_bytes(file);
    uint8_t *decoded = NULL;
    size_t n;
    file_kind kind = kind_of(in, &what);
    if (kind == FILE_UNKNOWN && input_decode_text(in, &decoded, &n)) {
        in = bytes_of(decoded, n);
        kind = kind_of(in, &what);
    }
    int status = EXIT_ACCEPTED;
    if (kind == FILE_UNKNOWN) {
        status = unknown(file->name, input_bytes(file));
    } else {
        sheet *s = sheet_new(a->json);
        bool ok = kind == FILE_PEM ? show_pem(s, in) : show_one(s, kind, what, in);
        status = sheet_end(s, ok ? EXIT_ACCEPTED : EXIT_REFUSED);
    }
    free(decoded);
    return status;
}

static int run(const args *a)
{
    input in;
    if (!peer_or_file_read(a->file, false, &in))
        return EXIT_TROUBLE;
    int status = EXIT_REFUSED;
    if (in.too_large)
        complain("%s: more than %d bytes, at most so many are read", in.name, INPUT_MAX);
    else
        status = show_file(a, &in);
    input_free(&in);
    return status;
}

const command show_command = {
    .name = "show",
    .operand = "FILE|HOST:PORT",
    .run = run,
    .summary = "print a certificate, quote, evidence, collateral or CRL, verifying nothing",
    .options = TAKES(OPTION_JSON),
    .about =
        "Prints what is in FILE (- for standard input): an RA-TLS or other certificate in PEM\n"
        "or DER, a quote (binary, hex or base64), evidence, endorsements, collateral, TCB\n"
        "info, a QE identity, a CRL, a PEM chain; or the certificate that a TLS server shows.\n"
        "Nothing of it is verified.\n"
        "Exit codes: 0 shown, 1 not recognised or malformed, 2 usage or system error.",
    .example = "ratls show peer.pem",
};
