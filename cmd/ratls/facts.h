#ifndef RATLS_CMD_FACTS_H
#define RATLS_CMD_FACTS_H

#include "ratls/result.h"
#include "sheet.h"

/* "SGX enclave", "TD (Intel TDX)". Static. */
const char *tee_title(ratls_tee tee);

/* The debug row, loud if it is so. */
void facts_debug(sheet *s, const ratls_facts *f);

/* What names the code, without its attributes: for a summary. */
void facts_identity(sheet *s, const ratls_facts *f);
/* Attributes, configuration and SVNs of the report, and its report data. */
void facts_report(sheet *s, const ratls_facts *f);
/* What the PCK certificate says about the platform. */
void facts_platform(sheet *s, const ratls_pck_facts *p);
/* Of it only the TCB components, which its TCB level follows from. */
void facts_components(sheet *s, const ratls_pck_facts *p);
/* TCB status, advisories and dates: known only after a verification. */
void facts_tcb(sheet *s, const ratls_facts *f);

/* All of it, as rows of the open object: "attested" of verify and verify-quote. */
void facts_all(sheet *s, const ratls_facts *f);

/* A report body's attributes in words, e.g. "INIT DEBUG MODE64". */
void sgx_attributes_text(const uint8_t attributes[16], char *out, size_t cap);

#endif
