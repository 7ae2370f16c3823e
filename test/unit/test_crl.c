#include "testing.h"

#include <dirent.h>
#include <jansson.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "assemble.h"
#include "vectors.h"
#include "x509/crl.h"
#include "x509_maker.h"

#define NOW 1700000000
#define DAY 86400

static bytes assembled(const char *text)
{
    bytes block = assemble(text), kept = arena_copy(block);
    bytes_free(block);
    return kept;
}

static cert_spec issuer_spec(void)
{
    return cert_spec_of("CN=CA,O=ratls tests", key_named(KEY_TYPE_P256, "CRL issuer"), NOW,
                        NOW + DAY);
}

static crl_spec good_spec(void)
{
    cert_spec issuer = issuer_spec();
    crl_spec l = crl_spec_of(&issuer, NOW, NOW + DAY);
    l.entries[l.n++] = (crl_entry){.serial = assembled("11"), .reason = -1};
    l.entries[l.n++] = (crl_entry){.serial = assembled("00 f2*20"), .reason = 1};
    l.entries[l.n++] = (crl_entry){.serial = assembled("33 33"), .reason = 10};
    return l;
}

static ratls_code parse_exactly(bytes der, ratls_error *e)
{
    crl l;
    bytes block = bytes_resized(der, der.n);
    ratls_code code = crl_parse(block, &l, e);
    bytes_free(block);
    return code;
}

static void expect(const char *name, bytes der, ratls_code code, const char *sentence)
{
    ratls_error e = {.code = RATLS_OK, .text = ""};
    ratls_code got = parse_exactly(der, &e);
    if (got != code)
        fail_msg("%s: %s, expected %s (%s)", name, ratls_code_name(got), ratls_code_name(code),
                 e.text);
    if (code == RATLS_OK)
        return;
    if (e.code != code || strstr(e.text, sentence) == NULL)
        fail_msg("%s: \"%s\" lacks \"%s\"", name, e.text, sentence);
    if (e.offset > der.n || strncmp(e.text, "CRL: ", 5) != 0)
        fail_msg("%s: offset %zu, \"%s\"", name, e.offset, e.text);
    assert_int_equal(parse_exactly(der, NULL), code);
}

static void reads_every_field(void **state)
{
    (void)state;
    crl_spec s = good_spec();
    ext_set(&s.ext, OID_CRL_NUMBER, false, mk_uint(300));
    bytes der = crl_make(&s);
    crl l;
    ratls_error e;
    assert_int_equal(crl_parse(der, &l, &e), RATLS_OK);
    cert_layout at = cert_layout_of(der);
    assert_true(bytes_equal(l.der, der));
    assert_true(bytes_equal(l.tbs, bytes_of(der.p + at.tbs_at, at.tbs_n)));
    assert_true(bytes_equal(l.issuer, s.issuer));
    assert_int_equal(l.this_update, NOW);
    assert_int_equal(l.next_update, NOW + DAY);
    assert_int_equal(l.entries_n, 3);
    assert_int_equal(l.signature_algorithm, CRYPTO_ECDSA_SHA256);
    assert_true(bytes_equal(l.number, assembled("012c")));
    assert_true(bytes_equal(l.authority_key_id, key_id(s.signer)));
    assert_false(l.authority_by_serial);
    crypto_key *key = crypto_key_from_spki(key_spki(s.signer));
    assert_true(crypto_verify(key, l.signature_algorithm, l.tbs, l.signature));
    crypto_key_free(key);
}

