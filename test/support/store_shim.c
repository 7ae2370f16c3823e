#define _POSIX_C_SOURCE 200809L
#include "testing.h"

#include "store_shim.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define REAL store_io_posix

static shim_entry *entry_of(shim_entry *list, const char *name)
{
    for (int i = 0; i < SHIM_NAMES; i++)
        if (strcmp(list[i].name, name) == 0)
            return &list[i];
    return NULL;
}

static void entry_set(shim_entry *list, const char *name, int node)
{
    shim_entry *e = entry_of(list, name);
    if (e == NULL)
        e = entry_of(list, "");
    assert_non_null(e);
    if (e == NULL)
        return; /* assert_non_null does not say that it ends the test */
    (void)snprintf(e->name, sizeof e->name, "%s", name);
    e->node = node;
}

static void entry_drop(shim_entry *list, const char *name)
{
    shim_entry *e = entry_of(list, name);
    if (e != NULL)
        e->name[0] = '\0';
}

/* True: this call must give *result and do nothing. */
static bool strikes(shim *s, char op, const char *name, long *result)
{
    s->calls++;
    if (s->freeze != 0 && s->calls >= s->freeze) {
        *result = -EIO;
        return true;
    }
    shim_fault *f = &s->fault;
    if (f->op == op && strncmp(name, f->name, strlen(f->name)) == 0) {
        f->seen++;
        if (f->seen >= f->from && f->seen <= f->to) {
            *result = f->result;
            return true;
        }
    }
    bool may_wait = op == 'o' || op == 'i' || op == 'w' || op == 's';
    if (may_wait && s->interrupted < s->interrupts) {
        s->interrupted++;
        *result = -EINTR;
        return true;
    }
    s->interrupted = 0;
    return false;
}

static const char *name_of(const shim *s, int fd)
{
    assert_true(fd >= 0 && fd < SHIM_FDS);
    return s->name_of[fd];
}

static int node_new(shim *s)
{
    assert_true(s->nodes_n < SHIM_NODES);
    s->nodes[s->nodes_n].n = s->nodes[s->nodes_n].synced = 0;
    return s->nodes_n++;
}

static int shim_open(void *state, int dir, const char *name, int flags, unsigned mode)
{
    shim *s = state;
    long result;
    if (strikes(s, 'o', name, &result))
        return (int)result;
    int fd = REAL.open(NULL, dir, name, flags, mode);
    if (fd < 0)
        return fd;
    assert_true(fd < SHIM_FDS);
    s->open++;
    (void)snprintf(s->name_of[fd], sizeof s->name_of[fd], "%s", name);
    s->node_of[fd] = -1;
    if (dir == AT_FDCWD || (flags & O_DIRECTORY) != 0)
        return fd;
    shim_entry *e = entry_of(s->now, name);
    if (e == NULL && (flags & O_CREAT) != 0) {
        entry_set(s->now, name, node_new(s));
        e = entry_of(s->now, name);
    }
    s->node_of[fd] = e == NULL ? -1 : e->node;
    return fd;
}

static int shim_stat(void *state, int fd, struct stat *out)
{
    shim *s = state;
    long result;
    return strikes(s, 'f', name_of(s, fd), &result) ? (int)result : REAL.stat(NULL, fd, out);
}

static int shim_look(void *state, int dir, const char *name, struct stat *out)
{
    shim *s = state;
    long result;
    return strikes(s, 'k', name, &result) ? (int)result : REAL.look(NULL, dir, name, out);
}

static size_t cut_to(const shim *s, size_t n)
{
    return s->chunk != 0 && n > s->chunk ? s->chunk : n;
}

static long shim_read(void *state, int fd, void *out, size_t n)
{
    shim *s = state;
    long result;
    if (strikes(s, 'i', name_of(s, fd), &result))
        return result;
    return REAL.read(NULL, fd, out, cut_to(s, n));
}

static long shim_write(void *state, int fd, const void *p, size_t n)
{
    shim *s = state;
    long result;
    if (strikes(s, 'w', name_of(s, fd), &result))
        return result;
    long put = REAL.write(NULL, fd, p, cut_to(s, n));
    int node = s->node_of[fd];
    if (put > 0 && node >= 0) {
        shim_node *at = &s->nodes[node];
        if ((size_t)put > sizeof at->data - at->n) {
            /* Too long to remember: of use for faults only. */
            assert_int_equal(s->freeze, 0);
            return put;
        }
        memcpy(at->data + at->n, p, (size_t)put);
        at->n += (size_t)put;
    }
    return put;
}

static int shim_chmod(void *state, int fd, unsigned mode)
{
    shim *s = state;
    long result;
    return strikes(s, 'c', name_of(s, fd), &result) ? (int)result : REAL.chmod(NULL, fd, mode);
}

static int shim_sync(void *state, int fd)
{
    shim *s = state;
    const char *name = name_of(s, fd);
    long result;
    if (strikes(s, 's', name, &result))
        return (int)result;
    if (strcmp(name, "..") == 0)
        s->anchored = true;
    else if (s->node_of[fd] >= 0)
        s->nodes[s->node_of[fd]].synced = s->nodes[s->node_of[fd]].n;
    else
        memcpy(s->disk, s->now, sizeof s->disk);
    return s->skip_sync ? 0 : REAL.sync(NULL, fd);
}

static int shim_close(void *state, int fd)
{
    shim *s = state;
    long result = 0;
    bool struck = strikes(s, 'x', name_of(s, fd), &result);
    s->open--;
    /* Whatever it says, the file is closed then. */
    int closed = REAL.close(NULL, fd);
    return struck ? (int)result : closed;
}

