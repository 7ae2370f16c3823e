#include "testing.h"

#include "assemble.h"
#include "evidence/intel_quote.h"
#include "quote_maker.h"

/* Every layout that there is [DCAP 1.1]. */
static const struct {
    const char *name;
    quote_tee tee;
    unsigned version;
    bool td15;
    size_t body_at, body_n;
} layouts[] = {
    {"SGX v3", QUOTE_SGX, 3, false, 48, 384},      {"SGX v4", QUOTE_SGX, 4, false, 48, 384},
    {"SGX v5", QUOTE_SGX, 5, false, 54, 384},      {"TDX v4", QUOTE_TDX, 4, false, 48, 584},
    {"TDX v5, 1.0", QUOTE_TDX, 5, false, 54, 584}, {"TDX v5, 1.5", QUOTE_TDX, 5, true, 54, 648},
};
enum { SGX3, SGX4, SGX5, TDX4, TDX5_10, TDX5_15, LAYOUTS };

static quote_spec spec_of(size_t layout)
{
    quote_spec q =
        quote_spec_of(layouts[layout].tee, layouts[layout].version, layouts[layout].td15);
    q.pck_key = key_named(KEY_TYPE_P256, "pck");
    q.cert_data = bytes_text("stands for a chain");
    return q;
}

static quote_made made_of(size_t layout)
{
    quote_spec q = spec_of(layout);
    return quote_make(&q);
}

/* Parses a copy in a block of its own size, so that a sanitizer sees a byte too many. */
static ratls_code parse(bytes in, ratls_error *e)
{
    intel_quote q;
    bytes copy = bytes_resized(in, in.n);
    ratls_code code = intel_quote_parse(copy, &q, e);
    bytes_free(copy);
    return code;
}

static void must_refuse(const char *name, bytes quote, ratls_code code, size_t offset)
{
    ratls_error e = {.text = ""};
    ratls_code found = parse(quote, &e);
    if (found != code || (found != RATLS_OK && (e.code != code || e.offset != offset)))
        fail_msg("%s: %s at %zu (%s), expected %s at %zu", name, ratls_code_name(found), e.offset,
                 e.text, ratls_code_name(code), offset);
}

static void must_be_at(bytes quote, bytes view, size_t at, size_t n)
{
    assert_ptr_equal(view.p, quote.p + at);
    assert_int_equal(view.n, n);
}

static void test_every_layout(void **state)
{
    (void)state;
    for (size_t i = 0; i < LAYOUTS; i++) {
        quote_made m = made_of(i);
        intel_quote q;
        ratls_error e;
        assert_int_equal(intel_quote_parse(m.quote, &q, &e), RATLS_OK);
        assert_int_equal(q.version, layouts[i].version);
        bool tdx = layouts[i].tee == QUOTE_TDX;
        assert_int_equal(q.tee_type, tdx ? 0x81 : 0);
        size_t body = layouts[i].body_at, n = layouts[i].body_n, sig = body + n + 4;
        must_be_at(m.quote, q.header, 0, 48);
        must_be_at(m.quote, q.signed_bytes, 0, body + n);
        must_be_at(m.quote, q.body, body, n);
        must_be_at(m.quote, q.report_data, body + (tdx ? 520 : 320), 64);
        must_be_at(m.quote, q.signature, sig, 64);
        must_be_at(m.quote, q.attestation_key, sig + 64, 64);
        size_t qe = sig + 128 + (layouts[i].version > 3 ? 6 : 0);
        must_be_at(m.quote, q.qe.raw, qe, 384);
        must_be_at(m.quote, q.qe.report_data, qe + 320, 64);
        must_be_at(m.quote, q.qe_signature, qe + 384, 64);
        must_be_at(m.quote, q.qe_auth, qe + 450, 32);
        assert_int_equal(q.cert_type, 5);
        must_be_at(m.quote, q.cert_data, qe + 488, 18);
        assert_int_equal(q.trailing.n, 0);
        assert_int_equal(m.quote.n, qe + 488 + 18);
        assert_int_equal(q.td.facts.has_td15, layouts[i].td15);
    }
}

