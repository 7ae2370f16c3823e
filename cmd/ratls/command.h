#ifndef RATLS_CMD_COMMAND_H
#define RATLS_CMD_COMMAND_H

#include "base/bytes.h"
#include "base/error.h"
#include "ratls/verify.h"

/* Exit codes, the same in every command. */
enum { EXIT_ACCEPTED = 0, EXIT_REFUSED = 1, EXIT_TROUBLE = 2 };

typedef enum option {
    OPTION_HELP,
    OPTION_JSON,
    OPTION_POLICY,
    OPTION_COLLATERAL,
    OPTION_TIME,
    OPTION_SKEW,
    OPTION_ROOT,
    OPTION_CA,
    OPTION_NONCE,
    OPTION_STORE,
    OPTION_PCCS,
    OPTION_PCCS_CA,
    OPTION_PCCS_CERT,
    OPTION_INSECURE_PCCS,
    OPTION_OFFLINE,
    OPTION_COUNT
} option;

#define TAKES(o) (1u << (o))
/* Where collateral comes from, beside files. */
#define TAKES_SERVICES                                                                             \
    (TAKES(OPTION_PCCS) | TAKES(OPTION_PCCS_CA) | TAKES(OPTION_PCCS_CERT) |                        \
     TAKES(OPTION_INSECURE_PCCS))
#define TAKES_SUPPLY (TAKES(OPTION_STORE) | TAKES_SERVICES | TAKES(OPTION_OFFLINE))

enum { COLLATERAL_MAX = 64, PCCS_MAX = 8, OWN_MAX = 40 };

/* An option of one command only, which reads its value itself. */
typedef struct own_option {
    const char *name, *value, *about; /* value NULL: it takes none */
} own_option;

typedef struct args {
    const char *file;   /* the operand; NULL if the command has none */
    char *const *words; /* what follows "--", where the command takes that */
    size_t words_n;
    const char *policy, *root, *ca;
    const char *collateral[COLLATERAL_MAX];
    size_t collateral_n;
    const char *store, *pccs_ca, *pccs_cert;
    const char *pccs[PCCS_MAX];
    size_t pccs_n;
    bool insecure_pccs, offline;
    uint8_t nonce[RATLS_NONCE_MAX];
    size_t nonce_n;
    const char *own[OWN_MAX]; /* by place in the command's table; NULL: not given; "" for one that
                                 takes no value */
    bool json, help;
    bool has_time, has_skew;
    int64_t time;
    uint32_t skew;
} args;

typedef struct command {
    const char *name;    /* as typed after "ratls", e.g. "policy new" */
    const char *operand; /* its name in the usage; NULL: it takes options only */
    const char *words;   /* the same for what must follow "--"; NULL: it takes no such words */
    int (*run)(const args *a);
    const char *summary; /* one line */
    unsigned options;    /* TAKES(…) */
    const own_option *own;
    size_t own_n;      /* at most OWN_MAX */
    const char *about; /* what it does and its exit codes, for --help */
    const char *example;
} command;

extern const command show_command, verify_command, verify_quote_command, policy_new_command,
    policy_check_command, sim_new_command, sim_quote_command, sim_collateral_command,
    sim_renew_command, sim_show_command, attest_command, serve_command, connect_command,
    collateral_fetch_command, collateral_show_command, collateral_verify_command,
    collateral_export_command, collateral_import_command, collateral_serve_command,
    conform_verifier_command, conform_endpoint_command, conform_make_command, ca_init_command,
    ca_sign_command, ca_log_command;

/*
 * Reads the words after the command's name; options may stand before and after the operand, "--"
 * ends them. False after it said what is wrong on standard error. With --help nothing is demanded.
 */
bool args_parse(int argc, char **argv, const command *c, args *out);

/* Usage, options, exit codes and example of one command, on standard output. */
void command_help(const command *c);

/* "ratls: " and the sentence, escaped, on standard error. */
__attribute__((format(printf, 1, 2))) void complain(const char *format, ...);

#endif
