#define _POSIX_C_SOURCE 200809L
#include "audit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "command.h"
#include "crypto/crypto.h"
#include "sheet.h"
#include "sim/text.h"

enum { LOCK_TRIES = 200, LOCK_PAUSE_NS = 50 * 1000 * 1000 };

static bool failed(const audit *a, const char *what)
{
    complain("%s: can't be %s: %s", a->path, what, strerror(errno));
    return false;
}

bool audit_open(const char *path, audit *a)
{
    struct stat st;
    *a = (audit){open(path, O_RDWR | O_APPEND | O_CLOEXEC), path};
    if (a->fd < 0)
        return failed(a, "opened");
    if (fstat(a->fd, &st) == 0 && S_ISREG(st.st_mode))
        return true;
    complain("%s: is not an ordinary file, so nothing would be on record", path);
    audit_close(a);
    return false;
}

void audit_close(audit *a)
{
    if (a->fd >= 0)
        (void)close(a->fd);
    a->fd = -1;
}

bool audit_lock(const audit *a)
{
    for (unsigned tries = 0; tries < LOCK_TRIES; tries++) {
        struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        if (fcntl(a->fd, F_SETLK, &whole) == 0)
            return true;
        if (errno != EACCES && errno != EAGAIN && errno != EINTR)
            return failed(a, "locked");
        const struct timespec pause = {0, LOCK_PAUSE_NS};
        (void)nanosleep(&pause, NULL);
    }
    complain("%s: another signer has held it for ten seconds; try again", a->path);
    return false;
}

/* The last line has its end; so has an empty file. False with errno set. */
static bool ends_whole(int fd, off_t size, bool *whole)
{
    char last = '\n';
    if (size > 0 && pread(fd, &last, 1, size - 1) != 1)
        return false;
    *whole = last == '\n';
    return true;
}

bool audit_append(const audit *a, bytes line)
{
    char text[AUDIT_LINE_MAX + 2];
    struct stat st;
    bool whole;
    if (fstat(a->fd, &st) != 0 || !ends_whole(a->fd, st.st_size, &whole))
        return failed(a, "read");
    /* What a crash has left of a line stays apart from the next one. */
    writer w = wr_of(text, sizeof text);
    if (!whole)
        wr_u8(&w, '\n');
    wr_put(&w, line);
    wr_u8(&w, '\n');
    if (!wr_ok(&w)) {
        complain("%s: the line is longer than %d bytes", a->path, AUDIT_LINE_MAX);
        return false;
    }
    errno = 0;
    ssize_t n = write(a->fd, text, w.n);
    if (n == (ssize_t)w.n && fsync(a->fd) == 0)
        return true;
    if (errno == 0)
        errno = ENOSPC;
    (void)failed(a, "written, so nothing is issued");
    /* Half a line, or one that may not be on disk, would tell of what did not happen. */
    if (n > 0 && ftruncate(a->fd, st.st_size) != 0)
        (void)failed(a, "set back");
    return false;
}

/* Writing a line. */

static void key_of(writer *w, const char *key)
{
    text_format(w, "%s\"%s\":", w->n > 0 && w->out[w->n - 1] != '{' ? "," : "", key);
}

static void put_text(writer *w, const char *key, const char *text)
{
    char escaped[4 * RATLS_TEXT_SIZE];
    key_of(w, key);
    if (text == NULL) {
        text_put(w, "null");
        return;
    }
    escape_text(bytes_text(text), escaped, sizeof escaped);
    text_json(w, bytes_text(escaped));
}

static void put_hex(writer *w, const char *key, bytes b)
{
    key_of(w, key);
    if (b.n == 0) {
        text_put(w, "null");
        return;
    }
    text_put(w, "\"");
    text_hex(w, b, TEXT_LOWER);
    text_put(w, "\"");
}

static void put_bool(writer *w, const char *key, bool yes)
{
    key_of(w, key);
    text_put(w, yes ? "true" : "false");
}

static bool put_sha256(writer *w, const char *key, bytes b)
{
    uint8_t digest[32];
    if (b.n > 0 && !crypto_digest(CRYPTO_SHA256, &b, 1, digest))
        return false;
    put_hex(w, key, b.n > 0 ? bytes_of(digest, sizeof digest) : BYTES_NONE);
    return true;
}

