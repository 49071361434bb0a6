/* Who may use what `netkit serve http` serves. */
#include "http/http_users.h"
#include "serve_http.h"

static const struct option_spec auth_options[] = {
    {
        .name = "auth-file",
        .kind = OPTION_FILE,
        .group = OPTION_GROUP_LIMITS,
        .offset = offsetof(struct http_options, auth_file),
        .argument = "FILE",
        .help = "ask for a password: 'name:hash' lines",
    },
};

const struct option_table serve_http_auth_table = {auth_options, NK_ARRAY_LENGTH(auth_options)};

enum exit_status serve_http_check_auth(const struct command_call *call)
{
    const struct serve_http_options *options = call->options;
    const char *path = options->http.auth_file;
    struct http_users_problem problem;
    char text[HTTP_USERS_TEXT_MAX];
    struct http_users users;
    int error;

    if (path == NULL)
        return EXIT_STATUS_OK;
    error = http_users_read(&users, path, NULL, &problem);
    http_users_free(&users);
    if (error == 0)
        return EXIT_STATUS_OK;
    return command_usage_error(call->command->name, "--auth-file: %s",
                               http_users_describe(path, error, &problem, text));
}
