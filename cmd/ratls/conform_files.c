/* The files of a conformance suite. What several cases have in common is written once. */
#define _POSIX_C_SOURCE 200809L
#include "conform_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/hex.h"
#include "base/time.h"
#include "command.h"
#include "crypto/crypto.h"
#include "sim/files.h"

enum { NAME_SIZE = 256, PATH_SIZE = 4096, DIGEST_NAME = 2 * 8 + 1 };

static bool out_of_memory(void)
{
    complain("out of memory");
    return false;
}

static bool make_dir(const char *dir, const char *name)
{
    char path[PATH_SIZE];
    int n = snprintf(path, sizeof path, "%s/%s", dir, name);
    if (n > 0 && (size_t)n < sizeof path && (mkdir(path, 0755) == 0 || errno == EEXIST))
        return true;
    complain("%s/%s can't be made: %s", dir, name, strerror(errno));
    return false;
}

static bool put(const char *dir, const char *name, bytes content)
{
    char path[PATH_SIZE];
    int n = snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = n > 0 && (size_t)n < sizeof path ? fopen(path, "wb") : NULL;
    bool good = f != NULL && fwrite(content.p, 1, content.n, f) == content.n;
    if (f != NULL)
        good = fclose(f) == 0 && good;
    if (!good)
        complain("%s/%s can't be written: %s", dir, name, strerror(errno));
    return good;
}

bool suite_files_begin(suite_files *s, const char *dir)
{
    ratls_error e;
    *s = (suite_files){
        .dir = dir, .requirements = json_array(), .cases = json_array(), .left_out = json_array()};
    if (s->requirements == NULL || s->cases == NULL || s->left_out == NULL)
        return out_of_memory();
    if (files_make_dir(dir, &e) != RATLS_OK) {
        complain("%s", e.text);
        return false;
    }
    return make_dir(dir, "cases") && make_dir(dir, "shared");
}

bool suite_files_root(suite_files *s, bytes root)
{
    s->root = root;
    return root.n == 0 || put(s->dir, "root.pem", root);
}

bool suite_files_require(suite_files *s, const requirement *r)
{
    json_t *one = json_pack("{s:s, s:s, s:s, s:s}", "id", r->id, "text", r->text, "clause",
                            r->clause, "role", r->role);
    return (one != NULL && json_array_append_new(s->requirements, one) == 0) || out_of_memory();
}

void suite_files_free(suite_files *s)
{
    json_decref(s->requirements);
    json_decref(s->cases);
    json_decref(s->left_out);
    free(s->shared);
}

/* Written once under a name made of its digest, and named by `member`. */
static bool share(suite_files *s, json_t *to, const char *member, const char *ending, bytes b)
{
    char name[NAME_SIZE], digits[DIGEST_NAME];
    uint8_t digest[32];
    size_t i = 0;
    if (b.n == 0)
        return true;
    if (!crypto_digest(CRYPTO_SHA256, &b, 1, digest))
        return out_of_memory();
    hex_encode(bytes_of(digest, 8), digits);
    (void)snprintf(name, sizeof name, "shared/%s-%s.%s", member, digits, ending);
    (void)json_object_set_new(to, member, json_string(name));
    while (i < s->shared_n &&
           !bytes_equal(bytes_of(s->shared[i], sizeof *s->shared), bytes_of(digest, sizeof digest)))
        i++;
    if (i < s->shared_n)
        return true;
    if (s->shared_n == s->shared_cap) {
        size_t more = s->shared_cap == 0 ? 256 : 2 * s->shared_cap;
        uint8_t(*moved)[32] = realloc(s->shared, more * sizeof *moved);
        if (moved == NULL)
            return out_of_memory();
        s->shared = moved;
        s->shared_cap = more;
    }
    memcpy(s->shared[s->shared_n++], digest, sizeof digest);
    return put(s->dir, name, b);
}

/* "CERT-03/evidence-twice-same", "ALL/…" for the base of all. */
static void name_of(const hostile_line *l, const hostile_served *served, char out[NAME_SIZE])
{
    (void)snprintf(out, NAME_SIZE, "%s/%s", served->all ? "ALL" : served->ids[0], l->name);
}

