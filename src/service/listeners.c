#include "service/listeners.h"

#include <errno.h>
#include <netdb.h>
#include <unistd.h>

#include "os/sockaddr.h"

/* Addresses one host name may stand for. */
#define RESOLVED_MAX 16

/* Room for every address as it is announced: scheme, address and suffix. */
#define ANNOUNCED_SIZE (NK_SOCKADDR_TEXT_MAX + 32 + SERVICE_SUFFIX_SIZE)

/* What an address is printed as, by its scheme; those of the service otherwise. */
static const struct {
    enum nk_scheme scheme;
    const char *prefix;
} prefixes[] = {
    {NK_SCHEME_UDP, "udp://"},
    {NK_SCHEME_UNIX, "unix:"},
    {NK_SCHEME_UNIX_DGRAM, "unix-dgram:"},
    {NK_SCHEME_UNIX_SEQPACKET, "unix-seqpacket:"},
};

struct listening {
    struct nk_tcp_server *server;
    struct service_datagrams *datagrams;
    const struct service *service;
    const struct service_options *options;
    const struct service_reporter *reporter;
};

/* ---- what to bind ---- */

/* Blocking is fine: nothing is served yet. Returns how many, or -ENOENT. */
static int resolve(const char *host, uint16_t port, struct nk_sockaddr *out, int max)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    if (getaddrinfo(host, NULL, &hints, &found) != 0)
        return -ENOENT;
    int count = 0;
    for (const struct addrinfo *info = found; info && count < max; info = info->ai_next) {
        if (info->ai_addrlen > sizeof(out->v6))
            continue;
        memcpy(&out[count].any, info->ai_addr, info->ai_addrlen);
        out[count].len = info->ai_addrlen;
        nk_sockaddr_set_port(&out[count], port);
        count++;
    }
    freeaddrinfo(found);
    return count > 0 ? count : -ENOENT;
}

/* The addresses of no address: this machine's loopback, or everything. */
static int default_addresses(const struct service_options *options, struct nk_sockaddr *out)
{
    if (options->is_public) {
        nk_sockaddr_wildcard(&out[0], AF_INET6, options->default_port);
        return 1;
    }
    int error = nk_sockaddr_from_numeric(&out[0], "127.0.0.1", options->default_port);
    if (!error)
        error = nk_sockaddr_from_numeric(&out[1], "::1", options->default_port);
    return error ? error : 2;
}

static int expand(const struct nk_address *address, const struct service_options *options,
                  struct nk_sockaddr *out)
{
    struct nk_address complete = *address;
    if (!complete.has_port && !nk_scheme_is_unix(complete.scheme)) {
        complete.port = options->default_port;
        complete.has_port = true;
    }
    int count = nk_sockaddr_for_listening(&complete, out, RESOLVED_MAX);
    if (count == -EINVAL)
        count = resolve(complete.host, complete.port, out, RESOLVED_MAX);
    return count;
}

/* ---- binding ---- */

static bool is_for_datagrams(enum nk_scheme scheme)
{
    return scheme == NK_SCHEME_UDP || scheme == NK_SCHEME_UNIX_DGRAM;
}

/* "http://[::1]:8080/", "tcp://127.0.0.1:43211", "unix:/run/x". */
static void print_address(const struct service *service, enum nk_scheme scheme,
                          const struct nk_sockaddr *address, char *text, size_t size)
{
    char bare[NK_SOCKADDR_TEXT_MAX];
    nk_sockaddr_print(address, bare);
    snprintf(text, size, "%s://%s%s", service->scheme, bare, service->suffix);
    for (size_t i = 0; i < NK_ARRAY_LENGTH(prefixes); i++) {
        if (prefixes[i].scheme == scheme)
            snprintf(text, size, "%s%s", prefixes[i].prefix, bare);
    }
}

static void announce(const struct listening *listening, enum nk_scheme scheme,
                     const struct nk_sockaddr *bound)
{
    char text[ANNOUNCED_SIZE];
    print_address(listening->service, scheme, bound, text, sizeof(text));
    listening->reporter->listening(listening->reporter->context, text);
    if (listening->options->ready_fd != UINT64_MAX) {
        size_t len = strlen(text);
        text[len] = '\n';
        ssize_t written = write((int)listening->options->ready_fd, text, len + 1);
        (void)written; /* the reader may have gone; the server is up all the same */
    }
}

