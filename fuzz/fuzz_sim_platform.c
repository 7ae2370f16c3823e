/* platform.json of a simulated platform: what is read is written again, and reads as the same. */
#include <stdlib.h>

#include "sim/platform.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { ROOM = 16384 };
    static uint8_t first[ROOM], second[ROOM];
    sim_platform p;
    ratls_error e = {.code = RATLS_OK, .text = ""};
    if (platform_read(bytes_of(data, size), &p, &e) != RATLS_OK) {
        if (e.code == RATLS_OK || e.text[0] == '\0')
            abort();
        return 0;
    }
    writer w = wr_of(first, sizeof first), again = wr_of(second, sizeof second);
    platform_write(&p, &w);
    if (!wr_ok(&w) || platform_read(wr_bytes(&w), &p, &e) != RATLS_OK)
        abort();
    platform_write(&p, &again);
    if (!bytes_equal(wr_bytes(&w), wr_bytes(&again)))
        abort();
    return 0;
}
