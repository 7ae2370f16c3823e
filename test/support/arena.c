#include "arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define CHUNK_SIZE ((size_t)1 << 20)

typedef struct chunk {
    struct chunk *below;
    size_t cap, used;
    max_align_t data[];
} chunk;

static chunk *top;

void arena_die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fputs("test support: ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
    abort();
}

void *arena_alloc(size_t n)
{
    const size_t step = sizeof(max_align_t);
    n = (n + step - 1) / step * step;
    if (top == NULL || top->cap - top->used < n) {
        size_t cap = n > CHUNK_SIZE ? n : CHUNK_SIZE;
        chunk *c = malloc(sizeof *c + cap);
        MUST(c != NULL);
        c->below = top;
        c->cap = cap;
        c->used = 0;
        top = c;
    }
    uint8_t *p = (uint8_t *)top->data + top->used;
    top->used += n;
    return memset(p, 0, n);
}

arena_mark arena_here(void)
{
    return (arena_mark){top, top == NULL ? 0 : top->used};
}

void arena_back(arena_mark m)
{
    while (top != m.chunk) {
        chunk *c = top;
        MUST(c != NULL);
        top = c->below;
        free(c);
    }
    if (top != NULL)
        top->used = m.used;
}

bytes arena_copy(bytes b)
{
    if (b.n == 0)
        return BYTES_EMPTY;
    return bytes_of(memcpy(arena_alloc(b.n), b.p, b.n), b.n);
}

__attribute__((format(printf, 1, 0))) static bytes format_list(const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    MUST(n >= 0);
    char *p = arena_alloc((size_t)n + 1);
    (void)vsnprintf(p, (size_t)n + 1, format, again);
    va_end(again);
    return bytes_of(p, (size_t)n);
}

bytes arena_format(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    bytes b = format_list(format, args);
    va_end(args);
    return b;
}

void buf_put(buf *b, bytes data)
{
    if (data.n == 0)
        return;
    if (b->cap - b->n < data.n) {
        size_t cap = 2 * b->cap + data.n + 64;
        uint8_t *p = arena_alloc(cap);
        if (b->n > 0)
            memcpy(p, b->p, b->n);
        b->p = p;
        b->cap = cap;
    }
    memcpy(b->p + b->n, data.p, data.n);
    b->n += data.n;
}

void buf_text(buf *b, const char *text)
{
    buf_put(b, bytes_text(text));
}

void buf_format(buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buf_put(b, format_list(format, args));
    va_end(args);
}

void buf_u8(buf *b, unsigned v)
{
    uint8_t byte = (uint8_t)v;
    buf_put(b, bytes_of(&byte, 1));
}

void buf_le(buf *b, uint64_t v, unsigned width)
{
    for (unsigned i = 0; i < width; i++)
        buf_u8(b, (unsigned)(v >> 8 * i) & 0xff);
}

void buf_be(buf *b, uint64_t v, unsigned width)
{
    for (unsigned i = width; i-- > 0;)
        buf_u8(b, (unsigned)(v >> 8 * i) & 0xff);
}

void buf_fill(buf *b, uint8_t v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_u8(b, v);
}

void buf_hex(buf *b, bytes data, bool upper)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    for (size_t i = 0; i < data.n; i++) {
        buf_u8(b, (unsigned char)digits[data.p[i] >> 4]);
        buf_u8(b, (unsigned char)digits[data.p[i] & 15]);
    }
}

bytes buf_bytes(const buf *b)
{
    return b->n > 0 ? bytes_of(b->p, b->n) : BYTES_EMPTY;
}

bytes bytes_join(const bytes *pieces, size_t n)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += pieces[i].n;
    if (total == 0)
        return BYTES_EMPTY;
    uint8_t *p = arena_alloc(total);
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        if (pieces[i].n > 0)
            memcpy(p + at, pieces[i].p, pieces[i].n);
        at += pieces[i].n;
    }
    return bytes_of(p, total);
}

bytes bytes_spliced(bytes in, size_t at, size_t remove, bytes insert)
{
    MUST(at <= in.n && remove <= in.n - at);
    return join(bytes_of(in.p, at), insert, bytes_of(in.p + at + remove, in.n - at - remove));
}

bytes bytes_patched(bytes in, size_t at, bytes with)
{
    return bytes_spliced(in, at, with.n, with);
}

bytes bytes_cut(bytes in, size_t n)
{
    MUST(n <= in.n);
    return arena_copy(bytes_of(in.p, n));
}

bytes bytes_flipped(bytes in, size_t at, unsigned bit)
{
    MUST(at < in.n && bit < 8);
    uint8_t byte = (uint8_t)(in.p[at] ^ 1U << bit);
    return bytes_patched(in, at, bytes_of(&byte, 1));
}

bytes bytes_replaced(bytes in, bytes from, bytes to)
{
    size_t at = bytes_find(in, from);
    if (at == in.n)
        arena_die("an edit found nothing to replace: %.*s", (int)from.n, (const char *)from.p);
    return bytes_spliced(in, at, from.n, to);
}

bytes text_replaced(bytes in, const char *from, const char *to)
{
    return bytes_replaced(in, bytes_text(from), bytes_text(to));
}

static unsigned nibble(char c)
{
    const char *digits = "0123456789abcdef";
    const char *p = c == '\0' ? NULL : strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
    if (p == NULL)
        arena_die("'%c' is no hex digit", c);
    return (unsigned)(p - digits);
}

bytes bytes_from_hex(const char *hex)
{
    size_t n = strlen(hex);
    MUST(n % 2 == 0);
    uint8_t *p = arena_alloc(n / 2 + 1);
    for (size_t i = 0; i < n / 2; i++)
        p[i] = (uint8_t)(nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
    return bytes_of(p, n / 2);
}

bytes hex_of(bytes b)
{
    buf out = {0};
    buf_hex(&out, b, false);
    return buf_bytes(&out);
}

bytes pem_of(const char *label, bytes der)
{
    buf out = {0};
    buf_format(&out, "-----BEGIN %s-----\n", label);
    for (size_t at = 0; at < der.n; at += 48) {
        size_t n = der.n - at < 48 ? der.n - at : 48;
        unsigned char line[65];
        (void)EVP_EncodeBlock(line, der.p + at, (int)n);
        buf_format(&out, "%s\n", (const char *)line);
    }
    buf_format(&out, "-----END %s-----\n", label);
    return buf_bytes(&out);
}

bytes digest_of(const EVP_MD *md, bytes data)
{
    uint8_t *p = arena_alloc(EVP_MAX_MD_SIZE);
    unsigned n = 0;
    MUST(EVP_Digest(data.n > 0 ? data.p : (const uint8_t *)"", data.n, p, &n, md, NULL) == 1);
    return bytes_of(p, n);
}
