/* Whether somebody listens: connects and closes again. */
#include "os/socket.h"
#include "os/socket_tcp.h"
#include "probe/probe_dial.h"
#include "probe/probe_kinds.h"

struct connect_attempt {
    struct probe_attempt attempt;
    struct probe_dial dial;
};

static void on_dialled(struct probe_dial *dial, int fd, struct probe_result *result)
{
    struct connect_attempt *mine = nk_container_of(dial, struct connect_attempt, dial);
    struct nk_tcp_info info;
    if (fd >= 0 && nk_socket_tcp_info(fd, &info) == 0)
        result->kernel_rtt = info.rtt;
    nk_socket_close(fd);
    probe_attempt_finish(&mine->attempt, result);
}

static int start(struct probe_attempt *attempt)
{
    struct connect_attempt *mine = nk_container_of(attempt, struct connect_attempt, attempt);
    return probe_dial_start(&mine->dial, attempt->target, on_dialled);
}

static void stop(struct probe_attempt *attempt)
{
    probe_dial_stop(&nk_container_of(attempt, struct connect_attempt, attempt)->dial);
}

static void expire(struct probe_attempt *attempt, struct probe_result *result)
{
    probe_dial_expire(&nk_container_of(attempt, struct connect_attempt, attempt)->dial, result);
}

const struct probe_kind probe_connect_kind = {
    .name = "connect",
    .attempt_size = sizeof(struct connect_attempt),
    .start = start,
    .stop = stop,
    .expire = expire,
};
