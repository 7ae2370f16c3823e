/* TDX quotes by configfs-tsm [Linux: ABI/testing/configfs-tsm]. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "attest/sources.h"
#include "base/hex.h"
#include "crypto/private.h"

static const char default_root[] = "/sys/kernel/config/tsm/report";

enum {
    REPORT_DATA_SIZE = 64,
    ATTEMPTS = 5,    /* when somebody else writes, or a signal comes */
    PAUSE_MS = 20,   /* before the second; doubled each time */
    QUOTE_MIN = 632, /* header and TD report; what it holds is checked where it is read */
    NAMES = 3        /* tried if one is taken */
};

/* A directory of our own in configfs, and what is in it. */
typedef struct entry {
    const attest_io *io;
    char path[IO_PATH_MAX];
} entry;

static ratls_code entry_new(const source_state *s, entry *out, ratls_error *e)
{
    int failed = -EEXIST;
    out->io = s->io;
    for (unsigned i = 0; failed == -EEXIST && i < NAMES; i++) {
        uint8_t random[8];
        char name[6 + 2 * sizeof random + 1] = "ratls-";
        if (!crypto_random(random, sizeof random))
            return refuse(e, RATLS_E_SYSTEM, 0, "tsm: no random numbers");
        hex_encode(bytes_of(random, sizeof random), name + 6);
        io_path(out->path, s->root, name);
        failed = s->io->mkdir(s->io->state, out->path);
    }
    if (failed == -ENOENT)
        return refuse(e, RATLS_E_MISSING, 0,
                      "tsm: no %s: configfs is not mounted, or no TEE of this machine offers it",
                      s->root);
    if (failed == -EACCES || failed == -EPERM)
        return refuse(e, RATLS_E_SYSTEM, 0,
                      "tsm: no permission to make a directory in %s: only root may", s->root);
    if (failed == -ENXIO)
        return refuse(e, RATLS_E_MISSING, 0, "tsm: %s has no provider: no TEE registered with it",
                      s->root);
    if (failed != 0)
        return refuse(e, RATLS_E_SYSTEM, 0, "tsm: making a directory in %s: %s", s->root,
                      IO_ERROR(failed));
    return RATLS_OK;
}

static void entry_free(const entry *t)
{
    (void)t->io->rmdir(t->io->state, t->path);
}

static long entry_read(const entry *t, const char *name, uint8_t *out, size_t cap)
{
    char path[IO_PATH_MAX];
    io_path(path, t->path, name);
    return io_read_file(t->io, path, out, cap);
}

static ratls_code check_provider(const entry *t, ratls_error *e)
{
    uint8_t text[64];
    long n = entry_read(t, "provider", text, sizeof text);
    if (n < 0)
        return refuse(e, RATLS_E_SYSTEM, 0, "tsm: reading provider: %s", IO_ERROR(n));
    if (bytes_is(bytes_of(text, (size_t)n), "tdx_guest\n"))
        return RATLS_OK;
    bool snp = bytes_is(bytes_of(text, (size_t)n), "sev_guest\n");
    bool cca = bytes_is(bytes_of(text, (size_t)n), "arm_cca_guest\n");
    return refuse(e, RATLS_E_UNSUPPORTED, 0, "tsm: the provider is %s, expected tdx_guest",
                  snp   ? "sev_guest"
                  : cca ? "arm_cca_guest"
                        : "of an unknown kind");
}

/* Counts the writes to all attributes of the entry, in decimal. */
static ratls_code read_generation(const entry *t, uint64_t *out, ratls_error *e)
{
    uint8_t text[32];
    long n = entry_read(t, "generation", text, sizeof text);
    if (n < 0)
        return refuse(e, RATLS_E_SYSTEM, 0, "tsm: reading generation: %s", IO_ERROR(n));
    *out = 0;
    long i = 0;
    for (; i < n && i < 18 && text[i] >= '0' && text[i] <= '9'; i++)
        *out = 10 * *out + (uint64_t)(text[i] - '0');
    if (i == 0 || i + 1 != n || text[i] != '\n')
        return refuse(e, RATLS_E_MALFORMED, 0, "tsm: generation is no decimal number and newline");
    return RATLS_OK;
}

