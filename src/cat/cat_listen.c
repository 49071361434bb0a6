/* `netkit listen`: one peer, then the same as connect. */
#include <unistd.h>

#include "cat/cat_hub_run.h"
#include "cat/cat_listener.h"
#include "os/socket.h"

/* Clients that may wait for the one that has come to be taken. */
#define BACKLOG 16

struct listening {
    struct cat_run run;
    struct cat_listener listener;
    struct nk_task stop_task;
};

static void stop_listening(struct nk_task *task)
{
    struct listening *listening = nk_container_of(task, struct listening, stop_task);
    cat_listener_close(&listening->listener);
}

/* One peer is all there is: later ones are refused. The acceptor is in the middle
 * of its event, so it goes when the turn is over; a peer accepted until then is
 * closed. */
static void on_accepted(void *context, int fd)
{
    struct listening *listening = context;
    if (listening->run.connected_at > 0) {
        close(fd);
        return;
    }
    nk_event_loop_at_turn_end(listening->run.loop, &listening->stop_task, stop_listening);
    struct nk_sockaddr peer;
    char text[CAT_ADDRESS_TEXT_MAX] = "";
    if (nk_socket_peer(fd, &peer) == 0)
        cat_print_address(listening->run.options->address.scheme, &peer, text);
    listening->run.reporter->connected(listening->run.reporter->context, text);
    cat_run_join(&listening->run, fd);
}

enum exit_status cat_listen_run(const struct cat_options *options,
                                const struct cat_reporter *reporter)
{
    struct listening listening = {0};
    if (options->keep_open)
        return options->exec ? cat_child_run(options, reporter) : cat_hub_run(options, reporter);
    enum exit_status status = cat_run_open(&listening.run, options, reporter);
    if (status != EXIT_STATUS_OK)
        return status;
    (void)cat_listener_open(&listening.listener, &listening.run, BACKLOG, on_accepted, &listening);
    cat_run_until_end(&listening.run);
    stop_listening(&listening.stop_task);
    return cat_run_close(&listening.run);
}
