#include "cert_maker.h"

#define UTC_2001_01_01        978307200
#define UTC_2019_05_01        1556668800
#define UTC_2021_04_01        1617235200
#define UTC_2030_12_31_235959 1924991999
#define UTC_2050_12_31_235959 2556143999
#define TAG_INTEL_QUOTE       60000

claim_spec claim_of(const char *key, bytes value)
{
    return (claim_spec){mk_cbor_text(key), mk_cbor_bytes(value)};
}

bytes claims_of(const claim_spec *claims, size_t n)
{
    buf b = {0};
    buf_put(&b, mk_cbor_head(CBOR_MAP, n, 0));
    for (size_t i = 0; i < n; i++) {
        buf_put(&b, claims[i].key);
        buf_put(&b, claims[i].value);
    }
    return buf_bytes(&b);
}

static bytes hash_entry_wide(uint64_t alg, unsigned alg_width, bytes hash)
{
    return join(mk_cbor_head(CBOR_ARRAY, 2, 0), mk_cbor_head(CBOR_UINT, alg, alg_width),
                mk_cbor_bytes(hash));
}

bytes hash_entry_of(uint64_t alg, bytes hash)
{
    return hash_entry_wide(alg, 0, hash);
}

bytes evidence_of(uint64_t tag, unsigned tag_width, bytes quote, bytes claims)
{
    return join(mk_cbor_head(CBOR_TAG, tag, tag_width), mk_cbor_head(CBOR_ARRAY, 2, 0),
                mk_cbor_bytes(quote), mk_cbor_bytes(claims));
}

bytes oe_report_of(unsigned version, unsigned type, bytes quote)
{
    buf b = {0};
    buf_le(&b, version, 4);
    buf_le(&b, type, 4);
    buf_le(&b, quote.n, 8);
    buf_put(&b, quote);
    return buf_bytes(&b);
}

bytes oe_evidence_of(unsigned version, const char *uuid_hex, bytes quote, bytes custom_claims)
{
    buf b = {0};
    buf_le(&b, version, 4);
    buf_put(&b, bytes_from_hex(uuid_hex));
    buf_fill(&b, 0, 4);
    buf_le(&b, quote.n + custom_claims.n, 8);
    buf_put(&b, quote);
    buf_put(&b, custom_claims);
    return buf_bytes(&b);
}

bytes oe_custom_claims_of(const char *name, bytes value)
{
    buf b = {0};
    buf_le(&b, 1, 8);
    buf_le(&b, 1, 8);
    buf_le(&b, strlen(name) + 1, 8);
    buf_le(&b, value.n, 8);
    buf_put(&b, bytes_of(name, strlen(name) + 1));
    buf_put(&b, value);
    return buf_bytes(&b);
}

static bool is_gramine(tls_scheme s)
{
    return s == TLS_GRAMINE || s == TLS_GRAMINE_LEGACY || s == TLS_GRAMINE_LEGACY_OID;
}

static bool is_sgx_sdk(tls_scheme s)
{
    return s == TLS_SGX_SDK || s == TLS_SGX_SDK_LEGACY;
}

static bool is_oe(tls_scheme s)
{
    return s == TLS_OE_REPORT_OLD || s == TLS_OE_REPORT || s == TLS_OE_EVIDENCE_OLD ||
           s == TLS_OE_EVIDENCE;
}

static bool is_oe_evidence(tls_scheme s)
{
    return s == TLS_OE_EVIDENCE_OLD || s == TLS_OE_EVIDENCE;
}

static bool has_common(tls_scheme s)
{
    return s == TLS_INTEROPERABLE || s == TLS_GRAMINE || s == TLS_SGX_SDK;
}

static cert_spec attester_cert(tls_scheme scheme, EVP_PKEY *key, int64_t now)
{
    if (is_gramine(scheme)) {
        cert_spec c = cert_spec_of("CN=RATLS,O=GramineDevelopers,C=US", key, UTC_2001_01_01,
                                   UTC_2030_12_31_235959);
        c.algorithm_null = true;
        return c;
    }
    if (is_sgx_sdk(scheme)) {
        cert_spec c = cert_spec_of("CN=SGX SDK test enclave,O=Test,C=US", key, UTC_2021_04_01,
                                   UTC_2050_12_31_235959);
        c.not_before_raw = mk_generalized_time(c.not_before);
        return c;
    }
    if (is_oe(scheme))
        return cert_spec_of("CN=Open Enclave SDK,O=OESDK TLS,C=US", key, UTC_2019_05_01,
                            UTC_2050_12_31_235959);
    return cert_spec_of(scheme == TLS_RATS_TLS_LEGACY ? "O=Inclavare Containers,CN=RATS-TLS"
                                                      : "CN=ratls test,O=Test",
                        key, now - 3600, now + (int64_t)365 * VENDOR_DAY);
}

