#include "x509_maker.h"

ext_spec *ext_find(ext_list *l, const char *oid)
{
    bytes contents = oid_contents(oid);
    for (size_t i = 0; i < l->n; i++)
        if (bytes_equal(l->e[i].oid, contents))
            return &l->e[i];
    return NULL;
}

ext_spec *ext_add_oid(ext_list *l, bytes oid, bool critical, bytes value)
{
    MUST(l->n < SPEC_EXTENSIONS_MAX);
    ext_spec *e = &l->e[l->n++];
    *e = (ext_spec){
        .oid = oid, .critical_raw = critical ? mk_bool(true) : BYTES_NONE, .value = value};
    return e;
}

ext_spec *ext_add(ext_list *l, const char *oid, bool critical, bytes value)
{
    return ext_add_oid(l, oid_contents(oid), critical, value);
}

void ext_set(ext_list *l, const char *oid, bool critical, bytes value)
{
    ext_spec *e = ext_find(l, oid);
    if (e == NULL) {
        (void)ext_add(l, oid, critical, value);
        return;
    }
    e->critical_raw = critical ? mk_bool(true) : BYTES_NONE;
    e->value = value;
    e->raw = BYTES_NONE;
}

void ext_remove(ext_list *l, const char *oid)
{
    ext_spec *e = ext_find(l, oid);
    if (e == NULL)
        arena_die("there is no extension %s to remove", oid);
    for (; e != NULL; e = ext_find(l, oid)) {
        size_t at = (size_t)(e - l->e);
        memmove(e, e + 1, (l->n - at - 1) * sizeof *e);
        l->n--;
    }
}

bytes ext_basic(bool ca, int pathlen)
{
    bytes length = pathlen < 0 ? BYTES_NONE : mk_uint((uint64_t)pathlen);
    return mk_seq(ca ? mk_bool(true) : BYTES_NONE, length);
}

bytes ext_usage(unsigned usage)
{
    /* A named bit list: bit 0 is the highest, zeros at the end are not written [X.690 11.2.2]. */
    uint8_t bits = 0;
    unsigned unused = 8;
    for (unsigned i = 0; i < 8; i++) {
        if ((usage >> i & 1) == 0)
            continue;
        bits = (uint8_t)(bits | 0x80U >> i);
        unused = 7 - i;
    }
    uint8_t contents[2] = {(uint8_t)(unused == 8 ? 0 : unused), bits};
    return mk_tlv(DER_BIT_STRING, bytes_of(contents, unused == 8 ? 1 : 2));
}

bytes key_id(EVP_PKEY *key)
{
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA)
        return digest_of(EVP_sha1(), key_pkcs1(key));
    return digest_of(EVP_sha1(), join(bytes_of("\x04", 1), key_point(key)));
}

bytes ext_subject_key_id(EVP_PKEY *key)
{
    return mk_octets(key_id(key));
}

bytes ext_authority_key_id(EVP_PKEY *issuer)
{
    return mk_seq(mk_tlv(DER_CONTEXT(0), key_id(issuer)));
}

bytes ext_crl_distribution(const char *uri)
{
    bytes full_name = mk_tlv(DER_CONTEXT_CONSTRUCTED(0), mk_tlv(DER_CONTEXT(6), bytes_text(uri)));
    return mk_seq(mk_seq(mk_tlv(DER_CONTEXT_CONSTRUCTED(0), full_name)));
}

static bytes extension_der(const ext_spec *e)
{
    if (e->raw.n > 0)
        return e->raw;
    return mk_seq(mk_tlv(DER_OID, e->oid), e->critical_raw, mk_octets(e->value));
}

static bytes extensions_der(const ext_list *l)
{
    buf all = {0};
    for (size_t i = 0; i < l->n; i++)
        buf_put(&all, extension_der(&l->e[i]));
    return mk_tlv(DER_SEQUENCE, buf_bytes(&all));
}

static bytes algorithm_der(EVP_PKEY *signer, const EVP_MD *md, bool with_null)
{
    int size = EVP_MD_get_size(md);
    if (EVP_PKEY_get_base_id(signer) == EVP_PKEY_RSA) {
        const char *oid = size == 32
                              ? "1.2.840.113549.1.1.11"
                              : (size == 48 ? "1.2.840.113549.1.1.12" : "1.2.840.113549.1.1.13");
        return mk_seq(mk_oid(oid), mk_null());
    }
    const char *oid = size == 32 ? "1.2.840.10045.4.3.2"
                                 : (size == 48 ? "1.2.840.10045.4.3.3" : "1.2.840.10045.4.3.4");
    return mk_seq(mk_oid(oid), with_null ? mk_null() : BYTES_NONE);
}