static void lists_exactly_its_entries(void **state)
{
    (void)state;
    static const struct {
        const char *serial;
        bool listed;
    } cases[] = {{"11", true},     {"00 f2*20", true}, {"33 33", true},
                 {"12", false},    {"33", false},      {"33 33 33", false},
                 {"f2*20", false}, {"", false},        {"0011", false}};
    crl_spec s = good_spec();
    crl l;
    ratls_error e;
    assert_int_equal(crl_parse(crl_make(&s), &l, &e), RATLS_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (crl_lists(&l, assembled(cases[i].serial)) != cases[i].listed)
            fail_msg("serial %s", cases[i].serial);
    s.n = 0;
    assert_int_equal(crl_parse(crl_make(&s), &l, &e), RATLS_OK);
    assert_int_equal(l.entries_n, 0);
    assert_false(crl_lists(&l, assembled("11")));
    /* What was not parsed and can't be walked clears nobody. */
    l = (crl){.entries = assembled("30 05 02 01")};
    assert_true(crl_lists(&l, assembled("11")));
}

/* The part that a case replaces or adds, as whole elements. */
typedef enum part {
    VERSION,
    INNER,
    OUTER,
    ALGORITHM,
    ISSUER,
    THIS_UPDATE,
    NEXT_UPDATE,
    ENTRIES,    /* the whole list */
    ENTRY,      /* one entry, alone in its list */
    ENTRY_EXT,  /* one Extension of the only entry */
    EXTENSIONS, /* the field [0] */
    EXTENSION,  /* one more Extension */
    NUMBER,     /* value of CRLNumber */
    AUTHORITY,  /* value of AuthorityKeyIdentifier */
    AFTER,      /* a field after the extensions */
    TRAILING
} part;

static bytes with_part(part where, bytes b)
{
    EVP_PKEY *signer = key_named(KEY_TYPE_P256, "CRL issuer");
    bytes algorithm = mk_seq(mk_oid("1.2.840.10045.4.3.2"));
    bytes entry_extensions = where == ENTRY_EXT ? mk_seq(b) : BYTES_NONE;
    bytes entry = where == ENTRY ? b : mk_seq(mk_uint(17), mk_utc_time(NOW), entry_extensions);
    bytes number = where == NUMBER ? b : mk_uint(1);
    bytes authority = where == AUTHORITY ? b : ext_authority_key_id(signer);
    bytes extensions = mk_tlv(DER_CONTEXT_CONSTRUCTED(0),
                              mk_seq(mk_seq(mk_oid(OID_CRL_NUMBER), mk_octets(number)),
                                     mk_seq(mk_oid(OID_AUTHORITY_KEY_ID), mk_octets(authority)),
                                     where == EXTENSION ? b : BYTES_NONE));
    bytes inner = where == INNER || where == ALGORITHM ? b : algorithm;
    bytes tbs = mk_seq(where == VERSION ? b : mk_uint(1), inner,
                       where == ISSUER ? b : mk_name("CN=CA,O=ratls tests"),
                       where == THIS_UPDATE ? b : mk_utc_time(NOW),
                       where == NEXT_UPDATE ? b : mk_utc_time(NOW + DAY),
                       where == ENTRIES ? b : mk_seq(entry), where == EXTENSIONS ? b : extensions,
                       where == AFTER ? b : BYTES_NONE);
    bytes outer = where == OUTER || where == ALGORITHM ? b : algorithm;
    bytes der = mk_seq(tbs, outer, mk_bits(sign_der(signer, EVP_sha256(), tbs)));
    return where == TRAILING ? join(der, b) : der;
}

#define M      RATLS_E_MALFORMED
#define U      RATLS_E_UNSUPPORTED
#define REASON "300a 0603551d15 0403 0a01"
#define TIME   "170d '231101000000Z'"
#define DATE   "180f '20231101000000Z'"

static const struct {
    const char *name;
    part where;
    const char *bytes;
    ratls_code code;
    const char *sentence;
} parts[] = {
    {"version 1", VERSION, "", U, "version 1, expected version 2"},
    {"version 1 written out", VERSION, "020100", U, "version is not 2"},
    {"version 3", VERSION, "020102", U, "version is not 2"},
    {"version -1", VERSION, "0201ff", U, "version is not 2"},

    {"inner algorithm only another", INNER, "300a 06082a8648ce3d040303", M, "differs"},
    {"outer algorithm only another", OUTER, "300a 06082a8648ce3d040303", M, "differs"},
    {"outer algorithm absent", OUTER, "", M, "differs"},
    {"both with SHA-384", ALGORITHM, "300a 06082a8648ce3d040303", RATLS_OK, ""},
    {"both with NULL", ALGORITHM, "300c 06082a8648ce3d040302 0500", RATLS_OK, ""},
    {"both ECDSA with SHA-1", ALGORITHM, "3009 06072a8648ce3d0401", U, "1.2.840.10045.4.1"},
    {"both empty", ALGORITHM, "3000", M, "AlgorithmIdentifier"},

    {"issuer empty", ISSUER, "3000", RATLS_OK, ""},
    {"issuer a string", ISSUER, "0c0161", M, "issuer is not a Name"},
    {"issuer with an INTEGER", ISSUER, "300c 310a 3008 0603550403 020101", M, "issuer is not"},

    {"thisUpdate an INTEGER", THIS_UPDATE, "020101", M, "thisUpdate is not a time"},
    {"thisUpdate without seconds", THIS_UPDATE, "170b '2311010000Z'", M,
     "thisUpdate is not a time"},
    {"thisUpdate GeneralizedTime", THIS_UPDATE, DATE, RATLS_OK, ""},
    {"nextUpdate absent", NEXT_UPDATE, "", M, "nextUpdate is absent"},
    {"nextUpdate with a fraction", NEXT_UPDATE, "1811 '20231201000000.5Z'", M,
     "nextUpdate is not a time"},
    {"nextUpdate equal to thisUpdate", NEXT_UPDATE, "170d '231114221320Z'", RATLS_OK, ""},
    {"nextUpdate before thisUpdate", NEXT_UPDATE, "170d '231114221319Z'", M,
     "nextUpdate 2023-11-14T22:13:19Z is before thisUpdate 2023-11-14T22:13:20Z"},

    {"entries absent", ENTRIES, "", RATLS_OK, ""},
    {"entries empty", ENTRIES, "3000", M, "empty though present"},
    {"entries a SET", ENTRIES, "3112 3010 020111 " TIME, M, "unknown field"},
    {"entries past the end", ENTRIES, "3082ffff", M, "list of entries is malformed"},
    {"entry without time", ENTRY, "3003 020111", M, "does not begin with a serial and a time"},
    {"entry without serial", ENTRY, "300f " TIME, M, "does not begin with a serial and a time"},
    {"entry with a padded serial", ENTRY, "3013 02020011 " TIME, M, "entry 1 does not begin"},
    {"entry a SET", ENTRY, "3112 020111 " TIME, M, "entry 1 does not begin"},
    {"entry with a serial of 20 bytes and a zero", ENTRY, "3026 021500 ff*20 " TIME, RATLS_OK, ""},
    {"entry with a serial of 21 bytes", ENTRY, "3026 0215 11*21 " TIME, M,
     "serial of entry 1 has 21 bytes, at most 20"},
    {"entry with a zero serial", ENTRY, "3012 020100 " TIME, RATLS_OK, ""},
    {"entry with two times", ENTRY, "3021 020111 " TIME TIME, M, "extensions are not a SEQUENCE"},
    {"entry with empty extensions", ENTRY, "3014 020111 " TIME "3000", M,
     "extensions are not a SEQUENCE of at least one"},
    {"entry with a field 4", ENTRY, "3022 020111 " TIME "300c " REASON "01 0500", M,
     "unknown field"},
    {"entry whose extension is an INTEGER", ENTRY_EXT, "020101", M, "extension 1 is not"},

    {"reason unspecified", ENTRY_EXT, REASON "00", RATLS_OK, ""},
    {"reason keyCompromise, critical", ENTRY_EXT, "300d 0603551d15 0101ff 0403 0a0101", RATLS_OK,
     ""},
    {"reason certificateHold", ENTRY_EXT, REASON "06", RATLS_OK, ""},
    {"reason 7", ENTRY_EXT, REASON "07", M, "not a known reasonCode"},
    {"reason removeFromCRL", ENTRY_EXT, REASON "08", M, "removeFromCRL"},
    {"reason aACompromise", ENTRY_EXT, REASON "0a", RATLS_OK, ""},
    {"reason 11", ENTRY_EXT, REASON "0b", M, "not a known reasonCode"},
    {"reason negative", ENTRY_EXT, REASON "ff", M, "not a known reasonCode"},
    {"reason INTEGER", ENTRY_EXT, "300a 0603551d15 0403 020101", M, "not a known reasonCode"},
    {"reason and more", ENTRY_EXT, "300c 0603551d15 0405 0a0101 0500", M, "not a known reasonCode"},
    {"reason twice", ENTRY_EXT, REASON "01 " REASON "01", M, "2.5.29.21 stands twice"},
    {"invalidityDate", ENTRY_EXT, "3018 0603551d18 0411 " DATE, RATLS_OK, ""},
    {"invalidityDate in UTCTime", ENTRY_EXT, "3016 0603551d18 040f " TIME, M, "invalidityDate"},
    {"invalidityDate and more", ENTRY_EXT, "301a 0603551d18 0413 " DATE "0500", M,
     "invalidityDate"},
    {"unknown entry extension", ENTRY_EXT, "3007 06022a03 040100", RATLS_OK, ""},
    {"unknown critical entry extension", ENTRY_EXT, "300a 06022a03 0101ff 040100", U,
     "unknown critical extension 1.2.3 of an entry"},
    {"certificateIssuer critical", ENTRY_EXT, "300c 0603551d1d 0101ff 0402 3000", U,
     "2.5.29.29 of an entry; expected a complete list"},
    {"certificateIssuer not critical", ENTRY_EXT, "3009 0603551d1d 0402 3000", U,
     "2.5.29.29 of an entry; expected a complete list"},
    {"five entry extensions", ENTRY_EXT,
     "3007 06022a01 040100 3007 06022a02 040100 3007 06022a03 040100 3007 06022a04 040100 "
     "3007 06022a05 040100",
     RATLS_E_LIMIT, "more than 4 extensions"},

    {"extensions absent", EXTENSIONS, "", RATLS_OK, ""},
    {"extensions empty", EXTENSIONS, "a002 3000", M, "extensions are not one SEQUENCE"},
    {"extensions in two SEQUENCEs", EXTENSIONS,
     "a016 3009 3007 06022a03 040100 3009 3007 06022a04 040100", M,
     "extensions are not one SEQUENCE"},
    {"extensions in [1]", EXTENSIONS, "a10b 3009 3007 06022a03 040100", M, "unknown field"},
    {"extension twice", EXTENSION, "300a 0603551d14 0403 020101", M, "2.5.29.20 stands twice"},
    {"unknown extension", EXTENSION, "3007 06022a03 040100", RATLS_OK, ""},
    {"unknown critical extension", EXTENSION, "300a 06022a03 0101ff 040100", U,
     "unknown critical extension 1.2.3 of the list"},
    {"critical 01", EXTENSION, "300a 06022a03 010101 040100", M, "extension 3 is not"},
    {"critical FALSE written out", EXTENSION, "300a 06022a03 010100 040100", M, "critical FALSE"},
    {"issuingDistributionPoint critical", EXTENSION, "300c 0603551d1c 0101ff 0402 3000", U,
     "2.5.29.28 of the list; expected a complete list"},
    {"issuingDistributionPoint not critical", EXTENSION, "3009 0603551d1c 0402 3000", U,
     "2.5.29.28 of the list; expected a complete list"},
    {"delta CRL", EXTENSION, "300d 0603551d1b 0101ff 0403 020101", U,
     "2.5.29.27 of the list; expected a complete list"},
    {"number of 20 bytes", NUMBER, "0214 7f*20", RATLS_OK, ""},
    {"number of 21 bytes", NUMBER, "0215 7f*21", M, "CRLNumber"},
    {"number negative", NUMBER, "0201ff", M, "CRLNumber"},
    {"number and more", NUMBER, "020101 00", M, "CRLNumber"},
    {"number empty", NUMBER, "", M, "CRLNumber"},
    {"authority not wrapped", AUTHORITY, "8001aa", M, "AuthorityKeyIdentifier"},
    {"authority by serial", AUTHORITY, "300b a106 a404 3002 3100 820101", RATLS_OK, ""},

    {"a field after the extensions", AFTER, "0500", M, "unknown field"},
    {"extensions twice", AFTER, "a00b 3009 3007 06022a03 040100", M, "unknown field"},
    {"one byte after the end", TRAILING, "00", M, "1 bytes follow its end"},
};

static void parts_are_judged_one_by_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        arena_mark mark = arena_here();
        bytes der = with_part(parts[i].where, assembled(parts[i].bytes));
        expect(parts[i].name, der, parts[i].code, parts[i].sentence);
        arena_back(mark);
    }
}

