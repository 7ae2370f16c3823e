#include "testing.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/hex.h"
#include "codec/pem.h"
#include "evidence/intel_quote.h"
#include "hostile.h"
#include "judge.h"
#include "ratls/verify.h"
#include "vectors.h"

/*
 * Properties that hold of every byte: input that is cut short is refused, and so is input of which
 * one bit was changed anywhere in what is bound or signed, also where the attacker signed the
 * certificate anew.
 */

static const tls_scheme schemes[] = {TLS_INTEROPERABLE,      TLS_GRAMINE,       TLS_GRAMINE_LEGACY,
                                     TLS_GRAMINE_LEGACY_OID, TLS_SGX_SDK,       TLS_SGX_SDK_LEGACY,
                                     TLS_RATS_TLS_LEGACY,    TLS_OE_REPORT_OLD, TLS_OE_REPORT,
                                     TLS_OE_EVIDENCE_OLD,    TLS_OE_EVIDENCE};
enum { SCHEMES_N = sizeof schemes / sizeof *schemes };

typedef struct quote_kind {
    const char *name;
    quote_tee tee;
    unsigned version;
    bool td15;
} quote_kind;

static const quote_kind kinds[] = {
    {"SGX v3", QUOTE_SGX, 3, false}, {"SGX v4", QUOTE_SGX, 4, false},
    {"SGX v5", QUOTE_SGX, 5, false}, {"TDX v4", QUOTE_TDX, 4, false},
    {"TDX v5", QUOTE_TDX, 5, false}, {"TDX v5, TD 1.5", QUOTE_TDX, 5, true}};
enum { KINDS_N = sizeof kinds / sizeof *kinds };
static const quote_kind *const sgx3 = &kinds[0], *const tdx4 = &kinds[3];

/* A verifier of one world, and where it puts its results. */
typedef struct judge {
    ratls_verifier *v;
    ratls_result *r;
    ratls_verify_options options;
} judge;

static judge judge_of(const vendor *v, bytes collateral, bytes policy)
{
    ratls_error e;
    judge j = {.v = ratls_verifier_new(), .r = ratls_result_new()};
    j.options = (ratls_verify_options){.time = v->now, .time_is_explicit = true};
    MUST(j.v != NULL && j.r != NULL);
    MUST(ratls_verifier_set_root(j.v, vendor_root(v), &e) == RATLS_OK);
    if (collateral.n > 0)
        MUST(ratls_verifier_add_collateral(j.v, collateral, &e) == RATLS_OK);
    if (policy.n > 0)
        MUST(ratls_verifier_set_policy(j.v, policy, &e) == RATLS_OK);
    return j;
}

static void judge_free(judge *j)
{
    ratls_verifier_free(&j->v);
    ratls_result_free(&j->r);
}

static bool accepts(const judge *j, bytes certificate)
{
    ratls_error e;
    bool ok = ratls_verify_certificate(j->v, certificate, &j->options, j->r, &e) == RATLS_OK;
    assert_int_equal(ok, ratls_result_accepted(j->r));
    return ok;
}

static bool accepts_quote(const judge *j, bytes quote)
{
    ratls_error e;
    bool ok = ratls_verify_quote(j->v, quote, &j->options, j->r, &e) == RATLS_OK;
    assert_int_equal(ok, ratls_result_evidence_valid(j->r));
    return ok;
}

/* In a block of exactly n bytes, so that a sanitizer sees a read past the end. */
static void each_cut_refused(const judge *j, bytes whole, size_t end, const char *name,
                             bool (*accept)(const judge *, bytes))
{
    for (size_t n = 0; n < end; n++) {
        uint8_t *p = malloc(n > 0 ? n : 1);
        assert_non_null(p);
        memcpy(p, whole.p, n);
        if (accept(j, bytes_of(p, n)))
            fail_msg("%s: accepted when cut to %zu of %zu bytes", name, n, whole.n);
        free(p);
    }
}

/* Truncation of what the makers make. */

static void certificates_cut(void **state)
{
    (void)state;
    size_t n = 0;
    for (size_t k = 0; k < 2; k++) {
        const quote_kind *kind = k == 0 ? sgx3 : tdx4;
        for (size_t i = 0; i < SCHEMES_N; i++) {
            arena_mark mark = arena_here();
            hostile_tls *w = hostile_tls_of(schemes[i], kind->tee, kind->version);
            judge j = judge_of(&w->v, vendor_collateral_json(&w->v), w->policy);
            bytes der = tls_make(&w->t).der;
            assert_true(accepts(&j, der));
            each_cut_refused(&j, der, der.n, kind->name, accepts);
            n += der.n;
            judge_free(&j);
            arena_back(mark);
        }
    }
    print_message("%zu truncated certificates\n", n);
}

