#define _POSIX_C_SOURCE 200809L
#include "sheet.h"

#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/time.h"
#include "command.h"

enum { LEVELS_MAX = 12, LABEL_WIDTH = 20, LINE_MAX_LENGTH = 2048 };

typedef struct level {
    json_t *node; /* borrowed; the parent's if this level has no key */
    bool titled;
} level;

struct sheet {
    FILE *out;
    bool json, colour;
    json_t *root;
    level levels[LEVELS_MAX];
    unsigned depth, indent;
    bool gap, begun, no_memory;
    sheet_style style;
};

static bool colour_wanted(void)
{
    const char *term = getenv("TERM");
    return isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == NULL && term != NULL &&
           !bytes_is(bytes_text(term), "dumb");
}

sheet *sheet_new(bool json)
{
    sheet *s = sheet_new_to(stdout, json);
    s->colour = !json && colour_wanted();
    return s;
}

sheet *sheet_new_to(FILE *out, bool json)
{
    sheet *s = calloc(1, sizeof *s);
    json_t *root = json_object();
    if (s == NULL || root == NULL) {
        complain("out of memory");
        exit(EXIT_TROUBLE);
    }
    s->out = out;
    s->json = json;
    s->root = root;
    s->levels[0].node = root;
    return s;
}

int sheet_end(sheet *s, int status)
{
    /* What is cut off for want of memory must not look whole; a failed write shows in stdout. */
    if (s->json && !s->no_memory) {
        if (json_dumpf(s->root, s->out, JSON_INDENT(2) | JSON_ENSURE_ASCII) == 0)
            (void)fputc('\n', s->out);
        else if (ferror(s->out) == 0)
            s->no_memory = true;
    }
    if (s->no_memory) {
        complain("out of memory");
        status = EXIT_TROUBLE;
    }
    json_decref(s->root);
    free(s);
    return status;
}

bool sheet_is_json(const sheet *s)
{
    return s->json;
}

/* A backslash stays in our own sentences, which may quote what is escaped already. */
static void escape(bytes in, bool backslash_stays, char *out, size_t cap)
{
    assert(cap > 0);
    size_t n = 0;
    for (size_t i = 0; i < in.n; i++) {
        bool plain = in.p[i] >= 0x20 && in.p[i] < 0x7f && (backslash_stays || in.p[i] != '\\');
        size_t need = plain ? 1 : 4;
        if (n + need >= cap)
            break;
        if (plain)
            out[n] = (char)in.p[i];
        else
            (void)snprintf(out + n, cap - n, "\\x%02x", in.p[i]);
        n += need;
    }
    out[n] = '\0';
}

void escape_text(bytes in, char *out, size_t cap)
{
    escape(in, false, out, cap);
}

/* Text. */

static void put_indent(sheet *s)
{
    if (s->gap && s->begun)
        (void)fputc('\n', s->out);
    s->gap = false;
    s->begun = true;
    for (unsigned i = 0; i < s->indent; i++)
        (void)fputs("  ", s->out);
}

static void put_styled(sheet *s, const char *text)
{
    static const char *const codes[] = {"", "\033[32m", "\033[1;31m", "\033[2m"};
    if (s->colour && s->style != STYLE_PLAIN)
        (void)fprintf(s->out, "%s%s\033[0m", codes[s->style], text);
    else
        (void)fputs(text, s->out);
    s->style = STYLE_PLAIN;
}

static void put_row(sheet *s, const char *label, const char *text)
{
    put_indent(s);
    (void)fprintf(s->out, "%-*s ", LABEL_WIDTH - (int)(2 * s->indent), label);
    put_styled(s, text);
    (void)fputc('\n', s->out);
}

void sheet_row(sheet *s, const char *label, const char *format, ...)
{
    if (s->json || label == NULL)
        return;
    char raw[LINE_MAX_LENGTH], text[LINE_MAX_LENGTH];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(raw, sizeof raw, format, list);
    va_end(list);
    escape(bytes_text(raw), true, text, sizeof text);
    put_row(s, label, text);
}

