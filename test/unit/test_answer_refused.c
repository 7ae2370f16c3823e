/* Answers on a connection that are not what was asked: each is refused, with what differs. */
#include "testing.h"

#include "answer_world.h"
#include "count_signatures.h"

/* Claims as the peer may write them; its quote is over them, whatever they are. */
typedef struct claims_case {
    const char *what;
    ratls_binding level; /* that was asked */
    bytes claims;
    const char *says;
} claims_case;

static bytes with_claim(ratls_binding level, size_t at, claim_spec c)
{
    said s = said_of(level);
    s.claim[at] = c;
    s.n = at < s.n ? s.n : at + 1;
    return claims_said(&s);
}

static bytes without_claim(ratls_binding level, size_t at)
{
    said s = said_of(level);
    for (s.n--; at < s.n; at++)
        s.claim[at] = s.claim[at + 1];
    return claims_said(&s);
}

static bytes in_other_order(size_t one, size_t other)
{
    said s = said_of(SESSION);
    claim_spec kept = s.claim[one];
    s.claim[one] = s.claim[other];
    s.claim[other] = kept;
    return claims_said(&s);
}

/* The same map under a head of two bytes, or with an indefinite length. */
static bytes in_other_width(bytes head, bytes tail)
{
    bytes right = right_claims(SESSION);
    return join(head, bytes_of(right.p + 1, right.n - 1), tail);
}

static bytes of_an_earlier_session(void)
{
    said s = said_of(SESSION);
    s.claim[NONCE] = claim_of("nonce", value_of("asked before"));
    s.claim[EXPORTER] = claim_of("ratls-exporter", value_of("another connection"));
    s.claim[TRANSCRIPT] = claim_of("ratls-transcript", value_of("other hellos"));
    return claims_said(&s);
}

static bytes sha384_of_the_key(void)
{
    bytes spki = key_spki(key_named(KEY_TYPE_P256, "server"));
    return with_claim(SESSION, KEY,
                      claim_of("pubkey-hash", hash_entry_of(7, digest_of(EVP_sha384(), spki))));
}

