#include "testing.h"

#include "assemble.h"
#include "evidence/claims.h"
#include "evidence/dice.h"
#include "evidence/evidence.h"
#include "vectors.h"

/* A quote's first bytes: version, key type, TEE type. Reading the rest is the quote reader's. */
#define QUOTE3 "0300 0200 00000000 "
#define QUOTE4 "0400 0200 81000000 "
#define CLAIMS "43 a1 61 00 " /* any byte string: claims_parse reads it */

static const struct {
    const char *name, *in;
    ratls_code code;
    const char *says;
} refused[] = {
    {"nothing", "", RATLS_E_MALFORMED, "no CBOR tag"},
    /* hostile input B 22 */
    {"a quote under 60001", "d9ea61 82 48 " QUOTE3 CLAIMS, RATLS_E_MALFORMED, "under a report's"},
    {"a quote of 1024 bytes under 60001", "d9ea61 82 590400 " QUOTE4 "00*1016 " CLAIMS,
     RATLS_E_MALFORMED, "under a report's"},
    {"a quote under 60002", "d9ea62 82 590400 " QUOTE3 "00*1016 " CLAIMS, RATLS_E_MALFORMED,
     "under a report's"},
    {"a v5 quote under 60002", "d9ea62 82 48 0500 0300 81000000 " CLAIMS, RATLS_E_MALFORMED,
     "under a report's"},
    {"a report of another type under 60001", "d9ea61 82 590400 80 00*1023 " CLAIMS,
     RATLS_E_MALFORMED, "0x80"},
    {"a TDX report of 1023 bytes", "d9ea61 82 5903ff 81 00*1022 " CLAIMS, RATLS_E_MALFORMED,
     "1023 bytes"},
    {"a TDX report of 1025 bytes", "d9ea61 82 590401 81 00*1024 " CLAIMS, RATLS_E_MALFORMED,
     "1025 bytes"},
    {"an EREPORT under 60001", "d9ea61 82 5901b0 00*432 " CLAIMS, RATLS_E_MALFORMED, "432 bytes"},
    {"a TDX report under 60002", "d9ea62 82 590400 81 00*1023 " CLAIMS, RATLS_E_MALFORMED,
     "1024 bytes"},
    {"an EREPORT of 431 bytes", "d9ea62 82 5901af 00*431 " CLAIMS, RATLS_E_MALFORMED, "431 bytes"},
    {"an EREPORT of 433 bytes", "d9ea62 82 5901b1 00*433 " CLAIMS, RATLS_E_MALFORMED, "433 bytes"},
    {"an empty report", "d9ea62 82 40 " CLAIMS, RATLS_E_MALFORMED, "0 bytes"},
    {"an empty report type 2", "d9ea61 82 40 " CLAIMS, RATLS_E_MALFORMED, "0 bytes"},
    {"tag 60003", "d9ea63 82 48 " QUOTE3 CLAIMS, RATLS_E_UNSUPPORTED, "tag 60003"},
    {"tag 59999", "d9ea5f 82 48 " QUOTE3 CLAIMS, RATLS_E_UNSUPPORTED, "tag 59999"},
    {"tag 24", "d818 82 48 " QUOTE3 CLAIMS, RATLS_E_UNSUPPORTED, "tag 24"},
    {"tag 0x1a7507", "da001a7507 82 48 " QUOTE3 CLAIMS, RATLS_E_UNSUPPORTED, "tag 1733895"},
    {"no tag", "82 48 " QUOTE3 CLAIMS, RATLS_E_MALFORMED, "no CBOR tag"},
    {"tag in 4 bytes", "da0000ea60 82 48 " QUOTE3 CLAIMS, RATLS_E_MALFORMED, "shortest form"},
    {"tag in 8 bytes", "db000000000000ea60 82 48 " QUOTE3 CLAIMS, RATLS_E_MALFORMED,
     "shortest form"},
    {"tag 2^64-1", "dbff*8 82 48 " QUOTE3 CLAIMS, RATLS_E_UNSUPPORTED, "tag 18446744073709551615"},
    /* 23 */
    {"array of 0", "d9ea60 80", RATLS_E_MALFORMED, "array of quote and claims"},
    {"array of 1", "d9ea60 81 48 " QUOTE3, RATLS_E_MALFORMED, "array of quote and claims"},
    {"array of 3", "d9ea60 83 48 " QUOTE3 CLAIMS "40", RATLS_E_MALFORMED,
     "array of quote and claims"},
    {"array indefinite", "d9ea60 9f 48 " QUOTE3 CLAIMS "ff", RATLS_E_MALFORMED,
     "array of quote and claims"},
    {"array count in 2 bytes", "d9ea60 9802 48 " QUOTE3 CLAIMS, RATLS_E_MALFORMED,
     "array of quote and claims"},
    {"array of 2^32", "d9ea60 9b0000000100000000 48 " QUOTE3 CLAIMS, RATLS_E_MALFORMED,
     "array of quote and claims"},
    {"a map", "d9ea60 a1 48 " QUOTE3 CLAIMS, RATLS_E_MALFORMED, "array of quote and claims"},
    {"only the tag", "d9ea60", RATLS_E_MALFORMED, "array of quote and claims"},
    /* 25 */
    {"quote as text", "d9ea60 82 68 61*8 " CLAIMS, RATLS_E_MALFORMED, "quote or report"},
    {"quote in chunks", "d9ea60 82 5f 48 " QUOTE3 "ff " CLAIMS, RATLS_E_MALFORMED,
     "quote or report"},
    {"quote's length in 3 bytes", "d9ea60 82 590008 " QUOTE3 CLAIMS, RATLS_E_MALFORMED,
     "quote or report"},
    {"quote null", "d9ea60 82 f6 " CLAIMS, RATLS_E_MALFORMED, "quote or report"},
    {"quote an array", "d9ea60 82 80 " CLAIMS, RATLS_E_MALFORMED, "quote or report"},
    /* 26 */
    {"claims-buffer absent", "d9ea60 82 48 " QUOTE3, RATLS_E_MALFORMED, "claims-buffer at"},
    {"claims-buffer a map", "d9ea60 82 48 " QUOTE3 "a0", RATLS_E_MALFORMED, "claims-buffer at"},
    {"claims-buffer as text", "d9ea60 82 48 " QUOTE3 "60", RATLS_E_MALFORMED, "claims-buffer at"},
    {"claims-buffer in chunks", "d9ea60 82 48 " QUOTE3 "5f ff", RATLS_E_MALFORMED,
     "claims-buffer at"},
    /* 33, 34, 36, 38, 39; A 9 */
    {"bytes after", "d9ea60 82 48 " QUOTE3 CLAIMS "00", RATLS_E_MALFORMED, "1 bytes follow"},
    {"evidence twice", "d9ea60 82 48 " QUOTE3 CLAIMS "d9ea60 82 48 " QUOTE3 CLAIMS,
     RATLS_E_MALFORMED, "17 bytes follow"},
    {"nested 10000 deep", "d9ea60 81*10000", RATLS_E_MALFORMED, "array of quote and claims"},
    {"nested 10000 deep inside", "d9ea60 82*10000", RATLS_E_MALFORMED, "quote or report"},
    {"quote longer than the input", "d9ea60 82 5bff*8 " QUOTE3 CLAIMS, RATLS_E_MALFORMED,
     "quote or report"},
    {"claims longer than the input", "d9ea60 82 48 " QUOTE3 "5a7fffffff a1", RATLS_E_MALFORMED,
     "claims-buffer at"},
    {"tag in tag", "d9ea60 d9ea60 82 48 " QUOTE3 CLAIMS, RATLS_E_MALFORMED,
     "array of quote and claims"},
    {"tagged quote", "d9ea60 82 d818 48 " QUOTE3 CLAIMS, RATLS_E_MALFORMED, "quote or report"},
    {"nested tags", "c0*1000", RATLS_E_UNSUPPORTED, "tag 0"},
    {"a float", "fb 00*8", RATLS_E_MALFORMED, "no CBOR tag"},
    {"null", "f6", RATLS_E_MALFORMED, "no CBOR tag"},
    {"a float in the array", "d9ea60 82 f90000 " CLAIMS, RATLS_E_MALFORMED, "quote or report"},
    {"an integer", "00", RATLS_E_MALFORMED, "no CBOR tag"},
    /* A 8: the inner OCTET STRING must be DER and fill the value */
    {"inner string too short", "04 05 d9ea60 82 48 " QUOTE3 CLAIMS, RATLS_E_MALFORMED,
     "OCTET STRING"},
    {"inner string too long", "04 12 d9ea60 82 48 " QUOTE3 CLAIMS, RATLS_E_MALFORMED,
     "OCTET STRING"},
    {"inner length in 2 bytes", "04 8111 d9ea60 82 48 " QUOTE3 CLAIMS, RATLS_E_MALFORMED,
     "OCTET STRING"},
    {"inner length indefinite", "04 80 d9ea60 82 48 " QUOTE3 CLAIMS "0000", RATLS_E_MALFORMED,
     "OCTET STRING"},
    {"inner string empty", "04 00", RATLS_E_MALFORMED, "no CBOR tag"},
    {"inner string in an inner string", "04 13 04 11 d9ea60 82 48 " QUOTE3 CLAIMS,
     RATLS_E_MALFORMED, "no CBOR tag"},
    {"bytes after inside the string", "04 12 d9ea60 82 48 " QUOTE3 CLAIMS "00", RATLS_E_MALFORMED,
     "1 bytes follow"},
    /* conceptual message wrappers [RFC 9999] share the OID */
    {"a record", "82 19ea60 41 00", RATLS_E_UNSUPPORTED, "a record"},
    {"a record of three", "83 63 'a/b' 41 00 04", RATLS_E_UNSUPPORTED, "a record"},
    {"a tag of the range's start", "da63740101 41 00", RATLS_E_UNSUPPORTED, "a tag"},
    {"a tag of the range's end", "da6374ffff 41 00", RATLS_E_UNSUPPORTED, "a tag"},
    {"a tag before the range", "da63740000 41 00", RATLS_E_UNSUPPORTED, "tag 1668546560"},
    {"a collection", "a1 61 'a' 82 00 40", RATLS_E_UNSUPPORTED, "a collection"},
    {"JSON record", "'[0,\"\"]'", RATLS_E_UNSUPPORTED, "JSON"},
    {"JSON collection", "'{}'", RATLS_E_UNSUPPORTED, "JSON"},
};

