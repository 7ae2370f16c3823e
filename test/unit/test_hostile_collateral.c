#include "testing.h"

#include "hostile_run.h"

static void by_library(void **state)
{
    (void)state;
    hostile_run_library(&hostile_collateral);
}

static void by_command(void **state)
{
    (void)state;
    hostile_run_command(&hostile_collateral);
}

static void covers_every_kind(void **state)
{
    (void)state;
    hostile_covers(&hostile_collateral, "E68 E69 E70 E71 E72 E73 E74 E75 E76 E79");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(covers_every_kind),
        cmocka_unit_test(by_library),
        cmocka_unit_test(by_command),
    };
    return cmocka_run_group_tests_name("hostile_collateral", tests, NULL, NULL);
}
