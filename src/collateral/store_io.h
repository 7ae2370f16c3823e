#ifndef COLLATERAL_STORE_IO_H
#define COLLATERAL_STORE_IO_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/bytes.h"

/*
 * What a store in a directory asks of the kernel. In a table, so that tests can let each call fail
 * and cut the power. Those that return int or long give a negative errno on failure. `dir` is an
 * open directory, in which `name` is looked up, or AT_FDCWD.
 */
typedef struct store_io {
    void *state;
    int (*open)(void *state, int dir, const char *name, int flags, unsigned mode);
    int (*stat)(void *state, int fd, struct stat *out);
    /* Of the name itself, be it a link. */
    int (*look)(void *state, int dir, const char *name, struct stat *out);
    long (*read)(void *state, int fd, void *out, size_t n);
    long (*write)(void *state, int fd, const void *p, size_t n);
    int (*chmod)(void *state, int fd, unsigned mode);
    int (*sync)(void *state, int fd);
    int (*close)(void *state, int fd);
    /* For this open file alone, at once or not at all: -EWOULDBLOCK if another has it. */
    int (*lock)(void *state, int fd);
    int (*unlock)(void *state, int fd);
    int (*rename)(void *state, int dir, const char *from, const char *to);
    int (*remove)(void *state, int dir, const char *name);
    int (*mkdir)(void *state, const char *path, unsigned mode);
    /* Each name in the directory until `each` returns false. */
    int (*names)(void *state, int dir, bool (*each)(void *context, const char *name),
                 void *context);
    unsigned (*user)(void *state);   /* the effective user id */
    uint64_t (*unique)(void *state); /* never twice on this machine, as far as possible */
    void (*pause)(void *state, unsigned milliseconds);
} store_io;

extern const store_io store_io_posix;

/* What an errno (either sign) says. */
typedef struct store_io_text {
    char s[80];
} store_io_text;
store_io_text store_io_error(long failed);
#define STORE_IO_ERROR(failed) (store_io_error(failed).s)

/* As in the table, repeated when a signal interrupts; never through a link, never waiting for a
 * peer, closed in programs that are started. */
int store_io_open(const store_io *io, int dir, const char *name, int flags, unsigned mode);
/* Exactly n bytes, or fewer at the end of the file. Returns how many, or a negative errno. */
long store_io_read(const store_io *io, int fd, uint8_t *out, size_t n);
/* All of it. 0, or a negative errno. */
int store_io_write(const store_io *io, int fd, bytes content);
int store_io_sync(const store_io *io, int fd);

#endif