static void refuses_with_code_and_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        bytes in = assemble(refused[i].in);
        evidence v;
        ratls_error e = {0};
        ratls_code code = evidence_parse(in, &v, &e);
        if (code != refused[i].code || e.code != code || strstr(e.text, refused[i].says) == NULL ||
            e.offset > in.n)
            fail_msg("%s: %s \"%s\"", refused[i].name, ratls_code_name(code), e.text);
        bytes_free(in);
    }
}

static const struct {
    const char *name, *in;
    evidence_kind kind;
    const char *what;
    uint64_t tag;
    size_t payload_n, claims_n;
} accepted[] = {
    {"SGX quote", "d9ea60 82 48 " QUOTE3 CLAIMS, EVIDENCE_INTEL_QUOTE, "quote", 60000, 8, 3},
    {"TDX quote", "d9ea60 82 48 " QUOTE4 CLAIMS, EVIDENCE_INTEL_QUOTE, "quote", 60000, 8, 3},
    {"not a quote, left to its reader", "d9ea60 82 41 ff " CLAIMS, EVIDENCE_INTEL_QUOTE, "quote",
     60000, 1, 3},
    {"empty strings, left to their readers", "d9ea60 82 40 40", EVIDENCE_INTEL_QUOTE, "quote",
     60000, 0, 0},
    {"inner OCTET STRING", "04 11 d9ea60 82 48 " QUOTE3 CLAIMS, EVIDENCE_INTEL_QUOTE, "quote",
     60000, 8, 3},
    {"TDX report", "d9ea61 82 590400 81 00*1023 " CLAIMS, EVIDENCE_TDX_REPORT, "TDX report", 60001,
     1024, 3},
    {"SGX report type 2", "d9ea61 82 590400 00*1024 " CLAIMS, EVIDENCE_SGX_REPORT2,
     "SGX report type 2", 60001, 1024, 3},
    {"EREPORT", "d9ea62 82 5901b0 05*432 " CLAIMS, EVIDENCE_SGX_REPORT, "EREPORT", 60002, 432, 3},
    {"SEV-SNP", "da001a7504 82 5904a0 02 00*1183 " CLAIMS, EVIDENCE_OTHER, "SEV-SNP", 0x1a7504,
     1184, 3},
    {"SEV", "da001a7505 82 41 00 " CLAIMS, EVIDENCE_OTHER, "SEV report", 0x1a7505, 1, 3},
    {"CSV", "da001a7506 82 41 00 " CLAIMS, EVIDENCE_OTHER, "CSV", 0x1a7506, 1, 3},
};

