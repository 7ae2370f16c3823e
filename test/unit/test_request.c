/* Requests: what is read, and refusals, each with its code and sentence. */
#include "testing.h"

#include "assemble.h"
#include "x509/request.h"
#include "x509_maker.h"

#define M RATLS_E_MALFORMED
#define U RATLS_E_UNSUPPORTED

static bytes assembled(const char *text)
{
    bytes block = assemble(text), kept = arena_copy(block);
    bytes_free(block);
    return kept;
}

static request_spec good_spec(void)
{
    EVP_PKEY *key = key_named(KEY_TYPE_P256, "request");
    request_spec q = request_spec_of("CN=peer,O=ratls tests,C=US", key);
    ext_set(&q.ext, OID_BASIC_CONSTRAINTS, true, ext_basic(false, -1));
    ext_set(&q.ext, OID_KEY_USAGE, true, ext_usage(USAGE_SIGNATURE));
    ext_set(&q.ext, OID_SUBJECT_KEY_ID, false, ext_subject_key_id(key));
    ext_set(&q.ext, "2.23.133.5.4.9", false, assembled("d9ea60 82 40 40"));
    return q;
}

/* In a block of exactly its size, so that a sanitizer sees one byte too many. */
static ratls_code parse_exactly(bytes der, ratls_error *e)
{
    certificate c;
    bytes block = bytes_resized(der, der.n);
    ratls_code code = request_parse(block, &c, e);
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
    if (e.offset > der.n || strncmp(e.text, "request: ", 9) != 0)
        fail_msg("%s: offset %zu, \"%s\"", name, e.offset, e.text);
    assert_int_equal(parse_exactly(der, NULL), code);
}

static void the_views_are_those_of_the_request(void **state)
{
    (void)state;
    static const key_type types[] = {KEY_TYPE_P256, KEY_TYPE_P384, KEY_TYPE_P521, KEY_TYPE_RSA};
    static const key_kind kinds[] = {KEY_P256, KEY_P384, KEY_P521, KEY_RSA};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        certificate c;
        ratls_error e;
        request_spec q = good_spec();
        q.key = key_named(types[i], "request");
        bytes der = request_make(&q);
        if (request_parse(der, &c, &e) != RATLS_OK)
            fail_msg("%s", e.text);
        assert_true(bytes_equal(c.der, der));
        assert_int_equal(c.version, 0);
        assert_string_equal(certificate_what(&c), "request");
        assert_true(bytes_equal(c.subject, q.subject));
        assert_true(bytes_equal(c.spki, key_spki(q.key)));
        assert_int_equal(c.kind, kinds[i]);
        assert_int_equal(c.extensions_n, 4);
        assert_true(c.has_basic_constraints && !c.is_ca && c.path_len == -1);
        assert_true(c.has_key_usage && c.key_usage == KEY_USAGE_DIGITAL_SIGNATURE);
        const extension *x = certificate_extension(&c, assembled("678105050409"));
        assert_non_null(x);
        assert_true(bytes_equal(x->value, assembled("d9ea60 82 40 40")));
        /* What only a CA can say. */
        assert_true(c.serial.n == 0 && c.issuer.n == 0 && c.not_before == 0 && c.not_after == 0);
        assert_false(certificate_serial_ok(&c));
        crypto_key *key = crypto_key_from_spki(c.spki);
        assert_true(crypto_verify(key, c.signature_algorithm, c.tbs, c.signature));
        crypto_key_free(key);
    }
}

#define WANTED "06092a864886f70d01090e"
#define EXT    "300b 06032a0304 0404 01020304"

