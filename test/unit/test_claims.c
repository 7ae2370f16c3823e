#include "testing.h"

#include "assemble.h"
#include "codec/cbor.h"
#include "evidence/claims.h"
#include "vectors.h"

/* {"pubkey-hash": <36 bytes: [1, 32 bytes]>} */
#define KEY   "6b 'pubkey-hash' "
#define ENTRY "58 24 82 01 58 20 ab*32 "
#define NONCE "65 'nonce' "

static const struct {
    const char *name, *in;
    ratls_code code;
    const char *says; /* part of the sentence */
} refused[] = {
    /* hostile input B 26, 27 */
    {"empty buffer", "", RATLS_E_MALFORMED, "empty"},
    {"empty map", "a0", RATLS_E_MALFORMED, "none of its 0 claims"},
    {"only another claim", "a1 61 'x' 41 00", RATLS_E_MALFORMED, "none of its 1 claims"},
    {"only a nonce", "a1 " NONCE "41 00", RATLS_E_MALFORMED, "none of its 1 claims"},
    {"an array", "81 41 00", RATLS_E_MALFORMED, "does not begin with"},
    {"a byte string around it", "58 33 a1 " KEY ENTRY, RATLS_E_MALFORMED, "does not begin with"},
    /* 28 */
    {"the same pubkey-hash twice", "a2 " KEY ENTRY KEY ENTRY, RATLS_E_MALFORMED, "same name"},
    {"two pubkey-hashes", "a2 " KEY ENTRY KEY "58 24 82 01 58 20 cd*32", RATLS_E_MALFORMED,
     "same name"},
    {"two pubkey-hashes, other order", "a2 " KEY "58 24 82 01 58 20 cd*32 " KEY ENTRY,
     RATLS_E_MALFORMED, "same name"},
    {"another claim between", "a3 " KEY ENTRY "61 'x' 40 " KEY ENTRY, RATLS_E_MALFORMED,
     "same name"},
    {"two nonces", "a3 " KEY ENTRY NONCE "41 01 " NONCE "41 02", RATLS_E_MALFORMED, "same name"},
    {"an unknown claim twice", "a3 61 'x' 40 61 'x' 40 " KEY ENTRY, RATLS_E_MALFORMED, "same name"},
    /* 29 */
    {"key p", "a1 61 'p' " ENTRY, RATLS_E_MALFORMED, "none of its 1 claims"},
    {"key with a NUL", "a1 6c 'pubkey-hash' 00 " ENTRY, RATLS_E_MALFORMED, "none of its 1 claims"},
    {"key in capitals", "a1 6b 'PUBKEY-HASH' " ENTRY, RATLS_E_MALFORMED, "none of its 1 claims"},
    {"key as bytes", "a1 4b 'pubkey-hash' " ENTRY, RATLS_E_MALFORMED, "name of claim 1"},
    {"key as integer", "a1 01 " ENTRY, RATLS_E_MALFORMED, "name of claim 1"},
    /* 30, 31 */
    {"value a map", "a1 " KEY "a1 01 58 20 ab*32", RATLS_E_MALFORMED, "value of claim 1"},
    {"value an array", "a1 " KEY "82 01 58 20 ab*32", RATLS_E_MALFORMED, "value of claim 1"},
    {"value as text", "a1 " KEY "61 'x'", RATLS_E_MALFORMED, "value of claim 1"},
    {"value null", "a1 " KEY "f6", RATLS_E_MALFORMED, "value of claim 1"},
    {"entry empty", "a1 " KEY "40", RATLS_E_MALFORMED, "array of algorithm and hash"},
    {"entry a map", "a1 " KEY "58 24 a1 01 58 20 ab*32", RATLS_E_MALFORMED,
     "array of algorithm and hash"},
    {"entry of one item", "a1 " KEY "42 81 01", RATLS_E_MALFORMED, "array of algorithm and hash"},
    {"entry of three items", "a1 " KEY "58 25 83 01 58 20 ab*32 00", RATLS_E_MALFORMED,
     "array of algorithm and hash"},
    {"entry indefinite", "a1 " KEY "58 25 9f 01 58 20 ab*32 ff", RATLS_E_MALFORMED,
     "array of algorithm and hash"},
    {"entry's array in two bytes", "a1 " KEY "58 25 98 02 01 58 20 ab*32", RATLS_E_MALFORMED,
     "array of algorithm and hash"},
    {"entry's array of 2^32", "a1 " KEY "4a 9b 00 00 00 01 00 00 00 00 01", RATLS_E_MALFORMED,
     "array of algorithm and hash"},
    {"entry tagged", "a1 " KEY "58 27 d9 ea 60 82 01 58 20 ab*32", RATLS_E_MALFORMED,
     "array of algorithm and hash"},
    {"algorithm 0", "a1 " KEY "58 24 82 00 58 20 ab*32", RATLS_E_UNSUPPORTED, "hash algorithm 0 "},
    {"algorithm 2", "a1 " KEY "58 24 82 02 58 20 ab*32", RATLS_E_UNSUPPORTED, "hash algorithm 2 "},
    {"algorithm 6", "a1 " KEY "58 24 82 06 58 20 ab*32", RATLS_E_UNSUPPORTED, "hash algorithm 6 "},
    {"algorithm 99", "a1 " KEY "58 25 82 18 63 58 20 ab*32", RATLS_E_UNSUPPORTED,
     "hash algorithm 99 "},
    {"algorithm 257", "a1 " KEY "58 26 82 19 01 01 58 20 ab*32", RATLS_E_UNSUPPORTED,
     "hash algorithm 257 "},
    {"algorithm 2^32 + 1", "a1 " KEY "58 2c 82 1b 00*3 01 00*3 01 58 20 ab*32", RATLS_E_UNSUPPORTED,
     "hash algorithm 4294967297 "},
    {"algorithm 2^63", "a1 " KEY "58 2c 82 1b 80 00*7 58 20 ab*32", RATLS_E_UNSUPPORTED,
     "hash algorithm 9223372036854775808 "},
    {"algorithm negative", "a1 " KEY "58 24 82 20 58 20 ab*32", RATLS_E_MALFORMED,
     "not an unsigned integer"},
    {"algorithm as text", "a1 " KEY "58 2a 82 66 'sha256' 58 20 ab*32", RATLS_E_MALFORMED,
     "not an unsigned integer"},
    {"algorithm a float", "a1 " KEY "58 26 82 f9 3c 00 58 20 ab*32", RATLS_E_MALFORMED,
     "not an unsigned integer"},
    {"algorithm true", "a1 " KEY "58 24 82 f5 58 20 ab*32", RATLS_E_MALFORMED,
     "not an unsigned integer"},
    {"hash as text", "a1 " KEY "58 24 82 01 78 20 61*32", RATLS_E_MALFORMED,
     "not a definite byte string"},
    {"hash in chunks", "a1 " KEY "58 26 82 01 5f 58 20 ab*32 ff", RATLS_E_MALFORMED,
     "not a definite byte string"},
    {"hash empty", "a1 " KEY "43 82 01 40", RATLS_E_MALFORMED, "has 0 bytes, expected 32"},
    {"hash of 31 bytes", "a1 " KEY "58 23 82 01 58 1f ab*31", RATLS_E_MALFORMED,
     "has 31 bytes, expected 32"},
    {"hash of 33 bytes", "a1 " KEY "58 25 82 01 58 21 ab*33", RATLS_E_MALFORMED,
     "has 33 bytes, expected 32"},
    {"SHA-256 of 48 bytes", "a1 " KEY "58 34 82 01 58 30 ab*48", RATLS_E_MALFORMED,
     "has 48 bytes, expected 32"},
    {"SHA-384 of 32 bytes", "a1 " KEY "58 24 82 07 58 20 ab*32", RATLS_E_MALFORMED,
     "has 32 bytes, expected 48"},
    {"SHA-512 of 48 bytes", "a1 " KEY "58 34 82 08 58 30 ab*48", RATLS_E_MALFORMED,
     "has 48 bytes, expected 64"},
    /* 33 */
    {"bytes after the map", "a1 " KEY ENTRY "00", RATLS_E_MALFORMED, "1 bytes follow the map"},
    {"a second map", "a1 " KEY ENTRY "a1 " KEY ENTRY, RATLS_E_MALFORMED, "51 bytes follow the map"},
    {"bytes after the hash", "a1 " KEY "58 25 82 01 58 20 ab*32 00", RATLS_E_MALFORMED,
     "1 bytes follow the hash"},
    /* 34 */
    {"nested 10000 deep in the value", "a1 " KEY "81*10000 00", RATLS_E_MALFORMED,
     "value of claim 1"},
    {"nested 10000 deep in the entry", "a1 " KEY "59 27 10 81*10000", RATLS_E_MALFORMED,
     "array of algorithm and hash"},
    {"nested 10000 deep", "81*10000", RATLS_E_MALFORMED, "does not begin with"},
    /* 35, 36 */
    {"map of 2^64-1", "bb ff*8 " KEY ENTRY, RATLS_E_MALFORMED, "map that fits its"},
    {"map of 2^32", "bb 00 00 00 01 00 00 00 00", RATLS_E_MALFORMED, "map that fits its"},
    {"map of 3, one there", "a3 " KEY ENTRY, RATLS_E_MALFORMED, "name of claim 2"},
    {"map of 23, one there", "b7 " KEY ENTRY, RATLS_E_LIMIT, "at most 16"},
    {"map count in two bytes", "b8 01 " KEY ENTRY, RATLS_E_MALFORMED, "does not begin with"},
    {"map indefinite", "bf " KEY ENTRY "ff", RATLS_E_MALFORMED, "does not begin with"},
    {"name longer than the input", "a1 7b 7f ff*7 'pubkey-hash' " ENTRY, RATLS_E_MALFORMED,
     "name of claim 1"},
    {"value longer than the input", "a1 " KEY "5b ff*8 82 01 58 20 ab*32", RATLS_E_MALFORMED,
     "value of claim 1"},
    {"hash longer than its entry", "a2 " KEY "58 24 82 01 58 40 ab*32 61 'x' 58 20 00*32",
     RATLS_E_MALFORMED, "not a definite byte string"},
    /* 37 to 39 */
    {"name is invalid UTF-8", "a2 " KEY ENTRY "62 c3 28 40", RATLS_E_MALFORMED, "name of claim 2"},
    {"name in chunks", "a1 7f 6b 'pubkey-hash' ff " ENTRY, RATLS_E_MALFORMED, "name of claim 1"},
    {"map tagged", "c0 a1 " KEY ENTRY, RATLS_E_MALFORMED, "does not begin with"},
    {"value tagged", "a1 " KEY "c2 " ENTRY, RATLS_E_MALFORMED, "value of claim 1"},
    {"another claim's value a float", "a2 " KEY ENTRY "61 'x' fb 00*8", RATLS_E_MALFORMED,
     "value of claim 2"},
    {"another claim's value an integer", "a2 " KEY ENTRY "61 'x' 01", RATLS_E_MALFORMED,
     "value of claim 2"},
    {"another claim's value true", "a2 " KEY ENTRY "61 'x' f5", RATLS_E_MALFORMED,
     "value of claim 2"},
    {"reserved head", "a1 " KEY "5c 00", RATLS_E_MALFORMED, "value of claim 1"},
};

