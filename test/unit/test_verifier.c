#include "testing.h"

#include <stdio.h>

#include "cert_maker.h"
#include "ratls/verify.h"

/* Whole worlds through the public call: merging of statuses, relaunch, sets, times, options. */
typedef struct verdict {
    ratls_code code;
    char check[64], text[RATLS_TEXT_SIZE];
    ratls_facts facts;
} verdict;

static ratls_verifier *verifier_for(const vendor *v)
{
    ratls_error e;
    ratls_verifier *r = ratls_verifier_new();
    assert_non_null(r);
    assert_int_equal(ratls_verifier_set_root(r, vendor_root(v), &e), RATLS_OK);
    return r;
}

static void add(ratls_verifier *r, bytes collateral)
{
    ratls_error e = {.text = ""};
    if (ratls_verifier_add_collateral(r, collateral, &e) != RATLS_OK)
        fail_msg("%s", e.text);
}

static verdict judge(const ratls_verifier *r, bytes quote, int64_t time, uint32_t skew)
{
    verdict a = {.check = "", .text = ""};
    ratls_error e = {.text = ""};
    ratls_result *result = ratls_result_new();
    assert_non_null(result);
    const ratls_verify_options o = {.time = time, .time_is_explicit = true, .skew_seconds = skew};
    a.code = ratls_verify_quote(r, quote, &o, result, &e);
    assert_int_equal(ratls_result_evidence_valid(result), a.code == RATLS_OK);
    assert_false(ratls_result_accepted(result));
    const ratls_check *failure = ratls_result_failure(result);
    assert_int_equal(failure == NULL, a.code == RATLS_OK);
    if (failure != NULL) {
        (void)snprintf(a.check, sizeof a.check, "%s", failure->id);
        (void)snprintf(a.text, sizeof a.text, "%s", failure->text);
        assert_string_equal(failure->text, e.text);
        assert_int_equal(failure->code, a.code);
    }
    a.facts = *ratls_result_facts(result);
    ratls_result_free(&result);
    return a;
}

static verdict judge_world(const vendor *v)
{
    ratls_verifier *r = verifier_for(v);
    add(r, vendor_collateral_json(v));
    verdict a = judge(r, vendor_quote(v, BYTES_NONE).quote, v->now, 0);
    ratls_verifier_free(&r);
    return a;
}

static const char *name_of(ratls_tcb_status s)
{
    return s == RATLS_TCB_NONE ? "none" : ratls_tcb_status_name(s);
}

/* Revoked: refused with that status. None: no level, refused without a status. */
static void must_get(const char *name, const vendor *v, ratls_tcb_status status)
{
    verdict a = judge_world(v);
    ratls_code code = status == RATLS_TCB_REVOKED ? RATLS_E_REVOKED
                      : status == RATLS_TCB_NONE  ? RATLS_E_UNTRUSTED
                                                  : RATLS_OK;
    if (a.code != code || a.facts.tcb_status != status ||
        strcmp(a.check, code == RATLS_OK ? "" : "tcb.level") != 0)
        fail_msg("%s: %s with %s at %s (%s), expected %s with %s", name, ratls_code_name(a.code),
                 name_of(a.facts.tcb_status), a.check, a.text, ratls_code_name(code),
                 name_of(status));
}

#define NONE RATLS_TCB_NONE
#define UTD  RATLS_TCB_UP_TO_DATE
#define SWH  RATLS_TCB_SW_HARDENING_NEEDED
#define CN   RATLS_TCB_CONFIGURATION_NEEDED
#define CSW  RATLS_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED
#define OOD  RATLS_TCB_OUT_OF_DATE
#define OCN  RATLS_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED
#define REV  RATLS_TCB_REVOKED
#define RA   RATLS_TCB_TD_RELAUNCH_ADVISED
#define RAC  RATLS_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED

/* The table of [DCAP 1.8]: platform, with the other part up to date, out of date, revoked. */
static const struct {
    ratls_tcb_status platform, with_good, with_old, with_revoked;
} merges[] = {
    {UTD, UTD, OOD, REV}, {SWH, SWH, OOD, REV}, {CN, CN, OCN, REV},   {CSW, CSW, OCN, REV},
    {OOD, OOD, OOD, REV}, {OCN, OCN, OCN, REV}, {REV, REV, REV, REV},
};