static void accepts_every_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
        bytes in = assemble(accepted[i].in);
        evidence v;
        ratls_error e = {0};
        if (evidence_parse(in, &v, &e) != RATLS_OK)
            fail_msg("%s: %s", accepted[i].name, e.text);
        if (v.scheme != SCHEME_INTEROPERABLE || v.kind != accepted[i].kind ||
            strstr(v.what, accepted[i].what) == NULL || v.tag != accepted[i].tag ||
            v.payload.n != accepted[i].payload_n || v.claims.n != accepted[i].claims_n ||
            v.oid.n != 0)
            fail_msg("%s: read wrongly", accepted[i].name);
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
            ratls_code code = evidence_parse(other, &v, &e);
            bytes_free(other);
            if (code != (n == in.n ? RATLS_OK : RATLS_E_MALFORMED))
                fail_msg("%s, %zu of %zu bytes: %s", accepted[i].name, n, in.n, e.text);
        }
        bytes_free(in);
    }
}

static void offset_counts_from_the_start_of_the_value(void **state)
{
    (void)state;
    bytes in = assemble("04 12 d9ea60 82 48 " QUOTE3 CLAIMS "00");
    evidence v;
    ratls_error e = {0};
    assert_int_equal(evidence_parse(in, &v, &e), RATLS_E_MALFORMED);
    assert_int_equal(e.offset, in.n - 1);
    assert_int_equal(evidence_parse(in, &v, NULL), RATLS_E_MALFORMED);
    bytes_free(in);
}

