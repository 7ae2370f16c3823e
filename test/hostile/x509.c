#include "hostile.h"

/* Certificates around right evidence: signature, dates, issuer, algorithms, version, serial, key.
 */

static hostile_tls *sgx(tls_scheme scheme)
{
    return hostile_tls_of(scheme, QUOTE_SGX, 3);
}

/* The certificate in the common format, whose spec an edit then changes whole. */
static hostile_tls *prepared(cert_spec *cert)
{
    hostile_tls *w = sgx(TLS_INTEROPERABLE);
    *cert = tls_prepare(&w->t).cert;
    return w;
}

static hostile_case made(const hostile_tls *w, const cert_spec *cert)
{
    return hostile_tls_case_of(w, cert_make(cert));
}

static EVP_PKEY *other_key(void)
{
    return key_named(KEY_TYPE_P256, "other");
}

/* Signature. */

enum { BROKEN_P256, BROKEN_P384, BROKEN_P521, BROKEN_RSA };

static hostile_case signature_broken(const hostile_maker *self)
{
    static const key_type types[] = {KEY_TYPE_P256, KEY_TYPE_P384, KEY_TYPE_P521, KEY_TYPE_RSA};
    hostile_tls *w = sgx(TLS_INTEROPERABLE);
    w->t = tls_spec_of(&w->v, TLS_INTEROPERABLE, key_named(types[self->number], "tls"));
    w->t.cert.break_signature = true;
    return hostile_tls_case(w);
}

static hostile_case signed_by_other(const hostile_maker *self)
{
    (void)self;
    cert_spec cert;
    hostile_tls *w = prepared(&cert);
    cert.signer = other_key();
    return made(w, &cert);
}

/* Something else in the place of the signature. */
static hostile_case signature_as(const hostile_maker *self)
{
    cert_spec cert;
    hostile_tls *w = prepared(&cert);
    bytes der = cert_make(&cert);
    cert_layout l = cert_layout_of(der);
    bytes signed_part = bytes_of(der.p + l.tbs_at, l.signature_at - l.tbs_at);
    return hostile_tls_case_of(w, mk_seq(signed_part, bytes_from_hex(self->text)));
}

/* One bit of the subject's common name after signing. */
static hostile_case changed_after_signing(const hostile_maker *self)
{
    (void)self;
    cert_spec cert;
    hostile_tls *w = prepared(&cert);
    bytes der = cert_make(&cert);
    size_t at = bytes_find(der, bytes_text("ratls test"));
    MUST(at < der.n);
    der = bytes_patched(der, at, bytes_text("RATLS"));
    size_t again =
        at + 20 + bytes_find(bytes_of(der.p + at + 20, der.n - at - 20), bytes_text("ratls test"));
    return hostile_tls_case_of(w, bytes_patched(der, again, bytes_text("RATLS")));
}

/* The issuer alone: now it looks as if a CA had signed, but the key identifiers say who did. */
static hostile_case issuer_changed(const hostile_maker *self)
{
    (void)self;
    cert_spec cert;
    hostile_tls *w = prepared(&cert);
    bytes der = cert_make(&cert);
    size_t at = bytes_find(der, bytes_text("ratls test"));
    MUST(at < der.n);
    return hostile_tls_case_of(w, bytes_patched(der, at, bytes_text("RATLS")));
}

/* One of the two names (0 the issuer, 1 the subject), where no key identifiers tell who signed. */
static hostile_case name_changed(const hostile_maker *self)
{
    cert_spec cert;
    hostile_tls *w = prepared(&cert);
    if (ext_find(&cert.ext, OID_AUTHORITY_KEY_ID) != NULL)
        ext_remove(&cert.ext, OID_AUTHORITY_KEY_ID);
    if (ext_find(&cert.ext, OID_SUBJECT_KEY_ID) != NULL)
        ext_remove(&cert.ext, OID_SUBJECT_KEY_ID);
    bytes der = cert_make(&cert);
    size_t at = bytes_find(der, bytes_text("ratls test"));
    if (self->number == 1)
        at += 20 + bytes_find(bytes_of(der.p + at + 20, der.n - at - 20), bytes_text("ratls test"));
    MUST(at < der.n);
    return hostile_tls_case_of(w, bytes_flipped(der, at, 0));
}

