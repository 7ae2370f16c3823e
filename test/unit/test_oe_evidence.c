#include "testing.h"

#include "assemble.h"
#include "base/writer.h"
#include "crypto/crypto.h"
#include "evidence/oe_evidence.h"
#include "vectors.h"

#define QUOTE "0300 0200 00000000 "

static const struct {
    const char *name, *in;
    ratls_code code;
    const char *says;
} reports_refused[] = {
    {"nothing", "", RATLS_E_MALFORMED, "0 bytes"},
    {"header of 15 bytes", "01000000 02000000 00*7", RATLS_E_MALFORMED, "15 bytes"},
    {"version 0", "00000000 02000000 0800000000000000 " QUOTE, RATLS_E_UNSUPPORTED, "version 0"},
    {"version 2", "02000000 02000000 0800000000000000 " QUOTE, RATLS_E_UNSUPPORTED, "version 2"},
    {"version big-endian", "00000001 02000000 0800000000000000 " QUOTE, RATLS_E_UNSUPPORTED,
     "version 16777216"},
    {"type 0", "01000000 00000000 0800000000000000 " QUOTE, RATLS_E_UNSUPPORTED, "type 0"},
    {"type 3", "01000000 03000000 0800000000000000 " QUOTE, RATLS_E_UNSUPPORTED, "type 3"},
    {"size too small", "01000000 02000000 0700000000000000 " QUOTE, RATLS_E_MALFORMED, "says 7 "},
    {"size too big", "01000000 02000000 0900000000000000 " QUOTE, RATLS_E_MALFORMED, "says 9 "},
    {"size 2^64-1", "01000000 02000000 ff*8 " QUOTE, RATLS_E_MALFORMED,
     "says 18446744073709551615"},
    {"size with a high half", "01000000 02000000 0800000001000000 " QUOTE, RATLS_E_MALFORMED,
     "says 4294967304"},
    {"local report of 431 bytes", "01000000 01000000 af01000000000000 00*431", RATLS_E_MALFORMED,
     "431 bytes, expected 432"},
    {"a quote as local report", "01000000 01000000 0800000000000000 " QUOTE, RATLS_E_MALFORMED,
     "8 bytes, expected 432"},
};

static void refuses_reports_with_code_and_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof reports_refused / sizeof *reports_refused; i++) {
        bytes in = assemble(reports_refused[i].in);
        evidence v;
        ratls_error e = {0};
        ratls_code code = oe_report_parse(in, &v, &e);
        if (code != reports_refused[i].code || e.code != code ||
            strstr(e.text, reports_refused[i].says) == NULL)
            fail_msg("%s: %s \"%s\"", reports_refused[i].name, ratls_code_name(code), e.text);
        bytes_free(in);
    }
}

#define ECDSA  "a3a21e871b4d4014b70aa125d2fbcd8c "
#define TDX    "8ba70286c1cf11edafa10242ac120002 "
#define LOCAL  "09268c336e0b45e58a2715644d0ef89a "
#define RAW    "1923d91e12d24c72b22025cd8dace871 "
#define REPORT "c8303454d9234c2ca691df7def460a76 "
#define EPID_L "f228aa3fde4d49d3884cb2aa87a50da6 "
#define EPID_U "5c35d290a2c24c559e135ad732746c88 "

static const struct {
    const char *name, *in;
    ratls_code code;
    const char *says;
} refused[] = {
    {"nothing", "", RATLS_E_MALFORMED, "0 bytes"},
    {"header of 31 bytes", "03000000 " ECDSA "00*11", RATLS_E_MALFORMED, "31 bytes"},
    {"version 2", "02000000 " ECDSA "00*4 0800000000000000 " QUOTE, RATLS_E_UNSUPPORTED,
     "version 2"},
    {"version 4", "04000000 " ECDSA "00*4 0800000000000000 " QUOTE, RATLS_E_UNSUPPORTED,
     "version 4"},
    {"an unknown format", "03000000 a3a21e871b4d4014b70aa125d2fbcd8d 00*4 0800000000000000 " QUOTE,
     RATLS_E_UNSUPPORTED, "format id a3a21e871b4d4014b70aa125d2fbcd8d"},
    {"size too small", "03000000 " ECDSA "00*4 0700000000000000 " QUOTE, RATLS_E_MALFORMED,
     "says 7 "},
    {"size too big", "03000000 " ECDSA "00*4 0900000000000000 " QUOTE, RATLS_E_MALFORMED,
     "says 9 "},
    {"size 2^64-1", "03000000 " ECDSA "00*4 ff*8 " QUOTE, RATLS_E_MALFORMED,
     "says 18446744073709551615"},
    {"local report of 431 bytes", "03000000 " LOCAL "00*4 af01000000000000 00*431",
     RATLS_E_MALFORMED, "431 bytes, expected 432"},
};