static ratls_code refuse_outblob(long failed, ratls_error *e)
{
    static const struct {
        int error;
        const char *why;
    } known[] = {
        {EINVAL, "the kernel did not take the report data"},
        {ETIMEDOUT, "the host did not answer in time"},
        {EBUSY, "another program kept it busy"},
        {EINTR, "signals kept interrupting it"},
        {EFBIG, "the quote is too long"},
        {ENXIO, "the provider is gone"},
        {EACCES, "no permission"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].error == -failed)
            return refuse(e, failed == -EFBIG ? RATLS_E_LIMIT : RATLS_E_SYSTEM, 0,
                          "tsm: reading outblob: %s", known[i].why);
    return refuse(e, RATLS_E_SYSTEM, 0, "tsm: reading outblob: %s", IO_ERROR(failed));
}

/*
 * One round. Writing is committed when the file is closed, and its errors are dropped there: only
 * `generation` tells that it arrived, and that nobody else wrote. *again: that went wrong, or the
 * kernel says that it would be worth it.
 */
static ratls_code ask(const entry *t, const uint8_t *report_data, uint8_t *out, size_t cap,
                      size_t *n, bool *again, ratls_error *e)
{
    char path[IO_PATH_MAX];
    uint64_t before = 0, after = 0;
    *again = false;
    io_path(path, t->path, "inblob");
    ratls_code code = read_generation(t, &before, e);
    if (code != RATLS_OK)
        return code;
    int failed = io_write_file(t->io, path, bytes_of(report_data, REPORT_DATA_SIZE));
    if (failed != 0) {
        *again = failed == -EBUSY || failed == -EINTR;
        return refuse(e, RATLS_E_SYSTEM, 0, "tsm: writing 64 bytes to inblob: %s",
                      IO_ERROR(failed));
    }
    long got = entry_read(t, "outblob", out, cap);
    if (got < 0) {
        *again = got == -EBUSY || got == -EINTR;
        return refuse_outblob(got, e);
    }
    code = read_generation(t, &after, e);
    if (code != RATLS_OK)
        return code;
    if (after != before + 1) {
        *again = true;
        return refuse(e, RATLS_E_SYSTEM, 0,
                      "tsm: generation went from %" PRIu64 " to %" PRIu64
                      ", expected one more: another program writes to our entry",
                      before, after);
    }
    if (got < QUOTE_MIN)
        return refuse(e, RATLS_E_MALFORMED, (size_t)got,
                      "tsm: outblob has %ld bytes, a TDX quote has more: it was cut off", got);
    *n = (size_t)got;
    return RATLS_OK;
}

static ratls_code tsm_quote(void *state, const uint8_t report_data[64], uint8_t *out, size_t cap,
                            size_t *n, ratls_error *e)
{
    const source_state *s = state;
    entry t;
    ratls_code code = entry_new(s, &t, e);
    if (code != RATLS_OK)
        return code;
    bool again = true;
    for (unsigned i = 0; again && i < ATTEMPTS; i++) {
        if (i > 0)
            s->io->pause(s->io->state, (unsigned)PAUSE_MS << (i - 1));
        code = ask(&t, report_data, out, cap, n, &again, e);
    }
    entry_free(&t);
    return code;
}

/* Makes an entry to see whose it is. */
static ratls_code probe(const source_state *s, ratls_error *e)
{
    entry t;
    ratls_code code = entry_new(s, &t, e);
    if (code != RATLS_OK)
        return code;
    code = check_provider(&t, e);
    entry_free(&t);
    return code;
}

ratls_code tsm_source(const attest_io *io, const ratls_source_paths *paths, ratls_source *source,
                      ratls_error *e)
{
    source_state *s;
    const char *root = paths != NULL && paths->tsm != NULL ? paths->tsm : default_root;
    ratls_code code = source_state_new(io, "tsm", root, NULL, &s, e);
    if (code == RATLS_OK)
        code = probe(s, e);
    if (code != RATLS_OK) {
        free(s);
        return code;
    }
    *source = (ratls_source){.name = "tsm", .state = s, .quote = tsm_quote, .free = free};
    return RATLS_OK;
}
