#include "hostile.h"

/* Genuine evidence that does not speak for the key of the certificate it stands in, in every
 * scheme. */

/* number of a maker: variant, scheme, and whether the quote is a TD's. */
enum { SCHEME_STEP = 2, VARIANT_STEP = 2 * 16 };
#define NUMBER(variant, scheme, tdx) (VARIANT_STEP * (variant) + SCHEME_STEP * (scheme) + (tdx))

static hostile_tls *world(const hostile_maker *self)
{
    bool tdx = self->number % SCHEME_STEP == 1;
    tls_scheme scheme = (tls_scheme)(self->number % VARIANT_STEP / SCHEME_STEP);
    return hostile_tls_of(scheme, tdx ? QUOTE_TDX : QUOTE_SGX, tdx ? 4 : 3);
}

static int variant(const hostile_maker *self)
{
    return self->number / VARIANT_STEP;
}

static bytes with_nul(bytes text)
{
    return join(text, bytes_of("", 1));
}

static bool hashes_pem(tls_scheme s)
{
    return s == TLS_SGX_SDK_LEGACY || s == TLS_OE_REPORT || s == TLS_OE_REPORT_OLD ||
           s == TLS_OE_EVIDENCE || s == TLS_OE_EVIDENCE_OLD;
}

static bool has_claims(tls_scheme s)
{
    return s == TLS_INTEROPERABLE || s == TLS_GRAMINE || s == TLS_SGX_SDK;
}

/* What the report data of this scheme is the hash of. */
static bytes hashed_by(const hostile_tls *w)
{
    if (has_claims(w->t.scheme))
        return tls_prepare(&w->t).claims;
    return hashes_pem(w->t.scheme) ? with_nul(key_pem(w->t.cert.key)) : key_spki(w->t.cert.key);
}

static bytes padded(bytes digest)
{
    buf b = {0};
    buf_put(&b, digest);
    buf_fill(&b, 0, 64 - digest.n);
    return buf_bytes(&b);
}

static bytes reversed(bytes b)
{
    uint8_t *p = arena_alloc(b.n);
    for (size_t i = 0; i < b.n; i++)
        p[i] = b.p[b.n - 1 - i];
    return bytes_of(p, b.n);
}

enum {
    AS_SHA384,
    AS_SHA512,
    AS_SHA1,
    AS_MD5,
    AS_SHA3,
    AS_TWICE,
    AS_HALVES_SWAPPED,
    AS_REVERSED,
    AS_ZEROS,
    AS_THE_DATA,
    AS_FIRST_16,
    AS_FIRST_31,
    AS_LAST_BYTE_SET,
    AS_BYTE_32_SET,
    AS_HASH_AGAIN,
    AS_SHA384_LAST_BYTE_SET,
    AS_OF_KEY,
    AS_OF_PEM_KEY
};

/* Report data of another form, over the right data. */
static hostile_case report_data(const hostile_maker *self)
{
    hostile_tls *w = world(self);
    bytes data = hashed_by(w), hash = digest_of(EVP_sha256(), data), right = padded(hash), out;
    static const uint8_t zeros[64], one = 1;
    switch (variant(self)) {
    case AS_SHA384:
        out = padded(digest_of(EVP_sha384(), data));
        break;
    case AS_SHA512:
        out = digest_of(EVP_sha512(), data);
        break;
    case AS_SHA1:
        out = padded(digest_of(EVP_sha1(), data));
        break;
    case AS_MD5:
        out = padded(digest_of(EVP_md5(), data));
        break;
    case AS_SHA3:
        out = padded(digest_of(EVP_sha3_256(), data));
        break;
    case AS_TWICE:
        out = padded(digest_of(EVP_sha256(), hash));
        break;
    case AS_HALVES_SWAPPED:
        out = join(bytes_of(zeros, 32), hash);
        break;
    case AS_REVERSED:
        out = padded(reversed(hash));
        break;
    case AS_ZEROS:
        out = bytes_of(zeros, 64);
        break;
    case AS_THE_DATA:
        out = data.n < 64 ? padded(data) : bytes_cut(data, 64);
        break;
    case AS_FIRST_16:
        out = padded(bytes_cut(hash, 16));
        break;
    case AS_FIRST_31:
        out = bytes_flipped(right, 31, 0);
        break;
    case AS_LAST_BYTE_SET:
        out = bytes_patched(right, 63, bytes_of(&one, 1));
        break;
    case AS_BYTE_32_SET:
        out = bytes_patched(right, 32, bytes_of(&one, 1));
        break;
    case AS_HASH_AGAIN:
        out = join(hash, hash);
        break;
    case AS_SHA384_LAST_BYTE_SET:
        out = bytes_patched(padded(digest_of(EVP_sha384(), data)), 63, bytes_of(&one, 1));
        break;
    case AS_OF_KEY:
        out = padded(digest_of(EVP_sha256(), key_spki(w->t.cert.key)));
        break;
    case AS_OF_PEM_KEY:
        out = padded(digest_of(EVP_sha256(), with_nul(key_pem(w->t.cert.key))));
        break;
    default:
        arena_die("%s: no such form of report data", self->name);
    }
    w->t.report_data = out;
    return hostile_tls_case(w);
}

