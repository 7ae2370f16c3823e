/* ratls sim …: simulated platforms, so that all of attestation can be tried with no TEE. */
#include "ratls/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hex.h"
#include "command.h"
#include "crypto/crypto.h"
#include "facts.h"
#include "ratls/collateral.h"
#include "sheet.h"
#include "supply.h"
#include "tee/tcb_status.h"
#include "when.h"

enum { VALID_DAYS_MAX = 3650, SEED_MAX = 1024 };

enum new_option {
    NEW_TEE,
    NEW_QUOTE_VERSION,
    NEW_TD_REPORT,
    NEW_TCB,
    NEW_DEBUG,
    NEW_VENDOR,
    NEW_VALID,
    NEW_TIME,
    NEW_SEED,
    NEW_FIELDS /* from here on those of fields[] */
};

static const own_option new_options[] = {
    [NEW_TEE] = {"--tee", "sgx|tdx", "which platform (default: sgx)"},
    [NEW_QUOTE_VERSION] = {"--quote-version", "N", "of SGX 3 (default), 4 or 5; of TDX 4 or 5"},
    [NEW_TD_REPORT] = {"--td-report", "1.0|1.5",
                       "of TDX: TD report; 1.5 is of quote version 5 and its default"},
    [NEW_TCB] = {"--tcb", "STATUS", "what a verifier shall find (default: UpToDate)"},
    [NEW_DEBUG] = {"--debug", NULL, "enclave or TD in debug mode"},
    [NEW_VENDOR] = {"--vendor", "DIR", "same vendor and root as the simulated platform in DIR"},
    [NEW_VALID] = {"--valid", "DAYS", "how long collateral is good (default: 30)"},
    [NEW_TIME] = {"--time", "T", "made at this time: Unix seconds or RFC 3339 (default: now)"},
    [NEW_SEED] = {"--insecure-seed", "TEXT", "all keys follow from TEXT: for tests only"},
    {"--mrenclave", "HEX", "of SGX"},
    {"--mrsigner", "HEX", "of SGX"},
    {"--isv-prod-id", "N", "of SGX"},
    {"--isv-svn", "N", "of SGX"},
    {"--attributes", "HEX", "of SGX"},
    {"--misc-select", "N", "of SGX"},
    {"--config-id", "HEX", "of SGX"},
    {"--config-svn", "N", "of SGX"},
    {"--isv-ext-prod-id", "HEX", "of SGX"},
    {"--isv-family-id", "HEX", "of SGX"},
    {"--mrtd", "HEX", "of TDX"},
    {"--rtmr0", "HEX", "of TDX"},
    {"--rtmr1", "HEX", "of TDX"},
    {"--rtmr2", "HEX", "of TDX"},
    {"--rtmr3", "HEX", "of TDX"},
    {"--td-attributes", "HEX", "of TDX"},
    {"--xfam", "HEX", "of TDX"},
    {"--mrconfigid", "HEX", "of TDX"},
    {"--mrowner", "HEX", "of TDX"},
    {"--mrownerconfig", "HEX", "of TDX"},
    {"--mrseam", "HEX", "of TDX"},
    {"--mrservicetd", "HEX", "of TDX, TD report 1.5"},
};
enum { NEW_OPTIONS = sizeof new_options / sizeof *new_options };
_Static_assert((size_t)NEW_OPTIONS <= (size_t)OWN_MAX, "the table of given options is too small");

#define SGX(m) offsetof(ratls_sim_options, sgx.m), sizeof(((ratls_sgx_facts *)0)->m), RATLS_TEE_SGX
#define TDX(m) offsetof(ratls_sim_options, tdx.m), sizeof(((ratls_tdx_facts *)0)->m), RATLS_TEE_TDX

