#include "testing.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/policy.h"
#include "base/bytes.h"

#define H4   "0a1b2c3d"
#define H6   "00606a000000"
#define H8   "0a1b2c3d4e5f6071"
#define H16  H8 H8
#define Z8   "0000000000000000"
#define F8   "ffffffffffffffff"
#define H32  H16 H16
#define I32  Z8 H8 Z8 H8
#define H48  H32 H16
#define I48  I32 H16
#define H64  H32 H32
#define UP32 "0A1b2c3d4e5f6071" H8 H16
#define X32  "0g1b2c3d4e5f6071" H8 H16

#define MRENCLAVE "\"mrenclave\": [\"" H32 "\"]"
#define MRSIGNER  "\"mrsigner\": [\"" H32 "\"]"
#define MRTD      "\"mrtd\": [\"" H48 "\"]"
#define RTMR1     "\"rtmr1\": [\"" H48 "\"]"
#define RTMR2     "\"rtmr2\": [\"" H48 "\"]"
#define OPEN(x)   "\"insecure_any\": [" x "]"

#define ACCEPT(entries) "{\"version\": 1, \"accept\": [" entries "]}"
#define SGX(keys)       ACCEPT("{\"tee\": \"sgx\", " keys "}")
#define TDX(keys)       ACCEPT("{\"tee\": \"tdx\", " keys "}")
#define SGX_WITH(keys)  SGX(MRENCLAVE ", " keys)
#define TDX_WITH(keys)  TDX(MRTD ", " RTMR1 ", " RTMR2 ", " keys)
#define ROOT_WITH(keys)                                                                            \
    "{\"version\": 1, \"accept\": [{\"tee\": \"sgx\", " MRENCLAVE "}], " keys "}"
#define TCB(keys)         ROOT_WITH("\"tcb\": {" keys "}")
#define PLATFORMS(keys)   ROOT_WITH("\"platforms\": {" keys "}")
#define PINNED(keys)      PLATFORMS("\"pinned\": [{" keys "}]")
#define BINDING(keys)     ROOT_WITH("\"binding\": {" keys "}")
#define D1                "2026-01-01T00:00:00Z"
#define D2                "2026-06-30T23:59:59Z"
#define MASKED(key, v, m) "\"" key "\": {\"value\": \"" v "\", \"mask\": \"" m "\"}"

static const char *const accepted[] = {
    SGX(MRENCLAVE),
    SGX("\"mrenclave\": [\"" H32 "\", \"" I32 "\"]"),
    SGX(MRSIGNER ", \"isv_prod_id\": [0, 65535], \"min_isv_svn\": 0"),
    SGX(MRENCLAVE ", " MRSIGNER),
    SGX(MRENCLAVE ", " MRSIGNER ", \"isv_prod_id\": [7], \"min_isv_svn\": 65535"),
    SGX_WITH("\"min_isv_svn\": 3"),
    SGX_WITH("\"insecure_any\": []"),
    SGX_WITH("\"comment\": \"release 4\""),
    SGX_WITH(MASKED("attributes", "0000000000000000e700000000000000",
                    "0000000000000000ffffffffffffffff")),
    SGX_WITH(MASKED("misc_select", "00000000", "ffffffff")),
    SGX_WITH("\"config_id\": [\"" H64 "\"]"),
    SGX(MRSIGNER ", " OPEN("\"isv_prod_id\", \"min_isv_svn\"")),
    SGX(MRSIGNER ", \"isv_prod_id\": [1], " OPEN("\"min_isv_svn\"")),
    SGX(OPEN("\"mrenclave\"")),
    SGX(OPEN("\"mrenclave\", \"isv_prod_id\", \"min_isv_svn\"")),
    SGX("\"isv_prod_id\": [1], " OPEN("\"mrenclave\"")),
    TDX(MRTD ", " RTMR1 ", " RTMR2),
    TDX(OPEN("\"mrtd\", \"rtmr1\", \"rtmr2\"")),
    TDX(MRTD ", " OPEN("\"rtmr1\", \"rtmr2\"")),
    TDX_WITH("\"rtmr0\": [\"" H48 "\"], \"rtmr3\": [\"" H48 "\"]"),
    TDX_WITH("\"mrseam\": [\"" H48 "\"], \"mrsignerseam\": [\"" H48 "\"]"),
    TDX_WITH("\"mrconfigid\": [\"" H48 "\"], \"mrowner\": [\"" H48 "\"], "
             "\"mrownerconfig\": [\"" H48 "\"], \"mrservicetd\": [\"" H48 "\"]"),
    TDX_WITH(MASKED("xfam", Z8, F8) ", " MASKED("td_attributes", Z8, F8)),
    TDX_WITH(MASKED("seam_attributes", Z8, F8)),
    TDX_WITH("\"seam_attributes\": [\"" Z8 "\", \"" H8 "\"]"),
    ROOT_WITH("\"comment\": \"\""),
    ROOT_WITH("\"tcb\": {}, \"platforms\": {}"),
    ROOT_WITH("\"insecure_allow_debug\": true"),
    TCB("\"allow_status\": [\"UpToDate\", \"SWHardeningNeeded\", \"ConfigurationNeeded\", "
        "\"ConfigurationAndSWHardeningNeeded\", \"OutOfDate\", \"OutOfDateConfigurationNeeded\", "
        "\"TDRelaunchAdvised\", \"TDRelaunchAdvisedConfigurationNeeded\"]"),
    TCB("\"allow_advisories\": [], \"deny_advisories\": []"),
    TCB("\"allow_advisories\": [\"INTEL-SA-00615\", \"INTEL-SA-00586\"]"),
    TCB("\"deny_advisories\": [\"INTEL-SA-0123456789012345678901\"]"),
    TCB("\"min_evaluation_number\": 4294967295, \"expired_grace_seconds\": 4294967295"),
    PLATFORMS("\"allow_ppid\": [], \"allow_fmspc\": []"),
    PINNED("\"ppid\": \"" H16 "\", \"added\": \"" D1 "\""),
    PINNED("\"ppid\": \"" H16 "\", \"added\": \"" D1 "\", \"retire_after\": \"" D2 "\""),
    PINNED("\"platform_instance_id\": \"" H16 "\", \"added\": \"" D1 "\", \"comment\": \"rack 7\""),
    BINDING(""),
    BINDING("\"minimum\": \"key\", \"identity\": \"none\""),
    BINDING("\"minimum\": \"nonce\", \"identity\": \"ca\""),
    BINDING("\"minimum\": \"session\""),
    ROOT_WITH("\"platforms\": {\"pinned\": [{\"ppid\": \"" H16 "\", \"added\": \"" D1
              "\"}]}, \"binding\": {\"identity\": \"platform\"}"),
    ROOT_WITH("\"insecure_stapled_crls\": true"),
    PLATFORMS("\"allow_ppid\": [\"" H16 "\"], \"allow_fmspc\": [\"" H6 "\"]"),
    ACCEPT("{\"tee\": \"sgx\", " MRENCLAVE "}, {\"tee\": \"tdx\", " MRTD ", " RTMR1 ", " RTMR2 "}"),
};

