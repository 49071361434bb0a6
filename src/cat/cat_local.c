#include "cat/cat_local.h"

#include <errno.h>

#include "service/ready_fd.h"

/* ---- binding ---- */

/* Keeps the addresses of the family that was asked for; the wildcard is one of both. */
static int select_family(struct local_addresses *locals, int family)
{
    int kept = 0;
    for (int i = 0; i < locals->count; i++) {
        struct nk_sockaddr *local = &locals->list[i];
        if (family == AF_INET && local->any.sa_family == AF_INET6 && nk_sockaddr_is_wildcard(local))
            nk_sockaddr_wildcard(local, AF_INET, nk_sockaddr_port(local));
        if (family == AF_UNSPEC || local->any.sa_family == family)
            locals->list[kept++] = *local;
    }
    locals->count = kept;
    return kept > 0 ? 0 : -EAFNOSUPPORT;
}

struct binding {
    local_addresses_fn *bind;
    void *context;
    int family;
};

/* IPv6 only means that IPv4 does not take its place where there is none. */
static int bind_one(void *context, const struct nk_sockaddr *local, bool v6_only,
                    struct nk_sockaddr *bound)
{
    const struct binding *binding = context;
    bool is_only_v6 = binding->family == AF_INET6;
    if (is_only_v6 && local->any.sa_family == AF_INET)
        return -EAFNOSUPPORT;
    return binding->bind(binding->context, local, v6_only || is_only_v6, bound);
}

bool cat_local_bind(struct cat_run *run, local_addresses_fn *bind, void *context)
{
    const struct nk_address *address = &run->options->address;
    struct binding binding = {bind, context, run->options->family};
    struct local_addresses locals;
    struct nk_sockaddr failed;
    char text[NK_ADDRESS_TEXT_MAX];
    const char *action;
    int error;
    enum exit_status status = local_addresses_find(&locals, address, &action, &error);
    if (status == EXIT_STATUS_OK) {
        action = "listen on";
        error = select_family(&locals, run->options->family);
        if (!error)
            error = local_addresses_bind(&locals, bind_one, &binding, &failed);
        status = error ? EXIT_STATUS_CANNOT_LISTEN : EXIT_STATUS_OK;
    }
    if (status != EXIT_STATUS_OK)
        cat_run_end(run, status, action, nk_address_print(address, text), error);
    return status == EXIT_STATUS_OK;
}

/* ---- telling ---- */

void cat_local_announce(const struct cat_run *run, const struct nk_sockaddr *bound)
{
    char text[CAT_ADDRESS_TEXT_MAX];
    cat_print_address(run->options->address.scheme, bound, text);
    run->reporter->listening(run->reporter->context, text);
    ready_fd_write(run->options->ready_fd, text);
}

void cat_local_announced(const struct cat_run *run)
{
    ready_fd_close(run->options->ready_fd);
}