static int shim_lock(void *state, int fd)
{
    shim *s = state;
    long result;
    return strikes(s, 'l', name_of(s, fd), &result) ? (int)result : REAL.lock(NULL, fd);
}

static int shim_unlock(void *state, int fd)
{
    shim *s = state;
    long result;
    return strikes(s, 'k', name_of(s, fd), &result) ? (int)result : REAL.unlock(NULL, fd);
}

static int shim_rename(void *state, int dir, const char *from, const char *to)
{
    shim *s = state;
    long result;
    if (strikes(s, 'r', to, &result))
        return (int)result;
    int failed = REAL.rename(NULL, dir, from, to);
    if (failed == 0) {
        entry_set(s->now, to, entry_of(s->now, from)->node);
        entry_drop(s->now, from);
    }
    return failed;
}

static int shim_remove(void *state, int dir, const char *name)
{
    shim *s = state;
    long result;
    if (strikes(s, 'u', name, &result))
        return (int)result;
    int failed = REAL.remove(NULL, dir, name);
    if (failed == 0)
        entry_drop(s->now, name);
    return failed;
}

static int shim_mkdir(void *state, const char *path, unsigned mode)
{
    shim *s = state;
    long result;
    if (strikes(s, 'm', path, &result))
        return (int)result;
    int failed = REAL.mkdir(NULL, path, mode);
    if (failed == 0)
        s->anchored = false;
    return failed;
}

static int shim_names(void *state, int dir, bool (*each)(void *context, const char *name),
                      void *context)
{
    shim *s = state;
    long result;
    return strikes(s, 'n', "", &result) ? (int)result : REAL.names(NULL, dir, each, context);
}

static unsigned shim_user(void *state)
{
    const shim *s = state;
    return s->user < 0 ? REAL.user(NULL) : (unsigned)s->user;
}

static uint64_t shim_unique(void *state)
{
    (void)state;
    return REAL.unique(NULL);
}

static void shim_pause(void *state, unsigned milliseconds)
{
    shim *s = state;
    assert_true(milliseconds > 0 && milliseconds < 1000);
    s->pauses++;
}

static void load(shim *s, const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", s->dir, name);
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    shim_node *node = &s->nodes[node_new(s)];
    ssize_t n = read(fd, node->data, sizeof node->data);
    assert_true(n >= 0);
    (void)close(fd);
    node->n = node->synced = (size_t)n;
    entry_set(s->now, name, s->nodes_n - 1);
}

/* `each` file of a directory, if that is there. */
static void files_of(const char *dir, void (*each)(shim *s, const char *name), shim *s)
{
    DIR *d = opendir(dir);
    const struct dirent *e;
    while (d != NULL && (e = readdir(d)) != NULL)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            each(s, e->d_name);
    if (d != NULL)
        (void)closedir(d);
}

void shim_init(shim *s, const char *dir)
{
    memset(s, 0, sizeof *s);
    s->dir = dir;
    s->user = -1;
    s->anchored = true;
    s->fault.name = "";
    files_of(dir, load, s);
    memcpy(s->disk, s->now, sizeof s->disk);
    s->io = (store_io){.state = s,
                       .open = shim_open,
                       .stat = shim_stat,
                       .look = shim_look,
                       .read = shim_read,
                       .write = shim_write,
                       .chmod = shim_chmod,
                       .sync = shim_sync,
                       .close = shim_close,
                       .lock = shim_lock,
                       .unlock = shim_unlock,
                       .rename = shim_rename,
                       .remove = shim_remove,
                       .mkdir = shim_mkdir,
                       .names = shim_names,
                       .user = shim_user,
                       .unique = shim_unique,
                       .pause = shim_pause};
}

static void drop(shim *s, const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", s->dir, name);
    assert_int_equal(unlink(path), 0);
}

void shim_empty(const char *dir)
{
    shim s = {.dir = dir};
    files_of(dir, drop, &s);
}

/* The file as it is on the disk, with `part` of 2 of what was not synced. */
static void store_file(const shim *s, const shim_entry *e, unsigned part)
{
    char path[1024];
    assert_in_range(snprintf(path, sizeof path, "%s/%s", s->dir, e->name), 1, sizeof path - 1);
    const shim_node *node = &s->nodes[e->node];
    size_t n = node->synced + (node->n - node->synced) * part / 2;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, node->data, n), n);
    assert_int_equal(close(fd), 0);
}

bool shim_cut(shim *s, unsigned variant)
{
    /* The names whose entry is not the same on the disk; bit i of the choice is for the i-th. */
    const char *changed[2 * SHIM_NAMES];
    unsigned n = 0;
    for (int i = 0; i < SHIM_NAMES; i++) {
        const shim_entry *e = &s->now[i], *d = e->name[0] ? entry_of(s->disk, e->name) : NULL;
        if (e->name[0] != '\0' && (d == NULL || d->node != e->node))
            changed[n++] = e->name;
    }
    for (int i = 0; i < SHIM_NAMES; i++)
        if (s->disk[i].name[0] != '\0' && entry_of(s->now, s->disk[i].name) == NULL)
            changed[n++] = s->disk[i].name;
    if (variant >= 3u << n)
        return false;
    unsigned part = variant % 3, choice = variant / 3;
    shim_empty(s->dir);
    shim_entry after[SHIM_NAMES];
    memcpy(after, s->disk, sizeof after);
    for (unsigned i = 0; i < n; i++) {
        if ((choice >> i & 1) == 0)
            continue;
        const shim_entry *e = entry_of(s->now, changed[i]);
        if (e == NULL)
            entry_drop(after, changed[i]);
        else
            entry_set(after, changed[i], e->node);
    }
    for (int i = 0; i < SHIM_NAMES; i++)
        if (after[i].name[0] != '\0')
            store_file(s, &after[i], part);
    return true;
}