static bytes or_else(bytes given, bytes otherwise)
{
    return given.n > 0 ? given : otherwise;
}

static bytes signed_der(bytes tbs, bytes algorithm, EVP_PKEY *signer, const EVP_MD *md, bool broken)
{
    bytes signature = sign_der(signer, md, tbs);
    if (broken)
        signature = bytes_flipped(signature, signature.n - 1, 0);
    return mk_seq(tbs, algorithm, mk_bits(signature));
}

bytes spki_rsa_of(unsigned bits)
{
    MUST(bits % 8 == 0);
    uint8_t *modulus = arena_alloc(bits / 8);
    memset(modulus, 0xa5, bits / 8);
    bytes key = mk_seq(mk_int_positive(bytes_of(modulus, bits / 8)), mk_uint(65537));
    return mk_seq(mk_seq(mk_oid("1.2.840.113549.1.1.1"), mk_null()), mk_bits(key));
}

bytes spki_ec_of(const char *curve_oid, bytes point)
{
    return mk_seq(mk_seq(mk_oid("1.2.840.10045.2.1"), mk_oid(curve_oid)), mk_bits(point));
}

cert_spec cert_spec_of(const char *subject, EVP_PKEY *key, int64_t not_before, int64_t not_after)
{
    bytes name = mk_name(subject);
    return (cert_spec){.version = 2,
                       .serial = arena_copy(bytes_of("\x01", 1)),
                       .issuer = name,
                       .subject = name,
                       .not_before = not_before,
                       .not_after = not_after,
                       .key = key};
}

void cert_issued_by(cert_spec *c, const cert_spec *issuer)
{
    c->issuer = issuer->subject;
    c->signer = issuer->key;
    ext_set(&c->ext, OID_AUTHORITY_KEY_ID, false, ext_authority_key_id(issuer->key));
}

bytes cert_make(const cert_spec *c)
{
    EVP_PKEY *signer = c->signer != NULL ? c->signer : c->key;
    const EVP_MD *md = c->md != NULL ? c->md : EVP_sha256();
    bytes algorithm = algorithm_der(signer, md, c->algorithm_null);
    bytes version = c->version < 0
                        ? BYTES_NONE
                        : mk_tlv(DER_CONTEXT_CONSTRUCTED(0), mk_uint((uint64_t)c->version));
    bytes validity = mk_seq(or_else(c->not_before_raw, mk_time(c->not_before)),
                            or_else(c->not_after_raw, mk_time(c->not_after)));
    bytes extensions = c->no_extensions || c->ext.n == 0
                           ? BYTES_NONE
                           : mk_tlv(DER_CONTEXT_CONSTRUCTED(3), extensions_der(&c->ext));
    bytes tbs = mk_seq(version, mk_int_raw(c->serial), or_else(c->inner_algorithm, algorithm),
                       c->issuer, validity, c->subject, c->spki.n > 0 ? c->spki : key_spki(c->key),
                       c->extra_tbs, extensions);
    bytes der =
        signed_der(tbs, or_else(c->outer_algorithm, algorithm), signer, md, c->break_signature);
    return join(der, c->trailing);
}

/* End of the header at `at`, and the contents' length. */
static size_t header_end(bytes der, size_t at, size_t *n)
{
    MUST(at + 2 <= der.n);
    unsigned first = der.p[at + 1];
    if (first < 0x80) {
        *n = first;
        return at + 2;
    }
    size_t width = first & 0x7f;
    MUST(width <= 4 && at + 2 + width <= der.n);
    *n = 0;
    for (size_t i = 0; i < width; i++)
        *n = *n << 8 | der.p[at + 2 + i];
    return at + 2 + width;
}

cert_layout cert_layout_of(bytes der)
{
    cert_layout l;
    size_t n;
    l.tbs_at = header_end(der, 0, &n);
    MUST(l.tbs_at + n <= der.n);
    size_t contents = header_end(der, l.tbs_at, &n);
    l.algorithm_at = contents + n;
    l.tbs_n = l.algorithm_at - l.tbs_at;
    l.signature_at = header_end(der, l.algorithm_at, &n);
    l.signature_at += n;
    MUST(l.signature_at < der.n);
    return l;
}