static hostile_case serial_changed(const hostile_maker *self)
{
    (void)self;
    cert_spec cert;
    hostile_tls *w = prepared(&cert);
    bytes der = cert_make(&cert), before = bytes_from_hex("a003020102020101");
    return hostile_tls_case_of(w, bytes_replaced(der, before, bytes_from_hex("a003020102020102")));
}

/* Dates: the certificate is valid from hostile_time() - 1 h to + 365 days. */

static hostile_case judged_at(const hostile_maker *self)
{
    hostile_tls *w = sgx(TLS_INTEROPERABLE);
    hostile_case c = hostile_tls_case(w);
    c.time = hostile_time() + self->number;
    return c;
}

/* notBefore lies so many seconds ahead. */
static hostile_case not_before_ahead(const hostile_maker *self)
{
    hostile_tls *w = sgx(TLS_INTEROPERABLE);
    w->t.cert.not_before = hostile_time() + self->number;
    hostile_case c = hostile_tls_case(w);
    c.skew = self->text != NULL ? 300 : 0;
    return c;
}

static hostile_case not_after_ahead(const hostile_maker *self)
{
    hostile_tls *w = sgx(TLS_INTEROPERABLE);
    w->t.cert.not_after = hostile_time() + self->number;
    hostile_case c = hostile_tls_case(w);
    c.skew = self->text != NULL ? 300 : 0;
    return c;
}

static hostile_case not_after_as(const hostile_maker *self)
{
    hostile_tls *w = sgx(TLS_INTEROPERABLE);
    w->t.cert.not_after_raw =
        mk_tlv(self->number == 0 ? DER_UTC_TIME : DER_GENERALIZED_TIME, bytes_text(self->text));
    return hostile_tls_case(w);
}

static hostile_case both_generalized(const hostile_maker *self)
{
    (void)self;
    hostile_tls *w = sgx(TLS_INTEROPERABLE);
    w->t.cert.not_before_raw = mk_generalized_time(w->t.cert.not_before);
    w->t.cert.not_after_raw = mk_generalized_time(w->t.cert.not_after);
    return hostile_tls_case(w);
}

/* Certificates of a CA. */

static cert_spec tls_ca(const char *key_name)
{
    cert_spec ca = cert_spec_of("CN=Test TLS CA", key_named(KEY_TYPE_P384, key_name),
                                hostile_time() - VENDOR_DAY, hostile_time() + VENDOR_DAY);
    (void)ext_add(&ca.ext, OID_BASIC_CONSTRAINTS, true, ext_basic(true, -1));
    (void)ext_add(&ca.ext, OID_SUBJECT_KEY_ID, false, ext_subject_key_id(ca.key));
    return ca;
}

/* The CA of a case: with evidence in it, and a leaf without. */
static hostile_case evidence_in_ca(const hostile_maker *self)
{
    hostile_tls *w = sgx(TLS_INTEROPERABLE);
    w->t.cert = tls_ca("tls ca");
    cert_spec ca = tls_prepare(&w->t).cert;
    tls_spec leaf = tls_spec_of(&w->v, TLS_NONE, NULL);
    cert_issued_by(&leaf.cert, &ca);
    bytes leaf_der = tls_make(&leaf).der, ca_der = cert_make(&ca);
    hostile_case c = hostile_tls_case_of(w, leaf_der);
    if (self->number == 1)
        c.input = join(leaf_der, ca_der);
    else
        c.ca = pem_of("CERTIFICATE", ca_der);
    return c;
}

enum { CA_RIGHT, CA_NONE, CA_OTHER_KEY, CA_OTHER_NAME, CA_EXPIRED, CA_AHEAD, CA_SELF_SIGNED };

static hostile_case ca_case(const hostile_maker *self)
{
    hostile_tls *w = sgx(TLS_INTEROPERABLE);
    cert_spec ca = tls_ca("tls ca"), given = ca;
    if (self->number != CA_SELF_SIGNED)
        cert_issued_by(&w->t.cert, &ca);
    if (self->number == CA_OTHER_KEY)
        given = tls_ca("other tls ca");
    if (self->number == CA_OTHER_NAME)
        given.subject = given.issuer = mk_name("CN=Another TLS CA");
    if (self->number == CA_EXPIRED)
        given.not_after = hostile_time() - 1;
    if (self->number == CA_AHEAD)
        given.not_before = hostile_time() + 1;
    hostile_case c = hostile_tls_case(w);
    if (self->number != CA_NONE)
        c.ca = pem_of("CERTIFICATE", cert_make(&given));
    return c;
}