static void claims_that_are_not_those_asked(void **state)
{
    (void)state;
    const ratls_binding nonce = RATLS_BINDING_NONCE;
    const bytes asked = value_of("asked");
    const claims_case cases[] = {
        /* C45: the nonce absent, wrong, empty, 1 MiB, a prefix. */
        {"no nonce", SESSION, without_claim(SESSION, NONCE), "holds no nonce, expected "},
        {"other nonce", SESSION, with_claim(SESSION, NONCE, claim_of("nonce", value_of("other"))),
         "answers another question: its nonce is "},
        {"other nonce", nonce, with_claim(nonce, NONCE, claim_of("nonce", value_of("other"))),
         "answers another question: its nonce is "},
        {"empty nonce", SESSION, with_claim(SESSION, NONCE, claim_of("nonce", BYTES_EMPTY)),
         "answers another question: its nonce is empty, expected "},
        {"nonce of 1 MiB", SESSION,
         with_claim(SESSION, NONCE, claim_of("nonce", bytes_of(arena_alloc(1 << 20), 1 << 20))),
         "answers another question: its nonce is "},
        {"prefix of the nonce", SESSION,
         with_claim(SESSION, NONCE, claim_of("nonce", bytes_cut(asked, 31))),
         "answers another question: its nonce is "},
        {"nonce and more", SESSION,
         with_claim(SESSION, NONCE, claim_of("nonce", join(asked, bytes_of("", 1)))),
         "answers another question: its nonce is "},
        /* C46 */
        {"earlier session", SESSION, of_an_earlier_session(),
         "was made on another connection (is somebody in between?): "},
        {"other exporter", SESSION,
         with_claim(SESSION, EXPORTER, claim_of("ratls-exporter", value_of("other"))),
         "was made on another connection (is somebody in between?): its exporter value is "},
        {"level nonce", SESSION, right_claims(nonce), "holds no exporter value, expected "},
        {"level session", nonce, right_claims(SESSION), "holds the exporter value "},
        {"other hellos", SESSION,
         with_claim(SESSION, TRANSCRIPT, claim_of("ratls-transcript", value_of("other"))),
         "was made after other hellos or challenges: its transcript is "},
        {"no transcript", SESSION, without_claim(SESSION, TRANSCRIPT), "holds no transcript, "},
        /* C47 */
        {"other key", SESSION,
         with_claim(SESSION, KEY, key_claim(key_named(KEY_TYPE_P256, "other"))),
         "is for another key: its pubkey-hash is "},
        {"SHA-384 of the key", SESSION, sha384_of_the_key(),
         "is for another key: its pubkey-hash is "},
        {"no key", SESSION, without_claim(SESSION, KEY), "none of its 4 claims is pubkey-hash"},
        /* C48, C49 */
        {"own answer", SESSION, of_own_answer(),
         "was made by the other role (an own answer reflected?): its role is client, expected "
         "server"},
        {"a client's", SESSION,
         with_claim(SESSION, ROLE, claim_of("ratls-role", bytes_text("client"))),
         "its role is client, expected server"},
        {"a client's", nonce, with_claim(nonce, ROLE, claim_of("ratls-role", bytes_text("client"))),
         "its role is client, expected server"},
        {"a strange role", SESSION,
         with_claim(SESSION, ROLE, claim_of("ratls-role", bytes_text("\033[2J"))),
         "its role is 1b5b324a, expected server"},
        {"no role", SESSION, without_claim(SESSION, ROLE), "holds no role, expected server"},
        /* What is as it should be, and something else. */
        {"a claim more", SESSION,
         with_claim(SESSION, CLAIMS, claim_of("ratls-more", bytes_text("x"))),
         "holds 4 claims beside key and nonce, expected 3"},
        {"a claim twice", SESSION,
         with_claim(SESSION, CLAIMS, claim_of("ratls-role", bytes_text("server"))),
         "claims 3 and 6 have the same name"},
        {"nonce twice", SESSION, with_claim(SESSION, CLAIMS, claim_of("nonce", asked)),
         "claims 2 and 6 have the same name"},
        {"nothing", SESSION, BYTES_EMPTY, "claims-buffer has 0 bytes, expected 209: "},
        {"an empty map", SESSION, bytes_from_hex("a0"), "has 1 bytes, expected 209: "},
        {"other order", SESSION, in_other_order(NONCE, ROLE), "in another order or form"},
        {"key last", SESSION, in_other_order(KEY, TRANSCRIPT), "in another order or form"},
        {"other width", SESSION, in_other_width(bytes_from_hex("b805"), BYTES_NONE),
         "has 210 bytes, expected 209: "},
        {"indefinite", SESSION, in_other_width(bytes_from_hex("bf"), bytes_from_hex("ff")),
         "has 210 bytes, expected 209: "},
        {"a byte after", SESSION, join(right_claims(SESSION), bytes_of("", 1)),
         "has 210 bytes, expected 209: "},
        {"a byte less", SESSION, bytes_cut(right_claims(SESSION), 208),
         "has 208 bytes, expected 209: "},
        {"twice", SESSION, join(right_claims(SESSION), right_claims(SESSION)),
         "has 418 bytes, expected 209: "},
    };
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        const claims_case *c = &cases[i / 2];
        arena_mark mark = arena_here();
        world w = world_named(i % 2 == 0 ? "sgx3" : "tdx15");
        bytes evidence = evidence_over(&w, c->claims).evidence;
        signatures_verified = 0;
        (void)judge(&w, evidence, BYTES_NONE, c->level);
        must_be(&w, c->what, RATLS_E_BINDING, "binding.session", c->says);
        assert_memory_equal(w.e.text, "binding: ", 9);
        assert_int_equal(signatures_verified, 0);
        assert_null(ratls_result_binding_level(w.r));
        assert_null(ratls_result_binding_by(w.r));
        assert_false(ratls_result_accepted(w.r) || ratls_result_evidence_valid(w.r));
        must_be_check(w.r, "binding.key", RATLS_NOT_RUN, "");
        must_be_check(w.r, "binding.nonce", RATLS_NOT_RUN, "");
        end(&w);
        arena_back(mark);
    }
}

