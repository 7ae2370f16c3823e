#define _POSIX_C_SOURCE 200809L
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

enum { CHUNK = 1000, TD_REPORT_DATA_AT = 128 };

static bool ends(const char *path, const char *end)
{
    size_t n = strlen(path), m = strlen(end);
    return n >= m && strcmp(path + n - m, end) == 0;
}

/* The fault that strikes now; NULL if none. */
static kernel_fault *strike(kernel *k, char op, const char *path)
{
    for (size_t i = 0; i < KERNEL_FAULTS; i++) {
        kernel_fault *f = &k->faults[i];
        if (f->times > 0 && f->op == op && ends(path, f->path)) {
            f->times--;
            return f;
        }
    }
    return NULL;
}

static bytes quote_over(kernel *k, const uint8_t report_data[64])
{
    uint8_t data[64];
    memcpy(data, report_data, sizeof data);
    data[0] ^= k->other_data ? 1 : 0;
    k->quotes++;
    bytes q = vendor_quote(&k->vendor, bytes_of(data, sizeof data)).quote;
    if (k->longer)
        return join(q, bytes_of(arena_alloc(65536), 65536));
    return bytes_cut(q, k->keep != 0 ? k->keep : q.n - k->cut);
}

static int file_new(kernel *k, const char *path, bytes content)
{
    for (int i = 0; i < KERNEL_FILES; i++)
        if (!k->files[i].used) {
            k->files[i] = (kernel_file){.used = true, .fresh = true, .content = content};
            (void)snprintf(k->files[i].path, sizeof k->files[i].path, "%s", path);
            return i + 3;
        }
    return -EMFILE;
}

static kernel_file *file_of(kernel *k, int fd)
{
    MUST(fd >= 3 && fd < 3 + KERNEL_FILES && k->files[fd - 3].used);
    return &k->files[fd - 3];
}

static int open_gramine(kernel *k, const char *path, int flags)
{
    if (!k->gramine)
        return -ENOENT;
    if (ends(path, "/attestation_type"))
        return file_new(k, path, bytes_text(k->type));
    if (ends(path, "/user_report_data"))
        return (flags & O_ACCMODE) == O_WRONLY ? file_new(k, path, BYTES_NONE) : -EACCES;
    /* The quote is made now, whatever is written later. */
    return ends(path, "/quote") ? file_new(k, path, quote_over(k, k->report_data)) : -ENOENT;
}

static int open_tsm(kernel *k, const char *path, int flags)
{
    const char *name = strrchr(path, '/') + 1;
    if (k->entry[0] == '\0' || strncmp(path, k->entry, strlen(k->entry)) != 0)
        return -ENOENT;
    if (strcmp(name, "provider") == 0)
        return file_new(k, path, bytes_text(k->provider));
    if (strcmp(name, "generation") == 0)
        return file_new(k, path,
                        k->generation_text != NULL
                            ? bytes_text(k->generation_text)
                            : arena_format("%llu\n", (unsigned long long)k->generation));
    if (strcmp(name, "inblob") == 0)
        return (flags & O_ACCMODE) == O_WRONLY ? file_new(k, path, BYTES_NONE) : -EACCES;
    return strcmp(name, "outblob") == 0 ? file_new(k, path, BYTES_NONE) : -ENOENT;
}

static int kernel_open(void *state, const char *path, int flags)
{
    kernel *k = state;
    const kernel_fault *f = strike(k, 'o', path);
    if (f != NULL)
        return (int)f->result;
    if (strncmp(path, "/gramine/", 9) == 0)
        return open_gramine(k, path, flags);
    if (strncmp(path, "/tsm/", 5) == 0)
        return open_tsm(k, path, flags);
    return strcmp(path, "/tdx") == 0 && k->tdx_guest ? file_new(k, path, BYTES_NONE) : -ENOENT;
}

static long kernel_read(void *state, int fd, void *out, size_t n)
{
    kernel *k = state;
    kernel_file *file = file_of(k, fd);
    const kernel_fault *f = strike(k, 'r', file->path);
    if (f != NULL)
        return f->result;
    /* The first read generates. */
    if (file->fresh && ends(file->path, "/outblob")) {
        if (!k->has_inblob)
            return -EINVAL;
        file->content = quote_over(k, k->inblob);
    }
    file->fresh = false;
    size_t left = file->content.n - file->at;
    n = n < left ? n : left;
    n = n < CHUNK ? n : CHUNK;
    if (n > 0)
        memcpy(out, file->content.p + file->at, n);
    file->at += n;
    return (long)n;
}

bytes kernel_qgs_answer(bytes quote)
{
    buf b = {0};
    size_t n = 16 + 8 + 16 + quote.n;
    buf_be(&b, n, 4);
    buf_le(&b, 1, 2);
    buf_le(&b, 1, 2);
    buf_le(&b, 1, 4);
    buf_le(&b, n, 4);
    buf_le(&b, 0, 4);
    buf_le(&b, 16, 4);
    buf_le(&b, quote.n, 4);
    buf_fill(&b, 7, 16); /* the enclave that was selected */
    buf_put(&b, quote);
    return buf_bytes(&b);
}