enum {
    OF_POINT,
    OF_POINT_04,
    OF_OTHER_FORM,
    OF_CERTIFICATE,
    OF_OTHER_KEY,
    OF_COMPRESSED,
    OF_NOTHING
};

/* The right rule, over another form of the key or over something else. */
static hostile_case hash_of(const hostile_maker *self)
{
    hostile_tls *w = world(self);
    EVP_PKEY *key = w->t.cert.key, *other = key_named(KEY_TYPE_P256, "other");
    bool pem = hashes_pem(w->t.scheme);
    bytes point = key_point(key), out;
    switch (variant(self)) {
    case OF_POINT:
        out = point;
        break;
    case OF_POINT_04:
        out = join(bytes_of("\x04", 1), point);
        break;
    case OF_OTHER_FORM:
        out = pem ? key_spki(key) : with_nul(key_pem(key));
        break;
    case OF_CERTIFICATE: {
        tls_spec bare = tls_spec_of(&w->v, TLS_NONE, key);
        out = tls_make(&bare).der;
        break;
    }
    case OF_OTHER_KEY:
        out = pem ? with_nul(key_pem(other)) : key_spki(other);
        break;
    case OF_COMPRESSED:
        out = key_spki_compressed(key);
        if (pem)
            out = with_nul(pem_of("PUBLIC KEY", out));
        break;
    case OF_NOTHING:
        out = BYTES_EMPTY;
        break;
    default:
        arena_die("%s: nothing to hash", self->name);
    }
    w->t.hashed_key = out;
    return hostile_tls_case(w);
}

/* The certificate's key in PEM, written in another way. */
static hostile_case pem_as(const hostile_maker *self)
{
    hostile_tls *w = world(self);
    bytes pem = key_pem(w->t.cert.key);
    static const char *const labels[] = {"PUBLIC KEY", "EC PUBLIC KEY"};
    buf b = {0};
    if (strcmp(self->text, "no NUL") == 0)
        buf_put(&b, pem);
    else if (strcmp(self->text, "label") == 0)
        buf_put(&b, with_nul(pem_of(labels[1], key_spki(w->t.cert.key))));
    else if (strcmp(self->text, "no newline") == 0)
        buf_put(&b, with_nul(bytes_cut(pem, pem.n - 1)));
    else
        for (size_t i = 0; i <= pem.n; i++) { /* CR LF */
            if (i < pem.n && pem.p[i] == '\n')
                buf_u8(&b, '\r');
            buf_u8(&b, i < pem.n ? pem.p[i] : 0);
        }
    if (w->t.scheme == TLS_OE_EVIDENCE || w->t.scheme == TLS_OE_EVIDENCE_OLD)
        w->t.claims = buf_bytes(&b);
    else
        w->t.hashed_key = buf_bytes(&b);
    return hostile_tls_case(w);
}

