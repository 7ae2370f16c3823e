#include "testing.h"

#include "hostile_run.h"

static void by_library(void **state)
{
    (void)state;
    hostile_run_library(&hostile_cbor);
}

static void by_command(void **state)
{
    (void)state;
    hostile_run_command(&hostile_cbor);
}

static void covers_every_kind(void **state)
{
    (void)state;
    hostile_covers(&hostile_cbor,
                   "B22 B23 B24 B25 B26 B27 B28 B29 B30 B31 B32 B33 B34 B35 B36 B37 B38 B39");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(covers_every_kind),
        cmocka_unit_test(by_library),
        cmocka_unit_test(by_command),
    };
    return cmocka_run_group_tests_name("hostile_cbor", tests, NULL, NULL);
}
