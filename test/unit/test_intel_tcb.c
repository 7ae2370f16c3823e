#include "testing.h"

#include "arena.h"
#include "assemble.h"
#include "tee/intel_tcb.h"

/* The text is written out here, not by the collateral maker, so that one can't hide the other. */
#define HEAD                                                                                       \
    "\"issueDate\":\"2025-12-31T00:00:00Z\",\"nextUpdate\":\"2026-01-30T00:00:00Z\","              \
    "\"fmspc\":\"00606a000000\",\"pceId\":\"0001\",\"tcbType\":0,\"tcbEvaluationDataNumber\":20,"
#define SIX(a)     "{\"svn\":" a "},{\"svn\":2},{\"svn\":3},{\"svn\":4},{\"svn\":5},{\"svn\":6}"
#define SIXTEEN(a) "[" SIX(a) "," SIX("7") ",{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":255}]"
#define LEVEL_END                                                                                  \
    "\"tcbDate\":\"2025-08-13T00:00:00Z\",\"tcbStatus\":\"SWHardeningNeeded\","                    \
    "\"advisoryIDs\":[\"INTEL-SA-00615\",\"INTEL-SA-00657\"]}"
#define ZERO8  "0000000000000000"
#define ZERO48 ZERO8 ZERO8 ZERO8 ZERO8 ZERO8 ZERO8
#define MODULE                                                                                     \
    "\"mrsigner\":\"" ZERO48 "\",\"attributes\":\"" ZERO8                                          \
    "\",\"attributesMask\":\"FFFFFFFFFFFFFFFF\""
#define ISV_LEVEL                                                                                  \
    "{\"tcb\":{\"isvsvn\":5},\"tcbDate\":\"2025-08-13T00:00:00Z\",\"tcbStatus\":\"UpToDate\"}"

static const char sgx3[] =
    "{\"id\":\"SGX\",\"version\":3," HEAD
    "\"tcbLevels\":[{\"tcb\":{\"sgxtcbcomponents\":" SIXTEEN("1") ",\"pcesvn\":13}," LEVEL_END "]}";
static const char tdx3[] =
    "{\"id\":\"TDX\",\"version\":3," HEAD "\"tdxModule\":{" MODULE
    "},\"tdxModuleIdentities\":[{\"id\":\"TDX_03\"," MODULE ",\"tcbLevels\":[" ISV_LEVEL
    "]}],\"tcbLevels\":[{\"tcb\":{\"sgxtcbcomponents\":" SIXTEEN(
        "1") ",\"pcesvn\":13,\"tdxtcbcomponents\":" SIXTEEN("9") "}," LEVEL_END "]}";

/* Version 2 names its components; `left_out` is one that is not there. */
static bytes sgx2(unsigned left_out)
{
    buf b = {0};
    buf_text(&b, "{\"version\":2," HEAD "\"tcbLevels\":[{\"tcb\":{");
    for (unsigned i = 1; i <= 16; i++)
        if (i != left_out)
            buf_format(&b, "\"sgxtcbcomp%02usvn\":%u,", i, i);
    buf_text(&b, "\"pcesvn\":13}," LEVEL_END "]}");
    return buf_bytes(&b);
}

/* Big; static, as a stack is not. */
static tcb_info parsed;

static ratls_code parse(bytes text, ratls_error *e)
{
    bytes copy = bytes_resized(text, text.n);
    ratls_code code = tcb_info_parse(copy, &parsed, e);
    for (size_t i = 0; i < parsed.levels_n; i++)
        parsed.levels[i].advisories = BYTES_NONE; /* pointed into the copy */
    bytes_free(copy);
    return code;
}

static void must_be(const char *name, bytes text, ratls_code code, const char *why)
{
    ratls_error e = {.text = ""};
    ratls_code found = parse(text, &e);
    if (found != code || (code != RATLS_OK && (e.code != code || strstr(e.text, why) == NULL)))
        fail_msg("%s: %s (%s), expected %s, \"%s\"", name, ratls_code_name(found), e.text,
                 ratls_code_name(code), why);
}