static const struct {
    const char *json;
    ratls_code code;
    const char *text; /* a part of the sentence */
} refused[] = {
    /* not JSON, or not this object */
    {"", RATLS_E_MALFORMED, "is empty, expected JSON"},
    {" ", RATLS_E_MALFORMED, "ends before its JSON is complete"},
    {"{", RATLS_E_MALFORMED, "ends before its JSON is complete"},
    {"{\"version\": 1, \"accept", RATLS_E_MALFORMED, "ends before its JSON is complete"},
    {"\n{\n\"version\" 1}", RATLS_E_MALFORMED, "line 3, column 11: ':' expected near '1'"},
    {SGX(MRENCLAVE) " x", RATLS_E_MALFORMED, "has more after its JSON object"},
    {SGX(MRENCLAVE) "{}", RATLS_E_MALFORMED, "has more after its JSON object"},
    {SGX(MRENCLAVE) "]", RATLS_E_MALFORMED, "has more after its JSON object"},
    {SGX(MRENCLAVE) ", 1", RATLS_E_MALFORMED, "has more after its JSON object"},
    {SGX(MRENCLAVE) ",", RATLS_E_MALFORMED, "has more after its JSON object"},
    {"], 1, [1", RATLS_E_MALFORMED, "line 1, column 1"},
    {"{\"version\": 1, \"version\": 1}", RATLS_E_MALFORMED, "duplicate object key"},
    {SGX(MRENCLAVE ", " MRENCLAVE), RATLS_E_MALFORMED, "duplicate object key"},
    {"{'version': 1}", RATLS_E_MALFORMED, "line 1, column"},
    {"{\"version\": 1,}", RATLS_E_MALFORMED, "line 1, column"},
    {"{\"version\": 99999999999999999999}", RATLS_E_MALFORMED, "too big integer"},
    {"{\"version\": 1, \"comment\": \"\xff\"}", RATLS_E_MALFORMED, "unable to decode byte 0xff"},
    {"{\"version\": 1, \"comment\": \"\\u0000\"}", RATLS_E_MALFORMED, "\\u0000"},
    {"[]", RATLS_E_MALFORMED, "the top level is a list, expected an object"},
    {"1", RATLS_E_MALFORMED, "the top level is an integer, expected an object"},

    /* the top level */
    {"{}", RATLS_E_MALFORMED, "\"version\" is missing, expected 1"},
    {"{\"version\": 2}", RATLS_E_MALFORMED, "version is 2, expected 1"},
    {"{\"version\": -1}", RATLS_E_MALFORMED, "version is -1, expected 1"},
    {"{\"version\": \"1\"}", RATLS_E_MALFORMED, "version is a string, expected the integer 1"},
    {"{\"version\": 1.0}", RATLS_E_MALFORMED, "version is a number with fraction or exponent"},
    {"{\"version\": true}", RATLS_E_MALFORMED, "version is a boolean"},
    {"{\"version\": 1}", RATLS_E_POLICY, "\"accept\" is missing: it would accept nothing"},
    {ACCEPT(""), RATLS_E_POLICY, "\"accept\" is empty: it would accept nothing"},
    {"{\"version\": 1, \"accept\": {}}", RATLS_E_MALFORMED, "accept is an object, expected a list"},
    {"{\"version\": 1, \"accept\": null}", RATLS_E_MALFORMED, "accept is null"},
    {ROOT_WITH("\"acept\": []"), RATLS_E_MALFORMED,
     "the top level has the unknown key \"acept\"; did you mean \"accept\"?"},
    {ROOT_WITH("\"allow_debug\": true"), RATLS_E_MALFORMED,
     "the top level has the unknown key \"allow_debug\""},
    {ROOT_WITH("\"insecure_allow_debugg\": true"), RATLS_E_MALFORMED,
     "did you mean \"insecure_allow_debug\"?"},
    {ROOT_WITH("\"\": 1"), RATLS_E_MALFORMED, "the unknown key \"\""},
    {ROOT_WITH("\"\\u001b[31m\": 1"), RATLS_E_MALFORMED, "the unknown key \"?[31m\""},
    {ROOT_WITH("\"" H32 "\": 1"), RATLS_E_MALFORMED,
     "the unknown key \"0a1b2c3d4e5f60710a1b2c3d4e5f60710a1b2c3d4e5f6071...\""},
    {ROOT_WITH("\"comment\": 1"), RATLS_E_MALFORMED, "comment is an integer, expected a string"},
    {ROOT_WITH("\"insecure_allow_debug\": 1"), RATLS_E_MALFORMED,
     "insecure_allow_debug is an integer, expected true or false"},
    {ROOT_WITH("\"insecure_allow_debug\": \"true\""), RATLS_E_MALFORMED,
     "insecure_allow_debug is a string"},
    {ROOT_WITH("\"tcb\": []"), RATLS_E_MALFORMED, "tcb is a list, expected an object"},
    {ROOT_WITH("\"platforms\": null"), RATLS_E_MALFORMED, "platforms is null, expected an object"},

    /* entries */
    {ACCEPT("1"), RATLS_E_MALFORMED, "accept[0] is an integer, expected an object"},
    {ACCEPT("{}"), RATLS_E_MALFORMED, "accept[0] lacks \"tee\""},
    {ACCEPT("{\"tee\": 1}"), RATLS_E_MALFORMED,
     "accept[0].tee is an integer, expected \"sgx\" or \"tdx\""},
    {ACCEPT("{\"tee\": \"SGX\"}"), RATLS_E_MALFORMED, "accept[0].tee is \"SGX\", expected"},
    {ACCEPT("{\"tee\": \"snp\"}"), RATLS_E_MALFORMED, "accept[0].tee is \"snp\", expected"},
    {SGX("\"mrencalve\": [\"" H32 "\"]"), RATLS_E_MALFORMED,
     "accept[0] has the unknown key \"mrencalve\"; did you mean \"mrenclave\"?"},
    {SGX_WITH("\"svn\": 1"), RATLS_E_MALFORMED, "accept[0] has the unknown key \"svn\""},
    {SGX_WITH(MRTD), RATLS_E_MALFORMED,
     "accept[0] has the unknown key \"mrtd\", which is for \"tdx\" only"},
    {TDX_WITH(MRENCLAVE), RATLS_E_MALFORMED,
     "accept[0] has the unknown key \"mrenclave\", which is for \"sgx\" only"},
    {SGX_WITH("\"comment\": []"), RATLS_E_MALFORMED, "accept[0].comment is a list"},
    {ACCEPT("{\"tee\": \"sgx\", " MRENCLAVE "}, {\"tee\": \"tdx\"}"), RATLS_E_POLICY,
     "accept[1] lacks \"mrtd\": it would accept every TD firmware"},

    /* lists */
    {SGX("\"mrenclave\": \"" H32 "\""), RATLS_E_MALFORMED,
     "accept[0].mrenclave is a string, expected a list"},
    {SGX("\"mrenclave\": null"), RATLS_E_MALFORMED, "accept[0].mrenclave is null"},
    {SGX("\"mrenclave\": []"), RATLS_E_POLICY, "accept[0].mrenclave is empty"},
    {SGX("\"mrenclave\": [1]"), RATLS_E_MALFORMED,
     "accept[0].mrenclave[0] is an integer, expected a string of hex digits"},
    {SGX("\"mrenclave\": [\"\"]"), RATLS_E_MALFORMED,
     "accept[0].mrenclave[0] has 0 characters, expected 64 hex digits"},
    {SGX("\"mrenclave\": [\"" H32 "\", \"" H32 "0\"]"), RATLS_E_MALFORMED,
     "accept[0].mrenclave[1] has 65 characters, expected 64 hex digits"},
    {SGX("\"mrenclave\": [\"" H48 "\"]"), RATLS_E_MALFORMED, "96 characters, expected 64"},
    {SGX("\"mrenclave\": [\"" UP32 "\"]"), RATLS_E_MALFORMED,
     "accept[0].mrenclave[0] has the upper-case digit A, expected lower-case hex"},
    {SGX("\"mrenclave\": [\"" X32 "\"]"), RATLS_E_MALFORMED, "accept[0].mrenclave[0] is \"0g1b"},
    {SGX("\"mrenclave\": [\"" H32 "\", \"" H32 "\"]"), RATLS_E_MALFORMED,
     "accept[0].mrenclave names " H32 " twice"},
    {SGX("\"mrsigner\": [\"" H16 "\"], \"isv_prod_id\": [1], \"min_isv_svn\": 1"),
     RATLS_E_MALFORMED, "accept[0].mrsigner[0] has 32 characters"},
    {SGX("\"mrsigner\": []"), RATLS_E_POLICY, "accept[0].mrsigner is empty"},
    {SGX_WITH("\"config_id\": [\"" H32 "\"]"), RATLS_E_MALFORMED,
     "accept[0].config_id[0] has 64 characters, expected 128"},
    {SGX_WITH("\"isv_prod_id\": 1"), RATLS_E_MALFORMED,
     "accept[0].isv_prod_id is an integer, expected a list"},
    {SGX_WITH("\"isv_prod_id\": []"), RATLS_E_POLICY, "accept[0].isv_prod_id is empty"},
    {SGX_WITH("\"isv_prod_id\": [\"1\"]"), RATLS_E_MALFORMED,
     "accept[0].isv_prod_id[0] is a string, expected an integer"},
    {SGX_WITH("\"isv_prod_id\": [1.5]"), RATLS_E_MALFORMED,
     "accept[0].isv_prod_id[0] is a number with fraction or exponent"},
    {SGX_WITH("\"isv_prod_id\": [-1]"), RATLS_E_MALFORMED,
     "accept[0].isv_prod_id[0] is -1, expected 0 to 65535"},
    {SGX_WITH("\"isv_prod_id\": [65536]"), RATLS_E_MALFORMED, "65536, expected 0 to 65535"},
    {SGX_WITH("\"isv_prod_id\": [3, 4, 3]"), RATLS_E_MALFORMED,
     "accept[0].isv_prod_id names 3 twice"},
    {SGX_WITH("\"min_isv_svn\": [1]"), RATLS_E_MALFORMED,
     "accept[0].min_isv_svn is a list, expected an integer"},
    {SGX_WITH("\"min_isv_svn\": -1"), RATLS_E_MALFORMED, "accept[0].min_isv_svn is -1"},
    {SGX_WITH("\"min_isv_svn\": 65536"), RATLS_E_MALFORMED, "accept[0].min_isv_svn is 65536"},
    {SGX_WITH("\"min_isv_svn\": false"), RATLS_E_MALFORMED, "accept[0].min_isv_svn is a boolean"},
    {TDX(RTMR1 ", " RTMR2 ", \"mrtd\": [\"" H32 "\"]"), RATLS_E_MALFORMED,
     "accept[0].mrtd[0] has 64 characters, expected 96"},
    {TDX_WITH("\"rtmr0\": []"), RATLS_E_POLICY, "accept[0].rtmr0 is empty"},
    {TDX_WITH("\"mrservicetd\": []"), RATLS_E_POLICY, "accept[0].mrservicetd is empty"},
    {TDX_WITH("\"rtmr4\": [\"" H48 "\"]"), RATLS_E_MALFORMED,
     "accept[0] has the unknown key \"rtmr4\""},

    /* {value, mask} */
    {SGX_WITH("\"attributes\": \"" H16 "\""), RATLS_E_MALFORMED,
     "accept[0].attributes is a string, expected an object with \"value\" and \"mask\""},
    {SGX_WITH("\"attributes\": [\"" H16 "\"]"), RATLS_E_MALFORMED,
     "accept[0].attributes is a list, expected an object"},
    {SGX_WITH("\"attributes\": {}"), RATLS_E_MALFORMED, "accept[0].attributes lacks \"value\""},
    {SGX_WITH("\"attributes\": {\"value\": \"" H16 "\"}"), RATLS_E_MALFORMED,
     "accept[0].attributes lacks \"mask\""},
    {SGX_WITH("\"attributes\": {\"value\": \"" H16 "\", \"maks\": \"" H16 "\"}"), RATLS_E_MALFORMED,
     "accept[0].attributes has the unknown key \"maks\"; did you mean \"mask\"?"},
    {SGX_WITH("\"attributes\": {\"value\": 1, \"mask\": \"" H16 "\"}"), RATLS_E_MALFORMED,
     "accept[0].attributes.value is an integer"},
    {SGX_WITH(MASKED("attributes", H8, H16)), RATLS_E_MALFORMED,
     "accept[0].attributes.value has 16 characters, expected 32"},
    {SGX_WITH(MASKED("attributes", H16, H8)), RATLS_E_MALFORMED,
     "accept[0].attributes.mask has 16 characters, expected 32"},
    {SGX_WITH(MASKED("attributes", Z8 "0000000000000100", F8 Z8)), RATLS_E_MALFORMED,
     "accept[0].attributes.value has bits in byte 14 that its mask leaves out"},
    {SGX_WITH(MASKED("misc_select", H8, H8)), RATLS_E_MALFORMED,
     "accept[0].misc_select.value has 16 characters, expected 8"},
    {SGX_WITH(MASKED("misc_select", "0000000F", "ffffffff")), RATLS_E_MALFORMED,
     "accept[0].misc_select.value has the upper-case digit F"},
    {TDX_WITH(MASKED("xfam", H4, H4)), RATLS_E_MALFORMED, "accept[0].xfam.value has 8 characters"},
    {TDX_WITH(MASKED("td_attributes", F8, Z8)), RATLS_E_MALFORMED,
     "accept[0].td_attributes.value has bits in byte 0"},
    {TDX_WITH("\"td_attributes\": [\"" H8 "\"]"), RATLS_E_MALFORMED,
     "accept[0].td_attributes is a list, expected an object"},
    {TDX_WITH("\"seam_attributes\": []"), RATLS_E_POLICY, "accept[0].seam_attributes is empty"},
    {TDX_WITH("\"seam_attributes\": [\"" H16 "\"]"), RATLS_E_MALFORMED,
     "accept[0].seam_attributes[0] has 32 characters, expected 16"},
    {TDX_WITH("\"seam_attributes\": 0"), RATLS_E_MALFORMED,
     "accept[0].seam_attributes is an integer"},

    /* entries that would accept too much */
    {ACCEPT("{\"tee\": \"sgx\"}"), RATLS_E_POLICY,
     "accept[0] lacks \"mrenclave\": it would accept every enclave, for it has no \"mrsigner\""},
    {SGX("\"isv_prod_id\": [1], \"min_isv_svn\": 1"), RATLS_E_POLICY,
     "accept[0] lacks \"mrenclave\""},
    {SGX(MASKED("attributes", Z8 Z8, F8 F8)), RATLS_E_POLICY, "accept[0] lacks \"mrenclave\""},
    {SGX(MRSIGNER), RATLS_E_POLICY,
     "accept[0] lacks \"isv_prod_id\": it would accept every product of the signer; to leave it "
     "open, name it in \"insecure_any\""},
    {SGX(MRSIGNER ", \"isv_prod_id\": [1]"), RATLS_E_POLICY, "accept[0] lacks \"min_isv_svn\""},
    {SGX(MRSIGNER ", \"min_isv_svn\": 1"), RATLS_E_POLICY, "accept[0] lacks \"isv_prod_id\""},
    {SGX(MRSIGNER ", \"min_isv_svn\": 1, " OPEN("")), RATLS_E_POLICY,
     "accept[0] lacks \"isv_prod_id\""},
    {SGX(OPEN("\"isv_prod_id\", \"min_isv_svn\"")), RATLS_E_POLICY,
     "accept[0] lacks \"mrenclave\""},
    {ACCEPT("{\"tee\": \"tdx\"}"), RATLS_E_POLICY, "accept[0] lacks \"mrtd\""},
    {TDX(MRTD), RATLS_E_POLICY, "accept[0] lacks \"rtmr1\": it would accept every kernel"},
    {TDX(MRTD ", " RTMR1), RATLS_E_POLICY,
     "accept[0] lacks \"rtmr2\": it would accept every kernel command line and initrd"},
    {TDX(RTMR1 ", " RTMR2), RATLS_E_POLICY, "accept[0] lacks \"mrtd\""},
    {TDX(MRTD ", " OPEN("\"rtmr1\"")), RATLS_E_POLICY, "accept[0] lacks \"rtmr2\""},

    /* insecure_any */
    {SGX_WITH("\"insecure_any\": true"), RATLS_E_MALFORMED,
     "accept[0].insecure_any is a boolean, expected a list"},
    {SGX_WITH(OPEN("1")), RATLS_E_MALFORMED,
     "accept[0].insecure_any[0] is an integer, expected the name of a key"},
    {SGX_WITH(OPEN("\"attributes\"")), RATLS_E_MALFORMED,
     "accept[0].insecure_any names \"attributes\", which is no key that can be left open"},
    {SGX_WITH(OPEN("\"rtmr1\"")), RATLS_E_MALFORMED, "names \"rtmr1\", which is no key"},
    {SGX(MRSIGNER ", " OPEN("\"mrsigner\"")), RATLS_E_MALFORMED, "names \"mrsigner\""},
    {TDX_WITH(OPEN("\"rtmr0\"")), RATLS_E_MALFORMED, "names \"rtmr0\", which is no key"},
    {TDX(MRTD ", " OPEN("\"rtmr1\", \"rtmr2\", \"rtmr1\"")), RATLS_E_MALFORMED,
     "accept[0].insecure_any names rtmr1 twice"},
    {TDX_WITH(OPEN("\"rtmr1\"")), RATLS_E_MALFORMED,
     "accept[0] gives \"rtmr1\" and names it in \"insecure_any\" too"},
    {SGX_WITH(OPEN("\"mrenclave\"")), RATLS_E_MALFORMED, "accept[0] gives \"mrenclave\" and"},
    {SGX_WITH(OPEN("\"min_isv_svn\"")), RATLS_E_MALFORMED,
     "accept[0].insecure_any names \"min_isv_svn\", which this entry does not need"},
    {SGX(MRSIGNER ", \"isv_prod_id\": [1], \"min_isv_svn\": 1, " OPEN("\"mrenclave\"")),
     RATLS_E_MALFORMED, "names \"mrenclave\", which this entry does not need"},

    /* tcb */
    {TCB("\"allow_statuses\": []"), RATLS_E_MALFORMED,
     "tcb has the unknown key \"allow_statuses\"; did you mean \"allow_status\"?"},
    {TCB("\"comment\": \"\""), RATLS_E_MALFORMED, "tcb has the unknown key \"comment\""},
    {TCB("\"allow_status\": \"UpToDate\""), RATLS_E_MALFORMED, "tcb.allow_status is a string"},
    {TCB("\"allow_status\": []"), RATLS_E_POLICY, "tcb.allow_status is empty"},
    {TCB("\"allow_status\": [1]"), RATLS_E_MALFORMED, "tcb.allow_status[0] is an integer"},
    {TCB("\"allow_status\": [\"uptodate\"]"), RATLS_E_MALFORMED,
     "tcb.allow_status names the unknown status \"uptodate\""},
    {TCB("\"allow_status\": [\"\"]"), RATLS_E_MALFORMED, "names the unknown status \"\""},
    {TCB("\"allow_status\": [\"UpToDate\", \"Revoked\"]"), RATLS_E_POLICY,
     "tcb.allow_status names \"Revoked\", which no policy may allow"},
    {TCB("\"allow_status\": [\"UpToDate\", \"UpToDate\"]"), RATLS_E_MALFORMED,
     "tcb.allow_status names UpToDate twice"},
    {TCB("\"allow_advisories\": null"), RATLS_E_MALFORMED, "tcb.allow_advisories is null"},
    {TCB("\"allow_advisories\": [615]"), RATLS_E_MALFORMED,
     "tcb.allow_advisories[0] is an integer, expected the name of an advisory"},
    {TCB("\"deny_advisories\": [\"\"]"), RATLS_E_MALFORMED, "tcb.deny_advisories[0] is \"\""},
    {TCB("\"deny_advisories\": [\"intel-sa-00615\"]"), RATLS_E_MALFORMED,
     "tcb.deny_advisories[0] is \"intel-sa-00615\", expected an advisory as Intel spells it"},
    {TCB("\"deny_advisories\": [\"INTEL-SA-00615 \"]"), RATLS_E_MALFORMED, "as Intel spells it"},
    {TCB("\"deny_advisories\": [\"INTEL-SA-01234567890123456789012\"]"), RATLS_E_MALFORMED,
     "as Intel spells it"},
    {TCB("\"deny_advisories\": [\"INTEL-SA-00615\", \"INTEL-SA-00615\"]"), RATLS_E_MALFORMED,
     "tcb.deny_advisories names INTEL-SA-00615 twice"},
    {TCB("\"min_evaluation_number\": -1"), RATLS_E_MALFORMED,
     "tcb.min_evaluation_number is -1, expected 0 to 4294967295"},
    {TCB("\"min_evaluation_number\": 4294967296"), RATLS_E_MALFORMED, "is 4294967296, expected"},
    {TCB("\"min_evaluation_number\": \"17\""), RATLS_E_MALFORMED, "is a string, expected an int"},
    {TCB("\"expired_grace_seconds\": 1e3"), RATLS_E_MALFORMED,
     "tcb.expired_grace_seconds is a number with fraction or exponent"},
    {TCB("\"expired_grace_seconds\": 4294967296"), RATLS_E_MALFORMED,
     "tcb.expired_grace_seconds is 4294967296"},

    /* platforms */
    {PLATFORMS("\"pinned\": []"), RATLS_E_POLICY, "platforms.pinned is empty"},
    {PLATFORMS("\"pinned\": {}"), RATLS_E_MALFORMED, "platforms.pinned is an object"},
    {PLATFORMS("\"pinned\": [1]"), RATLS_E_MALFORMED, "platforms.pinned[0] is an integer"},
    {PINNED("\"added\": \"" D1 "\""), RATLS_E_MALFORMED, "has neither of \"ppid\""},
    {PINNED("\"ppid\": \"" H16 "\", \"platform_instance_id\": \"" H16 "\", \"added\": \"" D1 "\""),
     RATLS_E_MALFORMED, "has both of \"ppid\""},
    {PINNED("\"ppid\": \"" H16 "\""), RATLS_E_MALFORMED, "lacks \"added\""},
    {PINNED("\"ppid\": \"" H8 "\", \"added\": \"" D1 "\""), RATLS_E_MALFORMED,
     "platforms.pinned[0].ppid has 16 characters"},
    {PINNED("\"ppid\": \"" Z8 Z8 "\", \"added\": \"" D1 "\""), RATLS_E_POLICY, "names no platform"},
    {PINNED("\"ppid\": \"" H16 "\", \"added\": \"2026-01-01\""), RATLS_E_MALFORMED,
     "platforms.pinned[0].added is \"2026-01-01\", expected a date"},
    {PINNED("\"ppid\": \"" H16 "\", \"added\": 1"), RATLS_E_MALFORMED, "added is an integer"},
    {PINNED("\"ppid\": \"" H16 "\", \"added\": \"" D2 "\", \"retire_after\": \"" D1 "\""),
     RATLS_E_POLICY, "is retired before it is added"},
    {PINNED("\"ppid\": \"" H16 "\", \"added\": \"" D1 "\", \"until\": \"" D2 "\""),
     RATLS_E_MALFORMED, "unknown key \"until\""},
    {ROOT_WITH("\"binding\": 1"), RATLS_E_MALFORMED, "binding is an integer"},
    {BINDING("\"minimum\": \"none\""), RATLS_E_MALFORMED, "binding.minimum is \"none\", expected"},
    {BINDING("\"minimum\": null"), RATLS_E_MALFORMED, "binding.minimum is null"},
    {BINDING("\"identity\": \"name\""), RATLS_E_MALFORMED,
     "binding.identity is \"name\", expected"},
    {BINDING("\"identity\": \"platform\""), RATLS_E_POLICY, "platforms.pinned names none"},
    {BINDING("\"level\": \"key\""), RATLS_E_MALFORMED, "binding has the unknown key \"level\""},
    {ROOT_WITH("\"insecure_stapled_crls\": 1"), RATLS_E_MALFORMED, "expected true or false"},
    {PLATFORMS("\"ppid\": []"), RATLS_E_MALFORMED, "platforms has the unknown key \"ppid\""},
    {PLATFORMS("\"allow_fmpsc\": []"), RATLS_E_MALFORMED, "did you mean \"allow_fmspc\"?"},
    {PLATFORMS("\"allow_ppid\": \"" H16 "\""), RATLS_E_MALFORMED, "platforms.allow_ppid is a str"},
    {PLATFORMS("\"allow_ppid\": [\"" H8 "\"]"), RATLS_E_MALFORMED,
     "platforms.allow_ppid[0] has 16 characters, expected 32"},
    {PLATFORMS("\"allow_fmspc\": [\"00606A000000\"]"), RATLS_E_MALFORMED,
     "platforms.allow_fmspc[0] has the upper-case digit A"},
    {PLATFORMS("\"allow_fmspc\": [\"" H6 "\", \"" H6 "\"]"), RATLS_E_MALFORMED,
     "platforms.allow_fmspc names " H6 " twice"},
};

