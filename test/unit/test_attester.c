/* Certificates for every peer, as the verifier and OpenSSL see them. */
#include "testing.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "cert_maker.h"
#include "evidence/endorsements.h"
#include "evidence/evidence.h"
#include "evidence/intel_quote.h"
#include "judge.h"
#include "world.h"
#include "x509/certificate.h"

#define NOW            VENDOR_T0
#define EACH(i, table) for (size_t i = 0; i < sizeof(table) / sizeof *(table); i++)

static const struct {
    const char *name;
    quote_tee tee;
    unsigned version;
    bool td15;
} flavours[] = {
    {"SGX v3", QUOTE_SGX, 3, false},      {"SGX v4", QUOTE_SGX, 4, false},
    {"SGX v5", QUOTE_SGX, 5, false},      {"TDX v4", QUOTE_TDX, 4, false},
    {"TDX v5, 1.0", QUOTE_TDX, 5, false}, {"TDX v5, 1.5", QUOTE_TDX, 5, true},
};

#define OK  RATLS_OK
#define UNS RATLS_E_UNSUPPORTED

static const struct {
    ratls_peer peer;
    const char *name, *scheme;
    ratls_code code[6]; /* by flavour */
    const char *oids[3];
    unsigned quotes; /* asked for */
} peers[] = {
    {RATLS_PEER_ANY, "any", "interoperable", {OK, OK, OK, OK, OK, OK}, {OID_EVIDENCE}, 1},
    {RATLS_PEER_RATS_TLS, "rats-tls", "interoperable", {OK, OK, OK, OK, OK, OK}, {OID_EVIDENCE}, 1},
    {RATLS_PEER_GRAMINE,
     "gramine",
     "interoperable",
     {OK, OK, OK, UNS, UNS, UNS},
     {OID_EVIDENCE, OID_GRAMINE_AS_MEANT},
     2},
    {RATLS_PEER_SGX_SDK,
     "sgx-sdk",
     "interoperable",
     {OK, OK, OK, OK, OK, OK},
     {OID_EVIDENCE, OID_SGX_SDK},
     2},
    {RATLS_PEER_OPEN_ENCLAVE,
     "open-enclave",
     "open-enclave-report",
     {OK, UNS, UNS, UNS, UNS, UNS},
     {OID_OE_REPORT},
     1},
};

static const char *const all_oids[] = {
    OID_EVIDENCE,     OID_ENDORSEMENTS, OID_GRAMINE_AS_ENCODED, OID_GRAMINE_AS_MEANT,
    OID_RATS_TLS_TDX, OID_SGX_SDK,      OID_OE_EVIDENCE,        OID_OE_EVIDENCE_OLD,
    OID_OE_REPORT,    OID_OE_REPORT_OLD};

static EVP_PKEY *key_of(const ratls_credential *c)
{
    bytes pem = ratls_credential_key_pem(c);
    BIO *in = BIO_new_mem_buf(pem.p, (int)pem.n);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
    assert_non_null(key);
    BIO_free(in);
    return key;
}

static void must_accept(const char *name, const ratls_verifier *r, bytes der, int64_t now)
{
    ratls_error e = {.text = ""};
    if (world_judge(r, der, now, &e) != RATLS_OK)
        fail_msg("%s: %s", name, e.text);
}

/* Just these evidence extensions, none critical. */
static void check_extensions(bytes der, const char *const oids[3])
{
    certificate c;
    ratls_error e;
    assert_int_equal(certificate_parse(der, &c, &e), RATLS_OK);
    EACH(i, all_oids)
    {
        bool wanted = false;
        for (size_t k = 0; k < 3; k++)
            wanted = wanted || (oids[k] != NULL && strcmp(oids[k], all_oids[i]) == 0);
        const extension *x = certificate_extension(&c, oid_contents(all_oids[i]));
        assert_int_equal(x != NULL, wanted);
        assert_false(x != NULL && x->critical);
    }
    assert_int_equal(c.unknown_critical_n, 0);
}