static void test_bodies(void **state)
{
    (void)state;
    quote_spec s = spec_of(SGX3);
    for (size_t i = 0; i < SGX_BODY_N; i++)
        s.body[i] = (uint8_t)(i ^ i >> 8);
    quote_made m = quote_make(&s);
    intel_quote q;
    ratls_error e;
    assert_int_equal(intel_quote_parse(m.quote, &q, &e), RATLS_OK);
    const ratls_sgx_facts *f = &q.sgx.facts;
    assert_memory_equal(f->cpu_svn, s.body, 16);
    assert_int_equal(f->misc_select, 0x13121110);
    assert_memory_equal(f->isv_ext_prod_id, s.body + SGX_AT_ISVEXTPRODID, 16);
    assert_memory_equal(f->attributes, s.body + SGX_AT_ATTRIBUTES, 16);
    assert_memory_equal(f->mrenclave, s.body + SGX_AT_MRENCLAVE, 32);
    assert_memory_equal(f->mrsigner, s.body + SGX_AT_MRSIGNER, 32);
    assert_memory_equal(f->config_id, s.body + SGX_AT_CONFIGID, 64);
    assert_int_equal(f->isv_prod_id, 0x0001);
    assert_int_equal(f->isv_svn, 0x0203);
    assert_int_equal(f->config_svn, 0x0405);
    assert_memory_equal(f->isv_family_id, s.body + SGX_AT_ISVFAMILYID, 16);

    s = spec_of(TDX5_15);
    for (size_t i = 0; i < TD15_BODY_N; i++)
        s.body[i] = (uint8_t)(i ^ i >> 8);
    m = quote_make(&s);
    assert_int_equal(intel_quote_parse(m.quote, &q, &e), RATLS_OK);
    const ratls_tdx_facts *t = &q.td.facts;
    const struct {
        const uint8_t *field;
        size_t at, n;
    } fields[] = {
        {t->tee_tcb_svn, TD_AT_TEE_TCB_SVN, 16},
        {t->mrseam, TD_AT_MRSEAM, 48},
        {t->mrsignerseam, TD_AT_MRSIGNERSEAM, 48},
        {t->seam_attributes, TD_AT_SEAMATTRIBUTES, 8},
        {t->td_attributes, TD_AT_TDATTRIBUTES, 8},
        {t->xfam, TD_AT_XFAM, 8},
        {t->mrtd, TD_AT_MRTD, 48},
        {t->mrconfigid, TD_AT_MRCONFIGID, 48},
        {t->mrowner, TD_AT_MROWNER, 48},
        {t->mrownerconfig, TD_AT_MROWNERCONFIG, 48},
        {t->rtmr[0], TD_AT_RTMR0, 48},
        {t->rtmr[3], TD_AT_RTMR0 + 144, 48},
        {t->tee_tcb_svn2, TD_AT_TEE_TCB_SVN2, 16},
        {t->mrservicetd, TD_AT_MRSERVICETD, 48},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        assert_memory_equal(fields[i].field, s.body + fields[i].at, fields[i].n);
}

/* Cut anywhere before the end of the signature data: refused. After it: padding, not interpreted.
 */
static void test_truncation(void **state)
{
    (void)state;
    for (size_t i = 0; i < LAYOUTS; i++) {
        quote_spec s = spec_of(i);
        s.trailing = bytes_from_hex("00112233445566778899");
        quote_made m = quote_make(&s);
        for (size_t n = 0; n <= m.quote.n; n++) {
            ratls_error e = {.text = ""};
            ratls_code code = parse(bytes_of(m.quote.p, n), &e);
            if (code != (n < m.sig_end ? RATLS_E_MALFORMED : RATLS_OK))
                fail_msg("%s cut to %zu of %zu: %s", layouts[i].name, n, m.sig_end, e.text);
        }
        intel_quote q;
        ratls_error e;
        assert_int_equal(intel_quote_parse(m.quote, &q, &e), RATLS_OK);
        must_be_at(m.quote, q.trailing, m.sig_end, 10);
    }
}

/* Bytes of the header and the v5 descriptor overwritten. */
static void test_header(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t layout, at;
        const char *hex;
        ratls_code code;
        size_t offset;
    } cases[] = {
        {"version 0", SGX3, 0, "0000", RATLS_E_UNSUPPORTED, 0},
        {"version 2", SGX3, 0, "0200", RATLS_E_UNSUPPORTED, 0},
        {"version 6", TDX5_15, 0, "0600", RATLS_E_UNSUPPORTED, 0},
        {"version 0x0300, swapped", SGX3, 0, "0003", RATLS_E_UNSUPPORTED, 0},
        {"version 0x0103", SGX3, 0, "0301", RATLS_E_UNSUPPORTED, 0},
        {"key type 0, EPID", SGX3, 2, "0000", RATLS_E_UNSUPPORTED, 2},
        {"key type 1, EPID", SGX3, 2, "0100", RATLS_E_UNSUPPORTED, 2},
        {"key type 3, P-384", TDX4, 2, "0300", RATLS_E_UNSUPPORTED, 2},
        {"key type 9", SGX3, 2, "0900", RATLS_E_UNSUPPORTED, 2},
        {"key type 0x0102", SGX3, 2, "0201", RATLS_E_UNSUPPORTED, 2},
        {"TEE type 1", SGX4, 4, "01000000", RATLS_E_UNSUPPORTED, 4},
        {"TEE type 0x80", TDX4, 4, "80000000", RATLS_E_UNSUPPORTED, 4},
        {"TEE type 0x82", TDX5_10, 4, "82000000", RATLS_E_UNSUPPORTED, 4},
        {"TEE type 0x81000000", TDX4, 4, "00000081", RATLS_E_UNSUPPORTED, 4},
        {"TEE type 0x1000081", TDX4, 4, "81000001", RATLS_E_UNSUPPORTED, 4},
        {"v3 says TDX", SGX3, 4, "81000000", RATLS_E_MALFORMED, 4},
        {"v3 with a reserved field", SGX3, 4, "01000000", RATLS_E_UNSUPPORTED, 4},
        {"vendor id, first byte", SGX3, 12, "92", RATLS_E_UNSUPPORTED, 12},
        {"vendor id, last byte", TDX4, 27, "06", RATLS_E_UNSUPPORTED, 12},
        {"vendor id of zeros", SGX5, 12, "00000000000000000000000000000000", RATLS_E_UNSUPPORTED,
         12},
        {"SVNs of QE and PCE", TDX4, 8, "ffffffff", RATLS_OK, 0},
        {"user data", SGX3, 28, "ffffffffffffffffffffffffffffffffffffffff", RATLS_OK, 0},
        {"body type 0", SGX5, 48, "0000", RATLS_E_UNSUPPORTED, 48},
        {"body type 4", TDX5_15, 48, "0400", RATLS_E_UNSUPPORTED, 48},
        {"body type 0x0101", SGX5, 48, "0101", RATLS_E_UNSUPPORTED, 48},
        {"a TD's body of SGX", SGX5, 48, "0200", RATLS_E_UNSUPPORTED, 48},
        {"a TD 1.5's body of SGX", SGX5, 48, "0300", RATLS_E_UNSUPPORTED, 48},
        {"an enclave's body of TDX", TDX5_10, 48, "0100", RATLS_E_UNSUPPORTED, 48},
        {"1.5 said to be 1.0", TDX5_15, 48, "0200", RATLS_E_MALFORMED, 50},
        {"1.0 said to be 1.5", TDX5_10, 48, "0300", RATLS_E_MALFORMED, 50},
        {"TEE type SGX over a TD's body", TDX5_10, 4, "00000000", RATLS_E_UNSUPPORTED, 48},
        {"TEE type TDX over an enclave's", SGX5, 4, "81000000", RATLS_E_UNSUPPORTED, 48},
        {"body size one less", SGX5, 50, "7f010000", RATLS_E_MALFORMED, 50},
        {"body size one more", SGX5, 50, "81010000", RATLS_E_MALFORMED, 50},
        {"body size 0", TDX5_10, 50, "00000000", RATLS_E_MALFORMED, 50},
        {"body size 2^32-1", TDX5_15, 50, "ffffffff", RATLS_E_MALFORMED, 50},
        {"body size with a high byte", TDX5_15, 50, "88020001", RATLS_E_MALFORMED, 50},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        must_refuse(cases[i].name,
                    bytes_patched(made_of(cases[i].layout).quote, cases[i].at,
                                  bytes_from_hex(cases[i].hex)),
                    cases[i].code, cases[i].offset);
}

/* v4 names the TEE in its header alone: the other body's size does not fit what follows. */
static void test_wrong_tee_of_v4(void **state)
{
    (void)state;
    bytes tdx = bytes_patched(made_of(SGX4).quote, 4, bytes_from_hex("81"));
    must_refuse("an enclave's body read as a TD's", tdx, RATLS_E_MALFORMED, 632);
    bytes sgx = bytes_patched(made_of(TDX4).quote, 4, bytes_from_hex("00"));
    must_refuse("a TD's body read as an enclave's", sgx, RATLS_E_MALFORMED, 432);
}

static void test_certification_types(void **state)
{
    (void)state;
    for (unsigned layout = 0; layout < LAYOUTS; layout++)
        for (unsigned type = 0; type <= 9; type++) {
            quote_spec s = spec_of(layout);
            s.cert_type = type;
            quote_made m = quote_make(&s);
            bool ok = type >= 1 && type <= 5;
            must_refuse("certification data type", m.quote, ok ? RATLS_OK : RATLS_E_UNSUPPORTED,
                        m.cert_type_at);
            s.cert_type = 5;
            s.outer_type = type;
            m = quote_make(&s);
            ok = type == 6 || layouts[layout].version == 3;
            must_refuse("outer type", m.quote, ok ? RATLS_OK : RATLS_E_UNSUPPORTED,
                        m.outer_type_at);
        }
}

static quote_made with_sig_len(size_t layout, uint32_t n)
{
    quote_made m = made_of(layout);
    uint8_t le[4] = {(uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), (uint8_t)(n >> 24)};
    m.quote = bytes_patched(m.quote, m.signed_n, bytes_of(le, 4));
    return m;
}

static void test_signature_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < LAYOUTS; i++) {
        quote_made m = made_of(i);
        uint32_t right = (uint32_t)(m.sig_end - m.signed_n - 4);
        for (uint32_t n = 0; n < right; n++) {
            ratls_error e = {.text = ""};
            if (parse(with_sig_len(i, n).quote, &e) != RATLS_E_MALFORMED)
                fail_msg("%s: signature length %u of %u: %s", layouts[i].name, n, right, e.text);
        }
        must_refuse("length 0", with_sig_len(i, 0).quote, RATLS_E_MALFORMED, m.signed_n);
        must_refuse("length 127", with_sig_len(i, 127).quote, RATLS_E_MALFORMED, m.signed_n);
        must_refuse("one more", with_sig_len(i, right + 1).quote, RATLS_E_MALFORMED, m.signed_n);
        must_refuse("2^31", with_sig_len(i, UINT32_C(1) << 31).quote, RATLS_E_MALFORMED,
                    m.signed_n);
        must_refuse("2^32-1", with_sig_len(i, UINT32_MAX).quote, RATLS_E_MALFORMED, m.signed_n);
        quote_spec s = spec_of(i);
        s.sig_len_delta = 1;
        s.trailing = bytes_from_hex("0000");
        m = quote_make(&s);
        must_refuse("one more, out of the padding", m.quote, RATLS_E_MALFORMED,
                    layouts[i].version == 3 ? m.cert_size_at : m.outer_size_at);
    }
}

