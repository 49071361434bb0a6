/* When `netkit serve http` ends by itself. */
#include "base/clock.h"
#include "serve_http.h"

static const struct option_spec ending_options[] = {
    {
        .name = "requests",
        .kind = OPTION_COUNT,
        .group = OPTION_GROUP_LIMITS,
        .offset = offsetof(struct http_options, requests),
        .argument = "N",
        .maximum = UINT32_MAX,
        .help = "end when so many were answered; 0: never",
        .rare = true,
        .unset = "",
    },
    {
        .name = "once",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_LIMITS,
        .offset = offsetof(struct http_options, once),
        .help = "the same as --requests 1",
        .rare = true,
    },
    {
        .name = "for",
        .kind = OPTION_DURATION,
        .group = OPTION_GROUP_TIMES,
        .offset = offsetof(struct http_options, run_for),
        .argument = "TIME",
        .maximum = UINT64_C(8760) * 3600 * NK_NANOSECONDS_PER_SECOND,
        .help = "end after that time; 0: never",
        .rare = true,
        .unset = "",
    },
};

const struct option_table serve_http_ending_table = {ending_options,
                                                     NK_ARRAY_LENGTH(ending_options)};

enum exit_status serve_http_check_ending(const struct command_call *call)
{
    struct serve_http_options *options = call->options;

    if (options->http.once && options->http.requests > 0)
        return command_usage_error(call->command->name,
                                   "--once is --requests 1: give one of the two");
    if (options->http.once)
        options->http.requests = 1;
    return EXIT_STATUS_OK;
}
