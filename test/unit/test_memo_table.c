/* The tables of the memos: what is kept is found, and no more is kept than their bounds allow. */
#include "testing.h"

#include <stdlib.h>

#include "crypto/crypto.h"
#include "tee/intel_memo.h"
#include "verify/certificate_memo.h"

static void digest_of_number(unsigned i, uint8_t digest[32])
{
    bytes number = bytes_of(&i, sizeof i);
    assert_true(crypto_digest(CRYPTO_SHA256, &number, 1, digest));
}

static void platforms_stay_within_their_bound(void **state)
{
    (void)state;
    static const tcb_info tcb;
    static const qe_identity qe;
    static check_list checks;
    intel_memo *m = intel_memo_new();
    memo_platform platform = {.set = 1}, found;
    const memo_collateral *set;
    uint8_t digest[32];
    size_t known = 0;
    enum { MANY = 3 * INTEL_MEMO_PLATFORMS };
    assert_non_null(m);
    for (unsigned i = 0; i < MANY; i++) {
        digest_of_number(i, digest);
        assert_false(intel_memo_recall(m, digest, &found, &set));
        platform.pck.pce_svn = (uint16_t)i;
        intel_memo_keep(m, digest, &platform, &tcb, &qe, 7, &checks);
        assert_true(intel_memo_recall(m, digest, &found, &set));
        assert_int_equal(found.pck.pce_svn, (uint16_t)i);
        assert_int_equal(set->evaluation_number, 7);
    }
    for (unsigned i = 0; i < MANY; i++) {
        digest_of_number(i, digest);
        known += intel_memo_recall(m, digest, &found, &set) ? 1 : 0;
    }
    assert_true(known > INTEL_MEMO_PLATFORMS * 9 / 10 && known <= INTEL_MEMO_PLATFORMS);
    intel_memo_free(m);
    intel_memo_free(NULL);
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
        k->set = i;
        certificate_memo_keep(c, digest, k);
        assert_true(certificate_memo_recall(c, digest, k));
        assert_int_equal(k->set, i);
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
        cmocka_unit_test(certificates_stay_within_their_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
