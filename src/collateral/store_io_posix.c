/* The real kernel. */
#define _DEFAULT_SOURCE /* flock is not of POSIX */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "collateral/store_io.h"

static int posix_open(void *state, int dir, const char *name, int flags, unsigned mode)
{
    (void)state;
    int fd = openat(dir, name, flags, (mode_t)mode);
    return fd < 0 ? -errno : fd;
}

static int posix_stat(void *state, int fd, struct stat *out)
{
    (void)state;
    return fstat(fd, out) != 0 ? -errno : 0;
}

static int posix_look(void *state, int dir, const char *name, struct stat *out)
{
    (void)state;
    return fstatat(dir, name, out, AT_SYMLINK_NOFOLLOW) != 0 ? -errno : 0;
}

static long posix_read(void *state, int fd, void *out, size_t n)
{
    (void)state;
    ssize_t got = read(fd, out, n);
    return got < 0 ? -errno : (long)got;
}

static long posix_write(void *state, int fd, const void *p, size_t n)
{
    (void)state;
    ssize_t put = write(fd, p, n);
    return put < 0 ? -errno : (long)put;
}

static int posix_chmod(void *state, int fd, unsigned mode)
{
    (void)state;
    return fchmod(fd, (mode_t)mode) != 0 ? -errno : 0;
}

static int posix_sync(void *state, int fd)
{
    (void)state;
    return fsync(fd) != 0 ? -errno : 0;
}

static int posix_close(void *state, int fd)
{
    (void)state;
    return close(fd) != 0 ? -errno : 0;
}

static int posix_lock(void *state, int fd)
{
    (void)state;
    return flock(fd, LOCK_EX | LOCK_NB) != 0 ? -errno : 0;
}

static int posix_unlock(void *state, int fd)
{
    (void)state;
    return flock(fd, LOCK_UN) != 0 ? -errno : 0;
}

static int posix_rename(void *state, int dir, const char *from, const char *to)
{
    (void)state;
    return renameat(dir, from, dir, to) != 0 ? -errno : 0;
}

static int posix_remove(void *state, int dir, const char *name)
{
    (void)state;
    return unlinkat(dir, name, 0) != 0 ? -errno : 0;
}

static int posix_mkdir(void *state, const char *path, unsigned mode)
{
    (void)state;
    return mkdir(path, (mode_t)mode) != 0 ? -errno : 0;
}

static int posix_names(void *state, int dir, bool (*each)(void *context, const char *name),
                       void *context)
{
    (void)state;
    /* Opened anew, since a position in the directory belongs to the open file. */
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    DIR *d = fdopendir(fd);
    if (d == NULL) {
        int failed = -errno;
        (void)close(fd);
        return failed;
    }
    bool more = true;
    int failed = 0;
    while (more) {
        errno = 0;
        const struct dirent *entry = readdir(d);
        failed = entry == NULL ? -errno : 0;
        more = entry != NULL && each(context, entry->d_name);
    }
    (void)closedir(d);
    return failed;
}

static unsigned posix_user(void *state)
{
    (void)state;
    return (unsigned)geteuid();
}

/* Process ids may be the same in two containers that share a directory, so the time counts too. */
static uint64_t posix_unique(void *state)
{
    (void)state;
    struct timespec t = {0, 0};
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return ((uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec) ^ (uint64_t)getpid() << 48;
}

static void posix_pause(void *state, unsigned milliseconds)
{
    (void)state;
    const struct timespec t = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};
    (void)nanosleep(&t, NULL);
}

const store_io store_io_posix = {
    .open = posix_open,
    .stat = posix_stat,
    .look = posix_look,
    .read = posix_read,
    .write = posix_write,
    .chmod = posix_chmod,
    .sync = posix_sync,
    .close = posix_close,
    .lock = posix_lock,
    .unlock = posix_unlock,
    .rename = posix_rename,
    .remove = posix_remove,
    .mkdir = posix_mkdir,
    .names = posix_names,
    .user = posix_user,
    .unique = posix_unique,
    .pause = posix_pause,
};
