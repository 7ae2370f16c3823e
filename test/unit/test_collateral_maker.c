#include "testing.h"

#include <jansson.h>

#include "judge.h"
#include "vectors.h"
#include "vendor.h"

/* Collateral of the vendor, judged by jansson, OpenSSL and public files that the makers rebuild. */

static EVP_PKEY *other_key(void)
{
    return key_named(KEY_TYPE_P256, "other");
}

static void test_rebuilds_public_endorsements(void **state)
{
    (void)state;
    vectors_need();
    static const char *const names[9] = {
        "VERSION",      "TCB_INFO",           "TCB_ISSUER_CHAIN",
        "CRL_PCK_CERT", "CRL_PCK_PROC_CA",    "CRL_ISSUER_CHAIN_PCK_CERT",
        "QE_ID_INFO",   "QE_ID_ISSUER_CHAIN", "CREATION_DATETIME"};
    endorsement_items e = {.n = 9};
    for (size_t i = 0; i < 9; i++)
        e.item[i] = vector_read(
            (const char *)arena_format("oe/sgx-2022/endorsements-fields/%s.bin", names[i]).p);
    assert_bytes(endorsements_oe(&e), vector_read("oe/sgx-2022/endorsements.bin"));
}

static json_t *loaded(bytes text)
{
    json_error_t error;
    json_t *j = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &error);
    if (j == NULL)
        fail_msg("no JSON: %s at %d", error.text, error.position);
    return j;
}

/* Keys of `a` in their order are those of `b`, also of what is inside the first elements. */
static void same_keys(json_t *a, json_t *b)
{
    assert_int_equal(json_typeof(a), json_typeof(b));
    if (json_is_array(a) && json_array_size(a) > 0 && json_array_size(b) > 0)
        same_keys(json_array_get(a, 0), json_array_get(b, 0));
    if (!json_is_object(a))
        return;
    void *i = json_object_iter(a), *k = json_object_iter(b);
    for (; i != NULL && k != NULL;
         i = json_object_iter_next(a, i), k = json_object_iter_next(b, k)) {
        assert_string_equal(json_object_iter_key(i), json_object_iter_key(k));
        same_keys(json_object_iter_value(i), json_object_iter_value(k));
    }
    assert_true(i == NULL && k == NULL);
}

/* The text in a string field of an object. */
static bytes text_in(const json_t *object, const char *field)
{
    const char *text = json_string_value(json_object_get(object, field));
    assert_non_null(text);
    return arena_copy(bytes_text(text));
}

static void same_fields(bytes json, const char *file, const char *field)
{
    json_t *set = loaded(vector_read(file));
    json_t *ours = loaded(json), *theirs = loaded(text_in(set, field));
    same_keys(ours, theirs);
    json_decref(set);
    json_decref(ours);
    json_decref(theirs);
}

static void test_json_fields_as_public(void **state)
{
    (void)state;
    vectors_need();
    vendor tdx = vendor_of(QUOTE_TDX, 4, false, VENDOR_T0);
    vendor sgx = vendor_of(QUOTE_SGX, 3, false, VENDOR_T0);
    same_fields(tcb_info_json(&tdx.tcb_info), "dcap/collateral/tdx-b0c06f000000-e20-2026-08.json",
                "tcb_info");
    same_fields(qe_identity_json(&tdx.qe_identity),
                "dcap/collateral/tdx-b0c06f000000-e20-2026-08.json", "qe_identity");
    sgx.tcb_info.levels[0].advisories[0] = "INTEL-SA-00615";
    same_fields(tcb_info_json(&sgx.tcb_info), "dcap/collateral/sgx-00606a000000-e15-2023-05.json",
                "tcb_info");
    sgx.tcb_info.levels[0].advisories[0] = NULL;
    sgx.tcb_info.version = 2;
    sgx.tcb_info.id = NULL;
    same_fields(tcb_info_json(&sgx.tcb_info),
                "dcap/collateral/sgx-00606a000000-e15-v2-2023-05.json", "tcb_info");
    json_t *ours = loaded(vendor_collateral_json(&sgx));
    json_t *theirs = loaded(vector_read("dcap/collateral/sgx-00606a000000-e15-2023-05.json"));
    same_keys(ours, theirs);
    json_decref(ours);
    json_decref(theirs);
}

static bytes unhex(bytes text)
{
    return bytes_from_hex((const char *)join(text, bytes_of("", 1)).p);
}

