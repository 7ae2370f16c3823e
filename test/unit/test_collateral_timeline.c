/*
 * A month of an attester, a verifier and the keeper of its collateral, hour by hour, by a clock
 * that is passed in: expiry, renewal, an outage of every source for three days, restarts, a
 * revocation, a rollback, and a clock that was set back. What the policy demands at each hour is in
 * `expected`.
 */
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec/json.h"
#include "issue/crl.h"
#include "keeper_world.h"
#include "ratls/policy.h"
#include "sim/party.h"
#include "sim_dir.h"
#include "store_dir.h"

enum { HOUR = 3600, HOURS = 30 * 24, VALID_DAYS = 4, CAP = 1 << 18 };

#define START 4102444800 /* 2100-01-01T00:00:00Z: after any build */
#define GRACE "21600"    /* seconds: 6 hours */

/*
 * The vendor publishes at these hours: issued an hour before, good for four days, so 97 hours in
 * all. A keeper asks again after 48.5 to 72.75 of them, each at its own moment.
 */
static const int published[] = {0, 40, 130, 172, 216, 260, 304, 348, 392, 520, 564, 608, 652};
enum { PUBLICATIONS = sizeof published / sizeof *published };

enum {
    OUTAGE = 76,         /* held by all: what was published at 40, due from 87.5 on */
    OUTAGE_END = 148,    /* asked for at least once an hour by then */
    ATTESTER_DOWN = 300, /* its last certificate is of 288, for 24 hours */
    ATTESTER_UP = 348,
    REVOCATION =
        392,        /* and ever after; held by all: what was published at 348, due from 395.5 on */
    ROLLBACK = 425, /* all that was published at 348 again, good until 444 */
    ROLLBACK_END = 520,
    REPLACEMENT = 560, /* by another platform of the same family */
    SET_BACK = 600     /* a clock that says three days less */
};
static const int restarts[] = {60, 100,
                               470}; /* the second in the outage, the third in the rollback */

static const struct {
    int first, last; /* hours */
    ratls_code code;
    const char *check; /* that failed */
    bool expired;      /* and accepted all the same */
} expected[] = {
    /* Nobody waits for the network in a first contact; an hour later all is there. */
    {0, 0, RATLS_E_MISSING, "collateral.present", false},
    {1, 135, RATLS_OK, NULL, false},
    /* What was published at 40 expires at 136: accepted for six hours. */
    {136, 142, RATLS_OK, NULL, true},
    {143, 147, RATLS_E_STALE, "policy.expiry", false},
    {148, 312, RATLS_OK, NULL, false},
    {313, 347, RATLS_E_STALE, "certificate.validity", false},
    {348, 395, RATLS_OK, NULL, false},
    /* From 396 to 420 the keeper comes to know of the revocation: see `learns`. */
    {421, 559, RATLS_E_REVOKED, "pck.revocation", false},
    {560, 719, RATLS_OK, NULL, false},
};
static const struct {
    int first, last;
} learns = {396, 420};

typedef struct month {
    sim_place place, other;
    store_place store;
    ratls_sim *sim;
    vendor v; /* for the surroundings only */
    keeper_world *w;
    char policy[8192];
    ratls_attester *attester;
    ratls_keeper *keeper;
    ratls_verifier *verifier;
    ratls_result *result;
    bytes sets[PUBLICATIONS]; /* collateral as published */
    bool learned;
    int accepted, refused;
    size_t rolled_back; /* items that came older than those held */
} month;

static int64_t at(int hour)
{
    return START + (int64_t)hour * HOUR;
}

static void must(ratls_code code, const ratls_error *e)
{
    if (code != RATLS_OK)
        fail_msg("%s: %s", ratls_code_name(code), e->text);
}

