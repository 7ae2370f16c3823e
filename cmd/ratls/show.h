#ifndef RATLS_CMD_SHOW_H
#define RATLS_CMD_SHOW_H

#include "evidence/endorsements.h"
#include "evidence/evidence.h"
#include "evidence/intel_quote.h"
#include "sheet.h"

/*
 * Each of these says what it found as rows and sections of the open object, the summary first.
 * False if something could not be read: then a row says what and why, and the rest is shown.
 */
bool show_certificate(sheet *s, bytes der);
bool show_crl(sheet *s, bytes der);
/* A bare quote, or the payload of evidence in a wrapping. */
bool show_quote(sheet *s, bytes quote);
bool show_evidence(sheet *s, const evidence *ev);
bool show_claims(sheet *s, bytes buffer);
bool show_tcb_info(sheet *s, bytes json);
bool show_qe_identity(sheet *s, bytes json);
bool show_collateral(sheet *s, bytes file);
bool show_endorsements(sheet *s, const endorsements *in);

/* The last line about something that can't be read; returns false. */
bool show_error(sheet *s, const ratls_error *e);

/* What a quote says, for a summary and in detail; shared by the ones above. */
void quote_summary(sheet *s, const intel_quote *q);
void quote_details(sheet *s, const intel_quote *q);

/* "P-256", "RSA, 3072 bits". */
void key_text(const certificate *c, char *out, size_t cap);
/* Names, dates and serial of one certificate of a chain, as rows. */
void certificate_rows(sheet *s, const certificate *c);
/* A PEM chain inside something else. */
bool show_chain(sheet *s, const char *key, const char *title, bytes pem);

/* Which program made it, by names that anybody may write; NULL if it looks like none that is known.
 * Static. */
const char *maker_of(const certificate *c, const evidence_set *set);

#endif
