/*
 * Small PKIs like Intel's (root, intermediate, leaf, two CRLs) with one or two things wrong, judged
 * by chain.h in the order of the verifier, and by OpenSSL's X509_verify_cert. What we accept
 * OpenSSL must accept; where we are stricter, the row says why.
 */
#include "testing.h"

#include <jansson.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "assemble.h"
#include "base/base64.h"
#include "vectors.h"
#include "x509/chain.h"
#include "x509_maker.h"

#include "chain_rows.h"

#define NOW 1700000000
#define DAY 86400
#define CDP "https://crl.test/root"

static bytes assembled(const char *text)
{
    bytes block = assemble(text), kept = arena_copy(block);
    bytes_free(block);
    return kept;
}

static EVP_PKEY *p256(const char *name)
{
    return key_named(KEY_TYPE_P256, name);
}

typedef enum who { ROOT, CA, LEAF, ROOT_CRL, CA_CRL } who;

typedef struct world {
    cert_spec cert[3];
    crl_spec crl[2];
} world;

static cert_spec member(const char *name, EVP_PKEY *key, const char *serial, bytes basic,
                        unsigned usage)
{
    cert_spec c = cert_spec_of(name, key, NOW - DAY, NOW + DAY);
    c.serial = assembled(serial);
    ext_set(&c.ext, OID_AUTHORITY_KEY_ID, false, ext_authority_key_id(key));
    ext_set(&c.ext, OID_CRL_DISTRIBUTION, false, ext_crl_distribution(CDP));
    ext_set(&c.ext, OID_SUBJECT_KEY_ID, false, ext_subject_key_id(key));
    ext_set(&c.ext, OID_KEY_USAGE, true, ext_usage(usage));
    ext_set(&c.ext, OID_BASIC_CONSTRAINTS, true, basic);
    return c;
}

static world good_world(void)
{
    world w;
    w.cert[ROOT] = member("CN=root,O=vendor", p256("chain root"), "0a", ext_basic(true, 1),
                          USAGE_CERT_SIGN | USAGE_CRL_SIGN);
    w.cert[CA] = member("CN=CA,O=vendor", p256("chain CA"), "00 bb*20", ext_basic(true, 0),
                        USAGE_CERT_SIGN | USAGE_CRL_SIGN);
    w.cert[LEAF] = member("CN=leaf,O=vendor", p256("chain leaf"), "0c", ext_basic(false, -1),
                          USAGE_SIGNATURE | USAGE_NON_REPUDIATION);
    cert_issued_by(&w.cert[CA], &w.cert[ROOT]);
    cert_issued_by(&w.cert[LEAF], &w.cert[CA]);
    for (int i = ROOT; i <= CA; i++)
        w.crl[i] = crl_spec_of(&w.cert[i], NOW - DAY, NOW + DAY);
    return w;
}

/* What a step does to one of the five. */
typedef enum op {
    REMOVE,       /* extension `oid` */
    SET,          /* extension `oid` to `value` */
    SET_CRITICAL, /* the same, critical */
    VERSION,      /* as encoded by `n`; without extensions */
    SERIAL,       /* contents `value` */
    SUBJECT,      /* Name `value`, or an empty one */
    ISSUER,
    SIGNER,     /* the P-256 key named `value` signs it, instead of the issuer's */
    REKEY,      /* it has the P-256 key named `value`, and issues with it */
    REKEY_P384, /* the same with P-384 */
    DIGEST_384, /* SHA-384 in its signature */
    FROM,       /* notBefore or thisUpdate is `n` seconds from the time of judgement */
    UNTIL,      /* notAfter or nextUpdate */
    NO_END,     /* no nextUpdate */
    BREAK,      /* one bit of the signature */
    REVOKE,     /* its issuer's CRL lists it, with reason `n` (-1: none) */
    LIST        /* the CRL lists the serial `value`, with the entry extension after a colon */
} op;

static const char *const who_words[] = {"root", "CA", "leaf", "root-crl", "CA-crl"};
static const char *const op_words[] = {"remove", "set",    "set!",  "version",  "serial", "subject",
                                       "issuer", "signer", "key",   "key-p384", "sha384", "from",
                                       "until",  "no-end", "break", "revoke",   "list"};
