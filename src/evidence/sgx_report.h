#ifndef EVIDENCE_SGX_REPORT_H
#define EVIDENCE_SGX_REPORT_H

#include "base/reader.h"
#include "ratls/result.h"

#define SGX_REPORT_BODY_SIZE 384

enum { /* bits of attributes[0], SDM Vol. 3D 35.7.1 */
       SGX_ATTRIBUTE_INIT = 1 << 0,
       SGX_ATTRIBUTE_DEBUG = 1 << 1,
       SGX_ATTRIBUTE_MODE64 = 1 << 2,
       SGX_ATTRIBUTE_PROVISION_KEY = 1 << 4,
       SGX_ATTRIBUTE_EINITTOKEN_KEY = 1 << 5,
       SGX_ATTRIBUTE_KSS = 1 << 7,
};

/* Views of a report body [DCAP 1.1]; the same layout in quotes and for the quoting enclave. */
typedef struct sgx_report {
    bytes raw; /* SGX_REPORT_BODY_SIZE bytes */
    ratls_sgx_facts facts;
    bytes report_data; /* 64 */
} sgx_report;

/* `r` must have SGX_REPORT_BODY_SIZE bytes left, else it turns bad. Reserved bytes are not looked
 * at. */
void sgx_report_read(reader *r, sgx_report *out);

#endif