static void the_frame_is_strict(void **state)
{
    (void)state;
    crl_spec s = good_spec();
    bytes der = crl_make(&s);
    cert_layout l = cert_layout_of(der);
    expect("empty", BYTES_NONE, M, "not a DER SEQUENCE");
    expect("outer SET", bytes_patched(der, 0, assembled("31")), M, "not a DER SEQUENCE");
    expect("outer indefinite", bytes_patched(der, 1, assembled("80")), M, "not a DER SEQUENCE");
    expect("tbs a SET", bytes_patched(der, l.tbs_at, assembled("31")), M, "signed part");
    expect("signature with unused bits", bytes_patched(der, l.signature_at + 2, assembled("01")), M,
           "no signature");
    expect("empty SEQUENCE", assembled("3000"), M, "signed part");
    bytes inner = bytes_of(der.p + 4, der.n - 4);
    expect("no signature", mk_tlv(DER_SEQUENCE, bytes_cut(inner, l.signature_at - 4)), M,
           "no signature");
    expect("no outer algorithm", mk_tlv(DER_SEQUENCE, bytes_cut(inner, l.algorithm_at - 4)), M,
           "no signature algorithm");
    expect("a fourth field", mk_tlv(DER_SEQUENCE, join(inner, assembled("0500"))), M,
           "no signature");
}

