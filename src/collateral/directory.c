/*
 * A store in a directory. An item is replaced by renaming a new file over it: who reads needs no
 * lock and sees the old item or the new one. Writers take turns by a lock on a file beside the
 * items, which ends with the process that has it, however that ends.
 *
 * After a power cut an item is the old one or the new one too: the new file is on the disk before
 * it gets its name, and put says so only after the name is there as well.
 */
#define _POSIX_C_SOURCE 200809L
#include "collateral/directory.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "collateral/store_name.h"

enum { FILE_MODE = 0644, DIRECTORY_MODE = 0755, OTHERS_WRITE = 0022, CHUNK = 4096 };
/* Whoever may open the lock file may hold the lock, even for reading only. */
enum { LOCK_MODE = 0600 };
/* A text of 240 bytes must have room for the reason. */
enum { SHOWN_MAX = 80 };

static const char lock_name[] = ".lock";
static const char new_prefix[] = ".new-";
static const char suffix[] = ".json";

typedef struct store_dir {
    const store_io *io;
    char *path;
    char shown[SHOWN_MAX + 1];
    int fd;
    /* Held by a put. What follows is its own. */
    pthread_mutex_t writing;
    bool anchored; /* the directory itself outlasts a power cut */
} store_dir;

typedef struct file_name {
    char s[RATLS_ITEM_NAME_SIZE + sizeof suffix];
} file_name;

static file_name file_of(const char *item)
{
    file_name f;
    (void)snprintf(f.s, sizeof f.s, "%s%s", item, suffix);
    return f;
}

static const char *kind_of(const struct stat *st)
{
    if (S_ISLNK(st->st_mode))
        return "a symbolic link";
    if (S_ISDIR(st->st_mode))
        return "a directory";
    if (S_ISFIFO(st->st_mode))
        return "a FIFO";
    if (S_ISSOCK(st->st_mode))
        return "a socket";
    return S_ISREG(st->st_mode) ? "an ordinary file" : "a device";
}

/* Belongs to the user or root, and nobody else may write to it. `where` is told in the sentence. */
static ratls_code check_owner(const store_io *io, const char *where, const struct stat *st,
                              unsigned expected_mode, ratls_error *error)
{
    unsigned user = io->user(io->state), owner = (unsigned)st->st_uid;
    if (owner != user && owner != 0)
        return refuse(error, RATLS_E_UNSUPPORTED, 0,
                      "store: %s: belongs to user %u, expected user %u or root", where, owner,
                      user);
    unsigned mode = (unsigned)st->st_mode & 07777;
    if ((mode & OTHERS_WRITE) != 0)
        return refuse(error, RATLS_E_UNSUPPORTED, 0,
                      "store: %s: group or others may write to it, mode %04o, expected %04o", where,
                      mode, expected_mode);
    return RATLS_OK;
}

/* Looked at in every call: who may write to it decides what its files are worth. */
static ratls_code check_directory(const store_dir *d, ratls_error *error)
{
    struct stat st;
    int failed = d->io->stat(d->io->state, d->fd, &st);
    if (failed < 0)
        return refuse(error, RATLS_E_SYSTEM, 0, "store: %s: %s", d->shown, STORE_IO_ERROR(failed));
    if (st.st_nlink == 0)
        return refuse(error, RATLS_E_SYSTEM, 0,
                      "store: %s: was removed while it was in use, expected it to stay", d->shown);
    return check_owner(d->io, d->shown, &st, DIRECTORY_MODE, error);
}

typedef struct place_text {
    char s[SHOWN_MAX + sizeof(file_name) + 2];
} place_text;

static place_text place_of(const store_dir *d, const char *name)
{
    place_text t;
    (void)snprintf(t.s, sizeof t.s, "%s/%s", d->shown, name);
    return t;
}
#define PLACE(d, name) (place_of(d, name).s)