static void policies_of_every_form_load(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
        ratls_error e = {.text = ""};
        policy *p = policy_new(bytes_text(accepted[i]), &e);
        if (p == NULL)
            fail_msg("case %zu: %s\n%s", i, e.text, accepted[i]);
        policy_free(p);
    }
}

static void every_refusal_has_its_code_and_sentence(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        ratls_error e = {.text = ""};
        policy *p = policy_new(bytes_text(refused[i].json), &e);
        if (p != NULL || e.code != refused[i].code || strstr(e.text, refused[i].text) == NULL ||
            strstr(e.text, "policy: ") != e.text)
            fail_msg("case %zu: %s: %s\n%s\nexpected %s: %s", i, ratls_code_name(e.code), e.text,
                     refused[i].json, ratls_code_name(refused[i].code), refused[i].text);
        policy_free(p);
        assert_null(policy_new(bytes_text(refused[i].json), NULL));
    }
    print_message("%zu policies refused\n", sizeof refused / sizeof *refused);
}

/* `head`, then 0 to n - 1 with at least `width` digits, each between the parts of `around`, then
 * `tail`. */
static char *repeat(const char *head, const char *const around[2], int width, size_t n,
                    const char *tail)
{
    size_t cap = strlen(head) + strlen(tail) + n * 128 + 1;
    char *text = malloc(cap);
    assert_non_null(text);
    size_t at = (size_t)snprintf(text, cap, "%s", head);
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(text + at, cap - at, "%s%s%0*zu%s", i > 0 ? "," : "", around[0],
                               width, i, around[1]);
    (void)snprintf(text + at, cap - at, "%s", tail);
    return text;
}

