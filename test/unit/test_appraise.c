#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appraise/appraise.h"
#include "base/bytes.h"
#include "base/hex.h"

#define NOW      1700000000
#define TEXT_CAP 8192

/* Facts in which no two fields are alike: byte i of a field is its seed + i. */
static void fill(uint8_t *out, size_t n, uint8_t seed)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(seed + i);
}

static void common_facts(ratls_facts *f)
{
    memset(f, 0, sizeof *f);
    f->quote_version = 4;
    f->has_pck = true;
    fill(f->pck.ppid, sizeof f->pck.ppid, 0x80);
    fill(f->pck.fmspc, sizeof f->pck.fmspc, 0x90);
    f->tcb_status = RATLS_TCB_UP_TO_DATE;
    f->tcb_date = NOW - 1000000;
    f->evaluation_number = 17;
    f->earliest_issue = f->latest_issue = NOW - 1000;
    f->earliest_expiration = NOW + 1000;
}

static void sgx_facts(ratls_facts *f)
{
    common_facts(f);
    f->tee = RATLS_TEE_SGX;
    fill(f->sgx.mrenclave, 32, 0x10);
    fill(f->sgx.mrsigner, 32, 0x20);
    f->sgx.isv_prod_id = 0x0102;
    f->sgx.isv_svn = 0x0304;
    memcpy(f->sgx.attributes, "\x85\0\0\0\0\0\0\0\xe7\0\0\0\0\0\0\0", 16); /* INIT MODE64 KSS */
    f->sgx.misc_select = 0x01020304;
    fill(f->sgx.config_id, 64, 0x30);
}

static void tdx_facts(ratls_facts *f)
{
    common_facts(f);
    f->tee = RATLS_TEE_TDX;
    fill(f->tdx.mrseam, 48, 0x01);
    memcpy(f->tdx.td_attributes, "\0\0\0\x10\0\0\0\0", 8); /* SEPT_VE_DISABLE */
    memcpy(f->tdx.xfam, "\xe7\0\x06\0\0\0\0\0", 8);
    fill(f->tdx.mrtd, 48, 0x10);
    for (size_t i = 0; i < 4; i++)
        fill(f->tdx.rtmr[i], 48, (uint8_t)(0x20 + 0x10 * i));
    f->tdx.has_td15 = true;
}

typedef struct verdict {
    ratls_code code;
    check_list checks;
    insecure_list insecure;
} verdict;

static verdict judge_at(const char *json, const ratls_facts *facts, int64_t time)
{
    verdict v;
    ratls_error e = {.text = ""};
    policy *p = policy_new(bytes_text(json), &e);
    if (p == NULL)
        fail_msg("%s\n%s", e.text, json);
    checks_init(&v.checks);
    v.code = appraise(p, facts, time, &v.checks, &v.insecure);
    policy_free(p);
    return v;
}

static verdict judge(const char *json, const ratls_facts *facts)
{
    return judge_at(json, facts, NOW);
}

/* The policies name facts as $MRENCLAVE and so on, so that they stay readable. */
static void put_fact(char **to, bytes fact)
{
    hex_encode(fact, *to);
    *to += 2 * fact.n;
}

#define SGX_FIELD(name, f)                                                                         \
    {                                                                                              \
        "$" name, offsetof(ratls_facts, sgx.f), sizeof((ratls_facts *)0)->sgx.f                    \
    }
#define TDX_FIELD(name, f)                                                                         \
    {                                                                                              \
        "$" name, offsetof(ratls_facts, tdx.f), sizeof((ratls_facts *)0)->tdx.f                    \
    }
#define PCK_FIELD(name, f)                                                                         \
    {                                                                                              \
        "$" name, offsetof(ratls_facts, pck.f), sizeof((ratls_facts *)0)->pck.f                    \
    }

static const struct {
    const char *name;
    size_t offset, width;
} fields[] = {
    SGX_FIELD("MRENCLAVE", mrenclave), SGX_FIELD("MRSIGNER", mrsigner),
    SGX_FIELD("CONFIG_ID", config_id), TDX_FIELD("MRTD", mrtd),
    TDX_FIELD("RTMR0", rtmr[0]),       TDX_FIELD("RTMR1", rtmr[1]),
    TDX_FIELD("RTMR2", rtmr[2]),       TDX_FIELD("RTMR3", rtmr[3]),
    TDX_FIELD("MRSEAM", mrseam),       PCK_FIELD("PPID", ppid),
    PCK_FIELD("FMSPC", fmspc),
};

/* Copies a policy, putting facts for the names and zeros for "$Z48" and "$Z32". */
static void expand(const char *template, const ratls_facts *facts, char out[TEXT_CAP])
{
    static const uint8_t zero[48];
    char *to = out;
    while (*template != '\0') {
        size_t i = 0, n = 0;
        for (; i < sizeof fields / sizeof *fields; i++) {
            n = strlen(fields[i].name);
            if (bytes_starts(bytes_text(template), fields[i].name))
                break;
        }
        assert_true(to - out < TEXT_CAP - 200);
        if (i < sizeof fields / sizeof *fields) {
            put_fact(&to, bytes_of((const uint8_t *)facts + fields[i].offset, fields[i].width));
            template += n;
        } else if (bytes_starts(bytes_text(template), "$Z48")) {
            put_fact(&to, bytes_of(zero, 48));
            template += 4;
        } else if (bytes_starts(bytes_text(template), "$Z32")) {
            put_fact(&to, bytes_of(zero, 32));
            template += 4;
        } else {
            assert_int_not_equal(*template, '$');
            *to++ = *template ++;
        }
    }
    *to = '\0';
}

/* What a case changes in the facts. */
typedef void change(ratls_facts *f);
#define CHANGE(name, statement)                                                                    \
    static void name(ratls_facts *f)                                                               \
    {                                                                                              \
        statement;                                                                                 \
    }