/* The leaf's issuer is a CA under the one given: one step is missing. */
static hostile_case ca_of_ca(const hostile_maker *self)
{
    (void)self;
    hostile_tls *w = sgx(TLS_INTEROPERABLE);
    cert_spec root = tls_ca("tls ca"), middle = tls_ca("other tls ca");
    middle.subject = mk_name("CN=Test TLS intermediate CA");
    cert_issued_by(&middle, &root);
    cert_issued_by(&w->t.cert, &middle);
    hostile_case c = hostile_tls_case(w);
    c.ca = pem_of("CERTIFICATE", cert_make(&root));
    return c;
}

/* Algorithms, version, serial. */

static hostile_case algorithm_as(const hostile_maker *self)
{
    hostile_tls *w = sgx(TLS_INTEROPERABLE);
    bool inner_only = self->number == 1, rsa = self->number == 2;
    if (rsa)
        w->t = tls_spec_of(&w->v, TLS_INTEROPERABLE, key_named(KEY_TYPE_RSA, "tls"));
    w->t.cert.inner_algorithm = bytes_from_hex(self->text);
    if (!inner_only)
        w->t.cert.outer_algorithm = w->t.cert.inner_algorithm;
    return hostile_tls_case(w);
}

static hostile_case version_as(const hostile_maker *self)
{
    hostile_tls *w = sgx(TLS_INTEROPERABLE);
    w->t.cert.version = self->number;
    return hostile_tls_case(w);
}

/* A certificate of version 4 in one of the schemes of RATS-TLS. */
static hostile_case version_4_of(const hostile_maker *self)
{
    hostile_tls *w = hostile_tls_of((tls_scheme)self->number,
                                    strcmp(self->text, "tdx") == 0 ? QUOTE_TDX : QUOTE_SGX,
                                    strcmp(self->text, "tdx") == 0 ? 4 : 3);
    w->t.cert.version = 3;
    return hostile_tls_case(w);
}

static hostile_case version_4_broken(const hostile_maker *self)
{
    (void)self;
    hostile_tls *w = sgx(TLS_RATS_TLS_LEGACY);
    w->t.cert.version = 3;
    w->t.cert.break_signature = true;
    return hostile_tls_case(w);
}

static hostile_case version_1_bare(const hostile_maker *self)
{
    (void)self;
    cert_spec cert;
    hostile_tls *w = prepared(&cert);
    cert.version = -1;
    cert.no_extensions = true;
    return made(w, &cert);
}

static hostile_case serial_as(const hostile_maker *self)
{
    hostile_tls *w = sgx(TLS_INTEROPERABLE);
    w->t.cert.serial = self->text[0] == '\0' ? BYTES_EMPTY : bytes_from_hex(self->text);
    return hostile_tls_case(w);
}

/* Keys. */

static hostile_case with_key(EVP_PKEY *key)
{
    hostile_tls *w = sgx(TLS_INTEROPERABLE);
    w->t = tls_spec_of(&w->v, TLS_INTEROPERABLE, key);
    return hostile_tls_case(w);
}

static hostile_case real_rsa(const hostile_maker *self)
{
    return with_key(key_rsa((unsigned)self->number));
}

static hostile_case real_ec(const hostile_maker *self)
{
    return with_key(key_named((key_type)self->number, "tls"));
}

/* Evidence for this SubjectPublicKeyInfo; signed by a key that is at hand. */
static hostile_case with_spki(bytes spki)
{
    hostile_tls *w = sgx(TLS_INTEROPERABLE);
    w->t.cert.spki = spki;
    return hostile_tls_case(w);
}

static hostile_case rsa_without_key(const hostile_maker *self)
{
    return with_spki(spki_rsa_of((unsigned)self->number));
}

static hostile_case spki_as(const hostile_maker *self)
{
    return with_spki(bytes_from_hex(self->text));
}

static hostile_case explicit_curve(const hostile_maker *self)
{
    (void)self;
    return with_spki(key_spki_explicit(key_named(KEY_TYPE_P256, "tls")));
}

static hostile_case compressed_point(const hostile_maker *self)
{
    (void)self;
    return with_spki(key_spki_compressed(key_named(KEY_TYPE_P256, "tls")));
}