static void put_list(writer *w, const char *key, const char *const *all, size_t n)
{
    key_of(w, key);
    text_put(w, "[");
    for (size_t i = 0; i < n; i++) {
        char escaped[4 * RATLS_TEXT_SIZE];
        escape_text(bytes_text(all[i]), escaped, sizeof escaped);
        text_put(w, i > 0 ? "," : "");
        text_json(w, bytes_text(escaped));
    }
    text_put(w, "]");
}

static void put_measurements(writer *w, const ratls_facts *f)
{
    static const char *const rtmr[] = {"rtmr0", "rtmr1", "rtmr2", "rtmr3"};
    key_of(w, "measurements");
    text_put(w, "{");
    if (f->tee == RATLS_TEE_SGX) {
        put_hex(w, "mrenclave", bytes_of(f->sgx.mrenclave, sizeof f->sgx.mrenclave));
        put_hex(w, "mrsigner", bytes_of(f->sgx.mrsigner, sizeof f->sgx.mrsigner));
        text_format(w, ",\"isv_prod_id\":%u,\"isv_svn\":%u", (unsigned)f->sgx.isv_prod_id,
                    (unsigned)f->sgx.isv_svn);
    } else {
        put_hex(w, "mrtd", bytes_of(f->tdx.mrtd, sizeof f->tdx.mrtd));
        put_hex(w, "mrconfigid", bytes_of(f->tdx.mrconfigid, sizeof f->tdx.mrconfigid));
        for (size_t i = 0; i < sizeof rtmr / sizeof *rtmr; i++)
            put_hex(w, rtmr[i], bytes_of(f->tdx.rtmr[i], sizeof f->tdx.rtmr[i]));
    }
    text_put(w, "}");
}

static void put_platform(writer *w, const ratls_pck_facts *p)
{
    key_of(w, "platform");
    text_put(w, "{");
    put_hex(w, "ppid", bytes_of(p->ppid, sizeof p->ppid));
    put_hex(w, "fmspc", bytes_of(p->fmspc, sizeof p->fmspc));
    put_hex(w, "platform_instance_id",
            p->has_platform ? bytes_of(p->platform_instance_id, sizeof p->platform_instance_id)
                            : BYTES_NONE);
    text_put(w, "}");
}

/* What was attested; nothing of it where the evidence is not genuine. */
static void put_facts(writer *w, const ratls_result *r)
{
    const ratls_facts *f = ratls_result_facts(r);
    size_t n;
    const char *const *insecure = ratls_result_insecure(r, &n);
    bool valid = ratls_result_evidence_valid(r);
    put_bool(w, "evidence_valid", valid);
    put_text(w, "tee", !valid ? NULL : f->tee == RATLS_TEE_SGX ? "sgx" : "tdx");
    if (valid) {
        put_measurements(w, f);
        put_bool(w, "debug", f->debug);
    } else {
        text_put(w, ",\"measurements\":null,\"debug\":null");
    }
    if (valid && f->has_pck)
        put_platform(w, &f->pck);
    else
        text_put(w, ",\"platform\":null");
    put_text(w, "tcb_status", valid ? ratls_tcb_status_name(f->tcb_status) : NULL);
    put_bool(w, "other_root", f->other_root);
    put_text(w, "binding", ratls_result_binding_level(r));
    put_text(w, "identity", ratls_result_identity(r));
    put_list(w, "insecure", insecure, n);
}

bool audit_line(const decision *d, writer *w)
{
    bool yes = d->accepted;
    text_put(w, "{");
    put_text(w, "time", ISO(d->time));
    put_text(w, "decision", yes ? "accepted" : "refused");
    put_hex(w, "serial", yes ? d->serial : BYTES_NONE);
    put_text(w, "not_after", yes ? ISO(d->not_after) : NULL);
    put_list(w, "names", d->names, yes ? d->names_n : 0);
    bool ok = put_sha256(w, "key_sha256", d->key) && put_sha256(w, "policy_sha256", d->policy);
    put_hex(w, "nonce", d->nonce);
    put_facts(w, d->result);
    put_text(w, "check", yes ? NULL : d->check);
    put_text(w, "code", ratls_code_name(yes ? RATLS_OK : d->code));
    put_text(w, "reason", yes ? "the policy accepts the evidence" : d->reason);
    text_put(w, "}");
    return ok && wr_ok(w) && w->n <= AUDIT_LINE_MAX;
}
