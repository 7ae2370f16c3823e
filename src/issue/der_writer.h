#ifndef ISSUE_DER_WRITER_H
#define ISSUE_DER_WRITER_H

#include "base/writer.h"
#include "codec/der.h"
#include "crypto/crypto.h"

/*
 * DER is written from the inside out: note where the contents begin, write them, then put the head
 * before them:
 *
 *     size_t at = w->n;
 *     der_put_oid(w, oid);
 *     der_wrap(w, DER_SEQUENCE, at);
 */
void der_wrap(writer *w, unsigned tag, size_t at);

/* Whole elements. */
void der_put(writer *w, unsigned tag, bytes contents);
void der_put_oid(writer *w, bytes oid); /* from OID contents */
void der_put_uint(writer *w, unsigned tag, uint64_t v);
void der_put_integer(writer *w, bytes magnitude); /* unsigned, big-endian, of any length */
void der_put_boolean(writer *w, bool v);
void der_put_bits(writer *w, bytes octets); /* BIT STRING without unused bits */
/* UTCTime from 1950 to 2049, else GeneralizedTime [RFC 5280 4.1.2.5]; years 0 to 9999. */
void der_put_time(writer *w, int64_t t);
/* AlgorithmIdentifier of a signature: those of crypto_private_algorithm only. */
void der_put_algorithm(writer *w, crypto_sig alg);

#endif
