/* What `netkit serve http` does for whoever tests a client. */
#include "http/http_chaos_spec.h"
#include "serve_http.h"

static const struct option_spec testing_options[] = {
    {
        .name = "endpoints",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct http_options, endpoints),
        .help = "pages below /_/ for testing clients",
    },
    {
        .name = "chaos",
        .kind = OPTION_STRING,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct http_options, chaos),
        .argument = "SPEC",
        .help = "faults by chance, as in reset:5%,delay:1s",
        .rare = true,
    },
    {
        .name = "chaos-seed",
        .kind = OPTION_COUNT,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct http_options, chaos_seed),
        .argument = "N",
        .maximum = UINT64_MAX,
        .help = "another sequence of chances",
        .rare = true,
    },
};

const struct option_table serve_http_testing_table = {testing_options,
                                                      NK_ARRAY_LENGTH(testing_options)};

enum exit_status serve_http_check_testing(const struct command_call *call)
{
    const struct serve_http_options *options = call->options;
    struct http_chaos_spec spec;
    const char *problem;

    if (options->http.chaos == NULL &&
        option_given(call->command->parts, &call->result, "chaos-seed"))
        return command_usage_error(call->command->name,
                                   "--chaos-seed has no effect without --chaos");
    if (options->http.chaos != NULL &&
        http_chaos_spec_parse(options->http.chaos, &spec, &problem) != 0)
        return command_usage_error(call->command->name, "--chaos: '%.300s' %s", options->http.chaos,
                                   problem);
    return EXIT_STATUS_OK;
}