static const struct {
    const char *word, *oid;
} oid_words[] = {
    {"basic", OID_BASIC_CONSTRAINTS}, {"usage", OID_KEY_USAGE},   {"aki", OID_AUTHORITY_KEY_ID},
    {"ski", OID_SUBJECT_KEY_ID},      {"number", OID_CRL_NUMBER},
};

typedef struct step {
    who who;
    op op;
    const char *oid, *value;
    int n;
} step;

static void rekey(world *w, int i, EVP_PKEY *key)
{
    w->cert[i].key = key;
    ext_set(&w->cert[i].ext, OID_SUBJECT_KEY_ID, false, ext_subject_key_id(key));
    if (i == ROOT)
        ext_set(&w->cert[i].ext, OID_AUTHORITY_KEY_ID, false, ext_authority_key_id(key));
    if (i == LEAF)
        return;
    cert_spec *child = &w->cert[i + 1];
    child->signer = w->crl[i].signer = key;
    ext_set(&child->ext, OID_AUTHORITY_KEY_ID, false, ext_authority_key_id(key));
    ext_set(&w->crl[i].ext, OID_AUTHORITY_KEY_ID, false, ext_authority_key_id(key));
}

static void apply(world *w, const step *s)
{
    bool is_crl = s->who >= ROOT_CRL;
    cert_spec *c = is_crl ? NULL : &w->cert[s->who];
    crl_spec *l = is_crl ? &w->crl[s->who - ROOT_CRL] : NULL;
    ext_list *ext = is_crl ? &l->ext : &c->ext;
    switch (s->op) {
    case REMOVE:
        if (ext_find(ext, s->oid) != NULL)
            ext_remove(ext, s->oid);
        return;
    case SET:
    case SET_CRITICAL:
        ext_set(ext, s->oid, s->op == SET_CRITICAL, assembled(s->value));
        return;
    case VERSION:
        *(is_crl ? &l->version : &c->version) = s->n;
        if (is_crl)
            ext->n = 0;
        else
            c->no_extensions = true;
        return;
    case SERIAL:
        c->serial = assembled(s->value);
        return;
    case SUBJECT:
        c->subject = s->value[0] == '\0' ? mk_seq(BYTES_NONE) : mk_name(s->value);
        return;
    case ISSUER:
        *(is_crl ? &l->issuer : &c->issuer) =
            s->value[0] == '\0' ? mk_seq(BYTES_NONE) : mk_name(s->value);
        return;
    case SIGNER:
        *(is_crl ? &l->signer : &c->signer) = p256(s->value);
        return;
    case REKEY:
        rekey(w, (int)s->who, p256(s->value));
        return;
    case REKEY_P384:
        rekey(w, (int)s->who, key_named(KEY_TYPE_P384, s->value));
        return;
    case DIGEST_384:
        if (is_crl) /* says so only: crl_make() signs with SHA-256 */
            l->inner_algorithm = l->outer_algorithm = mk_seq(mk_oid("1.2.840.10045.4.3.3"));
        else
            c->md = EVP_sha384();
        return;
    case FROM:
        *(is_crl ? &l->this_update : &c->not_before) = NOW + s->n;
        return;
    case UNTIL:
        *(is_crl ? &l->next_update : &c->not_after) = NOW + s->n;
        return;
    case NO_END:
        l->no_next_update = true;
        return;
    case BREAK:
        *(is_crl ? &l->break_signature : &c->break_signature) = true;
        return;
    case REVOKE:
        l = &w->crl[s->who == ROOT ? ROOT : s->who - 1];
        l->entries[l->n++] = (crl_entry){.serial = c->serial, .reason = s->n};
        return;
    case LIST:
        l->entries[l->n++] =
            (crl_entry){.serial = assembled(s->value), .reason = -1, .extra = assembled(s->oid)};
        return;
    }
}

/* The next word of *text, in the arena. */
static char *word_of(char **text, const char *ends)
{
    *text += strspn(*text, " ");
    char *word = *text;
    *text += strcspn(*text, ends);
    if (**text != '\0')
        *(*text)++ = '\0';
    return word;
}

