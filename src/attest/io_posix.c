/* The real kernel. */
#define _DEFAULT_SOURCE /* struct sockaddr_vm needs more than POSIX */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include "attest/io.h"

enum { QGS_TIMEOUT_SECONDS = 30 };

static int posix_open(void *state, const char *path, int flags)
{
    (void)state;
    int fd = open(path, flags);
    return fd < 0 ? -errno : fd;
}

static long posix_read(void *state, int fd, void *out, size_t n)
{
    (void)state;
    ssize_t got = read(fd, out, n);
    return got < 0 ? -errno : (long)got;
}

/* A peer that closes its socket must not end the process by a signal. */
static long posix_write(void *state, int fd, const void *p, size_t n)
{
    (void)state;
    ssize_t put = send(fd, p, n, MSG_NOSIGNAL);
    if (put < 0 && errno == ENOTSOCK)
        put = write(fd, p, n);
    return put < 0 ? -errno : (long)put;
}

static int posix_close(void *state, int fd)
{
    (void)state;
    return close(fd) != 0 ? -errno : 0;
}

static int posix_mkdir(void *state, const char *path)
{
    (void)state;
    return mkdir(path, 0700) != 0 ? -errno : 0;
}

static int posix_rmdir(void *state, const char *path)
{
    (void)state;
    return rmdir(path) != 0 ? -errno : 0;
}

/* struct tdx_report_req of linux/tdx-guest.h, which older headers lack. */
typedef struct td_report_request {
    uint8_t report_data[64];
    uint8_t report[1024];
} td_report_request;

static int posix_td_report(void *state, int fd, const uint8_t report_data[64], uint8_t report[1024])
{
    (void)state;
    td_report_request r = {.report = {0}};
    memcpy(r.report_data, report_data, sizeof r.report_data);
    if (ioctl(fd, _IOWR('T', 1, td_report_request), &r) != 0)
        return -errno;
    memcpy(report, r.report, sizeof r.report);
    return 0;
}

static int connect_to(int domain, const struct sockaddr *address, socklen_t n)
{
    int fd = socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    const struct timeval timeout = {.tv_sec = QGS_TIMEOUT_SECONDS};
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) != 0 ||
        connect(fd, address, n) != 0) {
        int failed = -errno;
        (void)close(fd);
        return failed;
    }
    return fd;
}

static int posix_connect(void *state, const char *path, unsigned port)
{
    (void)state;
    if (path == NULL) {
        const struct sockaddr_vm host = {
            .svm_family = AF_VSOCK, .svm_port = port, .svm_cid = VMADDR_CID_HOST};
        return connect_to(AF_VSOCK, (const struct sockaddr *)&host, sizeof host);
    }
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    size_t n = strlen(path);
    if (n >= sizeof local.sun_path)
        return -ENAMETOOLONG;
    memcpy(local.sun_path, path, n + 1);
    return connect_to(AF_UNIX, (const struct sockaddr *)&local, sizeof local);
}

static void posix_pause(void *state, unsigned milliseconds)
{
    (void)state;
    const struct timespec t = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000};
    (void)nanosleep(&t, NULL);
}

const attest_io io_posix = {
    .open = posix_open,
    .read = posix_read,
    .write = posix_write,
    .close = posix_close,
    .mkdir = posix_mkdir,
    .rmdir = posix_rmdir,
    .td_report = posix_td_report,
    .connect = posix_connect,
    .pause = posix_pause,
};
