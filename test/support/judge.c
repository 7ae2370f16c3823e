#include "judge.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/params.h>
#include <openssl/pem.h>

#include "testing.h"

X509 *x509_of(bytes der)
{
    const unsigned char *p = der.p;
    X509 *x = d2i_X509(NULL, &p, (long)der.n);
    assert_non_null(x);
    assert_ptr_equal(p, der.p + der.n);
    return x;
}

bytes part(bytes b, size_t at, size_t n)
{
    assert_true(at <= b.n && n <= b.n - at);
    return bytes_of(b.p + at, n);
}

uint64_t le_at(bytes b, size_t at, unsigned width)
{
    uint64_t v = 0;
    bytes p = part(b, at, width);
    for (unsigned i = width; i-- > 0;)
        v = v << 8 | p.p[i];
    return v;
}

bool verify_p256(bytes point, bytes data, bytes raw)
{
    uint8_t public[65] = {4};
    assert_int_equal(point.n, 64);
    memcpy(public + 1, point.p, 64);
    char group[] = "P-256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, public, sizeof public),
        OSSL_PARAM_construct_end()};
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *key = NULL;
    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
    ECDSA_SIG *sig = ECDSA_SIG_new();
    assert_int_equal(
        ECDSA_SIG_set0(sig, BN_bin2bn(raw.p, 32, NULL), BN_bin2bn(raw.p + 32, 32, NULL)), 1);
    unsigned char *der = NULL;
    int n = i2d_ECDSA_SIG(sig, &der);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL, key), 1);
    bool good = EVP_DigestVerify(md, der, (size_t)n, data.p, data.n) == 1;
    EVP_MD_CTX_free(md);
    OPENSSL_free(der);
    ECDSA_SIG_free(sig);
    EVP_PKEY_free(key);
    EVP_PKEY_CTX_free(ctx);
    return good;
}

bytes extension_value(const X509 *x, const char *oid)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    int at = X509_get_ext_by_OBJ(x, object, -1);
    ASN1_OBJECT_free(object);
    if (at < 0)
        return BYTES_NONE;
    const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(X509_get_ext(x, at));
    return arena_copy(bytes_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)));
}

int extension_count(const X509 *x, const char *oid)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    int n = 0;
    for (int at = -1; (at = X509_get_ext_by_OBJ(x, object, at)) >= 0; n++)
        ;
    ASN1_OBJECT_free(object);
    return n;
}

size_t certificates_in(bytes pem)
{
    size_t n = 0;
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    for (X509 *x = NULL; (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL; n++)
        X509_free(x);
    BIO_free(bio);
    return n;
}
