#include "sim/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/base64.h"

void text_put(writer *w, const char *text)
{
    wr_put(w, bytes_text(text));
}

void text_format(writer *w, const char *format, ...)
{
    char text[256];
    va_list list;
    va_start(list, format);
    int n = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    assert(n >= 0 && (size_t)n < sizeof text);
    wr_put(w, bytes_of(text, (size_t)n));
}

void text_hex(writer *w, bytes b, text_case c)
{
    const char *digits = c == TEXT_UPPER ? "0123456789ABCDEF" : "0123456789abcdef";
    for (size_t i = 0; i < b.n; i++) {
        wr_u8(w, (uint8_t)digits[b.p[i] >> 4]);
        wr_u8(w, (uint8_t)digits[b.p[i] & 15]);
    }
}

void text_pem(writer *w, const char *label, bytes der)
{
    enum { LINE = 48 }; /* bytes that become 64 characters */
    text_format(w, "-----BEGIN %s-----\n", label);
    for (size_t at = 0; at < der.n; at += LINE) {
        char line[LINE / 3 * 4 + 2];
        size_t n = der.n - at < LINE ? der.n - at : LINE;
        n = base64_encode(bytes_of(der.p + at, n), line, sizeof line);
        assert(n > 0);
        text_put(w, line);
        if (line[n - 1] != '\n')
            wr_u8(w, '\n');
    }
    text_format(w, "-----END %s-----\n", label);
}

void text_json(writer *w, bytes text)
{
    wr_u8(w, '"');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\n') {
            text_put(w, "\\n");
            continue;
        }
        if (text.p[i] == '"' || text.p[i] == '\\')
            wr_u8(w, '\\');
        wr_u8(w, text.p[i]);
    }
    wr_u8(w, '"');
}
