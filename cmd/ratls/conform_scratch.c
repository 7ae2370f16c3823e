#define _POSIX_C_SOURCE 200809L
#include "conform_scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

enum { DEPTH_MAX = 8 };

bool scratch_make(char *out, size_t cap)
{
    const char *parent = getenv("TMPDIR");
    int n = snprintf(out, cap, "%s/ratls-conform-XXXXXX",
                     parent != NULL && parent[0] == '/' ? parent : "/tmp");
    if (n > 0 && (size_t)n < cap && mkdtemp(out) != NULL)
        return true;
    complain("%s: no directory can be made there: %s", out, strerror(errno));
    return false;
}

/* Recursion is bounded by DEPTH_MAX; takes over `fd`. NOLINTNEXTLINE(misc-no-recursion) */
static void empty(int fd, unsigned depth)
{
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    if (d == NULL) {
        if (fd >= 0)
            (void)close(fd);
        return;
    }
    for (struct dirent *i = readdir(d); i != NULL; i = readdir(d)) {
        if (bytes_is(bytes_text(i->d_name), ".") || bytes_is(bytes_text(i->d_name), ".."))
            continue;
        if (unlinkat(dirfd(d), i->d_name, 0) == 0 || depth == DEPTH_MAX)
            continue;
        empty(openat(dirfd(d), i->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
              depth + 1);
        (void)unlinkat(dirfd(d), i->d_name, AT_REMOVEDIR);
    }
    (void)closedir(d);
}

void scratch_remove(const char *dir)
{
    empty(open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), 0);
    (void)rmdir(dir);
}