static const struct {
    const char *name;
    quote_tee tee;
    unsigned version;
    bool td15;
} layouts[] = {
    {"SGX v3", QUOTE_SGX, 3, false},      {"SGX v4", QUOTE_SGX, 4, false},
    {"SGX v5", QUOTE_SGX, 5, false},      {"TDX v4", QUOTE_TDX, 4, false},
    {"TDX v5, 1.0", QUOTE_TDX, 5, false}, {"TDX v5, 1.5", QUOTE_TDX, 5, true},
};
#define COUNT(table) (sizeof(table) / sizeof *(table))

/* The quoting enclave at its level 8, of that status. */
static void test_merge_with_qe(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(layouts); i++)
        for (size_t k = 0; k < COUNT(merges); k++) {
            arena_mark mark = arena_here();
            vendor v = vendor_of(layouts[i].tee, layouts[i].version, layouts[i].td15, VENDOR_T0);
            v.tcb_info.levels[0].status = ratls_tcb_status_name(merges[k].platform);
            must_get(layouts[i].name, &v, merges[k].with_good);
            /* Whatever a QE's level says beside UpToDate and Revoked counts as out of date. */
            static const char *const old[] = {"OutOfDate", "ConfigurationNeeded",
                                              "OutOfDateConfigurationNeeded"};
            for (size_t n = 0; n < COUNT(old); n++) {
                v.qe_identity.levels[0].status = old[n];
                must_get(layouts[i].name, &v, merges[k].with_old);
            }
            v.qe_identity.levels[0].status = "Revoked";
            must_get(layouts[i].name, &v, merges[k].with_revoked);
            v.qe_identity.levels[0].isvsvn = 9;
            v.qe_identity.n = 1;
            /* A revoked TDX level is final before the QE is looked at [DCAP 1.8]. */
            bool final = layouts[i].tee == QUOTE_TDX && merges[k].platform == REV;
            must_get(layouts[i].name, &v, final ? REV : NONE);
            arena_back(mark);
        }
}

static void test_merge_with_module(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(layouts); i++)
        for (size_t k = 0; k < COUNT(merges); k++) {
            if (layouts[i].tee != QUOTE_TDX)
                continue;
            arena_mark mark = arena_here();
            vendor v = vendor_of(QUOTE_TDX, layouts[i].version, layouts[i].td15, VENDOR_T0);
            v.tcb_info.levels[0].status = ratls_tcb_status_name(merges[k].platform);
            isv_level *module = &v.tcb_info.identities[1].levels[0];
            must_get(layouts[i].name, &v, merges[k].with_good);
            module->status = "OutOfDate";
            v.quote.body[TD_AT_TEE_TCB_SVN2] = 4; /* no newer module runs by now: no relaunch */
            must_get(layouts[i].name, &v, merges[k].with_old);
            module->status = "Revoked";
            must_get(layouts[i].name, &v, merges[k].with_revoked);
            v.quote.body[TD_AT_TEE_TCB_SVN + 1] = 0; /* a module without version has no status */
            must_get(layouts[i].name, &v, merges[k].with_good);
            arena_back(mark);
        }
}

/* Module and QE both: the worse of the two decides. */
static void test_merge_with_both(void **state)
{
    (void)state;
    static const char *const part[] = {"UpToDate", "OutOfDate", "Revoked"};
    for (size_t k = 0; k < COUNT(merges); k++)
        for (size_t m = 0; m < COUNT(part); m++)
            for (size_t q = 0; q < COUNT(part); q++) {
                arena_mark mark = arena_here();
                vendor v = vendor_of(QUOTE_TDX, 4, false, VENDOR_T0);
                v.tcb_info.levels[0].status = ratls_tcb_status_name(merges[k].platform);
                v.tcb_info.identities[1].levels[0].status = part[m];
                v.qe_identity.levels[0].status = part[q];
                size_t worse = m > q ? m : q;
                must_get(part[m], &v,
                         worse == 0   ? merges[k].with_good
                         : worse == 1 ? merges[k].with_old
                                      : merges[k].with_revoked);
                arena_back(mark);
            }
}