void sheet_line(sheet *s, const char *format, ...)
{
    if (s->json)
        return;
    char raw[LINE_MAX_LENGTH], text[LINE_MAX_LENGTH];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(raw, sizeof raw, format, list);
    va_end(list);
    escape(bytes_text(raw), true, text, sizeof text);
    put_indent(s);
    put_styled(s, text);
    (void)fputc('\n', s->out);
}

void sheet_gap(sheet *s)
{
    s->gap = true;
}

void sheet_next(sheet *s, sheet_style style)
{
    s->style = style;
}

/* JSON. */

static json_t *here(const sheet *s)
{
    return s->levels[s->depth].node;
}

/* Takes `value` over; NULL means that memory is out. */
static void put(sheet *s, const char *key, json_t *value)
{
    int status = json_is_array(here(s)) ? json_array_append_new(here(s), value)
                                        : json_object_set_new(here(s), key, value);
    if (status != 0)
        s->no_memory = true;
}

static void enter(sheet *s, const char *key, const char *title, json_t *node)
{
    assert(s->depth + 1 < LEVELS_MAX);
    json_t *parent = here(s);
    if (key != NULL)
        put(s, key, node);
    else
        json_decref(node);
    s->depth++;
    s->levels[s->depth] = (level){key != NULL && node != NULL ? node : parent, title != NULL};
    if (title == NULL || s->json)
        return;
    if (s->indent == 0)
        s->gap = true;
    sheet_line(s, "%s", title);
    s->indent++;
}

void sheet_object(sheet *s, const char *key, const char *title)
{
    enter(s, key, title, json_object());
}

void sheet_list(sheet *s, const char *key, const char *title)
{
    enter(s, key, title, json_array());
}

void sheet_item(sheet *s, const char *title)
{
    enter(s, "", title, json_object());
}

void sheet_close(sheet *s)
{
    assert(s->depth > 0);
    if (s->levels[s->depth].titled && !s->json)
        s->indent--;
    s->depth--;
}

/* Values. */

void sheet_text(sheet *s, const char *key, const char *label, const char *text)
{
    if (s->json && key != NULL)
        put(s, key, json_string(text));
    else
        sheet_row(s, label, "%s", text);
}

void sheet_bytes(sheet *s, const char *key, const char *label, bytes text)
{
    char escaped[LINE_MAX_LENGTH];
    if (s->json && key != NULL) {
        /* As it is where it is text; JSON has escapes of its own for what is not printable. */
        json_t *value = json_stringn(text.n > 0 ? (const char *)text.p : "", text.n);
        if (value == NULL) {
            escape_text(text, escaped, sizeof escaped);
            value = json_string(escaped);
        }
        put(s, key, value);
    } else if (!s->json && label != NULL) {
        escape_text(text, escaped, sizeof escaped);
        put_row(s, label, escaped);
    }
}

void sheet_hex(sheet *s, const char *key, const char *label, bytes b)
{
    enum { SHOWN_MAX = 512 };
    if (s->json ? key == NULL : label == NULL)
        return;
    size_t n = s->json || b.n < SHOWN_MAX ? b.n : SHOWN_MAX;
    char *hex = malloc(2 * n + 1);
    if (hex == NULL) {
        s->no_memory = true;
        return;
    }
    hex_encode(bytes_of(b.p, n), hex);
    if (s->json)
        put(s, key, json_string(hex));
    else if (n < b.n)
        sheet_row(s, label, "%s... (%zu bytes)", hex, b.n);
    else
        put_row(s, label, n == 0 ? "(empty)" : hex);
    free(hex);
}

void sheet_uint(sheet *s, const char *key, const char *label, uint64_t n)
{
    if (s->json && key != NULL)
        put(s, key, json_integer((json_int_t)n));
    else
        sheet_row(s, label, "%" PRIu64, n);
}

void sheet_bool(sheet *s, const char *key, const char *label, bool yes)
{
    if (s->json && key != NULL)
        put(s, key, json_boolean(yes));
    else
        sheet_row(s, label, "%s", yes ? "yes" : "no");
}

void sheet_time(sheet *s, const char *key, const char *label, int64_t t)
{
    sheet_text(s, key, label, ISO(t));
}

void sheet_null(sheet *s, const char *key, const char *label)
{
    if (s->json && key != NULL)
        put(s, key, json_null());
    else
        sheet_row(s, label, "none");
}
