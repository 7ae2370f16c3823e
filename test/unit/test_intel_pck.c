#include "testing.h"

#include "tee/intel_pck.h"
#include "vendor.h"

/* A leaf of the Platform CA (7 items) or of the Processor CA (5 items). */
static vendor world(bool platform)
{
    vendor v = vendor_of(QUOTE_SGX, 3, false, VENDOR_T0);
    vendor_use_ca(&v, platform);
    return v;
}

static ratls_code read_leaf(const vendor *v, ratls_pck_facts *out, ratls_error *e)
{
    certificate c;
    bytes der = vendor_pck(v);
    assert_int_equal(certificate_parse(der, &c, e), RATLS_OK);
    return intel_pck_read(&c, out, e);
}

static bytes item(const char *suffix, bytes value)
{
    bytes oid = arena_format(PCK_EXTENSION_OID "%s", suffix);
    return mk_seq(mk_oid((const char *)oid.p), value);
}

static bytes octets(size_t n)
{
    buf b = {0};
    buf_fill(&b, 0x5a, n);
    return mk_octets(buf_bytes(&b));
}

/* The TCB item with one of its 18 replaced (index 1 to 18; 0: none) and something added. */
static bytes tcb_with(unsigned which, bytes instead, bytes added)
{
    buf b = {0};
    for (unsigned i = 1; i <= 18; i++) {
        bytes suffix = arena_format(".2.%u", i);
        bytes right = item((const char *)suffix.p, i == 18 ? octets(16) : mk_uint(i));
        buf_put(&b, i == which ? instead : right);
    }
    buf_put(&b, added);
    return item(".2", mk_tlv(DER_SEQUENCE, buf_bytes(&b)));
}

static void test_all_items(void **state)
{
    (void)state;
    ratls_pck_facts f;
    ratls_error e;
    vendor v = world(true);
    v.pck_ext.cpusvn_given = true;
    memset(v.pck_ext.cpusvn, 0x77, 16);
    v.pck_ext.components[0] = 0;
    v.pck_ext.components[1] = 127;
    v.pck_ext.components[2] = 128; /* two bytes in DER */
    v.pck_ext.components[15] = 255;
    v.pck_ext.pcesvn = 65535;
    v.pck_ext.pce_id[1] = 9;
    v.pck_ext.cached_keys = false;
    v.pck_ext.sgx_type = 2;
    assert_int_equal(read_leaf(&v, &f, &e), RATLS_OK);
    assert_memory_equal(f.ppid, v.pck_ext.ppid, 16);
    assert_memory_equal(f.tcb_components, v.pck_ext.components, 16);
    assert_memory_equal(f.cpu_svn, v.pck_ext.cpusvn, 16);
    assert_int_equal(f.pce_svn, 65535);
    assert_memory_equal(f.pce_id, v.pck_ext.pce_id, 2);
    assert_memory_equal(f.fmspc, v.pck_ext.fmspc, 6);
    assert_int_equal(f.sgx_type, 2);
    assert_true(f.has_platform);
    assert_memory_equal(f.platform_instance_id, v.pck_ext.platform_instance_id, 16);
    assert_true(f.dynamic_platform && !f.cached_keys && f.smt_enabled);

    v = world(false);
    v.pck_ext.pcesvn = 0;
    assert_int_equal(read_leaf(&v, &f, &e), RATLS_OK);
    assert_false(f.has_platform || f.dynamic_platform || f.cached_keys || f.smt_enabled);
    assert_int_equal(f.pce_svn, 0);
    assert_int_equal(f.sgx_type, 0);
}

/* Order is not part of the format [DCAP 1.3]. */
static void test_any_order(void **state)
{
    (void)state;
    ratls_pck_facts f;
    ratls_error e;
    vendor v = world(true);
    bytes instance = item(".6", octets(16)), tcb = tcb_with(0, BYTES_NONE, BYTES_NONE);
    v.pck_ext.omit = 1U << 6 | 1U << 2;
    v.pck_ext.extra = join(instance, tcb);
    assert_int_equal(read_leaf(&v, &f, &e), RATLS_OK);
    for (unsigned i = 0; i < 16; i++)
        assert_int_equal(f.tcb_components[i], i + 1);
    assert_int_equal(f.pce_svn, 17);
    assert_int_equal(f.cpu_svn[15], 0x5a);
    assert_int_equal(f.platform_instance_id[0], 0x5a);
}

static void must_refuse(const char *name, const vendor *v, ratls_code code, const char *part)
{
    ratls_pck_facts f;
    ratls_error e = {.text = ""};
    ratls_code found = read_leaf(v, &f, &e);
    if (found != code || e.code != code || strstr(e.text, part) == NULL)
        fail_msg("%s: %s (%s), expected %s and \"%s\"", name, ratls_code_name(found), e.text,
                 ratls_code_name(code), part);
}

