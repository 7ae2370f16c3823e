/* URLs of services and of the items there. */
#include "testing.h"

#include <string.h>

#include "collateral/pcs_url.h"

#define EACH(i, table) for (size_t i = 0; i < sizeof(table) / sizeof *(table); i++)

static const struct {
    const char *url, *root;
    unsigned version;
    bool intel;
} good[] = {
    {"https://api.trustedservices.intel.com", "https://api.trustedservices.intel.com", 4, true},
    {"https://api.trustedservices.intel.com/", "https://api.trustedservices.intel.com", 4, true},
    {"https://api.trustedservices.intel.com/sgx/certification/v4/",
     "https://api.trustedservices.intel.com", 4, true},
    {"https://API.TrustedServices.Intel.com/sgx/certification/v3",
     "https://API.TrustedServices.Intel.com", 3, true},
    {"https://sbx.api.trustedservices.intel.com:443/tdx/certification/v4",
     "https://sbx.api.trustedservices.intel.com:443", 4, true},
    {"https://trustedservices.intel.com", "https://trustedservices.intel.com", 4, true},
    {"https://nottrustedservices.intel.com", "https://nottrustedservices.intel.com", 4, false},
    {"https://trustedservices.intel.com.example.org",
     "https://trustedservices.intel.com.example.org", 4, false},
    {"https://localhost:8081/sgx/certification/v4/", "https://localhost:8081", 4, false},
    {"HTTPS://localhost:8081/sgx/certification/v3/", "https://localhost:8081", 3, false},
    {"Http://127.0.0.1:1/tdx/certification/v3", "http://127.0.0.1:1", 3, false},
    {"http://169.254.169.254/metadata/THIM/sgx/certification/v4/",
     "http://169.254.169.254/metadata/THIM", 4, false},
    {"http://[::1]:8081", "http://[::1]:8081", 4, false},
    {"http://[::ffff:1.2.3.4]/x/", "http://[::ffff:1.2.3.4]/x", 4, false},
    {"http://pccs_1.my-site.example:65535/a/b~c", "http://pccs_1.my-site.example:65535/a/b~c", 4,
     false},
};

static void takes_services_apart(void **state)
{
    (void)state;
    EACH(i, good)
    {
        pcs_base b;
        ratls_error e;
        if (pcs_base_parse(good[i].url, NULL, &b, &e) != RATLS_OK)
            fail_msg("%s: %s", good[i].url, e.text);
        assert_string_equal(b.root, good[i].root);
        assert_int_equal(b.version, good[i].version);
        assert_int_equal(b.intel, good[i].intel);
        assert_null(b.update);
    }
}

#define LIES(why) "URL of a service: " why