/* [0] and what is in it, as it is written. */
static const struct {
    const char *name, *attributes;
    ratls_code code;
    const char *sentence;
} attributes[] = {
    {"none", "a000", RATLS_OK, ""},
    {"an extension", "a01e 301c " WANTED "310f 300d " EXT, RATLS_OK, ""},
    {"a SET instead of [0]", "3100", M, "no attributes follow the key"},
    {"[0] primitive", "8000", M, "no attributes follow the key"},
    {"[0] of indefinite length", "a080 0000", M, "no attributes follow the key"},
    {"[1]", "a100", M, "no attributes follow the key"},
    {"[0] twice", "a000 a000", M, "an unknown field follows the attributes"},
    {"an attribute that is a SET", "a002 3100", M, "attribute 1 is not { OID"},
    {"an attribute without OID", "a006 3004 3102 0500", M, "attribute 1 is not { OID"},
    {"an attribute with an empty OID", "a008 3006 0600 3102 0500", M, "attribute 1 is not { OID"},
    {"an attribute without values", "a006 3004 06022a03", M, "attribute 1 is not { OID"},
    {"an attribute with no value", "a008 3006 06022a03 3100", M, "at least one value"},
    {"an attribute whose values are a SEQUENCE", "a00a 3008 06022a03 3002 0500", M, "attribute 1"},
    {"an attribute with a cut value", "a00a 3008 06022a03 3102 0501", M, "attribute 1"},
    {"an attribute and more in it", "a00c 300a 06022a03 3102 0500 0500", M, "attribute 1"},
    {"an unknown attribute", "a00a 3008 06022a03 3102 0500", RATLS_OK, ""},
    {"an unknown attribute of two values", "a00c 300a 06022a03 3104 0500 0500", RATLS_OK, ""},
    {"an unknown attribute twice", "a014 3008 06022a03 3102 0500 3008 06022a03 3102 0500", M,
     "attribute 1.2.3 stands twice"},
    {"attributes in any order", "a014 3008 06022a04 3102 0500 3008 06022a03 3102 0500", RATLS_OK,
     ""},
    {"a challengePassword", "a014 3012 06092a864886f70d010907 3105 1303 616263", RATLS_OK, ""},
    {"a challengePassword beside an extension",
     "a032 3012 06092a864886f70d010907 3105 1303 616263 301c " WANTED "310f 300d " EXT, RATLS_OK,
     ""},
    {"extensionRequest twice",
     "a03c 301c " WANTED "310f 300d " EXT "301c " WANTED "310f 300d 300b 06032a0305 0404 01020304",
     M, "attribute 1.2.840.113549.1.9.14 stands twice"},
    {"extensionRequest of two values",
     "a02d 302b " WANTED "311e 300d " EXT "300d 300b 06032a0305 0404 01020304", M,
     "not one SEQUENCE of at least one extension"},
    {"extensionRequest of no extension", "a011 300f " WANTED "3102 3000", M,
     "not one SEQUENCE of at least one extension"},
    {"extensionRequest that is a SET", "a01e 301c " WANTED "310f 310d " EXT, M,
     "not one SEQUENCE of at least one extension"},
    {"an extension twice", "a02b 3029 " WANTED "311c 301a " EXT EXT, M,
     "request: extension 1.2.3.4 stands twice"},
    {"an extension that is none", "a013 3011 " WANTED "3104 3002 0500", M, "OCTET STRING"},
    {"critical FALSE", "a01e 301c " WANTED "310f 300d 300b 06022a03 010100 0402 0102", M,
     "critical FALSE"},
    {"keyUsage of no bit", "a01c 301a " WANTED "310d 300b 3009 0603551d0f 0402 0500", M,
     "request: the extension keyUsage"},
};

static void attributes_are_judged_one_by_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        request_spec q = good_spec();
        q.attributes = assembled(attributes[i].attributes);
        expect(attributes[i].name, request_make(&q), attributes[i].code, attributes[i].sentence);
    }
}

