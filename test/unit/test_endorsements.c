#include "testing.h"

#include <stdio.h>

#include "assemble.h"
#include "base/hex.h"
#include "codec/cbor.h"
#include "evidence/endorsements.h"
#include "vectors.h"

#define SEVEN "42 'ti' 42 'tc' 42 'pc' 42 'rc' 42 'pi' 42 'qi' 42 'qc' "

static const struct {
    const char *name, *in;
    ratls_code code;
    const char *says;
} refused[] = {
    {"nothing", "", RATLS_E_MALFORMED, "no CBOR tag"},
    {"no tag", "88 03 " SEVEN, RATLS_E_MALFORMED, "no CBOR tag"},
    {"tag 59999", "d9ea5f 88 03 " SEVEN, RATLS_E_UNSUPPORTED, "tag 59999"},
    {"tag 60003", "d9ea63 88 03 " SEVEN, RATLS_E_UNSUPPORTED, "tag 60003"},
    {"tag in 4 bytes", "da0000ea60 88 03 " SEVEN, RATLS_E_MALFORMED, "shortest form"},
    /* hostile input E 77 */
    {"7 items", "d9ea60 87 03 42 'ti' 42 'tc' 42 'pc' 42 'rc' 42 'pi' 42 'qi'", RATLS_E_MALFORMED,
     "array of 8 or 9"},
    {"10 items", "d9ea60 8a 03 " SEVEN "40 40", RATLS_E_MALFORMED, "array of 8 or 9"},
    {"indefinite array", "d9ea60 9f 03 " SEVEN "ff", RATLS_E_MALFORMED, "array of 8 or 9"},
    {"array of 2^32", "d9ea60 9b0000000100000000 03 " SEVEN, RATLS_E_MALFORMED, "array of 8 or 9"},
    {"a map", "d9ea60 a4 03 " SEVEN, RATLS_E_MALFORMED, "array of 8 or 9"},
    {"version as bytes", "d9ea60 88 44 03000000 " SEVEN, RATLS_E_MALFORMED, "version"},
    {"version negative", "d9ea60 88 20 " SEVEN, RATLS_E_MALFORMED, "version"},
    {"version as text", "d9ea60 88 61 '3' " SEVEN, RATLS_E_MALFORMED, "version"},
    {"version a float", "d9ea60 88 f94200 " SEVEN, RATLS_E_MALFORMED, "version"},
    {"an item as text", "d9ea60 88 03 62 'ti' 42 'tc' 42 'pc' 42 'rc' 42 'pi' 42 'qi' 42 'qc'",
     RATLS_E_MALFORMED, "tcb_info at"},
    {"an item in chunks", "d9ea60 88 03 42 'ti' 42 'tc' 42 'pc' 5f ff 42 'pi' 42 'qi' 42 'qc'",
     RATLS_E_MALFORMED, "root_ca_crl at"},
    {"an item null", "d9ea60 88 03 42 'ti' 42 'tc' 42 'pc' 42 'rc' 42 'pi' 42 'qi' f6",
     RATLS_E_MALFORMED, "qe_identity_issuer_chain at"},
    {"the date as text", "d9ea60 89 03 " SEVEN "64 '2026'", RATLS_E_MALFORMED,
     "creation_datetime at"},
    {"an item longer than the input", "d9ea60 88 03 42 'ti' 5a7fffffff 'tc'", RATLS_E_MALFORMED,
     "tcb_info_issuer_chain at"},
    {"an empty item", "d9ea60 88 03 42 'ti' 42 'tc' 40 42 'rc' 42 'pi' 42 'qi' 42 'qc'",
     RATLS_E_MALFORMED, "pck_crl is empty"},
    {"an item of NULs", "d9ea60 88 03 42 'ti' 42 'tc' 42 'pc' 42 'rc' 42 'pi' 44 00*4 42 'qc'",
     RATLS_E_MALFORMED, "qe_identity is empty"},
    {"bytes after", "d9ea60 88 03 " SEVEN "00", RATLS_E_MALFORMED, "1 bytes follow"},
    {"nine items under a head of 8", "d9ea60 88 03 " SEVEN "42 'dt'", RATLS_E_MALFORMED,
     "3 bytes follow"},
};

