#define _POSIX_C_SOURCE 200809L
#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "command.h"
#include "when.h"

bool address_parse(const char *text, address *out)
{
    uint64_t port;
    const char *colon = strrchr(text, ':');
    if (colon == NULL || strlen(colon + 1) >= sizeof out->port ||
        !number_parse(colon + 1, 65535, &port))
        return false;
    bytes host = bytes_of(text, (size_t)(colon - text));
    bool bracketed = host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
    if (bracketed)
        host = bytes_of(host.p + 1, host.n - 2);
    else if (bytes_find(host, bytes_text(":")) < host.n)
        return false;
    if (host.n == 0 || host.n >= sizeof out->host || bytes_find(host, bytes_text("/")) < host.n)
        return false;
    memcpy(out->host, host.p, host.n);
    out->host[host.n] = '\0';
    (void)snprintf(out->port, sizeof out->port, "%s", colon + 1);
    return true;
}

bool address_is_numeric(const address *a)
{
    struct in6_addr space;
    return inet_pton(AF_INET, a->host, &space) == 1 || inet_pton(AF_INET6, a->host, &space) == 1;
}

static struct addrinfo *resolve(const address *a, int flags)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags};
    struct addrinfo *found = NULL;
    int status = getaddrinfo(a->host, a->port, &hints, &found);
    if (status == 0)
        return found;
    complain("%s: %s", a->host, gai_strerror(status));
    return NULL;
}

static void limit_time(int fd)
{
    const struct timeval limit = {.tv_sec = NET_SECONDS};
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

int net_connect(const address *to)
{
    struct addrinfo *found = resolve(to, 0);
    int fd = -1, why = 0;
    for (struct addrinfo *i = found; fd < 0 && i != NULL; i = i->ai_next) {
        fd = socket(i->ai_family, i->ai_socktype, i->ai_protocol);
        if (fd >= 0)
            limit_time(fd);
        if (fd >= 0 && connect(fd, i->ai_addr, i->ai_addrlen) == 0)
            continue;
        why = errno;
        if (fd >= 0)
            (void)close(fd);
        fd = -1;
    }
    if (found != NULL && fd < 0)
        complain("%s:%s: can't be reached: %s", to->host, to->port, strerror(why));
    if (found != NULL)
        freeaddrinfo(found);
    return fd;
}

static void name_of(const struct sockaddr *a, socklen_t n, char *out, size_t cap)
{
    char host[64], port[8];
    if (getnameinfo(a, n, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) !=
        0)
        (void)snprintf(out, cap, "somewhere");
    else if (a->sa_family == AF_INET6)
        (void)snprintf(out, cap, "[%s]:%s", host, port);
    else
        (void)snprintf(out, cap, "%s:%s", host, port);
}

int net_listen(const address *at, char *bound, size_t cap)
{
    struct addrinfo *found = resolve(at, AI_PASSIVE);
    if (found == NULL)
        return -1;
    const int yes = 1;
    struct sockaddr_storage own;
    socklen_t n = sizeof own;
    int fd = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
    bool ok = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
              bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0 &&
              getsockname(fd, (struct sockaddr *)&own, &n) == 0;
    freeaddrinfo(found);
    if (ok) {
        name_of((struct sockaddr *)&own, n, bound, cap);
        return fd;
    }
    complain("%s:%s: can't be listened at: %s", at->host, at->port, strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

int net_accept(int listener, int seconds, char *from, size_t cap)
{
    struct pollfd wait = {.fd = listener, .events = POLLIN};
    struct sockaddr_storage peer;
    socklen_t n = sizeof peer;
    if (poll(&wait, 1, seconds < 0 ? -1 : seconds * 1000) <= 0)
        return -1;
    int fd = accept(listener, (struct sockaddr *)&peer, &n);
    if (fd < 0)
        return -1;
    limit_time(fd);
    name_of((struct sockaddr *)&peer, n, from, cap);
    return fd;
}

void net_close(int fd)
{
    enum { WAIT_MS = 500, READS_MAX = 64 };
    char data[4096];
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    (void)shutdown(fd, SHUT_WR);
    for (int i = 0; i < READS_MAX; i++)
        if (poll(&wait, 1, WAIT_MS) <= 0 || read(fd, data, sizeof data) <= 0)
            break;
    (void)close(fd);
}
