#include <stdlib.h>

#include "hostile.h"

/* Certificates of every scheme, and what becomes of evidence that is not where or how it should
 * be. */

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

static bytes spki_pem(EVP_PKEY *key)
{
    return join(key_pem(key), bytes_of("", 1));
}

static bytes padded(bytes digest)
{
    static const uint8_t zeros[64];
    return join(digest, bytes_of(zeros, 64 - digest.n));
}

static bytes quote_for(const vendor *v, bytes hashed)
{
    return vendor_quote(v, padded(digest_of(EVP_sha256(), hashed))).quote;
}

/* Two schemes in one certificate. */

static hostile_case older_for_other_key(const hostile_maker *self)
{
    hostile_tls *w = sgx((tls_scheme)self->number);
    bytes hashed = self->number == TLS_SGX_SDK ? spki_pem(other_key()) : key_spki(other_key());
    w->t.legacy_quote = quote_for(&w->v, hashed);
    return hostile_tls_case(w);
}

static hostile_case older_same_quote(const hostile_maker *self)
{
    hostile_tls *w = sgx((tls_scheme)self->number);
    w->t.legacy_quote = tls_prepare(&w->t).quote.quote;
    return hostile_tls_case(w);
}

static hostile_case older_same_quote_padded(const hostile_maker *self)
{
    hostile_tls *w = sgx((tls_scheme)self->number);
    w->t.legacy_quote = join(tls_prepare(&w->t).quote.quote, bytes_text("padding"));
    return hostile_tls_case(w);
}

static hostile_case older_own_quote(const hostile_maker *self)
{
    (void)self;
    hostile_tls *w = sgx(TLS_SGX_SDK);
    w->t.legacy_quote = quote_for(&w->v, spki_pem(w->t.cert.key));
    return hostile_tls_case(w);
}

/* The SGX SDK on TDX: the older quote by SHA-256, the common one by SHA-384. */
static hostile_case older_own_quote_tdx(const hostile_maker *self)
{
    (void)self;
    hostile_tls *w = hostile_tls_of(TLS_SGX_SDK, QUOTE_TDX, 4);
    w->t.legacy_quote = quote_for(&w->v, spki_pem(w->t.cert.key));
    return hostile_tls_case(w);
}

/* Gramine's older extension under the OID that was meant, beside the common one. */
static hostile_case older_as_meant(const hostile_maker *self)
{
    hostile_tls *w = sgx(TLS_INTEROPERABLE);
    EVP_PKEY *key = self->number == 0 ? w->t.cert.key : other_key();
    (void)ext_add(&w->t.cert.ext, OID_GRAMINE_AS_MEANT, false, quote_for(&w->v, key_spki(key)));
    return hostile_tls_case(w);
}

static hostile_case older_in_both_encodings(const hostile_maker *self)
{
    hostile_tls *w = sgx(TLS_GRAMINE);
    EVP_PKEY *key = self->number == 0 ? w->t.cert.key : other_key();
    (void)ext_add(&w->t.cert.ext, OID_GRAMINE_AS_MEANT, false, quote_for(&w->v, key_spki(key)));
    return hostile_tls_case(w);
}

static hostile_case older_cut(const hostile_maker *self)
{
    hostile_tls *w = sgx((tls_scheme)self->number);
    bytes whole = tls_prepare(&w->t).quote.quote;
    w->t.legacy_quote = bytes_cut(whole, whole.n - 1);
    return hostile_tls_case(w);
}

static hostile_case third_for_other_key(const hostile_maker *self)
{
    (void)self;
    hostile_tls *w = sgx(TLS_GRAMINE);
    (void)ext_add(&w->t.cert.ext, OID_OE_REPORT, false,
                  oe_report_of(1, 2, quote_for(&w->v, spki_pem(other_key()))));
    return hostile_tls_case(w);
}

static hostile_case common_for_other_key(const hostile_maker *self)
{
    hostile_tls *w = sgx((tls_scheme)self->number);
    w->t.legacy_quote = quote_for(&w->v, self->number == TLS_SGX_SDK ? spki_pem(w->t.cert.key)
                                                                     : key_spki(w->t.cert.key));
    w->t.hashed_key = key_spki(other_key());
    return hostile_tls_case(w);
}

/* No falling back from bad common evidence. */
static hostile_case common_bad(const hostile_maker *self)
{
    hostile_tls *w = sgx((tls_scheme)self->number);
    w->t.evidence = bytes_from_hex(self->text);
    return hostile_tls_case(w);
}