static ratls_code refuse_call(const store_dir *d, const char *name, const char *doing, long failed,
                              ratls_error *error)
{
    return refuse(error, RATLS_E_SYSTEM, 0, "store: %s: %s: %s", PLACE(d, name), doing,
                  STORE_IO_ERROR(failed));
}

static ratls_code refuse_kind(const store_dir *d, const char *name, const struct stat *st,
                              ratls_error *error)
{
    return refuse(error, RATLS_E_UNSUPPORTED, 0, "store: %s: found %s, expected an ordinary file",
                  PLACE(d, name), kind_of(st));
}

/* An ordinary file of the user's own, open. */
static ratls_code open_own(const store_dir *d, const char *name, int flags, unsigned mode, int *fd,
                           struct stat *st, ratls_error *error)
{
    const store_io *io = d->io;
    int opened = store_io_open(io, d->fd, name, flags, mode);
    if (opened == -ENOENT)
        return refuse(error, RATLS_E_MISSING, 0, "store: %s: is not there", PLACE(d, name));
    if (opened < 0) {
        if (io->look(io->state, d->fd, name, st) == 0 && !S_ISREG(st->st_mode))
            return refuse_kind(d, name, st, error);
        return refuse_call(d, name, "cannot be opened", opened, error);
    }
    ratls_code code = RATLS_OK;
    int failed = io->stat(io->state, opened, st);
    if (failed < 0)
        code = refuse_call(d, name, "cannot be looked at", failed, error);
    else if (!S_ISREG(st->st_mode))
        code = refuse_kind(d, name, st, error);
    else
        code = check_owner(io, PLACE(d, name), st, FILE_MODE, error);
    if (code != RATLS_OK) {
        (void)io->close(io->state, opened);
        return code;
    }
    *fd = opened;
    return RATLS_OK;
}

/* The file of an item. No item is empty, so an empty file is none. */
static ratls_code open_item(const store_dir *d, const char *name, int *fd, size_t *n,
                            ratls_error *error)
{
    struct stat st;
    ratls_code code = open_own(d, name, O_RDONLY, 0, fd, &st, error);
    if (code != RATLS_OK)
        return code;
    if (st.st_size > RATLS_ITEM_MAX)
        code = refuse(error, RATLS_E_LIMIT, 0, "store: %s: found %llu bytes, expected at most %d",
                      PLACE(d, name), (unsigned long long)st.st_size, RATLS_ITEM_MAX);
    else if (st.st_size == 0)
        code = refuse(error, RATLS_E_MISSING, 0, "store: %s: is empty, expected an item",
                      PLACE(d, name));
    else
        *n = (size_t)st.st_size;
    if (code != RATLS_OK)
        (void)d->io->close(d->io->state, *fd);
    return code;
}

/* The next n bytes of what open_item said are there. */
static ratls_code read_item(const store_dir *d, const char *name, int fd, uint8_t *out, size_t n,
                            ratls_error *error)
{
    long got = store_io_read(d->io, fd, out, n);
    if (got < 0)
        return refuse_call(d, name, "cannot be read", got, error);
    if ((size_t)got != n)
        return refuse(error, RATLS_E_SYSTEM, 0, "store: %s: was cut while it was read",
                      PLACE(d, name));
    return RATLS_OK;
}

static ratls_code directory_get(void *state, const char *item, uint8_t *out, size_t cap, size_t *n,
                                ratls_error *error)
{
    assert(store_name_ok(bytes_text(item)));
    const store_dir *d = state;
    ratls_code code = check_directory(d, error);
    if (code != RATLS_OK)
        return code;
    const file_name f = file_of(item);
    int fd;
    size_t size;
    code = open_item(d, f.s, &fd, &size, error);
    if (code != RATLS_OK)
        return code;
    if (size > cap)
        code = refuse(error, RATLS_E_LIMIT, 0, "store: %s: found %zu bytes, there is room for %zu",
                      PLACE(d, f.s), size, cap);
    else
        code = read_item(d, f.s, fd, out, size, error);
    (void)d->io->close(d->io->state, fd);
    if (code == RATLS_OK)
        *n = size;
    return code;
}

