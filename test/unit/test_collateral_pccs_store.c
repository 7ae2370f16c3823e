/* What a cache answers out of a store that lacks things, is damaged, or is out of reach. */
#define _POSIX_C_SOURCE 200809L
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/pem.h>

#include "pccs_case.h"

static void put_text(const char *name, const char *text)
{
    memory_store_set(&held, name, bytes_text(text));
}

/* Without TCB info of version 2 of its own, version 3 of the interface has what is held, if it is
 * that; version 4 never has it. */
static void test_versions(void **state)
{
    char name[RATLS_ITEM_NAME_SIZE], second[RATLS_ITEM_NAME_SIZE];
    (void)state;
    (void)snprintf(name, sizeof name, "sgx-tcb-%s", fmspc);
    (void)snprintf(second, sizeof second, "sgx-tcb-v2-%s", fmspc);
    bytes two = memory_store_content(&held, second);
    memory_store_set(&held, "kept", two);
    memory_store_set(&held, second, BYTES_NONE);
    pccs_reply r = ask(SGX_V(3) "/tcb?fmspc={F}");
    check_sentence(&r, 404, "sgx-tcb-{F}: it is not held for version 3");
    memory_store_set(&held, name, memory_store_content(&held, "kept"));
    r = ask(SGX_V(3) "/tcb?fmspc={F}");
    assert_int_equal(r.status, 200);
    assert_true(bytes_starts(r.body, "{\"tcbInfo\":{\"version\":2,"));
    assert_non_null(reply_header(&r, "SGX-TCB-Info-Issuer-Chain"));
    r = ask(SGX_V(4) "/tcb?fmspc={F}");
    check_sentence(&r, 404, "sgx-tcb-{F}: it is not held for version 4");
}

static void test_processor_ca(void **state)
{
    (void)state;
    memory_store_set(&held, "pck-crl-processor", memory_store_content(&held, "pck-crl-platform"));
    pccs_reply r = ask(SGX_V(4) "/pckcrl?ca=processor&encoding=der");
    assert_int_equal(r.status, 200);
    assert_non_null(reply_header(&r, "SGX-PCK-CRL-Issuer-Chain"));

    /* The issuer's name in a certificate; nothing here verifies its signature. */
    static const char before[] = "SIMULATED SGX PCK Platform CA",
                      after[] = "SIMULATED SG PCK Processor CA";
    char name[RATLS_ITEM_NAME_SIZE], text[4096];
    (void)snprintf(name, sizeof name, "pck-%s-0000", qe_id);
    json_t *item = item_load(name);
    BIO *bio = BIO_new_mem_buf(item_string(item, "pck_certificate"), -1),
        *out = BIO_new(BIO_s_mem());
    unsigned char *der = NULL;
    char *label = NULL, *head = NULL;
    long n = 0;
    assert_int_equal(PEM_read_bio(bio, &label, &head, &der, &n), 1);
    size_t at = bytes_find(bytes_of(der, (size_t)n), bytes_text(before));
    memcpy(der + at, after, strlen(after));
    assert_true(PEM_write_bio(out, "CERTIFICATE", "", der, n) > 0);
    int text_n = BIO_read(out, text, sizeof text - 1);
    assert_true(text_n > 0);
    text[text_n] = '\0';
    assert_int_equal(json_object_set_new(item, "pck_certificate", json_string(text)), 0);
    char *changed = json_dumps(item, 0);
    put_text(name, changed);
    r = ask(SGX_V(4) "/pckcert?qeid={Q}" SVNS);
    assert_int_equal(r.status, 200);
    assert_header(&r, "SGX-PCK-Certificate-CA-Type", "processor");
    free(changed);
    OPENSSL_free(der);
    OPENSSL_free(label);
    OPENSSL_free(head);
    BIO_free(bio);
    BIO_free(out);
    json_decref(item);
}