static void refuses_with_code_and_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        bytes in = assemble(refused[i].in);
        claims c;
        ratls_error e = {0};
        ratls_code code = claims_parse(in, &c, &e);
        if (code != refused[i].code || e.code != code || strstr(e.text, refused[i].says) == NULL ||
            e.offset > in.n)
            fail_msg("%s: %s \"%s\"", refused[i].name, ratls_code_name(code), e.text);
        if (claims_parse(in, &c, NULL) != code)
            fail_msg("%s: another code without an error", refused[i].name);
        bytes_free(in);
    }
}

static const struct {
    const char *name, *in;
    crypto_hash alg;
    int nonce; /* its length; -1: none */
    size_t other;
} accepted[] = {
    {"as specified", "a1 " KEY ENTRY, CRYPTO_SHA256, -1, 0},
    {"SHA-384", "a1 " KEY "58 34 82 07 58 30 ab*48", CRYPTO_SHA384, -1, 0},
    {"SHA-512", "a1 " KEY "58 44 82 08 58 40 ab*64", CRYPTO_SHA512, -1, 0},
    {"nonce after", "a2 " KEY ENTRY NONCE "44 01020304", CRYPTO_SHA256, 4, 0},
    {"nonce before", "a2 " NONCE "44 01020304 " KEY ENTRY, CRYPTO_SHA256, 4, 0},
    {"nonce of no bytes", "a2 " NONCE "40 " KEY ENTRY, CRYPTO_SHA256, 0, 0},
    /* hostile input B 24: wider integers than needed */
    {"algorithm in 2 bytes", "a1 " KEY "58 25 82 18 01 58 20 ab*32", CRYPTO_SHA256, -1, 0},
    {"algorithm in 3 bytes", "a1 " KEY "58 26 82 19 00 01 58 20 ab*32", CRYPTO_SHA256, -1, 0},
    {"algorithm in 5 bytes", "a1 " KEY "58 28 82 1a 00*3 01 58 20 ab*32", CRYPTO_SHA256, -1, 0},
    {"algorithm in 9 bytes", "a1 " KEY "58 3c 82 1b 00*7 07 58 30 ab*48", CRYPTO_SHA384, -1, 0},
    /* 32 */
    {"unknown claims", "a3 65 'key_0' 47 'value_0' " KEY ENTRY "65 'key_1' 40", CRYPTO_SHA256, -1,
     2},
    {"names that only resemble",
     "a4 61 'p' 40 6c 'pubkey-hash' 00 40 6b 'PUBKEY-HASH' 40 " KEY ENTRY, CRYPTO_SHA256, -1, 3},
    {"as many claims as are read",
     "b0 " KEY ENTRY NONCE "41 00 61 'a' 40 61 'b' 40 61 'c' 40 61 'd' 40 61 'e' 40 61 'f' 40 "
     "61 'g' 40 61 'h' 40 61 'i' 40 61 'j' 40 61 'k' 40 61 'l' 40 61 'm' 40 61 'n' 40",
     CRYPTO_SHA256, 1, 14},
};

