#include "words.h"

/* Makers of test/cases/hostile-pki.txt. */
static void add_entry(crl_spec *l, int reason, bytes extra)
{
    l->entries[l->n++] =
        (crl_entry){.serial = bytes_text("\x11"), .reason = reason, .extra = extra};
}

static bytes critical_extension(const char *oid, bytes value)
{
    return mk_seq(mk_oid(oid), mk_bool(true), mk_octets(value));
}

static bool is_any(const char *what, const char *a, const char *b)
{
    return strcmp(what, a) == 0 || strcmp(what, b) == 0;
}

/* What can be told by a CRL's spec. */
static void change_crl(crl_spec *l, const char *what)
{
    bytes sha384 = mk_seq(mk_oid("1.2.840.10045.4.3.3"));
    if (strcmp(what, "issuer") == 0)
        l->issuer = mk_name("CN=Test SGX Other CA,O=Test Vendor");
    else if (strcmp(what, "broken") == 0)
        l->break_signature = true;
    else if (strcmp(what, "other-key") == 0)
        l->signer = other_key();
    else if (strcmp(what, "other-key-id") == 0)
        ext_set(&l->ext, OID_AUTHORITY_KEY_ID, false, ext_authority_key_id(other_key()));
    else if (strcmp(what, "no-key-id") == 0)
        ext_remove(&l->ext, OID_AUTHORITY_KEY_ID);
    else if (strcmp(what, "no-number") == 0)
        ext_remove(&l->ext, OID_CRL_NUMBER);
    else if (strcmp(what, "long-number") == 0)
        ext_set(&l->ext, OID_CRL_NUMBER, false,
                mk_int_raw(digest_of(EVP_sha1(), bytes_text("24"))));
    else if (strcmp(what, "v1") == 0)
        l->version = -1;
    else if (strcmp(what, "no-next-update") == 0)
        l->no_next_update = true;
    else if (strcmp(what, "next-before-this") == 0)
        l->next_update = l->this_update - 1;
    else if (is_any(what, "critical", "unknown-extension"))
        (void)ext_add(&l->ext, "1.2.3.4", what[0] == 'c', mk_null());
    else if (is_any(what, "idp", "idp-critical"))
        (void)ext_add(&l->ext, "2.5.29.28", what[3] != '\0',
                      mk_seq(mk_tlv(DER_CONTEXT(1), bytes_text("\xff"))));
    else if (strcmp(what, "delta") == 0)
        (void)ext_add(&l->ext, "2.5.29.27", true, mk_uint(1));
    else if (strcmp(what, "indirect") == 0)
        add_entry(
            l, -1,
            critical_extension("2.5.29.29", mk_seq(mk_tlv(DER_CONTEXT_CONSTRUCTED(4), l->issuer))));
    else if (strcmp(what, "critical-entry") == 0)
        add_entry(l, -1, critical_extension("1.2.3.4", mk_null()));
    else if (is_any(what, "remove-reason", "entries"))
        add_entry(l, what[0] == 'r' ? 8 : 1, BYTES_NONE);
    else if (strcmp(what, "sha384") == 0)
        l->inner_algorithm = l->outer_algorithm = sha384;
}

/* "world R|P what" */
static hostile_case crl_case(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    bool root = word_of(m->text, 1)[0] == 'R';
    const char *what = word_of(m->text, 2);
    vendor processor = v;
    vendor_use_ca(&processor, false);
    change_crl(root ? &v.root_crl : &v.pck_crl, what);
    collateral_set c = vendor_collateral(&v);
    bytes *crl = root ? &c.root_ca_crl : &c.pck_crl;
    if (strcmp(what, "empty") == 0)
        *crl = BYTES_EMPTY;
    else if (strcmp(what, "garbage") == 0)
        *crl = bytes_text("garbage");
    else if (strcmp(what, "truncated") == 0)
        *crl = bytes_cut(*crl, crl->n - 1);
    else if (strcmp(what, "trailing") == 0)
        *crl = join(*crl, bytes_text("\x01"));
    else if (strcmp(what, "swapped") == 0)
        *crl = root ? c.pck_crl : c.root_ca_crl;
    else if (strcmp(what, "certificate") == 0)
        *crl = vendor_root(&v);
    else if (strcmp(what, "other-ca") == 0)
        *crl = crl_make(&processor.pck_crl);
    hostile_case made = with_set(&v, &c);
    if (strcmp(what, "missing") == 0)
        made.collateral =
            text_replaced(made.collateral, root ? "\"root_ca_crl\":" : "\"pck_crl\":", "\"x\":");
    return made;
}

