/* What clients may bring to `netkit serve http`. */
#include "serve_http.h"

#define GIB (UINT64_C(1) << 30)

static const struct option_spec upload_options[] = {
    {
        .name = "upload",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct http_options, upload),
        .help = "take files by PUT and from forms",
    },
    {
        .name = "overwrite",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct http_options, overwrite),
        .help = "let uploads replace files",
        .rare = true,
    },
    {
        .name = "max-upload",
        .kind = OPTION_SIZE,
        .group = OPTION_GROUP_LIMITS,
        .offset = offsetof(struct http_options, max_upload),
        .argument = "SIZE",
        .maximum = GIB * GIB,
        .help = "bytes of an upload, else 413; 0: no limit",
        .rare = true,
    },
};

const struct option_table serve_http_upload_table = {upload_options,
                                                     NK_ARRAY_LENGTH(upload_options)};

/* Options that mean nothing without uploads. */
static const char *const more_options[] = {"overwrite", "max-upload"};

enum exit_status serve_http_check_upload(const struct command_call *call)
{
    const struct serve_http_options *options = call->options;

    if (options->http.upload && options->http.demo)
        return command_usage_error(call->command->name,
                                   "--upload has no effect with --demo, which serves no files");
    for (size_t i = 0; i < NK_ARRAY_LENGTH(more_options) && !options->http.upload; i++) {
        if (option_given(call->command->parts, &call->result, more_options[i]))
            return command_usage_error(call->command->name, "--%s has no effect without --upload",
                                       more_options[i]);
    }
    return EXIT_STATUS_OK;
}
