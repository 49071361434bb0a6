#include "os/socket_options.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "base/slice.h"
#include "os/option_value.h"
#include "os/socket.h"

/* Kinds of sockets, as bits. */
enum {
    UNIX = 1 << 0,
    TCP4 = 1 << 1,
    TCP6 = 1 << 2,
    UDP4 = 1 << 3,
    UDP6 = 1 << 4,
    TCP = TCP4 | TCP6,
    IP6 = TCP6 | UDP6,
    IP = TCP4 | UDP4 | IP6,
};

enum kind {
    BOOL = NK_OPTION_BOOL,
    NUMBER = NK_OPTION_NUMBER,
    SIZE = NK_OPTION_SIZE,
    SECONDS = NK_OPTION_SECONDS,
    MILLISECONDS = NK_OPTION_MILLISECONDS,
    NAME,
};

#define NAME_SIZE 16 /* TCP_CA_NAME_MAX of the kernel, NUL included */

struct option {
    struct nk_slice key;
    int sockets; /* where it makes sense */
    int level;
    int option;
    enum kind kind;
    int min;
    int max;
    const char *expects;
};

#define SWITCH(name) name " is 1 or 0, on or off, yes or no, true or false"

/* A key may have several rows: an IPv6 socket that also carries IPv4 has a hop
 * limit for each of them. The kernel takes SO_RCVBUF on a unix socket but never
 * looks at it (unix(7)), and likewise SO_KEEPALIVE on UDP. */
static const struct option options[] = {
    {NK_SLICE("rcvbuf"), IP, SOL_SOCKET, SO_RCVBUF, SIZE, 1, INT_MAX,
     "rcvbuf is a size in bytes, such as 64k or 1M"},
    {NK_SLICE("sndbuf"), IP | UNIX, SOL_SOCKET, SO_SNDBUF, SIZE, 1, INT_MAX,
     "sndbuf is a size in bytes, such as 64k or 1M"},
    {NK_SLICE("ttl"), IP, IPPROTO_IP, IP_TTL, NUMBER, 1, 255, "ttl is a number from 1 to 255"},
    {NK_SLICE("ttl"), IP6, IPPROTO_IPV6, IPV6_UNICAST_HOPS, NUMBER, 1, 255, NULL},
    {NK_SLICE("tos"), IP, IPPROTO_IP, IP_TOS, NUMBER, 0, 255,
     "tos is a number from 0 to 255 (0xff)"},
    {NK_SLICE("tos"), IP6, IPPROTO_IPV6, IPV6_TCLASS, NUMBER, 0, 255, NULL},
    {NK_SLICE("keepalive"), TCP, SOL_SOCKET, SO_KEEPALIVE, BOOL, 0, 1, SWITCH("keepalive")},
    {NK_SLICE("keepidle"), TCP, IPPROTO_TCP, TCP_KEEPIDLE, SECONDS, 1, 32767,
     "keepidle is a duration of whole seconds, from 1s to 32767s"},
    {NK_SLICE("keepintvl"), TCP, IPPROTO_TCP, TCP_KEEPINTVL, SECONDS, 1, 32767,
     "keepintvl is a duration of whole seconds, from 1s to 32767s"},
    {NK_SLICE("keepcnt"), TCP, IPPROTO_TCP, TCP_KEEPCNT, NUMBER, 1, 127,
     "keepcnt is a number from 1 to 127"},
    {NK_SLICE("user-timeout"), TCP, IPPROTO_TCP, TCP_USER_TIMEOUT, MILLISECONDS, 0, INT_MAX,
     "user-timeout is a duration up to 24 days, such as 500ms or 30s"},
    {NK_SLICE("nodelay"), TCP, IPPROTO_TCP, TCP_NODELAY, BOOL, 0, 1, SWITCH("nodelay")},
    {NK_SLICE("congestion"), TCP, IPPROTO_TCP, TCP_CONGESTION, NAME, 0, 0,
     "congestion is the name of a congestion control, such as cubic"},
    {NK_SLICE("reuseport"), IP, SOL_SOCKET, SO_REUSEPORT, BOOL, 0, 1, SWITCH("reuseport")},
    {NK_SLICE("v6only"), IP6, IPPROTO_IPV6, IPV6_V6ONLY, BOOL, 0, 1, SWITCH("v6only")},
};

