/* Quotes of a platform that the suite's maker has, by a command of his. */
#define _POSIX_C_SOURCE 200809L
#include "conform_evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/hex.h"

enum { REPORT_DATA_SIZE = 64, HEX_SIZE = 2 * REPORT_DATA_SIZE + 1, WORD_MAX = 4096 };

extern char **environ;

struct evidence_answer {
    struct evidence_answer *next;
    uint8_t report_data[REPORT_DATA_SIZE];
    size_t n;
    uint8_t quote[];
};

static bool holds(const char *word, const char *place)
{
    return strstr(word, place) != NULL;
}

ratls_code evidence_command_read(const char *command, const char *file, evidence_command *out,
                                 ratls_error *e)
{
    bool asked = false;
    size_t size = strlen(command) + 1;
    *out = (evidence_command){.file = file, .text = malloc(size)};
    if (out->text == NULL)
        return refuse(e, RATLS_E_SYSTEM, 0, "out of memory");
    memcpy(out->text, command, size);
    for (char *at = out->text; *at != '\0';) {
        while (*at == ' ')
            *at++ = '\0';
        if (*at == '\0')
            break;
        if (out->n == EVIDENCE_WORDS)
            return refuse(e, RATLS_E_LIMIT, 0, "evidence command: more than %d words",
                          EVIDENCE_WORDS);
        out->words[out->n++] = at;
        at += strcspn(at, " ");
    }
    for (size_t i = 0; i < out->n; i++)
        asked = asked || holds(out->words[i], "{}") || holds(out->words[i], "{hex}");
    if (!asked)
        return refuse(e, RATLS_E_MALFORMED, 0,
                      "evidence command: it is given no report data, expected {} (a file with its "
                      "64 bytes) or {hex} among its words");
    return RATLS_OK;
}

void evidence_command_free(evidence_command *c)
{
    while (c->answers != NULL) {
        struct evidence_answer *next = c->answers->next;
        free(c->answers);
        c->answers = next;
    }
    free(c->text);
    *c = (evidence_command){.n = 0};
}

/* The word with its placeholders filled; false if it gets too long. */
static bool fill_word(const char *word, const char *file, const char *hex, char out[WORD_MAX])
{
    size_t n = 0;
    while (*word != '\0') {
        bool is_file = bytes_starts(bytes_text(word), "{}"),
             is_hex = bytes_starts(bytes_text(word), "{hex}");
        const char *from = is_file ? file : is_hex ? hex : word;
        size_t size = is_file || is_hex ? strlen(from) : 1;
        if (size >= WORD_MAX - n)
            return false;
        memcpy(out + n, from, size);
        n += size;
        word += is_file ? 2 : is_hex ? 5 : 1;
    }
    out[n] = '\0';
    return true;
}

/* In a process group of its own, with its output in a pipe. */
static ratls_code start(char *const *argv, pid_t *pid, int *out, ratls_error *e)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults; /* what this program ignores is no business of the command */
    int pipes[2], failed;
    (void)sigemptyset(&defaults);
    (void)sigaddset(&defaults, SIGPIPE);
    if (pipe(pipes) != 0)
        return refuse(e, RATLS_E_SYSTEM, 0, "evidence command: no pipe: %s", strerror(errno));
    (void)fcntl(pipes[0], F_SETFD, FD_CLOEXEC);
    failed = posix_spawn_file_actions_init(&actions) != 0 || posix_spawnattr_init(&attributes) != 0;
    if (!failed)
        failed = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!failed)
        failed = posix_spawn_file_actions_adddup2(&actions, pipes[1], STDOUT_FILENO);
    if (!failed && pipes[1] != STDOUT_FILENO)
        failed = posix_spawn_file_actions_addclose(&actions, pipes[1]);
    if (!failed)
        failed = posix_spawnattr_setsigdefault(&attributes, &defaults);
    if (!failed)
        failed =
            posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
    if (!failed)
        failed = posix_spawnp(pid, argv[0], &actions, &attributes, argv, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attributes);
    (void)close(pipes[1]);
    *out = pipes[0];
    if (failed == 0)
        return RATLS_OK;
    (void)close(pipes[0]);
    return refuse(e, RATLS_E_SYSTEM, 0, "evidence command: %s: %s", argv[0], strerror(failed));
}

