#include "testing.h"

#include "hostile_run.h"

static void by_library(void **state)
{
    (void)state;
    hostile_run_library(&hostile_x509);
}

static void by_command(void **state)
{
    (void)state;
    hostile_run_command(&hostile_x509);
}

static void covers_every_kind(void **state)
{
    (void)state;
    hostile_covers(&hostile_x509, "A11 A12 A14 A15 A16 A17 A18 A20");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(covers_every_kind),
        cmocka_unit_test(by_library),
        cmocka_unit_test(by_command),
    };
    return cmocka_run_group_tests_name("hostile_x509", tests, NULL, NULL);
}
