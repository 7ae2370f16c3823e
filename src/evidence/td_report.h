#ifndef EVIDENCE_TD_REPORT_H
#define EVIDENCE_TD_REPORT_H

#include "base/reader.h"
#include "ratls/result.h"

#define TD_REPORT10_BODY_SIZE 584
#define TD_REPORT15_BODY_SIZE 648

typedef struct td_report {
    bytes raw;
    ratls_tdx_facts facts;
    bytes report_data; /* 64 */
} td_report;

/* The body of a TD quote [DCAP 1.1], 1.0 or 1.5; `r` turns bad if too few bytes are left. */
void td_report_read(reader *r, bool td15, td_report *out);

#endif
