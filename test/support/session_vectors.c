#include "testing.h"

#include "session_vectors.h"

#include "arena.h"
#include "base/reader.h"
#include "vectors.h"

enum { VECTORS_MAX = 64 };

static struct {
    session_vector all[VECTORS_MAX];
    size_t n;
    size_t bytes_n; /* what the last name says; 0: nothing */
    bool refused;   /* in the second list */
} page;

static bytes next_line(reader *r)
{
    bytes rest = bytes_of(r->base + r->pos, rd_left(r));
    bytes line = rd_take(r, bytes_find(rest, bytes_text("\n")));
    (void)rd_take(r, 1);
    return line;
}

/* The number that stands at the end, before `after`; *line becomes what is before it. */
static size_t cut_number(bytes *line, const char *before, const char *after)
{
    size_t end = line->n - strlen(after), at = end, n = 0;
    while (at > 0 && line->p[at - 1] >= '0' && line->p[at - 1] <= '9')
        at--;
    MUST(line->n > strlen(after) && at < end && at >= strlen(before));
    for (size_t i = at; i < end; i++)
        n = n * 10 + (line->p[i] - (size_t)'0');
    line->n = at - strlen(before);
    return n;
}

static void check_last(void)
{
    const session_vector *v = page.n > 0 ? &page.all[page.n - 1] : NULL;
    if (v != NULL && !page.refused && v->data.n != page.bytes_n)
        fail_msg("doc/BINDING.md: '%.*s' has %zu bytes, and says %zu", (int)v->name.n,
                 (const char *)v->name.p, v->data.n, page.bytes_n);
}

static void take_name(bytes line)
{
    check_last();
    MUST(page.n < VECTORS_MAX);
    session_vector *v = &page.all[page.n++];
    v->data = BYTES_EMPTY;
    if (page.refused)
        v->code = (unsigned)cut_number(&line, ": ", "");
    else
        page.bytes_n = cut_number(&line, " (", " bytes)");
    v->name = line;
}

static void take_hex(bytes line)
{
    MUST(page.n > 0);
    session_vector *v = &page.all[page.n - 1];
    v->data =
        join(v->data,
             bytes_from_hex(
                 (const char *)arena_format("%.*s", (int)line.n - 4, (const char *)line.p + 4).p));
}

static void take_line(bytes line)
{
    if (bytes_starts(line, "    ")) {
        take_hex(line);
    } else if (bytes_starts(line, "Refused by a server")) {
        check_last();
        page.refused = true;
    } else if (line.n > 0) {
        take_name(line);
    }
}

const session_vector *session_vectors(size_t *n)
{
    if (page.n == 0) {
        bytes text = file_read(RATLS_SOURCE_DIR "/doc/BINDING.md");
        size_t from = bytes_find(text, bytes_text("<!-- vectors"));
        size_t to = bytes_find(text, bytes_text("<!-- end of vectors"));
        MUST(from < to && to < text.n);
        reader r = rd_of(bytes_of(text.p + from, to - from));
        (void)next_line(&r);
        while (rd_left(&r) > 0)
            take_line(next_line(&r));
        MUST(page.refused);
    }
    *n = page.n;
    return page.all;
}

bytes session_vector_of(const char *name)
{
    size_t n;
    const session_vector *all = session_vectors(&n);
    for (size_t i = 0; i < n; i++)
        if (all[i].code == 0 && bytes_is(all[i].name, name))
            return all[i].data;
    fail_msg("doc/BINDING.md has no vector '%s'", name);
    return BYTES_NONE;
}
