/*
 * ratls-mint DIR [--time T]: writes quotes, collateral and certificates of the tests' miniature
 * vendor into DIR, valid at T (Unix seconds; default: now), and says what each file is. For the
 * demo and the tests of the command line.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cert_maker.h"

static const char *directory;

static void put(const char *name, bytes content, const char *what)
{
    bytes path = arena_format("%s/%s", directory, name);
    FILE *f = fopen((const char *)path.p, "wb");
    if (f == NULL || fwrite(content.p, 1, content.n, f) != content.n || fclose(f) != 0)
        arena_die("%s can't be written: %s", (const char *)path.p, strerror(errno));
    (void)printf("%-26s %s\n", name, what);
}

static void put_cert(const char *name, const tls_spec *t, const char *what)
{
    put(name, pem_of("CERTIFICATE", tls_make(t).der), what);
}

static void put_scheme(const char *name, const vendor *v, tls_scheme scheme, const char *what)
{
    tls_spec t = tls_spec_of(v, scheme, NULL);
    put_cert(name, &t, what);
}

static const char *iso_date(int64_t t)
{
    time_t seconds = (time_t)t;
    struct tm tm;
    MUST(gmtime_r(&seconds, &tm) != NULL);
    char *text = arena_alloc(32);
    MUST(strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0);
    return text;
}

static EVP_PKEY *thief(void)
{
    return key_named(KEY_TYPE_P256, "thief");
}

/* The evidence of a certificate in one with another key: well signed, bound to nothing. */
static bytes copied_evidence(const vendor *v, const tls_made *m)
{
    tls_spec t = tls_spec_of(v, TLS_INTEROPERABLE, thief());
    t.evidence = m->evidence;
    return tls_make(&t).der;
}

/* With one thing wrong each, under the key of cert-sgx.pem. */
static void mint_broken(const vendor *v, const tls_made *m, EVP_PKEY *key)
{
    tls_spec t = tls_spec_of(v, TLS_INTEROPERABLE, key);
    t.claims = bytes_from_hex("a1656e6f6e63654100"); /* {"nonce": h'00'} */
    put_cert("cert-sgx-claims.pem", &t, "claims without pubkey-hash");
    t = tls_spec_of(v, TLS_INTEROPERABLE, key);
    t.quote = bytes_of(m->quote.quote.p, m->quote.quote.n / 2);
    put_cert("cert-sgx-short.pem", &t, "half a quote");
    tls_spec other = tls_spec_of(v, TLS_GRAMINE_LEGACY, thief());
    t = tls_spec_of(v, TLS_GRAMINE, key);
    t.legacy_quote = tls_make(&other).quote.quote;
    put_cert("cert-sgx-disagree.pem", &t, "two extensions, the older one for another key");
}