static void refuses_with_code_and_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        bytes in = assemble(refused[i].in);
        endorsements s;
        ratls_error e = {0};
        ratls_code code = endorsements_parse(in, &s, &e);
        if (code != refused[i].code || e.code != code || strstr(e.text, refused[i].says) == NULL)
            fail_msg("%s: %s \"%s\"", refused[i].name, ratls_code_name(code), e.text);
        bytes_free(in);
    }
}

static const struct {
    const char *name, *in;
    uint64_t tag, version;
    const char *pck_crl, *date; /* as assembled */
} accepted[] = {
    {"8 items", "d9ea60 88 03 " SEVEN, 60000, 3, "'pc'", ""},
    {"9 items", "d9ea60 89 03 " SEVEN "42 'dt'", 60000, 3, "'pc'", "'dt'"},
    {"an empty date", "d9ea60 89 03 " SEVEN "40", 60000, 3, "'pc'", ""},
    {"version in 2 bytes", "d9ea60 88 1803 " SEVEN, 60000, 3, "'pc'", ""},
    {"version in 3 bytes", "d9ea60 88 190003 " SEVEN, 60000, 3, "'pc'", ""},
    {"version in 5 bytes", "d9ea60 88 1a00000003 " SEVEN, 60000, 3, "'pc'", ""},
    {"version in 9 bytes", "d9ea60 88 1b0000000000000003 " SEVEN, 60000, 3, "'pc'", ""},
    {"version of collateral 3.1", "d9ea61 88 1a00010003 " SEVEN, 60001, 0x10003, "'pc'", ""},
    {"tag 60002", "d9ea62 88 04 " SEVEN, 60002, 4, "'pc'", ""},
    {"NULs after text",
     "d9ea60 89 03 42 'ti' 42 'tc' 45 'pc' 00*3 42 'rc' 42 'pi' 42 'qi' 42 'qc' "
     "45 'dt' 00*3",
     60000, 3, "'pc'", "'dt'"},
    {"NULs inside text stay",
     "d9ea60 88 03 42 'ti' 42 'tc' 44 'p' 00 'c' 00 42 'rc' 42 'pi' 42 "
     "'qi' 42 'qc'",
     60000, 3, "'p' 00 'c'", ""},
    {"DER that ends in zeros",
     "d9ea60 88 03 42 'ti' 42 'tc' 46 3004 04 02 0000 42 'rc' 42 'pi' 42 "
     "'qi' 42 'qc'",
     60000, 3, "3004 04 02 0000", ""},
    {"NULs after DER that ends in zeros",
     "d9ea60 88 03 42 'ti' 42 'tc' 49 3004 04 02 0000 00*3 42 'rc' 42 'pi' 42 'qi' 42 'qc'", 60000,
     3, "3004 04 02 0000", ""},
    {"what only begins like DER",
     "d9ea60 88 03 42 'ti' 42 'tc' 46 308005 00*3 42 'rc' 42 'pi' 42 "
     "'qi' 42 'qc'",
     60000, 3, "308005", ""},
};

