/* What `netkit serve http` tells about its requests. */
#include "serve_http.h"

static const char *const formats[] = {"common", "combined", "json", NULL};

static const struct option_spec log_options[] = {
    {
        .name = "access-log",
        .kind = OPTION_FILE,
        .group = OPTION_GROUP_MESSAGES,
        .offset = offsetof(struct http_options, access_log),
        .argument = "FILE",
        .help = "a line for each request; '-' is stderr",
    },
    {
        .name = "log-format",
        .kind = OPTION_CHOICE,
        .group = OPTION_GROUP_MESSAGES,
        .offset = offsetof(struct http_options, log_format),
        .argument = "FORMAT",
        .choices = formats,
        .help = "common, combined or json",
        .rare = true,
        .unset = "combined",
    },
    {
        .name = "metrics",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_MESSAGES,
        .offset = offsetof(struct http_options, metrics),
        .help = "figures for Prometheus at /_/metrics",
    },
    {
        .name = "status",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_MESSAGES,
        .offset = offsetof(struct http_options, status),
        .help = "a live page of the event loops at /_/status",
    },
};

const struct option_table serve_http_log_table = {log_options, NK_ARRAY_LENGTH(log_options)};

enum exit_status serve_http_check_log(const struct command_call *call)
{
    const struct serve_http_options *options = call->options;

    if (options->http.log_format != NULL && options->http.access_log == NULL)
        return command_usage_error(call->command->name,
                                   "--log-format has no effect without --access-log");
    return EXIT_STATUS_OK;
}