static void accepts_what_peers_write(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
        bytes in = assemble(accepted[i].in);
        claims c;
        ratls_error e = {0};
        if (claims_parse(in, &c, &e) != RATLS_OK)
            fail_msg("%s: %s", accepted[i].name, e.text);
        if (c.hash_alg != accepted[i].alg || c.pubkey_hash.n != crypto_hash_size(c.hash_alg) ||
            c.pubkey_hash.p[0] != 0xab || c.has_nonce != (accepted[i].nonce >= 0) ||
            (c.has_nonce && c.nonce.n != (size_t)accepted[i].nonce) ||
            c.other_n != accepted[i].other)
            fail_msg("%s: read wrongly", accepted[i].name);
        bytes_free(in);
    }
}

static void one_claim_more_than_the_limit_is_refused(void **state)
{
    (void)state;
    bytes in =
        assemble("b1 " KEY ENTRY NONCE "41 00 61 'a' 40 61 'b' 40 61 'c' 40 61 'd' 40 61 'e' "
                 "40 61 'f' 40 61 'g' 40 61 'h' 40 61 'i' 40 61 'j' 40 61 'k' 40 61 'l' 40 "
                 "61 'm' 40 61 'n' 40 61 'o' 40");
    claims c;
    assert_int_equal(claims_parse(in, &c, NULL), RATLS_E_LIMIT);
    bytes_free(in);
}