static size_t find_word(const char *word, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(word, words[i]) == 0)
            return i;
    fail_msg("unknown word: %s", word);
    return 0;
}

/* "WHO OP [OID] [VALUE]; …" as in chain_rows.h. */
static void do_steps(world *w, const char *text)
{
    char *rest = (char *)(uintptr_t)arena_copy(bytes_of(text, strlen(text) + 1)).p;
    while (*rest != '\0') {
        char *one = word_of(&rest, ";");
        step s = {.oid = "", .n = 0};
        s.who = (who)find_word(word_of(&one, " "), who_words, sizeof who_words / sizeof *who_words);
        s.op = (op)find_word(word_of(&one, " "), op_words, sizeof op_words / sizeof *op_words);
        if (s.op <= SET_CRITICAL) {
            s.oid = word_of(&one, " ");
            for (size_t i = 0; i < sizeof oid_words / sizeof *oid_words; i++)
                if (strcmp(s.oid, oid_words[i].word) == 0)
                    s.oid = oid_words[i].oid;
        }
        s.value = word_of(&one, ":");
        if (s.op == LIST)
            s.oid = one;
        s.n = (int)strtol(s.value, NULL, 10);
        apply(w, &s);
    }
}

typedef struct world_der {
    bytes cert[3], crl[2];
} world_der;

static world_der made(const world *w)
{
    world_der d;
    for (int i = ROOT; i <= LEAF; i++)
        d.cert[i] = cert_make(&w->cert[i]);
    for (int i = ROOT; i <= CA; i++)
        d.crl[i] = crl_make(&w->crl[i]);
    return d;
}

/* Our verdict at `t`: the steps of a verifier [DCAP 1.2 A], first failure first. */

typedef struct judged {
    certificate cert[3];
    crl crl[2];
    crypto_key *key[3]; /* of the certificates; [LEAF] only has to be importable */
} judged;

static ratls_code read_all(const world_der *d, judged *j, ratls_error *e)
{
    ratls_code code = RATLS_OK;
    for (int i = ROOT; i <= LEAF && code == RATLS_OK; i++)
        code = certificate_parse(d->cert[i], &j->cert[i], e);
    for (int i = ROOT; i <= CA && code == RATLS_OK; i++)
        code = crl_parse(d->crl[i], &j->crl[i], e);
    return code;
}

static ratls_code check_chain(judged *j, const anchor *a, ratls_error *e)
{
    ratls_code code = chain_check_ca(&j->cert[ROOT], 1, "root", e);
    if (code == RATLS_OK)
        code = chain_check_ca(&j->cert[CA], 0, "CA", e);
    if (code == RATLS_OK)
        code = chain_check_leaf(&j->cert[LEAF], "leaf", e);
    if (code == RATLS_OK)
        code = chain_check_root(&j->cert[ROOT], a, "root", e);
    for (int i = CA; i <= LEAF && code == RATLS_OK; i++) {
        j->key[i] = crypto_key_from_p256(j->cert[i].point);
        code = j->key[i] == NULL
                   ? RATLS_E_MALFORMED
                   : chain_check_issued(&j->cert[i], &j->cert[i - 1], i == CA ? a->key : j->key[CA],
                                        i == CA ? "CA" : "leaf", e);
    }
    for (int i = ROOT; i <= CA && code == RATLS_OK; i++)
        code =
            chain_check_crl(&j->crl[i], j->cert[i].subject, j->cert[i].subject_key_id,
                            i == ROOT ? a->key : j->key[CA], i == ROOT ? "root CRL" : "CA CRL", e);
    return code;
}

static ratls_code check_revocation_and_dates(const judged *j, int64_t t, ratls_error *e)
{
    for (int i = ROOT; i <= LEAF; i++)
        if (crl_lists(&j->crl[i == ROOT ? ROOT : i - 1], j->cert[i].serial))
            return RATLS_E_REVOKED;
    for (int i = ROOT; i <= LEAF; i++)
        if (t < j->cert[i].not_before || t > j->cert[i].not_after)
            return RATLS_E_STALE;
    for (int i = ROOT; i <= CA; i++)
        if (t < j->crl[i].this_update || t > j->crl[i].next_update)
            return RATLS_E_STALE;
    (void)e;
    return RATLS_OK;
}

