#ifndef TEE_INTEL_TDX_MODULE_H
#define TEE_INTEL_TDX_MODULE_H

#include "base/check.h"
#include "tee/intel_tcb.h"

/*
 * Who signed the module, its attributes, and *level: that of its SVN, NULL if the module has no
 * version and is judged by the platform's level. Marks CHECK_TDX_MODULE; UNTRUSTED if it is none
 * that Intel names.
 */
RATLS_MUST_USE ratls_code intel_check_tdx_module(const tcb_info *tcb, const ratls_tdx_facts *td,
                                                 check_list *checks, const svn_level **level);

#endif