/* "world who": listed in a CRL. */
static hostile_case revoked(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    const char *who = word_of(m->text, 1);
    cert_spec second = v.tcb_signer;
    second.key = key_named(KEY_TYPE_P256, "second signer");
    second.serial = bytes_text("\x22");
    ext_set(&second.ext, OID_SUBJECT_KEY_ID, false, ext_subject_key_id(second.key));
    if (strcmp(who, "ca") == 0)
        crl_revoke(&v.root_crl, &v.ca);
    else if (strcmp(who, "signer") == 0)
        crl_revoke(&v.root_crl, &v.tcb_signer);
    else if (strcmp(who, "wrong-list") == 0)
        crl_revoke(&v.root_crl, &v.pck);
    else if (strcmp(who, "qe-signer") == 0)
        crl_revoke(&v.root_crl, &second);
    else if (strcmp(who, "qe-signer-good") != 0)
        crl_revoke(&v.pck_crl, &v.pck);
    if (strcmp(who, "hold") == 0)
        v.pck_crl.entries[v.pck_crl.n - 1].reason = 6;
    else if (strcmp(who, "later") == 0)
        v.pck_crl.entries[v.pck_crl.n - 1].date = v.now + VENDOR_DAY;
    collateral_set c = vendor_collateral(&v);
    if (who[0] == 'q') {
        c.qe_identity_issuer_chain =
            join(pem_of("CERTIFICATE", cert_make(&second)), vendor_root_pem(&v));
        c.qe_identity_signature = sign_raw(second.key, c.qe_identity);
    }
    return with_set(&v, &c);
}

/* T signer, I PCK CA, L leaf, R root; V and J those of a twin's key, W its root. */
static bytes chain_part(const vendor *v, char letter)
{
    cert_spec twin = letter == 'W' ? v->root : letter == 'J' ? v->ca : v->tcb_signer;
    twin.signer = other_key();
    if (letter == 'W')
        twin.key = other_key();
    switch (letter) {
    case 'T':
        return pem_of("CERTIFICATE", cert_make(&v->tcb_signer));
    case 'I':
        return pem_of("CERTIFICATE", cert_make(&v->ca));
    case 'L':
        return pem_of("CERTIFICATE", vendor_pck(v));
    case 'R':
        return vendor_root_pem(v);
    case 'V':
    case 'J':
    case 'W':
        return pem_of("CERTIFICATE", cert_make(&twin));
    case 'j':
        return bytes_text("junk\n");
    case '0':
        return bytes_of("", 1);
    default:
        arena_die("a chain has no part %c", letter);
    }
}

/* "world chain letters" */
static hostile_case issuer_chain(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    collateral_set c = vendor_collateral(&v);
    const char *which = word_of(m->text, 1);
    buf b = {0};
    for (const char *at = word_of(m->text, 2); *at != '-' && *at != '\0'; at++)
        buf_put(&b, chain_part(&v, *at));
    *(is_tcb(which)     ? &c.tcb_info_issuer_chain
      : which[0] == 'q' ? &c.qe_identity_issuer_chain
                        : &c.pck_crl_issuer_chain) = buf_bytes(&b);
    return with_set(&v, &c);
}