static void every_peer_and_flavour(void **state)
{
    (void)state;
    EACH(f, flavours)
    EACH(p, peers)
    {
        arena_mark mark = arena_here();
        world w = world_of(flavours[f].tee, flavours[f].version, flavours[f].td15);
        ratls_attester_options o = world_options(&w);
        o.peer = peers[p].peer;
        ratls_attester *a = world_attester(&o);
        ratls_error e = {.text = ""};
        ratls_code code = ratls_attester_renew(a, NOW, &e);
        if (code != peers[p].code[f])
            fail_msg("%s for %s: %s", flavours[f].name, peers[p].name, e.text);
        ratls_credential *c = ratls_attester_certificate(a);
        assert_int_equal(c != NULL, code == RATLS_OK);
        if (c != NULL) {
            ratls_verifier *r = world_verifier(&w.vendor);
            ratls_result *result = ratls_result_new();
            const ratls_verify_options vo = {.time = NOW, .time_is_explicit = true};
            bool sdk_tdx = peers[p].peer == RATLS_PEER_SGX_SDK && flavours[f].tee == QUOTE_TDX;
            if (ratls_verify_certificate(r, ratls_credential_chain(c, 0), &vo, result, &e) !=
                RATLS_OK)
                fail_msg("%s for %s: %s", flavours[f].name, peers[p].name, e.text);
            assert_string_equal(ratls_result_scheme(result), peers[p].scheme);
            assert_string_equal(ratls_result_binding_hash(result), sdk_tdx ? "sha384" : "sha256");
            assert_int_equal(w.quotes, peers[p].quotes);
            check_extensions(ratls_credential_chain(c, 0), peers[p].oids);
            assert_int_equal(ratls_credential_chain(c, 1).n, 0);
            ratls_result_free(&result);
            ratls_verifier_free(&r);
        }
        ratls_credential_free(&c);
        ratls_attester_free(&a);
        assert_true(w.freed);
        arena_back(mark);
    }
}

static bytes hashed_as(const char *hash, bytes data)
{
    uint8_t *out = arena_alloc(64);
    bytes digest = digest_of(strcmp(hash, "sha384") == 0 ? EVP_sha384() : EVP_sha256(), data);
    memset(out, 0, 64);
    memcpy(out, digest.p, digest.n);
    return bytes_of(out, 64);
}

/* The extension for older peers, as they read it: without the common one. */
static void older_extension_alone(void **state)
{
    (void)state;
    static const struct {
        ratls_peer peer;
        const char *oid, *scheme;
        bool pem; /* of the key, with NUL, is what the quote is over */
    } rows[] = {
        {RATLS_PEER_GRAMINE, OID_GRAMINE_AS_MEANT, "gramine-legacy", false},
        {RATLS_PEER_SGX_SDK, OID_SGX_SDK, "sgx-sdk-legacy", true},
    };
    EACH(f, flavours)
    EACH(i, rows)
    {
        if (rows[i].peer == RATLS_PEER_GRAMINE && flavours[f].tee == QUOTE_TDX)
            continue;
        arena_mark mark = arena_here();
        world w = world_of(flavours[f].tee, flavours[f].version, flavours[f].td15);
        ratls_attester_options o = world_options(&w);
        o.peer = rows[i].peer;
        ratls_credential *c = world_certificate(&o, NOW);
        certificate cert;
        intel_quote q;
        ratls_error e = {.text = ""};
        assert_int_equal(certificate_parse(ratls_credential_chain(c, 0), &cert, &e), RATLS_OK);
        const extension *x = certificate_extension(&cert, oid_contents(rows[i].oid));
        assert_int_equal(intel_quote_parse(x->value, &q, &e), RATLS_OK);
        assert_int_equal(q.trailing.n, 0);
        EVP_PKEY *key = key_of(c);
        bytes pem = join(key_pem(key), bytes_of("", 1));
        assert_bytes(q.report_data, hashed_as("sha256", rows[i].pem ? pem : key_spki(key)));
        cert_spec alone = cert_spec_of("CN=alone", key, NOW - 60, NOW + 60);
        (void)ext_add(&alone.ext, rows[i].oid, false, arena_copy(x->value));
        ratls_verifier *r = world_verifier(&w.vendor);
        ratls_result *result = ratls_result_new();
        const ratls_verify_options vo = {.time = NOW, .time_is_explicit = true};
        if (ratls_verify_certificate(r, cert_make(&alone), &vo, result, &e) != RATLS_OK)
            fail_msg("%s, %s: %s", flavours[f].name, rows[i].scheme, e.text);
        assert_string_equal(ratls_result_scheme(result), rows[i].scheme);
        EVP_PKEY_free(key);
        ratls_result_free(&result);
        ratls_verifier_free(&r);
        ratls_credential_free(&c);
        arena_back(mark);
    }
}

