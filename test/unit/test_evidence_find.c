#include "testing.h"

#include "assemble.h"
#include "base/base64.h"
#include "base/writer.h"
#include "evidence/claims.h"
#include "evidence/evidence.h"
#include "vectors.h"

/* OID contents. */
#define COMMON        "67 81 05 05 04 09"
#define ENDORSEMENTS  "67 81 05 05 04 02"
#define INTEL_1337    "2a 86 48 86 f8 4d 8a 39 "
#define GRAMINE       INTEL_1337 "06"
#define GRAMINE_WRONG "06 09 " INTEL_1337 "06"
#define SGX_SDK       "2a 86 48 86 f8 4d 01 0d 01"
#define OE_OLD        "2a 86 48 86 f7 14 0a 01 "
#define OE_NEW        "2b 06 01 04 01 82 37 69 "
#define CMW           "2b 06 01 05 05 07 01 23"
#define DSTACK        "2b 06 01 04 01 83 e7 3d 01 "
#define SAN           "55 1d 11"

/* Values. */
#define QUOTE       "0300 0200 00000000 "
#define EVIDENCE    "d9ea60 82 48 " QUOTE "41 00"
#define OE_REPORT   "01000000 02000000 08000000 00000000 " QUOTE
#define OE_ECDSA    "a3a21e871b4d4014b70aa125d2fbcd8c "
#define OE_EVIDENCE "03000000 " OE_ECDSA "00*4 08000000 00000000 " QUOTE

/* SEQUENCE { SET { O } }, SEQUENCE { SET { O }, SET { CN } } */
#define NAME_OTHER "30 10 31 0e 30 0c 06 03 55 04 0a 0c 05 'Other'"
#define NAME_RATS_TLS                                                                              \
    "30 32 31 1d 30 1b 06 03 55 04 0a 0c 14 'Inclavare Containers' 31 11 30 0f 06 03 55 04 03 "    \
    "0c 08 'RATS-TLS'"
#define NAME_WITH_OID "30 14 31 12 30 10 06 06 67 81 05 05 04 09 0c 06 67 81 05 05 04 09"

enum { EXTENSIONS = 7, SIZE = 8192 };

typedef struct test_certificate {
    uint8_t der[SIZE]; /* stands for the whole: the parts in any order */
    certificate c;
} test_certificate;

static bytes place(writer *w, const char *text)
{
    bytes b = assemble(text);
    size_t at = w->n;
    wr_put(w, b);
    assert_true(wr_ok(w));
    bytes_free(b);
    return bytes_of(w->out + at, w->n - at);
}

/* `pairs`: OID and value, alternating; ends with NULL. */
static void make(test_certificate *t, const char *subject, const char *const *pairs)
{
    memset(t, 0, sizeof *t);
    writer w = wr_of(t->der, sizeof t->der);
    t->c.subject = place(&w, subject);
    for (; *pairs != NULL; pairs += 2) {
        extension *x = &t->c.extensions[t->c.extensions_n++];
        x->oid = place(&w, pairs[0]);
        x->value = place(&w, pairs[1]);
    }
    t->c.der = wr_bytes(&w);
}

