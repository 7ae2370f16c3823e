#define _POSIX_C_SOURCE 200809L
#include "collateral/redis_link.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"

enum { READ_CHUNK = 16384, SHORT_ANSWER = 4096, ADDRESSES_MAX = 8 };

typedef struct error_text {
    char s[80];
} error_text;

static error_text text_of(int failed)
{
    error_text t;
    int error = failed < 0 ? -failed : failed;
    if (strerror_r(error, t.s, sizeof t.s) != 0)
        (void)snprintf(t.s, sizeof t.s, "error %d", error);
    return t;
}

static void close_link(redis_link *l)
{
    if (l->fd >= 0)
        (void)close(l->fd);
    l->fd = -1;
    if (l->reader != NULL)
        redisReaderFree(l->reader);
    l->reader = NULL;
}

static ratls_code refuse_late(const redis_link *l, ratls_error *error)
{
    return refuse(error, RATLS_E_SYSTEM, 0, "redis at %s: found no answer within %u ms", l->shown,
                  (unsigned)l->timeout_ms);
}

static ratls_code refuse_call(const redis_link *l, int failed, ratls_error *error)
{
    if (failed == -ETIMEDOUT)
        return refuse_late(l, error);
    return refuse(error, RATLS_E_SYSTEM, 0, "redis at %s: %s", l->shown, text_of(failed).s);
}

/* 0 when something of this kind can be done, or has failed; -ETIMEDOUT. */
static int wait_for(int fd, short events, int64_t deadline)
{
    for (;;) {
        int64_t left = deadline - redis_clock();
        if (left <= 0)
            return -ETIMEDOUT;
        struct pollfd p = {.fd = fd, .events = events};
        int ready = poll(&p, 1, left < 60000 ? (int)left : 60000);
        if (ready > 0)
            return 0;
        if (ready < 0 && errno != EINTR)
            return -errno;
    }
}

/* An open socket that never blocks, or a negative errno. */
static int connect_to(const struct sockaddr *address, socklen_t n, int64_t deadline)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    int failed = 0;
    const int on = 1;
    /* A request is sent at once, however long its last packet is. */
    if (address->sa_family != AF_UNIX)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, address, n) != 0) {
        failed = errno == EINPROGRESS || errno == EINTR ? wait_for(fd, POLLOUT, deadline) : -errno;
        int later = 0;
        socklen_t later_n = sizeof later;
        if (failed == 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &later, &later_n) == 0)
            failed = -later;
    }
    if (failed == 0)
        return fd;
    (void)close(fd);
    return failed;
}

/* Each address gets its share of the time: one that does not answer leaves some for the others. */
static int connect_to_one(const struct addrinfo *list, int64_t deadline)
{
    int64_t n = 0;
    for (const struct addrinfo *a = list; a != NULL && n < ADDRESSES_MAX; a = a->ai_next)
        n++;
    int fd = -EADDRNOTAVAIL;
    for (const struct addrinfo *a = list; fd < 0 && n > 0; a = a->ai_next, n--) {
        int64_t now = redis_clock();
        fd = connect_to(a->ai_addr, a->ai_addrlen, now + (deadline - now) / n);
    }
    return fd;
}

static ratls_code connect_host(redis_link *l, int64_t deadline, ratls_error *error)
{
    struct addrinfo *list = NULL;
    const struct addrinfo address = {.ai_family = AF_UNSPEC,
                                     .ai_socktype = SOCK_STREAM,
                                     .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    char port[8];
    (void)snprintf(port, sizeof port, "%u", (unsigned)l->port);
    int failed = getaddrinfo(l->host, port, &address, &list);
    if (failed != 0)
        failed = redis_look_up(&l->lookup, l->resolve, l->host, l->port, deadline, &list);
    if (failed > 0)
        return refuse(error, RATLS_E_SYSTEM, 0,
                      "redis at %s: the name was not found out within %u ms", l->shown,
                      (unsigned)l->timeout_ms);
    if (failed != 0)
        return refuse(error, RATLS_E_SYSTEM, 0, "redis at %s: the name has no address: %s",
                      l->shown, gai_strerror(failed));
    l->fd = connect_to_one(list, deadline);
    freeaddrinfo(list);
    return l->fd < 0 ? refuse_call(l, l->fd, error) : RATLS_OK;
}

static ratls_code connect_socket(redis_link *l, int64_t deadline, ratls_error *error)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    size_t n = strlen(l->socket_path);
    assert(n < sizeof local.sun_path);
    memcpy(local.sun_path, l->socket_path, n + 1);
    l->fd = connect_to((const struct sockaddr *)&local, sizeof local, deadline);
    return l->fd < 0 ? refuse_call(l, l->fd, error) : RATLS_OK;
}

