#include "service/connection_limit.h"

#include "os/descriptors.h"
#include "reactor/event_dispatcher.h"

/* Descriptors that are not connections, under select: listeners, the log, a
 * file for each loop that is sending one ... */
#define SELECT_RESERVE 32

/* By default 80 % of the descriptors: the rest is for files being sent,
 * listeners and the program itself. */
uint64_t service_connection_limit(const struct service *service,
                                  const struct service_options *options, const char *dispatcher)
{
    uint64_t most;
    if (nk_descriptors_raise_limit(&most) < 0)
        most = nk_descriptors_limit();
    uint64_t limit = most / 5 * 4 / (1 + service->descriptors_per_connection);
    size_t capacity = nk_event_dispatcher_by_name(dispatcher)->capacity;
    if (capacity > 0 && most > capacity - SELECT_RESERVE)
        most = capacity - SELECT_RESERVE;
    if (limit > most)
        limit = most;
    uint64_t wanted = options->max_conns;
    if (wanted == SERVICE_MAX_CONNS_AUTO)
        return limit;
    return wanted == 0 || wanted > most ? most : wanted;
}
