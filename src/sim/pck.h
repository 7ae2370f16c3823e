#ifndef SIM_PCK_H
#define SIM_PCK_H

#include "base/writer.h"
#include "ratls/result.h"

/* The SGX extension of a PCK certificate, 1.2.840.113741.1.13.1, in the form of seven items that
 * Platform CAs issue [DCAP 1.3]: OID contents, and the value. */
#define PCK_EXTENSION_MAX 768
bytes pck_extension_oid(void);
void pck_put_extension(const ratls_pck_facts *pck, writer *w);

#endif