static void every_truncation_is_malformed(void **state)
{
    (void)state;
    crl_spec s = good_spec();
    bytes der = crl_make(&s);
    for (size_t n = 0; n < der.n; n++) {
        ratls_error e;
        if (parse_exactly(bytes_cut(der, n), &e) != M)
            fail_msg("the first %zu bytes", n);
    }
}

static void every_flip_is_refused_or_breaks_the_signature(void **state)
{
    (void)state;
    crl_spec s = good_spec();
    bytes der = crl_make(&s);
    crypto_key *key = crypto_key_from_spki(key_spki(s.signer));
    uint8_t *p = arena_alloc(der.n);
    memcpy(p, der.p, der.n);
    size_t parsed = 0;
    for (size_t at = 0; at < der.n; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            crl l;
            p[at] ^= (uint8_t)(1U << bit);
            if (crl_parse(bytes_of(p, der.n), &l, NULL) == RATLS_OK) {
                parsed++;
                if (crypto_verify(key, l.signature_algorithm, l.tbs, l.signature))
                    fail_msg("bit %u of byte %zu", bit, at);
            }
            p[at] ^= (uint8_t)(1U << bit);
        }
    }
    crypto_key_free(key);
    assert_true(parsed > 500); /* else the property says nothing */
}

static bytes huge(size_t entries)
{
    buf all = {0};
    for (size_t i = 0; i < entries; i++) {
        uint8_t serial[] = {0x40, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
        buf_put(&all, mk_seq(mk_int_raw(bytes_of(serial, 4)), mk_utc_time(NOW)));
    }
    return with_part(ENTRIES, mk_tlv(DER_SEQUENCE, buf_bytes(&all)));
}

static void limit_holds_exactly(void **state)
{
    (void)state;
    static const uint8_t last[] = {0x40, 0, 0xb1, 0xbb}, beyond[] = {0x40, 0, 0xb1, 0xbc};
    crl l;
    ratls_error e;
    bytes der = huge(45500);
    assert_true(der.n < CRL_MAX && der.n > CRL_MAX - 4000);
    assert_int_equal(crl_parse(der, &l, &e), RATLS_OK);
    assert_int_equal(l.entries_n, 45500);
    assert_true(crl_lists(&l, bytes_of(last, 4)));
    assert_false(crl_lists(&l, bytes_of(beyond, 4)));
    uint8_t *p = arena_alloc(CRL_MAX + 1);
    expect("a byte too many", bytes_of(p, CRL_MAX + 1), RATLS_E_LIMIT, "1048577 bytes, at most");
    expect("the limit", bytes_of(p, CRL_MAX), M, "not a DER SEQUENCE");
}

/* Public CRLs, compared with OpenSSL's reading of the same bytes. */

static int64_t seconds_of(const ASN1_TIME *t)
{
    int days = 0, seconds = 0;
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    assert_int_equal(ASN1_TIME_diff(&days, &seconds, epoch, t), 1);
    ASN1_TIME_free(epoch);
    return (int64_t)days * 86400 + seconds;
}

static bytes integer_of(const ASN1_INTEGER *i)
{
    unsigned char *p = NULL;
    int n = i2d_ASN1_INTEGER(i, &p);
    assert_true(n > 2);
    bytes contents = arena_copy(bytes_of(p + 2, (size_t)n - 2));
    OPENSSL_free(p);
    return contents;
}

static void check_public(const char *source, bytes der)
{
    crl l;
    ratls_error e;
    if (crl_parse(der, &l, &e) != RATLS_OK)
        fail_msg("%s: %s", source, e.text);
    const unsigned char *p = der.p;
    X509_CRL *x = d2i_X509_CRL(NULL, &p, (long)der.n);
    assert_non_null(x);
    assert_ptr_equal(p, der.p + der.n);
    size_t n;
    assert_int_equal(X509_NAME_get0_der(X509_CRL_get_issuer(x), &p, &n), 1);
    assert_true(bytes_equal(l.issuer, bytes_of(p, n)));
    assert_int_equal(l.this_update, seconds_of(X509_CRL_get0_lastUpdate(x)));
    assert_int_equal(l.next_update, seconds_of(X509_CRL_get0_nextUpdate(x)));
    ASN1_INTEGER *number = X509_CRL_get_ext_d2i(x, NID_crl_number, NULL, NULL);
    assert_true(bytes_equal(l.number, integer_of(number)));
    ASN1_INTEGER_free(number);
    AUTHORITY_KEYID *authority = X509_CRL_get_ext_d2i(x, NID_authority_key_identifier, NULL, NULL);
    assert_true(
        bytes_equal(l.authority_key_id, bytes_of(ASN1_STRING_get0_data(authority->keyid),
                                                 (size_t)ASN1_STRING_length(authority->keyid))));
    AUTHORITY_KEYID_free(authority);
    STACK_OF(X509_REVOKED) *revoked = X509_CRL_get_REVOKED(x);
    int entries = revoked == NULL ? 0 : sk_X509_REVOKED_num(revoked);
    assert_int_equal(l.entries_n, (size_t)entries);
    for (int i = 0; i < entries; i++) {
        bytes serial =
            integer_of(X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(revoked, i)));
        assert_true(crl_lists(&l, serial));
        assert_false(crl_lists(&l, join(serial, assembled("00"))));
    }
    X509_CRL_free(x);
}