static const char *const names[8] = {
    NULL, "PPID", "TCB", "PCE-ID", "FMSPC", "SGX type", "platform instance id", "configuration"};

static void test_missing_and_twice(void **state)
{
    (void)state;
    for (unsigned platform = 0; platform < 2; platform++)
        for (unsigned i = 1; i <= (platform != 0 ? 7U : 5U); i++) {
            vendor v = world(platform != 0);
            v.pck_ext.omit = 1U << i;
            must_refuse("missing", &v, RATLS_E_MALFORMED, names[i]);
            v.pck_ext.omit = 0;
            v.pck_ext.twice = 1U << i;
            must_refuse("twice", &v, RATLS_E_MALFORMED, "twice or unknown");
        }
    for (unsigned i = 1; i <= 18; i++) {
        vendor v = world(false);
        v.pck_ext.omit_component = i;
        must_refuse("TCB without an item", &v, RATLS_E_MALFORMED, "\"TCB\"");
        bytes suffix = arena_format(".2.%u", i);
        v = world(false);
        v.pck_ext.omit = 1U << 2;
        v.pck_ext.extra = tcb_with(0, BYTES_NONE,
                                   item((const char *)suffix.p, i == 18 ? octets(16) : mk_uint(1)));
        must_refuse("TCB with an item twice", &v, RATLS_E_MALFORMED, "\"TCB\"");
    }
    vendor v = world(true);
    v.pck_ext.omit = 1U << 6 | 1U << 7;
    ratls_pck_facts f;
    ratls_error e;
    assert_int_equal(read_leaf(&v, &f, &e), RATLS_OK); /* five items, as of the Processor CA */
    assert_false(f.has_platform);
}

