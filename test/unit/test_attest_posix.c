/* The sources on real files: a directory of FIFOs and files, and a socket, with a server thread. */
#define _POSIX_C_SOURCE 200809L
#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "attest/io.h"
#include "kernel.h"
#include "world.h"

#define NOW VENDOR_T0

typedef struct place {
    char dir[32], path[64];
} place;

static place place_new(void)
{
    place p = {.dir = "test-attest-XXXXXX"};
    assert_non_null(mkdtemp(p.dir));
    return p;
}

static const char *in(place *p, const char *name)
{
    (void)snprintf(p->path, sizeof p->path, "%s/%s", p->dir, name);
    return p->path;
}

static void put(place *p, const char *name, const char *text)
{
    int fd = open(in(p, name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(close(fd), 0);
}

static void write_all(int fd, bytes b)
{
    while (b.n > 0) {
        ssize_t n = write(fd, b.p, b.n < 700 ? b.n : 700);
        if (n <= 0)
            return;
        b = bytes_of(b.p + n, b.n - (size_t)n);
    }
}

/* Like Gramine: when `quote` is opened it is made from what `user_report_data` holds then. */
typedef struct server {
    place place;
    vendor vendor;
    int listener;
} server;

static void *serve_gramine(void *state)
{
    server *s = state;
    char path[64];
    uint8_t data[65];
    (void)snprintf(path, sizeof path, "%s/quote", s->place.dir);
    int out = open(path, O_WRONLY); /* waits for the reader */
    (void)snprintf(path, sizeof path, "%s/user_report_data", s->place.dir);
    int from = open(path, O_RDONLY);
    ssize_t n = read(from, data, sizeof data);
    (void)close(from);
    if (n == 64)
        write_all(out, vendor_quote(&s->vendor, bytes_of(data, 64)).quote);
    (void)close(out);
    return NULL;
}

static void gramine(void **state)
{
    (void)state;
    server s = {.place = place_new(), .vendor = vendor_of(QUOTE_SGX, 3, false, NOW)};
    put(&s.place, "attestation_type", "dcap");
    put(&s.place, "user_report_data", "");
    assert_int_equal(mkfifo(in(&s.place, "quote"), 0600), 0);
    ratls_verifier *r = world_verifier(&s.vendor);
    const ratls_source_paths paths = {.gramine = s.place.dir, .tsm = "/nowhere"};
    ratls_attester_options o = {.staple = false};
    ratls_error e = {.text = ""};
    if (ratls_source_auto(&paths, &o.source, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    assert_string_equal(o.source.name, "gramine");
    ratls_attester *a = world_attester(&o);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, serve_gramine, &s), 0);
    if (ratls_attester_renew(a, NOW, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    assert_int_equal(pthread_join(thread, NULL), 0);
    ratls_credential *c = ratls_attester_certificate(a);
    if (world_judge(r, ratls_credential_chain(c, 0), NOW, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    ratls_credential_free(&c);
    ratls_attester_free(&a);
    ratls_verifier_free(&r);
    static const char *const names[] = {"attestation_type", "user_report_data", "quote"};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(unlink(in(&s.place, names[i])), 0);
    assert_int_equal(rmdir(s.place.dir), 0);
}

/* A quote generation service at a socket: answers one request over the report data it carries. */
static void *serve_qgs(void *state)
{
    server *s = state;
    int fd = accept(s->listener, NULL, NULL);
    uint8_t request[1052];
    size_t n = 0;
    while (n < sizeof request) {
        ssize_t got = read(fd, request + n, sizeof request - n);
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    if (n == sizeof request)
        write_all(fd, kernel_qgs_answer(
                          vendor_quote(&s->vendor, bytes_of(request + 28 + 128, 64)).quote));
    (void)close(fd);
    return NULL;
}

/* The socket is real, the device is not: no other machine than a TD has it. */
static void qgs(void **state)
{
    (void)state;
    server s = {.place = place_new(), .vendor = vendor_of(QUOTE_TDX, 4, false, NOW)};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/qgs", s.place.dir);
    s.listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(s.listener, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(s.listener, 1), 0);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, serve_qgs, &s), 0);
    int fd = io_posix.connect(io_posix.state, address.sun_path, 4050);
    assert_true(fd >= 0);
    uint8_t report[1052] = {0}, answer[4];
    assert_int_equal(io_posix.write(NULL, fd, report, sizeof report), sizeof report);
    assert_int_equal(io_posix.read(NULL, fd, answer, sizeof answer), 4);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(io_posix.write(NULL, fd, report, 1), -EPIPE); /* and no signal */
    assert_int_equal(io_posix.close(NULL, fd), 0);
    assert_int_equal(close(s.listener), 0);
    assert_int_equal(unlink(address.sun_path), 0);
    assert_int_equal(io_posix.connect(NULL, address.sun_path, 0), -ENOENT);
    assert_int_equal(rmdir(s.place.dir), 0);
    char longer[200] = {0};
    memset(longer, 'a', sizeof longer - 1);
    assert_int_equal(io_posix.connect(NULL, longer, 0), -ENAMETOOLONG);
}

static void files(void **state)
{
    (void)state;
    place p = place_new();
    uint8_t out[8];
    put(&p, "f", "12345678");
    assert_int_equal(io_read_file(&io_posix, in(&p, "f"), out, sizeof out), 8);
    assert_memory_equal(out, "12345678", 8);
    assert_int_equal(io_read_file(&io_posix, in(&p, "f"), out, 7), -EFBIG);
    assert_int_equal(io_read_file(&io_posix, in(&p, "g"), out, 8), -ENOENT);
    assert_int_equal(io_read_file(&io_posix, p.dir, out, 8), -EISDIR);
    assert_int_equal(io_write_file(&io_posix, in(&p, "f"), bytes_text("abc")), 0);
    assert_int_equal(io_read_file(&io_posix, in(&p, "f"), out, sizeof out), 8);
    assert_memory_equal(out, "abc45678", 8); /* what is there is not cut */
    assert_int_equal(io_write_file(&io_posix, in(&p, "g"), bytes_text("abc")), -ENOENT);
    assert_int_equal(io_posix.mkdir(NULL, in(&p, "d")), 0);
    assert_int_equal(io_posix.mkdir(NULL, in(&p, "d")), -EEXIST);
    assert_int_equal(io_posix.rmdir(NULL, in(&p, "d")), 0);
    assert_int_equal(io_posix.rmdir(NULL, in(&p, "d")), -ENOENT);
    uint8_t data[64] = {0}, report[1024];
    int fd = io_posix.open(NULL, in(&p, "f"), O_RDWR);
    assert_int_equal(io_posix.td_report(NULL, fd, data, report), -ENOTTY);
    assert_int_equal(io_posix.close(NULL, fd), 0);
    assert_int_equal(io_posix.close(NULL, fd), -EBADF);
    assert_int_equal(io_posix.read(NULL, -1, out, 1), -EBADF);
    assert_int_equal(io_posix.write(NULL, -1, out, 1), -EBADF);
    io_posix.pause(NULL, 1);
    assert_string_equal(IO_ERROR(-ENOENT), "No such file or directory");
    assert_string_equal(IO_ERROR(ENOENT), "No such file or directory");
    assert_int_equal(unlink(in(&p, "f")), 0);
    assert_int_equal(rmdir(p.dir), 0);
}

static void none_here(void **state)
{
    (void)state;
    const ratls_source_paths paths = {
        .gramine = "/nowhere/a", .tsm = "/nowhere/b", .tdx_guest = "/nowhere/c"};
    ratls_source source;
    ratls_error e;
    assert_int_equal(ratls_source_auto(&paths, &source, &e), RATLS_E_MISSING);
    assert_int_equal(ratls_source_gramine(&paths, &source, &e), RATLS_E_MISSING);
    assert_int_equal(ratls_source_tsm(&paths, &source, &e), RATLS_E_MISSING);
    assert_int_equal(ratls_source_tdx_guest(&paths, &source, &e), RATLS_E_MISSING);
    assert_int_equal(ratls_source_sim("/nowhere/d", &source, &e), e.code);
    assert_int_not_equal(e.code, RATLS_OK);
    assert_int_equal(ratls_source_sim("/nowhere/d", &source, NULL), e.code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(gramine), cmocka_unit_test(qgs),
                                       cmocka_unit_test(files), cmocka_unit_test(none_here)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