/* Each byte of `part` changed, in a certificate that its own key signs again. */
static void refuse_flips(const char *name, const ratls_verifier *r, bytes der, bytes part,
                         EVP_PKEY *key)
{
    for (size_t i = 0; i < part.n; i++) {
        arena_mark mark = arena_here();
        size_t at = (size_t)(part.p - der.p) + i;
        ratls_error e;
        if (world_judge(r, cert_resigned(bytes_flipped(der, at, i % 8), key), NOW, &e) == RATLS_OK)
            fail_msg("%s: byte %zu of %zu at %zu changed, and accepted", name, i, part.n, at);
        arena_back(mark);
    }
}

/*
 * What the binding rests on: the key, the claims, and all of the quote that is signed. Of an older
 * evidence beside the judged one only what it says of the key.
 */
static void each_bound_byte(void **state)
{
    (void)state;
    EACH(f, flavours)
    EACH(p, peers)
    {
        if (peers[p].code[f] != RATLS_OK)
            continue;
        arena_mark mark = arena_here();
        world w = world_of(flavours[f].tee, flavours[f].version, flavours[f].td15);
        ratls_attester_options o = world_options(&w);
        o.peer = peers[p].peer;
        ratls_credential *c = world_certificate(&o, NOW);
        ratls_verifier *r = world_verifier(&w.vendor);
        EVP_PKEY *key = key_of(c);
        bytes der = ratls_credential_chain(c, 0);
        must_accept("unchanged", r, cert_resigned(der, key), NOW);
        certificate cert;
        evidence_set set;
        ratls_error e;
        assert_int_equal(certificate_parse(der, &cert, &e), RATLS_OK);
        assert_int_equal(evidence_find(&cert, &set, &e), RATLS_OK);
        refuse_flips(peers[p].name, r, der, cert.point, key);
        for (size_t i = 0; i < set.n; i++) {
            intel_quote q;
            assert_int_equal(intel_quote_parse(set.all[i].payload, &q, &e), RATLS_OK);
            refuse_flips(peers[p].name, r, der, set.all[i].claims, key);
            refuse_flips(peers[p].name, r, der, i == 0 ? q.signed_bytes : q.report_data, key);
        }
        EVP_PKEY_free(key);
        ratls_credential_free(&c);
        ratls_verifier_free(&r);
        arena_back(mark);
    }
}

