#define _POSIX_C_SOURCE 200809L
#include "attest/io.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

/* A signal may come again and again; the kernel's own work is bounded, so this is. */
enum { INTERRUPTIONS_MAX = 100 };

io_text io_error(long failed)
{
    io_text t;
    int error = (int)(failed < 0 ? -failed : failed);
    if (strerror_r(error, t.s, sizeof t.s) != 0)
        (void)snprintf(t.s, sizeof t.s, "error %d", error);
    return t;
}

void io_path(char out[IO_PATH_MAX], const char *directory, const char *name)
{
    int n = snprintf(out, IO_PATH_MAX, "%s/%s", directory, name);
    assert(n > 0 && n < IO_PATH_MAX);
}

static int open_file(const attest_io *io, const char *path, int flags)
{
    int fd = -EINTR;
    for (unsigned i = 0; fd == -EINTR && i < INTERRUPTIONS_MAX; i++)
        fd = io->open(io->state, path, flags | O_CLOEXEC);
    return fd;
}

static long read_some(const attest_io *io, int fd, uint8_t *out, size_t n)
{
    long got = -EINTR;
    for (unsigned i = 0; got == -EINTR && i < INTERRUPTIONS_MAX; i++)
        got = io->read(io->state, fd, out, n);
    return got;
}

static long read_all(const attest_io *io, int fd, uint8_t *out, size_t cap)
{
    size_t n = 0;
    for (;;) {
        uint8_t more;
        long got = n < cap ? read_some(io, fd, out + n, cap - n) : read_some(io, fd, &more, 1);
        if (got <= 0)
            return got < 0 ? got : (long)n;
        if (n == cap)
            return -EFBIG;
        n += (size_t)got;
    }
}

long io_read_file(const attest_io *io, const char *path, uint8_t *out, size_t cap)
{
    int fd = open_file(io, path, O_RDONLY);
    if (fd < 0)
        return fd;
    long n = read_all(io, fd, out, cap);
    (void)io->close(io->state, fd);
    return n;
}

int io_write_file(const attest_io *io, const char *path, bytes content)
{
    int fd = open_file(io, path, O_WRONLY);
    if (fd < 0)
        return fd;
    long n = -EINTR;
    for (unsigned i = 0; n == -EINTR && i < INTERRUPTIONS_MAX; i++)
        n = io->write(io->state, fd, content.p, content.n);
    int closed = io->close(io->state, fd);
    if (n < 0)
        return (int)n;
    if ((size_t)n != content.n)
        return -EIO;
    return closed;
}