static void refuses_evidence_with_code_and_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        bytes in = assemble(refused[i].in);
        evidence v;
        ratls_error e = {0};
        ratls_code code = oe_evidence_parse(in, &v, &e);
        if (code != refused[i].code || e.code != code || strstr(e.text, refused[i].says) == NULL)
            fail_msg("%s: %s \"%s\"", refused[i].name, ratls_code_name(code), e.text);
        bytes_free(in);
    }
}

typedef ratls_code parser(bytes in, evidence *out, ratls_error *e);

static const struct {
    const char *name;
    parser *parse;
    const char *in;
    evidence_kind kind;
    const char *what;
    size_t payload_n, claims_n;
} accepted[] = {
    {"remote report", oe_report_parse, "01000000 02000000 0800000000000000 " QUOTE,
     EVIDENCE_INTEL_QUOTE, "SGX quote", 8, 0},
    {"local report", oe_report_parse, "01000000 01000000 b001000000000000 00*432",
     EVIDENCE_SGX_REPORT, "local report", 432, 0},
    {"SGX v3 and claims", oe_evidence_parse,
     "03000000 " ECDSA "00*4 be01000000000000 " QUOTE "00*424 03000000 aa*3 'claims' 00",
     EVIDENCE_INTEL_QUOTE, "SGX quote", 439, 7},
    {"SGX v3 without claims", oe_evidence_parse,
     "03000000 " ECDSA "00*4 b701000000000000 " QUOTE "00*424 03000000 aa*3", EVIDENCE_INTEL_QUOTE,
     "SGX quote", 439, 0},
    {"padding is whatever it is", oe_evidence_parse,
     "03000000 " ECDSA "de*4 b701000000000000 " QUOTE "00*424 03000000 aa*3", EVIDENCE_INTEL_QUOTE,
     "SGX quote", 439, 0},
    {"SGX v4 and claims", oe_evidence_parse,
     "03000000 " ECDSA "00*4 b801000000000000 0400 0200 00000000 00*424 03000000 aa*3 00",
     EVIDENCE_INTEL_QUOTE, "SGX quote", 439, 1},
    {"TDX v4 and claims", oe_evidence_parse,
     "03000000 " TDX "00*4 8202000000000000 0400 0200 81000000 00*624 03000000 aa*3 00*3",
     EVIDENCE_INTEL_QUOTE, "TDX quote", 639, 3},
    {"TDX v5 and claims", oe_evidence_parse,
     "03000000 " TDX "00*4 c602000000000000 0500 0200 81000000 00*40 0300 88020000 00*648 03000000 "
     "aa*3 00",
     EVIDENCE_INTEL_QUOTE, "TDX quote", 709, 1},
    {"a quote whose lengths do not fit, left to its reader", oe_evidence_parse,
     "03000000 " ECDSA "00*4 b701000000000000 " QUOTE "00*424 04000000 aa*3", EVIDENCE_INTEL_QUOTE,
     "SGX quote", 439, 0},
    {"a quote of 8 bytes, left to its reader", oe_evidence_parse,
     "03000000 " ECDSA "00*4 0800000000000000 " QUOTE, EVIDENCE_INTEL_QUOTE, "SGX quote", 8, 0},
    {"local attestation", oe_evidence_parse, "03000000 " LOCAL "00*4 b201000000000000 00*432 'pk'",
     EVIDENCE_SGX_REPORT, "local attestation", 432, 2},
    {"bare quote", oe_evidence_parse, "03000000 " RAW "00*4 0800000000000000 " QUOTE,
     EVIDENCE_OTHER, "bare SGX quote", 8, 0},
    {"report inside", oe_evidence_parse, "03000000 " REPORT "00*4 0800000000000000 " QUOTE,
     EVIDENCE_OTHER, "Open Enclave report", 8, 0},
    {"EPID, linkable", oe_evidence_parse, "03000000 " EPID_L "00*4 0100000000000000 02",
     EVIDENCE_RETIRED, "EPID quote, linkable", 1, 0},
    {"EPID, unlinkable", oe_evidence_parse, "03000000 " EPID_U "00*4 0100000000000000 02",
     EVIDENCE_RETIRED, "EPID quote, unlinkable", 1, 0},
};

