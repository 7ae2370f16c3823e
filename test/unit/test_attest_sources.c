/* The sources of a machine on an imitation of each kernel interface; every failure has its own
 * sentence. */
#define _POSIX_C_SOURCE 200809L
#include "testing.h"

#include <errno.h>

#include "attest/quote.h"
#include "attest/sources.h"
#include "kernel.h"
#include "world.h"

#define NOW            VENDOR_T0
#define EACH(i, table) for (size_t i = 0; i < sizeof(table) / sizeof *(table); i++)

static const ratls_source_paths paths = {
    .gramine = "/gramine", .tsm = "/tsm", .tdx_guest = "/tdx", .qgs = "/qgs"};

static void gramine_on(kernel *k)
{
    kernel_init(k, QUOTE_SGX, 3);
    k->gramine = true;
}

static void tsm_on(kernel *k)
{
    kernel_init(k, QUOTE_TDX, 4);
    k->tsm = true;
}

static void tdx_guest_on(kernel *k)
{
    kernel_init(k, QUOTE_TDX, 4);
    k->tdx_guest = true;
}

typedef ratls_code (*source_fn)(const attest_io *, const ratls_source_paths *, ratls_source *,
                                ratls_error *);

static const struct {
    const char *name;
    void (*on)(kernel *k);
    source_fn source;
} kinds[] = {{"gramine", gramine_on, gramine_source},
             {"tsm", tsm_on, tsm_source},
             {"tdx_guest", tdx_guest_on, tdx_guest_source}};

/* A certificate from it is accepted; and so after each renewal. */
static void makes_certificates(void **state)
{
    (void)state;
    EACH(i, kinds)
    for (int by_auto = 0; by_auto < 2; by_auto++) {
        kernel k;
        kinds[i].on(&k);
        ratls_error e = {.text = ""};
        ratls_attester_options o = {.staple = false};
        source_fn source = by_auto ? auto_source : kinds[i].source;
        if (source(&k.io, &paths, &o.source, &e) != RATLS_OK)
            fail_msg("%s", e.text);
        assert_string_equal(o.source.name, kinds[i].name);
        ratls_attester *a = world_attester(&o);
        ratls_verifier *r = world_verifier(&k.vendor);
        for (int n = 1; n <= 3; n++) {
            if (ratls_attester_renew(a, NOW, &e) != RATLS_OK)
                fail_msg("%s", e.text);
            ratls_credential *c = ratls_attester_certificate(a);
            if (world_judge(r, ratls_credential_chain(c, 0), NOW, &e) != RATLS_OK)
                fail_msg("%s", e.text);
            ratls_credential_free(&c);
            assert_int_equal(k.quotes, n);
            assert_true(kernel_clean(&k));
        }
        ratls_verifier_free(&r);
        ratls_attester_free(&a);
    }
}

/* One quote, and the state of things after it. */
typedef struct row {
    const char *name;
    size_t kind; /* of kinds */
    kernel_fault faults[3];
    size_t cut, keep;
    bool longer, other_data, ignore_inblob;
    unsigned interlopers;
    const char *generation;
    const char *answer; /* hex */
    ratls_code code;
    const char *says;
    unsigned quotes;
} row;

enum { GRAMINE, TSM, TDX_GUEST };