/* Where the values of the options from NEW_FIELDS on go, in the same order. */
static const struct {
    size_t offset, size;
    ratls_tee tee;
    bool number;
} fields[] = {
    {SGX(mrenclave), false},     {SGX(mrsigner), false},      {SGX(isv_prod_id), true},
    {SGX(isv_svn), true},        {SGX(attributes), false},    {SGX(misc_select), true},
    {SGX(config_id), false},     {SGX(config_svn), true},     {SGX(isv_ext_prod_id), false},
    {SGX(isv_family_id), false}, {TDX(mrtd), false},          {TDX(rtmr[0]), false},
    {TDX(rtmr[1]), false},       {TDX(rtmr[2]), false},       {TDX(rtmr[3]), false},
    {TDX(td_attributes), false}, {TDX(xfam), false},          {TDX(mrconfigid), false},
    {TDX(mrowner), false},       {TDX(mrownerconfig), false}, {TDX(mrseam), false},
    {TDX(mrservicetd), false},
};
_Static_assert(sizeof fields / sizeof *fields + (size_t)NEW_FIELDS == (size_t)NEW_OPTIONS,
               "each option from NEW_FIELDS on has its field");

static int trouble(const ratls_error *e)
{
    complain("%s", e->text);
    return e->code == RATLS_E_SYSTEM || e->code == RATLS_E_MISSING ? EXIT_TROUBLE : EXIT_REFUSED;
}

static bool read_time(const char *text, int64_t *out)
{
    *out = (int64_t)time(NULL);
    if (text == NULL || when_parse(text, out))
        return true;
    complain("--time: found '%s', expected Unix seconds or RFC 3339 like 2026-11-24T09:08:00Z",
             text);
    return false;
}

static bool read_days(const char *text, uint32_t *out)
{
    uint64_t days;
    if (text == NULL)
        return true;
    if (!number_parse(text, VALID_DAYS_MAX, &days) || days == 0) {
        complain("--valid: found '%s', expected days from 1 to %d", text, VALID_DAYS_MAX);
        return false;
    }
    *out = (uint32_t)days;
    return true;
}

static bool read_number(const char *name, const char *text, uint8_t *at, size_t size)
{
    uint64_t v, max = size == sizeof(uint16_t) ? UINT16_MAX : UINT32_MAX;
    if (!number_parse(text, max, &v)) {
        complain("%s: found '%s', expected a number from 0 to %u", name, text, (unsigned)max);
        return false;
    }
    uint16_t narrow = (uint16_t)v;
    uint32_t wide = (uint32_t)v;
    if (size == sizeof narrow)
        memcpy(at, &narrow, size);
    else
        memcpy(at, &wide, sizeof wide);
    return true;
}

static bool read_field(const args *a, size_t i, ratls_sim_options *o)
{
    const char *name = new_options[NEW_FIELDS + i].name, *text = a->own[NEW_FIELDS + i];
    uint8_t *at = (uint8_t *)o + fields[i].offset;
    if (text == NULL)
        return true;
    if (fields[i].tee != o->tee) {
        complain("%s is %s, found --tee %s", name, new_options[NEW_FIELDS + i].about,
                 o->tee == RATLS_TEE_TDX ? "tdx" : "sgx");
        return false;
    }
    if (fields[i].number)
        return read_number(name, text, at, fields[i].size);
    if (hex_decode(bytes_text(text), at, fields[i].size))
        return true;
    complain("%s: found '%s', expected %zu hex digits", name, text, 2 * fields[i].size);
    return false;
}

static bool read_flavour(const args *a, ratls_sim_options *o)
{
    const char *tee = a->own[NEW_TEE], *version = a->own[NEW_QUOTE_VERSION];
    const char *report = a->own[NEW_TD_REPORT];
    bool tdx = tee != NULL && bytes_is(bytes_text(tee), "tdx");
    uint64_t n;
    if (tee != NULL && !tdx && !bytes_is(bytes_text(tee), "sgx")) {
        complain("--tee: found '%s', expected sgx or tdx", tee);
        return false;
    }
    ratls_sim_defaults(tdx ? RATLS_TEE_TDX : RATLS_TEE_SGX, o);
    if (version != NULL && !number_parse(version, 5, &n)) {
        complain("--quote-version: found '%s', expected 3, 4 or 5", version);
        return false;
    }
    if (version != NULL)
        o->quote_version = (uint16_t)n;
    o->td15 = tdx && o->quote_version == 5;
    if (report != NULL) {
        o->td15 = bytes_is(bytes_text(report), "1.5");
        if (!tdx || (!o->td15 && !bytes_is(bytes_text(report), "1.0"))) {
            complain("--td-report: found '%s', expected 1.0 or 1.5, and --tee tdx", report);
            return false;
        }
    }
    return true;
}

