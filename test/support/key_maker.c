#include "key_maker.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>

#define KEYS_MAX 256

typedef struct named_key {
    char name[64];
    EVP_PKEY *key;
    uint8_t *spki; /* NULL until it is asked for: OpenSSL's encoder is slow */
    size_t spki_n;
} named_key;

static named_key keys[KEYS_MAX];
static size_t keys_n;

static int curve_of(key_type type)
{
    return type == KEY_TYPE_P256 ? NID_X9_62_prime256v1
                                 : (type == KEY_TYPE_P384 ? NID_secp384r1 : NID_secp521r1);
}

/* A private scalar of the curve that depends on the name only. */
static void derive(BIGNUM *scalar, const EC_GROUP *group, const char *name)
{
    uint8_t digest[64];
    MUST(EVP_Digest(name, strlen(name), digest, NULL, EVP_sha512(), NULL) == 1);
    BIGNUM *range = BN_dup(EC_GROUP_get0_order(group));
    BN_CTX *ctx = BN_CTX_new();
    MUST(range != NULL && ctx != NULL && BN_sub_word(range, 1) == 1);
    MUST(BN_bin2bn(digest, sizeof digest, scalar) != NULL);
    MUST(BN_mod(scalar, scalar, range, ctx) == 1 && BN_add_word(scalar, 1) == 1);
    BN_CTX_free(ctx);
    BN_free(range);
}

static EVP_PKEY *ec_key(const EC_GROUP *group, const BIGNUM *scalar)
{
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EC_POINT *point = EC_POINT_new(group);
    uint8_t public[133];
    MUST(bld != NULL && ctx != NULL && point != NULL);
    MUST(EC_POINT_mul(group, point, scalar, NULL, NULL, NULL) == 1);
    size_t n = EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, public,
                                  sizeof public, NULL);
    MUST(n > 0);
    MUST(OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME,
                                         OBJ_nid2sn(EC_GROUP_get_curve_name(group)), 0));
    MUST(OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, public, n));
    MUST(OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, scalar));
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
    EVP_PKEY *key = NULL;
    MUST(params != NULL && EVP_PKEY_fromdata_init(ctx) == 1);
    MUST(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) == 1);
    OSSL_PARAM_free(params);
    EC_POINT_free(point);
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_BLD_free(bld);
    return key;
}

static EVP_PKEY *ec_key_named(key_type type, const char *name)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(curve_of(type));
    BIGNUM *scalar = BN_new();
    MUST(group != NULL && scalar != NULL);
    derive(scalar, group, name);
    EVP_PKEY *key = ec_key(group, scalar);
    BN_free(scalar);
    EC_GROUP_free(group);
    return key;
}

EVP_PKEY *key_from_private(key_type type, bytes scalar)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(curve_of(type));
    BIGNUM *v = BN_bin2bn(scalar.p, (int)scalar.n, NULL);
    MUST(group != NULL && v != NULL);
    EVP_PKEY *key = ec_key(group, v);
    BN_free(v);
    EC_GROUP_free(group);
    return key;
}

/* The first prime from a number on that depends on the label only, and fits the exponent. */
static BIGNUM *rsa_prime(unsigned bits, const char *label, unsigned which, BN_CTX *ctx)
{
    buf b = {0};
    for (unsigned i = 0; b.n < bits / 8; i++)
        buf_put(&b, digest_of(EVP_sha512(), arena_format("%s %u %u", label, which, i)));
    BIGNUM *p = BN_bin2bn(b.p, (int)(bits / 8), NULL), *less = BN_new();
    MUST(p != NULL && less != NULL && BN_set_bit(p, (int)bits - 1) == 1);
    /* Two such primes have a product of twice the length. */
    MUST(BN_set_bit(p, (int)bits - 2) == 1 && BN_set_bit(p, 0) == 1);
    while (BN_sub(less, p, BN_value_one()) == 1 &&
           (BN_mod_word(less, RSA_F4) == 0 || BN_check_prime(p, ctx, NULL) != 1))
        MUST(BN_add_word(p, 2) == 1);
    BN_free(less);
    return p;
}

