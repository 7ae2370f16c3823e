#ifndef TEE_TCB_STATUS_H
#define TEE_TCB_STATUS_H

#include "base/bytes.h"
#include "ratls/result.h"

/* The status of that name, or RATLS_TCB_NONE. */
ratls_tcb_status tcb_status_from(bytes name);

/*
 * A platform's status combined with that of a part of it (TDX module or quoting enclave), which is
 * UpToDate, OutOfDate or Revoked [DCAP, status convergence]. RATLS_TCB_NONE as `part` means that
 * there is no such part.
 */
ratls_tcb_status tcb_status_merge(ratls_tcb_status platform, ratls_tcb_status part);

#endif
