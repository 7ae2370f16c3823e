#include "testing.h"

#include "hostile_run.h"

static void by_library(void **state)
{
    (void)state;
    hostile_run_library(&hostile_certificate);
}

static void by_command(void **state)
{
    (void)state;
    hostile_run_command(&hostile_certificate);
}

static void covers_every_kind(void **state)
{
    (void)state;
    hostile_covers(&hostile_certificate, "A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 E77");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(covers_every_kind),
        cmocka_unit_test(by_library),
        cmocka_unit_test(by_command),
    };
    return cmocka_run_group_tests_name("hostile_certificate", tests, NULL, NULL);
}