static hostile_case hybrid_point(const hostile_maker *self)
{
    (void)self;
    bytes point = key_point(key_named(KEY_TYPE_P256, "tls"));
    uint8_t form = (uint8_t)(6 | (point.p[63] & 1));
    return with_spki(spki_ec_of("1.2.840.10045.3.1.7", join(bytes_of(&form, 1), point)));
}

/* On the curve named by text, the point of a P-256 key after 04. */
static hostile_case point_as(const hostile_maker *self)
{
    bytes point = join(bytes_of("\x04", 1), key_point(key_named(KEY_TYPE_P256, "tls")));
    if (self->number == 1)
        point = bytes_flipped(point, 64, 0); /* off the curve */
    else if (self->number == 2)
        point = bytes_cut(point, 64);
    else if (self->number == 3)
        point = bytes_of("", 1); /* infinity */
    return with_spki(spki_ec_of(self->text, point));
}

#define P256_OID   "1.2.840.10045.3.1.7"
#define ECDSA(oid) "300c06082a8648ce3d0403" oid
#define RSA(oid)   "300b06092a864886f70d0101" oid

static const hostile_maker makers[] = {
    {"signature-broken-p256", signature_broken, NULL, BROKEN_P256},
    {"signature-broken-p384", signature_broken, NULL, BROKEN_P384},
    {"signature-broken-p521", signature_broken, NULL, BROKEN_P521},
    {"signature-broken-rsa", signature_broken, NULL, BROKEN_RSA},
    {"signature-of-other-key", signed_by_other, NULL, 0},
    {"signature-empty", signature_as, "030100", 0},
    {"signature-zeros", signature_as, "0309003006020100020100", 0},
    {"signature-not-der", signature_as, "0309000000000000000000", 0},
    {"signature-no-bit-string", signature_as, "040100", 0},
    {"signature-unused-bits", signature_as, "03020100", 0},
    {"signature-absent", signature_as, "", 0},
    {"subject-changed-after-signing", changed_after_signing, NULL, 0},
    {"issuer-changed-after-signing", issuer_changed, NULL, 0},
    {"issuer-changed-no-key-ids", name_changed, NULL, 0},
    {"subject-changed-no-key-ids", name_changed, NULL, 1},
    {"serial-changed-after-signing", serial_changed, NULL, 0},

    {"at-not-before", judged_at, NULL, -3600},
    {"before-not-before", judged_at, NULL, -3601},
    {"ahead-within-skew", not_before_ahead, "skew", 300},
    {"ahead-beyond-skew", not_before_ahead, "skew", 301},
    {"ahead-without-skew", not_before_ahead, NULL, 1},
    {"at-not-after", not_after_ahead, NULL, 0},
    {"expired", not_after_ahead, NULL, -1},
    {"expired-within-skew", not_after_ahead, "skew", -1},
    {"reversed-validity", not_after_ahead, NULL, -7200},
    {"valid-to-9999", not_after_as, "99991231235959Z", 1},
    {"valid-to-2049-utc", not_after_as, "491231235959Z", 0},
    {"valid-to-1950-utc", not_after_as, "500101000000Z", 0},
    {"both-generalized", both_generalized, NULL, 0},
    {"time-without-seconds", not_after_as, "2701010000Z", 0},
    {"time-with-offset", not_after_as, "270101000000+0000", 0},
    {"time-without-zone", not_after_as, "20270101000000", 1},
    {"time-with-fraction", not_after_as, "20270101000000.5Z", 1},
    {"time-february-30", not_after_as, "270230000000Z", 0},
    {"time-hour-24", not_after_as, "270101240000Z", 0},
    {"time-second-60", not_after_as, "270101000060Z", 0},
    {"time-empty", not_after_as, "", 0},

    {"evidence-in-ca", evidence_in_ca, NULL, 0},
    {"evidence-in-second-certificate", evidence_in_ca, NULL, 1},
    {"ca-right", ca_case, NULL, CA_RIGHT},
    {"ca-not-given", ca_case, NULL, CA_NONE},
    {"ca-same-name-other-key", ca_case, NULL, CA_OTHER_KEY},
    {"ca-other-name-same-key", ca_case, NULL, CA_OTHER_NAME},
    {"ca-expired", ca_case, NULL, CA_EXPIRED},
    {"ca-not-yet-valid", ca_case, NULL, CA_AHEAD},
    {"ca-but-self-signed", ca_case, NULL, CA_SELF_SIGNED},
    {"ca-of-the-wrong-intermediate", ca_of_ca, NULL, 0},

    {"ecdsa-null", algorithm_as, ECDSA("02") "0500", 0},
    {"ecdsa-null-inside-only", algorithm_as, ECDSA("02") "0500", 1},
    {"ecdsa-parameters", algorithm_as, ECDSA("02") "0400", 0},
    {"ecdsa-sha1", algorithm_as, "300906072a8648ce3d0401", 0},
    {"ecdsa-said-to-be-rsa", algorithm_as, RSA("0b"), 0},
    {"ecdsa-said-to-be-sha384", algorithm_as, "300a06082a8648ce3d040303", 0},
    {"rsa-without-null", algorithm_as, RSA("0b"), 2},
    {"rsa-md5", algorithm_as, RSA("04"), 2},
    {"rsa-sha1", algorithm_as, RSA("05"), 2},

    {"version-1-without-extensions", version_1_bare, NULL, 0},
    {"version-1-with-extensions", version_as, NULL, -1},
    {"version-1-written", version_as, NULL, 0},
    {"version-2-with-extensions", version_as, NULL, 1},
    {"version-4", version_4_of, "sgx", TLS_INTEROPERABLE},
    {"version-4-tdx", version_4_of, "tdx", TLS_INTEROPERABLE},
    {"version-4-older", version_4_of, "sgx", TLS_RATS_TLS_LEGACY},
    {"version-4-older-tdx", version_4_of, "tdx", TLS_RATS_TLS_LEGACY},
    {"version-4-no-evidence", version_4_of, "sgx", TLS_NONE},
    {"version-4-broken", version_4_broken, NULL, 0},
    {"version-5", version_as, NULL, 4},
    {"version-256", version_as, NULL, 255},

    {"serial-0", serial_as, "00", 0},
    {"serial-negative", serial_as, "ff", 0},
    {"serial-20-bytes", serial_as, "0102030405060708090a0b0c0d0e0f1011121314", 0},
    {"serial-20-bytes-high-bit", serial_as, "00f102030405060708090a0b0c0d0e0f1011121314", 0},
    {"serial-21-bytes", serial_as, "0102030405060708090a0b0c0d0e0f101112131415", 0},
    {"serial-empty", serial_as, "", 0},
    {"serial-not-shortest", serial_as, "0001", 0},

    {"key-p384", real_ec, NULL, KEY_TYPE_P384},
    {"key-p521", real_ec, NULL, KEY_TYPE_P521},
    {"key-rsa-2048", real_rsa, NULL, 2048},
    {"key-rsa-3072", real_rsa, NULL, 3072},
    {"key-rsa-1024", real_rsa, NULL, 1024},
    {"key-rsa-2040", rsa_without_key, NULL, 2040},
    {"key-rsa-8200", rsa_without_key, NULL, 8200},
    {"key-rsa-16384", rsa_without_key, NULL, 16384},
    {"key-rsa-of-nobody", rsa_without_key, NULL, 3072},
    {"key-ed25519-signed-ecdsa", spki_as,
     "302a300506032b65700321003d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", 0},
    {"key-x25519", spki_as,
     "302a300506032b656e0321003d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", 0},
    {"key-not-der", spki_as, "3003020100", 0},
    {"key-secp256k1", point_as, "1.3.132.0.10", 0},
    {"key-p224", point_as, "1.3.132.0.33", 0},
    {"key-brainpool", point_as, "1.3.36.3.3.2.8.1.1.7", 0},
    {"key-explicit-curve", explicit_curve, NULL, 0},
    {"key-compressed", compressed_point, NULL, 0},
    {"key-hybrid", hybrid_point, NULL, 0},
    {"key-off-curve", point_as, P256_OID, 1},
    {"key-short-point", point_as, P256_OID, 2},
    {"key-infinity", point_as, P256_OID, 3},
};

static const char *left_out(const hostile_maker *m, const hostile_setting *s)
{
    /* They are judged at the ends of the certificate's validity, when collateral has expired. */
    return s->given && m->make == judged_at ? "it needs the vendor's keys" : NULL;
}

const hostile_group hostile_x509 = {
    .name = "x509",
    .table = hostile_x509_table,
    .makers = makers,
    .n = sizeof makers / sizeof *makers,
    .left_out = left_out,
};