static void accepts_every_format(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
        bytes in = assemble(accepted[i].in);
        evidence v;
        ratls_error e = {0};
        if (accepted[i].parse(in, &v, &e) != RATLS_OK)
            fail_msg("%s: %s", accepted[i].name, e.text);
        if (v.scheme !=
                (accepted[i].parse == oe_report_parse ? SCHEME_OE_REPORT : SCHEME_OE_EVIDENCE) ||
            v.kind != accepted[i].kind || strstr(v.what, accepted[i].what) == NULL ||
            v.payload.n != accepted[i].payload_n || v.claims.n != accepted[i].claims_n ||
            v.oid.n != 0 || v.tag != 0)
            fail_msg("%s: read wrongly (%zu, %zu)", accepted[i].name, v.payload.n, v.claims.n);
        bytes_free(in);
    }
}

static void every_truncation_and_extension_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
        bytes in = assemble(accepted[i].in);
        for (size_t n = 0; n <= in.n + 1; n++) {
            bytes other = bytes_resized(in, n);
            evidence v;
            ratls_error e = {0};
            ratls_code code = accepted[i].parse(other, &v, &e);
            bytes_free(other);
            if (code != (n == in.n ? RATLS_OK : RATLS_E_MALFORMED))
                fail_msg("%s, %zu of %zu bytes: %s", accepted[i].name, n, in.n, e.text);
        }
        bytes_free(in);
    }
}

#define ONE   "0200000000000000 0300000000000000 'a' 00 010203 "
#define TWO   "0200000000000000 0000000000000000 'b' 00 "
#define COUNT "00000000000000 "

static const struct {
    const char *name, *in;
    ratls_code code;
    const char *says;
    size_t n;
} claim_cases[] = {
    {"none", "01" COUNT "00" COUNT, RATLS_OK, "", 0},
    {"one", "01" COUNT "01" COUNT ONE, RATLS_OK, "", 1},
    {"two", "01" COUNT "02" COUNT ONE TWO, RATLS_OK, "", 2},
    {"nothing", "", RATLS_E_MALFORMED, "0 bytes", 0},
    {"version 0", "00" COUNT "00" COUNT, RATLS_E_UNSUPPORTED, "version 0", 0},
    {"version 2", "02" COUNT "01" COUNT ONE, RATLS_E_UNSUPPORTED, "version 2", 0},
    {"2^64-1 claims", "01" COUNT "ff*8 " ONE, RATLS_E_MALFORMED, "18446744073709551615 claims", 0},
    {"two claims said, one there", "01" COUNT "02" COUNT ONE, RATLS_E_MALFORMED, "2 claims", 0},
    {"more than there is room for", "01" COUNT "03" COUNT ONE TWO TWO, RATLS_E_LIMIT, "at most 2",
     0},
    {"bytes after", "01" COUNT "01" COUNT ONE "00", RATLS_E_MALFORMED, "1 bytes follow", 0},
    {"a claim not counted", "01" COUNT "01" COUNT ONE TWO, RATLS_E_MALFORMED, "18 bytes follow", 0},
    {"same name twice", "01" COUNT "02" COUNT ONE ONE, RATLS_E_MALFORMED, "same name", 0},
    {"name without NUL", "01" COUNT "01" COUNT "0100000000000000 0000000000000000 'a'",
     RATLS_E_MALFORMED, "only NUL", 0},
    {"name of no bytes", "01" COUNT "01" COUNT "0000000000000000 0000000000000000",
     RATLS_E_MALFORMED, "only NUL", 0},
    {"name with two NULs", "01" COUNT "01" COUNT "0300000000000000 0000000000000000 'a' 00 00",
     RATLS_E_MALFORMED, "only NUL", 0},
    {"name longer than the input", "01" COUNT "01" COUNT "ff*8 0000000000000000 'a' 00",
     RATLS_E_MALFORMED, "longer than what remains", 0},
    {"value longer than the input",
     "01" COUNT "01" COUNT "0200000000000000 0100000000000000 'a' 00", RATLS_E_MALFORMED,
     "longer than what remains", 0},
    {"sizes whose sum wraps", "01" COUNT "01" COUNT "0200000000000000 ff*8 'a' 00",
     RATLS_E_MALFORMED, "longer than what remains", 0},
};

