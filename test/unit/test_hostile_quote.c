#include "testing.h"

#include "hostile_run.h"

static void by_library(void **state)
{
    (void)state;
    hostile_run_library(&hostile_quote);
}

static void by_command(void **state)
{
    (void)state;
    hostile_run_command(&hostile_quote);
}

static void covers_every_kind(void **state)
{
    (void)state;
    hostile_covers(&hostile_quote,
                   "D52 D53 D54 D55 D56 D57 D58 D59 D60 D61 D62 D63 D64 D65 D66 F81");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(covers_every_kind),
        cmocka_unit_test(by_library),
        cmocka_unit_test(by_command),
    };
    return cmocka_run_group_tests_name("hostile_quote", tests, NULL, NULL);
}
