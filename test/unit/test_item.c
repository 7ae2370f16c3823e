/* Single items of collateral: genuine or not, which of two is newer, and their names. */
#include "testing.h"

#include <stdlib.h>

#include "der_maker.h"
#include "ratls/item.h"
#include "words.h"

enum { DAY = VENDOR_DAY };

static const char *const worlds[] = {"sgx3", "sgx4", "tdx4", "tdx15"};

/* "KEY":"TEXT" with its escapes. */
static bytes member(const char *key, bytes text)
{
    buf b = {0};
    buf_format(&b, "\"%s\":\"", key);
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\n')
            buf_text(&b, "\\n");
        else if (text.p[i] == '"')
            buf_text(&b, "\\\"");
        else
            buf_u8(&b, text.p[i]);
    }
    buf_u8(&b, '"');
    return buf_bytes(&b);
}

/* The object with the keys of one item. */
static bytes item_json(const collateral_set *c, ratls_item_kind kind)
{
    bytes open = bytes_text("{"), comma = bytes_text(","), close = bytes_text("}");
    switch (kind) {
    case RATLS_ITEM_TCB_INFO:
        return join(open, member("tcb_info", c->tcb_info), comma,
                    member("tcb_info_signature", hex_of(c->tcb_info_signature)), comma,
                    member("tcb_info_issuer_chain", c->tcb_info_issuer_chain), close);
    case RATLS_ITEM_QE_IDENTITY:
        return join(open, member("qe_identity", c->qe_identity), comma,
                    member("qe_identity_signature", hex_of(c->qe_identity_signature)), comma,
                    member("qe_identity_issuer_chain", c->qe_identity_issuer_chain), close);
    case RATLS_ITEM_PCK_CRL:
        return join(open, member("pck_crl", hex_of(c->pck_crl)), comma,
                    member("pck_crl_issuer_chain", c->pck_crl_issuer_chain), close);
    case RATLS_ITEM_ROOT_CA_CRL:
        break;
    }
    return join(open, member("root_ca_crl", hex_of(c->root_ca_crl)), close);
}

static bytes item_of(const vendor *v, ratls_item_kind kind)
{
    collateral_set c = vendor_collateral(v);
    return item_json(&c, kind);
}

/* In a block of exactly its size, so that a sanitizer sees a read past the end. */
static ratls_code check(bytes data, bytes root, ratls_item_facts *f, ratls_error *e)
{
    uint8_t *copy = malloc(data.n > 0 ? data.n : 1);
    assert_non_null(copy);
    if (data.n > 0)
        memcpy(copy, data.p, data.n);
    *e = (ratls_error){.code = RATLS_OK};
    ratls_code code = ratls_item_check(bytes_of(copy, data.n), root, f, e);
    free(copy);
    assert_true(code == RATLS_OK || (e->code == code && strlen(e->text) > 5));
    return code;
}

static ratls_item_facts must_take(const char *name, bytes data, bytes root)
{
    ratls_item_facts f;
    ratls_error e;
    if (check(data, root, &f, &e) != RATLS_OK)
        fail_msg("%s: %s", name, e.text);
    return f;
}

