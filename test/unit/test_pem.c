#include "testing.h"

#include "assemble.h"
#include "base/base64.h"
#include "base/writer.h"
#include "codec/pem.h"

#define BEGIN "'-----BEGIN CERTIFICATE-----'"
#define END   "'-----END CERTIFICATE-----'"
#define BODY  BEGIN " 0a 'TWFu' 0a " END /* "Man" */

/* Reads all blocks. Returns how many, -1 if one is refused; *last is the data of the last one. */
static int read_all(bytes in, bytes *last, bytes *label)
{
    static uint8_t out[4096];
    int blocks = 0, got;
    size_t n = 0;
    reader r = rd_of(in);
    *last = BYTES_NONE;
    *label = BYTES_NONE;
    while ((got = pem_next(&r, label, out, sizeof out, &n)) == 1) {
        *last = bytes_of(out, n);
        blocks++;
    }
    if (got == 0) {
        assert_true(rd_done(&r));
        return blocks;
    }
    assert_int_equal(got, -1);
    assert_false(rd_ok(&r));
    assert_int_equal(pem_next(&r, label, out, sizeof out, &n), -1);
    return -1;
}

static const struct {
    const char *in, *rule;
} bad[] = {
    /* Around the blocks. */
    {"'subject=CN'0a " BODY, "text before the block"},
    {BODY " 0a 'text'", "text after the block"},
    {BODY " 0a 'text' 0a " BODY, "text between the blocks"},
    {BODY "'x'", "text after END on its line"},
    {BODY "'-'", "six hyphens after END"},
    {BODY BODY, "no line end between the blocks"},
    {"00 " BODY, "NUL before the block"},
    {BODY " 00 " BODY, "NUL between the blocks"},
    {BODY " 0a 00 0a", "white space after the NULs"},
    {BODY " 0a 00 'x'", "text after the NULs"},
    {"ef bb bf " BODY, "byte order mark"},
    {"0b " BODY, "vertical tab"},
    {"0c " BODY, "form feed"},
    {"a0 " BODY, "no-break space"},
    /* BEGIN. */
    {"'-----BEGIN'", "BEGIN alone"},
    {"'-----BEGIN '", "no label"},
    {"'-----BEGIN CERTIFICATE'", "no hyphens after the label"},
    {"'-----BEGIN CERTIFICATE----' 0a 'TWFu' 0a " END, "four hyphens after the label"},
    {"'----BEGIN CERTIFICATE-----' 0a 'TWFu' 0a " END, "four hyphens before BEGIN"},
    {"'------BEGIN CERTIFICATE-----' 0a 'TWFu' 0a " END, "six hyphens before BEGIN"},
    {"'-----begin CERTIFICATE-----' 0a 'TWFu' 0a " END, "small begin"},
    {"'-----BEGIN  CERTIFICATE-----' 0a 'TWFu' 0a '-----END  CERTIFICATE-----'",
     "blank before the label"},
    {"'-----BEGIN CERTIFICATE -----' 0a 'TWFu' 0a '-----END CERTIFICATE -----'",
     "blank after the label"},
    {"'-----BEGIN X  Y-----' 0a 'TWFu' 0a '-----END X  Y-----'", "two blanks in the label"},
    {"'-----BEGIN X- Y-----' 0a 'TWFu' 0a '-----END X- Y-----'", "hyphen and blank in the label"},
    {"'-----BEGIN -X-----' 0a 'TWFu' 0a '-----END -X-----'", "hyphen before the label"},
    {"'-----BEGIN X------' 0a 'TWFu' 0a '-----END X------'", "hyphen after the label"},
    {"'-----BEGIN -----' 0a 'TWFu' 0a '-----END -----'", "empty label"},
    {"'-----BEGIN X' 0a 'Y-----' 0a 'TWFu' 0a '-----END X' 0a 'Y-----'", "line end in the label"},
    {"'-----BEGIN X' 00 'Y-----' 0a 'TWFu' 0a '-----END X' 00 'Y-----'", "NUL in the label"},
    {"'-----BEGIN certificate-----' 0a 'TWFu' 0a '-----END certificate-----'", "small label"},
    {"'-----BEGIN X_Y-----' 0a 'TWFu' 0a '-----END X_Y-----'", "underscore in the label"},
    {BEGIN "'TWFu' 0a " END, "data on the line of BEGIN"},
    {BEGIN "20 0a 'TWFu' 0a " END, "blank after BEGIN"},
    {BEGIN "09 0a 'TWFu' 0a " END, "tab after BEGIN"},
    {BEGIN "0d 'TWFu' 0a " END, "CR alone after BEGIN"},
    /* END. */
    {BEGIN " 0a 'TWFu' 0a", "no END"},
    {BEGIN " 0a 'TWFu' 0a '-----END '", "END without a label"},
    {BEGIN " 0a 'TWFu' 0a '-----END CERTIFICATE'", "no hyphens after END"},
    {BEGIN " 0a 'TWFu' 0a '-----END CERTIFICATE----'", "four hyphens after END"},
    {BEGIN " 0a 'TWFu' 0a '----END CERTIFICATE-----'", "four hyphens before END"},
    {BEGIN " 0a 'TWFu' 0a '------END CERTIFICATE-----'", "six hyphens before END"},
    {BEGIN " 0a 'TWFu' 0a '-----end CERTIFICATE-----'", "small end"},
    {BEGIN " 0a 'TWFu' 0a '-----END X509 CRL-----'", "another label at END"},
    {BEGIN " 0a 'TWFu' 0a '-----END CERTIFICATES-----'", "longer label at END"},
    {BEGIN " 0a 'TWFu' 0a '-----END CERTIFICAT-----'", "shorter label at END"},
    {BEGIN " 0a 'TWFu' 0a '-----END -----'", "empty label at END"},
    {BEGIN " 0a 'TWFu' " END, "data on the line of END"},
    {BEGIN " 0a 'TWFu' 0d " END, "CR alone before END"},
    {BEGIN " 0a 'TWFu' 0a 20 " END, "blank before END"},
    {BEGIN " 0a " BODY, "BEGIN within a block"},
    /* Data. */
    {BEGIN " 0a " END, "no data"},
    {BEGIN " 0a 0a " END, "an empty line only"},
    {BEGIN " 0d 0a " END, "no data, CRLF"},
    {BEGIN END, "nothing at all between"},
    {BEGIN " 0a 'TW Fu' 0a " END, "blank in the data"},
    {BEGIN " 0a 'TWFu' 20 0a " END, "blank after the data"},
    {BEGIN " 0a 09 'TWFu' 0a " END, "tab before the data"},
    {BEGIN " 0a 'TWFu' 0d 'TWFu' 0a " END, "CR alone within the data"},
    {BEGIN " 0a 'TWFu' 0d 0d 0a " END, "CR CR LF"},
    {BEGIN " 0a 'TWF' 0a " END, "three digits"},
    {BEGIN " 0a 'TWFuT' 0a " END, "five digits"},
    {BEGIN " 0a 'TWF=' 0a " END, "bits left over"},
    {BEGIN " 0a 'TR==' 0a " END, "bits left over before =="},
    {BEGIN " 0a 'TQ=' 0a " END, "padding too short"},
    {BEGIN " 0a 'TQ===' 0a " END, "padding too long"},
    {BEGIN " 0a 'TQ==' 0a 'TWFu' 0a " END, "data after the padding"},
    {BEGIN " 0a '====' 0a " END, "padding only"},
    {BEGIN " 0a 'TW_u' 0a " END, "base64url"},
    {BEGIN " 0a 'TW-u' 0a " END, "hyphen in the data"},
    {BEGIN " 0a 'TWF' 00 0a " END, "NUL in the data"},
    {BEGIN " 0a 'TWF' ff 0a " END, "byte FF in the data"},
    {BEGIN " 0a 'Proc-Type: 4,ENCRYPTED' 0a 0a 'TWFu' 0a " END, "header [RFC 1421]"},
};

