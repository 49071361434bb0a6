/* What the commands of `netkit probe` share: their options, their addresses and the
 * way from there to a run.
 *
 * A command of one kind has its own structure that begins with struct
 * probe_command_options, and a table for what only it knows:
 *
 *     complete its own options -> probe_options_complete -> probe_take_targets
 *     -> probe_command_run -> probe_command_release
 */
#ifndef CMD_PROBE_H
#define CMD_PROBE_H

#include "command.h"
#include "probe/probe_run.h"
#include "service/word_list.h"

struct probe_command_options {
    struct common_options common;
    struct probe_options probe;
    const char *until; /* a word: up or down; NULL when not given */
    struct word_list fail_if;
    bool live;
    const char *metrics; /* an address, or NULL */
    struct nk_address metrics_address;
    bool only_v4;
    bool only_v6;
    bool shows_ports; /* the targets are ports of hosts: a table of them is the report */
    /* What probe.targets and probe.thresholds point at. */
    char **targets;
    size_t target_room;
    struct probe_threshold thresholds[WORD_LIST_MAX];
};

#define PROBE_COMMAND_DEFAULTS                                                                     \
    {                                                                                              \
        .probe = PROBE_OPTIONS_DEFAULT,                                                            \
    }

extern const struct option_table probe_pace_table;   /* --interval and --wait: one attempt at a
                                                        time; base 0 */
extern const struct option_table probe_family_table; /* -4 and -6: for names; base 0 */
extern const struct option_table probe_run_table;    /* for all kinds; base 0 */

/* Fills in the options that are words and finds those that contradict each other.
 * Returns EXIT_STATUS_OK, or EXIT_STATUS_USAGE after saying what is wrong; likewise
 * the next one. */
enum exit_status probe_options_complete(const struct command_call *call);

/* Which addresses a kind takes. */
struct probe_address_rules {
    const enum nk_scheme *schemes; /* the first is meant when none is written */
    size_t scheme_count;
    uint16_t default_port; /* 0 = one must be written */
    const char *usual;     /* the address when there is none; NULL = one is needed */
    bool has_no_port;      /* ports come by an option */
};

/* Reads the arguments: an address each. */
enum exit_status probe_take_targets(const struct command_call *call,
                                    const struct probe_address_rules *rules);

/* Adds a target by its canonical name. Returns EXIT_STATUS_OK, or EXIT_STATUS_FAILED
 * when there is no memory, after saying so. */
enum exit_status probe_add_target(struct probe_command_options *mine, const char *name);

/* Runs it, and tells about it on standard output. */
enum exit_status probe_command_run(struct probe_command_options *mine);

void probe_command_release(struct probe_command_options *mine);

#endif
