/* Writers of names, extensions and certificates: held against the makers, which share no code. */
#include "testing.h"

#include <openssl/x509.h>

#include "issue/certificate.h"
#include "issue/csr.h"
#include "issue/name.h"
#include "judge.h"
#include "x509/certificate.h"
#include "x509_maker.h"

#define T0             1767225600
#define EACH(i, table) for (size_t i = 0; i < sizeof(table) / sizeof *(table); i++)

static uint8_t room[8192];

static bytes times(int64_t t)
{
    writer w = wr_of(room, sizeof room);
    der_put_time(&w, t);
    return wr_bytes(&w);
}

static void elements(void **state)
{
    (void)state;
    static const int64_t moments[] = {T0,         0,          -631152000, -631152001,
                                      2524607999, 2524608000, 4102444800, 253402300799};
    EACH(i, moments)
    assert_bytes(times(moments[i]), mk_time(moments[i]));
    static const uint64_t numbers[] = {0, 1, 127, 128, 255, 256, 32768, 1ULL << 63, UINT64_MAX};
    EACH(i, numbers)
    {
        writer w = wr_of(room, sizeof room);
        der_put_uint(&w, DER_INTEGER, numbers[i]);
        assert_bytes(wr_bytes(&w), mk_uint(numbers[i]));
    }
    static const size_t lengths[] = {0, 1, 127, 128, 255, 256, 5000};
    bytes zeros = bytes_of(arena_alloc(5000), 5000);
    EACH(i, lengths)
    {
        writer w = wr_of(room, sizeof room), m = wr_of(NULL, 0);
        bytes contents = bytes_cut(zeros, lengths[i]);
        wr_u8(&w, 0x5a);
        wr_put(&w, contents);
        der_wrap(&w, DER_SEQUENCE, 1);
        assert_bytes(wr_bytes(&w), join(bytes_text("Z"), mk_tlv(DER_SEQUENCE, contents)));
        wr_put(&m, contents); /* measuring */
        der_wrap(&m, DER_SEQUENCE, 0);
        assert_int_equal(m.n, w.n - 1);
        writer full = wr_of(room, lengths[i] + 1);
        wr_put(&full, contents);
        der_wrap(&full, DER_SEQUENCE, 0);
        assert_false(wr_ok(&full));
    }
    writer w = wr_of(room, sizeof room);
    der_put_bits(&w, bytes_text("ab"));
    der_put_boolean(&w, true);
    der_put_boolean(&w, false);
    assert_bytes(wr_bytes(&w), join(mk_bits(bytes_text("ab")), mk_bool(true), mk_bool(false)));
}