/* Each member of each item lost, of another type, or nonsense. */
static void test_damaged(void **state)
{
    static const struct {
        const char *item, *target;
        const char *keys[3];
    } rows[] = {
        {"sgx-tcb-{F}",
         SGX_V(4) "/tcb?fmspc={F}",
         {"tcb_info", "tcb_info_signature", "tcb_info_issuer_chain"}},
        {"sgx-tcb-v2-{F}",
         SGX_V(3) "/tcb?fmspc={F}",
         {"tcb_info", "tcb_info_signature", "tcb_info_issuer_chain"}},
        {"tdx-qe",
         TDX_V(4) "/qe/identity",
         {"qe_identity", "qe_identity_signature", "qe_identity_issuer_chain"}},
        {"sgx-evaluation-numbers",
         SGX_V(4) "/tcbevaluationdatanumbers",
         {"tcb_evaluation_data_numbers", "tcb_evaluation_data_numbers_signature",
          "tcb_evaluation_data_numbers_issuer_chain"}},
        {"pck-crl-platform",
         SGX_V(4) "/pckcrl?ca=platform",
         {"pck_crl", "pck_crl_issuer_chain", NULL}},
        {"root-ca-crl", SGX_V(4) "/rootcacrl", {"root_ca_crl", NULL, NULL}},
        {"root-ca-crl", "/IntelSGXRootCA.der", {"root_ca_crl", NULL, NULL}},
        {"pck-{Q}-0000",
         SGX_V(4) "/pckcert?qeid={Q}" SVNS,
         {"pck_certificate", "pck_certificate_issuer_chain", "tcbm"}},
    };
    static const char *const values[] = {
        NULL,     "1",           "null",   "\"\"",           "\"{}\"",
        "\"zz\"", "\"\\ud800\"", "\"00\"", "\"3003020101\"", "\"-----BEGIN\""};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char name[RATLS_ITEM_NAME_SIZE];
        (void)snprintf(name, sizeof name, "%s", expand(rows[i].item));
        json_t *whole = item_load(name);
        for (size_t k = 0; k < 3 && rows[i].keys[k] != NULL; k++) {
            for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
                /* A chain that begins as one is the client's to judge. */
                if (v + 1 == sizeof values / sizeof *values &&
                    strstr(rows[i].keys[k], "chain") != NULL)
                    continue;
                char text[16384];
                json_t *copy = json_deep_copy(whole);
                assert_int_equal(json_object_del(copy, rows[i].keys[k]), 0);
                char *rest = json_dumps(copy, JSON_COMPACT);
                size_t n = strlen(rest);
                assert_true(n + 256 < sizeof text);
                if (values[v] == NULL)
                    (void)snprintf(text, sizeof text, "%s", rest);
                else
                    (void)snprintf(text, sizeof text, "%.*s%s\"%s\":%s}", (int)n - 1, rest,
                                   n > 2 ? "," : "", rows[i].keys[k], values[v]);
                put_text(name, text);
                print_message("%s: %s %s\n", name, rows[i].keys[k],
                              values[v] != NULL ? values[v] : "lost");
                pccs_reply r = ask(rows[i].target);
                check_sentence(&r, 500, rows[i].item);
                free(rest);
                json_decref(copy);
            }
        }
        put_text(name, "");
        pccs_reply r = ask(rows[i].target);
        check_sentence(&r, 500, rows[i].item);
        put_text(name, "[]");
        r = ask(rows[i].target);
        check_sentence(&r, 500, rows[i].item);
        json_decref(whole);
        pccs_fill();
    }
}

/* No header grows beyond its room. */
static void test_long_chain(void **state)
{
    static char text[RATLS_ITEM_MAX];
    (void)state;
    json_t *item = item_load("sgx-qe");
    for (size_t n = 8000; n <= 100000; n += 23000) {
        char *chain = malloc(n + 1);
        assert_non_null(chain);
        memset(chain, '\n', n);
        memcpy(chain, "-----BEGIN ", 11);
        chain[n] = '\0';
        assert_int_equal(json_object_set_new(item, "qe_identity_issuer_chain", json_string(chain)),
                         0);
        size_t text_n = json_dumpb(item, text, sizeof text, 0);
        assert_true(text_n <= sizeof text);
        memory_store_set(&held, "sgx-qe", bytes_of(text, text_n));
        pccs_reply r = ask(SGX_V(4) "/qe/identity");
        if (n == 8000)
            assert_int_equal(r.status, 200);
        else
            check_sentence(&r, 500, "sgx-qe: its issuer chain is too long");
        free(chain);
    }
    json_decref(item);
}