/* "world body what" */
static hostile_case signature(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    collateral_set c = vendor_collateral(&v);
    const char *which = word_of(m->text, 1), *what = word_of(m->text, 2);
    bytes *s = signature_of(&c, which), body = *body_of(&c, which), right = *s;
    buf other = {0};
    if (strcmp(what, "zero") == 0) {
        buf_fill(&other, 0, 64);
        *s = buf_bytes(&other);
    } else if (strcmp(what, "empty") == 0)
        *s = BYTES_EMPTY;
    else if (strcmp(what, "short") == 0)
        *s = bytes_cut(right, 63);
    else if (strcmp(what, "long") == 0)
        *s = join(right, bytes_of("", 1));
    else if (strcmp(what, "flipped") == 0)
        *s = bytes_flipped(right, 20, 3);
    else if (strcmp(what, "der") == 0)
        *s = sign_der(v.tcb_signer.key, EVP_sha256(), body);
    else if (strcmp(what, "other-key") == 0)
        *s = sign_raw(other_key(), body);
    else if (strcmp(what, "pck-key") == 0)
        *s = sign_raw(v.pck.key, body);
    else if (strcmp(what, "root-key") == 0)
        *s = sign_raw(v.root.key, body);
    else if (strcmp(what, "other-body") == 0)
        *s = *signature_of(&c, is_tcb(which) ? "qe" : "tcb");
    else if (strcmp(what, "no-body") == 0)
        *body_of(&c, which) = BYTES_EMPTY;
    hostile_case made = with_set(&v, &c);
    if (is_any(what, "not-hex", "upper-case")) {
        buf_hex(&other, right, true);
        if (what[0] == 'n')
            other.p[5] = 'g';
        made.collateral = bytes_replaced(made.collateral, hex_of(right), buf_bytes(&other));
    }
    return made;
}

static cert_spec *named_cert(vendor *v, const char *name)
{
    return strcmp(name, "pck") == 0    ? &v->pck
           : strcmp(name, "ca") == 0   ? &v->ca
           : strcmp(name, "root") == 0 ? &v->root
                                       : &v->tcb_signer;
}

static void change_cert(cert_spec *c, const char *what)
{
    bool leaf = strcmp(what, "ca-bit") == 0;
    if (leaf || strcmp(what, "bit") == 0)
        ext_set(&c->ext, OID_BASIC_CONSTRAINTS, true, ext_basic(leaf, -1));
    else if (strcmp(what, "no-basic") == 0)
        ext_remove(&c->ext, OID_BASIC_CONSTRAINTS);
    else if (strcmp(what, "basic-not-critical") == 0)
        ext_find(&c->ext, OID_BASIC_CONSTRAINTS)->critical_raw = BYTES_NONE;
    else if (strcmp(what, "pathlen-0") == 0)
        ext_set(&c->ext, OID_BASIC_CONSTRAINTS, true, ext_basic(true, 0));
    else if (strcmp(what, "no-cert-sign") == 0)
        ext_set(&c->ext, OID_KEY_USAGE, true, ext_usage(USAGE_CRL_SIGN));
    else if (strcmp(what, "no-crl-sign") == 0)
        ext_set(&c->ext, OID_KEY_USAGE, true, ext_usage(USAGE_CERT_SIGN));
    else if (strcmp(what, "cert-sign") == 0)
        ext_set(&c->ext, OID_KEY_USAGE, true, ext_usage(USAGE_SIGNATURE | USAGE_CERT_SIGN));
    else if (strcmp(what, "no-signature-usage") == 0)
        ext_set(&c->ext, OID_KEY_USAGE, true, ext_usage(USAGE_NON_REPUDIATION));
    else if (strcmp(what, "no-usage") == 0)
        ext_remove(&c->ext, OID_KEY_USAGE);
    else if (strcmp(what, "no-ski") == 0)
        ext_remove(&c->ext, OID_SUBJECT_KEY_ID);
    else if (strcmp(what, "no-aki") == 0)
        ext_remove(&c->ext, OID_AUTHORITY_KEY_ID);
    else if (strcmp(what, "aki-other") == 0)
        ext_set(&c->ext, OID_AUTHORITY_KEY_ID, false, ext_authority_key_id(other_key()));
    else if (strcmp(what, "critical") == 0)
        (void)ext_add(&c->ext, "1.2.3.4", true, mk_null());
    else if (strcmp(what, "constraints") == 0)
        (void)ext_add(
            &c->ext, "2.5.29.30", true,
            mk_seq(mk_tlv(DER_CONTEXT_CONSTRUCTED(0),
                          mk_seq(mk_seq(mk_tlv(DER_CONTEXT(2), bytes_text("example")))))));
    else if (strcmp(what, "sha384") == 0)
        c->md = EVP_sha384();
    else if (strcmp(what, "serial-0") == 0)
        c->serial = bytes_of("", 1);
    else if (strcmp(what, "serial-negative") == 0)
        c->serial = bytes_text("\x81");
    else if (strcmp(what, "empty-subject") == 0)
        c->subject = mk_tlv(DER_SEQUENCE, BYTES_EMPTY);
    else if (strcmp(what, "broken") == 0)
        c->break_signature = true;
    else if (strcmp(what, "issuer") == 0)
        c->issuer = mk_name("CN=Test SGX Other CA,O=Test Vendor");
    else if (is_any(what, "v1", "v4"))
        c->version = what[1] == '1' ? -1 : 3;
    else if (strcmp(what, "trailing") == 0)
        c->trailing = bytes_of("", 1);
    else if (strcmp(what, "algorithms") == 0)
        c->outer_algorithm = mk_seq(mk_oid("1.2.840.10045.4.3.3"));
    else
        arena_die("a certificate has no %s", what);
}