static void accepts_what_peers_write(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
        bytes in = assemble(accepted[i].in);
        bytes crl = assemble(accepted[i].pck_crl), date = assemble(accepted[i].date);
        endorsements s;
        ratls_error e = {0};
        if (endorsements_parse(in, &s, &e) != RATLS_OK)
            fail_msg("%s: %s", accepted[i].name, e.text);
        if (s.tag != accepted[i].tag || s.version != accepted[i].version ||
            !bytes_is(s.tcb_info, "ti") || !bytes_is(s.tcb_info_issuer_chain, "tc") ||
            !bytes_equal(s.pck_crl, crl) || !bytes_is(s.root_ca_crl, "rc") ||
            !bytes_is(s.pck_crl_issuer_chain, "pi") || !bytes_is(s.qe_identity, "qi") ||
            !bytes_is(s.qe_identity_issuer_chain, "qc") || !bytes_equal(s.creation_datetime, date))
            fail_msg("%s: read wrongly", accepted[i].name);
        bytes_free(in);
        bytes_free(crl);
        bytes_free(date);
    }
}

static void writes_what_peers_read(void **state)
{
    (void)state;
    static const struct {
        const char *date, *out;
    } rows[] = {
        {"", "d9ea60 88 1a00000003 43 'ti' 00 43 'tc' 00 42 'pc' 42 'rc' 43 'pi' 00 43 'qi' 00 43 "
             "'qc' 00"},
        {"dt", "d9ea60 89 1a00000003 43 'ti' 00 43 'tc' 00 42 'pc' 42 'rc' 43 'pi' 00 43 'qi' 00 "
               "43 'qc' 00 42 'dt'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const endorsements in = {.tag = 60000,
                                 .version = ENDORSEMENTS_VERSION,
                                 .tcb_info = bytes_text("ti"),
                                 .tcb_info_issuer_chain = bytes_text("tc"),
                                 .pck_crl = bytes_text("pc"),
                                 .root_ca_crl = bytes_text("rc"),
                                 .pck_crl_issuer_chain = bytes_text("pi"),
                                 .qe_identity = bytes_text("qi"),
                                 .qe_identity_issuer_chain = bytes_text("qc"),
                                 .creation_datetime = bytes_text(rows[i].date)};
        uint8_t space[64];
        writer w = wr_of(space, sizeof space);
        endorsements_write(&w, &in);
        bytes expected = assemble(rows[i].out);
        assert_true(wr_ok(&w));
        assert_true(bytes_equal(wr_bytes(&w), expected));
        endorsements again;
        assert_int_equal(endorsements_parse(expected, &again, NULL), RATLS_OK);
        assert_true(bytes_equal(again.tcb_info, in.tcb_info));
        assert_true(bytes_equal(again.qe_identity_issuer_chain, in.qe_identity_issuer_chain));
        bytes_free(expected);
    }
}

static void every_truncation_and_extension_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
        bytes in = assemble(accepted[i].in);
        for (size_t n = 0; n <= in.n + 1; n++) {
            bytes other = bytes_resized(in, n);
            endorsements s;
            ratls_error e = {0};
            ratls_code code = endorsements_parse(other, &s, &e);
            bytes_free(other);
            if (code != (n == in.n ? RATLS_OK : RATLS_E_MALFORMED))
                fail_msg("%s, %zu of %zu bytes: %s", accepted[i].name, n, in.n, e.text);
        }
        bytes_free(in);
    }
}

#define OE_HEAD "01000000 02000000 38000000 09000000 "
#define OE_OFFSETS                                                                                 \
    "00000000 04000000 06000000 08000000 0a000000 0c000000 0e000000 10000000 12000000 "
#define OE_DATA "01000000 'titcpcrcpiqiqcdt' "