static void parts_are_judged_one_by_one(void **state)
{
    (void)state;
    request_spec q = good_spec();
    q.version = 1;
    expect("version 2", request_make(&q), U, "version 2, expected 1");
    q.version = 70000;
    expect("version 70000", request_make(&q), M, "version is not one small INTEGER");
    q = good_spec();
    q.no_attributes = true;
    expect("no attributes", request_make(&q), M, "no attributes follow the key");
    q = good_spec();
    q.no_extensions = true;
    expect("no extensionRequest", request_make(&q), RATLS_OK, "");
    q.more_attributes = mk_attribute("1.2.3", mk_null());
    expect("another attribute only", request_make(&q), RATLS_OK, "");
    q = good_spec();
    q.extra_info = mk_null();
    expect("a field after the attributes", request_make(&q), M, "an unknown field follows");
    q = good_spec();
    q.subject = mk_seq(BYTES_NONE);
    expect("no subject", request_make(&q), RATLS_OK, "");
    q.subject = mk_set(BYTES_NONE);
    expect("subject a SET", request_make(&q), M, "the subject is not a Name");
    q = good_spec();
    q.spki = key_spki_compressed(q.key);
    expect("compressed point", request_make(&q), U, "request: the key is a compressed point");
    q.spki = key_spki_explicit(q.key);
    expect("explicit curve", request_make(&q), U, "request: the key writes out its curve");
    q.spki = spki_ec_of("1.3.132.0.10", assembled("04 11*64"));
    expect("secp256k1", request_make(&q), U, "request: the key's curve is 1.3.132.0.10");
    q.spki = spki_rsa_of(1024);
    expect("RSA of 1024 bits", request_make(&q), U, "request: the RSA key has 1024 bits");
    q.spki = mk_seq(mk_null());
    expect("no key", request_make(&q), M, "request: the key is not a SubjectPublicKeyInfo");
    q.spki = mk_seq(mk_seq(mk_oid("1.3.101.110")), mk_bits(assembled("11*32")));
    expect("X25519", request_make(&q), U, "request: key algorithm 1.3.101.110");
    q = good_spec();
    q.algorithm = mk_seq(mk_oid("1.2.840.10045.4.1"));
    expect("ECDSA with SHA-1", request_make(&q), U, "1.2.840.10045.4.1");
    q.algorithm = mk_null();
    expect("no algorithm", request_make(&q), M, "not an AlgorithmIdentifier");
    q = good_spec();
    q.trailing = mk_null();
    expect("two bytes more", request_make(&q), M, "2 bytes follow its end");
}

static void the_frame_is_strict(void **state)
{
    (void)state;
    request_spec q = good_spec();
    bytes der = request_make(&q);
    cert_layout l = cert_layout_of(der);
    bytes inner = bytes_of(der.p + l.tbs_at, der.n - l.tbs_at);
    expect("empty", BYTES_NONE, M, "not a DER SEQUENCE");
    expect("an empty SEQUENCE", assembled("3000"), M, "signed part");
    expect("an empty signed part", assembled("3002 3000"), M, "version");
    expect("outer SET", bytes_patched(der, 0, assembled("31")), M, "not a DER SEQUENCE");
    expect("signed part a SET", bytes_patched(der, l.tbs_at, assembled("31")), M, "signed part");
    expect("version in an OCTET STRING", bytes_patched(der, l.tbs_at + 4, assembled("04")), M,
           "version");
    expect("signature with unused bits", bytes_patched(der, l.signature_at + 2, assembled("01")), M,
           "no signature");
    expect("signature an OCTET STRING", bytes_patched(der, l.signature_at, assembled("04")), M,
           "no signature");
    expect("no signature", mk_tlv(DER_SEQUENCE, bytes_cut(inner, l.signature_at - l.tbs_at)), M,
           "no signature");
    expect("no algorithm", mk_tlv(DER_SEQUENCE, bytes_cut(inner, l.algorithm_at - l.tbs_at)), M,
           "not an AlgorithmIdentifier");
    expect("a fourth field", mk_tlv(DER_SEQUENCE, join(inner, mk_null())), M, "no signature");
    cert_spec cert = cert_spec_of("CN=peer", q.key, 0, 1);
    expect("a certificate", cert_make(&cert), M, "version is not one small INTEGER");
}

