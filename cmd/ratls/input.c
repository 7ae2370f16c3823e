#define _POSIX_C_SOURCE 200809L
#include "input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/hex.h"
#include "codec/pem.h"
#include "command.h"
#include "crypto/private.h"
#include "kind.h"

/* Reads to the end, or one byte beyond the limit. False with errno set. */
static bool read_all(FILE *f, input *out)
{
    size_t cap = 0;
    for (;;) {
        if (out->n == cap) {
            cap = cap == 0 ? 65536 : 2 * cap;
            if (cap > INPUT_MAX + 1)
                cap = INPUT_MAX + 1;
            uint8_t *more = realloc(out->data, cap);
            if (more == NULL)
                return false;
            out->data = more;
        }
        errno = 0;
        out->n += fread(out->data + out->n, 1, cap - out->n, f);
        if (ferror(f) != 0)
            return false;
        if (out->n > INPUT_MAX || feof(f) != 0)
            return true;
    }
}

bool input_read(const char *path, input *out)
{
    bool is_stdin = bytes_is(bytes_text(path), "-");
    *out = (input){.name = is_stdin ? "standard input" : path};
    FILE *f = is_stdin ? stdin : fopen(path, "rb");
    bool ok = f != NULL && read_all(f, out);
    int why = errno;
    if (f != NULL && !is_stdin)
        (void)fclose(f);
    if (!ok) {
        complain("%s: can't be read: %s", out->name, strerror(why != 0 ? why : EIO));
        input_free(out);
        return false;
    }
    if (out->n > INPUT_MAX) {
        out->too_large = true;
        out->n = 0;
    }
    return true;
}

bool input_read_own(const char *path, input *out)
{
    if (!input_read(path, out))
        return false;
    if (!out->too_large)
        return true;
    complain("%s: more than %d bytes, at most so many are read", out->name, INPUT_MAX);
    input_free(out);
    return false;
}

void input_free(input *in)
{
    free(in->data);
    in->data = NULL;
    in->n = 0;
}

void input_wipe(input *in)
{
    if (in->data != NULL)
        crypto_wipe(in->data, in->n);
    input_free(in);
}

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool input_decode_text(bytes in, uint8_t **out, size_t *n)
{
    enum { SHORTEST = 32 };
    uint8_t *text = malloc(2 * in.n + 1);
    if (text == NULL)
        return false;
    bytes digits = {text, 0};
    for (size_t i = 0; i < in.n; i++)
        if (!is_space(in.p[i]))
            text[digits.n++] = in.p[i];
    if (bytes_starts(digits, "0x"))
        digits = bytes_of(digits.p + 2, digits.n - 2);
    uint8_t *decoded = text + in.n;
    bool ok = digits.n >= SHORTEST;
    *n = digits.n / 2;
    if (ok && !hex_decode(digits, decoded, *n))
        ok = base64_decode(digits, decoded, in.n, n);
    if (!ok) {
        free(text);
        return false;
    }
    memmove(text, decoded, *n);
    *out = text;
    return true;
}

int input_next_pem(bytes in, size_t *at, bytes *label, uint8_t *out, size_t *n)
{
    while (*at < in.n) {
        bytes rest = bytes_of(in.p + *at, in.n - *at);
        size_t begin = *at + bytes_find(rest, bytes_text("-----BEGIN "));
        if (begin == in.n)
            return 0;
        *at = begin + 1;
        if (begin > 0 && in.p[begin - 1] != '\n' && in.p[begin - 1] != '\r')
            continue; /* within a line of text */
        reader r = rd_of(bytes_of(in.p + begin, in.n - begin));
        int got = pem_next(&r, label, out, in.n, n);
        if (got == 1)
            *at = begin + r.pos;
        return got;
    }
    return 0;
}

bool input_next_object(bytes *text, bytes *object)
{
    uint8_t last = 0; /* that is no white space */
    while (text->n > 0 && is_space(text->p[text->n - 1]))
        text->n--;
    for (size_t i = 0; i < text->n; i++) {
        bool starts = i > 0 && text->p[i - 1] == '\n' && text->p[i] == '{';
        if (starts && last == '}') {
            *object = bytes_of(text->p, i);
            *text = bytes_of(text->p + i, text->n - i);
            return true;
        }
        if (!is_space(text->p[i]))
            last = text->p[i];
    }
    *object = *text;
    *text = BYTES_NONE;
    return object->n > 0;
}

/* One of these labels [RFC 7468 5, 7]. */
static ratls_code first_block(bytes in, const char *label, const char *other, uint8_t *space,
                              bytes *der, ratls_error *e)
{
    size_t at = 0, n, blocks = 0;
    bytes found;
    const char *what;
    /* What is neither PEM nor DER goes on to the reader of DER, which says what is wrong. */
    *der = in;
    if (kind_of(in, &what) != FILE_PEM)
        return RATLS_OK;
    for (;;) {
        int got = input_next_pem(in, &at, &found, space, &n);
        if (got < 0)
            return refuse(e, RATLS_E_MALFORMED, at - 1, "PEM block %zu at offset %zu is malformed",
                          blocks + 1, at - 1);
        if (got == 0)
            return refuse(e, RATLS_E_MALFORMED, 0,
                          "none of the %zu PEM blocks is a %s, expected one", blocks, label);
        blocks++;
        if (bytes_is(found, label) || bytes_is(found, other)) {
            *der = bytes_of(space, n);
            return RATLS_OK;
        }
    }
}

ratls_code input_certificate(bytes in, uint8_t *space, bytes *der, ratls_error *e)
{
    return first_block(in, "CERTIFICATE", "TRUSTED CERTIFICATE", space, der, e);
}

ratls_code input_request(bytes in, uint8_t *space, bytes *der, ratls_error *e)
{
    return first_block(in, "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST", space, der, e);
}