static void test_advisories(void **state)
{
    (void)state;
    vendor v = vendor_of(QUOTE_TDX, 4, false, VENDOR_T0);
    v.tcb_info.levels[0].advisories[0] = "INTEL-SA-00001";
    v.tcb_info.levels[0].advisories[1] = "INTEL-SA-00002";
    v.tcb_info.levels[1].advisories[0] = "INTEL-SA-00099"; /* of another level */
    v.tcb_info.identities[1].levels[0].advisories[0] = "INTEL-SA-00002";
    v.tcb_info.identities[1].levels[0].advisories[1] = "INTEL-SA-00003";
    v.tcb_info.identities[0].levels[0].advisories[0] = "INTEL-SA-00098"; /* of another module */
    v.qe_identity.levels[0].advisories[0] = "INTEL-SA-00001";
    v.qe_identity.levels[0].advisories[1] = "INTEL-SA-00004";
    verdict a = judge_world(&v);
    assert_int_equal(a.code, RATLS_OK);
    assert_int_equal(a.facts.advisories_n, 4);
    static const char *const expected[] = {"INTEL-SA-00001", "INTEL-SA-00002", "INTEL-SA-00003",
                                           "INTEL-SA-00004"};
    for (size_t i = 0; i < COUNT(expected); i++)
        assert_string_equal(a.facts.advisories[i], expected[i]);
}

/* [DCAP, TD relaunch]. The TD was started under an old module (SVN 2); what runs by now is svn2. */
static const struct {
    const char *name;
    bool apart;     /* level 0 is the SGX level only: its TDX part wants a late microcode 5 */
    uint8_t now[3]; /* tee_tcb_svn2: SVN, version, late microcode */
    ratls_tcb_status expected;
    const char *level0, *level1, *qe;
} relaunches[] = {
    {"module updated since", false, {5, 1, 4}, RA, "UpToDate", "", "UpToDate"},
    {"hardening", false, {5, 1, 4}, RA, "SWHardeningNeeded", "", "UpToDate"},
    {"configuration", false, {5, 1, 4}, RAC, "ConfigurationNeeded", "", "UpToDate"},
    {"both", false, {5, 1, 4}, RAC, "ConfigurationAndSWHardeningNeeded", "", "UpToDate"},
    {"SGX level out of date", false, {5, 1, 4}, OOD, "OutOfDate", "", "UpToDate"},
    {"and configuration", false, {5, 1, 4}, OCN, "OutOfDateConfigurationNeeded", "", "UpToDate"},
    {"SGX level revoked", false, {5, 1, 4}, REV, "Revoked", "", "UpToDate"},
    {"module not newest", false, {4, 1, 4}, OOD, "UpToDate", "", "UpToDate"},
    {"module newer than known", false, {9, 1, 4}, RA, "UpToDate", "", "UpToDate"},
    {"microcode behind", false, {5, 1, 3}, OOD, "UpToDate", "", "UpToDate"},
    {"microcode ahead", false, {5, 1, 9}, RA, "UpToDate", "", "UpToDate"},
    {"another module", false, {5, 3, 4}, RA, "UpToDate", "", "UpToDate"},
    {"another module, old", false, {4, 3, 4}, OOD, "UpToDate", "", "UpToDate"},
    {"unknown module", false, {5, 2, 4}, NONE, "UpToDate", "", "UpToDate"},
    {"module without version", false, {5, 0, 4}, RA, "UpToDate", "", "UpToDate"},
    {"module without version, old", false, {4, 0, 4}, OOD, "UpToDate", "", "UpToDate"},
    {"without version, microcode behind", false, {5, 0, 3}, OOD, "UpToDate", "", "UpToDate"},
    {"QE out of date", false, {5, 1, 4}, OOD, "UpToDate", "", "OutOfDate"},
    {"QE of other status", false, {5, 1, 4}, OCN, "ConfigurationNeeded", "", "ConfigurationNeeded"},
    {"QE revoked", false, {5, 1, 4}, REV, "UpToDate", "", "Revoked"},
    {"two levels", true, {5, 1, 5}, RA, "UpToDate", "OutOfDate", "UpToDate"},
    {"two levels, microcode behind", true, {5, 1, 4}, OOD, "UpToDate", "OutOfDate", "UpToDate"},
    {"SGX configuration", true, {5, 1, 5}, RAC, "ConfigurationNeeded", "OutOfDate", "UpToDate"},
    {"SGX hardening", true, {5, 1, 5}, RA, "SWHardeningNeeded", "OutOfDate", "UpToDate"},
    {"SGX both",
     true,
     {5, 1, 5},
     RAC,
     "ConfigurationAndSWHardeningNeeded",
     "OutOfDate",
     "UpToDate"},
    {"TDX configuration",
     true,
     {5, 1, 5},
     RAC,
     "UpToDate",
     "OutOfDateConfigurationNeeded",
     "UpToDate"},
    {"TDX up to date but for its module", true, {5, 1, 5}, RA, "UpToDate", "UpToDate", "UpToDate"},
    {"SGX level out of date, TDX not", true, {5, 1, 5}, OOD, "OutOfDate", "UpToDate", "UpToDate"},
    {"TDX level revoked", true, {5, 1, 5}, REV, "UpToDate", "Revoked", "UpToDate"},
    {"SGX level revoked, TDX not", true, {5, 1, 5}, OOD, "Revoked", "UpToDate", "UpToDate"},
};