/* With a quote that is over the claims as they are then, and with the one that was. */
static void each_bit_of_the_claims_counts(void **state)
{
    (void)state;
    world w = world_named("sgx3");
    for (size_t k = 0; k < LEVELS; k++) {
        bytes right = right_claims(levels[k]), evidence = right_evidence(&w, levels[k]);
        assert_true(bytes_equal(bytes_of(evidence.p + evidence.n - right.n, right.n), right));
        for (size_t bit = 0; bit < 8 * right.n; bit++) {
            arena_mark mark = arena_here();
            (void)judge(&w, bytes_flipped(evidence, evidence.n - right.n + bit / 8, bit % 8),
                        BYTES_NONE, levels[k]);
            must_be(&w, "flipped", RATLS_E_BINDING, "binding.session", "binding: the answer");
            bytes signed_anew = evidence_over(&w, bytes_flipped(right, bit / 8, bit % 8)).evidence;
            (void)judge(&w, signed_anew, BYTES_NONE, levels[k]);
            must_be(&w, "signed anew", RATLS_E_BINDING, "binding.session", "binding: the answer");
            arena_back(mark);
        }
        assert_int_equal(judge(&w, evidence, BYTES_NONE, levels[k]), RATLS_OK);
    }
    end(&w);
}

/* C50: the right claims beside a quote that is not over them. */
static void each_bit_of_the_report_data_counts(void **state)
{
    (void)state;
    static const char *const some[] = {"sgx3", "tdx4"};
    for (size_t i = 0; i < 2; i++) {
        world w = world_named(some[i]);
        bytes claims = right_claims(SESSION);
        tls_made m = evidence_over(&w, claims);
        const quote_made *q = &m.quote;
        for (size_t bit = 0; bit < 512; bit++) {
            arena_mark mark = arena_here();
            bytes quote = bytes_flipped(q->quote, q->report_data_at + bit / 8, bit % 8);
            (void)judge(&w, evidence_of(60000, 0, quote, claims), BYTES_NONE, SESSION);
            must_be(&w, "flipped", RATLS_E_BINDING, "binding.report_data", "report data");
            quote = quote_resigned(q, quote, w.v.quote.attestation_key);
            (void)judge(&w, evidence_of(60000, 0, quote, claims), BYTES_NONE, SESSION);
            must_be(&w, "signed anew", RATLS_E_BINDING, "binding.report_data", "report data");
            arena_back(mark);
        }
        assert_null(ratls_result_binding_level(w.r));
        bytes again = quote_resigned(q, q->quote, w.v.quote.attestation_key);
        assert_int_equal(judge(&w, evidence_of(60000, 0, again, claims), BYTES_NONE, SESSION),
                         RATLS_OK);
        end(&w);
    }
}

static void report_data_of_something_else(void **state)
{
    (void)state;
    static const uint8_t zeros[64] = {0};
    world w = world_named("tdx5");
    const bytes claims = right_claims(SESSION), zero = bytes_of(zeros, 32);
    const bytes hash = digest_of(EVP_sha256(), claims);
    const struct {
        const char *what;
        bytes data;
    } cases[] = {
        {"zeros", bytes_of(zeros, 64)},
        {"twice", join(hash, hash)},
        {"at the end", join(zero, hash)},
        {"SHA-384", join(digest_of(EVP_sha384(), claims), bytes_of(zeros, 16))},
        {"SHA-512", digest_of(EVP_sha512(), claims)},
        {"of the claims without exporter",
         join(digest_of(EVP_sha256(), right_claims(RATLS_BINDING_NONCE)), zero)},
        {"the exporter value itself", join(value_of("this connection"), zero)},
        {"nonce and exporter value", join(value_of("asked"), value_of("this connection"))},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bytes quote = vendor_quote(&w.v, cases[i].data).quote;
        (void)judge(&w, evidence_of(60000, 0, quote, claims), BYTES_NONE, SESSION);
        must_be(&w, cases[i].what, RATLS_E_BINDING, "binding.report_data", "is not SHA-256 of the");
    }
    end(&w);
}

