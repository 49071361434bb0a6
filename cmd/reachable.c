#include "reachable.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define SCHEME "http://"
#define ANY_V4 "0.0.0.0"
#define ANY_V6 "[::]"

/* The host of the address, or the empty string. */
static void copy_host(const char *address, char host[static REACHABLE_URL_MAX])
{
    const char *start = address + strlen(SCHEME);
    size_t len;

    host[0] = '\0';
    if (strncmp(address, SCHEME, strlen(SCHEME)) != 0)
        return;
    len = *start == '[' ? strcspn(start, "]") + 1 : strcspn(start, ":/");
    if (len < REACHABLE_URL_MAX)
        snprintf(host, REACHABLE_URL_MAX, "%.*s", (int)len, start);
}

enum reachable_kind reachable_kind_of(const char *address)
{
    char host[REACHABLE_URL_MAX];

    copy_host(address, host);
    if (*host == '\0')
        return REACHABLE_NOWHERE;
    if (strcmp(host, ANY_V4) == 0)
        return REACHABLE_ANY_V4;
    if (strcmp(host, ANY_V6) == 0)
        return REACHABLE_ANY;
    if (strncmp(host, "127.", strlen("127.")) == 0 || strcmp(host, "[::1]") == 0)
        return REACHABLE_HERE;
    return REACHABLE_AS_IT_IS;
}

/* The address with another host. */
static void replace_host(const char *address, const char *host, char url[static REACHABLE_URL_MAX])
{
    char old[REACHABLE_URL_MAX];

    copy_host(address, old);
    snprintf(url, REACHABLE_URL_MAX, SCHEME "%s%s", host, address + strlen(SCHEME) + strlen(old));
}

void reachable_from_here(const char *address, char url[static REACHABLE_URL_MAX])
{
    enum reachable_kind kind = reachable_kind_of(address);

    if (kind == REACHABLE_ANY || kind == REACHABLE_ANY_V4)
        replace_host(address, "localhost", url);
    else
        snprintf(url, REACHABLE_URL_MAX, "%s", address);
}

/* The address of an interface as it stands in a URL, or the empty string when
 * nobody else could use it. */
static void print_interface(const struct ifaddrs *interface, int family, char host[static 64])
{
    char text[INET6_ADDRSTRLEN] = "";

    host[0] = '\0';
    if (interface->ifa_addr == NULL || interface->ifa_addr->sa_family != family ||
        (interface->ifa_flags & IFF_UP) == 0 || (interface->ifa_flags & IFF_LOOPBACK) != 0)
        return;
    if (family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)interface->ifa_addr;

        inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
        snprintf(host, 64, "%s", text);
    } else {
        const struct sockaddr_in6 *v6 = (const void *)interface->ifa_addr;

        if (IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr))
            return;
        inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
        snprintf(host, 64, "[%s]", text);
    }
}

static void each_of_family(const struct ifaddrs *interfaces, int family, const char *address,
                           void (*each)(void *context, const char *url), void *context)
{
    for (const struct ifaddrs *at = interfaces; at != NULL; at = at->ifa_next) {
        char host[64];
        char url[REACHABLE_URL_MAX];

        print_interface(at, family, host);
        if (*host == '\0')
            continue;
        replace_host(address, host, url);
        each(context, url);
    }
}

void reachable_each(const char *address, void (*each)(void *context, const char *url),
                    void *context)
{
    enum reachable_kind kind = reachable_kind_of(address);
    struct ifaddrs *interfaces;

    if (kind == REACHABLE_AS_IT_IS)
        each(context, address);
    if ((kind != REACHABLE_ANY && kind != REACHABLE_ANY_V4) || getifaddrs(&interfaces) != 0)
        return;
    each_of_family(interfaces, AF_INET, address, each, context);
    if (kind == REACHABLE_ANY)
        each_of_family(interfaces, AF_INET6, address, each, context);
    freeifaddrs(interfaces);
}
