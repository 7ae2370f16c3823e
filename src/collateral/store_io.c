#define _POSIX_C_SOURCE 200809L
#include "collateral/store_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* A signal may come again and again; the kernel's own work is bounded, so this is. */
enum { INTERRUPTIONS_MAX = 100 };

store_io_text store_io_error(long failed)
{
    store_io_text t;
    int error = (int)(failed < 0 ? -failed : failed);
    if (strerror_r(error, t.s, sizeof t.s) != 0)
        (void)snprintf(t.s, sizeof t.s, "error %d", error);
    return t;
}

int store_io_open(const store_io *io, int dir, const char *name, int flags, unsigned mode)
{
    int fd = -EINTR;
    flags |= O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    for (unsigned i = 0; fd == -EINTR && i < INTERRUPTIONS_MAX; i++)
        fd = io->open(io->state, dir, name, flags, mode);
    return fd;
}

long store_io_read(const store_io *io, int fd, uint8_t *out, size_t n)
{
    size_t done = 0;
    unsigned interrupted = 0;
    while (done < n) {
        long got = io->read(io->state, fd, out + done, n - done);
        if (got == -EINTR && interrupted++ < INTERRUPTIONS_MAX)
            continue;
        if (got < 0)
            return got;
        if (got == 0)
            break;
        done += (size_t)got;
        interrupted = 0;
    }
    return (long)done;
}

int store_io_write(const store_io *io, int fd, bytes content)
{
    size_t done = 0;
    unsigned interrupted = 0;
    while (done < content.n) {
        long put = io->write(io->state, fd, content.p + done, content.n - done);
        if (put == -EINTR && interrupted++ < INTERRUPTIONS_MAX)
            continue;
        if (put <= 0)
            return put < 0 ? (int)put : -EIO;
        done += (size_t)put;
        interrupted = 0;
    }
    return 0;
}

int store_io_sync(const store_io *io, int fd)
{
    int failed = -EINTR;
    for (unsigned i = 0; failed == -EINTR && i < INTERRUPTIONS_MAX; i++)
        failed = io->sync(io->state, fd);
    return failed;
}