static json_t *ids_of(const hostile_served *served)
{
    if (served->n == 1)
        return json_string(served->ids[0]);
    json_t *ids = json_array();
    for (size_t i = 0; i < served->n; i++)
        (void)json_array_append_new(ids, json_string(served->ids[i]));
    return ids;
}

static bool put_input(suite_files *s, json_t *to, const char *id, const hostile_case *c)
{
    char name[NAME_SIZE + 32];
    (void)snprintf(name, sizeof name, "cases/%s.%s", id, c->is_quote ? "bin" : "der");
    (void)json_object_set_new(to, "file", json_string(name));
    if (!put(s->dir, name, c->input))
        return false;
    if (c->is_quote)
        return true;
    (void)snprintf(name, sizeof name, "cases/%s.pem", id);
    (void)json_object_set_new(to, "pem", json_string(name));
    return put(s->dir, name, pem_of("CERTIFICATE", c->input));
}

bool suite_files_add(suite_files *s, const hostile_line *l, const hostile_served *served,
                     const hostile_case *c)
{
    char id[NAME_SIZE], dir[NAME_SIZE];
    name_of(l, served, id);
    (void)snprintf(dir, sizeof dir, "cases/%.*s", (int)strcspn(id, "/"), id);
    json_t *made = json_pack("{s:s, s:o, s:s, s:s}", "id", id, "requirement", ids_of(served),
                             "what", l->how, "kind", c->is_quote ? "quote" : "certificate");
    if (made == NULL || json_array_append_new(s->cases, made) != 0)
        return out_of_memory();
    bool own_root = !bytes_equal(c->root, s->root);
    if (!make_dir(s->dir, dir) || !put_input(s, made, id, c) ||
        !share(s, made, "collateral", "json", c->collateral) ||
        !share(s, made, "policy", "json", c->policy) ||
        (own_root && !share(s, made, "root", "pem", c->root)) ||
        !share(s, made, "ca", "pem", c->ca))
        return false;
    (void)json_object_set_new(made, "time", json_integer(c->time));
    (void)json_object_set_new(made, "expect", json_string(l->accept ? "accept" : "refuse"));
    if (!l->accept) {
        const char *code = ratls_code_name(l->code) + strlen("RATLS_E_");
        (void)json_object_set_new(made, "code", json_string(code));
        (void)json_object_set_new(made, "check", json_string(l->check));
    } else if (served->either || c->skew > 0) {
        /* How far clocks may differ is each verifier's own matter. */
        (void)json_object_set_new(made, "alternatives", json_true());
    }
    return true;
}

bool suite_files_leave_out(suite_files *s, const hostile_group *g, const hostile_line *l,
                           const hostile_served *served, const char *why)
{
    char id[NAME_SIZE];
    if (served->n > 0)
        name_of(l, served, id);
    else
        (void)snprintf(id, sizeof id, "%s/%s", g->name, l->name);
    json_t *one = json_pack("{s:s, s:s, s:s}", "id", id, "what", l->how, "why", why);
    return (one != NULL && json_array_append_new(s->left_out, one) == 0) || out_of_memory();
}

bool suite_files_end(suite_files *s, const char *version, const char *platform, int64_t made)
{
    json_t *suite = json_pack("{s:s, s:s, s:s, s:s}", "suite", "ratls conform", "version", version,
                              "made", ISO(made), "platform", platform);
    if (suite == NULL)
        return out_of_memory();
    if (s->root.n > 0)
        (void)json_object_set_new(suite, "root", json_string("root.pem"));
    (void)json_object_set(suite, "requirements", s->requirements);
    (void)json_object_set(suite, "cases", s->cases);
    (void)json_object_set(suite, "left_out", s->left_out);
    char *text = json_dumps(suite, JSON_INDENT(2));
    json_decref(suite);
    bool good = text != NULL ? put(s->dir, "suite.json", bytes_text(text)) : out_of_memory();
    free(text);
    return good;
}
