#include "testing.h"

#include "middle.h"

#include <openssl/err.h>

enum { HEAD = 4 };

middle_end middle_of(SSL *ssl)
{
    return (middle_end){.ssl = ssl};
}

static void cut_frames(middle_end *e)
{
    while (e->in.n >= HEAD) {
        size_t n = HEAD + ((size_t)e->in.p[1] << 16 | (size_t)e->in.p[2] << 8 | e->in.p[3]);
        if (e->in.n < n)
            return;
        assert_true(e->n < MIDDLE_KEPT);
        e->frames[e->n++] = arena_copy(bytes_of(e->in.p, n));
        bytes rest = arena_copy(bytes_of(e->in.p + n, e->in.n - n));
        e->in = (buf){.p = NULL};
        buf_put(&e->in, rest);
    }
}

bool middle_read(middle_end *e)
{
    uint8_t some[4096];
    size_t n;
    bool came = false;
    ERR_clear_error();
    int status = SSL_do_handshake(e->ssl);
    while (status == 1 && (status = SSL_read_ex(e->ssl, some, sizeof some, &n)) == 1) {
        buf_put(&e->in, bytes_of(some, n));
        cut_frames(e);
        came = true;
    }
    e->ended = SSL_get_error(e->ssl, status) != SSL_ERROR_WANT_READ;
    return came;
}

const bytes *middle_take(middle_end *e)
{
    return e->next < e->n ? &e->frames[e->next++] : NULL;
}

bool middle_has(const middle_end *e, unsigned type)
{
    for (size_t i = 0; i < e->n; i++)
        if (e->frames[i].p[0] == type)
            return true;
    return false;
}

bytes middle_frame(const middle_end *e, unsigned type)
{
    for (size_t i = 0; i < e->n; i++)
        if (e->frames[i].p[0] == type)
            return e->frames[i];
    fail_msg("no frame of type %u came", type);
    return BYTES_NONE;
}

void middle_write(middle_end *e, bytes frame)
{
    size_t n;
    if (!e->ended)
        assert_int_equal(SSL_write_ex(e->ssl, frame.p, frame.n, &n), 1);
}

bool middle_saw(const middle_end *e, const char *text)
{
    for (size_t i = 0; i < e->n; i++)
        if (bytes_find(e->frames[i], bytes_text(text)) < e->frames[i].n)
            return true;
    return bytes_find(buf_bytes(&e->in), bytes_text(text)) < e->in.n;
}

static bytes frame_of(unsigned type, bytes payload)
{
    buf b = {.p = NULL};
    buf_u8(&b, type);
    buf_be(&b, payload.n, 3);
    buf_put(&b, payload);
    return buf_bytes(&b);
}

bytes middle_hello(bool server, bytes challenge)
{
    bytes payload =
        join(mk_cbor_head(CBOR_MAP, challenge.n > 0 ? 6 : 5, 0), mk_cbor_uint(0), mk_cbor_uint(1),
             mk_cbor_uint(1), mk_cbor_text(server ? "server" : "client"), mk_cbor_uint(2),
             mk_cbor_uint(1), mk_cbor_uint(3), mk_cbor_head(CBOR_ARRAY, 0, 0), mk_cbor_uint(4),
             mk_cbor_uint(60), challenge.n > 0 ? mk_cbor_uint(5) : BYTES_NONE, challenge);
    return frame_of(1, payload);
}

/* It is the last of the map. */
bytes middle_challenge_of(bytes frame)
{
    static const uint8_t begin[] = {5, 0xa4, 0, 0x58, 32};
    size_t at = bytes_find(frame, bytes_of(begin, sizeof begin));
    return at < frame.n ? bytes_of(frame.p + at + 1, frame.n - at - 1) : BYTES_NONE;
}

bytes middle_challenge(const char *level)
{
    uint8_t nonce[32];
    memset(nonce, 0x4d, sizeof nonce);
    return join(mk_cbor_head(CBOR_MAP, 4, 0), mk_cbor_uint(0),
                mk_cbor_bytes(bytes_of(nonce, sizeof nonce)), mk_cbor_uint(1), mk_cbor_text(level),
                mk_cbor_uint(2), mk_cbor_head(CBOR_ARRAY, 1, 0), mk_cbor_text("sgx"),
                mk_cbor_uint(3), mk_cbor_head(CBOR_ARRAY, 1, 0), mk_cbor_uint(60000));
}

bytes middle_verdict(void)
{
    return frame_of(4, join(mk_cbor_head(CBOR_MAP, 1, 0), mk_cbor_uint(0), mk_cbor_uint(0)));
}