static void mint_sgx(const vendor *v, bytes report_data)
{
    put("collateral-sgx.json", vendor_collateral_json(v), "collateral of the SGX platform");
    collateral_set c = vendor_collateral(v);
    endorsement_items items = endorsement_items_oe(&c, iso_date(v->now));
    put("collateral-sgx.oe", endorsements_oe(&items), "the same, as Open Enclave's endorsements");
    put("quote-sgx-v3.bin", vendor_quote(v, report_data).quote, "SGX quote, version 3");

    tls_spec t = tls_spec_of(v, TLS_INTEROPERABLE, NULL);
    tls_made m = tls_make(&t);
    put("cert-sgx.pem", pem_of("CERTIFICATE", m.der), "common format, SGX, self-signed");
    put("key-sgx.pem", key_private_pem(t.cert.key), "its private key");
    size_t at = bytes_find(m.der, m.quote.quote) + m.quote.body_at + SGX_AT_MRENCLAVE;
    bytes flipped = cert_resigned(bytes_flipped(m.der, at, 0), t.cert.key);
    put("cert-sgx-flipped.pem", pem_of("CERTIFICATE", flipped),
        "the same, one bit of MRENCLAVE flipped, certificate signed again");
    put("cert-sgx-copied.pem", pem_of("CERTIFICATE", copied_evidence(v, &m)),
        "its evidence under another key");
    put("key-sgx-copied.pem", key_private_pem(thief()), "that key");
    mint_broken(v, &m, t.cert.key);
    t.endorsements = true;
    put_cert("cert-sgx-endorsed.pem", &t, "with the endorsements extension");
    t.endorsements = false;
    t.has_nonce = true;
    t.nonce = bytes_from_hex("000102030405060708090a0b0c0d0e0f");
    put_cert("cert-sgx-nonce.pem", &t, "with a nonce claim, 000102...0f");

    tls_spec gramine = tls_spec_of(v, TLS_GRAMINE, NULL);
    put("cert-gramine.pem", pem_of("TRUSTED CERTIFICATE", tls_make(&gramine).der),
        "as Gramine writes it: two extensions, its PEM label");
    put_scheme("cert-gramine-legacy.pem", v, TLS_GRAMINE_LEGACY, "Gramine, older extension alone");
    put_scheme("cert-sgxsdk.pem", v, TLS_SGX_SDK, "as Intel's SGX SDK writes it");
    put_scheme("cert-sgxsdk-legacy.pem", v, TLS_SGX_SDK_LEGACY, "SGX SDK before 2.22");
    tls_spec rats_tls = tls_spec_of(v, TLS_RATS_TLS_LEGACY, NULL);
    rats_tls.cert.version = 3;
    put_cert("cert-rats-tls-legacy.pem", &rats_tls, "RATS-TLS until 2022: X.509 version 4");
    put_scheme("cert-oe-report.pem", v, TLS_OE_REPORT, "Open Enclave, report");
    put_scheme("cert-oe.pem", v, TLS_OE_EVIDENCE, "Open Enclave, evidence");
    tls_spec none = tls_spec_of(v, TLS_NONE, NULL);
    put_cert("cert-none.pem", &none, "an ordinary certificate without evidence");
    put("key-none.pem", key_private_pem(none.cert.key), "its private key");

    vendor debug = *v;
    debug.quote.body[SGX_AT_ATTRIBUTES] |= 2;
    put_scheme("cert-sgx-debug.pem", &debug, TLS_INTEROPERABLE, "common format, debug enclave");
    vendor old = *v;
    old.pck_ext.components[0] = old.tcb_info.levels[2].sgx[0];
    put_scheme("cert-sgx-outofdate.pem", &old, TLS_INTEROPERABLE, "platform out of date");
}

static void put_request(const char *name, const request_spec *q, const char *what)
{
    put(name, pem_of("CERTIFICATE REQUEST", request_make(q)), what);
}

/* A request for what an attester would put into its certificate, and for these names. */
static request_spec asking(const vendor *v, const char *nonce, bytes alt_names, tls_made *m)
{
    tls_spec t = tls_spec_of(v, TLS_INTEROPERABLE, key_named(KEY_TYPE_P256, "requester"));
    t.has_nonce = nonce != NULL;
    t.nonce = nonce != NULL ? bytes_from_hex(nonce) : BYTES_NONE;
    *m = tls_prepare(&t);
    ext_remove(&m->cert.ext, OID_AUTHORITY_KEY_ID);
    if (alt_names.n > 0)
        (void)ext_add(&m->cert.ext, OID_SUBJECT_ALT_NAME, false, alt_names);
    return request_for(&m->cert);
}

static void mint_requests(const vendor *v, const vendor *tdx)
{
    tls_made m;
    bytes names = mk_seq(mk_tlv(DER_CONTEXT(2), bytes_text("www.example.com")),
                         mk_tlv(DER_CONTEXT(7), bytes_from_hex("c0000201")));
    bytes mail = mk_seq(mk_tlv(DER_CONTEXT(1), bytes_text("root@example.com")));
    request_spec q = asking(v, NULL, BYTES_NONE, &m);
    put_request("request-sgx.pem", &q, "a request with evidence, SGX");
    request_spec other = q;
    other.break_signature = true;
    put_request("request-broken.pem", &other, "the same, its signature broken");
    other = q;
    other.key = thief();
    put_request("request-copied.pem", &other, "its evidence in a request for another key");
    other = q;
    bytes evidence = ext_find(&m.cert.ext, OID_EVIDENCE)->value;
    size_t at = bytes_find(evidence, m.quote.quote) + m.quote.body_at + SGX_AT_MRENCLAVE;
    ext_set(&other.ext, OID_EVIDENCE, false, bytes_flipped(evidence, at, 0));
    put_request("request-flipped.pem", &other, "the same, one bit of MRENCLAVE flipped");
    other = q;
    ext_set(&other.ext, OID_BASIC_CONSTRAINTS, true, ext_basic(true, 0));
    put_request("request-to-be-ca.pem", &other, "the same, to be a CA");
    other = q;
    ext_remove(&other.ext, OID_EVIDENCE);
    put_request("request-none.pem", &other, "a request without evidence");
    q = asking(v, NULL, names, &m);
    put_request("request-names.pem", &q, "for www.example.com and 192.0.2.1");
    q = asking(v, NULL, mail, &m);
    put_request("request-mail.pem", &q, "for a mail address");
    q = asking(v, "000102030405060708090a0b0c0d0e0f", BYTES_NONE, &m);
    put_request("request-nonce.pem", &q, "with a nonce claim, 000102...0f");
    vendor debug = *v;
    debug.quote.body[SGX_AT_ATTRIBUTES] |= 2;
    q = asking(&debug, NULL, BYTES_NONE, &m);
    put_request("request-debug.pem", &q, "of a debug enclave");
    q = asking(tdx, NULL, BYTES_NONE, &m);
    put_request("request-tdx.pem", &q, "a request with evidence, TDX");
}

