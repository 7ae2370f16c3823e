#ifndef CODEC_DER_H
#define CODEC_DER_H

#include "base/reader.h"
#include "base/writer.h"

/*
 * Strict DER [X.690]: single-byte tags, definite and shortest lengths of at most 4 bytes, shortest
 * integers, BOOLEAN 00 or FF. Every read latches `bad` in its reader if something else comes.
 */
enum {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_ENUMERATED = 0x0a,
    DER_UTF8_STRING = 0x0c,
    DER_PRINTABLE_STRING = 0x13,
    DER_IA5_STRING = 0x16,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
};
#define DER_CONTEXT(n)             (0x80 | (n)) /* primitive [n] */
#define DER_CONTEXT_CONSTRUCTED(n) (0xa0 | (n)) /* constructed [n] */

/* The next element's contents as a reader of its own; `r` skips it. Bad unless its tag is `tag`. */
reader der_enter(reader *r, unsigned tag);
/* The next element's contents. */
bytes der_take(reader *r, unsigned tag);
/* The next element whole, tag and length included; `tag` may be NULL, *tag is 0 when bad. */
bytes der_element(reader *r, unsigned *tag);
/* Tag of the next element; -1 at the end or when bad. */
int der_peek(const reader *r);

/* INTEGER contents, shortest form, any sign. */
bytes der_integer(reader *r);
/* INTEGER (or ENUMERATED, by tag) from 0 to max. */
uint64_t der_uint(reader *r, unsigned tag, uint64_t max);
bool der_boolean(reader *r);
/* BIT STRING without unused bits; its octets. */
bytes der_bits(reader *r);
/* Contents of a BIT STRING: at most 7 unused bits, all zero [X.690 8.6.2, 11.2.1]. */
bool der_bit_string_ok(bytes contents);
/* OID contents, each arc in shortest form, at least one arc. */
bytes der_oid(reader *r);
/* UTCTime or GeneralizedTime as RFC 5280 4.1.2.5 writes them: seconds, Z; GeneralizedTime also
 * before 2050. */
int64_t der_time(reader *r);

/* Dotted text of OID contents; "" if it does not fit or is malformed. */
void der_oid_text(bytes oid, char *out, size_t cap);

/* Tag and shortest length, for a body of n bytes that follows. */
void der_put_head(writer *w, unsigned tag, size_t n);

#endif