static const row rows[] = {
    {"EINTR everywhere",
     GRAMINE,
     {{'o', "/user_report_data", -EINTR, 2},
      {'w', "/user_report_data", -EINTR, 2},
      {'r', "/quote", -EINTR, 5}},
     .code = RATLS_OK,
     .quotes = 1},
    {"EINTR at the open of quote", GRAMINE, {{'o', "/quote", -EINTR, 3}}, .quotes = 1},
    {"no end of EINTR",
     GRAMINE,
     {{'r', "/quote", -EINTR, 1000}},
     .code = RATLS_E_SYSTEM,
     .says = "reading /gramine/quote: Interrupted",
     .quotes = 1},
    {"report data refused",
     GRAMINE,
     {{'w', "/user_report_data", -EINVAL, 1}},
     .code = RATLS_E_SYSTEM,
     .says = "writing 64 bytes to /gramine/user_report_data: Invalid"},
    {"report data may not be opened",
     GRAMINE,
     {{'o', "/user_report_data", -EACCES, 1}},
     .code = RATLS_E_SYSTEM,
     .says = "user_report_data: Permission denied"},
    {"report data taken in part",
     GRAMINE,
     {{'w', "/user_report_data", 32, 1}},
     .code = RATLS_E_SYSTEM,
     .says = "writing 64 bytes"},
    {"the platform failed",
     GRAMINE,
     {{'o', "/quote", -EACCES, 1}},
     .code = RATLS_E_SYSTEM,
     .says = "the platform could not make a quote"},
    {"cut off by one", GRAMINE, .cut = 1, .code = RATLS_E_MALFORMED, .says = "by its own lengths",
     .quotes = 1},
    {"cut off before the signature", GRAMINE, .keep = 400, .code = RATLS_E_MALFORMED,
     .says = "cut off before its signature", .quotes = 1},
    {"other report data", GRAMINE, .other_data = true, .code = RATLS_E_BINDING,
     .says = "gramine gave a quote over report data", .quotes = 1},

    {"more than Gramine makes", GRAMINE, .longer = true, .code = RATLS_E_LIMIT,
     .says = "a quote of more than 8192 bytes", .quotes = 1},
    {"more than is read", TSM, .longer = true, .code = RATLS_E_LIMIT,
     .says = "outblob: the quote is too long", .quotes = 1},
    {"more than is read", TDX_GUEST, .longer = true, .code = RATLS_E_LIMIT,
     .says = "at most 65536 are read", .quotes = 1},
    {"EINTR of write and open",
     TSM,
     {{'o', "/inblob", -EINTR, 1}, {'w', "/inblob", -EINTR, 1}},
     .quotes = 1},
    {"EINTR while the host works", TSM, {{'r', "/outblob", -EINTR, 3}}, .quotes = 1},
    {"no end of EINTR",
     TSM,
     {{'r', "/outblob", -EINTR, 10000}},
     .code = RATLS_E_SYSTEM,
     .says = "signals kept interrupting"},
    {"EBUSY twice", TSM, {{'r', "/outblob", -EBUSY, 2}}, .quotes = 1},
    {"EBUSY of the write", TSM, {{'w', "/inblob", -EBUSY, 2}}, .quotes = 1},
    {"EBUSY for ever",
     TSM,
     {{'r', "/outblob", -EBUSY, 100}},
     .code = RATLS_E_SYSTEM,
     .says = "another program kept it busy"},
    {"another program writes once", TSM, .interlopers = 1, .quotes = 2},
    {"another program writes on", TSM, .interlopers = 100, .code = RATLS_E_SYSTEM,
     .says = "generation went from 8 to 10, expected one more: another program writes",
     .quotes = 5},
    {"the write is lost", TSM, .ignore_inblob = true, .code = RATLS_E_SYSTEM,
     .says = "the kernel did not take the report data"},
    {"the write is short",
     TSM,
     {{'w', "/inblob", 63, 100}},
     .code = RATLS_E_SYSTEM,
     .says = "writing 64 bytes to inblob"},
    {"the host is silent",
     TSM,
     {{'r', "/outblob", -ETIMEDOUT, 1}},
     .code = RATLS_E_SYSTEM,
     .says = "the host did not answer in time"},
    {"the quote is too long",
     TSM,
     {{'r', "/outblob", -EFBIG, 1}},
     .code = RATLS_E_LIMIT,
     .says = "the quote is too long"},
    {"the provider is gone",
     TSM,
     {{'r', "/outblob", -ENXIO, 1}},
     .code = RATLS_E_SYSTEM,
     .says = "the provider is gone"},
    {"an error of no special kind",
     TSM,
     {{'r', "/outblob", -EIO, 1}},
     .code = RATLS_E_SYSTEM,
     .says = "outblob: Input/output error"},
    {"no permission",
     TSM,
     {{'o', "/outblob", -EACCES, 1}},
     .code = RATLS_E_SYSTEM,
     .says = "no permission"},
    {"inblob may not be opened",
     TSM,
     {{'o', "/inblob", -EACCES, 1}},
     .code = RATLS_E_SYSTEM,
     .says = "inblob: Permission denied"},
    {"generation is gone",
     TSM,
     {{'o', "/generation", -ENOENT, 1}},
     .code = RATLS_E_SYSTEM,
     .says = "reading generation: No such file"},
    {"generation is no number", TSM, .generation = "x\n", .code = RATLS_E_MALFORMED,
     .says = "generation is no decimal number"},
    {"generation is cut", TSM, .generation = "12", .code = RATLS_E_MALFORMED,
     .says = "generation is no decimal number"},
    {"generation is too long", TSM, .generation = "1234567890123456789\n",
     .code = RATLS_E_MALFORMED, .says = "generation is no decimal number"},
    {"no room for an entry",
     TSM,
     {{'m', "", -ENOSPC, 1}},
     .code = RATLS_E_SYSTEM,
     .says = "making a directory in /tsm: No space"},
    {"the name is taken", TSM, {{'m', "", -EEXIST, 2}}, .quotes = 1},
    {"all names are taken",
     TSM,
     {{'m', "", -EEXIST, 3}},
     .code = RATLS_E_SYSTEM,
     .says = "making a directory in /tsm: File exists"},
    {"six bytes", TSM, .keep = 6, .code = RATLS_E_MALFORMED, .says = "it was cut off", .quotes = 1},
    {"cut off by one", TSM, .cut = 1, .code = RATLS_E_MALFORMED, .says = "tsm gave no whole quote",
     .quotes = 1},
    {"other report data", TSM, .other_data = true, .code = RATLS_E_BINDING,
     .says = "tsm gave a quote over report data", .quotes = 1},

    {"the device is gone",
     TDX_GUEST,
     {{'o', "/tdx", -ENXIO, 1}},
     .code = RATLS_E_MISSING,
     .says = "no /tdx: this is not in a TD"},
    {"the device fails",
     TDX_GUEST,
     {{'t', "/tdx", -EIO, 1}},
     .code = RATLS_E_SYSTEM,
     .says = "TDX_CMD_GET_REPORT0 of /tdx: Input/output error"},
    {"a report over other data", TDX_GUEST, .other_data = true, .code = RATLS_E_BINDING,
     .says = "the TD report is over other report data"},
    {"no service",
     TDX_GUEST,
     {{'c', "/qgs", -ECONNREFUSED, 1}},
     .code = RATLS_E_SYSTEM,
     .says = "no connection to the host's quote generation service at /qgs: Connection refused"},
    {"EINTR of the socket",
     TDX_GUEST,
     {{'w', "/qgs", -EINTR, 3}, {'r', "/qgs", -EINTR, 3}},
     .quotes = 1},
    {"sent in pieces", TDX_GUEST, {{'w', "/qgs", 100, 3}}, .quotes = 1},
    {"closed while sending",
     TDX_GUEST,
     {{'w', "/qgs", -EPIPE, 1}},
     .code = RATLS_E_SYSTEM,
     .says = "qgs: sending: Broken pipe"},
    {"silent",
     TDX_GUEST,
     {{'r', "/qgs", -EAGAIN, 1}},
     .code = RATLS_E_SYSTEM,
     .says = "the host did not answer in time",
     .quotes = 1},
    {"no answer", TDX_GUEST, .answer = "", .code = RATLS_E_SYSTEM,
     .says = "the answer was cut off"},
    {"an answer cut off", TDX_GUEST, .answer = "00000010 0100 0100", .code = RATLS_E_SYSTEM,
     .says = "the answer was cut off"},
    {"an answer of 64 KiB and one", TDX_GUEST, .answer = "00010001", .code = RATLS_E_LIMIT,
     .says = "an answer of 65537 bytes"},
    {"an answer without header", TDX_GUEST, .answer = "00000002 0100", .code = RATLS_E_MALFORMED,
     .says = "its header has 16"},
    {"version 2", TDX_GUEST, .answer = "00000010 02000000 01000000 10000000 00000000",
     .code = RATLS_E_UNSUPPORTED, .says = "version 2"},
    {"a request for an answer", TDX_GUEST, .answer = "00000010 01000000 00000000 10000000 00000000",
     .code = RATLS_E_MALFORMED, .says = "of type 0"},
    {"another length", TDX_GUEST, .answer = "00000010 01000000 01000000 11000000 00000000",
     .code = RATLS_E_MALFORMED, .says = "its header says 17"},
    {"it failed", TDX_GUEST, .answer = "00000010 01000000 01000000 10000000 02000100",
     .code = RATLS_E_SYSTEM, .says = "error 0x10002"},
    {"no sizes", TDX_GUEST, .answer = "00000010 01000000 01000000 10000000 00000000",
     .code = RATLS_E_MALFORMED, .says = "do not fill"},
    {"a quote longer than the answer", TDX_GUEST,
     .answer = "00000018 01000000 01000000 18000000 00000000 00000000 ffffffff",
     .code = RATLS_E_MALFORMED, .says = "do not fill"},
    {"bytes after the quote", TDX_GUEST,
     .answer = "00000019 01000000 01000000 19000000 00000000 00000000 00000000 00",
     .code = RATLS_E_MALFORMED, .says = "do not fill"},
    {"an empty quote", TDX_GUEST,
     .answer = "00000018 01000000 01000000 18000000 00000000 00000000 00000000",
     .code = RATLS_E_MALFORMED, .says = "tdx_guest gave no whole quote"},
    {"cut off by one", TDX_GUEST, .cut = 1, .code = RATLS_E_MALFORMED,
     .says = "tdx_guest gave no whole quote", .quotes = 1},
};