static void names(void **state)
{
    (void)state;
    static const struct {
        const char *text, *same; /* as mk_name takes it; NULL: refused */
        ratls_code code;
        const char *says;
    } rows[] = {
        {"CN=ratls", "CN=ratls", RATLS_OK, ""},
        {"CN=a b,O=c,OU=d,L=e,ST=f,C=DE", "CN=a b,O=c,OU=d,L=e,ST=f,C=DE", RATLS_OK, ""},
        {"O=Inclavare Containers,CN=RATS-TLS", "O=Inclavare Containers,CN=RATS-TLS", RATLS_OK, ""},
        {"CN=\xc3\xbc", "CN=\xc3\xbc", RATLS_OK, ""},
        {"CN=a=b", "CN=a=b", RATLS_OK, ""},
        {"CN=a,CN=b", "CN=a,CN=b", RATLS_OK, ""},
        {"", NULL, RATLS_E_MALFORMED, "at character 1"},
        {"CN", NULL, RATLS_E_MALFORMED, "at character 1"},
        {"CN=", NULL, RATLS_E_MALFORMED, "value of the attribute at character 1"},
        {"CN=a,", NULL, RATLS_E_MALFORMED, "value"},
        {"CN=a,,O=b", NULL, RATLS_E_MALFORMED, "at character 6"},
        {"cn=a", NULL, RATLS_E_MALFORMED, "at character 1"},
        {"CN=a,X=b", NULL, RATLS_E_MALFORMED, "at character 6"},
        {"CN=a, O=b", NULL, RATLS_E_MALFORMED, "at character 6"},
        {"CN=a\\", NULL, RATLS_E_MALFORMED, "value"},
        {"CN=\x01", NULL, RATLS_E_MALFORMED, "printable UTF-8"},
        {"CN=\x7f", NULL, RATLS_E_MALFORMED, "printable UTF-8"},
        {"CN=\xff", NULL, RATLS_E_MALFORMED, "printable UTF-8"},
        {"C=D", NULL, RATLS_E_MALFORMED, "country code"},
        {"C=DEU", NULL, RATLS_E_MALFORMED, "country code"},
        {"C=D1", NULL, RATLS_E_MALFORMED, "country code"},
        {"CN=a23456789012345678901234567890123456789012345678901234567890abcd",
         "CN=a23456789012345678901234567890123456789012345678901234567890abcd", RATLS_OK, ""},
        {"CN=a23456789012345678901234567890123456789012345678901234567890abcde", NULL,
         RATLS_E_MALFORMED, "1 to 64 bytes"},
        {"O=1,O=2,O=3,O=4,O=5,O=6,O=7,O=8,O=9,O=1,O=2,O=3,O=4,O=5,O=6,O=7,O=8", NULL, RATLS_E_LIMIT,
         "more than 16"},
    };
    EACH(i, rows)
    {
        writer w = wr_of(room, sizeof room);
        ratls_error e = {.text = ""};
        ratls_code code = issue_name_from_text(bytes_text(rows[i].text), &w, &e);
        if (code != rows[i].code || strstr(e.text, rows[i].says) == NULL)
            fail_msg("\"%s\": %s", rows[i].text, e.text);
        if (rows[i].same != NULL)
            assert_bytes(wr_bytes(&w), mk_name(rows[i].same));
        else
            assert_int_equal(w.n, 0);
    }
    writer w = wr_of(room, sizeof room);
    ratls_error e;
    assert_int_equal(issue_name_from_text(bytes_text("CN=a\\,\\\\b"), &w, &e), RATLS_OK);
    bytes cn = mk_set(mk_seq(mk_oid("2.5.4.3"), mk_utf8("a,\\b")));
    assert_bytes(wr_bytes(&w), mk_tlv(DER_SEQUENCE, cn));
}

static bytes value_of(const issue_extensions *x)
{
    assert_true(wr_ok(&x->values) && x->n == 1);
    return x->all[0].value;
}

#define ONE(call)                                                                                  \
    do {                                                                                           \
        x = issue_extensions_of(room, sizeof room);                                                \
        call;                                                                                      \
    } while (0)

static void values(void **state)
{
    (void)state;
    issue_extensions x;
    ONE(issue_add_basic_constraints(&x, false, -1));
    assert_bytes(value_of(&x), ext_basic(false, -1));
    assert_true(x.all[0].critical && extension_id_ce(x.all[0].oid) == ID_CE_BASIC_CONSTRAINTS);
    ONE(issue_add_basic_constraints(&x, true, -1));
    assert_bytes(value_of(&x), ext_basic(true, -1));
    ONE(issue_add_basic_constraints(&x, true, 0));
    assert_bytes(value_of(&x), ext_basic(true, 0));
    for (unsigned usage = 1; usage < 256; usage++) {
        ONE(issue_add_key_usage(&x, usage));
        assert_bytes(value_of(&x), ext_usage(usage));
    }
    assert_true(x.all[0].critical && extension_id_ce(x.all[0].oid) == ID_CE_KEY_USAGE);
    EVP_PKEY *key = key_named(KEY_TYPE_P256, "k");
    ONE(issue_add_subject_key_id(&x, key_id(key)));
    assert_bytes(value_of(&x), ext_subject_key_id(key));
    assert_true(!x.all[0].critical && extension_id_ce(x.all[0].oid) == ID_CE_SUBJECT_KEY_ID);
    ONE(issue_add_authority_key_id(&x, key_id(key)));
    assert_bytes(value_of(&x), ext_authority_key_id(key));
    assert_true(!x.all[0].critical && extension_id_ce(x.all[0].oid) == ID_CE_AUTHORITY_KEY_ID);
    const char *uri = "https://ca.example/crl";
    ONE(issue_add_crl_distribution_point(&x, bytes_text(uri)));
    assert_bytes(value_of(&x), ext_crl_distribution(uri));
    assert_int_equal(extension_id_ce(x.all[0].oid), ID_CE_CRL_DISTRIBUTION_POINTS);
}

