/* Key pairs: made, read, written, and what they sign is good to OpenSSL and to crypto.h. */
#include "testing.h"

#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "crypto/private.h"
#include "judge.h"
#include "key_maker.h"

#define EACH(i, table) for (size_t i = 0; i < sizeof(table) / sizeof *(table); i++)

static const struct {
    crypto_type type;
    key_type made;
    crypto_sig algorithm;
} types[] = {{CRYPTO_P256, KEY_TYPE_P256, CRYPTO_ECDSA_SHA256},
             {CRYPTO_P384, KEY_TYPE_P384, CRYPTO_ECDSA_SHA384},
             {CRYPTO_RSA3072, KEY_TYPE_RSA, CRYPTO_RSA_PKCS1_SHA256}};

static bytes spki_of(const crypto_private *key)
{
    uint8_t out[1024];
    writer w = wr_of(out, sizeof out);
    assert_true(crypto_private_spki(key, &w));
    return arena_copy(wr_bytes(&w));
}

static bytes pem_of_key(const crypto_private *key)
{
    uint8_t out[4096];
    writer w = wr_of(out, sizeof out);
    assert_true(crypto_private_pem(key, &w));
    return arena_copy(wr_bytes(&w));
}

static bytes signed_by(const crypto_private *key, bytes data)
{
    uint8_t out[CRYPTO_SIGNATURE_MAX];
    writer w = wr_of(out, sizeof out);
    assert_true(crypto_sign_x509(key, data, &w));
    return arena_copy(wr_bytes(&w));
}

static void signatures(void **state)
{
    (void)state;
    bytes data = bytes_text("data"), other = bytes_text("dato");
    EACH(i, types)
    {
        crypto_private *a = crypto_private_new(types[i].type);
        crypto_private *b = crypto_private_new(types[i].type);
        assert_true(a != NULL && b != NULL);
        assert_int_equal(crypto_private_type(a), types[i].type);
        assert_int_equal(crypto_private_algorithm(a), types[i].algorithm);
        assert_false(bytes_equal(spki_of(a), spki_of(b)));
        crypto_key *public = crypto_key_from_spki(spki_of(a));
        assert_non_null(public);
        bytes sig = signed_by(a, data);
        assert_true(crypto_verify(public, types[i].algorithm, data, sig));
        assert_false(crypto_verify(public, types[i].algorithm, other, sig));
        assert_false(crypto_verify(public, types[i].algorithm, data, signed_by(b, data)));
        uint8_t raw[64], point[64];
        bool p256 = types[i].type == CRYPTO_P256;
        assert_int_equal(crypto_sign_p256(a, data, raw), p256);
        assert_int_equal(crypto_private_point(a, point), p256);
        if (p256) {
            assert_true(verify_p256(bytes_of(point, 64), data, bytes_of(raw, 64)));
            assert_true(crypto_verify_p256(public, data, bytes_of(raw, 64)));
            assert_bytes(bytes_of(spki_of(a).p + 27, 64), bytes_of(point, 64));
        }
        writer full = wr_of(raw, 10);
        assert_false(crypto_sign_x509(a, data, &full));
        assert_false(crypto_private_spki(a, &(writer){raw, 10, 0, false}));
        assert_false(crypto_private_pem(a, &(writer){raw, 10, 0, false}));
        crypto_key_free(public);
        crypto_private_free(a);
        crypto_private_free(b);
    }
    crypto_private_free(NULL);
}

/* r and s of fewer bytes keep their places: one in 128 signatures has one. */
static void short_integers(void **state)
{
    (void)state;
    crypto_private *key = crypto_private_new(CRYPTO_P256);
    uint8_t point[64], sig[64];
    unsigned seen = 0;
    assert_true(crypto_private_point(key, point));
    for (unsigned i = 0; seen < 3 && i < 20000; i++) {
        assert_true(crypto_sign_p256(key, bytes_of(&i, sizeof i), sig));
        if (sig[0] != 0 && sig[32] != 0)
            continue;
        seen++;
        assert_true(verify_p256(bytes_of(point, 64), bytes_of(&i, sizeof i), bytes_of(sig, 64)));
    }
    assert_int_equal(seen, 3);
    crypto_private_free(key);
}

typedef int (*pem_writer)(BIO *, const EVP_PKEY *);

static int write_traditional(BIO *out, const EVP_PKEY *key)
{
    return PEM_write_bio_PrivateKey_traditional(out, key, NULL, NULL, 0, NULL, NULL);
}

static int write_pkcs8(BIO *out, const EVP_PKEY *key)
{
    return PEM_write_bio_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL, NULL);
}

static int write_encrypted(BIO *out, const EVP_PKEY *key)
{
    return PEM_write_bio_PKCS8PrivateKey(out, key, EVP_aes_128_cbc(), "pass", 4, NULL, NULL);
}