/* d, and its remainders and the inverse that OpenSSL wants as well. */
static void push_rsa_private(OSSL_PARAM_BLD *bld, const BIGNUM *p, const BIGNUM *q, BIGNUM *all[7],
                             BN_CTX *ctx)
{
    BIGNUM *e = all[0], *n = all[1], *phi = all[2], *d = all[3], *p1 = all[4], *q1 = all[5];
    MUST(BN_set_word(e, RSA_F4) == 1 && BN_mul(n, p, q, ctx) == 1);
    MUST(BN_sub(p1, p, BN_value_one()) == 1 && BN_sub(q1, q, BN_value_one()) == 1);
    MUST(BN_mul(phi, p1, q1, ctx) == 1 && BN_mod_inverse(d, e, phi, ctx) != NULL);
    MUST(BN_mod_inverse(all[6], q, p, ctx) != NULL);
    MUST(BN_mod(p1, d, p1, ctx) == 1 && BN_mod(q1, d, q1, ctx) == 1);
    MUST(OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) == 1);
    MUST(OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e) == 1);
    MUST(OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_D, d) == 1);
    MUST(OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_FACTOR1, p) == 1);
    MUST(OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_FACTOR2, q) == 1);
    MUST(OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_EXPONENT1, p1) == 1);
    MUST(OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_EXPONENT2, q1) == 1);
    MUST(OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, all[6]) == 1);
}

static EVP_PKEY *rsa_key_named(unsigned bits, const char *label)
{
    BN_CTX *ctx = BN_CTX_new();
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *from = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *key = NULL;
    BIGNUM *all[7];
    MUST(ctx != NULL && bld != NULL && from != NULL);
    for (size_t i = 0; i < 7; i++)
        MUST((all[i] = BN_new()) != NULL);
    BIGNUM *p = rsa_prime(bits / 2, label, 0, ctx), *q = rsa_prime(bits / 2, label, 1, ctx);
    push_rsa_private(bld, p, q, all, ctx);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
    MUST(params != NULL && EVP_PKEY_fromdata_init(from) == 1);
    MUST(EVP_PKEY_fromdata(from, &key, EVP_PKEY_KEYPAIR, params) == 1);
    OSSL_PARAM_free(params);
    for (size_t i = 0; i < 7; i++)
        BN_free(all[i]);
    BN_free(p);
    BN_free(q);
    EVP_PKEY_CTX_free(from);
    OSSL_PARAM_BLD_free(bld);
    BN_CTX_free(ctx);
    return key;
}

static EVP_PKEY *make(key_type type, const char *name, unsigned bits)
{
    char label[64];
    int n = snprintf(label, sizeof label, "%d %u %s", (int)type, bits, name);
    MUST(n > 0 && (size_t)n < sizeof label);
    for (size_t i = 0; i < keys_n; i++)
        if (strcmp(keys[i].name, label) == 0)
            return keys[i].key;
    MUST(keys_n < KEYS_MAX);
    EVP_PKEY *key = type == KEY_TYPE_RSA ? rsa_key_named(bits, label) : ec_key_named(type, label);
    MUST(key != NULL);
    memcpy(keys[keys_n].name, label, sizeof label);
    keys[keys_n++].key = key;
    return key;
}

EVP_PKEY *key_named(key_type type, const char *name)
{
    return make(type, name, type == KEY_TYPE_RSA ? 3072 : 0);
}

EVP_PKEY *key_rsa(unsigned bits)
{
    return make(KEY_TYPE_RSA, "sized", bits);
}

static bytes take(unsigned char *p, int n)
{
    MUST(n > 0);
    bytes b = arena_copy(bytes_of(p, (size_t)n));
    OPENSSL_free(p);
    return b;
}

bytes key_spki(EVP_PKEY *key)
{
    named_key *named = NULL;
    for (size_t i = 0; i < keys_n && named == NULL; i++)
        if (keys[i].key == key)
            named = &keys[i];
    if (named != NULL && named->spki != NULL)
        return arena_copy(bytes_of(named->spki, named->spki_n));
    unsigned char *p = NULL;
    int n = i2d_PUBKEY(key, &p);
    if (named == NULL)
        return take(p, n);
    MUST(n > 0);
    named->spki = p;
    named->spki_n = (size_t)n;
    return arena_copy(bytes_of(p, named->spki_n));
}

bytes key_pkcs1(EVP_PKEY *key)
{
    unsigned char *p = NULL;
    MUST(EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA);
    int n = i2d_PublicKey(key, &p);
    return take(p, n);
}

bytes key_point(EVP_PKEY *key)
{
    uint8_t point[133];
    size_t n = 0;
    MUST(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &n));
    MUST(n > 1 && point[0] == 4);
    return arena_copy(bytes_of(point + 1, n - 1));
}

bytes key_pem(EVP_PKEY *key)
{
    return pem_of("PUBLIC KEY", key_spki(key));
}

bytes key_private_pem(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    MUST(bio != NULL && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1);
    char *p = NULL;
    long n = BIO_get_mem_data(bio, &p);
    bytes b = arena_copy(bytes_of(p, (size_t)n));
    BIO_free(bio);
    return b;
}