static void every_truncation_and_extension_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
        bytes in = assemble(accepted[i].in);
        for (size_t n = 0; n <= in.n + 1; n++) {
            bytes other = bytes_resized(in, n);
            claims c;
            ratls_error e = {0};
            ratls_code code = claims_parse(other, &c, &e);
            bytes_free(other);
            if ((code == RATLS_OK) != (n == in.n))
                fail_msg("%s, %zu of %zu bytes: %s", accepted[i].name, n, in.n, e.text);
            if (n != in.n && code != RATLS_E_MALFORMED)
                fail_msg("%s, %zu of %zu bytes: %s", accepted[i].name, n, in.n,
                         ratls_code_name(code));
        }
        bytes_free(in);
    }
}

static void writes_the_shortest_form(void **state)
{
    (void)state;
    uint8_t out[128], hash[32];
    memset(hash, 0xab, sizeof hash);
    writer w = wr_of(out, sizeof out);
    claims_write(&w, CRYPTO_SHA256, bytes_of(hash, sizeof hash), BYTES_NONE, NULL, 0);
    bytes expected = assemble("a1 " KEY ENTRY);
    assert_true(bytes_equal(wr_bytes(&w), expected));
    assert_int_equal(expected.n, 51);
    bytes_free(expected);

    w = wr_of(out, sizeof out);
    claims_write(&w, CRYPTO_SHA256, bytes_of(hash, sizeof hash), bytes_text("fresh"), NULL, 0);
    expected = assemble("a2 " KEY ENTRY NONCE "45 'fresh'");
    assert_true(bytes_equal(wr_bytes(&w), expected));
    bytes_free(expected);
}