static bool is_wildcard_v6(const struct nk_sockaddr *address)
{
    return address->any.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&address->v6.sin6_addr);
}

static bool has_no_v6(int error)
{
    return error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL;
}

static int bind_address(const struct listening *listening, enum nk_scheme scheme,
                        const struct nk_sockaddr *address, const char *socket_options,
                        struct nk_sockaddr *bound)
{
    bool v6_only = !is_wildcard_v6(address);
    if (is_for_datagrams(scheme))
        return service_datagrams_listen(listening->datagrams, address, v6_only, socket_options,
                                        bound);
    if (scheme == NK_SCHEME_UNIX_SEQPACKET)
        return nk_tcp_server_listen_seqpacket(listening->server, address, socket_options, bound);
    return nk_tcp_server_listen(listening->server, address, v6_only, socket_options, bound);
}

static int listen_on(const struct listening *listening, enum nk_scheme scheme,
                     const struct nk_sockaddr *address, const char *socket_options,
                     struct nk_sockaddr *bound)
{
    int error = bind_address(listening, scheme, address, socket_options, bound);
    if (has_no_v6(error) && is_wildcard_v6(address)) {
        struct nk_sockaddr v4;
        nk_sockaddr_wildcard(&v4, AF_INET, nk_sockaddr_port(address));
        error = bind_address(listening, scheme, &v4, socket_options, bound);
    }
    return error;
}

/* Binds the `count` addresses that one word stands for. A machine without IPv6
 * is served on what it has. Port 0 becomes the same port for all of them. */
static enum exit_status listen_on_each(const struct listening *listening, enum nk_scheme scheme,
                                       struct nk_sockaddr *addresses, int count,
                                       const char *socket_options)
{
    int bound_count = 0;
    for (int i = 0; i < count; i++) {
        struct nk_sockaddr bound;
        int error = listen_on(listening, scheme, &addresses[i], socket_options, &bound);
        if (has_no_v6(error) && addresses[i].any.sa_family == AF_INET6 && bound_count > 0)
            continue;
        if (error) {
            char text[ANNOUNCED_SIZE];
            print_address(listening->service, scheme, &addresses[i], text, sizeof(text));
            listening->reporter->failed(listening->reporter->context, "listen on", text, error);
            return EXIT_STATUS_CANNOT_LISTEN;
        }
        bound_count++;
        announce(listening, scheme, &bound);
        for (int j = i + 1; j < count; j++) {
            if (nk_sockaddr_port(&addresses[j]) == 0)
                nk_sockaddr_set_port(&addresses[j], nk_sockaddr_port(&bound));
        }
    }
    return EXIT_STATUS_OK;
}

static enum exit_status listen_on_word(const struct listening *listening,
                                       const struct nk_address *address)
{
    struct nk_sockaddr addresses[RESOLVED_MAX];
    int count = expand(address, listening->options, addresses);
    if (count < 0) {
        char text[NK_ADDRESS_TEXT_MAX];
        nk_address_print(address, text);
        listening->reporter->failed(listening->reporter->context, "resolve", text, count);
        return count == -ENOENT ? EXIT_STATUS_UNRESOLVED : EXIT_STATUS_CANNOT_LISTEN;
    }
    return listen_on_each(listening, address->scheme, addresses, count, address->options);
}

enum exit_status service_listen(struct nk_tcp_server *server, struct service_datagrams *datagrams,
                                const struct service *service,
                                const struct service_options *options,
                                const struct service_reporter *reporter)
{
    const struct listening listening = {server, datagrams, service, options, reporter};
    enum exit_status status = EXIT_STATUS_OK;
    if (options->address_count == 0) {
        struct nk_sockaddr addresses[2];
        int count = default_addresses(options, addresses);
        status = listen_on_each(&listening, NK_SCHEME_NONE, addresses, count, NULL);
    }
    for (size_t i = 0; i < options->address_count && status == EXIT_STATUS_OK; i++)
        status = listen_on_word(&listening, &options->addresses[i]);
    if (options->ready_fd != UINT64_MAX)
        close((int)options->ready_fd);
    if (status == EXIT_STATUS_OK && reporter->ready)
        reporter->ready(reporter->context);
    return status;
}