static void what_it_says(void **state)
{
    (void)state;
    static const char *const names[] = {"web.example", "*.example.org", "192.0.2.7", "2001:db8::1"};
    world w = world_of(QUOTE_SGX, 3, false);
    ratls_attester_options o = world_options(&w);
    o.subject = "CN=web 1,O=Example\\, Inc.,C=DE";
    o.names = names;
    o.names_n = 4;
    ratls_credential *c = world_certificate(&o, NOW), *d = world_certificate(&o, NOW);
    X509 *x = x509_of(ratls_credential_chain(c, 0));
    char text[256];
    assert_non_null(X509_NAME_oneline(X509_get_subject_name(x), text, sizeof text));
    assert_string_equal(text, "/CN=web 1/O=Example, Inc./C=DE");
    assert_int_equal(X509_check_host(x, "web.example", 0, 0, NULL), 1);
    assert_int_equal(X509_check_host(x, "a.example.org", 0, 0, NULL), 1);
    assert_int_equal(X509_check_host(x, "example.com", 0, 0, NULL), 0);
    assert_int_equal(X509_check_ip_asc(x, "192.0.2.7", 0), 1);
    assert_int_equal(X509_check_ip_asc(x, "2001:db8::1", 0), 1);
    assert_int_equal(X509_check_ip_asc(x, "2001:db8::2", 0), 0);
    EVP_PKEY *key = key_of(c);
    assert_int_equal(X509_check_private_key(x, key), 1);
    assert_int_equal(X509_verify(x, key), 1);
    EVP_PKEY_free(key);
    X509_free(x);
    certificate a, b;
    ratls_error e;
    assert_int_equal(certificate_parse(ratls_credential_chain(c, 0), &a, &e), RATLS_OK);
    assert_int_equal(certificate_parse(ratls_credential_chain(d, 0), &b, &e), RATLS_OK);
    assert_true(certificate_serial_ok(&a));
    assert_in_range(a.serial.n, 14, 17);
    assert_false(bytes_equal(a.serial, b.serial));
    assert_false(bytes_equal(a.spki, b.spki)); /* a key of its own for each */
    assert_int_equal(a.kind, KEY_P256);
    assert_int_equal(a.not_before, NOW - 300);
    assert_int_equal(a.not_after, NOW + 86400);
    assert_true(a.has_basic_constraints && !a.is_ca);
    assert_int_equal(a.key_usage, KEY_USAGE_DIGITAL_SIGNATURE);
    assert_int_equal(a.subject_key_id.n, 20);
    assert_true(bytes_equal(a.subject_key_id, a.authority_key_id));
    assert_int_equal(ratls_credential_not_before(c), a.not_before);
    assert_int_equal(ratls_credential_not_after(c), a.not_after);
    ratls_credential_free(&c);
    ratls_credential_free(&d);
}

/* The end of the certificate is the first end of all that it rests on. */
static void never_outlives(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t pck, tcb_info, qe_identity, pck_crl, root_crl, signer, limit; /* from now on */
        bool staple;
        int64_t end; /* negative: refused */
        const char *says;
    } rows[] = {
        {"nothing ends", 0, 0, 0, 0, 0, 0, 0, true, 86400, ""},
        {"the limit", 0, 0, 0, 0, 0, 0, 500, false, 500, ""},
        {"the limit is late", 0, 0, 0, 0, 0, 0, 99999, false, 86400, ""},
        {"the limit is past", 0, 0, 0, 0, 0, 0, -1, false, -1, "the limit"},
        {"the PCK", 600, 0, 0, 0, 0, 0, 0, false, 600, ""},
        {"the PCK is past", -1, 0, 0, 0, 0, 0, 0, false, -1, "the certificate chain in the quote"},
        {"TCB info", 0, 700, 0, 0, 0, 0, 0, true, 700, ""},
        {"TCB info, not stapled", 0, 700, 0, 0, 0, 0, 0, false, 86400, ""},
        {"TCB info is past", 0, -1, 0, 0, 0, 0, 0, true, -1, "the TCB info"},
        {"QE identity", 0, 0, 710, 0, 0, 0, 0, true, 710, ""},
        {"PCK CRL", 0, 0, 0, 720, 0, 0, 0, true, 720, ""},
        {"root CRL", 0, 0, 0, 0, 730, 0, 0, true, 730, ""},
        {"TCB signer", 0, 0, 0, 0, 0, 740, 0, true, 740, ""},
    };
    EACH(i, rows)
    {
        arena_mark mark = arena_here();
        world w = world_of(QUOTE_SGX, 3, false);
        vendor *v = &w.vendor;
        int64_t *const ends[] = {&v->pck.not_after,           &v->tcb_info.next_update,
                                 &v->qe_identity.next_update, &v->pck_crl.next_update,
                                 &v->root_crl.next_update,    &v->tcb_signer.not_after};
        const int64_t at[] = {rows[i].pck,     rows[i].tcb_info, rows[i].qe_identity,
                              rows[i].pck_crl, rows[i].root_crl, rows[i].signer};
        EACH(k, ends)
        if (at[k] != 0)
            *ends[k] = NOW + at[k];
        ratls_attester_options o = world_options(&w);
        o.staple = rows[i].staple;
        o.not_after_limit = rows[i].limit != 0 ? NOW + rows[i].limit : 0;
        ratls_attester *a = world_attester(&o);
        ratls_error e = {.text = ""};
        ratls_code code = ratls_attester_renew(a, NOW, &e);
        ratls_credential *c = ratls_attester_certificate(a);
        if (code != (rows[i].end < 0 ? RATLS_E_STALE : RATLS_OK) ||
            strstr(e.text, rows[i].says) == NULL ||
            (c != NULL && ratls_credential_not_after(c) != NOW + rows[i].end))
            fail_msg("%s: %s", rows[i].name, e.text);
        ratls_credential_free(&c);
        ratls_attester_free(&a);
        arena_back(mark);
    }
}