static void test_store_trouble(void **state)
{
    static const char *const targets[] = {SGX_V(4) "/tcb?fmspc={F}",
                                          SGX_V(3) "/tcb?fmspc={F}",
                                          SGX_V(4) "/qe/identity",
                                          SGX_V(4) "/pckcrl?ca=platform",
                                          "/IntelSGXRootCA.der",
                                          SGX_V(4) "/pckcert?qeid={Q}" SVNS,
                                          TDX_V(4) "/tcbevaluationdatanumbers"};
    (void)state;
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        held.failure = RATLS_E_SYSTEM;
        pccs_reply r = ask(targets[i]);
        check_sentence(&r, 503, "the store is out of reach: memory: told to fail");
        held.failure = RATLS_E_LIMIT;
        r = ask(targets[i]);
        check_sentence(&r, 500, "it is too large");
    }
    held.failure = RATLS_E_SYSTEM;
    pccs_reply r = ask(SGX_V(4) "/fmspcs");
    check_sentence(&r, 503, "the store is out of reach: memory: told to fail");
    held.failure = RATLS_OK;
    memory_store_clear(&held);
    r = ask(SGX_V(4) "/fmspcs");
    assert_int_equal(r.status, 200);
    assert_true(bytes_is(r.body, "[]"));
    r = ask(SGX_V(4) "/qe/identity");
    check_sentence(&r, 404, "sgx-qe: it is not held");
}

/* In order, each once, of both TEEs, and nothing that is not of a family. */
static void test_fmspcs(void **state)
{
    static const char *const names[] = {"tdx-tcb-b0c06f000000",
                                        "sgx-tcb-b0c06f000000",
                                        "sgx-tcb-v2-00906ed50000",
                                        "sgx-tcb-00906ed50000",
                                        "sgx-tcb-v3-00906ed50001",
                                        "sgx-tcb-00906ed5000",
                                        "sgx-tcb-",
                                        "tdx-qe"};
    static const struct {
        const char *query, *body;
    } rows[] = {
        {"", "[{\"fmspc\":\"00906ED50000\",\"platform\":\"unknown\"},"
             "{\"fmspc\":\"B0C06F000000\",\"platform\":\"E5\"}]"},
        {"?platform=e3", "[{\"fmspc\":\"00906ED50000\",\"platform\":\"unknown\"}]"},
    };
    char name[RATLS_ITEM_NAME_SIZE], target[64];
    (void)state;
    memory_store_clear(&held);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        put_text(names[i], "{}");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        (void)snprintf(target, sizeof target, SGX_V(4) "/fmspcs%s", rows[i].query);
        pccs_reply r = ask(target);
        assert_int_equal(r.status, 200);
        assert_true(bytes_is(r.body, rows[i].body));
    }
    for (unsigned i = 2; i <= 1024; i++) {
        (void)snprintf(name, sizeof name, "sgx-tcb-%012x", i);
        put_text(name, "{}");
        pccs_reply r = ask(SGX_V(4) "/fmspcs");
        assert_int_equal(r.status, i < 1024 ? 200 : 500);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_versions, pccs_set_up, pccs_tear_down),
        cmocka_unit_test_setup_teardown(test_processor_ca, pccs_set_up, pccs_tear_down),
        cmocka_unit_test_setup_teardown(test_damaged, pccs_set_up, pccs_tear_down),
        cmocka_unit_test_setup_teardown(test_long_chain, pccs_set_up, pccs_tear_down),
        cmocka_unit_test_setup_teardown(test_store_trouble, pccs_set_up, pccs_tear_down),
        cmocka_unit_test_setup_teardown(test_fmspcs, pccs_set_up, pccs_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