CHANGE(no_change, (void)f)
CHANGE(is_nothing, memset(f, 0, sizeof *f))
CHANGE(is_no_known_tee, f->tee = (ratls_tee)7)
CHANGE(other_mrenclave, f->sgx.mrenclave[31] ^= 1)
CHANGE(other_mrsigner, f->sgx.mrsigner[0] ^= 0x80)
CHANGE(other_product, f->sgx.isv_prod_id++)
CHANGE(older_svn, f->sgx.isv_svn--)
CHANGE(newer_svn, f->sgx.isv_svn++)
CHANGE(other_config, f->sgx.config_id[63] ^= 1)
CHANGE(init_clear, f->sgx.attributes[0] &= 0xfe)
CHANGE(mode64_clear, f->sgx.attributes[0] &= 0xfb)
CHANGE(provision_key, f->sgx.attributes[0] |= 0x10)
CHANGE(einittoken_key, f->sgx.attributes[0] |= 0x20)
static void sgx_debug(ratls_facts *f)
{
    f->sgx.attributes[0] |= 2;
    f->debug = true;
}
CHANGE(sgx_debug_bit_only, f->sgx.attributes[0] |= 2)
CHANGE(debug_flag_only, f->debug = true)
static void td_debug(ratls_facts *f)
{
    f->tdx.td_attributes[0] |= 1;
    f->debug = true;
}
CHANGE(td_tud_bit_only, f->tdx.td_attributes[0] |= 0x80)
static void td_known_bits(ratls_facts *f)
{
    memcpy(f->tdx.td_attributes, "\0\0\0\xd8\0\0\0\x80", 8); /* 27 28 30 31 63 */
}
CHANGE(td_no_bits, memset(f->tdx.td_attributes, 0, 8))
CHANGE(td_bit8, f->tdx.td_attributes[1] |= 1)
CHANGE(td_bit26, f->tdx.td_attributes[3] |= 4)
CHANGE(td_bit29, f->tdx.td_attributes[3] |= 0x20)
CHANGE(td_bit32, f->tdx.td_attributes[4] |= 1)
CHANGE(td_bit62, f->tdx.td_attributes[7] |= 0x40)
CHANGE(other_mrtd, f->tdx.mrtd[47] ^= 1)
CHANGE(other_rtmr0, f->tdx.rtmr[0][0] ^= 1)
CHANGE(other_rtmr1, f->tdx.rtmr[1][20] ^= 4)
CHANGE(other_rtmr2, f->tdx.rtmr[2][47] ^= 1)
CHANGE(other_mrseam, f->tdx.mrseam[3] ^= 1)
CHANGE(other_module_signer, f->tdx.mrsignerseam[0] = 1)
CHANGE(service_td, f->tdx.mrservicetd[9] = 1)
CHANGE(td10, f->tdx.has_td15 = false)
CHANGE(seam_attribute, f->tdx.seam_attributes[7] = 0x80)
CHANGE(other_xfam, f->tdx.xfam[2] ^= 1)
CHANGE(no_status, f->tcb_status = RATLS_TCB_NONE)
CHANGE(unknown_status, f->tcb_status = (ratls_tcb_status)32)
CHANGE(revoked, f->tcb_status = RATLS_TCB_REVOKED)
CHANGE(out_of_date, f->tcb_status = RATLS_TCB_OUT_OF_DATE)
CHANGE(sw_hardening, f->tcb_status = RATLS_TCB_SW_HARDENING_NEEDED)
static void two_advisories(ratls_facts *f)
{
    f->advisories_n = 2;
    (void)snprintf(f->advisories[0], RATLS_ADVISORY_SIZE, "INTEL-SA-00586");
    (void)snprintf(f->advisories[1], RATLS_ADVISORY_SIZE, "INTEL-SA-00615");
}
CHANGE(no_evaluation_number, f->evaluation_number = 0)
static void expired_now(ratls_facts *f)
{
    f->collateral_expired = true;
    f->earliest_expiration = NOW;
}
static void expired_100(ratls_facts *f)
{
    f->collateral_expired = true;
    f->earliest_expiration = NOW - 100;
}
static void expired_long_ago(ratls_facts *f)
{
    f->collateral_expired = true;
    f->earliest_expiration = INT64_MIN;
}
static void expired_unknown(ratls_facts *f)
{
    f->collateral_expired = true;
    f->earliest_expiration = 0;
}
CHANGE(expired_though_ahead, f->collateral_expired = true)
static void crl_not_yet(ratls_facts *f)
{
    f->collateral_expired = f->crl_not_yet = true;
    f->earliest_expiration = NOW - 1;
}
CHANGE(other_ppid, f->pck.ppid[15] ^= 1)
CHANGE(other_fmspc, f->pck.fmspc[5] ^= 1)
CHANGE(no_pck, f->has_pck = false)

#define POLICY(entries, rest) "{\"version\": 1, \"accept\": [" entries "]" rest "}"
#define SGX_ENTRY(rest)       "{\"tee\": \"sgx\", \"mrenclave\": [\"$MRENCLAVE\"]" rest "}"
#define SIGNER_ENTRY(rest)    "{\"tee\": \"sgx\", \"mrsigner\": [\"$MRSIGNER\"]" rest "}"
#define TDX_ENTRY(rest)                                                                            \
    "{\"tee\": \"tdx\", \"mrtd\": [\"$MRTD\"], \"rtmr1\": [\"$RTMR1\"], \"rtmr2\": "               \
    "[\"$RTMR2\"]" rest "}"
