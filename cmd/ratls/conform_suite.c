/* The reader of suite.json, a format of ratls's own: see ratls-conform(1). */
#define _POSIX_C_SOURCE 200809L
#include "conform_suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "codec/json.h"
#include "input.h"

enum { ID_MAX = 128, SENTENCE_MAX = 4096, PATH_LENGTH_MAX = 512 };
#define TIME_MAX 253402300799 /* 9999-12-31T23:59:59Z */

typedef struct loader {
    json_reader j;
    suite *s;
    size_t used; /* of s->text */
    size_t requirements_cap, cases_cap, links_cap, left_out_cap;
    bool no_memory;
} loader;

typedef enum form { FORM_ID, FORM_SENTENCE, FORM_PATH } form;

static bool all_printable(bytes text, uint8_t first)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < first || text.p[i] > '~')
            return false;
    return text.n > 0;
}

bool suite_path_ok(bytes path)
{
    if (path.n > PATH_LENGTH_MAX || !all_printable(path, '!'))
        return false;
    while (path.n > 0) {
        size_t n = bytes_find(path, bytes_text("/"));
        bytes part = bytes_of(path.p, n);
        if (n == 0 || n + 1 == path.n || bytes_is(part, ".") || bytes_is(part, "..") ||
            part.p[0] == '-')
            return false;
        n = n < path.n ? n + 1 : n;
        path = bytes_of(path.p + n, path.n - n);
    }
    return true;
}

/* The string that comes next. Escapes never make it longer, and the quotes leave room for a NUL. */
static const char *take_text(loader *l, form f)
{
    bytes raw = jr_raw_string(&l->j);
    char *out = l->s->text + l->used;
    size_t n = 0;
    if (!jr_ok(&l->j))
        return "";
    if (!json_unescape(raw, (uint8_t *)out, raw.n, &n) ||
        bytes_find(bytes_of(out, n), bytes_of("", 1)) < n)
        jr_fail(&l->j, "a string has a NUL");
    out[n] = '\0';
    l->used += n + 1;
    bytes got = bytes_of(out, n);
    if (f == FORM_ID && (n > ID_MAX || !all_printable(got, '!')))
        jr_fail(&l->j, "an id, of up to 128 printable characters without spaces, was expected");
    if (f == FORM_SENTENCE && n > SENTENCE_MAX)
        jr_fail_limit(&l->j, "a text is longer than 4096 bytes");
    if (f == FORM_PATH && !suite_path_ok(got))
        jr_fail(&l->j, "a path within the suite's directory was expected");
    return out;
}

/* Members that are strings. */
typedef struct field {
    const char *key;
    size_t offset;
    form form;
    bool needed;
} field;

static const field requirement_fields[] = {
    {"id", offsetof(suite_requirement, id), FORM_ID, true},
    {"text", offsetof(suite_requirement, text), FORM_SENTENCE, true},
    {"clause", offsetof(suite_requirement, clause), FORM_SENTENCE, true},
};
static const field case_fields[] = {
    {"id", offsetof(suite_case, id), FORM_ID, true},
    {"what", offsetof(suite_case, what), FORM_SENTENCE, true},
    {"file", offsetof(suite_case, file), FORM_PATH, true},
    {"pem", offsetof(suite_case, pem), FORM_PATH, false},
    {"collateral", offsetof(suite_case, collateral), FORM_PATH, false},
    {"policy", offsetof(suite_case, policy), FORM_PATH, false},
    {"root", offsetof(suite_case, root), FORM_PATH, false},
    {"ca", offsetof(suite_case, ca), FORM_PATH, false},
    {"code", offsetof(suite_case, code), FORM_ID, false},
    {"check", offsetof(suite_case, check), FORM_ID, false},
};
static const field left_out_fields[] = {
    {"id", offsetof(suite_left_out, id), FORM_ID, true},
    {"what", offsetof(suite_left_out, what), FORM_SENTENCE, true},
    {"why", offsetof(suite_left_out, why), FORM_SENTENCE, true},
};
static const field suite_fields[] = {
    {"version", offsetof(suite, version), FORM_ID, true},
    {"made", offsetof(suite, made), FORM_ID, true},
    {"platform", offsetof(suite, platform), FORM_ID, true},
    {"root", offsetof(suite, root), FORM_PATH, false},
};
#define FIELDS(t) (t), sizeof(t) / sizeof *(t)

