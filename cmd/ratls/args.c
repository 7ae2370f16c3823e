#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "command.h"
#include "sheet.h"
#include "when.h"

enum { SKEW_MAX = 86400 };

static const struct {
    const char *name, *value, *about;
} options[OPTION_COUNT] = {
    [OPTION_HELP] = {"--help", NULL, "show this help"},
    [OPTION_JSON] = {"--json", NULL, "the same as one JSON object"},
    [OPTION_POLICY] = {"--policy", "P.json", "what to accept, see ratls-policy(5)"},
    [OPTION_COLLATERAL] = {"--collateral", "C",
                           "the vendor's collateral for the platform; may be given several times"},
    [OPTION_TIME] = {"--time", "T", "judge at this time: Unix seconds or RFC 3339 (default: now)"},
    [OPTION_SKEW] = {"--skew", "S",
                     "seconds by which a date may lie ahead (default: 300, with --time 0)"},
    [OPTION_ROOT] = {"--root", "R.pem", "trust this root instead of the Intel SGX Root CA"},
    [OPTION_CA] = {"--ca", "CA.pem", "the CA that must have signed the certificate"},
    [OPTION_NONCE] = {"--nonce", "HEX",
                      "a challenge of 16 to 64 bytes, which the evidence answers"},
    [OPTION_STORE] = {"--store", "STORE", "where collateral is kept: a directory, or redis://HOST"},
    [OPTION_PCCS] = {"--pccs", "URL",
                     "get collateral there (\"intel\": Intel's own service); up to 8 times"},
    [OPTION_PCCS_CA] = {"--pccs-ca", "CA.pem", "the CA of these services"},
    [OPTION_PCCS_CERT] = {"--pccs-cert", "C.pem", "certificate and key to show to these services"},
    [OPTION_INSECURE_PCCS] = {"--insecure-pccs", NULL, "take any TLS certificate of theirs"},
    [OPTION_OFFLINE] = {"--offline", NULL, "ask no service, whatever is configured"},
};

void complain(const char *format, ...)
{
    char raw[1024], text[1024];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(raw, sizeof raw, format, list);
    va_end(list);
    escape_text(bytes_text(raw), text, sizeof text);
    (void)fprintf(stderr, "ratls: %s\n", text);
}

static bool takes(const command *c, option o)
{
    return o == OPTION_HELP || (c->options & TAKES(o)) != 0;
}

/* "--name VALUE"; returns its length. */
static int option_head(char out[48], const char *name, const char *value)
{
    return snprintf(out, 48, "%s%s%s", name, value != NULL ? " " : "", value != NULL ? value : "");
}

static void option_help(const char *name, const char *value, const char *about, int width)
{
    char head[48];
    (void)option_head(head, name, value);
    (void)printf("  %-*s %s\n", width, head, about);
}

void command_help(const command *c)
{
    int width = 18;
    for (size_t i = 0; i < c->own_n; i++) {
        char head[48];
        int n = option_head(head, c->own[i].name, c->own[i].value);
        width = n > width ? n : width;
    }
    (void)printf("usage: ratls %s [OPTION]...%s%s%s%s\n\n%s\n\noptions:\n", c->name,
                 c->operand != NULL ? " " : "", c->operand != NULL ? c->operand : "",
                 c->words != NULL ? " -- " : "", c->words != NULL ? c->words : "", c->about);
    for (size_t i = 0; i < c->own_n; i++)
        option_help(c->own[i].name, c->own[i].value, c->own[i].about, width);
    for (unsigned i = 0; i < OPTION_COUNT; i++)
        if (takes(c, i))
            option_help(options[i].name, options[i].value, options[i].about, width);
    (void)printf("\nexample:\n  %s\n", c->example);
}

static bool set_once(const char **to, const char *name, const char *value)
{
    if (*to != NULL) {
        complain("%s is given twice", name);
        return false;
    }
    *to = value;
    return true;
}

static bool set_time(args *a, const char *value)
{
    if (a->has_time) {
        complain("--time is given twice");
        return false;
    }
    a->has_time = true;
    if (when_parse(value, &a->time))
        return true;
    complain("--time: found '%s', expected Unix seconds or RFC 3339 like 2026-11-24T09:08:00Z",
             value);
    return false;
}

static bool set_skew(args *a, const char *value)
{
    uint64_t seconds;
    if (a->has_skew) {
        complain("--skew is given twice");
        return false;
    }
    a->has_skew = true;
    if (!number_parse(value, SKEW_MAX, &seconds)) {
        complain("--skew: found '%s', expected seconds from 0 to %d", value, SKEW_MAX);
        return false;
    }
    a->skew = (uint32_t)seconds;
    return true;
}

static bool set_nonce(args *a, const char *value)
{
    bytes hex = bytes_text(value);
    if (a->nonce_n > 0) {
        complain("--nonce is given twice");
        return false;
    }
    a->nonce_n = hex.n / 2;
    if (a->nonce_n >= RATLS_NONCE_MIN && a->nonce_n <= RATLS_NONCE_MAX &&
        hex_decode(hex, a->nonce, a->nonce_n))
        return true;
    complain("--nonce: found '%s', expected %d to %d hex digits", value, 2 * RATLS_NONCE_MIN,
             2 * RATLS_NONCE_MAX);
    return false;
}

