#include "base/check.h"
#include "hostile.h"

enum { FIELDS = 4 };

const hostile_group *const hostile_groups[HOSTILE_GROUPS] = {
    &hostile_certificate, &hostile_x509, &hostile_cbor,      &hostile_binding,
    &hostile_quote,       &hostile_pki,  &hostile_collateral};

const char *hostile_check_named(const char *id)
{
    check_list list;
    checks_init(&list);
    for (size_t i = 0; i < CHECK_COUNT; i++)
        if (strcmp(list.all[i].id, id) == 0)
            return list.all[i].id;
    return NULL;
}

ratls_code hostile_code_named(const char *name)
{
    for (int code = RATLS_E_MALFORMED; code <= RATLS_E_SYSTEM; code++)
        if (strcmp(ratls_code_name((ratls_code)code), name) == 0)
            return (ratls_code)code;
    return RATLS_OK;
}

/* Cuts blanks at both ends, in place. */
static char *trimmed(char *s)
{
    while (*s == ' ')
        s++;
    size_t n = strlen(s);
    while (n > 0 && s[n - 1] == ' ')
        s[--n] = '\0';
    return s;
}

static const hostile_maker *find_maker(const hostile_group *g, const char *name)
{
    const hostile_maker *found = NULL;
    for (size_t i = 0; i < g->n; i++) {
        if (strcmp(g->makers[i].name, name) != 0)
            continue;
        if (found != NULL)
            arena_die("%s: two makers are called %s", g->name, name);
        found = &g->makers[i];
    }
    if (found == NULL)
        arena_die("%s: nothing makes the case %s", g->name, name);
    return found;
}

static hostile_line line_of(char *text, const hostile_group *g, size_t number)
{
    char *fields[FIELDS];
    size_t n = 0;
    for (char *at = text; at != NULL; n++) {
        char *bar = strchr(at, '|');
        if (bar != NULL)
            *bar = '\0';
        if (n == FIELDS)
            arena_die("%s:%zu: more than four fields", g->name, number);
        fields[n] = trimmed(at);
        at = bar == NULL ? NULL : bar + 1;
        if (fields[n][0] == '\0')
            arena_die("%s:%zu: field %zu is empty", g->name, number, n + 1);
    }
    if (n != FIELDS)
        arena_die("%s:%zu: %zu fields, expected four", g->name, number, n);
    hostile_line l = {.name = fields[0], .how = fields[1], .clause = fields[2]};
    l.maker = find_maker(g, l.name);
    char *expected = fields[3], *space = strchr(expected, ' ');
    l.accept = strcmp(expected, "accept") == 0;
    if (l.accept)
        return l;
    if (space != NULL) {
        *space = '\0';
        l.code = hostile_code_named(expected);
        l.check = hostile_check_named(space + 1);
    }
    if (l.code == RATLS_OK || l.check == NULL)
        arena_die("%s:%zu: expected 'accept', or a code and a check id", g->name, number);
    return l;
}

static const hostile_line *find_line(const hostile_line *lines, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(lines[i].name, name) == 0)
            return &lines[i];
    return NULL;
}

hostile_table hostile_table_of(const hostile_group *g)
{
    size_t size = strlen(g->table) + 1, cap = 1, n = 0;
    char *at = memcpy(arena_alloc(size), g->table, size);
    for (size_t i = 0; i < size; i++)
        cap += at[i] == '\n';
    hostile_line *lines = arena_alloc(cap * sizeof *lines);
    for (size_t number = 1; *at != '\0'; number++) {
        char *end = at + strcspn(at, "\n");
        bool last = *end == '\0';
        *end = '\0';
        if (*at != '#' && *at != '\0') {
            hostile_line l = line_of(at, g, number);
            if (find_line(lines, n, l.name) != NULL)
                arena_die("%s:%zu: %s stands twice", g->name, number, l.name);
            lines[n++] = l;
        }
        at = last ? end : end + 1;
    }
    for (size_t i = 0; i < g->n; i++)
        if (find_line(lines, n, g->makers[i].name) == NULL)
            arena_die("%s: the table has no line for the maker %s", g->name, g->makers[i].name);
    return (hostile_table){n, lines};
}