/* The evidence is cut inside an intact certificate, signed anew. */
static void evidence_cut(void **state)
{
    (void)state;
    static const tls_scheme some[] = {TLS_INTEROPERABLE, TLS_GRAMINE_LEGACY_OID, TLS_OE_EVIDENCE};
    size_t count = 0;
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        hostile_tls *w = hostile_tls_of(some[i], QUOTE_SGX, 3);
        w->t = tls_spec_of(&w->v, some[i], key_named(KEY_TYPE_P256, "tls"));
        judge j = judge_of(&w->v, vendor_collateral_json(&w->v), w->policy);
        bytes whole = tls_prepare(&w->t).evidence;
        cert_spec cert = tls_prepare(&w->t).cert;
        assert_true(accepts(&j, cert_make(&cert)));
        ext_spec *e = &cert.ext.e[cert.ext.n - 1];
        assert_bytes(e->value, whole);
        for (size_t n = 0; n < whole.n; n++) {
            arena_mark mark = arena_here();
            e->value = n > 0 ? bytes_cut(whole, n) : BYTES_EMPTY;
            if (accepts(&j, cert_make(&cert)))
                fail_msg("scheme %d: accepted with %zu of %zu bytes of evidence", (int)some[i], n,
                         whole.n);
            arena_back(mark);
        }
        count += whole.n;
        judge_free(&j);
    }
    print_message("%zu pieces of truncated evidence\n", count);
}

static void quotes_cut(void **state)
{
    (void)state;
    size_t n = 0;
    for (size_t i = 0; i < KINDS_N; i++) {
        const quote_kind *k = &kinds[i];
        vendor v = vendor_of(k->tee, k->version, k->td15, VENDOR_T0);
        judge j = judge_of(&v, vendor_collateral_json(&v), BYTES_NONE);
        quote_made m = vendor_quote(&v, BYTES_NONE);
        assert_int_equal(m.quote.n, m.sig_end);
        assert_true(accepts_quote(&j, m.quote));
        each_cut_refused(&j, m.quote, m.sig_end, k->name, accepts_quote);
        n += m.sig_end;
        /* What follows the signature data means nothing, so any of it is accepted. */
        static const size_t sizes[] = {1, 2, 3, 4, 16, 48, 300, 5000};
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            for (unsigned fill = 0; fill < 256; fill += 85) {
                buf b = {0};
                buf_put(&b, m.quote);
                buf_fill(&b, (uint8_t)fill, sizes[s]);
                assert_true(accepts_quote(&j, buf_bytes(&b)));
            }
        }
        assert_true(accepts_quote(&j, join(m.quote, m.quote)));
        judge_free(&j);
    }
    print_message("%zu truncated quotes\n", n);
}

/* Truncation of what real hardware made. */

/* Where the signature data ends, by the header alone [DCAP 1.1]. */
static size_t end_of_signature_data(bytes quote)
{
    uint64_t version = le_at(quote, 0, 2), tee = le_at(quote, 4, 4);
    size_t at = 48;
    if (version == 5)
        at += 6 + (size_t)le_at(quote, 50, 4);
    else
        at += tee == 0x81 ? 584 : 384;
    return at + 4 + (size_t)le_at(quote, at, 4);
}

static size_t cut_public_quote(bytes quote, const char *name)
{
    intel_quote q;
    ratls_error e;
    size_t end = end_of_signature_data(quote);
    if (intel_quote_parse(quote, &q, &e) != RATLS_OK)
        fail_msg("%s: %s", name, e.text);
    assert_int_equal(q.trailing.n, quote.n - end);
    uint8_t *block = malloc(end);
    assert_non_null(block);
    for (size_t n = 0; n <= end; n++) {
        /* At the end of the block, for the sanitizer. */
        uint8_t *p = block + (end - n);
        memcpy(p, quote.p, n);
        if ((intel_quote_parse(bytes_of(p, n), &q, &e) == RATLS_OK) != (n == end))
            fail_msg("%s: wrong when cut to %zu of %zu bytes", name, n, end);
    }
    free(block);
    return end;
}

static json_t *load(const char *name)
{
    json_t *all = json_load_file(vectors_path(name), JSON_REJECT_DUPLICATES, NULL);
    if (all == NULL)
        fail_msg("%s can't be read", name);
    return all;
}