static bool read_status(const char *text, ratls_tcb_status *out)
{
    if (text == NULL)
        return true;
    *out = tcb_status_from(bytes_text(text));
    if (*out != RATLS_TCB_NONE)
        return true;
    complain("--tcb: found '%s', expected UpToDate, SWHardeningNeeded, ConfigurationNeeded, "
             "ConfigurationAndSWHardeningNeeded, OutOfDate, OutOfDateConfigurationNeeded, Revoked, "
             "TDRelaunchAdvised or TDRelaunchAdvisedConfigurationNeeded",
             text);
    return false;
}

static bool read_new(const args *a, ratls_sim_options *o, int64_t *now)
{
    const char *seed = a->own[NEW_SEED];
    if (!read_flavour(a, o) || !read_status(a->own[NEW_TCB], &o->tcb_status) ||
        !read_days(a->own[NEW_VALID], &o->valid_days) || !read_time(a->own[NEW_TIME], now))
        return false;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (!read_field(a, i, o))
            return false;
    if (a->own[NEW_DEBUG] != NULL) {
        o->sgx.attributes[0] |= 0x02;
        o->tdx.td_attributes[0] |= 0x01;
    }
    o->vendor = a->own[NEW_VENDOR];
    if (seed == NULL)
        return true;
    o->insecure_seed = bytes_text(seed);
    if (o->insecure_seed.n > 0 && o->insecure_seed.n <= SEED_MAX)
        return true;
    complain("--insecure-seed: found %zu bytes, expected 1 to %d", o->insecure_seed.n, SEED_MAX);
    return false;
}

static int run_new(const args *a)
{
    ratls_sim_options o;
    ratls_error e;
    int64_t now;
    if (!read_new(a, &o, &now))
        return EXIT_TROUBLE;
    if (ratls_sim_new(a->file, &o, now, &e) != RATLS_OK)
        return trouble(&e);
    if (o.insecure_seed.n > 0)
        complain("INSECURE: whoever knows the seed knows all keys in %s", a->file);
    char dir[1024];
    escape_text(bytes_text(a->file), dir, sizeof dir);
    (void)printf("SIMULATED %s platform in %s, TCB status %s%s\n"
                 "its evidence is good where this is said: --root %s/root.pem --collateral "
                 "%s/collateral.json\n",
                 o.tee == RATLS_TEE_TDX ? "TDX" : "SGX", dir, ratls_tcb_status_name(o.tcb_status),
                 a->own[NEW_DEBUG] != NULL ? ", DEBUG" : "", dir, dir);
    return EXIT_ACCEPTED;
}

/* Digits of at most 64 bytes; zeros follow. */
static bool read_report_data(const char *text, uint8_t out[64])
{
    memset(out, 0, 64);
    bytes digits = text != NULL ? bytes_text(text) : BYTES_NONE;
    if (digits.n % 2 == 0 && digits.n / 2 <= 64 && hex_decode(digits, out, digits.n / 2))
        return true;
    complain("--report-data: found '%s', expected at most 128 hex digits, two for a byte", text);
    return false;
}

/* Asks twice: for the size, then for the bytes. */
static int print_quote(const ratls_sim *sim, const uint8_t report_data[64])
{
    ratls_error e;
    size_t n;
    uint8_t *out = NULL;
    ratls_code code = ratls_sim_quote(sim, report_data, NULL, 0, &n, &e);
    if (code == RATLS_OK && (out = malloc(n)) == NULL)
        code = refuse(&e, RATLS_E_SYSTEM, 0, "out of memory");
    if (code == RATLS_OK)
        code = ratls_sim_quote(sim, report_data, out, n, &n, &e);
    if (code == RATLS_OK)
        (void)fwrite(out, 1, n, stdout);
    free(out);
    return code == RATLS_OK ? EXIT_ACCEPTED : trouble(&e);
}