static void test_inner_lengths(void **state)
{
    (void)state;
    static const int64_t lies[] = {-18, -1, 1, 0x7fffffff, 0xffffffff - 18};
    for (size_t i = 0; i < LAYOUTS; i++) {
        for (size_t k = 0; k < sizeof lies / sizeof *lies; k++) {
            quote_spec s = spec_of(i);
            s.cert_size_delta = lies[k];
            quote_made m = quote_make(&s);
            must_refuse("certification data's size", m.quote, RATLS_E_MALFORMED, m.cert_size_at);
            s = spec_of(i);
            s.outer_size_delta = lies[k];
            m = quote_make(&s);
            bool v3 = layouts[i].version == 3; /* has no outer size */
            must_refuse("outer size", m.quote, v3 ? RATLS_OK : RATLS_E_MALFORMED, m.outer_size_at);
        }
        quote_spec s = spec_of(i);
        s.after_cert = bytes_from_hex("00");
        quote_made m = quote_make(&s);
        must_refuse("a byte after the chain", m.quote, RATLS_E_MALFORMED, m.cert_size_at);

        /* A lie about the authentication data moves what is read as type and size. */
        s = spec_of(i);
        s.auth_len_delta = 0xffff - 32;
        m = quote_make(&s);
        must_refuse("authentication data of 65535", m.quote, RATLS_E_MALFORMED, m.auth_at);
        s.auth_len_delta = 6 + 18;
        m = quote_make(&s);
        must_refuse("authentication data to the end", m.quote, RATLS_E_MALFORMED, m.sig_end);
        s.auth_len_delta = 6 + 18 + 1;
        m = quote_make(&s);
        must_refuse("and one more", m.quote, RATLS_E_MALFORMED, m.auth_at);
        s.auth_len_delta = -1; /* type 0x051f */
        m = quote_make(&s);
        must_refuse("one less", m.quote, RATLS_E_UNSUPPORTED, m.cert_type_at - 1);
        s.auth_len_delta = 1; /* type 0x1200, size of the chain in its low byte */
        m = quote_make(&s);
        must_refuse("one more", m.quote, RATLS_E_UNSUPPORTED, m.cert_type_at + 1);
    }
}

