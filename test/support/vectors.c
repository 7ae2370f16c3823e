#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "arena.h"
#include "testing.h"

static const char *root(void)
{
    const char *dir = getenv("RATLS_VECTORS");
    return dir != NULL && dir[0] != '\0' ? dir : RATLS_SOURCE_DIR "/../shared/vectors";
}

const char *vectors_path(const char *name)
{
    static char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", root(), name);
    return path;
}

void vectors_need(void)
{
    struct stat st;
    if (stat(vectors_path("dcap/expected.json"), &st) == 0)
        return;
    const char *required = getenv("RATLS_VECTORS_REQUIRED");
    if (required != NULL && strcmp(required, "1") == 0)
        fail_msg("RATLS_VECTORS_REQUIRED is set, but there are no vectors in %s", root());
    print_message("skipped: no vectors in %s\n", root());
    skip();
}

/* Remembers a block that is in use until the program ends, so that leak checkers see it. */
static void keep(void *p)
{
    static struct kept {
        struct kept *next;
        void *p;
    } * all;
    struct kept *k = arena_alloc(sizeof *k);
    k->next = all;
    k->p = p;
    all = k;
}

bytes file_read(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        fail_msg("%s can't be opened", path);
    size_t cap = 1 << 16, n = 0;
    uint8_t *p = malloc(cap);
    while (p != NULL) {
        n += fread(p + n, 1, cap - n, f);
        if (n < cap)
            break;
        cap *= 2;
        p = realloc(p, cap);
    }
    (void)fclose(f);
    assert_non_null(p);
    keep(p);
    return bytes_of(p, n);
}
