/* ratls: looks at RA-TLS certificates and judges them. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "command.h"

static const command *const commands[] = {&show_command,
                                          &verify_command,
                                          &verify_quote_command,
                                          &policy_new_command,
                                          &policy_check_command,
                                          &sim_new_command,
                                          &sim_quote_command,
                                          &sim_collateral_command,
                                          &sim_renew_command,
                                          &sim_show_command,
                                          &attest_command,
                                          &serve_command,
                                          &connect_command,
                                          &collateral_fetch_command,
                                          &collateral_show_command,
                                          &collateral_verify_command,
                                          &collateral_export_command,
                                          &collateral_import_command,
                                          &collateral_serve_command,
                                          &conform_verifier_command,
                                          &conform_endpoint_command,
                                          &conform_make_command,
                                          &ca_init_command,
                                          &ca_sign_command,
                                          &ca_log_command};
enum { COMMANDS = sizeof commands / sizeof *commands };

/* Those whose name begins so. */
static void list(FILE *to, const char *begin)
{
    (void)fprintf(to, "\ncommands:\n");
    for (size_t i = 0; i < COMMANDS; i++)
        if (bytes_starts(bytes_text(commands[i]->name), begin))
            (void)fprintf(to, "  %-17s %s\n", commands[i]->name, commands[i]->summary);
}

static void usage(FILE *to)
{
    (void)fprintf(to, "usage: ratls COMMAND [OPTION]... FILE\n");
    list(to, "");
    (void)fprintf(to, "  %-17s %s\n  %-17s %s\n", "help COMMAND", "options, exit codes, an example",
                  "--version", "which ratls this is");
    (void)fprintf(to, "\nexit codes: 0 accepted or shown, 1 refused, 2 usage or system error\n");
}

/* The command that begins at argv[0]; *words is how many words its name has. */
static const command *find(int argc, char **argv, int *words)
{
    char two[64];
    *words = 2;
    if (argc > 1) {
        (void)snprintf(two, sizeof two, "%s %s", argv[0], argv[1]);
        for (size_t i = 0; i < COMMANDS; i++)
            if (bytes_is(bytes_text(two), commands[i]->name))
                return commands[i];
    }
    *words = 1;
    for (size_t i = 0; i < COMMANDS; i++)
        if (bytes_is(bytes_text(argv[0]), commands[i]->name))
            return commands[i];
    return NULL;
}

static bool is(const char *word, const char *a, const char *b)
{
    return bytes_is(bytes_text(word), a) || bytes_is(bytes_text(word), b);
}

/* First words of commands that have two. */
static const struct {
    const char *name, *second;
} groups[] = {{"policy", "new or check"},
              {"sim", "new, quote, collateral, renew or show"},
              {"collateral", "fetch, show, verify, export, import or serve"},
              {"conform", "make, verifier or endpoint"},
              {"ca", "init, sign or log"}};

/* What may follow this word; NULL if it begins no command of two words. */
static const char *second_words(const char *word)
{
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (bytes_is(bytes_text(word), groups[i].name))
            return groups[i].second;
    return NULL;
}

/* The commands that begin with this word. */
static int help_group(const char *word)
{
    char begin[64];
    (void)snprintf(begin, sizeof begin, "%s ", word);
    (void)printf("usage: ratls %s COMMAND [OPTION]...\n", word);
    list(stdout, begin);
    (void)printf("\noptions, exit codes, an example: ratls %s COMMAND --help\n", word);
    return EXIT_ACCEPTED;
}

static int unknown(int argc, char **argv)
{
    const char *second = second_words(argv[0]);
    if (second != NULL && argc > 1 && is(argv[1], "--help", "-h"))
        return help_group(argv[0]);
    if (second != NULL)
        complain("%s: %s%s%s, expected %s; see: ratls %s --help", argv[0],
                 argc > 1 ? "found '" : "nothing follows", argc > 1 ? argv[1] : "",
                 argc > 1 ? "'" : "", second, argv[0]);
    else
        complain("%s '%s'; see: ratls --help",
                 argv[0][0] == '-' ? "unknown option" : "unknown command", argv[0]);
    return EXIT_TROUBLE;
}

static int help(int argc, char **argv)
{
    int words;
    if (argc == 1 && second_words(argv[0]) != NULL)
        return help_group(argv[0]);
    if (argc == 0 || (argc == 1 && is(argv[0], "help", "help"))) {
        usage(stdout);
        return EXIT_ACCEPTED;
    }
    const command *c = find(argc, argv, &words);
    if (c == NULL)
        return unknown(argc, argv);
    command_help(c);
    return EXIT_ACCEPTED;
}

static int run(int argc, char **argv)
{
    args a;
    int words;
    if (argc == 0) {
        usage(stderr);
        return EXIT_TROUBLE;
    }
    if (is(argv[0], "--version", "-V")) {
        (void)printf("ratls %s\n", RATLS_VERSION);
        return EXIT_ACCEPTED;
    }
    if (is(argv[0], "--help", "-h"))
        return help(0, NULL);
    if (is(argv[0], "help", "help"))
        return help(argc - 1, argv + 1);
    const command *c = find(argc, argv, &words);
    if (c == NULL)
        return unknown(argc, argv);
    if (!args_parse(argc - words, argv + words, c, &a))
        return EXIT_TROUBLE;
    if (a.help) {
        command_help(c);
        return EXIT_ACCEPTED;
    }
    return c->run(&a);
}

int main(int argc, char **argv)
{
    /* A reader that goes away is an output error, told by the exit code. */
    (void)signal(SIGPIPE, SIG_IGN);
    /* Written at the end as a rule, so that errno below is that of the failing write. */
    static char buffer[1 << 18];
    (void)setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    int status = run(argc > 0 ? argc - 1 : 0, argv + 1);
    errno = 0;
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        if (errno != EPIPE)
            complain("standard output can't be written: %s", strerror(errno != 0 ? errno : EIO));
        return EXIT_TROUBLE;
    }
    return status;
}