/* "world who what", signed so; judged under the root as it was. */
static hostile_case pki_cert(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    bytes root = vendor_root_pem(&v);
    change_cert(named_cert(&v, word_of(m->text, 1)), word_of(m->text, 2));
    hostile_case c = world_quote(&v);
    c.root = root;
    return c;
}

static bytes pck_oid_item(const char *suffix, long number, bytes value)
{
    bytes oid = arena_format(PCK_EXTENSION_OID "%s.%ld", suffix, number);
    return mk_seq(mk_oid((const char *)oid.p), value);
}

/* The TCB of the PCK certificate with item `which` set to `value`, or added. */
static bytes tcb_item(const pck_spec *p, long which, long value)
{
    buf b = {0};
    for (long i = 1; i <= 19; i++) {
        bytes right = i == 18   ? mk_octets(bytes_of(p->components, 16))
                      : i == 17 ? mk_uint(p->pcesvn)
                                : mk_uint(i < 17 ? p->components[i - 1] : 0);
        if (i < 19 || which == 19)
            buf_put(&b, pck_oid_item(".2", i, i == which ? mk_uint((uint64_t)value) : right));
    }
    return pck_oid_item("", 2, mk_tlv(DER_SEQUENCE, buf_bytes(&b)));
}

/* "world how item [value]" */
static hostile_case pck_item(const hostile_maker *m)
{
    vendor v = world_of(m->text);
    pck_spec *p = &v.pck_ext;
    const char *how = word_of(m->text, 1);
    if (strcmp(how, "none") == 0) {
        v.quote.cert_data = join(pem_of("CERTIFICATE", cert_make(&v.pck)),
                                 pem_of("CERTIFICATE", cert_make(&v.ca)), vendor_root_pem(&v));
        return world_quote(&v);
    }
    if (strcmp(how, "empty") == 0) {
        p->raw = mk_tlv(DER_SEQUENCE, BYTES_EMPTY);
        return world_quote(&v);
    }
    long item = number_of(m->text, 2),
         value = *word_of(m->text, 3) != '\0' ? number_of(m->text, 3) : 0;
    uint8_t small = (uint8_t)value;
    buf b = {0};
    buf_fill(&b, 0x5a, (size_t)value);
    if (strcmp(how, "omit") == 0)
        p->omit = 1U << item;
    else if (strcmp(how, "twice") == 0)
        p->twice = 1U << item;
    else if (strcmp(how, "component") == 0)
        p->omit_component = (unsigned)item;
    else if (strcmp(how, "tcb") == 0) {
        p->extra = tcb_item(p, item, value);
        p->omit = 1U << 2;
    } else {
        bytes with = strcmp(how, "sized") == 0  ? mk_octets(buf_bytes(&b))
                     : strcmp(how, "enum") == 0 ? mk_tlv(DER_ENUMERATED, bytes_of(&small, 1))
                                                : mk_uint((uint64_t)value);
        p->extra = pck_oid_item("", item, with);
        p->omit = item < 8 ? 1U << item : 0;
    }
    return world_quote(&v);
}

#include "pki_rows.h"

static const char *left_out(const hostile_maker *m, const hostile_setting *s)
{
    (void)m;
    return s->given ? "it needs the vendor's keys" : NULL;
}

const hostile_group hostile_pki = {
    .name = "pki",
    .table = hostile_pki_table,
    .makers = makers,
    .n = sizeof makers / sizeof *makers,
    .left_out = left_out,
};
