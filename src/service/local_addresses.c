#include "service/local_addresses.h"

#include <errno.h>

#include "net/resolver.h"
#include "service/connect_failure.h"

enum exit_status local_addresses_find(struct local_addresses *addresses,
                                      const struct nk_address *address, const char **action,
                                      int *error)
{
    static const struct nk_connect_failure look_up = {.step = NK_CONNECT_RESOLVE};
    int count = nk_sockaddr_for_listening(address, addresses->list, LOCAL_ADDRESSES_MAX);
    bool is_name = count == -EINVAL;
    if (is_name)
        count = nk_resolver_look_up(address->host, address->port, SOCK_STREAM, addresses->list,
                                    LOCAL_ADDRESSES_MAX);
    addresses->count = count > 0 ? count : 0;
    if (count > 0)
        return EXIT_STATUS_OK;
    *action = "listen on";
    *error = count;
    return is_name ? connect_failure_status(&look_up, count, action) : EXIT_STATUS_CANNOT_LISTEN;
}

/* ---- binding ---- */

static bool is_wildcard_v6(const struct nk_sockaddr *address)
{
    return address->any.sa_family == AF_INET6 && nk_sockaddr_is_wildcard(address);
}

static bool has_no_v6(int error)
{
    return error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL;
}

/* Without IPv6 the wildcard is that of IPv4. */
static int bind_one(const struct nk_sockaddr *local, local_addresses_fn *bind_to, void *context,
                    struct nk_sockaddr *bound)
{
    struct nk_sockaddr v4;
    int error = bind_to(context, local, !is_wildcard_v6(local), bound);
    if (!has_no_v6(error) || !is_wildcard_v6(local))
        return error;
    nk_sockaddr_wildcard(&v4, AF_INET, nk_sockaddr_port(local));
    return bind_to(context, &v4, true, bound);
}

int local_addresses_bind(const struct local_addresses *addresses, local_addresses_fn *bind_to,
                         void *context, struct nk_sockaddr *failed)
{
    uint16_t port = 0; /* of the first, for those that leave it open */
    int bound_count = 0;
    for (int i = 0; i < addresses->count; i++) {
        struct nk_sockaddr local = addresses->list[i];
        struct nk_sockaddr bound;
        if (nk_sockaddr_port(&local) == 0)
            nk_sockaddr_set_port(&local, port);
        int error = bind_one(&local, bind_to, context, &bound);
        if (has_no_v6(error) && local.any.sa_family == AF_INET6 && bound_count > 0)
            continue;
        if (error) {
            *failed = local;
            return error;
        }
        bound_count++;
        port = nk_sockaddr_port(&bound);
    }
    return 0;
}
