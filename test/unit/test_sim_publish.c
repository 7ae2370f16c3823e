/* What a simulated vendor hands over to a cache: names, forms, signatures, dates. */
#define _POSIX_C_SOURCE 200809L
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/error.h"
#include "base/hex.h"
#include "base/time.h"
#include "codec/pem.h"
#include "crypto/crypto.h"
#include "memory_store.h"
#include "ratls/item.h"
#include "ratls/sim.h"
#include "sim_dir.h"
#include "tee/intel_pck.h"
#include "tee/intel_tcb.h"
#include "x509/certificate.h"

typedef struct vendor {
    sim_place place;
    ratls_sim *sim;
    memory_store store;
    size_t calls, fail_at; /* fail_at 0: never */
} vendor;

static ratls_code put(void *context, const char *name, ratls_bytes content, ratls_error *error)
{
    vendor *v = context;
    if (++v->calls == v->fail_at)
        return refuse(error, RATLS_E_LIMIT, 0, "no room for %s", name);
    memory_store_set(&v->store, name, content);
    return RATLS_OK;
}

static vendor *open_vendor(ratls_tee tee)
{
    ratls_error e;
    vendor *v = calloc(1, sizeof *v);
    assert_non_null(v);
    ratls_sim_options o = sim_options(tee, tee == RATLS_TEE_TDX ? 5 : 3, tee == RATLS_TEE_TDX);
    v->place = sim_place_new();
    v->sim = sim_make_open(v->place.root, &o);
    assert_int_equal(ratls_sim_publish(v->sim, put, v, &e), RATLS_OK);
    return v;
}

static void close_vendor(vendor *v)
{
    ratls_sim_free(&v->sim);
    memory_store_clear(&v->store);
    sim_place_end(&v->place);
    free(v);
}

static json_t *load(const vendor *v, const char *name)
{
    bytes content = memory_store_content(&v->store, name);
    json_t *item = json_loadb((const char *)content.p, content.n, 0, NULL);
    assert_non_null(item);
    return item;
}

static const char *text_of(const json_t *item, const char *key)
{
    const char *text = json_string_value(json_object_get(item, key));
    assert_non_null(text);
    return text;
}

/* "{F}" is the FMSPC, "{Q}" the QE id. */
static void name_of(const vendor *v, const char *pattern, char out[RATLS_ITEM_NAME_SIZE])
{
    char fmspc[13], id[33] = "";
    hex_encode(bytes_of(ratls_sim_facts(v->sim)->pck.fmspc, 6), fmspc);
    for (size_t i = 0; i < v->store.n; i++)
        if (strlen(v->store.items[i].name) == 41)
            (void)snprintf(id, sizeof id, "%.32s", v->store.items[i].name + 4);
    bytes all = bytes_text(pattern);
    size_t at = bytes_find(all, bytes_text("{"));
    (void)snprintf(out, RATLS_ITEM_NAME_SIZE, "%.*s%s%s", (int)at, pattern,
                   at == all.n              ? ""
                   : pattern[at + 1] == 'F' ? fmspc
                                            : id,
                   at == all.n ? "" : pattern + at + 3);
}

/* The items of ratls/item.h are genuine under its root and bear their names. */
static size_t check_items(const vendor *v)
{
    size_t items = 0;
    for (size_t i = 0; i < v->store.n; i++) {
        ratls_item item;
        ratls_item_facts facts;
        ratls_error e = {.text = ""};
        char name[RATLS_ITEM_NAME_SIZE];
        const memory_item *m = &v->store.items[i];
        if (!ratls_item_from_name(m->name, &item))
            continue;
        ratls_code code =
            ratls_item_check(bytes_of(m->content, m->n), ratls_sim_root(v->sim), &facts, &e);
        print_message("%s %s\n", m->name, e.text);
        assert_int_equal(code, RATLS_OK);
        ratls_item_name(&facts.item, name);
        assert_string_equal(name, m->name);
        assert_int_equal(facts.issued, SIM_NOW - 3600);
        assert_int_equal(facts.expires, SIM_NOW + 30 * SIM_DAY);
        items++;
    }
    return items;
}