static const struct {
    const char *name;
    const char *extensions[2 * EXTENSIONS + 1];
    struct {
        evidence_scheme scheme;
        evidence_kind kind;
        const char *what;
        size_t payload_n;
    } expected[EVIDENCE_MAX + 1]; /* ends with SCHEME_NONE */
} found[] = {
    {"common", {COMMON, EVIDENCE}, {{SCHEME_INTEROPERABLE, EVIDENCE_INTEL_QUOTE, "quote", 8}}},
    {"common in an OCTET STRING",
     {COMMON, "04 0f " EVIDENCE},
     {{SCHEME_INTEROPERABLE, EVIDENCE_INTEL_QUOTE, "quote", 8}}},
    {"common after others",
     {"55 1d 13", "30 00", GRAMINE_WRONG, QUOTE "00", COMMON, EVIDENCE},
     {{SCHEME_INTEROPERABLE, EVIDENCE_INTEL_QUOTE, "quote", 8},
      {SCHEME_GRAMINE_LEGACY, EVIDENCE_INTEL_QUOTE, "quote", 9}}},
    {"Gramine, mis-encoded OID",
     {GRAMINE_WRONG, QUOTE},
     {{SCHEME_GRAMINE_LEGACY, EVIDENCE_INTEL_QUOTE, "quote", 8}}},
    {"Gramine, the OID that was meant",
     {GRAMINE, QUOTE},
     {{SCHEME_GRAMINE_LEGACY, EVIDENCE_INTEL_QUOTE, "quote", 8}}},
    {"Gramine, both",
     {GRAMINE, QUOTE, GRAMINE_WRONG, QUOTE "00"},
     {{SCHEME_GRAMINE_LEGACY, EVIDENCE_INTEL_QUOTE, "quote", 9},
      {SCHEME_GRAMINE_LEGACY, EVIDENCE_INTEL_QUOTE, "quote", 8}}},
    {"Gramine with EPID",
     {GRAMINE_WRONG, "0200 0100 00*428"},
     {{SCHEME_GRAMINE_LEGACY, EVIDENCE_RETIRED, "EPID", 432}}},
    {"SGX SDK before 2.22",
     {SGX_SDK, QUOTE},
     {{SCHEME_SGX_SDK_LEGACY, EVIDENCE_INTEL_QUOTE, "quote", 8}}},
    {"SGX SDK",
     {SGX_SDK, QUOTE, COMMON, EVIDENCE},
     {{SCHEME_INTEROPERABLE, EVIDENCE_INTEL_QUOTE, "quote", 8},
      {SCHEME_SGX_SDK_LEGACY, EVIDENCE_INTEL_QUOTE, "quote", 8}}},
    {"RATS-TLS, TD quote",
     {INTEL_1337 "08", QUOTE},
     {{SCHEME_RATS_TLS_LEGACY, EVIDENCE_INTEL_QUOTE, "TDX quote", 8}}},
    {"RATS-TLS, EREPORT",
     {INTEL_1337 "0e", "05*432"},
     {{SCHEME_RATS_TLS_LEGACY, EVIDENCE_SGX_REPORT, "EREPORT", 432}}},
    {"RATS-TLS, IAS in four extensions is one",
     {INTEL_1337 "03", "00", INTEL_1337 "02", "0000", INTEL_1337 "05", "00", INTEL_1337 "04", "00"},
     {{SCHEME_RATS_TLS_LEGACY, EVIDENCE_RETIRED, "EPID", 2}}},
    {"RATS-TLS, IAS root alone",
     {INTEL_1337 "03", "00"},
     {{SCHEME_RATS_TLS_LEGACY, EVIDENCE_RETIRED, "EPID", 1}}},
    {"RATS-TLS, SNP",
     {INTEL_1337 "14", "00"},
     {{SCHEME_RATS_TLS_LEGACY, EVIDENCE_OTHER, "SEV-SNP", 1}}},
    {"RATS-TLS, SEV",
     {INTEL_1337 "16", "00"},
     {{SCHEME_RATS_TLS_LEGACY, EVIDENCE_OTHER, "SEV report", 1}}},
    {"RATS-TLS, CSV",
     {INTEL_1337 "18", "00"},
     {{SCHEME_RATS_TLS_LEGACY, EVIDENCE_OTHER, "CSV", 1}}},
    {"Open Enclave report, old OID",
     {OE_OLD "01", OE_REPORT},
     {{SCHEME_OE_REPORT, EVIDENCE_INTEL_QUOTE, "quote", 8}}},
    {"Open Enclave report, new OID",
     {OE_NEW "01", OE_REPORT},
     {{SCHEME_OE_REPORT, EVIDENCE_INTEL_QUOTE, "quote", 8}}},
    {"Open Enclave evidence, old OID",
     {OE_OLD "02", OE_EVIDENCE},
     {{SCHEME_OE_EVIDENCE, EVIDENCE_INTEL_QUOTE, "quote", 8}}},
    {"Open Enclave evidence, new OID",
     {OE_NEW "02", OE_EVIDENCE},
     {{SCHEME_OE_EVIDENCE, EVIDENCE_INTEL_QUOTE, "quote", 8}}},
    {"Open Enclave, all four",
     {OE_NEW "02", OE_EVIDENCE, OE_OLD "02", OE_EVIDENCE, OE_NEW "01", OE_REPORT, OE_OLD "01",
      OE_REPORT},
     {{SCHEME_OE_REPORT, EVIDENCE_INTEL_QUOTE, "quote", 8},
      {SCHEME_OE_REPORT, EVIDENCE_INTEL_QUOTE, "quote", 8},
      {SCHEME_OE_EVIDENCE, EVIDENCE_INTEL_QUOTE, "quote", 8},
      {SCHEME_OE_EVIDENCE, EVIDENCE_INTEL_QUOTE, "quote", 8}}},
    {"a quote goes before a report",
     {OE_OLD "01", "01000000 01000000 b0010000 00000000 00*432", OE_NEW "02", OE_EVIDENCE},
     {{SCHEME_OE_EVIDENCE, EVIDENCE_INTEL_QUOTE, "quote", 8},
      {SCHEME_OE_REPORT, EVIDENCE_SGX_REPORT, "local report", 432}}},
    {"the common one goes first whatever it is",
     {GRAMINE, QUOTE, COMMON, "da001a7504 82 41 00 40"},
     {{SCHEME_INTEROPERABLE, EVIDENCE_OTHER, "SEV-SNP", 1},
      {SCHEME_GRAMINE_LEGACY, EVIDENCE_INTEL_QUOTE, "quote", 8}}},
    {"CMW", {CMW, "0c 02 '{}'"}, {{SCHEME_OTHER, EVIDENCE_OTHER, "RFC 9999", 4}}},
    {"dstack in four extensions is one",
     {DSTACK "02", "00", DSTACK "09", "00", DSTACK "08", "00", DSTACK "01", "0000"},
     {{SCHEME_OTHER, EVIDENCE_OTHER, "dstack", 2}}},
    {"dstack attestation alone",
     {DSTACK "08", "00"},
     {{SCHEME_OTHER, EVIDENCE_OTHER, "dstack", 1}}},
    {"Constellation",
     {"2b cd 2c 04 01", "'{}'"},
     {{SCHEME_OTHER, EVIDENCE_OTHER, "Constellation", 2}}},
    {"Flashbots", {"2b cd 2c 06", "00"}, {{SCHEME_OTHER, EVIDENCE_OTHER, "Flashbots", 1}}},
    {"the common one beside what is not judged",
     {DSTACK "01", "00", "2b cd 2c 06", "00", COMMON, EVIDENCE, CMW, "00"},
     {{SCHEME_INTEROPERABLE, EVIDENCE_INTEL_QUOTE, "quote", 8},
      {SCHEME_OTHER, EVIDENCE_OTHER, "RFC 9999", 1},
      {SCHEME_OTHER, EVIDENCE_OTHER, "dstack", 1},
      {SCHEME_OTHER, EVIDENCE_OTHER, "Constellation", 1}}},
    {"Nitro in a name",
     {SAN, "30 1a 82 03 'a.b' 82 13 '8444a1013822a0590.a'"},
     {{SCHEME_OTHER, EVIDENCE_OTHER, "Nitro", 17}}},
    {"the SGX extension of a PCK certificate is no evidence",
     {SGX_SDK, "30 00", COMMON, EVIDENCE},
     {{SCHEME_INTEROPERABLE, EVIDENCE_INTEL_QUOTE, "quote", 8}}},
};

