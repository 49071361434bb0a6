/* `netkit probe http`: from the command line to probe_run. */
#include "probe.h"
#include "probe/probe_kinds.h"

struct probe_http_command_options {
    struct probe_command_options base; /* first */
    const char *method;                /* a word: GET or HEAD */
    const char *expect;
    struct probe_number_set expected;
};

static const struct probe_http_command_options defaults = {
    .base = PROBE_COMMAND_DEFAULTS,
    .method = "GET",
    .expect = "200-399",
};

static const char *const methods[] = {"GET", "HEAD", NULL};

static const struct option_spec options[] = {
    {
        .name = "expect",
        .kind = OPTION_STRING,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct probe_http_command_options, expect),
        .argument = "STATUSES",
        .help = "what counts as an answer, as in 200,300-399",
    },
    {
        .name = "method",
        .kind = OPTION_CHOICE,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct probe_http_command_options, method),
        .argument = "METHOD",
        .choices = methods,
        .help = "GET or HEAD",
    },
};

static const struct option_table table = {options, NK_ARRAY_LENGTH(options)};

static const struct option_part parts[] = {
    {&table, 0},           {&probe_family_table, 0},  {&probe_pace_table, 0},
    {&probe_run_table, 0}, {&common_option_table, 0}, {NULL, 0},
};

static const enum nk_scheme schemes[] = {NK_SCHEME_HTTP};

static enum exit_status run(struct command_call *call)
{
    static const struct probe_address_rules rules = {
        .schemes = schemes,
        .scheme_count = NK_ARRAY_LENGTH(schemes),
        .default_port = 80,
        .usual = "http://localhost:8080/",
    };
    struct probe_http_command_options *mine = call->options;
    const struct probe_http_options http = {
        .is_head = strcmp(mine->method, "HEAD") == 0,
        .expected = &mine->expected,
    };
    enum exit_status status = probe_options_complete(call);

    mine->base.probe.kind = &probe_http_kind;
    mine->base.probe.kind_options = &http;
    if (status == EXIT_STATUS_OK &&
        probe_number_set_parse(&mine->expected, mine->expect, 100, 599) != 0)
        status =
            command_usage_error(call->command->name,
                                "--expect: '%.300s' is no list as 200,300-399, from 100 to 599",
                                mine->expect);
    if (status == EXIT_STATUS_OK)
        status = probe_take_targets(call, &rules);
    if (status == EXIT_STATUS_OK)
        status = probe_command_run(&mine->base);
    probe_command_release(&mine->base);
    return status;
}

static const struct command_example examples[] = {
    {"netkit probe http http://example.org/", "once a second, until ^C"},
    {"netkit probe http --count 1 --expect 200 localhost:8080/health", "in a script"},
    {"netkit probe http --until up --timeout 60s web:8080", "wait for a server to start"},
    {NULL, NULL},
};

const struct command probe_http_command = {
    .name = "probe http",
    .summary = "time a web server, step by step",
    .arguments = "[OPTION]... [URL]...",
    .description =
        "Ask each URL once every --interval and read the response: the time to connect,\n"
        "to its first byte and to its end. Without URL that is http://localhost:8080/.\n",
    .parts = parts,
    .defaults = &defaults,
    .options_size = sizeof defaults,
    .uses_terminal = true,
    .words = COMMAND_WORDS_ADDRESSES,
    .examples = examples,
    .run = run,
};
