/* Ordinary certificates for attested requests: what gets into them, until when, and what refuses.
 */
#include "testing.h"

#include <openssl/x509v3.h>

#include "issue/name.h"
#include "issue/ordinary.h"
#include "judge.h"
#include "x509_maker.h"

#define T0   1767225600
#define HOUR 3600
#define DAY  86400

typedef struct scene {
    cert_spec ca_spec;
    bytes ca_der, request_der;
    certificate ca, request;
    crypto_private *key;
    uint8_t serial[ISSUE_SERIAL_SIZE];
    const char *allowed[ORDINARY_NAMES_MAX];
    ordinary_order order;
    uint8_t room[ORDINARY_MAX];
    bytes der;
    ordinary_made made;
    ratls_error e;
} scene;

static bytes general(unsigned choice, bytes value)
{
    return mk_tlv(DER_CONTEXT(choice), value);
}

static bytes dns(const char *name)
{
    return general(2, bytes_text(name));
}

/* The CA of this spec, and a request for these GeneralNames, if any. */
static void ask(scene *s, bytes names)
{
    request_spec q = request_spec_of("CN=evil.example", key_named(KEY_TYPE_P384, "subscriber"));
    ext_set(&q.ext, OID_BASIC_CONSTRAINTS, true, ext_basic(false, -1));
    ext_set(&q.ext, OID_KEY_USAGE, true, ext_usage(USAGE_CERT_SIGN | USAGE_SIGNATURE));
    ext_set(&q.ext, "2.23.133.5.4.9", false, mk_null());
    if (names.n > 0)
        ext_set(&q.ext, OID_SUBJECT_ALT_NAME, false, mk_seq(names));
    s->request_der = request_make(&q);
    assert_int_equal(request_parse(s->request_der, &s->request, &s->e), RATLS_OK);
}

static void use_ca(scene *s)
{
    s->ca_der = cert_make(&s->ca_spec);
    assert_int_equal(certificate_parse(s->ca_der, &s->ca, &s->e), RATLS_OK);
}

static scene *scene_new(void)
{
    scene *s = arena_alloc(sizeof *s);
    EVP_PKEY *key = key_named(KEY_TYPE_P256, "issuing ca");
    s->ca_spec = cert_spec_of("CN=Test CA", key, T0 - 30 * DAY, T0 + 30 * DAY);
    ext_set(&s->ca_spec.ext, OID_BASIC_CONSTRAINTS, true, ext_basic(true, 0));
    ext_set(&s->ca_spec.ext, OID_KEY_USAGE, true, ext_usage(USAGE_CERT_SIGN));
    ext_set(&s->ca_spec.ext, OID_SUBJECT_KEY_ID, false, ext_subject_key_id(key));
    use_ca(s);
    s->key = crypto_private_from_pem(key_private_pem(key));
    assert_non_null(s->key);
    memset(s->serial, 0xa5, sizeof s->serial);
    ask(s, BYTES_NONE);
    s->order = (ordinary_order){.ca = &s->ca,
                                .ca_key = s->key,
                                .request = &s->request,
                                .serial = bytes_of(s->serial, sizeof s->serial),
                                .allowed = s->allowed,
                                .now = T0,
                                .seconds = 24 * HOUR,
                                .evidence_until = T0 + 20 * DAY};
    return s;
}

static void end(scene *s)
{
    crypto_private_free(s->key);
}

static ratls_code issue(scene *s)
{
    writer w = wr_of(s->room, sizeof s->room);
    s->e = (ratls_error){.text = ""};
    ratls_code code = issue_ordinary(&s->order, &w, &s->made, &s->e);
    s->der = code == RATLS_OK ? wr_bytes(&w) : BYTES_NONE;
    return code;
}

static void must_refuse(scene *s, const char *what, ratls_code code, const char *says)
{
    ratls_code got = issue(s);
    if (got != code || s->e.code != code || strstr(s->e.text, says) == NULL)
        fail_msg("%s: %s, \"%s\" lacks \"%s\"", what, ratls_code_name(got), s->e.text, says);
}

