/* What `netkit serve http` serves. */
#include "serve_http.h"

static const struct option_spec content_options[] = {
    {
        .name = "root",
        .kind = OPTION_DIRECTORY,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct http_options, root),
        .argument = "DIR",
        .help = "the directory to serve",
    },
    {
        .name = "dotfiles",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct http_options, dotfiles),
        .help = "also serve names that begin with a dot",
    },
    {
        .name = "follow-symlinks",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct http_options, follow_symlinks),
        .help = "also follow links that leave the directory",
        .rare = true,
    },
    {
        .name = "demo",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_CONTENT,
        .offset = offsetof(struct http_options, demo),
        .help = "serve three demonstration pages and no files",
    },
};

const struct option_table serve_http_content_table = {content_options,
                                                      NK_ARRAY_LENGTH(content_options)};

/* Options that say something about files, of which --demo serves none. */
static const char *const file_options[] = {"root", "dotfiles", "follow-symlinks",
                                           "spa",  "cache",    "compress"};

enum exit_status serve_http_check_content(const struct command_call *call)
{
    const struct serve_http_options *options = call->options;

    if (!options->http.demo)
        return EXIT_STATUS_OK;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(file_options); i++) {
        if (option_given(call->command->parts, &call->result, file_options[i]))
            return command_usage_error(call->command->name,
                                       "--%s has no effect with --demo, which serves no files",
                                       file_options[i]);
    }
    return EXIT_STATUS_OK;
}