/* Reads the member if it is one of these. */
static bool take_field(loader *l, void *object, bytes key, const field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!bytes_is(key, fields[i].key))
            continue;
        const char *text = take_text(l, fields[i].form);
        memcpy((char *)object + fields[i].offset, &text, sizeof text);
        return true;
    }
    return false;
}

static void demand_fields(loader *l, const void *object, const field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *text;
        memcpy(&text, (const char *)object + fields[i].offset, sizeof text);
        if (fields[i].needed && text == NULL)
            jr_fail(&l->j, "an object lacks a member");
    }
}

/* One of n words; fails if it is none of them. */
static size_t take_word(loader *l, const char *const *words, size_t n, const char *why)
{
    bytes word = jr_string(&l->j);
    for (size_t i = 0; i < n; i++)
        if (bytes_is(word, words[i]))
            return i;
    jr_fail(&l->j, why);
    return 0;
}

static bool take_bool(loader *l)
{
    jr_kind kind = jr_type(&l->j);
    if (kind != JR_TRUE && kind != JR_FALSE)
        jr_fail(&l->j, "true or false was expected");
    else
        jr_skip(&l->j);
    return kind == JR_TRUE;
}

/* The next element of an array that grows. NULL if it may not. */
static void *grow(loader *l, void *array, size_t *n, size_t *cap, size_t size, size_t max)
{
    char *data;
    memcpy(&data, array, sizeof data);
    if (*n == max) {
        jr_fail_limit(&l->j, "the suite is larger than its limits");
        return NULL;
    }
    if (*n == *cap) {
        size_t more = *cap == 0 ? 64 : 2 * *cap;
        char *moved = realloc(data, more * size);
        if (moved == NULL) {
            l->no_memory = true;
            jr_fail(&l->j, "memory is out");
            return NULL;
        }
        data = moved;
        *cap = more;
        memcpy(array, &data, sizeof data);
    }
    char *at = data + (*n)++ * size;
    memset(at, 0, size);
    return at;
}

static void take_requirement(loader *l)
{
    static const char *const roles[] = {"verifier", "attester", "both"};
    suite_requirement *r = grow(l, &l->s->requirements, &l->s->requirements_n, &l->requirements_cap,
                                sizeof *r, SUITE_REQUIREMENTS_MAX);
    json_scope s;
    bytes key;
    bool role = false;
    if (r == NULL)
        return;
    jr_object(&l->j, &s);
    while (jr_key(&l->j, &s, &key)) {
        if (take_field(l, r, key, FIELDS(requirement_fields)))
            continue;
        if (bytes_is(key, "role")) {
            r->role = (suite_role)take_word(l, roles, 3, "a role was expected");
            role = true;
        } else {
            jr_fail(&l->j, "a requirement has an unknown member");
        }
    }
    demand_fields(l, r, FIELDS(requirement_fields));
    if (!role)
        jr_fail(&l->j, "a requirement lacks its role");
}

static void take_link(loader *l, suite_case *c)
{
    const char *id = take_text(l, FORM_ID);
    suite_link *link =
        grow(l, &l->s->links, &l->s->links_n, &l->links_cap, sizeof *link, SUITE_LINKS_MAX);
    if (link == NULL)
        return;
    link->id = id;
    c->links_n++;
}

/* One id, or an array of them. */
static void take_links(loader *l, suite_case *c)
{
    json_scope s;
    c->link = l->s->links_n;
    if (jr_type(&l->j) == JR_STRING) {
        take_link(l, c);
        return;
    }
    jr_array(&l->j, &s);
    while (jr_element(&l->j, &s))
        take_link(l, c);
}

/* Beside its strings. */
static void take_case_member(loader *l, suite_case *c, bytes key, bool *kind, bool *expect)
{
    static const char *const kinds[] = {"certificate", "quote"};
    static const char *const verdicts[] = {"refuse", "accept"};
    if (bytes_is(key, "requirement")) {
        take_links(l, c);
    } else if (bytes_is(key, "kind")) {
        c->kind = (suite_kind)take_word(l, kinds, 2, "a kind, certificate or quote, was expected");
        *kind = true;
    } else if (bytes_is(key, "expect")) {
        c->accept = take_word(l, verdicts, 2, "accept or refuse was expected") == 1;
        *expect = true;
    } else if (bytes_is(key, "time")) {
        c->time = (int64_t)jr_uint(&l->j, TIME_MAX);
        c->has_time = true;
    } else if (bytes_is(key, "alternatives")) {
        c->either = take_bool(l);
    } else {
        jr_fail(&l->j, "a case has an unknown member");
    }
}