/* Is this what the file holds now? */
static ratls_code compare(const store_dir *d, const char *name, bytes before, bool *same,
                          ratls_error *error)
{
    int fd;
    size_t n;
    ratls_code code = open_item(d, name, &fd, &n, error);
    if (code == RATLS_E_MISSING) {
        *same = before.n == 0;
        return RATLS_OK;
    }
    if (code != RATLS_OK)
        return code;
    *same = n == before.n;
    for (size_t at = 0; code == RATLS_OK && *same && at < n;) {
        uint8_t chunk[CHUNK];
        size_t m = n - at < CHUNK ? n - at : CHUNK;
        code = read_item(d, name, fd, chunk, m, error);
        *same = code == RATLS_OK && bytes_equal(bytes_of(chunk, m), bytes_of(before.p + at, m));
        at += m;
    }
    (void)d->io->close(d->io->state, fd);
    return code;
}

/* Is this open file still the one of that name? Somebody may have removed or renamed it. */
static bool is_named(const store_dir *d, const char *name, const struct stat *opened)
{
    struct stat st;
    return d->io->look(d->io->state, d->fd, name, &st) == 0 && st.st_ino == opened->st_ino &&
           st.st_dev == opened->st_dev;
}

/* Waits its turn. The lock file stays: to remove it would let two have a lock each. */
static ratls_code take_lock(const store_dir *d, int *fd, ratls_error *error)
{
    const store_io *io = d->io;
    struct stat st;
    for (unsigned i = 0; i < STORE_LOCK_PAUSES; i++) {
        ratls_code code = open_own(d, lock_name, O_RDWR | O_CREAT, LOCK_MODE, fd, &st, error);
        if (code == RATLS_E_MISSING)
            return refuse_call(d, lock_name, "cannot be made", ENOENT, error);
        if (code != RATLS_OK)
            return code;
        int failed = io->lock(io->state, *fd);
        if (failed == 0 && is_named(d, lock_name, &st))
            return RATLS_OK;
        if (failed == 0)
            (void)io->unlock(io->state, *fd);
        (void)io->close(io->state, *fd);
        if (failed < 0 && failed != -EWOULDBLOCK && failed != -EINTR)
            return refuse_call(d, lock_name, "cannot be locked", failed, error);
        io->pause(io->state, STORE_LOCK_PAUSE_MS);
    }
    return refuse(error, RATLS_E_SYSTEM, 0,
                  "store: %s: another program has held the lock for %d seconds",
                  PLACE(d, lock_name), STORE_LOCK_PAUSE_MS * STORE_LOCK_PAUSES / 1000);
}

/* By a call of its own: a child that was forked meanwhile has the open file too. */
static void give_lock(const store_dir *d, int fd)
{
    (void)d->io->unlock(d->io->state, fd);
    (void)d->io->close(d->io->state, fd);
}

static bool remove_leftover(void *context, const char *name)
{
    const store_dir *d = context;
    if (bytes_starts(bytes_text(name), new_prefix))
        (void)d->io->remove(d->io->state, d->fd, name);
    return true;
}

/* There are file systems that cannot do this to a directory, having no need of it. */
static int sync_directory(const store_io *io, int fd)
{
    int failed = store_io_sync(io, fd);
    return failed == -EINVAL ? 0 : failed;
}

/* The name of a directory is in its parent, so one that was just made may be lost with all its
 * files. A parent that the user can't read was made by others, before. */
static ratls_code anchor(store_dir *d, ratls_error *error)
{
    if (d->anchored)
        return RATLS_OK;
    const store_io *io = d->io;
    int fd = store_io_open(io, d->fd, "..", O_RDONLY | O_DIRECTORY, 0);
    int failed = fd == -EACCES ? 0 : fd;
    if (fd >= 0) {
        failed = sync_directory(io, fd);
        (void)io->close(io->state, fd);
    }
    if (failed < 0)
        return refuse_call(d, "..", "cannot be made to last", failed, error);
    d->anchored = true;
    return RATLS_OK;
}