/* 0, or a negative errno. */
static int send_all(int fd, bytes request, int64_t deadline)
{
    while (request.n > 0) {
        /* A server that closes its socket must not end the process by a signal. */
        ssize_t n = send(fd, request.p, request.n, MSG_NOSIGNAL);
        int failed = n < 0 ? -errno : 0;
        if (failed == -EAGAIN || failed == -EWOULDBLOCK)
            failed = wait_for(fd, POLLOUT, deadline);
        if (failed < 0 && failed != -EINTR)
            return failed;
        if (n > 0)
            request = bytes_of(request.p + n, request.n - (size_t)n);
    }
    return 0;
}

/* Has the answer arrived? What follows it belongs to no question. */
static ratls_code parse(redis_link *l, const redis_answer *a, bool *whole, ratls_error *error)
{
    void *reply = NULL;
    if (redisReaderGetReply(l->reader, &reply) != REDIS_OK) {
        if (a->odd)
            return refuse(error, RATLS_E_MALFORMED, 0,
                          "redis at %s: found an answer of another kind than was asked for",
                          l->shown);
        if (l->reader->err == REDIS_ERR_OOM)
            return refuse(error, RATLS_E_SYSTEM, 0, "redis at %s: out of memory", l->shown);
        return refuse(error, RATLS_E_MALFORMED, 0,
                      "redis at %s: does not speak the protocol of Redis: %.100s", l->shown,
                      l->reader->errstr);
    }
    *whole = reply != NULL;
    if (*whole && l->reader->pos != l->reader->len)
        return refuse(error, RATLS_E_MALFORMED, 0,
                      "redis at %s: found %zu bytes after the answer, expected none", l->shown,
                      l->reader->len - l->reader->pos);
    return RATLS_OK;
}

/* The parser keeps what has arrived until the answer is whole, so this bounds its memory, whatever
 * length the server announces. */
static ratls_code receive(redis_link *l, redis_answer *a, int64_t deadline, bool *broke,
                          ratls_error *error)
{
    size_t total = 0;
    bool whole = false;
    redis_reader_aim(l->reader, a);
    while (!whole) {
        char chunk[READ_CHUNK];
        int failed = wait_for(l->fd, POLLIN, deadline);
        if (failed < 0)
            return refuse_call(l, failed, error);
        ssize_t n = recv(l->fd, chunk, sizeof chunk, 0);
        if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK))
            continue;
        if (n <= 0) {
            *broke = true;
            return refuse(error, RATLS_E_SYSTEM, 0, "redis at %s: the connection broke: %s",
                          l->shown, n == 0 ? "closed by the server" : text_of(errno).s);
        }
        total += (size_t)n;
        if (total > a->limit)
            return refuse(error, RATLS_E_MALFORMED, 0,
                          "redis at %s: found an answer of more than %zu bytes, which was not "
                          "asked for",
                          l->shown, a->limit);
        if (redisReaderFeed(l->reader, chunk, (size_t)n) != REDIS_OK)
            return refuse(error, RATLS_E_SYSTEM, 0, "redis at %s: out of memory", l->shown);
        ratls_code code = parse(l, a, &whole, error);
        if (code != RATLS_OK)
            return code;
    }
    return RATLS_OK;
}

/* Over the connection that there is. */
static ratls_code transact(redis_link *l, const bytes *words, size_t n, redis_answer *a,
                           int64_t deadline, bool *broke, ratls_error *error)
{
    const char *argv[REDIS_WORDS_MAX];
    size_t lengths[REDIS_WORDS_MAX];
    assert(n <= REDIS_WORDS_MAX);
    for (size_t i = 0; i < n; i++) {
        argv[i] = words[i].n == 0 ? "" : (const char *)words[i].p;
        lengths[i] = words[i].n;
    }
    char *request = NULL;
    int length = redisFormatCommandArgv(&request, (int)n, argv, lengths);
    if (length < 0)
        return refuse(error, RATLS_E_SYSTEM, 0, "redis at %s: out of memory", l->shown);
    int failed = send_all(l->fd, bytes_of(request, (size_t)length), deadline);
    redisFreeCommand(request);
    if (failed == -EPIPE || failed == -ECONNRESET) {
        *broke = true;
        return refuse(error, RATLS_E_SYSTEM, 0, "redis at %s: the connection broke: %s", l->shown,
                      text_of(failed).s);
    }
    if (failed < 0)
        return refuse_call(l, failed, error);
    return receive(l, a, deadline, broke, error);
}