static vendor relaunch_world(size_t i, unsigned version, bool td15)
{
    vendor v = vendor_of(QUOTE_TDX, version, td15, VENDOR_T0);
    v.quote.body[TD_AT_TEE_TCB_SVN] = 2; /* TDX_01 at its level 2: OutOfDate */
    memcpy(v.quote.body + TD_AT_TEE_TCB_SVN2, relaunches[i].now, 3);
    v.tcb_info.levels[0].status = relaunches[i].level0;
    if (relaunches[i].apart) {
        v.tcb_info.levels[0].tdx[2] = 5;
        v.tcb_info.levels[1].status = relaunches[i].level1;
    }
    v.qe_identity.levels[0].status = relaunches[i].qe;
    return v;
}

static void test_relaunch(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(relaunches); i++) {
        vendor v = relaunch_world(i, 5, true);
        must_get(relaunches[i].name, &v, relaunches[i].expected);
    }
    /* Other bodies do not say what runs by now. */
    vendor v = relaunch_world(0, 5, false);
    must_get("TD report 1.0", &v, OOD);
    v = relaunch_world(0, 4, false);
    must_get("version 4", &v, OOD);
    /* Nor is the rule about a module that is in date, or revoked. */
    v = relaunch_world(0, 5, true);
    v.quote.body[TD_AT_TEE_TCB_SVN] = 5;
    v.tcb_info.levels[0].tdx[2] = 5;
    must_get("module in date, platform not", &v, OOD);
    v = relaunch_world(0, 5, true);
    v.tcb_info.identities[1].levels[1].status = "Revoked";
    must_get("module revoked", &v, REV);
    v = relaunch_world(0, 5, true);
    v.qe_identity.levels[0].isvsvn = 9;
    v.qe_identity.n = 1;
    must_get("QE without a level", &v, NONE);
}

/* tee_tcb_svn2 never raises the level itself. */
static void test_svn2_is_not_the_level(void **state)
{
    (void)state;
    vendor v = vendor_of(QUOTE_TDX, 5, true, VENDOR_T0);
    v.quote.body[TD_AT_TEE_TCB_SVN + 2] = 3;
    memset(v.quote.body + TD_AT_TEE_TCB_SVN2, 255, 16);
    v.tcb_info.n = 1;
    must_get("microcode of the start", &v, NONE);
}

