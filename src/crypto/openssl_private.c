/* private.h on OpenSSL 3: EVP only, nothing deprecated. */
#include "crypto/private.h"

#include <limits.h>
#include <stdlib.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include "base/base64.h"
#include "codec/der.h"

struct crypto_private {
    EVP_PKEY *pkey;
    crypto_type type;
};

enum { SCALAR_SIZE = 32, POINT_SIZE = 64, RSA_BITS = 3072, PEM_MAX = 16384 };

static bool type_of(EVP_PKEY *pkey, crypto_type *type)
{
    char group[32];
    size_t n = 0;
    if (EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA) {
        *type = CRYPTO_RSA3072;
        return EVP_PKEY_get_bits(pkey) == RSA_BITS;
    }
    if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_EC ||
        EVP_PKEY_get_group_name(pkey, group, sizeof group, &n) != 1)
        return false;
    *type = strcmp(group, "prime256v1") == 0 ? CRYPTO_P256 : CRYPTO_P384;
    if (*type == CRYPTO_P384 && strcmp(group, "secp384r1") != 0)
        return false;
    /* Whatever file it came from, the library gives its point in the one form that all read. */
    return EVP_PKEY_set_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                          OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) == 1;
}

/* Takes `pkey`, which may be NULL. */
static crypto_private *private_of(EVP_PKEY *pkey)
{
    crypto_type type;
    crypto_private *key = NULL;
    if (pkey != NULL && type_of(pkey, &type))
        key = malloc(sizeof *key);
    if (key == NULL) {
        EVP_PKEY_free(pkey);
        return NULL;
    }
    key->pkey = pkey;
    key->type = type;
    return key;
}

/* The private part is in its range and belongs to the public one. Takes `pkey`. */
static crypto_private *private_checked(EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *ctx = pkey == NULL ? NULL : EVP_PKEY_CTX_new(pkey, NULL);
    bool ok = ctx != NULL && EVP_PKEY_check(ctx) == 1;
    EVP_PKEY_CTX_free(ctx);
    if (!ok) {
        EVP_PKEY_free(pkey);
        return NULL;
    }
    return private_of(pkey);
}

crypto_private *crypto_private_new(crypto_type type)
{
    switch (type) {
    case CRYPTO_P256:
        return private_of(EVP_EC_gen("P-256"));
    case CRYPTO_P384:
        return private_of(EVP_EC_gen("P-384"));
    case CRYPTO_RSA3072:
        return private_of(EVP_RSA_gen(RSA_BITS));
    }
    return NULL;
}

/* Without it OpenSSL would ask the terminal. */
static int no_passphrase(char *buf, int size, int writing, void *user)
{
    (void)buf, (void)size, (void)writing, (void)user;
    return -1;
}

crypto_private *crypto_private_from_pem(bytes pem)
{
    if (pem.n == 0 || pem.n > PEM_MAX)
        return NULL;
    BIO *in = BIO_new_mem_buf(pem.p, (int)pem.n);
    EVP_PKEY *pkey = in == NULL ? NULL : PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL);
    BIO_free(in);
    return private_checked(pkey);
}

crypto_private *crypto_private_from_scalar(bytes scalar)
{
    /* ECPrivateKey without the public key [RFC 5915 3]: the library works it out. */
    static const uint8_t before[] = {0x30, 0x31, 0x02, 0x01, 0x01, 0x04, SCALAR_SIZE};
    static const uint8_t after[] = {0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    uint8_t der[sizeof before + SCALAR_SIZE + sizeof after];
    if (scalar.n != SCALAR_SIZE || bytes_all_zero(scalar))
        return NULL;
    writer w = wr_of(der, sizeof der);
    wr_put(&w, bytes_of(before, sizeof before));
    wr_put(&w, scalar);
    wr_put(&w, bytes_of(after, sizeof after));
    const uint8_t *p = der;
    EVP_PKEY *pkey = d2i_PrivateKey(EVP_PKEY_EC, NULL, &p, (long)sizeof der);
    OPENSSL_cleanse(der, sizeof der);
    return private_checked(pkey);
}

void crypto_private_free(crypto_private *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->pkey);
    free(key);
}

crypto_type crypto_private_type(const crypto_private *key)
{
    return key->type;
}