/* A command whose answer is "OK". The server's sentence may have the password in it, as old servers
 * repeat what they do not understand: only its first word is told. */
static ratls_code prepare(redis_link *l, const bytes *words, size_t n, const char *what,
                          int64_t deadline, ratls_error *error)
{
    redis_answer a = {.limit = SHORT_ANSWER};
    bool broke = false;
    ratls_code code = transact(l, words, n, &a, deadline, &broke, error);
    if (code != RATLS_OK)
        return code;
    if (a.type != REDIS_REPLY_STATUS || strcmp(a.line, "OK") != 0)
        return refuse(error, RATLS_E_SYSTEM, 0, "redis at %s: refuses the %s: %.*s", l->shown, what,
                      (int)strcspn(a.line, " "), a.line);
    return RATLS_OK;
}

static ratls_code authenticate(redis_link *l, int64_t deadline, ratls_error *error)
{
    const bytes secret[] = {bytes_text("AUTH"), bytes_text(l->password)};
    if (l->username == NULL)
        return prepare(l, secret, 2, "password", deadline, error);
    const bytes both[] = {secret[0], bytes_text(l->username), secret[1]};
    return prepare(l, both, 3, "user name and password", deadline, error);
}

static ratls_code open_link(redis_link *l, int64_t deadline, ratls_error *error)
{
    l->reader = redis_reader_new(&l->functions);
    if (l->reader == NULL)
        return refuse(error, RATLS_E_SYSTEM, 0, "redis at %s: out of memory", l->shown);
    ratls_code code = l->socket_path != NULL ? connect_socket(l, deadline, error)
                                             : connect_host(l, deadline, error);
    if (code == RATLS_OK && l->password != NULL)
        code = authenticate(l, deadline, error);
    if (code == RATLS_OK && l->database != 0) {
        char number[16];
        (void)snprintf(number, sizeof number, "%u", (unsigned)l->database);
        const bytes words[] = {bytes_text("SELECT"), bytes_text(number)};
        code = prepare(l, words, 2, "number of the database", deadline, error);
    }
    return code;
}

/* Nothing was asked: what can be read is the end, or not an answer. */
static bool is_stale(const redis_link *l)
{
    struct pollfd p = {.fd = l->fd, .events = POLLIN};
    return poll(&p, 1, 0) != 0;
}

ratls_code redis_ask(redis_link *l, const bytes *words, size_t n, redis_answer *a, int64_t deadline,
                     bool *broke, ratls_error *error)
{
    *broke = false;
    if (l->fd >= 0 && is_stale(l))
        close_link(l);
    bool old = l->fd >= 0;
    ratls_code code = old ? RATLS_OK : open_link(l, deadline, error);
    if (code == RATLS_OK)
        code = transact(l, words, n, a, deadline, broke, error);
    *broke = *broke && old;
    if (code != RATLS_OK)
        close_link(l);
    return code;
}

static char *copy_text(const char *text, bool *ok)
{
    if (text == NULL)
        return NULL;
    size_t n = strlen(text) + 1;
    char *copy = malloc(n);
    if (copy != NULL)
        memcpy(copy, text, n);
    else
        *ok = false;
    return copy;
}

bool redis_link_init(redis_link *l, const ratls_redis_options *o, redis_resolve *resolve)
{
    bool ok = true;
    const char *host = o->host != NULL ? o->host : "localhost";
    *l = (redis_link){.port = o->port != 0 ? o->port : 6379,
                      .database = o->database,
                      .timeout_ms = o->timeout_ms != 0 ? o->timeout_ms : 1000,
                      .resolve = resolve,
                      .fd = -1};
    l->socket_path = copy_text(o->socket_path, &ok);
    l->host = copy_text(o->socket_path == NULL ? host : NULL, &ok);
    l->username = copy_text(o->username, &ok);
    l->password = copy_text(o->password, &ok);
    if (o->socket_path != NULL)
        (void)snprintf(l->shown, sizeof l->shown, "%s", o->socket_path);
    else
        (void)snprintf(l->shown, sizeof l->shown, "%.*s:%u", REDIS_SHOWN_MAX - 8, host,
                       (unsigned)l->port);
    return ok;
}

void redis_link_end(redis_link *l)
{
    close_link(l);
    redis_lookup_end(&l->lookup);
    free(l->host);
    free(l->socket_path);
    free(l->username);
    free(l->password);
}