static void alt_names(void **state)
{
    (void)state;
    static const struct {
        const char *text, *hex; /* tag and value; NULL: refused */
    } rows[] = {
        {"0.0.0.0", "870400000000"},
        {"192.0.2.255", "8704c00002ff"},
        {"::", "871000000000000000000000000000000000"},
        {"::1", "871000000000000000000000000000000001"},
        {"1::", "871000010000000000000000000000000000"},
        {"2001:DB8::a:0", "871020010db80000000000000000000a0000"},
        {"1:2:3:4:5:6:7:8", "871000010002000300040005000600070008"},
        {"1:2:3:4:5:6:7::", "871000010002000300040005000600070000"},
        {"::2:3:4:5:6:7:8", "871000000002000300040005000600070008"},
        {"a.b", "8203612e62"},
        {"a", "820161"},
        {"*.a", "82032a2e61"},
        {"xn--a-1.b2", "820a786e2d2d612d312e6232"},
        {"1a.2b", "820531612e3262"},
        {"", NULL},
        {"256.1.1.1", NULL},
        {"01.1.1.1", NULL},
        {"1.1.1", NULL},
        {"1.1.1.1.1", NULL},
        {"1.1.1.", NULL},
        {"1.2.3.4.", NULL},
        {":", NULL},
        {":1", NULL},
        {"1:", NULL},
        {":::", NULL},
        {"1:::2", NULL},
        {"1::2::3", NULL},
        {"1:2:3:4:5:6:7", NULL},
        {"1:2:3:4:5:6:7:8:9", NULL},
        {"1:2:3:4::5:6:7:8", NULL},
        {"12345::", NULL},
        {"g::", NULL},
        {"a..b", NULL},
        {".a", NULL},
        {"a.", NULL},
        {"-a", NULL},
        {"a-", NULL},
        {"a-.b", NULL},
        {"a b", NULL},
        {"a_b", NULL},
        {"*", NULL},
        {"a.*", NULL},
        {"*.", NULL},
        {"a.1", NULL},
        {"\xc3\xbc.example", NULL},
        {"a23456789012345678901234567890123456789012345678901234567890abcd.b", NULL},
    };
    EACH(i, rows)
    {
        issue_extensions x = issue_extensions_of(room, sizeof room);
        ratls_error e = {.text = ""};
        ratls_code code = issue_add_subject_alt_names(&x, &rows[i].text, 1, &e);
        if (code != (rows[i].hex != NULL ? RATLS_OK : RATLS_E_MALFORMED))
            fail_msg("\"%s\": %s", rows[i].text, e.text);
        if (rows[i].hex != NULL)
            assert_bytes(value_of(&x), mk_tlv(DER_SEQUENCE, bytes_from_hex(rows[i].hex)));
        else
            assert_non_null(strstr(e.text, "neither a DNS name nor an IP address"));
    }
}