static void reads_back_what_it_writes(void **state)
{
    (void)state;
    static const crypto_hash algs[] = {CRYPTO_SHA256, CRYPTO_SHA384, CRYPTO_SHA512};
    uint8_t out[1024], fill[300];
    for (size_t i = 0; i < sizeof fill; i++)
        fill[i] = (uint8_t)(i * 7 + 1);
    for (size_t a = 0; a < 3; a++)
        for (size_t nonce_n = 0; nonce_n <= sizeof fill; nonce_n++) {
            bytes hash = bytes_of(fill, crypto_hash_size(algs[a]));
            bytes nonce = bytes_of(fill, nonce_n);
            writer w = wr_of(out, sizeof out), measure = wr_of(NULL, 0);
            claims_write(&w, algs[a], hash, nonce, NULL, 0);
            claims_write(&measure, algs[a], hash, nonce, NULL, 0);
            assert_int_equal(measure.n, w.n);
            claims c;
            assert_int_equal(claims_parse(wr_bytes(&w), &c, NULL), RATLS_OK);
            assert_int_equal(c.hash_alg, algs[a]);
            assert_true(bytes_equal(c.pubkey_hash, hash));
            assert_int_equal(c.has_nonce, nonce_n > 0);
            assert_true(bytes_equal(c.nonce, nonce));
            assert_int_equal(c.other_n, 0);
        }
}

static void reads_the_sgx_sdk_claims_and_writes_the_same(void **state)
{
    (void)state;
    vectors_need();
    bytes in = vector_read("sgxsdk/sgxsdk-claims.cbor");
    claims c;
    assert_int_equal(claims_parse(in, &c, NULL), RATLS_OK);
    assert_int_equal(c.hash_alg, CRYPTO_SHA256);
    assert_int_equal(c.pubkey_hash.p[0], 0xf3);
    assert_false(c.has_nonce);
    assert_int_equal(c.other_n, 0);
    uint8_t out[64];
    writer w = wr_of(out, sizeof out);
    claims_write(&w, c.hash_alg, c.pubkey_hash, BYTES_NONE, NULL, 0);
    assert_true(bytes_equal(wr_bytes(&w), in));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_with_code_and_reason),
        cmocka_unit_test(accepts_what_peers_write),
        cmocka_unit_test(one_claim_more_than_the_limit_is_refused),
        cmocka_unit_test(every_truncation_and_extension_is_refused),
        cmocka_unit_test(writes_the_shortest_form),
        cmocka_unit_test(reads_back_what_it_writes),
        cmocka_unit_test(reads_the_sgx_sdk_claims_and_writes_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