static void it_is_an_ordinary_certificate(void **state)
{
    (void)state;
    scene *s = scene_new();
    certificate c;
    assert_int_equal(issue(s), RATLS_OK);
    assert_int_equal(certificate_parse(s->der, &c, &s->e), RATLS_OK);
    assert_true(certificate_serial_ok(&c));
    assert_bytes(c.serial, join(bytes_from_hex("00"), bytes_of(s->serial, sizeof s->serial)));
    assert_bytes(c.issuer, s->ca.subject);
    assert_bytes(c.spki, s->request.spki);
    assert_bytes(c.authority_key_id, s->ca.subject_key_id);
    assert_int_equal(c.subject_key_id.n, ISSUE_KEY_ID_SIZE);
    assert_true(c.has_basic_constraints && !c.is_ca);
    assert_int_equal(c.key_usage, KEY_USAGE_DIGITAL_SIGNATURE);
    assert_int_equal(c.not_before, T0 - 300);
    assert_int_equal(c.not_after, T0 + 24 * HOUR);
    /* Nothing else of the request: no evidence, no name, not its subject. */
    assert_int_equal(c.extensions_n, 5);
    assert_int_equal(c.unknown_critical_n, 0);
    assert_bytes(name_common(c.subject), hex_of(digest_of(EVP_sha256(), s->request.spki)));
    /* OpenSSL takes it for what it is meant for. */
    X509 *x = x509_of(s->der), *ca = x509_of(s->ca_der);
    assert_int_equal(X509_verify(x, X509_get0_pubkey(ca)), 1);
    assert_int_equal(X509_check_issued(ca, x), X509_V_OK);
    assert_int_equal(X509_check_purpose(x, X509_PURPOSE_SSL_SERVER, 0), 1);
    assert_int_equal(X509_check_purpose(x, X509_PURPOSE_SSL_CLIENT, 0), 1);
    assert_int_equal(X509_check_purpose(x, X509_PURPOSE_SMIME_SIGN, 0), 0);
    assert_int_equal(X509_check_ca(x), 0);
    X509_free(x);
    X509_free(ca);
    end(s);
}

static void names_are_those_that_are_allowed(void **state)
{
    (void)state;
    static const struct {
        const char *what, *hex_names, *allowed[4], *made[4];
        ratls_code code;
        const char *says;
    } cases[] = {
        {"none of either", "", {NULL}, {NULL}, RATLS_OK, ""},
        {"none asked for", "", {"a.example"}, {NULL}, RATLS_OK, ""},
        {"one", "820161", {"a"}, {"a"}, RATLS_OK, ""},
        {"one of two", "820161", {"b", "a"}, {"a"}, RATLS_OK, ""},
        {"both, in any order", "820162 820161", {"a", "b"}, {"a", "b"}, RATLS_OK, ""},
        {"twice the same", "820161 820141", {"a"}, {"a"}, RATLS_OK, ""},
        {"another case", "820141", {"a"}, {"a"}, RATLS_OK, ""},
        {"none allowed",
         "820161",
         {NULL},
         {NULL},
         RATLS_E_POLICY,
         "the DNS name \"a\", which is not among the 0 names"},
        {"one of them not",
         "820161 820163",
         {"a", "b"},
         {NULL},
         RATLS_E_POLICY,
         "the DNS name \"c\""},
        {"a longer one", "82026161", {"a"}, {NULL}, RATLS_E_POLICY, "\"aa\""},
        {"a shorter one", "820161", {"aa"}, {NULL}, RATLS_E_POLICY, "\"a\""},
        {"with a NUL", "8203610062", {"a"}, {NULL}, RATLS_E_POLICY, "a DNS name that is none"},
        {"with an escape", "8203611b62", {"a"}, {NULL}, RATLS_E_POLICY, "a DNS name that is none"},
        {"of nothing", "8200", {"a"}, {NULL}, RATLS_E_POLICY, "a DNS name that is none"},
        {"a wildcard", "82032a2e61", {"*.a"}, {"*.a"}, RATLS_OK, ""},
        {"below a wildcard", "8203622e61", {"*.a"}, {NULL}, RATLS_E_POLICY, "\"b.a\""},
        {"a wildcard of an allowed one", "82032a2e61", {"b.a"}, {NULL}, RATLS_E_POLICY, "\"*.a\""},
        {"an address", "8704c0000201", {"192.0.2.1"}, {"192.0.2.1"}, RATLS_OK, ""},
        {"another address",
         "8704c0000202",
         {"192.0.2.1"},
         {NULL},
         RATLS_E_POLICY,
         "the address 192.0.2.2"},
        {"an address as DNS name",
         "8209 3139322e302e322e31",
         {"192.0.2.1"},
         {NULL},
         RATLS_E_POLICY,
         "the DNS name \"192.0.2.1\""},
        {"an address of IPv6",
         "8710 20010db8000000000000000000000001",
         {"2001:db8::1"},
         {"2001:db8::1"},
         RATLS_OK,
         ""},
        {"another of IPv6",
         "8710 20010db8000000000000000000000002",
         {"2001:db8::1"},
         {NULL},
         RATLS_E_POLICY,
         "the address 20010db8000000000000000000000002 (hex)"},
        {"an address of 5 bytes",
         "8705c000020100",
         {"192.0.2.1"},
         {NULL},
         RATLS_E_POLICY,
         "neither a DNS name nor"},
        {"a mail address", "8103614062", {"a"}, {NULL}, RATLS_E_POLICY, "neither a DNS name nor"},
        {"a URI", "8603613a62", {"a"}, {NULL}, RATLS_E_POLICY, "neither a DNS name nor"},
        {"an allowed name that is none", "", {"a..b"}, {NULL}, RATLS_E_MALFORMED, "\"a..b\""},
    };
    scene *s = scene_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char hex[64];
        size_t n = 0;
        for (const char *p = cases[i].hex_names; *p != '\0'; p++)
            if (*p != ' ')
                hex[n++] = *p;
        hex[n] = '\0';
        ask(s, n > 0 ? bytes_from_hex(hex) : BYTES_NONE);
        for (s->order.allowed_n = 0; cases[i].allowed[s->order.allowed_n] != NULL;
             s->order.allowed_n++)
            s->allowed[s->order.allowed_n] = cases[i].allowed[s->order.allowed_n];
        if (cases[i].code != RATLS_OK) {
            must_refuse(s, cases[i].what, cases[i].code, cases[i].says);
            continue;
        }
        if (issue(s) != RATLS_OK)
            fail_msg("%s: %s", cases[i].what, s->e.text);
        bool same = true;
        for (size_t k = 0; k < s->made.names_n; k++)
            same =
                same && cases[i].made[k] != NULL && strcmp(s->made.names[k], cases[i].made[k]) == 0;
        if (!same || cases[i].made[s->made.names_n] != NULL)
            fail_msg("%s: other names", cases[i].what);
        certificate c;
        assert_int_equal(certificate_parse(s->der, &c, &s->e), RATLS_OK);
        assert_int_equal(c.extensions_n, s->made.names_n > 0 ? 6 : 5);
    }
    end(s);
}

