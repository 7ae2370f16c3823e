#ifndef VERIFY_BINDING_H
#define VERIFY_BINDING_H

#include "base/check.h"
#include "evidence/evidence.h"
#include "evidence/intel_quote.h"

/*
 * Does this evidence speak for this key? Each scheme puts the key into the quote's report data in
 * its own way, judged over all 64 bytes. Nothing here says that the quote is genuine.
 */

/*
 * Marks CHECK_BINDING_KEY (the claims are about the certificate's key) and
 * CHECK_BINDING_REPORT_DATA (the report data is about the claims, or the key itself). *hash is set
 * to "sha256" or "sha384", static.
 */
RATLS_MUST_USE ratls_code binding_check(const certificate *c, const evidence *ev,
                                        const intel_quote *q, check_list *checks,
                                        const char **hash);

/* Report data is SHA-256 of `data`, which is called `what`, and zeros: marks
 * CHECK_BINDING_REPORT_DATA. */
RATLS_MUST_USE ratls_code binding_check_report_data(const intel_quote *q, bytes data,
                                                    const char *what, check_list *checks,
                                                    const char **hash);

/*
 * Evidence of an older scheme beside the judged one must not speak for another key; an identical
 * quote agrees whatever its scheme's rule. Marks CHECK_EVIDENCE_AGREEMENT.
 */
RATLS_MUST_USE ratls_code binding_check_agreement(const certificate *c, const evidence_set *set,
                                                  check_list *checks);

#endif