struct setting {
    const struct option *option; /* the first row of the key */
    int number;
    struct nk_slice name; /* for NAME; in the text */
};

static bool parse_value(struct setting *setting, struct nk_slice text)
{
    const struct option *option = setting->option;
    uint64_t value;

    if (option->kind == NAME) {
        setting->name = text;
        return text.len > 0 && text.len < NAME_SIZE;
    }
    /* No range begins below zero. */
    if (!nk_option_value_parse((enum nk_option_value)option->kind, text, &value) ||
        value < (uint64_t)option->min || value > (uint64_t)option->max)
        return false;
    setting->number = (int)value;
    return true;
}

static const struct option *find_option(struct nk_slice key)
{
    for (size_t i = 0; i < NK_ARRAY_LENGTH(options); i++)
        if (nk_slice_equal(options[i].key, key))
            return &options[i];
    return NULL;
}

/* Takes one "key=value" off the front of *text, which is not empty. Returns
 * NULL, or why it is refused. */
static const char *next_setting(struct nk_slice *text, struct setting *setting)
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

int nk_socket_options_check(const char *text, const char **reason)
{
    struct nk_slice rest = nk_slice_of_string(text);

    while (rest.len > 0) {
        struct setting setting;
        const char *refusal = next_setting(&rest, &setting);

        if (refusal) {
            *reason = refusal;
            return -EINVAL;
        }
    }
    return 0;
}

/* The bit of this socket, 0 for a kind that no option is meant for. */
static int kind_of_socket(int fd, int *kind)
{
    int domain = AF_UNSPEC;
    int type = 0;
    int error = nk_socket_get_option(fd, SOL_SOCKET, SO_DOMAIN, &domain);

    if (!error)
        error = nk_socket_get_option(fd, SOL_SOCKET, SO_TYPE, &type);
    if (error)
        return error;

    *kind = 0;
    if (domain == AF_UNIX)
        *kind = UNIX;
    else if (domain == AF_INET)
        *kind = type == SOCK_STREAM ? TCP4 : UDP4;
    else if (domain == AF_INET6)
        *kind = type == SOCK_STREAM ? TCP6 : UDP6;
    return 0;
}

static int set_row(int fd, const struct option *row, const struct setting *setting)
{
    if (row->kind == NAME)
        return nk_socket_set_option(fd, row->level, row->option, setting->name.data,
                                    setting->name.len);
    return nk_socket_set_option(fd, row->level, row->option, &setting->number,
                                sizeof setting->number);
}

static int apply_setting(int fd, int kind, const struct setting *setting)
{
    bool makes_sense = false;

    for (size_t i = 0; i < NK_ARRAY_LENGTH(options); i++) {
        const struct option *row = &options[i];

        if (!(row->sockets & kind) || !nk_slice_equal(row->key, setting->option->key))
            continue;
        makes_sense = true;

        int error = set_row(fd, row, setting);
        if (error)
            return error;
    }
    return makes_sense ? 0 : -ENOPROTOOPT;
}

int nk_socket_options_apply(int fd, const char *text, const char **failed_key)
{
    struct nk_slice rest = nk_slice_of_string(text);
    const char *reason;
    int kind = 0;
    int error = nk_socket_options_check(text, &reason);

    if (!error && rest.len > 0)
        error = kind_of_socket(fd, &kind);
    if (error) {
        *failed_key = text;
        return error;
    }
    while (rest.len > 0) {
        struct setting setting;

        (void)next_setting(&rest, &setting); /* cannot fail: the text is checked */
        error = apply_setting(fd, kind, &setting);
        if (error) {
            *failed_key = setting.option->key.data;
            return error;
        }
    }
    return 0;
}