static void refuses_what_is_not_pem(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        bytes in = assemble(bad[i].in), last, label;
        if (read_all(in, &last, &label) != -1)
            fail_msg("accepted: %s", bad[i].rule);
        bytes_free(in);
    }
}

static const struct {
    const char *in;
    int blocks;
    const char *label, *data; /* of the last block */
} good[] = {
    {"", 0, "", ""},
    {"20 09 0d 0a 0a", 0, "", ""},
    {"00*3", 0, "", ""},
    {"0a 00*3", 0, "", ""},
    {BODY, 1, "CERTIFICATE", "Man"},
    {BODY " 0a", 1, "CERTIFICATE", "Man"},
    {BODY " 0d 0a", 1, "CERTIFICATE", "Man"},
    {BODY " 00", 1, "CERTIFICATE", "Man"},
    {BODY " 0a 00*5", 1, "CERTIFICATE", "Man"},
    {"20 09 0a " BODY " 0a 20 0a", 1, "CERTIFICATE", "Man"},
    {BODY " 0a " BODY " 0a 0a 0d 0a " BODY, 3, "CERTIFICATE", "Man"},
    {BEGIN " 0d 0a 'TWFu' 0d 0a 'TQ==' 0d 0a " END " 0d 0a", 1, "CERTIFICATE", "ManM"},
    {BEGIN " 0a 'TW' 0a 'Fu' 0a 0a " END, 1, "CERTIFICATE", "Man"},
    {BEGIN " 0a 'TWE=' 0a " END, 1, "CERTIFICATE", "Ma"},
    {"'-----BEGIN X509 CRL-----' 0a 'TQ==' 0a '-----END X509 CRL-----'", 1, "X509 CRL", "M"},
    {"'-----BEGIN A-B 3-----' 0a 'TQ==' 0a '-----END A-B 3-----'", 1, "A-B 3", "M"},
    {"'-----BEGIN AZ 09-----' 0a 'TQ==' 0a '-----END AZ 09-----'", 1, "AZ 09", "M"},
    {"'-----BEGIN X-----' 0a 'TQ==' 0a '-----END X-----'", 1, "X", "M"},
    {BODY " 0a '-----BEGIN X-----' 0a 'TQ==' 0a '-----END X-----' 0a", 2, "X", "M"},
};