static ratls_code code_of(const char *json)
{
    ratls_error e = {.code = RATLS_OK, .text = ""};
    policy_free(policy_new(bytes_text(json), &e));
    return e.code;
}

static void limits_hold_to_the_last_one(void **state)
{
    (void)state;
    static const struct {
        const char *head, *around[2], *tail;
        int width;
        size_t limit;
    } cases[] = {
        {"{\"version\": 1, \"accept\": [",
         {"{\"tee\": \"sgx\", \"mrenclave\": [\"", "\"]}"},
         "]}",
         64,
         1024},
        {"{\"version\": 1, \"accept\": [{\"tee\": \"sgx\", \"mrenclave\": [",
         {"\"", "\""},
         "]}]}",
         64,
         4096},
        {"{\"version\": 1, \"accept\": [{\"tee\": \"sgx\", " MRENCLAVE ", \"isv_prod_id\": [",
         {"", ""},
         "]}]}",
         1,
         4096},
        {"{\"version\": 1, \"accept\": [{\"tee\": \"sgx\", " MRENCLAVE
         "}], \"tcb\": {\"deny_advisories\": [",
         {"\"INTEL-SA-", "\""},
         "]}}",
         5,
         4096},
        {"{\"version\": 1, \"accept\": [{\"tee\": \"sgx\", " MRENCLAVE
         "}], \"platforms\": {\"allow_ppid\": [",
         {"\"", "\""},
         "]}}",
         32,
         4096},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *full =
            repeat(cases[i].head, cases[i].around, cases[i].width, cases[i].limit, cases[i].tail);
        char *more = repeat(cases[i].head, cases[i].around, cases[i].width, cases[i].limit + 1,
                            cases[i].tail);
        if (code_of(full) != RATLS_OK || code_of(more) != RATLS_E_LIMIT)
            fail_msg("case %zu: %s, %s", i, ratls_code_name(code_of(full)),
                     ratls_code_name(code_of(more)));
        free(full);
        free(more);
    }
}