static bool set_option(args *a, option o, const char *value)
{
    switch (o) {
    case OPTION_HELP:
        a->help = true;
        return true;
    case OPTION_JSON:
        a->json = true;
        return true;
    case OPTION_POLICY:
        return set_once(&a->policy, "--policy", value);
    case OPTION_ROOT:
        return set_once(&a->root, "--root", value);
    case OPTION_CA:
        return set_once(&a->ca, "--ca", value);
    case OPTION_TIME:
        return set_time(a, value);
    case OPTION_SKEW:
        return set_skew(a, value);
    case OPTION_COLLATERAL:
        if (a->collateral_n == COLLATERAL_MAX) {
            complain("--collateral is given more than %d times", COLLATERAL_MAX);
            return false;
        }
        a->collateral[a->collateral_n++] = value;
        return true;
    case OPTION_NONCE:
        return set_nonce(a, value);
    case OPTION_STORE:
        return set_once(&a->store, "--store", value);
    case OPTION_PCCS:
        if (a->pccs_n == PCCS_MAX) {
            complain("--pccs is given more than %d times", PCCS_MAX);
            return false;
        }
        a->pccs[a->pccs_n++] = value;
        return true;
    case OPTION_PCCS_CA:
        return set_once(&a->pccs_ca, "--pccs-ca", value);
    case OPTION_PCCS_CERT:
        return set_once(&a->pccs_cert, "--pccs-cert", value);
    case OPTION_INSECURE_PCCS:
        a->insecure_pccs = true;
        return true;
    case OPTION_OFFLINE:
        a->offline = true;
        return true;
    case OPTION_COUNT:
        break;
    }
    return false;
}

static option find_option(bytes name)
{
    if (bytes_is(name, "-h"))
        return OPTION_HELP;
    for (unsigned i = 0; i < OPTION_COUNT; i++)
        if (bytes_is(name, options[i].name))
            return i;
    return OPTION_COUNT;
}

/* Its place in the command's own table; own_n if it is none of them. */
static size_t find_own(const command *c, bytes name)
{
    size_t i = 0;
    while (i < c->own_n && !bytes_is(name, c->own[i].name))
        i++;
    return i;
}

/* Reads the option at argv[*i] and its value, which follows "=" or is the next word. */
static bool read_option(int argc, char **argv, int *i, const command *c, args *out)
{
    const char *word = argv[*i], *equals = strchr(word, '=');
    const char *value = equals != NULL ? equals + 1 : NULL;
    bytes called = bytes_of(word, equals != NULL ? (size_t)(equals - word) : strlen(word));
    size_t own = find_own(c, called);
    option o = own < c->own_n ? OPTION_COUNT : find_option(called);
    if (own == c->own_n && (o == OPTION_COUNT || !takes(c, o))) {
        complain("%s: unknown option '%s'; see: ratls %s --help", c->name, word, c->name);
        return false;
    }
    const char *name = own < c->own_n ? c->own[own].name : options[o].name;
    const char *wanted = own < c->own_n ? c->own[own].value : options[o].value;
    if (wanted == NULL && value != NULL) {
        complain("%s takes no value, found '%s'", name, value);
        return false;
    }
    if (wanted != NULL && value == NULL) {
        if (*i + 1 == argc) {
            complain("%s needs a value: %s %s", name, name, wanted);
            return false;
        }
        value = argv[++*i];
    }
    const char *given = value != NULL ? value : "";
    return own < c->own_n ? set_once(&out->own[own], name, given) : set_option(out, o, given);
}

/* Standard input can be read once. */
static bool one_stdin(const args *a)
{
    const char *const single[] = {a->file, a->policy, a->root, a->ca};
    size_t n = 0;
    for (size_t i = 0; i < sizeof single / sizeof *single; i++)
        n += single[i] != NULL && bytes_is(bytes_text(single[i]), "-") ? 1 : 0;
    for (size_t i = 0; i < a->collateral_n; i++)
        n += bytes_is(bytes_text(a->collateral[i]), "-") ? 1 : 0;
    if (n > 1)
        complain("'-' (standard input) is given for %zu inputs, expected one at most", n);
    return n <= 1;
}

bool args_parse(int argc, char **argv, const command *c, args *out)
{
    bool options_end = false;
    *out = (args){0};
    for (int i = 0; i < argc; i++) {
        bool dash = argv[i][0] == '-' && argv[i][1] != '\0';
        if (dash && !options_end) {
            if (bytes_is(bytes_text(argv[i]), "--") && c->words != NULL) {
                out->words = argv + i + 1;
                out->words_n = (size_t)(argc - i - 1);
                break;
            }
            if (bytes_is(bytes_text(argv[i]), "--"))
                options_end = true;
            else if (!read_option(argc, argv, &i, c, out))
                return false;
            continue;
        }
        if (c->operand == NULL) {
            complain("%s: options only, found '%s'; see: ratls %s --help", c->name, argv[i],
                     c->name);
            return false;
        }
        if (out->file != NULL) {
            complain("%s: one %s expected, found also '%s'", c->name, c->operand, argv[i]);
            return false;
        }
        out->file = argv[i];
    }
    if (out->help)
        return true;
    if (out->file == NULL && c->operand != NULL) {
        complain("%s: %s is missing; see: ratls %s --help", c->name, c->operand, c->name);
        return false;
    }
    if (out->words_n == 0 && c->words != NULL) {
        complain("%s: -- %s is missing; see: ratls %s --help", c->name, c->words, c->name);
        return false;
    }
    return one_stdin(out);
}
