#include "cat/cat_listener.h"

#include <errno.h>

static int listen_on(struct cat_listener *listener, const struct cat_run *run,
                     const struct nk_sockaddr *local, struct nk_acceptor_options *options)
{
    struct nk_acceptor *acceptor;
    int error = nk_acceptor_new(&acceptor, run->loop, local, options);
    if (!error)
        listener->acceptors[listener->count++] = acceptor;
    return error;
}

/* A port of 0 becomes the same port on every address. */
static int listen_on_all(struct cat_listener *listener, const struct cat_run *run,
                         struct nk_acceptor_options *options)
{
    struct nk_sockaddr locals[CAT_LOCAL_MAX];
    int count = cat_local_find(run->options, locals);
    for (int i = 0; i < count; i++) {
        if (i > 0 && nk_sockaddr_port(&locals[i]) == 0)
            nk_sockaddr_set_port(&locals[i],
                                 nk_sockaddr_port(nk_acceptor_address(listener->acceptors[0])));
        int error = listen_on(listener, run, &locals[i], options);
        if (error && !cat_local_may_lack(i, error))
            return error;
    }
    return count < 0 ? count : 0;
}

static void announce(const struct cat_listener *listener, const struct cat_run *run)
{
    char text[CAT_ADDRESS_TEXT_MAX];
    for (size_t i = 0; i < listener->count; i++) {
        cat_print_address(run->options->address.scheme, nk_acceptor_address(listener->acceptors[i]),
                          text);
        cat_local_announce(run, text);
    }
    cat_local_announced(run);
}

bool cat_listener_open(struct cat_listener *listener, struct cat_run *run, int backlog,
                       void (*on_accepted)(void *context, int fd), void *context)
{
    const struct nk_address *address = &run->options->address;
    char text[NK_ADDRESS_TEXT_MAX];
    struct nk_acceptor_options options = {
        .type = address->scheme == NK_SCHEME_UNIX_SEQPACKET ? SOCK_SEQPACKET : SOCK_STREAM,
        .backlog = backlog,
        .no_delay = true,
        .v6_only = address->host[0] != '\0' || run->options->family == AF_INET6,
        .socket_options = address->options[0] ? address->options : NULL,
        .admit = run->options->access_list ? access_list_admit : NULL,
        .admit_context = run->options->access_list,
        .on_accepted = on_accepted,
        .context = context,
    };
    int error = listen_on_all(listener, run, &options);
    if (error) {
        cat_run_end(run, EXIT_STATUS_CANNOT_LISTEN, "listen on", nk_address_print(address, text),
                    error);
        return false;
    }
    announce(listener, run);
    cat_listener_accept(listener, true);
    return true;
}

void cat_listener_accept(struct cat_listener *listener, bool accepts)
{
    for (size_t i = 0; i < listener->count; i++) {
        if (accepts)
            nk_acceptor_resume(listener->acceptors[i]);
        else
            nk_acceptor_pause(listener->acceptors[i]);
    }
}

void cat_listener_close(struct cat_listener *listener)
{
    for (size_t i = 0; i < listener->count; i++)
        nk_acceptor_free(listener->acceptors[i]);
    listener->count = 0;
}
