#include "testing.h"

#include "hostile_run.h"
#include "stapling_world.h"

/* Makers of test/cases/hostile-stapling.txt. */
static hostile_case staple(const hostile_maker *m)
{
    stapling s = stapling_of(m->text);
    hostile_case c = hostile_of(&s.v, s.certificate, s.policy);
    c.collateral = s.held;
    return c;
}

#include "hostile_stapling_rows.h"

extern const char hostile_stapling_table[];

static const hostile_group hostile_stapling = {.name = "stapling",
                                               .table = hostile_stapling_table,
                                               .makers = makers,
                                               .n = sizeof makers / sizeof *makers};

static void test_library(void **state)
{
    (void)state;
    hostile_run_library(&hostile_stapling);
}

static void test_command(void **state)
{
    (void)state;
    hostile_run_command(&hostile_stapling);
}

static void test_complete(void **state)
{
    (void)state;
    hostile_covers(&hostile_stapling, "E76 E77");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_complete),
        cmocka_unit_test(test_library),
        cmocka_unit_test(test_command),
    };
    return cmocka_run_group_tests_name("hostile_stapling", tests, NULL, NULL);
}
