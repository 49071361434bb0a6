#include "os/option_table.h"

#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "os/socket_multicast.h"
#include "os/source_address.h"

#define NAME_SIZE 16 /* TCP_CA_NAME_MAX of the kernel, NUL included */

#define SWITCH(name) name " is 1 or 0, on or off, yes or no, true or false"

/* The rows of a key stand together. The kernel takes SO_RCVBUF on a unix socket
 * but never looks at it (unix(7)), and likewise SO_KEEPALIVE on UDP. */
static const struct nk_option options[] = {
    {NK_SLICE("rcvbuf"), NK_KIND_IP, SOL_SOCKET, SO_RCVBUF, NK_OPTION_SIZE, 1, INT_MAX,
     "rcvbuf is a size in bytes, such as 64k or 1M"},
    {NK_SLICE("sndbuf"), NK_KIND_IP | NK_KIND_UNIX, SOL_SOCKET, SO_SNDBUF, NK_OPTION_SIZE, 1,
     INT_MAX, "sndbuf is a size in bytes, such as 64k or 1M"},
    {NK_SLICE("ttl"), NK_KIND_IP, IPPROTO_IP, IP_TTL, NK_OPTION_NUMBER, 1, 255,
     "ttl is a number from 1 to 255"},
    {NK_SLICE("ttl"), NK_KIND_IP6, IPPROTO_IPV6, IPV6_UNICAST_HOPS, NK_OPTION_NUMBER, 1, 255, NULL},
    {NK_SLICE("tos"), NK_KIND_IP, IPPROTO_IP, IP_TOS, NK_OPTION_NUMBER, 0, 255,
     "tos is a number from 0 to 255 (0xff)"},
    {NK_SLICE("tos"), NK_KIND_IP6, IPPROTO_IPV6, IPV6_TCLASS, NK_OPTION_NUMBER, 0, 255, NULL},
    {NK_SLICE("keepalive"), NK_KIND_TCP, SOL_SOCKET, SO_KEEPALIVE, NK_OPTION_BOOL, 0, 1,
     SWITCH("keepalive")},
    {NK_SLICE("keepidle"), NK_KIND_TCP, IPPROTO_TCP, TCP_KEEPIDLE, NK_OPTION_SECONDS, 1, 32767,
     "keepidle is a duration of whole seconds, from 1s to 32767s"},
    {NK_SLICE("keepintvl"), NK_KIND_TCP, IPPROTO_TCP, TCP_KEEPINTVL, NK_OPTION_SECONDS, 1, 32767,
     "keepintvl is a duration of whole seconds, from 1s to 32767s"},
    {NK_SLICE("keepcnt"), NK_KIND_TCP, IPPROTO_TCP, TCP_KEEPCNT, NK_OPTION_NUMBER, 1, 127,
     "keepcnt is a number from 1 to 127"},
    {NK_SLICE("user-timeout"), NK_KIND_TCP, IPPROTO_TCP, TCP_USER_TIMEOUT, NK_OPTION_MILLISECONDS,
     0, INT_MAX, "user-timeout is a duration up to 24 days, such as 500ms or 30s"},
    {NK_SLICE("nodelay"), NK_KIND_TCP, IPPROTO_TCP, TCP_NODELAY, NK_OPTION_BOOL, 0, 1,
     SWITCH("nodelay")},
    {NK_SLICE("congestion"), NK_KIND_TCP, IPPROTO_TCP, TCP_CONGESTION, NK_OPTION_CONGESTION, 0, 0,
     "congestion is the name of a congestion control, such as cubic"},
    {NK_SLICE("reuseport"), NK_KIND_IP, SOL_SOCKET, SO_REUSEPORT, NK_OPTION_BOOL, 0, 1,
     SWITCH("reuseport")},
    {NK_SLICE("v6only"), NK_KIND_IP6, IPPROTO_IPV6, IPV6_V6ONLY, NK_OPTION_BOOL, 0, 1,
     SWITCH("v6only")},
    {NK_SLICE("broadcast"), NK_KIND_UDP, SOL_SOCKET, SO_BROADCAST, NK_OPTION_BOOL, 0, 1,
     SWITCH("broadcast")},
    {NK_SLICE("join"), NK_KIND_UDP, 0, 0, NK_OPTION_GROUP, 0, 0,
     "join is a multicast group, such as 239.1.2.3 or ff15::1@eth0"},
    {NK_SLICE("interface"), NK_KIND_UDP, IPPROTO_IP, AF_INET, NK_OPTION_INTERFACE, 0, 0,
     "interface is the name or the index of a network interface, such as eth0"},
    {NK_SLICE("interface"), NK_KIND_UDP6, IPPROTO_IPV6, AF_INET6, NK_OPTION_INTERFACE, 0, 0, NULL},
    {NK_SLICE("multicast-ttl"), NK_KIND_UDP, IPPROTO_IP, IP_MULTICAST_TTL, NK_OPTION_NUMBER, 0, 255,
     "multicast-ttl is a number from 0 to 255"},
    {NK_SLICE("multicast-ttl"), NK_KIND_UDP6, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, NK_OPTION_NUMBER,
     0, 255, NULL},
    {NK_SLICE("multicast-loop"), NK_KIND_UDP, IPPROTO_IP, IP_MULTICAST_LOOP, NK_OPTION_BOOL, 0, 1,
     SWITCH("multicast-loop")},
    {NK_SLICE("multicast-loop"), NK_KIND_UDP6, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, NK_OPTION_BOOL, 0,
     1, NULL},
    {NK_SLICE("source"), NK_KIND_IP | NK_KIND_UNIX_DGRAM, 0, 0, NK_OPTION_SOURCE, 0, 0,
     "source is a numeric address, such as 192.0.2.1, 192.0.2.1:5000 or [::1]:5000"},
    {NK_SLICE("source-port"), NK_KIND_IP, 0, 0, NK_OPTION_SOURCE_PORT, 0, 0,
     "source-port is a number from 1 to 65535"},
};

