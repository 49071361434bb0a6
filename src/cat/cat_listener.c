#include "cat/cat_listener.h"

#include <unistd.h>

#include "os/socket.h"

/* Who has gone before he was accepted is nobody's peer. */
static void on_accepted(void *context, int fd)
{
    const struct cat_listener *listener = context;
    struct nk_sockaddr peer;
    if (nk_socket_peer(fd, &peer) == 0)
        listener->on_accepted(listener->context, fd);
    else
        close(fd);
}

static int listen_on(void *context, const struct nk_sockaddr *local, bool v6_only,
                     struct nk_sockaddr *bound)
{
    struct cat_listener *listener = context;
    const struct cat_options *cat = listener->run->options;
    const struct nk_acceptor_options options = {
        .type = cat->address.scheme == NK_SCHEME_UNIX_SEQPACKET ? SOCK_SEQPACKET : SOCK_STREAM,
        .backlog = listener->backlog,
        .no_delay = true,
        .v6_only = v6_only,
        .socket_options = cat->address.options[0] ? cat->address.options : NULL,
        .admit = cat->access_list ? access_list_admit : NULL,
        .admit_context = cat->access_list,
        .on_accepted = on_accepted,
        .context = listener,
    };
    struct nk_acceptor *acceptor;
    int error = nk_acceptor_new(&acceptor, listener->run->loop, local, &options);
    if (error)
        return error;
    listener->acceptors[listener->count++] = acceptor;
    *bound = *nk_acceptor_address(acceptor);
    return 0;
}

bool cat_listener_open(struct cat_listener *listener, struct cat_run *run, int backlog,
                       void (*on_accepted_client)(void *context, int fd), void *context)
{
    *listener = (struct cat_listener){
        .run = run,
        .backlog = backlog,
        .on_accepted = on_accepted_client,
        .context = context,
    };
    if (!cat_local_bind(run, listen_on, listener))
        return false;
    for (size_t i = 0; i < listener->count; i++)
        cat_local_announce(run, nk_acceptor_address(listener->acceptors[i]));
    cat_local_announced(run);
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