#define SGX          POLICY(SGX_ENTRY(""), "")
#define SGX_E(rest)  POLICY(SGX_ENTRY(rest), "")
#define SGX_R(rest)  POLICY(SGX_ENTRY(""), rest)
#define SIGNER       POLICY(SIGNER_ENTRY(", \"isv_prod_id\": [9, 258], \"min_isv_svn\": 772"), "")
#define TDX          POLICY(TDX_ENTRY(""), "")
#define TDX_E(rest)  POLICY(TDX_ENTRY(rest), "")
#define TCB(rest)    SGX_R(", \"tcb\": {" rest "}")
#define PLAT(rest)   SGX_R(", \"platforms\": {" rest "}")
#define DEBUG_OK     ", \"insecure_allow_debug\": true"
#define ATTR(v, m)   ", \"attributes\": {\"value\": \"" v "\", \"mask\": \"" m "\"}"
#define TDATTR(v, m) ", \"td_attributes\": {\"value\": \"" v "\", \"mask\": \"" m "\"}"
#define Z15          "000000000000000000000000000000"
#define Z7           "00000000000000"

static const struct {
    const char *policy;
    void (*base)(ratls_facts *);
    change *change;
    ratls_code code;
    check_id check;   /* the first that fails; of no meaning if code is RATLS_OK */
    const char *text; /* a part of its sentence, or of the insecure list if accepted; may be NULL */
} cases[] = {
    /* identity, SGX */
    {SGX, sgx_facts, no_change, RATLS_OK, 0, NULL},
    {SGX, sgx_facts, other_mrsigner, RATLS_OK, 0, NULL},
    {SGX, sgx_facts, older_svn, RATLS_OK, 0, NULL},
    {SGX, sgx_facts, other_mrenclave, RATLS_E_POLICY, CHECK_POLICY_IDENTITY, "policy: MRENCLAVE "},
    {SGX, sgx_facts, is_nothing, RATLS_E_POLICY, CHECK_POLICY_IDENTITY, "no TEE is attested"},
    {SGX, sgx_facts, is_no_known_tee, RATLS_E_POLICY, CHECK_POLICY_IDENTITY, "no TEE is attested"},
    {SGX, tdx_facts, no_change, RATLS_E_POLICY, CHECK_POLICY_IDENTITY, "no entry accepts TDX"},
    {TDX, sgx_facts, no_change, RATLS_E_POLICY, CHECK_POLICY_IDENTITY, "no entry accepts SGX"},
    {POLICY("{\"tee\": \"sgx\", \"mrenclave\": [\"$MRSIGNER\", \"$Z32\"]}", ""), sgx_facts,
     no_change, RATLS_E_POLICY, CHECK_POLICY_IDENTITY,
     "policy: MRENCLAVE 101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f is not "
     "among the 2 that accept[0] allows"},
    {POLICY("{\"tee\": \"sgx\", \"mrenclave\": [\"$MRSIGNER\", \"$MRENCLAVE\"]}", ""), sgx_facts,
     no_change, RATLS_OK, 0, NULL},
    {SIGNER, sgx_facts, no_change, RATLS_OK, 0, NULL},
    {SIGNER, sgx_facts, other_mrenclave, RATLS_OK, 0, NULL},
    {SIGNER, sgx_facts, newer_svn, RATLS_OK, 0, NULL},
    {SIGNER, sgx_facts, other_mrsigner, RATLS_E_POLICY, CHECK_POLICY_IDENTITY,
     "policy: MRSIGNER a0"},
    {SIGNER, sgx_facts, other_product, RATLS_E_POLICY, CHECK_POLICY_IDENTITY,
     "policy: ISV_PROD_ID 259 is not among the 2 that accept[0] allows"},
    {SIGNER, sgx_facts, older_svn, RATLS_E_POLICY, CHECK_POLICY_IDENTITY,
     "policy: ISV_SVN 771, accept[0] expects at least 772"},
    {POLICY(SIGNER_ENTRY(", \"insecure_any\": [\"isv_prod_id\", \"min_isv_svn\"]"), ""), sgx_facts,
     other_product, RATLS_OK, 0, "insecure_any: isv_prod_id|insecure_any: min_isv_svn|"},
    {POLICY(SIGNER_ENTRY(", \"isv_prod_id\": [258], \"insecure_any\": [\"min_isv_svn\"]"), ""),
     sgx_facts, other_product, RATLS_E_POLICY, CHECK_POLICY_IDENTITY, "ISV_PROD_ID 259"},
    {POLICY("{\"tee\": \"sgx\", \"insecure_any\": [\"mrenclave\"]}", ""), sgx_facts,
     other_mrenclave, RATLS_OK, 0, "insecure_any: mrenclave|"},
    {SGX_E(", \"mrsigner\": [\"$MRSIGNER\"]"), sgx_facts, no_change, RATLS_OK, 0, NULL},
    {SGX_E(", \"mrsigner\": [\"$Z32\"]"), sgx_facts, no_change, RATLS_E_POLICY,
     CHECK_POLICY_IDENTITY, "policy: MRSIGNER "},
    {SGX_E(", \"isv_prod_id\": [1]"), sgx_facts, no_change, RATLS_E_POLICY, CHECK_POLICY_IDENTITY,
     "policy: ISV_PROD_ID 258"},
    {SGX_E(", \"min_isv_svn\": 773"), sgx_facts, no_change, RATLS_E_POLICY, CHECK_POLICY_IDENTITY,
     "policy: ISV_SVN 772"},
    {SGX_E(", \"config_id\": [\"$CONFIG_ID\"]"), sgx_facts, no_change, RATLS_OK, 0, NULL},
    {SGX_E(", \"config_id\": [\"$Z32$Z32\"]"), sgx_facts, other_config, RATLS_E_POLICY,
     CHECK_POLICY_IDENTITY, "policy: CONFIG_ID 3031"},

    /* several entries: one must match whole; the closest one is named, the narrowest one counts */
    {POLICY("{\"tee\": \"sgx\", \"mrenclave\": [\"$Z32\"]}, " SGX_ENTRY(""), ""), sgx_facts,
     no_change, RATLS_OK, 0, NULL},
    {POLICY(SGX_ENTRY(", \"isv_prod_id\": [1]") ", {\"tee\": \"sgx\", \"mrenclave\": [\"$Z32\"], "
                                                "\"isv_prod_id\": [258]}",
            ""),
     sgx_facts, no_change, RATLS_E_POLICY, CHECK_POLICY_IDENTITY, "accept[0] allows"},
    {POLICY("{\"tee\": \"sgx\", \"mrenclave\": [\"$Z32\"], \"isv_prod_id\": [1]}, " SGX_ENTRY(
                ", \"isv_prod_id\": [1]"),
            ""),
     sgx_facts, no_change, RATLS_E_POLICY, CHECK_POLICY_IDENTITY,
     "policy: ISV_PROD_ID 258 is not among the 1 that accept[1] allows"},
    {POLICY("{\"tee\": \"sgx\", \"insecure_any\": [\"mrenclave\"]}, " SGX_ENTRY(""), ""), sgx_facts,
     no_change, RATLS_OK, 0, ""},
    {POLICY("{\"tee\": \"sgx\", \"insecure_any\": [\"mrenclave\"]}, " SGX_ENTRY(""), ""), sgx_facts,
     other_mrenclave, RATLS_OK, 0, "insecure_any: mrenclave|"},
    {POLICY(SGX_ENTRY(
                ", \"misc_select\": {\"value\": \"00000000\", \"mask\": \"ffffffff\"}") ", "
                                                                                        "{\"tee\": "
                                                                                        "\"sgx\", "
                                                                                        "\"insecure"
                                                                                        "_any\": "
                                                                                        "[\"mrencla"
                                                                                        "ve\"]}",
            ""),
     sgx_facts, no_change, RATLS_OK, 0, "insecure_any: mrenclave|"},
    {POLICY(TDX_ENTRY("") ", " SGX_ENTRY(""), ""), sgx_facts, no_change, RATLS_OK, 0, NULL},
    {POLICY(TDX_ENTRY("") ", " SGX_ENTRY(""), ""), tdx_facts, no_change, RATLS_OK, 0, NULL},

    /* attributes, SGX */
    {SGX, sgx_facts, init_clear, RATLS_E_POLICY, CHECK_POLICY_ATTRIBUTES, "has INIT clear"},
    {SGX, sgx_facts, mode64_clear, RATLS_E_POLICY, CHECK_POLICY_ATTRIBUTES, "has MODE64 clear"},
    {SGX, sgx_facts, provision_key, RATLS_E_POLICY, CHECK_POLICY_ATTRIBUTES,
     "has PROVISION_KEY set, which the mask of accept[0] does not name"},
    {SGX, sgx_facts, einittoken_key, RATLS_E_POLICY, CHECK_POLICY_ATTRIBUTES,
     "has EINITTOKEN_KEY set"},
    {SGX_E(ATTR("10" Z15, "10" Z15)), sgx_facts, provision_key, RATLS_OK, 0, NULL},
    {SGX_E(ATTR("10" Z15, "10" Z15)), sgx_facts, einittoken_key, RATLS_E_POLICY,
     CHECK_POLICY_ATTRIBUTES, "policy: ATTRIBUTES a5"},
    {SGX_E(ATTR("10" Z15, "10" Z15)), sgx_facts, no_change, RATLS_E_POLICY, CHECK_POLICY_ATTRIBUTES,
     "policy: ATTRIBUTES 8500000000000000e700000000000000, accept[0] expects 10" Z15
     " under mask 10" Z15},
    {SGX_E(ATTR("00" Z15, "04" Z15)), sgx_facts, mode64_clear, RATLS_OK, 0, NULL},
    {SGX_E(ATTR("00" Z15, "04" Z15)), sgx_facts, init_clear, RATLS_E_POLICY,
     CHECK_POLICY_ATTRIBUTES, NULL},
    {SGX_E(", \"misc_select\": {\"value\": \"04030201\", \"mask\": \"ffffffff\"}"), sgx_facts,
     no_change, RATLS_OK, 0, NULL},
    {SGX_E(", \"misc_select\": {\"value\": \"01020304\", \"mask\": \"ffffffff\"}"), sgx_facts,
     no_change, RATLS_E_POLICY, CHECK_POLICY_ATTRIBUTES,
     "policy: MISC_SELECT 04030201, accept[0] expects 01020304 under mask ffffffff"},
    {SGX_E(", \"misc_select\": {\"value\": \"04000000\", \"mask\": \"0f000000\"}"), sgx_facts,
     no_change, RATLS_OK, 0, NULL},

    /* debug, SGX */
    {SGX, sgx_facts, sgx_debug, RATLS_E_POLICY, CHECK_POLICY_DEBUG, "policy: debug is on"},
    {SGX, sgx_facts, sgx_debug_bit_only, RATLS_E_POLICY, CHECK_POLICY_DEBUG, NULL},
    {SGX, sgx_facts, debug_flag_only, RATLS_E_POLICY, CHECK_POLICY_DEBUG, NULL},
    {SGX_R(DEBUG_OK), sgx_facts, sgx_debug, RATLS_OK, 0, "insecure_allow_debug|"},
    {SGX_R(DEBUG_OK), sgx_facts, no_change, RATLS_OK, 0, "insecure_allow_debug|"},
    {SGX_E(ATTR("02" Z15, "02" Z15)), sgx_facts, sgx_debug, RATLS_E_POLICY, CHECK_POLICY_DEBUG,
     NULL},
    {POLICY(SGX_ENTRY(ATTR("02" Z15, "02" Z15)), DEBUG_OK), sgx_facts, sgx_debug, RATLS_OK, 0,
     "insecure_allow_debug|"},
    {POLICY(SGX_ENTRY(ATTR("02" Z15, "02" Z15)), DEBUG_OK), sgx_facts, no_change, RATLS_E_POLICY,
     CHECK_POLICY_ATTRIBUTES, NULL},
    {POLICY(SGX_ENTRY(ATTR("00" Z15, "02" Z15)), DEBUG_OK), sgx_facts, sgx_debug, RATLS_E_POLICY,
     CHECK_POLICY_ATTRIBUTES, NULL},

    /* identity, TDX */
    {TDX, tdx_facts, no_change, RATLS_OK, 0, NULL},
    {TDX, tdx_facts, td10, RATLS_OK, 0, NULL},
    {TDX, tdx_facts, other_rtmr0, RATLS_OK, 0, NULL},
    {TDX, tdx_facts, other_mrseam, RATLS_OK, 0, NULL},
    {TDX, tdx_facts, other_mrtd, RATLS_E_POLICY, CHECK_POLICY_IDENTITY,
     "policy: MRTD 101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637"
     "38393a3b3c3d3e3e, accept[0] expects 10"},
    {TDX, tdx_facts, other_rtmr1, RATLS_E_POLICY, CHECK_POLICY_IDENTITY, "policy: RTMR1 "},
    {TDX, tdx_facts, other_rtmr2, RATLS_E_POLICY, CHECK_POLICY_IDENTITY, "policy: RTMR2 "},
    {TDX, tdx_facts, service_td, RATLS_E_POLICY, CHECK_POLICY_IDENTITY,
     "is not zero, and accept[0] does not name it"},
    {TDX_E(", \"mrservicetd\": [\"$MRTD\"]"), tdx_facts, td10, RATLS_E_POLICY,
     CHECK_POLICY_IDENTITY, "policy: MRSERVICETD 0000"},
    {TDX_E(", \"mrservicetd\": [\"$MRTD\", \"$Z48\"]"), tdx_facts, td10, RATLS_OK, 0, NULL},
    {TDX_E(", \"mrservicetd\": [\"$MRTD\"]"), tdx_facts, service_td, RATLS_E_POLICY,
     CHECK_POLICY_IDENTITY, "policy: MRSERVICETD 0000"},
    {TDX_E(", \"rtmr0\": [\"$RTMR0\"], \"rtmr3\": [\"$RTMR3\"]"), tdx_facts, no_change, RATLS_OK, 0,
     NULL},
    {TDX_E(", \"rtmr0\": [\"$RTMR0\"]"), tdx_facts, other_rtmr0, RATLS_E_POLICY,
     CHECK_POLICY_IDENTITY, "policy: RTMR0 21"},
    {TDX_E(", \"rtmr3\": [\"$Z48\"]"), tdx_facts, no_change, RATLS_E_POLICY, CHECK_POLICY_IDENTITY,
     "policy: RTMR3 "},
    {TDX_E(", \"mrseam\": [\"$MRSEAM\"]"), tdx_facts, other_mrseam, RATLS_E_POLICY,
     CHECK_POLICY_IDENTITY, "policy: MRSEAM "},
    {TDX_E(", \"mrsignerseam\": [\"$Z48\"]"), tdx_facts, other_module_signer, RATLS_E_POLICY,
     CHECK_POLICY_IDENTITY, "policy: MRSIGNERSEAM 01"},
    {TDX_E(", \"mrconfigid\": [\"$MRTD\"]"), tdx_facts, no_change, RATLS_E_POLICY,
     CHECK_POLICY_IDENTITY, "policy: MRCONFIGID 00"},
    {TDX_E(", \"mrowner\": [\"$MRTD\"]"), tdx_facts, no_change, RATLS_E_POLICY,
     CHECK_POLICY_IDENTITY, "policy: MROWNER 00"},
    {TDX_E(", \"mrownerconfig\": [\"$MRTD\"]"), tdx_facts, no_change, RATLS_E_POLICY,
     CHECK_POLICY_IDENTITY, "policy: MROWNERCONFIG 00"},
    {POLICY("{\"tee\": \"tdx\", \"mrtd\": [\"$MRTD\"], \"rtmr2\": [\"$RTMR2\"], "
            "\"insecure_any\": [\"rtmr1\"]}",
            ""),
     tdx_facts, other_rtmr1, RATLS_OK, 0, "insecure_any: rtmr1|"},
    {POLICY("{\"tee\": \"tdx\", \"mrtd\": [\"$MRTD\"], \"rtmr2\": [\"$RTMR2\"], "
            "\"insecure_any\": [\"rtmr1\"]}",
            ""),
     tdx_facts, other_rtmr2, RATLS_E_POLICY, CHECK_POLICY_IDENTITY, "policy: RTMR2"},
    {POLICY("{\"tee\": \"tdx\", \"insecure_any\": [\"rtmr2\", \"rtmr1\", \"mrtd\"]}", DEBUG_OK),
     tdx_facts, other_mrtd, RATLS_OK, 0,
     "insecure_allow_debug|insecure_any: mrtd|insecure_any: rtmr1|insecure_any: rtmr2|"},

    /* attributes and debug, TDX */
    {TDX, tdx_facts, td_known_bits, RATLS_OK, 0, NULL},
    {TDX, tdx_facts, td_no_bits, RATLS_OK, 0, NULL},
    {TDX, tdx_facts, td_bit8, RATLS_E_POLICY, CHECK_POLICY_ATTRIBUTES,
     "policy: TD_ATTRIBUTES 0001001000000000 has bit 8 set, which the mask of accept[0]"},
    {TDX, tdx_facts, td_bit26, RATLS_E_POLICY, CHECK_POLICY_ATTRIBUTES, "has bit 26 set"},
    {TDX, tdx_facts, td_bit29, RATLS_E_POLICY, CHECK_POLICY_ATTRIBUTES, "has bit 29 set"},
    {TDX, tdx_facts, td_bit32, RATLS_E_POLICY, CHECK_POLICY_ATTRIBUTES, "has bit 32 set"},
    {TDX, tdx_facts, td_bit62, RATLS_E_POLICY, CHECK_POLICY_ATTRIBUTES, "has bit 62 set"},
    {TDX_E(TDATTR("0000002000000000", "0000002000000000")), tdx_facts, td_bit29, RATLS_OK, 0, NULL},
    {TDX_E(TDATTR("0000002000000000", "0000002000000000")), tdx_facts, td_bit26, RATLS_E_POLICY,
     CHECK_POLICY_ATTRIBUTES, "policy: TD_ATTRIBUTES 0000001400000000, accept[0] expects"},
    {TDX_E(TDATTR("0000001000000000", "0000001000000000")), tdx_facts, td_no_bits, RATLS_E_POLICY,
     CHECK_POLICY_ATTRIBUTES, NULL},
    {TDX, tdx_facts, td_debug, RATLS_E_POLICY, CHECK_POLICY_DEBUG, NULL},
    {TDX, tdx_facts, td_tud_bit_only, RATLS_E_POLICY, CHECK_POLICY_DEBUG, NULL},
    {POLICY(TDX_ENTRY(""), DEBUG_OK), tdx_facts, td_debug, RATLS_OK, 0, "insecure_allow_debug|"},
    {TDX_E(TDATTR("01" Z7, "01" Z7)), tdx_facts, td_debug, RATLS_E_POLICY, CHECK_POLICY_DEBUG,
     NULL},
    {POLICY(TDX_ENTRY(TDATTR("00" Z7, "01" Z7)), DEBUG_OK), tdx_facts, td_debug, RATLS_E_POLICY,
     CHECK_POLICY_ATTRIBUTES, NULL},
    {TDX_E(", \"xfam\": {\"value\": \"e700060000000000\", \"mask\": \"ffffffffffffffff\"}"),
     tdx_facts, no_change, RATLS_OK, 0, NULL},
    {TDX_E(", \"xfam\": {\"value\": \"e700060000000000\", \"mask\": \"ffffffffffffffff\"}"),
     tdx_facts, other_xfam, RATLS_E_POLICY, CHECK_POLICY_ATTRIBUTES,
     "policy: XFAM e700070000000000, accept[0] expects"},
    {TDX_E(", \"seam_attributes\": [\"0000000000000000\"]"), tdx_facts, no_change, RATLS_OK, 0,
     NULL},
    {TDX_E(", \"seam_attributes\": [\"0000000000000000\"]"), tdx_facts, seam_attribute,
     RATLS_E_POLICY, CHECK_POLICY_ATTRIBUTES,
     "policy: SEAM_ATTRIBUTES 0000000000000080, accept[0] expects 0000000000000000"},
    {TDX_E(", \"seam_attributes\": {\"value\": \"00" Z7 "\", \"mask\": \"ff" Z7 "\"}"), tdx_facts,
     seam_attribute, RATLS_OK, 0, NULL},
    {TDX_E(", \"seam_attributes\": {\"value\": \"" Z7 "80\", \"mask\": \"" Z7 "80\"}"), tdx_facts,
     no_change, RATLS_E_POLICY, CHECK_POLICY_ATTRIBUTES, "policy: SEAM_ATTRIBUTES"},

    /* TCB status */
    {SGX, sgx_facts, no_status, RATLS_E_POLICY, CHECK_POLICY_TCB_STATUS, "no TCB status"},
    {SGX, sgx_facts, unknown_status, RATLS_E_POLICY, CHECK_POLICY_TCB_STATUS, "no TCB status"},
    {SGX, sgx_facts, revoked, RATLS_E_REVOKED, CHECK_POLICY_TCB_STATUS, "Revoked"},
    {SGX, sgx_facts, out_of_date, RATLS_E_POLICY, CHECK_POLICY_TCB_STATUS,
     "policy: TCB status OutOfDate, allowed: UpToDate"},
    {TCB("\"allow_status\": [\"OutOfDate\", \"SWHardeningNeeded\"]"), sgx_facts, no_change,
     RATLS_E_POLICY, CHECK_POLICY_TCB_STATUS,
     "policy: TCB status UpToDate, allowed: SWHardeningNeeded, OutOfDate"},
    {TCB("\"allow_status\": [\"OutOfDate\", \"SWHardeningNeeded\"]"), sgx_facts, out_of_date,
     RATLS_OK, 0, NULL},
    {TCB("\"allow_status\": [\"OutOfDate\", \"SWHardeningNeeded\"]"), sgx_facts, sw_hardening,
     RATLS_OK, 0, NULL},
    {TCB("\"allow_status\": [\"OutOfDate\", \"SWHardeningNeeded\"]"), sgx_facts, revoked,
     RATLS_E_REVOKED, CHECK_POLICY_TCB_STATUS, NULL},

    /* advisories */
    {SGX, sgx_facts, two_advisories, RATLS_OK, 0, NULL},
    {TCB("\"allow_advisories\": []"), sgx_facts, no_change, RATLS_OK, 0, NULL},
    {TCB("\"allow_advisories\": []"), sgx_facts, two_advisories, RATLS_E_POLICY,
     CHECK_POLICY_ADVISORIES, "INTEL-SA-00586 applies to this platform and is not among the 0"},
    {TCB("\"allow_advisories\": [\"INTEL-SA-00586\"]"), sgx_facts, two_advisories, RATLS_E_POLICY,
     CHECK_POLICY_ADVISORIES, "INTEL-SA-00615"},
    {TCB("\"allow_advisories\": [\"INTEL-SA-0061\", \"INTEL-SA-00586\", \"INTEL-SA-00615\"]"),
     sgx_facts, two_advisories, RATLS_OK, 0, NULL},
    {TCB("\"deny_advisories\": [\"INTEL-SA-00001\", \"INTEL-SA-00615\"]"), sgx_facts,
     two_advisories, RATLS_E_POLICY, CHECK_POLICY_ADVISORIES,
     "policy: INTEL-SA-00615 applies to this platform and is denied"},
    {TCB("\"deny_advisories\": [\"INTEL-SA-0061\"]"), sgx_facts, two_advisories, RATLS_OK, 0, NULL},
    {TCB("\"deny_advisories\": [\"INTEL-SA-00615\"]"), sgx_facts, no_change, RATLS_OK, 0, NULL},
    {TCB("\"allow_advisories\": [\"INTEL-SA-00586\", \"INTEL-SA-00615\"], "
         "\"deny_advisories\": [\"INTEL-SA-00586\"]"),
     sgx_facts, two_advisories, RATLS_E_POLICY, CHECK_POLICY_ADVISORIES, "is denied"},

    /* evaluation number */
    {SGX, sgx_facts, no_evaluation_number, RATLS_OK, 0, NULL},
    {TCB("\"min_evaluation_number\": 17"), sgx_facts, no_change, RATLS_OK, 0, NULL},
    {TCB("\"min_evaluation_number\": 18"), sgx_facts, no_change, RATLS_E_POLICY,
     CHECK_POLICY_EVALUATION, "policy: tcbEvaluationDataNumber 17, expected at least 18"},
    {TCB("\"min_evaluation_number\": 1"), sgx_facts, no_evaluation_number, RATLS_E_POLICY,
     CHECK_POLICY_EVALUATION, NULL},

    /* expiry */
    {SGX, sgx_facts, expired_now, RATLS_E_STALE, CHECK_POLICY_EXPIRY, "0 s ago"},
    {SGX, sgx_facts, expired_100, RATLS_E_STALE, CHECK_POLICY_EXPIRY,
     "policy: collateral expired at 2023-11-14T22:11:40Z, 100 s ago; expired_grace_seconds is 0"},
    {TCB("\"expired_grace_seconds\": 99"), sgx_facts, expired_100, RATLS_E_STALE,
     CHECK_POLICY_EXPIRY, "100 s ago; expired_grace_seconds is 99"},
    {TCB("\"expired_grace_seconds\": 100"), sgx_facts, expired_100, RATLS_OK, 0, NULL},
    {TCB("\"expired_grace_seconds\": 4294967295"), sgx_facts, expired_long_ago, RATLS_E_STALE,
     CHECK_POLICY_EXPIRY, NULL},
    {TCB("\"expired_grace_seconds\": 4294967295"), sgx_facts, expired_unknown, RATLS_E_STALE,
     CHECK_POLICY_EXPIRY, "since when is not known"},
    {TCB("\"expired_grace_seconds\": 4294967295"), sgx_facts, expired_though_ahead, RATLS_E_STALE,
     CHECK_POLICY_EXPIRY, "since when is not known"},
    {TCB("\"expired_grace_seconds\": 4294967295"), sgx_facts, crl_not_yet, RATLS_E_STALE,
     CHECK_POLICY_EXPIRY, "a CRL's thisUpdate lies ahead"},

    /* platforms */
    {SGX, sgx_facts, no_pck, RATLS_OK, 0, NULL},
    {PLAT("\"allow_ppid\": [\"$PPID\"]"), sgx_facts, no_change, RATLS_OK, 0, NULL},
    {PLAT("\"allow_ppid\": [\"$PPID\"]"), sgx_facts, other_ppid, RATLS_E_POLICY,
     CHECK_POLICY_PLATFORM, "policy: PPID 808182838485868788898a8b8c8d8e8e is not among the 1"},
    {PLAT("\"allow_ppid\": [\"$PPID\"]"), sgx_facts, other_fmspc, RATLS_OK, 0, NULL},
    {PLAT("\"allow_ppid\": []"), sgx_facts, no_change, RATLS_E_POLICY, CHECK_POLICY_PLATFORM, NULL},
    {PLAT("\"allow_fmspc\": [\"00606a000000\", \"$FMSPC\"]"), sgx_facts, no_change, RATLS_OK, 0,
     NULL},
    {PLAT("\"allow_fmspc\": [\"00606a000000\", \"$FMSPC\"]"), sgx_facts, other_fmspc,
     RATLS_E_POLICY, CHECK_POLICY_PLATFORM, "policy: FMSPC 909192939494 is not among the 2"},
    {PLAT("\"allow_fmspc\": []"), sgx_facts, no_change, RATLS_E_POLICY, CHECK_POLICY_PLATFORM,
     NULL},
    {PLAT("\"allow_ppid\": [\"$PPID\"], \"allow_fmspc\": [\"00606a000000\"]"), sgx_facts, no_change,
     RATLS_E_POLICY, CHECK_POLICY_PLATFORM, "policy: FMSPC"},
    {PLAT("\"allow_ppid\": [\"$PPID\"]"), sgx_facts, no_pck, RATLS_E_POLICY, CHECK_POLICY_PLATFORM,
     "the platform is not known"},
};

