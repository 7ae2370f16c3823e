/* ratls conform endpoint: a live attester, judged by all that is required of attesters. */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <time.h>

#include "conform/requirement.h"
#include "conform_attester.h"
#include "conform_probe.h"
#include "conform_report.h"
#include "judge.h"
#include "source.h"
#include "tls.h"
#include "when.h"

enum { SECONDS_DEFAULT = 10 };

enum endpoint_option {
    ENDPOINT_SNI = TLS_OPTIONS,
    ENDPOINT_ALLOW_SKIP,
    ENDPOINT_JUNIT,
    ENDPOINT_HTML,
    ENDPOINT_OPTIONS
};

static const own_option endpoint_options[ENDPOINT_OPTIONS] = {
    TLS_OWN_OPTIONS,
    [TLS_MUTUAL] = {"--mutual", NULL, "show evidence too; --source and --cert imply it"},
    [TLS_TIMEOUT] = {"--timeout", "S", "seconds that a handshake may take (default: 10)"},
    [ENDPOINT_SNI] = {"--sni", "NAME", "the name to ask the server for (default: HOST)"},
    [ENDPOINT_ALLOW_SKIP] = {"--allow-skip", NULL, "what can't be judged does no harm"},
    [ENDPOINT_JUNIT] = {"--junit", "FILE", "also write a report in JUnit's XML there"},
    [ENDPOINT_HTML] = {"--html", "FILE", "also write a report for a browser there"},
};

static uint64_t now_ms(void)
{
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void shake_all(const tls *t, const address *to, unsigned seconds, probe *shakes)
{
    static const char rsa[] = "RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384";
    const char *sni = t->a->own[ENDPOINT_SNI];
    if (sni == NULL && !address_is_numeric(to))
        sni = to->host;
    const probe_plan plans[SHAKES] = {
        [SHAKE_TLS13] = {"TLS 1.3", TLS1_3_VERSION, sni, NULL},
        [SHAKE_TLS12] = {"TLS 1.2", TLS1_2_VERSION, sni, NULL},
        [SHAKE_OTHER_NAME] = {"another name", TLS1_3_VERSION, "another-name.invalid", NULL},
        [SHAKE_RSA] = {"RSA only", TLS1_3_VERSION, sni, rsa},
    };
    for (size_t i = 0; i < SHAKES; i++) {
        probe_run(t->ctx, to, seconds, &plans[i], &shakes[i]);
        /* One that can't be reached, or answers no version of TLS, is not asked for more. */
        if (i == SHAKE_TLS12 && !shakes[SHAKE_TLS13].done && !shakes[SHAKE_TLS12].done &&
            shakes[SHAKE_TLS13].leaf == NULL && shakes[SHAKE_TLS12].leaf == NULL)
            return;
        if (!shakes[SHAKE_TLS13].reached)
            return;
    }
}

static int tell(const args *a, report *r)
{
    r->allow_skip = a->own[ENDPOINT_ALLOW_SKIP] != NULL;
    bool written =
        (a->own[ENDPOINT_JUNIT] == NULL || report_write(r, a->own[ENDPOINT_JUNIT], report_junit)) &&
        (a->own[ENDPOINT_HTML] == NULL || report_write(r, a->own[ENDPOINT_HTML], report_html));
    sheet *s = sheet_new(a->json);
    report_print(r, s);
    int status = report_passed(r) ? EXIT_ACCEPTED : EXIT_REFUSED;
    return sheet_end(s, written ? status : EXIT_TROUBLE);
}

static int examine(const tls *t, const address *to, unsigned seconds)
{
    const args *a = t->a;
    report_item *items = calloc(requirements_n, sizeof *items);
    attester_view *v = calloc(1, sizeof *v);
    ratls_result *result = NULL;
    probe shakes[SHAKES] = {{.why = "not tried"}};
    int status = EXIT_TROUBLE;
    report r = {.command = "conform endpoint",
                .subject_name = "endpoint",
                .subject = a->file,
                .begun = (int64_t)time(NULL),
                .items = items};
    uint64_t start = now_ms();
    if (items == NULL || v == NULL) {
        complain("out of memory");
        free(items);
        free(v);
        return EXIT_TROUBLE;
    }
    shake_all(t, to, seconds, shakes);
    attester_look(shakes, v);
    v->shows_client = t->attester != NULL || a->own[TLS_CERT] != NULL;
    v->has_policy = a->policy != NULL;
    v->when = judge_options(a);
    bool ok = shakes[SHAKE_TLS13].reached;
    if (ok && v->shown != NULL)
        ok = judge(a, SUBJECT_CERTIFICATE, bytes_of(v->shown->leaf, v->shown->leaf_n), &result);
    if (ok) {
        v->result = result;
        r.items_n = attester_judge(v, items);
        r.ms = now_ms() - start;
        status = tell(a, &r);
    }
    ratls_result_free(&result);
    for (size_t i = 0; i < SHAKES; i++)
        probe_free(&shakes[i]);
    free(items);
    free(v);
    return status;
}

static int run(const args *a)
{
    address to;
    tls t;
    int seconds, status = EXIT_TROUBLE;
    bool shows = a->own[TLS_MUTUAL] != NULL || a->own[TLS_SOURCE] != NULL ||
                 a->own[TLS_CERT] != NULL || a->own[TLS_KEY] != NULL;
    if (!tls_timeout(a, &seconds))
        return EXIT_TROUBLE;
    if (!address_parse(a->file, &to)) {
        complain("conform endpoint: found '%s', expected HOST:PORT", a->file);
        return EXIT_TROUBLE;
    }
    if (tls_open(&t, a, false) && (!shows || tls_show(&t)))
        status = examine(&t, &to, seconds < 0 ? SECONDS_DEFAULT : (unsigned)seconds);
    tls_free(&t);
    return status;
}

const command conform_endpoint_command = {
    .name = "conform endpoint",
    .operand = "HOST:PORT",
    .run = run,
    .summary = "judge a live attester by all that is required of attesters",
    .options = TAKES(OPTION_POLICY) | TAKES(OPTION_COLLATERAL) | TAKES_SUPPLY | TAKES(OPTION_TIME) |
               TAKES(OPTION_SKEW) | TAKES(OPTION_ROOT) | TAKES(OPTION_CA) | TAKES(OPTION_JSON),
    .own = endpoint_options,
    .own_n = ENDPOINT_OPTIONS,
    .about =
        "Connects to the TLS server at HOST:PORT with TLS 1.3 and 1.2, under another name and\n"
        "with RSA only, and judges the certificate that it shows by each requirement on\n"
        "attesters. Whether the evidence is genuine is judged with collateral, under --root if\n"
        "that is given; whether it is acceptable only with --policy.\n"
        "Exit codes: 0 all requirements are met, 1 some are not, or could not be judged, 2 usage\n"
        "or system error.",
    .example = "ratls conform endpoint 127.0.0.1:8443 --collateral collateral.json",
};