static const struct {
    const char *url;
    ratls_code code;
    const char *says;
} bad[] = {
    {"", RATLS_E_UNSUPPORTED, LIES("expected it to begin with http:// or https://")},
    {"https", RATLS_E_UNSUPPORTED, LIES("expected it to begin with")},
    {"https:", RATLS_E_UNSUPPORTED, LIES("expected it to begin with")},
    {"https:/a", RATLS_E_UNSUPPORTED, LIES("expected it to begin with")},
    {"ftp://a", RATLS_E_UNSUPPORTED, LIES("expected it to begin with")},
    {"file:///etc/passwd", RATLS_E_UNSUPPORTED, LIES("expected it to begin with")},
    {"httpss://a", RATLS_E_UNSUPPORTED, LIES("expected it to begin with")},
    {"xhttp://a", RATLS_E_UNSUPPORTED, LIES("expected it to begin with")},
    {" https://a", RATLS_E_UNSUPPORTED, LIES("expected it to begin with")},
    {"localhost:8081", RATLS_E_UNSUPPORTED, LIES("expected it to begin with")},
    {"https://", RATLS_E_MALFORMED, LIES("its host is no name and no address")},
    {"https:///sgx", RATLS_E_MALFORMED, LIES("its host is no name")},
    {"https://:8081", RATLS_E_MALFORMED, LIES("its host is no name")},
    {"https://a b", RATLS_E_MALFORMED, LIES("its host is no name")},
    {"https://a\r\nHost: b", RATLS_E_MALFORMED, LIES("its host is no name")},
    {"https://a%2fb", RATLS_E_MALFORMED, LIES("its host is no name")},
    {"https://a\\b", RATLS_E_MALFORMED, LIES("its host is no name")},
    {"https://\xc3\xa4", RATLS_E_MALFORMED, LIES("its host is no name")},
    {"https://[]", RATLS_E_MALFORMED, LIES("its host is no name")},
    {"https://[::1", RATLS_E_MALFORMED, LIES("its host is no name")},
    {"https://[localhost]", RATLS_E_MALFORMED, LIES("its host is no name")},
    {"https://[fe80::1%eth0]", RATLS_E_MALFORMED, LIES("its host is no name")},
    {"https://[::1]x", RATLS_E_MALFORMED, LIES("its port is no number from 1 to 65535")},
    {"https://a:", RATLS_E_MALFORMED, LIES("its port is no number")},
    {"https://a:0", RATLS_E_MALFORMED, LIES("its port is no number")},
    {"https://a:080", RATLS_E_MALFORMED, LIES("its port is no number")},
    {"https://a:65536", RATLS_E_MALFORMED, LIES("its port is no number")},
    {"https://a:4294967376", RATLS_E_MALFORMED, LIES("its port is no number")},
    {"https://a:80x", RATLS_E_MALFORMED, LIES("its port is no number")},
    {"https://a:80:80", RATLS_E_MALFORMED, LIES("its port is no number")},
    {"https://user:secret@a", RATLS_E_MALFORMED, LIES("it has a user's name, expected none")},
    {"https://@a", RATLS_E_MALFORMED, LIES("it has a user's name")},
    {"https://a/?key=secret", RATLS_E_MALFORMED, LIES("it has a query, expected none")},
    {"https://a?", RATLS_E_MALFORMED, LIES("it has a query, expected none")},
    {"https://a/#x", RATLS_E_MALFORMED, LIES("it has a fragment, expected none")},
    {"https://a/b c", RATLS_E_MALFORMED, LIES("byte 0x20 in its path")},
    {"https://a/b%2e", RATLS_E_MALFORMED, LIES("byte 0x25 in its path")},
    {"https://a/\x7f", RATLS_E_MALFORMED, LIES("byte 0x7f in its path")},
    {"https://a/b@c", RATLS_E_MALFORMED, LIES("byte 0x40 in its path")},
    {"https://a//b", RATLS_E_MALFORMED, LIES("its path has a segment that is empty, . or ..")},
    {"https://a/b//", RATLS_E_MALFORMED, LIES("its path has a segment")},
    {"https://a/../b", RATLS_E_MALFORMED, LIES("its path has a segment")},
    {"https://a/b/..", RATLS_E_MALFORMED, LIES("its path has a segment")},
    {"https://a/./b", RATLS_E_MALFORMED, LIES("its path has a segment")},
    {"https://a/sgx/certification/v2/", RATLS_E_UNSUPPORTED,
     LIES("its path is /sgx/certification/v2, expected none or an end in /sgx/certification/v3 or "
          "v4")},
    {"https://a/sgx/certification/v44", RATLS_E_UNSUPPORTED, LIES("its path is")},
    {"https://a/sgx/certification", RATLS_E_UNSUPPORTED, LIES("its path is")},
    {"https://a/snp/certification/v4", RATLS_E_UNSUPPORTED, LIES("its path is")},
    {"https://a/sgx/certification/v4/tcb", RATLS_E_UNSUPPORTED, LIES("its path is")},
    {"https://a/sgx/certification/v4/sgx/certification/v4", RATLS_E_UNSUPPORTED,
     LIES("its path is")},
};

static void refuses_other_urls(void **state)
{
    (void)state;
    EACH(i, bad)
    {
        pcs_base b;
        ratls_error e = {.text = ""};
        ratls_code code = pcs_base_parse(bad[i].url, NULL, &b, &e);
        if (code != bad[i].code || strstr(e.text, bad[i].says) != e.text)
            fail_msg("%s: %s: %s", bad[i].url, ratls_code_name(code), e.text);
        assert_null(strstr(e.text, "secret"));
    }
}

static void bounds_length(void **state)
{
    (void)state;
    char url[PCS_BASE_MAX + 2] = "https://";
    memset(url + 8, 'a', sizeof url - 9);
    pcs_base b;
    ratls_error e;
    assert_int_equal(pcs_base_parse(url, NULL, &b, &e), RATLS_E_MALFORMED);
    assert_string_equal(e.text, LIES("257 characters, at most 256"));
    url[PCS_BASE_MAX] = '\0';
    assert_int_equal(pcs_base_parse(url, "standard", &b, &e), RATLS_OK);
    assert_string_equal(b.root, url);
    /* The longest base with the longest of the rest. */
    char out[PCS_URL_SIZE];
    pcs_item_url(&b, &(ratls_item){.kind = RATLS_ITEM_TCB_INFO, .tee = RATLS_TEE_TDX}, out);
    assert_int_equal(strlen(out),
                     PCS_BASE_MAX +
                         strlen("/tdx/certification/v4/tcb?fmspc=000000000000&update=standard"));
}