static void test_sizes(void **state)
{
    (void)state;
    quote_spec s = spec_of(SGX3);
    s.auth = BYTES_EMPTY;
    s.cert_data = BYTES_EMPTY;
    quote_made m = quote_make(&s);
    assert_int_equal(m.quote.n, INTEL_QUOTE_MIN);
    must_refuse("the smallest", m.quote, RATLS_OK, 0);
    must_refuse("one byte less", bytes_cut(m.quote, INTEL_QUOTE_MIN - 1), RATLS_E_MALFORMED,
                INTEL_QUOTE_MIN - 1);
    must_refuse("nothing", BYTES_EMPTY, RATLS_E_MALFORMED, 0);

    buf filler = {0};
    buf_fill(&filler, 0xa5, INTEL_QUOTE_MAX - m.quote.n);
    must_refuse("64 KiB", join(m.quote, buf_bytes(&filler)), RATLS_OK, 0);
    s.cert_data = buf_bytes(&filler);
    must_refuse("64 KiB, of a chain", quote_make(&s).quote, RATLS_OK, 0);
    buf_u8(&filler, 0);
    must_refuse("64 KiB and one byte", join(m.quote, buf_bytes(&filler)), RATLS_E_LIMIT, 0);

    static const size_t auth_sizes[] = {0, 1, 31, 33, 1024, 60000};
    for (size_t i = 0; i < sizeof auth_sizes / sizeof *auth_sizes; i++) {
        s = spec_of(TDX4);
        s.auth = bytes_of(filler.p, auth_sizes[i]);
        must_refuse("authentication data", quote_make(&s).quote, RATLS_OK, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_layout),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_truncation),
        cmocka_unit_test(test_header),
        cmocka_unit_test(test_wrong_tee_of_v4),
        cmocka_unit_test(test_certification_types),
        cmocka_unit_test(test_signature_length),
        cmocka_unit_test(test_inner_lengths),
        cmocka_unit_test(test_sizes),
    };
    return cmocka_run_group_tests_name("intel_quote", tests, NULL, NULL);
}
