#include "access.h"

#include <errno.h>

#include "output.h"

static const struct option_spec options[] = {
    {
        .name = "allow",
        .kind = OPTION_STRING,
        .group = OPTION_GROUP_LIMITS,
        .offset = offsetof(struct access_rules, allow),
        .argument = "LIST",
        .help = "serve only these: ADDRESS,NETWORK/BITS,@FILE",
    },
    {
        .name = "deny",
        .kind = OPTION_STRING,
        .group = OPTION_GROUP_LIMITS,
        .offset = offsetof(struct access_rules, deny),
        .argument = "LIST",
        .help = "do not serve these, even if allowed",
    },
};

const struct option_table access_option_table = {options, NK_ARRAY_LENGTH(options)};

enum exit_status access_options_complete(const struct command_call *call,
                                         const struct access_rules *rules,
                                         struct access_list **list)
{
    struct access_problem problem;
    int error;

    *list = NULL;
    if (rules->allow == NULL && rules->deny == NULL)
        return EXIT_STATUS_OK;
    error = access_list_new(list, rules, &problem);
    if (error == -ENOMEM) {
        output_error("out of memory");
        return EXIT_STATUS_FAILED;
    }
    if (error != 0)
        return command_usage_error(call->command->name, "--%s: %s", problem.list, problem.text);
    return EXIT_STATUS_OK;
}