static void long_texts_and_deep_texts_are_refused(void **state)
{
    (void)state;
    static const char head[] = SGX(MRENCLAVE);
    const size_t max = (size_t)1 << 20;
    char *text = malloc(max + 1);
    assert_non_null(text);
    memset(text, ' ', max + 1);
    memcpy(text, head, sizeof head - 1);
    ratls_error e = {.text = ""};
    policy *p = policy_new(bytes_of(text, max), &e);
    assert_non_null(p);
    policy_free(p);
    assert_null(policy_new(bytes_of(text, max + 1), &e));
    assert_int_equal(e.code, RATLS_E_LIMIT);
    memset(text, '[', max);
    assert_null(policy_new(bytes_of(text, max), &e));
    assert_int_equal(e.code, RATLS_E_LIMIT);
    free(text);
}

/* No state is allowed in the library; a test may have some. */
static size_t allocations, failing_first, failing_n, live;

static void *failing_malloc(size_t n)
{
    size_t i = allocations++;
    if (i >= failing_first && i - failing_first < failing_n)
        return NULL;
    live++;
    return malloc(n);
}

static void counting_free(void *p)
{
    if (p != NULL)
        live--;
    free(p);
}

/* How many allocations jansson makes for the text: what it does when one fails is its own affair.
 */
