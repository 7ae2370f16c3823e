/*
 * The input is the target of a request to a cache of collateral, and behind a newline perhaps an
 * item: what the store gives, whatever is asked for. Whatever comes, the reply can be sent.
 */
#include <assert.h>
#include <stdlib.h>

#include "collateral/pccs.h"
#include "collateral/pccs_request.h"

static ratls_code get(void *state, const char *item, uint8_t *out, size_t cap, size_t *n,
                      ratls_error *error)
{
    const ratls_bytes *content = state;
    size_t name_n = strlen(item);
    (void)error;
    assert(name_n > 0 && name_n < RATLS_ITEM_NAME_SIZE);
    assert(strspn(item, "abcdefghijklmnopqrstuvwxyz0123456789-") == name_n);
    *n = content->n;
    if (content->n == 0)
        return RATLS_E_MISSING;
    if (content->n > cap)
        return RATLS_E_LIMIT;
    memcpy(out, content->p, content->n);
    return RATLS_OK;
}

static ratls_code list(void *state, bool (*each)(void *context, const char *item), void *context,
                       ratls_error *error)
{
    (void)state;
    (void)error;
    (void)each(context, "sgx-tcb-00906ed50000");
    return RATLS_OK;
}

static void check_header(const pccs_header *h)
{
    assert(h->name[0] != '\0' && h->value[0] != '\0');
    for (const char *c = h->value; *c != '\0'; c++)
        assert(*c >= ' ' && *c <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static pccs_space space;
    pccs_request request;
    pccs_refusal why;
    pccs_reply reply;
    bytes in = bytes_of(data, size);
    bytes target = bytes_of(data, bytes_find(in, bytes_text("\n")));
    bytes item = target.n < in.n ? bytes_of(data + target.n + 1, in.n - target.n - 1) : BYTES_NONE;
    size_t path = bytes_find(target, bytes_text("?"));
    pccs_call call = {.method = bytes_text("GET"),
                      .path = bytes_of(data, path),
                      .query = path < target.n ? bytes_of(data + path + 1, target.n - path - 1)
                                               : BYTES_NONE,
                      .now = 1767225600};
    ratls_store store = {.name = "fuzzed", .state = &item, .get = get, .list = list};
    bool ok = pccs_request_parse(call.path, call.query, &request, &why);
    pccs_respond(&call, &store, &space, &reply);
    assert(ok || reply.status == why.status);
    assert(!ok || reply.status == 200 || reply.status >= 400);
    assert(reply.headers_n > 0 && reply.headers_n <= PCCS_HEADERS_MAX && reply.body.n > 0);
    for (size_t i = 0; i < reply.headers_n; i++)
        check_header(&reply.headers[i]);
    return 0;
}