/* The simulated CA's list, with the platform's PCK certificate on it. */
static bytes revoking_crl(const month *m, int64_t now)
{
    static party ca, pck;
    ratls_error e;
    uint8_t der[1024];
    writer w = wr_of(der, sizeof der);
    must(party_read(&ca, PARTY_CA, m->place.root, &e), &e);
    must(party_read(&pck, PARTY_PCK, m->place.root, &e), &e);
    const issue_revoked revoked = {.serial = pck.cert.serial, .date = now - HOUR};
    const issue_crl_spec spec = {.issuer = ca.cert.subject,
                                 .this_update = now - HOUR,
                                 .next_update = now + VALID_DAYS * SIM_DAY,
                                 .revoked = &revoked,
                                 .revoked_n = 1,
                                 .number = (uint64_t)(now - HOUR),
                                 .authority_key_id = ca.cert.subject_key_id};
    must(issue_crl(&spec, ca.key, &w, &e), &e);
    party_clear(&ca);
    party_clear(&pck);
    return arena_copy(wr_bytes(&w));
}

static void publish(month *m, size_t i)
{
    uint8_t *out = arena_alloc(CAP);
    size_t n;
    ratls_error e;
    const int64_t now = at(published[i]);
    must(ratls_sim_renew(m->sim, now, 0, &e), &e);
    must(ratls_sim_collateral(m->sim, out, CAP, &n, &e), &e);
    m->sets[i] = bytes_of(out, n);
    if (published[i] < REVOCATION)
        return;
    size_t from = bytes_find(m->sets[i], bytes_text("\"pck_crl\": \"")) + 12;
    bytes rest = bytes_of(m->sets[i].p + from, n - from);
    m->sets[i] = bytes_spliced(m->sets[i], from, bytes_find(rest, bytes_text("\"")),
                               hex_of(revoking_crl(m, now)));
}

/* The item of one kind out of a whole set. */
static bytes item_of(bytes set, const char *const keys[3])
{
    json_reader j = jr_of(set);
    json_scope scope;
    bytes key;
    buf out = {0};
    jr_object(&j, &scope);
    while (jr_key(&j, &scope, &key)) {
        bytes value = jr_value(&j);
        for (size_t i = 0; i < 3 && keys[i] != NULL; i++)
            if (bytes_is(key, keys[i]))
                buf_put(&out, join(bytes_text(out.n == 0 ? "{\"" : ",\""), key, bytes_text("\":"),
                                   value));
    }
    assert_true(jr_done(&j));
    buf_text(&out, "}");
    return buf_bytes(&out);
}

static void network_serves(month *m, bytes set)
{
    static const char *const keys[4][3] = {
        {"tcb_info", "tcb_info_signature", "tcb_info_issuer_chain"},
        {"qe_identity", "qe_identity_signature", "qe_identity_issuer_chain"},
        {"pck_crl", "pck_crl_issuer_chain"},
        {"root_ca_crl"}};
    ratls_platform p = {.tee = RATLS_TEE_SGX};
    ratls_item items[4];
    memcpy(p.fmspc, ratls_sim_facts(m->sim)->pck.fmspc, sizeof p.fmspc);
    ratls_platform_items(&p, items);
    for (size_t i = 0; i < 4; i++) {
        char name[RATLS_ITEM_NAME_SIZE];
        ratls_item_name(&items[i], name);
        shelf_set(&m->w->net.items, name, item_of(set, keys[i]));
    }
}

static size_t latest_at(int hour)
{
    size_t i = 0;
    while (i + 1 < PUBLICATIONS && published[i + 1] <= hour)
        i++;
    return i;
}

static void set_network(month *m, int hour)
{
    m->w->net.down = hour >= OUTAGE && hour < OUTAGE_END;
    size_t i = latest_at(hour);
    if (published[i] == hour)
        publish(m, i);
    if (hour == ROLLBACK)
        network_serves(m, m->sets[latest_at(REVOCATION - 1)]);
    else if (published[i] == hour || hour == ROLLBACK_END)
        network_serves(m, m->sets[i]);
}

static void start_verifier(month *m)
{
    ratls_error e;
    ratls_keeper_options o = m->w->options;
    o.store = store_open(&m->store);
    must(ratls_keeper_new(&m->keeper, &o, &e), &e);
    m->verifier = ratls_verifier_new();
    assert_non_null(m->verifier);
    must(ratls_verifier_set_root(m->verifier, ratls_sim_root(m->sim), &e), &e);
    must(ratls_verifier_set_policy(m->verifier, bytes_text(m->policy), &e), &e);
    must(ratls_keeper_serve(m->keeper, m->verifier, &e), &e);
}

