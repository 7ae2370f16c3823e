#include "sim/ladder.h"

#include <assert.h>
#include <string.h>

static const ladder_level levels[LADDER_LEVELS] = {
    {RATLS_TCB_UP_TO_DATE, "2025-08-13T00:00:00Z", NULL},
    {RATLS_TCB_SW_HARDENING_NEEDED, "2025-08-13T00:00:00Z", "SIMULATED-SA-00001"},
    {RATLS_TCB_CONFIGURATION_NEEDED, "2025-08-13T00:00:00Z", "SIMULATED-SA-00002"},
    {RATLS_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED, "2025-08-13T00:00:00Z", "SIMULATED-SA-00003"},
    {RATLS_TCB_OUT_OF_DATE, "2024-03-13T00:00:00Z", "SIMULATED-SA-00004"},
    {RATLS_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED, "2023-08-09T00:00:00Z", "SIMULATED-SA-00005"},
    {RATLS_TCB_REVOKED, "2018-01-04T00:00:00Z", "SIMULATED-SA-00006"},
};

const ladder_level *ladder_at(size_t i)
{
    assert(i < LADDER_LEVELS);
    return &levels[i];
}

void ladder_components(size_t i, uint8_t sgx[16])
{
    static const uint8_t best[16] = {11, 11, 3, 3, 255, 255, 1};
    assert(i < LADDER_LEVELS);
    memcpy(sgx, best, sizeof best);
    sgx[0] = (uint8_t)(sgx[0] - i);
    sgx[1] = (uint8_t)(sgx[1] - i);
}

void ladder_tdx_components(uint8_t tdx[16])
{
    static const uint8_t all[16] = {LADDER_MODULE_NEW, 0, 4};
    memcpy(tdx, all, sizeof all);
}

bool ladder_place(ratls_tcb_status status, ratls_tee tee, bool td15, ratls_pck_facts *pck,
                  ratls_tdx_facts *td)
{
    /* The platform got a newer module while this TD ran on the old one [DCAP 1.8]. */
    bool relaunch = status == RATLS_TCB_TD_RELAUNCH_ADVISED ||
                    status == RATLS_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED;
    if (relaunch && (tee != RATLS_TEE_TDX || !td15))
        return false;
    if (relaunch)
        status = status == RATLS_TCB_TD_RELAUNCH_ADVISED ? RATLS_TCB_UP_TO_DATE
                                                         : RATLS_TCB_CONFIGURATION_NEEDED;
    size_t i = 0;
    while (i < LADDER_LEVELS && levels[i].status != status)
        i++;
    if (i == LADDER_LEVELS)
        return false;
    ladder_components(i, pck->tcb_components);
    memcpy(pck->cpu_svn, pck->tcb_components, sizeof pck->cpu_svn);
    pck->pce_svn = LADDER_PCE_SVN;

    ladder_tdx_components(td->tee_tcb_svn);
    td->tee_tcb_svn[1] = LADDER_MODULE;
    memcpy(td->tee_tcb_svn2, td->tee_tcb_svn, sizeof td->tee_tcb_svn2);
    if (relaunch)
        td->tee_tcb_svn[0] = LADDER_MODULE_OLD;
    return true;
}