tls_spec tls_spec_of(const vendor *v, tls_scheme scheme, EVP_PKEY *key)
{
    if (key == NULL)
        key = key_named(is_gramine(scheme) || is_sgx_sdk(scheme) ? KEY_TYPE_P384 : KEY_TYPE_P256,
                        "tls");
    tls_spec t = {.vendor = v, .scheme = scheme, .tag = TAG_INTEL_QUOTE};
    t.cert = attester_cert(scheme, key, v->now);
    (void)ext_add(&t.cert.ext, OID_BASIC_CONSTRAINTS, false, ext_basic(false, -1));
    (void)ext_add(&t.cert.ext, OID_SUBJECT_KEY_ID, false, ext_subject_key_id(key));
    (void)ext_add(&t.cert.ext, OID_AUTHORITY_KEY_ID, false, ext_authority_key_id(key));
    return t;
}

static bool is_tdx(const tls_spec *t)
{
    return t->vendor->quote.tee == QUOTE_TDX;
}

/* What identifies the key: the certificate's SubjectPublicKeyInfo as it stands, unless replaced. */
static bytes spki_of(const tls_spec *t)
{
    return t->cert.spki.n > 0 ? t->cert.spki : key_spki(t->cert.key);
}

static bytes pem_with_nul(const tls_spec *t)
{
    return join(pem_of("PUBLIC KEY", spki_of(t)), bytes_of("", 1));
}

static bytes padded(bytes digest)
{
    buf b = {0};
    buf_put(&b, digest);
    buf_fill(&b, 0, 64 - digest.n);
    return buf_bytes(&b);
}

static bytes claims_buffer(const tls_spec *t)
{
    if (t->claims.p != NULL)
        return t->claims;
    unsigned alg = t->hash_alg != 0 ? t->hash_alg : (t->scheme == TLS_SGX_SDK && is_tdx(t) ? 7 : 1);
    const EVP_MD *md = alg == 7 ? EVP_sha384() : (alg == 8 ? EVP_sha512() : EVP_sha256());
    bytes hash = t->pubkey_hash;
    if (hash.p == NULL)
        hash = digest_of(md, t->hashed_key.p != NULL ? t->hashed_key : spki_of(t));
    bytes entry =
        t->hash_entry.p != NULL ? t->hash_entry : hash_entry_wide(alg, t->hash_alg_width, hash);
    claim_spec claims[10];
    size_t n = 0;
    claims[n++] = claim_of("pubkey-hash", entry);
    if (t->has_nonce)
        claims[n++] = claim_of("nonce", t->nonce);
    MUST(t->extra_n <= sizeof t->extra / sizeof t->extra[0]);
    for (size_t i = 0; i < t->extra_n; i++)
        claims[n++] = t->extra[i];
    return claims_of(claims, n);
}

/* Report data of the older schemes: a hash of the public key in each one's own form. */
static bytes legacy_report_data(const tls_spec *t)
{
    bytes key = t->hashed_key;
    if (key.p == NULL && (is_sgx_sdk(t->scheme) || is_oe(t->scheme)))
        key = pem_with_nul(t);
    else if (key.p == NULL)
        key = spki_of(t);
    bool sha384 = is_sgx_sdk(t->scheme) && is_tdx(t);
    return padded(digest_of(sha384 ? EVP_sha384() : EVP_sha256(), key));
}

static bytes quote_over(const tls_spec *t, bytes report_data, tls_made *m)
{
    if (t->quote.p != NULL)
        return t->quote;
    m->report_data = t->report_data.p != NULL ? t->report_data : report_data;
    m->quote = vendor_quote(t->vendor, m->report_data);
    return m->quote.quote;
}

static void add_extension(const tls_spec *t, tls_made *m, const char *oid, bytes value)
{
    ext_spec *e = ext_add(&m->cert.ext, oid, false, value);
    if (t->evidence_len_width != 0)
        e->raw = mk_seq(mk_tlv(DER_OID, e->oid),
                        mk_tlv_width(DER_OCTET_STRING, value, t->evidence_len_width));
}