static void test_collateral_json(void **state)
{
    (void)state;
    for (int tdx = 0; tdx < 2; tdx++) {
        vendor v = vendor_of(tdx ? QUOTE_TDX : QUOTE_SGX, 4, false, VENDOR_T0);
        collateral_set c = vendor_collateral(&v);
        json_t *j = loaded(collateral_json(&c));
        static const char *const signed_fields[2][2] = {{"tcb_info", "tcb_info_signature"},
                                                        {"qe_identity", "qe_identity_signature"}};
        for (size_t k = 0; k < 2; k++) {
            bytes body = text_in(j, signed_fields[k][0]);
            assert_true(verify_p256(key_point(v.tcb_signer.key), body,
                                    unhex(text_in(j, signed_fields[k][1]))));
            json_decref(loaded(body));
        }
        assert_bytes(text_in(j, "tcb_info"), c.tcb_info);
        assert_bytes(unhex(text_in(j, "pck_crl")), c.pck_crl);
        assert_bytes(unhex(text_in(j, "root_ca_crl")), c.root_ca_crl);
        assert_int_equal(certificates_in(text_in(j, "tcb_info_issuer_chain")), 2);
        assert_int_equal(certificates_in(text_in(j, "qe_identity_issuer_chain")), 2);
        assert_int_equal(certificates_in(text_in(j, "pck_crl_issuer_chain")), 2);
        json_decref(j);
        j = loaded(tcb_info_served(&c));
        assert_bytes(unhex(text_in(j, "signature")), c.tcb_info_signature);
        assert_true(json_is_object(json_object_get(j, "tcbInfo")));
        json_decref(j);
        j = loaded(qe_identity_served(&c));
        assert_true(json_is_object(json_object_get(j, "enclaveIdentity")));
        json_decref(j);
    }
}

static bytes cut_last(bytes json, void *context)
{
    (void)context;
    return bytes_cut(json, json.n - 1);
}

static void test_collateral_edits(void **state)
{
    (void)state;
    vendor v = vendor_of(QUOTE_SGX, 3, false, VENDOR_T0);
    v.tcb_info.edit = (text_edit){.from = "\"tcbType\":0", .to = "\"tcbType\":7"};
    v.qe_identity.edit = (text_edit){.hook = cut_last};
    v.qe_identity_key = other_key();
    collateral_set c = vendor_collateral(&v);
    json_t *j = loaded(c.tcb_info);
    assert_int_equal(json_integer_value(json_object_get(j, "tcbType")), 7);
    json_decref(j);
    assert_true(verify_p256(key_point(v.tcb_signer.key), c.tcb_info, c.tcb_info_signature));
    assert_null(json_loadb((const char *)c.qe_identity.p, c.qe_identity.n, 0, NULL));
    assert_true(verify_p256(key_point(other_key()), c.qe_identity, c.qe_identity_signature));
    assert_false(verify_p256(key_point(v.tcb_signer.key), c.qe_identity, c.qe_identity_signature));
}

static void test_endorsements_cbor(void **state)
{
    (void)state;
    vendor v = vendor_of(QUOTE_SGX, 3, false, VENDOR_T0);
    collateral_set c = vendor_collateral(&v);
    for (unsigned dated = 0; dated < 2; dated++) {
        endorsement_items e = endorsement_items_cbor(&c, dated ? "2026-01-01T00:00:00Z" : NULL);
        bytes cbor = endorsements_cbor(60000, &e);
        /* Tag 60000, an array of 8 or 9, the version in five bytes [formats 1]. */
        assert_bytes(part(cbor, 0, 9),
                     bytes_from_hex(dated ? "d9ea60891a00000003" : "d9ea60881a00000003"));
        size_t at = 9, n = 1;
        for (; at < cbor.n; n++) {
            unsigned info = cbor.p[at] & 0x1fU, width = info < 24 ? 0 : 1U << (info - 24);
            assert_int_equal(cbor.p[at] >> 5, 2);
            assert_true(width <= 2);
            size_t length = width == 0 ? info : 0;
            for (unsigned i = 0; i < width; i++)
                length = length << 8 | cbor.p[at + 1 + i];
            assert_bytes(part(cbor, at + 1 + width, length), e.item[n]);
            at += 1 + width + length;
        }
        assert_int_equal(at, cbor.n);
        assert_int_equal(n, dated ? 9 : 8);
    }
    endorsement_items e = endorsement_items_oe(&c, "2026-01-01T00:00:00Z");
    bytes blob = endorsements_oe(&e);
    assert_int_equal(le_at(blob, 8, 4) + 16, blob.n);
    assert_bytes(part(blob, 16 + 36 + le_at(blob, 16 + 4 * 3, 4), c.pck_crl.n), c.pck_crl);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rebuilds_public_endorsements),
        cmocka_unit_test(test_json_fields_as_public),
        cmocka_unit_test(test_collateral_json),
        cmocka_unit_test(test_collateral_edits),
        cmocka_unit_test(test_endorsements_cbor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
