#include "serve.h"

#include <limits.h>
#include <sys/stat.h>

#include "access.h"
#include "address_word.h"
#include "base/clock.h"
#include "dispatcher.h"
#include "os/socket_options.h"
#include "output.h"

/* No server needs more, and each costs descriptors and memory. */
#define MAX_ADDRESSES 64

#define SECOND NK_NANOSECONDS_PER_SECOND
#define HOUR (UINT64_C(3600) * SECOND)

static const struct option_spec server_options[] = {
    {
        .name = "public",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_LISTENING,
        .offset = offsetof(struct service_options, is_public),
        .help = "listen on every interface, not only this machine",
    },
    {
        .name = "backlog",
        .kind = OPTION_COUNT,
        .group = OPTION_GROUP_LISTENING,
        .offset = offsetof(struct service_options, backlog),
        .argument = "N",
        .minimum = 1,
        .maximum = INT_MAX,
        .help = "clients waiting to be accepted",
        .rare = true,
    },
    {
        .name = "reuseport",
        .kind = OPTION_FLAG,
        .group = OPTION_GROUP_LISTENING,
        .offset = offsetof(struct service_options, reuseport),
        .help = "a listener for each thread (SO_REUSEPORT)",
        .rare = true,
    },
    {
        .name = "ready-fd",
        .kind = OPTION_COUNT,
        .group = OPTION_GROUP_LISTENING,
        .offset = offsetof(struct service_options, ready_fd),
        .argument = "FD",
        .maximum = INT_MAX,
        .help = "write the bound addresses to this descriptor",
        .rare = true,
    },
    {
        .name = "idle-timeout",
        .kind = OPTION_DURATION,
        .group = OPTION_GROUP_TIMES,
        .offset = offsetof(struct service_options, idle_timeout),
        .argument = "TIME",
        .maximum = 8760 * HOUR,
        .help = "close a silent connection",
        .unset = "never",
    },
    {
        .name = "drain",
        .kind = OPTION_DURATION,
        .group = OPTION_GROUP_TIMES,
        .offset = offsetof(struct service_options, drain),
        .argument = "TIME",
        .maximum = 24 * HOUR,
        .help = "to finish after SIGTERM or SIGINT",
    },
    {
        .name = "max-conns",
        .kind = OPTION_COUNT,
        .group = OPTION_GROUP_LIMITS,
        .offset = offsetof(struct service_options, max_conns),
        .argument = "N",
        .maximum = INT_MAX,
        .help = "open connections",
        .unset = "80 % of the descriptors",
    },
    {
        .name = "threads",
        .kind = OPTION_COUNT,
        .group = OPTION_GROUP_PERFORMANCE,
        .offset = offsetof(struct service_options, threads),
        .argument = "N",
        .maximum = 1024,
        .help = "threads besides the main one",
        .unset = "one per CPU",
    },
    {
        .name = "dispatcher",
        .kind = OPTION_CHOICE,
        .group = OPTION_GROUP_PERFORMANCE,
        .offset = offsetof(struct service_options, dispatcher),
        .argument = "NAME",
        .choices = dispatcher_names,
        .help = "epoll, poll or select",
        .rare = true,
        .unset = "epoll",
    },
    {
        .name = "nodelay",
        .kind = OPTION_NEGATABLE,
        .group = OPTION_GROUP_PERFORMANCE,
        .offset = offsetof(struct service_options, nodelay),
        .help = "send small pieces at once",
    },
    {
        .name = "busy-poll",
        .kind = OPTION_DURATION,
        .group = OPTION_GROUP_PERFORMANCE,
        .offset = offsetof(struct service_options, busy_poll),
        .argument = "TIME",
        .maximum = SECOND,
        .help = "spin before sleeping",
        .rare = true,
        .unset = "never",
    },
};

const struct option_table server_option_table = {server_options, NK_ARRAY_LENGTH(server_options)};

