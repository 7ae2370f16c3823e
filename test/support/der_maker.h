#ifndef SUPPORT_DER_MAKER_H
#define SUPPORT_DER_MAKER_H

#include "arena.h"
#include "codec/cbor.h"
#include "codec/der.h"

/*
 * Writers of DER and CBOR that can also write what no standard allows. Only the names of tags come
 * from src/codec: nothing here is encoded by the code under test.
 */
bytes mk_tlv(unsigned tag, bytes contents);
/* The length in `width` bytes after the 8x byte (0: shortest form; more than needed: not DER). */
bytes mk_tlv_width(unsigned tag, bytes contents, unsigned width);
/* Tag 80 contents 00 00: indefinite length. */
bytes mk_tlv_indefinite(unsigned tag, bytes contents);

#define mk_seq(...) mk_tlv(DER_SEQUENCE, join(__VA_ARGS__))
#define mk_set(...) mk_tlv(DER_SET, join(__VA_ARGS__))
bytes mk_uint(uint64_t v);        /* INTEGER */
bytes mk_int_raw(bytes contents); /* INTEGER of any contents */
bytes mk_int_positive(bytes magnitude);
bytes mk_bool(bool v);
bytes mk_octets(bytes contents);
bytes mk_bits(bytes octets); /* no unused bits */
bytes mk_null(void);
bytes mk_oid(const char *dotted); /* whole element */
bytes oid_contents(const char *dotted);
bytes mk_utf8(const char *text);
bytes mk_printable(const char *text);
bytes mk_utc_time(int64_t t);
bytes mk_generalized_time(int64_t t);
/* As RFC 5280 4.1.2.5 says: UTCTime up to 2049. */
bytes mk_time(int64_t t);
/* Name from "CN=a,O=b,C=US", in that order; C is a PrintableString, the rest UTF8String. */
bytes mk_name(const char *text);

/* CBOR. Width of the argument: 0 shortest, else 1, 2, 4 or 8 bytes. */
bytes mk_cbor_head(cbor_major major, uint64_t value, unsigned width);
bytes mk_cbor_uint(uint64_t v);
bytes mk_cbor_bytes(bytes b);
bytes mk_cbor_text(const char *text);
bytes mk_cbor_indefinite(cbor_major major, bytes items); /* xF items FF */

#endif
