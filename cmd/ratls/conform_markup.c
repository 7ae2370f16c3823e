#include "conform_markup.h"

#include "base/bytes.h"

void markup(FILE *to, const char *text)
{
    for (bytes t = bytes_text(text); t.n > 0; t = bytes_of(t.p + 1, t.n - 1)) {
        switch (t.p[0]) {
        case '&':
            (void)fputs("&amp;", to);
            break;
        case '<':
            (void)fputs("&lt;", to);
            break;
        case '>':
            (void)fputs("&gt;", to);
            break;
        case '"':
            (void)fputs("&quot;", to);
            break;
        case '\'':
            (void)fputs("&#39;", to);
            break;
        default:
            if (t.p[0] < ' ' || t.p[0] > '~')
                (void)fprintf(to, "\\x%02x", t.p[0]);
            else
                (void)fputc(t.p[0], to);
        }
    }
}

void markup_attribute(FILE *to, const char *name, const char *text)
{
    (void)fprintf(to, " %s=\"", name);
    markup(to, text);
    (void)fputc('"', to);
}
