#include "cat/cat_child_environment.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static const char *const names[] = {"NETKIT_PROTO", "NETKIT_REMOTE_ADDR", "NETKIT_REMOTE_PORT",
                                    "NETKIT_LOCAL_ADDR", "NETKIT_LOCAL_PORT"};

_Static_assert(sizeof(((struct cat_child_environment *)0)->own) /
                       sizeof(((struct cat_child_environment *)0)->own[0]) ==
                   sizeof(names) / sizeof(names[0]),
               "there is room for every variable");

static bool is_ours(const char *variable)
{
    for (size_t i = 0; i < NK_ARRAY_LENGTH(names); i++) {
        size_t len = strlen(names[i]);
        if (strncmp(variable, names[i], len) == 0 && variable[len] == '=')
            return true;
    }
    return false;
}

/* A dual-stack listener sees IPv4 clients as ::ffff:192.0.2.1 (RFC 4291 2.5.5.2);
 * scripts compare with the address as people know it. */
static struct nk_sockaddr as_known(const struct nk_sockaddr *sockaddr)
{
    struct nk_sockaddr known = *sockaddr;
    if (sockaddr->any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&sockaddr->v6.sin6_addr)) {
        nk_sockaddr_wildcard(&known, AF_INET, nk_sockaddr_port(sockaddr));
        memcpy(&known.v4.sin_addr, &sockaddr->v6.sin6_addr.s6_addr[12], sizeof known.v4.sin_addr);
    }
    return known;
}

/* "[::1]:80" without the port and the brackets; a unix path as it is. */
static char *print_host(const struct nk_sockaddr *sockaddr, char text[static NK_SOCKADDR_TEXT_MAX])
{
    nk_sockaddr_print(sockaddr, text);
    if (sockaddr->any.sa_family == AF_UNIX)
        return text;
    *strrchr(text, ':') = '\0';
    if (text[0] != '[')
        return text;
    text[strlen(text) - 1] = '\0';
    return text + 1;
}

/* Prints the pair of one side behind `count` others; a unix socket has no port. */
static size_t print_side(struct cat_child_environment *environment, size_t count, const char *side,
                         const struct nk_sockaddr *sockaddr)
{
    char room[NK_SOCKADDR_TEXT_MAX];
    struct nk_sockaddr known = as_known(sockaddr);
    snprintf(environment->own[count++], sizeof environment->own[0], "NETKIT_%s_ADDR=%s", side,
             print_host(&known, room));
    if (known.any.sa_family != AF_UNIX)
        snprintf(environment->own[count++], sizeof environment->own[0], "NETKIT_%s_PORT=%u", side,
                 (unsigned)nk_sockaddr_port(&known));
    return count;
}

int cat_child_environment_init(struct cat_child_environment *environment,
                               const struct nk_sockaddr *local, const struct nk_sockaddr *remote)
{
    size_t inherited = 0;
    while (environ && environ[inherited])
        inherited++;
    char **variables = calloc(inherited + NK_ARRAY_LENGTH(names) + 1, sizeof(*variables));
    if (!variables)
        return -ENOMEM;
    size_t count = 0;
    for (size_t i = 0; i < inherited; i++) {
        if (!is_ours(environ[i]))
            variables[count++] = environ[i];
    }
    const char *proto = local->any.sa_family == AF_UNIX ? "unix" : "tcp";
    snprintf(environment->own[0], sizeof environment->own[0], "NETKIT_PROTO=%s", proto);
    size_t own = print_side(environment, 1, "REMOTE", remote);
    own = print_side(environment, own, "LOCAL", local);
    for (size_t i = 0; i < own; i++)
        variables[count++] = environment->own[i];
    environment->variables = variables;
    return 0;
}

void cat_child_environment_deinit(struct cat_child_environment *environment)
{
    free(environment->variables);
    environment->variables = NULL;
}
