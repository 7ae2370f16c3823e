#include "ratls/verify.h"

int64_t ratls_build_time(void)
{
    return RATLS_BUILD_TIME;
}