/* Evidence taken whole from another certificate, which is right there. */
static hostile_case stolen(const hostile_maker *self)
{
    hostile_tls *w = world(self);
    tls_spec victim = tls_spec_of(&w->v, w->t.scheme, key_named(KEY_TYPE_P384, "victim"));
    tls_made m = tls_prepare(&victim);
    w->t.evidence = m.evidence;
    ext_spec *older = ext_find(&m.cert.ext, OID_GRAMINE_AS_ENCODED);
    if (older == NULL)
        older = ext_find(&m.cert.ext, OID_SGX_SDK);
    if (older != NULL && has_claims(w->t.scheme))
        w->t.legacy_quote = older->value;
    return hostile_tls_case(w);
}

/* Claims of one's own beside a quote that was made for another key. */
static hostile_case stolen_quote(const hostile_maker *self)
{
    hostile_tls *w = world(self);
    tls_spec victim = tls_spec_of(&w->v, w->t.scheme, key_named(KEY_TYPE_P384, "victim"));
    w->t.quote = tls_prepare(&victim).quote.quote;
    return hostile_tls_case(w);
}

/* The same key and other claims: a nonce is added to genuine evidence. */
static hostile_case nonce_added(const hostile_maker *self)
{
    hostile_tls *w = world(self);
    w->t.quote = tls_prepare(&w->t).quote.quote;
    w->t.has_nonce = true;
    w->t.nonce = bytes_text("fresh");
    return hostile_tls_case(w);
}

/* The hash that is not its scheme's usual one on TDX, as some versions of its attester write it. */
static hostile_case other_hash(const hostile_maker *self)
{
    hostile_tls *w = world(self);
    bool sha384 = strcmp(self->text, "sha384") == 0;
    w->t.report_data = padded(digest_of(sha384 ? EVP_sha384() : EVP_sha256(), hashed_by(w)));
    return hostile_tls_case(w);
}

/* The binding is judged whatever the TCB says. */
static hostile_tls *out_of_date_world(const hostile_maker *self)
{
    hostile_tls *w = world(self);
    w->v.tcb_info.levels[0].status = self->text;
    if (variant(self) == OF_OTHER_KEY)
        w->t.hashed_key = key_spki(key_named(KEY_TYPE_P256, "other"));
    return w;
}

static hostile_case out_of_date(const hostile_maker *self)
{
    return hostile_tls_case(out_of_date_world(self));
}

static hostile_case out_of_date_allowed(const hostile_maker *self)
{
    hostile_tls *w = out_of_date_world(self);
    w->policy = text_replaced(w->policy, "\"allow_status\": [\"UpToDate\"]",
                              "\"allow_status\": [\"OutOfDate\"]");
    return hostile_tls_case(w);
}

static hostile_case odd_key(const hostile_maker *self)
{
    hostile_tls *w = world(self);
    EVP_PKEY *key = key_named(KEY_TYPE_P256, "tls");
    w->t = tls_spec_of(&w->v, w->t.scheme, key);
    w->t.cert.spki = self->text == NULL ? key_spki_compressed(key) : key_spki_explicit(key);
    return hostile_tls_case(w);
}

/* Evidence for the key, whose certificate writes it in a form that is refused elsewhere. */
static hostile_case for_odd_key(const hostile_maker *self)
{
    hostile_tls *w = world(self);
    EVP_PKEY *key = w->t.cert.key;
    w->t.hashed_key = key_spki_explicit(key);
    if (hashes_pem(w->t.scheme))
        w->t.hashed_key = with_nul(pem_of("PUBLIC KEY", w->t.hashed_key));
    return hostile_tls_case(w);
}

#define ALL(name, make, variant, text)                                                             \
    {name "-interoperable", make, text, NUMBER(variant, TLS_INTEROPERABLE, 0)},                    \
        {name "-gramine", make, text, NUMBER(variant, TLS_GRAMINE, 0)},                            \
        {name "-gramine-legacy", make, text, NUMBER(variant, TLS_GRAMINE_LEGACY, 0)},              \
        {name "-gramine-legacy-oid", make, text, NUMBER(variant, TLS_GRAMINE_LEGACY_OID, 0)},      \
        {name "-sgx-sdk", make, text, NUMBER(variant, TLS_SGX_SDK, 0)},                            \
        {name "-sgx-sdk-legacy", make, text, NUMBER(variant, TLS_SGX_SDK_LEGACY, 0)},              \
        {name "-rats-tls-legacy", make, text, NUMBER(variant, TLS_RATS_TLS_LEGACY, 0)},            \
        {name "-oe-report-old", make, text, NUMBER(variant, TLS_OE_REPORT_OLD, 0)},                \
        {name "-oe-report", make, text, NUMBER(variant, TLS_OE_REPORT, 0)},                        \
        {name "-oe-evidence-old", make, text, NUMBER(variant, TLS_OE_EVIDENCE_OLD, 0)},            \
    {                                                                                              \
        name "-oe-evidence", make, text, NUMBER(variant, TLS_OE_EVIDENCE, 0)                       \
    }