static void finds_every_carrier_in_the_order_of_choice(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
        test_certificate t;
        make(&t, NAME_OTHER, found[i].extensions);
        evidence_set set;
        ratls_error e = {0};
        if (evidence_find(&t.c, &set, &e) != RATLS_OK)
            fail_msg("%s: %s", found[i].name, e.text);
        size_t n = 0;
        for (; found[i].expected[n].scheme != SCHEME_NONE; n++) {
            const evidence *v = &set.all[n];
            if (n >= set.n || v->scheme != found[i].expected[n].scheme ||
                v->kind != found[i].expected[n].kind ||
                strstr(v->what, found[i].expected[n].what) == NULL ||
                v->payload.n != found[i].expected[n].payload_n || v->oid.n == 0)
                fail_msg("%s: number %zu is read wrongly", found[i].name, n);
        }
        if (n != set.n || set.endorsements.n != 0)
            fail_msg("%s: %zu found, expected %zu", found[i].name, set.n, n);
    }
}

static const struct {
    const char *name, *subject;
    const char *extensions[2 * EXTENSIONS + 1];
    ratls_code code;
    const char *says;
} refused[] = {
    {"nothing", NAME_OTHER, {NULL}, RATLS_E_MISSING, "no evidence among its 0 extensions"},
    {"ordinary extensions",
     NAME_OTHER,
     {"55 1d 13", "30 00", "55 1d 0e", "04 00", SAN, "30 05 82 03 'a.b'"},
     RATLS_E_MISSING,
     "no evidence among its 3 extensions"},
    {"nullattester", NAME_RATS_TLS, {"55 1d 13", "30 00"}, RATLS_E_MISSING, "nullattester"},
    {"a PCK certificate", NAME_OTHER, {SGX_SDK, "30 00"}, RATLS_E_MISSING, "a PCK certificate"},
    {"endorsements alone",
     NAME_OTHER,
     {ENDORSEMENTS, "d9ea60 80"},
     RATLS_E_MISSING,
     "no evidence among"},
    /* hostile input A 3, 4 */
    {"the OID inside another extension",
     NAME_OTHER,
     {"55 1d 0e", "04 16 30 14 06 06 " COMMON " 04 0f " EVIDENCE},
     RATLS_E_MISSING,
     "no evidence among"},
    {"the OID in the subject", NAME_WITH_OID, {NULL}, RATLS_E_MISSING, "no evidence among"},
    {"the OID in a name",
     NAME_OTHER,
     {SAN, "30 08 88 06 " COMMON},
     RATLS_E_MISSING,
     "no evidence among"},
    {"the OID in a name of another kind",
     NAME_OTHER,
     {SAN, "30 12 a0 10 06 06 " COMMON " a0 06 04 04 d9ea6080"},
     RATLS_E_MISSING,
     "no evidence among"},
    {"a longer OID", NAME_OTHER, {COMMON " 01", EVIDENCE}, RATLS_E_MISSING, "no evidence among"},
    {"a shorter OID",
     NAME_OTHER,
     {"67 81 05 05 04", EVIDENCE},
     RATLS_E_MISSING,
     "no evidence among"},
    {"a longer OID than Gramine's",
     NAME_OTHER,
     {GRAMINE " 01", QUOTE},
     RATLS_E_MISSING,
     "no evidence among"},
    {"an arc that only begins with 9900",
     NAME_OTHER,
     {"2b cd ac 01", "00"},
     RATLS_E_MISSING,
     "no evidence among"},
    {"the digits of a Nitro document elsewhere in a name",
     NAME_OTHER,
     {SAN, "30 14 82 12 '08444a1013822a0590'"},
     RATLS_E_MISSING,
     "no evidence among"},
    {"a broken name", NAME_OTHER, {SAN, "30 7f 82"}, RATLS_E_MISSING, "no evidence among"},
    /* A 9: a bad common extension never falls back */
    {"a common one that can't be read",
     NAME_OTHER,
     {GRAMINE, QUOTE, COMMON, EVIDENCE "00"},
     RATLS_E_MALFORMED,
     "1 bytes follow"},
    {"an empty common one", NAME_OTHER, {COMMON, "", GRAMINE, QUOTE}, RATLS_E_MALFORMED, "no CBOR"},
    {"a common one of an unknown tag",
     NAME_OTHER,
     {COMMON, "d9ea63 82 40 40", OE_OLD "01", OE_REPORT},
     RATLS_E_UNSUPPORTED,
     "tag 60003"},
    {"endorsements in a broken OCTET STRING",
     NAME_OTHER,
     {COMMON, EVIDENCE, ENDORSEMENTS, "04 05 00"},
     RATLS_E_MALFORMED,
     "endorsements: begins with an OCTET STRING"},
    {"an older one beside it that can't be read",
     NAME_OTHER,
     {COMMON, EVIDENCE, OE_OLD "01", "01000000 02000000 09000000 00000000 " QUOTE},
     RATLS_E_MALFORMED,
     "Open Enclave report: the header says 9"},
    {"Open Enclave evidence of an unknown format",
     NAME_OTHER,
     {OE_NEW "02", "03000000 00*20 08000000 00000000 " QUOTE},
     RATLS_E_UNSUPPORTED,
     "unknown format id"},
    {"five pieces",
     NAME_OTHER,
     {OE_NEW "02", OE_EVIDENCE, OE_OLD "02", OE_EVIDENCE, OE_NEW "01", OE_REPORT, OE_OLD "01",
      OE_REPORT, COMMON, EVIDENCE},
     RATLS_E_LIMIT,
     "more than 4"},
    {"five pieces, one not judged",
     NAME_OTHER,
     {OE_NEW "02", OE_EVIDENCE, OE_OLD "02", OE_EVIDENCE, OE_NEW "01", OE_REPORT, OE_OLD "01",
      OE_REPORT, CMW, "00"},
     RATLS_E_LIMIT,
     "more than 4"},
};

