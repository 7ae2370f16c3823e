#define _POSIX_C_SOURCE 200809L
#include "testing.h"

#include "store_dir.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

store_place store_place_new(void)
{
    store_place p = {.base = "test-store-XXXXXX"};
    assert_non_null(mkdtemp(p.base));
    (void)snprintf(p.dir, sizeof p.dir, "%s/store", p.base);
    return p;
}

const char *store_path(const store_place *p, const char *name)
{
    static char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", p->dir, name);
    return path;
}

/* Files and empty directories. */
static void empty(const char *dir)
{
    DIR *d = opendir(dir);
    const struct dirent *e;
    while (d != NULL && (e = readdir(d)) != NULL) {
        char path[512];
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        (void)remove(path);
    }
    if (d != NULL)
        (void)closedir(d);
}

void store_place_end(store_place *p)
{
    empty(p->dir);
    empty(p->base);
    assert_int_equal(rmdir(p->base), 0);
}

ratls_store store_open(const store_place *p)
{
    ratls_store store = {.name = NULL};
    ratls_error e = {.text = ""};
    if (ratls_store_directory(p->dir, &store, &e) != RATLS_OK)
        fail_msg("%s: %s", ratls_code_name(e.code), e.text);
    return store;
}

static store_said said;

const store_said *store_get(const ratls_store *store, const char *item)
{
    size_t n = 0;
    ratls_error e = {.text = ""};
    said = (store_said){.code = RATLS_OK};
    said.code = store->get(store->state, item, (uint8_t *)said.text, sizeof said.text - 1, &n, &e);
    if (said.code != RATLS_OK)
        (void)snprintf(said.text, sizeof said.text, "%s", e.text);
    return &said;
}

const store_said *store_put(const ratls_store *store, const char *item, const char *before,
                            const char *content)
{
    ratls_error e = {.text = ""};
    said = (store_said){.code = RATLS_OK};
    said.code =
        store->put(store->state, item, bytes_text(before), bytes_text(content), &said.lost, &e);
    if (said.code != RATLS_OK)
        (void)snprintf(said.text, sizeof said.text, "%s", e.text);
    return &said;
}

void assert_item(const ratls_store *store, const char *item, const char *content)
{
    const store_said *got = store_get(store, item);
    if (content == NULL)
        assert_said(got, RATLS_E_MISSING, "");
    else if (got->code != RATLS_OK || strcmp(got->text, content) != 0)
        fail_msg("%s: %.200s, expected %.200s", ratls_code_name(got->code), got->text, content);
}

void assert_said(const store_said *got, ratls_code code, const char *part)
{
    if (got->code != code || strstr(got->text, part) == NULL)
        fail_msg("%s: %s, expected %s: …%s…", ratls_code_name(got->code), got->text,
                 ratls_code_name(code), part);
}

typedef struct name_list {
    char names[64][RATLS_ITEM_NAME_SIZE];
    size_t n;
} name_list;

static bool collect(void *context, const char *item)
{
    name_list *l = context;
    assert_true(l->n < 64);
    (void)snprintf(l->names[l->n++], sizeof l->names[0], "%s", item);
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

const char *store_names(const ratls_store *store)
{
    static char text[64 * (RATLS_ITEM_NAME_SIZE + 1)];
    name_list l = {.n = 0};
    ratls_error e = {.text = ""};
    if (store->list(store->state, collect, &l, &e) != RATLS_OK)
        fail_msg("%s: %s", ratls_code_name(e.code), e.text);
    qsort(l.names, l.n, sizeof l.names[0], by_name);
    size_t n = 0;
    text[0] = '\0';
    for (size_t i = 0; i < l.n; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s ", l.names[i]);
    return text;
}

bool store_count_up(const ratls_store *store, const char *item, unsigned times)
{
    /* Not the static one: threads do this. */
    ratls_error e = {.text = ""};
    while (times > 0) {
        uint8_t before[32] = {0};
        char content[32];
        size_t n = 0;
        bool lost = false;
        ratls_code code = store->get(store->state, item, before, sizeof before - 1, &n, &e);
        if (code == RATLS_E_MISSING)
            n = 0;
        if (code == RATLS_OK || code == RATLS_E_MISSING) {
            unsigned long count = n == 0 ? 0 : strtoul((const char *)before, NULL, 10);
            (void)snprintf(content, sizeof content, "%lu", count + 1);
            code =
                store->put(store->state, item, bytes_of(before, n), bytes_text(content), &lost, &e);
        }
        if (code != RATLS_OK) {
            print_message("%s: %s\n", ratls_code_name(code), e.text);
            return false;
        }
        times -= lost ? 0 : 1;
    }
    return true;
}