static size_t allocations_of_jansson(const char *json)
{
    failing_n = allocations = live = 0;
    json_decref(json_loads(json, JSON_REJECT_DUPLICATES, NULL));
    return allocations;
}

/* Lets `n` allocations fail, from each one that is made once the text is parsed. */
static void fail_allocations(const char *json, size_t n)
{
    bool failed = true;
    size_t first = allocations_of_jansson(json), tried = 0;
    failing_n = n;
    for (failing_first = first; failed; failing_first++, tried++) {
        ratls_error e = {.code = RATLS_OK, .text = ""};
        allocations = live = 0;
        policy *p = policy_new(bytes_text(json), &e);
        failed = allocations > failing_first;
        if (failed != (p == NULL))
            fail_msg("allocation %zu: %s", failing_first, p != NULL ? "loaded" : e.text);
        if (p == NULL && e.code != RATLS_E_SYSTEM)
            fail_msg("allocation %zu: %s: %s", failing_first, ratls_code_name(e.code), e.text);
        policy_free(p);
        if (live != 0)
            fail_msg("allocation %zu failed: %zu blocks leak", failing_first, live);
    }
    assert_true(tried > 1);
}

static void a_failing_allocation_refuses_and_leaks_nothing(void **state)
{
    (void)state;
#define ALL_SGX                                                                                    \
    "{\"tee\": \"sgx\", \"mrsigner\": [\"" H32 "\", \"" I32 "\"], \"isv_prod_id\": [1, 2], "       \
    "\"min_isv_svn\": 3, " MASKED("attributes", Z8 Z8, F8 F8) "}"
#define ALL_TDX "{\"tee\": \"tdx\", " MRTD ", " OPEN("\"rtmr1\", \"rtmr2\"") "}"
    static const char json[] =
        "{\"tcb\": {\"deny_advisories\": [\"INTEL-SA-00586\"], \"allow_status\": [\"OutOfDate\"], "
        "\"allow_advisories\": [\"INTEL-SA-00615\"]}, \"version\": 1, \"accept\": [" ALL_SGX
        ", " ALL_TDX "], \"platforms\": {\"allow_ppid\": [\"" H16 "\"]}}";
    static const size_t windows[] = {1, 2, 3, 10, 100, SIZE_MAX};
    json_malloc_t old_malloc;
    json_free_t old_free;
    json_get_alloc_funcs(&old_malloc, &old_free);
    json_set_alloc_funcs(failing_malloc, counting_free);
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++)
        fail_allocations(json, windows[i]);
    json_set_alloc_funcs(old_malloc, old_free);
}

/* The block knows its own release, so an application may change the allocator in between. */
static void a_policy_outlives_a_change_of_the_allocator(void **state)
{
    (void)state;
    json_malloc_t old_malloc;
    json_free_t old_free;
    json_get_alloc_funcs(&old_malloc, &old_free);
    failing_n = allocations = live = 0;
    json_set_alloc_funcs(failing_malloc, counting_free);
    policy *p = policy_new(bytes_text(accepted[0]), NULL);
    json_set_alloc_funcs(old_malloc, old_free);
    assert_non_null(p);
    policy_free(p);
    assert_int_equal(live, 0);
    policy_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies_of_every_form_load),
        cmocka_unit_test(every_refusal_has_its_code_and_sentence),
        cmocka_unit_test(limits_hold_to_the_last_one),
        cmocka_unit_test(long_texts_and_deep_texts_are_refused),
        cmocka_unit_test(a_failing_allocation_refuses_and_leaks_nothing),
        cmocka_unit_test(a_policy_outlives_a_change_of_the_allocator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