static void genuine_items(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof worlds / sizeof *worlds; i++) {
        vendor v = world_of(worlds[i]);
        bool tdx = v.quote.tee == QUOTE_TDX;
        ratls_tee tee = tdx ? RATLS_TEE_TDX : RATLS_TEE_SGX;
        bytes der = vendor_root(&v), roots[] = {der, vendor_root_pem(&v)};
        for (size_t k = 0; k < 2; k++) {
            bytes root = roots[k];
            ratls_item_facts f = must_take("TCB info", item_of(&v, RATLS_ITEM_TCB_INFO), root);
            assert_int_equal(f.item.kind, RATLS_ITEM_TCB_INFO);
            assert_int_equal(f.item.tee, tee);
            assert_memory_equal(f.item.fmspc, v.pck_ext.fmspc, 6);
            assert_false(f.item.processor_ca);
            assert_int_equal(f.issued, v.tcb_info.issue_date);
            assert_int_equal(f.expires, v.tcb_info.next_update);
            assert_int_equal(f.evaluation_number, 20);

            static const uint8_t zero[6];
            f = must_take("QE identity", item_of(&v, RATLS_ITEM_QE_IDENTITY), root);
            assert_int_equal(f.item.kind, RATLS_ITEM_QE_IDENTITY);
            assert_int_equal(f.item.tee, tee);
            assert_memory_equal(f.item.fmspc, zero, 6);
            assert_int_equal(f.issued, v.qe_identity.issue_date);
            assert_int_equal(f.expires, v.qe_identity.next_update);
            assert_int_equal(f.evaluation_number, 20);

            f = must_take("PCK CRL", item_of(&v, RATLS_ITEM_PCK_CRL), root);
            assert_int_equal(f.item.kind, RATLS_ITEM_PCK_CRL);
            assert_int_equal(f.item.tee, RATLS_TEE_NONE);
            assert_int_equal(f.item.processor_ca, !v.pck_ext.platform);
            assert_int_equal(f.issued, v.pck_crl.this_update);
            assert_int_equal(f.expires, v.pck_crl.next_update);
            assert_int_equal(f.evaluation_number, 0);

            f = must_take("root CA CRL", item_of(&v, RATLS_ITEM_ROOT_CA_CRL), root);
            assert_int_equal(f.item.kind, RATLS_ITEM_ROOT_CA_CRL);
            assert_int_equal(f.item.tee, RATLS_TEE_NONE);
            assert_false(f.item.processor_ca);
            assert_int_equal(f.issued, v.root_crl.this_update);
            assert_int_equal(f.expires, v.root_crl.next_update);
        }
    }
}

/* No date is judged; the earliest end counts. */
static void dates(void **state)
{
    (void)state;
    vendor v = world_of("sgx3");
    bytes root = vendor_root(&v);
    v.tcb_info.issue_date = v.now + 100 * DAY;
    v.tcb_info.next_update = v.now + 200 * DAY;
    v.tcb_signer.not_after = v.now + 150 * DAY;
    ratls_item_facts f = must_take("ahead", item_of(&v, RATLS_ITEM_TCB_INFO), root);
    assert_int_equal(f.expires, v.tcb_signer.not_after);
    v.root.not_after = v.now + 120 * DAY;
    f = must_take("root", item_of(&v, RATLS_ITEM_TCB_INFO), root);
    assert_int_equal(f.expires, v.root.not_after);
    f = must_take("QE identity", item_of(&v, RATLS_ITEM_QE_IDENTITY), root);
    assert_int_equal(f.expires, v.qe_identity.next_update);
    v.ca.not_after = v.now - 10 * DAY;
    f = must_take("PCK CRL", item_of(&v, RATLS_ITEM_PCK_CRL), root);
    assert_int_equal(f.expires, v.ca.not_after);
    v.root_crl.next_update = v.now - 20 * DAY;
    f = must_take("root CA CRL", item_of(&v, RATLS_ITEM_ROOT_CA_CRL), root);
    assert_int_equal(f.expires, v.now - 20 * DAY);
    /* Nor whether anybody is revoked. */
    crl_revoke(&v.root_crl, &v.ca);
    crl_revoke(&v.root_crl, &v.tcb_signer);
    (void)must_take("revoking", item_of(&v, RATLS_ITEM_ROOT_CA_CRL), root);
    (void)must_take("of a revoked signer", item_of(&v, RATLS_ITEM_TCB_INFO), root);
}

