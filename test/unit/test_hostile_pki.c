#include "testing.h"

#include "hostile_run.h"

static void by_library(void **state)
{
    (void)state;
    hostile_run_library(&hostile_pki);
}

static void by_command(void **state)
{
    (void)state;
    hostile_run_command(&hostile_pki);
}

static void covers_every_kind(void **state)
{
    (void)state;
    hostile_covers(&hostile_pki, "E76");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(covers_every_kind),
        cmocka_unit_test(by_library),
        cmocka_unit_test(by_command),
    };
    return cmocka_run_group_tests_name("hostile_pki", tests, NULL, NULL);
}