/* Signed by the vendor's TCB signer, minified, with the dates of its collateral. */
static void check_signed(const vendor *v, const char *pattern, const char *key, const char *begin)
{
    char name[RATLS_ITEM_NAME_SIZE], sub[64], expected[256];
    uint8_t signature[64], der[2048];
    size_t n;
    bytes label;
    ratls_error e;
    certificate signer;
    name_of(v, pattern, name);
    json_t *item = load(v, name);
    assert_int_equal(json_object_size(item), 3);
    const char *body = text_of(item, key);
    (void)snprintf(sub, sizeof sub, "%s_signature", key);
    assert_true(hex_decode(bytes_text(text_of(item, sub)), signature, sizeof signature));
    (void)snprintf(sub, sizeof sub, "%s_issuer_chain", key);
    reader chain = rd_of(bytes_text(text_of(item, sub)));
    assert_int_equal(pem_next(&chain, &label, der, sizeof der, &n), 1);
    assert_int_equal(certificate_parse(bytes_of(der, n), &signer, &e), RATLS_OK);
    crypto_key *k = crypto_key_from_p256(signer.point);
    assert_non_null(k);
    assert_true(crypto_verify_p256(k, bytes_text(body), bytes_of(signature, sizeof signature)));
    crypto_key_free(k);
    (void)snprintf(expected, sizeof expected, "%s\"issueDate\":\"%s\",\"nextUpdate\":\"%s\",",
                   begin, ISO(SIM_NOW - 3600), ISO(SIM_NOW + 30 * SIM_DAY));
    assert_true(bytes_starts(bytes_text(body), expected));
    json_t *parsed = json_loads(body, 0, NULL);
    assert_non_null(parsed);
    char *again = json_dumps(parsed, JSON_COMPACT);
    assert_string_equal(body, again);
    free(again);
    json_decref(parsed);
    json_decref(item);
}

static void check_pck(const vendor *v)
{
    char name[RATLS_ITEM_NAME_SIZE], tcbm[37];
    uint8_t der[2048], tcb[18];
    size_t n;
    bytes label;
    ratls_error e;
    certificate leaf;
    ratls_pck_facts facts;
    name_of(v, "pck-{Q}-0000", name);
    json_t *item = load(v, name);
    assert_int_equal(json_object_size(item), 3);
    reader pem = rd_of(bytes_text(text_of(item, "pck_certificate")));
    assert_int_equal(pem_next(&pem, &label, der, sizeof der, &n), 1);
    assert_int_equal(certificate_parse(bytes_of(der, n), &leaf, &e), RATLS_OK);
    assert_int_equal(intel_pck_read(&leaf, &facts, &e), RATLS_OK);
    assert_memory_equal(facts.fmspc, ratls_sim_facts(v->sim)->pck.fmspc, 6);
    memcpy(tcb, facts.cpu_svn, 16);
    tcb[16] = (uint8_t)facts.pce_svn;
    tcb[17] = (uint8_t)(facts.pce_svn >> 8);
    hex_encode(bytes_of(tcb, sizeof tcb), tcbm);
    assert_string_equal(text_of(item, "tcbm"), tcbm);
    json_t *crl = load(v, "pck-crl-platform");
    assert_string_equal(text_of(item, "pck_certificate_issuer_chain"),
                        text_of(crl, "pck_crl_issuer_chain"));
    json_decref(crl);
    json_decref(item);
}

static void test_sgx(void **state)
{
    (void)state;
    vendor *v = open_vendor(RATLS_TEE_SGX);
    assert_int_equal(v->store.n, 9);
    assert_int_equal(check_items(v), 4);
    check_signed(v, "sgx-tcb-{F}", "tcb_info", "{\"id\":\"SGX\",\"version\":3,");
    check_signed(v, "sgx-tcb-v2-{F}", "tcb_info", "{\"version\":2,");
    check_signed(v, "sgx-qe", "qe_identity", "{\"id\":\"QE\",\"version\":2,");
    check_signed(v, "sgx-qve", "qe_identity", "{\"id\":\"QVE\",\"version\":2,");
    check_signed(v, "sgx-qae", "qe_identity", "{\"id\":\"QAE\",\"version\":2,");
    check_signed(v, "sgx-evaluation-numbers", "tcb_evaluation_data_numbers",
                 "{\"id\":\"SGX\",\"version\":1,");
    check_pck(v);
    close_vendor(v);
}

