#include "reactor/event_dispatcher.h"

const struct nk_event_dispatcher_ops *nk_event_dispatcher_by_name(const char *name)
{
    static const struct nk_event_dispatcher_ops *const all[] = {
        &nk_epoll_dispatcher,
        &nk_poll_dispatcher,
        &nk_select_dispatcher,
    };
    if (!name)
        name = getenv("NETKIT_DISPATCHER");
    if (!name || name[0] == '\0')
        return &nk_epoll_dispatcher;
    for (size_t i = 0; i < NK_ARRAY_LENGTH(all); i++) {
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    }
    return NULL;
}