static void limits_hold_exactly(void **state)
{
    (void)state;
    request_spec q = good_spec();
    buf more = {0};
    for (unsigned i = 0; i < REQUEST_ATTRIBUTES_MAX - 1; i++)
        buf_put(&more, mk_attribute((const char *)arena_format("1.2.%u", i).p, mk_null()));
    q.more_attributes = buf_bytes(&more);
    expect("16 attributes", request_make(&q), RATLS_OK, "");
    buf_put(&more, mk_attribute("1.2.100", mk_null()));
    q.more_attributes = buf_bytes(&more);
    expect("17 attributes", request_make(&q), RATLS_E_LIMIT, "more than 16 attributes");
    q = good_spec();
    while (q.ext.n < CERTIFICATE_EXTENSIONS_MAX)
        (void)ext_add(&q.ext, (const char *)arena_format("1.2.3.%zu", q.ext.n).p, false, mk_null());
    expect("32 extensions", request_make(&q), RATLS_OK, "");
    (void)ext_add(&q.ext, "1.2.4", false, mk_null());
    expect("33 extensions", request_make(&q), RATLS_E_LIMIT, "request: more than 32 extensions");

    /* The signature varies in length with what it covers: repeat until the whole has the limit. */
    q = good_spec();
    size_t n = 65000;
    bytes der = BYTES_NONE;
    for (unsigned tries = 0; der.n != REQUEST_MAX; tries++) {
        if (tries == 200)
            fail_msg("no request of %d bytes", REQUEST_MAX);
        uint8_t *filler = arena_alloc(n);
        filler[0] = (uint8_t)tries;
        ext_set(&q.ext, "1.2.3.4", false, bytes_of(filler, n));
        der = request_make(&q);
        n += REQUEST_MAX - der.n;
    }
    expect("65536 bytes", der, RATLS_OK, "");
    expect("65537 bytes", join(der, assembled("00")), RATLS_E_LIMIT, "65537 bytes, at most 65536");
}

/* Property: no part of a request is one. */
static void each_truncation_is_refused(void **state)
{
    (void)state;
    request_spec q = good_spec();
    q.more_attributes = mk_attribute(OID_CHALLENGE_PASSWORD, mk_printable("abc"));
    bytes der = request_make(&q);
    for (size_t n = 0; n < der.n; n++) {
        ratls_error e;
        if (parse_exactly(bytes_cut(der, n), &e) == RATLS_OK || e.text[0] == '\0')
            fail_msg("%zu of %zu bytes are read", n, der.n);
    }
}

/* Property: a request with any bit changed is refused, or its signature does not hold. */
static void each_flip_is_noticed(void **state)
{
    (void)state;
    request_spec q = good_spec();
    bytes der = request_make(&q);
    size_t read = 0;
    for (size_t at = 0; at < der.n; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            certificate c;
            arena_mark mark = arena_here();
            if (request_parse(bytes_flipped(der, at, bit), &c, NULL) == RATLS_OK) {
                read++;
                crypto_key *key = crypto_key_from_spki(c.spki);
                if (key != NULL && crypto_verify(key, c.signature_algorithm, c.tbs, c.signature))
                    fail_msg("bit %u of byte %zu is not signed", bit, at);
                crypto_key_free(key);
            }
            arena_back(mark);
        }
    assert_true(read > der.n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_views_are_those_of_the_request),
        cmocka_unit_test(attributes_are_judged_one_by_one),
        cmocka_unit_test(parts_are_judged_one_by_one),
        cmocka_unit_test(the_frame_is_strict),
        cmocka_unit_test(limits_hold_exactly),
        cmocka_unit_test(each_truncation_is_refused),
        cmocka_unit_test(each_flip_is_noticed),
    };
    return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
