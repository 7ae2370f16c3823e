#define _DEFAULT_SOURCE
#include "testing.h"

#include "redis_peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STARTUP_TRIES = 3000, PATIENCE_SECONDS = 30, FLOOD_MAX = 64 << 20, DRIPS_MAX = 20000 };

static void pause_ms(long ms)
{
    const struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    (void)nanosleep(&t, NULL);
}

static bool in_path(const char *program)
{
    const char *path = getenv("PATH");
    while (path != NULL && *path != '\0') {
        size_t n = strcspn(path, ":");
        char at[512];
        (void)snprintf(at, sizeof at, "%.*s/%s", (int)n, path, program);
        if (access(at, X_OK) == 0)
            return true;
        path += n + (path[n] == ':');
    }
    return false;
}

static struct sockaddr_un local_address(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    (void)snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    return a;
}

static bool listens(const char *path)
{
    const struct sockaddr_un a = local_address(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = connect(fd, (const struct sockaddr *)&a, sizeof a) == 0;
    (void)close(fd);
    return ok;
}

redis_server redis_server_start(const char *option, const char *value)
{
    if (!in_path("redis-server")) {
        print_message("skipped: no redis-server\n");
        skip();
    }
    redis_server s = {.dir = "test-redis-XXXXXX"};
    assert_non_null(mkdtemp(s.dir));
    (void)snprintf(s.path, sizeof s.path, "%s/socket", s.dir);
    s.pid = fork();
    assert_true(s.pid >= 0);
    if (s.pid == 0) {
        int log = open("/dev/null", O_WRONLY);
        if (log < 0 || dup2(log, 1) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
            _exit(126);
        (void)execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", s.path,
                     "--save", "", "--daemonize", "no", option, value, (char *)NULL);
        _exit(127);
    }
    int tries = 0;
    while (!listens(s.path)) {
        assert_int_equal(waitpid(s.pid, NULL, WNOHANG), 0);
        assert_true(tries++ < STARTUP_TRIES);
        pause_ms(10);
    }
    return s;
}

void redis_server_stop(redis_server *s)
{
    if (s->pid > 0) {
        assert_int_equal(kill(s->pid, SIGKILL), 0);
        assert_int_equal(waitpid(s->pid, NULL, 0), s->pid);
    }
    s->pid = 0;
    (void)unlink(s->path);
    assert_int_equal(rmdir(s->dir), 0);
}

/* A request is "*N\r\n" and N times "$LENGTH\r\n…\r\n". Its length, or 0 if it is not whole. */
static size_t request_length(const char *p, size_t n)
{
    const char *end = p + n, *at = p;
    unsigned long items = 0;
    for (unsigned long i = 0; i <= items; i++) {
        const char *line = memchr(at, '\n', (size_t)(end - at));
        if (line == NULL)
            return 0;
        unsigned long value = strtoul(at + 1, NULL, 10);
        at = line + 1;
        if (i == 0)
            items = value;
        else if ((size_t)(end - at) < value + 2)
            return 0;
        else
            at += value + 2;
    }
    return (size_t)(at - p);
}

/* False at the end. */
static bool read_request(fake_redis *f, int fd)
{
    static char buffer[1 << 20];
    size_t n = 0;
    do {
        ssize_t got = recv(fd, buffer + n, sizeof buffer - 1 - n, 0);
        if (got <= 0)
            return false;
        n += (size_t)got;
        buffer[n] = '\0';
    } while (request_length(buffer, n) == 0);
    (void)pthread_mutex_lock(&f->lock);
    f->requests++;
    n = n < sizeof f->last ? n : sizeof f->last - 1;
    memcpy(f->last, buffer, n);
    f->last[n] = '\0';
    (void)pthread_mutex_unlock(&f->lock);
    return true;
}

static bool send_bytes(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t put = send(fd, p, n, MSG_NOSIGNAL);
        if (put <= 0)
            return false;
        p += put;
        n -= (size_t)put;
    }
    return true;
}

static bool is_closed(int fd, int wait_ms)
{
    char c;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, wait_ms) > 0 && recv(fd, &c, 1, 0) <= 0;
}