/* An item in which something is wrong. */
static bytes wrong_item(const vendor *right, const char *what, bytes *root)
{
    vendor v = *right;
    collateral_set c = vendor_collateral(&v);
    EVP_PKEY *other = other_key();
    bool forged = strstr(what, "forged") != NULL;
    ratls_item_kind kind = what[0] == 't'   ? RATLS_ITEM_TCB_INFO
                           : what[0] == 'q' ? RATLS_ITEM_QE_IDENTITY
                           : what[0] == 'p' ? RATLS_ITEM_PCK_CRL
                                            : RATLS_ITEM_ROOT_CA_CRL;
    const char *change = strchr(what, ' ') + 1;
    if (forged) {
        v.tcb_info_key = v.qe_identity_key = v.pck_crl.signer = v.root_crl.signer = other;
    } else if (strcmp(change, "chain") == 0) {
        v.tcb_signer.signer = v.ca.signer = other;
    } else if (strcmp(change, "signer") == 0) {
        v.tcb_signer.key = v.ca.key = other; /* a genuine one, of which nothing is */
        c = vendor_collateral(right);
        collateral_set made = vendor_collateral(&v);
        c.tcb_info_issuer_chain = made.tcb_info_issuer_chain;
        c.qe_identity_issuer_chain = made.qe_identity_issuer_chain;
        c.pck_crl_issuer_chain = made.pck_crl_issuer_chain;
        return item_json(&c, kind);
    } else if (strcmp(change, "root") == 0) {
        vendor_use_names(&v, "Other", "Other");
        *root = vendor_root(&v);
        return item_json(&c, kind);
    } else if (strcmp(change, "version") == 0) {
        v.tcb_info.version = 4;
        v.qe_identity.version = 3;
    } else if (strcmp(change, "enclave") == 0) {
        v.qe_identity.id = "QVE";
    } else if (strcmp(change, "json") == 0) {
        v.tcb_info.edit = v.qe_identity.edit = (text_edit){.from = "\"version\"", .to = "version"};
    } else if (strcmp(change, "number") == 0) {
        ext_remove(&v.pck_crl.ext, OID_CRL_NUMBER);
        ext_remove(&v.root_crl.ext, OID_CRL_NUMBER);
    } else if (strcmp(change, "edited") == 0) {
        c.tcb_info = text_replaced(c.tcb_info, "OutOfDate", "UpToDate");
        c.qe_identity = text_replaced(c.qe_identity, "OutOfDate", "UpToDate");
        return item_json(&c, kind);
    } else if (strcmp(change, "signature") == 0) {
        c.tcb_info_signature = bytes_cut(c.tcb_info_signature, 63);
        c.qe_identity_signature = bytes_cut(c.qe_identity_signature, 63);
        return item_json(&c, kind);
    } else if (strcmp(change, "garbage") == 0) {
        c.pck_crl = c.root_ca_crl = bytes_text("no CRL");
        c.tcb_info_issuer_chain = c.qe_identity_issuer_chain = bytes_text("no PEM");
        return item_json(&c, kind);
    } else if (strcmp(change, "no-chain") == 0) {
        c.pck_crl_issuer_chain = c.tcb_info_issuer_chain = c.qe_identity_issuer_chain = BYTES_EMPTY;
        return item_json(&c, kind);
    } else if (strcmp(change, "no-body") == 0) {
        c.pck_crl = c.tcb_info = c.qe_identity = c.root_ca_crl = BYTES_EMPTY;
        return item_json(&c, kind);
    } else if (strcmp(change, "no-signature") == 0) {
        c.tcb_info_signature = c.qe_identity_signature = BYTES_EMPTY;
        return item_json(&c, kind);
    } else if (strcmp(change, "swapped") == 0) {
        bytes kept = c.pck_crl;
        c.pck_crl = c.root_ca_crl;
        c.root_ca_crl = kept;
        return item_json(&c, kind);
    } else if (strcmp(change, "other-ca") == 0) {
        vendor_use_ca(&v, !v.pck_ext.platform);
        c.pck_crl = vendor_collateral(&v).pck_crl;
        return item_json(&c, kind);
    } else if (strcmp(change, "of-root") == 0) {
        /* The root's own list, beside a chain of nothing but roots. */
        bytes pem = vendor_root_pem(&v);
        c.pck_crl = c.root_ca_crl;
        c.pck_crl_issuer_chain = join(pem, pem);
        return item_json(&c, kind);
    } else if (strcmp(change, "of-signer") == 0) {
        c.pck_crl_issuer_chain = c.tcb_info_issuer_chain;
        return item_json(&c, kind);
    } else if (strcmp(change, "of-ca") == 0) {
        c.tcb_info_issuer_chain = c.qe_identity_issuer_chain = c.pck_crl_issuer_chain;
        return item_json(&c, kind);
    } else {
        arena_die("no change is called %s", change);
    }
    return item_of(&v, kind);
}