static bytes resigned(bytes der, cert_layout l, EVP_PKEY *signer)
{
    bytes tbs = bytes_of(der.p + l.tbs_at, l.tbs_n);
    bytes algorithm = bytes_of(der.p + l.algorithm_at, l.signature_at - l.algorithm_at);
    bytes sha384 = algorithm_der(signer, EVP_sha384(), false);
    const EVP_MD *md = bytes_equal(algorithm, sha384) ? EVP_sha384() : EVP_sha256();
    return signed_der(tbs, algorithm, signer, md, false);
}

bytes cert_resigned(bytes der, EVP_PKEY *signer)
{
    return resigned(der, cert_layout_of(der), signer);
}

bytes cert_patched(bytes der, size_t at, bytes with, EVP_PKEY *signer)
{
    /* The layout of the certificate before the patch: it may hit the length of the tbs itself. */
    return resigned(bytes_patched(der, at, with), cert_layout_of(der), signer);
}

request_spec request_spec_of(const char *subject, EVP_PKEY *key)
{
    return (request_spec){.subject = mk_name(subject), .key = key};
}

request_spec request_for(const cert_spec *c)
{
    return (request_spec){.subject = c->subject, .key = c->key, .spki = c->spki, .ext = c->ext};
}

bytes mk_attribute(const char *oid, bytes values)
{
    return mk_seq(mk_oid(oid), mk_tlv(DER_SET, values));
}

bytes request_make(const request_spec *q)
{
    EVP_PKEY *signer = q->signer != NULL ? q->signer : q->key;
    bytes wanted = q->no_extensions ? BYTES_NONE
                                    : mk_attribute(OID_EXTENSION_REQUEST, extensions_der(&q->ext));
    bytes attributes = or_else(
        q->attributes, mk_tlv(DER_CONTEXT_CONSTRUCTED(0), join(wanted, q->more_attributes)));
    bytes info =
        mk_seq(mk_uint((uint64_t)q->version), q->subject, or_else(q->spki, key_spki(q->key)),
               q->no_attributes ? BYTES_NONE : attributes, q->extra_info);
    bytes algorithm = or_else(q->algorithm, algorithm_der(signer, EVP_sha256(), false));
    bytes der = signed_der(info, algorithm, signer, EVP_sha256(), q->break_signature);
    return join(der, q->trailing);
}

crl_spec crl_spec_of(const cert_spec *issuer, int64_t this_update, int64_t next_update)
{
    crl_spec l = {.version = 1,
                  .issuer = issuer->subject,
                  .this_update = this_update,
                  .next_update = next_update,
                  .signer = issuer->key};
    (void)ext_add(&l.ext, OID_CRL_NUMBER, false, mk_uint(1));
    (void)ext_add(&l.ext, OID_AUTHORITY_KEY_ID, false, ext_authority_key_id(issuer->key));
    return l;
}

void crl_revoke(crl_spec *l, const cert_spec *c)
{
    MUST(l->n < CRL_ENTRIES_MAX);
    l->entries[l->n++] = (crl_entry){.serial = c->serial, .reason = 1};
}

static bytes crl_entry_der(const crl_entry *e, int64_t this_update)
{
    bytes reason = BYTES_NONE;
    if (e->reason >= 0) {
        uint8_t code = (uint8_t)e->reason;
        reason = mk_seq(mk_oid("2.5.29.21"), mk_octets(mk_tlv(DER_ENUMERATED, bytes_of(&code, 1))));
    }
    bytes extensions = reason.n + e->extra.n > 0 ? mk_seq(reason, e->extra) : BYTES_NONE;
    return mk_seq(mk_int_raw(e->serial), mk_time(e->date != 0 ? e->date : this_update), extensions);
}

bytes crl_make(const crl_spec *l)
{
    bytes algorithm = algorithm_der(l->signer, EVP_sha256(), false);
    buf entries = {0};
    for (size_t i = 0; i < l->n; i++)
        buf_put(&entries, crl_entry_der(&l->entries[i], l->this_update));
    bytes tbs = mk_seq(l->version < 0 ? BYTES_NONE : mk_uint((uint64_t)l->version),
                       or_else(l->inner_algorithm, algorithm), l->issuer, mk_time(l->this_update),
                       l->no_next_update ? BYTES_NONE : mk_time(l->next_update),
                       l->n > 0 ? mk_tlv(DER_SEQUENCE, buf_bytes(&entries)) : BYTES_NONE,
                       l->ext.n > 0 ? mk_tlv(DER_CONTEXT_CONSTRUCTED(0), extensions_der(&l->ext))
                                    : BYTES_NONE);
    bytes der = signed_der(tbs, or_else(l->outer_algorithm, algorithm), l->signer, EVP_sha256(),
                           l->break_signature);
    return join(der, l->trailing);
}