/*
 * What stands around the numbers of an EC key in SubjectPublicKeyInfo [RFC 5480 2] and in PKCS#8
 * [RFC 5958 2, RFC 5915 3]: all lengths are fixed. Written here, since the library's encoders take
 * longer than making the key does (60 and 80 us).
 */
typedef struct ec_form {
    size_t size;      /* of a coordinate, and of the private number */
    uint8_t spki[26]; /* up to the coordinates */
    uint8_t spki_n;
    uint8_t pkcs8[38]; /* up to the private number */
    uint8_t pkcs8_n;
    uint8_t between[6]; /* then up to the coordinates */
} ec_form;

#define EC_PUBLIC_KEY 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01
#define PRIME256V1    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07
#define SECP384R1     0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22

static const ec_form ec_forms[] = {
    [CRYPTO_P256] = {32,
                     {0x30, 0x59, 0x30, 0x13, EC_PUBLIC_KEY, PRIME256V1, 0x03, 0x42, 0x00},
                     26,
                     {0x30, 0x81, 0x87, 0x02, 0x01, 0x00, 0x30, 0x13, EC_PUBLIC_KEY, PRIME256V1,
                      0x04, 0x6d, 0x30, 0x6b, 0x02, 0x01, 0x01, 0x04, 0x20},
                     36,
                     {0xa1, 0x44, 0x03, 0x42, 0x00, 0x04}},
    [CRYPTO_P384] = {48,
                     {0x30, 0x76, 0x30, 0x10, EC_PUBLIC_KEY, SECP384R1, 0x03, 0x62, 0x00},
                     23,
                     {0x30, 0x81,          0xb6,      0x02, 0x01, 0x00, 0x30,
                      0x10, EC_PUBLIC_KEY, SECP384R1, 0x04, 0x81, 0x9e, 0x30,
                      0x81, 0x9b,          0x02,      0x01, 0x01, 0x04, 0x30},
                     35,
                     {0xa1, 0x64, 0x03, 0x62, 0x00, 0x04}},
};

enum { EC_SIZE_MAX = 48, EC_PKCS8_MAX = 38 + EC_SIZE_MAX + 6 + 2 * EC_SIZE_MAX };

/* 04, x and y. */
static bool ec_point(const crypto_private *key, uint8_t out[1 + 2 * EC_SIZE_MAX])
{
    size_t expected = 1 + 2 * ec_forms[key->type].size, n = 0;
    return EVP_PKEY_get_octet_string_param(key->pkey, OSSL_PKEY_PARAM_PUB_KEY, out, expected, &n) ==
               1 &&
           n == expected;
}

static bool rsa_spki(const crypto_private *key, writer *w)
{
    unsigned char *der = NULL;
    int n = i2d_PUBKEY(key->pkey, &der);
    if (n <= 0)
        return false;
    wr_put(w, bytes_of(der, (size_t)n));
    OPENSSL_free(der);
    return true;
}

bool crypto_private_spki(const crypto_private *key, writer *w)
{
    uint8_t point[1 + 2 * EC_SIZE_MAX];
    if (key->type == CRYPTO_RSA3072)
        return rsa_spki(key, w) && wr_ok(w);
    const ec_form *form = &ec_forms[key->type];
    if (!ec_point(key, point))
        return false;
    wr_put(w, bytes_of(form->spki, form->spki_n));
    wr_put(w, bytes_of(point, 1 + 2 * form->size));
    return wr_ok(w);
}

bool crypto_private_point(const crypto_private *key, uint8_t point[POINT_SIZE])
{
    uint8_t encoded[1 + 2 * EC_SIZE_MAX];
    if (key->type != CRYPTO_P256 || !ec_point(key, encoded))
        return false;
    memcpy(point, encoded + 1, POINT_SIZE);
    return true;
}

static bool rsa_pem(const crypto_private *key, writer *w)
{
    BIO *out = BIO_new(BIO_s_mem()); /* wipes what it held */
    char *text = NULL;
    bool ok = out != NULL &&
              PEM_write_bio_PKCS8PrivateKey(out, key->pkey, NULL, NULL, 0, NULL, NULL) == 1;
    long n = ok ? BIO_get_mem_data(out, &text) : 0;
    if (n > 0)
        wr_put(w, bytes_of(text, (size_t)n));
    BIO_free(out);
    return n > 0;
}

