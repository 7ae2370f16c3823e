/*
 * ratls-rogue MANNER: a TCP server on the loopback that behaves badly to each client, for a minute
 * at most. Its first line of output says where it is.
 */
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LIFETIME = 60 };

static bool send_all(int fd, const void *data, size_t n)
{
    const char *p = data;
    while (n > 0) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        p += sent;
        n -= (size_t)sent;
    }
    return true;
}

static void hang(int fd)
{
    char data[4096];
    while (read(fd, data, sizeof data) > 0)
        ;
}

/* A handshake record of 16 KiB, a byte each tenth of a second. */
static void drip(int fd)
{
    static const unsigned char head[] = {0x16, 3, 3, 0x3f, 0xff, 2, 0, 0x3f, 0xfb, 3, 3};
    const struct timespec pause = {0, 100000000};
    for (size_t i = 0; send_all(fd, i < sizeof head ? (const char *)head + i : "", 1); i++)
        (void)nanosleep(&pause, NULL);
}

/* The same record without an end. */
static void repeat(int fd, const unsigned char *record, size_t n)
{
    unsigned char many[16384];
    size_t used = 0;
    for (; used + n <= sizeof many; used += n)
        memcpy(many + used, record, n);
    while (send_all(fd, many, used))
        ;
}

static void flood(int fd)
{
    static const unsigned char zero[] = {0};
    repeat(fd, zero, sizeof zero);
}

/* A client passes over HelloRequest, however often it comes [RFC 5246 7.4.1.1]. */
static void hello(int fd)
{
    static const unsigned char request[] = {0x16, 3, 3, 0, 4, 0, 0, 0, 0};
    repeat(fd, request, sizeof request);
}

static void alert(int fd)
{
    static const unsigned char failure[] = {0x15, 3, 3, 0, 2, 2, 40};
    char data[4096];
    (void)!read(fd, data, sizeof data);
    (void)send_all(fd, failure, sizeof failure);
    (void)shutdown(fd, SHUT_WR);
    hang(fd);
}

static void text(int fd)
{
    static const char answer[] = "HTTP/1.0 400 Bad Request\r\n\r\n\033[2J";
    (void)send_all(fd, answer, sizeof answer - 1);
    (void)shutdown(fd, SHUT_WR);
    hang(fd);
}

static void leave(int fd)
{
    (void)fd;
}

static const struct {
    const char *name;
    void (*serve)(int fd);
} manners[] = {{"hang", hang},   {"drip", drip}, {"flood", flood}, {"hello", hello},
               {"alert", alert}, {"text", text}, {"leave", leave}};

int main(int argc, char **argv)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    size_t manner = 0;
    while (argc == 2 && manner < sizeof manners / sizeof *manners &&
           strcmp(argv[1], manners[manner].name) != 0)
        manner++;
    if (argc != 2 || manner == sizeof manners / sizeof *manners) {
        (void)fprintf(stderr, "usage: ratls-rogue hang|drip|flood|hello|alert|text|leave\n");
        return 2;
    }
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&at, n) != 0 ||
        listen(listener, 16) != 0 || getsockname(listener, (struct sockaddr *)&at, &n) != 0) {
        perror("ratls-rogue");
        return 2;
    }
    (void)printf("listening on 127.0.0.1:%d\n", ntohs(at.sin_port));
    (void)fflush(stdout);
    (void)signal(SIGCHLD, SIG_IGN);
    (void)alarm(LIFETIME);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            return 2;
        if (fork() == 0) {
            (void)alarm(LIFETIME);
            manners[manner].serve(fd);
            return 0;
        }
        (void)close(fd);
    }
}
