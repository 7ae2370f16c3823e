#define _POSIX_C_SOURCE 200809L
#include "conform_run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "when.h"

enum {
    KEPT = 4096,              /* bytes of each stream */
    FLOOD = 64 * 1024 * 1024, /* bytes that are drained, at most */
    GRACE_MS = 1000,          /* between the request to end and the end */
    SETUP_FAILED = 127,
};

/* What came out of one stream: where it began or where it ended, and how much it was. */
typedef struct capture {
    int fd; /* -1: closed */
    bool from_end;
    size_t n, total;
    char data[KEPT];
} capture;

typedef struct child {
    pid_t pid;
    size_t index;
    int64_t started, deadline; /* milliseconds of the monotonic clock */
    bool late, flooded;
    capture out, err;
} child;

typedef struct runner {
    const run_plan *plan;
    size_t next, active_n;
    child *active[RUN_JOBS_MAX];
    sigset_t before; /* the signals that were blocked */
    bool failed;
} runner;

/* A signal handler has no other way to say which signal came. */
static volatile sig_atomic_t stop_signal;

static void on_signal(int number)
{
    if (number != SIGCHLD)
        stop_signal = number;
}

static int64_t now_ms(void)
{
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A pipe that no program inherits, beyond the standard streams even if those are closed here. */
static bool make_pipe(int fd[2])
{
    int low[2];
    if (pipe(low) != 0)
        return false;
    for (int i = 0; i < 2; i++) {
        fd[i] = fcntl(low[i], F_DUPFD_CLOEXEC, 3);
        (void)close(low[i]);
    }
    if (fd[0] >= 0 && fd[1] >= 0 && fd[0] < FD_SETSIZE)
        return true;
    (void)close(fd[0]);
    (void)close(fd[1]);
    return false;
}

static void close_pair(const int fd[2])
{
    (void)close(fd[0]);
    (void)close(fd[1]);
}

/* What this program got from whoever started it is not for verifiers either. */
static void keep_files(void)
{
    for (int fd = STDERR_FILENO + 1; fd < FD_SETSIZE; fd++) {
        int flags = fcntl(fd, F_GETFD);
        if (flags >= 0)
            (void)fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
    }
}

/* In the child. Returns only if the program can't be run. */
static void become(char *const *words, int out, int err, const sigset_t *mask)
{
    const struct rlimit none = {0, 0};
    int in = open("/dev/null", O_RDONLY);
    (void)setsid();
    (void)setrlimit(RLIMIT_CORE, &none);
    if (in < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
        dup2(err, STDERR_FILENO) < 0)
        return;
    if (in > STDERR_FILENO)
        (void)close(in);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, mask, NULL);
    (void)execvp(words[0], words);
}

/* 0, or why not. Afterwards the child has a session and process group of its own. */
static int spawn(child *c, char *const *words, const sigset_t *mask)
{
    int out[2], err[2], trouble[2], why = 0;
    if (!make_pipe(out))
        return errno;
    if (!make_pipe(err)) {
        close_pair(out);
        return EMFILE;
    }
    if (!make_pipe(trouble)) {
        close_pair(out);
        close_pair(err);
        return EMFILE;
    }
    c->pid = fork();
    if (c->pid == 0) {
        become(words, out[1], err[1], mask);
        why = errno;
        (void)!write(trouble[1], &why, sizeof why);
        _exit(SETUP_FAILED);
    }
    if (c->pid < 0)
        why = errno;
    (void)close(out[1]);
    (void)close(err[1]);
    (void)close(trouble[1]);
    /* Ends when the program runs, for then its end is closed. */
    while (c->pid > 0 && read(trouble[0], &why, sizeof why) < 0 && errno == EINTR)
        ;
    (void)close(trouble[0]);
    c->out.fd = out[0];
    c->err.fd = err[0];
    (void)fcntl(out[0], F_SETFL, O_NONBLOCK);
    (void)fcntl(err[0], F_SETFL, O_NONBLOCK);
    if (why == 0)
        return 0;
    (void)close(out[0]);
    (void)close(err[0]);
    if (c->pid > 0)
        (void)waitpid(c->pid, NULL, 0);
    return why;
}

static void keep(capture *c, const char *data, size_t n)
{
    c->total += n;
    if (!c->from_end) {
        size_t room = sizeof c->data - c->n, take = n < room ? n : room;
        memcpy(c->data + c->n, data, take);
        c->n += take;
        return;
    }
    if (n >= sizeof c->data) {
        memcpy(c->data, data + (n - sizeof c->data), sizeof c->data);
        c->n = sizeof c->data;
        return;
    }
    size_t room = sizeof c->data - c->n, drop = n > room ? n - room : 0;
    memmove(c->data, c->data + drop, c->n - drop);
    memcpy(c->data + c->n - drop, data, n);
    c->n += n - drop;
}

