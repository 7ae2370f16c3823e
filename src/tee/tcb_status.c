#include "tee/tcb_status.h"

static const char *const names[] = {
    [RATLS_TCB_NONE] = NULL,
    [RATLS_TCB_UP_TO_DATE] = "UpToDate",
    [RATLS_TCB_SW_HARDENING_NEEDED] = "SWHardeningNeeded",
    [RATLS_TCB_CONFIGURATION_NEEDED] = "ConfigurationNeeded",
    [RATLS_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED] = "ConfigurationAndSWHardeningNeeded",
    [RATLS_TCB_OUT_OF_DATE] = "OutOfDate",
    [RATLS_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED] = "OutOfDateConfigurationNeeded",
    [RATLS_TCB_REVOKED] = "Revoked",
    [RATLS_TCB_TD_RELAUNCH_ADVISED] = "TDRelaunchAdvised",
    [RATLS_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED] = "TDRelaunchAdvisedConfigurationNeeded",
};

enum { NAMES = sizeof names / sizeof *names };

const char *ratls_tcb_status_name(ratls_tcb_status status)
{
    return (unsigned)status < NAMES ? names[status] : NULL;
}

ratls_tcb_status tcb_status_from(bytes name)
{
    for (unsigned i = RATLS_TCB_UP_TO_DATE; i < NAMES; i++)
        if (bytes_is(name, names[i]))
            return (ratls_tcb_status)i;
    return RATLS_TCB_NONE;
}

ratls_tcb_status tcb_status_merge(ratls_tcb_status platform, ratls_tcb_status part)
{
    if (platform == RATLS_TCB_REVOKED || part == RATLS_TCB_REVOKED)
        return RATLS_TCB_REVOKED;
    if (part == RATLS_TCB_NONE || part == RATLS_TCB_UP_TO_DATE)
        return platform;
    switch (platform) {
    case RATLS_TCB_UP_TO_DATE:
    case RATLS_TCB_SW_HARDENING_NEEDED:
    case RATLS_TCB_OUT_OF_DATE:
        return RATLS_TCB_OUT_OF_DATE;
    case RATLS_TCB_CONFIGURATION_NEEDED:
    case RATLS_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED:
    case RATLS_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED:
        return RATLS_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED;
    case RATLS_TCB_TD_RELAUNCH_ADVISED:
    case RATLS_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED:
        return platform;
    case RATLS_TCB_REVOKED:
    case RATLS_TCB_NONE:
        break;
    }
    return RATLS_TCB_NONE;
}
