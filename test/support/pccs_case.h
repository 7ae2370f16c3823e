#ifndef SUPPORT_PCCS_CASE_H
#define SUPPORT_PCCS_CASE_H

#include <jansson.h>

#include "collateral/pccs.h"
#include "memory_store.h"

/* A cache of Intel's services that holds all that the vendor of an SGX and a TDX platform says, and
 * requests to it. */
extern memory_store held;
extern char fmspc[13], qe_id[33], cpu_svn[33]; /* of the SGX platform */

void pccs_fill(void);
int pccs_set_up(void **state); /* for cmocka: fills it, and empties it */
int pccs_tear_down(void **state);

/* {F} becomes the FMSPC, {Q} the QE id, {C} the CPUSVN, {P} an encrypted PPID. In a static buffer.
 */
const char *expand(const char *text);

pccs_reply ask_at(const char *method, const char *target, int64_t now);
/* GET of the expanded target at SIM_NOW. */
pccs_reply ask(const char *target);

/* Its value; NULL if it is absent. Twice is a failure. */
const char *reply_header(const pccs_reply *r, const char *name);
void assert_header(const pccs_reply *r, const char *name, const char *value);

/* An item, and a string of it, read by another reader. */
json_t *item_load(const char *name);
const char *item_string(json_t *item, const char *key);

/* An answer that is one line, and has these words in it. */
void check_sentence(const pccs_reply *r, unsigned status, const char *text);

#define SGX_V(v) "/sgx/certification/v" #v
#define TDX_V(v) "/tdx/certification/v" #v
#define DP_ROOT  "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"
#define DP_PCK   "https://api.trustedservices.intel.com/sgx/certification/v4/pckcrl?ca=platform"
#define SVNS     "&cpusvn={C}&pcesvn=0d00&pceid=0000"

#endif
