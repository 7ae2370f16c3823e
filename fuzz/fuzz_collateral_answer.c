/*
 * What a service answers. The input: a byte for the item, a byte for the status, two for the length
 * of the headers, the headers, the body.
 */
#include <assert.h>
#include <stdlib.h>

#include "codec/json.h"
#include "collateral/pcs_answer.h"

static uint8_t room[PCS_ROOM];

/* An object of strings, with nothing in them that the store's readers would stumble over. */
static void must_be_item(bytes item)
{
    json_reader j = jr_of(item);
    json_scope s;
    bytes key;
    size_t keys = 0;
    jr_object(&j, &s);
    for (; jr_key(&j, &s, &key); keys++)
        assert(jr_raw_string(&j).n > 0);
    bool done = jr_done(&j);
    assert(done && keys > 0 && keys < 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned statuses[] = {200, 404, 302, 500};
    reader r = rd_of(bytes_of(data, size));
    unsigned what = rd_u8(&r), status = rd_u8(&r);
    size_t headers_n = (size_t)rd_be(&r, 2);
    bytes headers = rd_take(&r, headers_n), body = rd_rest(&r);
    if (!rd_ok(&r))
        return 0;
    const ratls_item item = {.kind = (ratls_item_kind)(what % 4),
                             .tee = (what & 4) != 0 ? RATLS_TEE_TDX : RATLS_TEE_SGX,
                             .fmspc = {0, 0x60, 0x6a},
                             .processor_ca = (what & 8) != 0};
    const pcs_answer answer = {statuses[status % 4], headers, body};
    enum { CAP = RATLS_ITEM_MAX };
    uint8_t *out = malloc(CAP);
    if (out == NULL)
        abort();
    size_t n = 0;
    int64_t expires = 0;
    ratls_error e = {.text = ""};
    ratls_code code = pcs_answer_read(&item, &answer, room, out, CAP, &n, &expires, &e);
    if (code == RATLS_OK) {
        assert(n <= CAP);
        must_be_item(bytes_of(out, n));
    } else {
        assert(e.code == code && e.text[0] != '\0');
    }
    int64_t seconds = 0;
    if (pcs_retry_after(headers, 1767225600, &seconds))
        assert(seconds >= 0);
    free(out);
    return 0;
}