static const struct {
    const char *name, *in;
    ratls_code code;
    const char *says;
} oe_refused[] = {
    {"nothing", "", RATLS_E_MALFORMED, "0 bytes"},
    {"a head without all offsets", "01000000 02000000 23000000 09000000 00*35", RATLS_E_MALFORMED,
     "51 bytes, the head of Open Enclave's has 52"},
    {"version 0", "00000000 02000000 38000000 09000000 " OE_OFFSETS OE_DATA, RATLS_E_UNSUPPORTED,
     "version 0"},
    {"version 2", "02000000 02000000 38000000 09000000 " OE_OFFSETS OE_DATA, RATLS_E_UNSUPPORTED,
     "version 2"},
    {"another type", "01000000 03000000 38000000 09000000 " OE_OFFSETS OE_DATA, RATLS_E_UNSUPPORTED,
     "type 3"},
    {"size too small", "01000000 02000000 37000000 09000000 " OE_OFFSETS OE_DATA, RATLS_E_MALFORMED,
     "says 55 bytes"},
    {"size too big", "01000000 02000000 ffffffff 09000000 " OE_OFFSETS OE_DATA, RATLS_E_MALFORMED,
     "says 4294967295 bytes"},
    {"8 items", "01000000 02000000 38000000 08000000 " OE_OFFSETS OE_DATA, RATLS_E_MALFORMED,
     "8 items"},
    {"2^32-1 items", "01000000 02000000 38000000 ffffffff " OE_OFFSETS OE_DATA, RATLS_E_MALFORMED,
     "4294967295 items"},
    {"first offset not 0",
     OE_HEAD "01000000 04000000 06000000 08000000 0a000000 0c000000 0e000000 "
             "10000000 12000000 " OE_DATA,
     RATLS_E_MALFORMED, "item 0 begins at 1"},
    {"offsets that go back",
     OE_HEAD "00000000 04000000 06000000 05000000 0a000000 0c000000 "
             "0e000000 10000000 12000000 " OE_DATA,
     RATLS_E_MALFORMED, "item 3 begins at 5"},
    {"an offset past the end",
     OE_HEAD "00000000 04000000 06000000 08000000 0a000000 0c000000 "
             "0e000000 10000000 15000000 " OE_DATA,
     RATLS_E_MALFORMED, "item 8 begins at 21"},
    {"an offset of 2^32-1",
     OE_HEAD "00000000 ffffffff 06000000 08000000 0a000000 0c000000 "
             "0e000000 10000000 12000000 " OE_DATA,
     RATLS_E_MALFORMED, "item 1 begins at 4294967295"},
    {"version of 3 bytes",
     OE_HEAD "00000000 03000000 06000000 08000000 0a000000 0c000000 0e000000 "
             "10000000 12000000 " OE_DATA,
     RATLS_E_MALFORMED, "version has 3 bytes"},
    {"version of 6 bytes",
     OE_HEAD "00000000 06000000 06000000 08000000 0a000000 0c000000 0e000000 "
             "10000000 12000000 " OE_DATA,
     RATLS_E_MALFORMED, "version has 6 bytes"},
    {"an empty item",
     OE_HEAD "00000000 04000000 06000000 06000000 0a000000 0c000000 0e000000 "
             "10000000 12000000 " OE_DATA,
     RATLS_E_MALFORMED, "tcb_info_issuer_chain is empty"},
};

static void oe_refuses_with_code_and_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof oe_refused / sizeof *oe_refused; i++) {
        bytes in = assemble(oe_refused[i].in);
        endorsements s;
        ratls_error e = {0};
        ratls_code code = endorsements_parse_oe(in, &s, &e);
        if (code != oe_refused[i].code || e.code != code ||
            strstr(e.text, oe_refused[i].says) == NULL)
            fail_msg("%s: %s \"%s\"", oe_refused[i].name, ratls_code_name(code), e.text);
        bytes_free(in);
    }
}

static void oe_is_read_whole_only(void **state)
{
    (void)state;
    bytes in = assemble(OE_HEAD OE_OFFSETS OE_DATA);
    for (size_t n = 0; n <= in.n + 1; n++) {
        bytes other = bytes_resized(in, n);
        endorsements s;
        ratls_error e = {0};
        ratls_code code = endorsements_parse_oe(other, &s, &e);
        if (code != (n == in.n ? RATLS_OK : RATLS_E_MALFORMED))
            fail_msg("%zu of %zu bytes: %s", n, in.n, e.text);
        if (n == in.n) {
            assert_int_equal(s.tag, 0);
            assert_int_equal(s.version, 1);
            assert_true(bytes_is(s.tcb_info, "ti"));
            assert_true(bytes_is(s.qe_identity_issuer_chain, "qc"));
            assert_true(bytes_is(s.creation_datetime, "dt"));
        }
        bytes_free(other);
    }
    bytes_free(in);
}