static bool is_code(const char *name)
{
    for (int i = RATLS_E_MALFORMED; i <= RATLS_E_SYSTEM; i++)
        if (bytes_is(bytes_text(name), ratls_code_name((ratls_code)i) + strlen("RATLS_E_")))
            return true;
    return false;
}

static void take_case(loader *l)
{
    suite_case *c =
        grow(l, &l->s->cases, &l->s->cases_n, &l->cases_cap, sizeof *c, SUITE_CASES_MAX);
    json_scope s;
    bytes key;
    bool kind = false, expect = false;
    if (c == NULL)
        return;
    jr_object(&l->j, &s);
    while (jr_key(&l->j, &s, &key))
        if (!take_field(l, c, key, FIELDS(case_fields)))
            take_case_member(l, c, key, &kind, &expect);
    demand_fields(l, c, FIELDS(case_fields));
    if (!kind || !expect || c->links_n == 0)
        jr_fail(&l->j, "a case lacks its kind, its expectation or its requirement");
    if (c->code != NULL && (c->accept || !is_code(c->code)))
        jr_fail(&l->j, "a code of refusal was expected, in a case to be refused");
    if (c->either && !c->accept)
        jr_fail(&l->j, "only a case to be accepted has alternatives");
}

static void take_left_out(loader *l)
{
    suite_left_out *o =
        grow(l, &l->s->left_out, &l->s->left_out_n, &l->left_out_cap, sizeof *o, SUITE_CASES_MAX);
    json_scope s;
    bytes key;
    if (o == NULL)
        return;
    jr_object(&l->j, &s);
    while (jr_key(&l->j, &s, &key))
        if (!take_field(l, o, key, FIELDS(left_out_fields)))
            jr_fail(&l->j, "what is left out has an unknown member");
    demand_fields(l, o, FIELDS(left_out_fields));
}

static void take_each(loader *l, void (*take)(loader *))
{
    json_scope s;
    jr_array(&l->j, &s);
    while (jr_element(&l->j, &s))
        take(l);
}

static void take_suite(loader *l)
{
    static const char *const names[] = {"ratls conform"};
    json_scope s;
    bytes key;
    bool named = false;
    jr_object(&l->j, &s);
    while (jr_key(&l->j, &s, &key)) {
        if (take_field(l, l->s, key, FIELDS(suite_fields)))
            continue;
        if (bytes_is(key, "suite")) {
            (void)take_word(l, names, 1, "the suite \"ratls conform\" was expected");
            named = true;
        } else if (bytes_is(key, "requirements")) {
            take_each(l, take_requirement);
        } else if (bytes_is(key, "cases")) {
            take_each(l, take_case);
        } else if (bytes_is(key, "left_out")) {
            take_each(l, take_left_out);
        } else {
            jr_fail(&l->j, "the suite has an unknown member");
        }
    }
    demand_fields(l, l->s, FIELDS(suite_fields));
    if (!named || l->s->requirements_n == 0 || l->s->cases_n == 0)
        jr_fail(&l->j, "the suite lacks its name, requirements or cases");
    (void)jr_done(&l->j);
}

/* Ids in order, for finding them. */
static int by_id(const void *a, const void *b)
{
    const suite_link *x = a, *y = b;
    return strcmp(x->id, y->id);
}

/* Fills `sorted`, n ids at `first`, `step` bytes apart; false if one is there twice, named in *e.
 */
static bool sort_ids(const void *first, size_t n, size_t step, suite_link *sorted, ratls_error *e)
{
    for (size_t i = 0; i < n; i++) {
        /* The id is the first member of both structures. */
        memcpy(&sorted[i].id, (const char *)first + i * step, sizeof sorted[i].id);
        sorted[i].at = i;
    }
    qsort(sorted, n, sizeof *sorted, by_id);
    for (size_t i = 1; i < n; i++)
        if (by_id(&sorted[i - 1], &sorted[i]) == 0) {
            (void)refuse(e, RATLS_E_MALFORMED, 0, "suite.json: the id %s stands twice",
                         sorted[i].id);
            return false;
        }
    return true;
}

