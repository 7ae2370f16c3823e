#ifndef SIM_LADDER_H
#define SIM_LADDER_H

#include "ratls/result.h"

/*
 * The TCB levels of every simulated platform, best first: one for each status that TCB info can
 * state. Where a platform stands on the ladder is told by its first TCB component.
 */
typedef struct ladder_level {
    ratls_tcb_status status;
    const char *date;     /* tcbDate */
    const char *advisory; /* NULL: none */
} ladder_level;

#define LADDER_LEVELS     7
#define LADDER_PCE_SVN    13
#define LADDER_MODULE     1 /* version of the TDX module, TDX_01 */
#define LADDER_MODULE_NEW 5 /* its SVN that is up to date */
#define LADDER_MODULE_OLD 2 /* from here on it is out of date */
#define LADDER_QE_NEW     8 /* the same of the quoting enclave */
#define LADDER_QE_OLD     6

const ladder_level *ladder_at(size_t i);
void ladder_components(size_t i, uint8_t sgx[16]);
/* Of TDX, alike at every level; the module's own SVN is judged by its identity [DCAP 1.7]. */
void ladder_tdx_components(uint8_t tdx[16]);

/*
 * The SVNs with which a platform has this status. False if it has none with it: the two "relaunch
 * advised" are of TDX with TD report 1.5.
 */
bool ladder_place(ratls_tcb_status status, ratls_tee tee, bool td15, ratls_pck_facts *pck,
                  ratls_tdx_facts *td);

#endif