static void insecure_names(const insecure_list *list, char out[256])
{
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; i < list->n; i++)
        n += (size_t)snprintf(out + n, 256 - n, "%s|", list->names[i]);
}

static void every_rule_gives_its_code_and_check(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ratls_facts facts;
        char json[TEXT_CAP], names[256];
        cases[i].base(&facts);
        expand(cases[i].policy, &facts, json);
        cases[i].change(&facts);
        verdict v = judge(json, &facts);
        const ratls_check *failed = checks_failure(&v.checks);
        insecure_names(&v.insecure, names);
        const char *text = failed != NULL ? failed->text : names;
        bool good = v.code == cases[i].code && (failed == NULL) == (v.code == RATLS_OK);
        if (failed != NULL)
            good = good && failed == &v.checks.all[cases[i].check] && failed->code == v.code &&
                   (cases[i].text == NULL || strstr(text, cases[i].text) != NULL);
        else
            good = good && bytes_is(bytes_text(text), cases[i].text != NULL ? cases[i].text : "");
        if (!good)
            fail_msg("case %zu: %s %s: %s\nexpected %s %s\n%s", i, ratls_code_name(v.code),
                     failed != NULL ? failed->id : "-", text, ratls_code_name(cases[i].code),
                     cases[i].text != NULL ? cases[i].text : "", json);
    }
    print_message("%zu cases\n", sizeof cases / sizeof *cases);
}

