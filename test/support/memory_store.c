#include "testing.h"

#include "memory_store.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

static memory_item *find(const memory_store *m, const char *name)
{
    for (size_t i = 0; i < m->n; i++)
        if (bytes_is(bytes_text(m->items[i].name), name))
            return &m->items[i];
    return NULL;
}

static ratls_code get(void *state, const char *item, uint8_t *out, size_t cap, size_t *n,
                      ratls_error *e)
{
    const memory_store *m = state;
    const memory_item *found = find(m, item);
    if (m->failure != RATLS_OK)
        return refuse(e, m->failure, 0, "memory: told to fail");
    if (found == NULL)
        return refuse(e, RATLS_E_MISSING, 0, "memory: %s: there is none", item);
    *n = found->n;
    if (found->n > cap)
        return refuse(e, RATLS_E_LIMIT, 0, "memory: %s: larger than %zu bytes", item, cap);
    if (found->n > 0)
        memcpy(out, found->content, found->n);
    return RATLS_OK;
}

static ratls_code put(void *state, const char *item, ratls_bytes before, ratls_bytes content,
                      bool *lost, ratls_error *e)
{
    memory_store *m = state;
    const memory_item *found = find(m, item);
    if (m->failure != RATLS_OK)
        return refuse(e, m->failure, 0, "memory: told to fail");
    *lost = !bytes_equal(before, found != NULL ? bytes_of(found->content, found->n) : BYTES_NONE);
    if (!*lost)
        memory_store_set(m, item, content);
    return RATLS_OK;
}

static ratls_code list(void *state, bool (*each)(void *context, const char *item), void *context,
                       ratls_error *e)
{
    const memory_store *m = state;
    if (m->failure != RATLS_OK)
        return refuse(e, m->failure, 0, "memory: told to fail");
    for (size_t i = 0; i < m->n && each(context, m->items[i].name); i++)
        continue;
    return RATLS_OK;
}

ratls_store memory_store_of(memory_store *m)
{
    return (ratls_store){.name = "memory", .state = m, .get = get, .put = put, .list = list};
}

void memory_store_set(memory_store *m, const char *name, bytes content)
{
    memory_item *item = find(m, name);
    uint8_t *copy = malloc(content.n + 1);
    assert_non_null(copy);
    if (content.n > 0)
        memcpy(copy, content.p, content.n);
    if (item == NULL) {
        m->items = realloc(m->items, (m->n + 1) * sizeof *m->items);
        assert_non_null(m->items);
        item = &m->items[m->n++];
        item->content = NULL;
        assert_true(strlen(name) < sizeof item->name);
        (void)snprintf(item->name, sizeof item->name, "%s", name);
    }
    free(item->content);
    item->content = copy;
    item->n = content.n;
    if (content.p == NULL) {
        free(copy);
        *item = m->items[--m->n];
    }
}

bytes memory_store_content(const memory_store *m, const char *name)
{
    const memory_item *item = find(m, name);
    assert_non_null(item);
    return bytes_of(item->content, item->n);
}

void memory_store_clear(memory_store *m)
{
    for (size_t i = 0; i < m->n; i++)
        free(m->items[i].content);
    free(m->items);
    *m = (memory_store){.items = NULL};
}