/* Extensions. */

static hostile_case extension_twice(const hostile_maker *self)
{
    cert_spec cert;
    hostile_tls *w = prepared(&cert);
    if (self->number == 0) {
        (void)ext_add(&cert.ext, OID_EVIDENCE, false, ext_find(&cert.ext, OID_EVIDENCE)->value);
    } else {
        w->t.hashed_key = key_spki(other_key());
        (void)ext_add(&cert.ext, OID_EVIDENCE, false, tls_prepare(&w->t).evidence);
    }
    return made(w, &cert);
}

static hostile_case older_twice(const hostile_maker *self)
{
    (void)self;
    hostile_tls *w = sgx(TLS_GRAMINE);
    cert_spec cert = tls_prepare(&w->t).cert;
    (void)ext_add(&cert.ext, OID_GRAMINE_AS_ENCODED, false,
                  ext_find(&cert.ext, OID_GRAMINE_AS_ENCODED)->value);
    return made(w, &cert);
}

/* Takes the evidence out, and gives it back as a whole Extension. */
static bytes taken_out(cert_spec *cert)
{
    bytes value = arena_copy(ext_find(&cert->ext, OID_EVIDENCE)->value);
    ext_remove(&cert->ext, OID_EVIDENCE);
    return mk_seq(mk_oid(OID_EVIDENCE), mk_octets(value));
}

static hostile_case inside_other_extension(const hostile_maker *self)
{
    cert_spec cert;
    hostile_tls *w = prepared(&cert);
    bytes evidence = taken_out(&cert);
    if (strcmp(self->text, OID_SUBJECT_KEY_ID) == 0)
        evidence = mk_octets(evidence);
    ext_set(&cert.ext, self->text, false, evidence);
    return made(w, &cert);
}

static hostile_case oid_in_subject(const hostile_maker *self)
{
    (void)self;
    cert_spec cert;
    hostile_tls *w = prepared(&cert);
    (void)taken_out(&cert);
    cert.subject = mk_seq(mk_set(mk_seq(mk_oid(OID_EVIDENCE), mk_utf8("evidence"))));
    cert.issuer = cert.subject;
    return made(w, &cert);
}

static hostile_case oid_in_alt_name(const hostile_maker *self)
{
    cert_spec cert;
    hostile_tls *w = prepared(&cert);
    bytes evidence = taken_out(&cert);
    bytes other_name =
        mk_tlv(DER_CONTEXT_CONSTRUCTED(0),
               join(mk_oid(OID_EVIDENCE), mk_tlv(DER_CONTEXT_CONSTRUCTED(0), mk_octets(evidence))));
    bytes registered_id = mk_tlv(DER_CONTEXT(8), oid_contents(OID_EVIDENCE));
    ext_set(&cert.ext, OID_SUBJECT_ALT_NAME, false,
            mk_seq(self->number == 0 ? other_name : registered_id));
    return made(w, &cert);
}

static hostile_case length_width(const hostile_maker *self)
{
    hostile_tls *w = sgx(TLS_INTEROPERABLE);
    w->t.evidence_len_width = (unsigned)self->number;
    return hostile_tls_case(w);
}

/* Evidence whose length takes one byte after 0x81: there is no quote so short. */
static hostile_case length_one_byte(const hostile_maker *self)
{
    (void)self;
    hostile_tls *w = sgx(TLS_INTEROPERABLE);
    tls_made m = tls_prepare(&w->t);
    w->t.evidence = evidence_of(60000, 0, bytes_cut(m.quote.quote, 100), m.claims);
    return hostile_tls_case(w);
}

static hostile_case length_indefinite(const hostile_maker *self)
{
    cert_spec cert;
    hostile_tls *w = prepared(&cert);
    ext_spec *e = ext_find(&cert.ext, OID_EVIDENCE);
    bytes chunk = mk_octets(e->value);
    e->raw =
        self->number == 0
            ? mk_seq(mk_tlv(DER_OID, e->oid), mk_tlv_indefinite(DER_OCTET_STRING, e->value))
            : mk_seq(mk_tlv(DER_OID, e->oid), mk_tlv_indefinite(0x20 | DER_OCTET_STRING, chunk));
    return made(w, &cert);
}

static hostile_case length_lie(const hostile_maker *self)
{
    cert_spec cert;
    hostile_tls *w = prepared(&cert);
    ext_spec *e = ext_find(&cert.ext, OID_EVIDENCE);
    e->raw = mk_seq(mk_tlv(DER_OID, e->oid), bytes_from_hex(self->text), e->value);
    return made(w, &cert);
}