/* A file that holds this and is on the disk. */
static int write_new(const store_dir *d, const char *name, bytes content)
{
    const store_io *io = d->io;
    int fd = store_io_open(io, d->fd, name, O_WRONLY | O_CREAT | O_EXCL, LOCK_MODE);
    if (fd < 0)
        return fd;
    int failed = store_io_write(io, fd, content);
    if (failed == 0)
        failed = io->chmod(io->state, fd, FILE_MODE); /* whatever the umask */
    if (failed == 0)
        failed = store_io_sync(io, fd);
    int closed = io->close(io->state, fd);
    return failed < 0 ? failed : closed;
}

/* In the place of what is there. If the last step fails the new item is there, but may be gone
 * after a power cut, when the old one is back. */
static ratls_code replace(const store_dir *d, const char *name, bytes content, ratls_error *error)
{
    const store_io *io = d->io;
    char new[sizeof new_prefix + 16];
    (void)snprintf(new, sizeof new, "%s%016llx", new_prefix,
                   (unsigned long long)io->unique(io->state));
    int failed = write_new(d, new, content);
    if (failed == 0)
        failed = io->rename(io->state, d->fd, new, name);
    if (failed < 0) {
        if (failed != -EEXIST)
            (void)io->remove(io->state, d->fd, new);
        return refuse_call(d, name, "cannot be written, and stays as it was", failed, error);
    }
    failed = sync_directory(io, d->fd);
    if (failed < 0)
        return refuse_call(d, name, "was written, but may not last", failed, error);
    return RATLS_OK;
}

static ratls_code put_locked(store_dir *d, const char *name, bytes before, bytes content,
                             bool *lost, ratls_error *error)
{
    bool same;
    ratls_code code = compare(d, name, before, &same, error);
    if (code != RATLS_OK)
        return code;
    *lost = !same;
    if (!same)
        return RATLS_OK;
    /* Who has the lock is the only one that writes: what others left is of no use to anyone. */
    int failed = d->io->names(d->io->state, d->fd, remove_leftover, d);
    if (failed < 0)
        return refuse_call(d, "", "cannot be listed", failed, error);
    code = anchor(d, error);
    if (code != RATLS_OK)
        return code;
    return replace(d, name, content, error);
}

static ratls_code directory_put(void *state, const char *item, ratls_bytes before,
                                ratls_bytes content, bool *lost, ratls_error *error)
{
    assert(store_name_ok(bytes_text(item)) && content.n > 0);
    store_dir *d = state;
    const file_name f = file_of(item);
    *lost = false;
    if (content.n > RATLS_ITEM_MAX)
        return refuse(error, RATLS_E_LIMIT, 0, "store: %s: %zu bytes to write, expected at most %d",
                      PLACE(d, f.s), content.n, RATLS_ITEM_MAX);
    /* A lock is of an open file, and each put opens its own; so threads of one store could wait
     * for each other like programs, but take turns more quickly so. */
    (void)pthread_mutex_lock(&d->writing);
    int lock;
    ratls_code code = check_directory(d, error);
    if (code == RATLS_OK)
        code = take_lock(d, &lock, error);
    if (code == RATLS_OK) {
        code = put_locked(d, f.s, before, content, lost, error);
        give_lock(d, lock);
    }
    (void)pthread_mutex_unlock(&d->writing);
    return code;
}

typedef struct listing {
    bool (*each)(void *context, const char *item);
    void *context;
} listing;

