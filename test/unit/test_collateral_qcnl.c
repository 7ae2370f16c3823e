/* Configurations of Intel's quote provider library, in both forms. */
#define _POSIX_C_SOURCE 200809L
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "qcnl.h"

#define EACH(i, table) for (size_t i = 0; i < sizeof(table) / sizeof *(table); i++)

#define A "https://localhost:8081/sgx/certification/v4/"
#define B "https://api.trustedservices.intel.com/sgx/certification/v4/"

static const struct {
    const char *text, *first, *second, *update;
    bool any;
} good[] = {
    {"{\"pccs_url\": \"" A "\"}", A, NULL, NULL, false},
    {"// say: \"x\"\n {\n  // *** it's JSON\n  \"pccs_url\": \"" A "\"\n  // , \"x\": 1\n}\n// end",
     A, NULL, NULL, false},
    {"{\"pccs_url\":\"" A "\",\"collateral_service\":\"" B "\"}", B, A, NULL, false},
    {"{\"collateral_service\":\"" B "\"}", B, NULL, NULL, false},
    {"{\"pccs_url\":\"" A "\",\"collateral_service\":\"" A "\"}", A, NULL, NULL, false},
    {"{\"pccs_url\":\"" A "\",\"use_secure_cert\":false,\"tcb_update_type\":\"early\"}", A, NULL,
     "early", true},
    {"{\"pccs_url\":\"" A "\",\"use_secure_cert\": /* really */ true,"
     "\"tcb_update_type\":\"standard\",\"pccs_api_version\":\"3.1\",\"retry_times\": 6,"
     "\"retry_delay\": 10,\"local_pck_url\":7,\"custom_request_options\":{\"get_cert\":{}}}",
     A, NULL, "standard", false},
    /* A quote with a backslash before it does not end a string; after two it does. */
    {"{\"x\":\"\\\"//\",\"y\":\"\\\\\",// \"\n\"pccs_url\":\"" A "\"}", A, NULL, NULL, false},
    {"{\"x\":\"/*\", \"pccs_url\":\"" A "\", /**/ \"y\":\"*/\" /* a\n * b\n **/}", A, NULL, NULL,
     false},
    {"# PCCS\nPCCS_URL=" A "\n\n", A, NULL, NULL, false},
    {"PCCS_URL = " A "\r\n USE_SECURE_CERT\t= FALSE \r\nRETRY_TIMES=6\n", A, NULL, NULL, true},
    {"USE_SECURE_CERT=false\nPCCS_URL=" A "\nCOLLATERAL_SERVICE=" B "\nPCCS_API_VERSION=3.1", B, A,
     NULL, true},
    {"USE_SECURE_CERT=TRUE\nCOLLATERAL_SERVICE=" B "\n#PCCS_URL=" A "\nTCB_UPDATE_TYPE=early", B,
     NULL, "early", false},
    {"PCCS_URL=https://a?x=y\n", "https://a?x=y", NULL, NULL, false},
};

static void reads_both_forms(void **state)
{
    (void)state;
    EACH(i, good)
    {
        qcnl q;
        ratls_error e;
        if (qcnl_parse(bytes_text(good[i].text), &q, &e) != RATLS_OK)
            fail_msg("%s: %s", good[i].text, e.text);
        assert_int_equal(q.n, good[i].second != NULL ? 2 : 1);
        assert_string_equal(q.services[0].url, good[i].first);
        if (good[i].second != NULL)
            assert_string_equal(q.services[1].url, good[i].second);
        for (size_t k = 0; k < q.n; k++) {
            const ratls_service *s = &q.services[k];
            assert_int_equal(s->insecure_any_certificate, good[i].any);
            assert_true((s->update == NULL) == (good[i].update == NULL));
            if (s->update != NULL)
                assert_string_equal(s->update, good[i].update);
            assert_true(s->ca_file == NULL && s->client_certificate_file == NULL &&
                        s->client_key_file == NULL);
        }
        qcnl_free(&q);
        assert_int_equal(q.n, 0);
    }
}