static int run_quote(const args *a)
{
    uint8_t report_data[64];
    ratls_error e;
    if (!read_report_data(a->own[0], report_data))
        return EXIT_TROUBLE;
    ratls_sim *sim = ratls_sim_open(a->file, &e);
    if (sim == NULL)
        return trouble(&e);
    int status = print_quote(sim, report_data);
    ratls_sim_free(&sim);
    return status;
}

/* Puts a document in the place of whatever is there. */
static ratls_code put_document(void *context, const char *name, ratls_bytes content, ratls_error *e)
{
    enum { TRIES = 8, HELD_MAX = RATLS_ITEM_MAX };
    const ratls_store *store = context;
    uint8_t *held = malloc(HELD_MAX);
    bool lost = true;
    ratls_code code = RATLS_OK;
    if (held == NULL)
        return refuse(e, RATLS_E_SYSTEM, 0, "out of memory");
    for (int i = 0; i < TRIES && lost && code == RATLS_OK; i++) {
        size_t n = 0;
        code = store->get(store->state, name, held, HELD_MAX, &n, e);
        if (code == RATLS_E_MISSING) {
            code = RATLS_OK;
            n = 0;
        }
        if (code == RATLS_OK)
            code = store->put(store->state, name, bytes_of(held, n), content, &lost, e);
    }
    free(held);
    if (code == RATLS_OK && lost)
        code = refuse(e, RATLS_E_SYSTEM, 0, "%s: %s: others write there all the time", store->name,
                      name);
    return code;
}

static int fill_store(const ratls_sim *sim, const char *dir)
{
    ratls_store store;
    ratls_error e;
    if (!supply_store_at(dir, &store))
        return EXIT_TROUBLE;
    ratls_code code = ratls_sim_publish(sim, put_document, &store, &e);
    ratls_store_free(&store);
    return code == RATLS_OK ? EXIT_ACCEPTED : trouble(&e);
}

static int print_collateral(const ratls_sim *sim)
{
    static uint8_t out[1 << 18];
    ratls_error e;
    size_t n;
    ratls_code code = ratls_sim_collateral(sim, out, sizeof out, &n, &e);
    if (code == RATLS_OK)
        (void)fwrite(out, 1, n, stdout);
    return code == RATLS_OK ? EXIT_ACCEPTED : trouble(&e);
}

static int run_collateral(const args *a)
{
    ratls_error e;
    ratls_sim *sim = ratls_sim_open(a->file, &e);
    if (sim == NULL)
        return trouble(&e);
    int status = a->own[0] != NULL ? fill_store(sim, a->own[0]) : print_collateral(sim);
    ratls_sim_free(&sim);
    return status;
}

static int run_renew(const args *a)
{
    ratls_error e;
    uint32_t days = 0;
    int64_t now;
    if (!read_days(a->own[0], &days) || !read_time(a->own[1], &now))
        return EXIT_TROUBLE;
    ratls_sim *sim = ratls_sim_open(a->file, &e);
    if (sim == NULL)
        return trouble(&e);
    ratls_code code = ratls_sim_renew(sim, now, days, &e);
    ratls_sim_free(&sim);
    return code == RATLS_OK ? EXIT_ACCEPTED : trouble(&e);
}

static void print_platform(sheet *s, const char *dir, const ratls_sim *sim)
{
    const ratls_facts *f = ratls_sim_facts(sim);
    bytes root = ratls_sim_root(sim);
    uint8_t digest[32];
    bool expired = f->earliest_expiration <= (int64_t)time(NULL);
    sheet_bool(s, "simulated", NULL, true);
    sheet_next(s, STYLE_LOUD);
    sheet_line(s, "SIMULATED: there is no such hardware; only who names its root believes it");
    sheet_row(s, "directory", "%s", dir);
    sheet_row(s, "TEE", "%s, quote version %u", tee_title(f->tee), f->quote_version);
    if (crypto_digest(CRYPTO_SHA256, &root, 1, digest))
        sheet_hex(s, "root_sha256", "root SHA-256", bytes_of(digest, sizeof digest));
    if (expired)
        sheet_next(s, STYLE_LOUD);
    sheet_row(s, "collateral", "%s",
              expired ? "EXPIRED, `ratls sim renew` issues it anew" : "not past its date");
    sheet_bool(s, "expired_now", NULL, expired);
    sheet_object(s, "attested", "what verifying it finds");
    facts_all(s, f);
    sheet_close(s);
}