static void without_a_policy_nothing_is_accepted(void **state)
{
    (void)state;
    ratls_facts facts;
    sgx_facts(&facts);
    check_list checks;
    insecure_list insecure = {.n = 3};
    checks_init(&checks);
    assert_int_equal(appraise(NULL, &facts, NOW, &checks, &insecure), RATLS_E_MISSING);
    assert_ptr_equal(checks_failure(&checks), &checks.all[CHECK_POLICY_PRESENT]);
    for (size_t id = CHECK_POLICY_IDENTITY; id <= CHECK_POLICY_PLATFORM; id++)
        assert_int_equal(checks.all[id].verdict, RATLS_NOT_RUN);
    assert_int_equal(insecure.n, 0);
}

static void one_run_shows_every_reason(void **state)
{
    (void)state;
    ratls_facts facts;
    char json[TEXT_CAP];
    sgx_facts(&facts);
    expand(
        SGX_R(", \"tcb\": {\"deny_advisories\": [\"INTEL-SA-00615\"], \"min_evaluation_number\": "
              "99}, \"platforms\": {\"allow_fmspc\": []}"),
        &facts, json);
    other_mrenclave(&facts);
    init_clear(&facts);
    sgx_debug(&facts);
    out_of_date(&facts);
    two_advisories(&facts);
    expired_100(&facts);
    verdict v = judge(json, &facts);
    assert_int_equal(v.code, RATLS_E_POLICY);
    assert_int_equal(v.checks.all[CHECK_POLICY_PRESENT].verdict, RATLS_PASSED);
    for (size_t id = CHECK_POLICY_IDENTITY; id <= CHECK_POLICY_PLATFORM; id++)
        if (v.checks.all[id].verdict != RATLS_FAILED || v.checks.all[id].text[0] == '\0')
            fail_msg("%s did not fail", v.checks.all[id].id);
    for (size_t id = 0; id < CHECK_POLICY_PRESENT; id++)
        assert_int_equal(v.checks.all[id].verdict, RATLS_NOT_RUN);
}