static void test_tdx(void **state)
{
    (void)state;
    vendor *v = open_vendor(RATLS_TEE_TDX);
    assert_int_equal(v->store.n, 6);
    assert_int_equal(check_items(v), 4);
    check_signed(v, "tdx-tcb-{F}", "tcb_info", "{\"id\":\"TDX\",\"version\":3,");
    check_signed(v, "tdx-qe", "qe_identity", "{\"id\":\"TD_QE\",\"version\":2,");
    check_signed(v, "tdx-evaluation-numbers", "tcb_evaluation_data_numbers",
                 "{\"id\":\"TDX\",\"version\":1,");
    check_pck(v);
    close_vendor(v);
}

/* Both versions of TCB info say the same of every level. */
static void test_tcb_info_2(void **state)
{
    static tcb_info two, three;
    char name[RATLS_ITEM_NAME_SIZE];
    ratls_error e;
    (void)state;
    vendor *v = open_vendor(RATLS_TEE_SGX);
    name_of(v, "sgx-tcb-v2-{F}", name);
    json_t *new = load(v, name);
    assert_int_equal(tcb_info_parse(bytes_text(text_of(new, "tcb_info")), &two, &e), RATLS_OK);
    name_of(v, "sgx-tcb-{F}", name);
    json_t *old = load(v, name);
    assert_int_equal(tcb_info_parse(bytes_text(text_of(old, "tcb_info")), &three, &e), RATLS_OK);
    assert_int_equal(two.version, 2);
    assert_memory_equal(two.fmspc, three.fmspc, 6);
    assert_int_equal(two.evaluation_number, three.evaluation_number);
    assert_int_equal(two.levels_n, three.levels_n);
    for (size_t i = 0; i < two.levels_n; i++) {
        assert_memory_equal(two.levels[i].sgx, three.levels[i].sgx, 16);
        assert_int_equal(two.levels[i].pce_svn, three.levels[i].pce_svn);
        assert_int_equal(two.levels[i].date, three.levels[i].date);
        assert_int_equal(two.levels[i].status, three.levels[i].status);
    }
    json_decref(new);
    json_decref(old);
    close_vendor(v);
}

/* After a renewal everything is newer. */
static void test_renewed(void **state)
{
    ratls_error e;
    (void)state;
    vendor *v = open_vendor(RATLS_TEE_SGX);
    assert_int_equal(ratls_sim_renew(v->sim, SIM_NOW + 86400, 7, &e), RATLS_OK);
    assert_int_equal(ratls_sim_publish(v->sim, put, v, &e), RATLS_OK);
    assert_int_equal(v->store.n, 9);
    json_t *item = load(v, "sgx-qve");
    char date[64];
    (void)snprintf(date, sizeof date, "\"nextUpdate\":\"%s\"", ISO(SIM_NOW + 8 * SIM_DAY));
    assert_non_null(strstr(text_of(item, "qe_identity"), date));
    json_decref(item);
    close_vendor(v);
}

static void test_refused(void **state)
{
    ratls_error e;
    (void)state;
    vendor *v = open_vendor(RATLS_TEE_SGX);
    size_t all = v->calls;
    for (v->fail_at = 1; v->fail_at <= all; v->fail_at++) {
        v->calls = 0;
        assert_int_equal(ratls_sim_publish(v->sim, put, v, &e), RATLS_E_LIMIT);
        assert_int_equal(v->calls, v->fail_at);
        assert_true(bytes_starts(bytes_text(e.text), "no room for "));
    }
    v->fail_at = 0;
    const char *path = sim_path(v->place.root, "collateral.json");
    file_put(path, bytes_text("{}"));
    assert_int_equal(ratls_sim_publish(v->sim, put, v, &e), RATLS_E_MALFORMED);
    file_put(path, bytes_text("["));
    assert_int_equal(ratls_sim_publish(v->sim, put, v, &e), RATLS_E_MALFORMED);
    assert_int_equal(remove(path), 0);
    v->calls = 0;
    assert_int_equal(ratls_sim_publish(v->sim, put, v, &e), RATLS_E_MISSING);
    assert_int_equal(v->calls, 0);
    close_vendor(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sgx),        cmocka_unit_test(test_tdx),
        cmocka_unit_test(test_tcb_info_2), cmocka_unit_test(test_renewed),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