static void items_that_are_not_genuine(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        ratls_code code;
    } cases[] = {
        {"t forged", RATLS_E_UNTRUSTED},     {"q forged", RATLS_E_UNTRUSTED},
        {"p forged", RATLS_E_UNTRUSTED},     {"r forged", RATLS_E_UNTRUSTED},
        {"t chain", RATLS_E_UNTRUSTED},      {"q chain", RATLS_E_UNTRUSTED},
        {"p chain", RATLS_E_UNTRUSTED},      {"t signer", RATLS_E_UNTRUSTED},
        {"q signer", RATLS_E_UNTRUSTED},     {"p signer", RATLS_E_UNTRUSTED},
        {"t root", RATLS_E_UNTRUSTED},       {"q root", RATLS_E_UNTRUSTED},
        {"p root", RATLS_E_UNTRUSTED},       {"r root", RATLS_E_UNTRUSTED},
        {"t edited", RATLS_E_UNTRUSTED},     {"q edited", RATLS_E_UNTRUSTED},
        {"p swapped", RATLS_E_UNTRUSTED},    {"r swapped", RATLS_E_UNTRUSTED},
        {"p other-ca", RATLS_E_UNTRUSTED},   {"p of-root", RATLS_E_MALFORMED},
        {"p of-signer", RATLS_E_UNTRUSTED},  {"t of-ca", RATLS_E_UNTRUSTED},
        {"q of-ca", RATLS_E_UNTRUSTED},      {"t version", RATLS_E_UNSUPPORTED},
        {"q version", RATLS_E_UNSUPPORTED},  {"q enclave", RATLS_E_UNSUPPORTED},
        {"t json", RATLS_E_MALFORMED},       {"q json", RATLS_E_MALFORMED},
        {"t signature", RATLS_E_MALFORMED},  {"q signature", RATLS_E_MALFORMED},
        {"t garbage", RATLS_E_MALFORMED},    {"q garbage", RATLS_E_MALFORMED},
        {"p garbage", RATLS_E_MALFORMED},    {"r garbage", RATLS_E_MALFORMED},
        {"p number", RATLS_E_MALFORMED},     {"r number", RATLS_E_MALFORMED},
        {"t no-chain", RATLS_E_MISSING},     {"q no-chain", RATLS_E_MISSING},
        {"p no-chain", RATLS_E_MISSING},     {"t no-body", RATLS_E_MISSING},
        {"q no-body", RATLS_E_MISSING},      {"p no-body", RATLS_E_MISSING},
        {"r no-body", RATLS_E_MISSING},      {"t no-signature", RATLS_E_MISSING},
        {"q no-signature", RATLS_E_MISSING},
    };
    for (size_t i = 0; i < sizeof worlds / sizeof *worlds; i++)
        for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
            arena_mark mark = arena_here();
            vendor v = world_of(worlds[i]);
            bytes root = vendor_root(&v), data = wrong_item(&v, cases[k].what, &root);
            ratls_item_facts f;
            ratls_error e;
            ratls_code code = check(data, root, &f, &e);
            if (code != cases[k].code)
                fail_msg("%s, %s: %s (%s), expected %s", worlds[i], cases[k].what,
                         ratls_code_name(code), e.text, ratls_code_name(cases[k].code));
            arena_back(mark);
        }
}