static void it_outlives_neither_ca_nor_collateral(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        int64_t ca_from, ca_until, evidence_until;
        uint32_t seconds;
        ratls_code code;
        int64_t not_before, not_after;
        const char *says;
    } cases[] = {
        {"nothing ends", -DAY, DAY, DAY, HOUR, RATLS_OK, -300, HOUR, ""},
        {"at the very end of both", -DAY, HOUR, HOUR, HOUR, RATLS_OK, -300, HOUR, ""},
        {"the CA ends", -DAY, HOUR - 1, DAY, HOUR, RATLS_OK, -300, HOUR - 1, ""},
        {"the collateral ends", -DAY, DAY, HOUR - 1, HOUR, RATLS_OK, -300, HOUR - 1, ""},
        {"both end, the CA first", -DAY, 10, 20, HOUR, RATLS_OK, -300, 10, ""},
        {"both end, the collateral first", -DAY, 20, 10, HOUR, RATLS_OK, -300, 10, ""},
        {"a CA of now", 0, DAY, DAY, HOUR, RATLS_OK, 0, HOUR, ""},
        {"a CA of a minute ago", -60, DAY, DAY, HOUR, RATLS_OK, -60, HOUR, ""},
        {"a CA of the future", 1, DAY, DAY, HOUR, RATLS_E_STALE, 0, 0, "CA: not valid before"},
        {"a CA that has ended", -DAY, -1, DAY, HOUR, RATLS_E_STALE, 0, 0, "the CA ended at"},
        {"a CA that ends now", -DAY, 0, DAY, HOUR, RATLS_E_STALE, 0, 0, "the CA ended at"},
        {"collateral that has ended", -DAY, DAY, -1, HOUR, RATLS_E_STALE, 0, 0,
         "the collateral ended at"},
        {"no collateral was read", -DAY, DAY, -T0, HOUR, RATLS_E_STALE, 0, 0,
         "the collateral ended at 1970-01-01T00:00:00Z"},
    };
    scene *s = scene_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        s->ca_spec.not_before = T0 + cases[i].ca_from;
        s->ca_spec.not_after = T0 + cases[i].ca_until;
        use_ca(s);
        s->order.evidence_until = T0 + cases[i].evidence_until;
        s->order.seconds = cases[i].seconds;
        if (cases[i].code != RATLS_OK) {
            must_refuse(s, cases[i].what, cases[i].code, cases[i].says);
            continue;
        }
        if (issue(s) != RATLS_OK)
            fail_msg("%s: %s", cases[i].what, s->e.text);
        certificate c;
        assert_int_equal(certificate_parse(s->der, &c, &s->e), RATLS_OK);
        if (c.not_before != T0 + cases[i].not_before || c.not_after != T0 + cases[i].not_after ||
            s->made.not_before != c.not_before || s->made.not_after != c.not_after)
            fail_msg("%s: other dates", cases[i].what);
    }
    end(s);
}