/* Of several sets the one issued last is used, and of CRLs the newest [hostile 76]. */
static void test_sets(void **state)
{
    (void)state;
    vendor fresh = vendor_of(QUOTE_SGX, 3, false, VENDOR_T0), old = fresh, other = fresh,
           ahead = fresh;
    old.tcb_info.issue_date -= 10;
    old.tcb_info.levels[0].status = "OutOfDate";
    other.tcb_info.fmspc[5] = 1;
    other.tcb_info.issue_date += 10;
    ahead.tcb_info.issue_date = VENDOR_T0 + 1000;
    ahead.tcb_info.levels[0].status = "OutOfDate";
    bytes quote = vendor_quote(&fresh, BYTES_NONE).quote;
    const vendor *const all[] = {&other, &old, &fresh, &ahead};
    for (unsigned reverse = 0; reverse < 2; reverse++) {
        ratls_verifier *r = verifier_for(&fresh);
        for (size_t i = 0; i < 4; i++)
            add(r, vendor_collateral_json(all[reverse != 0 ? 3 - i : i]));
        verdict a = judge(r, quote, VENDOR_T0, 0);
        assert_int_equal(a.code, RATLS_OK);
        assert_int_equal(a.facts.tcb_status, RATLS_TCB_UP_TO_DATE);
        a = judge(r, quote, VENDOR_T0, 1000); /* the skew lets the one ahead count */
        assert_int_equal(a.facts.tcb_status, RATLS_TCB_OUT_OF_DATE);
        a = judge(r, quote, VENDOR_T0 + 1000, 0);
        assert_int_equal(a.facts.tcb_status, RATLS_TCB_OUT_OF_DATE);
        ratls_verifier_free(&r);
    }
}

static void revoke_pck(vendor *v)
{
    crl_revoke(&v->pck_crl, &v->pck);
}
static void revoke_ca(vendor *v)
{
    crl_revoke(&v->root_crl, &v->ca);
}
static void revoke_signer(vendor *v)
{
    crl_revoke(&v->root_crl, &v->tcb_signer);
}

/* A set with older CRLs does not hide what a newer one of another set revokes. */
static void test_newest_crl(void **state)
{
    (void)state;
    static const struct {
        void (*revoke)(vendor *);
        const char *check;
    } cases[] = {
        {revoke_pck, "pck.revocation"},
        {revoke_ca, "pck.revocation"},
        {revoke_signer, "tcb_info.signature"},
    };
    for (size_t k = 0; k < COUNT(cases); k++)
        for (unsigned reverse = 0; reverse < 2; reverse++)
            for (unsigned newer_info = 0; newer_info < 2; newer_info++) {
                vendor old = vendor_of(QUOTE_SGX, 3, false, VENDOR_T0), fresh = old;
                cases[k].revoke(&fresh);
                fresh.pck_crl.this_update += 10;
                fresh.root_crl.this_update += 10;
                old.tcb_info.issue_date += newer_info;
                ratls_verifier *r = verifier_for(&old);
                add(r, vendor_collateral_json(reverse != 0 ? &fresh : &old));
                add(r, vendor_collateral_json(reverse != 0 ? &old : &fresh));
                verdict a = judge(r, vendor_quote(&old, BYTES_NONE).quote, VENDOR_T0, 0);
                if (a.code != RATLS_E_REVOKED || strcmp(a.check, cases[k].check) != 0)
                    fail_msg("%s, %u, %u: %s at %s (%s)", cases[k].check, reverse, newer_info,
                             ratls_code_name(a.code), a.check, a.text);
                /* One that is not genuine, or from the future, changes nothing. */
                ratls_verifier_free(&r);
                fresh.pck_crl.break_signature = fresh.root_crl.break_signature = true;
                old.tcb_info.issue_date += 10;
                r = verifier_for(&old);
                add(r, vendor_collateral_json(&old));
                add(r, vendor_collateral_json(&fresh));
                assert_int_equal(judge(r, vendor_quote(&old, BYTES_NONE).quote, VENDOR_T0, 0).code,
                                 RATLS_OK);
                ratls_verifier_free(&r);
                fresh.pck_crl.break_signature = fresh.root_crl.break_signature = false;
                fresh.pck_crl.this_update = fresh.root_crl.this_update = VENDOR_T0 + 1;
                r = verifier_for(&old);
                add(r, vendor_collateral_json(&old));
                add(r, vendor_collateral_json(&fresh));
                a = judge(r, vendor_quote(&old, BYTES_NONE).quote, VENDOR_T0, 0);
                assert_int_equal(a.code, RATLS_OK);
                assert_false(a.facts.collateral_expired);
                ratls_verifier_free(&r);
            }
}

