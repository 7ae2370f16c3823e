#ifndef ATTEST_IO_H
#define ATTEST_IO_H

#include "base/bytes.h"
#include "base/error.h"

/*
 * What the sources ask of the kernel. In a table, so that tests can put a kernel interface in its
 * place. Those that return int or long give a negative errno on failure.
 */
typedef struct attest_io {
    void *state;
    int (*open)(void *state, const char *path, int flags);
    long (*read)(void *state, int fd, void *out, size_t n);
    long (*write)(void *state, int fd, const void *p, size_t n);
    int (*close)(void *state, int fd);
    int (*mkdir)(void *state, const char *path);
    int (*rmdir)(void *state, const char *path);
    /* TDX_CMD_GET_REPORT0 of /dev/tdx_guest. */
    int (*td_report)(void *state, int fd, const uint8_t report_data[64], uint8_t report[1024]);
    /* A Unix socket at this path, or AF_VSOCK to the host at this port if it is NULL. */
    int (*connect)(void *state, const char *path, unsigned port);
    void (*pause)(void *state, unsigned milliseconds);
} attest_io;

extern const attest_io io_posix;

#define IO_PATH_MAX 1024

/* What an errno (either sign) says. */
typedef struct io_text {
    char s[80];
} io_text;
io_text io_error(long failed);
#define IO_ERROR(failed) (io_error(failed).s)

/* "directory/name" into out, where it must fit. */
void io_path(char out[IO_PATH_MAX], const char *directory, const char *name);

/* All of a file. Interrupted calls are repeated. Returns the length, a negative errno, or -EFBIG if
 * there is more than cap. */
long io_read_file(const attest_io *io, const char *path, uint8_t *out, size_t cap);
/* All bytes in one write, as attributes of the kernel want it, and closes. 0, or a negative errno;
 * -EIO if fewer were taken. */
int io_write_file(const attest_io *io, const char *path, bytes content);

#endif