static bytes hex_with_spaces(const char *hex)
{
    buf b = {0};
    for (; *hex != '\0'; hex++)
        if (*hex != ' ')
            buf_u8(&b, (unsigned char)*hex);
    buf_u8(&b, 0);
    return bytes_from_hex((const char *)b.p);
}

static void quotes_and_failures(void **state)
{
    (void)state;
    EACH(i, rows)
    {
        const row *t = &rows[i];
        static attest_quote q;
        kernel k;
        ratls_source source;
        ratls_error e = {.text = ""};
        kinds[t->kind].on(&k);
        assert_int_equal(kinds[t->kind].source(&k.io, &paths, &source, &e), RATLS_OK);
        memcpy(k.faults, t->faults, sizeof t->faults);
        k.cut = t->cut;
        k.keep = t->keep;
        k.longer = t->longer;
        k.other_data = t->other_data;
        k.ignore_inblob = t->ignore_inblob;
        k.interlopers = t->interlopers;
        k.generation_text = t->generation;
        if (t->answer != NULL)
            k.answer = t->answer[0] == '\0' ? BYTES_EMPTY : hex_with_spaces(t->answer);
        ratls_code code = attest_quote_over(&source, CRYPTO_SHA256, bytes_text("key"), &q, &e);
        if (code != t->code || (code != RATLS_OK && e.code != code) ||
            strstr(e.text, t->says != NULL ? t->says : "") == NULL || k.quotes != t->quotes)
            fail_msg("%s, %s: %s, %s, %u quotes", kinds[t->kind].name, t->name,
                     ratls_code_name(code), e.text, k.quotes);
        if (!kernel_clean(&k))
            fail_msg("%s, %s: left something behind", kinds[t->kind].name, t->name);
        ratls_source_free(&source);
        assert_null(source.quote);
    }
}

