#include "os/source_address.h"

#include <errno.h>
#include <string.h>

int nk_source_address_parse(struct nk_sockaddr *out, struct nk_slice text)
{
    char word[NK_ADDRESS_HOST_MAX + 1];
    struct nk_address address;
    const char *reason;

    if (text.len == 0 || text.len >= sizeof word)
        return -EINVAL;
    memcpy(word, text.data, text.len);
    word[text.len] = '\0';
    if (word[0] == '/' || word[0] == '@')
        return nk_sockaddr_from_unix_path(out, word) == 0 ? 0 : -EINVAL;
    /* A lone number is a port elsewhere; here that has a key of its own. */
    if (nk_address_parse(&address, word, &reason) != 0 || address.scheme != NK_SCHEME_NONE ||
        address.host[0] == '\0' || address.options[0] != '\0')
        return -EINVAL;
    return nk_sockaddr_from_numeric(out, address.host, address.port);
}

int nk_source_address_for(const struct nk_source_address *source, int family,
                          struct nk_sockaddr *local)
{
    if (source->address.len > 0) {
        if (source->address.any.sa_family != family)
            return -EAFNOSUPPORT;
        *local = source->address;
        if (source->port > 0)
            nk_sockaddr_set_port(local, source->port);
        return 1;
    }
    if (source->port == 0 || family == AF_UNIX)
        return 0;
    nk_sockaddr_wildcard(local, family, source->port);
    return 1;
}