static bool ec_pkcs8(const crypto_private *key, writer *w)
{
    const ec_form *form = &ec_forms[key->type];
    uint8_t number[EC_SIZE_MAX], point[1 + 2 * EC_SIZE_MAX];
    BIGNUM *n = NULL;
    bool ok = EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_PRIV_KEY, &n) == 1 &&
              BN_bn2binpad(n, number, (int)form->size) == (int)form->size && ec_point(key, point);
    if (ok) {
        wr_put(w, bytes_of(form->pkcs8, form->pkcs8_n));
        wr_put(w, bytes_of(number, form->size));
        wr_put(w, bytes_of(form->between, sizeof form->between));
        wr_put(w, bytes_of(point + 1, 2 * form->size));
    }
    BN_clear_free(n);
    OPENSSL_cleanse(number, sizeof number);
    return ok;
}

bool crypto_private_pem(const crypto_private *key, writer *w)
{
    uint8_t der[EC_PKCS8_MAX];
    char body[2 * EC_PKCS8_MAX];
    if (key->type == CRYPTO_RSA3072)
        return rsa_pem(key, w) && wr_ok(w);
    writer d = wr_of(der, sizeof der);
    size_t n = ec_pkcs8(key, &d) ? base64_encode(wr_bytes(&d), body, sizeof body) : 0;
    if (n > 0) {
        wr_put(w, bytes_text("-----BEGIN PRIVATE KEY-----\n"));
        wr_put(w, bytes_of(body, n));
        wr_put(w, bytes_text("-----END PRIVATE KEY-----\n"));
    }
    OPENSSL_cleanse(der, sizeof der);
    OPENSSL_cleanse(body, sizeof body);
    return n > 0 && wr_ok(w);
}

crypto_sig crypto_private_algorithm(const crypto_private *key)
{
    return key->type == CRYPTO_P256   ? CRYPTO_ECDSA_SHA256
           : key->type == CRYPTO_P384 ? CRYPTO_ECDSA_SHA384
                                      : CRYPTO_RSA_PKCS1_SHA256;
}

/* *n is the room before, the length after. */
static bool sign(const crypto_private *key, bytes data, uint8_t *sig, size_t *n)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const EVP_MD *md = key->type == CRYPTO_P384 ? EVP_sha384() : EVP_sha256();
    bool ok = ctx != NULL && EVP_DigestSignInit(ctx, NULL, md, NULL, key->pkey) == 1 &&
              EVP_DigestSign(ctx, sig, n, data.p, data.n) == 1;
    EVP_MD_CTX_free(ctx);
    return ok;
}

/* An unsigned INTEGER as exactly `size` bytes. */
static bool take_padded(reader *r, uint8_t *out, size_t size)
{
    bytes v = der_integer(r);
    if (v.n > 0 && v.p[0] == 0)
        v = bytes_of(v.p + 1, v.n - 1);
    if (!rd_ok(r) || v.n > size)
        return false;
    memset(out, 0, size - v.n);
    memcpy(out + size - v.n, v.p, v.n);
    return true;
}

bool crypto_sign_p256(const crypto_private *key, bytes data, uint8_t sig[64])
{
    uint8_t der[CRYPTO_SIGNATURE_MAX];
    size_t n = sizeof der;
    if (key->type != CRYPTO_P256 || !sign(key, data, der, &n))
        return false;
    reader r = rd_of(bytes_of(der, n));
    reader pair = der_enter(&r, DER_SEQUENCE);
    return take_padded(&pair, sig, SCALAR_SIZE) &&
           take_padded(&pair, sig + SCALAR_SIZE, SCALAR_SIZE);
}

bool crypto_sign_x509(const crypto_private *key, bytes data, writer *sig)
{
    uint8_t out[CRYPTO_SIGNATURE_MAX];
    size_t n = sizeof out;
    if (!sign(key, data, out, &n))
        return false;
    wr_put(sig, bytes_of(out, n));
    return wr_ok(sig);
}

bool crypto_random(uint8_t *out, size_t n)
{
    return n <= INT_MAX && RAND_bytes(out, (int)n) == 1;
}

void crypto_wipe(void *p, size_t n)
{
    OPENSSL_cleanse(p, n);
}