static int run_show(const args *a)
{
    ratls_error e;
    ratls_sim *sim = ratls_sim_open(a->file, &e);
    if (sim == NULL)
        return trouble(&e);
    sheet *s = sheet_new(a->json);
    print_platform(s, a->file, sim);
    ratls_sim_free(&sim);
    return sheet_end(s, EXIT_ACCEPTED);
}

const command sim_new_command = {
    .name = "sim new",
    .operand = "DIR",
    .run = run_new,
    .summary = "make a simulated SGX or TDX platform, to try things with no TEE",
    .own = new_options,
    .own_n = NEW_OPTIONS,
    .about =
        "Makes a simulated platform with an enclave or TD on it, and the vendor behind it, in\n"
        "DIR, which must be absent or empty: keys, certificates, collateral.json and\n"
        "platform.json. Its evidence is laid out and signed as the real thing, and proves\n"
        "nothing to anybody who does not name its root.\n"
        "Exit codes: 0 made, 1 options that do not go together, 2 usage or system error.",
    .example = "ratls sim new platform --tcb OutOfDate",
};

static const own_option quote_options[] = {
    {"--report-data", "HEX", "at most 64 bytes, zeros follow (default: all zero)"}};

const command sim_quote_command = {
    .name = "sim quote",
    .operand = "DIR",
    .run = run_quote,
    .summary = "write a quote of a simulated platform",
    .own = quote_options,
    .own_n = 1,
    .about = "Writes a quote of the simulated platform in DIR to standard output, binary.\n"
             "Exit codes: 0 written, 1 DIR is damaged, 2 usage or system error.",
    .example = "ratls sim quote platform --report-data 00ff > quote.bin",
};

static const own_option collateral_options[] = {
    {"--store", "STORE", "put it into this store, for `ratls collateral serve`"}};

const command sim_collateral_command = {
    .name = "sim collateral",
    .operand = "DIR",
    .run = run_collateral,
    .summary = "write the collateral of a simulated platform",
    .own = collateral_options,
    .own_n = 1,
    .about = "Writes the collateral for the simulated platform in DIR to standard output, as\n"
             "`ratls verify --collateral` takes it. With --store it puts this and all else that\n"
             "its vendor signs into a store instead: PCK certificate, evaluation numbers, and of\n"
             "SGX also TCB info of version 2, QVE and QAE identity.\n"
             "Exit codes: 0 written, 1 DIR is damaged, 2 usage or system error.",
    .example = "ratls sim collateral platform > collateral.json",
};

static const own_option renew_options[] = {
    {"--valid", "DAYS", "how long it is good (default: as long as before)"},
    {"--time", "T", "issued at this time: Unix seconds or RFC 3339 (default: now)"}};

const command sim_renew_command = {
    .name = "sim renew",
    .operand = "DIR",
    .run = run_renew,
    .summary = "issue the collateral of a simulated platform anew",
    .own = renew_options,
    .own_n = 2,
    .about = "Issues DIR/collateral.json anew: TCB info, QE identity and CRLs, with new dates.\n"
             "Exit codes: 0 renewed, 1 DIR is damaged, 2 usage or system error.",
    .example = "ratls sim renew platform --valid 7",
};

const command sim_show_command = {
    .name = "sim show",
    .operand = "DIR",
    .run = run_show,
    .summary = "say what a simulated platform is",
    .options = TAKES(OPTION_JSON),
    .about = "Opens the simulated platform in DIR, verifies a quote of it, and prints what that\n"
             "finds.\n"
             "Exit codes: 0 shown, 1 DIR is damaged, 2 usage or system error.",
    .example = "ratls sim show platform",
};
