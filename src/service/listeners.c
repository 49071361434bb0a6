#include "service/listeners.h"

#include "os/sockaddr.h"
#include "service/local_addresses.h"
#include "service/ready_fd.h"

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
    ready_fd_write(listening->options->ready_fd, text);
}

/* One word, while its addresses are bound. */
struct word {
    const struct listening *listening;
    const struct nk_address *address;
};

static int bind_address(const struct word *word, const struct nk_sockaddr *local, bool v6_only,
                        struct nk_sockaddr *bound)
{
    const struct listening *listening = word->listening;
    enum nk_scheme scheme = word->address->scheme;
    const char *socket_options = word->address->options;
    if (is_for_datagrams(scheme))
        return service_datagrams_listen(listening->datagrams, local, v6_only, socket_options,
                                        bound);
    if (scheme == NK_SCHEME_UNIX_SEQPACKET)
        return nk_tcp_server_listen_seqpacket(listening->server, local, socket_options, bound);
    return nk_tcp_server_listen(listening->server, local, v6_only, socket_options, bound);
}

static int listen_on(void *context, const struct nk_sockaddr *local, bool v6_only,
                     struct nk_sockaddr *bound)
{
    const struct word *word = context;
    int error = bind_address(word, local, v6_only, bound);
    if (!error)
        announce(word->listening, word->address->scheme, bound);
    return error;
}

/* An address without a port has that of the service. */
static enum exit_status listen_on_word(const struct listening *listening,
                                       const struct nk_address *address)
{
    const struct service_reporter *reporter = listening->reporter;
    struct nk_address complete = *address;
    struct word word = {listening, &complete};
    struct local_addresses addresses;
    struct nk_sockaddr failed;
    char word_text[NK_ADDRESS_TEXT_MAX];
    char text[ANNOUNCED_SIZE];
    const char *action;
    int error;
    if (!complete.has_port && !nk_scheme_is_unix(complete.scheme)) {
        complete.port = listening->options->default_port;
        complete.has_port = true;
    }
    enum exit_status status = local_addresses_find(&addresses, &complete, &action, &error);
    if (status != EXIT_STATUS_OK) {
        reporter->failed(reporter->context, action, nk_address_print(address, word_text), error);
        return status;
    }
    error = local_addresses_bind(&addresses, listen_on, &word, &failed);
    if (!error)
        return EXIT_STATUS_OK;
    print_address(listening->service, address->scheme, &failed, text, sizeof(text));
    reporter->failed(reporter->context, "listen on", text, error);
    return EXIT_STATUS_CANNOT_LISTEN;
}

/* No word: this machine's loopback, or everything. */
static enum exit_status listen_on_default(const struct listening *listening)
{
    struct nk_address address = {.scheme = NK_SCHEME_NONE};
    if (!listening->options->is_public)
        snprintf(address.host, sizeof(address.host), "localhost");
    return listen_on_word(listening, &address);
}

enum exit_status service_listen(struct nk_tcp_server *server, struct service_datagrams *datagrams,
                                const struct service *service,
                                const struct service_options *options,
                                const struct service_reporter *reporter)
{
    const struct listening listening = {server, datagrams, service, options, reporter};
    enum exit_status status = EXIT_STATUS_OK;
    if (options->address_count == 0)
        status = listen_on_default(&listening);
    for (size_t i = 0; i < options->address_count && status == EXIT_STATUS_OK; i++)
        status = listen_on_word(&listening, &options->addresses[i]);
    ready_fd_close(options->ready_fd);
    if (status == EXIT_STATUS_OK && reporter->ready)
        reporter->ready(reporter->context);
    return status;
}