static void test_versions(void **state)
{
    (void)state;
    ratls_error e;
    assert_int_equal(tcb_info_parse(bytes_text(sgx3), &parsed, &e), RATLS_OK);
    assert_int_equal(parsed.version, 3);
    assert_int_equal(parsed.tee, RATLS_TEE_SGX);
    assert_int_equal(parsed.issue_date, 1767139200);
    assert_int_equal(parsed.next_update, 1769731200);
    assert_memory_equal(parsed.fmspc, "\0\x60\x6a\0\0\0", 6);
    assert_memory_equal(parsed.pce_id, "\0\x01", 2);
    assert_int_equal(parsed.evaluation_number, 20);
    assert_false(parsed.has_module);
    assert_int_equal(parsed.levels_n, 1);
    const tcb_level *l = &parsed.levels[0];
    assert_memory_equal(l->sgx, "\1\2\3\4\5\6\7\2\3\4\5\6\0\0\0\xff", 16);
    assert_int_equal(l->pce_svn, 13);
    assert_int_equal(l->status, RATLS_TCB_SW_HARDENING_NEEDED);
    assert_int_equal(l->date, 1755043200);
    assert_true(bytes_is(l->advisories, "[\"INTEL-SA-00615\",\"INTEL-SA-00657\"]"));

    assert_int_equal(tcb_info_parse(bytes_text(tdx3), &parsed, &e), RATLS_OK);
    assert_int_equal(parsed.tee, RATLS_TEE_TDX);
    assert_memory_equal(parsed.levels[0].tdx, "\x09\2\3\4\5\6\7\2\3\4\5\6\0\0\0\xff", 16);
    assert_true(parsed.has_module);
    assert_int_equal(parsed.modules_n, 1);
    assert_ptr_equal(tcb_info_module(&parsed, 3), &parsed.modules[0]);
    assert_null(tcb_info_module(&parsed, 1));
    assert_null(tcb_info_module(&parsed, 0));
    assert_memory_equal(parsed.modules[0].attributes_mask, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
    assert_int_equal(parsed.modules[0].levels_n, 1);

    assert_int_equal(tcb_info_parse(sgx2(0), &parsed, &e), RATLS_OK);
    assert_int_equal(parsed.tee, RATLS_TEE_SGX);
    assert_memory_equal(parsed.levels[0].sgx, "\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10",
                        16);
}

/* The first occurrence of `from` replaced; every message says what is wrong. */
typedef struct edit {
    const char *name, *text, *from, *to;
    ratls_code code;
    const char *why;
} edit;

#define BAD RATLS_E_MALFORMED

static void must_all(const edit *edits, size_t n)
{
    for (size_t i = 0; i < n; i++)
        must_be(edits[i].name, text_replaced(bytes_text(edits[i].text), edits[i].from, edits[i].to),
                edits[i].code, edits[i].why);
}

static void test_fields(void **state)
{
    (void)state;
    static const edit edits[] = {
        {"id missing", sgx3, "\"id\":\"SGX\",", "", BAD, "\"id\" is missing"},
        {"id unknown", sgx3, "\"SGX\"", "\"SEV\"", BAD, "neither SGX nor TDX"},
        {"id lower case", sgx3, "\"SGX\"", "\"sgx\"", BAD, "neither SGX nor TDX"},
        {"id a number", sgx3, "\"SGX\"", "1", BAD, "a string was expected"},
        {"version missing", sgx3, "\"version\":3,", "", BAD, "\"version\" is missing"},
        {"version 1", sgx3, "\"version\":3", "\"version\":1", RATLS_E_UNSUPPORTED, "version 1"},
        {"version 4", sgx3, "\"version\":3", "\"version\":4", RATLS_E_UNSUPPORTED, "version 4"},
        {"version 3.0", sgx3, "\"version\":3", "\"version\":3.0", BAD, "whole number"},
        {"version a string", sgx3, "\"version\":3", "\"version\":\"3\"", BAD, "whole number"},
        {"version too long", sgx3, "\"version\":3", "\"version\":4294967299", BAD, "limit"},
        {"issueDate missing", sgx3, "\"issueDate\"", "\"x\"", BAD, "\"issueDate\" is missing"},
        {"issueDate date alone", sgx3, "2025-12-31T00:00:00Z", "2025-12-31", BAD, "YYYY"},
        {"issueDate with offset", sgx3, "2025-12-31T00:00:00Z", "2025-12-31T00:00:00+00:00", BAD,
         "YYYY"},
        {"issueDate with fraction", sgx3, "2025-12-31T00:00:00Z", "2025-12-31T00:00:00.0Z", BAD,
         "YYYY"},
        {"issueDate with a blank", sgx3, "2025-12-31T00:00:00Z", "2025-12-31 00:00:00Z", BAD,
         "YYYY"},
        {"issueDate lower case", sgx3, "2025-12-31T00:00:00Z", "2025-12-31t00:00:00z", BAD, "YYYY"},
        {"issueDate on Feb 30", sgx3, "2025-12-31T", "2025-02-30T", BAD, "YYYY"},
        {"issueDate at 24h", sgx3, "2025-12-31T00", "2025-12-31T24", BAD, "YYYY"},
        {"issueDate leap second", sgx3, "2025-12-31T00:00:00Z", "2025-12-31T23:59:60Z", BAD,
         "YYYY"},
        {"issueDate a number", sgx3, "\"2025-12-31T00:00:00Z\"", "1767139200", BAD, "string"},
        {"nextUpdate missing", sgx3, "\"nextUpdate\"", "\"x\"", BAD, "\"nextUpdate\" is missing"},
        {"nextUpdate other form", sgx3, "2026-01-30T00:00:00Z", "Fri Jan 30 2026", BAD, "YYYY"},
        {"fmspc missing", sgx3, "\"fmspc\"", "\"FMSPC\"", BAD, "\"fmspc\" is missing"},
        {"fmspc of 5 bytes", sgx3, "00606a000000", "00606a0000", BAD, "hex"},
        {"fmspc of 7 bytes", sgx3, "00606a000000", "00606a00000000", BAD, "hex"},
        {"fmspc not hex", sgx3, "00606a000000", "00606g000000", BAD, "hex"},
        {"fmspc upper case", sgx3, "00606a000000", "00606A000000", RATLS_OK, ""},
        {"pceId missing", sgx3, "\"pceId\"", "\"x\"", BAD, "\"pceId\" is missing"},
        {"pceId a number", sgx3, "\"0001\"", "1", BAD, "string"},
        {"tcbType missing", sgx3, "\"tcbType\":0,", "", BAD, "\"tcbType\" is missing"},
        {"tcbType 1", sgx3, "\"tcbType\":0", "\"tcbType\":1", BAD, "limit"},
        {"evaluation number missing", sgx3, "\"tcbEvaluationDataNumber\"", "\"x\"", BAD,
         "\"tcbEvaluationDataNumber\" is missing"},
        {"evaluation number -1", sgx3, ":20,", ":-1,", BAD, "whole number"},
        {"evaluation number 2^32-1", sgx3, ":20,", ":4294967295,", RATLS_OK, ""},
        {"evaluation number 2^32", sgx3, ":20,", ":4294967296,", BAD, "limit"},
        {"evaluation number 020", sgx3, ":20,", ":020,", BAD, "whole number"},
        {"evaluation number 2e1", sgx3, ":20,", ":2e1,", BAD, "whole number"},
        {"levels missing", sgx3, "\"tcbLevels\"", "\"x\"", BAD, "\"tcbLevels\" is missing"},
        {"levels an object", sgx3, "\"tcbLevels\":[", "\"tcbLevels\":{},\"x\":[", BAD, "array"},
        {"no level", sgx3, "\"tcbLevels\":[", "\"tcbLevels\":[],\"x\":[", BAD, "empty"},
        {"SGX with tdxModule", sgx3, "\"tcbLevels\"", "\"tdxModule\":{" MODULE "},\"tcbLevels\"",
         BAD, "names TDX modules"},
        {"SGX with identities", sgx3, "\"tcbLevels\"",
         "\"tdxModuleIdentities\":[{\"id\":\"TDX_03\"," MODULE ",\"tcbLevels\":[" ISV_LEVEL
         "]}],\"tcbLevels\"",
         BAD, "names TDX modules"},
        {"unknown field", sgx3, "{\"id\"", "{\"new\":[{\"a\":null}],\"id\"", RATLS_OK, ""},
        {"white space", sgx3, "{\"id\":", " {\n\t\"id\" : ", RATLS_OK, ""},
        {"something after", sgx3, "00657\"]}]}", "00657\"]}]}{}", BAD, "follows"},
        {"NUL after", sgx3, "00657\"]}]}", "00657\"]}]} x", BAD, "follows"},
        {"an array", sgx3, "{\"id\"", "[\"id\"", BAD, "object"},
        {"key twice", sgx3, "{\"id\"", "{\"id\":\"TDX\",\"id\"", BAD, "twice"},
        {"unknown key twice", sgx3, "{\"id\"", "{\"x\":1,\"x\":1,\"id\"", BAD, "twice"},
        {"key with escape", sgx3, "\"id\"", "\"\\u0069d\"", BAD, "escape"},
        {"trailing comma", sgx3, "00657\"]}]}", "00657\"]}],}", BAD, "string"},
        {"comment", sgx3, "{\"id\"", "{/**/\"id\"", BAD, "string"},
    };
    must_all(edits, sizeof edits / sizeof *edits);
}

static void test_levels(void **state)
{
    (void)state;
    static const edit edits[] = {
        {"tcb missing", sgx3, "\"tcb\"", "\"x\"", BAD, "lacks tcb"},
        {"tcbDate missing", sgx3, "\"tcbDate\"", "\"x\"", BAD, "lacks tcb"},
        {"tcbStatus missing", sgx3, "\"tcbStatus\"", "\"x\"", BAD, "lacks tcb"},
        {"tcbDate other form", sgx3, "2025-08-13T00:00:00Z", "2025-08-13", BAD, "YYYY"},
        {"status unknown", sgx3, "SWHardeningNeeded", "Fine", BAD, "tcbStatus"},
        {"status empty", sgx3, "SWHardeningNeeded", "", BAD, "tcbStatus"},
        {"status in lower case", sgx3, "SWHardeningNeeded", "swhardeningneeded", BAD, "tcbStatus"},
        {"status only the relaunch rule gives", sgx3, "SWHardeningNeeded", "TDRelaunchAdvised", BAD,
         "tcbStatus"},
        {"and the other", sgx3, "SWHardeningNeeded", "TDRelaunchAdvisedConfigurationNeeded", BAD,
         "tcbStatus"},
        {"status a boolean", sgx3, "\"SWHardeningNeeded\"", "true", BAD, "string"},
        {"level a string", sgx3, "[{\"tcb\"", "[\"x\",{\"tcb\"", BAD, "object"},
        {"key twice in a level", sgx3, "\"tcbDate\"", "\"tcbStatus\":\"UpToDate\",\"tcbDate\"", BAD,
         "twice"},
        {"key twice in tcb", sgx3, "\"pcesvn\":13", "\"pcesvn\":13,\"pcesvn\":0", BAD, "twice"},
        {"key twice in a component", sgx3, "{\"svn\":1}", "{\"svn\":1,\"svn\":0}", BAD, "twice"},
        {"pcesvn missing", sgx3, "\"pcesvn\"", "\"x\"", BAD, "a TCB level lacks"},
        {"pcesvn 65535", sgx3, "\"pcesvn\":13", "\"pcesvn\":65535", RATLS_OK, ""},
        {"pcesvn 65536", sgx3, "\"pcesvn\":13", "\"pcesvn\":65536", BAD, "limit"},
        {"components missing", sgx3, "\"sgxtcbcomponents\"", "\"x\"", BAD, "a TCB level lacks"},
        {"15 components", sgx3, "{\"svn\":1},", "", BAD, "fewer than 16"},
        {"17 components", sgx3, "{\"svn\":1},", "{\"svn\":1},{\"svn\":1},", BAD, "more than 16"},
        {"component 256", sgx3, "{\"svn\":255}", "{\"svn\":256}", BAD, "limit"},
        {"component -1", sgx3, "{\"svn\":255}", "{\"svn\":-1}", BAD, "whole number"},
        {"component without svn", sgx3, "{\"svn\":255}", "{}", BAD, "no svn"},
        {"component a number", sgx3, "{\"svn\":255}", "255", BAD, "object"},
        {"component with more", sgx3, "{\"svn\":1}", "{\"svn\":1,\"category\":\"BIOS\"}", RATLS_OK,
         ""},
        {"TDX components missing", tdx3, "\"tdxtcbcomponents\"", "\"x\"", BAD, "a TCB level lacks"},
        {"15 TDX components", tdx3, "[{\"svn\":9},", "[", BAD, "fewer than 16"},
        {"17 TDX components", tdx3, "[{\"svn\":9},", "[{\"svn\":9},{\"svn\":9},", BAD,
         "more than 16"},
        {"advisories a string", sgx3, "[\"INTEL-SA-00615\",\"INTEL-SA-00657\"]", "\"x\"", BAD,
         "not an array"},
        {"advisory a number", sgx3, "\"INTEL-SA-00615\"", "615", BAD, "short strings"},
        {"advisory empty", sgx3, "\"INTEL-SA-00615\"", "\"\"", BAD, "short strings"},
        {"advisory of 31", sgx3, "INTEL-SA-00615", "INTEL-SA-0061500000000000000000", RATLS_OK, ""},
        {"advisory of 32", sgx3, "INTEL-SA-00615", "INTEL-SA-006150000000000000000000", BAD,
         "short strings"},
        {"no advisories", sgx3, ",\"advisoryIDs\":[\"INTEL-SA-00615\",\"INTEL-SA-00657\"]", "",
         RATLS_OK, ""},
    };
    must_all(edits, sizeof edits / sizeof *edits);
    static const char *const good[] = {"UpToDate",
                                       "OutOfDate",
                                       "ConfigurationNeeded",
                                       "Revoked",
                                       "OutOfDateConfigurationNeeded",
                                       "SWHardeningNeeded",
                                       "ConfigurationAndSWHardeningNeeded"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        must_be(good[i], text_replaced(bytes_text(sgx3), "SWHardeningNeeded", good[i]), RATLS_OK,
                "");
    for (unsigned i = 1; i <= 16; i++)
        must_be("v2, a component missing", sgx2(i), BAD, "a TCB level lacks");
    must_be("v2, component 17",
            text_replaced(sgx2(16), "\"pcesvn\"", "\"sgxtcbcomp17svn\":1,\"pcesvn\""), BAD,
            "a TCB level lacks");
    must_be("v2, component 00",
            text_replaced(sgx2(16), "\"pcesvn\"", "\"sgxtcbcomp00svn\":1,\"pcesvn\""), BAD,
            "a TCB level lacks");
    must_be("v2, component 256", text_replaced(sgx2(0), "svn\":1,", "svn\":256,"), BAD, "limit");
    must_be("v2 with the fields of v3",
            text_replaced(bytes_text(sgx3), "\"version\":3", "\"version\":2"), BAD,
            "a TCB level lacks");
    must_be("v3 with the fields of v2",
            text_replaced(sgx2(0), "\"version\":2", "\"id\":\"SGX\",\"version\":3"), BAD,
            "a TCB level lacks");
}

static void test_modules(void **state)
{
    (void)state;
    static const edit edits[] = {
        {"tdxModule missing", tdx3, "\"tdxModule\"", "\"x\"", BAD, "\"tdxModule\" is missing"},
        {"mrsigner missing", tdx3, "\"mrsigner\"", "\"x\"", BAD, "lacks id, mrsigner"},
        {"mrsigner of 47", tdx3, ZERO48, "00" ZERO8 ZERO8 ZERO8 ZERO8 ZERO8, BAD, "hex"},
        {"attributes missing", tdx3, "\"attributes\"", "\"x\"", BAD, "lacks id, mrsigner"},
        {"attributes of 7", tdx3, "\"" ZERO8 "\"", "\"00000000000000\"", BAD, "hex"},
        {"mask missing", tdx3, "\"attributesMask\"", "\"x\"", BAD, "lacks id, mrsigner"},
        {"identities missing", tdx3, "\"tdxModuleIdentities\"", "\"x\"", RATLS_OK, ""},
        {"identities empty", tdx3, "\"tdxModuleIdentities\":[",
         "\"tdxModuleIdentities\":[],\"x\":[", BAD, "empty"},
        {"id missing", tdx3, "\"id\":\"TDX_03\",", "", BAD, "lacks id, mrsigner"},
        {"id TDX_3", tdx3, "TDX_03", "TDX_3", BAD, "two hex digits"},
        {"id TDX_003", tdx3, "TDX_03", "TDX_003", BAD, "two hex digits"},
        {"id TDX_00", tdx3, "TDX_03", "TDX_00", BAD, "two hex digits"},
        {"id TDX_0G", tdx3, "TDX_03", "TDX_0G", BAD, "two hex digits"},
        {"id SGX_03", tdx3, "TDX_03", "SGX_03", BAD, "two hex digits"},
        {"id TDX_ff", tdx3, "TDX_03", "TDX_ff", RATLS_OK, ""},
        {"levels missing", tdx3, "\"tcbLevels\":[{\"tcb\":{\"isv", "\"x\":[{\"tcb\":{\"isv", BAD,
         "lacks id, mrsigner"},
        {"levels empty", tdx3, "[" ISV_LEVEL "]", "[]", BAD, "empty"},
        {"isvsvn missing", tdx3, "\"isvsvn\"", "\"x\"", BAD, "no isvsvn"},
        {"isvsvn 65535", tdx3, "\"isvsvn\":5", "\"isvsvn\":65535", RATLS_OK, ""},
        {"isvsvn 65536", tdx3, "\"isvsvn\":5", "\"isvsvn\":65536", BAD, "limit"},
        {"isvsvn twice", tdx3, "\"isvsvn\":5", "\"isvsvn\":5,\"isvsvn\":0", BAD, "twice"},
        {"status of a platform", tdx3, "UpToDate", "SWHardeningNeeded", BAD, "tcbStatus"},
        {"status ConfigurationNeeded", tdx3, "UpToDate", "ConfigurationNeeded", BAD, "tcbStatus"},
        {"status OutOfDate", tdx3, "UpToDate", "OutOfDate", RATLS_OK, ""},
        {"status Revoked", tdx3, "UpToDate", "Revoked", RATLS_OK, ""},
        {"the same module twice", tdx3, "[{\"id\":\"TDX_03\"",
         "[{\"id\":\"TDX_03\"," MODULE ",\"tcbLevels\":[" ISV_LEVEL "]},{\"id\":\"TDX_03\"", BAD,
         "same id"},
        {"TDX_0A and TDX_0a", tdx3, "[{\"id\":\"TDX_03\"",
         "[{\"id\":\"TDX_0A\"," MODULE ",\"tcbLevels\":[" ISV_LEVEL "]},{\"id\":\"TDX_0a\"", BAD,
         "same id"},
    };
    must_all(edits, sizeof edits / sizeof *edits);
}

static void test_truncation(void **state)
{
    (void)state;
    const bytes whole[] = {bytes_text(sgx3), bytes_text(tdx3), sgx2(0)};
    for (size_t i = 0; i < 3; i++)
        for (size_t n = 0; n < whole[i].n; n++)
            must_be("cut short", bytes_cut(whole[i], n), BAD, "TCB info");
}

/* n levels of SGX, the k-th with component 1 and PCESVN as given by `svn`. */
static bytes with_levels(size_t n, unsigned (*svn)(size_t))
{
    buf b = {0};
    buf_text(&b, "{\"id\":\"SGX\",\"version\":3," HEAD "\"tcbLevels\":[");
    for (size_t i = 0; i < n; i++) {
        unsigned v = svn(i);
        buf_format(&b, "%s{\"tcb\":{\"sgxtcbcomponents\":[{\"svn\":%u}", i > 0 ? "," : "", v >> 4);
        for (unsigned k = 1; k < 16; k++)
            buf_text(&b, ",{\"svn\":0}");
        buf_format(&b, "],\"pcesvn\":%u}," LEVEL_END, v & 15);
    }
    buf_text(&b, "]}");
    return buf_bytes(&b);
}

static unsigned ascending(size_t i)
{
    return (unsigned)i + 1;
}
static unsigned shuffled(size_t i)
{
    return (unsigned)(i * 29 % 64) + 1;
}
static unsigned first_again(size_t i)
{
    return i == 40 ? 1 : (unsigned)i + 1;
}

static void test_limits(void **state)
{
    (void)state;
    must_be("64 levels", with_levels(TCB_LEVELS_MAX, ascending), RATLS_OK, "");
    must_be("65 levels", with_levels(TCB_LEVELS_MAX + 1, ascending), RATLS_E_LIMIT,
            "more TCB levels");
    must_be("two alike, far apart", with_levels(50, first_again), BAD, "same SVNs");

    for (unsigned extra = 0; extra < 2; extra++) {
        buf modules = {0}, levels = {0}, advisories = {0};
        for (unsigned i = 0; i < TCB_MODULES_MAX + extra; i++)
            buf_format(&modules, "%s{\"id\":\"TDX_%02X\"," MODULE ",\"tcbLevels\":[" ISV_LEVEL "]}",
                       i > 0 ? "," : "", i + 1);
        buf_u8(&modules, 0);
        must_be("modules",
                text_replaced(bytes_text(tdx3),
                              "{\"id\":\"TDX_03\"," MODULE ",\"tcbLevels\":[" ISV_LEVEL "]}",
                              (const char *)modules.p),
                extra == 0 ? RATLS_OK : RATLS_E_LIMIT, "more TDX module identities");
        for (unsigned i = 0; i < TCB_MODULE_LEVELS_MAX + extra; i++)
            buf_text(&levels, i > 0 ? "," ISV_LEVEL : ISV_LEVEL);
        buf_u8(&levels, 0);
        must_be("module levels", text_replaced(bytes_text(tdx3), ISV_LEVEL, (const char *)levels.p),
                extra == 0 ? RATLS_OK : RATLS_E_LIMIT, "more levels");
        for (unsigned i = 0; i < RATLS_ADVISORIES_MAX + extra; i++)
            buf_format(&advisories, "%s\"INTEL-SA-%05u\"", i > 0 ? "," : "", i);
        buf_u8(&advisories, 0);
        must_be("advisories",
                text_replaced(bytes_text(sgx3), "\"INTEL-SA-00615\",\"INTEL-SA-00657\"",
                              (const char *)advisories.p),
                extra == 0 ? RATLS_OK : RATLS_E_LIMIT, "more advisoryIDs");
    }
}

static void test_order(void **state)
{
    (void)state;
    must_be("in any order", with_levels(64, shuffled), RATLS_OK, "");
    for (size_t i = 0; i < 64; i++) {
        unsigned svn = 64 - (unsigned)i;
        assert_int_equal(parsed.levels[i].sgx[0], svn >> 4);
        assert_int_equal(parsed.levels[i].pce_svn, svn & 15);
    }
    /* Every platform finds the highest level that it reaches. */
    uint8_t have[16] = {0};
    for (unsigned component = 0; component < 6; component++)
        for (uint16_t pce = 0; pce < 18; pce++) {
            have[0] = (uint8_t)component;
            tcb_match m = tcb_info_match(&parsed, have, pce, NULL);
            const tcb_level *best = NULL;
            for (size_t i = 0; i < 64 && best == NULL; i++)
                if (parsed.levels[i].sgx[0] <= component && parsed.levels[i].pce_svn <= pce)
                    best = &parsed.levels[i];
            assert_ptr_equal(m.level, best);
            assert_ptr_equal(m.sgx_level, best);
        }
    have[0] = 0;
    assert_null(tcb_info_match(&parsed, have, 0, NULL).level);

    /* Fields that the levels' reading needs may stand behind them. */
    bytes late = text_replaced(bytes_text(tdx3), "\"id\":\"TDX\",\"version\":3,", "");
    late = join(bytes_cut(late, late.n - 1), bytes_text(",\"version\":3,\"id\":\"TDX\"}"));
    must_be("id and version last", late, RATLS_OK, "");
    assert_int_equal(parsed.levels[0].tdx[0], 9);
}

/* Each of the 16 components decides, and PCESVN [DCAP 1.7]. */
static void test_match_sgx(void **state)
{
    (void)state;
    ratls_error e;
    assert_int_equal(parse(sgx2(0), &e), RATLS_OK);
    uint8_t have[16];
    for (unsigned i = 0; i < 16; i++)
        have[i] = (uint8_t)(i + 1);
    assert_non_null(tcb_info_match(&parsed, have, 13, NULL).level);
    assert_non_null(tcb_info_match(&parsed, have, 14, NULL).level);
    assert_null(tcb_info_match(&parsed, have, 12, NULL).level);
    for (unsigned i = 0; i < 16; i++) {
        have[i]--;
        assert_null(tcb_info_match(&parsed, have, 13, NULL).level);
        have[i] = 255;
        assert_non_null(tcb_info_match(&parsed, have, 13, NULL).level);
        have[i] = (uint8_t)(i + 1);
    }
}

/* With a module version the first two TDX components are left to the module's identity. */
static void test_match_tdx(void **state)
{
    (void)state;
    ratls_error e;
    assert_int_equal(parse(bytes_text(tdx3), &e), RATLS_OK);
    uint8_t platform[16], td[16];
    memset(platform, 255, sizeof platform);
    for (uint8_t version = 0; version <= 2; version += 2) {
        uint8_t *need = parsed.levels[0].tdx;
        memset(need, 5, 16);
        need[1] = version;
        memcpy(td, need, 16);
        assert_non_null(tcb_info_match(&parsed, platform, 13, td).level);
        for (unsigned i = 0; i < 16; i++) {
            if (i == 1)
                continue;
            td[i]--;
            tcb_match m = tcb_info_match(&parsed, platform, 13, td);
            assert_int_equal(m.level == NULL, version == 0 || i >= 2);
            assert_ptr_equal(m.sgx_level, &parsed.levels[0]);
            td[i] = 255;
            assert_non_null(tcb_info_match(&parsed, platform, 13, td).level);
            td[i] = need[i];
        }
        need[1] = 3;
        td[0] = 0;
        assert_int_equal(tcb_info_match(&parsed, platform, 13, td).level == NULL, version == 0);
    }
}

static void test_svn_levels(void **state)
{
    (void)state;
    static const char level[] =
        "{\"tcb\":{\"isvsvn\":%u},\"tcbDate\":\"2025-08-13T00:00:00Z\",\"tcbStatus\":\"%s\"}";
    buf b = {0};
    buf_format(&b, level, 2, "OutOfDate");
    buf_text(&b, ",");
    buf_format(&b, level, 7, "UpToDate");
    buf_text(&b, ",");
    buf_format(&b, level, 7, "Revoked");
    buf_text(&b, ",");
    buf_format(&b, level, 5, "OutOfDate");
    buf_u8(&b, 0);
    must_be("levels of a module", text_replaced(bytes_text(tdx3), ISV_LEVEL, (const char *)b.p),
            RATLS_OK, "");
    const tdx_module *m = &parsed.modules[0];
    static const struct {
        unsigned svn, level;
    } cases[] = {{0, 0}, {1, 0}, {2, 2}, {4, 2}, {5, 5}, {6, 5}, {7, 7}, {255, 7}, {65535, 7}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const svn_level *l = svn_level_match(m->levels, m->levels_n, cases[i].svn);
        assert_int_equal(l == NULL ? 0 : l->isv_svn, cases[i].level);
    }
    /* Of two with one SVN the first served counts, as with Intel. */
    assert_int_equal(svn_level_match(m->levels, m->levels_n, 7)->status, RATLS_TCB_UP_TO_DATE);
}

static void test_peek(void **state)
{
    (void)state;
    tcb_info_glance g;
    assert_true(tcb_info_peek(bytes_text(tdx3), &g));
    assert_int_equal(g.tee, RATLS_TEE_TDX);
    assert_memory_equal(g.fmspc, "\0\x60\x6a\0\0\0", 6);
    assert_int_equal(g.issue_date, 1767139200);
    assert_true(tcb_info_peek(sgx2(0), &g));
    assert_int_equal(g.tee, RATLS_TEE_SGX);
    assert_false(tcb_info_peek(BYTES_NONE, &g));
    assert_false(tcb_info_peek(bytes_text("[]"), &g));
    assert_false(tcb_info_peek(text_replaced(bytes_text(sgx3), "fmspc", "x"), &g));
    assert_false(tcb_info_peek(text_replaced(bytes_text(sgx3), "issueDate", "x"), &g));
    for (size_t n = 0; n + 1 < sizeof tdx3; n++) {
        bytes copy = bytes_resized(bytes_text(tdx3), n);
        assert_false(tcb_info_peek(copy, &g));
        bytes_free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions),   cmocka_unit_test(test_fields),
        cmocka_unit_test(test_levels),     cmocka_unit_test(test_modules),
        cmocka_unit_test(test_truncation), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_order),      cmocka_unit_test(test_match_sgx),
        cmocka_unit_test(test_match_tdx),  cmocka_unit_test(test_svn_levels),
        cmocka_unit_test(test_peek),
    };
    return cmocka_run_group_tests_name("intel_tcb", tests, NULL, NULL);
}
