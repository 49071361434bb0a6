/* The addresses on which the relay takes its clients. */
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <unistd.h>

#include "cat/cat_relay_private.h"
#include "os/socket.h"

/* Blocking is fine: nothing is relayed yet. Returns how many, or -ENOENT. */
static int resolve(const struct nk_address *address, struct nk_sockaddr *out)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    int count = 0;
    if (getaddrinfo(address->host, NULL, &hints, &found) != 0)
        return -ENOENT;
    for (const struct addrinfo *info = found; info && count < RELAY_LOCALS_MAX;
         info = info->ai_next) {
        if (info->ai_addrlen > sizeof(out->v6))
            continue;
        memcpy(&out[count].any, info->ai_addr, info->ai_addrlen);
        out[count].len = info->ai_addrlen;
        nk_sockaddr_set_port(&out[count], address->port);
        count++;
    }
    freeaddrinfo(found);
    return count > 0 ? count : -ENOENT;
}

static void announce(const struct relay *relay, const struct nk_sockaddr *bound)
{
    char text[CAT_ADDRESS_TEXT_MAX];
    cat_print_address(relay->options->from.scheme, bound, text);
    relay->reporter->base->listening(relay->reporter->base->context, text);
    if (relay->options->ready_fd != UINT64_MAX) {
        size_t len = strlen(text);
        text[len] = '\n';
        ssize_t written = write((int)relay->options->ready_fd, text, len + 1);
        (void)written; /* whoever waited for it may have gone */
    }
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

static bool is_wildcard_v6(const struct nk_sockaddr *address)
{
    return address->any.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&address->v6.sin6_addr);
}

static bool has_no_v6(int error)
{
    return error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL;
}

static int bind_stream(struct relay *relay, const struct nk_sockaddr *local)
{
    const char *socket_options = relay->options->from.options;
    uint64_t backlog = relay->options->backlog;
    struct access_list *access_list = relay->options->access_list;
    const struct nk_acceptor_options options = {
        .type = relay->options->from.scheme == NK_SCHEME_UNIX_SEQPACKET ? SOCK_SEQPACKET : 0,
        .backlog = backlog > INT_MAX ? INT_MAX : (int)backlog,
        .no_delay = true,
        .v6_only = !is_wildcard_v6(local),
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

static int bind_address(struct relay *relay, const struct nk_sockaddr *local)
{
    return relay_has_datagram_clients(relay)
               ? relay_peers_listen(relay, local, !is_wildcard_v6(local))
               : bind_stream(relay, local);
}

static size_t bound_count(const struct relay *relay)
{
    return relay->acceptor_count + relay->endpoint_count;
}

/* All of them are of one kind. */
static const struct nk_sockaddr *bound_address(const struct relay *relay, size_t index)
{
    return relay_has_datagram_clients(relay) ? nk_udp_endpoint_address(relay->endpoints[index])
                                             : nk_acceptor_address(relay->acceptors[index]);
}

/* A machine without IPv6 is served on what it has. */
static int listen_on(struct relay *relay, const struct nk_sockaddr *local)
{
    int error = bind_address(relay, local);
    if (has_no_v6(error) && is_wildcard_v6(local)) {
        struct nk_sockaddr v4;
        nk_sockaddr_wildcard(&v4, AF_INET, nk_sockaddr_port(local));
        return bind_address(relay, &v4);
    }
    bool may_lack = local->any.sa_family == AF_INET6 && bound_count(relay) > 0;
    return has_no_v6(error) && may_lack ? 0 : error;
}

/* A port of 0 becomes the same port on every address. */
static enum exit_status listen_on_all(struct relay *relay, struct nk_sockaddr *locals, int count)
{
    for (int i = 0; i < count; i++) {
        char text[CAT_ADDRESS_TEXT_MAX];
        if (bound_count(relay) > 0 && nk_sockaddr_port(&locals[i]) == 0)
            nk_sockaddr_set_port(&locals[i], nk_sockaddr_port(bound_address(relay, 0)));
        int error = listen_on(relay, &locals[i]);
        if (error) {
            cat_print_address(relay->options->from.scheme, &locals[i], text);
            relay->reporter->base->failed(relay->reporter->base->context, "listen on", text, error);
            return EXIT_STATUS_CANNOT_LISTEN;
        }
    }
    for (size_t i = 0; i < bound_count(relay); i++)
        announce(relay, bound_address(relay, i));
    return EXIT_STATUS_OK;
}

enum exit_status relay_listen(struct relay *relay)
{
    const struct nk_address *address = &relay->options->from;
    struct nk_sockaddr locals[RELAY_LOCALS_MAX];
    char text[NK_ADDRESS_TEXT_MAX];
    int count = nk_sockaddr_for_listening(address, locals, RELAY_LOCALS_MAX);
    if (count == -EINVAL)
        count = resolve(address, locals);
    if (count < 0) {
        const struct service_reporter *reporter = relay->reporter->base;
        bool is_name = count == -ENOENT;
        reporter->failed(reporter->context, is_name ? "resolve" : "listen on",
                         nk_address_print(address, text), count);
        return is_name ? EXIT_STATUS_UNRESOLVED : EXIT_STATUS_CANNOT_LISTEN;
    }
    enum exit_status status = listen_on_all(relay, locals, count);
    if (relay->options->ready_fd != UINT64_MAX)
        close((int)relay->options->ready_fd);
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