static void refuses_with_code_and_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        test_certificate t;
        make(&t, refused[i].subject, refused[i].extensions);
        evidence_set set;
        ratls_error e = {0};
        ratls_code code = evidence_find(&t.c, &set, &e);
        if (code != refused[i].code || e.code != code || strstr(e.text, refused[i].says) == NULL ||
            e.offset > t.c.der.n)
            fail_msg("%s: %s \"%s\"", refused[i].name, ratls_code_name(code), e.text);
        if (evidence_find(&t.c, &set, NULL) != code)
            fail_msg("%s: another code without an error", refused[i].name);
    }
}

static void error_tells_the_place_in_the_certificate(void **state)
{
    (void)state;
    test_certificate t;
    make(&t, NAME_OTHER, (const char *const[]){"55 1d 13", "30 00", COMMON, EVIDENCE "00", NULL});
    evidence_set set;
    ratls_error e = {0};
    assert_int_equal(evidence_find(&t.c, &set, &e), RATLS_E_MALFORMED);
    assert_int_equal(e.offset, t.c.der.n - 1);
}

static void endorsements_come_without_their_octet_string(void **state)
{
    (void)state;
    static const char *const values[] = {"d9ea60 80", "04 04 d9ea60 80"};
    for (size_t i = 0; i < 2; i++) {
        test_certificate t;
        make(&t, NAME_OTHER,
             (const char *const[]){ENDORSEMENTS, values[i], COMMON, EVIDENCE, NULL});
        evidence_set set;
        assert_int_equal(evidence_find(&t.c, &set, NULL), RATLS_OK);
        assert_int_equal(set.n, 1);
        bytes expected = assemble("d9ea60 80");
        assert_true(bytes_equal(set.endorsements, expected));
        bytes_free(expected);
    }
}