static int64_t milliseconds_now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* To its end, into `to`. */
static ratls_code read_all(int from, uint8_t *to, size_t cap, size_t *n, ratls_error *e)
{
    int64_t end = milliseconds_now() + (int64_t)EVIDENCE_SECONDS * 1000;
    for (;;) {
        struct pollfd p = {.fd = from, .events = POLLIN};
        int64_t left = end - milliseconds_now();
        if (left <= 0)
            return refuse(e, RATLS_E_SYSTEM, 0, "evidence command: no answer in %d seconds",
                          EVIDENCE_SECONDS);
        if (poll(&p, 1, (int)left) <= 0)
            continue;
        ssize_t got = read(from, to + *n, cap - *n);
        if (got == 0)
            return RATLS_OK;
        if (got < 0 && errno != EINTR)
            return refuse(e, RATLS_E_SYSTEM, 0, "evidence command: its output can't be read: %s",
                          strerror(errno));
        *n += got > 0 ? (size_t)got : 0;
        if (*n == cap)
            return refuse(e, RATLS_E_LIMIT, 0, "evidence command: it printed more than %d bytes",
                          EVIDENCE_MAX_BYTES);
    }
}

/* Reaps it; one that closed its output and goes on is ended. */
static ratls_code finish(pid_t pid, ratls_code code, ratls_error *e)
{
    int status = 0;
    const struct timespec pause = {.tv_nsec = 10000000};
    int64_t end = milliseconds_now() + (int64_t)EVIDENCE_SECONDS * 1000;
    pid_t done = 0;
    while (code == RATLS_OK && (done = waitpid(pid, &status, WNOHANG)) == 0) {
        if (milliseconds_now() > end)
            code = refuse(e, RATLS_E_SYSTEM, 0, "evidence command: it did not end in %d seconds",
                          EVIDENCE_SECONDS);
        (void)nanosleep(&pause, NULL);
    }
    (void)kill(-pid, SIGKILL);
    while (done == 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (code == RATLS_OK && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
        return refuse(e, RATLS_E_SYSTEM, 0, "evidence command: it failed with %s %d",
                      WIFEXITED(status) ? "exit code" : "signal",
                      WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    return code;
}

static ratls_code run(const evidence_command *c, bytes report_data, uint8_t *to, size_t cap,
                      size_t *n, ratls_error *e)
{
    char hex[HEX_SIZE], *argv[EVIDENCE_WORDS + 1] = {NULL}, *space = malloc(c->n * WORD_MAX);
    ratls_code code = RATLS_OK;
    pid_t pid = 0;
    int out = -1;
    (void)hex_encode(report_data, hex);
    if (space == NULL)
        return refuse(e, RATLS_E_SYSTEM, 0, "out of memory");
    for (size_t i = 0; code == RATLS_OK && i < c->n; i++) {
        argv[i] = space + i * WORD_MAX;
        if (!fill_word(c->words[i], c->file, hex, argv[i]))
            code = refuse(e, RATLS_E_LIMIT, 0, "evidence command: a word of more than %d bytes",
                          WORD_MAX - 1);
    }
    if (code == RATLS_OK)
        code = start(argv, &pid, &out, e);
    free(space);
    if (code != RATLS_OK)
        return code;
    *n = 0;
    code = read_all(out, to, cap, n, e);
    (void)close(out);
    return finish(pid, code, e);
}

static ratls_code write_report_data(const char *path, bytes b, ratls_error *e)
{
    FILE *f = fopen(path, "wb");
    bool good = f != NULL && fwrite(b.p, 1, b.n, f) == b.n;
    if (f != NULL)
        good = fclose(f) == 0 && good;
    return good ? RATLS_OK
                : refuse(e, RATLS_E_SYSTEM, 0, "%s can't be written: %s", path, strerror(errno));
}

ratls_code evidence_command_quote(evidence_command *c, bytes report_data, bytes *quote,
                                  ratls_error *e)
{
    size_t n = 0;
    for (struct evidence_answer *a = c->answers; a != NULL; a = a->next)
        if (bytes_equal(bytes_of(a->report_data, REPORT_DATA_SIZE), report_data)) {
            *quote = bytes_of(a->quote, a->n);
            return RATLS_OK;
        }
    struct evidence_answer *a = malloc(sizeof *a + EVIDENCE_MAX_BYTES + 1);
    if (a == NULL)
        return refuse(e, RATLS_E_SYSTEM, 0, "out of memory");
    ratls_code code = write_report_data(c->file, report_data, e);
    if (code == RATLS_OK)
        code = run(c, report_data, a->quote, EVIDENCE_MAX_BYTES + 1, &n, e);
    (void)unlink(c->file);
    if (code == RATLS_OK && n == 0)
        code = refuse(e, RATLS_E_SYSTEM, 0, "evidence command: it printed nothing");
    if (code != RATLS_OK) {
        free(a);
        return code;
    }
    struct evidence_answer *fitting = realloc(a, sizeof *a + n);
    a = fitting != NULL ? fitting : a;
    memcpy(a->report_data, report_data.p, REPORT_DATA_SIZE);
    a->n = n;
    a->next = c->answers;
    c->answers = a;
    *quote = bytes_of(a->quote, n);
    return RATLS_OK;
}