static void reads_blocks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        bytes in = assemble(good[i].in), last, label;
        int blocks = read_all(in, &last, &label);
        if (blocks != good[i].blocks || !bytes_is(last, good[i].data))
            fail_msg("%d blocks read of: %s", blocks, good[i].in);
        if (blocks > 0) {
            reader r = rd_of(in);
            uint8_t out[16];
            size_t n;
            for (int k = 0; k < blocks; k++)
                assert_int_equal(pem_next(&r, &label, out, sizeof out, &n), 1);
            assert_true(bytes_is(label, good[i].label));
            assert_in_range((size_t)(label.p - in.p), 0, in.n);
        }
        bytes_free(in);
    }
}

static void each_truncation_is_refused(void **state)
{
    (void)state;
    bytes in = assemble(BEGIN " 0d 0a 'TWFuTWFu' 0d 0a 'TQ==' 0d 0a " END), last, label;
    assert_int_equal(read_all(in, &last, &label), 1);
    for (size_t n = 1; n < in.n; n++) {
        bytes cut = bytes_resized(in, n);
        if (read_all(cut, &last, &label) != -1)
            fail_msg("accepted the first %zu bytes", n);
        bytes_free(cut);
    }
    bytes_free(in);
}

static void data_fits_exactly_or_is_refused(void **state)
{
    (void)state;
    uint8_t data[1000], out[1000];
    char text[2000];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 31);
    for (size_t n = 1; n <= sizeof data; n += 37) {
        writer w = wr_of(text, sizeof text);
        char body[1500];
        size_t length = base64_encode(bytes_of(data, n), body, sizeof body), m = 0;
        wr_put(&w, bytes_text("-----BEGIN CERTIFICATE-----\n"));
        wr_put(&w, bytes_of(body, length));
        wr_put(&w, bytes_text("-----END CERTIFICATE-----\n"));
        bytes label;
        reader r = rd_of(wr_bytes(&w));
        assert_int_equal(pem_next(&r, &label, out, n, &m), 1);
        assert_true(bytes_equal(bytes_of(out, m), bytes_of(data, n)));
        assert_int_equal(pem_next(&r, &label, out, n, &m), 0);
        r = rd_of(wr_bytes(&w));
        assert_int_equal(pem_next(&r, &label, out, n - 1, &m), -1);
        assert_false(rd_ok(&r));
    }
}

static void looks_like_pem(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        bool yes;
    } cases[] = {{BODY, true},
                 {"20 0d 0a 09 " BODY, true},
                 {"'-----BEGIN '", true},
                 {"", false},
                 {"0a", false},
                 {"'-----BEGIN'", false},
                 {"30 82", false},
                 {"'-----END X-----'", false},
                 {"00 " BODY, false},
                 {"'x' " BODY, false},
                 {"'-----begin X-----'", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bytes in = assemble(cases[i].in);
        if (pem_looks_like(in) != cases[i].yes)
            fail_msg("%s", cases[i].in);
        bytes_free(in);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_not_pem),
        cmocka_unit_test(reads_blocks),
        cmocka_unit_test(each_truncation_is_refused),
        cmocka_unit_test(data_fits_exactly_or_is_refused),
        cmocka_unit_test(looks_like_pem),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
