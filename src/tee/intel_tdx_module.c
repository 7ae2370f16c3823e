/* The TDX module under a TD [DCAP 1.6]. */
#include "tee/intel_tdx_module.h"

#include "base/hex.h"

ratls_code intel_check_tdx_module(const tcb_info *tcb, const ratls_tdx_facts *td,
                                  check_list *checks, const svn_level **level)
{
    unsigned version = td->tee_tcb_svn[1], svn = td->tee_tcb_svn[0];
    const tdx_module *m = &tcb->module;
    *level = NULL;
    if (version > 0) {
        m = tcb_info_module(tcb, version);
        if (m == NULL)
            return check_fail(checks, CHECK_TDX_MODULE, RATLS_E_UNTRUSTED,
                              "TDX module: version %u, the TCB info has no identity TDX_%02X",
                              version, version);
    }
    bytes mrsigner = bytes_of(td->mrsignerseam, 48), attributes = bytes_of(td->seam_attributes, 8);
    if (!bytes_equal_ct(mrsigner, bytes_of(m->mrsigner, 48)))
        return check_fail(checks, CHECK_TDX_MODULE, RATLS_E_UNTRUSTED,
                          "TDX module: MRSIGNERSEAM %s, the TCB info expects %s", HEX(mrsigner),
                          HEX(bytes_of(m->mrsigner, 48)));
    /* Intel demands all zero and equal, whatever the mask says. */
    if (!bytes_all_zero(attributes) || !bytes_all_zero(bytes_of(m->attributes, 8)))
        return check_fail(
            checks, CHECK_TDX_MODULE, RATLS_E_UNTRUSTED,
            "TDX module: SEAMATTRIBUTES %s, the TCB info says %s, only zero is defined",
            HEX(attributes), HEX(bytes_of(m->attributes, 8)));
    if (version > 0) {
        *level = svn_level_match(m->levels, m->levels_n, svn);
        if (*level == NULL)
            return check_fail(checks, CHECK_TDX_MODULE, RATLS_E_UNTRUSTED,
                              "TDX module: no level of TDX_%02X reaches down to SVN %u", version,
                              svn);
        check_passf(checks, CHECK_TDX_MODULE, "version %u, SVN %u is %s", version, svn,
                    ratls_tcb_status_name((*level)->status));
    } else {
        check_pass(checks, CHECK_TDX_MODULE, "the TDX module is signed by Intel");
    }
    return RATLS_OK;
}
