#include "testing.h"

#include "conform/requirement.h"
#include "hostile.h"

/* Each requirement of verifiers has cases of both kinds, and each case its requirement. */

static void each_case_serves(void **state)
{
    (void)state;
    const hostile_map *map = hostile_map_of();
    hostile_table tables[HOSTILE_GROUPS];
    size_t accepted[HOSTILE_SERVED_MAX] = {0}, refused[HOSTILE_SERVED_MAX] = {0};
    const hostile_setting simulated = {.given = false};
    assert_true(requirements_n <= HOSTILE_SERVED_MAX);
    for (size_t g = 0; g < HOSTILE_GROUPS; g++) {
        tables[g] = hostile_table_of(hostile_groups[g]);
        for (size_t i = 0; i < tables[g].n; i++) {
            const hostile_line *l = &tables[g].lines[i];
            hostile_served served;
            hostile_serves(map, l, &served);
            bool made = hostile_groups[g]->left_out(l->maker, &simulated) == NULL;
            if (made != (served.n > 0))
                fail_msg("%s: of %zu requirements", l->name, served.n);
            assert_true(l->accept || (served.n <= 1 && !served.either));
            for (size_t k = 0; k < served.n; k++)
                (l->accept ? accepted : refused)[requirement_named(served.ids[k]) - requirements]++;
        }
    }
    const char *idle = hostile_map_idle(map, tables, HOSTILE_GROUPS);
    if (idle != NULL)
        fail_msg("no case fits the pattern %s", idle);
    for (size_t i = 0; i < requirements_n; i++) {
        bool of_verifiers = strcmp(requirements[i].role, "attester") != 0;
        if ((accepted[i] > 0) != of_verifiers || (refused[i] > 0) != of_verifiers)
            fail_msg("%s: %zu cases to be accepted, %zu to be refused", requirements[i].id,
                     accepted[i], refused[i]);
    }
}

/* The requirements that lines of the tables show, as words. */
static const char *served_by(const hostile_group *g, const char *name, hostile_served *s)
{
    hostile_table t = hostile_table_of(g);
    size_t i = 0;
    while (strcmp(t.lines[i].name, name) != 0)
        assert_true(++i < t.n);
    hostile_serves(hostile_map_of(), &t.lines[i], s);
    return s->n > 0 ? s->ids[0] : "";
}

static void some_are_known(void **state)
{
    (void)state;
    static const struct {
        const hostile_group *group;
        const char *name, *first;
        size_t n;
        bool either;
    } rows[] = {
        {&hostile_certificate, "evidence-twice-same", "CERT-03", 1, false},
        {&hostile_certificate, "critical-true", "CERT-02", 2, true},
        {&hostile_cbor, "only-nonce", "CLAIM-02", 1, false},
        {&hostile_binding, "other-key-interoperable", "BIND-01", 1, false},
        {&hostile_quote, "debug-td-tdx15", "POL-03", 1, false},
        {&hostile_pki, "ca-revoked", "PKI-09", 1, false},
        {&hostile_collateral, "clock-zero", "", 0, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hostile_served s;
        assert_string_equal(served_by(rows[i].group, rows[i].name, &s), rows[i].first);
        assert_int_equal(s.n, rows[i].n);
        assert_int_equal(s.either, rows[i].either);
    }
    hostile_served all;
    (void)served_by(&hostile_certificate, "world-interoperable-sgx3", &all);
    size_t of_verifiers = 0;
    for (size_t i = 0; i < requirements_n; i++)
        of_verifiers += strcmp(requirements[i].role, "attester") != 0;
    assert_int_equal(all.n, of_verifiers);
}

static void texts_are_sentences(void **state)
{
    (void)state;
    assert_null(requirement_named("CERT-00"));
    assert_ptr_equal(requirement_named(requirements[0].id), &requirements[0]);
    for (size_t i = 0; i < requirements_n; i++) {
        size_t n = strlen(requirements[i].text);
        assert_true(n > 1 && requirements[i].text[n - 1] == '.' &&
                    requirements[i].text[n - 2] != '.');
        assert_true(requirements[i].clause[0] != '\0');
        assert_ptr_equal(requirement_named(requirements[i].id), &requirements[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_case_serves),
        cmocka_unit_test(some_are_known),
        cmocka_unit_test(texts_are_sentences),
    };
    return cmocka_run_group_tests_name("requirements", tests, NULL, NULL);
}