static const struct {
    const char *file;
    size_t at; /* in endorsements */
} oe_fields[] = {
    {"TCB_INFO", offsetof(endorsements, tcb_info)},
    {"TCB_ISSUER_CHAIN", offsetof(endorsements, tcb_info_issuer_chain)},
    {"CRL_PCK_CERT", offsetof(endorsements, pck_crl)},
    {"CRL_PCK_PROC_CA", offsetof(endorsements, root_ca_crl)},
    {"CRL_ISSUER_CHAIN_PCK_CERT", offsetof(endorsements, pck_crl_issuer_chain)},
    {"QE_ID_INFO", offsetof(endorsements, qe_identity)},
    {"QE_ID_ISSUER_CHAIN", offsetof(endorsements, qe_identity_issuer_chain)},
    {"CREATION_DATETIME", offsetof(endorsements, creation_datetime)},
};
enum { OE_FIELDS_N = sizeof oe_fields / sizeof *oe_fields };

static bytes field_at(const endorsements *s, size_t i)
{
    bytes b;
    memcpy(&b, (const char *)s + oe_fields[i].at, sizeof b);
    return b;
}

/* The field as the file holds it, or that without its NULs. */
static bool is_field(bytes got, bytes file)
{
    return got.n > 0 && got.n <= file.n && bytes_equal(got, bytes_of(file.p, got.n)) &&
           bytes_all_zero(bytes_of(file.p + got.n, file.n - got.n)) &&
           (got.p[0] == 0x30 || got.p[got.n - 1] != 0);
}

static void reads_real_oe_endorsements_in_both_forms(void **state)
{
    (void)state;
    vectors_need();
    endorsements s;
    ratls_error e = {0};
    bytes blob = vector_read("oe/sgx-2022/endorsements.bin");
    if (endorsements_parse_oe(blob, &s, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    assert_int_equal(s.version, 1);
    assert_true(bytes_is(s.creation_datetime, "2022-04-26T23:43:10Z"));

    /* The same items as the extension of the common format. */
    uint8_t out[16384];
    writer w = wr_of(out, sizeof out);
    wr_be(&w, 0xd9ea6089, 4);
    wr_be(&w, 0x1a00000001, 5);
    for (size_t i = 0; i < OE_FIELDS_N; i++) {
        char name[128];
        (void)snprintf(name, sizeof name, "oe/sgx-2022/endorsements-fields/%s.bin",
                       oe_fields[i].file);
        bytes file = vector_read(name);
        if (!is_field(field_at(&s, i), file))
            fail_msg("%s", name);
        cbor_put_bytes(&w, file);
    }
    endorsements t;
    if (endorsements_parse(wr_bytes(&w), &t, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    assert_int_equal(t.tag, 60000);
    assert_int_equal(t.version, 1);
    for (size_t i = 0; i < OE_FIELDS_N; i++)
        assert_true(bytes_equal(field_at(&t, i), field_at(&s, i)));

    for (size_t n = 0; n < blob.n; n++)
        if (endorsements_parse_oe(bytes_of(blob.p, n), &s, NULL) != RATLS_E_MALFORMED)
            fail_msg("cut to %zu bytes", n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_with_code_and_reason),
        cmocka_unit_test(accepts_what_peers_write),
        cmocka_unit_test(writes_what_peers_read),
        cmocka_unit_test(every_truncation_and_extension_is_refused),
        cmocka_unit_test(oe_refuses_with_code_and_reason),
        cmocka_unit_test(oe_is_read_whole_only),
        cmocka_unit_test(reads_real_oe_endorsements_in_both_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