static hostile_case outer_indefinite(const hostile_maker *self)
{
    cert_spec cert;
    hostile_tls *w = prepared(&cert);
    bytes der = cert_make(&cert);
    bytes contents = bytes_of(der.p + 4, der.n - 4);
    return hostile_tls_case_of(w, self->number == 0 ? mk_tlv_indefinite(DER_SEQUENCE, contents)
                                                    : mk_tlv_width(DER_SEQUENCE, contents, 4));
}

static hostile_case critical_as(const hostile_maker *self)
{
    cert_spec cert;
    hostile_tls *w = prepared(&cert);
    ext_find(&cert.ext, OID_EVIDENCE)->critical_raw = bytes_from_hex(self->text);
    return made(w, &cert);
}

static hostile_case critical_both(const hostile_maker *self)
{
    hostile_tls *w = sgx((tls_scheme)self->number);
    cert_spec cert = tls_prepare(&w->t).cert;
    ext_find(&cert.ext, OID_EVIDENCE)->critical_raw = mk_bool(true);
    ext_find(&cert.ext, self->text)->critical_raw = mk_bool(true);
    return made(w, &cert);
}

static hostile_case critical_endorsements(const hostile_maker *self)
{
    (void)self;
    hostile_tls *w = sgx(TLS_INTEROPERABLE);
    w->t.endorsements = true;
    cert_spec cert = tls_prepare(&w->t).cert;
    ext_find(&cert.ext, OID_ENDORSEMENTS)->critical_raw = mk_bool(true);
    return made(w, &cert);
}

static hostile_case critical_unknown(const hostile_maker *self)
{
    (void)self;
    hostile_tls *w = sgx(TLS_INTEROPERABLE);
    (void)ext_add(&w->t.cert.ext, "1.3.6.1.4.1.99999.1", true, bytes_text("?"));
    return hostile_tls_case(w);
}

static hostile_case inner_octets(const hostile_maker *self)
{
    hostile_tls *w = sgx(TLS_INTEROPERABLE);
    bytes cbor = tls_prepare(&w->t).evidence;
    static const unsigned same = 0, twice = 1, trailing = 2, wide = 3, indefinite = 4, empty = 5;
    const unsigned how = (unsigned)self->number;
    if (how == same)
        w->t.inner_octet_string = true;
    else if (how == twice)
        w->t.evidence = mk_octets(mk_octets(cbor));
    else if (how == trailing)
        w->t.evidence = join(mk_octets(cbor), bytes_of("", 1));
    else if (how == wide)
        w->t.evidence = mk_tlv_width(DER_OCTET_STRING, cbor, 4);
    else if (how == indefinite)
        w->t.evidence = mk_tlv_indefinite(0x20 | DER_OCTET_STRING, mk_octets(cbor));
    else if (how == empty)
        w->t.evidence = mk_octets(BYTES_EMPTY);
    return hostile_tls_case(w);
}

static hostile_case evidence_after(const hostile_maker *self)
{
    hostile_tls *w = sgx((tls_scheme)self->number);
    w->t.evidence_after =
        self->text != NULL ? bytes_from_hex(self->text) : tls_prepare(&w->t).evidence;
    return hostile_tls_case(w);
}

static hostile_case evidence_empty(const hostile_maker *self)
{
    hostile_tls *w = sgx((tls_scheme)self->number);
    w->t.evidence = BYTES_EMPTY;
    return hostile_tls_case(w);
}

/* Evidence of so many bytes, all of them within the form: padding after the signature data. */
static hostile_case evidence_of_size(const hostile_maker *self)
{
    hostile_tls *w = sgx(TLS_INTEROPERABLE);
    size_t size = (size_t)self->number, now = tls_prepare(&w->t).evidence.n;
    /* From 64 KiB on, the length of the byte string takes two bytes more. */
    buf padding = {0};
    buf_fill(&padding, 0x55, size - now - (size - 60 > UINT16_MAX ? 2 : 0));
    w->v.quote.trailing = buf_bytes(&padding);
    MUST(tls_prepare(&w->t).evidence.n == size);
    return hostile_tls_case(w);
}

/* The largest certificate that is read, and one of a byte more. RSA, since all its signatures have
 * the same size. */
