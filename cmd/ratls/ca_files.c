#define _POSIX_C_SOURCE 200809L
#include "ca_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "issue/ordinary.h"

static bool failed(const char *path, const char *what)
{
    complain("%s: can't be %s: %s", path, what, strerror(errno));
    return false;
}

bool ca_path(const char *dir, const char *name, char out[CA_PATH_MAX])
{
    int n = snprintf(out, CA_PATH_MAX, "%s/%s", dir, name);
    if (n > 0 && n < CA_PATH_MAX)
        return true;
    complain("the path of the CA has more than %d bytes", CA_PATH_MAX - 1);
    return false;
}

static bool read_certificate(const char *path, ca *c)
{
    bytes der;
    ratls_error e;
    if (!input_read_own(path, &c->file))
        return false;
    c->space = malloc(c->file.n + 1);
    if (c->space == NULL) {
        complain("out of memory");
        return false;
    }
    ratls_code code = input_certificate(input_bytes(&c->file), c->space, &der, &e);
    if (code == RATLS_OK)
        code = certificate_parse(der, &c->certificate, &e);
    if (code != RATLS_OK)
        complain("%s: %s", path, e.text);
    return code == RATLS_OK;
}

static bool read_key(const char *path, ca *c)
{
    struct stat st;
    input file;
    if (stat(path, &st) != 0)
        return failed(path, "read");
    if ((st.st_mode & 077) != 0) {
        complain("%s: others can read it (mode %04o), expected 0600", path,
                 (unsigned)st.st_mode & 07777);
        return false;
    }
    if (!input_read_own(path, &file))
        return false;
    c->key = crypto_private_from_pem(input_bytes(&file));
    if (file.data != NULL)
        crypto_wipe(file.data, file.n);
    input_free(&file);
    if (c->key == NULL)
        complain("%s: is not a PEM private key on P-256 or P-384, or RSA with 3072 bits, without a "
                 "passphrase",
                 path);
    return c->key != NULL;
}

bool ca_open(const char *dir, ca *out)
{
    char path[CA_PATH_MAX], key[CA_PATH_MAX];
    ratls_error e;
    *out = (ca){.key = NULL};
    bool ok = ca_path(dir, CA_CERTIFICATE, path) && ca_path(dir, CA_KEY, key) &&
              ca_path(dir, CA_LOG, out->log) && read_certificate(path, out) && read_key(key, out);
    if (ok && ordinary_check_ca(&out->certificate, out->key, &e) != RATLS_OK) {
        complain("%s: %s", dir, e.text);
        ok = false;
    }
    if (!ok)
        ca_close(out);
    return ok;
}

void ca_close(ca *c)
{
    crypto_private_free(c->key);
    c->key = NULL;
    free(c->space);
    c->space = NULL;
    input_free(&c->file);
}

/* All of it, on disk. False with errno set. */
static bool fill(int fd, bytes content)
{
    while (content.n > 0) {
        ssize_t n = write(fd, content.p, content.n);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0)
            content = bytes_of(content.p + n, content.n - (size_t)n);
    }
    return fsync(fd) == 0;
}

/* Closes it in any case. */
static bool fill_and_close(int fd, bytes content)
{
    bool ok = fill(fd, content);
    int why = errno;
    if (close(fd) != 0 && ok) {
        ok = false;
        why = errno;
    }
    errno = why;
    return ok;
}

/* A file that is not there yet. */
static bool make(const char *path, bytes content, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return failed(path, "made");
    if (fill_and_close(fd, content))
        return true;
    (void)failed(path, "written");
    (void)unlink(path);
    return false;
}

/* The certificate last: a directory with one is a whole CA. */
bool ca_create(const char *dir, bytes certificate_pem, bytes key_pem)
{
    static const char *const names[] = {CA_KEY, CA_LOG, CA_CERTIFICATE};
    static const mode_t modes[] = {0600, 0600, 0644};
    const bytes contents[] = {key_pem, BYTES_NONE, certificate_pem};
    char path[CA_PATH_MAX];
    size_t made = 0;
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return failed(dir, "made");
    while (made < 3 && ca_path(dir, names[made], path) && make(path, contents[made], modes[made]))
        made++;
    if (made == 3)
        return true;
    while (made-- > 0)
        if (ca_path(dir, names[made], path))
            (void)unlink(path);
    return false;
}

bool ca_draft_new(const char *path, ca_draft *out)
{
    int n = snprintf(out->path, sizeof out->path, "%s.XXXXXX", path);
    if (n < 0 || (size_t)n >= sizeof out->path) {
        complain("--out: the path has more than %d bytes", CA_PATH_MAX - 8);
        return false;
    }
    out->fd = mkstemp(out->path); /* mode 0600 */
    return out->fd >= 0 || failed(path, "written");
}

bool ca_draft_publish(ca_draft *draft, bytes content, const char *path)
{
    if (fill_and_close(draft->fd, content) && chmod(draft->path, 0644) == 0 &&
        rename(draft->path, path) == 0)
        return true;
    (void)failed(path, "written, though the issue is on record");
    (void)unlink(draft->path);
    return false;
}

void ca_draft_drop(ca_draft *draft)
{
    (void)close(draft->fd);
    (void)unlink(draft->path);
}