static void reads_the_sgx_sdk_evidence(void **state)
{
    (void)state;
    vectors_need();
    bytes in = vector_read("sgxsdk/sgxsdk-evidence.cbor");
    evidence v;
    assert_int_equal(evidence_parse(in, &v, NULL), RATLS_OK);
    assert_int_equal(v.tag, 60000);
    assert_int_equal(v.kind, EVIDENCE_INTEL_QUOTE);
    assert_true(bytes_equal(v.payload, vector_read("sgxsdk/sgxsdk-quote.bin")));
    assert_true(bytes_equal(v.claims, vector_read("sgxsdk/sgxsdk-claims.cbor")));
    for (size_t n = 0; n < in.n; n++)
        if (evidence_parse(bytes_of(in.p, n), &v, NULL) != RATLS_E_MALFORMED)
            fail_msg("cut to %zu bytes", n);
}

static void reads_a_real_td_report(void **state)
{
    (void)state;
    vectors_need();
    bytes report = vector_read("sgxsdk/tdreport_for_test.dat");
    uint8_t out[1100];
    writer w = wr_of(out, sizeof out);
    wr_be(&w, 0xd9ea6182590400, 7);
    wr_put(&w, report);
    wr_u8(&w, 0x40);
    evidence v;
    assert_int_equal(evidence_parse(wr_bytes(&w), &v, NULL), RATLS_OK);
    assert_int_equal(v.kind, EVIDENCE_TDX_REPORT);
    assert_true(bytes_equal(v.payload, report));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_with_code_and_reason),
        cmocka_unit_test(accepts_every_kind),
        cmocka_unit_test(every_truncation_and_extension_is_refused),
        cmocka_unit_test(offset_counts_from_the_start_of_the_value),
        cmocka_unit_test(reads_the_sgx_sdk_evidence),
        cmocka_unit_test(reads_a_real_td_report),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