static void evidence_of_a_tee_that_was_not_asked_for(void **state)
{
    (void)state;
    static const char *const worlds[] = {"sgx3", "tdx5"};
    for (size_t i = 0; i < 2; i++) {
        world w = world_named(worlds[i]);
        const ratls_tee own = i == 0 ? RATLS_TEE_SGX : RATLS_TEE_TDX;
        const ratls_tee other = i == 0 ? RATLS_TEE_TDX : RATLS_TEE_SGX;
        const peer_answer a = {.evidence = right_evidence(&w, SESSION)};
        answer_wanted wanted = {.claims = right_claims(SESSION), .level = SESSION, .tee = own};
        assert_int_equal(judge_at(w.verifier, &a, &wanted, w.v.now, w.r, &w.e), RATLS_OK);
        wanted.tee = other;
        (void)judge_at(w.verifier, &a, &wanted, w.v.now, w.r, &w.e);
        must_be(&w, worlds[i], RATLS_E_UNSUPPORTED, "quote.format",
                i == 0 ? "quote: of SGX, asked for was TDX" : "quote: of TDX, asked for was SGX");
        end(&w);
    }
}

static void evidence_that_is_cut_off(void **state)
{
    (void)state;
    world w = world_named("sgx3");
    for (size_t k = 0; k < LEVELS; k++) {
        bytes evidence = right_evidence(&w, levels[k]);
        for (size_t n = 0; n < evidence.n; n++) {
            arena_mark mark = arena_here();
            (void)judge(&w, bytes_cut(evidence, n), BYTES_NONE, levels[k]);
            must_be(&w, "cut", RATLS_E_MALFORMED, "evidence.format", "evidence: ");
            arena_back(mark);
        }
        (void)judge(&w, BYTES_NONE, BYTES_NONE, levels[k]);
        must_be(&w, "none", RATLS_E_MALFORMED, "evidence.format", "evidence: ");
    }
    end(&w);
}

static bytes report_of(size_t n, uint8_t first)
{
    uint8_t *p = arena_alloc(n);
    p[0] = first;
    return bytes_of(p, n);
}

