#ifndef EVIDENCE_DICE_H
#define EVIDENCE_DICE_H

#include "base/error.h"
#include "base/reader.h"
#include "base/writer.h"

/* The tag of an SGX or TDX quote [RATLS evidence formats]. */
enum { DICE_TAG_QUOTE = 60000 };

/*
 * Reader of the CBOR in the value of a DICE extension: the value itself, or what an OCTET STRING
 * that fills the value holds. Offsets count from the start of `value`; `what` begins the sentence.
 */
RATLS_MUST_USE ratls_code dice_open(bytes value, const char *what, reader *out, ratls_error *e);

/* The value of the evidence extension for a quote, as evidence_parse reads it. */
void dice_write_evidence(writer *w, bytes quote, bytes claims);

#endif