static void schemes_have_names(void **state)
{
    (void)state;
    static const char *const names[] = {"none",
                                        "interoperable",
                                        "gramine-legacy",
                                        "sgx-sdk-legacy",
                                        "rats-tls-legacy",
                                        "open-enclave-report",
                                        "open-enclave-evidence",
                                        "other"};
    for (int i = SCHEME_NONE; i <= SCHEME_OTHER; i++)
        assert_string_equal(evidence_scheme_name((evidence_scheme)i), names[i]);
}

/* The one PEM block of a vector. */
static bytes pem_vector(const char *name, uint8_t *out, size_t cap)
{
    bytes text = vector_read(name);
    size_t start = bytes_find(text, bytes_text("-----\n")) + 6;
    bytes body = bytes_of(text.p + start, text.n - start);
    body.n = bytes_find(body, bytes_text("-----END"));
    size_t n;
    assert_true(base64_decode(body, out, cap, &n));
    return bytes_of(out, n);
}

static void read_real(bytes der, certificate *c, evidence_set *set, const char *name)
{
    ratls_error e = {0};
    if (certificate_parse(der, c, &e) != RATLS_OK || evidence_find(c, set, &e) != RATLS_OK)
        fail_msg("%s: %s", name, e.text);
}

static void reads_the_published_certificates(void **state)
{
    (void)state;
    vectors_need();
    static const struct {
        const char *file;
        size_t n;
        evidence_scheme beside;
        bool same; /* the older one carries the same quote */
        size_t quote_n, other_n;
    } cases[] = {
        {"interop-certs/gramine-cert.pem", 2, SCHEME_GRAMINE_LEGACY, false, 4734, 0},
        {"interop-certs/rats-tls-cert.pem", 1, SCHEME_NONE, false, 4734, 2},
        {"interop-certs/intel-sgxsdk-cert.pem", 2, SCHEME_SGX_SDK_LEGACY, true, 4600, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static uint8_t der[16384];
        certificate c;
        evidence_set set;
        read_real(pem_vector(cases[i].file, der, sizeof der), &c, &set, cases[i].file);
        const evidence *v = &set.all[0];
        if (set.n != cases[i].n || v->scheme != SCHEME_INTEROPERABLE || v->tag != 60000 ||
            v->kind != EVIDENCE_INTEL_QUOTE || set.endorsements.n != 0 ||
            v->payload.n != cases[i].quote_n)
            fail_msg("%s: read wrongly (%zu, %zu bytes)", cases[i].file, set.n, v->payload.n);
        if (set.n == 2 && (set.all[1].scheme != cases[i].beside ||
                           bytes_equal(set.all[1].payload, v->payload) != cases[i].same))
            fail_msg("%s: the older one is read wrongly", cases[i].file);

        claims k;
        ratls_error e = {0};
        if (claims_parse(v->claims, &k, &e) != RATLS_OK)
            fail_msg("%s: %s", cases[i].file, e.text);
        uint8_t hash[32];
        assert_true(crypto_digest(CRYPTO_SHA256, &c.spki, 1, hash));
        assert_int_equal(k.hash_alg, CRYPTO_SHA256);
        assert_true(bytes_equal(k.pubkey_hash, bytes_of(hash, sizeof hash)));
        assert_false(k.has_nonce);
        assert_int_equal(k.other_n, cases[i].other_n);
        if (k.other_n == 2) {
            assert_true(bytes_is(k.other[0].name, "key_0"));
            assert_true(bytes_is(k.other[1].name, "key_1"));
        }
        /* Report data [DCAP 1.1] at 48 + 320: the digest of the claims-buffer, then zeros. */
        assert_true(crypto_digest(CRYPTO_SHA256, &v->claims, 1, hash));
        assert_true(bytes_equal(bytes_of(v->payload.p + 368, 32), bytes_of(hash, sizeof hash)));
    }
}

static void reads_real_certificates_of_others(void **state)
{
    (void)state;
    vectors_need();
    static const struct {
        const char *file;
        evidence_scheme scheme;
        evidence_kind kind;
        size_t payload_n;
    } cases[] = {
        {"oe/sgx_cert_ec_bad.der", SCHEME_OE_REPORT, EVIDENCE_INTEL_QUOTE, 4580},
        {"oe/sgx_cert_rsa_bad.der", SCHEME_OE_REPORT, EVIDENCE_INTEL_QUOTE, 4580},
        {"nitro/ratls-san-cert-2023.der", SCHEME_OTHER, EVIDENCE_OTHER, 9550},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        certificate c;
        evidence_set set;
        read_real(vector_read(cases[i].file), &c, &set, cases[i].file);
        if (set.n != 1 || set.all[0].scheme != cases[i].scheme ||
            set.all[0].kind != cases[i].kind || set.all[0].payload.n != cases[i].payload_n)
            fail_msg("%s: read wrongly (%zu bytes)", cases[i].file, set.all[0].payload.n);
    }
    static uint8_t der[16384];
    certificate c;
    evidence_set set;
    ratls_error e = {0};
    bytes pck = pem_vector("sgxsdk/pckcertselection/pck0_sample.pem", der, sizeof der);
    assert_int_equal(certificate_parse(pck, &c, &e), RATLS_OK);
    assert_int_equal(evidence_find(&c, &set, &e), RATLS_E_MISSING);
    assert_non_null(strstr(e.text, "PCK certificate"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_every_carrier_in_the_order_of_choice),
        cmocka_unit_test(refuses_with_code_and_reason),
        cmocka_unit_test(error_tells_the_place_in_the_certificate),
        cmocka_unit_test(endorsements_come_without_their_octet_string),
        cmocka_unit_test(schemes_have_names),
        cmocka_unit_test(reads_the_published_certificates),
        cmocka_unit_test(reads_real_certificates_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