static void test_containers(void **state)
{
    (void)state;
    vendor v = vendor_of(QUOTE_SGX, 3, false, VENDOR_T0);
    bytes quote = vendor_quote(&v, BYTES_NONE).quote;
    collateral_set c = vendor_collateral(&v);
    endorsement_items oe = endorsement_items_oe(&c, "2026-01-01T00:00:00Z");
    c.pck_crl = pem_of("X509 CRL", c.pck_crl);
    c.root_ca_crl = pem_of("X509 CRL", c.root_ca_crl);
    bytes pem = text_replaced(collateral_json(&c), "2d2d2d2d2d424547494e", "2d2d2d2d2d424547494e");
    const bytes forms[] = {vendor_collateral_json(&v), endorsements_oe(&oe), pem};
    for (size_t i = 0; i < COUNT(forms); i++) {
        ratls_verifier *r = verifier_for(&v);
        add(r, forms[i]);
        verdict a = judge(r, quote, VENDOR_T0, 0);
        if (i == 2) /* hex of PEM is not a CRL */
            assert_string_equal(a.check, "root_crl");
        else
            assert_int_equal(a.code, RATLS_OK);
        /* Quotes in the wrappings of Open Enclave and of the common format. */
        bytes claims = BYTES_EMPTY;
        assert_int_equal(judge(r, oe_report_of(1, 2, quote), VENDOR_T0, 0).code, a.code);
        assert_int_equal(judge(r, evidence_of(60000, 0, quote, claims), VENDOR_T0, 0).code, a.code);
        ratls_verifier_free(&r);
    }
}

/* What shows for which FMSPC it is, and when it was issued, and is not genuine. */
static bytes tcb_info_for(unsigned fmspc, unsigned day)
{
    return arena_format("{\"tcb_info\":\"{\\\"id\\\":\\\"SGX\\\",\\\"fmspc\\\":\\\"%012x\\\","
                        "\\\"issueDate\\\":\\\"%04u-01-01T00:00:00Z\\\"}\"}",
                        fmspc, 2000 + day);
}

static void test_limits(void **state)
{
    (void)state;
    ratls_error e = {.text = ""};
    vendor v = vendor_of(QUOTE_SGX, 3, false, VENDOR_T0);
    ratls_verifier *r = verifier_for(&v);
    buf padded = {0};
    buf_put(&padded, vendor_collateral_json(&v));
    buf_fill(&padded, ' ', 256 * 1024 + 1 - padded.n);
    assert_int_equal(ratls_verifier_add_collateral(r, buf_bytes(&padded), &e), RATLS_E_LIMIT);
    assert_int_equal(e.code, RATLS_E_LIMIT);
    assert_int_equal(ratls_verifier_add_collateral(r, BYTES_NONE, &e), RATLS_E_MALFORMED);
    assert_int_equal(ratls_verifier_add_collateral(r, bytes_text("{"), NULL), RATLS_E_MALFORMED);
    add(r, bytes_of(padded.p, padded.n - 1)); /* of 256 KiB */
    /* The same again, and what is superseded, takes no room. */
    uint64_t epoch = ratls_verifier_epoch(r);
    for (unsigned i = 0; i < 600; i++)
        add(r, vendor_collateral_json(&v));
    assert_true(ratls_verifier_epoch(r) <= epoch + 1);
    for (unsigned i = 0; i < 600; i++)
        add(r, tcb_info_for(7, i));
    for (unsigned i = 0; i < 254; i++)
        add(r, tcb_info_for(1000 + i, 0));
    epoch = ratls_verifier_epoch(r);
    assert_int_equal(ratls_verifier_add_collateral(r, tcb_info_for(2000, 0), &e), RATLS_E_LIMIT);
    assert_int_equal(ratls_verifier_epoch(r), epoch);
    assert_int_equal(judge(r, vendor_quote(&v, BYTES_NONE).quote, VENDOR_T0, 0).code, RATLS_OK);
    ratls_verifier_free(&r);
    ratls_verifier_free(&r);
    ratls_verifier_free(NULL);
}

