#include "tee/intel_root.h"
#include "words.h"

/* Makers of test/cases/hostile-quote.txt. */
static hostile_case untouched(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    return world_quote(&v);
}

/* Where a field of the finished quote stands. */
static size_t field_at(const quote_made *q, const char *name)
{
    const struct {
        const char *name;
        size_t at;
    } fields[] = {
        {"start", 0},
        {"userdata", 28},
        {"siglen", q->signed_n},
        {"signature", q->signature_at},
        {"s", q->signature_at + 32},
        {"key", q->key_at},
        {"outersize", q->outer_size_at},
        {"qereport", q->qe_report_at},
        {"qesignature", q->qe_signature_at},
        {"qes", q->qe_signature_at + 32},
        {"authlen", q->auth_len_at},
        {"auth", q->auth_at},
        {"certsize", q->cert_size_at},
        {"cert", q->cert_at},
        {"end", q->sig_end},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (strcmp(fields[i].name, name) == 0)
            return fields[i].at;
    arena_die("no field is called %s", name);
}

/* "world field": cut `number` bytes behind where the field begins. */
static hostile_case cut(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    quote_made q = vendor_quote(&v, BYTES_NONE);
    size_t at = field_at(&q, word_of(m->text, 1)) + (size_t)m->number;
    return as_quote(&v, bytes_cut(q.quote, at));
}

static hostile_case in_certificate(const vendor *v, bytes (*change)(bytes, const char *),
                                   const char *text)
{
    bytes policy = hostile_policy(v);
    tls_spec t = tls_spec_of(v, TLS_INTEROPERABLE, NULL);
    tls_made made = tls_make(&t);
    t.quote = change(made.quote.quote, text);
    return hostile_of(v, tls_make(&t).der, policy);
}

static bytes one_less(bytes quote, const char *text)
{
    (void)text;
    return bytes_cut(quote, quote.n - 1);
}

static bytes with_padding(bytes quote, const char *text)
{
    return join(quote, bytes_from_hex(word_of(text, 1)));
}

static hostile_case cut_in_certificate(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    return in_certificate(&v, one_less, m->text);
}

static hostile_case padded_in_certificate(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    return in_certificate(&v, with_padding, m->text);
}

static hostile_case padded(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    return as_quote(&v, with_padding(vendor_quote(&v, BYTES_NONE).quote, m->text));
}

/* "world field hex": overwritten after all was signed. */
static hostile_case patched(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    quote_made q = vendor_quote(&v, BYTES_NONE);
    bytes with = bytes_from_hex(word_of(m->text, 2));
    return as_quote(&v, bytes_patched(q.quote, field_at(&q, word_of(m->text, 1)), with));
}

/* "world offset hex", counted from the body's, or the QE report's, begin. */
static hostile_case body_patched(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    quote_made q = vendor_quote(&v, BYTES_NONE);
    size_t at = q.body_at + (size_t)number_of(m->text, 1);
    return as_quote(&v, bytes_patched(q.quote, at, bytes_from_hex(word_of(m->text, 2))));
}

static hostile_case qe_patched(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    quote_made q = vendor_quote(&v, BYTES_NONE);
    size_t at = q.qe_report_at + (size_t)number_of(m->text, 1);
    return as_quote(&v, bytes_patched(q.quote, at, bytes_from_hex(word_of(m->text, 2))));
}

/* "world field n": `number` is added to a length, and n bytes of padding follow. */
static hostile_case lied(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    const char *field = word_of(m->text, 1);
    int64_t *const delta = strcmp(field, "siglen") == 0      ? &v.quote.sig_len_delta
                           : strcmp(field, "outersize") == 0 ? &v.quote.outer_size_delta
                           : strcmp(field, "authlen") == 0   ? &v.quote.auth_len_delta
                                                             : &v.quote.cert_size_delta;
    buf padding = {0};
    buf_fill(&padding, 0, (size_t)number_of(m->text, 2));
    v.quote.trailing = buf_bytes(&padding);
    *delta = m->number;
    return world_quote(&v);
}

static hostile_case sized(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    buf chain = {0};
    buf_put(&chain, vendor_pck_chain(&v));
    buf_fill(&chain, 0, (size_t)m->number - vendor_quote(&v, BYTES_NONE).quote.n);
    v.quote.cert_data = buf_bytes(&chain);
    return world_quote(&v);
}

/* "world offset hex": overwritten before it is signed. */
static void edit_header(uint8_t *part, size_t n, void *context)
{
    const char *text = context;
    bytes with = bytes_from_hex(word_of(text, 2));
    size_t at = (size_t)number_of(text, 1);
    MUST(at + with.n <= n);
    memcpy(part + at, with.p, with.n);
}

static hostile_case header(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    bytes text = join(bytes_text(m->text), bytes_of("", 1));
    v.quote.edit = edit_header;
    v.quote.edit_context = memcpy(arena_alloc(text.n), text.p, text.n);
    return world_quote(&v);
}

/* The key that holds attributes and their mask, and what follows it. */
static bytes without_key(bytes policy, const char *key)
{
    size_t at = bytes_find(policy, bytes_text(key));
    MUST(at < policy.n);
    bytes rest = bytes_of(policy.p + at, policy.n - at);
    size_t n = bytes_find(rest, bytes_text("}")) + 1;
    return bytes_spliced(policy, at, n + 1, BYTES_EMPTY);
}

/*
 * "world offset hex how": the body overwritten. The policy is that of the right enclave or TD: as
 * `ratls policy new` writes it; allowing debug; without a word on attributes; or with the new ones.
 */
static hostile_case body(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    bool tdx = v.quote.tee == QUOTE_TDX;
    const char *how = word_of(m->text, 3), *key = tdx ? "\"td_attributes\"" : "\"attributes\"";
    bytes policy = hostile_policy(&v), with = bytes_from_hex(word_of(m->text, 2));
    memcpy(v.quote.body + number_of(m->text, 1), with.p, with.n);
    if (strcmp(how, "debug") == 0)
        policy = text_replaced(policy, "\"insecure_allow_debug\": false",
                               "\"insecure_allow_debug\": true");
    else if (strcmp(how, "no-attributes") == 0)
        policy = without_key(policy, key);
    else if (strcmp(how, "named") == 0) {
        size_t n = tdx ? 8 : 16;
        bytes hex =
            hex_of(bytes_of(v.quote.body + (tdx ? TD_AT_TDATTRIBUTES : SGX_AT_ATTRIBUTES), n));
        buf named = {0};
        buf_format(&named, "%s: { \"value\": \"%.*s\", \"mask\": \"", key, (int)hex.n,
                   (const char *)hex.p);
        buf_hex(&named,
                bytes_of("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", n),
                false);
        buf_text(&named, "\" }, \"comment\":  \"\", ");
        policy = without_key(policy, key);
        policy =
            bytes_spliced(policy, bytes_find(policy, bytes_text("\"tee\"")), 0, buf_bytes(&named));
    } else {
        MUST(strcmp(how, "as-written") == 0);
    }
    return world_cert(&v, policy);
}

/* "world other": this world under the policy of the other. */
static hostile_case other_policy(const hostile_maker *m)
{
    vendor v = world_of(m->text), other = world_of(word_of(m->text, 1));
    return world_cert(&v, hostile_policy(&other));
}

/* "world key [hex]": the policy has a list of platforms, with `number` values of its own kind: this
 * platform's, or the hex. */
static hostile_case pinned(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    const char *key = word_of(m->text, 1), *given = word_of(m->text, 2);
    bytes own = strcmp(key, "allow_ppid") == 0 ? bytes_of(v.pck_ext.ppid, 16)
                                               : bytes_of(v.pck_ext.fmspc, 6);
    bytes hex = *given != '\0' ? bytes_text(given) : hex_of(own);
    bytes list =
        m->number == 0 ? BYTES_EMPTY : arena_format("\"%.*s\"", (int)hex.n, (const char *)hex.p);
    bytes platforms = arena_format("\"platforms\": { \"%s\": [%.*s] }, \"accept\"", key,
                                   (int)list.n, (const char *)list.p);
    return world_cert(&v,
                      text_replaced(hostile_policy(&v), "\"accept\"", (const char *)platforms.p));
}

/* The report data of the quoting enclave: made in another way, and signed by the PCK key. */
static hostile_case qe_data(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    const char *how = word_of(m->text, 1);
    bytes point = key_point(v.quote.attestation_key), auth = v.quote.auth;
    uint8_t *data = v.quote.qe_report + SGX_AT_REPORTDATA;
    size_t at = 0;
    bytes hashed = join(point, auth);
    if (strcmp(how, "no-auth") == 0)
        hashed = point;
    else if (strcmp(how, "swapped") == 0)
        hashed = join(auth, point);
    else if (strcmp(how, "encoded") == 0)
        hashed = join(bytes_of("\x04", 1), point, auth);
    else if (strcmp(how, "other-key") == 0)
        hashed = join(key_point(key_named(KEY_TYPE_P256, "other")), auth);
    else if (strcmp(how, "second-half") == 0)
        at = 32;
    memset(data, 0, 64);
    if (strcmp(how, "zero") != 0)
        memcpy(data + at, digest_of(EVP_sha256(), hashed).p, 32);
    if (strcmp(how, "flip") == 0)
        data[number_of(m->text, 2)] ^= 0x01;
    v.quote.qe_report_data_given = true;
    return world_quote(&v);
}

static hostile_case other_attestation_key(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    bytes right = digest_of(EVP_sha256(), join(key_point(v.quote.attestation_key), v.quote.auth));
    memcpy(v.quote.qe_report + SGX_AT_REPORTDATA, right.p, 32);
    v.quote.qe_report_data_given = true;
    v.quote.attestation_key = key_named(KEY_TYPE_P256, "other");
    return world_quote(&v);
}

static hostile_case auth_sized(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    buf auth = {0};
    buf_fill(&auth, 0x5a, (size_t)m->number);
    v.quote.auth = auth.n > 0 ? buf_bytes(&auth) : BYTES_EMPTY;
    return world_quote(&v);
}

/* "world field how": r and s of a good signature in another arrangement. */
static hostile_case rearranged(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    quote_made q = vendor_quote(&v, BYTES_NONE);
    size_t at = field_at(&q, word_of(m->text, 1));
    bool little = strcmp(word_of(m->text, 2), "little") == 0;
    uint8_t out[64];
    for (size_t i = 0; i < 64; i++)
        out[i] = q.quote.p[at + (little ? i / 32 * 32 + 31 - i % 32 : (i + 32) % 64)];
    return as_quote(&v, bytes_patched(q.quote, at, bytes_of(out, 64)));
}

static hostile_case signed_by(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    const char *who = word_of(m->text, 1);
    quote_made q = vendor_quote(&v, BYTES_NONE);
    EVP_PKEY *other = key_named(KEY_TYPE_P256, "other");
    if (strcmp(who, "qe") == 0 || strcmp(who, "self") == 0) {
        v.quote.pck_key = who[0] == 'q' ? other : v.quote.attestation_key;
        return world_quote(&v);
    }
    return as_quote(&v, quote_resigned(&q, q.quote, who[0] == 'q' ? other : v.pck.key));
}

static const char p256_p[] = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";

/* A key's point made one that is not on the curve. */
static bytes off_curve(EVP_PKEY *key, const char *how)
{
    bytes point = key_point(key);
    if (strcmp(how, "y") == 0)
        return bytes_flipped(point, 63, 0);
    if (strcmp(how, "p") == 0) /* x is 0 modulo p, which some would reduce */
        return bytes_patched(point, 0, bytes_from_hex(p256_p));
    buf b = {0};
    buf_fill(&b, strcmp(how, "ones") == 0 ? 0xff : 0, 64);
    return buf_bytes(&b);
}

/* The QE report vouches for the point as it stands. */
static hostile_case attestation_point(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    v.quote.attestation_point = off_curve(v.quote.attestation_key, word_of(m->text, 1));
    return world_quote(&v);
}

static cert_spec *named_cert(vendor *v, const char *name)
{
    return strcmp(name, "pck") == 0    ? &v->pck
           : strcmp(name, "ca") == 0   ? &v->ca
           : strcmp(name, "root") == 0 ? &v->root
                                       : &v->tcb_signer;
}

static hostile_case pki_point(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    bytes root = vendor_root(&v);
    cert_spec *c = named_cert(&v, word_of(m->text, 2));
    c->spki = spki_ec_of("1.2.840.10045.3.1.7",
                         join(bytes_of("\x04", 1), off_curve(c->key, word_of(m->text, 1))));
    c->signer = c == &v.root ? v.root.key : c->signer;
    hostile_case made = world_quote(&v);
    made.root = root;
    return made;
}

static hostile_case pki_key(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    const char *how = word_of(m->text, 1);
    cert_spec *c = named_cert(&v, word_of(m->text, 2));
    bytes encoded = join(bytes_of("\x04", 1), key_point(c->key));
    c->spki = strcmp(how, "p384") == 0         ? key_spki(key_named(KEY_TYPE_P384, "other"))
              : strcmp(how, "rsa") == 0        ? spki_rsa_of(3072)
              : strcmp(how, "compressed") == 0 ? key_spki_compressed(c->key)
              : strcmp(how, "explicit") == 0   ? key_spki_explicit(c->key)
                                               : spki_ec_of("1.3.36.3.3.2.8.1.1.7", encoded);
    return world_quote(&v);
}

static hostile_case cert_type(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    if (strcmp(word_of(m->text, 1), "outer") == 0)
        v.quote.outer_type = (unsigned)m->number;
    else
        v.quote.cert_type = (unsigned)m->number;
    return world_quote(&v);
}

static hostile_case cert_bytes(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    buf b = {0};
    buf_fill(&b, 0x5a, (size_t)number_of(m->text, 1));
    v.quote.cert_type = (unsigned)m->number;
    v.quote.cert_data = buf_bytes(&b);
    return world_quote(&v);
}

static hostile_case six_in_six(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    quote_made q = vendor_quote(&v, BYTES_NONE);
    v.quote.cert_type = 6;
    v.quote.cert_data = bytes_of(q.quote.p + q.qe_report_at, q.sig_end - q.qe_report_at);
    return world_quote(&v);
}

/* One letter of a chain; L, I, R and T stand for certificates, 0 for a NUL, w for blanks. */
static bytes chain_part(const vendor *v, char letter)
{
    bytes leaf = vendor_pck(v), ca = cert_make(&v->ca), pem = pem_of("CERTIFICATE", ca);
    switch (letter) {
    case 'L':
        return pem_of("CERTIFICATE", leaf);
    case 'I':
        return pem;
    case 'R':
        return vendor_root_pem(v);
    case 'T':
        return pem_of("CERTIFICATE", cert_make(&v->tcb_signer));
    case '0':
        return bytes_of("", 1);
    case 'w':
        return bytes_text(" \n\t\r\n");
    case 'j':
        return bytes_text("subject=CN = Test\n");
    case 'n':
        return bytes_patched(pem, 100, bytes_of("", 1));
    case 'b':
        return bytes_patched(pem, 100, bytes_text("*"));
    case 'c':
        return pem_of("X509 CRL", ca);
    case 't':
        return pem_of("TRUSTED CERTIFICATE", ca);
    case 'e':
        return text_replaced(pem, "END CERTIFICATE", "END CERTIFICATF");
    case 'x': /* the root without its last line */
        pem = vendor_root_pem(v);
        return bytes_cut(pem, bytes_find(pem, bytes_text("-----END")));
    case 'g':
        return pem_of("CERTIFICATE", bytes_text("not a certificate"));
    case 'y':
        return pem_of("CERTIFICATE", join(ca, bytes_of("", 1)));
    case 'd':
        return join(leaf, ca, vendor_root(v));
    default:
        arena_die("a chain has no part %c", letter);
    }
}

static hostile_case chain(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    buf b = {0};
    for (const char *at = word_of(m->text, 1); *at != '\0' && *at != '-'; at++)
        buf_put(&b, chain_part(&v, *at));
    v.quote.cert_data = b.n > 0 ? buf_bytes(&b) : BYTES_EMPTY;
    return world_quote(&v);
}

static hostile_case chain_crlf(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    v.chain_crlf = true;
    if (v.quote.tee == QUOTE_TDX)
        v.chain_order = CHAIN_LEAF_ROOT_CA;
    return world_quote(&v);
}

/* All that the root signs, by `key` instead. */
static void sign_as_root(vendor *v, EVP_PKEY *key)
{
    v->root.signer = v->ca.signer = v->tcb_signer.signer = v->root_crl.signer = key;
}

/* "world anchor how": judged under Intel's root or under the world's own as it was at first. */
static hostile_case root_case(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    const char *how = word_of(m->text, 2);
    EVP_PKEY *other = key_named(KEY_TYPE_P256, "other");
    bytes root = vendor_root_pem(&v), collateral = BYTES_NONE;
    if (strcmp(how, "names") == 0 || strcmp(how, "key") == 0)
        vendor_use_names(&v, "Intel", "Intel Corporation");
    if (strcmp(how, "key") == 0) {
        EVP_PKEY *own = v.root.key;
        v.root.spki =
            spki_ec_of("1.2.840.10045.3.1.7", join(bytes_of("\x04", 1), intel_root(NULL).point));
        sign_as_root(&v, own);
    } else if (strcmp(how, "issuer") == 0) {
        v.root.issuer = intel_root(NULL).name;
    } else if (strncmp(how, "twin", 4) == 0) {
        v.root.key = other;
        sign_as_root(&v, other);
        if (strcmp(how, "twin") == 0)
            ext_set(&v.root.ext, OID_SUBJECT_KEY_ID, false, ext_subject_key_id(other));
    } else if (strcmp(how, "grafted") == 0) {
        v.ca.signer = other;
    } else if (strcmp(how, "leaf") == 0) {
        v.pck.signer = other;
    } else if (strcmp(how, "skipped") == 0) {
        cert_issued_by(&v.pck, &v.root);
    } else if (strcmp(how, "broken") == 0) {
        collateral = vendor_collateral_json(&v);
        v.root.break_signature = true;
    } else if (strcmp(how, "reissued") == 0) {
        v.root.serial = bytes_text("\x01");
        v.root.not_after -= VENDOR_DAY;
    }
    hostile_case c = world_quote(&v);
    c.root = word_of(m->text, 1)[0] == 'i' ? BYTES_NONE : root;
    if (collateral.n > 0)
        c.collateral = collateral;
    return c;
}

#include "quote_rows.h"

static const char *left_out(const hostile_maker *m, const hostile_setting *s)
{
    (void)m;
    return s->given ? "it needs the vendor's keys" : NULL;
}

const hostile_group hostile_quote = {
    .name = "quote",
    .table = hostile_quote_table,
    .makers = makers,
    .n = sizeof makers / sizeof *makers,
    .left_out = left_out,
};