#define PEM(name, make, variant, text)                                                             \
    {name "-sgx-sdk-legacy", make, text, NUMBER(variant, TLS_SGX_SDK_LEGACY, 0)},                  \
        {name "-oe-report", make, text, NUMBER(variant, TLS_OE_REPORT, 0)},                        \
    {                                                                                              \
        name "-oe-evidence", make, text, NUMBER(variant, TLS_OE_EVIDENCE, 0)                       \
    }

#define TDX(name, make, variant, text)                                                             \
    {name "-tdx-interoperable", make, text, NUMBER(variant, TLS_INTEROPERABLE, 1)},                \
        {name "-tdx-gramine-legacy", make, text, NUMBER(variant, TLS_GRAMINE_LEGACY, 1)},          \
        {name "-tdx-sgx-sdk", make, text, NUMBER(variant, TLS_SGX_SDK, 1)},                        \
        {name "-tdx-sgx-sdk-legacy", make, text, NUMBER(variant, TLS_SGX_SDK_LEGACY, 1)},          \
        {name "-tdx-rats-tls-legacy", make, text, NUMBER(variant, TLS_RATS_TLS_LEGACY, 1)},        \
        {name "-tdx-oe-report", make, text, NUMBER(variant, TLS_OE_REPORT, 1)},                    \
    {                                                                                              \
        name "-tdx-oe-evidence", make, text, NUMBER(variant, TLS_OE_EVIDENCE, 1)                   \
    }