static ratls_code our_verdict(const world_der *d, const anchor *a, ratls_error *e)
{
    judged j = {.key = {NULL, NULL, NULL}};
    ratls_code code = read_all(d, &j, e);
    if (code == RATLS_OK)
        code = check_chain(&j, a, e);
    if (code == RATLS_OK)
        code = check_revocation_and_dates(&j, NOW, e);
    for (int i = ROOT; i <= LEAF; i++)
        crypto_key_free(j.key[i]);
    return code;
}

static anchor anchor_of(const cert_spec *root)
{
    anchor a = {.name = root->subject, .point = key_point(root->key), .known_n = 0};
    a.key = crypto_key_from_p256(a.point);
    assert_non_null(a.key);
    return a;
}

static void anchor_free(anchor *a)
{
    /* The anchor borrows its key for reading; here it is its owner too. */
    crypto_key_free((crypto_key *)(uintptr_t)a->key);
}

static X509 *x509_of(bytes der)
{
    const unsigned char *p = der.p;
    return d2i_X509(NULL, &p, (long)der.n);
}

/* OpenSSL's verdict, X509_V_OK if it accepts. It trusts the root that is shown if that has the
 * anchor's key, else the right one. */
static int openssl_verdict(const world *w, const world_der *d, const world *right)
{
    bool impostor = w->cert[ROOT].key != right->cert[ROOT].key;
    X509 *x[3] = {x509_of(d->cert[ROOT]), x509_of(d->cert[CA]), x509_of(d->cert[LEAF])};
    X509 *trusted = x509_of(impostor ? cert_make(&right->cert[ROOT]) : d->cert[ROOT]);
    STACK_OF(X509) *others = sk_X509_new_null();
    STACK_OF(X509_CRL) *crls = sk_X509_CRL_new_null();
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    int verdict = X509_V_ERR_UNSPECIFIED;
    bool read = x[ROOT] != NULL && x[CA] != NULL && x[LEAF] != NULL && trusted != NULL;
    for (int i = ROOT; i <= CA; i++) {
        const unsigned char *p = d->crl[i].p;
        X509_CRL *l = d2i_X509_CRL(NULL, &p, (long)d->crl[i].n);
        if (l == NULL)
            read = false;
        else
            assert_true(sk_X509_CRL_push(crls, l) > 0);
    }
    if (read) {
        assert_true(sk_X509_push(others, x[CA]) > 0 && sk_X509_push(others, x[ROOT]) > 0);
        assert_int_equal(X509_STORE_add_cert(store, trusted), 1);
        assert_int_equal(X509_STORE_CTX_init(ctx, store, x[LEAF], others), 1);
        X509_STORE_CTX_set0_crls(ctx, crls);
        X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
        X509_VERIFY_PARAM_set_time(param, NOW);
        assert_int_equal(X509_VERIFY_PARAM_set_flags(
                             param, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL |
                                        X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE),
                         1);
        verdict = X509_verify_cert(ctx) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(ctx);
    }
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    sk_X509_CRL_pop_free(crls, X509_CRL_free);
    sk_X509_free(others);
    for (int i = ROOT; i <= LEAF; i++)
        X509_free(x[i]);
    X509_free(trusted);
    return verdict;
}

#define ROWS (sizeof rows / sizeof *rows)

static void each_row_as_stated_and_openssl_agrees(void **state)
{
    (void)state;
    world right = good_world();
    anchor a = anchor_of(&right.cert[ROOT]);
    for (size_t i = 0; i < ROWS; i++) {
        arena_mark mark = arena_here();
        world w = right;
        do_steps(&w, rows[i].steps);
        world_der d = made(&w);
        ratls_error e = {.text = ""};
        ratls_code code = our_verdict(&d, &a, &e);
        if (code != rows[i].code)
            fail_msg("%s: %s, expected %s (%s)", rows[i].name, ratls_code_name(code),
                     ratls_code_name(rows[i].code), e.text);
        if (strstr(e.text, rows[i].sentence) == NULL)
            fail_msg("%s: \"%s\" lacks \"%s\"", rows[i].name, e.text, rows[i].sentence);
        int verdict = openssl_verdict(&w, &d, &right);
        if (code == RATLS_OK && verdict != X509_V_OK)
            fail_msg("%s: OpenSSL refuses it: %s", rows[i].name,
                     X509_verify_cert_error_string(verdict));
        if (code != RATLS_OK && (verdict == X509_V_OK) != (rows[i].stricter != NULL))
            fail_msg("%s: OpenSSL says: %s", rows[i].name, X509_verify_cert_error_string(verdict));
        arena_back(mark);
    }
    anchor_free(&a);
}

