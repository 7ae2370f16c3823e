#include "attest/credential.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/writer.h"
#include "crypto/private.h"

enum { CHAIN_MAX = 2 };

struct ratls_credential {
    atomic_size_t references;
    credential_parts parts; /* views into `data` */
    size_t n;
    uint8_t data[];
};

static bytes keep(writer *w, bytes b)
{
    const uint8_t *at = w->out + w->n;
    wr_put(w, b);
    return bytes_of(at, b.n);
}

ratls_credential *credential_new(const credential_parts *p)
{
    size_t n = p->chain[0].n + p->chain[1].n + p->request.n + p->key_pem.n + p->quote.n;
    ratls_credential *c = malloc(sizeof *c + n);
    if (c == NULL)
        return NULL;
    atomic_init(&c->references, 1);
    c->n = n;
    writer w = wr_of(c->data, n);
    c->parts = *p;
    c->parts.chain[0] = keep(&w, p->chain[0]);
    c->parts.chain[1] = keep(&w, p->chain[1]);
    c->parts.request = keep(&w, p->request);
    c->parts.key_pem = keep(&w, p->key_pem);
    c->parts.quote = keep(&w, p->quote);
    assert(wr_ok(&w) && w.n == n);
    return c;
}

ratls_credential *ratls_credential_ref(ratls_credential *c)
{
    (void)atomic_fetch_add(&c->references, 1);
    return c;
}

void ratls_credential_free(ratls_credential **credential)
{
    ratls_credential *c = *credential;
    *credential = NULL;
    if (c == NULL || atomic_fetch_sub(&c->references, 1) != 1)
        return;
    crypto_wipe(c->data, c->n);
    free(c);
}

ratls_bytes ratls_credential_chain(const ratls_credential *c, size_t i)
{
    return i < CHAIN_MAX ? c->parts.chain[i] : BYTES_NONE;
}

ratls_bytes ratls_credential_request(const ratls_credential *c)
{
    return c->parts.request;
}

ratls_bytes ratls_credential_key_pem(const ratls_credential *c)
{
    return c->parts.key_pem;
}

int64_t ratls_credential_not_before(const ratls_credential *c)
{
    return c->parts.not_before;
}

int64_t ratls_credential_not_after(const ratls_credential *c)
{
    return c->parts.not_after;
}

ratls_bytes ratls_credential_quote(const ratls_credential *c)
{
    return c->parts.quote;
}