static void stop_verifier(month *m)
{
    ratls_verifier_free(&m->verifier);
    ratls_keeper_free(&m->keeper);
}

static void start_attester(month *m, const char *dir)
{
    ratls_error e;
    ratls_attester_options o = {.names = NULL};
    ratls_attester_free(&m->attester);
    must(ratls_source_sim(dir, &o.source, &e), &e);
    must(ratls_attester_new(&m->attester, &o, &e), &e);
}

static void write_policy(month *m)
{
    size_t n;
    ratls_error e;
    must(ratls_policy_write(m->policy, sizeof m->policy, &n, ratls_sim_facts(m->sim), true, &e),
         &e);
    bytes with = text_replaced(bytes_of(m->policy, n), "\"tcb\": {",
                               "\"tcb\": {\"expired_grace_seconds\": " GRACE ",");
    (void)snprintf(m->policy, sizeof m->policy, "%.*s", (int)with.n, (const char *)with.p);
}

static void begin(month *m)
{
    ratls_error e;
    ratls_sim_options o = sim_options(RATLS_TEE_SGX, 3, false);
    o.valid_days = VALID_DAYS;
    m->place = sim_place_new();
    m->other = sim_place_new();
    m->store = store_place_new();
    must(ratls_sim_new(m->place.root, &o, START, &e), &e);
    m->sim = sim_open(m->place.root);
    o.vendor = m->place.root;
    must(ratls_sim_new(m->other.root, &o, START, &e), &e);
    m->v = vendor_of(QUOTE_SGX, 3, false, START);
    m->w = keeper_world_new(&m->v);
    m->w->options.root = ratls_sim_root(m->sim);
    m->result = ratls_result_new();
    write_policy(m);
    start_attester(m, m->place.root);
    start_verifier(m);
}

static void finish(month *m)
{
    stop_verifier(m);
    ratls_attester_free(&m->attester);
    ratls_result_free(&m->result);
    ratls_sim_free(&m->sim);
    keeper_world_free(m->w);
    sim_place_end(&m->place);
    sim_place_end(&m->other);
    store_place_end(&m->store);
}

/* At half of a certificate's life, as its timer would. */
static void run_attester(month *m, int hour)
{
    ratls_error e;
    if (hour == REPLACEMENT)
        start_attester(m, m->other.root);
    bool down = hour >= ATTESTER_DOWN && hour < ATTESTER_UP;
    if ((hour % 12 == 0 || hour == REPLACEMENT) && !down)
        must(ratls_attester_renew(m->attester, at(hour), &e), &e);
}

static void run_keeper(month *m, int hour)
{
    int64_t next;
    for (size_t i = 0; i < sizeof restarts / sizeof *restarts; i++)
        if (hour == restarts[i]) {
            stop_verifier(m);
            start_verifier(m);
        }
    if (hour > 0)
        ratls_keeper_refresh(m->keeper, at(hour), &next);
}

static ratls_code judge(month *m, int64_t now, ratls_error *e)
{
    const ratls_verify_options o = {.time = now};
    ratls_credential *c = ratls_attester_certificate(m->attester);
    assert_non_null(c);
    *e = (ratls_error){.text = ""};
    ratls_code code =
        ratls_verify_certificate(m->verifier, ratls_credential_chain(c, 0), &o, m->result, e);
    ratls_credential_free(&c);
    return code;
}