static void an_accepted_run_passes_every_check(void **state)
{
    (void)state;
    ratls_facts facts;
    char json[TEXT_CAP];
    tdx_facts(&facts);
    expired_100(&facts);
    expand(POLICY(TDX_ENTRY(""), ", \"tcb\": {\"expired_grace_seconds\": 86400}"), &facts, json);
    verdict v = judge(json, &facts);
    assert_int_equal(v.code, RATLS_OK);
    for (size_t id = CHECK_POLICY_PRESENT; id <= CHECK_POLICY_PLATFORM; id++)
        if (v.checks.all[id].verdict != RATLS_PASSED || v.checks.all[id].text[0] == '\0')
            fail_msg("%s did not pass", v.checks.all[id].id);
    assert_string_equal(v.checks.all[CHECK_POLICY_EXPIRY].text,
                        "collateral expired at 2023-11-14T22:11:40Z, 100 s ago, within the grace "
                        "of 86400 s");
    assert_int_equal(judge_at(json, &facts, NOW + 86300).code, RATLS_OK);
    assert_int_equal(judge_at(json, &facts, NOW + 86301).code, RATLS_E_STALE);
    assert_int_equal(judge_at(json, &facts, INT64_MAX).code, RATLS_E_STALE);
    assert_int_equal(judge_at(json, &facts, INT64_MIN).code, RATLS_E_STALE);
}

