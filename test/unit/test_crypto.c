#include "testing.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/hex.h"
#include "crypto/crypto.h"

/* A key pair with its raw point, and a raw r||s signature of `data`. */
typedef struct pair {
    EVP_PKEY *pkey;
    uint8_t point[65];
} pair;

static pair new_pair(void)
{
    pair p = {EVP_EC_gen("P-256"), {0}};
    size_t n;
    assert_non_null(p.pkey);
    assert_int_equal(EVP_PKEY_get_octet_string_param(p.pkey, "pub", p.point, 65, &n), 1);
    return p;
}

static void sign_raw(const pair *p, bytes data, uint8_t out[64])
{
    uint8_t der[80];
    size_t n = sizeof der;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, p->pkey), 1);
    assert_int_equal(EVP_DigestSign(ctx, der, &n, data.p, data.n), 1);
    EVP_MD_CTX_free(ctx);
    const uint8_t *q = der;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &q, (long)n);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, 32), 32);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + 32, 32), 32);
    ECDSA_SIG_free(sig);
}

static void digest_of_pieces(void **state)
{
    (void)state;
    const bytes pieces[] = {bytes_text("a"), BYTES_NONE, bytes_text("bc")};
    uint8_t out[CRYPTO_HASH_MAX], expected[CRYPTO_HASH_MAX];
    assert_true(crypto_digest(CRYPTO_SHA256, pieces, 3, out));
    assert_true(
        hex_decode(bytes_text("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
                   expected, 32));
    assert_memory_equal(out, expected, 32);
    assert_true(crypto_digest(CRYPTO_SHA384, pieces, 3, out));
    assert_true(
        hex_decode(bytes_text("cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                              "8086072ba1e7cc2358baeca134c825a7"),
                   expected, 48));
    assert_memory_equal(out, expected, 48);
    assert_true(crypto_digest(CRYPTO_SHA512, pieces, 3, out));
    assert_int_equal(out[0], 0xdd);
}

static void p256_verifies_and_refuses_every_flip(void **state)
{
    (void)state;
    pair p = new_pair();
    crypto_key *slow = crypto_key_from_p256(bytes_of(p.point + 1, 64));
    pair other = new_pair();
    crypto_key *any = crypto_key_from_p256(bytes_of(other.point + 1, 64));
    crypto_key *fast = crypto_key_like(any, bytes_of(p.point + 1, 64));
    assert_non_null(slow);
    assert_non_null(fast);
    uint8_t data[50] = {1, 2, 3}, sig[64];
    for (int round = 0; round < 50; round++) { /* r and s of every length class */
        data[0] = (uint8_t)round;
        sign_raw(&p, bytes_of(data, sizeof data), sig);
        assert_true(crypto_verify_p256(slow, bytes_of(data, sizeof data), bytes_of(sig, 64)));
        assert_true(crypto_verify_p256(fast, bytes_of(data, sizeof data), bytes_of(sig, 64)));
        assert_false(crypto_verify_p256(any, bytes_of(data, sizeof data), bytes_of(sig, 64)));
    }
    for (size_t i = 0; i < 64; i++) {
        sig[i] ^= 1;
        assert_false(crypto_verify_p256(fast, bytes_of(data, sizeof data), bytes_of(sig, 64)));
        sig[i] ^= 1;
    }
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] ^= 0x80;
        assert_false(crypto_verify_p256(fast, bytes_of(data, sizeof data), bytes_of(sig, 64)));
        data[i] ^= 0x80;
    }
    assert_false(crypto_verify_p256(fast, bytes_of(data, sizeof data), bytes_of(sig, 63)));
    assert_false(crypto_verify_p256(NULL, bytes_of(data, sizeof data), bytes_of(sig, 64)));
    crypto_key_free(slow);
    crypto_key_free(fast);
    crypto_key_free(any);
    EVP_PKEY_free(p.pkey);
    EVP_PKEY_free(other.pkey);
}

/* [hostile D61]: the group order of P-256 [SEC 2 2.4.2]. */
static void p256_refuses_r_and_s_out_of_range(void **state)
{
    (void)state;
    pair p = new_pair();
    crypto_key *key = crypto_key_from_p256(bytes_of(p.point + 1, 64));
    uint8_t order[32], good[64], sig[64];
    assert_true(hex_decode(
        bytes_text("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"), order, 32));
    bytes data = bytes_text("data");
    sign_raw(&p, data, good);
    for (int half = 0; half < 2; half++) {
        memcpy(sig, good, 64);
        memset(sig + 32 * half, 0, 32);
        assert_false(crypto_verify_p256(key, data, bytes_of(sig, 64)));
        memcpy(sig + 32 * half, order, 32);
        assert_false(crypto_verify_p256(key, data, bytes_of(sig, 64)));
        for (int i = 0; i < 32; i++)
            sig[32 * half + i] = good[32 * half + 31 - i];
        assert_false(crypto_verify_p256(key, data, bytes_of(sig, 64)));
    }
    crypto_key_free(key);
    EVP_PKEY_free(p.pkey);
}

