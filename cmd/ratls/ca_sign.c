/* ratls ca sign: judges an attested request, and issues an ordinary certificate for its key. */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "audit.h"
#include "base/hex.h"
#include "ca_files.h"
#include "command.h"
#include "issue/name.h"
#include "issue/ordinary.h"
#include "judge.h"
#include "sheet.h"
#include "sim/text.h"
#include "when.h"
#include "words.h"

enum { HOURS = 24, HOURS_MAX = 168, PEM_ROOM = 2 * ORDINARY_MAX, SUBJECT_MAX = 2048 };

enum sign_option { SIGN_CA, SIGN_OUT, SIGN_HOURS, SIGN_NAMES, SIGN_SUBJECT, SIGN_OPTIONS };

static const own_option sign_options[SIGN_OPTIONS] = {
    [SIGN_CA] = {"--ca", "DIR", "the CA, made by ratls ca init"},
    [SIGN_OUT] = {"--out", "CERT.pem", "where the certificate goes"},
    [SIGN_HOURS] = {"--hours", "H", "how long it is good at most, up to 168 (default: 24)"},
    [SIGN_NAMES] = {"--names", "N,N...", "names that the request may ask for (default: none)"},
    [SIGN_SUBJECT] = {"--subject", "NAME", "the subject (default: CN= and the key's SHA-256)"},
};

/* One request on its way to a decision. */
typedef struct signing {
    const args *a;
    ca ca;
    audit log;
    input policy, file;
    uint8_t *space; /* of the request's DER */
    certificate request;
    bool readable; /* the request is one */
    name_list names;
    uint8_t subject[SUBJECT_MAX];
    ordinary_order order;
    ratls_result *result;
    /* What becomes of it. */
    uint8_t serial[ISSUE_SERIAL_SIZE];
    ordinary_made made;
    ratls_error refusal; /* code is RATLS_OK: it is issued */
    const char *check;   /* that refused */
} signing;

static bool missing(const char *what)
{
    complain("ca sign: %s is missing; see: ratls ca sign --help", what);
    return false;
}

static bool read_subject(signing *s, const char *text)
{
    ratls_error e;
    writer w = wr_of(s->subject, sizeof s->subject);
    if (text == NULL)
        return true;
    ratls_code code = issue_name_from_text(bytes_text(text), &w, &e);
    if (code == RATLS_OK && !wr_ok(&w))
        code = refuse(&e, RATLS_E_LIMIT, 0, "more than %d bytes", SUBJECT_MAX);
    if (code != RATLS_OK)
        complain("--subject: %s", e.text);
    s->order.subject = wr_bytes(&w);
    return code == RATLS_OK;
}

static bool read_names(signing *s, const char *list)
{
    ratls_error e;
    uint8_t space[sizeof s->names.text + 8 * WORDS_NAMES_MAX + 64];
    issue_extensions x = issue_extensions_of(space, sizeof space);
    if (!words_names(list, &s->names))
        return false;
    if (issue_add_subject_alt_names(&x, s->names.all, s->names.n, &e) != RATLS_OK) {
        complain("--names: %s", e.text);
        return false;
    }
    s->order.allowed = s->names.all;
    s->order.allowed_n = s->names.n;
    return true;
}

static bool read_words(signing *s)
{
    const args *a = s->a;
    const char *words = a->own[SIGN_HOURS];
    uint64_t hours = HOURS;
    if (a->own[SIGN_CA] == NULL)
        return missing("--ca DIR");
    if (a->policy == NULL)
        return missing("--policy P.json");
    if (a->own[SIGN_OUT] == NULL)
        return missing("--out CERT.pem");
    if (words != NULL && (!number_parse(words, HOURS_MAX, &hours) || hours == 0)) {
        complain("--hours: found '%s', expected hours from 1 to %d", words, HOURS_MAX);
        return false;
    }
    s->order.seconds = (uint32_t)hours * 3600;
    return read_subject(s, a->own[SIGN_SUBJECT]) && read_names(s, a->own[SIGN_NAMES]);
}

static bool open_all(signing *s)
{
    bytes der;
    if (!ca_open(s->a->own[SIGN_CA], &s->ca) || !audit_open(s->ca.log, &s->log) ||
        !input_read_own(s->a->policy, &s->policy) || !input_read(s->a->file, &s->file))
        return false;
    s->space = malloc(s->file.n + 1);
    if (s->space == NULL) {
        complain("out of memory");
        return false;
    }
    s->readable = input_request(input_bytes(&s->file), s->space, &der, NULL) == RATLS_OK &&
                  request_parse(der, &s->request, NULL) == RATLS_OK;
    return true;
}

static void close_all(signing *s)
{
    ratls_result_free(&s->result);
    free(s->space);
    input_free(&s->file);
    input_free(&s->policy);
    audit_close(&s->log);
    ca_close(&s->ca);
}

static bool judge_it(signing *s)
{
    const ratls_check *failure;
    bool ok = s->file.too_large ? judge_too_large(SUBJECT_REQUEST, s->file.name, &s->result)
                                : judge_under(s->a, input_bytes(&s->policy), SUBJECT_REQUEST,
                                              input_bytes(&s->file), &s->result);
    if (!ok)
        return false;
    failure = ratls_result_failure(s->result);
    if (failure != NULL) {
        s->check = failure->id;
        (void)refuse(&s->refusal, failure->code, 0, "%s", failure->text);
    } else if (!ratls_result_accepted(s->result) || !s->readable) {
        (void)refuse(&s->refusal, RATLS_E_POLICY, 0, "request: no check accepted it");
    }
    return true;
}

