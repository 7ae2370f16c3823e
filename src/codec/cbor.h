#ifndef CODEC_CBOR_H
#define CODEC_CBOR_H

#include "base/reader.h"
#include "base/writer.h"

/*
 * The part of CBOR [RFC 8949] that evidence uses: unsigned integers, byte and text strings, arrays,
 * maps, tags; definite lengths only. A head longer than needed is refused unless CBOR_ANY_WIDTH is
 * asked for (one peer writes small integers in five bytes). Every read latches `bad` in the reader
 * if something else comes.
 */
typedef enum cbor_width { CBOR_SHORTEST, CBOR_ANY_WIDTH } cbor_width;

typedef enum cbor_major {
    CBOR_UINT,
    CBOR_NEGATIVE,
    CBOR_BYTES,
    CBOR_TEXT,
    CBOR_ARRAY,
    CBOR_MAP,
    CBOR_TAG,
    CBOR_OTHER
} cbor_major;

/* Major type of the next item; CBOR_OTHER at the end, when bad, and for simple values and floats.
 */
cbor_major cbor_peek(const reader *r);

uint64_t cbor_uint(reader *r, cbor_width width);
uint64_t cbor_tag(reader *r);
/* Number of elements or pairs; fails outside [min, max], before anything is read of them. */
size_t cbor_array(reader *r, size_t min, size_t max);
size_t cbor_map(reader *r, size_t min, size_t max);
bytes cbor_bytes(reader *r);
bytes cbor_text(reader *r); /* valid UTF-8 [RFC 3629], else bad */

/* The shortest head of any item, and whole items. */
void cbor_put_head(writer *w, cbor_major major, uint64_t value);
void cbor_put_bytes(writer *w, bytes b);
void cbor_put_text(writer *w, const char *text);

#endif