/* The key's public half again, with one parameter of its encoding changed. */
static bytes spki_with(EVP_PKEY *key, const char *param, const char *value)
{
    EVP_PKEY *copy = EVP_PKEY_dup(key);
    MUST(copy != NULL && EVP_PKEY_set_utf8_string_param(copy, param, value) == 1);
    bytes spki = key_spki(copy);
    EVP_PKEY_free(copy);
    return spki;
}

bytes key_spki_explicit(EVP_PKEY *key)
{
    return spki_with(key, OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_EXPLICIT);
}

bytes key_spki_compressed(EVP_PKEY *key)
{
    return spki_with(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                     OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_COMPRESSED);
}

/* Hash octets as a number of at most the order's bits [RFC 6979 2.3.2]. */
static BIGNUM *bits_to_int(const uint8_t *p, size_t n, const BIGNUM *order)
{
    BIGNUM *v = BN_bin2bn(p, (int)n, NULL);
    int excess = (int)(8 * n) - BN_num_bits(order);
    MUST(v != NULL && (excess <= 0 || BN_rshift(v, v, excess) == 1));
    return v;
}

typedef struct hmac_state {
    const EVP_MD *md;
    size_t n;
    uint8_t k[EVP_MAX_MD_SIZE], v[EVP_MAX_MD_SIZE];
} hmac_state;

static void hmac_into(const hmac_state *s, bytes data, uint8_t *out)
{
    unsigned n = 0;
    MUST(HMAC(s->md, s->k, (int)s->n, data.p, data.n, out, &n) != NULL && n == s->n);
}

/* K = HMAC(K, V || tag || more), V = HMAC(K, V) [RFC 6979 3.2 d-g]. */
static void hmac_step(hmac_state *s, uint8_t tag, bytes more)
{
    uint8_t k[EVP_MAX_MD_SIZE];
    hmac_into(s, join(bytes_of(s->v, s->n), bytes_of(&tag, 1), more), k);
    memcpy(s->k, k, s->n);
    hmac_into(s, bytes_of(s->v, s->n), k);
    memcpy(s->v, k, s->n);
}

/* The nonce of RFC 6979 3.2; one that gives r or s zero does not occur in practice. */
static BIGNUM *nonce_of(const BIGNUM *private, const BIGNUM *hash, const BIGNUM *order,
                        const EVP_MD *md)
{
    size_t width = (size_t)BN_num_bytes(order);
    uint8_t *seed = arena_alloc(2 * width);
    BIGNUM *reduced = BN_dup(hash);
    MUST(reduced != NULL && (BN_cmp(reduced, order) < 0 || BN_sub(reduced, reduced, order) == 1));
    MUST(BN_bn2binpad(private, seed, (int)width) == (int)width);
    MUST(BN_bn2binpad(reduced, seed + width, (int)width) == (int)width);
    BN_free(reduced);
    hmac_state s = {.md = md, .n = (size_t)EVP_MD_get_size(md)};
    memset(s.v, 1, s.n);
    hmac_step(&s, 0, bytes_of(seed, 2 * width));
    hmac_step(&s, 1, bytes_of(seed, 2 * width));
    for (;;) {
        buf t = {0};
        while (t.n < width) {
            uint8_t v[EVP_MAX_MD_SIZE];
            hmac_into(&s, bytes_of(s.v, s.n), v);
            memcpy(s.v, v, s.n);
            buf_put(&t, bytes_of(v, s.n));
        }
        BIGNUM *nonce = bits_to_int(t.p, width, order);
        if (!BN_is_zero(nonce) && BN_cmp(nonce, order) < 0)
            return nonce;
        BN_free(nonce);
        hmac_step(&s, 0, BYTES_NONE);
    }
}

/* Worlds differ in little, so most of what is signed was signed before. */
enum { SIGNATURES_N = 1024, SCALAR_MAX = 66 };

typedef struct known_signature {
    bool known;
    uint8_t what[32];
    uint8_t r[SCALAR_MAX], s[SCALAR_MAX];
} known_signature;

static known_signature signatures[SIGNATURES_N];

/* The place for this digest signed by this key; it may hold another. */
static known_signature *signature_place(const BIGNUM *private, const char *group, const EVP_MD *md,
                                        bytes digest, uint8_t what[32])
{
    uint8_t scalar[SCALAR_MAX];
    MUST(BN_bn2binpad(private, scalar, sizeof scalar) == sizeof scalar);
    bytes all = digest_of(EVP_sha256(), join(bytes_of(scalar, sizeof scalar), bytes_text(group),
                                             bytes_text(EVP_MD_get0_name(md)), digest));
    memcpy(what, all.p, 32);
    return &signatures[(what[0] << 8 | what[1]) % SIGNATURES_N];
}

