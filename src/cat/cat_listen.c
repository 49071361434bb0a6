/* `netkit listen`: one peer, then the same as connect. */
#include <errno.h>
#include <unistd.h>

#include "cat/cat_local.h"
#include "cat/cat_run.h"
#include "net/acceptor.h"
#include "os/sockaddr.h"
#include "os/socket.h"

struct listening {
    struct cat_run run;
    struct nk_acceptor *acceptors[CAT_LOCAL_MAX];
    size_t acceptor_count;
    struct nk_task stop_task;
};

static void stop_listening(struct nk_task *task)
{
    struct listening *listening = nk_container_of(task, struct listening, stop_task);
    for (size_t i = 0; i < listening->acceptor_count; i++)
        nk_acceptor_free(listening->acceptors[i]);
    listening->acceptor_count = 0;
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

static int listen_on(struct listening *listening, const struct nk_sockaddr *local)
{
    const struct nk_address *address = &listening->run.options->address;
    bool has_records = address->scheme == NK_SCHEME_UNIX_SEQPACKET;
    const struct nk_acceptor_options options = {
        .type = has_records ? SOCK_SEQPACKET : SOCK_STREAM,
        .backlog = 16,
        .no_delay = true,
        .v6_only = address->host[0] != '\0' || listening->run.options->family == AF_INET6,
        .socket_options = address->options[0] ? address->options : NULL,
        .on_accepted = on_accepted,
        .context = listening,
    };
    struct nk_acceptor *acceptor;
    int error = nk_acceptor_new(&acceptor, listening->run.loop, local, &options);
    if (error)
        return error;
    listening->acceptors[listening->acceptor_count++] = acceptor;
    return 0;
}

/* A port of 0 becomes the same port on every address. */
static int listen_on_all(struct listening *listening, struct nk_sockaddr *locals, int count)
{
    char text[CAT_ADDRESS_TEXT_MAX];
    for (int i = 0; i < count; i++) {
        if (i > 0 && nk_sockaddr_port(&locals[i]) == 0)
            nk_sockaddr_set_port(&locals[i],
                                 nk_sockaddr_port(nk_acceptor_address(listening->acceptors[0])));
        int error = listen_on(listening, &locals[i]);
        if (error && !cat_local_may_lack(i, error))
            return error;
    }
    for (size_t i = 0; i < listening->acceptor_count; i++) {
        cat_print_address(listening->run.options->address.scheme,
                          nk_acceptor_address(listening->acceptors[i]), text);
        cat_local_announce(&listening->run, text);
        nk_acceptor_resume(listening->acceptors[i]);
    }
    cat_local_announced(&listening->run);
    return 0;
}

enum exit_status cat_listen_run(const struct cat_options *options,
                                const struct cat_reporter *reporter)
{
    struct listening listening = {0};
    struct nk_sockaddr locals[CAT_LOCAL_MAX];
    char text[NK_ADDRESS_TEXT_MAX];
    enum exit_status status = cat_run_open(&listening.run, options, reporter);
    if (status != EXIT_STATUS_OK)
        return status;
    int count = cat_local_find(options, locals);
    int error = count < 0 ? count : listen_on_all(&listening, locals, count);
    if (error)
        cat_run_end(&listening.run, EXIT_STATUS_CANNOT_LISTEN, "listen on",
                    nk_address_print(&options->address, text), error);
    cat_run_until_end(&listening.run);
    stop_listening(&listening.stop_task);
    return cat_run_close(&listening.run);
}