/* The certificate in PEM, if it can be issued; else it is refused too. */
static void make_certificate(signing *s, writer *pem)
{
    static uint8_t room[ORDINARY_MAX];
    writer der = wr_of(room, sizeof room);
    ordinary_order *o = &s->order;
    o->ca = &s->ca.certificate;
    o->ca_key = s->ca.key;
    o->request = &s->request;
    o->serial = bytes_of(s->serial, sizeof s->serial);
    o->evidence_until = ratls_result_facts(s->result)->earliest_expiration;
    ratls_error e;
    ratls_code code = issue_serial(s->serial) ? RATLS_OK : RATLS_E_SYSTEM;
    if (code != RATLS_OK)
        (void)refuse(&e, code, 0, "CA: no random numbers");
    else
        code = issue_ordinary(o, &der, &s->made, &e);
    if (code != RATLS_OK) {
        s->refusal = e;
        return;
    }
    text_pem(pem, "CERTIFICATE", wr_bytes(&der));
}

static bool record(const signing *s)
{
    static uint8_t room[AUDIT_LINE_MAX];
    writer line = wr_of(room, sizeof room);
    const decision d = {
        .time = s->order.now,
        .accepted = s->refusal.code == RATLS_OK,
        .key = s->readable ? s->request.spki : BYTES_NONE,
        .result = s->result,
        .policy = input_bytes(&s->policy),
        .nonce = {s->a->nonce, s->a->nonce_n},
        .check = s->check,
        .code = s->refusal.code,
        .reason = s->refusal.text,
        .serial = s->order.serial,
        .not_after = s->made.not_after,
        .names = s->made.names,
        .names_n = s->made.names_n,
    };
    if (audit_line(&d, &line))
        return audit_append(&s->log, wr_bytes(&line));
    complain("%s: no line could be made, so nothing is issued", s->log.path);
    return false;
}

/* No certificate is on disk before it is on record, whatever stops this on its way. */
static bool decide(signing *s)
{
    static uint8_t room[PEM_ROOM];
    const char *out = s->a->own[SIGN_OUT];
    writer pem = wr_of(room, sizeof room);
    ca_draft draft;
    if (!audit_lock(&s->log))
        return false;
    s->order.now = (int64_t)time(NULL);
    if (s->refusal.code == RATLS_OK)
        make_certificate(s, &pem);
    if (s->refusal.code != RATLS_OK)
        return record(s);
    if (!ca_draft_new(out, &draft))
        return false;
    if (record(s))
        return ca_draft_publish(&draft, wr_bytes(&pem), out);
    ca_draft_drop(&draft);
    return false;
}

static void issued(sheet *p, const signing *s)
{
    const ordinary_made *m = &s->made;
    sheet_next(p, STYLE_GOOD);
    sheet_line(p, "ISSUED");
    sheet_row(p, "written", "%s", s->a->own[SIGN_OUT]);
    sheet_hex(p, "serial", "serial", s->order.serial);
    sheet_time(p, "not_before", "valid from", m->not_before);
    sheet_time(p, "not_after", "valid until", m->not_after);
    sheet_list(p, "names", NULL);
    for (size_t i = 0; i < m->names_n; i++)
        sheet_text(p, "", NULL, m->names[i]);
    sheet_close(p);
    for (size_t i = 0; i < m->names_n; i++)
        sheet_row(p, i == 0 ? "names" : "", "%s", m->names[i]);
}

static int report(const signing *s)
{
    bool yes = s->refusal.code == RATLS_OK;
    sheet *p = sheet_new(s->a->json);
    sheet_bool(p, "issued", NULL, yes);
    if (yes) {
        sheet_null(p, "refusal", NULL);
        issued(p, s);
    } else {
        sheet_bytes(p, "refusal", NULL, bytes_text(s->refusal.text));
        sheet_next(p, STYLE_LOUD);
        sheet_line(p, "REFUSED: %s", s->refusal.text);
    }
    if (sheet_is_json(p)) {
        sheet_object(p, "verdict", NULL);
        verdict_json(p, s->result);
        sheet_close(p);
    } else {
        judgement_text(p, SUBJECT_REQUEST, s->result);
    }
    int status = yes ? EXIT_ACCEPTED : EXIT_REFUSED;
    return sheet_end(p, s->refusal.code == RATLS_E_SYSTEM ? EXIT_TROUBLE : status);
}

static int run(const args *a)
{
    signing s = {.a = a, .log = {.fd = -1}};
    /* A file that may not grow is an error like others. */
    (void)signal(SIGXFSZ, SIG_IGN);
    bool ok = read_words(&s) && open_all(&s) && judge_it(&s) && decide(&s);
    int status = ok ? report(&s) : EXIT_TROUBLE;
    close_all(&s);
    return status;
}

const command ca_sign_command = {
    .name = "ca sign",
    .operand = "REQUEST",
    .run = run,
    .summary = "judge an attested request, and issue a certificate for its key",
    .options = TAKES(OPTION_POLICY) | TAKES(OPTION_COLLATERAL) | TAKES_SUPPLY | TAKES(OPTION_ROOT) |
               TAKES(OPTION_NONCE) | TAKES(OPTION_JSON),
    .own = sign_options,
    .own_n = SIGN_OPTIONS,
    .about =
        "Judges the certification request in REQUEST (PEM or DER, - for standard input): its\n"
        "signature is by its own key, its evidence speaks for that key and is genuine, and the\n"
        "policy accepts it. Then issues an ordinary certificate, without evidence, for the key.\n"
        "Each decision is on record in the CA's log before anything is written.\n"
        "Exit codes: 0 issued, 1 refused, 2 usage or system error.",
    .example = "ratls ca sign request.pem --ca ca --policy policy.json --names www.example.com "
               "--out cert.pem",
};
