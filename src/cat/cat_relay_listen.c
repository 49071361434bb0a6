/* The addresses on which the relay takes its clients. */
#include <limits.h>
#include <unistd.h>

#include "cat/cat_relay_private.h"
#include "os/socket.h"
#include "service/ready_fd.h"

static void announce(const struct relay *relay, const struct nk_sockaddr *bound)
{
    char text[CAT_ADDRESS_TEXT_MAX];
    cat_print_address(relay->options->from.scheme, bound, text);
    relay->reporter->base->listening(relay->reporter->base->context, text);
    ready_fd_write(relay->options->ready_fd, text);
}

/* ---- binding ---- */

static void on_accepted(void *context, int fd)
{
    struct relay *relay = context;
    struct nk_sockaddr client;
    bool has_gone = nk_socket_peer(fd, &client) != 0; /* then it is as if nobody had come */
    if (relay->has_stopped_accepting || has_gone) {
        close(fd);
        return;
    }
    if (relay->options->once)
        relay_stop_listening(relay);
    else if (relay->totals.active + 1 >= relay->limit)
        relay_pause(relay); /* the others wait in the backlog */
    relay_link_start(relay, fd, &client);
}

static int bind_stream(struct relay *relay, const struct nk_sockaddr *local, bool v6_only)
{
    const char *socket_options = relay->options->from.options;
    uint64_t backlog = relay->options->backlog;
    struct access_list *access_list = relay->options->access_list;
    const struct nk_acceptor_options options = {
        .type = relay->options->from.scheme == NK_SCHEME_UNIX_SEQPACKET ? SOCK_SEQPACKET : 0,
        .backlog = backlog > INT_MAX ? INT_MAX : (int)backlog,
        .no_delay = true,
        .v6_only = v6_only,
        .socket_options = socket_options[0] ? socket_options : NULL,
        .admit = access_list ? access_list_admit : NULL,
        .admit_context = access_list,
        .on_accepted = on_accepted,
        .context = relay,
    };
    struct nk_acceptor *acceptor;
    int error = nk_acceptor_new(&acceptor, relay->loop, local, &options);
    if (!error)
        relay->acceptors[relay->acceptor_count++] = acceptor;
    return error;
}

/* All of them are of one kind. */
static size_t bound_count(const struct relay *relay)
{
    return relay->acceptor_count + relay->endpoint_count;
}

static const struct nk_sockaddr *bound_address(const struct relay *relay, size_t index)
{
    return relay_has_datagram_clients(relay) ? nk_udp_endpoint_address(relay->endpoints[index])
                                             : nk_acceptor_address(relay->acceptors[index]);
}

static int bind_address(void *context, const struct nk_sockaddr *local, bool v6_only,
                        struct nk_sockaddr *bound)
{
    struct relay *relay = context;
    int error = relay_has_datagram_clients(relay) ? relay_peers_listen(relay, local, v6_only)
                                                  : bind_stream(relay, local, v6_only);
    if (!error)
        *bound = *bound_address(relay, bound_count(relay) - 1);
    return error;
}

static enum exit_status bind_all(struct relay *relay)
{
    const struct service_reporter *reporter = relay->reporter->base;
    const struct nk_address *address = &relay->options->from;
    struct local_addresses locals;
    struct nk_sockaddr failed;
    char text[NK_ADDRESS_TEXT_MAX];
    const char *action;
    int error;
    enum exit_status status = local_addresses_find(&locals, address, &action, &error);
    if (status != EXIT_STATUS_OK) {
        reporter->failed(reporter->context, action, nk_address_print(address, text), error);
        return status;
    }
    error = local_addresses_bind(&locals, bind_address, relay, &failed);
    if (!error)
        return EXIT_STATUS_OK;
    reporter->failed(reporter->context, "listen on",
                     cat_print_address(address->scheme, &failed, text), error);
    return EXIT_STATUS_CANNOT_LISTEN;
}

enum exit_status relay_listen(struct relay *relay)
{
    enum exit_status status = bind_all(relay);
    for (size_t i = 0; i < bound_count(relay) && status == EXIT_STATUS_OK; i++)
        announce(relay, bound_address(relay, i));
    ready_fd_close(relay->options->ready_fd);
    return status;
}

/* ---- taking clients, or not ---- */

void relay_pause(struct relay *relay)
{
    relay->is_accepting = false;
    for (size_t i = 0; i < relay->acceptor_count; i++)
        nk_acceptor_pause(relay->acceptors[i]);
}

void relay_resume(struct relay *relay)
{
    if (relay->is_accepting || relay->has_stopped_accepting)
        return;
    relay->is_accepting = true;
    for (size_t i = 0; i < relay->acceptor_count; i++)
        nk_acceptor_resume(relay->acceptors[i]);
    for (size_t i = 0; i < relay->endpoint_count; i++)
        nk_udp_endpoint_resume(relay->endpoints[i]);
}

void relay_stop_listening(struct relay *relay)
{
    relay->has_stopped_accepting = true;
    for (size_t i = 0; i < relay->acceptor_count; i++) {
        relay->totals.refused += nk_acceptor_shed_count(relay->acceptors[i]);
        nk_acceptor_free(relay->acceptors[i]);
    }
    relay->acceptor_count = 0;
}