/* The request is whole: header, sizes, TDREPORT. */
static void serve(kernel *k, kernel_file *file)
{
    static const char head[] = "00000418"
                               "0100010000000000"
                               "1804000000000000"
                               "0004000000000000";
    bytes request = bytes_of(file->written, file->written_n);
    if (request.n < 1052)
        return;
    MUST(request.n == 1052 && bytes_equal(bytes_cut(request, 28), bytes_from_hex(head)));
    file->content = k->answer.p != NULL
                        ? k->answer
                        : kernel_qgs_answer(quote_over(k, request.p + 28 + TD_REPORT_DATA_AT));
}

static long kernel_write(void *state, int fd, const void *p, size_t n)
{
    kernel *k = state;
    kernel_file *file = file_of(k, fd);
    const kernel_fault *f = strike(k, 'w', file->path);
    if (f != NULL && f->result < 0)
        return f->result;
    if (f != NULL)
        n = (size_t)f->result;
    if (ends(file->path, "/user_report_data")) {
        /* All in one write, or none. */
        if (n != 64 || file->written_n != 0)
            return f != NULL ? (long)n : -EINVAL;
        memcpy(k->report_data, p, n);
    }
    if (n > sizeof file->written - file->written_n)
        return -EINVAL;
    memcpy(file->written + file->written_n, p, n);
    file->written_n += n;
    if (ends(file->path, "/qgs"))
        serve(k, file);
    return (long)n;
}

/* Configfs keeps what is written until the file is closed, and drops errors there. */
static int kernel_close(void *state, int fd)
{
    kernel *k = state;
    kernel_file *file = file_of(k, fd);
    if (ends(file->path, "/inblob") && file->written_n == 64 && !k->ignore_inblob) {
        memcpy(k->inblob, file->written, 64);
        k->has_inblob = true;
        k->generation++;
        if (k->interlopers > 0) {
            k->interlopers--;
            k->inblob[0] ^= 0xff;
            k->generation++;
        }
    }
    file->used = false;
    return 0;
}

static int kernel_mkdir(void *state, const char *path)
{
    kernel *k = state;
    const kernel_fault *f = strike(k, 'm', path);
    if (f != NULL)
        return (int)f->result;
    if (strncmp(path, "/tsm/", 5) != 0 || !k->tsm)
        return -ENOENT;
    if (k->entry[0] != '\0')
        return -EEXIST;
    (void)snprintf(k->entry, sizeof k->entry, "%s", path);
    k->generation = 0;
    k->has_inblob = false;
    k->entries++;
    return 0;
}

static int kernel_rmdir(void *state, const char *path)
{
    kernel *k = state;
    if (strcmp(path, k->entry) != 0)
        return -ENOENT;
    for (size_t i = 0; i < KERNEL_FILES; i++)
        if (k->files[i].used && strncmp(k->files[i].path, k->entry, strlen(k->entry)) == 0)
            return -EBUSY;
    k->entry[0] = '\0';
    return 0;
}

static int kernel_td_report(void *state, int fd, const uint8_t report_data[64],
                            uint8_t report[1024])
{
    kernel *k = state;
    const kernel_fault *f = strike(k, 't', file_of(k, fd)->path);
    if (f != NULL)
        return (int)f->result;
    memset(report, 0, 1024);
    report[0] = 0x81;
    memcpy(report + TD_REPORT_DATA_AT, report_data, 64);
    report[TD_REPORT_DATA_AT] ^= k->other_data ? 1 : 0;
    return 0;
}

static int kernel_connect(void *state, const char *path, unsigned port)
{
    kernel *k = state;
    const kernel_fault *f = strike(k, 'c', path != NULL ? path : "/qgs");
    if (f != NULL)
        return (int)f->result;
    MUST(path != NULL ? strcmp(path, "/qgs") == 0 : port == 4050);
    return file_new(k, "/qgs", BYTES_NONE);
}

static void kernel_pause(void *state, unsigned milliseconds)
{
    kernel *k = state;
    MUST(milliseconds > 0 && milliseconds < 1000);
    k->pauses++;
}

void kernel_init(kernel *k, quote_tee tee, unsigned version)
{
    *k = (kernel){.vendor = vendor_of(tee, version, false, VENDOR_T0),
                  .type = "dcap",
                  .provider = "tdx_guest\n"};
    k->io = (attest_io){.state = k,
                        .open = kernel_open,
                        .read = kernel_read,
                        .write = kernel_write,
                        .close = kernel_close,
                        .mkdir = kernel_mkdir,
                        .rmdir = kernel_rmdir,
                        .td_report = kernel_td_report,
                        .connect = kernel_connect,
                        .pause = kernel_pause};
}

bool kernel_clean(const kernel *k)
{
    for (size_t i = 0; i < KERNEL_FILES; i++)
        if (k->files[i].used)
            return false;
    return k->entry[0] == '\0';
}
