#define _POSIX_C_SOURCE 200809L
#include "testing.h"

#include "pccs_case.h"

#include <stdio.h>

#include "base/hex.h"
#include "ratls/sim.h"
#include "sim_dir.h"

memory_store held;
char fmspc[13], qe_id[33], cpu_svn[33];

static pccs_space space;

static ratls_code put_document(void *context, const char *name, ratls_bytes content,
                               ratls_error *error)
{
    bool *is_sgx = context;
    bytes all = bytes_text(name);
    (void)error;
    if (*is_sgx && all.n == strlen("pck-") + 32 + strlen("-0000"))
        (void)snprintf(qe_id, sizeof qe_id, "%.32s", name + strlen("pck-"));
    memory_store_set(&held, name, content);
    return RATLS_OK;
}

void pccs_fill(void)
{
    ratls_error e;
    bool is_sgx = true;
    sim_place sgx = sim_place_new(), tdx = sim_place_new();
    ratls_sim_options o = sim_options(RATLS_TEE_SGX, 3, false);
    ratls_sim *sim = sim_make_open(sgx.root, &o);
    assert_int_equal(ratls_sim_publish(sim, put_document, &is_sgx, &e), RATLS_OK);
    const ratls_pck_facts *pck = &ratls_sim_facts(sim)->pck;
    hex_encode(bytes_of(pck->fmspc, 6), fmspc);
    hex_encode(bytes_of(pck->cpu_svn, 16), cpu_svn);
    ratls_sim_free(&sim);
    o = sim_options(RATLS_TEE_TDX, 4, false);
    o.vendor = sgx.root;
    is_sgx = false;
    sim = sim_make_open(tdx.root, &o);
    assert_int_equal(ratls_sim_publish(sim, put_document, &is_sgx, &e), RATLS_OK);
    ratls_sim_free(&sim);
    sim_place_end(&tdx);
    sim_place_end(&sgx);
}

int pccs_set_up(void **state)
{
    (void)state;
    pccs_fill();
    return 0;
}

int pccs_tear_down(void **state)
{
    (void)state;
    memory_store_clear(&held);
    return 0;
}

const char *expand(const char *text)
{
    static char out[8192];
    size_t n = 0;
    for (; *text != '\0' && n + 1024 < sizeof out; text++) {
        const char *word = NULL;
        char zeros[769];
        if (*text == '{' && text[1] != '\0' && text[2] == '}') {
            memset(zeros, '0', 768);
            zeros[768] = '\0';
            word = text[1] == 'F'   ? fmspc
                   : text[1] == 'Q' ? qe_id
                   : text[1] == 'C' ? cpu_svn
                   : text[1] == 'P' ? zeros
                                    : NULL;
            assert_non_null(word);
            text += 2;
            n += (size_t)snprintf(out + n, sizeof out - n, "%s", word);
        } else {
            out[n++] = *text;
        }
    }
    out[n] = '\0';
    return out;
}

pccs_reply ask_at(const char *method, const char *target, int64_t now)
{
    pccs_reply reply;
    bytes all = bytes_text(target);
    size_t path = bytes_find(all, bytes_text("?"));
    pccs_call call = {.method = bytes_text(method),
                      .path = bytes_of(all.p, path),
                      .query =
                          path < all.n ? bytes_of(all.p + path + 1, all.n - path - 1) : BYTES_NONE,
                      .now = now,
                      .request_id = {0xab, 0xcd, [15] = 0x0f}};
    ratls_store store = memory_store_of(&held);
    pccs_respond(&call, &store, &space, &reply);
    return reply;
}

pccs_reply ask(const char *target)
{
    return ask_at("GET", expand(target), SIM_NOW);
}

const char *reply_header(const pccs_reply *r, const char *name)
{
    const char *found = NULL;
    for (size_t i = 0; i < r->headers_n; i++) {
        if (strcmp(r->headers[i].name, name) != 0)
            continue;
        assert_null(found);
        found = r->headers[i].value;
    }
    return found;
}

void assert_header(const pccs_reply *r, const char *name, const char *value)
{
    const char *found = reply_header(r, name);
    assert_non_null(found);
    assert_string_equal(found, value);
}

const char *item_string(json_t *item, const char *key)
{
    const char *text = json_string_value(json_object_get(item, key));
    assert_non_null(text);
    return text;
}

json_t *item_load(const char *name)
{
    bytes content = memory_store_content(&held, name);
    json_t *item = json_loadb((const char *)content.p, content.n, 0, NULL);
    assert_non_null(item);
    return item;
}

void check_sentence(const pccs_reply *r, unsigned status, const char *text)
{
    assert_int_equal(r->status, status);
    assert_true(bytes_find(r->body, bytes_text(expand(text))) < r->body.n);
    assert_int_equal(r->body.p[r->body.n - 1], '\n');
    assert_header(r, "Content-Type", "text/plain; charset=utf-8");
    assert_header(r, "Request-ID", "abcd000000000000000000000000000f");
    assert_null(reply_header(r, "Cache-Control"));
}