/* Each failure has its own code and sentence, and leaves the certificate before in service. */
static void failures_leave_the_old_one(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        ratls_code fail, fail_collateral;
        bool other_data;
        size_t cut;
        const char *collateral;
        int64_t now;
        ratls_code code;
        const char *says;
    } rows[] = {
        {"device", RATLS_E_SYSTEM, 0, false, 0, NULL, NOW, RATLS_E_SYSTEM, "the device is gone"},
        {"other report data", 0, 0, true, 0, NULL, NOW, RATLS_E_BINDING, "over report data"},
        {"cut off", 0, 0, false, 1, NULL, NOW, RATLS_E_MALFORMED, "no whole quote"},
        {"cut short", 0, 0, false, 4000, NULL, NOW, RATLS_E_MALFORMED, "no whole quote"},
        {"collateral", 0, RATLS_E_MISSING, false, 0, NULL, NOW, RATLS_E_MISSING,
         "collateral: world: the service is not there"},
        {"collateral no JSON", 0, 0, false, 0, "[]", NOW, RATLS_E_MALFORMED, "collateral"},
        {"collateral empty", 0, 0, false, 0, "{}", NOW, RATLS_E_MISSING, "TCB info"},
        {"clock at 0", 0, 0, false, 0, NULL, 0, RATLS_E_STALE, "the clock says"},
        {"clock too late", 0, 0, false, 0, NULL, INT64_MAX, RATLS_E_STALE, "the clock says"},
        {"all has ended", 0, 0, false, 0, NULL, NOW + (int64_t)40 * 365 * 86400, RATLS_E_STALE,
         "cannot outlive"},
    };
    EACH(i, rows)
    {
        arena_mark mark = arena_here();
        world w = world_of(QUOTE_SGX, 3, false);
        ratls_attester_options o = world_options(&w);
        o.staple = true;
        ratls_attester *a = world_attester(&o);
        ratls_error e = {.text = ""};
        assert_null(ratls_attester_certificate(a));
        assert_int_equal(ratls_attester_renew(a, NOW, &e), RATLS_OK);
        ratls_credential *before = ratls_attester_certificate(a);
        w.fail = rows[i].fail;
        w.fail_collateral = rows[i].fail_collateral;
        w.other_data = rows[i].other_data;
        w.cut = rows[i].cut;
        if (rows[i].collateral != NULL)
            w.collateral = bytes_text(rows[i].collateral);
        ratls_code code = ratls_attester_renew(a, rows[i].now, &e);
        if (code != rows[i].code || e.code != code || strstr(e.text, rows[i].says) == NULL)
            fail_msg("%s: %s, %s", rows[i].name, ratls_code_name(code), e.text);
        ratls_credential *after = ratls_attester_certificate(a);
        assert_ptr_equal(before, after);
        ratls_credential_free(&before);
        ratls_credential_free(&after);
        ratls_attester_free(&a);
        arena_back(mark);
    }
}