static void mint_tdx(const vendor *v4, const vendor *v5, bytes report_data)
{
    put("collateral-tdx.json", vendor_collateral_json(v4), "collateral of the TDX platform");
    put("quote-tdx-v4.bin", vendor_quote(v4, report_data).quote, "TDX quote, version 4");
    put("quote-tdx-v5.bin", vendor_quote(v5, report_data).quote, "TDX quote, version 5, TD 1.5");
    put_scheme("cert-tdx.pem", v4, TLS_INTEROPERABLE, "common format, TDX v4");
    put_scheme("cert-tdx-v5.pem", v5, TLS_INTEROPERABLE, "common format, TDX v5");
    put_scheme("cert-tdx-sgxsdk.pem", v4, TLS_SGX_SDK, "SGX SDK on TDX: claims bound by SHA-384");
    vendor debug = *v4;
    debug.quote.body[TD_AT_TDATTRIBUTES] |= 1;
    put_scheme("cert-tdx-debug.pem", &debug, TLS_INTEROPERABLE, "common format, debug TD");
}

static void mint_ca(const vendor *v)
{
    cert_spec ca = cert_spec_of("CN=Test TLS CA,O=Test", key_named(KEY_TYPE_P256, "tls ca"),
                                v->now - VENDOR_DAY, v->now + 365 * (int64_t)VENDOR_DAY);
    (void)ext_add(&ca.ext, OID_BASIC_CONSTRAINTS, true, ext_basic(true, 0));
    (void)ext_add(&ca.ext, OID_KEY_USAGE, true, ext_usage(USAGE_CERT_SIGN | USAGE_CRL_SIGN));
    (void)ext_add(&ca.ext, OID_SUBJECT_KEY_ID, false, ext_subject_key_id(ca.key));
    put("ca.pem", pem_of("CERTIFICATE", cert_make(&ca)), "an ordinary TLS CA: --ca");
    tls_spec t = tls_spec_of(v, TLS_INTEROPERABLE, NULL);
    cert_issued_by(&t.cert, &ca);
    put_cert("cert-sgx-ca.pem", &t, "common format, SGX, signed by that CA");
}

int main(int argc, char **argv)
{
    long long now = (long long)time(NULL);
    char *end = NULL;
    if (argc == 4 && strcmp(argv[2], "--time") == 0)
        now = strtoll(argv[3], &end, 10);
    if ((argc != 2 && end == NULL) || (end != NULL && (*end != '\0' || end == argv[3]))) {
        (void)fprintf(stderr, "usage: ratls-mint DIR [--time UNIX-SECONDS]\n");
        return 2;
    }
    directory = argv[1];
    vendor sgx = vendor_of(QUOTE_SGX, 3, false, now);
    vendor_use_ca(&sgx, true); /* the same PCK CA for all */
    vendor tdx4 = vendor_of(QUOTE_TDX, 4, false, now), tdx5 = vendor_of(QUOTE_TDX, 5, true, now);
    bytes report_data = digest_of(EVP_sha512(), bytes_text("ratls-mint"));
    put("root.pem", vendor_root_pem(&sgx), "the vendor's root: --root");
    mint_sgx(&sgx, report_data);
    mint_tdx(&tdx4, &tdx5, report_data);
    mint_ca(&sgx);
    mint_requests(&sgx, &tdx4);
    return 0;
}
