#ifndef CODEC_JSON_H
#define CODEC_JSON_H

#include "base/error.h"
#include "base/reader.h"

/*
 * A bounded pull reader of JSON [RFC 8259] for signed bodies (TCB info, enclave identity) and their
 * containers. It allocates nothing and is stricter than the RFC: keys have no escapes, a key stands
 * once in its object, numbers that are read are unsigned integers without sign, fraction or
 * exponent (in what is skipped any number may stand), strings are valid UTF-8 without lone
 * surrogates. White space is allowed between tokens. (Named jr_, since jansson owns json_.)
 *
 * The first failure latches in `r.bad` with its reason in `why`; later calls give nothing.
 */
#define JR_DEPTH_MAX 16
#define JR_KEYS_MAX  64 /* in one object */

typedef enum jr_kind {
    JR_ERROR, /* not JSON, or bad */
    JR_OBJECT,
    JR_ARRAY,
    JR_STRING,
    JR_NUMBER,
    JR_TRUE,
    JR_FALSE,
    JR_NULL
} jr_kind;

typedef struct json_reader {
    reader r;
    unsigned depth;
    const char *why; /* static sentence part, e.g. "a key stands twice"; NULL while ok */
    bool limit;      /* it is a limit that was passed: RATLS_E_LIMIT, not MALFORMED */
} json_reader;

/* One open object or array: remembers the keys seen. On the caller's stack. */
typedef struct json_scope {
    bytes keys[JR_KEYS_MAX];
    size_t n; /* members or elements so far */
} json_scope;

json_reader jr_of(bytes in);
static inline bool jr_ok(const json_reader *j)
{
    return !j->r.bad;
}
/* Latches a failure of the caller's own rules; the first reason stays. */
void jr_fail(json_reader *j, const char *why);
/* The same for more of something than a documented limit. */
void jr_fail_limit(json_reader *j, const char *why);

/* Of the value that comes next; takes nothing but white space. */
jr_kind jr_type(json_reader *j);

/* Enters the object or array that comes next; fails if it is something else or too deep. */
void jr_object(json_reader *j, json_scope *s);
void jr_array(json_reader *j, json_scope *s);

/* The next key; the value must then be read or skipped. False at the end of the object (which is
 * left) or on failure. */
bool jr_key(json_reader *j, json_scope *s, bytes *key);
/* True if another element comes. False at the end of the array (which is left) or on failure. */
bool jr_element(json_reader *j, json_scope *s);

/* Values. Each fails if another type comes. */
bytes jr_string(json_reader *j); /* between the quotes; fails on any escape */
bytes jr_raw_string(
    json_reader *j); /* between the quotes, escapes checked but kept: see json_unescape */
uint64_t jr_uint(json_reader *j, uint64_t max); /* fails above max */
void jr_hex(json_reader *j, uint8_t *out,
            size_t n);          /* string of exactly 2n hex digits, either case */
bytes jr_value(json_reader *j); /* the exact bytes of any value, all of it checked */
void jr_skip(json_reader *j);

/* Nothing failed and only white space is left. */
bool jr_done(json_reader *j);

/* Fills *e with MALFORMED (LIMIT for a limit), the offset and "what: why at byte N". */
ratls_code jr_error(const json_reader *j, const char *what, ratls_error *e);

/*
 * Resolves the escapes of a jr_raw_string into out (cap >= raw.n suffices always), to UTF-8. False
 * on a malformed escape or no room. *n is the length written.
 */
bool json_unescape(bytes raw, uint8_t *out, size_t cap, size_t *n);

#endif
