#include "assemble.h"

#include <stdlib.h>

#include "testing.h"

#include "base/hex.h"
#include "base/writer.h"

enum { COUNT_MAX = 1 << 20 };

static size_t parse_count(const char **text)
{
    size_t n = 0;
    while (**text >= '0' && **text <= '9' && n <= COUNT_MAX)
        n = 10 * n + (size_t)(*(*text)++ - '0');
    if (n > COUNT_MAX)
        fail_msg("a blank is missing after a count: %s", *text);
    return n;
}

static void write_all(const char *text, writer *w)
{
    while (*text != '\0') {
        if (*text == ' ') {
            text++;
            continue;
        }
        if (*text == '\'') {
            const char *end = strchr(text + 1, '\'');
            assert_non_null(end);
            wr_put(w, bytes_of(text + 1, (size_t)(end - text - 1)));
            text = end + 1;
            continue;
        }
        uint8_t byte = 0;
        if (text[1] == '\0' || !hex_decode(bytes_of(text, 2), &byte, 1))
            fail_msg("not hex: %s", text);
        text += 2;
        size_t n = 1;
        if (*text == '*') {
            text++;
            n = parse_count(&text);
        }
        wr_fill(w, byte, n);
    }
}

bytes assemble(const char *text)
{
    writer measure = wr_of(NULL, 0);
    write_all(text, &measure);
    uint8_t *p = malloc(measure.n > 0 ? measure.n : 1);
    assert_non_null(p);
    writer w = wr_of(p, measure.n);
    write_all(text, &w);
    assert_true(wr_ok(&w));
    return bytes_of(p, w.n);
}

bytes bytes_resized(bytes b, size_t n)
{
    uint8_t *p = calloc(1, n > 0 ? n : 1);
    assert_non_null(p);
    size_t kept = n < b.n ? n : b.n;
    if (kept > 0)
        memcpy(p, b.p, kept);
    return bytes_of(p, n);
}

void bytes_free(bytes b)
{
    /* The tests' own block; the view only says that readers may not write to it. */
    free((void *)(uintptr_t)b.p);
}