#define FMSPC                                                                                      \
    {                                                                                              \
        0x00, 0x90, 0x6e, 0xd5, 0x00, 0x0a                                                         \
    }

static const struct {
    ratls_item item;
    const char *pccs3, *pcs4_early, *text;
} items[] = {
    {{RATLS_ITEM_TCB_INFO, RATLS_TEE_SGX, FMSPC, false},
     "https://a:1/p/sgx/certification/v3/tcb?fmspc=00906ed5000a",
     "https://api.trustedservices.intel.com/sgx/certification/v4/"
     "tcb?fmspc=00906ed5000a&update=early",
     "SGX TCB info for FMSPC 00906ed5000a"},
    {{RATLS_ITEM_TCB_INFO, RATLS_TEE_TDX, FMSPC, false},
     "https://a:1/p/tdx/certification/v3/tcb?fmspc=00906ed5000a",
     "https://api.trustedservices.intel.com/tdx/certification/v4/"
     "tcb?fmspc=00906ed5000a&update=early",
     "TDX TCB info for FMSPC 00906ed5000a"},
    {{RATLS_ITEM_QE_IDENTITY, RATLS_TEE_SGX, {0}, false},
     "https://a:1/p/sgx/certification/v3/qe/identity",
     "https://api.trustedservices.intel.com/sgx/certification/v4/qe/identity?update=early",
     "SGX QE identity"},
    {{RATLS_ITEM_QE_IDENTITY, RATLS_TEE_TDX, {0}, false},
     "https://a:1/p/tdx/certification/v3/qe/identity",
     "https://api.trustedservices.intel.com/tdx/certification/v4/qe/identity?update=early",
     "TDX QE identity"},
    {{RATLS_ITEM_PCK_CRL, 0, {0}, false},
     "https://a:1/p/sgx/certification/v3/pckcrl?ca=platform&encoding=der",
     "https://api.trustedservices.intel.com/sgx/certification/v4/pckcrl?ca=platform&encoding=der",
     "CRL of the PCK Platform CA"},
    {{RATLS_ITEM_PCK_CRL, 0, {0}, true},
     "https://a:1/p/sgx/certification/v3/pckcrl?ca=processor&encoding=der",
     "https://api.trustedservices.intel.com/sgx/certification/v4/pckcrl?ca=processor&encoding=der",
     "CRL of the PCK Processor CA"},
    {{RATLS_ITEM_ROOT_CA_CRL, 0, {0}, false},
     "https://a:1/p/sgx/certification/v3/rootcacrl",
     "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der",
     "CRL of the root CA"},
};

static void names_each_item(void **state)
{
    (void)state;
    pcs_base pccs, pcs;
    ratls_error e;
    assert_int_equal(pcs_base_parse("https://a:1/p/tdx/certification/v3/", NULL, &pccs, &e),
                     RATLS_OK);
    assert_int_equal(pcs_base_parse("https://api.trustedservices.intel.com/sgx/certification/v4/",
                                    "early", &pcs, &e),
                     RATLS_OK);
    EACH(i, items)
    {
        char url[PCS_URL_SIZE], text[PCS_ITEM_TEXT_SIZE];
        pcs_item_url(&pccs, &items[i].item, url);
        assert_string_equal(url, items[i].pccs3);
        pcs_item_url(&pcs, &items[i].item, url);
        assert_string_equal(url, items[i].pcs4_early);
        pcs_item_text(&items[i].item, text);
        assert_string_equal(text, items[i].text);
    }
}

static void knows_two_updates(void **state)
{
    (void)state;
    pcs_base b;
    ratls_error e;
    assert_int_equal(pcs_base_parse("https://a", "standard", &b, &e), RATLS_OK);
    assert_string_equal(b.update, "standard");
    static const char *const others[] = {"", "Early", "early&x=1", "all"};
    EACH(i, others)
    {
        assert_int_equal(pcs_base_parse("https://a", others[i], &b, &e), RATLS_E_MALFORMED);
        assert_non_null(strstr(e.text, "expected early or standard"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_services_apart), cmocka_unit_test(refuses_other_urls),
        cmocka_unit_test(bounds_length),        cmocka_unit_test(names_each_item),
        cmocka_unit_test(knows_two_updates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