static void test_roots(void **state)
{
    (void)state;
    ratls_error e = {.text = ""};
    vendor v = vendor_of(QUOTE_SGX, 3, false, VENDOR_T0);
    cert_spec no_ca = v.root, broken = v.root, by_other = v.root, short_path = v.root;
    ext_set(&no_ca.ext, OID_BASIC_CONSTRAINTS, true, ext_basic(false, -1));
    ext_set(&short_path.ext, OID_BASIC_CONSTRAINTS, true, ext_basic(true, 0));
    broken.break_signature = true;
    by_other.issuer = mk_name("CN=Other,O=Test");
    const struct {
        bytes root;
        ratls_code code;
    } cases[] = {
        {vendor_root(&v), RATLS_OK},
        {vendor_root_pem(&v), RATLS_OK},
        {cert_make(&no_ca), RATLS_E_UNTRUSTED},
        {cert_make(&short_path), RATLS_E_UNTRUSTED},
        {cert_make(&broken), RATLS_E_UNTRUSTED},
        {cert_make(&by_other), RATLS_E_UNTRUSTED},
        {vendor_pck(&v), RATLS_E_UNTRUSTED},
        {pem_of("X509 CRL", crl_make(&v.root_crl)), RATLS_E_MALFORMED},
        {BYTES_NONE, RATLS_E_MALFORMED},
        {bytes_text("-----BEGIN CERTIFICATE-----\n"), RATLS_E_MALFORMED},
        {bytes_of(arena_alloc(1 << 24), 1 << 24), RATLS_E_LIMIT},
    };
    ratls_verifier *r = ratls_verifier_new();
    add(r, vendor_collateral_json(&v));
    bytes quote = vendor_quote(&v, BYTES_NONE).quote;
    verdict a = judge(r, quote, VENDOR_T0, 0);
    assert_string_equal(a.check, "pck.chain"); /* Intel's root is trusted until told otherwise */
    for (size_t i = 0; i < COUNT(cases); i++) {
        ratls_code code = ratls_verifier_set_root(r, cases[i].root, &e);
        if (code != cases[i].code || (code != RATLS_OK && e.code != code))
            fail_msg("root %zu: %s (%s)", i, ratls_code_name(code), e.text);
    }
    a = judge(r, quote, VENDOR_T0, 0); /* a root that is refused leaves the earlier one */
    assert_int_equal(a.code, RATLS_OK);
    assert_true(a.facts.other_root);
    ratls_verifier_free(&r);
}

static void test_times(void **state)
{
    (void)state;
    vendor v = vendor_of(QUOTE_SGX, 3, false, VENDOR_T0);
    ratls_verifier *r = verifier_for(&v);
    add(r, vendor_collateral_json(&v));
    bytes quote = vendor_quote(&v, BYTES_NONE).quote;
    int64_t issued = v.tcb_info.issue_date, next = v.tcb_info.next_update;
    assert_int_equal(judge(r, quote, issued, 0).code, RATLS_OK);
    verdict a = judge(r, quote, issued - 1, 0);
    assert_int_equal(a.code, RATLS_E_STALE);
    assert_string_equal(a.check, "tcb_info.validity");
    a = judge(r, quote, issued - 1, 1);
    assert_int_equal(a.code, RATLS_OK);
    assert_false(a.facts.collateral_expired);
    assert_false(judge(r, quote, next - 1, 0).facts.collateral_expired);
    a = judge(r, quote, next, 0); /* as Intel: expired with its last second */
    assert_int_equal(a.code, RATLS_OK);
    assert_true(a.facts.collateral_expired);
    assert_int_equal(a.facts.earliest_expiration, next);
    assert_int_equal(a.facts.latest_issue, issued);
    /* Times that no calendar date has; the last one that has. */
    static const int64_t odd[] = {INT64_MIN, -1, INT64_C(253402300800), INT64_MAX};
    for (size_t i = 0; i < COUNT(odd); i++) {
        a = judge(r, quote, odd[i], UINT32_MAX);
        assert_int_equal(a.code, RATLS_E_STALE);
        assert_string_equal(a.check, "time");
    }
    assert_string_equal(judge(r, quote, 0, UINT32_MAX).check, "");
    assert_string_equal(judge(r, quote, 0, 0).check, "pck.validity");
    a = judge(r, quote, INT64_C(253402300799), UINT32_MAX);
    assert_int_equal(a.code, RATLS_OK);
    assert_true(a.facts.collateral_expired);

    const ratls_verify_options none = {.time = 0}, before = {.time = ratls_build_time() - 1};
    ratls_error e;
    assert_int_equal(ratls_verify_quote(r, quote, &none, NULL, &e), RATLS_E_STALE);
    assert_int_equal(ratls_verify_quote(r, quote, &before, NULL, &e), RATLS_E_STALE);
    assert_int_equal(ratls_verify_certificate(r, quote, &none, NULL, NULL), RATLS_E_STALE);
    const ratls_verify_options explicit_time = {.time = VENDOR_T0, .time_is_explicit = true};
    assert_int_equal(ratls_verify_quote(r, quote, &explicit_time, NULL, NULL), RATLS_OK);
    ratls_verifier_free(&r);
}

