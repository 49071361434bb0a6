/* `netkit listen`: one peer, then the same as connect. */
#include <errno.h>
#include <unistd.h>

#include "cat/cat_run.h"
#include "net/acceptor.h"
#include "os/sockaddr.h"
#include "os/socket.h"

/* Addresses one word may stand for ("localhost" is two). */
#define ADDRESSES_MAX 4

struct listening {
    struct cat_run run;
    struct nk_acceptor *acceptors[ADDRESSES_MAX];
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

static void announce(const struct cat_run *run, const struct nk_sockaddr *bound)
{
    char text[CAT_ADDRESS_TEXT_MAX];
    cat_print_address(run->options->address.scheme, bound, text);
    run->reporter->listening(run->reporter->context, text);
    if (run->options->ready_fd != UINT64_MAX) {
        size_t len = strlen(text);
        text[len] = '\n';
        ssize_t written = write((int)run->options->ready_fd, text, len + 1);
        (void)written; /* whoever waited for it may have gone */
    }
}

static int listen_on(struct listening *listening, const struct nk_sockaddr *local)
{
    const struct nk_address *address = &listening->run.options->address;
    const struct nk_acceptor_options options = {
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
    for (int i = 0; i < count; i++) {
        if (i > 0 && nk_sockaddr_port(&locals[i]) == 0)
            nk_sockaddr_set_port(&locals[i],
                                 nk_sockaddr_port(nk_acceptor_address(listening->acceptors[0])));
        int error = listen_on(listening, &locals[i]);
        bool may_lack_v6 = error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL;
        if (error && !(may_lack_v6 && i > 0))
            return error;
    }
    for (size_t i = 0; i < listening->acceptor_count; i++) {
        announce(&listening->run, nk_acceptor_address(listening->acceptors[i]));
        nk_acceptor_resume(listening->acceptors[i]);
    }
    if (listening->run.options->ready_fd != UINT64_MAX)
        close((int)listening->run.options->ready_fd);
    return 0;
}

/* The addresses of the family that was asked for; the wildcard is one of both. */
static int select_family(struct nk_sockaddr *locals, int count, int family)
{
    int kept = 0;
    for (int i = 0; i < count; i++) {
        bool is_wildcard =
            locals[i].any.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&locals[i].v6.sin6_addr);
        if (is_wildcard && family == AF_INET)
            nk_sockaddr_wildcard(&locals[i], AF_INET, nk_sockaddr_port(&locals[i]));
        if (family == AF_UNSPEC || locals[i].any.sa_family == family)
            locals[kept++] = locals[i];
    }
    return kept > 0 ? kept : -EAFNOSUPPORT;
}

enum exit_status cat_listen_run(const struct cat_options *options,
                                const struct cat_reporter *reporter)
{
    struct listening listening = {0};
    struct nk_sockaddr locals[ADDRESSES_MAX];
    char text[NK_ADDRESS_TEXT_MAX];
    enum exit_status status = cat_run_open(&listening.run, options, reporter);
    if (status != EXIT_STATUS_OK)
        return status;
    int count = nk_sockaddr_for_listening(&options->address, locals, ADDRESSES_MAX);
    if (count > 0)
        count = select_family(locals, count, options->family);
    int error = count < 0 ? count : listen_on_all(&listening, locals, count);
    if (error)
        cat_run_end(&listening.run, EXIT_STATUS_CANNOT_LISTEN, "listen on",
                    nk_address_print(&options->address, text), error);
    cat_run_until_end(&listening.run);
    stop_listening(&listening.stop_task);
    return cat_run_close(&listening.run);
}
