/* To add a command
 *
 *   1. write its options structure, its option table, its run function and its
 *      `struct command` in a file of its own, cmd/<name>.c, and declare the
 *      command at the end of this header;
 *   2. add it to the table in cmd/commands.c (and its first word to the groups
 *      there, when it is the first command of a new group);
 *   3. write man/netkit-<name>.1 with every option, and name it in SEE ALSO of
 *      man/netkit.1;
 *   4. renew completions/ with `netkit completion SHELL`, for bash, zsh and fish.
 *
 * Addresses, the environment, failures and events mean the same to all commands:
 * address_word.h, dispatcher.h, failure.h, json_line.h and output.h are for that.
 *
 * The tests check each of these steps, and that `--help` stays within 60 lines
 * of 80 columns and ends with an example.
 *
 * Everything here runs on the main thread, before or after the services.
 */
#ifndef CMD_COMMAND_H
#define CMD_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "options.h"
#include "service/exit_status.h"

/* The options of every command: -v, -q, --json and --help. The structure of
 * each command starts with this one. */
struct common_options {
    uint64_t verbosity; /* how many -v */
    bool quiet;
    bool json;
    bool help;
};

extern const struct option_table common_option_table; /* all four */
extern const struct option_table help_option_table;   /* --help only, for commands
                                                         that have nothing to report */

/* What the arguments of a command are, for the completions. */
enum command_words {
    COMMAND_WORDS_NONE,
    COMMAND_WORDS_ADDRESSES,
    COMMAND_WORDS_FILE,     /* a file, then an address */
    COMMAND_WORDS_CHOICE,   /* one of command.choices */
    COMMAND_WORDS_COMMANDS, /* the name of a command */
};

struct command_example {
    const char *line;    /* what to type */
    const char *meaning; /* what it does, in a few words */
};

struct command_call {
    const struct command *command;
    void *options;               /* the command's structure, filled in */
    struct option_result result; /* the arguments, and which options were given */
};

struct command {
    const char *name;        /* the words behind "netkit", such as "serve http" */
    const char *summary;     /* one line for lists, lower case, no full stop */
    const char *arguments;   /* behind the name in the usage line; "" for none */
    const char *description; /* a few whole lines under the usage, or NULL */
    const struct option_part *parts;
    const void *defaults; /* copied before the command line is read */
    size_t options_size;  /* bytes of the structure */
    bool uses_terminal;   /* edits lines or draws: needs the encoding of the locale */
    enum command_words words;
    const char *const *choices;             /* NULL-terminated; may be NULL */
    const struct command_example *examples; /* ends with a NULL line */
    const struct option_answer *answers;    /* to letters of other programs; may be NULL */
    enum exit_status (*run)(struct command_call *call);
};

/* Words that several commands begin with, such as "serve". */
struct command_group {
    const char *name;
    const char *summary;
    const char *members; /* what its commands are called: "servers" */
};

/* The tables, in the order of `netkit help`. The first ends with NULL, the
 * second with a NULL name. */
extern const struct command *const commands[];
extern const struct command_group command_groups[];

/* The options of `netkit` itself: --version and --help. */
struct program_options {
    struct common_options common;
    bool version;
};
extern const struct command program_command; /* its name is "" */

/* What the first words of a command line name. */
struct command_choice {
    const struct command *command;     /* NULL if they name none */
    const struct command_group *group; /* the group they stopped at, or NULL */
    const char *unknown;               /* the word that names nothing, or NULL */
};

/* Finds the command that the words (without the program's name) ask for and
 * takes its name out of them; the rest keeps its order and *count is updated.
 * Options may stand before and between the words of the name. */
struct command_choice command_choose(int *count, char **words) NK_NONNULL(1, 2);

/* The group whose name is the first word of the command's name, or NULL. */
const struct command_group *command_group_of(const struct command *command) NK_NONNULL(1);

/* Says on standard error what is wrong with a command line, and where help is:
 * two lines. `name` is what stands behind "netkit" in the second ("" for none).
 * Returns EXIT_STATUS_USAGE. */
enum exit_status command_usage_error(const char *name, const char *format, ...) NK_NONNULL(1, 2)
    NK_FORMAT(2, 3);

/* Whether a server can write to the descriptor of --ready-fd; UINT64_MAX = not given. One that
 * is not open yet would become one of the server's own. Returns EXIT_STATUS_OK, or _USAGE
 * after saying so. */
enum exit_status command_check_ready_fd(const char *name, uint64_t fd) NK_NONNULL(1);

/* The same as command_usage_error for a word that names no command, with the nearest that does. */
enum exit_status command_unknown_error(const struct command_choice *choice) NK_NONNULL(1);

extern const struct command connect_command;
extern const struct command listen_command;
extern const struct command relay_command;
extern const struct command replay_command;
extern const struct command serve_http_command;
extern const struct command serve_echo_command;
extern const struct command serve_discard_command;
extern const struct command serve_chargen_command;
extern const struct command serve_daytime_command;
extern const struct command serve_time_command;
extern const struct command serve_keepalive_command;
extern const struct command serve_shell_command;
extern const struct command shell_client_command;
extern const struct command shell_server_command;
extern const struct command check_http_command;
extern const struct command probe_tcp_command;
extern const struct command probe_udp_command;
extern const struct command probe_unix_command;
extern const struct command probe_http_command;
extern const struct command probe_keepalive_command;
extern const struct command completion_command;
extern const struct command help_command;

#endif