static const hostile_maker makers[] = {
    ALL("sha384", report_data, AS_SHA384, NULL),
    ALL("sha512", report_data, AS_SHA512, NULL),
    ALL("sha1", report_data, AS_SHA1, NULL),
    ALL("md5", report_data, AS_MD5, NULL),
    ALL("sha3", report_data, AS_SHA3, NULL),
    ALL("hashed-twice", report_data, AS_TWICE, NULL),
    ALL("halves-swapped", report_data, AS_HALVES_SWAPPED, NULL),
    ALL("reversed", report_data, AS_REVERSED, NULL),
    ALL("zeros", report_data, AS_ZEROS, NULL),
    ALL("data-itself", report_data, AS_THE_DATA, NULL),
    TDX("sha384", other_hash, 0, "sha384"),
    TDX("sha256", other_hash, 0, "sha256"),
    TDX("sha512", report_data, AS_SHA512, NULL),
    TDX("halves-swapped", report_data, AS_HALVES_SWAPPED, NULL),
    ALL("first-16", report_data, AS_FIRST_16, NULL),
    ALL("first-31", report_data, AS_FIRST_31, NULL),
    TDX("first-16", report_data, AS_FIRST_16, NULL),
    ALL("last-byte-set", report_data, AS_LAST_BYTE_SET, NULL),
    ALL("byte-32-set", report_data, AS_BYTE_32_SET, NULL),
    ALL("hash-again-in-upper-half", report_data, AS_HASH_AGAIN, NULL),
    TDX("last-byte-set", report_data, AS_LAST_BYTE_SET, NULL),
    TDX("sha384-last-byte-set", report_data, AS_SHA384_LAST_BYTE_SET, NULL),
    ALL("of-point", hash_of, OF_POINT, NULL),
    ALL("of-point-04", hash_of, OF_POINT_04, NULL),
    ALL("of-other-form", hash_of, OF_OTHER_FORM, NULL),
    ALL("of-certificate", hash_of, OF_CERTIFICATE, NULL),
    ALL("of-nothing", hash_of, OF_NOTHING, NULL),
    {"of-key-interoperable", report_data, NULL, NUMBER(AS_OF_KEY, TLS_INTEROPERABLE, 0)},
    {"of-key-gramine", report_data, NULL, NUMBER(AS_OF_KEY, TLS_GRAMINE, 0)},
    {"of-key-sgx-sdk", report_data, NULL, NUMBER(AS_OF_KEY, TLS_SGX_SDK, 0)},
    {"of-key-tdx-interoperable", report_data, NULL, NUMBER(AS_OF_KEY, TLS_INTEROPERABLE, 1)},
    {"of-pem-key-interoperable", report_data, NULL, NUMBER(AS_OF_PEM_KEY, TLS_INTEROPERABLE, 0)},
    {"of-pem-key-sgx-sdk", report_data, NULL, NUMBER(AS_OF_PEM_KEY, TLS_SGX_SDK, 0)},
    {"of-pem-key-tdx-sgx-sdk", report_data, NULL, NUMBER(AS_OF_PEM_KEY, TLS_SGX_SDK, 1)},
    PEM("pem-without-nul", pem_as, 0, "no NUL"),
    PEM("pem-crlf", pem_as, 0, "CR LF"),
    PEM("pem-without-newline", pem_as, 0, "no newline"),
    PEM("pem-other-label", pem_as, 0, "label"),
    ALL("explicit-curve", odd_key, 0, "explicit"),
    ALL("compressed-point", odd_key, 0, NULL),
    ALL("for-compressed-point", hash_of, OF_COMPRESSED, NULL),
    ALL("for-explicit-curve", for_odd_key, 0, NULL),
    ALL("other-key", hash_of, OF_OTHER_KEY, NULL),
    TDX("other-key", hash_of, OF_OTHER_KEY, NULL),
    ALL("stolen", stolen, 0, NULL),
    TDX("stolen", stolen, 0, NULL),
    {"stolen-quote-interoperable", stolen_quote, NULL, NUMBER(0, TLS_INTEROPERABLE, 0)},
    {"stolen-quote-sgx-sdk", stolen_quote, NULL, NUMBER(0, TLS_SGX_SDK, 0)},
    {"stolen-quote-oe-evidence-old", stolen_quote, NULL, NUMBER(0, TLS_OE_EVIDENCE_OLD, 0)},
    {"stolen-quote-oe-evidence", stolen_quote, NULL, NUMBER(0, TLS_OE_EVIDENCE, 0)},
    {"nonce-added", nonce_added, NULL, NUMBER(0, TLS_INTEROPERABLE, 0)},
    {"out-of-date", out_of_date, "OutOfDate", NUMBER(0, TLS_INTEROPERABLE, 0)},
    {"out-of-date-other-key", out_of_date, "OutOfDate", NUMBER(OF_OTHER_KEY, TLS_INTEROPERABLE, 0)},
    {"out-of-date-allowed", out_of_date_allowed, "OutOfDate", NUMBER(0, TLS_INTEROPERABLE, 0)},
    {"out-of-date-allowed-other-key", out_of_date_allowed, "OutOfDate",
     NUMBER(OF_OTHER_KEY, TLS_INTEROPERABLE, 0)},
    {"revoked-other-key", out_of_date, "Revoked", NUMBER(OF_OTHER_KEY, TLS_INTEROPERABLE, 0)},
};

static const char *left_out(const hostile_maker *m, const hostile_setting *s)
{
    bool of_td = m->number % SCHEME_STEP == 1;
    if (!s->given)
        return NULL;
    if (m->make == out_of_date || m->make == out_of_date_allowed)
        return "it needs the vendor's keys";
    if (of_td && s->tee != QUOTE_TDX)
        return "it is of another platform";
    /* On TDX some schemes allow it. */
    if (!of_td && s->tee == QUOTE_TDX && m->make == report_data && variant(m) == AS_SHA384)
        return "it is of another platform";
    return NULL;
}

const hostile_group hostile_binding = {
    .name = "binding",
    .table = hostile_binding_table,
    .makers = makers,
    .n = sizeof makers / sizeof *makers,
    .left_out = left_out,
};