/* The parser's refusals surface as such, at every length. */
static void test_truncated_quote(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(layouts); i++) {
        vendor v = vendor_of(layouts[i].tee, layouts[i].version, layouts[i].td15, VENDOR_T0);
        ratls_verifier *r = verifier_for(&v);
        add(r, vendor_collateral_json(&v));
        quote_made m = vendor_quote(&v, BYTES_NONE);
        for (size_t n = 0; n < m.sig_end; n += n < 1100 ? 1 : 37) {
            verdict a = judge(r, bytes_cut(m.quote, n), VENDOR_T0, 0);
            if (a.code != RATLS_E_MALFORMED || strcmp(a.check, "quote.format") != 0)
                fail_msg("%s cut to %zu: %s at %s", layouts[i].name, n, ratls_code_name(a.code),
                         a.check);
        }
        verdict a = judge(r, join(m.quote, bytes_text("padding")), VENDOR_T0, 0);
        assert_int_equal(a.code, RATLS_OK);
        ratls_verifier_free(&r);
    }
}

/* There is no version 4: taken from a peer, and told; not from whom the user trusts. */
static void test_version_4(void **state)
{
    (void)state;
    vendor v = vendor_of(QUOTE_SGX, 3, false, VENDOR_T0);
    ratls_verifier *r = verifier_for(&v);
    ratls_result *result = ratls_result_new();
    ratls_error e;
    add(r, vendor_collateral_json(&v));
    for (int version = 2; version <= 3; version++) {
        tls_spec t = tls_spec_of(&v, TLS_RATS_TLS_LEGACY, NULL);
        t.cert.version = version;
        const ratls_verify_options o = {.time = VENDOR_T0, .time_is_explicit = true};
        assert_int_equal(ratls_verify_certificate(r, tls_make(&t).der, &o, result, &e),
                         RATLS_E_MISSING);
        assert_string_equal(ratls_result_failure(result)->id, "policy.present");
        size_t n, seen = 0;
        const ratls_check *all = ratls_result_checks(result, &n);
        for (size_t i = 0; i < n; i++) {
            if (strcmp(all[i].id, "certificate.format") != 0)
                continue;
            seen++;
            assert_int_equal(strstr(all[i].text, "does not exist") != NULL, version == 3);
            assert_non_null(strstr(all[i].text, version == 3 ? "version 4" : "version 3"));
        }
        assert_int_equal(seen, 1);
    }
    cert_spec root = v.root;
    root.version = 3;
    assert_int_equal(ratls_verifier_set_root(r, cert_make(&root), &e), RATLS_E_UNSUPPORTED);
    assert_int_equal(ratls_verifier_set_ca(r, cert_make(&root), &e), RATLS_E_UNSUPPORTED);
    ratls_result_free(&result);
    ratls_verifier_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_merge_with_qe),
        cmocka_unit_test(test_merge_with_module),
        cmocka_unit_test(test_merge_with_both),
        cmocka_unit_test(test_advisories),
        cmocka_unit_test(test_relaunch),
        cmocka_unit_test(test_svn2_is_not_the_level),
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_newest_crl),
        cmocka_unit_test(test_containers),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_roots),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_truncated_quote),
        cmocka_unit_test(test_version_4),
    };
    return cmocka_run_group_tests_name("verifier", tests, NULL, NULL);
}