static bool is_directory(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool scheme_is_accepted(const struct server_rules *rules, enum nk_scheme scheme)
{
    for (size_t i = 0; i < rules->scheme_count; i++) {
        if (rules->schemes[i] == scheme)
            return true;
    }
    return scheme == NK_SCHEME_NONE;
}

/* What is wrong with a well-formed address here, or NULL. */
static const char *find_mistake(const struct server_rules *rules, const struct nk_address *address)
{
    const char *mistake = NULL;

    if (!scheme_is_accepted(rules, address->scheme))
        return "that kind of address is not supported by this server";
    if (address->scheme == NK_SCHEME_HTTP && address->path[0] != '\0' &&
        strcmp(address->path, "/") != 0)
        return "the address of a server has no path";
    if (nk_socket_options_check_for(address, NK_SOCKET_SERVER, &mistake) != 0)
        return mistake;
    return NULL;
}

static enum exit_status take_address(const struct command_call *call,
                                     const struct server_rules *rules,
                                     struct service_options *service, const char *word)
{
    const char *name = call->command->name;
    struct nk_address *address = &service->addresses[service->address_count];
    const char *mistake = NULL;

    if (rules->has_root && !address_word_is_bare_port(word) && is_directory(word))
        return command_usage_error(name,
                                   "'%.300s' is a directory; to serve a directory use --root DIR",
                                   word);
    if (nk_address_parse(address, word, &mistake) != 0)
        return command_usage_error(name, "'%.300s': %s", word, mistake);
    if (address_word_is_bare_port(word) && !service->is_public)
        snprintf(address->host, sizeof address->host, "localhost");
    mistake = find_mistake(rules, address);
    if (mistake != NULL)
        return command_usage_error(name, "'%.300s': %s", word, mistake);
    if (!address_word_is_bare_port(word) && service->is_public)
        return command_usage_error(name, "--public has no effect beside the address '%.300s'",
                                   word);
    service->address_count++;
    return EXIT_STATUS_OK;
}

static enum exit_status take_addresses(const struct command_call *call,
                                       const struct server_rules *rules,
                                       struct service_options *service)
{
    size_t count = call->result.word_count;
    enum exit_status status = EXIT_STATUS_OK;

    if (count == 0)
        return EXIT_STATUS_OK;
    if (count > MAX_ADDRESSES)
        return command_usage_error(call->command->name, "more than %d addresses", MAX_ADDRESSES);
    service->addresses = calloc(count, sizeof *service->addresses);
    if (service->addresses == NULL) {
        output_error("out of memory");
        return EXIT_STATUS_FAILED;
    }
    for (size_t i = 0; i < count && status == EXIT_STATUS_OK; i++)
        status = take_address(call, rules, service, call->result.words[i]);
    return status;
}

/* The clients of unix sockets have no address to look up. */
static enum exit_status take_access(const struct command_call *call,
                                    struct service_options *service)
{
    bool all_are_unix = service->address_count > 0;

    for (size_t i = 0; i < service->address_count; i++)
        all_are_unix = all_are_unix && nk_scheme_is_unix(service->addresses[i].scheme);
    if (all_are_unix && (service->access.allow != NULL || service->access.deny != NULL))
        return command_usage_error(call->command->name, "--%s has no effect on unix sockets",
                                   service->access.allow != NULL ? "allow" : "deny");
    return access_options_complete(call, &service->access, &service->access_list);
}

enum exit_status server_options_complete(const struct command_call *call,
                                         const struct server_rules *rules,
                                         struct service_options *service)
{
    enum exit_status status = dispatcher_check(call, service->dispatcher);

    if (status != EXIT_STATUS_OK)
        return status;
    if (command_check_ready_fd(call->command->name, service->ready_fd) != EXIT_STATUS_OK)
        return EXIT_STATUS_USAGE;
    status = take_addresses(call, rules, service);
    return status == EXIT_STATUS_OK ? take_access(call, service) : status;
}

void server_options_release(struct service_options *service)
{
    free(service->addresses);
    access_list_free(service->access_list);
    service->addresses = NULL;
    service->access_list = NULL;
}