static const struct {
    const char *text;
    ratls_code code;
    const char *says;
} bad[] = {
    {"", RATLS_E_MISSING, "neither pccs_url nor collateral_service is in it"},
    {"\n# nothing\n", RATLS_E_MISSING, "neither pccs_url nor"},
    {"{}", RATLS_E_MISSING, "neither pccs_url nor"},
    {"{ // \"pccs_url\": \"https://a\"\n}", RATLS_E_MISSING, "neither pccs_url nor"},
    {"RETRY_TIMES=6", RATLS_E_MISSING, "neither pccs_url nor"},
    {"PCS_URL=" A, RATLS_E_MISSING, "neither pccs_url nor"},
    {"{", RATLS_E_MALFORMED, "line 1: not JSON: "},
    {"{\n\"pccs_url\": \"" A "\",\n}", RATLS_E_MALFORMED, "line 3: not JSON: "},
    {"{\"pccs_url\": \"" A "\"} x", RATLS_E_MALFORMED, "line 1: not JSON: "},
    {"{\"pccs_url\": \"" A "\", /* no end }", RATLS_E_MALFORMED, "line 1: not JSON: "},
    {"{\"pccs_url\": \"" A "\" /*/ }", RATLS_E_MALFORMED, "line 1: not JSON: "},
    {"{\"pccs_url\": \"" A "\" / }", RATLS_E_MALFORMED, "line 1: not JSON: "},
    {"{\"pccs_url\": \"" A, RATLS_E_MALFORMED, "line 1: not JSON: "},
    {"{\"pccs_url\": \"\\", RATLS_E_MALFORMED, "line 1: not JSON: "},
    {"{\"pccs_url\":\"" A "\",\"pccs_url\":\"" B "\"}", RATLS_E_MALFORMED, "line 1: not JSON: "},
    {"{\"pccs_url\": 1}", RATLS_E_MALFORMED, "pccs_url: expected a string that is not empty"},
    {"{\"pccs_url\": \"\"}", RATLS_E_MALFORMED, "pccs_url: expected a string that"},
    {"{\"pccs_url\": \"\\u0000\"}", RATLS_E_MALFORMED, "line 1: not JSON: "},
    {"{\"collateral_service\": null}", RATLS_E_MALFORMED,
     "collateral_service: expected a string that is not empty"},
    {"{\"pccs_url\":\"" A "\",\"use_secure_cert\":\"FALSE\"}", RATLS_E_MALFORMED,
     "use_secure_cert: expected true or false"},
    {"{\"pccs_url\":\"" A "\",\"tcb_update_type\":\"late\"}", RATLS_E_MALFORMED,
     "tcb_update_type: expected early or standard"},
    {"{\"pccs_url\":\"" A "\",\"pccs_api_version\":3.1}", RATLS_E_MALFORMED,
     "pccs_api_version: expected a string that is not empty"},
    {"{\"pccs_url\":\"" A "\",\"pccs_api_version\":\"new\"}", RATLS_E_MALFORMED,
     "pccs_api_version: expected a version such as 3.1"},
    {"PCCS_URL\n", RATLS_E_MALFORMED, "line 1: expected KEY=VALUE"},
    {"#\n\nPCCS_URL=\n", RATLS_E_MALFORMED, "line 3: PCCS_URL is empty"},
    {"PCCS_URL=" A "\nPCCS_URL=" B, RATLS_E_MALFORMED, "line 2: PCCS_URL stands twice"},
    {"PCCS_URL=" A "\nUSE_SECURE_CERT=no", RATLS_E_MALFORMED,
     "line 2: USE_SECURE_CERT: expected TRUE or FALSE"},
    {"PCCS_URL=" A "\nTCB_UPDATE_TYPE=late", RATLS_E_MALFORMED,
     "tcb_update_type: expected early or standard"},
    {"\xff\xfe", RATLS_E_MALFORMED, "line 1: expected KEY=VALUE"},
};

static void gives_a_reason(void **state)
{
    (void)state;
    EACH(i, bad)
    {
        qcnl q;
        ratls_error e = {.text = ""};
        ratls_code code = qcnl_parse(bytes_text(bad[i].text), &q, &e);
        if (code != bad[i].code || strstr(e.text, bad[i].says) != e.text)
            fail_msg("%s: %s: %s", bad[i].text, ratls_code_name(code), e.text);
        assert_int_equal(q.n, 0);
    }
}

static void survives_truncation(void **state)
{
    (void)state;
    EACH(i, good)
    {
        size_t n = strlen(good[i].text);
        for (size_t k = 0; k < n; k++) {
            /* Exactly its size, so that a sanitizer sees one byte too many. */
            uint8_t *copy = malloc(k + 1);
            assert_non_null(copy);
            memcpy(copy + 1, good[i].text, k);
            qcnl q;
            ratls_error e = {.text = ""};
            ratls_code code = qcnl_parse(bytes_of(copy + 1, k), &q, &e);
            assert_true(code == RATLS_OK ? q.n > 0 : q.n == 0 && e.text[0] != '\0');
            qcnl_free(&q);
            free(copy);
        }
    }
}

static void reads_files(void **state)
{
    (void)state;
    char path[] = "test-qcnl-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    qcnl q;
    ratls_error e;
    assert_int_equal(qcnl_load(path, &q, &e), RATLS_E_MISSING);
    assert_true(strstr(e.text, path) == e.text);
    assert_int_equal(write(fd, "PCCS_URL=https://a\n", 19), 19);
    assert_int_equal(qcnl_load(path, &q, &e), RATLS_OK);
    assert_string_equal(q.services[0].url, "https://a");
    qcnl_free(&q);
    assert_int_equal(ftruncate(fd, QCNL_FILE_MAX), 0);
    assert_int_equal(qcnl_load(path, &q, &e), RATLS_E_MALFORMED);
    assert_non_null(strstr(e.text, ": it is no text"));
    assert_int_equal(ftruncate(fd, QCNL_FILE_MAX + 1), 0);
    assert_int_equal(qcnl_load(path, &q, &e), RATLS_E_LIMIT);
    assert_non_null(strstr(e.text, ": more than 65536 bytes"));
    assert_int_equal(close(fd), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(qcnl_load(path, &q, &e), RATLS_E_MISSING);
    assert_non_null(strstr(e.text, "can't be opened"));
    assert_int_equal(qcnl_load(".", &q, &e), RATLS_E_SYSTEM);
    assert_string_equal(e.text, ".: it can't be read");
    qcnl_free(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_both_forms),
        cmocka_unit_test(gives_a_reason),
        cmocka_unit_test(survives_truncation),
        cmocka_unit_test(reads_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
