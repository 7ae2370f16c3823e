#define _POSIX_C_SOURCE 200809L
#include "sim/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool path_of(char out[SIM_PATH_MAX], const char *dir, const char *name, const char *suffix)
{
    int n = snprintf(out, SIM_PATH_MAX, "%s/%s%s", dir, name, suffix);
    return n > 0 && n < SIM_PATH_MAX;
}

static ratls_code system_error(ratls_error *e, const char *dir, const char *name, const char *what)
{
    int why = errno;
    return refuse(e, RATLS_E_SYSTEM, 0, "%s%s%s: can't be %s: %s", dir, *name != '\0' ? "/" : "",
                  name, what, strerror(why));
}

static ratls_code too_long(ratls_error *e)
{
    return refuse(e, RATLS_E_LIMIT, 0, "the directory's path is longer than %d bytes",
                  SIM_PATH_MAX);
}

/* 1 if the directory holds anything, 0 if not, -1 with errno set. */
static int is_filled(const char *dir)
{
    DIR *d = opendir(dir);
    if (d == NULL)
        return -1;
    int found = 0;
    errno = 0;
    const struct dirent *entry = readdir(d);
    for (; found == 0 && entry != NULL; entry = readdir(d))
        found =
            bytes_is(bytes_text(entry->d_name), ".") || bytes_is(bytes_text(entry->d_name), "..")
                ? 0
                : 1;
    int why = errno;
    (void)closedir(d);
    errno = why;
    return found == 0 && why != 0 ? -1 : found;
}

ratls_code files_make_dir(const char *dir, ratls_error *e)
{
    if (mkdir(dir, 0755) == 0)
        return RATLS_OK;
    if (errno != EEXIST)
        return system_error(e, dir, "", "made");
    int filled = is_filled(dir);
    if (filled < 0)
        return system_error(e, dir, "", "read");
    if (filled > 0)
        return refuse(e, RATLS_E_SYSTEM, 0,
                      "%s: is not empty, and a simulated platform needs a directory of its own",
                      dir);
    return RATLS_OK;
}

/* Until the end, or until `cap` is full. False with errno set. */
static bool read_all(int fd, uint8_t *out, size_t cap, size_t *n)
{
    *n = 0;
    while (*n < cap) {
        ssize_t got = read(fd, out + *n, cap - *n);
        if (got == 0)
            return true;
        if (got < 0 && errno != EINTR)
            return false;
        if (got > 0)
            *n += (size_t)got;
    }
    return true;
}

ratls_code files_read(const char *dir, const char *name, uint8_t *out, size_t cap, size_t *n,
                      ratls_error *e)
{
    char path[SIM_PATH_MAX];
    if (!path_of(path, dir, name, ""))
        return too_long(e);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return refuse(e, RATLS_E_MISSING, 0,
                      "%s/%s: there is none; `ratls sim new` makes a simulated platform", dir,
                      name);
    if (fd < 0)
        return system_error(e, dir, name, "read");
    bool ok = read_all(fd, out, cap, n);
    int why = errno;
    (void)close(fd);
    errno = why;
    if (!ok)
        return system_error(e, dir, name, "read");
    if (*n == cap)
        return refuse(e, RATLS_E_LIMIT, 0, "%s/%s: %zu bytes or more, expected fewer", dir, name,
                      cap);
    return RATLS_OK;
}

static bool write_all(int fd, bytes content)
{
    while (content.n > 0) {
        ssize_t done = write(fd, content.p, content.n);
        if (done < 0 && errno != EINTR)
            return false;
        if (done > 0)
            content = bytes_of(content.p + done, content.n - (size_t)done);
    }
    return true;
}

ratls_code files_write(const char *dir, const char *name, bytes content, sim_access access,
                       ratls_error *e)
{
    char path[SIM_PATH_MAX], fresh[SIM_PATH_MAX];
    if (!path_of(path, dir, name, "") || !path_of(fresh, dir, name, ".XXXXXX"))
        return too_long(e);
    int fd = mkstemp(fresh); /* mode 0600 */
    if (fd < 0)
        return system_error(e, dir, name, "written");
    bool ok = write_all(fd, content) && (access == SIM_SECRET || fchmod(fd, 0644) == 0);
    int why = errno;
    if (close(fd) != 0 && ok) {
        ok = false;
        why = errno;
    }
    if (ok && rename(fresh, path) == 0)
        return RATLS_OK;
    if (ok)
        why = errno;
    (void)unlink(fresh);
    errno = why;
    return system_error(e, dir, name, "written");
}
