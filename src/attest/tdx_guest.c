/* TDX quotes without configfs: a TDREPORT from the device, a quote for it from the host's quote
 * generation service. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "attest/qgs.h"
#include "attest/sources.h"

static const char default_device[] = "/dev/tdx_guest";

enum {
    PORT = 4050,          /* where Intel's service listens */
    REPORT_DATA_AT = 128, /* in a TDREPORT [SDM REPORTMACSTRUCT] */
    REPORT_DATA_SIZE = 64,
    INTERRUPTIONS_MAX = 100
};

static ratls_code refuse_device(const char *path, int failed, ratls_error *e)
{
    if (failed == -ENOENT || failed == -ENXIO || failed == -ENODEV)
        return refuse(e, RATLS_E_MISSING, 0, "tdx_guest: no %s: this is not in a TD", path);
    if (failed == -EACCES || failed == -EPERM)
        return refuse(e, RATLS_E_SYSTEM, 0, "tdx_guest: no permission to open %s", path);
    return refuse(e, RATLS_E_SYSTEM, 0, "tdx_guest: opening %s: %s", path, IO_ERROR(failed));
}

static ratls_code get_report(const source_state *s, const uint8_t *report_data,
                             uint8_t report[QGS_REPORT_SIZE], ratls_error *e)
{
    const attest_io *io = s->io;
    int fd = io->open(io->state, s->root, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return refuse_device(s->root, fd, e);
    int failed = io->td_report(io->state, fd, report_data, report);
    (void)io->close(io->state, fd);
    if (failed != 0)
        return refuse(e, RATLS_E_SYSTEM, 0, "tdx_guest: TDX_CMD_GET_REPORT0 of %s: %s", s->root,
                      IO_ERROR(failed));
    if (!bytes_equal(bytes_of(report + REPORT_DATA_AT, REPORT_DATA_SIZE),
                     bytes_of(report_data, REPORT_DATA_SIZE)))
        return refuse(e, RATLS_E_BINDING, REPORT_DATA_AT,
                      "tdx_guest: the TD report is over other report data than was asked for");
    return RATLS_OK;
}

static int send_all(const attest_io *io, int fd, bytes b)
{
    unsigned interruptions = 0;
    while (b.n > 0) {
        long n = io->write(io->state, fd, b.p, b.n);
        if (n == -EINTR && interruptions++ < INTERRUPTIONS_MAX)
            continue;
        if (n <= 0)
            return n < 0 ? (int)n : -EPIPE;
        b = bytes_of(b.p + n, b.n - (size_t)n);
    }
    return 0;
}

static int receive_all(const attest_io *io, int fd, uint8_t *out, size_t n)
{
    unsigned interruptions = 0;
    while (n > 0) {
        long got = io->read(io->state, fd, out, n);
        if (got == -EINTR && interruptions++ < INTERRUPTIONS_MAX)
            continue;
        if (got <= 0)
            return got < 0 ? (int)got : -ECONNRESET;
        out += got;
        n -= (size_t)got;
    }
    return 0;
}

/* The answer without its length. */
static ratls_code receive(const attest_io *io, int fd, uint8_t *out, size_t *n, ratls_error *e)
{
    uint8_t prefix[4];
    int failed = receive_all(io, fd, prefix, sizeof prefix);
    if (failed == 0) {
        reader r = rd_of(bytes_of(prefix, sizeof prefix));
        *n = (size_t)rd_be(&r, sizeof prefix);
        if (*n > QGS_RESPONSE_MAX)
            return refuse(e, RATLS_E_LIMIT, 0, "qgs: an answer of %zu bytes, at most %d are read",
                          *n, QGS_RESPONSE_MAX);
        failed = receive_all(io, fd, out, *n);
    }
    if (failed == -EAGAIN || failed == -EWOULDBLOCK)
        return refuse(e, RATLS_E_SYSTEM, 0, "qgs: the host did not answer in time");
    if (failed != 0)
        return refuse(e, RATLS_E_SYSTEM, 0, "qgs: the answer was cut off: %s", IO_ERROR(failed));
    return RATLS_OK;
}

static ratls_code ask(const source_state *s, const uint8_t report[QGS_REPORT_SIZE], uint8_t *out,
                      size_t *n, ratls_error *e)
{
    const attest_io *io = s->io;
    uint8_t request[QGS_REQUEST_SIZE];
    writer w = wr_of(request, sizeof request);
    qgs_write_request(&w, report);
    int fd = io->connect(io->state, s->other[0] != '\0' ? s->other : NULL, PORT);
    if (fd < 0)
        return refuse(e, RATLS_E_SYSTEM, 0,
                      "qgs: no connection to the host's quote generation service%s%s: %s",
                      s->other[0] != '\0' ? " at " : "", s->other, IO_ERROR(fd));
    int failed = send_all(io, fd, wr_bytes(&w));
    ratls_code code;
    if (failed == 0)
        code = receive(io, fd, out, n, e);
    else
        code = refuse(e, RATLS_E_SYSTEM, 0, "qgs: sending: %s", IO_ERROR(failed));
    (void)io->close(io->state, fd);
    return code;
}

static ratls_code tdx_guest_quote(void *state, const uint8_t report_data[64], uint8_t *out,
                                  size_t cap, size_t *n, ratls_error *e)
{
    const source_state *s = state;
    uint8_t report[QGS_REPORT_SIZE];
    ratls_code code = get_report(s, report_data, report, e);
    if (code != RATLS_OK)
        return code;
    uint8_t *answer = malloc(QGS_RESPONSE_MAX);
    if (answer == NULL)
        return refuse(e, RATLS_E_SYSTEM, 0, "out of memory");
    size_t answer_n = 0;
    bytes quote = BYTES_NONE;
    code = ask(s, report, answer, &answer_n, e);
    if (code == RATLS_OK)
        code = qgs_read_response(bytes_of(answer, answer_n), &quote, e);
    if (code == RATLS_OK && quote.n > cap)
        code = refuse(e, RATLS_E_LIMIT, 0, "qgs: a quote of %zu bytes, there is room for %zu",
                      quote.n, cap);
    if (code == RATLS_OK && quote.n > 0) {
        memcpy(out, quote.p, quote.n);
        *n = quote.n;
    }
    free(answer);
    return code;
}

ratls_code tdx_guest_source(const attest_io *io, const ratls_source_paths *paths,
                            ratls_source *source, ratls_error *e)
{
    source_state *s;
    const char *device =
        paths != NULL && paths->tdx_guest != NULL ? paths->tdx_guest : default_device;
    ratls_code code =
        source_state_new(io, "tdx_guest", device, paths != NULL ? paths->qgs : NULL, &s, e);
    if (code != RATLS_OK)
        return code;
    int fd = io->open(io->state, s->root, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        code = refuse_device(s->root, fd, e);
        free(s);
        return code;
    }
    (void)io->close(io->state, fd);
    *source =
        (ratls_source){.name = "tdx_guest", .state = s, .quote = tdx_guest_quote, .free = free};
    return RATLS_OK;
}
