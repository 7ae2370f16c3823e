/* SGX quotes inside Gramine, by its pseudo-files [Gramine: attestation, /dev/attestation]. */
#include <errno.h>
#include <stdlib.h>

#include "attest/sources.h"
#include "base/hex.h"
#include "base/reader.h"

static const char default_root[] = "/dev/attestation";

enum {
    QUOTE_MAX = 8192,
    SIGNATURE_LENGTH_AT = 432, /* of a version 3 quote; what it counts follows it [DCAP 1.1] */
    REPORT_DATA_SIZE = 64,
    TYPE_MAX = 32
};

/* The file is there only inside Gramine. */
static ratls_code check_type(const source_state *s, ratls_error *e)
{
    char path[IO_PATH_MAX];
    uint8_t type[TYPE_MAX];
    io_path(path, s->root, "attestation_type");
    long n = io_read_file(s->io, path, type, sizeof type);
    if (n == -ENOENT || n == -ENOTDIR)
        return refuse(e, RATLS_E_MISSING, 0, "gramine: no %s: this is not inside Gramine", path);
    if (n < 0)
        return refuse(e, RATLS_E_SYSTEM, 0, "gramine: reading %s: %s", path, IO_ERROR(n));
    bytes found = bytes_of(type, (size_t)n);
    if (!bytes_is(found, "dcap")) {
        bool none = bytes_is(found, "none"), epid = bytes_is(found, "epid");
        return refuse(e, RATLS_E_UNSUPPORTED, 0,
                      "gramine: attestation_type is \"%s\", expected \"dcap\": set "
                      "sgx.remote_attestation in the manifest",
                      none   ? "none"
                      : epid ? "epid"
                             : HEX(found));
    }
    return RATLS_OK;
}

/* A quote is 436 bytes and as many more as those at 432 say: what is less was cut off. */
static ratls_code check_length(bytes quote, ratls_error *e)
{
    reader r = rd_of(quote);
    (void)rd_take(&r, SIGNATURE_LENGTH_AT);
    size_t more = rd_le32(&r);
    if (!rd_ok(&r))
        return refuse(e, RATLS_E_MALFORMED, quote.n,
                      "gramine: a quote of %zu bytes, cut off before its signature", quote.n);
    if (more != rd_left(&r))
        return refuse(e, RATLS_E_MALFORMED, SIGNATURE_LENGTH_AT,
                      "gramine: a quote of %zu bytes, by its own lengths it has %zu", quote.n,
                      more + SIGNATURE_LENGTH_AT + 4);
    return RATLS_OK;
}

static ratls_code gramine_quote(void *state, const uint8_t report_data[64], uint8_t *out,
                                size_t cap, size_t *n, ratls_error *e)
{
    const source_state *s = state;
    char path[IO_PATH_MAX];
    io_path(path, s->root, "user_report_data");
    int failed = io_write_file(s->io, path, bytes_of(report_data, REPORT_DATA_SIZE));
    if (failed != 0)
        return refuse(e, RATLS_E_SYSTEM, 0, "gramine: writing 64 bytes to %s: %s", path,
                      IO_ERROR(failed));
    io_path(path, s->root, "quote");
    /* Opening makes it. */
    long got = io_read_file(s->io, path, out, cap < QUOTE_MAX ? cap : QUOTE_MAX);
    if (got == -EACCES)
        return refuse(
            e, RATLS_E_SYSTEM, 0,
            "gramine: opening %s: permission denied: the platform could not make a quote; "
            "see the logs of aesmd and of Gramine",
            path);
    if (got == -EFBIG)
        return refuse(e, RATLS_E_LIMIT, 0, "gramine: a quote of more than %d bytes", QUOTE_MAX);
    if (got < 0)
        return refuse(e, RATLS_E_SYSTEM, 0, "gramine: reading %s: %s", path, IO_ERROR(got));
    *n = (size_t)got;
    return check_length(bytes_of(out, *n), e);
}

ratls_code gramine_source(const attest_io *io, const ratls_source_paths *paths,
                          ratls_source *source, ratls_error *e)
{
    source_state *s;
    const char *root = paths != NULL && paths->gramine != NULL ? paths->gramine : default_root;
    ratls_code code = source_state_new(io, "gramine", root, NULL, &s, e);
    if (code == RATLS_OK)
        code = check_type(s, e);
    if (code != RATLS_OK) {
        free(s);
        return code;
    }
    *source = (ratls_source){.name = "gramine", .state = s, .quote = gramine_quote, .free = free};
    return RATLS_OK;
}
