#include "dispatcher.h"

#include "reactor/event_dispatcher.h"

const char *const dispatcher_names[] = {"epoll", "poll", "select", NULL};

enum exit_status dispatcher_check(const struct command_call *call, const char *chosen)
{
    if (nk_event_dispatcher_by_name(chosen) != NULL)
        return EXIT_STATUS_OK;
    return command_usage_error(call->command->name,
                               "NETKIT_DISPATCHER: '%.300s' is not one of epoll, poll, select",
                               getenv("NETKIT_DISPATCHER"));
}