static void evidence_of_another_form(void **state)
{
    (void)state;
    world w = world_named("sgx4");
    const bytes claims = right_claims(SESSION), right = right_evidence(&w, SESSION);
    const tls_made m = evidence_over(&w, claims);
    const bytes quote = m.quote.quote;
    const struct {
        const char *what;
        bytes evidence;
        ratls_code code;
        const char *check, *says;
    } cases[] = {
        {"octets", mk_octets(right), RATLS_E_MALFORMED, "evidence.format", "OCTET STRING"},
        {"only octets", bytes_from_hex("0400"), RATLS_E_MALFORMED, "evidence.format",
         "OCTET STRING"},
        {"a byte after", join(right, bytes_of("", 1)), RATLS_E_MALFORMED, "evidence.format",
         "1 bytes follow"},
        {"twice", join(right, right), RATLS_E_MALFORMED, "evidence.format", "bytes follow"},
        {"a wide tag", evidence_of(60000, 4, quote, claims), RATLS_E_MALFORMED, "evidence.format",
         "shortest form"},
        {"no tag", bytes_of(right.p + 3, right.n - 3), RATLS_E_MALFORMED, "evidence.format",
         "no CBOR tag"},
        {"a bare quote", quote, RATLS_E_MALFORMED, "evidence.format", "or a bare quote"},
        {"a quote as 60001", evidence_of(60001, 0, quote, claims), RATLS_E_UNSUPPORTED,
         "evidence.format", "under a report's tag"},
        {"a TDX report", evidence_of(60001, 0, report_of(1024, 0x81), claims), RATLS_E_UNSUPPORTED,
         "evidence.format", "TDX report can't be judged here"},
        {"an SGX report 2", evidence_of(60001, 0, report_of(1024, 0), claims), RATLS_E_UNSUPPORTED,
         "evidence.format", "SGX report type 2 can't be judged here"},
        {"an EREPORT", evidence_of(60002, 0, report_of(432, 0), claims), RATLS_E_UNSUPPORTED,
         "evidence.format", "SGX report (EREPORT) can't be judged here"},
        {"SEV-SNP", evidence_of(0x1a7504, 0, report_of(1184, 2), claims), RATLS_E_UNSUPPORTED,
         "evidence.format", "SEV-SNP report (RATS-TLS tag) can't be judged here"},
        {"an unknown tag", evidence_of(60003, 0, quote, claims), RATLS_E_UNSUPPORTED,
         "evidence.format", "CBOR tag 60003"},
        {"Open Enclave's", oe_evidence_of(3, OE_UUID_SGX_ECDSA, quote, claims), RATLS_E_MALFORMED,
         "evidence.format", "no CBOR tag"},
        {"no quote", evidence_of(60000, 0, BYTES_EMPTY, claims), RATLS_E_MALFORMED, "quote.format",
         "quote"},
        {"half a quote", evidence_of(60000, 0, bytes_cut(quote, 500), claims), RATLS_E_MALFORMED,
         "quote.format", "quote"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        (void)judge(&w, cases[i].evidence, BYTES_NONE, SESSION);
        must_be(&w, cases[i].what, cases[i].code, cases[i].check, cases[i].says);
        assert_false(ratls_result_accepted(w.r));
    }
    end(&w);
}

static void quotes_that_are_not_genuine(void **state)
{
    (void)state;
    world w = world_named("tdx4");
    const bytes claims = right_claims(SESSION);
    const tls_made m = evidence_over(&w, claims);
    const quote_made *q = &m.quote;
    const struct {
        const char *what;
        bytes quote;
        const char *check;
    } cases[] = {
        {"signature", bytes_flipped(q->quote, q->signature_at, 0), "quote.signature"},
        {"QE signature", bytes_flipped(q->quote, q->qe_signature_at, 0), "qe_report.signature"},
        {"other attestation key", quote_resigned(q, q->quote, key_named(KEY_TYPE_P256, "attacker")),
         "quote.signature"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        (void)judge(&w, evidence_of(60000, 0, cases[i].quote, claims), BYTES_NONE, SESSION);
        must_be(&w, cases[i].what, RATLS_E_UNTRUSTED, cases[i].check, "");
        assert_false(ratls_result_accepted(w.r) || ratls_result_evidence_valid(w.r));
    }
    end(&w);
}

static void endorsements_that_are_broken(void **state)
{
    (void)state;
    world w = world_named("sgx3");
    const bytes right = stapled_by(&w), evidence = right_evidence(&w, SESSION);
    collateral_set c = vendor_collateral(&w.v);
    endorsement_items items = endorsement_items_cbor(&c, NULL);
    const struct {
        const char *what;
        bytes value;
        ratls_code code;
    } cases[] = {
        {"text", bytes_text("x"), RATLS_E_MALFORMED},
        {"a byte after", join(right, bytes_of("", 1)), RATLS_E_MALFORMED},
        {"a byte less", bytes_cut(right, right.n - 1), RATLS_E_MALFORMED},
        {"octets", mk_octets(right), RATLS_E_MALFORMED},
        {"of a report", endorsements_cbor(60001, &items), RATLS_E_MALFORMED},
        {"unknown tag", endorsements_cbor(60003, &items), RATLS_E_UNSUPPORTED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        (void)judge(&w, evidence, cases[i].value, SESSION);
        must_be(&w, cases[i].what, cases[i].code, "endorsements.format", "endorsements: ");
    }
    assert_int_equal(judge(&w, evidence, right, SESSION), RATLS_OK);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claims_that_are_not_those_asked),
        cmocka_unit_test(each_bit_of_the_claims_counts),
        cmocka_unit_test(each_bit_of_the_report_data_counts),
        cmocka_unit_test(report_data_of_something_else),
        cmocka_unit_test(evidence_of_a_tee_that_was_not_asked_for),
        cmocka_unit_test(evidence_that_is_cut_off),
        cmocka_unit_test(evidence_of_another_form),
        cmocka_unit_test(quotes_that_are_not_genuine),
        cmocka_unit_test(endorsements_that_are_broken),
    };
    return cmocka_run_group_tests_name("answer refused", tests, NULL, NULL);
}