/* True if the client gave up. */
static bool flood(fake_redis *f, int fd)
{
    static char much[65536];
    memset(much, 'x', sizeof much);
    size_t sent = 0;
    while (sent < FLOOD_MAX && send_bytes(fd, much, sizeof much))
        sent += sizeof much;
    (void)pthread_mutex_lock(&f->lock);
    f->sent = sent;
    (void)pthread_mutex_unlock(&f->lock);
    return sent < FLOOD_MAX;
}

static bool drip(int fd, const char *answer)
{
    size_t n = strlen(answer);
    for (size_t i = 0; i < DRIPS_MAX; i++)
        if (!send_bytes(fd, answer + i % n, 1) || is_closed(fd, 1))
            return true;
    return false;
}

/* False: the connection is at its end. */
static bool do_step(fake_redis *f, int fd, const fake_step *step)
{
    bool gave_up = false;
    if (step->how == FAKE_DRIP)
        gave_up = drip(fd, step->answer);
    else if (step->answer != NULL && !send_bytes(fd, step->answer, strlen(step->answer)))
        gave_up = true;
    else if (step->how == FAKE_HANG)
        gave_up = is_closed(fd, PATIENCE_SECONDS * 1000);
    else if (step->how == FAKE_FLOOD)
        gave_up = flood(f, fd);
    (void)pthread_mutex_lock(&f->lock);
    f->gave_up += gave_up;
    (void)pthread_mutex_unlock(&f->lock);
    return step->how == FAKE_ANSWER && !gave_up;
}

static void *serve(void *state)
{
    fake_redis *f = state;
    size_t step = 0, last = 0;
    while (last + 1 < sizeof f->steps / sizeof f->steps[0] &&
           (f->steps[last + 1].answer != NULL || f->steps[last + 1].how != FAKE_ANSWER))
        last++;
    for (;;) {
        int fd = accept(f->listener, NULL, NULL);
        if (fd < 0)
            return NULL;
        const struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        (void)pthread_mutex_lock(&f->lock);
        f->connections++;
        f->client = fd;
        (void)pthread_mutex_unlock(&f->lock);
        bool more = true;
        while (more && read_request(f, fd)) {
            more = do_step(f, fd, &f->steps[step]);
            step = step < last ? step + 1 : last;
        }
        (void)pthread_mutex_lock(&f->lock);
        f->client = -1;
        (void)close(fd);
        (void)pthread_mutex_unlock(&f->lock);
    }
}

static void listen_tcp(fake_redis *f)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    f->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(f->listener, (const struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(getsockname(f->listener, (struct sockaddr *)&a, &n), 0);
    f->port = ntohs(a.sin_port);
}

static void listen_local(fake_redis *f)
{
    const struct sockaddr_un a = local_address(f->path);
    f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(f->listener, (const struct sockaddr *)&a, sizeof a), 0);
}

void fake_start(fake_redis *f, bool tcp, const fake_step *steps, size_t n)
{
    *f = (fake_redis){.dir = "test-redis-XXXXXX", .client = -1};
    assert_true(n <= sizeof f->steps / sizeof f->steps[0]);
    memcpy(f->steps, steps, n * sizeof *steps);
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(f->path, sizeof f->path, "%s/socket", f->dir);
    if (tcp)
        listen_tcp(f);
    else
        listen_local(f);
    assert_int_equal(pthread_mutex_init(&f->lock, NULL), 0);
    assert_int_equal(listen(f->listener, 8), 0);
    assert_int_equal(pthread_create(&f->thread, NULL, serve, f), 0);
}

void fake_say(fake_redis *f, const char *text)
{
    (void)pthread_mutex_lock(&f->lock);
    assert_true(f->client >= 0 && send_bytes(f->client, text, strlen(text)));
    (void)pthread_mutex_unlock(&f->lock);
}

fake_counts fake_seen(fake_redis *f)
{
    (void)pthread_mutex_lock(&f->lock);
    fake_counts c = {f->connections, f->requests, f->gave_up, f->sent, ""};
    memcpy(c.last, f->last, sizeof c.last);
    (void)pthread_mutex_unlock(&f->lock);
    return c;
}

fake_counts fake_stop(fake_redis *f)
{
    (void)shutdown(f->listener, SHUT_RDWR);
    assert_int_equal(pthread_join(f->thread, NULL), 0);
    fake_counts seen = fake_seen(f);
    (void)close(f->listener);
    (void)pthread_mutex_destroy(&f->lock);
    (void)unlink(f->path);
    assert_int_equal(rmdir(f->dir), 0);
    return seen;
}
