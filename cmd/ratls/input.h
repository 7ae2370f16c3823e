#ifndef RATLS_CMD_INPUT_H
#define RATLS_CMD_INPUT_H

#include "base/bytes.h"
#include "base/error.h"

#define INPUT_MAX (16 * 1024 * 1024)

/* A file read whole. `name` is what to call it in sentences. */
typedef struct input {
    const char *name;
    uint8_t *data;
    size_t n;
    bool too_large; /* more than INPUT_MAX; then there are no bytes */
} input;

/* "-" is standard input. False after it said why on standard error: the file can't be read. */
bool input_read(const char *path, input *out);
/* The same, and a file that is too large is an error too: for the user's own files. */
bool input_read_own(const char *path, input *out);
void input_free(input *in);
/* The same for a secret. */
void input_wipe(input *in);

static inline bytes input_bytes(const input *in)
{
    return bytes_of(in->data, in->n);
}

/*
 * The bytes of a text of hex digits or base64, and of white space; false if it is no such text. A
 * binary quote or certificate never is. `out` is malloc'ed.
 */
bool input_decode_text(bytes in, uint8_t **out, size_t *n);

/*
 * Walks the PEM blocks of a file, passing over other text outside of them. 1 and a block in `out`
 * (in.n bytes suffice), 0 if there are no more, -1 if one is malformed. *at is where to go on.
 */
int input_next_pem(bytes in, size_t *at, bytes *label, uint8_t *out, size_t *n);

/*
 * Cuts the next of several JSON objects off a text in which each begins at the start of a line, and
 * the one before ends the line before, but for white space. What is no such text is one piece.
 * False if nothing is left.
 */
bool input_next_object(bytes *text, bytes *object);

/*
 * The DER of the certificate in a file: itself, or the first block CERTIFICATE (or TRUSTED
 * CERTIFICATE, which Gramine writes) of PEM text, decoded into `space` of in.n bytes.
 */
RATLS_MUST_USE ratls_code input_certificate(bytes in, uint8_t *space, bytes *der, ratls_error *e);
/* The same with a request: the first block CERTIFICATE REQUEST, or NEW CERTIFICATE REQUEST. */
RATLS_MUST_USE ratls_code input_request(bytes in, uint8_t *space, bytes *der, ratls_error *e);

#endif