static void public_quotes_cut(void **state)
{
    (void)state;
    vectors_need();
    json_t *expected = load("dcap/expected.json"), *more = load("dcap/quotes-more.json"), *one;
    const char *name;
    size_t quotes = 0, cuts = 0;
    json_object_foreach(json_object_get(expected, "quotes"), name, one)
    {
        char path[256];
        (void)snprintf(path, sizeof path, "dcap/quotes/%s.bin", name);
        cuts += cut_public_quote(vector_read(path), name);
        quotes++;
    }
    json_object_foreach(more, name, one)
    {
        arena_mark mark = arena_here();
        bytes quote = bytes_from_hex(json_string_value(json_object_get(one, "hex")));
        cuts += cut_public_quote(quote, name);
        quotes++;
        arena_back(mark);
    }
    json_decref(expected);
    json_decref(more);
    assert_int_equal(quotes, 99);
    print_message("%zu truncations of %zu public quotes\n", cuts, quotes);
}

static void public_certificates_cut(void **state)
{
    (void)state;
    vectors_need();
    static const char *const files[] = {"interop-certs/gramine-cert.pem",
                                        "interop-certs/rats-tls-cert.pem",
                                        "interop-certs/intel-sgxsdk-cert.pem"};
    ratls_error e;
    judge j = {.v = ratls_verifier_new(), .r = ratls_result_new()};
    j.options = (ratls_verify_options){.time = 1684162180, .time_is_explicit = true};
    bytes collateral = vector_read("dcap/collateral/sgx-00606a000000-e15-2023-05.json");
    assert_int_equal(ratls_verifier_add_collateral(j.v, collateral, &e), RATLS_OK);
    for (size_t i = 0; i < 3; i++) {
        bytes pem = vector_read(files[i]), label;
        uint8_t *der = arena_alloc(pem.n);
        size_t n, failed;
        reader r = rd_of(pem);
        assert_int_equal(pem_next(&r, &label, der, pem.n, &n), 1);
        /* Whole it is read, and the binding holds; cut it is not even a certificate. */
        (void)accepts(&j, bytes_of(der, n));
        assert_non_null(ratls_result_binding_level(j.r));
        each_cut_refused(&j, bytes_of(der, n), n, files[i], accepts);
        assert_ptr_equal(ratls_result_checks(j.r, &failed) + 1, ratls_result_failure(j.r));
        assert_string_equal(ratls_result_failure(j.r)->id, "certificate.format");
    }
    judge_free(&j);
}

/* Flips. */

static bytes flipped(bytes in, size_t at)
{
    return bytes_flipped(in, at, (unsigned)(at % 8));
}

static size_t last_of(bytes in, bytes what)
{
    size_t found = in.n;
    for (size_t at = 0; at + what.n <= in.n;) {
        size_t next = at + bytes_find(bytes_of(in.p + at, in.n - at), what);
        if (next >= in.n)
            break;
        found = next;
        at = next + 1;
    }
    MUST(found < in.n);
    return found;
}

/* Each byte from `at` on, one bit of it changed, and the certificate signed anew by its own key. */
static void each_flip_refused(const judge *j, bytes der, EVP_PKEY *key, size_t at, size_t n,
                              const char *what)
{
    for (size_t i = at; i < at + n; i++) {
        arena_mark mark = arena_here();
        uint8_t byte = (uint8_t)(der.p[i] ^ 1U << i % 8);
        if (accepts(j, cert_patched(der, i, bytes_of(&byte, 1), key)))
            fail_msg("%s: accepted with byte %zu of %zu changed", what, i - at, n);
        arena_back(mark);
    }
}

/* The whole quote but for its PCK chain, all claims, and the key. */
static void flips_in_certificate(void **state)
{
    (void)state;
    size_t count = 0;
    for (size_t k = 0; k < 2; k++) {
        const quote_kind *kind = k == 0 ? sgx3 : tdx4;
        hostile_tls *w = hostile_tls_of(TLS_INTEROPERABLE, kind->tee, kind->version);
        EVP_PKEY *key = w->t.cert.key;
        judge j = judge_of(&w->v, vendor_collateral_json(&w->v), w->policy);
        tls_made m = tls_make(&w->t);
        bytes der = m.der, spki = key_spki(key);
        assert_true(accepts(&j, cert_resigned(der, key)));
        size_t quote_at = last_of(der, m.quote.quote);
        each_flip_refused(&j, der, key, quote_at, m.quote.cert_at, "quote");
        each_flip_refused(&j, der, key, last_of(der, m.claims), m.claims.n, "claims-buffer");
        each_flip_refused(&j, der, key, last_of(der, spki), spki.n, "SubjectPublicKeyInfo");
        count += m.quote.cert_at + m.claims.n + spki.n;
        judge_free(&j);
    }
    print_message("%zu flips of bound bytes, signed anew\n", count);
}

