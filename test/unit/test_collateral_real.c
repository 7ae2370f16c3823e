/* Intel's own collateral in the answers of an API of either version: it comes out as it went in,
 * and is genuine. */
#define _POSIX_C_SOURCE 200809L
#include "testing.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>

#include "base/hex.h"
#include "collateral/pcs_answer.h"
#include "pcs_maker.h"
#include "vectors.h"

static bytes text_of(const json_t *j, const char *key)
{
    const json_t *value = json_object_get(j, key);
    assert_true(json_is_string(value));
    return arena_copy(bytes_of(json_string_value(value), json_string_length(value)));
}

static bytes hex_value(const json_t *j, const char *key)
{
    bytes text = text_of(j, key);
    uint8_t *out = arena_alloc(text.n / 2 + 1);
    assert_true(hex_decode(text, out, text.n / 2));
    return bytes_of(out, text.n / 2);
}

static collateral_set set_of(const json_t *j)
{
    return (collateral_set){
        .tcb_info = text_of(j, "tcb_info"),
        .qe_identity = text_of(j, "qe_identity"),
        .tcb_info_signature = hex_value(j, "tcb_info_signature"),
        .qe_identity_signature = hex_value(j, "qe_identity_signature"),
        .tcb_info_issuer_chain = text_of(j, "tcb_info_issuer_chain"),
        .qe_identity_issuer_chain = text_of(j, "qe_identity_issuer_chain"),
        .pck_crl_issuer_chain = text_of(j, "pck_crl_issuer_chain"),
        .pck_crl = hex_value(j, "pck_crl"),
        .root_ca_crl = hex_value(j, "root_ca_crl"),
    };
}

/* NAME of the file begins with TEE and FMSPC: "sgx-00606a000000-e15-2023-05.json". */
static void check_file(const char *name, const json_t *j)
{
    static uint8_t room[PCS_ROOM], out[RATLS_ITEM_MAX];
    collateral_set set = set_of(j);
    ratls_tee tee = name[0] == 't' ? RATLS_TEE_TDX : RATLS_TEE_SGX;
    ratls_item items[4] = {{.kind = RATLS_ITEM_TCB_INFO, .tee = tee},
                           {.kind = RATLS_ITEM_QE_IDENTITY, .tee = tee},
                           {.kind = RATLS_ITEM_PCK_CRL},
                           {.kind = RATLS_ITEM_ROOT_CA_CRL}};
    assert_true(hex_decode(bytes_of(name + 4, 12), items[0].fmspc, 6));
    for (unsigned round = 0; round < 4 * 2 * 3; round++) {
        const ratls_item *item = &items[round % 4];
        pcs_reply r = pcs_reply_of(&set, item, 3 + round / 4 % 2, (crl_form)(round / 8));
        pcs_answer a = {200, pcs_header_line(&r), r.body};
        size_t n;
        int64_t expires;
        ratls_error e;
        ratls_item_facts facts;
        if (pcs_answer_read(item, &a, room, out, sizeof out, &n, &expires, &e) != RATLS_OK ||
            ratls_item_check(bytes_of(out, n), BYTES_NONE, &facts, &e) != RATLS_OK)
            fail_msg("%s, round %u: %s", name, round, e.text);
        assert_true(facts.item.kind == item->kind && facts.expires <= expires);
    }
}

static void takes_intels_own(void **state)
{
    (void)state;
    vectors_need();
    DIR *dir = opendir(vectors_path("dcap/collateral"));
    assert_non_null(dir);
    int files = 0;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (strstr(entry->d_name, ".json") == NULL)
            continue;
        char path[512];
        (void)snprintf(path, sizeof path, "dcap/collateral/%s", entry->d_name);
        json_t *j = json_load_file(vectors_path(path), JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(j);
        check_file(entry->d_name, j);
        json_decref(j);
        files++;
    }
    (void)closedir(dir);
    assert_true(files >= 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(takes_intels_own)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