_Static_assert(offsetof(suite_requirement, id) == 0 && offsetof(suite_case, id) == 0,
               "sort_ids reads the id where the structure begins");

static ratls_code resolve(suite *s, ratls_error *e)
{
    size_t n = s->cases_n > s->requirements_n ? s->cases_n : s->requirements_n;
    suite_link *sorted = malloc(n * sizeof *sorted);
    if (sorted == NULL)
        return refuse(e, RATLS_E_SYSTEM, 0, "out of memory");
    ratls_code code = RATLS_OK;
    if (!sort_ids(s->cases, s->cases_n, sizeof *s->cases, sorted, e) ||
        !sort_ids(s->requirements, s->requirements_n, sizeof *s->requirements, sorted, e))
        code = RATLS_E_MALFORMED;
    for (size_t i = 0; code == RATLS_OK && i < s->links_n; i++) {
        const suite_link *found =
            bsearch(&s->links[i], sorted, s->requirements_n, sizeof *sorted, by_id);
        if (found == NULL)
            code = refuse(e, RATLS_E_MALFORMED, 0,
                          "suite.json: a case is about %s, which is no requirement of the suite",
                          s->links[i].id);
        else
            s->links[i].at = found->at;
    }
    free(sorted);
    return code;
}

ratls_code suite_read(bytes json, suite *out, ratls_error *e)
{
    *out = (suite){.text = malloc(json.n + 1)};
    if (out->text == NULL)
        return refuse(e, RATLS_E_SYSTEM, 0, "out of memory");
    loader l = {.j = jr_of(json), .s = out};
    take_suite(&l);
    if (l.no_memory)
        return refuse(e, RATLS_E_SYSTEM, 0, "out of memory");
    if (!jr_ok(&l.j))
        return jr_error(&l.j, "suite.json", e);
    return resolve(out, e);
}

void suite_free(suite *s)
{
    free(s->requirements);
    free(s->cases);
    free(s->links);
    free(s->left_out);
    free(s->text);
    *s = (suite){0};
}

static ratls_code check_file(const char *dir, const char *file, ratls_error *e)
{
    char path[4096];
    if (file == NULL)
        return RATLS_OK;
    int n = snprintf(path, sizeof path, "%s/%s", dir, file);
    if (n < 0 || (size_t)n >= sizeof path)
        return refuse(e, RATLS_E_LIMIT, 0, "the suite's path is too long");
    if (access(path, R_OK) != 0)
        return refuse(e, RATLS_E_MISSING, 0, "the suite's file %s can't be read: %s", file,
                      strerror(errno));
    return RATLS_OK;
}

/* A file that lacks would be refused by any verifier, which is no merit of it. */
static ratls_code check_files(const char *dir, const suite *s, ratls_error *e)
{
    ratls_code code = check_file(dir, s->root, e);
    for (size_t i = 0; code == RATLS_OK && i < s->cases_n; i++) {
        const suite_case *c = &s->cases[i];
        const char *const files[] = {c->file, c->pem, c->collateral, c->policy, c->root, c->ca};
        for (size_t k = 0; code == RATLS_OK && k < sizeof files / sizeof *files; k++)
            code = check_file(dir, files[k], e);
    }
    return code;
}

ratls_code suite_open(const char *dir, suite *out, ratls_error *e)
{
    char path[4096];
    input in;
    *out = (suite){0};
    int n = snprintf(path, sizeof path, "%s/suite.json", dir);
    if (n < 0 || (size_t)n >= sizeof path)
        return refuse(e, RATLS_E_LIMIT, 0, "the suite's path is too long");
    if (access(path, R_OK) != 0)
        return refuse(e, RATLS_E_MISSING, 0, "no suite: suite.json can't be read there: %s",
                      strerror(errno));
    if (!input_read_own(path, &in))
        return refuse(e, RATLS_E_SYSTEM, 0, "no suite");
    ratls_code code = suite_read(input_bytes(&in), out, e);
    input_free(&in);
    return code == RATLS_OK ? check_files(dir, out, e) : code;
}