/* In every scheme: report data, claims and key. The attacker can sign, so only the binding helps.
 */
static void flips_in_every_scheme(void **state)
{
    (void)state;
    size_t count = 0;
    for (size_t i = 0; i < 2 * SCHEMES_N; i++) {
        arena_mark mark = arena_here();
        bool tdx = i >= SCHEMES_N;
        hostile_tls *w =
            hostile_tls_of(schemes[i % SCHEMES_N], tdx ? QUOTE_TDX : QUOTE_SGX, tdx ? 4 : 3);
        w->t = tls_spec_of(&w->v, w->t.scheme, key_named(KEY_TYPE_P256, "tls"));
        EVP_PKEY *key = w->t.cert.key;
        judge j = judge_of(&w->v, vendor_collateral_json(&w->v), w->policy);
        tls_made m = tls_make(&w->t);
        bytes der = m.der, spki = key_spki(key);
        assert_true(accepts(&j, cert_resigned(der, key)));
        size_t quote_at = last_of(der, m.quote.quote);
        each_flip_refused(&j, der, key, quote_at + m.quote.report_data_at, 64, "report data");
        each_flip_refused(&j, der, key, last_of(der, spki), spki.n, "SubjectPublicKeyInfo");
        if (m.claims.n > 0)
            each_flip_refused(&j, der, key, last_of(der, m.claims), m.claims.n, "claims");
        count += 64 + spki.n + m.claims.n;
        judge_free(&j);
        arena_back(mark);
    }
    print_message("%zu flips of bound bytes, signed anew\n", count);
}

/* Any byte of a certificate, not signed anew. */
static void flips_without_signing(void **state)
{
    (void)state;
    size_t count = 0;
    for (size_t k = 0; k < 2; k++) {
        const quote_kind *kind = k == 0 ? sgx3 : tdx4;
        hostile_tls *w = hostile_tls_of(TLS_INTEROPERABLE, kind->tee, kind->version);
        judge j = judge_of(&w->v, vendor_collateral_json(&w->v), w->policy);
        bytes der = tls_make(&w->t).der;
        for (size_t i = 0; i < der.n; i++) {
            arena_mark mark = arena_here();
            if (accepts(&j, flipped(der, i)))
                fail_msg("%s: accepted with byte %zu of %zu changed", kind->name, i, der.n);
            arena_back(mark);
        }
        count += der.n;
        judge_free(&j);
    }
    print_message("%zu flips of any byte, not signed anew\n", count);
}

/* A bare quote of every kind: all but its PCK chain. */
static void flips_in_quotes(void **state)
{
    (void)state;
    size_t count = 0;
    for (size_t k = 0; k < KINDS_N; k++) {
        vendor v = vendor_of(kinds[k].tee, kinds[k].version, kinds[k].td15, VENDOR_T0);
        judge j = judge_of(&v, vendor_collateral_json(&v), BYTES_NONE);
        quote_made m = vendor_quote(&v, BYTES_NONE);
        for (size_t i = 0; i < m.cert_at; i++) {
            arena_mark mark = arena_here();
            if (accepts_quote(&j, flipped(m.quote, i)))
                fail_msg("%s: accepted with byte %zu of %zu changed", kinds[k].name, i, m.cert_at);
            arena_back(mark);
        }
        count += m.cert_at;
        judge_free(&j);
    }
    print_message("%zu flips in quotes\n", count);
}

/* PEM of these certificates, byte `at` of all their DER changed; BYTES_NONE beyond the last. */
static bytes chain_flipped(const bytes *ders, size_t n, size_t at)
{
    buf b = {0};
    bool done = false;
    for (size_t i = 0; i < n; i++) {
        bool here = !done && at < ders[i].n;
        buf_put(&b, pem_of("CERTIFICATE", here ? flipped(ders[i], at) : ders[i]));
        done = done || here;
        at -= done ? 0 : ders[i].n;
    }
    return done ? buf_bytes(&b) : BYTES_NONE;
}