/* Every two rows together: what passes must pass OpenSSL too. */
static void pairs_that_pass_pass_openssl(void **state)
{
    (void)state;
    world right = good_world();
    anchor a = anchor_of(&right.cert[ROOT]);
    size_t passed = 0, passed_with_a_bad_half = 0;
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t k = i + 1; k < ROWS; k++) {
            arena_mark mark = arena_here();
            world w = right;
            do_steps(&w, rows[i].steps);
            do_steps(&w, rows[k].steps);
            world_der d = made(&w);
            ratls_error e;
            if (our_verdict(&d, &a, &e) == RATLS_OK) {
                int verdict = openssl_verdict(&w, &d, &right);
                if (verdict != X509_V_OK)
                    fail_msg("%s, %s: OpenSSL refuses it: %s", rows[i].name, rows[k].name,
                             X509_verify_cert_error_string(verdict));
                passed++;
                if (rows[i].code != RATLS_OK || rows[k].code != RATLS_OK)
                    passed_with_a_bad_half++;
            }
            arena_back(mark);
        }
    }
    anchor_free(&a);
    assert_true(passed > 100);
    print_message("%zu pairs passed, %zu with a bad half that the other undid\n", passed,
                  passed_with_a_bad_half);
}

static void a_known_encoding_needs_no_self_signature(void **state)
{
    (void)state;
    world w = good_world();
    anchor a = anchor_of(&w.cert[ROOT]);
    w.cert[ROOT].break_signature = true;
    bytes der = cert_make(&w.cert[ROOT]);
    certificate c;
    ratls_error e;
    assert_int_equal(certificate_parse(der, &c, &e), RATLS_OK);
    assert_int_equal(chain_check_root(&c, &a, "root", &e), RATLS_E_UNTRUSTED);
    bytes digest = digest_of(EVP_sha256(), der);
    memcpy(a.known[1], digest.p, 32);
    a.known_n = 1;
    assert_int_equal(chain_check_root(&c, &a, "root", &e), RATLS_E_UNTRUSTED);
    a.known_n = 2;
    assert_int_equal(chain_check_root(&c, &a, "root", &e), RATLS_OK);
    /* Known or not: another key is another root. */
    bytes other = key_point(p256("chain other"));
    a.point = other;
    assert_int_equal(chain_check_root(&c, &a, "root", &e), RATLS_E_UNTRUSTED);
    anchor_free(&a);
}

static void path_length_counts_the_cas_below(void **state)
{
    (void)state;
    world w = good_world();
    for (int length = -1; length <= 3; length++) {
        for (int below = 0; below <= 3; below++) {
            ext_set(&w.cert[CA].ext, OID_BASIC_CONSTRAINTS, true, ext_basic(true, length));
            certificate c;
            ratls_error e;
            assert_int_equal(certificate_parse(cert_make(&w.cert[CA]), &c, &e), RATLS_OK);
            ratls_code expected = length < 0 || below <= length ? RATLS_OK : RATLS_E_UNTRUSTED;
            assert_int_equal(chain_check_ca(&c, below, "CA", &e), expected);
        }
    }
}

/* Intel's own certificates and CRLs. */

static bytes first_certificate(const char *pem)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----";
    const char *at = strstr(pem, begin);
    assert_non_null(at);
    at += strlen(begin);
    const char *end = strstr(at, "-----END");
    assert_non_null(end);
    uint8_t *der = arena_alloc(CERTIFICATE_MAX);
    size_t n;
    assert_true(base64_decode(bytes_of(at, (size_t)(end - at)), der, CERTIFICATE_MAX, &n));
    return bytes_of(der, n);
}

