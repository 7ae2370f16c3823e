#include "testing.h"

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

#define MAKERS (sizeof makers / sizeof *makers)

static void test_library(void **state)
{
    (void)state;
    hostile_run_library("hostile-stapling.txt", makers, MAKERS);
}

static void test_command(void **state)
{
    (void)state;
    hostile_run_command("hostile-stapling.txt", makers, MAKERS);
}

static void test_complete(void **state)
{
    (void)state;
    hostile_covers("hostile-stapling.txt", "E76 E77");
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
