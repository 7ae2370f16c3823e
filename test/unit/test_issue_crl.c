/* CRLs, held against the maker's. */
#include "testing.h"

#include <openssl/x509.h>

#include "issue/crl.h"
#include "judge.h"
#include "x509/crl.h"
#include "x509_maker.h"

#define T0 1767225600

static void crls(void **state)
{
    (void)state;
    EVP_PKEY *key = key_named(KEY_TYPE_P256, "ca");
    crypto_private *signer = crypto_private_from_pem(key_private_pem(key));
    cert_spec ca = cert_spec_of("CN=ca,O=Test", key, T0, T0 + 1);
    uint8_t room[4096];
    for (size_t n = 0; n < 4; n++) {
        crl_spec m = crl_spec_of(&ca, T0, T0 + 3600);
        issue_revoked revoked[4];
        for (size_t i = 0; i < n; i++) {
            bytes serial = bytes_from_hex(i == 0 ? "01" : i == 1 ? "80" : "7fffff");
            bytes element = mk_int_positive(serial);
            m.entries[i] = (crl_entry){.serial = bytes_of(element.p + 2, element.n - 2),
                                       .date = T0 - (int64_t)i,
                                       .reason = -1};
            revoked[i] = (issue_revoked){serial, T0 - (int64_t)i};
        }
        m.n = n;
        const issue_crl_spec spec = {.issuer = ca.subject,
                                     .this_update = T0,
                                     .next_update = T0 + 3600,
                                     .revoked = revoked,
                                     .revoked_n = n,
                                     .number = 1,
                                     .authority_key_id = key_id(key)};
        writer w = wr_of(room, sizeof room);
        ratls_error e = {.text = ""};
        assert_int_equal(issue_crl(&spec, signer, &w, &e), RATLS_OK);
        crl made, expected;
        if (crl_parse(wr_bytes(&w), &made, &e) != RATLS_OK)
            fail_msg("%s", e.text);
        assert_int_equal(crl_parse(crl_make(&m), &expected, &e), RATLS_OK);
        assert_bytes(made.issuer, expected.issuer);
        assert_bytes(made.entries, expected.entries);
        assert_int_equal(made.entries_n, n);
        assert_bytes(made.number, expected.number);
        assert_bytes(made.authority_key_id, expected.authority_key_id);
        assert_int_equal(made.this_update, T0);
        assert_int_equal(made.next_update, T0 + 3600);
        for (size_t i = 0; i < n; i++)
            assert_true(crl_lists(&made, m.entries[i].serial));
        assert_false(crl_lists(&made, bytes_from_hex("02")));
        const unsigned char *at = room;
        X509_CRL *o = d2i_X509_CRL(NULL, &at, (long)w.n);
        assert_true(o != NULL && at == room + w.n);
        assert_int_equal(X509_CRL_verify(o, key), 1);
        X509_CRL_free(o);
        writer full = wr_of(room, w.n - 80); /* signatures differ in length */
        assert_int_equal(issue_crl(&spec, signer, &full, &e), RATLS_E_LIMIT);
    }
    crypto_private_free(signer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(crls)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