static certificate intel(json_t *pki, const char *name)
{
    certificate c;
    ratls_error e;
    const char *pem = json_string_value(json_object_get(json_object_get(pki, name), "pem"));
    assert_non_null(pem);
    if (certificate_parse(first_certificate(pem), &c, &e) != RATLS_OK)
        fail_msg("%s: %s", name, e.text);
    return c;
}

static void expect_ok(const char *name, ratls_code code, const ratls_error *e)
{
    if (code != RATLS_OK)
        fail_msg("%s: %s", name, e->text);
}

static void intel_pki_passes(void **state)
{
    (void)state;
    vectors_need();
    json_t *pki = json_load_file(vectors_path("dcap/pki.json"), JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(pki);
    certificate root = intel(pki, "root"), old = intel(pki, "root_old");
    anchor a = {.name = root.subject, .point = root.point};
    crypto_key *key = crypto_key_from_p256(root.point);
    a.key = key;
    ratls_error e;
    expect_ok("root", chain_check_root(&root, &a, "root", &e), &e);
    expect_ok("root", chain_check_ca(&root, 1, "root", &e), &e);
    expect_ok("old root", chain_check_root(&old, &a, "root", &e), &e);
    expect_ok("old root", chain_check_ca(&old, 1, "root", &e), &e);
    static const char *const cas[] = {"platform_ca", "processor_ca", "processor_ca_old"};
    for (size_t i = 0; i < 3; i++) {
        certificate c = intel(pki, cas[i]);
        expect_ok(cas[i], chain_check_ca(&c, 0, "CA", &e), &e);
        expect_ok(cas[i], chain_check_issued(&c, &root, key, "CA", &e), &e);
        assert_int_equal(chain_check_leaf(&c, "CA", &e), RATLS_E_UNTRUSTED);
        assert_int_equal(chain_check_root(&c, &a, "CA", &e), RATLS_E_UNTRUSTED);
    }
    static const char *const signers[] = {"tcb_signing_2025", "tcb_signing_2032"};
    for (size_t i = 0; i < 2; i++) {
        certificate c = intel(pki, signers[i]);
        expect_ok(signers[i], chain_check_leaf(&c, "signer", &e), &e);
        expect_ok(signers[i], chain_check_issued(&c, &root, key, "signer", &e), &e);
        assert_int_equal(chain_check_ca(&c, 0, "signer", &e), RATLS_E_UNTRUSTED);
    }
    certificate ca = intel(pki, "platform_ca");
    crypto_key *ca_key = crypto_key_from_p256(ca.point);
    json_t *set =
        json_load_file(vectors_path("dcap/collateral/tdx-b0c06f000000-e17-2025-06.json"), 0, NULL);
    assert_non_null(set);
    crl root_crl, ca_crl;
    bytes hex = bytes_from_hex(json_string_value(json_object_get(set, "root_ca_crl")));
    expect_ok("root CRL", crl_parse(hex, &root_crl, &e), &e);
    hex = bytes_from_hex(json_string_value(json_object_get(set, "pck_crl")));
    expect_ok("PCK CRL", crl_parse(hex, &ca_crl, &e), &e);
    expect_ok("root CRL",
              chain_check_crl(&root_crl, root.subject, root.subject_key_id, key, "root CRL", &e),
              &e);
    expect_ok("PCK CRL", chain_check_crl(&ca_crl, ca.subject, ca.subject_key_id, ca_key, "CRL", &e),
              &e);
    assert_int_equal(
        chain_check_crl(&ca_crl, root.subject, root.subject_key_id, key, "PCK CRL", &e),
        RATLS_E_UNTRUSTED);
    assert_false(crl_lists(&root_crl, ca.serial));
    json_decref(set);
    json_decref(pki);
    crypto_key_free(ca_key);
    crypto_key_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_as_stated_and_openssl_agrees),
        cmocka_unit_test(pairs_that_pass_pass_openssl),
        cmocka_unit_test(a_known_encoding_needs_no_self_signature),
        cmocka_unit_test(path_length_counts_the_cas_below),
        cmocka_unit_test(intel_pki_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