static void check_collateral(const char *file)
{
    json_t *set = json_load_file(file, 0, NULL);
    assert_non_null(set);
    static const char *const keys[] = {"root_ca_crl", "pck_crl"};
    for (size_t i = 0; i < 2; i++) {
        const char *hex = json_string_value(json_object_get(set, keys[i]));
        assert_non_null(hex);
        check_public(file, bytes_from_hex(hex));
    }
    json_decref(set);
}

static void public_crls_are_read_as_openssl_reads_them(void **state)
{
    (void)state;
    vectors_need();
    static const char *const files[] = {
        "snp/kds-crl-milan-20260819.der",
        "snp/kds-crl-genoa-20260819.der",
        "snp/kds-crl-turin-20260819.der",
        "oe/sgx-2022/endorsements-fields/CRL_PCK_PROC_CA.bin",
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        bytes b = vector_read(files[i]);
        /* Open Enclave's items end in NULs; the DER does not. */
        size_t n = b.n > 4 ? 4 + ((size_t)b.p[2] << 8 | b.p[3]) : 0;
        assert_true(n <= b.n);
        check_public(files[i], bytes_of(b.p, n));
    }
    DIR *dir = opendir(vectors_path("dcap/collateral"));
    assert_non_null(dir);
    size_t sets = 0;
    for (struct dirent *d = readdir(dir); d != NULL; d = readdir(dir)) {
        if (strstr(d->d_name, ".json") == NULL)
            continue;
        bytes name = arena_format("dcap/collateral/%s%c", d->d_name, '\0');
        check_collateral(vectors_path((const char *)name.p));
        sets++;
    }
    (void)closedir(dir);
    assert_int_equal(sets, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_field),
        cmocka_unit_test(lists_exactly_its_entries),
        cmocka_unit_test(parts_are_judged_one_by_one),
        cmocka_unit_test(the_frame_is_strict),
        cmocka_unit_test(every_truncation_is_malformed),
        cmocka_unit_test(every_flip_is_refused_or_breaks_the_signature),
        cmocka_unit_test(limit_holds_exactly),
        cmocka_unit_test(public_crls_are_read_as_openssl_reads_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