static bool list_file(void *context, const char *name)
{
    const listing *l = context;
    size_t n = strlen(name), tail = sizeof suffix - 1;
    if (n <= tail || !bytes_is(bytes_text(name + n - tail), suffix) ||
        !store_name_ok(bytes_of(name, n - tail)))
        return true;
    char item[RATLS_ITEM_NAME_SIZE];
    (void)snprintf(item, sizeof item, "%.*s", (int)(n - tail), name);
    return l->each(l->context, item);
}

static ratls_code directory_list(void *state, bool (*each)(void *context, const char *item),
                                 void *context, ratls_error *error)
{
    const store_dir *d = state;
    ratls_code code = check_directory(d, error);
    if (code != RATLS_OK)
        return code;
    listing l = {each, context};
    int failed = d->io->names(d->io->state, d->fd, list_file, &l);
    if (failed < 0)
        return refuse_call(d, "", "cannot be listed", failed, error);
    return RATLS_OK;
}

static void directory_free(void *state)
{
    store_dir *d = state;
    if (d->fd >= 0)
        (void)d->io->close(d->io->state, d->fd);
    (void)pthread_mutex_destroy(&d->writing);
    free(d->path);
    free(d);
}

/* Open, and made if it is absent. A link in the place of the directory may be anybody's who can
 * write to its parent, so it is not followed, unless a slash at the end of the path says so. */
static ratls_code open_directory(store_dir *d, ratls_error *error)
{
    const store_io *io = d->io;
    const int flags = O_RDONLY | O_DIRECTORY;
    bool made = false;
    d->fd = store_io_open(io, AT_FDCWD, d->path, flags, 0);
    if (d->fd == -ENOENT) {
        int failed = io->mkdir(io->state, d->path, DIRECTORY_MODE);
        if (failed < 0 && failed != -EEXIST)
            return refuse(error, RATLS_E_SYSTEM, 0, "store: %s: cannot be made: %s", d->shown,
                          STORE_IO_ERROR(failed));
        made = failed == 0;
        d->fd = store_io_open(io, AT_FDCWD, d->path, flags, 0);
    }
    if (d->fd < 0) {
        struct stat st;
        if (io->look(io->state, AT_FDCWD, d->path, &st) == 0 && !S_ISDIR(st.st_mode))
            return refuse(error, RATLS_E_UNSUPPORTED, 0,
                          "store: %s: found %s, expected a directory", d->shown, kind_of(&st));
        return refuse(error, RATLS_E_SYSTEM, 0, "store: %s: cannot be opened: %s", d->shown,
                      STORE_IO_ERROR(d->fd));
    }
    /* Whatever the umask. If it can't be, it is still a directory of the user's own. */
    if (made)
        (void)io->chmod(io->state, d->fd, DIRECTORY_MODE);
    return check_directory(d, error);
}

ratls_code store_directory_open(const store_io *io, const char *dir, ratls_store *store,
                                ratls_error *error)
{
    store_dir *d = calloc(1, sizeof *d);
    size_t n = strlen(dir) + 1;
    char *path = malloc(n);
    if (d == NULL || path == NULL || pthread_mutex_init(&d->writing, NULL) != 0) {
        free(path);
        free(d);
        return refuse(error, RATLS_E_SYSTEM, 0, "store: out of memory");
    }
    memcpy(path, dir, n);
    d->io = io;
    d->path = path;
    /* The end of a long path says more than its beginning. */
    if (n <= sizeof d->shown)
        memcpy(d->shown, dir, n);
    else
        (void)snprintf(d->shown, sizeof d->shown, "...%s", dir + n - sizeof d->shown + 3);
    ratls_code code = open_directory(d, error);
    if (code != RATLS_OK) {
        directory_free(d);
        return code;
    }
    *store = (ratls_store){.name = d->path,
                           .state = d,
                           .get = directory_get,
                           .put = directory_put,
                           .list = directory_list,
                           .free = directory_free};
    return RATLS_OK;
}

ratls_code ratls_store_directory(const char *dir, ratls_store *store, ratls_error *error)
{
    return store_directory_open(&store_io_posix, dir, store, error);
}