static void flips_in_pck_chain(void **state)
{
    (void)state;
    size_t count = 0;
    for (size_t k = 0; k < 2; k++) {
        const quote_kind *kind = k == 0 ? sgx3 : tdx4;
        vendor v = vendor_of(kind->tee, kind->version, kind->td15, VENDOR_T0);
        judge j = judge_of(&v, vendor_collateral_json(&v), BYTES_NONE);
        const bytes ders[] = {vendor_pck(&v), cert_make(&v.ca), vendor_root(&v)};
        assert_true(accepts_quote(&j, vendor_quote(&v, BYTES_NONE).quote));
        for (size_t at = 0;; at++) {
            arena_mark mark = arena_here();
            v.quote.cert_data = chain_flipped(ders, 3, at);
            if (v.quote.cert_data.p == NULL)
                break;
            if (accepts_quote(&j, vendor_quote(&v, BYTES_NONE).quote))
                fail_msg("%s: accepted with byte %zu of the PCK chain changed", kind->name, at);
            count++;
            arena_back(mark);
        }
        judge_free(&j);
    }
    print_message("%zu flips in PCK chains\n", count);
}

/* The quote under this collateral; what can't be read counts as refused. */
static bool accepts_under(judge *j, const vendor *v, const collateral_set *c, bytes quote)
{
    ratls_error e;
    bytes json = collateral_json(c);
    ratls_verifier_free(&j->v);
    j->v = ratls_verifier_new();
    MUST(j->v != NULL && ratls_verifier_set_root(j->v, vendor_root(v), &e) == RATLS_OK);
    if (ratls_verifier_add_collateral(j->v, json, &e) != RATLS_OK)
        return false;
    return accepts_quote(j, quote);
}

typedef struct item {
    const char *name;
    bytes *of;
} item;

static size_t flips_in_collateral_of(const quote_kind *kind)
{
    vendor v = vendor_of(kind->tee, kind->version, kind->td15, VENDOR_T0);
    judge j = judge_of(&v, BYTES_NONE, BYTES_NONE);
    bytes quote = vendor_quote(&v, BYTES_NONE).quote;
    collateral_set c = vendor_collateral(&v);
    const item items[] = {
        {"TCB info", &c.tcb_info},       {"TCB info's signature", &c.tcb_info_signature},
        {"QE identity", &c.qe_identity}, {"QE identity's signature", &c.qe_identity_signature},
        {"PCK CRL", &c.pck_crl},         {"root CA CRL", &c.root_ca_crl}};
    size_t count = 0;
    assert_true(accepts_under(&j, &v, &c, quote));
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        const bytes right = *items[i].of;
        for (size_t at = 0; at < right.n; at++) {
            arena_mark mark = arena_here();
            /* Bits 0 to 6 only, so that text stays text and the signature has to notice. */
            *items[i].of = bytes_flipped(right, at, (unsigned)(at % 7));
            if (accepts_under(&j, &v, &c, quote))
                fail_msg("%s, %s: accepted with byte %zu changed", kind->name, items[i].name, at);
            arena_back(mark);
        }
        *items[i].of = right;
        count += right.n;
    }
    const item chains[] = {{"TCB info's chain", &c.tcb_info_issuer_chain},
                           {"QE identity's chain", &c.qe_identity_issuer_chain}};
    const bytes ders[] = {cert_make(&v.tcb_signer), vendor_root(&v)};
    for (size_t i = 0; i < 2; i++) {
        const bytes right = *chains[i].of;
        for (size_t at = 0;; at++) {
            arena_mark mark = arena_here();
            *chains[i].of = chain_flipped(ders, 2, at);
            if (chains[i].of->p == NULL)
                break;
            if (accepts_under(&j, &v, &c, quote))
                fail_msg("%s, %s: accepted with byte %zu changed", kind->name, chains[i].name, at);
            count++;
            arena_back(mark);
        }
        *chains[i].of = right;
    }
    assert_true(accepts_under(&j, &v, &c, quote));
    judge_free(&j);
    return count;
}

static void flips_in_collateral(void **state)
{
    (void)state;
    size_t n = flips_in_collateral_of(sgx3) + flips_in_collateral_of(tdx4);
    print_message("%zu flips in collateral\n", n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_cut),
        cmocka_unit_test(evidence_cut),
        cmocka_unit_test(quotes_cut),
        cmocka_unit_test(public_quotes_cut),
        cmocka_unit_test(public_certificates_cut),
        cmocka_unit_test(flips_in_certificate),
        cmocka_unit_test(flips_in_every_scheme),
        cmocka_unit_test(flips_without_signing),
        cmocka_unit_test(flips_in_quotes),
        cmocka_unit_test(flips_in_pck_chain),
        cmocka_unit_test(flips_in_collateral),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