static void points_off_the_curve_are_no_keys(void **state)
{
    (void)state;
    pair p = new_pair();
    crypto_key *like = crypto_key_from_p256(bytes_of(p.point + 1, 64));
    uint8_t point[64];
    memcpy(point, p.point + 1, 64);
    for (size_t i = 0; i < 64; i += 7) {
        point[i] ^= 1;
        assert_null(crypto_key_from_p256(bytes_of(point, 64)));
        assert_null(crypto_key_like(like, bytes_of(point, 64)));
        point[i] ^= 1;
    }
    memset(point, 0, 64);
    assert_null(crypto_key_from_p256(bytes_of(point, 64)));
    assert_null(crypto_key_like(like, bytes_of(point, 64)));
    memset(point, 0xff, 64);
    assert_null(crypto_key_like(like, bytes_of(point, 64)));
    assert_null(crypto_key_from_p256(bytes_of(point, 63)));
    crypto_key_free(like);
    EVP_PKEY_free(p.pkey);
}

static void certificate_algorithms(void **state)
{
    (void)state;
    static const struct {
        const char *curve; /* NULL: RSA; "": Ed25519 */
        crypto_sig alg;
        const char *md;
        bool pss;
    } cases[] = {
        {"P-256", CRYPTO_ECDSA_SHA256, "SHA256", false},
        {"P-384", CRYPTO_ECDSA_SHA384, "SHA384", false},
        {"P-521", CRYPTO_ECDSA_SHA512, "SHA512", false},
        {NULL, CRYPTO_RSA_PKCS1_SHA256, "SHA256", false},
        {NULL, CRYPTO_RSA_PKCS1_SHA384, "SHA384", false},
        {NULL, CRYPTO_RSA_PKCS1_SHA512, "SHA512", false},
        {NULL, CRYPTO_RSA_PSS_SHA256, "SHA256", true},
        {NULL, CRYPTO_RSA_PSS_SHA384, "SHA384", true},
        {NULL, CRYPTO_RSA_PSS_SHA512, "SHA512", true},
        {"", CRYPTO_ED25519, NULL, false},
    };
    EVP_PKEY *rsa = EVP_RSA_gen(2048);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *curve = cases[i].curve;
        EVP_PKEY *pkey = curve == NULL ? rsa
                         : *curve == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
                                       : EVP_EC_gen(curve);
        uint8_t *spki = NULL, sig[600];
        int spki_n = i2d_PUBKEY(pkey, &spki);
        assert_true(spki_n > 0);
        size_t n = sizeof sig;
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        EVP_PKEY_CTX *pctx = NULL;
        assert_int_equal(EVP_DigestSignInit_ex(ctx, &pctx, cases[i].md, NULL, NULL, pkey, NULL), 1);
        if (cases[i].pss) {
            assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(pctx, 6), 1);
            assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, -1), 1);
        }
        assert_int_equal(EVP_DigestSign(ctx, sig, &n, (const uint8_t *)"data", 4), 1);
        EVP_MD_CTX_free(ctx);
        crypto_key *key = crypto_key_from_spki(bytes_of(spki, (size_t)spki_n));
        assert_non_null(key);
        assert_null(crypto_key_from_spki(bytes_of(spki, (size_t)spki_n - 1)));
        for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
            assert_int_equal(crypto_verify(key, cases[k].alg, bytes_text("data"), bytes_of(sig, n)),
                             k == i);
        const bytes pieces[] = {bytes_text("da"), BYTES_NONE, bytes_text("ta")};
        assert_int_equal(crypto_verify_pieces(key, cases[i].alg, pieces, 3, bytes_of(sig, n)),
                         cases[i].alg != CRYPTO_ED25519);
        assert_false(crypto_verify_pieces(key, cases[i].alg, pieces, 2, bytes_of(sig, n)));
        assert_false(crypto_verify(key, cases[i].alg, bytes_text("dat4"), bytes_of(sig, n)));
        assert_false(crypto_verify(key, cases[i].alg, bytes_text("data"), bytes_of(sig, n - 1)));
        assert_false(crypto_verify(key, CRYPTO_SIG_NONE, bytes_text("data"), bytes_of(sig, n)));
        crypto_key_free(key);
        OPENSSL_free(spki);
        if (pkey != rsa)
            EVP_PKEY_free(pkey);
    }
    EVP_PKEY_free(rsa);
}

/* A refusal must not look like an error of the application's own next TLS call. */
static void refusals_leave_no_error_queued(void **state)
{
    (void)state;
    static const uint8_t zeros[64];
    static const uint8_t spki[] = {0x30, 0x03, 0x02, 0x01, 0x00};
    pair p = new_pair();
    crypto_key *key = crypto_key_from_p256(bytes_of(p.point + 1, 64));
    ERR_clear_error();
    assert_null(crypto_key_from_p256(bytes_of(zeros, 64)));
    assert_null(crypto_key_like(key, bytes_of(zeros, 64)));
    assert_null(crypto_key_from_spki(bytes_of(spki, sizeof spki)));
    assert_false(crypto_verify_p256(key, bytes_text("data"), bytes_of(zeros, 64)));
    assert_false(crypto_verify(key, CRYPTO_ECDSA_SHA256, bytes_text("data"), bytes_of(zeros, 8)));
    assert_false(crypto_verify(key, CRYPTO_ECDSA_SHA384, bytes_text("data"), bytes_of(zeros, 8)));
    assert_int_equal(ERR_peek_error(), 0);
    crypto_key_free(key);
    EVP_PKEY_free(p.pkey);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digest_of_pieces),
        cmocka_unit_test(p256_verifies_and_refuses_every_flip),
        cmocka_unit_test(p256_refuses_r_and_s_out_of_range),
        cmocka_unit_test(points_off_the_curve_are_no_keys),
        cmocka_unit_test(certificate_algorithms),
        cmocka_unit_test(refusals_leave_no_error_queued),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