/* What is there now, up to so many reads. */
static void drain(capture *c, unsigned reads)
{
    char data[65536];
    while (c->fd >= 0 && reads-- > 0) {
        ssize_t n = read(c->fd, data, sizeof data);
        if (n > 0) {
            keep(c, data, (size_t)n);
            continue;
        }
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        (void)close(c->fd);
        c->fd = -1;
    }
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bytes without_blanks(bytes line)
{
    while (line.n > 0 && is_blank(line.p[line.n - 1]))
        line.n--;
    while (line.n > 0 && is_blank(line.p[0]))
        line = bytes_of(line.p + 1, line.n - 1);
    return line;
}

/* The first line of what was kept that is not empty, or the last. */
static bytes pick_line(const capture *c)
{
    bytes picked = BYTES_NONE, rest = bytes_of(c->data, c->n);
    while (rest.n > 0 && (c->from_end || picked.n == 0)) {
        size_t n = bytes_find(rest, bytes_text("\n"));
        bytes line = without_blanks(bytes_of(rest.p, n));
        if (line.n > 0)
            picked = line;
        n = n < rest.n ? n + 1 : n;
        rest = bytes_of(rest.p + n, rest.n - n);
    }
    return picked;
}

static void put_line(const child *c, run_result *r)
{
    bytes line = pick_line(&c->err);
    if (line.n == 0)
        line = pick_line(&c->out);
    size_t n = line.n < sizeof r->line ? line.n : sizeof r->line - 1;
    if (n > 0)
        memcpy(r->line, line.p, n);
    for (size_t i = 0; i < n; i++)
        if (r->line[i] == '\0')
            r->line[i] = '?';
    r->line[n] = '\0';
}

/* Ends what is left of its process group, then takes its result. It has ended, but is still there
 * as long as nobody waited for it, so its number can't be another's yet. */
static void finish(runner *w, size_t at)
{
    child *c = w->active[at];
    run_result r = {.ms = (uint64_t)(now_ms() - c->started)};
    int status = 0;
    (void)kill(-c->pid, SIGKILL);
    (void)waitpid(c->pid, &status, 0);
    drain(&c->out, 4);
    drain(&c->err, 4);
    r.end = c->late             ? RUN_TOO_LATE
            : c->flooded        ? RUN_FLOODED
            : WIFEXITED(status) ? RUN_EXITED
                                : RUN_SIGNALLED;
    r.code = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
    put_line(c, &r);
    if (c->out.fd >= 0)
        (void)close(c->out.fd);
    if (c->err.fd >= 0)
        (void)close(c->err.fd);
    w->plan->done(w->plan->context, c->index, &r);
    free(c);
    w->active[at] = w->active[--w->active_n];
}

static bool has_ended(const child *c)
{
    siginfo_t info = {.si_pid = 0};
    return waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == c->pid;
}

/* Whose time is over is asked to end, and a little later ended. */
static void enforce(child *c, int64_t now)
{
    if (!c->flooded && c->out.total + c->err.total > FLOOD) {
        c->flooded = true;
        (void)kill(-c->pid, SIGKILL);
    }
    if (now < c->deadline)
        return;
    (void)kill(-c->pid, c->late ? SIGKILL : SIGTERM);
    c->late = c->late || !c->flooded;
    c->deadline = now + GRACE_MS;
}

static void start_one(runner *w)
{
    size_t i = w->next++;
    char *const *words = w->plan->words(w->plan->context, i);
    if (words == NULL)
        return;
    child *c = calloc(1, sizeof *c);
    int why = ENOMEM;
    if (c != NULL) {
        c->index = i;
        c->err.from_end = true;
        c->started = now_ms();
        c->deadline = c->started + (int64_t)w->plan->seconds * 1000;
        why = spawn(c, words, &w->before);
    }
    if (why == 0) {
        w->active[w->active_n++] = c;
        return;
    }
    free(c);
    if ((why == EAGAIN || why == EMFILE || why == ENOMEM) && w->active_n > 0) {
        w->next--; /* there is no room for so many; when one has ended there is */
        return;
    }
    complain("%s: can't be run: %s", words[0], strerror(why));
    w->failed = true;
}

static void watch(const child *c, const capture *k, fd_set *set, int *top)
{
    if (c->flooded || k->fd < 0)
        return;
    FD_SET(k->fd, set);
    *top = k->fd > *top ? k->fd : *top;
}

/* Until output comes, a child ends, a deadline passes, or a signal comes. */
static void wait_for_any(runner *w)
{
    fd_set set;
    int top = -1;
    int64_t now = now_ms(), wait = 60000;
    FD_ZERO(&set);
    for (size_t i = 0; i < w->active_n; i++) {
        const child *c = w->active[i];
        watch(c, &c->out, &set, &top);
        watch(c, &c->err, &set, &top);
        wait = c->deadline - now < wait ? c->deadline - now : wait;
    }
    wait = wait < 0 ? 0 : wait;
    const struct timespec limit = {(time_t)(wait / 1000), (long)(wait % 1000) * 1000000};
    if (pselect(top + 1, &set, NULL, NULL, &limit, &w->before) <= 0)
        return;
    for (size_t i = 0; i < w->active_n; i++) {
        child *c = w->active[i];
        if (c->out.fd >= 0 && FD_ISSET(c->out.fd, &set))
            drain(&c->out, 1);
        if (c->err.fd >= 0 && FD_ISSET(c->err.fd, &set))
            drain(&c->err, 1);
    }
}

static void run(runner *w)
{
    while (!w->failed && stop_signal == 0 && (w->active_n > 0 || w->next < w->plan->n)) {
        size_t before;
        do {
            before = w->next;
            if (w->active_n < w->plan->jobs && w->next < w->plan->n)
                start_one(w);
        } while (!w->failed && stop_signal == 0 && w->next != before);
        if (w->active_n > 0)
            wait_for_any(w);
        int64_t now = now_ms();
        for (size_t i = w->active_n; i-- > 0;)
            if (has_ended(w->active[i]))
                finish(w, i);
            else
                enforce(w->active[i], now);
    }
    for (size_t i = w->active_n; i-- > 0;) {
        (void)kill(-w->active[i]->pid, SIGKILL);
        finish(w, i);
    }
}

/* A process that left its parent's session behind: it became ours when its parent ended. */
static void end_strays(void)
{
    enum { ROUNDS = 50 };
    char path[64], word[16], text[4096];
    (void)snprintf(path, sizeof path, "/proc/self/task/%ld/children", (long)getpid());
    for (int round = 0; round < ROUNDS; round++) {
        FILE *f = fopen(path, "r");
        size_t n = f != NULL ? fread(text, 1, sizeof text, f) : 0;
        if (f != NULL)
            (void)fclose(f);
        bytes rest = bytes_of(text, n);
        if (n == 0)
            return;
        for (size_t k = bytes_find(rest, bytes_text(" ")); k < rest.n;
             k = bytes_find(rest, bytes_text(" "))) {
            uint64_t pid = 0;
            (void)snprintf(word, sizeof word, "%.*s", (int)k, (const char *)rest.p);
            if (number_parse(word, INT32_MAX, &pid) && pid > 1 && kill((pid_t)pid, SIGKILL) == 0)
                (void)waitpid((pid_t)pid, NULL, 0);
            rest = bytes_of(rest.p + k + 1, rest.n - k - 1);
        }
    }
}

bool run_all(const run_plan *plan, int *stopped)
{
    static const int watched[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP};
    enum { WATCHED = sizeof watched / sizeof *watched };
    struct sigaction own = {.sa_handler = on_signal}, old[WATCHED];
    runner w = {.plan = plan};
    sigset_t mask;
    (void)sigemptyset(&own.sa_mask);
    (void)sigemptyset(&mask);
    stop_signal = 0;
    for (int i = 0; i < WATCHED; i++) {
        (void)sigaddset(&mask, watched[i]);
        (void)sigaction(watched[i], &own, &old[i]);
        /* What the user had ignored stays so; of our children we must hear. */
        if (watched[i] != SIGCHLD && old[i].sa_handler == SIG_IGN)
            (void)sigaction(watched[i], &old[i], NULL);
    }
    (void)sigprocmask(SIG_BLOCK, &mask, &w.before);
    keep_files();
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    run(&w);
    end_strays();
    (void)prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
    for (int i = 0; i < WATCHED; i++)
        (void)sigaction(watched[i], &old[i], NULL);
    (void)sigprocmask(SIG_SETMASK, &w.before, NULL);
    *stopped = stop_signal;
    return !w.failed && stop_signal == 0;
}