static bytes written(const EVP_PKEY *key, pem_writer write)
{
    BIO *out = BIO_new(BIO_s_mem());
    char *text;
    assert_int_equal(write(out, key), 1);
    long n = BIO_get_mem_data(out, &text);
    bytes b = arena_copy(bytes_of(text, (size_t)n));
    BIO_free(out);
    return b;
}

static void from_pem(void **state)
{
    (void)state;
    static const pem_writer forms[] = {write_pkcs8, write_traditional};
    EACH(i, types)
    {
        EVP_PKEY *key = key_named(types[i].made, "pem");
        EACH(k, forms)
        {
            crypto_private *p = crypto_private_from_pem(written(key, forms[k]));
            assert_non_null(p);
            assert_int_equal(crypto_private_type(p), types[i].type);
            assert_bytes(spki_of(p), key_spki(key));
            assert_bytes(pem_of_key(p), written(key, write_pkcs8));
            crypto_private_free(p);
        }
        assert_null(crypto_private_from_pem(written(key, write_encrypted)));
        assert_null(crypto_private_from_pem(key_pem(key))); /* a public key */
        bytes pem = written(key, write_pkcs8);
        assert_null(crypto_private_from_pem(bytes_cut(pem, pem.n / 2)));
    }
    assert_null(crypto_private_from_pem(key_private_pem(key_named(KEY_TYPE_P521, "pem"))));
    assert_null(crypto_private_from_pem(key_private_pem(key_rsa(2048))));
    assert_null(crypto_private_from_pem(BYTES_NONE));
    assert_null(crypto_private_from_pem(bytes_text("no key")));
    assert_null(crypto_private_from_pem(bytes_of(arena_alloc(16385), 16385)));
}

/* Keys in files of other forms are written in the usual one. */
static void other_forms(void **state)
{
    (void)state;
    static const char *const params[][2] = {
        {OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_EXPLICIT},
        {OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
         OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_COMPRESSED},
    };
    EVP_PKEY *key = key_named(KEY_TYPE_P256, "pem");
    EACH(i, params)
    {
        EVP_PKEY *copy = EVP_PKEY_dup(key);
        assert_int_equal(EVP_PKEY_set_utf8_string_param(copy, params[i][0], params[i][1]), 1);
        bytes pem = written(copy, write_pkcs8);
        assert_false(bytes_equal(pem, written(key, write_pkcs8)));
        crypto_private *p = crypto_private_from_pem(pem);
        assert_non_null(p);
        assert_bytes(spki_of(p), key_spki(key));
        assert_bytes(pem_of_key(p), written(key, write_pkcs8));
        crypto_private_free(p);
        EVP_PKEY_free(copy);
    }
}

/* A private part that is not that of the public one beside it. */
static void halves_that_do_not_fit(void **state)
{
    (void)state;
    bytes a = key_point(key_named(KEY_TYPE_P256, "a")),
          b = key_point(key_named(KEY_TYPE_P256, "b"));
    unsigned char *der = NULL;
    int n = i2d_PrivateKey(key_named(KEY_TYPE_P256, "a"), &der);
    assert_true(n > 0);
    bytes good = arena_copy(bytes_of(der, (size_t)n));
    OPENSSL_free(der);
    crypto_private *p = crypto_private_from_pem(pem_of("EC PRIVATE KEY", good));
    assert_non_null(p);
    crypto_private_free(p);
    assert_null(crypto_private_from_pem(pem_of("EC PRIVATE KEY", bytes_replaced(good, a, b))));
}

static void from_scalar(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        bool ok;
    } rows[] = {
        {"0000000000000000000000000000000000000000000000000000000000000001", true},
        {"0000000000000000000000000000000000000000000000000000000000000000", false},
        {"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550", true},  /* n - 1 */
        {"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", false}, /* n */
        {"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", false},
        {"01", false},
        {"", false},
        {"000000000000000000000000000000000000000000000000000000000000000001", false},
    };
    EACH(i, rows)
    {
        bytes scalar = bytes_from_hex(rows[i].hex);
        crypto_private *key = crypto_private_from_scalar(scalar);
        assert_int_equal(key != NULL, rows[i].ok);
        if (key != NULL) {
            EVP_PKEY *same = key_from_private(KEY_TYPE_P256, scalar);
            assert_bytes(spki_of(key), key_spki(same));
            EVP_PKEY_free(same);
        }
        crypto_private_free(key);
    }
}

static void random_and_wipe(void **state)
{
    (void)state;
    uint8_t a[32] = {0}, b[32] = {0};
    assert_true(crypto_random(a, sizeof a) && crypto_random(b, sizeof b));
    assert_false(bytes_equal(bytes_of(a, 32), bytes_of(b, 32)));
    assert_true(crypto_random(NULL, 0));
    crypto_wipe(a, 31);
    assert_true(bytes_all_zero(bytes_of(a, 31)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures),      cmocka_unit_test(short_integers),
        cmocka_unit_test(from_pem),        cmocka_unit_test(halves_that_do_not_fit),
        cmocka_unit_test(other_forms),     cmocka_unit_test(from_scalar),
        cmocka_unit_test(random_and_wipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