static void trailing_bytes_are_left_out(void **state)
{
    (void)state;
    world w = world_of(QUOTE_SGX, 3, false);
    w.trailing = 100;
    ratls_attester_options o = world_options(&w);
    o.peer = RATLS_PEER_OPEN_ENCLAVE; /* whose header counts them */
    ratls_credential *c = world_certificate(&o, NOW);
    certificate cert;
    evidence_set set;
    intel_quote q;
    ratls_error e;
    assert_int_equal(certificate_parse(ratls_credential_chain(c, 0), &cert, &e), RATLS_OK);
    assert_int_equal(evidence_find(&cert, &set, &e), RATLS_OK);
    assert_int_equal(intel_quote_parse(set.all[0].payload, &q, &e), RATLS_OK);
    assert_int_equal(q.trailing.n, 0);
    assert_bytes(set.all[0].payload, ratls_credential_quote(c));
    ratls_verifier *r = world_verifier(&w.vendor);
    must_accept("trailing", r, ratls_credential_chain(c, 0), NOW);
    ratls_verifier_free(&r);
    ratls_credential_free(&c);
}

static void staples(void **state)
{
    (void)state;
    EACH(f, flavours)
    {
        arena_mark mark = arena_here();
        world w = world_of(flavours[f].tee, flavours[f].version, flavours[f].td15);
        ratls_attester_options o = world_options(&w);
        o.staple = true;
        o.peer = RATLS_PEER_RATS_TLS;
        ratls_credential *c = world_certificate(&o, NOW);
        certificate cert;
        evidence_set set;
        ratls_error e = {.text = ""};
        assert_int_equal(certificate_parse(ratls_credential_chain(c, 0), &cert, &e), RATLS_OK);
        assert_int_equal(evidence_find(&cert, &set, &e), RATLS_OK);
        /* d9 ea60, 8 items, the version in five bytes [RATLS quirks] */
        assert_bytes(bytes_cut(set.endorsements, 9), bytes_from_hex("d9ea60881a00000003"));
        endorsements s;
        if (endorsements_parse(set.endorsements, &s, &e) != RATLS_OK)
            fail_msg("%s", e.text);
        assert_int_equal(s.tag, 60000);
        /* Text ends in one NUL [sgx_ql_qve_collateral_t]; parsing takes it off. */
        const bytes text[] = {s.tcb_info, s.tcb_info_issuer_chain, s.pck_crl_issuer_chain,
                              s.qe_identity, s.qe_identity_issuer_chain};
        EACH(i, text)
        assert_int_equal(text[i].p[text[i].n], 0);
        collateral_set all = vendor_collateral(&w.vendor);
        assert_bytes(s.tcb_info, tcb_info_served(&all));
        assert_bytes(s.qe_identity, qe_identity_served(&all));
        assert_bytes(s.pck_crl, all.pck_crl);
        assert_bytes(s.root_ca_crl, all.root_ca_crl);
        assert_bytes(s.pck_crl_issuer_chain, all.pck_crl_issuer_chain);
        assert_bytes(s.tcb_info_issuer_chain, all.tcb_info_issuer_chain);
        assert_bytes(s.qe_identity_issuer_chain, all.qe_identity_issuer_chain);
        ratls_verifier *r = world_verifier(&w.vendor);
        must_accept(flavours[f].name, r, ratls_credential_chain(c, 0), NOW);
        ratls_verifier_free(&r);
        ratls_credential_free(&c);
        arena_back(mark);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_peer_and_flavour),
        cmocka_unit_test(older_extension_alone),
        cmocka_unit_test(each_bound_byte),
        cmocka_unit_test(what_it_says),
        cmocka_unit_test(never_outlives),
        cmocka_unit_test(failures_leave_the_old_one),
        cmocka_unit_test(trailing_bytes_are_left_out),
        cmocka_unit_test(staples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