static void custom_claims_are_read_strictly(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof claim_cases / sizeof *claim_cases; i++) {
        bytes in = assemble(claim_cases[i].in);
        oe_claim out[2];
        size_t n = 9;
        ratls_error e = {0};
        ratls_code code = oe_custom_claims_parse(in, out, 2, &n, &e);
        if (code != claim_cases[i].code || e.code != code || n != claim_cases[i].n ||
            strstr(e.text, claim_cases[i].says) == NULL)
            fail_msg("%s: %s \"%s\"", claim_cases[i].name, ratls_code_name(code), e.text);
        if (n > 0) {
            assert_true(bytes_is(out[0].name, "a"));
            assert_int_equal(out[0].value.n, 3);
        }
        if (n > 1) {
            assert_true(bytes_is(out[1].name, "b"));
            assert_int_equal(out[1].value.n, 0);
        }
        for (size_t k = 0; code == RATLS_OK && k < in.n; k++) {
            bytes cut = bytes_resized(in, k);
            if (oe_custom_claims_parse(cut, out, 2, &n, NULL) != RATLS_E_MALFORMED)
                fail_msg("%s: cut to %zu bytes", claim_cases[i].name, k);
            bytes_free(cut);
        }
        bytes_free(in);
    }
}

static void reads_a_real_report(void **state)
{
    (void)state;
    vectors_need();
    bytes in = vector_read("oe/sgx_report_bad.bin");
    evidence v;
    assert_int_equal(oe_report_parse(in, &v, NULL), RATLS_OK);
    assert_int_equal(v.kind, EVIDENCE_INTEL_QUOTE);
    assert_int_equal(v.payload.n, 4580);
}

/* A real quote in the header that the published file lacks, with claims behind it. */
static void splits_real_quotes_from_the_claims(void **state)
{
    (void)state;
    vectors_need();
    static const struct {
        const char *file;
        const char *uuid;
        size_t padding; /* the file's own bytes after the signature data */
    } cases[] = {
        {"oe/sgx-2022/evidence.bin", ECDSA, 0},
        {"oe/sgx_quote_2023.bin", ECDSA, 0},
        {"oe/tdx/tdx_quote_v4_fmspc50806f000000.bin", TDX, 0},
        {"oe/tdx/tdx_quote_v5_fmspc00806f050000.bin", TDX, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bytes quote = vector_read(cases[i].file);
        static const uint8_t pem[] = "-----BEGIN PUBLIC KEY-----";
        static uint8_t out[8192];
        writer w = wr_of(out, sizeof out);
        bytes uuid = assemble(cases[i].uuid);
        wr_le(&w, 3, 4);
        wr_put(&w, uuid);
        wr_fill(&w, 0, 4);
        wr_le(&w, quote.n + sizeof pem, 8);
        wr_put(&w, quote);
        wr_put(&w, bytes_of(pem, sizeof pem));
        bytes_free(uuid);
        evidence v;
        ratls_error e = {0};
        if (oe_evidence_parse(wr_bytes(&w), &v, &e) != RATLS_OK)
            fail_msg("%s: %s", cases[i].file, e.text);
        if (v.kind != EVIDENCE_INTEL_QUOTE || v.payload.n + cases[i].padding != quote.n ||
            v.claims.n != cases[i].padding + sizeof pem)
            fail_msg("%s: %zu and %zu bytes", cases[i].file, v.payload.n, v.claims.n);
    }
}

static void published_evidence_is_bound_to_no_claims(void **state)
{
    (void)state;
    vectors_need();
    bytes quote = vector_read("oe/sgx-2022/evidence.bin");
    uint8_t hash[32];
    assert_true(crypto_digest(CRYPTO_SHA256, NULL, 0, hash));
    assert_true(bytes_equal(bytes_of(quote.p + 368, 32), bytes_of(hash, sizeof hash)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_reports_with_code_and_reason),
        cmocka_unit_test(refuses_evidence_with_code_and_reason),
        cmocka_unit_test(accepts_every_format),
        cmocka_unit_test(every_truncation_and_extension_is_refused),
        cmocka_unit_test(custom_claims_are_read_strictly),
        cmocka_unit_test(reads_a_real_report),
        cmocka_unit_test(splits_real_quotes_from_the_claims),
        cmocka_unit_test(published_evidence_is_bound_to_no_claims),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