/* ---- values that are text ---- */

static bool is_name(struct nk_slice text)
{
    return text.len > 0 && text.len < NAME_SIZE;
}

static bool is_group(struct nk_slice text)
{
    struct nk_multicast_group group;

    return nk_multicast_group_parse(&group, text) == 0;
}

static bool is_interface(struct nk_slice text)
{
    char interface[IF_NAMESIZE];

    return nk_interface_parse(interface, text) == 0;
}

static bool is_source(struct nk_slice text)
{
    struct nk_sockaddr address;

    return nk_source_address_parse(&address, text) != -EINVAL;
}

static bool is_port(struct nk_slice text)
{
    uint64_t port;

    return nk_slice_parse_decimal(text, &port) == 0 && port > 0 && port <= UINT16_MAX;
}

typedef bool is_valid_fn(struct nk_slice text);

static is_valid_fn *const text_checks[NK_OPTION_KINDS] = {
    [NK_OPTION_CONGESTION] = is_name,     [NK_OPTION_GROUP] = is_group,
    [NK_OPTION_INTERFACE] = is_interface, [NK_OPTION_SOURCE] = is_source,
    [NK_OPTION_SOURCE_PORT] = is_port,
};

/* ---- the text ---- */

static bool parse_value(struct nk_setting *setting, struct nk_slice text)
{
    const struct nk_option *option = setting->option;
    uint64_t value;

    setting->value = text;
    if (text_checks[option->kind])
        return text_checks[option->kind](text);
    /* No range begins below zero. */
    if (!nk_option_value_parse((enum nk_option_value)option->kind, text, &value) ||
        value < (uint64_t)option->min || value > (uint64_t)option->max)
        return false;
    setting->number = (int)value;
    return true;
}

static const struct nk_option *find_option(struct nk_slice key)
{
    for (size_t i = 0; i < NK_ARRAY_LENGTH(options); i++)
        if (nk_slice_equal(options[i].key, key))
            return &options[i];
    return NULL;
}

const char *nk_setting_next(struct nk_slice *text, struct nk_setting *setting)
{
    size_t end = nk_slice_find(*text, '&');
    struct nk_slice item = nk_slice_first(*text, end);
    size_t equals = nk_slice_find(item, '=');
    bool has_next = end != NK_SLICE_NOT_FOUND;

    *text = nk_slice_from(*text, has_next ? end + 1 : end);
    if (item.len == 0 || (has_next && text->len == 0))
        return "a socket option is missing beside '&'";

    setting->option = find_option(nk_slice_first(item, equals));
    if (!setting->option)
        return "unknown socket option";
    if (equals == NK_SLICE_NOT_FOUND || !parse_value(setting, nk_slice_from(item, equals + 1)))
        return setting->option->expects;
    return NULL;
}

const struct nk_option *nk_option_rows(size_t *count)
{
    *count = NK_ARRAY_LENGTH(options);
    return options;
}

const struct nk_option *nk_option_next_row(const struct nk_option *row)
{
    const struct nk_option *end = options + NK_ARRAY_LENGTH(options);

    return row + 1 < end && nk_slice_equal(row[1].key, row->key) ? row + 1 : NULL;
}