static void add_common(const tls_spec *t, tls_made *m)
{
    m->claims = claims_buffer(t);
    const EVP_MD *md = t->scheme == TLS_SGX_SDK && is_tdx(t) ? EVP_sha384() : EVP_sha256();
    if (t->claims_md != NULL)
        md = t->claims_md;
    bytes quote = quote_over(t, padded(digest_of(md, m->claims)), m);
    m->evidence =
        t->evidence.p != NULL ? t->evidence : evidence_of(t->tag, t->tag_width, quote, m->claims);
    m->evidence = join(m->evidence, t->evidence_after);
    if (t->inner_octet_string)
        m->evidence = mk_octets(m->evidence);
    if (t->scheme == TLS_GRAMINE)
        (void)ext_add(&m->cert.ext, OID_GRAMINE_AS_ENCODED, false,
                      t->legacy_quote.p != NULL
                          ? t->legacy_quote
                          : vendor_quote(t->vendor, legacy_report_data(t)).quote);
    if (t->scheme == TLS_SGX_SDK)
        (void)ext_add(&m->cert.ext, OID_SGX_SDK, false,
                      t->legacy_quote.p != NULL ? t->legacy_quote : quote);
    add_extension(t, m, OID_EVIDENCE, m->evidence);
}

static const char *legacy_oid(const tls_spec *t)
{
    switch (t->scheme) {
    case TLS_GRAMINE_LEGACY:
        return OID_GRAMINE_AS_ENCODED;
    case TLS_GRAMINE_LEGACY_OID:
        return OID_GRAMINE_AS_MEANT;
    case TLS_SGX_SDK_LEGACY:
        return OID_SGX_SDK;
    case TLS_RATS_TLS_LEGACY:
        return is_tdx(t) ? OID_RATS_TLS_TDX : OID_GRAMINE_AS_MEANT;
    case TLS_OE_REPORT_OLD:
        return OID_OE_REPORT_OLD;
    case TLS_OE_REPORT:
        return OID_OE_REPORT;
    case TLS_OE_EVIDENCE_OLD:
        return OID_OE_EVIDENCE_OLD;
    case TLS_OE_EVIDENCE:
        return OID_OE_EVIDENCE;
    case TLS_INTEROPERABLE:
    case TLS_GRAMINE:
    case TLS_SGX_SDK:
    case TLS_NONE:
        break;
    }
    arena_die("scheme %d has no older extension", (int)t->scheme);
}

static void add_legacy(const tls_spec *t, tls_made *m)
{
    bytes report_data = legacy_report_data(t), quote;
    if (is_oe_evidence(t->scheme)) {
        m->claims = t->claims.p != NULL ? t->claims : pem_with_nul(t);
        bytes hashed = t->hashed_key.p != NULL ? t->hashed_key : m->claims;
        report_data = padded(digest_of(EVP_sha256(), hashed));
    }
    quote = quote_over(t, report_data, m);
    m->evidence = quote;
    if (is_oe_evidence(t->scheme))
        m->evidence = oe_evidence_of(t->oe_version != 0 ? t->oe_version : 3,
                                     is_tdx(t) ? OE_UUID_TDX : OE_UUID_SGX_ECDSA, quote, m->claims);
    else if (is_oe(t->scheme))
        m->evidence = oe_report_of(t->oe_version != 0 ? t->oe_version : 1,
                                   t->oe_type != 0 ? t->oe_type : 2, quote);
    if (t->evidence.p != NULL)
        m->evidence = t->evidence;
    m->evidence = join(m->evidence, t->evidence_after);
    if (t->inner_octet_string)
        m->evidence = mk_octets(m->evidence);
    add_extension(t, m, legacy_oid(t), m->evidence);
}

tls_made tls_prepare(const tls_spec *t)
{
    tls_made m = {.cert = t->cert};
    if (has_common(t->scheme))
        add_common(t, &m);
    else if (t->scheme != TLS_NONE)
        add_legacy(t, &m);
    m.endorsements = t->endorsements_raw;
    if (t->endorsements) {
        collateral_set c = vendor_collateral(t->vendor);
        endorsement_items items = endorsement_items_cbor(&c, NULL);
        m.endorsements = endorsements_cbor(t->tag, &items);
    }
    if (m.endorsements.p != NULL)
        (void)ext_add(&m.cert.ext, OID_ENDORSEMENTS, false, m.endorsements);
    return m;
}

tls_made tls_make(const tls_spec *t)
{
    tls_made m = tls_prepare(t);
    m.der = cert_make(&m.cert);
    return m;
}
