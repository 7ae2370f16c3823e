#ifndef SUPPORT_ARENA_H
#define SUPPORT_ARENA_H

#include <openssl/evp.h>

#include "base/bytes.h"

/*
 * Memory of the makers: it lives until the program ends, so their results are plain views that
 * nobody frees. A maker that can't do its job is a defect of the test: it prints why and aborts.
 */
void *arena_alloc(size_t n); /* zeroed */

/* Empty on purpose: the makers take BYTES_NONE for "not given", and this for "given, nothing in
 * it". What the functions here return is never BYTES_NONE. */
#define BYTES_EMPTY bytes_of("", 0)

bytes arena_copy(bytes b);
bytes arena_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void arena_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* For loops of thousands of cases: what was allocated after the mark is given back. */
typedef struct arena_mark {
    void *chunk;
    size_t used;
} arena_mark;
arena_mark arena_here(void);
void arena_back(arena_mark m);

/* Aborts, naming the expression, unless it holds. */
#define MUST(x) ((x) ? (void)0 : arena_die("%s:%d: %s", __FILE__, __LINE__, #x))

/* A buffer that grows in the arena. Zeroed is empty. */
typedef struct buf {
    uint8_t *p;
    size_t n, cap;
} buf;
void buf_put(buf *b, bytes data);
void buf_text(buf *b, const char *text);
void buf_format(buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_u8(buf *b, unsigned v);
void buf_le(buf *b, uint64_t v, unsigned width);
void buf_be(buf *b, uint64_t v, unsigned width);
void buf_fill(buf *b, uint8_t v, size_t n);
void buf_hex(buf *b, bytes data, bool upper);
bytes buf_bytes(const buf *b);

/* join(a, b, c): the pieces one after the other. */
bytes bytes_join(const bytes *pieces, size_t n);
#define join(...)                                                                                  \
    bytes_join((const bytes[]){__VA_ARGS__}, sizeof((const bytes[]){__VA_ARGS__}) / sizeof(bytes))

/* Copies of `in`: with bytes overwritten at `at`; with `remove` bytes at `at` replaced by `insert`;
 * cut to n; with one bit of byte `at` flipped. */
bytes bytes_patched(bytes in, size_t at, bytes with);
bytes bytes_spliced(bytes in, size_t at, size_t remove, bytes insert);
bytes bytes_cut(bytes in, size_t n);
bytes bytes_flipped(bytes in, size_t at, unsigned bit);
/* The first `from` replaced by `to`; aborts if `from` does not occur, so an edit can't be lost. */
bytes text_replaced(bytes in, const char *from, const char *to);
bytes bytes_replaced(bytes in, bytes from, bytes to);
bytes bytes_from_hex(const char *hex);
/* Lower-case hex text. */
bytes hex_of(bytes b);
/* PEM of one DER. */
bytes pem_of(const char *label, bytes der);

bytes digest_of(const EVP_MD *md, bytes data);

#endif