static void generic_on(kernel *k)
{
    kernel_init(k, QUOTE_TDX, 4);
}

static void sev(kernel *k)
{
    tsm_on(k);
    k->provider = "sev_guest\n";
}

static void cca(kernel *k)
{
    tsm_on(k);
    k->provider = "arm_cca_guest\n";
}

static void unknown(kernel *k)
{
    tsm_on(k);
    k->provider = "tdx_guest";
}

static void none(kernel *k)
{
    gramine_on(k);
    k->type = "none";
}

static void epid(kernel *k)
{
    gramine_on(k);
    k->type = "epid";
}

static void other(kernel *k)
{
    gramine_on(k);
    k->type = "dcap\n";
}

/* What is not there, or is of another kind, and what the choice makes of it. */
static void absent(void **state)
{
    (void)state;
    static const struct {
        void (*on)(kernel *k);
        source_fn source;
        kernel_fault fault;
        ratls_code code;
        const char *says;
    } cases[] = {
        {generic_on, gramine_source, {0}, RATLS_E_MISSING, "this is not inside Gramine"},
        {generic_on, tsm_source, {0}, RATLS_E_MISSING, "configfs is not mounted"},
        {generic_on, tdx_guest_source, {0}, RATLS_E_MISSING, "this is not in a TD"},
        {generic_on,
         auto_source,
         {0},
         RATLS_E_MISSING,
         "machine: gramine: no /gramine/attestation_type; tsm: no /tsm; tdx_guest: no /tdx"},
        {none, gramine_source, {0}, RATLS_E_UNSUPPORTED, "is \"none\", expected \"dcap\""},
        {epid, gramine_source, {0}, RATLS_E_UNSUPPORTED, "is \"epid\""},
        {other, gramine_source, {0}, RATLS_E_UNSUPPORTED, "is \"646361700a\""},
        {none, auto_source, {0}, RATLS_E_UNSUPPORTED, "is \"none\""},
        {gramine_on,
         gramine_source,
         {'o', "type", -EACCES, 1},
         RATLS_E_SYSTEM,
         "attestation_type: Permission denied"},
        {sev, tsm_source, {0}, RATLS_E_UNSUPPORTED, "the provider is sev_guest"},
        {cca, tsm_source, {0}, RATLS_E_UNSUPPORTED, "the provider is arm_cca_guest"},
        {unknown, tsm_source, {0}, RATLS_E_UNSUPPORTED, "of an unknown kind"},
        {sev, auto_source, {0}, RATLS_E_UNSUPPORTED, "the provider is sev_guest"},
        {tsm_on, tsm_source, {'m', "", -EACCES, 1}, RATLS_E_SYSTEM, "only root may"},
        {tsm_on, tsm_source, {'m', "", -EPERM, 1}, RATLS_E_SYSTEM, "only root may"},
        {tsm_on, auto_source, {'m', "", -EACCES, 1}, RATLS_E_SYSTEM, "only root may"},
        {tsm_on, tsm_source, {'m', "", -ENXIO, 1}, RATLS_E_MISSING, "has no provider"},
        {tsm_on, tsm_source, {'o', "/provider", -EIO, 1}, RATLS_E_SYSTEM, "reading provider"},
        {tdx_guest_on, tdx_guest_source, {'o', "/tdx", -EACCES, 1}, RATLS_E_SYSTEM, "permission"},
        {tdx_guest_on, tdx_guest_source, {'o', "/tdx", -EBUSY, 1}, RATLS_E_SYSTEM, "opening /tdx"},
    };
    EACH(i, cases)
    {
        kernel k;
        ratls_source source;
        ratls_error e = {.text = ""};
        cases[i].on(&k);
        k.faults[0] = cases[i].fault;
        ratls_code code = cases[i].source(&k.io, &paths, &source, &e);
        if (code != cases[i].code || e.code != code || strstr(e.text, cases[i].says) == NULL)
            fail_msg("case %zu: %s, %s", i, ratls_code_name(code), e.text);
        assert_true(kernel_clean(&k));
    }
}

