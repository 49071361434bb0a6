#include "cat/cat_local.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

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

int cat_local_find(const struct cat_options *options, struct nk_sockaddr locals[CAT_LOCAL_MAX])
{
    int count = nk_sockaddr_for_listening(&options->address, locals, CAT_LOCAL_MAX);
    return count > 0 ? select_family(locals, count, options->family) : count;
}

bool cat_local_may_lack(int index, int error)
{
    return index > 0 && (error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL);
}

void cat_local_announce(const struct cat_run *run, const char *address)
{
    run->reporter->listening(run->reporter->context, address);
    if (run->options->ready_fd == UINT64_MAX)
        return;
    char line[CAT_ADDRESS_TEXT_MAX + 1];
    int len = snprintf(line, sizeof(line), "%s\n", address);
    ssize_t written = write((int)run->options->ready_fd, line, (size_t)len);
    (void)written; /* whoever waited for it may have gone */
}

void cat_local_announced(const struct cat_run *run)
{
    if (run->options->ready_fd != UINT64_MAX)
        close((int)run->options->ready_fd);
}
