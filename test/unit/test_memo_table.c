/* The tables of the memos: what is kept is found, and no more is kept than their bounds allow. */
#include "testing.h"

#include <stdlib.h>

#include "crypto/crypto.h"
#include "sim_dir.h"
#include "tee/intel_memo.h"
#include "tee/intel_root.h"
#include "verify/certificate_memo.h"

static void digest_of_number(unsigned i, uint8_t digest[32])
{
    bytes number = bytes_of(&i, sizeof i);
    assert_true(crypto_digest(CRYPTO_SHA256, &number, 1, digest));
}

static void platforms_stay_within_their_bound(void **state)
{
    (void)state;
    intel_memo *m = intel_memo_new();
    crypto_key *key = intel_root_key();
    assert_non_null(key);
    memo_platform platform = {.choice = {1}, .attestation_key = key}, found;
    uint8_t digest[32];
    size_t known = 0;
    enum { MANY = 3 * INTEL_MEMO_PLATFORMS };
    assert_non_null(m);
    for (unsigned i = 0; i < MANY; i++) {
        digest_of_number(i, digest);
        assert_false(intel_memo_platform(m, digest, &found));
        platform.pck.pce_svn = (uint16_t)i;
        intel_memo_keep_platform(m, digest, &platform);
        assert_true(intel_memo_platform(m, digest, &found));
        crypto_key_free(found.attestation_key);
        assert_int_equal(found.pck.pce_svn, (uint16_t)i);
        assert_int_equal(found.choice[0], 1);
    }
    for (unsigned i = 0; i < MANY; i++) {
        digest_of_number(i, digest);
        if (!intel_memo_platform(m, digest, &found))
            continue;
        crypto_key_free(found.attestation_key);
        known++;
    }
    assert_true(known > INTEL_MEMO_PLATFORMS * 9 / 10 && known <= INTEL_MEMO_PLATFORMS);
    intel_memo_free(m);
    crypto_key_free(key);
    intel_memo_free(NULL);
}

/* What is in use stays good, also when it had to make room. */
static void collateral_stays_within_its_bound(void **state)
{
    (void)state;
    sim_place place = sim_place_new();
    ratls_sim_options o = sim_options(RATLS_TEE_SGX, 3, false);
    sim_make(place.root, &o);
    bytes set = file_take(sim_path(place.root, "collateral.json"));
    uint8_t *space = malloc(2 * set.n);
    assert_non_null(space);
    static memo_collateral found;
    intel_collateral c;
    ratls_error e;
    uint8_t key[32];
    size_t known = 0;
    crypto_key *root = intel_root_key();
    assert_non_null(root);
    anchor intel = intel_root(root);
    assert_int_equal(intel_collateral_read(set, space, 2 * set.n, &c, &e), RATLS_OK);
    intel_memo *m = intel_memo_new();
    assert_non_null(m);
    const memo_collateral *first = NULL, *got;
    enum { MANY = 3 * INTEL_MEMO_COLLATERAL };
    for (unsigned i = 0; i < MANY; i++) {
        digest_of_number(i, key);
        assert_null(intel_memo_collateral(m, key));
        found.evaluation_number = i;
        intel_memo_keep_collateral(m, key, &found, c.tcb_info, c.qe_identity, root, intel.point);
        got = intel_memo_collateral(m, key);
        assert_non_null(got);
        assert_int_equal(got->evaluation_number, i);
        assert_int_equal(got->tcb.tee, RATLS_TEE_SGX);
        assert_int_equal(got->qe.id, QE_ID_QE);
        if (i == 0)
            first = got;
        else
            intel_memo_release(m, got);
    }
    for (unsigned i = 0; i < MANY; i++) {
        digest_of_number(i, key);
        got = intel_memo_collateral(m, key);
        known += got != NULL ? 1 : 0;
        intel_memo_release(m, got);
    }
    assert_int_equal(known, INTEL_MEMO_COLLATERAL);
    assert_int_equal(first->evaluation_number, 0);
    assert_true(first->tcb.levels_n > 0);
    intel_memo_release(m, first);
    /* What does not parse is not kept. */
    digest_of_number(MANY, key);
    intel_memo_keep_collateral(m, key, &found, c.qe_identity, c.qe_identity, root, intel.point);
    assert_null(intel_memo_collateral(m, key));
    intel_memo_free(m);
    crypto_key_free(root);
    free(space);
    file_drop(set);
    sim_place_end(&place);
}

static void certificates_stay_within_their_bound(void **state)
{
    (void)state;
    uint8_t digest[32];
    size_t known = 0;
    certificate_memo *c = certificate_memo_new();
    known_certificate *k = calloc(1, sizeof *k);
    assert_non_null(c);
    assert_non_null(k);
    for (unsigned i = 0; i < 3 * CERTIFICATE_MEMO_MAX; i++) {
        digest_of_number(i, digest);
        assert_false(certificate_memo_recall(c, digest, k));
        k->choice[0] = (uint8_t)i;
        certificate_memo_keep(c, digest, k);
        assert_true(certificate_memo_recall(c, digest, k));
        assert_int_equal(k->choice[0], (uint8_t)i);
    }
    for (unsigned i = 0; i < 3 * CERTIFICATE_MEMO_MAX; i++) {
        digest_of_number(i, digest);
        known += certificate_memo_recall(c, digest, k) ? 1 : 0;
    }
    assert_true(known <= CERTIFICATE_MEMO_MAX);
    certificate_memo_free(c);
    free(k);
    certificate_memo_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(platforms_stay_within_their_bound),
        cmocka_unit_test(collateral_stays_within_its_bound),
        cmocka_unit_test(certificates_stay_within_their_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