/* What it writes is what the maker writes for the same, up to the signature; which is good. */
static void certificates(void **state)
{
    (void)state;
    static const struct {
        crypto_type type;
        key_type made;
        const EVP_MD *(*md)(void);
    } rows[] = {{CRYPTO_P256, KEY_TYPE_P256, EVP_sha256},
                {CRYPTO_P384, KEY_TYPE_P384, EVP_sha384},
                {CRYPTO_RSA3072, KEY_TYPE_RSA, EVP_sha256}};
    static const char *const serials[] = {"01", "7f", "80", "00ff",
                                          "ffffffffffffffffffffffffffffffff"};
    EACH(i, rows)
    EACH(k, serials)
    {
        EVP_PKEY *ca = key_named(rows[i].made, "ca"), *key = key_named(KEY_TYPE_P256, "leaf");
        bytes serial = bytes_from_hex(serials[k]);
        cert_spec m = cert_spec_of("CN=leaf,O=Test", key, T0, T0 + 86400);
        m.issuer = mk_name("CN=ca");
        m.serial = bytes_of(mk_int_positive(serial).p + 2, mk_int_positive(serial).n - 2);
        m.signer = ca;
        m.md = rows[i].md();
        (void)ext_add(&m.ext, OID_BASIC_CONSTRAINTS, true, ext_basic(false, -1));
        (void)ext_add(&m.ext, OID_KEY_USAGE, true, ext_usage(USAGE_SIGNATURE));
        (void)ext_add(&m.ext, "1.2.3.4", false, bytes_text("value"));
        bytes expected = cert_make(&m);

        uint8_t buffer[256];
        issue_extensions x = issue_extensions_of(buffer, sizeof buffer);
        issue_add_basic_constraints(&x, false, -1);
        issue_add_key_usage(&x, KEY_USAGE_DIGITAL_SIGNATURE);
        issue_add(&x, oid_contents("1.2.3.4"), false, bytes_text("value"));
        const issue_spec spec = {.serial = serial,
                                 .issuer = m.issuer,
                                 .subject = m.subject,
                                 .not_before = T0,
                                 .not_after = T0 + 86400,
                                 .spki = key_spki(key),
                                 .extensions = &x};
        crypto_private *signer = crypto_private_from_pem(key_private_pem(ca));
        writer w = wr_of(room, sizeof room);
        ratls_error e = {.text = ""};
        wr_u8(&w, 0xaa); /* appended */
        assert_int_equal(issue_certificate(&spec, signer, &w, &e), RATLS_OK);
        bytes der = bytes_of(room + 1, w.n - 1);
        certificate c, d;
        assert_int_equal(certificate_parse(der, &c, &e), RATLS_OK);
        assert_int_equal(certificate_parse(expected, &d, &e), RATLS_OK);
        assert_bytes(c.tbs, d.tbs);
        assert_true(der.n <= c.spki.n + c.issuer.n + c.subject.n + x.values.n + 5 +
                                 ISSUE_CERTIFICATE_OVERHEAD);
        X509 *o = x509_of(der);
        assert_int_equal(X509_verify(o, ca), 1);
        X509_free(o);
        writer full = wr_of(room, w.n - 80); /* signatures differ in length */
        assert_int_equal(issue_certificate(&spec, signer, &full, &e), RATLS_E_LIMIT);
        assert_non_null(strstr(e.text, "certificate: more than the"));
        x.values.full = true;
        w = wr_of(room, sizeof room);
        assert_int_equal(issue_certificate(&spec, signer, &w, &e), RATLS_E_LIMIT);
        assert_non_null(strstr(e.text, "extensions are longer"));
        assert_int_equal(issue_csr(m.subject, &x, signer, &w, &e), RATLS_E_LIMIT);
        assert_non_null(strstr(e.text, "extensions are longer"));
        crypto_private_free(signer);
    }
}

static void requests(void **state)
{
    (void)state;
    EVP_PKEY *key = key_named(KEY_TYPE_P384, "asks");
    crypto_private *p = crypto_private_from_pem(key_private_pem(key));
    uint8_t buffer[64];
    issue_extensions x = issue_extensions_of(buffer, sizeof buffer);
    issue_add_key_usage(&x, KEY_USAGE_DIGITAL_SIGNATURE);
    writer w = wr_of(room, sizeof room);
    ratls_error e;
    assert_int_equal(issue_csr(mk_name("CN=asks"), &x, p, &w, &e), RATLS_OK);
    const unsigned char *at = room;
    X509_REQ *req = d2i_X509_REQ(NULL, &at, (long)w.n);
    assert_true(req != NULL && at == room + w.n);
    assert_int_equal(X509_REQ_verify(req, key), 1);
    assert_int_equal(X509_REQ_get_version(req), 0);
    X509_REQ_free(req);
    for (size_t cap = 1; cap + 80 < w.n; cap += 7) {
        writer full = wr_of(room, cap);
        assert_int_equal(issue_csr(mk_name("CN=asks"), &x, p, &full, &e), RATLS_E_LIMIT);
    }
    crypto_private_free(p);
}

static void serials_and_key_ids(void **state)
{
    (void)state;
    uint8_t a[ISSUE_SERIAL_SIZE], b[ISSUE_SERIAL_SIZE], id[ISSUE_KEY_ID_SIZE];
    assert_true(issue_serial(a) && issue_serial(b));
    assert_false(bytes_equal(bytes_of(a, sizeof a), bytes_of(b, sizeof b)));
    EVP_PKEY *key = key_named(KEY_TYPE_P256, "k");
    assert_true(issue_key_id(key_spki(key), id));
    bytes bits = join(bytes_from_hex("04"), key_point(key));
    assert_bytes(bytes_of(id, sizeof id), bytes_cut(digest_of(EVP_sha256(), bits), 20));
    assert_false(issue_key_id(bytes_text("no key"), id));
    assert_false(issue_key_id(join(key_spki(key), bytes_text("x")), id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements),
        cmocka_unit_test(names),
        cmocka_unit_test(values),
        cmocka_unit_test(alt_names),
        cmocka_unit_test(certificates),
        cmocka_unit_test(requests),
        cmocka_unit_test(serials_and_key_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