/* One item replaced by another element. */
static void test_wrong_items(void **state)
{
    (void)state;
    uint8_t three = 3;
    bytes type3 = mk_tlv(DER_ENUMERATED, bytes_of(&three, 1));
    const struct {
        const char *name;
        unsigned item;
        bytes instead;
        const char *part;
    } cases[] = {
        {"PPID of 15", 1, item(".1", octets(15)), "PPID"},
        {"PPID of 17", 1, item(".1", octets(17)), "PPID"},
        {"PPID empty", 1, item(".1", octets(0)), "PPID"},
        {"PPID an INTEGER", 1, item(".1", mk_uint(1)), "PPID"},
        {"PPID and more", 1, mk_seq(mk_oid(PCK_EXTENSION_OID ".1"), octets(16), mk_null()), "PPID"},
        {"PPID without a value", 1, mk_seq(mk_oid(PCK_EXTENSION_OID ".1")), "PPID"},
        {"PCE-ID of 1", 3, item(".3", octets(1)), "PCE-ID"},
        {"PCE-ID of 3", 3, item(".3", octets(3)), "PCE-ID"},
        {"FMSPC of 5", 4, item(".4", octets(5)), "FMSPC"},
        {"FMSPC of 7", 4, item(".4", octets(7)), "FMSPC"},
        {"SGX type 3", 5, item(".5", type3), "SGX type"},
        {"SGX type an INTEGER", 5, item(".5", mk_uint(0)), "SGX type"},
        {"instance id of 15", 6, item(".6", octets(15)), "platform instance id"},
        {"instance id of 17", 6, item(".6", octets(17)), "platform instance id"},
        {"configuration a BOOLEAN", 7, item(".7", mk_bool(true)), "configuration"},
        {"configuration with .7.4", 7, item(".7", mk_seq(item(".7.4", mk_bool(true)))),
         "configuration"},
        {"configuration with .7.1 twice", 7,
         item(".7", mk_seq(item(".7.1", mk_bool(true)), item(".7.1", mk_bool(true)))),
         "configuration"},
        {"configuration with an INTEGER", 7, item(".7", mk_seq(item(".7.1", mk_uint(1)))),
         "configuration"},
        {"BOOLEAN 01", 7,
         item(".7", mk_seq(item(".7.1", mk_tlv(DER_BOOLEAN, bytes_of("\x01", 1))))),
         "configuration"},
        {"TCB an OCTET STRING", 2, item(".2", octets(16)), "TCB"},
        {"TCB empty", 2, item(".2", mk_tlv(DER_SEQUENCE, BYTES_EMPTY)), "TCB"},
        {"component 1 is 256", 2, tcb_with(1, item(".2.1", mk_uint(256)), BYTES_NONE), "TCB"},
        {"component 16 is 256", 2, tcb_with(16, item(".2.16", mk_uint(256)), BYTES_NONE), "TCB"},
        {"component -1", 2, tcb_with(1, item(".2.1", mk_int_raw(bytes_of("\xff", 1))), BYTES_NONE),
         "TCB"},
        {"component padded", 2,
         tcb_with(1, item(".2.1", mk_int_raw(bytes_of("\0\x01", 2))), BYTES_NONE), "TCB"},
        {"component empty", 2, tcb_with(1, item(".2.1", mk_int_raw(BYTES_EMPTY)), BYTES_NONE),
         "TCB"},
        {"component an OCTET STRING", 2, tcb_with(1, item(".2.1", octets(1)), BYTES_NONE), "TCB"},
        {"PCESVN 65536", 2, tcb_with(17, item(".2.17", mk_uint(65536)), BYTES_NONE), "TCB"},
        {"CPUSVN of 15", 2, tcb_with(18, item(".2.18", octets(15)), BYTES_NONE), "TCB"},
        {"CPUSVN of 17", 2, tcb_with(18, item(".2.18", octets(17)), BYTES_NONE), "TCB"},
        {"component .2.19", 2, tcb_with(0, BYTES_NONE, item(".2.19", mk_uint(1))), "TCB"},
        {"component .2.0", 2, tcb_with(1, item(".2.0", mk_uint(1)), BYTES_NONE), "TCB"},
        {"a component's OID of another item", 2, tcb_with(1, item(".3.1", mk_uint(1)), BYTES_NONE),
         "TCB"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vendor v = world(true);
        v.pck_ext.omit = 1U << cases[i].item;
        v.pck_ext.extra = cases[i].instead;
        must_refuse(cases[i].name, &v, RATLS_E_MALFORMED, cases[i].part);
    }
}

static void test_unknown_items(void **state)
{
    (void)state;
    const struct {
        const char *name;
        bytes extra;
    } cases[] = {
        {"item .8", item(".8", mk_uint(1))},
        {"item .0", item(".0", mk_uint(1))},
        {"item .129, two bytes", item(".129", mk_uint(1))},
        {"the extension's own OID", item("", mk_uint(1))},
        {"item .1.1", item(".1.1", octets(16))},
        {"an OID of others", mk_seq(mk_oid("1.2.3.4"), mk_uint(1))},
        {"no OID", mk_seq(mk_uint(1), mk_uint(1))},
        {"an empty SEQUENCE", mk_tlv(DER_SEQUENCE, BYTES_EMPTY)},
        {"no SEQUENCE", mk_null()},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vendor v = world(true);
        v.pck_ext.extra = cases[i].extra;
        must_refuse(cases[i].name, &v, RATLS_E_MALFORMED, "twice or unknown");
    }
}

static void test_whole_extension(void **state)
{
    (void)state;
    vendor v = world(true);
    bytes right = pck_extension(&v.pck_ext);
    v.pck_ext.raw = mk_tlv(DER_SEQUENCE, BYTES_EMPTY);
    must_refuse("an empty extension", &v, RATLS_E_MALFORMED, "lacks the item \"PPID\"");
    v.pck_ext.raw = mk_tlv(DER_SET, bytes_cut(right, right.n - 4));
    must_refuse("a SET", &v, RATLS_E_MALFORMED, "not DER");
    v.pck_ext.raw = join(right, mk_null());
    must_refuse("bytes after it", &v, RATLS_E_MALFORMED, "not DER");
    for (size_t n = 1; n < right.n; n++) {
        arena_mark mark = arena_here();
        v.pck_ext.raw = bytes_cut(right, n);
        must_refuse("cut short", &v, RATLS_E_MALFORMED, "PCK certificate");
        arena_back(mark);
    }
    v = world(true);
    (void)ext_add(&v.pck.ext, "1.2.840.113741.1.13.2", false, right); /* a near miss */
    certificate c;
    ratls_pck_facts f;
    ratls_error e = {.text = ""};
    bytes der = cert_make(&v.pck);
    assert_int_equal(certificate_parse(der, &c, &e), RATLS_OK);
    assert_int_equal(intel_pck_read(&c, &f, &e), RATLS_E_MISSING);
    assert_int_equal(e.code, RATLS_E_MISSING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_items),     cmocka_unit_test(test_any_order),
        cmocka_unit_test(test_wrong_items),   cmocka_unit_test(test_missing_and_twice),
        cmocka_unit_test(test_unknown_items), cmocka_unit_test(test_whole_extension),
    };
    return cmocka_run_group_tests_name("intel_pck", tests, NULL, NULL);
}