static hostile_case certificate_of_size(const hostile_maker *self)
{
    hostile_tls *w = sgx(TLS_INTEROPERABLE);
    w->t = tls_spec_of(&w->v, TLS_INTEROPERABLE, key_named(KEY_TYPE_RSA, "tls"));
    buf padding = {0};
    for (size_t more = 50000; more > 0;) {
        buf_fill(&padding, 0x55, more);
        w->v.quote.trailing = buf_bytes(&padding);
        bytes der = tls_make(&w->t).der;
        MUST(der.n <= (size_t)self->number);
        more = (size_t)self->number - der.n;
        if (more == 0)
            return hostile_tls_case_of(w, der);
    }
    arena_die("no certificate of that size");
}

enum {
    STAPLED_RIGHT,
    STAPLED_DATED,
    STAPLED_VERSION_SHORT,
    STAPLED_NULS,
    STAPLED_SHORT,
    STAPLED_LONG,
    STAPLED_VERSION_BYTES,
    STAPLED_TRAILING,
    STAPLED_CUT,
    STAPLED_TAG,
    STAPLED_OTHER_PLATFORM,
    STAPLED_FORGED
};

/* The endorsements extension. With text "alone" the verifier has no collateral of its own. */
static hostile_case stapled(const hostile_maker *self)
{
    hostile_tls *w = sgx(TLS_INTEROPERABLE);
    vendor v = w->v;
    const int how = self->number;
    v.tcb_info.fmspc[5] ^= how == STAPLED_OTHER_PLATFORM;
    if (how == STAPLED_FORGED)
        v.tcb_info_key = other_key();
    collateral_set c = vendor_collateral(&v);
    endorsement_items items = endorsement_items_cbor(
        &c, how == STAPLED_DATED || how == STAPLED_LONG ? "2026-01-01T00:00:00Z" : NULL);
    if (how == STAPLED_VERSION_SHORT)
        items.item[0] = mk_cbor_uint(3);
    else if (how == STAPLED_VERSION_BYTES)
        items.item[0] = mk_cbor_bytes(bytes_text("\x03"));
    else if (how == STAPLED_NULS)
        for (size_t i = 1; i < items.n; i++)
            items.item[i] = join(items.item[i], bytes_of("", 1));
    else if (how == STAPLED_SHORT)
        items.n--;
    else if (how == STAPLED_LONG)
        items.item[items.n++] = bytes_text("more");
    w->t.endorsements_raw = endorsements_cbor(
        how == STAPLED_TAG ? (uint64_t)strtoul(self->text, NULL, 10) : 60000, &items);
    if (how == STAPLED_TRAILING)
        w->t.endorsements_raw = join(w->t.endorsements_raw, bytes_of("", 1));
    else if (how == STAPLED_CUT)
        w->t.endorsements_raw = bytes_cut(w->t.endorsements_raw, w->t.endorsements_raw.n - 1);
    hostile_case made = hostile_tls_case(w);
    if (self->text != NULL && strcmp(self->text, "alone") == 0)
        made.collateral = BYTES_NONE;
    return made;
}

static hostile_case world(const hostile_maker *self)
{
    static const struct {
        quote_tee tee;
        unsigned version;
    } worlds[] = {{QUOTE_SGX, 3}, {QUOTE_TDX, 4}, {QUOTE_TDX, 5}, {QUOTE_SGX, 4}, {QUOTE_SGX, 5}};
    size_t n = (size_t)self->number % 10;
    tls_scheme scheme = (tls_scheme)(self->number / 10);
    return hostile_tls_case(hostile_tls_of(scheme, worlds[n].tee, worlds[n].version));
}

/* Something in the padding of Open Enclave's evidence header, a struct of C. */
static hostile_case oe_padding(const hostile_maker *self)
{
    hostile_tls *w = sgx(TLS_OE_EVIDENCE);
    w->t.evidence = bytes_patched(tls_prepare(&w->t).evidence, 20, bytes_from_hex(self->text));
    return hostile_tls_case(w);
}

static hostile_case td15(const hostile_maker *self)
{
    hostile_tls *w = sgx((tls_scheme)self->number);
    w->v = vendor_of(QUOTE_TDX, 5, true, hostile_time());
    w->policy = hostile_policy(&w->v);
    return hostile_tls_case(w);
}

static hostile_case no_evidence(const hostile_maker *self)
{
    (void)self;
    return hostile_tls_case(sgx(TLS_NONE));
}

static hostile_case no_policy(const hostile_maker *self)
{
    (void)self;
    hostile_case c = hostile_tls_case(sgx(TLS_INTEROPERABLE));
    c.policy = BYTES_NONE;
    return c;
}

