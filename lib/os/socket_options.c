#include "os/socket_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "os/option_table.h"
#include "os/socket.h"
#include "os/socket_multicast.h"

/* ---- checking ---- */

int nk_socket_options_check(const char *text, const char **reason)
{
    struct nk_slice rest = nk_slice_of_string(text);

    while (rest.len > 0) {
        struct nk_setting setting;
        const char *refusal = nk_setting_next(&rest, &setting);

        if (refusal) {
            *reason = refusal;
            return -EINVAL;
        }
    }
    return 0;
}

/* The kinds of sockets that an address may become. */
static int kinds_of_scheme(enum nk_scheme scheme)
{
    static const int kinds[] = {
        [NK_SCHEME_NONE] = NK_KIND_TCP,
        [NK_SCHEME_TCP] = NK_KIND_TCP,
        [NK_SCHEME_UDP] = NK_KIND_UDP,
        [NK_SCHEME_HTTP] = NK_KIND_TCP,
        [NK_SCHEME_UNIX] = NK_KIND_UNIX_STREAM,
        [NK_SCHEME_UNIX_DGRAM] = NK_KIND_UNIX_DGRAM,
        [NK_SCHEME_UNIX_SEQPACKET] = NK_KIND_UNIX_STREAM,
    };

    return kinds[scheme];
}

static bool source_fits(const struct nk_setting *setting, const struct nk_address *address)
{
    struct nk_sockaddr source;
    struct nk_sockaddr remote;

    if (nk_source_address_parse(&source, setting->value) != 0)
        return true; /* no such zone: for the kernel to say */
    if ((source.any.sa_family == AF_UNIX) != nk_scheme_is_unix(address->scheme))
        return false;
    return nk_sockaddr_from_numeric(&remote, address->host, 0) != 0 ||
           remote.any.sa_family == source.any.sa_family;
}

/* A socket that is bound to an address of this machine gets nothing else. */
static bool hears_groups(const struct nk_address *address)
{
    struct nk_sockaddr local;

    if (address->host[0] == '\0')
        return true;
    if (nk_sockaddr_from_numeric(&local, address->host, 0) != 0)
        return false;
    return nk_sockaddr_is_wildcard(&local) || nk_sockaddr_is_multicast(&local);
}

static const char *find_misuse(const struct nk_setting *setting, const struct nk_address *address,
                               enum nk_socket_role role)
{
    bool is_source =
        setting->option->kind == NK_OPTION_SOURCE || setting->option->kind == NK_OPTION_SOURCE_PORT;

    if (!(setting->option->sockets & kinds_of_scheme(address->scheme)))
        return "this kind of address has no such socket option";
    if (role == NK_SOCKET_SERVER && address->scheme != NK_SCHEME_UNIX_DGRAM &&
        nk_scheme_is_unix(address->scheme))
        return "a unix server cannot hand a socket option on to its connections";
    if (is_source && role == NK_SOCKET_SERVER)
        return "source and source-port are for clients; a server is bound to its address";
    if (setting->option->kind == NK_OPTION_GROUP && role == NK_SOCKET_SERVER &&
        !hears_groups(address))
        return "to join a group, listen on every address, as in udp://:5000?join=239.1.2.3";
    if (setting->option->kind == NK_OPTION_SOURCE && !source_fits(setting, address))
        return "the source is of another family than the address";
    return NULL;
}

int nk_socket_options_check_for(const struct nk_address *address, enum nk_socket_role role,
                                const char **reason)
{
    struct nk_slice rest = nk_slice_of_string(address->options);

    while (rest.len > 0) {
        struct nk_setting setting;
        const char *refusal = nk_setting_next(&rest, &setting);

        if (!refusal)
            refusal = find_misuse(&setting, address, role);
        if (refusal) {
            *reason = refusal;
            return -EINVAL;
        }
    }
    return 0;
}

int nk_socket_options_source(const char *text, struct nk_source_address *source)
{
    struct nk_source_address found = {0};
    struct nk_slice rest = nk_slice_of_string(text);

    while (rest.len > 0) {
        struct nk_setting setting;
        uint64_t port;
        int error = nk_setting_next(&rest, &setting) ? -EINVAL : 0;

        if (!error && setting.option->kind == NK_OPTION_SOURCE)
            error = nk_source_address_parse(&found.address, setting.value);
        if (error)
            return error;
        if (setting.option->kind == NK_OPTION_SOURCE_PORT &&
            nk_slice_parse_decimal(setting.value, &port) == 0)
            found.port = (uint16_t)port;
    }
    *source = found;
    return 0;
}

int nk_socket_options_refuse_source(const char *text)
{
    struct nk_source_address source;
    int error = nk_socket_options_source(text, &source);

    return error || source.address.len > 0 || source.port > 0 ? -EINVAL : 0;
}