static ECDSA_SIG *known_one(const known_signature *k, const uint8_t what[32])
{
    if (!k->known || !bytes_equal(bytes_of(k->what, 32), bytes_of(what, 32)))
        return NULL;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    MUST(sig != NULL && ECDSA_SIG_set0(sig, BN_bin2bn(k->r, SCALAR_MAX, NULL),
                                       BN_bin2bn(k->s, SCALAR_MAX, NULL)) == 1);
    return sig;
}

static void keep(known_signature *k, const uint8_t what[32], const BIGNUM *r, const BIGNUM *s)
{
    k->known = true;
    memcpy(k->what, what, sizeof k->what);
    MUST(BN_bn2binpad(r, k->r, SCALAR_MAX) == SCALAR_MAX);
    MUST(BN_bn2binpad(s, k->s, SCALAR_MAX) == SCALAR_MAX);
}

static ECDSA_SIG *sign_ecdsa(EVP_PKEY *key, const EVP_MD *md, bytes data)
{
    char name[64];
    uint8_t what[32];
    BIGNUM *private = NULL;
    MUST(EVP_PKEY_get_group_name(key, name, sizeof name, NULL) == 1);
    MUST(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &private) == 1);
    bytes digest = digest_of(md, data);
    known_signature *place = signature_place(private, name, md, digest, what);
    ECDSA_SIG *sig = known_one(place, what);
    if (sig != NULL) {
        BN_free(private);
        return sig;
    }
    EC_GROUP *group = EC_GROUP_new_by_curve_name(OBJ_sn2nid(name));
    BN_CTX *ctx = BN_CTX_new();
    MUST(group != NULL && ctx != NULL);
    const BIGNUM *order = EC_GROUP_get0_order(group);
    size_t width = (size_t)BN_num_bytes(order);
    BIGNUM *hash = bits_to_int(digest.p, digest.n < width ? digest.n : width, order);
    BIGNUM *nonce = nonce_of(private, hash, order, md);
    EC_POINT *point = EC_POINT_new(group);
    BIGNUM *r = BN_new(), *s = BN_new();
    MUST(point != NULL && r != NULL && s != NULL);
    MUST(EC_POINT_mul(group, point, nonce, NULL, NULL, ctx) == 1);
    MUST(EC_POINT_get_affine_coordinates(group, point, r, NULL, ctx) == 1);
    MUST(BN_nnmod(r, r, order, ctx) == 1);
    /* s = (hash + r * private) / nonce */
    MUST(BN_mod_mul(s, r, private, order, ctx) == 1 && BN_mod_add(s, s, hash, order, ctx) == 1);
    MUST(BN_mod_inverse(nonce, nonce, order, ctx) != NULL);
    MUST(BN_mod_mul(s, s, nonce, order, ctx) == 1 && !BN_is_zero(r) && !BN_is_zero(s));
    keep(place, what, r, s);
    sig = ECDSA_SIG_new();
    MUST(sig != NULL && ECDSA_SIG_set0(sig, r, s) == 1);
    EC_POINT_free(point);
    BN_free(nonce);
    BN_free(hash);
    BN_free(private);
    BN_CTX_free(ctx);
    EC_GROUP_free(group);
    return sig;
}

bytes sign_raw(EVP_PKEY *p256, bytes data)
{
    ECDSA_SIG *sig = sign_ecdsa(p256, EVP_sha256(), data);
    uint8_t *raw = arena_alloc(64);
    MUST(BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32) == 32);
    MUST(BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32) == 32);
    ECDSA_SIG_free(sig);
    return bytes_of(raw, 64);
}

static bytes sign_rsa(EVP_PKEY *key, const EVP_MD *md, bytes data)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t n = 0;
    MUST(ctx != NULL && EVP_DigestSignInit(ctx, NULL, md, NULL, key) == 1);
    MUST(EVP_DigestSign(ctx, NULL, &n, data.p, data.n) == 1);
    uint8_t *p = arena_alloc(n);
    MUST(EVP_DigestSign(ctx, p, &n, data.p, data.n) == 1);
    EVP_MD_CTX_free(ctx);
    return bytes_of(p, n);
}

bytes sign_der(EVP_PKEY *key, const EVP_MD *md, bytes data)
{
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA)
        return sign_rsa(key, md, data);
    ECDSA_SIG *sig = sign_ecdsa(key, md, data);
    unsigned char *p = NULL;
    int n = i2d_ECDSA_SIG(sig, &p);
    ECDSA_SIG_free(sig);
    return take(p, n);
}