static void what_is_no_item(void **state)
{
    (void)state;
    vendor v = world_of("sgx3");
    bytes root = vendor_root(&v), right = item_of(&v, RATLS_ITEM_ROOT_CA_CRL);
    collateral_set c = vendor_collateral(&v);
    uint8_t *blank = arena_alloc(RATLS_ITEM_MAX + 1);
    memset(blank, ' ', RATLS_ITEM_MAX + 1);
    memcpy(blank, right.p, right.n);
    endorsement_items oe = endorsement_items_oe(&c, "2026-01-01T00:00:00Z");
    const struct {
        const char *name;
        bytes data, root;
        ratls_code code;
    } cases[] = {
        {"nothing", BYTES_NONE, root, RATLS_E_MALFORMED},
        {"an empty object", bytes_text("{}"), root, RATLS_E_MISSING},
        {"an open object", bytes_text("{"), root, RATLS_E_MALFORMED},
        {"an array", bytes_text("[]"), root, RATLS_E_MALFORMED},
        {"an unknown key", bytes_text("{\"version\":1}"), root, RATLS_E_MISSING},
        {"a number", bytes_text("{\"root_ca_crl\":1}"), root, RATLS_E_MALFORMED},
        {"a whole set", collateral_json(&c), root, RATLS_E_MALFORMED},
        {"endorsements", endorsements_oe(&oe), root, RATLS_E_MALFORMED},
        {"bytes after it", join(right, bytes_text("x")), root, RATLS_E_MALFORMED},
        {"blanks after it", bytes_of(blank, RATLS_ITEM_MAX), root, RATLS_OK},
        {"a byte too many", bytes_of(blank, RATLS_ITEM_MAX + 1), root, RATLS_E_LIMIT},
        {"under Intel's root", right, BYTES_NONE, RATLS_E_UNTRUSTED},
        {"under no certificate", right, bytes_text("root"), RATLS_E_MALFORMED},
        {"under a leaf", right, vendor_pck(&v), RATLS_E_UNTRUSTED},
        {"under a root cut short", right, bytes_cut(root, root.n - 1), RATLS_E_MALFORMED},
        {"under a broken root", right, bytes_flipped(root, root.n - 1, 0), RATLS_E_UNTRUSTED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ratls_item_facts f;
        ratls_error e = {.text = ""};
        ratls_code code = check(cases[i].data, cases[i].root, &f, &e);
        if (code != cases[i].code)
            fail_msg("%s: %s (%s), expected %s", cases[i].name, ratls_code_name(code), e.text,
                     ratls_code_name(cases[i].code));
    }
}

static int compare(const ratls_item_facts *a, const ratls_item_facts *b)
{
    for (size_t i = 0; i < sizeof a->order; i++)
        if (a->order[i] != b->order[i])
            return a->order[i] < b->order[i] ? -1 : 1;
    return 0;
}

/* Each is newer than the one before. */
static void which_of_two_is_newer(void **state)
{
    (void)state;
    static const struct {
        int64_t later;
        unsigned number;
    } bodies[] = {{-400 * DAY, 99}, {0, 0}, {0, 1}, {0, 255}, {0, 256}, {1, 0}, {300, 0}, {DAY, 3}},
      lists[] = {{400 * DAY, 1}, {0, 2},   {1, 2},      {256, 2}, {-DAY, 3},
                 {0, 127},       {0, 128}, {-DAY, 255}, {0, 256}, {0, 32767}};
    vendor v = world_of("tdx4");
    bytes root = vendor_root(&v);
    ratls_item_facts before, now;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        for (ratls_item_kind kind = RATLS_ITEM_TCB_INFO; kind <= RATLS_ITEM_QE_IDENTITY; kind++) {
            vendor a = v, b = v;
            size_t last = i > 0 ? i - 1 : 0;
            a.tcb_info.issue_date = a.qe_identity.issue_date += bodies[last].later;
            a.tcb_info.evaluation_number = a.qe_identity.evaluation_number = bodies[last].number;
            b.tcb_info.issue_date = b.qe_identity.issue_date += bodies[i].later;
            b.tcb_info.evaluation_number = b.qe_identity.evaluation_number = bodies[i].number;
            before = must_take("before", item_of(&a, kind), root);
            now = must_take("now", item_of(&b, kind), root);
            assert_int_equal(compare(&now, &before), i > 0 ? 1 : 0);
            assert_int_equal(now.evaluation_number, bodies[i].number);
        }
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        for (ratls_item_kind kind = RATLS_ITEM_PCK_CRL; kind <= RATLS_ITEM_ROOT_CA_CRL; kind++) {
            vendor a = v, b = v;
            size_t last = i > 0 ? i - 1 : 0;
            a.pck_crl.next_update = a.root_crl.next_update = b.pck_crl.next_update =
                b.root_crl.next_update = v.now + 500 * DAY;
            a.pck_crl.this_update = a.root_crl.this_update += lists[last].later;
            b.pck_crl.this_update = b.root_crl.this_update += lists[i].later;
            ext_set(&a.pck_crl.ext, OID_CRL_NUMBER, false, mk_uint(lists[last].number));
            ext_set(&a.root_crl.ext, OID_CRL_NUMBER, false, mk_uint(lists[last].number));
            ext_set(&b.pck_crl.ext, OID_CRL_NUMBER, false, mk_uint(lists[i].number));
            ext_set(&b.root_crl.ext, OID_CRL_NUMBER, false, mk_uint(lists[i].number));
            before = must_take("before", item_of(&a, kind), root);
            now = must_take("now", item_of(&b, kind), root);
            assert_int_equal(compare(&now, &before), i > 0 ? 1 : 0);
        }
}

static bool same_facts(const ratls_item_facts *a, const ratls_item_facts *b)
{
    return a->item.kind == b->item.kind && a->item.tee == b->item.tee &&
           a->item.processor_ca == b->item.processor_ca && compare(a, b) == 0 &&
           bytes_equal(bytes_of(a->item.fmspc, 6), bytes_of(b->item.fmspc, 6)) &&
           a->issued == b->issued && a->expires == b->expires &&
           a->evaluation_number == b->evaluation_number;
}

/* What is cut is refused; what has a flipped bit is refused, or was no part of what is signed. */
static void cut_and_flipped(void **state)
{
    (void)state;
    vendor v = world_of("tdx4");
    bytes root = vendor_root(&v);
    ratls_item_facts f;
    ratls_error e;
    for (ratls_item_kind kind = RATLS_ITEM_TCB_INFO; kind <= RATLS_ITEM_ROOT_CA_CRL; kind++) {
        bytes data = item_of(&v, kind);
        ratls_item_facts right = must_take("right", data, root);
        for (size_t n = 0; n < data.n; n += 1 + n % 5) {
            arena_mark mark = arena_here();
            assert_int_equal(check(bytes_cut(data, n), root, &f, &e), RATLS_E_MALFORMED);
            arena_back(mark);
        }
        for (size_t at = 0; at < data.n; at += 3) {
            arena_mark mark = arena_here();
            ratls_code code = check(bytes_flipped(data, at, at % 8), root, &f, &e);
            if (code == RATLS_OK && !same_facts(&f, &right))
                fail_msg("item %d, byte %zu: taken with other facts", kind, at);
            arena_back(mark);
        }
    }
}

static void platforms_of_quotes(void **state)
{
    (void)state;
    ratls_platform p;
    ratls_error e;
    for (size_t i = 0; i < sizeof worlds / sizeof *worlds; i++)
        for (int platform = 0; platform < 2; platform++) {
            vendor v = world_of(worlds[i]);
            vendor_use_ca(&v, platform != 0);
            quote_made m = vendor_quote(&v, BYTES_NONE);
            memset(&p, 0xff, sizeof p);
            assert_int_equal(ratls_quote_platform(m.quote, &p, &e), RATLS_OK);
            assert_int_equal(p.tee, v.quote.tee == QUOTE_TDX ? RATLS_TEE_TDX : RATLS_TEE_SGX);
            assert_memory_equal(p.fmspc, v.pck_ext.fmspc, 6);
            assert_int_equal(p.processor_ca, platform == 0);
            /* Nothing is verified. */
            assert_int_equal(
                ratls_quote_platform(bytes_flipped(m.quote, m.signature_at, 0), &p, &e), RATLS_OK);
            for (size_t n = 0; n < m.sig_end; n += 1 + n % 7) {
                arena_mark mark = arena_here();
                assert_int_equal(ratls_quote_platform(bytes_cut(m.quote, n), &p, &e),
                                 RATLS_E_MALFORMED);
                arena_back(mark);
            }
            for (size_t at = 0; at < m.quote.n; at++) {
                arena_mark mark = arena_here();
                bytes flipped = bytes_flipped(m.quote, at, at % 8);
                ratls_code code = ratls_quote_platform(flipped, &p, &e);
                assert_true(code == RATLS_OK || (e.code == code && e.text[0] != '\0'));
                arena_back(mark);
            }
        }

    static const struct {
        unsigned type;
        ratls_code code;
    } types[] = {{1, RATLS_E_UNSUPPORTED}, {3, RATLS_E_UNSUPPORTED},
                 {4, RATLS_E_UNSUPPORTED}, {5, RATLS_OK},
                 {0, RATLS_E_UNSUPPORTED}, {7, RATLS_E_UNSUPPORTED}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        vendor v = world_of("sgx3");
        v.quote.cert_type = types[i].type;
        assert_int_equal(ratls_quote_platform(vendor_quote(&v, BYTES_NONE).quote, &p, &e),
                         types[i].code);
    }
    vendor v = world_of("sgx3"), none = v, lost = v;
    none.quote.cert_data = bytes_text("no PEM");
    assert_int_equal(ratls_quote_platform(vendor_quote(&none, BYTES_NONE).quote, &p, &e),
                     RATLS_E_MALFORMED);
    lost.pck_ext.omit = 1u << 4;
    assert_int_equal(ratls_quote_platform(vendor_quote(&lost, BYTES_NONE).quote, &p, &e),
                     RATLS_E_MALFORMED);
    vendor two = v;
    two.quote.cert_data = join(pem_of("CERTIFICATE", vendor_pck(&v)), vendor_root_pem(&v));
    assert_int_equal(ratls_quote_platform(vendor_quote(&two, BYTES_NONE).quote, &p, &e),
                     RATLS_E_MALFORMED);
    assert_int_equal(ratls_quote_platform(BYTES_NONE, &p, &e), RATLS_E_MALFORMED);
}

static void names(void **state)
{
    (void)state;
    const struct {
        const char *name;
        ratls_item item;
    } all[] = {
        {"sgx-tcb-00906ed50000",
         {RATLS_ITEM_TCB_INFO, RATLS_TEE_SGX, {0, 0x90, 0x6e, 0xd5}, false}},
        {"tdx-tcb-ffffffffffff",
         {RATLS_ITEM_TCB_INFO, RATLS_TEE_TDX, {255, 255, 255, 255, 255, 255}, false}},
        {"sgx-qe", {RATLS_ITEM_QE_IDENTITY, RATLS_TEE_SGX, {0}, false}},
        {"tdx-qe", {RATLS_ITEM_QE_IDENTITY, RATLS_TEE_TDX, {0}, false}},
        {"pck-crl-platform", {RATLS_ITEM_PCK_CRL, RATLS_TEE_NONE, {0}, false}},
        {"pck-crl-processor", {RATLS_ITEM_PCK_CRL, RATLS_TEE_NONE, {0}, true}},
        {"root-ca-crl", {RATLS_ITEM_ROOT_CA_CRL, RATLS_TEE_NONE, {0}, false}},
    };
    ratls_item item;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        char name[RATLS_ITEM_NAME_SIZE];
        memset(name, 'x', sizeof name);
        ratls_item_name(&all[i].item, name);
        assert_string_equal(name, all[i].name);
        assert_true(ratls_item_from_name(name, &item));
        assert_int_equal(item.kind, all[i].item.kind);
        assert_int_equal(item.tee, all[i].item.tee);
        assert_memory_equal(item.fmspc, all[i].item.fmspc, 6);
        assert_int_equal(item.processor_ca, all[i].item.processor_ca);
        /* One spelling: nothing shorter, longer or in other letters. */
        for (size_t n = 0; n < strlen(name); n++) {
            char other[RATLS_ITEM_NAME_SIZE + 1];
            memcpy(other, name, strlen(name) + 1);
            other[n] = (char)(other[n] ^ 0x20);
            assert_false(ratls_item_from_name(other, &item));
            other[n] = '\0';
            assert_false(ratls_item_from_name(other, &item));
        }
    }
    static const char *const none[] = {
        "",
        "sgx",
        "sgx-",
        "sgx-tcb-",
        "sgx-tcb-00906ed5000",
        "sgx-tcb-00906ed500000",
        "sgx-tcb-00906ed5000g",
        "sev-tcb-00906ed50000",
        "sgx-qe ",
        " sgx-qe",
        "sgx-qe.json",
        "../sgx-qe",
        "sgx-qe/",
        "qve",
        "pck-crl",
        "pck-crl-",
        "pck-crl-other",
        "pck-crl-platform2",
        "root-ca-crl2",
        "sgx-tcb-00906ed50000-and-more-text-than-a-name-can-ever-have-in-it"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (ratls_item_from_name(none[i], &item))
            fail_msg("\"%s\" is the name of an item", none[i]);

    static const ratls_tee tees[] = {RATLS_TEE_SGX, RATLS_TEE_TDX};
    for (size_t i = 0; i < 4; i++) {
        const ratls_platform p = {tees[i / 2], {1, 2, 3, 4, 5, 6}, i % 2 != 0};
        static const char *const expected[4][4] = {
            {"sgx-tcb-010203040506", "sgx-qe", "pck-crl-platform", "root-ca-crl"},
            {"sgx-tcb-010203040506", "sgx-qe", "pck-crl-processor", "root-ca-crl"},
            {"tdx-tcb-010203040506", "tdx-qe", "pck-crl-platform", "root-ca-crl"},
            {"tdx-tcb-010203040506", "tdx-qe", "pck-crl-processor", "root-ca-crl"}};
        ratls_item items[4];
        ratls_platform_items(&p, items);
        for (size_t k = 0; k < 4; k++) {
            char name[RATLS_ITEM_NAME_SIZE];
            assert_int_equal(items[k].kind, k);
            ratls_item_name(&items[k], name);
            assert_string_equal(name, expected[i][k]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(genuine_items),
        cmocka_unit_test(dates),
        cmocka_unit_test(items_that_are_not_genuine),
        cmocka_unit_test(what_is_no_item),
        cmocka_unit_test(which_of_two_is_newer),
        cmocka_unit_test(cut_and_flipped),
        cmocka_unit_test(platforms_of_quotes),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
