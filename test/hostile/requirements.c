#include <fnmatch.h>

#include "conform/requirement.h"
#include "hostile.h"

/* One line of test/cases/requirements.txt. */
typedef struct rule {
    const char *id, *checks, *cases; /* words between blanks */
} rule;

struct hostile_map {
    size_t n;
    rule rules[HOSTILE_SERVED_MAX];
};

static bool is_base(const rule *r)
{
    return strcmp(r->id, "base") == 0;
}

static bool is_either(const rule *r)
{
    return strcmp(r->id, "either") == 0;
}

/* Splits at bars with a blank on both sides, in place. */
static rule rule_of(char *line, size_t number)
{
    char *bar = strstr(line, " | "), *second = bar == NULL ? NULL : strstr(bar + 3, " | ");
    if (second == NULL || strstr(second + 3, " | ") != NULL)
        arena_die("requirements:%zu: expected three fields", number);
    *bar = *second = '\0';
    rule r = {.id = line, .checks = bar + 3, .cases = second + 3};
    if (!is_base(&r) && !is_either(&r) && requirement_named(r.id) == NULL)
        arena_die("requirements:%zu: no requirement is called %s", number, r.id);
    return r;
}

const hostile_map *hostile_map_of(void)
{
    struct hostile_map *m = arena_alloc(sizeof *m);
    size_t size = strlen(requirements_table) + 1;
    char *at = memcpy(arena_alloc(size), requirements_table, size);
    for (size_t number = 1; *at != '\0'; number++) {
        char *end = at + strcspn(at, "\n");
        bool last = *end == '\0';
        *end = '\0';
        if (*at != '#' && *at != '\0') {
            MUST(m->n < HOSTILE_SERVED_MAX);
            m->rules[m->n++] = rule_of(at, number);
        }
        at = last ? end : end + 1;
    }
    return m;
}

/* The next word, "" at the end; with its NUL, in `out`. */
static const char *next_word(const char *at, char *out, size_t cap)
{
    at += strspn(at, " ");
    size_t n = strcspn(at, " ");
    MUST(n < cap);
    memcpy(out, at, n);
    out[n] = '\0';
    return at + n;
}

static bool has_check(const rule *r, const char *check)
{
    char word[64];
    for (const char *at = next_word(r->checks, word, sizeof word); *word != '\0';
         at = next_word(at, word, sizeof word))
        if (strcmp(word, check) == 0)
            return true;
    return false;
}

static bool pattern_fits(const char *pattern, const hostile_line *l)
{
    size_t kind = strcspn(pattern, "/");
    MUST(pattern[kind] == '/');
    return strncmp(l->clause, pattern, kind) == 0 && l->clause[kind] == ' ' &&
           fnmatch(pattern + kind + 1, l->name, 0) == 0;
}

static bool has_case(const rule *r, const hostile_line *l)
{
    char word[64];
    for (const char *at = next_word(r->cases, word, sizeof word); *word != '\0';
         at = next_word(at, word, sizeof word))
        if (pattern_fits(word, l))
            return true;
    return false;
}

void hostile_serves(const hostile_map *m, const hostile_line *l, hostile_served *out)
{
    *out = (hostile_served){.n = 0};
    for (size_t i = 0; i < m->n; i++) {
        const rule *r = &m->rules[i];
        bool here = out->all || has_case(r, l);
        if (is_base(r))
            out->all = here;
        else if (is_either(r))
            out->either = l->accept && has_case(r, l);
        else if (here && (l->accept || has_check(r, l->check)))
            out->ids[out->n++] = r->id;
        if (out->n > 0 && !l->accept)
            return;
    }
}

const char *hostile_map_idle(const hostile_map *m, const hostile_table *tables, size_t n)
{
    static char word[64];
    for (size_t i = 0; i < m->n; i++)
        for (const char *at = next_word(m->rules[i].cases, word, sizeof word); *word != '\0';
             at = next_word(at, word, sizeof word)) {
            bool used = false;
            for (size_t t = 0; t < n; t++)
                for (size_t k = 0; k < tables[t].n && !used; k++)
                    used = pattern_fits(word, &tables[t].lines[k]);
            if (!used)
                return word;
        }
    return NULL;
}
