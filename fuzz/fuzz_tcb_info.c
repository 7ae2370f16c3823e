/* The input read as TCB info; what is accepted is in order, and of what it says a level is chosen.
 */
#include <assert.h>

#include "tee/intel_tcb.h"

static tcb_info t;

static void check_advisories(bytes array)
{
    json_reader j = jr_of(array);
    json_scope s;
    if (array.n == 0)
        return;
    jr_array(&j, &s);
    while (jr_element(&j, &s)) {
        bytes id = jr_string(&j);
        assert(id.n > 0 && id.n < RATLS_ADVISORY_SIZE);
    }
    assert(jr_done(&j) && s.n <= RATLS_ADVISORIES_MAX);
}

static void check_modules(void)
{
    assert(t.modules_n <= TCB_MODULES_MAX);
    for (size_t i = 0; i < t.modules_n; i++) {
        const tdx_module *m = &t.modules[i];
        assert(m->version > 0 && m->version < 256 && tcb_info_module(&t, m->version) == m);
        assert(m->levels_n > 0 && m->levels_n <= TCB_MODULE_LEVELS_MAX);
        for (size_t k = 0; k < m->levels_n; k++) {
            assert(k == 0 || m->levels[k - 1].isv_svn >= m->levels[k].isv_svn);
            check_advisories(m->levels[k].advisories);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ratls_error e = {.text = ""};
    tcb_info_glance g;
    bool peeked = tcb_info_peek(bytes_of(data, size), &g);
    if (tcb_info_parse(bytes_of(data, size), &t, &e) != RATLS_OK) {
        assert(e.code != RATLS_OK && e.text[0] != '\0' && e.offset <= size);
        return 0;
    }
    assert(peeked && g.issue_date == t.issue_date);
    assert(bytes_equal(bytes_of(g.fmspc, 6), bytes_of(t.fmspc, 6)));
    assert(t.version == 2 ? t.tee == RATLS_TEE_SGX : t.version == 3 && g.tee == t.tee);
    assert(t.levels_n > 0 && t.levels_n <= TCB_LEVELS_MAX);
    check_modules();
    uint8_t all[16], own[16];
    memset(all, 0xff, sizeof all);
    assert(tcb_info_match(&t, all, UINT16_MAX, all).level == &t.levels[0]);
    for (size_t i = 0; i < t.levels_n; i++) {
        const tcb_level *level = &t.levels[i];
        assert(level->status >= RATLS_TCB_UP_TO_DATE && level->status <= RATLS_TCB_REVOKED);
        check_advisories(level->advisories);
        /* A platform of just these SVNs reaches this level, or an earlier one that it covers. */
        memcpy(own, level->sgx, sizeof own);
        tcb_match m = tcb_info_match(&t, own, level->pce_svn, level->tdx);
        assert(m.level != NULL && m.level <= level && m.sgx_level <= m.level);
    }
    return 0;
}