/* ---- setting ---- */

static int set_name(int fd, const struct nk_option *row, struct nk_slice text)
{
    return nk_socket_set_option(fd, row->level, row->option, text.data, text.len);
}

static int join_group(int fd, const struct nk_option *row, struct nk_slice text)
{
    struct nk_multicast_group group;
    int error = nk_multicast_group_parse(&group, text);

    (void)row;
    return error ? error : nk_socket_join(fd, &group);
}

static int set_interface(int fd, const struct nk_option *row, struct nk_slice text)
{
    char interface[IF_NAMESIZE];
    int error = nk_interface_parse(interface, text);

    return error ? error : nk_socket_set_multicast_interface(fd, row->option, interface);
}

/* A source is for whoever connects the socket: it depends on the other address
 * what is bound. */
static int leave_to_connector(int fd, const struct nk_option *row, struct nk_slice text)
{
    (void)fd;
    (void)row;
    (void)text;
    return 0;
}

typedef int set_text_fn(int fd, const struct nk_option *row, struct nk_slice text);

static set_text_fn *const text_setters[NK_OPTION_KINDS] = {
    [NK_OPTION_CONGESTION] = set_name,
    [NK_OPTION_GROUP] = join_group,
    [NK_OPTION_INTERFACE] = set_interface,
    [NK_OPTION_SOURCE] = leave_to_connector,
    [NK_OPTION_SOURCE_PORT] = leave_to_connector,
};

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
        *kind = type == SOCK_DGRAM ? NK_KIND_UNIX_DGRAM : NK_KIND_UNIX_STREAM;
    else if (domain == AF_INET)
        *kind = type == SOCK_STREAM ? NK_KIND_TCP4 : NK_KIND_UDP4;
    else if (domain == AF_INET6)
        *kind = type == SOCK_STREAM ? NK_KIND_TCP6 : NK_KIND_UDP6;
    return 0;
}

static int set_row(int fd, const struct nk_option *row, const struct nk_setting *setting)
{
    if (text_setters[row->kind])
        return text_setters[row->kind](fd, row, setting->value);
    return nk_socket_set_option(fd, row->level, row->option, &setting->number,
                                sizeof setting->number);
}

static int apply_setting(int fd, int kind, const struct nk_setting *setting)
{
    bool makes_sense = false;

    for (const struct nk_option *row = setting->option; row; row = nk_option_next_row(row)) {
        if (!(row->sockets & kind))
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
        struct nk_setting setting;

        (void)nk_setting_next(&rest, &setting); /* cannot fail: the text is checked */
        error = apply_setting(fd, kind, &setting);
        if (error) {
            *failed_key = setting.option->key.data;
            return error;
        }
    }
    return 0;
}

/* ---- printing ---- */

/* The value of one row, or "" when the kernel does not tell. */
static void print_value(int fd, const struct nk_option *row, char *text, size_t size)
{
    static const char *const units[NK_OPTION_KINDS] = {
        [NK_OPTION_SECONDS] = "s",
        [NK_OPTION_MILLISECONDS] = "ms",
    };
    int number = 0;
    socklen_t len = (socklen_t)size - 1;

    text[0] = '\0';
    if (row->kind == NK_OPTION_CONGESTION) {
        memset(text, 0, size);
        if (getsockopt(fd, row->level, row->option, text, &len) < 0)
            text[0] = '\0';
    } else if (nk_socket_get_option(fd, row->level, row->option, &number) == 0) {
        const char *unit = units[row->kind] ? units[row->kind] : "";
        snprintf(text, size, "%d%s", number, unit);
    }
}

const char *nk_socket_options_print(int fd, char text[static NK_SOCKET_OPTIONS_TEXT_MAX])
{
    size_t count;
    size_t used = 0;
    int kind = 0;
    const struct nk_option *rows = nk_option_rows(&count);

    text[0] = '\0';
    if (kind_of_socket(fd, &kind) != 0)
        return text;
    for (size_t i = 0; i < count; i++) {
        char value[32];
        bool is_known =
            i > 0 && (rows[i - 1].sockets & kind) && nk_slice_equal(rows[i].key, rows[i - 1].key);
        if (rows[i].kind > NK_OPTION_CONGESTION || !(rows[i].sockets & kind) || is_known)
            continue;
        print_value(fd, &rows[i], value, sizeof(value));
        if (value[0] != '\0' && used + rows[i].key.len + sizeof(value) < NK_SOCKET_OPTIONS_TEXT_MAX)
            used += (size_t)snprintf(text + used, NK_SOCKET_OPTIONS_TEXT_MAX - used, "%s%.*s=%s",
                                     used > 0 ? "&" : "", (int)rows[i].key.len, rows[i].key.data,
                                     value);
    }
    return text;
}