static void expect(month *m, int hour, ratls_code code, const char *check, bool expired)
{
    ratls_error e;
    ratls_code found = judge(m, at(hour), &e);
    const ratls_check *failed = ratls_result_failure(m->result);
    if (found != code || (check == NULL) != (failed == NULL) ||
        (check != NULL && !bytes_is(bytes_text(check), failed->id)))
        fail_msg("hour %d: %s at %s (%s), expected %s at %s", hour, ratls_code_name(found),
                 failed == NULL ? "no check" : failed->id, e.text, ratls_code_name(code),
                 check == NULL ? "no check" : check);
    if (found == RATLS_OK && ratls_result_facts(m->result)->collateral_expired != expired)
        fail_msg("hour %d: expired collateral was %sexpected", hour, expired ? "" : "not ");
    m->accepted += found == RATLS_OK;
    m->refused += found != RATLS_OK;
}

static void expect_hour(month *m, int hour)
{
    ratls_error e;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        if (hour >= expected[i].first && hour <= expected[i].last) {
            expect(m, hour, expected[i].code, expected[i].check, expected[i].expired);
            return;
        }
    /* Once it knows, it never forgets. */
    assert_true(hour >= learns.first && hour <= learns.last);
    m->learned = m->learned || judge(m, at(hour), &e) != RATLS_OK;
    if (m->learned)
        expect(m, hour, RATLS_E_REVOKED, "pck.revocation", false);
    else
        expect(m, hour, RATLS_OK, NULL, false);
}

/* A clock that is behind: neither the verifier nor the keeper goes by it. */
static void set_clock_back(month *m)
{
    int64_t next;
    ratls_error e;
    const int64_t wrong = at(SET_BACK - 72);
    unsigned asked = network_asked(&m->w->net, NULL);
    assert_int_equal(judge(m, wrong, &e), RATLS_E_STALE);
    assert_string_equal(ratls_result_failure(m->result)->id, "time");
    notes_clear(m->w);
    ratls_keeper_refresh(m->keeper, wrong, &next);
    assert_int_equal(notes_last(m->w, RATLS_NOTE_FAILED, NULL)->code, RATLS_E_STALE);
    assert_int_equal(network_asked(&m->w->net, NULL), asked);
    notes_clear(m->w);
}

/* What the keeper told in this hour. */
static void expect_notes(month *m, int hour)
{
    if (hour < OUTAGE || hour >= OUTAGE_END)
        assert_int_equal(notes_count(m->w, RATLS_NOTE_FAILED, NULL), 0);
    else if (hour >= 112) /* by then all four were due */
        assert_true(notes_count(m->w, RATLS_NOTE_FAILED, NULL) >= 4);
    if ((hour >= OUTAGE && hour < OUTAGE_END) || (hour >= ROLLBACK && hour < ROLLBACK_END))
        assert_int_equal(notes_count(m->w, RATLS_NOTE_FETCHED, NULL), 0);
    if (hour == OUTAGE_END)
        assert_int_equal(notes_count(m->w, RATLS_NOTE_FETCHED, NULL), 4);
    if (hour >= ROLLBACK && hour < ROLLBACK_END)
        m->rolled_back += notes_count(m->w, RATLS_NOTE_UNCHANGED, NULL);
    assert_int_equal(notes_count(m->w, RATLS_NOTE_DISCARDED, NULL), 0);
    notes_clear(m->w);
}

static void test_month(void **state)
{
    static month m;
    (void)state;
    begin(&m);
    for (int hour = 0; hour < HOURS; hour++) {
        keeper_world_set_now(m.w, at(hour));
        set_network(&m, hour);
        run_attester(&m, hour);
        run_keeper(&m, hour);
        expect_hour(&m, hour);
        expect_notes(&m, hour);
        if (hour == SET_BACK)
            set_clock_back(&m);
    }
    /* Refused for certain: 1, 5, 35 and 139 hours, and up to 25 more. */
    assert_int_equal(m.accepted + m.refused, HOURS);
    assert_true(m.refused >= 180 && m.refused <= 205 && m.learned);
    /* From 464 on all four were due, and asked for every second hour at least. */
    assert_true(m.rolled_back >= 4 * (ROLLBACK_END - 464) / 2);
    /* A few requests a day, but for the outage and the rollback, when there is always something
     * due. */
    assert_true(network_asked(&m.w->net, NULL) < 4 * (PUBLICATIONS + 72 + 95));
    finish(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_month)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
