/* The TCB status of a platform from the levels of TCB info and QE identity [DCAP 1.7, 1.8]. */
#include "tee/intel_judge.h"

#include "base/hex.h"
#include "base/time.h"

/* Adds the advisories of a level that are not there yet. False if they do not fit. */
static bool add_advisories(ratls_facts *f, bytes array)
{
    if (array.n == 0)
        return true;
    json_reader j = jr_of(array);
    json_scope s;
    jr_array(&j, &s);
    while (jr_element(&j, &s)) {
        bytes id = jr_string(&j);
        size_t i = 0;
        while (i < f->advisories_n && !bytes_is(id, f->advisories[i]))
            i++;
        if (i < f->advisories_n)
            continue;
        if (f->advisories_n == RATLS_ADVISORIES_MAX || id.n >= RATLS_ADVISORY_SIZE)
            return false;
        memcpy(f->advisories[i], id.p, id.n);
        f->advisories[i][id.n] = '\0';
        f->advisories_n++;
    }
    return jr_ok(&j);
}

/* The platform's level merged with module, relaunch rule and quoting enclave [DCAP 1.7, 1.8]. */
ratls_code intel_judge_tcb(const tcb_info *tcb, const qe_identity *identity,
                           const sgx_report *qe_report, const svn_level *module, check_list *checks,
                           ratls_facts *f)
{
    const ratls_pck_facts *pck = &f->pck;
    bool tdx = f->tee == RATLS_TEE_TDX;
    tcb_match m =
        tcb_info_match(tcb, pck->tcb_components, pck->pce_svn, tdx ? f->tdx.tee_tcb_svn : NULL);
    if (m.level == NULL)
        return check_fail(checks, CHECK_TCB_LEVEL, RATLS_E_UNTRUSTED,
                          "TCB: no level of the TCB info reaches down to this platform (components "
                          "%s, PCESVN %u)",
                          HEX(bytes_of(pck->tcb_components, 16)), pck->pce_svn);
    ratls_tcb_status module_status = module == NULL ? RATLS_TCB_NONE : module->status;
    ratls_tcb_status status = tcb_status_merge(m.level->status, module_status);

    const svn_level *qe =
        svn_level_match(identity->levels, identity->levels_n, qe_report->facts.isv_svn);
    if (status != RATLS_TCB_REVOKED || !tdx) {
        if (qe == NULL)
            return check_fail(
                checks, CHECK_TCB_LEVEL, RATLS_E_UNTRUSTED,
                "TCB: no level of the QE identity reaches down to the quoting enclave's ISVSVN %u",
                qe_report->facts.isv_svn);
        ratls_tcb_status qe_status = qe_level_status(qe);
        if (tdx && qe_status == RATLS_TCB_UP_TO_DATE) {
            ratls_tcb_status sgx = m.sgx_level->status;
            switch (tcb_info_relaunch(tcb, &f->tdx, sgx, status, module_status)) {
            case RELAUNCH_NO:
                break;
            case RELAUNCH_ADVISED:
                status = sgx == RATLS_TCB_CONFIGURATION_NEEDED ||
                                 sgx == RATLS_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED ||
                                 status == RATLS_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED
                             ? RATLS_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED
                             : RATLS_TCB_TD_RELAUNCH_ADVISED;
                break;
            case RELAUNCH_UNKNOWN_MODULE:
                return check_fail(checks, CHECK_TCB_LEVEL, RATLS_E_UNTRUSTED,
                                  "TCB: the TDX module of tee_tcb_svn2, version %u, has no "
                                  "identity in the TCB info",
                                  f->tdx.tee_tcb_svn2[1]);
            }
        }
        status = tcb_status_merge(status, qe_status);
    }
    f->tcb_status = status;
    f->tcb_date = m.level->date;
    if (!add_advisories(f, m.level->advisories) ||
        (module != NULL && !add_advisories(f, module->advisories)) ||
        (qe != NULL && !add_advisories(f, qe->advisories)))
        return check_fail(checks, CHECK_TCB_LEVEL, RATLS_E_LIMIT,
                          "TCB: more than %d advisories apply", RATLS_ADVISORIES_MAX);
    if (status == RATLS_TCB_REVOKED)
        return check_fail(
            checks, CHECK_TCB_LEVEL, RATLS_E_REVOKED,
            "TCB: the level of this platform, its TDX module or its quoting enclave is Revoked");
    check_passf(checks, CHECK_TCB_LEVEL, "%s, level of %s", ratls_tcb_status_name(status),
                ISO(m.level->date));
    return RATLS_OK;
}