static void what_else_refuses(void **state)
{
    (void)state;
    scene *s = scene_new();
    request_spec q = request_spec_of("CN=a", key_named(KEY_TYPE_P256, "subscriber"));
    ext_set(&q.ext, OID_BASIC_CONSTRAINTS, true, ext_basic(true, -1));
    s->request_der = request_make(&q);
    assert_int_equal(request_parse(s->request_der, &s->request, &s->e), RATLS_OK);
    must_refuse(s, "to be a CA", RATLS_E_POLICY, "asks to be a CA");
    ask(s, BYTES_NONE);
    s->order.subject = s->ca.subject;
    must_refuse(s, "the CA's subject", RATLS_E_POLICY, "would look self-signed");
    s->order.subject = mk_name("CN=web 1");
    assert_int_equal(issue(s), RATLS_OK);
    certificate c;
    assert_int_equal(certificate_parse(s->der, &c, &s->e), RATLS_OK);
    assert_bytes(c.subject, s->order.subject);
    writer small = wr_of(s->room, 300);
    assert_int_equal(issue_ordinary(&s->order, &small, &s->made, &s->e), RATLS_E_LIMIT);
    /* The most names, each of the greatest length, fit. */
    buf all = {0};
    char label[64];
    memset(label, 'a', 63);
    label[63] = '\0';
    for (size_t i = 0; i < ORDINARY_NAMES_MAX; i++) {
        s->allowed[i] =
            (const char *)arena_format("%s.%s.%s.%.57s%02zu.b", label, label, label, label, i).p;
        assert_int_equal(strlen(s->allowed[i]), 253);
        buf_put(&all, dns(s->allowed[i]));
    }
    s->order.allowed_n = ORDINARY_NAMES_MAX;
    ask(s, buf_bytes(&all));
    if (issue(s) != RATLS_OK)
        fail_msg("%s", s->e.text);
    assert_int_equal(s->made.names_n, ORDINARY_NAMES_MAX);
    end(s);
}

static void a_ca_may_sign_and_has_its_key(void **state)
{
    (void)state;
    scene *s = scene_new();
    assert_int_equal(ordinary_check_ca(&s->ca, s->key, &s->e), RATLS_OK);
    crypto_private *other = crypto_private_new(CRYPTO_P256);
    assert_int_equal(ordinary_check_ca(&s->ca, other, &s->e), RATLS_E_UNTRUSTED);
    crypto_private_free(other);
    ext_set(&s->ca_spec.ext, OID_KEY_USAGE, true, ext_usage(USAGE_SIGNATURE));
    use_ca(s);
    assert_int_equal(ordinary_check_ca(&s->ca, s->key, &s->e), RATLS_E_UNTRUSTED);
    ext_remove(&s->ca_spec.ext, OID_KEY_USAGE);
    use_ca(s);
    assert_int_equal(ordinary_check_ca(&s->ca, s->key, &s->e), RATLS_OK);
    ext_set(&s->ca_spec.ext, OID_BASIC_CONSTRAINTS, true, ext_basic(false, -1));
    use_ca(s);
    assert_int_equal(ordinary_check_ca(&s->ca, s->key, &s->e), RATLS_E_UNTRUSTED);
    /* Without a key identifier of its own: the one that would be given to it. */
    ext_set(&s->ca_spec.ext, OID_BASIC_CONSTRAINTS, true, ext_basic(true, 0));
    ext_remove(&s->ca_spec.ext, OID_SUBJECT_KEY_ID);
    use_ca(s);
    assert_int_equal(issue(s), RATLS_OK);
    certificate c;
    uint8_t id[ISSUE_KEY_ID_SIZE];
    assert_int_equal(certificate_parse(s->der, &c, &s->e), RATLS_OK);
    assert_true(issue_key_id(s->ca.spki, id));
    assert_bytes(c.authority_key_id, bytes_of(id, sizeof id));
    end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_an_ordinary_certificate),
        cmocka_unit_test(names_are_those_that_are_allowed),
        cmocka_unit_test(it_outlives_neither_ca_nor_collateral),
        cmocka_unit_test(what_else_refuses),
        cmocka_unit_test(a_ca_may_sign_and_has_its_key),
    };
    return cmocka_run_group_tests_name("issue_ordinary", tests, NULL, NULL);
}