/* Gramine before TDX, configfs before the device. */
static void order_of_choice(void **state)
{
    (void)state;
    static const struct {
        bool gramine, tsm, tdx_guest;
        const char *name;
    } cases[] = {{true, true, true, "gramine"},
                 {false, true, true, "tsm"},
                 {false, false, true, "tdx_guest"}};
    EACH(i, cases)
    {
        kernel k;
        ratls_source source;
        ratls_error e;
        kernel_init(&k, QUOTE_TDX, 4);
        k.gramine = cases[i].gramine;
        k.tsm = cases[i].tsm;
        k.tdx_guest = cases[i].tdx_guest;
        assert_int_equal(auto_source(&k.io, &paths, &source, &e), RATLS_OK);
        assert_string_equal(source.name, cases[i].name);
        ratls_source_free(&source);
    }
}

static void long_paths(void **state)
{
    (void)state;
    static char longest[IO_PATH_MAX + 1];
    memset(longest, 'a', IO_PATH_MAX);
    const ratls_source_paths p = {
        .gramine = longest, .tsm = longest, .tdx_guest = "/tdx", .qgs = longest};
    EACH(i, kinds)
    {
        kernel k;
        ratls_source source;
        ratls_error e;
        kinds[i].on(&k);
        assert_int_equal(kinds[i].source(&k.io, &p, &source, &e), RATLS_E_LIMIT);
        assert_non_null(strstr(e.text, "a path is longer"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_certificates),
        cmocka_unit_test(quotes_and_failures),
        cmocka_unit_test(absent),
        cmocka_unit_test(order_of_choice),
        cmocka_unit_test(long_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