static void what_an_entry_leaves_open_is_named_only_if_it_matches(void **state)
{
    (void)state;
    ratls_facts facts;
    char json[TEXT_CAP];
    sgx_facts(&facts);
    expand(
        POLICY(SIGNER_ENTRY(", \"isv_prod_id\": [258], \"insecure_any\": [\"min_isv_svn\"]"), ""),
        &facts, json);
    assert_int_equal(judge(json, &facts).insecure.n, 1);
    provision_key(&facts);
    assert_int_equal(judge(json, &facts).insecure.n, 0);
    sgx_facts(&facts);
    other_product(&facts);
    assert_int_equal(judge(json, &facts).insecure.n, 0);
}

/* The longest label with two whole digests, and with an index of four digits, is not cut. */
static void long_sentences_fit(void **state)
{
    (void)state;
    ratls_facts facts;
    char json[TEXT_CAP];
    tdx_facts(&facts);
    expand(TDX_E(", \"mrownerconfig\": [\"$MRTD\"]"), &facts, json);
    verdict v = judge(json, &facts);
    size_t n = strlen(v.checks.all[CHECK_POLICY_IDENTITY].text);
    assert_true(n + strlen("1023") - strlen("0") < RATLS_TEXT_SIZE);
    assert_string_equal(v.checks.all[CHECK_POLICY_IDENTITY].text + n - 8, "3c3d3e3f");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_gives_its_code_and_check),
        cmocka_unit_test(without_a_policy_nothing_is_accepted),
        cmocka_unit_test(one_run_shows_every_reason),
        cmocka_unit_test(an_accepted_run_passes_every_check),
        cmocka_unit_test(what_an_entry_leaves_open_is_named_only_if_it_matches),
        cmocka_unit_test(long_sentences_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