#define WORLDS(name, scheme)                                                                       \
    {"world-" name "-sgx3", world, NULL, 10 * (scheme)},                                           \
        {"world-" name "-tdx4", world, NULL, 10 * (scheme) + 1},                                   \
        {"world-" name "-tdx5", world, NULL, 10 * (scheme) + 2},                                   \
        {"world-" name "-sgx4", world, NULL, 10 * (scheme) + 3},                                   \
        {"world-" name "-sgx5", world, NULL, 10 * (scheme) + 4},                                   \
    {                                                                                              \
        "world-" name "-tdx5-td15", td15, NULL, scheme                                             \
    }

static const hostile_maker makers[] = {
    WORLDS("interoperable", TLS_INTEROPERABLE),
    WORLDS("gramine", TLS_GRAMINE),
    WORLDS("gramine-legacy", TLS_GRAMINE_LEGACY),
    WORLDS("gramine-legacy-oid", TLS_GRAMINE_LEGACY_OID),
    WORLDS("sgx-sdk", TLS_SGX_SDK),
    WORLDS("sgx-sdk-legacy", TLS_SGX_SDK_LEGACY),
    WORLDS("rats-tls-legacy", TLS_RATS_TLS_LEGACY),
    WORLDS("oe-report-old", TLS_OE_REPORT_OLD),
    WORLDS("oe-report", TLS_OE_REPORT),
    WORLDS("oe-evidence-old", TLS_OE_EVIDENCE_OLD),
    WORLDS("oe-evidence", TLS_OE_EVIDENCE),
    {"no-evidence", no_evidence, NULL, 0},
    {"no-policy", no_policy, NULL, 0},

    {"gramine-older-for-other-key", older_for_other_key, NULL, TLS_GRAMINE},
    {"sgx-sdk-older-for-other-key", older_for_other_key, NULL, TLS_SGX_SDK},
    {"gramine-older-same-quote", older_same_quote, NULL, TLS_GRAMINE},
    {"gramine-older-same-quote-padded", older_same_quote_padded, NULL, TLS_GRAMINE},
    {"sgx-sdk-older-own-quote", older_own_quote, NULL, 0},
    {"sgx-sdk-older-own-quote-tdx", older_own_quote_tdx, NULL, 0},
    {"gramine-oid-as-meant", older_as_meant, NULL, 0},
    {"gramine-oid-as-meant-for-other-key", older_as_meant, NULL, 1},
    {"gramine-both-encodings", older_in_both_encodings, NULL, 0},
    {"gramine-both-encodings-for-other-key", older_in_both_encodings, NULL, 1},
    {"gramine-older-cut", older_cut, NULL, TLS_GRAMINE},
    {"sgx-sdk-older-cut", older_cut, NULL, TLS_SGX_SDK},
    {"gramine-third-for-other-key", third_for_other_key, NULL, 0},
    {"gramine-common-for-other-key", common_for_other_key, NULL, TLS_GRAMINE},
    {"sgx-sdk-common-for-other-key", common_for_other_key, NULL, TLS_SGX_SDK},
    {"gramine-common-cut", common_bad, "d9ea6082", TLS_GRAMINE},
    {"sgx-sdk-common-cut", common_bad, "d9ea6082", TLS_SGX_SDK},
    {"gramine-common-unknown-tag", common_bad, "d9ea63824041a0", TLS_GRAMINE},

    {"evidence-twice-same", extension_twice, NULL, 0},
    {"evidence-twice-other", extension_twice, NULL, 1},
    {"gramine-older-twice", older_twice, NULL, 0},
    {"evidence-in-unknown-extension", inside_other_extension, "1.3.6.1.4.1.99999.1", 0},
    {"evidence-in-subject-key-id", inside_other_extension, OID_SUBJECT_KEY_ID, 0},
    {"evidence-oid-in-subject", oid_in_subject, NULL, 0},
    {"evidence-oid-in-other-name", oid_in_alt_name, NULL, 0},
    {"evidence-oid-in-registered-id", oid_in_alt_name, NULL, 1},

    {"length-one-byte", length_one_byte, NULL, 0},
    {"length-two-bytes", length_width, NULL, 2},
    {"length-three-bytes", length_width, NULL, 3},
    {"length-four-bytes", length_width, NULL, 4},
    {"length-indefinite", length_indefinite, NULL, 0},
    {"length-indefinite-constructed", length_indefinite, NULL, 1},
    {"length-five-bytes", length_lie, "04850000001000", 0},
    {"length-beyond-the-end", length_lie, "0484ffffffff", 0},
    {"certificate-length-indefinite", outer_indefinite, NULL, 0},
    {"certificate-length-not-shortest", outer_indefinite, NULL, 1},

    {"critical-true", critical_as, "0101ff", 0},
    {"critical-gramine-both", critical_both, OID_GRAMINE_AS_ENCODED, TLS_GRAMINE},
    {"critical-sgx-sdk-both", critical_both, OID_SGX_SDK, TLS_SGX_SDK},
    {"critical-unknown", critical_unknown, NULL, 0},
    {"critical-endorsements", critical_endorsements, NULL, 0},
    {"critical-01", critical_as, "010101", 0},
    {"critical-false-written", critical_as, "010100", 0},
    {"critical-empty", critical_as, "0100", 0},
    {"critical-two-bytes", critical_as, "0102ffff", 0},
    {"critical-integer", critical_as, "0201ff", 0},
    {"critical-twice", critical_as, "0101ff0101ff", 0},

    {"inner-octet-string", inner_octets, NULL, 0},
    {"inner-octet-string-twice", inner_octets, NULL, 1},
    {"inner-octet-string-trailing", inner_octets, NULL, 2},
    {"inner-octet-string-not-shortest", inner_octets, NULL, 3},
    {"inner-octet-string-indefinite", inner_octets, NULL, 4},
    {"inner-octet-string-empty", inner_octets, NULL, 5},

    {"after-cbor-zero", evidence_after, "00", TLS_INTEROPERABLE},
    {"after-cbor-break", evidence_after, "ff", TLS_INTEROPERABLE},
    {"after-cbor-evidence-again", evidence_after, NULL, TLS_INTEROPERABLE},
    {"after-legacy-quote", evidence_after, "00", TLS_GRAMINE_LEGACY},
    {"after-oe-report", evidence_after, "00", TLS_OE_REPORT},
    {"after-oe-evidence", evidence_after, "00", TLS_OE_EVIDENCE},
    {"oe-evidence-padding", oe_padding, "aa550000", 0},
    {"empty-common", evidence_empty, NULL, TLS_INTEROPERABLE},
    {"empty-legacy", evidence_empty, NULL, TLS_GRAMINE_LEGACY},
    {"empty-oe-report", evidence_empty, NULL, TLS_OE_REPORT},
    {"empty-oe-evidence", evidence_empty, NULL, TLS_OE_EVIDENCE},

    {"certificate-64-kib", certificate_of_size, NULL, 65536},
    {"certificate-64-kib-and-one", certificate_of_size, NULL, 65537},
    {"evidence-64-kib", evidence_of_size, NULL, 65536},
    {"evidence-16-mib", evidence_of_size, NULL, 16777216},

    {"endorsements-8-items", stapled, NULL, STAPLED_RIGHT},
    {"endorsements-9-items", stapled, NULL, STAPLED_DATED},
    {"endorsements-version-short", stapled, NULL, STAPLED_VERSION_SHORT},
    {"endorsements-nuls", stapled, NULL, STAPLED_NULS},
    {"endorsements-alone", stapled, "alone", STAPLED_RIGHT},
    {"endorsements-7-items", stapled, NULL, STAPLED_SHORT},
    {"endorsements-10-items", stapled, NULL, STAPLED_LONG},
    {"endorsements-version-bytes", stapled, NULL, STAPLED_VERSION_BYTES},
    {"endorsements-trailing", stapled, NULL, STAPLED_TRAILING},
    {"endorsements-cut", stapled, NULL, STAPLED_CUT},
    {"endorsements-of-reports", stapled, "60001", STAPLED_TAG},
    {"endorsements-unknown-tag", stapled, "60003", STAPLED_TAG},
    {"endorsements-other-platform", stapled, "alone", STAPLED_OTHER_PLATFORM},
    {"endorsements-forged", stapled, "alone", STAPLED_FORGED},
};

static const char *left_out(const hostile_maker *m, const hostile_setting *s)
{
    if (!s->given)
        return NULL;
    if (m->make == evidence_of_size || m->make == certificate_of_size || m->make == td15 ||
        m->make == older_same_quote_padded || m->make == critical_endorsements ||
        m->make == stapled)
        return "it needs the vendor's keys";
    return m->make == world && m->number % 10 != 0 ? "it is of another platform" : NULL;
}

const hostile_group hostile_certificate = {
    .name = "certificate",
    .table = hostile_certificate_table,
    .makers = makers,
    .n = sizeof makers / sizeof *makers,
    .left_out = left_out,
};
